/* SPDX-License-Identifier: MIT */
/*
 * The read side: socket -> the loop's buffer -> common.
 *
 * What waits for bytes is a receive of nothing, so that an idle connection pins no memory. When it has come back, a
 * receive that does not wait takes what is there. A stopped read leaves the receive of nothing where it is: all that it
 * can bring is news, which wait here.
 */
#include <assert.h>

#include "win32/connection.h"

static enum operation finish_read(struct backend *backend, struct task *task, struct completion *completion);

static enum submitted post(struct backend *backend, struct connection *connection) {
  struct task *task = &connection->read;
  task_begin(task, finish_read);
  DWORD error = os_socket_receive(connection->tcp.socket, NULL, 0, &task->overlapped, &task->count);
  enum submitted submitted = port_sort(&backend->port, task, connection->skips, error);
  connection->read_state = submitted == SUBMITTED_PENDING ? READ_POSTED : READ_HELD;
  return submitted;
}

/* Puts what waits here in line. */
static void line_up(struct backend *backend, struct connection *connection) {
  connection->read.finish = finish_read;
  if (!list_linked(&connection->read.link)) port_append(&backend->port, &connection->read);
}

void tcp_read_again(struct backend *backend, struct connection *connection) {
  if (connection->read_state == READ_NONE && post(backend, connection) == SUBMITTED_PENDING) return;
  line_up(backend, connection);
}

void tcp_read(struct backend *backend, struct connection *connection) {
  assert(connection->life == CONNECTION_OPEN);
  connection->read_wanted = true;
  if (connection->read.pending || list_linked(&connection->read.link)) return;
  tcp_read_again(backend, connection);
}

void tcp_read_stop(struct backend *backend, struct connection *connection) {
  connection->read_wanted = false;
  if (!connection->read.pending) list_remove(&connection->read.link);
  tcp_release_failure(backend, connection);
}

/* ---- delivering ---- */

/* What follows is the following `next`'s, so that a listener that stops reading finds nothing to undo. */
static void read_on_later(struct backend *backend, struct connection *connection) {
  if (connection->read_state == READ_HELD) {
    line_up(backend, connection);
  } else {
    list_append(&backend->rereads, &connection->read.link);
  }
}

/* While the peer's reset is held, bytes that came before it are still to be taken. */
static enum operation deliver_bytes(struct backend *backend, struct connection *connection, DWORD count,
                                    struct completion *completion) {
  if (connection->read.error == ERROR_SUCCESS) connection->read_state = READ_NONE;
  completion->bytes = backend->bytes;
  completion->result = (ptrdiff_t)count;
  read_on_later(backend, connection);
  return OPERATION_READ;
}

static enum operation deliver_end(struct backend *backend, struct connection *connection,
                                  struct completion *completion) {
  connection->read_state = READ_ENDED;
  connection->tcp.peer_ended = true;
  completion->result = COMPLETION_END;
  tcp_release_failure(backend, connection);
  return OPERATION_READ;
}

static enum operation deliver_error(struct backend *backend, struct connection *connection, DWORD error,
                                    struct completion *completion) {
  connection->read_state = READ_ENDED;
  connection->read_wanted = false;
  tcp_complete_failed(connection, completion, error);
  tcp_release_failure(backend, connection);
  return OPERATION_READ;
}

/*
 * Wine 8 looks at a socket by itself, loses the reset that it finds, and tells of an end. A connection that has only
 * ended can still be written to, so a send of nothing tells the two apart.
 */
static DWORD unmask_end(const struct connection *connection) {
  WSABUF nothing = {.buf = NULL, .len = 0};
  DWORD count;
  if (connection->tcp.write_state != TCP_WRITE_NONE) return ERROR_SUCCESS;
  DWORD error = os_socket_send(connection->tcp.socket, &nothing, 1, NULL, &count);
  return error == ERROR_SUCCESS || error == WSAEWOULDBLOCK ? ERROR_SUCCESS : WSAECONNRESET;
}

static enum operation deliver(struct backend *backend, struct connection *connection, struct completion *completion) {
  completion->connection = connection;
  if (connection->read_state == READ_ENDED) return deliver_end(backend, connection, completion);
  DWORD held = connection->read.error;
  DWORD count = 0;
  DWORD error = os_socket_receive(connection->tcp.socket, backend->bytes, PIPE_CHUNK_BYTES, NULL, &count);
  if (error == ERROR_SUCCESS && count > 0) return deliver_bytes(backend, connection, count, completion);
  if (held == ERROR_SUCCESS && error == ERROR_SUCCESS) held = unmask_end(connection);
  if (held != ERROR_SUCCESS) return deliver_error(backend, connection, held, completion);
  if (error == ERROR_SUCCESS) return deliver_end(backend, connection, completion);
  if (error != WSAEWOULDBLOCK) return deliver_error(backend, connection, error, completion);
  connection->read_state = READ_NONE;
  read_on_later(backend, connection);
  return OPERATION_NONE;
}

static enum operation finish_read(struct backend *backend, struct task *task, struct completion *completion) {
  struct connection *connection = CONTAINER_OF(task, struct connection, read);
  if (connection->life == CONNECTION_CLOSING) return connection_finish_close(backend, connection, completion);
  if (connection->read_state == READ_POSTED) connection->read_state = READ_HELD;
  return connection->read_wanted ? deliver(backend, connection, completion) : OPERATION_NONE;
}
