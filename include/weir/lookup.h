/* SPDX-License-Identifier: MIT */
/**
 * @file
 * Looking up names: a host's name becomes addresses.
 *
 * Connecting to and listening at names do this by themselves. The system's resolver can block for as long as it likes,
 * so each look-up has a thread to itself: a name whose servers are silent delays no other, and one that is cancelled is
 * over at once, whatever its thread still waits for. Neither the end of a loop nor the end of the process waits for it.
 */
#ifndef WEIR_LOOKUP_H
#define WEIR_LOOKUP_H

#include <stddef.h>

#include <weir/address.h>
#include <weir/error.h>
#include <weir/export.h>
#include <weir/loop.h>

#ifdef __cplusplus
extern "C" {
#endif

/** How many look-ups of a loop have a thread at the same time; further ones wait for one of these. */
#define WEIR_LOOKUPS_MAX 128

/** The longest name of a host in bytes. */
#define WEIR_HOST_BYTES_MAX 255

/** A look-up under way. */
typedef struct weir_lookup weir_lookup;

/**
 * Called once when a look-up is over: with an error, or with NULL and at least one address, in the resolver's order and
 * none twice. The operation of the error is "lookup" and its address the name.
 *
 * **Owns:** the addresses, which have no port, and the error are lent for the call. **Thread:** the loop's.
 * **Calls back:** may call anything.
 */
typedef void (*weir_lookup_callback)(weir_lookup *lookup, const weir_error *error, const weir_address *addresses,
                                     size_t count, void *user);

/**
 * Looks a name up, or reads an IP address, which is its own answer and needs no thread. `family` is 4 or 6 for
 * addresses of one kind, `WEIR_FAMILY_NONE` for both. `lookup` may be NULL when it is never cancelled. Until it is
 * over it keeps the loop alive.
 *
 * **Owns:** the look-up is the loop's, until its callback has returned or it was cancelled; the name is copied.
 * **Errors:** `WEIR_EINVAL`, `WEIR_ENAMETOOLONG`, `WEIR_ENOMEM`, `WEIR_ECANCELED` after the loop's end; else the
 * callback hears: `WEIR_ENOTFOUND` nobody knows the name, or no address of this family; `WEIR_EAGAIN` its servers do
 * not answer now, or the system has no thread to ask with. **Thread:** the loop's. **Calls back:** never from inside
 * this call.
 */
WEIR_API weir_code weir_lookup_start(weir_loop *loop, const char *host, weir_family family,
                                     weir_lookup_callback callback, void *user, weir_lookup **lookup);

/**
 * Gives a look-up up at once: its callback will not run. From inside its callback it does nothing.
 *
 * **Owns:** the look-up is gone. **Thread:** the loop's.
 */
WEIR_API void weir_lookup_cancel(weir_lookup *lookup);

/** A question that a resolver of the program has been asked, until it is answered. */
typedef struct weir_lookup_question weir_lookup_question;

/**
 * A resolver of the program, instead of the system's; see `weir_connect_options`. It answers each question exactly
 * once, from inside this call or later, with `weir_lookup_answer`.
 *
 * **Owns:** the host is lent until the answer. **Thread:** the loop's. **Calls back:** may call anything.
 */
typedef void (*weir_resolver)(weir_lookup_question *question, const char *host, weir_family family, void *user);

/**
 * Answers: `WEIR_OK` and addresses, whose ports do not count, or another code. An answer that makes no sense, which is
 * one without any address, with an address of no family or of one that was not asked for, or an unknown code, becomes
 * `WEIR_EINVAL` with a hint. Nobody may wait any more for the answer; it must be given all the same, even after the
 * loop's end.
 *
 * **Owns:** the question is gone; the addresses are copied. **Thread:** the loop's. **Calls back:** never from inside
 * this call.
 */
WEIR_API void weir_lookup_answer(weir_lookup_question *question, weir_code code, const weir_address *addresses,
                                 size_t count);

#ifdef __cplusplus
}
#endif

#endif
