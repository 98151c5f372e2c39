/* SPDX-License-Identifier: MIT */
/*
 * What the ring is told, and when: before the loop waits, so that one system call takes everything in and brings
 * everything out. Each connection whose wishes have changed is compared with what the ring has of it.
 *
 * When the ring is full, what is in it is submitted; when the kernel takes nothing, the rest stays for the next time.
 */
#define _DEFAULT_SOURCE 1

#include <limits.h>
#include <poll.h>

#include "posix/os.h"
#include "posix/uring_state.h"

/* ---- entries ---- */

static uint64_t name_of(const void *whose, enum uring_tag tag) { return (uint64_t)(uintptr_t)whose | tag; }

static struct io_uring_sqe *add_numbered(struct backend *backend, uint8_t operation, int descriptor, uint64_t name,
                                         unsigned *number) {
  struct io_uring_sqe *entry = ring_add(&backend->ring, number);
  if (entry == NULL && ring_submit(&backend->ring) == 0) entry = ring_add(&backend->ring, number);
  if (entry == NULL) return NULL;
  entry->opcode = operation;
  entry->fd = descriptor;
  entry->user_data = name;
  return entry;
}

/* NULL: there is no room. */
static struct io_uring_sqe *add(struct backend *backend, uint8_t operation, int descriptor, uint64_t name) {
  unsigned number;
  return add_numbered(backend, operation, descriptor, name, &number);
}

/* Whatever becomes of it shows in what is given back. */
static bool ask_back(struct backend *backend, uint64_t name) {
  struct io_uring_sqe *entry = add(backend, IORING_OP_ASYNC_CANCEL, -1, name_of(NULL, TAG_NOTHING));
  if (entry == NULL) return false;
  entry->addr = name;
  entry->flags = IOSQE_CQE_SKIP_SUCCESS;
  os_uring_submitting(entry);
  return true;
}

static bool ask_everything_back(struct backend *backend, int descriptor) {
  struct io_uring_sqe *entry = add(backend, IORING_OP_ASYNC_CANCEL, descriptor, name_of(NULL, TAG_NOTHING));
  if (entry == NULL) return false;
  entry->cancel_flags = IORING_ASYNC_CANCEL_FD | IORING_ASYNC_CANCEL_ALL;
  entry->flags = IOSQE_CQE_SKIP_SUCCESS;
  os_uring_submitting(entry);
  return true;
}

static bool add_receive(struct backend *backend, struct uring_connection *connection) {
  struct io_uring_sqe *entry =
      add(backend, IORING_OP_RECV, connection->base.watch.descriptor, name_of(connection, TAG_RECEIVE));
  if (entry == NULL) return false;
  entry->flags = IOSQE_BUFFER_SELECT;
  if (backend->limits_receives) {
    entry->ioprio = IORING_RECV_MULTISHOT;
    entry->file_index = RECEIVE_LIMIT;
  }
  entry->buf_group = BUFFERS_GROUP;
  os_uring_submitting(entry);
  return true;
}

static bool add_send(struct backend *backend, struct uring_connection *connection, const void *bytes, size_t length) {
  struct io_uring_sqe *entry =
      add(backend, IORING_OP_SEND, connection->base.watch.descriptor, name_of(connection, TAG_SEND));
  if (entry == NULL) return false;
  entry->addr = (uint64_t)(uintptr_t)bytes;
  entry->len = length < INT_MAX ? (uint32_t)length : INT_MAX;
  entry->msg_flags = MSG_NOSIGNAL;
  os_uring_submitting(entry);
  return true;
}

_Static_assert(sizeof(struct piece) == sizeof(struct iovec) && offsetof(struct piece, bytes) == 0 &&
                   offsetof(struct piece, length) == offsetof(struct iovec, iov_len),
               "pieces are given to the kernel as they are");

/* The message must stay until it is submitted, so each entry has one. */
static bool add_gather(struct backend *backend, struct uring_connection *connection) {
  unsigned number;
  struct io_uring_sqe *entry = add_numbered(backend, IORING_OP_SENDMSG, connection->base.watch.descriptor,
                                            name_of(connection, TAG_SEND), &number);
  if (entry == NULL) return false;
  struct msghdr *message = &backend->messages[number];
  *message =
      (struct msghdr){.msg_iov = (struct iovec *)(uintptr_t)connection->pieces, .msg_iovlen = connection->piece_count};
  entry->addr = (uint64_t)(uintptr_t)message;
  entry->len = 1;
  entry->msg_flags = MSG_NOSIGNAL;
  os_uring_submitting(entry);
  return true;
}

static bool add_poll(struct backend *backend, int descriptor, uint64_t name, uint32_t events, uint32_t flags) {
  struct io_uring_sqe *entry = add(backend, IORING_OP_POLL_ADD, descriptor, name);
  if (entry == NULL) return false;
  entry->poll32_events = events;
  entry->len = flags;
  os_uring_submitting(entry);
  return true;
}

static bool add_accept(struct backend *backend, struct uring_acceptor *acceptor) {
  struct io_uring_sqe *entry =
      add(backend, IORING_OP_ACCEPT, acceptor->base.watch.descriptor, name_of(acceptor, TAG_ACCEPT));
  if (entry == NULL) return false;
  entry->ioprio = IORING_ACCEPT_MULTISHOT;
  entry->accept_flags = SOCK_NONBLOCK | SOCK_CLOEXEC;
  os_uring_submitting(entry);
  return true;
}

/* ---- connections ---- */

/*
 * One that is received when it is ready is asked for anew each time. A poll that stays would save a twentieth of the
 * time, but it tells changes only, and a short read is no proof that nothing is left: a Unix socket also ends one where
 * a descriptor was sent along.
 */
static bool settle_receive(struct backend *backend, struct uring_connection *connection, bool wanted) {
  unsigned there = connection->in_ring & (IN_RING_RECEIVE | IN_RING_READY);
  if (wanted == (there != 0) || (there != 0 && connection->asked_back)) return true;
  if (!wanted) {
    uint64_t name = name_of(connection, there == IN_RING_READY ? TAG_READY : TAG_RECEIVE);
    return connection->asked_back = ask_back(backend, name);
  }
  int descriptor = connection->base.watch.descriptor;
  bool added = connection->is_bulk ? add_poll(backend, descriptor, name_of(connection, TAG_READY), POLLIN, 0)
                                   : add_receive(backend, connection);
  if (added) connection->in_ring |= connection->is_bulk ? IN_RING_READY : IN_RING_RECEIVE;
  return added;
}

/* Bytes that were taken go before those of a queued write. */
static bool settle_send(struct backend *backend, struct uring_connection *connection) {
  const struct outgoing *outgoing = connection->outgoing;
  bool queued = uring_is_pending(&connection->base.watch, OPERATION_WRITE) && connection->piece_count > 0;
  if ((connection->in_ring & IN_RING_SEND) != 0 || (outgoing == NULL && !queued)) return true;
  bool added;
  if (outgoing != NULL) {
    added = add_send(backend, connection, outgoing->bytes + outgoing->sent, outgoing->length - outgoing->sent);
  } else if (connection->piece_count == 1) {
    added = add_send(backend, connection, connection->pieces->bytes, connection->pieces->length);
  } else {
    added = add_gather(backend, connection);
  }
  if (added) connection->in_ring |= IN_RING_SEND;
  return added;
}

static bool settle_connect(struct backend *backend, struct uring_connection *connection) {
  const struct watch *watch = &connection->base.watch;
  bool waits = uring_is_pending(watch, OPERATION_CONNECT) && (watch->due & PENDING(OPERATION_CONNECT)) == 0;
  if (!waits || (connection->in_ring & IN_RING_CONNECT) != 0) return true;
  if (!add_poll(backend, watch->descriptor, name_of(connection, TAG_CONNECT), POLLOUT, 0)) return false;
  connection->in_ring |= IN_RING_CONNECT;
  return true;
}

/* A detached connection leaves behind the bytes that were taken; any other takes back whatever is under way. */
static bool settle_closing(struct backend *backend, struct uring_connection *connection) {
  if (connection->ending == ENDING_DETACH && connection->outgoing != NULL) {
    return settle_receive(backend, connection, false) && settle_send(backend, connection);
  }
  if (connection->in_ring == 0 || connection->asked_back) return true;
  return connection->asked_back = ask_everything_back(backend, connection->base.watch.descriptor);
}

static bool settle_connection(struct backend *backend, struct uring_connection *connection) {
  const struct watch *watch = &connection->base.watch;
  if (uring_is_pending(watch, OPERATION_CLOSE)) return settle_closing(backend, connection);
  bool reads = uring_is_pending(watch, OPERATION_READ) && connection->kept == NULL && !connection->is_incomplete;
  return settle_receive(backend, connection, reads) && settle_send(backend, connection) &&
         settle_connect(backend, connection);
}

/* ---- acceptors ---- */

static bool settle_acceptor(struct backend *backend, struct uring_acceptor *acceptor) {
  bool wanted = uring_is_pending(&acceptor->base.watch, OPERATION_ACCEPT);
  bool there = (acceptor->in_ring & IN_RING_ACCEPT) != 0;
  if (wanted == there || (there && acceptor->asked_back)) return true;
  if (!wanted) return acceptor->asked_back = ask_back(backend, name_of(acceptor, TAG_ACCEPT));
  if (!add_accept(backend, acceptor)) return false;
  acceptor->in_ring |= IN_RING_ACCEPT;
  return true;
}

void uring_ask_back(struct backend *backend, struct uring_acceptor *acceptor) {
  if (acceptor->in_ring == 0 || acceptor->asked_back) return;
  acceptor->asked_back = ask_back(backend, name_of(acceptor, TAG_ACCEPT));
}

void uring_ask_back_now(struct backend *backend, struct uring_acceptor *acceptor) {
  uring_ask_back(backend, acceptor);
  if (acceptor->in_ring != 0) ring_wait(&backend->ring, 0);
}

/* ---- everything ---- */

void uring_unsettle(struct backend *backend, struct uring_connection *connection) {
  if (!list_linked(&connection->unsettled)) list_append(&backend->unsettled, &connection->unsettled);
}

void uring_starve(struct backend *backend, struct uring_connection *connection) {
  list_remove(&connection->unsettled);
  list_append(&backend->starved, &connection->unsettled);
}

void uring_unsettle_acceptor(struct backend *backend, struct uring_acceptor *acceptor) {
  if (!list_linked(&acceptor->unsettled)) list_append(&backend->unsettled_acceptors, &acceptor->unsettled);
}

static bool settle_waker(struct backend *backend) {
  if (!backend->wake_in_ring) {
    backend->wake_in_ring =
        add_poll(backend, backend->wake.read_end, name_of(NULL, TAG_WAKE), POLLIN, IORING_POLL_ADD_MULTI);
  }
  return backend->wake_in_ring;
}

static bool settle_acceptors(struct backend *backend) {
  struct list_node *node;
  while ((node = list_first(&backend->unsettled_acceptors)) != NULL) {
    if (!settle_acceptor(backend, CONTAINER_OF(node, struct uring_acceptor, unsettled))) return false;
    list_remove(node);
  }
  return true;
}

static bool settle_connections(struct backend *backend, struct list *connections) {
  struct list_node *node;
  while ((node = list_first(connections)) != NULL) {
    if (!settle_connection(backend, CONTAINER_OF(node, struct uring_connection, unsettled))) return false;
    list_remove(node);
  }
  return true;
}

void uring_settle(struct backend *backend) {
  if (!settle_waker(backend) || !settle_acceptors(backend)) return;
  if (settle_connections(backend, &backend->starved)) settle_connections(backend, &backend->unsettled);
}
