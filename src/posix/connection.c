/* SPDX-License-Identifier: MIT */
/*
 * Connections of the POSIX backend, whatever they go over. Shutting down and closing are finished when they are
 * submitted, connecting of Unix sockets too; reading, queued writing and connecting over TCP wait for the poller.
 */
#define _DEFAULT_SOURCE 1

#include <assert.h>
#include <errno.h>
#include <limits.h>

#include "common/base/apart.h"
#include "common/base/list.h"
#include "posix/os.h"
#include "posix/socket_address.h"
#include "posix/state.h"

static bool would_block(int failure) { return failure == EAGAIN || failure == EWOULDBLOCK; }

/* EINTR is no reason to close again: on Linux the descriptor is gone, and its number may be somebody else's by now. */
static void drop_descriptor(struct backend *backend, struct watch *watch) {
  interest_forget(backend, watch);
  if (watch->descriptor >= 0) os_close(watch->descriptor);
  watch->descriptor = -1;
}

/* ---- opening ---- */

static struct failure check_stream(int descriptor) {
  int type = 0;
  if (os_getsockopt(descriptor, SOL_SOCKET, SO_TYPE, &type) < 0) return failure_of(errno, HINT_NONE);
  if (type != SOCK_STREAM) return failure_of(EINVAL, HINT_OPEN_NOT_STREAM);
  int listening = 0;
  if (os_getsockopt(descriptor, SOL_SOCKET, SO_ACCEPTCONN, &listening) == 0 && listening != 0) {
    return failure_of(EINVAL, HINT_OPEN_LISTENING);
  }
  /* EINVAL: macOS says so when the peer has closed already; what it wrote can still be read. */
  struct socket_address peer = socket_address_room();
  if (os_getpeername(descriptor, &peer.any, &peer.length) < 0 && errno != EINVAL) return failure_of(errno, HINT_NONE);
  return failure_none();
}

/* A socket whose name cannot be had is taken for the kind that promises less. */
static uint8_t kind_of(int descriptor) {
  struct socket_address own = socket_address_room();
  bool is_tcp = os_getsockname(descriptor, &own.any, &own.length) == 0 && socket_address_is_ip(&own);
  return is_tcp ? WATCH_TCP_CONNECTION : WATCH_UNIX_CONNECTION;
}

struct outcome connection_open(struct backend *backend, struct connection *connection, intptr_t native) {
  (void)backend;
  if (connection == NULL) {
    os_close((int)native);
    return error_outcome(failure_none());
  }
  if (native < 0 || native > INT_MAX) return error_outcome(failure_of(EBADF, HINT_NONE));
  int descriptor = (int)native;
  struct failure failure = check_stream(descriptor);
  if (failure.native_code == 0 && os_adopt(descriptor) < 0) failure = failure_of(errno, HINT_NONE);
  if (failure.native_code != 0) return error_outcome(failure);
  connection->watch.kind = kind_of(descriptor);
  connection->watch.descriptor = descriptor;
  return error_outcome(failure);
}

/* ---- connecting ---- */

void connection_connect(struct backend *backend, struct connection *connection, const struct connect_request *request) {
  connection->watch.descriptor = -1;
  connection->watch.pending = PENDING(OPERATION_CONNECT);
  struct failure failure = request->address->kind == ADDRESS_IP ? tcp_socket_connect(connection, request)
                                                                : unix_socket_connect(connection, request->address);
  if (failure.native_code == EINPROGRESS) {
    interest_grow(backend, &connection->watch);
  } else {
    finished_add(backend, &connection->watch, PENDING(OPERATION_CONNECT), failure);
  }
}

enum operation connection_finish_connect(struct backend *backend, struct connection *connection,
                                         struct completion *completion) {
  struct watch *watch = &connection->watch;
  struct failure failure = tcp_socket_finish_connect(connection);
  if (failure.native_code == EINPROGRESS) return OPERATION_NONE;
  watch->pending &= (uint8_t)~PENDING(OPERATION_CONNECT);
  completion->connection = connection;
  completion->result = 0;
  if (failure.native_code != 0) {
    error_complete(completion, failure);
    drop_descriptor(backend, watch);
  }
  return OPERATION_CONNECT;
}

void connection_move(struct backend *backend, struct connection *from, struct connection *to) {
  interest_part(backend, &from->watch);
  to->watch.kind = from->watch.kind;
  to->watch.met = from->watch.met;
  to->watch.descriptor = from->watch.descriptor;
  from->watch.descriptor = -1;
}

/* ---- reading ---- */

/* When it stops, the poller is told as soon as an event comes that nobody wants; more often it starts again before. */
void connection_read(struct backend *backend, struct connection *connection, bool wanted) {
  if (!wanted) {
    connection->watch.pending &= (uint8_t)~PENDING(OPERATION_READ);
    return;
  }
  connection->watch.pending |= PENDING(OPERATION_READ);
  interest_grow(backend, &connection->watch);
}

/* Nothing was there: the event was for a write that is over, or of a newcomer. */
static enum operation forget_event(struct backend *backend, struct watch *watch) {
  newcomer_be_silent(&backend->newcomer, watch);
  interest_shrink(backend, watch);
  return OPERATION_NONE;
}

enum operation connection_receive_nothing(struct backend *backend, struct completion *completion) {
  struct watch *watch = &completion->connection->watch;
  int failure = completion->result < 0 ? errno : watch->met;
  if (completion->result < 0 && would_block(failure)) return forget_event(backend, watch);
  if (completion->result < 0 && failure == EINTR) return OPERATION_NONE;
  connection_come_to_end(completion);
  if (failure != 0) error_complete(completion, failure_of(failure, HINT_NONE));
  return OPERATION_READ;
}

enum operation connection_receive(struct backend *backend, struct connection *connection,
                                  struct completion *completion) {
  completion->connection = connection;
  completion->bytes = backend->receive_buffer;
  completion->result = os_recv(connection->watch.descriptor, backend->receive_buffer, RECEIVE_BYTES);
  return completion->result > 0 ? OPERATION_READ : connection_receive_nothing(backend, completion);
}

/* ---- writing ---- */

APART static size_t write_nothing(struct connection *connection, ssize_t count) {
  if (count < 0 && error_ends_connection(errno)) connection->watch.met = (uint8_t)errno;
  return 0;
}

size_t connection_write(struct backend *backend, struct connection *connection, const void *bytes, size_t length) {
  (void)backend;
  ssize_t count = os_send(connection->watch.descriptor, bytes, length);
  return count > 0 ? (size_t)count : write_nothing(connection, count);
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

/* EPROTOTYPE: on macOS a send that meets the peer's close in the kernel. EPIPE: perhaps an earlier call knows more. */
static int failure_of_send(const struct watch *watch, int failure) {
  if (failure == EPIPE && watch->met != 0) return watch->met;
  return failure == EPROTOTYPE ? ECONNRESET : failure;
}

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
  if (count < 0) error_complete(completion, failure_of(failure_of_send(watch, errno), HINT_NONE));
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

/* While it connects it cannot go on elsewhere, and is closed instead. */
APART static void detach(struct backend *backend, struct watch *watch) {
  bool connects = (watch->pending & PENDING(OPERATION_CONNECT)) != 0;
  if (connects) {
    drop_descriptor(backend, watch);
  } else {
    interest_part(backend, watch);
  }
  watch->pending = PENDING(OPERATION_CLOSE);
  finished_add(backend, watch, PENDING(OPERATION_CLOSE), connects ? failure_of(ENOTSUP, HINT_NONE) : failure_none());
}

/* Its event was consumed. Where a batch may have another one, which would name it still, it cannot be over yet. */
static inline bool close_at_end(struct backend *backend, struct watch *watch) {
  assert(watch->pending == 0 && watch->due == 0);
  if (backend->poller_operations->names_twice) return false;
  interest_forget(backend, watch);
  os_close(watch->descriptor);
  return true;
}

APART static bool close_later(struct backend *backend, struct watch *watch, enum ending ending) {
  assert((watch->pending & PENDING(OPERATION_CLOSE)) == 0);
  if (ending == ENDING_DETACH) {
    detach(backend, watch);
    return true;
  }
  if (ending == ENDING_RESET && watch->kind == WATCH_TCP_CONNECTION) socket_option_prepare_reset(watch->descriptor);
  drop_descriptor(backend, watch);
  watch->pending = PENDING(OPERATION_CLOSE);
  finished_add(backend, watch, PENDING(OPERATION_CLOSE), failure_none());
  return true;
}

bool connection_close(struct backend *backend, struct connection *connection, enum ending ending) {
  struct watch *watch = &connection->watch;
  return ending == ENDING_AT_END ? close_at_end(backend, watch) : close_later(backend, watch, ending);
}
