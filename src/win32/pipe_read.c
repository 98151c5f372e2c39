/* SPDX-License-Identifier: MIT */
/*
 * The read side: pipe -> small read -> the loop's buffer -> common.
 *
 * What waits for bytes is a small read into the connection. A read of nothing would pin no memory, but on a
 * message-type pipe it swallows the end mark (seen with Wine 8; NPFS does the same). On a byte-type pipe it would do;
 * the small read serves both, and brings a short message with one call instead of two.
 *
 * When the small read has come back, the rest of its message lies in the pipe for certain (ERROR_MORE_DATA says so) and
 * is read at once into the loop's buffer, as is whatever follows while the peer is ahead of us. So a large transfer
 * comes in large completions, and an idle connection has nothing but its small buffer.
 *
 * A stopped read is cancelled. What the system had given by then lies in the small buffer and waits there.
 */
#include "win32/connection.h"

#include <assert.h>
#include <string.h>

#include "common/memory.h"
#include "win32/error.h"

/* How much a `shutdown` keeps of what a client has sent: one that never stops sending must not hold up the loop. */
#define KEPT_BYTES_MAX (16U * 1024 * 1024)

static enum operation finish_read(struct backend *backend, struct task *task, struct completion *completion);

/* ---- the small read ---- */

static enum submitted post(struct backend *backend, struct connection *connection) {
  struct task *task = &connection->read;
  task_begin(task, finish_read);
  DWORD error =
      os_read(connection->pipe.handle, connection->pipe.small, PIPE_SMALL_BYTES, &task->overlapped, &task->count);
  enum submitted submitted = port_sort(&backend->port, task, connection->skips, error);
  connection->read_state = submitted == SUBMITTED_PENDING ? READ_POSTED : READ_HELD;
  connection->pipe.read_at_once = submitted == SUBMITTED_OVER;
  return submitted;
}

/* Puts what waits here in line. */
static void line_up(struct backend *backend, struct connection *connection) {
  connection->read.finish = finish_read;
  if (!list_linked(&connection->read.link)) port_append(&backend->port, &connection->read);
}

void pipe_read_again(struct backend *backend, struct connection *connection) {
  if (connection->read_state == READ_NONE && post(backend, connection) == SUBMITTED_PENDING) return;
  line_up(backend, connection);
}

void pipe_read(struct backend *backend, struct connection *connection) {
  assert(connection->life == CONNECTION_OPEN);
  connection->read_wanted = true;
  if (connection->pipe.unreadable || connection->read.pending || list_linked(&connection->read.link)) return;
  pipe_read_again(backend, connection);
}

void pipe_read_stop(struct backend *backend, struct connection *connection) {
  (void)backend;
  connection->read_wanted = false;
  if (connection->read.pending) {
    os_cancel(connection->pipe.handle, &connection->read.overlapped);
  } else {
    list_remove(&connection->read.link);
  }
}

/* ---- what the small read brought ---- */

static bool has_bytes(const struct task *task) {
  return task->count > 0 && (task->error == ERROR_SUCCESS || task->error == ERROR_MORE_DATA);
}

/* A message of nothing is the end mark; on a byte-type pipe it is nothing. */
static bool is_end(const struct connection *connection) {
  DWORD error = connection->read.error;
  if (error == ERROR_SUCCESS) return connection->pipe.message_type && connection->read.count == 0;
  return error == ERROR_BROKEN_PIPE || error == ERROR_NO_DATA || error == ERROR_HANDLE_EOF;
}

/*
 * Reads what is known to be in the pipe, without a packet: the low bit of the event says so. Should another reader of
 * the same pipe have been faster, nothing comes.
 */
static DWORD read_now(struct backend *backend, HANDLE pipe, unsigned char *bytes, size_t length, DWORD *count) {
  OVERLAPPED overlapped = {0};
  overlapped.hEvent = (HANDLE)((uintptr_t)backend->event | 1);
  *count = 0;
  DWORD error = os_read(pipe, bytes, (DWORD)length, &overlapped, count);
  if (error != ERROR_IO_PENDING) return error;
  os_cancel(pipe, &overlapped);
  os_event_wait(backend->event);
  error = os_result(&overlapped, count);
  return error == ERROR_OPERATION_ABORTED ? ERROR_SUCCESS : error;
}

/* Whether more of what the small read began lies in the pipe. */
static bool rest_lies_there(const struct connection *connection) {
  if (connection->pipe.message_type) return connection->read.error == ERROR_MORE_DATA;
  DWORD available = 0;
  return connection->read.count == PIPE_SMALL_BYTES &&
         os_pipe_peek(connection->pipe.handle, &available) == ERROR_SUCCESS && available > 0;
}

/* Lets the end or the failure that came behind some bytes wait until those are delivered. */
static void hold(struct connection *connection, DWORD error) {
  connection->read.error = error;
  connection->read.count = 0;
  connection->read_state = READ_HELD;
}

/* Reads once into what is free of the loop's buffer; returns how much that was. */
static size_t read_more(struct backend *backend, struct connection *connection, size_t filled) {
  DWORD count;
  DWORD error = read_now(backend, connection->pipe.handle, backend->bytes + filled, PIPE_CHUNK_BYTES - filled, &count);
  bool read = error == ERROR_SUCCESS || error == ERROR_MORE_DATA;
  if (!read || (count == 0 && connection->pipe.message_type)) hold(connection, error);
  return read ? count : 0;
}

/* Moves what the small read brought, and the rest of it, into the loop's buffer. */
static size_t take_small(struct backend *backend, struct connection *connection) {
  size_t filled = connection->read.count;
  memcpy(backend->bytes, connection->pipe.small, filled);
  connection->read_state = READ_NONE;
  if (rest_lies_there(connection)) filled += read_more(backend, connection, filled);
  return filled;
}

/* Fills the loop's buffer when the peer is ahead of us, message by message, up to what was there when we looked. */
static size_t gather(struct backend *backend, struct connection *connection) {
  size_t filled = take_small(backend, connection);
  DWORD available = 0;
  if (!connection->pipe.read_at_once || connection->read_state != READ_NONE) return filled;
  if (os_pipe_peek(connection->pipe.handle, &available) != ERROR_SUCCESS) return filled;
  size_t enough = filled + available < PIPE_CHUNK_BYTES ? filled + available : PIPE_CHUNK_BYTES;
  while (filled < enough && connection->read_state == READ_NONE) {
    size_t count = read_more(backend, connection, filled);
    if (count == 0) break;
    filled += count;
  }
  return filled;
}

/* ---- delivering ---- */

/* What follows is the following `next`'s, so that a listener that stops reading finds nothing to cancel. */
static void read_on_later(struct backend *backend, struct connection *connection) {
  if (connection->read_state == READ_HELD) {
    line_up(backend, connection);
  } else {
    list_append(&backend->rereads, &connection->read.link);
  }
}

static enum operation deliver_bytes(struct backend *backend, struct connection *connection,
                                    struct completion *completion) {
  completion->bytes = backend->bytes;
  completion->result = (ptrdiff_t)gather(backend, connection);
  read_on_later(backend, connection);
  return OPERATION_READ;
}

static enum operation deliver_kept(struct backend *backend, struct connection *connection,
                                   struct completion *completion) {
  completion->bytes = connection->pipe.kept->bytes;
  completion->result = (ptrdiff_t)connection->pipe.kept->length;
  connection->pipe.kept->length = 0;
  read_on_later(backend, connection);
  return OPERATION_READ;
}

static enum operation deliver_end(struct connection *connection, struct completion *completion) {
  connection->read_state = READ_ENDED;
  completion->result = COMPLETION_END;
  return OPERATION_READ;
}

static enum operation deliver_error(struct connection *connection, struct completion *completion) {
  connection->read_state = READ_ENDED;
  connection->read_wanted = false;
  error_complete(completion, ERROR_PLACE_READ, connection->read.error);
  return OPERATION_READ;
}

static enum operation deliver(struct backend *backend, struct connection *connection, struct completion *completion) {
  completion->connection = connection;
  if (connection->pipe.kept != NULL && connection->pipe.kept->length > 0)
    return deliver_kept(backend, connection, completion);
  if (connection->read_state == READ_ENDED || is_end(connection)) return deliver_end(connection, completion);
  if (has_bytes(&connection->read)) return deliver_bytes(backend, connection, completion);
  if (connection->read.error != ERROR_SUCCESS) return deliver_error(connection, completion);
  connection->read_state = READ_NONE;
  read_on_later(backend, connection);
  return OPERATION_NONE;
}

static enum operation finish_read(struct backend *backend, struct task *task, struct completion *completion) {
  struct connection *connection = CONTAINER_OF(task, struct connection, read);
  if (connection->life == CONNECTION_CLOSING) return connection_finish_close(backend, connection, completion);
  if (connection->read_state == READ_POSTED) {
    bool cancelled = task->error == ERROR_OPERATION_ABORTED;
    connection->read_state = cancelled ? READ_NONE : READ_HELD;
  }
  if (connection->pipe.write_state == PIPE_WRITE_ENDING && connection->pipe.peer == PIPE_PEER_FOREIGN &&
      connection->pipe.handle != NULL) {
    pipe_leave(backend, connection);
    return OPERATION_NONE;
  }
  if (!connection->read_wanted) return OPERATION_NONE;
  if (connection->read_state != READ_NONE) return deliver(backend, connection, completion);
  pipe_read_again(backend, connection);
  return OPERATION_NONE;
}

/* ---- leaving ---- */

/* The last read came back to a closing connection, so that its state does not know of it yet. */
void pipe_take_held(const struct connection *connection, size_t *count, bool *ended) {
  bool came = connection->read_state == READ_POSTED && connection->read.error != ERROR_OPERATION_ABORTED;
  bool holds = came || connection->read_state == READ_HELD;
  *ended = connection->read_state == READ_ENDED || (holds && is_end(connection));
  *count = holds && has_bytes(&connection->read) ? connection->read.count : 0;
}

/* ---- reading out ---- */

/* Makes room for so many bytes more. */
static bool grow_kept(struct backend *backend, struct connection *connection, size_t length, size_t more) {
  struct kept *kept = memory_resize(backend->allocator, connection->pipe.kept, sizeof *kept + length + more);
  if (kept == NULL) return false;
  connection->pipe.kept = kept;
  return true;
}

/* Reads `available` bytes behind `length` bytes that are kept; false: the client's end was among them. */
static bool keep_available(struct backend *backend, struct connection *connection, size_t length, DWORD available) {
  DWORD taken = 0;
  while (taken < available) {
    DWORD count;
    DWORD error = read_now(backend, connection->pipe.handle, connection->pipe.kept->bytes + length + taken,
                           available - taken, &count);
    if ((error != ERROR_SUCCESS && error != ERROR_MORE_DATA) || count == 0) break;
    taken += count;
  }
  connection->pipe.kept->length = length + taken;
  return taken == available;
}

DWORD pipe_read_out(struct backend *backend, struct connection *connection) {
  assert(!connection->read.pending);
  if (connection->read_state == READ_ENDED) return ERROR_SUCCESS;
  bool held = connection->read_state == READ_HELD;
  size_t length = held && has_bytes(&connection->read) ? connection->read.count : 0;
  if (!grow_kept(backend, connection, length, 0)) return ERROR_NOT_ENOUGH_MEMORY;
  memcpy(connection->pipe.kept->bytes, connection->pipe.small, length);
  connection->pipe.kept->length = length;
  bool more = !held || length > 0;
  DWORD available = 0;
  while (more && connection->pipe.kept->length < KEPT_BYTES_MAX &&
         os_pipe_peek(connection->pipe.handle, &available) == ERROR_SUCCESS && available > 0) {
    length = connection->pipe.kept->length;
    more = grow_kept(backend, connection, length, available) && keep_available(backend, connection, length, available);
  }
  connection->read_state = READ_ENDED;
  return ERROR_SUCCESS;
}
