/* SPDX-License-Identifier: MIT */
/*
 * The write side. Each of our writes is a message, and readers see a stream.
 *
 * `write` wants to know what the pipe takes now, and Windows has no such question: a write that does not fit the quota
 * is pending, its bytes the system's until the reader has made room, and cancelling it loses the part that was read
 * already (facts of NPFS; Wine 8 as well). How much room there is cannot be asked either (under Wine the quota reads as
 * 0). So `write` copies into a chunk of the loop's and hands that in:
 *
 *  - It is over at once, nearly always: the bytes are taken, the chunk is free again.
 *  - It is pending: nothing of it counts as taken, because the pipe has not taken it, and `close` may drop it as it
 * drops anything unwritten. The chunk stays with the connection (BEGUN). What common then queues begins with these very
 *    bytes, for a stream has one order; `write_queue` waits for the write that is under way instead of making another.
 *    When it is through before common asks, it is AHEAD, and common is told as soon as it asks.
 *
 * A `write_queue` of one piece is written from where it lies; several pieces are copied into a chunk, because pipes
 * cannot gather.
 */
#include "win32/connection.h"

#include <assert.h>
#include <string.h>

#include "win32/error.h"

static enum operation finish_write(struct backend *backend, struct task *task, struct completion *completion);

static size_t smaller(size_t one, size_t other) { return one < other ? one : other; }

static enum submitted submit(struct backend *backend, struct connection *connection, const void *bytes, size_t length) {
  struct task *task = &connection->write;
  task_begin(task, finish_write);
  DWORD error = os_write(connection->pipe.handle, bytes, (DWORD)length, &task->overlapped, &task->count);
  return port_sort(&backend->port, task, connection->skips, error);
}

/* ---- the chunk of a connection ---- */

static void hold_chunk(struct connection *connection, unsigned char *chunk, size_t length) {
  connection->pipe.chunk = chunk;
  connection->pipe.chunk_at = 0;
  connection->pipe.chunk_end = (uint32_t)length;
}

static void drop_chunk(struct backend *backend, struct connection *connection) {
  backend_give_chunk(backend, connection->pipe.chunk);
  connection->pipe.chunk = NULL;
}

/* Tells common of at most `length` bytes of a chunk that is through. */
static size_t claim(struct backend *backend, struct connection *connection, size_t length) {
  size_t count = smaller(length, connection->pipe.chunk_end - connection->pipe.chunk_at);
  connection->pipe.chunk_at += (uint32_t)count;
  bool through = connection->pipe.chunk_at == connection->pipe.chunk_end;
  connection->pipe.write_state = through ? PIPE_WRITE_NONE : PIPE_WRITE_AHEAD;
  if (through) drop_chunk(backend, connection);
  return count;
}

#ifndef NDEBUG
/* Whether these bytes are the ones that `write` began with. */
static bool continues(const struct connection *connection, const struct piece *pieces, size_t count) {
  const unsigned char *at = connection->pipe.chunk + connection->pipe.chunk_at;
  size_t left = connection->pipe.chunk_end - connection->pipe.chunk_at;
  for (size_t i = 0; i < count && left > 0; ++i) {
    size_t length = smaller(pieces[i].length, left);
    if (memcmp(at, pieces[i].bytes, length) != 0) return false;
    at += length;
    left -= length;
  }
  return true;
}
#endif

/* ---- write ---- */

/* Returns what was taken: all, or nothing. */
static size_t try_chunk(struct backend *backend, struct connection *connection, const void *bytes, size_t length) {
  unsigned char *chunk = backend_take_chunk(backend);
  if (chunk == NULL) return 0;
  memcpy(chunk, bytes, length);
  if (submit(backend, connection, chunk, length) == SUBMITTED_PENDING) {
    hold_chunk(connection, chunk, length);
    connection->pipe.write_state = PIPE_WRITE_BEGUN;
    return 0;
  }
  backend_give_chunk(backend, chunk);
  return connection->write.error == ERROR_SUCCESS ? connection->write.count : 0;
}

size_t pipe_write(struct backend *backend, struct connection *connection, const void *bytes, size_t length) {
  assert(connection->life == CONNECTION_OPEN && connection->pipe.write_state != PIPE_WRITE_QUEUED && length > 0);
  size_t taken = 0;
  if (connection->pipe.write_state == PIPE_WRITE_AHEAD) {
    struct piece piece = {bytes, length};
    assert(continues(connection, &piece, 1));
    (void)piece;
    taken = claim(backend, connection, length);
  }
  while (connection->pipe.write_state == PIPE_WRITE_NONE && taken < length) {
    size_t count =
        try_chunk(backend, connection, (const char *)bytes + taken, smaller(length - taken, PIPE_CHUNK_BYTES));
    if (count == 0) break;
    taken += count;
  }
  return taken;
}

/* ---- write_queue ---- */

static size_t copy_pieces(unsigned char *chunk, const struct piece *pieces, size_t count) {
  size_t filled = 0;
  for (size_t i = 0; i < count && filled < PIPE_CHUNK_BYTES; ++i) {
    size_t length = smaller(pieces[i].length, PIPE_CHUNK_BYTES - filled);
    memcpy(chunk + filled, pieces[i].bytes, length);
    filled += length;
  }
  return filled;
}

/* Without memory for a copy the first piece goes alone. */
static enum submitted submit_pieces(struct backend *backend, struct connection *connection, const struct piece *pieces,
                                    size_t count) {
  bool alone = count == 1 || pieces[0].length >= PIPE_CHUNK_BYTES;
  unsigned char *chunk = alone ? NULL : backend_take_chunk(backend);
  if (chunk == NULL) return submit(backend, connection, pieces[0].bytes, smaller(pieces[0].length, PIPE_CHUNK_BYTES));
  size_t length = copy_pieces(chunk, pieces, count);
  hold_chunk(connection, chunk, length);
  return submit(backend, connection, chunk, length);
}

void pipe_write_queue(struct backend *backend, struct connection *connection, const struct piece *pieces,
                      size_t count) {
  assert(connection->life == CONNECTION_OPEN && connection->pipe.write_state != PIPE_WRITE_QUEUED && count > 0);
  enum pipe_write_state state = connection->pipe.write_state;
  connection->pipe.write_state = PIPE_WRITE_QUEUED;
  connection->pipe.queued_bytes = 0;
  for (size_t i = 0; i < count; ++i) connection->pipe.queued_bytes += pieces[i].length;
  assert(state == PIPE_WRITE_NONE || continues(connection, pieces, count));
  if (state == PIPE_WRITE_BEGUN) return;
  if (state == PIPE_WRITE_NONE && submit_pieces(backend, connection, pieces, count) == SUBMITTED_PENDING) return;
  port_append(&backend->port, &connection->write);
}

/* ---- what comes back ---- */

static enum operation finish_queue(struct backend *backend, struct connection *connection,
                                   struct completion *completion) {
  completion->connection = connection;
  connection->pipe.write_state = PIPE_WRITE_NONE;
  if (connection->write.error != ERROR_SUCCESS) {
    drop_chunk(backend, connection);
    error_complete(completion, ERROR_PLACE_WRITE, connection->write.error);
  } else if (connection->pipe.chunk != NULL) {
    connection->pipe.chunk_end = connection->write.count;
    completion->result = (ptrdiff_t)claim(backend, connection, connection->pipe.queued_bytes);
  } else {
    completion->result = (ptrdiff_t)connection->write.count;
  }
  return OPERATION_WRITE;
}

/* A write that `write` began and that failed is made again by `write_queue`, and fails there. */
static void finish_begun(struct backend *backend, struct connection *connection) {
  if (connection->write.error == ERROR_SUCCESS) {
    connection->pipe.chunk_end = connection->write.count;
    connection->pipe.write_state = PIPE_WRITE_AHEAD;
  } else {
    drop_chunk(backend, connection);
    connection->pipe.write_state = PIPE_WRITE_NONE;
  }
}

static enum operation finish_write(struct backend *backend, struct task *task, struct completion *completion) {
  struct connection *connection = CONTAINER_OF(task, struct connection, write);
  if (connection->life == CONNECTION_CLOSING) return connection_finish_close(backend, connection, completion);
  if (connection->pipe.write_state == PIPE_WRITE_QUEUED) return finish_queue(backend, connection, completion);
  finish_begun(backend, connection);
  return OPERATION_NONE;
}
