/* SPDX-License-Identifier: MIT */
/*
 * Taking a pipe over and letting it go. Closing never disconnects and never flushes: what the pipe has taken stays
 * readable for the peer, and what it has not is cancelled.
 */
#include "win32/pipe_connection.h"

#include <assert.h>

#include "common/memory.h"
#include "win32/error.h"
#include "win32/name.h"
#include "win32/remote_open.h"

void pipe_attach(struct connection *connection, HANDLE pipe, bool skips, bool message_type, enum pipe_peer peer) {
  connection->pipe = pipe;
  connection->skips = skips;
  connection->message_type = message_type;
  connection->peer = (uint8_t)peer;
}

/* ---- open ---- */

static enum pipe_peer find_peer(HANDLE pipe, DWORD flags) {
  if ((flags & PIPE_TYPE_MESSAGE) == 0) return PIPE_PEER_DEAF;
  if ((flags & PIPE_SERVER_END) == 0) return PIPE_PEER_KNOWS;
  wchar_t name[PIPE_NAME_UNITS + 1];
  DWORD process;
  if (os_pipe_name(pipe, name, PIPE_NAME_UNITS + 1) != ERROR_SUCCESS) return PIPE_PEER_FOREIGN;
  if (os_pipe_client(pipe, &process) != ERROR_SUCCESS) return PIPE_PEER_FOREIGN;
  return calling_card_seen(process, name_hash(name + 1)) ? PIPE_PEER_KNOWS : PIPE_PEER_FOREIGN;
}

struct outcome pipe_open(struct backend *backend, struct connection *connection, intptr_t native) {
  HANDLE pipe = (HANDLE)native;
  DWORD type;
  DWORD flags;
  DWORD error = os_handle_type(pipe, &type);
  if (error != ERROR_SUCCESS) return error_outcome(ERROR_PLACE_OPEN, error, "this is no open handle");
  if (type != FILE_TYPE_PIPE || os_pipe_flags(pipe, &flags) != ERROR_SUCCESS) {
    return error_outcome(ERROR_PLACE_OPEN, ERROR_INVALID_FUNCTION, "this handle is not one of a named pipe");
  }
  bool message_type = (flags & PIPE_TYPE_MESSAGE) != 0;
  if (message_type) os_pipe_read_messages(pipe);
  bool skips;
  error = port_bind(&backend->port, pipe, &skips);
  if (error != ERROR_SUCCESS) {
    return error_outcome(ERROR_PLACE_OPEN, error,
                         "this pipe was not opened for overlapped transfers, or belongs to another completion port");
  }
  pipe_attach(connection, pipe, skips, message_type, find_peer(pipe, flags));
  return error_none();
}

weir_code pipe_control(const struct connection *connection, enum control control, void *argument) {
  switch (control) {
    case CONTROL_CAN_HALF_CLOSE:
      *(bool *)argument = connection->peer == PIPE_PEER_KNOWS;
      return WEIR_OK;
    case CONTROL_NATIVE:
      *(intptr_t *)argument = connection->pipe != NULL ? (intptr_t)connection->pipe : (intptr_t)INVALID_HANDLE_VALUE;
      return WEIR_OK;
    default:
      return WEIR_ENOTSUP;
  }
}

/* ---- close ---- */

static enum operation finish_close(struct backend *backend, struct task *task, struct completion *completion) {
  return pipe_finish_close(backend, CONTAINER_OF(task, struct connection, read), completion);
}

static bool with_system(const struct connection *connection) {
  return connection->read.pending || connection->write.pending;
}

/* What is in line is forgotten; what is with the system is cancelled and waited for. */
static void forget(struct task *task) {
  if (!task->pending) list_remove(&task->link);
}

void pipe_let_go(struct connection *connection) {
  if (connection->pipe != NULL) os_close(connection->pipe);
  connection->pipe = NULL;
  if (connection->served != NULL) served_name_drop_end(connection->served);
  connection->served = NULL;
}

void pipe_close(struct backend *backend, struct connection *connection, enum ending ending) {
  (void)ending;
  assert(connection->life == PIPE_OPEN);
  connection->life = PIPE_CLOSING;
  forget(&connection->read);
  forget(&connection->write);
  if (connection->opening != NULL && remote_open_abandon(connection->opening)) {
    connection->opening = NULL;
    connection->write.pending = false;
  }
  if (connection->pipe != NULL && with_system(connection)) os_cancel(connection->pipe, NULL);
  pipe_let_go(connection);
  calling_card_release(backend->allocator, connection->card);
  if (with_system(connection)) return;
  connection->read.finish = finish_close;
  port_append(&backend->port, &connection->read);
}

enum operation pipe_finish_close(struct backend *backend, struct connection *connection,
                                 struct completion *completion) {
  assert(connection->life == PIPE_CLOSING);
  if (with_system(connection)) return OPERATION_NONE;
  if (connection->opening != NULL) remote_open_discard(connection->opening);
  backend_give_chunk(backend, connection->chunk);
  memory_put(backend->allocator, connection->kept);
  completion->connection = connection;
  completion->result = 0;
  return OPERATION_CLOSE;
}
