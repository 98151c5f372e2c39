/* SPDX-License-Identifier: MIT */
/*
 * The calls into Winsock, as os.h has the others: each answers with ERROR_SUCCESS, a Winsock error or a Win32 one.
 * ERROR_IO_PENDING and WSA_IO_PENDING are one number.
 */
#ifndef WEIR_WIN32_OS_SOCKET_H
#define WEIR_WIN32_OS_SOCKET_H

#include "win32/os.h"

#include <winsock2.h>
#include <ws2tcpip.h>

/* What AcceptEx writes: the local and the remote address, each with 16 bytes of its own. */
#define OS_ACCEPTED_BYTES (sizeof(struct sockaddr_in6) + 16)

/* Winsock, once for the process; it is never given back, because sockets outlive loops. */
DWORD os_socket_start(void);

/* A stream socket for overlapped transfers that no child inherits. */
DWORD os_socket_create(int family, SOCKET *created);

/* Another handle of this process for the same socket. */
DWORD os_socket_duplicate(SOCKET socket, SOCKET *duplicate);
DWORD os_socket_close(SOCKET socket);

DWORD os_socket_bind(SOCKET socket, const struct sockaddr *address, int length);
DWORD os_socket_listen(SOCKET socket, int backlog);
DWORD os_socket_accept(SOCKET listener, SOCKET accepted, void *addresses, OVERLAPPED *overlapped);
DWORD os_socket_connect(SOCKET socket, const struct sockaddr *address, int length, OVERLAPPED *overlapped);
DWORD os_socket_shutdown(SOCKET socket);

/* Without `overlapped`: at once, or WSAEWOULDBLOCK. `count` is set with ERROR_SUCCESS. */
DWORD os_socket_receive(SOCKET socket, void *bytes, DWORD length, OVERLAPPED *overlapped, DWORD *count);
DWORD os_socket_send(SOCKET socket, WSABUF *pieces, DWORD pieces_count, OVERLAPPED *overlapped, DWORD *count);

/* Transfers without `overlapped` never wait. */
DWORD os_socket_do_not_block(SOCKET socket);

DWORD os_socket_set(SOCKET socket, int level, int name, const void *value, int length);
DWORD os_socket_get(SOCKET socket, int level, int name, void *value, int length);
DWORD os_socket_control(SOCKET socket, DWORD code, void *value, DWORD length);

DWORD os_socket_name(SOCKET socket, struct sockaddr *address, int *length);
DWORD os_socket_peer(SOCKET socket, struct sockaddr *address, int *length);

/* The peer's address in what os_socket_accept has filled. */
const struct sockaddr *os_socket_accepted_peer(void *addresses);

/* The number of a network interface with this name, or 0. */
uint32_t os_interface_index(const char *name);

/* Blocks for as long as the resolver likes; any thread. */
DWORD os_getaddrinfo(const wchar_t *host, const ADDRINFOW *hints, ADDRINFOW **answers);
void os_freeaddrinfo(ADDRINFOW *answers);

#endif
