/* SPDX-License-Identifier: MIT */
/*
 * Ending the write direction, three ways, by what the peer understands:
 *
 *  - One that knows the end mark gets it: a message of nothing. Both directions go their own way.
 *  - A client of another library knows only one end of file: that our handle is gone. What it has sent so far is read
 * out and kept for `read`, then the handle is closed. Everything we wrote stays readable for it.
 *  - A byte-type pipe cannot carry an end at all.
 */
#include "win32/connection.h"

#include <assert.h>

#include "win32/error.h"

static enum operation finish_shutdown(struct backend *backend, struct task *task, struct completion *completion) {
  struct connection *connection = CONTAINER_OF(task, struct connection, write);
  if (connection->life == CONNECTION_CLOSING) return connection_finish_close(backend, connection, completion);
  completion->connection = connection;
  completion->result = 0;
  if (task->error == ERROR_SUCCESS) return OPERATION_SHUTDOWN;
  connection->pipe.write_state = PIPE_WRITE_NONE;
  error_complete(completion, ERROR_PLACE_WRITE, task->error);
  if (task->error == ERROR_NOT_SUPPORTED) completion->hint = "a byte-type pipe cannot tell its other end of an end";
  /* A peer that has gone needs not be told. */
  if (completion->result == WEIR_EPIPE) completion->result = 0;
  return OPERATION_SHUTDOWN;
}

static void be_over(struct backend *backend, struct connection *connection, DWORD error) {
  connection->write.error = error;
  port_append(&backend->port, &connection->write);
}

static void send_mark(struct backend *backend, struct connection *connection) {
  struct task *task = &connection->write;
  task_begin(task, finish_shutdown);
  DWORD error = os_write(connection->pipe.handle, connection->pipe.small, 0, &task->overlapped, &task->count);
  if (port_sort(&backend->port, task, connection->skips, error) == SUBMITTED_OVER) {
    port_append(&backend->port, task);
  }
}

void pipe_leave(struct backend *backend, struct connection *connection) {
  DWORD error = pipe_read_out(backend, connection);
  if (error == ERROR_SUCCESS) pipe_let_go(connection);
  be_over(backend, connection, error);
  if (connection->read_wanted) pipe_read(backend, connection);
}

void pipe_shutdown(struct backend *backend, struct connection *connection) {
  assert(connection->life == CONNECTION_OPEN && connection->pipe.write_state == PIPE_WRITE_NONE);
  connection->pipe.write_state = PIPE_WRITE_ENDING;
  connection->write.finish = finish_shutdown;
  enum pipe_peer peer = pipe_ask_peer(connection);
  if (peer == PIPE_PEER_DEAF) {
    be_over(backend, connection, ERROR_NOT_SUPPORTED);
  } else if (peer == PIPE_PEER_KNOWS) {
    send_mark(backend, connection);
  } else if (connection->read.pending) {
    DWORD error = os_cancel(connection->pipe.handle, &connection->read.overlapped);
    /* Not found: it is over, and its packet on the way. */
    if (error != ERROR_SUCCESS && error != ERROR_NOT_FOUND) be_over(backend, connection, error);
  } else {
    list_remove(&connection->read.link);
    pipe_leave(backend, connection);
  }
}
