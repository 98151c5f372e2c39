/* SPDX-License-Identifier: MIT */
/*
 * Handing a socket or a server to another loop, which as a rule runs in another thread.
 *
 * What crosses over is a parcel: the native connection or listening socket, and everything that the old handle knew and
 * the new one needs. It is made of the new loop's memory, together with the post that carries it, so that once a
 * connection has left its old loop only the new one can be short of anything. The old thread does not touch it after it
 * was sent.
 *
 *   asked --the queue is empty--> detaching --the backend gives the native--> sent --posted function runs--> arrived
 *
 * A parcel always arrives: empty, with the reason, when the connection was lost on the way.
 */
#ifndef WEIR_COMMON_HAND_OVER_HAND_OVER_H
#define WEIR_COMMON_HAND_OVER_HAND_OVER_H

#include <stdbool.h>

#include <weir/hand_over.h>

#include "common/loop/loop.h"

struct weir_socket;

/* Whether what one loop lets go of can go on in the other. */
static inline bool hand_over_fits(const weir_loop *from, const weir_loop *to) {
  return from->operations->open == to->operations->open && from->simulator == to->simulator;
}

/* ---- sockets: hand_over/socket.c ---- */

/* Detaches the socket when nothing of it is under way any more. To be called whenever that may have become true. */
void hand_over_go_on(struct weir_socket *socket);

/* The backend has let go of a socket: sends the parcel, if there is one. */
void hand_over_send(struct weir_socket *socket, const struct completion *completion);

/* The socket is destroyed for another reason: the parcel, if there is one, is sent empty. */
void hand_over_fail(struct weir_socket *socket, weir_code code);

/* ---- servers: hand_over/server.c ---- */

void hand_over_send_server(weir_server *server, const struct completion *completion);

#endif
