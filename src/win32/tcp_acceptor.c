/* SPDX-License-Identifier: MIT */
#include "win32/tcp_acceptor.h"

#include <mswsock.h>

#include "win32/acceptor.h"
#include "win32/connection.h"
#include "win32/error.h"
#include "win32/socket.h"

/* Sockets that lie ready for clients: a socket each, to spare a burst of clients the system's queue. */
#define READY_AT_FIRST 8
#define READY_MAX 64

struct tcp_instance {
  struct instance instance;
  weir_address peer;
  unsigned char addresses[2 * OS_ACCEPTED_BYTES];
};

/* ---- listen ---- */

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

static DWORD make_bound(struct backend *backend, struct tcp_acceptor *tcp, const struct listen_request *request) {
  struct socket_address at;
  DWORD error = socket_address_make(&request->address->ip, &at);
  if (error != ERROR_SUCCESS) return error;
  SOCKET socket;
  error = socket_create(at.native.sa_family, &socket);
  if (error != ERROR_SUCCESS) return error;
  tcp->socket = socket;
  tcp->family = at.native.sa_family;
  error = bind_alone(socket, &at, request->ipv6_only);
  return error == ERROR_SUCCESS ? socket_bind_port(&backend->port, socket, &tcp->skips) : error;
}

static DWORD read_name(const struct tcp_acceptor *tcp, struct address *address) {
  struct socket_address name;
  name.length = sizeof name.ipv6;
  DWORD error = os_socket_name(tcp->socket, &name.native, &name.length);
  weir_address ip = socket_address_read(&name.native);
  if (error == ERROR_SUCCESS) address_set_ip(address, &ip);
  return error;
}

static void let_go(struct tcp_acceptor *tcp) {
  if (tcp->socket != 0) os_socket_close(tcp->socket);
  tcp->socket = 0;
}

SOCKET tcp_take_bound(struct acceptor *acceptor, bool *skips) {
  SOCKET socket = acceptor->tcp.socket;
  *skips = acceptor->tcp.skips;
  acceptor->tcp.socket = 0;
  return socket;
}

static DWORD begin(struct backend *backend, struct acceptor *acceptor, const struct listen_request *request) {
  DWORD error = make_bound(backend, &acceptor->tcp, request);
  if (error == ERROR_SUCCESS && !request->only_bind) {
    error = os_socket_listen(acceptor->tcp.socket, request->backlog > 0 ? request->backlog : 1);
  }
  return error == ERROR_SUCCESS ? read_name(&acceptor->tcp, request->address) : error;
}

struct outcome tcp_listen(struct backend *backend, struct acceptor *acceptor, const struct listen_request *request) {
  if (request->reuse_port) {
    return error_outcome(ERROR_PLACE_SOCKET, WSAEOPNOTSUPP, "Windows spreads no clients over several sockets");
  }
  uint32_t backlog = request->backlog > 0 ? (uint32_t)request->backlog : 1;
  uint32_t limit = backlog < READY_MAX ? backlog : READY_MAX;
  acceptor_init(acceptor, &acceptor_of_tcp, READY_AT_FIRST, request->only_bind ? 0 : limit);
  DWORD error = begin(backend, acceptor, request);
  if (error != ERROR_SUCCESS) {
    let_go(&acceptor->tcp);
    return error_outcome(ERROR_PLACE_SOCKET, error, NULL);
  }
  acceptor_fill(backend, acceptor);
  return error_none();
}

/* ---- instances ---- */

static struct tcp_instance *tcp_of(struct instance *instance) {
  return CONTAINER_OF(instance, struct tcp_instance, instance);
}

static DWORD prepare(struct backend *backend, struct instance *instance) {
  (void)backend;
  SOCKET socket;
  DWORD error = socket_create(instance->acceptor->tcp.family, &socket);
  if (error != ERROR_SUCCESS) return error;
  instance->handle = (HANDLE)socket;
  instance->skips = instance->acceptor->tcp.skips;
  return ERROR_SUCCESS;
}

static DWORD wait_for_client(struct instance *instance) {
  return os_socket_accept(instance->acceptor->tcp.socket, (SOCKET)instance->handle, tcp_of(instance)->addresses,
                          &instance->task.overlapped);
}

/* Without its context a socket that AcceptEx has connected cannot be asked or shut down. */
static bool welcome(struct backend *backend, struct instance *instance, DWORD error) {
  SOCKET socket = (SOCKET)instance->handle;
  SOCKET listener = instance->acceptor->tcp.socket;
  if (error == ERROR_SUCCESS) {
    error = os_socket_set(socket, SOL_SOCKET, SO_UPDATE_ACCEPT_CONTEXT, &listener, sizeof listener);
  }
  return error == ERROR_SUCCESS && socket_bind_port(&backend->port, socket, &instance->skips) == ERROR_SUCCESS;
}

static const weir_address *find_peer(struct instance *instance) {
  struct tcp_instance *tcp = tcp_of(instance);
  tcp->peer = socket_address_read(os_socket_accepted_peer(tcp->addresses));
  return &tcp->peer;
}

static void hand_over(struct backend *backend, struct instance *instance, struct connection *connection) {
  (void)backend;
  tcp_attach(connection, (SOCKET)instance->handle, instance->skips);
}

static void shut(struct instance *instance) {
  os_socket_close((SOCKET)instance->handle);
  instance->handle = NULL;
}

/* ---- close ---- */

static void close_listener(struct backend *backend, struct acceptor *acceptor, enum ending ending) {
  (void)backend;
  (void)ending;
  let_go(&acceptor->tcp);
}

const struct acceptor_kind acceptor_of_tcp = {
    .instance_bytes = sizeof(struct tcp_instance),
    .place = ERROR_PLACE_SOCKET,
    .prepare = prepare,
    .wait = wait_for_client,
    .welcome = welcome,
    .peer = find_peer,
    .hand_over = hand_over,
    .shut = shut,
    .close = close_listener,
};
