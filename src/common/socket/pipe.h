/* SPDX-License-Identifier: MIT */
/*
 * Pipes between sockets: what the source receives is written to the destination, at the pace of the slower. They are
 * made of ordinary listeners, so that they keep their place among the user's.
 */
#ifndef WEIR_COMMON_SOCKET_PIPE_H
#define WEIR_COMMON_SOCKET_PIPE_H

#include <weir/loop.h>
#include <weir/socket.h>

/* The socket closes: all its pipes end, and those that propagate errors destroy the other side. */
void pipe_break_all(weir_socket *socket);

/* Emits the `pipe` and `unpipe` events that the destination is owed. */
void pipe_deliver_notices(weir_socket *destination);

/* Forgets them. */
void pipe_drop_notices(weir_socket *destination);

/* Frees pipes that have ended; no emission may run. */
void pipe_free_ended(weir_loop *loop);

#endif
