/* SPDX-License-Identifier: MIT */
/*
 * Sockets as the connections and servers of TCP use them: overlapped, never blocking, inherited by nobody. Winsock
 * starts with the first.
 */
#ifndef WEIR_WIN32_SOCKET_H
#define WEIR_WIN32_SOCKET_H

#include "win32/port.h"
#include "win32/socket_address.h"

/* Starts Winsock, once for the process. */
DWORD socket_start(void);

/* Makes one; it is for the caller to close. */
DWORD socket_create(int family, SOCKET *created);

/* Binds it to the port. What a foreign layer of Winsock says about success at once is not believed. */
DWORD socket_bind_port(struct port *port, SOCKET socket, bool *skips);

/* Lets the coming close tell the peer of a reset, and forget what was not sent. */
void socket_forget_unsent(SOCKET socket);

/* AF_INET or AF_INET6, by the name of a bound socket, or 0. */
int socket_family(SOCKET socket);

#endif
