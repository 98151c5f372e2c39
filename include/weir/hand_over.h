/* SPDX-License-Identifier: MIT */
/**
 * @file
 * From loop to loop: a connection or a listening server goes to another loop of the process, which may run in another
 * thread. The old handle closes, and a new one arrives there.
 */
#ifndef WEIR_HAND_OVER_H
#define WEIR_HAND_OVER_H

#include <weir/error.h>
#include <weir/event.h>
#include <weir/export.h>
#include <weir/loop.h>

#ifdef __cplusplus
extern "C" {
#endif

/**
 * Called on the new loop's thread when a socket has arrived there, or was lost on the way.
 *
 * `socket` is open and what was received and not delivered comes first; nothing is read before this returns, so add
 * listeners here. NULL with a `code`: the connection failed or was destroyed before it could leave, or memory was
 * short.
 *
 * **Owns:** the callee owns the socket, and gives it back with `weir_socket_release`. **Thread:** that of `loop`.
 */
typedef void (*weir_socket_arrival)(weir_loop *loop, weir_socket *socket, weir_code code, void *user);

/**
 * Hands an open connection to another loop, which may run in another thread. Here reading stops at once, what is queued
 * is written, and then the socket emits `close`; there a new socket arrives, with the bytes that nobody has had, the
 * ends that were seen, encoding, mark, options, time-out, counters and user pointer. Nothing is lost or told twice.
 * Listeners and the server stay behind.
 *
 * **Owns:** the connection is the new socket's. The other loop must not end before `arrival` has run; if it does, the
 * connection is closed. **Errors:** `WEIR_ENOTCONN` not open, `WEIR_EDESTROYED`, `WEIR_EALREADY` it is leaving already,
 * `WEIR_EBUSY` it is piped, `WEIR_EINVAL` the other loop has another kind of backend, `WEIR_ENOMEM`; then nothing has
 * changed. **Thread:** the socket's loop's. **Calls back:** `arrival` exactly once when this returns `WEIR_OK`, from
 * the other loop.
 */
WEIR_API weir_code weir_socket_hand_over(weir_socket *socket, weir_loop *to, weir_socket_arrival arrival, void *user);

/**
 * Called on the new loop's thread when a server has arrived there, or could not.
 *
 * `server` listens and accepts nobody before this returns, so add listeners here; it emits `listening` later. NULL with
 * a `code`: it could not be handed over, and the listening socket is closed.
 *
 * **Owns:** the callee owns the server, and gives it back with `weir_server_release`. **Thread:** that of `loop`.
 */
typedef void (*weir_server_arrival)(weir_loop *loop, weir_server *server, weir_code code, void *user);

/**
 * Hands a listening server to another loop, which may run in another thread: clients that wait to be accepted are
 * accepted there. Connections stay here, and this server emits `close` behind the last of them, as after
 * `weir_server_close`. Options, limits, block list and user pointer travel along; listeners do not.
 *
 * **Owns:** the listening socket is the new server's. The other loop must not end before `arrival` has run; if it does,
 * the socket is closed. **Errors:** `WEIR_ENOTOPEN` it does not listen, `WEIR_EINVAL` the other loop has another kind
 * of backend, `WEIR_ENOTSUP` it is a cluster's primary that accepts for it, `WEIR_ENOMEM`; then nothing has changed.
 * **Thread:** the server's loop's. **Calls back:** `arrival` exactly once when this returns `WEIR_OK`, from the other
 * loop.
 */
WEIR_API weir_code weir_server_hand_over(weir_server *server, weir_loop *to, weir_server_arrival arrival, void *user);

#ifdef __cplusplus
}
#endif

#endif
