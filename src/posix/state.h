/* SPDX-License-Identifier: MIT */
/*
 * The state of the backend of the pollers, and what its files do for one another; sockets themselves are in parts.h.
 *
 *   submission:  connection.c, acceptor.c   does what can be done at once; else notes the operation as pending
 *                unix_socket.c, tcp_socket.c   what is different over each
 *   interest:    interest.c                 tells the poller, as late as possible and as seldom as possible
 *   completion:  backend.c                  asks the poller, does the system call, hands it out
 *                finished.c                 hands out what was finished at its submission
 */
#ifndef WEIR_POSIX_STATE_H
#define WEIR_POSIX_STATE_H

#include <assert.h>

#include "posix/parts.h"
#include "posix/poller.h"
#include "posix/wake.h"

/* How many events are taken from the poller at once. */
#define READY_MAX 256

/* Every read goes here: one buffer per loop stays in the cache, and an idle connection pins none. */
#define RECEIVE_BYTES 65536

/* The client that was looked at last; see newcomer.c. The pointer is only ever compared. */
struct newcomer {
  const struct watch *looked_at; /* it has not been silent; NULL: nobody was looked at, or was silent */
  uint8_t passes;                /* so many more are not looked at */
  uint8_t last_passes;           /* so many were not, behind the last one that was silent */
};

/*
 * A batch goes through these in order, and the caller sees OPERATION_NONE at its end.
 *
 *   WAITING --the poller has answered--> EVENTS --all served--> FINISHED --all handed out--> WAITING
 *
 * What is finished while the last phase goes on comes with the next batch, which does not wait; so neither the system
 * nor a caller that always submits more can starve the other.
 */
enum phase { PHASE_WAITING = 0, PHASE_EVENTS, PHASE_FINISHED };

struct backend {
  /* The batch: what `next` touches each time. */
  struct ready *at; /* what is served next; behind the last one stands one without events */
  uint8_t phase;    /* enum phase */
  bool ends_batch;  /* this batch ends with OPERATION_NONE, also when `next` may wait for ever */
  uint64_t batch;
  struct finished finished;

  int offered;          /* the client that waits for `take`; -1: none */
  uint8_t offered_kind; /* enum watch_kind of its connection */
  struct newcomer newcomer;

  struct watch *unsettled; /* its interest must grow before the next wait; NULL: nobody's */

  const struct poller_operations *poller_operations;
  struct poller *poller;
  int poller_failure; /* errno of the last wait; 0: it went well */
  const weir_allocator *allocator;

  struct wake wake;
  struct watch wake_watch;

  weir_address peer; /* of the client that was offered, over TCP */

  int spare; /* a descriptor to give up when there are no others, so that a client can be turned away; -1: none */

  /* The first is room for a newcomer in front of what the poller gives, the last for the end. */
  struct ready ready[1 + READY_MAX + 1];
  char receive_buffer[RECEIVE_BYTES];
};

/* ---- interest.c ---- */

/* Tells the poller what has grown. */
void interest_tell(struct backend *backend);
static inline void interest_settle(struct backend *backend) {
  if (backend->unsettled != NULL) interest_tell(backend);
}

/*
 * A watch has a new pending operation: the poller shall know before the next wait. One pointer is enough for steady
 * traffic; when a second watch grows, the poller is told of the first at once.
 */
void interest_grow_too(struct backend *backend, struct watch *watch);
static inline void interest_grow(struct backend *backend, struct watch *watch) {
  if (backend->unsettled == NULL) {
    backend->unsettled = watch;
  } else if (backend->unsettled != watch) {
    interest_grow_too(backend, watch);
  }
}

/* An event came that nobody wanted: tells the poller now what is wanted. */
void interest_shrink(struct backend *backend, struct watch *watch);

/* The descriptor is about to be closed. */
static inline void interest_forget(struct backend *backend, struct watch *watch) {
  if (backend->unsettled == watch) backend->unsettled = NULL;
  if (watch->interest != 0) backend->poller_operations->forget(backend->poller, watch);
  watch->interest = 0;
}

/* The descriptor goes on, and this watch has nothing to do with it any more. */
void interest_part(struct backend *backend, struct watch *watch);

/* As finished_put, for the backend's own queue. */
static inline void finished_add(struct backend *backend, struct watch *watch, unsigned operations,
                                struct failure failure) {
  finished_put(&backend->finished, watch, operations, failure);
}

/* ---- newcomer.c ---- */

/* A client was taken: it is served next, if it reads. */
static inline void newcomer_come(struct backend *backend, struct watch *watch) {
  struct newcomer *newcomer = &backend->newcomer;
  if (newcomer->passes > 0) {
    newcomer->passes--;
    return;
  }
  if (newcomer->looked_at != NULL) newcomer->last_passes = 0;
  newcomer->looked_at = watch;
  assert(backend->at > backend->ready);
  backend->at--;
  *backend->at = (struct ready){.events = READY_READ, .watch = watch};
}

/* Nothing was there to read: it may have been a newcomer. */
void newcomer_be_silent(struct newcomer *newcomer, const struct watch *watch);

/* ---- the operations of the seam; see common/backend.h ---- */

weir_code backend_create(const struct backend_setup *setup, const struct poller_operations *poller_operations,
                         struct backend **backend);
void backend_destroy(struct backend *backend);
enum operation backend_next(struct backend *backend, uint64_t timeout_ns, struct completion *completion);
bool backend_wake(struct backend *backend);
intptr_t backend_pollable(struct backend *backend);

struct outcome acceptor_listen(struct backend *backend, struct acceptor *acceptor,
                               const struct listen_request *request);
void acceptor_accept(struct backend *backend, struct acceptor *acceptor, bool wanted);
void acceptor_take(struct backend *backend, struct acceptor *acceptor, struct connection *connection);
void acceptor_close(struct backend *backend, struct acceptor *acceptor, enum ending ending);

void connection_connect(struct backend *backend, struct connection *connection, const struct connect_request *request);
void connection_move(struct backend *backend, struct connection *from, struct connection *to);
void connection_read(struct backend *backend, struct connection *connection, bool wanted);
size_t connection_write(struct backend *backend, struct connection *connection, const void *bytes, size_t length);
void connection_write_queue(struct backend *backend, struct connection *connection, const struct piece *pieces,
                            size_t count);
void connection_shutdown(struct backend *backend, struct connection *connection);
bool connection_close(struct backend *backend, struct connection *connection, enum ending ending);

/* ---- what `next` does for a ready watch ---- */

/* A connect that waited: OPERATION_CONNECT, or OPERATION_NONE when it still does. */
enum operation connection_finish_connect(struct backend *backend, struct connection *connection,
                                         struct completion *completion);

/* A receive brought the end of file, and no call has met an error before. */
static inline enum operation connection_come_to_end(struct completion *completion) {
  completion->connection->watch.pending &= (uint8_t)~PENDING(OPERATION_READ);
  completion->result = COMPLETION_END;
  return OPERATION_READ;
}

/* A receive brought nothing: OPERATION_READ with the end or an error, or OPERATION_NONE. */
enum operation connection_receive_nothing(struct backend *backend, struct completion *completion);

/* Receives once: OPERATION_READ, or OPERATION_NONE when nothing was there after all. */
enum operation connection_receive(struct backend *backend, struct connection *connection,
                                  struct completion *completion);

/* Sends once: OPERATION_WRITE, or OPERATION_NONE when there was no room. */
enum operation connection_send(struct backend *backend, struct connection *connection, struct completion *completion);

/* Accepts once: OPERATION_ACCEPT, or OPERATION_NONE when no client was there. Consumes the event unless it may bring
 * more. */
enum operation acceptor_accept_one(struct backend *backend, struct acceptor *acceptor, struct completion *completion);

#endif
