/* SPDX-License-Identifier: MIT */
/*
 * Acceptors of the POSIX backend: listening, accepting, turning away. A client is offered as soon as it was accepted
 * and waits in the backend for `take`.
 */
#define _DEFAULT_SOURCE 1

#include <assert.h>
#include <errno.h>

#include "common/base/apart.h"
#include "common/base/list.h"
#include "posix/accepting.h"
#include "posix/os.h"
#include "posix/socket_address.h"
#include "posix/state.h"

/* How many clients one event may bring, once the acceptor was ready in every batch of late. */
enum { BUDGET_MAX = 64 };

/* ---- listening ---- */

struct outcome acceptor_listen(struct backend *backend, struct acceptor *acceptor,
                               const struct listen_request *request) {
  struct failure failure = listening_open(acceptor, request);
  if (failure.native_code != 0) return error_outcome(failure);
  acceptor->watch.kind = WATCH_ACCEPTOR;
  acceptor->is_local = request->address->kind == ADDRESS_PATH || request->address->kind == ADDRESS_ABSTRACT;
  accepting_reopen_spare(&backend->spare);
  return error_outcome(failure);
}

/* The file goes first, so that nobody finds a name without a server. */
void acceptor_close(struct backend *backend, struct acceptor *acceptor, enum ending ending) {
  struct watch *watch = &acceptor->watch;
  assert((watch->pending & PENDING(OPERATION_CLOSE_ACCEPTOR)) == 0);
  listening_leave(acceptor);
  if (ending == ENDING_DETACH) {
    interest_part(backend, watch);
  } else {
    unix_socket_remove_file(acceptor);
    interest_forget(backend, watch);
    os_close(watch->descriptor);
    watch->descriptor = -1;
  }
  watch->pending = PENDING(OPERATION_CLOSE_ACCEPTOR);
  finished_add(backend, watch, PENDING(OPERATION_CLOSE_ACCEPTOR), failure_none());
}

/* ---- accepting ---- */

void acceptor_accept(struct backend *backend, struct acceptor *acceptor, bool wanted) {
  struct watch *watch = &acceptor->watch;
  if (!wanted) {
    watch->pending &= (uint8_t)~PENDING(OPERATION_ACCEPT);
    return;
  }
  accepting_reopen_spare(&backend->spare);
  watch->pending |= PENDING(OPERATION_ACCEPT);
  interest_grow(backend, watch);
}

void acceptor_take(struct backend *backend, struct acceptor *acceptor, struct connection *connection) {
  (void)acceptor;
  int client = backend->offered;
  assert(client >= 0);
  backend->offered = -1;
  if (connection == NULL) {
    os_close(client);
    return;
  }
  connection->watch = (struct watch){.kind = backend->offered_kind, .descriptor = client};
  newcomer_come(backend, &connection->watch);
}

/*
 * One client per event is fair to the connections, but dear when many clients come: who is ready in batch after batch
 * gets twice as much each time, and falls back when nobody was there.
 */
APART static void grow_budget(struct acceptor *acceptor) {
  acceptor->budget = acceptor->budget == 0 ? 1 : acceptor->budget * 2;
  if (acceptor->budget > BUDGET_MAX) acceptor->budget = BUDGET_MAX;
  acceptor->left = acceptor->budget - 1;
}

/* A client has come. With the last one of its batch the event is consumed. */
static inline void spend_budget(struct backend *backend, struct acceptor *acceptor) {
  uint64_t before = acceptor->batch;
  acceptor->batch = backend->batch;
  if (before == backend->batch) {
    acceptor->left--;
  } else if (before + 1 == backend->batch) {
    grow_budget(acceptor);
  } else {
    acceptor->budget = 1;
  }
  if (acceptor->left == 0) backend->at++;
}

APART static enum operation accept_nobody(struct backend *backend, struct acceptor *acceptor,
                                          struct completion *completion) {
  int failure = errno;
  acceptor->budget = 0;
  acceptor->left = 0;
  backend->at++;
  if (accepting_is_transient(failure)) return OPERATION_NONE;
  if (failure == EMFILE || failure == ENFILE) accepting_shed(acceptor->watch.descriptor, &backend->spare);
  acceptor->watch.pending &= (uint8_t)~PENDING(OPERATION_ACCEPT);
  completion->acceptor = acceptor;
  error_complete(completion, failure_of(failure, HINT_NONE));
  return OPERATION_ACCEPT;
}

/* Who comes is asked, where it is not known over what. */
APART static int accept_from_anywhere(struct backend *backend, const struct acceptor *acceptor,
                                      struct completion *completion) {
  struct socket_address peer = socket_address_room();
  int client = os_accept(acceptor->watch.descriptor, &peer.any, &peer.length);
  if (client < 0 || !socket_address_is_ip(&peer)) return client;
  socket_address_read_ip(&peer, &backend->peer);
  backend->offered_kind = WATCH_TCP_CONNECTION;
  completion->peer = &backend->peer;
  return client;
}

enum operation acceptor_accept_one(struct backend *backend, struct acceptor *acceptor, struct completion *completion) {
  backend->offered_kind = WATCH_UNIX_CONNECTION;
  completion->peer = NULL;
  int client = acceptor->is_local ? os_accept(acceptor->watch.descriptor, NULL, NULL)
                                  : accept_from_anywhere(backend, acceptor, completion);
  if (client < 0) return accept_nobody(backend, acceptor, completion);
  spend_budget(backend, acceptor);
  backend->offered = client;
  completion->acceptor = acceptor;
  completion->result = 0;
  return OPERATION_ACCEPT;
}
