/* SPDX-License-Identifier: MIT */
/*
 * The write side of the io_uring backend. What is written soon is copied and sent with the next submission, together
 * with what all others write; what must be known at once, or is large, is a system call; the rest waits in the ring.
 *
 * Of one connection there is one send in the ring. Bytes that were taken come before those of a queued write.
 */
#define _DEFAULT_SOURCE 1

#include <assert.h>
#include <errno.h>
#include <string.h>

#include "posix/os.h"
#include "posix/uring_state.h"

static void drop_outgoing(struct backend *backend, struct uring_connection *connection) {
  outgoing_put(&backend->outgoing, connection->outgoing);
  connection->outgoing = NULL;
}

/* ---- at once ---- */

static ssize_t send_now(struct uring_connection *connection, const void *bytes, size_t length) {
  struct watch *watch = &connection->base.watch;
  ssize_t count = os_send(watch->descriptor, bytes, length);
  if (count < 0 && error_ends_connection(errno)) watch->met = (uint8_t)errno;
  return count;
}

bool uring_send_outgoing(struct backend *backend, struct uring_connection *connection) {
  struct outgoing *outgoing = connection->outgoing;
  if (outgoing == NULL) return true;
  if ((connection->in_ring & IN_RING_SEND) != 0) return false;
  ssize_t count = send_now(connection, outgoing->bytes + outgoing->sent, outgoing->length - outgoing->sent);
  if (count > 0) outgoing->sent += (uint32_t)count;
  if (outgoing->sent < outgoing->length) return false;
  drop_outgoing(backend, connection);
  return true;
}

size_t uring_write(struct backend *backend, struct connection *base, const void *bytes, size_t length) {
  struct uring_connection *connection = uring_connection_of(base);
  if (uring_is_pending(&base->watch, OPERATION_WRITE) || !uring_send_outgoing(backend, connection)) return 0;
  ssize_t count = send_now(connection, bytes, length);
  return count > 0 ? (size_t)count : 0;
}

/* ---- soon ---- */

size_t uring_write_soon(struct backend *backend, struct connection *base, const void *bytes, size_t length) {
  struct uring_connection *connection = uring_connection_of(base);
  struct outgoing *outgoing = connection->outgoing;
  if (outgoing == NULL && length <= OUTGOING_BYTES) {
    if (uring_is_pending(&base->watch, OPERATION_WRITE)) return 0;
    outgoing = outgoing_get(&backend->outgoing);
    connection->outgoing = outgoing;
    uring_unsettle(backend, connection);
  }
  bool fits =
      outgoing != NULL && (connection->in_ring & IN_RING_SEND) == 0 && length <= OUTGOING_BYTES - outgoing->length;
  if (!fits) return uring_write(backend, base, bytes, length);
  memcpy(outgoing->bytes + outgoing->length, bytes, length);
  outgoing->length += (uint32_t)length;
  return length;
}

/* ---- queued ---- */

/* A failure of bytes that were taken may be on its way to the caller; then it is this write's. */
void uring_write_queue(struct backend *backend, struct connection *base, const struct piece *pieces, size_t count) {
  struct uring_connection *connection = uring_connection_of(base);
  assert((base->watch.pending & (PENDING(OPERATION_CONNECT) | PENDING(OPERATION_SHUTDOWN))) == 0);
  assert(count > 0 && count <= PIECES_MAX && connection->piece_count == 0);
  if (uring_is_pending(&base->watch, OPERATION_WRITE)) return;
  base->watch.pending |= PENDING(OPERATION_WRITE);
  connection->pieces = pieces;
  connection->piece_count = (uint8_t)count;
  uring_unsettle(backend, connection);
}

/* ---- failing ---- */

/* EPIPE: perhaps an earlier call knows more. */
static int meaning_of(const struct watch *watch, int failure) {
  return failure == EPIPE && watch->met != 0 ? watch->met : failure;
}

void uring_release_failure(struct backend *backend, struct uring_connection *connection) {
  struct watch *watch = &connection->base.watch;
  if (connection->held_failure == 0) return;
  struct failure failure = failure_of(meaning_of(watch, connection->held_failure), HINT_NONE);
  connection->held_failure = 0;
  finished_put(&backend->finished, watch, PENDING(OPERATION_WRITE), failure);
}

static bool peer_is_gone(int descriptor) {
  struct pollfd entry = {.fd = descriptor};
  return os_poll(&entry, 1, 0) > 0 && (entry.revents & (POLLERR | POLLHUP)) != 0;
}

/* The bytes were a queued write's, or had been taken before; then the caller hears of a write that it did not queue. */
static enum operation fail_send(struct backend *backend, struct uring_connection *connection, int failure,
                                struct completion *completion) {
  struct watch *watch = &connection->base.watch;
  if (error_ends_connection(failure)) watch->met = (uint8_t)failure;
  if (connection->outgoing != NULL) drop_outgoing(backend, connection);
  connection->piece_count = 0;
  watch->pending |= PENDING(OPERATION_WRITE);
  if (uring_is_pending(watch, OPERATION_READ) && peer_is_gone(watch->descriptor)) {
    connection->held_failure = (uint8_t)failure;
    return OPERATION_NONE;
  }
  watch->pending &= (uint8_t)~PENDING(OPERATION_WRITE);
  completion->connection = &connection->base;
  error_complete(completion, failure_of(meaning_of(watch, failure), HINT_NONE));
  return OPERATION_WRITE;
}

/* ---- what comes ---- */

static void shut_down(struct backend *backend, struct uring_connection *connection) {
  struct watch *watch = &connection->base.watch;
  int failure = os_shutdown(watch->descriptor) < 0 && errno != ENOTCONN ? errno : 0;
  finished_put(&backend->finished, watch, PENDING(OPERATION_SHUTDOWN), failure_of(failure, HINT_NONE));
}

static enum operation advance_outgoing(struct backend *backend, struct uring_connection *connection, size_t count) {
  struct outgoing *outgoing = connection->outgoing;
  outgoing->sent += (uint32_t)count;
  if (outgoing->sent == outgoing->length) {
    drop_outgoing(backend, connection);
    if (uring_is_pending(&connection->base.watch, OPERATION_SHUTDOWN)) shut_down(backend, connection);
    if (connection->base.watch.pending == PENDING(OPERATION_READ)) return OPERATION_NONE;
  }
  uring_unsettle(backend, connection);
  return OPERATION_NONE;
}

static enum operation finish_write(struct uring_connection *connection, size_t count, struct completion *completion) {
  connection->base.watch.pending &= (uint8_t)~PENDING(OPERATION_WRITE);
  connection->piece_count = 0;
  completion->connection = &connection->base;
  completion->result = (ptrdiff_t)count;
  return OPERATION_WRITE;
}

static bool begins_again(int result) { return result == -EAGAIN || result == -EINTR || result == -ECANCELED; }

/* What a connection that leaves owes is sent before; what fails then, whoever has it next finds out. */
static enum operation send_late(struct backend *backend, struct uring_connection *connection, int result) {
  if (connection->outgoing != NULL && result > 0) {
    advance_outgoing(backend, connection, (size_t)result);
  } else if (connection->outgoing != NULL && !begins_again(result)) {
    drop_outgoing(backend, connection);
  }
  uring_finish_close(backend, connection);
  return OPERATION_NONE;
}

enum operation uring_sent(struct backend *backend, struct uring_connection *connection, int result,
                          struct completion *completion) {
  connection->in_ring &= (uint8_t)~IN_RING_SEND;
  if (uring_is_pending(&connection->base.watch, OPERATION_CLOSE)) {
    return send_late(backend, connection, result);
  }
  if (begins_again(result)) {
    uring_unsettle(backend, connection);
    return OPERATION_NONE;
  }
  if (result < 0) return fail_send(backend, connection, -result, completion);
  if (connection->outgoing != NULL) return advance_outgoing(backend, connection, (size_t)result);
  return finish_write(connection, (size_t)result, completion);
}

/* ---- ending ---- */

void uring_shutdown(struct backend *backend, struct connection *base) {
  struct uring_connection *connection = uring_connection_of(base);
  assert(!uring_is_pending(&base->watch, OPERATION_SHUTDOWN) && connection->piece_count == 0);
  bool fails = uring_is_pending(&base->watch, OPERATION_WRITE); /* bytes that were taken, and the caller will hear */
  base->watch.pending |= PENDING(OPERATION_SHUTDOWN);
  if (connection->outgoing == NULL && !fails) shut_down(backend, connection);
}
