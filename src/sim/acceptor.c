/* SPDX-License-Identifier: MIT */
/* Servers of a simulated world: a loop's hold on a listener, from which it takes clients when it is its turn. */
#include <assert.h>
#include <string.h>

#include "sim/parts.h"

/* What a portable name becomes; no path that a program would use begins so. */
#define PORTABLE_PREFIX "sim:"

void sim_resolve_name(const struct address *given, struct address *name) {
  if (given->kind != ADDRESS_PORTABLE) {
    *name = *given;
    return;
  }
  static const size_t prefix_length = sizeof PORTABLE_PREFIX - 1;
  char text[ADDRESS_TEXT_BYTES] = PORTABLE_PREFIX;
  assert(given->length < sizeof text - prefix_length);
  memcpy(text + prefix_length, given->text, given->length);
  *name = (struct address){.kind = ADDRESS_PATH, .length = prefix_length + given->length};
  memcpy(name->text, text, sizeof text);
}

/* ---- listening ---- */

static struct outcome find_native(struct weir_sim *world, intptr_t number, struct listener **listener) {
  if (number < 0) return (struct outcome){.code = WEIR_EBADF, .hint = "this is no descriptor"};
  struct native *native = native_find(world, number, NATIVE_LISTENER);
  if (native == NULL) return (struct outcome){.code = WEIR_ENOTSUP, .hint = "a simulated world has no descriptors"};
  *listener = listener_take_on(native);
  return (struct outcome){.code = WEIR_OK};
}

static struct listener *take_bound(struct acceptor *bound) {
  assert(bound->life == ACCEPTOR_OPEN && bound->listener->state == LISTENER_BOUND);
  struct listener *listener = bound->listener;
  list_remove(&bound->node);
  --bound->backend->open_count;
  sim_spoil(bound, sizeof *bound);
  return listener;
}

void sim_use_up(struct acceptor *bound) { listener_release(take_bound(bound)); }

/* Someone's listener, or a new one; one of its holders is the caller. */
static struct outcome find_listener(struct weir_sim *world, const struct listen_request *request,
                                    struct listener **listener) {
  if (request->address->kind != ADDRESS_NONE) return listener_create(world, request, listener);
  if (request->shared != NULL) {
    *listener = request->shared->listener;
    ++(*listener)->holders;
  } else if (request->bound != NULL) {
    *listener = take_bound(request->bound);
  } else {
    return find_native(world, request->native, listener);
  }
  return (struct outcome){.code = WEIR_OK};
}

static struct outcome check_request(struct weir_sim *world, const struct listen_request *request) {
  if (request->address->kind == ADDRESS_REMOTE) {
    return (struct outcome){.code = WEIR_ENOTSUP, .hint = "a simulated world has no other machines"};
  }
  assert(request->address->kind != ADDRESS_HOST && "a name that was not looked up");
  weir_code code = sim_count_operation(world, WEIR_SIM_FAULT_LISTEN);
  return (struct outcome){.code = code, .hint = code == WEIR_OK ? NULL : sim_fault_hint};
}

struct outcome sim_listen(struct backend *backend, struct acceptor *acceptor, const struct listen_request *request) {
  sim_check_cleared(acceptor, sizeof *acceptor);
  struct listener *listener = NULL;
  struct outcome outcome = check_request(backend->world, request);
  if (outcome.code == WEIR_OK) outcome = find_listener(backend->world, request, &listener);
  if (outcome.code != WEIR_OK) return outcome;
  *request->address = listener->name;
  if (!request->only_bind && request->shared == NULL) listener_begin(listener, request->backlog);
  acceptor->listener = listener;
  acceptor->backend = backend;
  acceptor->life = ACCEPTOR_OPEN;
  acceptor->accept = (struct task){.operation = OPERATION_ACCEPT, .acceptor = acceptor};
  acceptor->close = (struct task){.operation = OPERATION_CLOSE_ACCEPTOR, .acceptor = acceptor};
  list_append(&listener->acceptors, &acceptor->node);
  ++backend->open_count;
  return outcome;
}

/* ---- accepting ---- */

static void check_open(const struct backend *backend, const struct acceptor *acceptor) {
  assert(acceptor->backend == backend && "another loop's, or never begun");
  assert(acceptor->life == ACCEPTOR_OPEN && "closed before");
  (void)backend;
  (void)acceptor;
}

void sim_refresh_accept(struct acceptor *acceptor) {
  if (list_empty(&acceptor->listener->backlog)) {
    task_hold(&acceptor->accept); /* another one that shares the listener was faster */
  } else {
    schedule_make_ready(&acceptor->backend->schedule, &acceptor->accept);
  }
}

void sim_accept(struct backend *backend, struct acceptor *acceptor, bool wanted) {
  check_open(backend, acceptor);
  if (!wanted) {
    task_cancel(&acceptor->accept);
    return;
  }
  assert(acceptor->listener->state == LISTENER_LISTENING && "only bound");
  task_submit(&acceptor->accept);
  sim_refresh_accept(acceptor);
}

void sim_finish_accept(struct acceptor *acceptor, struct completion *completion) {
  struct backend *backend = acceptor->backend;
  completion->acceptor = acceptor;
  completion->peer = NULL;
  completion->result = sim_count_operation(backend->world, WEIR_SIM_FAULT_ACCEPT);
  if (completion->result < 0) {
    completion->hint = sim_fault_hint;
    task_cancel(&acceptor->accept);
    return;
  }
  backend->offering = acceptor;
  backend->offered = listener_dequeue(acceptor->listener);
  assert(backend->offered != NULL);
  if (backend->offered->transport == TRANSPORT_TCP) completion->peer = &backend->offered->server.remote;
}

void sim_take(struct backend *backend, struct acceptor *acceptor, struct connection *connection) {
  assert(backend->offering == acceptor && "nothing was offered");
  (void)acceptor;
  struct wire *wire = backend->offered;
  backend->offering = NULL;
  backend->offered = NULL;
  if (connection != NULL) {
    memset(connection, 0, sizeof *connection);
    sim_begin_open(backend, connection, &wire->server);
    return;
  }
  struct connection *client = wire->client.connection;
  wire_close(&wire->server);
  sim_refresh(client);
}

/* ---- ending ---- */

void sim_close_acceptor(struct backend *backend, struct acceptor *acceptor, enum ending ending) {
  check_open(backend, acceptor);
  acceptor->life = ACCEPTOR_CLOSING;
  list_remove(&acceptor->node);
  task_cancel(&acceptor->accept);
  if (ending == ENDING_DETACH) {
    acceptor->native = listener_detach(acceptor->listener);
  } else {
    listener_release(acceptor->listener);
  }
  acceptor->listener = NULL;
  task_submit(&acceptor->close);
  schedule_make_ready(&backend->schedule, &acceptor->close);
}

void sim_finish_close_acceptor(struct acceptor *acceptor, struct completion *completion) {
  assert(acceptor->backend->offering != acceptor && "a client was offered and not answered");
  --acceptor->backend->open_count;
  completion->acceptor = acceptor;
  completion->result = 0;
  completion->native = acceptor->native;
  completion->owns_file = false;
  sim_spoil(acceptor, sizeof *acceptor);
}
