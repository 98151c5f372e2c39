/* SPDX-License-Identifier: MIT */
/*
 * The write side. What the system takes at once it takes without waiting; the rest lies where common has it until the
 * system has sent it.
 */
#include <assert.h>

#include "win32/connection.h"
#include "win32/error.h"

/* A system that has any room takes all it is given, and common would think a slow peer fast. */
#define AT_ONCE_BYTES 65536

/* More bytes than anybody sends in one call, and fewer than a completion can count. */
#define TRANSFER_BYTES_MAX (1024U * 1024 * 16)

static enum operation finish_write(struct backend *backend, struct task *task, struct completion *completion);
static enum operation finish_shutdown(struct backend *backend, struct task *task, struct completion *completion);

/* ---- write ---- */

static size_t send_now(SOCKET socket, const char *bytes, size_t length) {
  /* Winsock's structure has no const; it reads only. */
  WSABUF piece = {.buf = (char *)(uintptr_t)bytes, .len = (ULONG)(length < AT_ONCE_BYTES ? length : AT_ONCE_BYTES)};
  DWORD count = 0;
  return os_socket_send(socket, &piece, 1, NULL, &count) == ERROR_SUCCESS ? count : 0;
}

size_t tcp_write(struct backend *backend, struct connection *connection, const void *bytes, size_t length) {
  (void)backend;
  assert(connection->life == CONNECTION_OPEN && connection->tcp.write_state == TCP_WRITE_NONE && length > 0);
  size_t taken = 0;
  while (taken < length) {
    size_t count = send_now(connection->tcp.socket, (const char *)bytes + taken, length - taken);
    if (count == 0) break;
    taken += count;
  }
  return taken;
}

void tcp_write_queue(struct backend *backend, struct connection *connection, const struct piece *pieces, size_t count) {
  assert(connection->life == CONNECTION_OPEN && connection->tcp.write_state == TCP_WRITE_NONE);
  assert(count > 0 && count <= PIECES_MAX);
  struct task *task = &connection->write;
  WSABUF buffers[PIECES_MAX];
  for (size_t i = 0; i < count; ++i) {
    buffers[i].buf = (char *)(uintptr_t)pieces[i].bytes;
    buffers[i].len = (ULONG)(pieces[i].length < TRANSFER_BYTES_MAX ? pieces[i].length : TRANSFER_BYTES_MAX);
  }
  connection->tcp.write_state = TCP_WRITE_QUEUED;
  task_begin(task, finish_write);
  DWORD error = os_socket_send(connection->tcp.socket, buffers, (DWORD)count, &task->overlapped, &task->count);
  if (port_sort(&backend->port, task, connection->skips, error) == SUBMITTED_OVER) port_append(&backend->port, task);
}

/* ---- what comes back ---- */

static bool peer_has_gone(DWORD error) {
  weir_code code = error_code(ERROR_PLACE_SOCKET, error);
  return code == WEIR_ECONNRESET || code == WEIR_ECONNABORTED || code == WEIR_EPIPE || code == WEIR_ENOTCONN;
}

/* The read side comes to its end by itself, because the peer has gone. */
static bool waits_for_reader(const struct connection *connection) {
  return connection->tcp.write_state == TCP_WRITE_QUEUED && connection->read_wanted &&
         connection->read_state != READ_ENDED && peer_has_gone(connection->write.error);
}

static enum operation finish_write(struct backend *backend, struct task *task, struct completion *completion) {
  struct connection *connection = CONTAINER_OF(task, struct connection, write);
  if (connection->life == CONNECTION_CLOSING) return connection_finish_close(backend, connection, completion);
  if (waits_for_reader(connection)) {
    connection->tcp.write_state = TCP_WRITE_FAILED;
    return OPERATION_NONE;
  }
  connection->tcp.write_state = TCP_WRITE_NONE;
  completion->connection = connection;
  completion->result = (ptrdiff_t)task->count;
  if (task->error != ERROR_SUCCESS) tcp_complete_failed(connection, completion, task->error);
  return OPERATION_WRITE;
}

void tcp_release_failure(struct backend *backend, struct connection *connection) {
  bool waits = connection->tcp.write_state == TCP_WRITE_FAILED && !list_linked(&connection->write.link);
  if (waits) port_append(&backend->port, &connection->write);
}

/* ---- shutdown ---- */

/* A peer that has gone needs not be told. */
void tcp_shutdown(struct backend *backend, struct connection *connection) {
  assert(connection->life == CONNECTION_OPEN && connection->tcp.write_state == TCP_WRITE_NONE);
  struct task *task = &connection->write;
  connection->tcp.write_state = TCP_WRITE_ENDING;
  task_begin(task, finish_shutdown);
  DWORD error = os_socket_shutdown(connection->tcp.socket);
  task->error = peer_has_gone(error) ? ERROR_SUCCESS : error;
  port_append(&backend->port, task);
}

static enum operation finish_shutdown(struct backend *backend, struct task *task, struct completion *completion) {
  (void)backend;
  struct connection *connection = CONTAINER_OF(task, struct connection, write);
  completion->connection = connection;
  completion->result = 0;
  if (task->error == ERROR_SUCCESS) return OPERATION_SHUTDOWN;
  connection->tcp.write_state = TCP_WRITE_NONE;
  error_complete(completion, ERROR_PLACE_SOCKET, task->error);
  return OPERATION_SHUTDOWN;
}
