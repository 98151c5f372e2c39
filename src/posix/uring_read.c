/* SPDX-License-Identifier: MIT */
/*
 * The read side of the io_uring backend. One receive stays in the ring and brings buffer after buffer, until it is
 * asked back, ends, or the buffers run out. What comes while nobody reads is copied, so that the kernel has its buffers
 * again.
 */
#define _DEFAULT_SOURCE 1

#include <assert.h>
#include <errno.h>
#include <string.h>

#include "common/base/memory.h"
#include "posix/os.h"
#include "posix/uring_state.h"

/*
 * Large pieces that each lie in a buffer of their own push one another out of the cache, and that costs more than a
 * system call for each (a third of the time of 64 KiB echoes). So where they come, they go through one buffer.
 */
enum { BULK_BEGINS = 16384, BULK_ENDS = 4096 };

/* ---- keeping ---- */

void uring_drop_kept(struct backend *backend, struct uring_connection *connection) {
  if (connection->kept == NULL) return;
  list_remove(&connection->kept->link);
  memory_put(backend->allocator, connection->kept);
  connection->kept = NULL;
}

/* Without memory the stream has a hole, and whoever reads on hears of it. */
static void keep(struct backend *backend, struct uring_connection *connection, const char *bytes, size_t length) {
  struct kept *kept = connection->kept;
  size_t before = kept == NULL ? 0 : kept->length;
  bool is_resumed = kept != NULL && list_linked(&kept->link);
  if (connection->is_incomplete) return;
  if (is_resumed) list_remove(&kept->link);
  struct kept *grown = memory_resize(backend->allocator, kept, sizeof *kept + before + length);
  if (grown == NULL) {
    connection->is_incomplete = true;
  } else {
    memcpy(grown->bytes + before, bytes, length);
    grown->connection = connection;
    grown->length = before + length;
    if (kept == NULL) grown->link = (struct list_node){0};
    connection->kept = grown;
  }
  if (is_resumed) list_append(&backend->resumed, &connection->kept->link);
}

/* ---- beginning and stopping ---- */

static void fail_incomplete(struct backend *backend, struct uring_connection *connection) {
  finished_put(&backend->finished, &connection->base.watch, PENDING(OPERATION_READ), failure_of(ENOMEM, HINT_NONE));
}

void uring_read(struct backend *backend, struct connection *base, bool wanted) {
  struct uring_connection *connection = uring_connection_of(base);
  if (!wanted) {
    base->watch.pending &= (uint8_t)~PENDING(OPERATION_READ);
    if (connection->kept != NULL) list_remove(&connection->kept->link);
    uring_release_failure(backend, connection);
  } else {
    base->watch.pending |= PENDING(OPERATION_READ);
    if (connection->kept != NULL) {
      if (!list_linked(&connection->kept->link)) list_append(&backend->resumed, &connection->kept->link);
    } else if (connection->is_incomplete) {
      fail_incomplete(backend, connection);
    }
  }
  uring_unsettle(backend, connection);
}

/* ---- what comes ---- */

/* The end or an error: once, and then nothing more is read. */
static enum operation end_reading(struct backend *backend, struct uring_connection *connection, int failure,
                                  struct completion *completion) {
  struct watch *watch = &connection->base.watch;
  watch->pending &= (uint8_t)~PENDING(OPERATION_READ);
  completion->connection = &connection->base;
  completion->result = COMPLETION_END;
  if (failure != 0) {
    error_complete(completion, failure_of(failure, HINT_NONE));
    watch->met = 0; /* it was told, and who comes behind finds a broken pipe */
    if (connection->held_failure != 0) connection->held_failure = EPIPE;
  }
  uring_release_failure(backend, connection);
  return OPERATION_READ;
}

/* The buffers ran out, or it was asked back; or, -EAGAIN, -EINTR, it was disturbed; or this kernel knows no limit. */
static bool begins_again(struct backend *backend, int result) {
  if (result == -EINVAL && backend->limits_receives) {
    backend->limits_receives = false;
    return true;
  }
  return result == -ENOBUFS || result == -ECANCELED || result == -EAGAIN || result == -EINTR;
}

static bool is_read(const struct uring_connection *connection) {
  return uring_is_pending(&connection->base.watch, OPERATION_READ) && connection->kept == NULL;
}

/* An end is found again by whoever reads later, an error is not. */
static enum operation receive_nothing(struct backend *backend, struct uring_connection *connection, int result,
                                      struct completion *completion) {
  struct watch *watch = &connection->base.watch;
  if (result == -ENOBUFS) uring_starve(backend, connection);
  if (begins_again(backend, result)) return OPERATION_NONE;
  if (is_read(connection)) return end_reading(backend, connection, result < 0 ? -result : watch->met, completion);
  if (result < 0) watch->met = (uint8_t)-result;
  return OPERATION_NONE;
}

/* What the ring had for reading is over, or was given back. */
static void leave_ring(struct backend *backend, struct uring_connection *connection, unsigned what) {
  bool closes = uring_is_pending(&connection->base.watch, OPERATION_CLOSE);
  connection->in_ring &= (uint8_t)~what;
  if (!closes || connection->ending == ENDING_DETACH) connection->asked_back = false;
  uring_unsettle(backend, connection);
}

static enum operation deliver(struct uring_connection *connection, const char *bytes, int length,
                              struct completion *completion) {
  if (length >= BULK_BEGINS) connection->is_bulk = true;
  completion->connection = &connection->base;
  completion->result = length;
  completion->bytes = bytes;
  return OPERATION_READ;
}

/* Of a connection that closes nobody hears any more, but a loop that it goes to. */
static void receive_late(struct backend *backend, struct uring_connection *connection, int result, const char *bytes) {
  if (result > 0 && connection->ending == ENDING_DETACH) {
    keep(backend, connection, bytes, (size_t)result);
  } else if (result > 0) {
    connection->is_unread = true;
  }
}

enum operation uring_received(struct backend *backend, struct uring_connection *connection, int result, uint32_t flags,
                              struct completion *completion) {
  const struct watch *watch = &connection->base.watch;
  uint32_t number = (flags & IORING_CQE_F_BUFFER) != 0 ? flags >> IORING_CQE_BUFFER_SHIFT : BUFFERS_NONE;
  const char *bytes = number != BUFFERS_NONE ? buffers_bytes(&backend->buffers, number) : NULL;
  bool closes = uring_is_pending(watch, OPERATION_CLOSE);
  if ((flags & IORING_CQE_F_MORE) == 0) leave_ring(backend, connection, IN_RING_RECEIVE);
  if (result > 0 && !closes && is_read(connection)) {
    backend->lent = number;
    return deliver(connection, bytes, result, completion);
  }
  enum operation operation = OPERATION_NONE;
  if (closes) {
    receive_late(backend, connection, result, bytes);
  } else if (result > 0) {
    keep(backend, connection, bytes, (size_t)result);
  } else {
    operation = receive_nothing(backend, connection, result, completion);
  }
  if (number != BUFFERS_NONE) buffers_give_back(&backend->buffers, number);
  if (closes) uring_finish_close(backend, connection);
  return operation;
}

enum operation uring_ready(struct backend *backend, struct uring_connection *connection, int result,
                           struct completion *completion) {
  leave_ring(backend, connection, IN_RING_READY);
  if (uring_is_pending(&connection->base.watch, OPERATION_CLOSE)) {
    uring_finish_close(backend, connection);
    return OPERATION_NONE;
  }
  if (result < 0 || !is_read(connection)) return OPERATION_NONE;
  ssize_t count = os_recv(connection->base.watch.descriptor, backend->bulk, BULK_BYTES);
  if (count < BULK_ENDS) connection->is_bulk = false;
  if (count > 0) return deliver(connection, backend->bulk, (int)count, completion);
  return receive_nothing(backend, connection, count < 0 ? -errno : 0, completion);
}

enum operation uring_next_kept(struct backend *backend, struct completion *completion) {
  struct list_node *node = list_take_first(&backend->resuming);
  if (node == NULL) return OPERATION_NONE;
  struct kept *kept = CONTAINER_OF(node, struct kept, link);
  struct uring_connection *connection = kept->connection;
  connection->kept = NULL;
  completion->connection = &connection->base;
  completion->result = (ptrdiff_t)kept->length;
  completion->bytes = kept->bytes;
  backend->lent_kept = kept;
  if (connection->is_incomplete) fail_incomplete(backend, connection);
  uring_unsettle(backend, connection);
  return OPERATION_READ;
}
