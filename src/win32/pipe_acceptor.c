/* SPDX-License-Identifier: MIT */
#include "win32/pipe_acceptor.h"

#include <assert.h>

#include "win32/error.h"
#include "win32/pipe_connection.h"
#include "win32/pipe_instance.h"

static enum operation finish_instance(struct backend *backend, struct task *task, struct completion *completion);
static enum operation finish_offer(struct backend *backend, struct task *task, struct completion *completion);

/* ---- the pool ---- */

static void add_client(struct acceptor *acceptor, struct instance *instance) {
  list_append(&acceptor->clients, &instance->link);
  ++acceptor->client_count;
}

static DWORD add_instance(struct backend *backend, struct acceptor *acceptor, bool first) {
  struct instance *instance;
  bool has_client;
  DWORD error = instance_create(backend, acceptor, first, finish_instance, &instance, &has_client);
  if (error != ERROR_SUCCESS) return error;
  if (has_client) {
    add_client(acceptor, instance);
  } else {
    list_append(&acceptor->waiting, &instance->link);
    ++acceptor->waiting_count;
  }
  return ERROR_SUCCESS;
}

/* Lets as many instances wait as shall, and notes when not even one can. */
static void fill_pool(struct backend *backend, struct acceptor *acceptor) {
  DWORD error = ERROR_SUCCESS;
  while (error == ERROR_SUCCESS && acceptor->waiting_count < acceptor->goal &&
         acceptor->waiting_count + acceptor->client_count < acceptor->backlog) {
    error = add_instance(backend, acceptor, false);
  }
  acceptor->shortage = acceptor->waiting_count == 0 ? error : ERROR_SUCCESS;
}

/* All that waited were taken between two looks: perhaps more would have been. A quarter is enough: one less waits. */
static void adapt_pool(struct backend *backend, struct acceptor *acceptor) {
  if (acceptor->burst_batch != backend->port.batches) {
    if (acceptor->goal > PIPE_INSTANCES_AT_FIRST && acceptor->burst < acceptor->goal / 4) --acceptor->goal;
    acceptor->burst_batch = backend->port.batches;
    acceptor->burst = 0;
  }
  if (++acceptor->burst < acceptor->goal) return;
  acceptor->goal *= 2;
  if (acceptor->goal > acceptor->backlog) acceptor->goal = acceptor->backlog;
}

/* ---- listen ---- */

/*
 * The name is taken, and "access denied" is all that Windows says. Somebody listens, or is busy; or nobody does, and
 * then clients of a server that is gone keep the name alive.
 */
static const char *explain_taken(const wchar_t *name) {
  DWORD error = os_pipe_wait(name);
  if (error == ERROR_FILE_NOT_FOUND) {
    return "the server that had this name is gone, but it stays taken until its last client has closed its end; "
           "or this user may not create pipes";
  }
  return "a live server has this name";
}

static void give_name_up(struct acceptor *acceptor) {
  security_fini(&acceptor->security);
  if (acceptor->served != NULL) served_name_resign(acceptor->served);
  acceptor->served = NULL;
}

static struct outcome refuse(struct acceptor *acceptor, DWORD error) {
  give_name_up(acceptor);
  bool taken = error == ERROR_ACCESS_DENIED || error == ERROR_PIPE_BUSY || error == ERROR_ALREADY_EXISTS;
  if (!taken) return error_outcome(ERROR_PLACE_OPEN, error, NULL);
  struct outcome outcome = {
      .code = WEIR_EADDRINUSE, .native_code = (int)error, .hint = explain_taken(acceptor->name.text)};
  return outcome;
}

/* Under a name that this process kept, a program that is not careful may have begun to serve meanwhile. */
static DWORD claim_name(struct backend *backend, struct acceptor *acceptor) {
  bool joins;
  DWORD error = served_name_listen(acceptor->name.hash, &acceptor->served, &joins);
  if (error == ERROR_SUCCESS && joins && os_pipe_wait(acceptor->name.text) == ERROR_SUCCESS)
    error = ERROR_ACCESS_DENIED;
  return error == ERROR_SUCCESS ? add_instance(backend, acceptor, !joins) : error;
}

static DWORD begin(struct backend *backend, struct acceptor *acceptor, const struct listen_request *request) {
  DWORD error = name_resolve(request->address, request->address);
  if (error == ERROR_SUCCESS) error = name_make(request->address, &acceptor->name);
  if (error == ERROR_SUCCESS) {
    error = security_init(&acceptor->security, request->readable_all, request->writable_all);
  }
  return error == ERROR_SUCCESS ? claim_name(backend, acceptor) : error;
}

struct outcome pipe_listen(struct backend *backend, struct acceptor *acceptor, const struct listen_request *request) {
  if (request->address->kind == ADDRESS_NONE) {
    return error_outcome(ERROR_PLACE_OPEN, ERROR_NOT_SUPPORTED, "Windows has no bound descriptor to listen on");
  }
  list_init(&acceptor->waiting);
  list_init(&acceptor->clients);
  acceptor->task.finish = finish_offer;
  acceptor->backlog = request->backlog > 0 ? (uint32_t)request->backlog : 1;
  acceptor->goal = acceptor->backlog < PIPE_INSTANCES_AT_FIRST ? acceptor->backlog : PIPE_INSTANCES_AT_FIRST;
  DWORD error = begin(backend, acceptor, request);
  if (error != ERROR_SUCCESS) return refuse(acceptor, error);
  fill_pool(backend, acceptor);
  return error_none();
}

/* ---- accept ---- */

static void line_up(struct backend *backend, struct acceptor *acceptor) {
  bool owes = !list_empty(&acceptor->clients) || acceptor->shortage != ERROR_SUCCESS;
  if (acceptor->wanted && owes && !list_linked(&acceptor->task.link)) port_append(&backend->port, &acceptor->task);
}

static enum operation report_shortage(struct acceptor *acceptor, struct completion *completion) {
  acceptor->wanted = false;
  error_complete(completion, ERROR_PLACE_OPEN, acceptor->shortage);
  bool of_memory = completion->result == WEIR_ENOMEM || completion->result == WEIR_ENOBUFS;
  if (!of_memory && completion->result != WEIR_EMFILE) completion->result = WEIR_ENFILE;
  completion->hint = "no further instance of the pipe could be created";
  return OPERATION_ACCEPT;
}

/* The pool is full again before anybody hears of the client, so that the next one meets an open door. */
static enum operation offer(struct backend *backend, struct acceptor *acceptor, struct completion *completion) {
  struct list_node *first = list_take_first(&acceptor->clients);
  completion->acceptor = acceptor;
  if (first == NULL) return acceptor->shortage ? report_shortage(acceptor, completion) : OPERATION_NONE;
  acceptor->offered = CONTAINER_OF(first, struct instance, link);
  --acceptor->client_count;
  fill_pool(backend, acceptor);
  line_up(backend, acceptor);
  completion->result = 0;
  completion->peer = NULL;
  return OPERATION_ACCEPT;
}

static enum operation finish_close(struct acceptor *acceptor, struct completion *completion) {
  completion->acceptor = acceptor;
  completion->result = 0;
  return OPERATION_CLOSE_ACCEPTOR;
}

static enum operation finish_offer(struct backend *backend, struct task *task, struct completion *completion) {
  struct acceptor *acceptor = CONTAINER_OF(task, struct acceptor, task);
  return acceptor->closing ? finish_close(acceptor, completion) : offer(backend, acceptor, completion);
}

static enum operation finish_instance(struct backend *backend, struct task *task, struct completion *completion) {
  struct instance *instance = CONTAINER_OF(task, struct instance, task);
  struct acceptor *acceptor = instance->acceptor;
  list_remove(&instance->link);
  --acceptor->waiting_count;
  if (!acceptor->closing && instance_has_client(task->error)) {
    adapt_pool(backend, acceptor);
    add_client(acceptor, instance);
  } else {
    instance_free(backend, instance);
  }
  if (acceptor->closing) {
    return acceptor->waiting_count == 0 ? finish_close(acceptor, completion) : OPERATION_NONE;
  }
  fill_pool(backend, acceptor);
  line_up(backend, acceptor);
  return OPERATION_NONE;
}

void pipe_accept(struct backend *backend, struct acceptor *acceptor, bool wanted) {
  acceptor->wanted = wanted;
  if (!wanted) {
    list_remove(&acceptor->task.link);
    return;
  }
  fill_pool(backend, acceptor);
  line_up(backend, acceptor);
}

void pipe_take(struct backend *backend, struct acceptor *acceptor, struct connection *connection) {
  struct instance *instance = acceptor->offered;
  assert(instance != NULL);
  acceptor->offered = NULL;
  if (connection != NULL) {
    DWORD process;
    bool knows =
        os_pipe_client(instance->pipe, &process) == ERROR_SUCCESS && calling_card_seen(process, acceptor->name.hash);
    pipe_attach(connection, instance->pipe, instance->skips, true, knows ? PIPE_PEER_KNOWS : PIPE_PEER_FOREIGN);
    connection->served = acceptor->served;
    served_name_add_end(acceptor->served);
    instance->pipe = NULL;
  }
  instance_free(backend, instance);
}

/* ---- close ---- */

/* Closing the handles frees the name at once; the packets of the instances that waited come later. */
void pipe_close_acceptor(struct backend *backend, struct acceptor *acceptor, enum ending ending) {
  (void)ending;
  assert(acceptor->offered == NULL && !acceptor->closing);
  acceptor->closing = true;
  list_remove(&acceptor->task.link);
  for (struct list_node *node; (node = list_take_first(&acceptor->clients)) != NULL;) {
    instance_free(backend, CONTAINER_OF(node, struct instance, link));
  }
  struct list *waiting = &acceptor->waiting;
  for (struct list_node *node = list_first(waiting); node != NULL; node = list_after(waiting, node)) {
    instance_shut(CONTAINER_OF(node, struct instance, link));
  }
  give_name_up(acceptor);
  if (acceptor->waiting_count == 0) port_append(&backend->port, &acceptor->task);
}
