/* SPDX-License-Identifier: MIT */
/*
 * Taking a socket over and letting it go.
 */
#include "win32/connection.h"
#include "win32/error.h"
#include "win32/socket.h"

void tcp_attach(struct connection *connection, SOCKET socket, bool skips) {
  connection->kind = &connection_over_tcp;
  connection->tcp.socket = socket;
  connection->skips = skips;
}

/*
 * Windows says "aborted" where others say "reset". To write to a peer that has ended and then gone is a broken pipe, as
 * it is elsewhere: who hears of a reset may take it for something unexpected.
 */
void tcp_complete_failed(const struct connection *connection, struct completion *completion, DWORD error) {
  error_complete(completion, ERROR_PLACE_SOCKET, error);
  if (completion->result == WEIR_ECONNABORTED) completion->result = WEIR_ECONNRESET;
  if (completion->result == WEIR_ECONNRESET && connection->tcp.peer_ended) completion->result = WEIR_EPIPE;
}

/* ---- open ---- */

bool tcp_is_socket(intptr_t native) {
  int type;
  return socket_start() == ERROR_SUCCESS &&
         os_socket_get((SOCKET)native, SOL_SOCKET, SO_TYPE, &type, sizeof type) == ERROR_SUCCESS;
}

static const char *find_fault(SOCKET socket, DWORD *error) {
  int type = 0;
  BOOL listening = FALSE;
  struct socket_address peer;
  peer.length = sizeof peer.ipv6;
  *error = os_socket_get(socket, SOL_SOCKET, SO_TYPE, &type, sizeof type);
  if (*error != ERROR_SUCCESS) return NULL;
  *error = WSAEINVAL;
  if (type != SOCK_STREAM) return "this socket does not carry a stream";
  os_socket_get(socket, SOL_SOCKET, SO_ACCEPTCONN, &listening, sizeof listening);
  if (listening) return "this socket listens: it is for a server";
  *error = os_socket_peer(socket, &peer.native, &peer.length);
  return *error == WSAENOTCONN ? "this socket is not connected" : NULL;
}

/* A socket that is bound to another port already is told of by events. */
static DWORD take_over(struct backend *backend, struct connection *connection, SOCKET socket, const char **hint) {
  bool overlapped;
  DWORD error = os_socket_do_not_block(socket);
  if (error == ERROR_SUCCESS) error = socket_bind_port(&backend->port, socket, &connection->skips);
  if (error != ERROR_INVALID_PARAMETER) return error;
  if (os_file_is_overlapped((HANDLE)socket, &overlapped) == ERROR_SUCCESS && !overlapped) {
    *hint = "this socket was not made for overlapped transfers";
    return error;
  }
  return connection_watch(backend, connection);
}

/* A direction that was shut down before the socket came here is no sign of a reset when its peer ends; see tcp_read.c.
 */
static bool has_shut_down(SOCKET socket) {
  WSABUF nothing = {.buf = NULL, .len = 0};
  DWORD count;
  return os_socket_send(socket, &nothing, 1, NULL, &count) == WSAESHUTDOWN;
}

struct outcome tcp_open(struct backend *backend, struct connection *connection, intptr_t native) {
  SOCKET socket = (SOCKET)native;
  DWORD error;
  const char *hint = find_fault(socket, &error);
  if (error == ERROR_SUCCESS) error = take_over(backend, connection, socket, &hint);
  if (error != ERROR_SUCCESS) return error_outcome(ERROR_PLACE_SOCKET, error, hint);
  tcp_attach(connection, socket, connection->skips);
  if (has_shut_down(socket)) connection->tcp.write_state = TCP_WRITE_ENDING;
  return error_none();
}

/* ---- close ---- */

/* The receive of nothing is called back, and has taken nothing. What is being sent cannot be. */
static bool detach(struct connection *connection) {
  struct tcp_connection *tcp = &connection->tcp;
  bool writes = tcp->write_state == TCP_WRITE_QUEUED || connection->write.pending;
  if (tcp->socket == 0 || writes) return false;
  DWORD error = ERROR_SUCCESS;
  if (connection->read.pending) error = os_cancel((HANDLE)tcp->socket, &connection->read.overlapped);
  return error == ERROR_SUCCESS || error == ERROR_NOT_FOUND;
}

static void close_socket(struct backend *backend, struct connection *connection, enum ending ending) {
  struct tcp_connection *tcp = &connection->tcp;
  connection_begin_close(connection);
  if (ending == ENDING_DETACH) connection->detaching = detach(connection) ? DETACHING_GRANTED : DETACHING_REFUSED;
  if (tcp->socket != 0 && connection->detaching != DETACHING_GRANTED) {
    if (ending == ENDING_RESET) socket_forget_unsent(tcp->socket);
    connection_cancel(connection, (HANDLE)tcp->socket);
    os_socket_close(tcp->socket);
    tcp->socket = 0;
  }
  connection_end_close(backend, connection);
}

static void give_back(struct backend *backend, struct connection *connection, struct completion *completion) {
  (void)backend;
  if (connection->detaching != DETACHING_GRANTED) return;
  completion->native = (intptr_t)connection->tcp.socket;
  completion->bytes = NULL;
}

const struct connection_kind connection_over_tcp = {
    .read = tcp_read,
    .read_stop = tcp_read_stop,
    .read_again = tcp_read_again,
    .write = tcp_write,
    .write_queue = tcp_write_queue,
    .shutdown = tcp_shutdown,
    .close = close_socket,
    .control = tcp_control,
    .give_back = give_back,
};
