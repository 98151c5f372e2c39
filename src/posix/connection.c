/* SPDX-License-Identifier: MIT */
/*
 * Connections of the POSIX backend. Connecting, shutting down and closing are finished when they are submitted; reading
 * and queued writing wait for the poller.
 */
#define _DEFAULT_SOURCE 1

#include <assert.h>
#include <errno.h>
#include <limits.h>

#include "common/list.h"
#include "posix/os.h"
#include "posix/state.h"

static bool would_block(int failure) { return failure == EAGAIN || failure == EWOULDBLOCK; }

/* ---- opening ---- */

static struct failure check_stream(int descriptor) {
  int type = 0;
  if (os_getsockopt(descriptor, SO_TYPE, &type) < 0) return failure_of(errno, HINT_NONE);
  if (type != SOCK_STREAM) return failure_of(EINVAL, HINT_OPEN_NOT_STREAM);
  int listening = 0;
  if (os_getsockopt(descriptor, SO_ACCEPTCONN, &listening) == 0 && listening != 0) {
    return failure_of(EINVAL, HINT_OPEN_LISTENING);
  }
  /* EINVAL: macOS says so when the peer has closed already; what it wrote can still be read. */
  if (os_getpeername(descriptor) < 0 && errno != EINVAL) return failure_of(errno, HINT_NONE);
  return failure_none();
}

struct outcome connection_open(struct backend *backend, struct connection *connection, intptr_t native) {
  (void)backend;
  if (native < 0 || native > INT_MAX) return error_outcome(failure_of(EBADF, HINT_NONE));
  int descriptor = (int)native;
  struct failure failure = check_stream(descriptor);
  if (failure.native_code == 0 && os_adopt(descriptor) < 0) failure = failure_of(errno, HINT_NONE);
  if (failure.native_code == 0) connection->watch.descriptor = descriptor;
  return error_outcome(failure);
}

/* ---- connecting ---- */

static struct failure connect_now(struct connection *connection, const struct address *address) {
  if (address->kind >= ADDRESS_HOST) return failure_of(EAFNOSUPPORT, HINT_NONE);
  return unix_socket_connect(connection, address);
}

void connection_connect(struct backend *backend, struct connection *connection, const struct connect_request *request) {
  connection->watch.descriptor = -1;
  connection->watch.pending = PENDING(OPERATION_CONNECT);
  finished_add(backend, &connection->watch, PENDING(OPERATION_CONNECT), connect_now(connection, request->address));
}

void connection_move(struct backend *backend, struct connection *from, struct connection *to) {
  interest_forget(backend, &from->watch);
  to->watch.descriptor = from->watch.descriptor;
  from->watch.descriptor = -1;
}

/* ---- reading ---- */

void connection_read(struct backend *backend, struct connection *connection) {
  connection->watch.pending |= PENDING(OPERATION_READ);
  interest_grow(backend, &connection->watch);
}

/* The poller is told when an event comes that nobody wants; more often reading starts again before. */
void connection_read_stop(struct backend *backend, struct connection *connection) {
  (void)backend;
  connection->watch.pending &= (uint8_t)~PENDING(OPERATION_READ);
}

enum operation connection_receive_nothing(struct backend *backend, struct connection *connection, ssize_t count,
                                          struct completion *completion) {
  struct watch *watch = &connection->watch;
  if (count < 0 && would_block(errno)) {
    /* The event was for a write that is over. */
    interest_shrink(backend, watch);
    return OPERATION_NONE;
  }
  if (count < 0 && errno == EINTR) return OPERATION_NONE;
  completion->connection = connection;
  completion->result = COMPLETION_END;
  watch->pending &= (uint8_t)~PENDING(OPERATION_READ);
  if (count < 0) error_complete(completion, failure_of(errno, HINT_NONE));
  return OPERATION_READ;
}

enum operation connection_receive(struct backend *backend, struct connection *connection,
                                  struct completion *completion) {
  ssize_t count = os_recv(connection->watch.descriptor, backend->receive_buffer, RECEIVE_BYTES);
  if (count <= 0) return connection_receive_nothing(backend, connection, count, completion);
  completion->connection = connection;
  completion->result = count;
  completion->bytes = backend->receive_buffer;
  return OPERATION_READ;
}

/* ---- writing ---- */

size_t connection_write(struct backend *backend, struct connection *connection, const void *bytes, size_t length) {
  (void)backend;
  ssize_t count = os_send(connection->watch.descriptor, bytes, length);
  return count > 0 ? (size_t)count : 0;
}

void connection_write_queue(struct backend *backend, struct connection *connection, const struct piece *pieces,
                            size_t count) {
  struct watch *watch = &connection->watch;
  assert((watch->pending & (PENDING(OPERATION_WRITE) | PENDING(OPERATION_CONNECT) | PENDING(OPERATION_SHUTDOWN))) == 0);
  assert(count > 0 && count <= PIECES_MAX);
  watch->pending |= PENDING(OPERATION_WRITE);
  if (watch->due != 0) {
    /* The poller has just refused this watch, and that failure waits in the queue: the write has the same. */
    finished_add(backend, watch, PENDING(OPERATION_WRITE), failure_of(watch->failure, (enum hint)watch->hint));
    return;
  }
  watch->pieces = pieces;
  watch->count = (uint8_t)count;
  interest_grow(backend, watch);
}

static size_t gather(const struct watch *watch, struct iovec *vector) {
  for (size_t i = 0; i < watch->count; i++) {
    vector[i].iov_base = (void *)(uintptr_t)watch->pieces[i].bytes;
    vector[i].iov_len = watch->pieces[i].length;
  }
  return watch->count;
}

/* EPROTOTYPE: on macOS a send that meets the peer's close in the kernel. Anything else is what it says. */
static int failure_of_send(int failure) { return failure == EPROTOTYPE ? ECONNRESET : failure; }

enum operation connection_send(struct backend *backend, struct connection *connection, struct completion *completion) {
  (void)backend;
  struct watch *watch = &connection->watch;
  struct iovec vector[PIECES_MAX];
  size_t pieces = gather(watch, vector);
  ssize_t count = os_sendmsg(watch->descriptor, vector, pieces);
  if (count < 0 && (would_block(errno) || errno == EINTR)) return OPERATION_NONE;
  assert(count != 0);
  watch->pending &= (uint8_t)~PENDING(OPERATION_WRITE);
  completion->connection = connection;
  completion->result = count;
  if (count < 0) error_complete(completion, failure_of(failure_of_send(errno), HINT_NONE));
  return OPERATION_WRITE;
}

/* ---- ending ---- */

/* ENOTCONN: the peer has gone entirely (macOS says so), and with it whoever could be told. */
void connection_shutdown(struct backend *backend, struct connection *connection) {
  struct watch *watch = &connection->watch;
  assert((watch->pending & (PENDING(OPERATION_WRITE) | PENDING(OPERATION_SHUTDOWN))) == 0);
  watch->pending |= PENDING(OPERATION_SHUTDOWN);
  int failure = os_shutdown(watch->descriptor) < 0 && errno != ENOTCONN ? errno : 0;
  finished_add(backend, watch, PENDING(OPERATION_SHUTDOWN), failure_of(failure, HINT_NONE));
}

/* EINTR is no reason to close again: on Linux the descriptor is gone, and its number may be somebody else's by now. */
void connection_close(struct backend *backend, struct connection *connection, enum ending ending) {
  (void)ending;
  struct watch *watch = &connection->watch;
  assert((watch->pending & PENDING(OPERATION_CLOSE)) == 0);
  interest_forget(backend, watch);
  if (watch->descriptor >= 0) os_close(watch->descriptor);
  watch->descriptor = -1;
  watch->pending = PENDING(OPERATION_CLOSE);
  finished_add(backend, watch, PENDING(OPERATION_CLOSE), failure_none());
}

/* ---- asking ---- */

weir_code connection_control(struct backend *backend, struct connection *connection, enum control control,
                             void *argument) {
  (void)backend;
  switch (control) {
    case CONTROL_CAN_HALF_CLOSE:
      *(bool *)argument = true;
      return WEIR_OK;
    case CONTROL_NATIVE:
      *(intptr_t *)argument = connection->watch.descriptor;
      return WEIR_OK;
    default:
      return WEIR_ENOTSUP;
  }
}
