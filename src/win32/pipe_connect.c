/* SPDX-License-Identifier: MIT */
/*
 * The client. Opening a pipe of this machine is one call that never waits; a busy server is an answer, and common comes
 * again. The calling card lies there before the server can see us.
 */
#include "win32/connection.h"

#include <assert.h>

#include "win32/error.h"
#include "win32/name.h"
#include "win32/remote_open.h"

/* Makes a connection of a pipe that was opened; on failure the pipe is closed. */
static DWORD set_up(struct backend *backend, struct connection *connection, HANDLE pipe, bool readable) {
  DWORD flags;
  bool skips = false;
  DWORD error = os_pipe_flags(pipe, &flags);
  if (error == ERROR_SUCCESS) error = port_bind(&backend->port, pipe, &skips);
  if (error != ERROR_SUCCESS) {
    os_close(pipe);
    return error;
  }
  bool message_type = (flags & PIPE_TYPE_MESSAGE) != 0;
  if (message_type) os_pipe_read_messages(pipe);
  connection->pipe.unreadable = !readable;
  pipe_attach(connection, pipe, skips, message_type, message_type ? PIPE_PEER_KNOWS : PIPE_PEER_DEAF);
  return ERROR_SUCCESS;
}

static enum operation finish_connect(struct backend *backend, struct task *task, struct completion *completion) {
  struct connection *connection = CONTAINER_OF(task, struct connection, write);
  if (connection->life == CONNECTION_CLOSING) return connection_finish_close(backend, connection, completion);
  if (connection->pipe.opening != NULL) {
    HANDLE pipe;
    bool readable;
    task->error = remote_open_take(connection->pipe.opening, &pipe, &readable);
    connection->pipe.opening = NULL;
    if (task->error == ERROR_SUCCESS) task->error = set_up(backend, connection, pipe, readable);
  }
  completion->connection = connection;
  completion->result = 0;
  if (task->error == ERROR_SUCCESS) return OPERATION_CONNECT;
  calling_card_release(backend->allocator, connection->pipe.card);
  connection->pipe.card = NULL;
  error_complete(completion, ERROR_PLACE_OPEN, task->error);
  return OPERATION_CONNECT;
}

static DWORD open_here(struct backend *backend, struct connection *connection, const struct name *name) {
  HANDLE pipe;
  bool readable;
  DWORD error =
      calling_card_hold(&backend->cards, backend->allocator, os_process_id(), name->hash, &connection->pipe.card);
  if (error == ERROR_SUCCESS) error = open_pipe(name->text, &pipe, &readable);
  return error == ERROR_SUCCESS ? set_up(backend, connection, pipe, readable) : error;
}

static DWORD begin(struct backend *backend, struct connection *connection, const struct address *address) {
  struct address native;
  struct name name;
  DWORD error = name_resolve(address, &native);
  if (error == ERROR_SUCCESS) error = name_make(&native, &name);
  if (error != ERROR_SUCCESS) return error;
  if (native.kind == ADDRESS_PIPE) return open_here(backend, connection, &name);
  return remote_open_start(&backend->port, &connection->write, &name, &connection->pipe.opening);
}

void pipe_connect(struct backend *backend, struct connection *connection, const struct connect_request *request) {
  struct task *task = &connection->write;
  connection->kind = &connection_over_pipe;
  task_begin(task, finish_connect);
  task->error = begin(backend, connection, request->address);
  if (!task->pending) port_append(&backend->port, task);
}
