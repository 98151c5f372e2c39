/* SPDX-License-Identifier: MIT */
/**
 * @file
 * The event loop: one thread, one loop, everything that waits.
 *
 * A loop runs until nothing referenced is left to wait for, and then returns: that is how a program ends by itself.
 * Only `weir_loop_post` and `weir_loop_wake` may be called from any thread; everything else of a loop, and of the
 * handles made on it, belongs to the thread that runs it. Debug builds assert that.
 *
 * A loop belongs to one process as well. After a `fork` without `exec` it has ended in the new process, without any
 * event: running it says `WEIR_EFORKED`, calls that would begin something are refused, nothing that is called there
 * reaches the first process, and a release closes the copies of its descriptors and keeps its memory. The new process
 * can make a loop of its own, if it may call what is not async-signal-safe. Simulated loops go on in both.
 */
#ifndef WEIR_LOOP_H
#define WEIR_LOOP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <weir/error.h>
#include <weir/export.h>

#ifdef __cplusplus
extern "C" {
#endif

/** An event loop. */
typedef struct weir_loop weir_loop;
/** A simulated world for tests; see sim.h. */
typedef struct weir_sim weir_sim;
/** A word that ends what was begun with it; see cancellation.h. */
typedef struct weir_cancellation weir_cancellation;

/**
 * Where a loop's memory comes from.
 *
 * `resize` behaves as `realloc` and, when `bytes` is 0, as `free`. It must be callable from any thread that posts to
 * the loop, and must outlive the loop and its handles. Without one, the C library's is used, and the system's pages for
 * what there are many of.
 */
typedef struct weir_allocator {
  void *(*resize)(void *user, void *block, size_t bytes); /**< Gives, moves or frees a block; NULL: no memory. */
  void *user;                                             /**< Its first argument. */
} weir_allocator;

/**
 * Called for an `error` event that nobody listens to.
 *
 * **Owns:** the error is lent for the call. **Thread:** the loop's. **Calls back:** may call anything a listener may.
 */
typedef void (*weir_unhandled_error)(weir_loop *loop, const weir_error *error, void *user);

/** How a loop is made. Zero is the default of every field; begin with `weir_loop_options_default()`. */
typedef struct weir_loop_options {
  size_t size;         /**< `sizeof(weir_loop_options)`, so that later versions can add fields. */
  const char *backend; /**< "poll", "epoll", "io_uring", "kqueue" or "iocp". NULL: the environment's `WEIR_BACKEND`,
                          else the best that works here. A name that this system does not have is `WEIR_ENOTSUP`. */
  weir_allocator allocator;             /**< Where memory comes from; default: the C library. */
  weir_unhandled_error unhandled_error; /**< Hears every `error` without a listener; default: nobody. */
  void *unhandled_error_user;           /**< Its last argument. */
  weir_sim *simulator;                  /**< Run in this simulated world instead of the system; see sim.h. */
  size_t work_threads; /**< How many pieces of work may run at the same time; 0: `WEIR_WORK_THREADS`. See work.h. */
} weir_loop_options;

/** Options with every default. */
static inline weir_loop_options weir_loop_options_default(void) {
  weir_loop_options options;
  memset(&options, 0, sizeof options);
  options.size = sizeof options;
  return options;
}

/** How long `weir_loop_run` goes on. */
typedef enum weir_run_mode {
  WEIR_RUN_DEFAULT = 0, /**< Until nothing referenced is left, or `weir_loop_stop`. */
  WEIR_RUN_ONCE,        /**< Wait until something happens, handle what is ready, return. */
  WEIR_RUN_NOWAIT       /**< Handle what is ready, never wait. */
} weir_run_mode;

/**
 * Makes a loop. `options` may be NULL.
 *
 * **Owns:** the caller owns `*loop`; give it back with `weir_loop_release`.
 * **Errors:** `WEIR_ENOTSUP` unknown or unavailable backend, `WEIR_EMFILE`, `WEIR_ENOMEM`. **Thread:** any.
 */
WEIR_API weir_code weir_loop_create(const weir_loop_options *options, weir_loop **loop);

/**
 * Adds an owner. Returns the loop.
 *
 * **Owns:** every retain wants a release. **Thread:** the loop's.
 */
WEIR_API weir_loop *weir_loop_retain(weir_loop *loop);

/**
 * Gives an ownership back. With the last one the loop ends: what is still open on it is closed without any event,
 * functions still posted do not run, and its memory goes when the last of its handles is released. Work that runs is
 * waited for, look-ups are not.
 *
 * **Owns:** the loop is gone for the caller. **Errors:** none; NULL is ignored. **Thread:** the loop's, and not from
 * inside a listener while it runs unless another owner is left.
 */
WEIR_API void weir_loop_release(weir_loop *loop);

/**
 * Runs the loop. Each turn: functions posted, then look-ups, work and signals that have come, then callbacks owed by
 * earlier calls, timers that are due in order of their time, and what the system has finished, one after the other,
 * each with all its listeners before the next.
 *
 * **Errors:** returns 1 when something is still alive, 0 when nothing referenced is left, `WEIR_EBUSY` when the loop is
 * running already (called from a listener), `WEIR_EFORKED` in a fork of the loop's process, another code when the
 * system's poller cannot be asked any more.
 * **Thread:** the loop's: the thread that runs it is from then on the one that everything of it belongs to.
 * **Calls back:** every event comes from here.
 */
WEIR_API int weir_loop_run(weir_loop *loop, weir_run_mode mode);

/**
 * Makes the running `weir_loop_run` return after the current turn's emission; a later run goes on.
 *
 * **Thread:** the loop's; from another thread post a function that stops.
 */
WEIR_API void weir_loop_stop(weir_loop *loop);

/**
 * Whether something referenced keeps the loop running.
 *
 * **Thread:** the loop's.
 */
WEIR_API bool weir_loop_alive(const weir_loop *loop);

/**
 * The loop's clock in milliseconds, read once per turn and for timers that are started; monotonic, of no particular
 * origin.
 *
 * **Thread:** the loop's.
 */
WEIR_API uint64_t weir_loop_now_ms(weir_loop *loop);

/**
 * Reads the clock again, for a program that worked long in one listener, or is about to.
 *
 * **Thread:** the loop's.
 */
WEIR_API void weir_loop_update_now(weir_loop *loop);

/** A posted function. **Thread:** the loop's. */
typedef void (*weir_function)(void *user);

/**
 * Runs a function on the loop's thread, in the order of posting, every one exactly once; until it ran the loop stays
 * alive. What is posted after the loop's last turn runs in its next one.
 *
 * **Owns:** `user` must live until the function ran. **Errors:** `WEIR_ENOMEM`; then it will not run.
 * **Thread:** any, as long as the loop exists. **Calls back:** never from inside this call.
 */
WEIR_API weir_code weir_loop_post(weir_loop *loop, weir_function function, void *user);

/**
 * Makes a loop that waits, or is about to, look around once.
 *
 * A wake that comes before the loop has heard of the last one costs next to nothing. Whoever has something to tell
 * stores it first: under a lock that is taken to read it, or with an atomic operation of the default order, which is
 * sequentially consistent. A weaker store could be seen later than the loop looks.
 *
 * **Thread:** any, as long as the loop exists.
 */
WEIR_API void weir_loop_wake(weir_loop *loop);

/**
 * What to wait for when the loop lives inside another one: a descriptor that becomes readable (POSIX), or a HANDLE
 * that is signalled (Windows), when `weir_loop_run(loop, WEIR_RUN_NOWAIT)` has something to do.
 *
 * **Owns:** the loop; do not close or read it. **Errors:** `WEIR_ENOTSUP` with the poll poller and in a simulation,
 * which have none: run them on a timer. **Thread:** the loop's.
 */
WEIR_API weir_code weir_loop_pollable(weir_loop *loop, intptr_t *pollable);

/**
 * How long an outer loop may wait before it must run this one, in milliseconds: 0 when something is owed now, -1 when
 * there is no time to keep. Ask each time before you wait: it also hands what was begun outside of a run to the system.
 *
 * **Thread:** the loop's.
 */
WEIR_API int weir_loop_next_timeout_ms(weir_loop *loop);

/** What a loop has done since it was made. Begin with `weir_loop_counters_default()`. */
typedef struct weir_loop_counters {
  size_t size;                   /**< `sizeof(weir_loop_counters)`, so that later versions can add fields. */
  uint64_t turns;                /**< How often it looked for something to do. */
  uint64_t connections_accepted; /**< Clients that became sockets. */
  uint64_t connections_dropped;  /**< Clients turned away because of `max_connections`. */
  uint64_t connections_blocked;  /**< Clients turned away because of a block list. */
  uint64_t connections_made;     /**< Connects that succeeded. */
  uint64_t connections_failed;   /**< Connects that failed. */
  uint64_t bytes_read;           /**< Bytes that its sockets received. */
  uint64_t bytes_written;        /**< Bytes that its sockets took to be written, the queued ones included. */
  uint64_t lookups;              /**< Names, and addresses in their place, that were looked up or began to be. */
  uint64_t work;                 /**< Pieces of work that were queued. */
  uint64_t posts;                /**< Posted functions that ran. */
  uint64_t timers;               /**< Callbacks of timers that ran. */
  uint64_t signals;              /**< Callbacks of signals that ran. */
} weir_loop_counters;

/** Counters for `weir_loop_get_counters` to fill. */
static inline weir_loop_counters weir_loop_counters_default(void) {
  weir_loop_counters counters;
  memset(&counters, 0, sizeof counters);
  counters.size = sizeof counters;
  return counters;
}

/** Fills in what the loop has done, as far as `counters->size` reaches. **Thread:** the loop's. */
WEIR_API void weir_loop_get_counters(const weir_loop *loop, weir_loop_counters *counters);

/**
 * Writes in plain words, with one line for each socket, server and timer, what keeps the loop alive and what does not:
 * for the question why a program does not end, or why it has.
 *
 * The wording is for people and may change.
 *
 * **Owns:** the caller owns `text`; it is always terminated when `size` is not 0.
 * **Errors:** returns the length of the whole text, which was cut when it is not less than `size`. **Thread:** the
 * loop's.
 */
WEIR_API size_t weir_loop_dump(weir_loop *loop, char *text, size_t size);

/**
 * The name of the backend in use: "epoll", "io_uring", "poll", "kqueue", "iocp" or "sim".
 *
 * **Owns:** the library. **Thread:** any.
 */
WEIR_API const char *weir_loop_backend(const weir_loop *loop);

#ifdef __cplusplus
}
#endif

#endif
