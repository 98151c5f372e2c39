/* SPDX-License-Identifier: MIT */
/*
 * The loop's side of the POSIX backend: asks the poller, does the system calls of what is ready, one at a time, and
 * hands out the results. One read per event: the level brings the rest, so nobody starves and no read is wasted on an
 * empty socket.
 *
 * An event names a watch. That watch exists as long as the batch: its close is handed out behind all events, and what
 * was pending on it was cleared at once, so an event of a closed connection finds nothing to do.
 */
#define _DEFAULT_SOURCE 1

#include <assert.h>
#include <errno.h>
#include <string.h>

#include "common/base/apart.h"
#include "common/base/list.h"
#include "common/base/memory.h"
#include "posix/os.h"
#include "posix/state.h"

/* How long a loop that would wait holds still when its poller fails, so that it does not spin. */
enum { POLLER_FAILURE_PAUSE_MS = 10 };

/* ---- life ---- */

/* WEIR_ENOTSUP: a system call that is missing, or forbidden by a sandbox. Another poller may work. */
static weir_code refusal(int failure) { return failure == EPERM ? WEIR_ENOTSUP : error_code(failure); }

static int open_waker(struct backend *backend) {
  int failure = wake_open(&backend->wake);
  if (failure != 0) return failure;
  backend->wake_watch.kind = WATCH_WAKE;
  backend->wake_watch.descriptor = backend->wake.read_end;
  failure = backend->poller_operations->set(backend->poller, &backend->wake_watch, READY_READ);
  if (failure != 0) wake_close(&backend->wake);
  return failure;
}

weir_code backend_create(const struct backend_setup *setup, const struct poller_operations *poller_operations,
                         struct backend **backend) {
  struct backend *made = memory_get(setup->allocator, sizeof *made);
  if (made == NULL) return WEIR_ENOMEM;
  /* All but the buffer, whose pages stay untouched until they are used. */
  memset(made, 0, offsetof(struct backend, ready));
  made->allocator = setup->allocator;
  made->poller_operations = poller_operations;
  made->at = made->ready;
  made->ready[0].events = 0;
  made->offered = -1;
  made->spare = -1;
  atomic_init(&made->wake.wakefulness, AWAKE);
  int failure = poller_operations->create(made->allocator, &made->poller);
  if (failure == 0) {
    failure = open_waker(made);
    if (failure != 0) poller_operations->destroy(made->poller);
  }
  if (failure != 0) {
    memory_put(setup->allocator, made);
    return refusal(failure);
  }
  *backend = made;
  return WEIR_OK;
}

void backend_destroy(struct backend *backend) {
  interest_forget(backend, &backend->wake_watch);
  wake_close(&backend->wake);
  if (backend->spare >= 0) os_close(backend->spare);
  backend->poller_operations->destroy(backend->poller);
  memory_put(backend->allocator, backend);
}

uint64_t backend_now(struct backend *backend) {
  (void)backend;
  struct timespec now = {0};
  os_clock(&now);
  return (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
}

/* ---- waking ---- */

bool backend_wake(struct backend *backend) { return wake_send(&backend->wake); }

static void receive_wake(struct backend *backend) {
  wake_receive(&backend->wake);
  backend->ends_batch = true;
}

/* What waits here to be handed out shows on no descriptor but the waker's. */
intptr_t backend_pollable(struct backend *backend) {
  int descriptor = backend->poller_operations->pollable(backend->poller);
  if (descriptor < 0) return -1;
  interest_settle(backend);
  wake_watch_over(&backend->wake, backend->phase != PHASE_WAITING || backend->finished.first != NULL);
  return descriptor;
}

/* ---- next ---- */

static void consume_event(struct backend *backend) { backend->at++; }

/*
 * When the peer has gone, what it sent first is read to its end, and only then a write may find out: a failed write
 * ends the connection, and the peer's last words would be lost. (contract D6)
 *
 * What is due already, because the poller refused to watch for it, waits for nothing more; its pieces are gone.
 */
static enum operation serve_connection(struct backend *backend, struct watch *watch, uint32_t events,
                                       struct completion *completion) {
  struct connection *connection = CONTAINER_OF(watch, struct connection, watch);
  unsigned waiting = watch->pending & ~(unsigned)watch->due;
  if ((waiting & PENDING(OPERATION_CONNECT)) != 0) {
    consume_event(backend);
    return connection_finish_connect(backend, connection, completion);
  }
  bool gone = (events & (READY_ERROR | READY_HANG_UP)) != 0;
  bool reads = (gone || (events & READY_READ) != 0) && (waiting & PENDING(OPERATION_READ)) != 0;
  bool writes = (gone || (events & READY_WRITE) != 0) && (waiting & PENDING(OPERATION_WRITE)) != 0;
  if (gone && reads) writes = false;
  if (writes) {
    enum operation operation = connection_send(backend, connection, completion);
    if (operation != OPERATION_NONE) {
      /* The event stays for the read. */
      backend->at->events = events & ~READY_WRITE;
      if (!reads) consume_event(backend);
      return operation;
    }
  }
  consume_event(backend);
  if (reads) return connection_receive(backend, connection, completion);
  if (!writes) interest_shrink(backend, watch);
  return OPERATION_NONE;
}

static inline enum operation accept_next(struct backend *backend, struct completion *completion) {
  return acceptor_accept_one(backend, CONTAINER_OF(backend->at->watch, struct acceptor, watch), completion);
}

static enum operation serve_acceptor(struct backend *backend, struct watch *watch, struct completion *completion) {
  if (watch->pending == PENDING(OPERATION_ACCEPT)) return accept_next(backend, completion);
  consume_event(backend);
  interest_shrink(backend, watch);
  return OPERATION_NONE;
}

APART static enum operation serve_event(struct backend *backend, struct completion *completion) {
  struct watch *watch = backend->at->watch;
  uint32_t events = backend->at->events;
  switch ((enum watch_kind)watch->kind) {
    case WATCH_UNIX_CONNECTION:
    case WATCH_TCP_CONNECTION:
      return serve_connection(backend, watch, events, completion);
    case WATCH_ACCEPTOR:
      return serve_acceptor(backend, watch, completion);
    case WATCH_WAKE:
      break;
  }
  receive_wake(backend);
  consume_event(backend);
  return OPERATION_NONE;
}

/* Nothing is ready then. Whoever would have waited holds still a moment. */
APART static int note_failure(struct backend *backend, int failure, uint64_t timeout_ns) {
  if (failure == EINTR) return 0;
  backend->ends_batch = true;
  backend->poller_failure = failure;
  if (timeout_ns > 0) os_sleep(POLLER_FAILURE_PAUSE_MS);
  return 0;
}

/* Waits, and notes what has come. */
static inline void begin_batch(struct backend *backend, uint64_t timeout_ns) {
  struct ready *ready = backend->ready + 1;
  uint64_t patience_ns = wake_fall_asleep(&backend->wake, timeout_ns, &backend->ends_batch);
  int count = backend->poller_operations->wait(backend->poller, ready, READY_MAX, patience_ns);
  if (count < 0) count = note_failure(backend, errno, timeout_ns);
  wake_get_up(&backend->wake, &backend->ends_batch);
  ready[count].events = 0;
  backend->at = ready;
  backend->batch++;
  backend->phase = PHASE_EVENTS;
}

/* With a failure when the poller has one, so that common can stop instead of trying for ever. */
APART static enum operation end_batch(struct backend *backend, struct completion *completion) {
  int failure = backend->poller_failure;
  backend->ends_batch = false;
  backend->poller_failure = 0;
  backend->phase = PHASE_WAITING;
  completion->result = 0;
  if (failure != 0) error_complete(completion, failure_of(failure, HINT_POLLER));
  return OPERATION_NONE;
}

/* Behind the events comes what was finished without one. */
APART static enum operation next_finished(struct backend *backend, struct completion *completion) {
  if (backend->phase == PHASE_EVENTS) finished_begin(&backend->finished);
  backend->phase = PHASE_FINISHED;
  return finished_next(&backend->finished, completion);
}

/* The next event is for a connection that reads and does nothing else. */
static bool is_readable(const struct ready *next) {
  const uint32_t reasons = READY_READ | READY_ERROR | READY_HANG_UP;
  return (next->events & reasons) != 0 && next->watch->pending == PENDING(OPERATION_READ);
}

/* The next event is for an acceptor. */
static bool is_acceptable(const struct ready *next) {
  return next->events != 0 && next->watch->pending == PENDING(OPERATION_ACCEPT);
}

static enum operation next_after_nothing(struct completion *completion);

/* Of all that this needs, only the completion is needed still when the bytes have come. */
static inline enum operation receive_next(struct backend *backend, struct completion *completion) {
  struct connection *connection = CONTAINER_OF(backend->at->watch, struct connection, watch);
  consume_event(backend);
  completion->connection = connection;
  completion->bytes = backend->receive_buffer;
  completion->result = os_recv(connection->watch.descriptor, backend->receive_buffer, RECEIVE_BYTES);
  return completion->result > 0 ? OPERATION_READ : next_after_nothing(completion);
}

/* What comes next, in the order of a batch. */
APART static enum operation next_in_order(struct backend *backend, uint64_t timeout_ns, struct completion *completion) {
  for (;;) {
    while (backend->at->events != 0) {
      if (is_readable(backend->at)) return receive_next(backend, completion);
      enum operation operation = serve_event(backend, completion);
      if (operation != OPERATION_NONE) return operation;
    }
    if (backend->phase != PHASE_WAITING) {
      if (backend->finished.first != NULL) {
        enum operation operation = next_finished(backend, completion);
        if (operation != OPERATION_NONE) return operation;
      }
      if (timeout_ns != WAIT_FOREVER || backend->ends_batch) return end_batch(backend, completion);
      completion->turn++;
    }
    interest_settle(backend);
    /* What is finished already waits for nothing. */
    begin_batch(backend, backend->finished.first == NULL ? timeout_ns : 0);
  }
}

/* The bytes that did not come would have stood in the backend. */
APART static enum operation next_after_failure(struct completion *completion) {
  struct backend *backend = CONTAINER_OF(completion->bytes, struct backend, receive_buffer);
  enum operation operation = connection_receive_nothing(backend, completion);
  return operation != OPERATION_NONE ? operation : next_in_order(backend, 0, completion);
}

/* Mostly it is the end. */
APART static enum operation next_after_nothing(struct completion *completion) {
  bool ends = completion->result == 0 && completion->connection->watch.met == 0;
  return ends ? connection_come_to_end(completion) : next_after_failure(completion);
}

/* Whether the next batch begins now, unless something is finished. */
static inline bool goes_on(const struct backend *backend, uint64_t timeout_ns) {
  return backend->at->events == 0 && backend->phase == PHASE_EVENTS && !backend->ends_batch &&
         timeout_ns == WAIT_FOREVER;
}

/* Mostly it is the beginning of a batch that comes next, with bytes or a client. */
APART static enum operation next_otherwise(struct backend *backend, uint64_t timeout_ns,
                                           struct completion *completion) {
  if (!goes_on(backend, timeout_ns)) return next_in_order(backend, timeout_ns, completion);
  interest_settle(backend);
  if (backend->finished.first != NULL) return next_in_order(backend, WAIT_FOREVER, completion);
  completion->turn++;
  begin_batch(backend, WAIT_FOREVER);
  if (is_readable(backend->at)) return receive_next(backend, completion);
  enum operation operation = OPERATION_NONE;
  if (is_acceptable(backend->at)) operation = accept_next(backend, completion);
  return operation != OPERATION_NONE ? operation : next_in_order(backend, 0, completion);
}

/* Mostly a connection reads and does nothing else. */
enum operation backend_next(struct backend *backend, uint64_t timeout_ns, struct completion *completion) {
  assert(backend->offered < 0 && "a client that was offered wants an answer before the following next");
  if (is_readable(backend->at)) return receive_next(backend, completion);
  return next_otherwise(backend, timeout_ns, completion);
}
