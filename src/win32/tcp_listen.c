/* SPDX-License-Identifier: MIT */
/*
 * How a server over TCP begins: with a socket of its own, with another server's, with one that was bound before, or
 * with one from elsewhere.
 */
#include "win32/acceptor.h"
#include "win32/error.h"
#include "win32/socket.h"

/* Sockets that lie ready for clients: a socket each, to spare a burst of clients the system's queue. */
#define READY_AT_FIRST 8
#define READY_MAX 64

/* Each costs an event and a place in a thread's wait, when packets go to another port. */
#define READY_WATCHED 4

static const char unbound[] = "a server needs a stream socket that is bound and not connected";

static struct outcome outcome_of(DWORD error) {
  return error == ERROR_SUCCESS ? error_none() : error_outcome(ERROR_PLACE_SOCKET, error, NULL);
}

void tcp_let_go(struct acceptor *acceptor) {
  if (acceptor->tcp.socket != 0) os_socket_close(acceptor->tcp.socket);
  acceptor->tcp.socket = 0;
}

SOCKET tcp_take_bound(struct acceptor *acceptor, bool *skips) {
  SOCKET socket = acceptor->tcp.socket;
  *skips = acceptor->tcp.skips;
  acceptor->tcp.socket = 0;
  return socket;
}

/* ---- a socket of its own ---- */

/* Alone: nobody else may bind to the port, not even with SO_REUSEADDR. */
static DWORD bind_alone(SOCKET socket, const struct socket_address *at, bool ipv6_only) {
  BOOL alone = TRUE;
  DWORD only = ipv6_only;
  DWORD error = os_socket_set(socket, SOL_SOCKET, SO_EXCLUSIVEADDRUSE, &alone, sizeof alone);
  if (error == ERROR_SUCCESS && at->native.sa_family == AF_INET6) {
    error = os_socket_set(socket, IPPROTO_IPV6, IPV6_V6ONLY, &only, sizeof only);
  }
  return error == ERROR_SUCCESS ? os_socket_bind(socket, &at->native, at->length) : error;
}

static struct outcome make_socket(struct backend *backend, struct tcp_acceptor *tcp,
                                  const struct listen_request *request) {
  struct socket_address at;
  SOCKET socket;
  DWORD error = socket_address_make(&request->address->ip, &at);
  if (error == ERROR_SUCCESS) error = socket_create(at.native.sa_family, &socket);
  if (error != ERROR_SUCCESS) return outcome_of(error);
  tcp->socket = socket;
  error = bind_alone(socket, &at, request->ipv6_only);
  if (error == ERROR_SUCCESS) error = socket_bind_port(&backend->port, socket, &tcp->skips);
  return outcome_of(error);
}

/* ---- somebody else's ---- */

/* Both handles are one socket, which is on this port already. */
static struct outcome share(struct tcp_acceptor *tcp, const struct tcp_acceptor *other) {
  SOCKET socket;
  DWORD error = os_socket_duplicate(other->socket, &socket);
  if (error != ERROR_SUCCESS) return outcome_of(error);
  *tcp = *other;
  tcp->socket = socket;
  return error_none();
}

static struct outcome check_native(SOCKET socket) {
  int type = 0;
  DWORD error = socket_start();
  if (error == ERROR_SUCCESS) error = os_socket_get(socket, SOL_SOCKET, SO_TYPE, &type, sizeof type);
  if (error == WSAENOTSOCK) {
    return error_outcome(ERROR_PLACE_SOCKET, WSAEOPNOTSUPP,
                         "a server of this system can take over nothing but a SOCKET");
  }
  if (error != ERROR_SUCCESS) return outcome_of(error);
  bool usable = type == SOCK_STREAM && socket_family(socket) != 0;
  return usable ? error_none() : error_outcome(ERROR_PLACE_SOCKET, WSAEINVAL, unbound);
}

static struct outcome adopt(struct backend *backend, struct tcp_acceptor *tcp, SOCKET socket) {
  struct outcome outcome = check_native(socket);
  if (outcome.code != WEIR_OK) return outcome;
  bool overlapped;
  DWORD error = socket_bind_port(&backend->port, socket, &tcp->skips);
  tcp->watched = error == ERROR_INVALID_PARAMETER;
  if (error != ERROR_SUCCESS && !tcp->watched) return outcome_of(error);
  if (os_file_is_overlapped((HANDLE)socket, &overlapped) == ERROR_SUCCESS && !overlapped) {
    return error_outcome(ERROR_PLACE_SOCKET, WSAEINVAL, "this socket was not made for overlapped transfers");
  }
  tcp->socket = socket;
  return error_none();
}

/* ---- listen ---- */

static struct outcome find_socket(struct backend *backend, struct tcp_acceptor *tcp,
                                  const struct listen_request *request) {
  if (request->address->kind == ADDRESS_IP) return make_socket(backend, tcp, request);
  if (request->shared != NULL) return share(tcp, &request->shared->tcp);
  if (request->bound == NULL) return adopt(backend, tcp, (SOCKET)request->native);
  *tcp = request->bound->tcp;
  return error_none();
}

/* One that listens already, listens on with its new backlog. */
static DWORD begin_to_listen(const struct tcp_acceptor *tcp, const struct listen_request *request) {
  if (request->only_bind || request->shared != NULL) return ERROR_SUCCESS;
  return os_socket_listen(tcp->socket, request->backlog > 0 ? request->backlog : 1);
}

static struct outcome begin(struct backend *backend, struct acceptor *acceptor, const struct listen_request *request) {
  struct tcp_acceptor *tcp = &acceptor->tcp;
  struct outcome outcome = find_socket(backend, tcp, request);
  if (outcome.code != WEIR_OK) return outcome;
  DWORD error = begin_to_listen(tcp, request);
  if (error == WSAEISCONN) return error_outcome(ERROR_PLACE_SOCKET, WSAEINVAL, unbound);
  struct socket_address name;
  name.length = sizeof name.ipv6;
  if (error == ERROR_SUCCESS) error = os_socket_name(tcp->socket, &name.native, &name.length);
  if (error != ERROR_SUCCESS) return outcome_of(error);
  weir_address ip = socket_address_read(&name.native);
  address_set_ip(request->address, &ip);
  tcp->family = name.native.sa_family;
  return error_none();
}

/* Clients that came while the server was in another loop. */
static struct outcome unpack(struct backend *backend, struct acceptor *acceptor, intptr_t native) {
  struct parcel *left = parcel_take(&acceptor_of_tcp, native);
  if (left == NULL) return error_none();
  struct server_parcel *parcel = CONTAINER_OF(left, struct server_parcel, parcel);
  DWORD error = acceptor_unpack(backend, acceptor, parcel, false);
  if (error == ERROR_SUCCESS) os_heap_put(parcel);
  if (error != ERROR_SUCCESS) parcel_leave(left, &acceptor_of_tcp, native);
  return outcome_of(error);
}

/* Comes from elsewhere, and stays there when it does not work. */
static bool is_lent(const struct listen_request *request) {
  return request->address->kind == ADDRESS_NONE && request->shared == NULL;
}

struct outcome tcp_listen(struct backend *backend, struct acceptor *acceptor, const struct listen_request *request) {
  if (request->reuse_port) {
    return error_outcome(ERROR_PLACE_SOCKET, WSAEOPNOTSUPP,
                         "this system does not spread clients over several sockets of one port");
  }
  uint32_t backlog = request->backlog > 0 ? (uint32_t)request->backlog : 1;
  uint32_t limit = backlog < READY_MAX ? backlog : READY_MAX;
  acceptor_init(acceptor, &acceptor_of_tcp, READY_AT_FIRST, request->only_bind ? 0 : limit);
  bool lent = is_lent(request); /* asked before the address is filled in */
  struct outcome outcome = begin(backend, acceptor, request);
  if (outcome.code == WEIR_OK) outcome = unpack(backend, acceptor, (intptr_t)acceptor->tcp.socket);
  if (outcome.code != WEIR_OK) {
    if (!lent) tcp_let_go(acceptor);
    return outcome;
  }
  if (request->bound != NULL) request->bound->tcp.socket = 0;
  if (acceptor->tcp.watched && acceptor->goal > READY_WATCHED) acceptor->goal = READY_WATCHED;
  acceptor_fill(backend, acceptor);
  return error_none();
}
