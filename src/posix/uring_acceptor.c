/* SPDX-License-Identifier: MIT */
/*
 * Acceptors of the io_uring backend. One accept stays in the ring and brings client after client. Those that come while
 * nobody accepts wait here.
 */
#define _DEFAULT_SOURCE 1

#include <assert.h>
#include <errno.h>

#include "common/base/memory.h"
#include "posix/accepting.h"
#include "posix/os.h"
#include "posix/socket_address.h"
#include "posix/uring_parcel.h"
#include "posix/uring_state.h"

/* ---- clients that wait ---- */

static bool make_room(struct backend *backend, struct uring_acceptor *acceptor) {
  struct clients *clients = acceptor->clients;
  if (clients != NULL && clients->count < clients->room) return true;
  size_t room = clients == NULL ? 8 : clients->room * 2;
  clients = memory_resize(backend->allocator, clients, sizeof *clients + room * sizeof clients->descriptors[0]);
  if (clients == NULL) return false;
  if (acceptor->clients == NULL) clients->count = 0;
  clients->room = room;
  acceptor->clients = clients;
  return true;
}

/* Without memory the client learns at once that it cannot be served. */
static void let_wait(struct backend *backend, struct uring_acceptor *acceptor, int client) {
  if (make_room(backend, acceptor)) {
    acceptor->clients->descriptors[acceptor->clients->count++] = client;
  } else {
    os_close(client);
  }
}

static int take_first(struct backend *backend, struct uring_acceptor *acceptor) {
  struct clients *clients = acceptor->clients;
  int client = clients->descriptors[0];
  clients->count--;
  for (size_t i = 0; i < clients->count; i++) clients->descriptors[i] = clients->descriptors[i + 1];
  if (clients->count == 0) {
    memory_put(backend->allocator, clients);
    acceptor->clients = NULL;
  }
  return client;
}

static void turn_all_away(struct backend *backend, struct uring_acceptor *acceptor) {
  while (acceptor->clients != NULL) os_close(take_first(backend, acceptor));
}

/* Those whom the server had when it came from another loop. */
static void receive_parcel(struct backend *backend, struct uring_acceptor *acceptor) {
  struct parcel *parcel = parcel_take(acceptor->base.watch.descriptor);
  if (parcel == NULL) return;
  for (size_t i = 0; i < parcel->count; i++) let_wait(backend, acceptor, parcel->clients[i]);
  os_heap_put(parcel);
}

/* The ring has nothing of it any more. */
static void finish_close(struct backend *backend, struct uring_acceptor *acceptor) {
  struct watch *watch = &acceptor->base.watch;
  if (acceptor->leaves && acceptor->clients != NULL) {
    parcel_leave(watch->descriptor, acceptor->clients->descriptors, acceptor->clients->count);
    memory_put(backend->allocator, acceptor->clients);
    acceptor->clients = NULL;
  }
  turn_all_away(backend, acceptor);
  finished_put(&backend->finished, watch, PENDING(OPERATION_CLOSE_ACCEPTOR), failure_none());
}

/* ---- listening ---- */

struct outcome uring_listen(struct backend *backend, struct acceptor *base, const struct listen_request *request) {
  struct uring_acceptor *acceptor = uring_acceptor_of(base);
  struct failure failure = listening_open(base, request);
  if (failure.native_code != 0) return error_outcome(failure);
  base->watch.kind = WATCH_ACCEPTOR;
  acceptor->is_tcp = request->address->kind == ADDRESS_IP;
  receive_parcel(backend, acceptor);
  accepting_reopen_spare(&backend->spare);
  return error_outcome(failure);
}

/* The system keeps a name as long as an accept is in the ring, so that goes first. */
void uring_close_acceptor(struct backend *backend, struct acceptor *base, enum ending ending) {
  struct uring_acceptor *acceptor = uring_acceptor_of(base);
  struct watch *watch = &base->watch;
  assert(!uring_is_pending(watch, OPERATION_CLOSE_ACCEPTOR));
  list_remove(&acceptor->unsettled);
  list_remove(&acceptor->crowded);
  listening_leave(base);
  if (ending != ENDING_DETACH) unix_socket_remove_file(base);
  uring_ask_back_now(backend, acceptor);
  acceptor->leaves = ending == ENDING_DETACH;
  if (!acceptor->leaves) {
    os_close(watch->descriptor);
    watch->descriptor = -1;
  }
  watch->pending = PENDING(OPERATION_CLOSE_ACCEPTOR);
  if (acceptor->in_ring == 0) finish_close(backend, acceptor);
}

/* ---- accepting ---- */

void uring_accept(struct backend *backend, struct acceptor *base, bool wanted) {
  struct uring_acceptor *acceptor = uring_acceptor_of(base);
  if (wanted) {
    accepting_reopen_spare(&backend->spare);
    base->watch.pending |= PENDING(OPERATION_ACCEPT);
    bool waiting = acceptor->clients != NULL && !list_linked(&acceptor->crowded);
    if (waiting) list_append(&backend->crowded, &acceptor->crowded);
  } else {
    base->watch.pending &= (uint8_t)~PENDING(OPERATION_ACCEPT);
    list_remove(&acceptor->crowded);
  }
  uring_unsettle_acceptor(backend, acceptor);
}

void uring_take(struct backend *backend, struct acceptor *acceptor, struct connection *connection) {
  (void)acceptor;
  assert(backend->offered >= 0);
  if (connection != NULL) {
    struct watch watch = {.kind = backend->offered_kind, .descriptor = backend->offered};
    *uring_connection_of(connection) = (struct uring_connection){.base.watch = watch};
  } else {
    os_close(backend->offered);
  }
  backend->offered = -1;
}

/* ---- what comes ---- */

/* One address for all clients of an accept would be the last one's, so each is asked; one that is gone has none. */
static enum operation offer(struct backend *backend, struct uring_acceptor *acceptor, int client,
                            struct completion *completion) {
  struct socket_address peer = socket_address_room();
  backend->offered = client;
  backend->offered_kind = acceptor->is_tcp ? WATCH_TCP_CONNECTION : WATCH_UNIX_CONNECTION;
  completion->acceptor = &acceptor->base;
  completion->result = 0;
  completion->peer = NULL;
  if (acceptor->is_tcp && os_getpeername(client, &peer.any, &peer.length) == 0 && socket_address_is_ip(&peer)) {
    socket_address_read_ip(&peer, &backend->peer);
    completion->peer = &backend->peer;
  }
  return OPERATION_ACCEPT;
}

static enum operation stop_accepting(struct backend *backend, struct uring_acceptor *acceptor, int failure,
                                     struct completion *completion) {
  if (failure == EMFILE || failure == ENFILE) accepting_shed(acceptor->base.watch.descriptor, &backend->spare);
  acceptor->base.watch.pending &= (uint8_t)~PENDING(OPERATION_ACCEPT);
  completion->acceptor = &acceptor->base;
  error_complete(completion, failure_of(failure, HINT_NONE));
  return OPERATION_ACCEPT;
}

/* A client of a server that closes hears of it; one that leaves takes its clients along. */
static enum operation accept_late(struct backend *backend, struct uring_acceptor *acceptor, int client) {
  if (client >= 0) let_wait(backend, acceptor, client);
  if (acceptor->in_ring == 0) finish_close(backend, acceptor);
  return OPERATION_NONE;
}

enum operation uring_accepted(struct backend *backend, struct uring_acceptor *acceptor, int result, uint32_t flags,
                              struct completion *completion) {
  const struct watch *watch = &acceptor->base.watch;
  bool ends = (flags & IORING_CQE_F_MORE) == 0;
  if (ends) {
    acceptor->in_ring = 0;
    acceptor->asked_back = false;
  }
  if (uring_is_pending(watch, OPERATION_CLOSE_ACCEPTOR)) return accept_late(backend, acceptor, result);
  if (ends) uring_unsettle_acceptor(backend, acceptor);
  if (result < 0) uring_ask_back(backend, acceptor); /* what failed does not go on by itself */
  bool wanted = uring_is_pending(watch, OPERATION_ACCEPT);
  if (result >= 0 && (!wanted || acceptor->clients != NULL)) {
    let_wait(backend, acceptor, result);
    return OPERATION_NONE;
  }
  if (result >= 0) return offer(backend, acceptor, result, completion);
  if (!wanted || result == -ECANCELED || accepting_is_transient(-result)) return OPERATION_NONE;
  return stop_accepting(backend, acceptor, -result, completion);
}

enum operation uring_next_client(struct backend *backend, struct completion *completion) {
  struct list_node *node = list_first(&backend->crowded);
  if (node == NULL) return OPERATION_NONE;
  struct uring_acceptor *acceptor = CONTAINER_OF(node, struct uring_acceptor, crowded);
  int client = take_first(backend, acceptor);
  if (acceptor->clients == NULL) list_remove(&acceptor->crowded);
  return offer(backend, acceptor, client, completion);
}
