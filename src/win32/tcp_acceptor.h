/* SPDX-License-Identifier: MIT */
/*
 * What a server over TCP has besides its instances: the socket that listens. The system queues clients by itself; an
 * instance is a socket that lies ready for the next one.
 */
#ifndef WEIR_WIN32_TCP_ACCEPTOR_H
#define WEIR_WIN32_TCP_ACCEPTOR_H

#include "win32/backend.h"
#include "win32/os_socket.h"

struct tcp_acceptor {
  SOCKET socket; /* 0: none, or given away */
  int family;
  bool skips;   /* success at once brings no packet */
  bool watched; /* it is bound to another port */
};

struct outcome tcp_listen(struct backend *backend, struct acceptor *acceptor, const struct listen_request *request);

/* Makes a client that AcceptEx has connected a socket like others, once. */
DWORD tcp_present(SOCKET listener, SOCKET client);

/* Closes the socket, if there is one. */
void tcp_let_go(struct acceptor *acceptor);

/* The socket of an acceptor that was only bound, which is as if never begun. */
SOCKET tcp_take_bound(struct acceptor *acceptor, bool *skips);

#endif
