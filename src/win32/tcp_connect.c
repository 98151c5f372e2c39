/* SPDX-License-Identifier: MIT */
/*
 * The client. ConnectEx wants a socket that is bound, so every one is, to any address when nobody asked for another.
 */
#include "win32/acceptor.h"
#include "win32/connection.h"
#include "win32/error.h"
#include "win32/socket.h"

/* These want winsock2.h first. */
#include <mstcpip.h>
#include <mswsock.h>

static enum operation finish_connect(struct backend *backend, struct task *task, struct completion *completion);

static DWORD bind_local(SOCKET socket, int family, const weir_address *local) {
  struct socket_address from = socket_address_any(family);
  if (local != NULL && (local->family == WEIR_FAMILY_IPV6) != (family == AF_INET6)) return WSAEAFNOSUPPORT;
  DWORD error = local != NULL ? socket_address_make(local, &from) : ERROR_SUCCESS;
  return error == ERROR_SUCCESS ? os_socket_bind(socket, &from.native, from.length) : error;
}

/* Windows asks a port where nobody listens three times, which takes 2 seconds also on its own machine. */
static void ask_once(SOCKET socket) {
  TCP_INITIAL_RTO_PARAMETERS parameters = {.Rtt = TCP_INITIAL_RTO_NO_SYN_RETRANSMISSIONS,
                                           .MaxSynRetransmissions = TCP_INITIAL_RTO_NO_SYN_RETRANSMISSIONS};
  os_socket_control(socket, SIO_TCP_INITIAL_RTO, &parameters, sizeof parameters);
}

/* The socket that will connect, bound and on the port. */
static DWORD take_socket(struct backend *backend, struct connection *connection, int family,
                         const struct connect_request *request) {
  struct tcp_connection *tcp = &connection->tcp;
  SOCKET socket;
  if (request->bound != NULL) return ERROR_SUCCESS;
  DWORD error = socket_create(family, &socket);
  if (error != ERROR_SUCCESS) return error;
  tcp->socket = socket;
  error = bind_local(socket, family, request->local);
  tcp->bind_failed = error != ERROR_SUCCESS;
  return error == ERROR_SUCCESS ? socket_bind_port(&backend->port, socket, &connection->skips) : error;
}

static DWORD begin(struct backend *backend, struct connection *connection, const struct connect_request *request) {
  struct socket_address to;
  if (request->bound != NULL) connection->tcp.socket = tcp_take_bound(request->bound, &connection->skips);
  DWORD error = socket_address_make(&request->address->ip, &to);
  if (error != ERROR_SUCCESS) return error;
  socket_address_aim(&to);
  error = take_socket(backend, connection, to.native.sa_family, request);
  if (error != ERROR_SUCCESS) return error;
  SOCKET socket = connection->tcp.socket;
  if (socket_address_is_loopback(&to)) ask_once(socket);
  return os_socket_connect(socket, &to.native, to.length, &connection->write.overlapped);
}

void tcp_connect(struct backend *backend, struct connection *connection, const struct connect_request *request) {
  struct task *task = &connection->write;
  connection->kind = &connection_over_tcp;
  task_begin(task, finish_connect);
  DWORD error = begin(backend, connection, request);
  if (port_sort(&backend->port, task, connection->skips, error) == SUBMITTED_OVER) port_append(&backend->port, task);
}

/* ---- what comes back ---- */

/* A socket that connects to a free port of its own machine can have been given just that port, and meet itself. */
static bool met_itself(SOCKET socket) {
  weir_address own;
  weir_address peer;
  return tcp_ask_address(socket, os_socket_name, &own) == ERROR_SUCCESS &&
         tcp_ask_address(socket, os_socket_peer, &peer) == ERROR_SUCCESS && weir_address_equal(&own, &peer);
}

/* Without its context a socket that ConnectEx has connected cannot be asked or shut down. */
static DWORD make_whole(struct connection *connection) {
  DWORD error = connection->write.error;
  SOCKET socket = connection->tcp.socket;
  if (error == ERROR_SUCCESS) error = os_socket_set(socket, SOL_SOCKET, SO_UPDATE_CONNECT_CONTEXT, NULL, 0);
  return error == ERROR_SUCCESS && met_itself(socket) ? WSAECONNREFUSED : error;
}

static const char *explain_local(DWORD error) {
  switch (error) {
    case WSAEADDRINUSE:
      return "the local port is taken; port 0 leaves the choice to the system";
    case WSAEADDRNOTAVAIL:
      return "the local address is none of this machine's";
    case WSAEACCES:
      return "Windows keeps the local port for itself, or another program has it alone";
    case WSAEAFNOSUPPORT:
      return "the local address is of another family than the one to connect to";
    default:
      return NULL;
  }
}

static void tell_failure(const struct connection *connection, DWORD error, struct completion *completion) {
  error_complete(completion, ERROR_PLACE_SOCKET, error);
  if (connection->tcp.bind_failed) {
    completion->step = "bind";
    completion->hint = explain_local(error);
    if (error == WSAEAFNOSUPPORT) completion->result = WEIR_EINVAL;
  } else if (error == WSAEADDRNOTAVAIL) {
    completion->hint = "no server can be at that address and port, or this machine has no local port left";
  }
}

static void give_up(struct connection *connection) {
  if (connection->tcp.socket != 0) os_socket_close(connection->tcp.socket);
  connection->tcp.socket = 0;
}

static enum operation finish_connect(struct backend *backend, struct task *task, struct completion *completion) {
  struct connection *connection = CONTAINER_OF(task, struct connection, write);
  if (connection->life == CONNECTION_CLOSING) return connection_finish_close(backend, connection, completion);
  DWORD error = make_whole(connection);
  completion->connection = connection;
  completion->result = 0;
  if (error == ERROR_SUCCESS) return OPERATION_CONNECT;
  give_up(connection);
  tell_failure(connection, error, completion);
  return OPERATION_CONNECT;
}
