/* SPDX-License-Identifier: MIT */
/*
 * The loop's side of the io_uring backend: one system call takes in what was submitted since the last one, lets the
 * kernel do it, and waits. Then the completions of that batch are handed out, one at a time.
 *
 * An entry names a connection or an acceptor, which stays until the ring has nothing of it any more.
 */
#define _DEFAULT_SOURCE 1

#include <assert.h>
#include <errno.h>
#include <string.h>

#include "common/base/memory.h"
#include "posix/os.h"
#include "posix/passing.h"
#include "posix/socket_address.h"
#include "posix/uring_state.h"

/* How long a loop that would wait holds still when the ring fails, so that it does not spin. */
enum { FAILURE_PAUSE_MS = 10 };

/* An abstract name begins with a NUL and fills what is left of a path. */
enum { PATH_BYTES = sizeof((struct sockaddr_un *)NULL)->sun_path, ABSTRACT_BYTES = PATH_BYTES - 1 };

/* ---- life ---- */

/* WEIR_ENOTSUP: this kernel has no such ring, or a sandbox forbids it. Another backend may work. */
static weir_code refusal(int failure) {
  return failure == EPERM || failure == EACCES || failure == EINVAL ? WEIR_ENOTSUP : error_code(failure);
}

static int open_parts(struct backend *backend) {
  int failure = ring_open(&backend->ring);
  if (failure != 0) return failure;
  failure = buffers_open(&backend->buffers, &backend->ring);
  if (failure == 0) {
    failure = wake_open(&backend->wake);
    if (failure != 0) buffers_close(&backend->buffers);
  }
  if (failure != 0) ring_close(&backend->ring);
  return failure;
}

static weir_code create(const struct backend_setup *setup, struct backend **backend) {
  struct backend *made = memory_get(setup->allocator, sizeof *made);
  if (made == NULL) return WEIR_ENOMEM;
  memset(made, 0, offsetof(struct backend, bulk)); /* what follows costs nothing until it is used */
  made->allocator = setup->allocator;
  made->outgoing.allocator = setup->allocator;
  made->lent = BUFFERS_NONE;
  made->limits_receives = true;
  made->offered = -1;
  made->spare = -1;
  list_init(&made->unsettled);
  list_init(&made->starved);
  list_init(&made->unsettled_acceptors);
  list_init(&made->resumed);
  list_init(&made->resuming);
  list_init(&made->crowded);
  atomic_init(&made->wake.wakefulness, AWAKE);
  int failure = open_parts(made);
  if (failure != 0) {
    memory_put(setup->allocator, made);
    return refusal(failure);
  }
  *backend = made;
  return WEIR_OK;
}

static void end_loan(struct backend *backend) {
  if (backend->lent != BUFFERS_NONE) buffers_give_back(&backend->buffers, backend->lent);
  backend->lent = BUFFERS_NONE;
  if (backend->lent_kept == NULL) return;
  memory_put(backend->allocator, backend->lent_kept);
  backend->lent_kept = NULL;
}

static void destroy(struct backend *backend) {
  end_loan(backend);
  ring_close(&backend->ring);
  buffers_close(&backend->buffers);
  wake_close(&backend->wake);
  if (backend->spare >= 0) os_close(backend->spare);
  outgoing_fini(&backend->outgoing);
  memory_put(backend->allocator, backend);
}

/* ---- waking ---- */

static bool wake(struct backend *backend) { return wake_send(&backend->wake); }

static enum operation receive_wake(struct backend *backend, uint32_t flags) {
  if ((flags & IORING_CQE_F_MORE) == 0) backend->wake_in_ring = false;
  wake_receive(&backend->wake);
  return OPERATION_NONE;
}

static bool has_own_work(const struct backend *backend) {
  return backend->finished.first != NULL || !list_empty(&backend->resumed) || !list_empty(&backend->crowded);
}

/* What the kernel has for us shows on the ring's descriptor; what waits here shows on none but the waker's. */
static intptr_t pollable(struct backend *backend) {
  uring_settle(backend);
  ring_submit(&backend->ring);
  wake_watch_over(&backend->wake, backend->phase != URING_WAITING || has_own_work(backend));
  return backend->ring.descriptor;
}

/* ---- next ---- */

static void *owner_of(uint64_t name) { return (void *)(uintptr_t)(name & ~(uint64_t)TAG_MASK); }

static enum operation serve_completion(struct backend *backend, struct completion *completion) {
  const struct io_uring_cqe *first = ring_first(&backend->ring);
  uint64_t name = first->user_data;
  uint32_t flags = first->flags;
  enum uring_tag tag = (enum uring_tag)(name & TAG_MASK);
  int result = tag == TAG_ACCEPT ? os_uring_accepted(first) : os_uring_result(first);
  ring_drop(&backend->ring);
  backend->left--;
  switch (tag) {
    case TAG_RECEIVE:
      return uring_received(backend, owner_of(name), result, flags, completion);
    case TAG_READY:
      return uring_ready(backend, owner_of(name), result, completion);
    case TAG_SEND:
      return uring_sent(backend, owner_of(name), result, completion);
    case TAG_CONNECT:
      return uring_connected(backend, owner_of(name), result, completion);
    case TAG_ACCEPT:
      return uring_accepted(backend, owner_of(name), result, flags, completion);
    case TAG_WAKE:
      return receive_wake(backend, flags);
    default:
      return OPERATION_NONE;
  }
}

static void wait_for_completions(struct backend *backend, uint64_t timeout_ns) {
  uring_settle(backend);
  if (has_own_work(backend)) timeout_ns = 0;
  bool heard = false; /* the batch ends with OPERATION_NONE in any case */
  timeout_ns = wake_fall_asleep(&backend->wake, timeout_ns, &heard);
  backend->failure = ring_wait(&backend->ring, timeout_ns);
  if (timeout_ns > 0) wake_get_up(&backend->wake, &heard);
  backend->left = ring_ready(&backend->ring);
  if (backend->left > 0) backend->failure = 0;
  if (backend->failure != 0 && timeout_ns > 0) os_sleep(FAILURE_PAUSE_MS);
  backend->phase = URING_COMPLETIONS;
}

/* The end of a batch; with a failure when the ring has one, so that common can stop instead of trying for ever. */
static enum operation end_batch(struct backend *backend, struct completion *completion) {
  backend->phase = URING_WAITING;
  completion->result = 0;
  if (backend->failure != 0) error_complete(completion, failure_of(backend->failure, HINT_POLLER));
  return OPERATION_NONE;
}

/* A connection that leaves takes along what was kept. */
static enum operation next_finished(struct backend *backend, struct completion *completion) {
  enum operation operation = finished_next(&backend->finished, completion);
  if (operation != OPERATION_CLOSE) return operation;
  struct uring_connection *connection = uring_connection_of(completion->connection);
  if (connection->kept == NULL) return operation;
  completion->result = (ptrdiff_t)connection->kept->length;
  completion->bytes = connection->kept->bytes;
  backend->lent_kept = connection->kept;
  connection->kept = NULL;
  return operation;
}

static enum operation next(struct backend *backend, uint64_t timeout_ns, struct completion *completion) {
  assert(backend->offered < 0 && "a client that was offered wants an answer before the following next");
  end_loan(backend);
  if (backend->phase == URING_WAITING) wait_for_completions(backend, timeout_ns);
  while (backend->left > 0) {
    enum operation operation = serve_completion(backend, completion);
    if (operation != OPERATION_NONE) return operation;
  }
  if (backend->phase == URING_COMPLETIONS) {
    finished_begin(&backend->finished);
    list_move_all(&backend->resumed, &backend->resuming);
    backend->phase = URING_FINISHED;
  }
  enum operation operation = next_finished(backend, completion);
  if (operation == OPERATION_NONE) operation = uring_next_kept(backend, completion);
  if (operation == OPERATION_NONE) operation = uring_next_client(backend, completion);
  return operation != OPERATION_NONE ? operation : end_batch(backend, completion);
}

/* ---- the table ---- */

const struct backend_operations backend_io_uring = {
    .name = "io_uring",
    .addresses = {.path_bytes = PATH_BYTES, .abstract_bytes = ABSTRACT_BYTES},
    .connection_bytes = sizeof(struct uring_connection),
    .acceptor_bytes = sizeof(struct uring_acceptor),
    .passing = &passing_uring,
    .create = create,
    .destroy = destroy,
    .now = backend_now,
    .next = next,
    .wake = wake,
    .pollable = pollable,
    .listen = uring_listen,
    .accept = uring_accept,
    .take = uring_take,
    .close_acceptor = uring_close_acceptor,
    .open = uring_open,
    .connect = uring_connect,
    .move = uring_move,
    .read = uring_read,
    .write = uring_write,
    .write_soon = uring_write_soon,
    .write_queue = uring_write_queue,
    .shutdown = uring_shutdown,
    .close = uring_close,
    .control = connection_control,
};
