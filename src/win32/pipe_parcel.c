/* SPDX-License-Identifier: MIT */
#include "win32/pipe_parcel.h"

#include <string.h>

#include "win32/os_passing.h"

/* ---- leaving ---- */

static bool may_leave(const struct connection *connection) {
  const struct pipe_connection *pipe = &connection->pipe;
  bool writes =
      connection->write.pending || (pipe->write_state != PIPE_WRITE_NONE && pipe->write_state != PIPE_WRITE_ENDING);
  return pipe->handle != NULL && pipe->opening == NULL && pipe->kept == NULL && !writes;
}

DWORD pipe_parcel_make(const struct pipe_parcel *content, struct pipe_parcel **made) {
  struct pipe_parcel *parcel = os_heap_get(sizeof *parcel);
  if (parcel == NULL) return ERROR_NOT_ENOUGH_MEMORY;
  *parcel = *content;
  if (parcel->has_card) {
    DWORD error = calling_card_lay(parcel->card_process, parcel->card_hash, &parcel->card);
    if (error != ERROR_SUCCESS) {
      os_heap_put(parcel);
      return error;
    }
  }
  *made = parcel;
  return ERROR_SUCCESS;
}

static struct pipe_parcel *make_parcel(const struct connection *connection) {
  const struct pipe_connection *pipe = &connection->pipe;
  struct pipe_parcel content = {.served = pipe->served, .peer = pipe->peer, .unreadable = pipe->unreadable};
  if (pipe->card != NULL) {
    content.has_card = true;
    content.card_process = pipe->card->process;
    content.card_hash = pipe->card->hash;
  }
  struct pipe_parcel *parcel;
  return pipe_parcel_make(&content, &parcel) == ERROR_SUCCESS ? parcel : NULL;
}

static void free_parcel(struct pipe_parcel *parcel) {
  if (parcel->has_card) os_close(parcel->card);
  os_heap_put(parcel);
}

bool pipe_depart(struct connection *connection) {
  if (!may_leave(connection)) return false;
  struct pipe_parcel *parcel = make_parcel(connection);
  if (parcel == NULL) return false;
  DWORD error = ERROR_SUCCESS;
  if (connection->read.pending) error = os_cancel(connection->pipe.handle, &connection->read.overlapped);
  if (error != ERROR_SUCCESS && error != ERROR_NOT_FOUND) {
    free_parcel(parcel);
    return false;
  }
  connection->pipe.parcel = parcel;
  connection->pipe.served = NULL;
  return true;
}

void pipe_leave_parcel(struct backend *backend, struct connection *connection, struct completion *completion) {
  struct pipe_parcel *parcel = connection->pipe.parcel;
  size_t count = 0;
  pipe_take_held(connection, &count, &parcel->ended);
  memcpy(backend->bytes, pipe_buffer_bytes(backend, connection), count);
  completion->result = (ptrdiff_t)count;
  completion->bytes = backend->bytes;
  completion->native = (intptr_t)connection->pipe.handle;
  parcel_leave(&parcel->parcel, &connection_over_pipe, completion->native);
}

/* ---- staying, and leaving as well ---- */

DWORD pipe_copy(const struct connection *connection, intptr_t *native) {
  HANDLE handle;
  if (connection->pipe.handle == NULL) return ERROR_PIPE_NOT_CONNECTED;
  struct pipe_parcel *parcel = make_parcel(connection);
  if (parcel == NULL) return ERROR_NOT_ENOUGH_MEMORY;
  DWORD error = os_handle_fetch(os_process_self(), connection->pipe.handle, &handle);
  if (error != ERROR_SUCCESS) {
    free_parcel(parcel);
    return error;
  }
  parcel->ended = connection->read_state == READ_ENDED;
  if (parcel->served != NULL) served_name_add_end(parcel->served);
  *native = (intptr_t)handle;
  parcel_leave(&parcel->parcel, &connection_over_pipe, *native);
  return ERROR_SUCCESS;
}

/* ---- arriving ---- */

DWORD pipe_arrive(struct backend *backend, struct connection *connection) {
  struct pipe_connection *pipe = &connection->pipe;
  struct parcel *left = parcel_take(&connection_over_pipe, (intptr_t)pipe->handle);
  if (left == NULL) return ERROR_SUCCESS;
  struct pipe_parcel *parcel = CONTAINER_OF(left, struct pipe_parcel, parcel);
  DWORD error = ERROR_SUCCESS;
  if (parcel->has_card) {
    error =
        calling_card_hold(&backend->cards, backend->allocator, parcel->card_process, parcel->card_hash, &pipe->card);
  }
  if (error != ERROR_SUCCESS) {
    parcel_leave(left, &connection_over_pipe, left->native);
    return error;
  }
  pipe->served = parcel->served;
  pipe->peer = parcel->peer;
  pipe->unreadable = parcel->unreadable;
  if (parcel->ended) connection->read_state = READ_ENDED;
  free_parcel(parcel);
  return ERROR_SUCCESS;
}

bool pipe_discard(intptr_t native) {
  struct parcel *left = parcel_take(&connection_over_pipe, native);
  if (left == NULL) return false;
  struct pipe_parcel *parcel = CONTAINER_OF(left, struct pipe_parcel, parcel);
  os_close((HANDLE)native);
  if (parcel->served != NULL) served_name_drop_end(parcel->served);
  free_parcel(parcel);
  return true;
}
