/* SPDX-License-Identifier: MIT */
/*
 * How connections of the io_uring backend begin and end. Connecting over TCP waits in the ring until the socket can be
 * written; a close has come back when the ring has nothing of the connection any more, because a completion names it by
 * its place in memory, and because the system keeps a socket open as long as something of it is in a ring.
 */
#define _DEFAULT_SOURCE 1

#include <assert.h>
#include <errno.h>

#include "common/base/memory.h"
#include "posix/os.h"
#include "posix/uring_parcel.h"
#include "posix/uring_state.h"

_Static_assert(sizeof(struct uring_connection) <= 72, "a connection pays this");

/* ---- opening ---- */

/* What nobody wants may be a server, which has left clients. */
struct outcome uring_open(struct backend *backend, struct connection *connection, intptr_t native) {
  if (connection == NULL) parcel_drop((int)native);
  return connection_open(backend, connection, native);
}

/* ---- connecting ---- */

void uring_connect(struct backend *backend, struct connection *base, const struct connect_request *request) {
  base->watch.descriptor = -1;
  base->watch.pending = PENDING(OPERATION_CONNECT);
  struct failure failure = request->address->kind == ADDRESS_IP ? tcp_socket_connect(base, request)
                                                                : unix_socket_connect(base, request->address);
  if (failure.native_code == EINPROGRESS) {
    uring_unsettle(backend, uring_connection_of(base));
  } else {
    finished_put(&backend->finished, &base->watch, PENDING(OPERATION_CONNECT), failure);
  }
}

enum operation uring_connected(struct backend *backend, struct uring_connection *connection, int result,
                               struct completion *completion) {
  struct watch *watch = &connection->base.watch;
  connection->in_ring &= (uint8_t)~IN_RING_CONNECT;
  if (uring_is_pending(watch, OPERATION_CLOSE)) {
    uring_finish_close(backend, connection);
    return OPERATION_NONE;
  }
  struct failure failure = result < 0 ? failure_of(-result, HINT_NONE) : tcp_socket_finish_connect(&connection->base);
  if (failure.native_code == EINPROGRESS || failure.native_code == ECANCELED) {
    uring_unsettle(backend, connection);
    return OPERATION_NONE;
  }
  watch->pending &= (uint8_t)~PENDING(OPERATION_CONNECT);
  completion->connection = &connection->base;
  completion->result = 0;
  if (failure.native_code != 0) {
    error_complete(completion, failure);
    os_close(watch->descriptor);
    watch->descriptor = -1;
    list_remove(&connection->unsettled);
  }
  return OPERATION_CONNECT;
}

void uring_move(struct backend *backend, struct connection *from, struct connection *to) {
  (void)backend;
  assert(uring_connection_of(from)->in_ring == 0);
  list_remove(&uring_connection_of(from)->unsettled);
  to->watch.kind = from->watch.kind;
  to->watch.met = from->watch.met;
  to->watch.descriptor = from->watch.descriptor;
  from->watch.descriptor = -1;
}

/* ---- closing ---- */

/* The peer of a TCP connection learns that it was not read to the end, as when the system itself has bytes left. */
static void close_descriptor(struct uring_connection *connection) {
  struct watch *watch = &connection->base.watch;
  bool resets = connection->ending == ENDING_RESET || connection->is_unread || connection->kept != NULL;
  if (resets && watch->kind == WATCH_TCP_CONNECTION) socket_option_prepare_reset(watch->descriptor);
  if (watch->descriptor >= 0) os_close(watch->descriptor);
  watch->descriptor = -1;
}

/* A hole in what was received cannot travel. */
static bool can_detach(const struct uring_connection *connection) {
  return connection->ending == ENDING_DETACH && !connection->is_incomplete;
}

void uring_finish_close(struct backend *backend, struct uring_connection *connection) {
  bool leaves = can_detach(connection);
  if (connection->in_ring != 0 || (leaves && connection->outgoing != NULL)) {
    uring_unsettle(backend, connection);
    return;
  }
  list_remove(&connection->unsettled);
  if (connection->outgoing != NULL) outgoing_put(&backend->outgoing, connection->outgoing);
  connection->outgoing = NULL;
  if (!leaves) {
    close_descriptor(connection);
    uring_drop_kept(backend, connection);
  }
  bool refuses = connection->ending == ENDING_DETACH && !leaves;
  finished_put(&backend->finished, &connection->base.watch, PENDING(OPERATION_CLOSE),
               refuses ? failure_of(ENOTSUP, HINT_NONE) : failure_none());
}

bool uring_close(struct backend *backend, struct connection *base, enum ending ending) {
  if (ending == ENDING_AT_END) return false;
  struct uring_connection *connection = uring_connection_of(base);
  struct watch *watch = &base->watch;
  assert(!uring_is_pending(watch, OPERATION_CLOSE));
  if (ending == ENDING_DETACH && uring_is_pending(watch, OPERATION_CONNECT)) connection->is_incomplete = true;
  if (ending != ENDING_DETACH) uring_send_outgoing(backend, connection);
  if (connection->kept != NULL) list_remove(&connection->kept->link);
  connection->ending = (uint8_t)ending;
  connection->asked_back = connection->asked_back && ending == ENDING_DETACH;
  watch->pending = PENDING(OPERATION_CLOSE);
  uring_finish_close(backend, connection);
  return true;
}
