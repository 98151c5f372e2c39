/* SPDX-License-Identifier: MIT */
/*
 * The read side: pipe -> a read that waits -> the loop's buffer -> common.
 *
 * What waits for bytes is a small read into the connection. A read of nothing would pin no memory, but on a
 * message-type pipe it swallows the end mark (seen with Wine 8; NPFS does the same). On a byte-type pipe it would do;
 * the small read serves both, and brings a short message with one call instead of two. While a pipe is busy with more
 * than that, its read waits in a large buffer that the loop lends it (pipe_buffer.h), and common gets the bytes there.
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

#include "common/base/memory.h"
#include "win32/error.h"

/* How much a `shutdown` keeps of what a client has sent: one that never stops sending must not hold up the loop. */
#define KEPT_BYTES_MAX (16U * 1024 * 1024)

static enum operation finish_read(struct backend *backend, struct task *task, struct completion *completion);

/* ---- the read that waits ---- */

static void note_at_once(struct connection *connection, bool at_once) {
  uint8_t before = connection->pipe.at_once_count;
  connection->pipe.at_once_count = (uint8_t)(!at_once ? 0 : before < 2 ? before + 1 : 2);
}

static enum submitted post(struct backend *backend, struct connection *connection) {
  struct task *task = &connection->read;
  unsigned char *large = connection->pipe.busy ? pipe_buffer_lend(backend, connection) : NULL;
  unsigned char *bytes = large != NULL ? large : connection->pipe.small;
  DWORD length = large != NULL ? PIPE_CHUNK_BYTES : PIPE_SMALL_BYTES;
  task_begin(task, finish_read);
  DWORD error = os_read(connection->pipe.handle, bytes, length, &task->overlapped, &task->count);
  enum submitted submitted = port_sort(&backend->port, task, connection->skips, error);
  connection->read_state = submitted == SUBMITTED_PENDING ? READ_POSTED : READ_HELD;
  note_at_once(connection, submitted == SUBMITTED_OVER);
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

/* ---- what it brought ---- */

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

/* Whether more of what a small read began lies in the pipe. */
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

/* A buffer that is being filled for common. */
struct gathering {
  unsigned char *bytes; /* PIPE_CHUNK_BYTES */
  size_t filled;
};

/* Reads once into what is free; returns how much that was. */
static size_t read_more(struct backend *backend, struct connection *connection, struct gathering *gathering) {
  DWORD count;
  DWORD error = read_now(backend, connection->pipe.handle, gathering->bytes + gathering->filled,
                         PIPE_CHUNK_BYTES - gathering->filled, &count);
  bool read = error == ERROR_SUCCESS || error == ERROR_MORE_DATA;
  if (!read || (count == 0 && connection->pipe.message_type)) hold(connection, error);
  if (!read) return 0;
  gathering->filled += count;
  return count;
}

/* What came into a large buffer stays there; a small one's goes into the loop's, and the rest of it behind it. */
static struct gathering begin_gathering(struct backend *backend, struct connection *connection) {
  struct gathering gathering = {backend->bytes, connection->read.count};
  connection->read_state = READ_NONE;
  if (connection->pipe.loan > 0) {
    gathering.bytes = pipe_buffer_deliver(backend, connection);
    return gathering;
  }
  memcpy(gathering.bytes, connection->pipe.small, gathering.filled);
  if (rest_lies_there(connection)) read_more(backend, connection, &gathering);
  return gathering;
}

/* Whether the peer is ahead of us, so that it is worth a look into the pipe: one short message at once is chance. */
static bool may_gather(const struct connection *connection, const struct gathering *gathering) {
  unsigned enough = gathering->filled > PIPE_SMALL_BYTES ? 1 : 2;
  return connection->pipe.at_once_count >= enough && connection->read_state == READ_NONE &&
         gathering->filled < PIPE_CHUNK_BYTES;
}

/* Fills a buffer when the peer is ahead of us, message by message, up to what was there when we looked. */
static struct gathering gather(struct backend *backend, struct connection *connection) {
  struct gathering gathering = begin_gathering(backend, connection);
  DWORD available = 0;
  if (!may_gather(connection, &gathering)) return gathering;
  if (os_pipe_peek(connection->pipe.handle, &available) != ERROR_SUCCESS) return gathering;
  size_t enough = gathering.filled + available;
  while (gathering.filled < enough && may_gather(connection, &gathering)) {
    if (read_more(backend, connection, &gathering) == 0) break;
  }
  return gathering;
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
  struct gathering gathering = gather(backend, connection);
  connection->pipe.busy = gathering.filled > PIPE_SMALL_BYTES;
  completion->bytes = gathering.bytes;
  completion->result = (ptrdiff_t)gathering.filled;
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
    if (cancelled) connection->pipe.busy = false;
  }
  if (!has_bytes(task)) pipe_buffer_give(backend, connection);
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
  memcpy(connection->pipe.kept->bytes, pipe_buffer_bytes(backend, connection), length);
  connection->pipe.kept->length = length;
  pipe_buffer_give(backend, connection);
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
