/* SPDX-License-Identifier: MIT */
/*
 * Connections and servers over TCP as they are put into an offer to another process, and got out of it. The system
 * shares sockets itself; what a server has besides is clients that nobody has met yet.
 */
#ifndef WEIR_WIN32_TCP_PASSING_H
#define WEIR_WIN32_TCP_PASSING_H

#include "win32/acceptor.h"
#include "win32/cargo.h"

void tcp_pack(struct cargo *cargo, intptr_t native);
void tcp_pack_server(struct cargo *cargo, intptr_t native);

/* On failure everything is closed. */
DWORD tcp_unpack(struct cargo *cargo, intptr_t *native);
DWORD tcp_unpack_server(struct cargo *cargo, intptr_t *native);

/* Closes a server that another process has too: nobody is told. */
void tcp_release_server(intptr_t native);

#endif
