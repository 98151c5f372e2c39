/* SPDX-License-Identifier: MIT */
/*
 * What sockets and servers do for a parcel that takes them elsewhere; see parcel.h. To another loop, which as a rule
 * runs in another thread, it goes with a post (socket.c, server.c), to another process through a channel.
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

/* ---- sockets: hand_over/socket_parcel.c ---- */

/* Detaches the socket when nothing of it is under way any more. To be called whenever that may have become true. */
void hand_over_go_on(struct weir_socket *socket);

/* The backend has let go of a socket: packs the parcel, if there is one. */
void hand_over_send(struct weir_socket *socket, const struct completion *completion);

/* The socket is destroyed for another reason: the parcel, if there is one, stays empty. */
void hand_over_fail(struct weir_socket *socket, weir_code code);

/* ---- servers: hand_over/server_parcel.c ---- */

void hand_over_send_server(weir_server *server, const struct completion *completion);

#endif
