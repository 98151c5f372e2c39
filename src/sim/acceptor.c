/* SPDX-License-Identifier: MIT */
/* Servers of a simulated world: a name, and a backlog of wires whose clients wait. */
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

static struct outcome check_request(struct weir_sim *world, const struct listen_request *request) {
  bool named = request->address->kind != ADDRESS_NONE;
  if (!named && request->native < 0) {
    return (struct outcome){.code = WEIR_EBADF, .hint = "this is no descriptor"};
  }
  if (!named) {
    return (struct outcome){.code = WEIR_ENOTSUP, .hint = "a simulated world has no descriptors"};
  }
  if (request->address->kind == ADDRESS_REMOTE) {
    return (struct outcome){.code = WEIR_ENOTSUP, .hint = "a simulated world has no other machines"};
  }
  weir_code code = sim_count_operation(world, WEIR_SIM_FAULT_LISTEN);
  return (struct outcome){.code = code, .hint = code == WEIR_OK ? NULL : sim_fault_hint};
}

struct outcome sim_listen(struct backend *backend, struct acceptor *acceptor, const struct listen_request *request) {
  sim_check_cleared(acceptor, sizeof *acceptor);
  struct outcome outcome = check_request(backend->world, request);
  if (outcome.code != WEIR_OK) return outcome;
  struct address name;
  sim_resolve_name(request->address, &name);
  if (sim_find_acceptor(backend->world, &name) != NULL) {
    return (struct outcome){.code = WEIR_EADDRINUSE, .hint = "a live server of this simulated world has that name"};
  }
  *request->address = name;
  acceptor->name = name;
  acceptor->backend = backend;
  acceptor->life = ACCEPTOR_LISTENING;
  acceptor->backlog_limit = request->backlog > 0 ? (size_t)request->backlog : 1;
  acceptor->accept = (struct task){.operation = OPERATION_ACCEPT, .acceptor = acceptor};
  acceptor->close = (struct task){.operation = OPERATION_CLOSE_ACCEPTOR, .acceptor = acceptor};
  list_init(&acceptor->backlog);
  list_append(&backend->world->acceptors, &acceptor->node);
  ++backend->open_count;
  return outcome;
}

static void check_listening(const struct backend *backend, const struct acceptor *acceptor) {
  assert(acceptor->backend == backend && "another loop's, or never begun");
  assert(acceptor->life == ACCEPTOR_LISTENING && "closed before");
  (void)backend;
  (void)acceptor;
}

static void refresh_accept(struct acceptor *acceptor) {
  if (!list_empty(&acceptor->backlog)) schedule_make_ready(&acceptor->backend->schedule, &acceptor->accept);
}

weir_code sim_enqueue_client(struct acceptor *acceptor, struct wire *wire) {
  if (acceptor->backlog_count >= acceptor->backlog_limit) return WEIR_EAGAIN;
  list_append(&acceptor->backlog, &wire->node);
  ++acceptor->backlog_count;
  refresh_accept(acceptor);
  return WEIR_OK;
}

static struct wire *dequeue_client(struct acceptor *acceptor) {
  struct list_node *node = list_take_first(&acceptor->backlog);
  if (node == NULL) return NULL;
  --acceptor->backlog_count;
  return CONTAINER_OF(node, struct wire, node);
}

void sim_accept(struct backend *backend, struct acceptor *acceptor, bool wanted) {
  check_listening(backend, acceptor);
  if (!wanted) {
    task_cancel(&acceptor->accept);
    return;
  }
  task_submit(&acceptor->accept);
  refresh_accept(acceptor);
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
  backend->offered = dequeue_client(acceptor);
  assert(backend->offered != NULL);
  refresh_accept(acceptor);
}

void sim_take(struct backend *backend, struct acceptor *acceptor, struct connection *connection) {
  assert(backend->offering == acceptor && "nothing was offered");
  (void)acceptor;
  struct wire *wire = backend->offered;
  backend->offering = NULL;
  backend->offered = NULL;
  if (connection != NULL) {
    sim_begin_accepted(backend, connection, &wire->server);
    return;
  }
  struct connection *client = wire->client.connection;
  wire_close(&wire->server);
  sim_refresh(client);
}

void sim_close_acceptor(struct backend *backend, struct acceptor *acceptor, enum ending ending) {
  (void)ending;
  check_listening(backend, acceptor);
  acceptor->life = ACCEPTOR_CLOSING;
  list_remove(&acceptor->node);
  task_cancel(&acceptor->accept);
  struct wire *wire;
  while ((wire = dequeue_client(acceptor)) != NULL) {
    struct connection *client = wire->client.connection;
    wire_abandon(&wire->server);
    sim_refresh(client);
  }
  task_submit(&acceptor->close);
  schedule_make_ready(&backend->schedule, &acceptor->close);
}

void sim_finish_close_acceptor(struct acceptor *acceptor, struct completion *completion) {
  assert(acceptor->backend->offering != acceptor && "a client was offered and not answered");
  --acceptor->backend->open_count;
  completion->acceptor = acceptor;
  completion->result = 0;
  sim_spoil(acceptor, sizeof *acceptor);
}
