/* SPDX-License-Identifier: MIT */
/*
 * Taking a pipe over and letting it go. Closing never disconnects and never flushes: what the pipe has taken stays
 * readable for the peer, and what it has not is cancelled.
 */
#include "win32/connection.h"

#include <assert.h>
#include <wchar.h>

#include "common/base/memory.h"
#include "win32/error.h"
#include "win32/file_pipe_name.h"
#include "win32/name.h"
#include "win32/pipe_parcel.h"
#include "win32/remote_open.h"

void pipe_attach(struct connection *connection, HANDLE pipe, bool skips, bool message_type, enum pipe_peer peer) {
  connection->kind = &connection_over_pipe;
  connection->pipe.handle = pipe;
  connection->skips = skips;
  connection->pipe.message_type = message_type;
  connection->pipe.peer = (uint8_t)peer;
}

/* ---- the peer ---- */

static enum pipe_peer look_for_card(HANDLE pipe, uint64_t hash) {
  DWORD process;
  if (os_pipe_client(pipe, &process) != ERROR_SUCCESS) return PIPE_PEER_FOREIGN;
  return calling_card_seen(process, hash) ? PIPE_PEER_KNOWS : PIPE_PEER_FOREIGN;
}

/* Most clients leave before anybody ends a side, and who has left needs not be told. */
enum pipe_peer pipe_ask_peer(struct connection *connection) {
  struct pipe_connection *pipe = &connection->pipe;
  if (pipe->peer == PIPE_PEER_UNASKED) {
    bool gone = connection->read_state == READ_ENDED && connection->read.error == ERROR_BROKEN_PIPE;
    pipe->peer = (uint8_t)(gone ? PIPE_PEER_FOREIGN : look_for_card(pipe->handle, served_name_hash(pipe->served)));
  }
  return pipe->peer;
}

/* ---- open ---- */

/* Whether a child uses the other end like a file. */
static bool is_file_pipe(const wchar_t *name) { return wcsncmp(name, FILE_PIPE_PREFIX, wcslen(FILE_PIPE_PREFIX)) == 0; }

static enum pipe_peer find_peer(HANDLE pipe, DWORD flags) {
  bool message_type = (flags & PIPE_TYPE_MESSAGE) != 0;
  if ((flags & PIPE_SERVER_END) == 0) return message_type ? PIPE_PEER_KNOWS : PIPE_PEER_DEAF;
  wchar_t name[PIPE_NAME_UNITS + 1];
  bool named = os_pipe_name(pipe, name, PIPE_NAME_UNITS + 1) == ERROR_SUCCESS;
  if (!message_type) return named && is_file_pipe(name) ? PIPE_PEER_FOREIGN : PIPE_PEER_DEAF;
  return named ? look_for_card(pipe, name_hash(name + 1)) : PIPE_PEER_FOREIGN;
}

/* A pipe that is bound to another port already is told of by events. */
static DWORD bind_pipe(struct backend *backend, struct connection *connection, HANDLE pipe) {
  bool overlapped = false;
  DWORD error = port_bind(&backend->port, pipe, &connection->skips);
  if (error != ERROR_INVALID_PARAMETER) return error;
  if (os_file_is_overlapped(pipe, &overlapped) == ERROR_SUCCESS && !overlapped) return error;
  return connection_watch(backend, connection);
}

static DWORD take_over(struct backend *backend, struct connection *connection, HANDLE pipe, DWORD flags) {
  bool message_type = (flags & PIPE_TYPE_MESSAGE) != 0;
  if (message_type) os_pipe_read_messages(pipe);
  DWORD error = bind_pipe(backend, connection, pipe);
  if (error != ERROR_SUCCESS) return error;
  pipe_attach(connection, pipe, connection->skips, message_type, find_peer(pipe, flags));
  error = pipe_arrive(backend, connection);
  if (error != ERROR_SUCCESS) connection_unwatch(backend, connection);
  return error;
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
  error = take_over(backend, connection, pipe, flags);
  if (error == ERROR_INVALID_PARAMETER) {
    return error_outcome(ERROR_PLACE_OPEN, error, "this pipe was not opened for overlapped transfers");
  }
  return error == ERROR_SUCCESS ? error_none() : error_outcome(ERROR_PLACE_OPEN, error, NULL);
}

static weir_code control_pipe(struct connection *connection, enum control control, void *argument) {
  HANDLE handle = connection->pipe.handle;
  switch (control) {
    case CONTROL_CAN_HALF_CLOSE:
      *(bool *)argument = pipe_ask_peer(connection) == PIPE_PEER_KNOWS;
      return WEIR_OK;
    case CONTROL_NATIVE:
      *(intptr_t *)argument = handle != NULL ? (intptr_t)handle : (intptr_t)INVALID_HANDLE_VALUE;
      return WEIR_OK;
    default:
      return WEIR_ENOTSUP;
  }
}

/* ---- close ---- */

void pipe_let_go(struct connection *connection) {
  struct pipe_connection *pipe = &connection->pipe;
  if (pipe->handle != NULL) os_close(pipe->handle);
  pipe->handle = NULL;
  if (pipe->served != NULL) served_name_drop_end(pipe->served);
  pipe->served = NULL;
}

static void close_pipe(struct backend *backend, struct connection *connection, enum ending ending) {
  struct pipe_connection *pipe = &connection->pipe;
  connection_begin_close(connection);
  if (ending == ENDING_DETACH) connection->detaching = pipe_depart(connection) ? DETACHING_GRANTED : DETACHING_REFUSED;
  if (pipe->opening != NULL && remote_open_abandon(pipe->opening)) {
    pipe->opening = NULL;
    connection->write.pending = false;
  }
  if (connection->detaching != DETACHING_GRANTED) {
    if (pipe->handle != NULL) connection_cancel(connection, pipe->handle);
    pipe_let_go(connection);
  }
  calling_card_release(backend->allocator, pipe->card);
  connection_end_close(backend, connection);
}

static void give_back(struct backend *backend, struct connection *connection, struct completion *completion) {
  struct pipe_connection *pipe = &connection->pipe;
  if (connection->detaching == DETACHING_GRANTED) pipe_leave_parcel(backend, connection, completion);
  if (pipe->opening != NULL) remote_open_discard(pipe->opening);
  pipe_buffer_give(backend, connection);
  backend_give_chunk(backend, pipe->chunk);
  memory_put(backend->allocator, pipe->kept);
}

const struct connection_kind connection_over_pipe = {
    .read = pipe_read,
    .read_stop = pipe_read_stop,
    .read_again = pipe_read_again,
    .write = pipe_write,
    .write_queue = pipe_write_queue,
    .shutdown = pipe_shutdown,
    .close = close_pipe,
    .control = control_pipe,
    .give_back = give_back,
};
