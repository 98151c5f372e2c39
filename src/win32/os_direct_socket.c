/* SPDX-License-Identifier: MIT */
/*
 * The calls into Winsock, as the system makes them. See os_direct.c.
 */
#include "win32/os_socket.h"

#include <iphlpapi.h>
#include <mswsock.h>

static DWORD error_if(bool failed) { return failed ? (DWORD)WSAGetLastError() : ERROR_SUCCESS; }

DWORD os_socket_start(void) {
  WSADATA unused;
  return (DWORD)WSAStartup(MAKEWORD(2, 2), &unused);
}

#define FLAGS (WSA_FLAG_OVERLAPPED | WSA_FLAG_NO_HANDLE_INHERIT)

DWORD os_socket_create(int family, SOCKET *created) {
  *created = WSASocketW(family, SOCK_STREAM, IPPROTO_TCP, NULL, 0, FLAGS);
  return error_if(*created == INVALID_SOCKET);
}

DWORD os_socket_duplicate(SOCKET socket, SOCKET *duplicate) {
  WSAPROTOCOL_INFOW info;
  DWORD error = error_if(WSADuplicateSocketW(socket, GetCurrentProcessId(), &info) != 0);
  if (error != ERROR_SUCCESS) return error;
  *duplicate = WSASocketW(FROM_PROTOCOL_INFO, FROM_PROTOCOL_INFO, FROM_PROTOCOL_INFO, &info, 0, FLAGS);
  return error_if(*duplicate == INVALID_SOCKET);
}

DWORD os_socket_close(SOCKET socket) { return error_if(closesocket(socket) != 0); }

/* ---- connections ---- */

DWORD os_socket_bind(SOCKET socket, const struct sockaddr *address, int length) {
  return error_if(bind(socket, address, length) != 0);
}

DWORD os_socket_listen(SOCKET socket, int backlog) { return error_if(listen(socket, backlog) != 0); }

DWORD os_socket_accept(SOCKET listener, SOCKET accepted, void *addresses, OVERLAPPED *overlapped) {
  DWORD unused;
  return error_if(
      !AcceptEx(listener, accepted, addresses, 0, OS_ACCEPTED_BYTES, OS_ACCEPTED_BYTES, &unused, overlapped));
}

/* The function belongs to the socket's provider and has to be asked for. */
DWORD os_socket_connect(SOCKET socket, const struct sockaddr *address, int length, OVERLAPPED *overlapped) {
  GUID id = WSAID_CONNECTEX;
  LPFN_CONNECTEX connect_ex = NULL;
  DWORD count;
  int result = WSAIoctl(socket, SIO_GET_EXTENSION_FUNCTION_POINTER, &id, sizeof id, (void *)&connect_ex,
                        sizeof connect_ex, &count, NULL, NULL);
  if (result != 0) return (DWORD)WSAGetLastError();
  return error_if(!connect_ex(socket, address, length, NULL, 0, &count, overlapped));
}

DWORD os_socket_shutdown(SOCKET socket) { return error_if(shutdown(socket, SD_SEND) != 0); }

/* ---- transfers ---- */

DWORD os_socket_receive(SOCKET socket, void *bytes, DWORD length, OVERLAPPED *overlapped, DWORD *count) {
  WSABUF buffer = {.buf = bytes, .len = length};
  DWORD flags = 0;
  return error_if(WSARecv(socket, &buffer, 1, count, &flags, overlapped, NULL) != 0);
}

DWORD os_socket_send(SOCKET socket, WSABUF *pieces, DWORD pieces_count, OVERLAPPED *overlapped, DWORD *count) {
  return error_if(WSASend(socket, pieces, pieces_count, count, 0, overlapped, NULL) != 0);
}

DWORD os_socket_do_not_block(SOCKET socket) {
  u_long wanted = 1;
  return error_if(ioctlsocket(socket, (long)FIONBIO, &wanted) != 0);
}

/* ---- options and names ---- */

DWORD os_socket_set(SOCKET socket, int level, int name, const void *value, int length) {
  return error_if(setsockopt(socket, level, name, value, length) != 0);
}

DWORD os_socket_get(SOCKET socket, int level, int name, void *value, int length) {
  return error_if(getsockopt(socket, level, name, value, &length) != 0);
}

DWORD os_socket_control(SOCKET socket, DWORD code, void *value, DWORD length) {
  DWORD unused;
  return error_if(WSAIoctl(socket, code, value, length, NULL, 0, &unused, NULL, NULL) != 0);
}

DWORD os_socket_name(SOCKET socket, struct sockaddr *address, int *length) {
  return error_if(getsockname(socket, address, length) != 0);
}

DWORD os_socket_peer(SOCKET socket, struct sockaddr *address, int *length) {
  return error_if(getpeername(socket, address, length) != 0);
}

const struct sockaddr *os_socket_accepted_peer(void *addresses) {
  struct sockaddr *local;
  struct sockaddr *remote;
  int local_length;
  int remote_length;
  GetAcceptExSockaddrs(addresses, 0, OS_ACCEPTED_BYTES, OS_ACCEPTED_BYTES, &local, &local_length, &remote,
                       &remote_length);
  return remote;
}

uint32_t os_interface_index(const char *name) { return if_nametoindex(name); }

DWORD os_getaddrinfo(const wchar_t *host, const ADDRINFOW *hints, ADDRINFOW **answers) {
  return (DWORD)GetAddrInfoW(host, NULL, hints, answers);
}

void os_freeaddrinfo(ADDRINFOW *answers) { FreeAddrInfoW(answers); }
