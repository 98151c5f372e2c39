/* SPDX-License-Identifier: MIT */
#include "win32/acceptor.h"

#include <assert.h>
#include <string.h>

#include "common/base/memory.h"
#include "win32/connection.h"

static enum operation finish_instance(struct backend *backend, struct task *task, struct completion *completion);
static enum operation finish_offer(struct backend *backend, struct task *task, struct completion *completion);

void acceptor_init(struct acceptor *acceptor, const struct acceptor_kind *kind, uint32_t goal, uint32_t limit) {
  acceptor->kind = kind;
  list_init(&acceptor->waiting);
  list_init(&acceptor->clients);
  acceptor->task.finish = finish_offer;
  acceptor->limit = limit;
  acceptor->first_goal = goal < limit ? goal : limit;
  acceptor->goal = acceptor->first_goal;
}

/* ---- the pool ---- */

void acceptor_free_instance(struct backend *backend, struct instance *instance) {
  if (instance->handle != NULL) instance->acceptor->kind->shut(instance);
  watch_stop(backend->allocator, &instance->task.watch);
  watch_stop(backend->allocator, &instance->spare);
  memory_put(backend->allocator, instance);
}

static void add_client(struct acceptor *acceptor, struct instance *instance) {
  list_append(&acceptor->clients, &instance->link);
  ++acceptor->client_count;
}

static void add_waiting(struct acceptor *acceptor, struct instance *instance) {
  list_append(&acceptor->waiting, &instance->link);
  ++acceptor->waiting_count;
}

/* Lets an instance wait; one that has nothing to wait for and no client is freed. */
static DWORD begin_wait(struct backend *backend, struct acceptor *acceptor, struct instance *instance) {
  task_begin(&instance->task, finish_instance);
  DWORD error = acceptor->kind->wait(instance);
  if (port_sort(&backend->port, &instance->task, instance->skips, error) == SUBMITTED_PENDING) {
    add_waiting(acceptor, instance);
    return ERROR_SUCCESS;
  }
  instance->has_client = acceptor->kind->has_client(error);
  if (instance->has_client) {
    add_client(acceptor, instance);
    return ERROR_SUCCESS;
  }
  acceptor_free_instance(backend, instance);
  return error;
}

static struct instance *make_instance(struct backend *backend, struct acceptor *acceptor) {
  struct instance *instance = memory_get_zeroed(backend->allocator, acceptor->kind->instance_bytes);
  if (instance != NULL) instance->acceptor = acceptor;
  return instance;
}

DWORD acceptor_add_instance(struct backend *backend, struct acceptor *acceptor) {
  struct instance *instance = make_instance(backend, acceptor);
  if (instance == NULL) return ERROR_NOT_ENOUGH_MEMORY;
  DWORD error = acceptor->kind->prepare(backend, instance);
  if (error == ERROR_SUCCESS) return begin_wait(backend, acceptor, instance);
  acceptor_free_instance(backend, instance);
  return error;
}

void acceptor_fill(struct backend *backend, struct acceptor *acceptor) {
  DWORD error = ERROR_SUCCESS;
  while (error == ERROR_SUCCESS && acceptor->waiting_count < acceptor->goal &&
         acceptor->waiting_count + acceptor->client_count < acceptor->limit) {
    error = acceptor_add_instance(backend, acceptor);
  }
  acceptor->shortage = acceptor->waiting_count == 0 ? error : ERROR_SUCCESS;
}

/* All that waited were taken between two looks: perhaps more would have been. A quarter is enough: one less waits. */
static void adapt_pool(struct backend *backend, struct acceptor *acceptor) {
  if (acceptor->burst_batch != backend->port.batches) {
    if (acceptor->goal > acceptor->first_goal && acceptor->burst < acceptor->goal / 4) --acceptor->goal;
    acceptor->burst_batch = backend->port.batches;
    acceptor->burst = 0;
  }
  if (++acceptor->burst < acceptor->goal) return;
  acceptor->goal *= 2;
  if (acceptor->goal > acceptor->limit) acceptor->goal = acceptor->limit;
}

/* ---- accept ---- */

static void line_up(struct backend *backend, struct acceptor *acceptor) {
  bool owes = !list_empty(&acceptor->clients) || acceptor->shortage != ERROR_SUCCESS;
  if (acceptor->wanted && owes && !list_linked(&acceptor->task.link)) port_append(&backend->port, &acceptor->task);
}

static enum operation report_shortage(struct acceptor *acceptor, struct completion *completion) {
  acceptor->wanted = false;
  error_complete(completion, acceptor->kind->place, acceptor->shortage);
  bool of_memory = completion->result == WEIR_ENOMEM || completion->result == WEIR_ENOBUFS;
  if (!of_memory && completion->result != WEIR_EMFILE) completion->result = WEIR_ENFILE;
  completion->hint = "the system gave no handle for a further client";
  return OPERATION_ACCEPT;
}

/* The next client that is still there, or NULL. */
static struct instance *take_client(struct backend *backend, struct acceptor *acceptor, const weir_address **peer) {
  for (struct list_node *node; (node = list_take_first(&acceptor->clients)) != NULL;) {
    struct instance *instance = CONTAINER_OF(node, struct instance, link);
    --acceptor->client_count;
    if (acceptor->kind->present(backend, instance, peer)) return instance;
    acceptor_free_instance(backend, instance);
  }
  return NULL;
}

/* The pool is full again before anybody hears of the client, so that the next one meets an open door. */
static enum operation offer(struct backend *backend, struct acceptor *acceptor, struct completion *completion) {
  const weir_address *peer = NULL;
  acceptor->offered = take_client(backend, acceptor, &peer);
  acceptor_fill(backend, acceptor);
  completion->acceptor = acceptor;
  completion->result = 0;
  completion->peer = peer;
  if (acceptor->offered == NULL && acceptor->shortage != ERROR_SUCCESS) return report_shortage(acceptor, completion);
  line_up(backend, acceptor);
  return acceptor->offered != NULL ? OPERATION_ACCEPT : OPERATION_NONE;
}

static enum operation finish_close(struct acceptor *acceptor, struct completion *completion) {
  completion->acceptor = acceptor;
  completion->result = 0;
  if (acceptor->refused) {
    error_complete(completion, ERROR_PLACE_OPEN, ERROR_NOT_SUPPORTED);
    completion->hint = "the system would not let go of this server's clients";
  } else if (acceptor->parcel != NULL) {
    completion->owns_file = false;
    completion->native = acceptor->kind->give_away(acceptor, acceptor->parcel);
    parcel_leave(&acceptor->parcel->parcel, acceptor->kind, completion->native);
  }
  return OPERATION_CLOSE_ACCEPTOR;
}

static enum operation finish_offer(struct backend *backend, struct task *task, struct completion *completion) {
  struct acceptor *acceptor = CONTAINER_OF(task, struct acceptor, task);
  return acceptor->closing ? finish_close(acceptor, completion) : offer(backend, acceptor, completion);
}

/* Of a server that closes. */
static void end_instance(struct backend *backend, struct instance *instance) {
  struct server_parcel *parcel = instance->acceptor->parcel;
  if (parcel != NULL && instance->acceptor->kind->pack(instance, &parcel->places[parcel->count])) ++parcel->count;
  acceptor_free_instance(backend, instance);
}

static enum operation finish_instance(struct backend *backend, struct task *task, struct completion *completion) {
  struct instance *instance = CONTAINER_OF(task, struct instance, task);
  struct acceptor *acceptor = instance->acceptor;
  list_remove(&instance->link);
  --acceptor->waiting_count;
  instance->has_client = acceptor->kind->has_client(task->error);
  if (acceptor->closing) {
    end_instance(backend, instance);
    return acceptor->waiting_count == 0 ? finish_close(acceptor, completion) : OPERATION_NONE;
  }
  if (instance->has_client) {
    adapt_pool(backend, acceptor);
    add_client(acceptor, instance);
  } else {
    acceptor_free_instance(backend, instance);
  }
  acceptor_fill(backend, acceptor);
  line_up(backend, acceptor);
  return OPERATION_NONE;
}

void acceptor_accept(struct backend *backend, struct acceptor *acceptor, bool wanted) {
  acceptor->wanted = wanted;
  if (!wanted) {
    list_remove(&acceptor->task.link);
    return;
  }
  acceptor_fill(backend, acceptor);
  line_up(backend, acceptor);
}

void acceptor_take(struct backend *backend, struct acceptor *acceptor, struct connection *connection) {
  struct instance *instance = acceptor->offered;
  assert(instance != NULL);
  acceptor->offered = NULL;
  if (connection != NULL) {
    memset(connection, 0, sizeof *connection);
    acceptor->kind->hand_over(backend, instance, connection);
    instance->handle = NULL;
  }
  acceptor_free_instance(backend, instance);
}

/* ---- close ---- */

/* On failure it is closed instead. */
static void try_to_detach(struct acceptor *acceptor) {
  size_t room = acceptor->waiting_count + acceptor->client_count;
  struct server_parcel *parcel = os_heap_get(sizeof *parcel + room * sizeof parcel->places[0]);
  acceptor->refused = parcel == NULL || acceptor->kind->detach(acceptor) != ERROR_SUCCESS;
  if (!acceptor->refused) acceptor->parcel = parcel;
  if (acceptor->refused && parcel != NULL) os_heap_put(parcel);
}

/* The name is free at once, unless it goes over; the packets of the instances that waited come later. */
void acceptor_close(struct backend *backend, struct acceptor *acceptor, enum ending ending) {
  assert(acceptor->offered == NULL && !acceptor->closing);
  acceptor->closing = true;
  list_remove(&acceptor->task.link);
  if (ending == ENDING_DETACH) try_to_detach(acceptor);
  if (acceptor->parcel == NULL) acceptor->kind->close(acceptor);
  for (struct list_node *node; (node = list_take_first(&acceptor->clients)) != NULL;) {
    end_instance(backend, CONTAINER_OF(node, struct instance, link));
  }
  if (acceptor->waiting_count == 0) port_append(&backend->port, &acceptor->task);
}

/* ---- what another loop has left ---- */

bool acceptor_discard(intptr_t native) {
  const struct acceptor_kind *const kinds[] = {&acceptor_of_pipes, &acceptor_of_tcp};
  for (size_t i = 0; i < 2; ++i) {
    struct parcel *left = parcel_take(kinds[i], native);
    if (left == NULL) continue;
    struct server_parcel *parcel = CONTAINER_OF(left, struct server_parcel, parcel);
    kinds[i]->discard(parcel);
    os_heap_put(parcel);
    return true;
  }
  return false;
}

/* As many instances as there are places, or none. */
static DWORD make_instances(struct backend *backend, struct acceptor *acceptor, size_t count, bool watched,
                            struct list *made) {
  DWORD error = ERROR_SUCCESS;
  for (size_t i = 0; error == ERROR_SUCCESS && i < count; ++i) {
    struct instance *instance = make_instance(backend, acceptor);
    if (instance == NULL) {
      error = ERROR_NOT_ENOUGH_MEMORY;
    } else {
      list_append(made, &instance->link);
      if (watched) error = watch_start(backend->allocator, backend->port.handle, &instance->task.watch);
    }
  }
  if (error == ERROR_SUCCESS) return ERROR_SUCCESS;
  for (struct list_node *node; (node = list_take_first(made)) != NULL;) {
    acceptor_free_instance(backend, CONTAINER_OF(node, struct instance, link));
  }
  return error;
}

DWORD acceptor_unpack(struct backend *backend, struct acceptor *acceptor, const struct server_parcel *parcel,
                      bool watched) {
  struct list made;
  list_init(&made);
  DWORD error = make_instances(backend, acceptor, parcel->count, watched, &made);
  if (error != ERROR_SUCCESS) return error;
  for (size_t i = 0; i < parcel->count; ++i) {
    struct instance *instance = CONTAINER_OF(list_take_first(&made), struct instance, link);
    instance->handle = parcel->places[i].handle;
    instance->has_client = parcel->places[i].has_client;
    acceptor->kind->unpack(instance, &parcel->places[i]);
    if (instance->has_client) {
      add_client(acceptor, instance);
    } else {
      begin_wait(backend, acceptor, instance);
    }
  }
  return ERROR_SUCCESS;
}
