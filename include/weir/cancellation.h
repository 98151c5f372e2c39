/* SPDX-License-Identifier: MIT */
/**
 * @file
 * Cancellation: one word that ends everything that was begun with it.
 *
 * Give a cancellation to connects and listens through their options. When it is cancelled, their sockets, connecting or
 * connected, fail with `WEIR_ECANCELED`, and their servers close; sockets that these have accepted stay. What is begun
 * with a cancellation that is cancelled already ends in the same way: the socket with `error` and `close`, and nothing
 * is connected; the server with `close` and without `listening`.
 */
#ifndef WEIR_CANCELLATION_H
#define WEIR_CANCELLATION_H

#include <stdbool.h>

#include <weir/error.h>
#include <weir/export.h>
#include <weir/loop.h>

#ifdef __cplusplus
extern "C" {
#endif

/**
 * Makes a cancellation for sockets and servers of this loop.
 *
 * **Owns:** the caller owns `*cancellation`; give it back with `weir_cancellation_release`, at any time.
 * **Errors:** `WEIR_ENOMEM`, `WEIR_EINVAL`. **Thread:** the loop's.
 */
WEIR_API weir_code weir_cancellation_create(weir_loop *loop, weir_cancellation **cancellation);

/**
 * Ends everything that was begun with it. Doing so again does nothing.
 *
 * **Thread:** the loop's. **Calls back:** never from inside this call.
 */
WEIR_API void weir_cancellation_cancel(weir_cancellation *cancellation);

/** Whether it was cancelled. **Thread:** the loop's. */
WEIR_API bool weir_cancellation_cancelled(const weir_cancellation *cancellation);

/** Adds an owner. Returns it. **Owns:** every retain wants a release. **Thread:** the loop's. */
WEIR_API weir_cancellation *weir_cancellation_retain(weir_cancellation *cancellation);

/** Gives an ownership back. NULL is ignored. **Thread:** the loop's. */
WEIR_API void weir_cancellation_release(weir_cancellation *cancellation);

#ifdef __cplusplus
}
#endif

#endif
