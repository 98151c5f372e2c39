/* SPDX-License-Identifier: MIT */
#include "win32/acceptor.h"
#include "win32/connection.h"
#include "win32/error.h"

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

static void give_name_up(struct pipe_acceptor *pipe) {
  security_fini(&pipe->security);
  if (pipe->served != NULL) served_name_resign(pipe->served);
  pipe->served = NULL;
}

static struct outcome refuse(struct pipe_acceptor *pipe, DWORD error) {
  give_name_up(pipe);
  bool taken = error == ERROR_ACCESS_DENIED || error == ERROR_PIPE_BUSY || error == ERROR_ALREADY_EXISTS;
  if (!taken) return error_outcome(ERROR_PLACE_OPEN, error, NULL);
  struct outcome outcome = {.code = WEIR_EADDRINUSE, .native_code = (int)error, .hint = explain_taken(pipe->name.text)};
  return outcome;
}

/* Under a name that this process kept, a program that is not careful may have begun to serve meanwhile. */
static DWORD claim_name(struct backend *backend, struct acceptor *acceptor) {
  struct pipe_acceptor *pipe = &acceptor->pipe;
  bool joins;
  DWORD error = served_name_listen(pipe->name.hash, &pipe->served, &joins);
  if (error == ERROR_SUCCESS && joins && os_pipe_wait(pipe->name.text) == ERROR_SUCCESS) error = ERROR_ACCESS_DENIED;
  if (error != ERROR_SUCCESS) return error;
  pipe->first = !joins;
  return acceptor_add_instance(backend, acceptor);
}

static DWORD begin(struct backend *backend, struct acceptor *acceptor, const struct listen_request *request) {
  struct pipe_acceptor *pipe = &acceptor->pipe;
  DWORD error = name_resolve(request->address, request->address);
  if (error == ERROR_SUCCESS) error = name_make(request->address, &pipe->name);
  if (error == ERROR_SUCCESS) error = security_init(&pipe->security, request->readable_all, request->writable_all);
  return error == ERROR_SUCCESS ? claim_name(backend, acceptor) : error;
}

struct outcome pipe_listen(struct backend *backend, struct acceptor *acceptor, const struct listen_request *request) {
  if (request->address->kind == ADDRESS_NONE || request->bound != NULL || request->only_bind) {
    return error_outcome(ERROR_PLACE_OPEN, ERROR_NOT_SUPPORTED,
                         "a pipe cannot be bound apart from listening, or shared");
  }
  uint32_t limit = request->backlog > 0 ? (uint32_t)request->backlog : 1;
  acceptor_init(acceptor, &acceptor_of_pipes, PIPE_INSTANCES_AT_FIRST, limit);
  DWORD error = begin(backend, acceptor, request);
  if (error != ERROR_SUCCESS) return refuse(&acceptor->pipe, error);
  acceptor_fill(backend, acceptor);
  return error_none();
}

/* ---- instances ---- */

/* Wine 8 ignores FILE_FLAG_FIRST_PIPE_INSTANCE; but it counts, and two who race never both count one. */
static DWORD check_first(HANDLE pipe) {
  DWORD count;
  DWORD error = os_pipe_instances(pipe, &count);
  return error == ERROR_SUCCESS && count > 1 ? ERROR_ACCESS_DENIED : error;
}

static DWORD prepare(struct backend *backend, struct instance *instance) {
  struct pipe_acceptor *pipe = &instance->acceptor->pipe;
  bool first = pipe->first;
  pipe->first = false;
  HANDLE handle;
  DWORD error = os_pipe_create(pipe->name.text, first, &pipe->security.attributes, &handle);
  if (error != ERROR_SUCCESS) return error;
  instance->handle = handle;
  if (first) error = check_first(handle);
  return error == ERROR_SUCCESS ? port_bind(&backend->port, handle, &instance->skips) : error;
}

static DWORD wait_for_client(struct instance *instance) {
  return os_pipe_accept(instance->handle, &instance->task.overlapped);
}

/* A client that has written and left again is one: what it wrote is there to read. */
static bool has_client(DWORD error) {
  return error == ERROR_SUCCESS || error == ERROR_PIPE_CONNECTED || error == ERROR_NO_DATA;
}

static bool present(struct backend *backend, struct instance *instance, const weir_address **peer) {
  (void)backend;
  (void)instance;
  (void)peer;
  return true;
}

static void hand_over(struct backend *backend, struct instance *instance, struct connection *connection) {
  (void)backend;
  struct pipe_acceptor *pipe = &instance->acceptor->pipe;
  DWORD process;
  bool knows =
      os_pipe_client(instance->handle, &process) == ERROR_SUCCESS && calling_card_seen(process, pipe->name.hash);
  pipe_attach(connection, instance->handle, instance->skips, true, knows ? PIPE_PEER_KNOWS : PIPE_PEER_FOREIGN);
  connection->pipe.served = pipe->served;
  served_name_add_end(pipe->served);
}

static void shut(struct instance *instance) {
  os_close(instance->handle);
  instance->handle = NULL;
}

/* ---- close ---- */

static void close_instances(struct acceptor *acceptor) {
  struct list *waiting = &acceptor->waiting;
  for (struct list_node *node = list_first(waiting); node != NULL; node = list_after(waiting, node)) {
    shut(CONTAINER_OF(node, struct instance, link));
  }
  give_name_up(&acceptor->pipe);
}

static DWORD refuse_to_detach(struct acceptor *acceptor) {
  (void)acceptor;
  return ERROR_NOT_SUPPORTED;
}

const struct acceptor_kind acceptor_of_pipes = {
    .instance_bytes = sizeof(struct instance),
    .place = ERROR_PLACE_OPEN,
    .prepare = prepare,
    .wait = wait_for_client,
    .has_client = has_client,
    .present = present,
    .hand_over = hand_over,
    .shut = shut,
    .close = close_instances,
    .detach = refuse_to_detach,
};
