/* SPDX-License-Identifier: MIT */
/**
 * @file
 * A simulated world: your program's Weir code, run without a system below it, the same way for the same seed.
 *
 * A world has its own names, its own clock and its own chance. Loops made with `weir_loop_options.simulator` live in
 * it; several loops are several programs that talk to each other. Time stands still while anything can be done and then
 * jumps to the next timer, so an hour of time-outs takes a moment. Reads and writes come short, and what is ready comes
 * in an order drawn from the seed: stricter than any kernel, and repeatable.
 *
 * Local connections behave as Unix sockets do on Linux, and TCP connections as they do there. Every form of endpoint
 * works in every world, as far as it names something on this machine; there are no files and no descriptors. All loops
 * of a world are on one machine, whose addresses are 127.0.0.0/8 and ::1 until it is given more.
 *
 * A single loop may also be run with `weir_loop_run`: its clock jumps to its next timer, whatever other loops wait for.
 * Where a real loop would wait for ever, because nothing can come any more, it returns 1: something is still alive.
 *
 * A simulation is chosen by the program, never by the environment.
 */
#ifndef WEIR_SIM_H
#define WEIR_SIM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <weir/address.h>
#include <weir/error.h>
#include <weir/export.h>
#include <weir/loop.h>
#include <weir/signal.h>

#ifdef __cplusplus
extern "C" {
#endif

/** What a world is like. Zero is the default of every field; begin with `weir_sim_options_default()`. */
typedef struct weir_sim_options {
  size_t size;          /**< `sizeof(weir_sim_options)`. */
  uint64_t seed;        /**< Where all chance comes from; the same seed, the same run. */
  size_t pipe_bytes;    /**< How much each direction of a connection holds before its writer must wait; 0: 65,536. */
  bool whole_transfers; /**< Reads and writes move all they can, instead of a length drawn from the seed. */
  bool fixed_order;     /**< What is ready comes in the order it became ready, instead of one drawn from the seed. */
  weir_allocator allocator; /**< Where the world's own memory comes from, the bytes under way included; it must outlive
                               the world and its loops. Default: the C library. */
} weir_sim_options;

/** Options with every default. */
static inline weir_sim_options weir_sim_options_default(void) {
  weir_sim_options options;
  memset(&options, 0, sizeof options);
  options.size = sizeof options;
  return options;
}

/** What a world can make fail, counted each time one is tried. */
typedef enum weir_sim_fault {
  WEIR_SIM_FAULT_CONNECT = 0, /**< A connect. */
  WEIR_SIM_FAULT_ACCEPT,      /**< An accept; the client waits. */
  WEIR_SIM_FAULT_READ,        /**< A read of bytes or of an end. The connection is broken from then on: its peer reads
                                   what was sent to it, and then WEIR_ECONNRESET. */
  WEIR_SIM_FAULT_WRITE,       /**< A write. The connection is broken from then on, as after a read. */
  WEIR_SIM_FAULT_LISTEN,      /**< A listen. */
  WEIR_SIM_FAULT_LOOKUP,      /**< A look-up of a host's name. */
  WEIR_SIM_FAULT_OPTION       /**< Setting an option of a TCP connection. */
} weir_sim_fault;

/**
 * Makes a world. `options` may be NULL.
 *
 * **Owns:** the caller owns `*sim`; give it back with `weir_sim_release`. Each loop in it holds it too.
 * **Errors:** `WEIR_ENOMEM`, `WEIR_EINVAL`. **Thread:** a world and all its loops belong to one thread, but for
 * `weir_loop_post` and `weir_loop_wake`.
 */
WEIR_API weir_code weir_sim_create(const weir_sim_options *options, weir_sim **sim);

/** Gives the world back; it ends with its last loop. NULL is ignored. **Thread:** the world's. */
WEIR_API void weir_sim_release(weir_sim *sim);

/**
 * Runs all loops of the world, in an order drawn from the seed, until none has anything left to do or to wait for. Time
 * moves only when all of them wait. A loop with nothing referenced left has ended and runs no more, as its program
 * would have.
 *
 * **Errors:** returns how many loops are still alive: more than 0 means that they wait for something that never comes.
 * Called from a listener of one of the loops, it returns before that. **Thread:** the world's.
 * **Calls back:** every event of every loop.
 */
WEIR_API size_t weir_sim_run(weir_sim *sim);

/** The world's clock in milliseconds, from 0. **Thread:** the world's. */
WEIR_API uint64_t weir_sim_now_ms(const weir_sim *sim);

/**
 * Makes the `nth` operation of a kind from now on, counted from 1 over all loops, fail once with `code`.
 *
 * Several may be asked for. One that was asked for while another was still to come is counted from then on by itself.
 *
 * **Errors:** `WEIR_EINVAL` for an unknown kind, `nth` 0, or a code that is not negative; `WEIR_ENOMEM`.
 * **Thread:** the world's.
 */
WEIR_API weir_code weir_sim_fail(weir_sim *sim, weir_sim_fault fault, uint64_t nth, weir_code code);

/**
 * Gives a name addresses for look-ups, behind those that it has. With no addresses the name is looked up and not found.
 * A look-up takes as long as the slowest of what was added; names are the same in upper and lower case. `localhost` is
 * `::1` and `127.0.0.1` from the beginning.
 *
 * **Owns:** name and addresses are copied; ports do not count. **Errors:** `WEIR_EINVAL` for no name and for what is no
 * address, `WEIR_ENOMEM`. **Thread:** the world's.
 */
WEIR_API weir_code weir_sim_add_host(weir_sim *sim, const char *name, const weir_address *addresses, size_t count,
                                     uint64_t delay_ms);

/**
 * Gives the machine of the world an address: servers can listen there, and clients come from there. The port does not
 * count.
 *
 * **Errors:** `WEIR_EINVAL` for what is no address, and for `0.0.0.0` and `::`; `WEIR_ENOMEM`. **Thread:** the world's.
 */
WEIR_API weir_code weir_sim_add_address(weir_sim *sim, const weir_address *address);

/**
 * Puts an address out of reach from now on, whether or not somebody listens there: a connect to it fails with
 * `WEIR_EHOSTUNREACH`, or, `silent`, is never answered. Connections that are there go on. The port does not count.
 *
 * **Errors:** as `weir_sim_add_address`. **Thread:** the world's.
 */
WEIR_API weir_code weir_sim_set_unreachable(weir_sim *sim, const weir_address *address, bool silent);

/**
 * Raises a signal: every handle of every loop of the world that listens to it hears it in its loop's next turn. Nothing
 * happens to loops that do not listen.
 *
 * **Errors:** `WEIR_EINVAL` for no signal. **Thread:** the world's. **Calls back:** never from inside this call.
 */
WEIR_API weir_code weir_sim_raise(weir_sim *sim, weir_signal_number number);

#ifdef __cplusplus
}
#endif

#endif
