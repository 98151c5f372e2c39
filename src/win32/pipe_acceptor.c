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

bool pipe_was_left(intptr_t native) { return parcel_find(&acceptor_of_pipes, native) != NULL; }

/* What another loop's server was, with the instances that are bound to that loop's port for good. */
static DWORD take_over(struct backend *backend, struct acceptor *acceptor, const struct listen_request *request) {
  struct parcel *left = parcel_take(&acceptor_of_pipes, request->native);
  if (left == NULL) return ERROR_NOT_SUPPORTED;
  struct server_parcel *parcel = CONTAINER_OF(left, struct server_parcel, parcel);
  DWORD error = name_read(&parcel->pipe.name, request->address);
  if (error == ERROR_SUCCESS) {
    acceptor->pipe = parcel->pipe;
    error = acceptor_unpack(backend, acceptor, parcel, true);
  }
  if (error == ERROR_SUCCESS) os_heap_put(parcel);
  if (error != ERROR_SUCCESS) parcel_leave(left, &acceptor_of_pipes, request->native);
  return error;
}

struct outcome pipe_listen(struct backend *backend, struct acceptor *acceptor, const struct listen_request *request) {
  if (request->shared != NULL || request->bound != NULL || request->only_bind) {
    return error_outcome(ERROR_PLACE_OPEN, ERROR_NOT_SUPPORTED,
                         "a pipe cannot be bound apart from listening, or shared");
  }
  uint32_t limit = request->backlog > 0 ? (uint32_t)request->backlog : 1;
  acceptor_init(acceptor, &acceptor_of_pipes, PIPE_INSTANCES_AT_FIRST, limit);
  if (request->address->kind == ADDRESS_NONE) {
    DWORD error = take_over(backend, acceptor, request);
    if (error != ERROR_SUCCESS) return error_outcome(ERROR_PLACE_OPEN, error, NULL);
  } else {
    DWORD error = begin(backend, acceptor, request);
    if (error != ERROR_SUCCESS) return refuse(&acceptor->pipe, error);
  }
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

/* A connection that is told of by events needs one for each direction. */
static bool present(struct backend *backend, struct instance *instance, const weir_address **peer) {
  (void)peer;
  if (instance->task.watch == NULL) return true;
  return watch_start(backend->allocator, backend->port.handle, &instance->spare) == ERROR_SUCCESS;
}

static void hand_over(struct backend *backend, struct instance *instance, struct connection *connection) {
  (void)backend;
  struct pipe_acceptor *pipe = &instance->acceptor->pipe;
  pipe_attach(connection, instance->handle, instance->skips, true, PIPE_PEER_UNASKED);
  connection->read.watch = instance->task.watch;
  connection->write.watch = instance->spare;
  instance->task.watch = NULL;
  instance->spare = NULL;
  connection->pipe.served = pipe->served;
  served_name_add_end(pipe->served);
}

static void shut(struct instance *instance) {
  os_close(instance->handle);
  instance->handle = NULL;
}

/* ---- close ---- */

/* Closing ends the wait, unless another process has the instance too: one that has come from there may. */
static void close_instances(struct acceptor *acceptor) {
  struct list *waiting = &acceptor->waiting;
  for (struct list_node *node = list_first(waiting); node != NULL; node = list_after(waiting, node)) {
    struct instance *instance = CONTAINER_OF(node, struct instance, link);
    if (instance->task.watch != NULL) os_cancel(instance->handle, &instance->task.overlapped);
    shut(instance);
  }
  give_name_up(&acceptor->pipe);
}

/* ---- to another loop ---- */

/* An instance lets a client in also while nobody waits for one, so the door is never closed (seen with Wine 8). */
static DWORD call_back(struct acceptor *acceptor) {
  struct list *waiting = &acceptor->waiting;
  DWORD failure = ERROR_SUCCESS;
  for (struct list_node *node = list_first(waiting); node != NULL; node = list_after(waiting, node)) {
    struct instance *instance = CONTAINER_OF(node, struct instance, link);
    DWORD error = os_cancel(instance->handle, &instance->task.overlapped);
    if (error != ERROR_SUCCESS && error != ERROR_NOT_FOUND) failure = error;
  }
  return failure;
}

static bool pack(struct instance *instance, struct instance_place *place) {
  place->handle = instance->handle;
  place->has_client = instance->has_client;
  instance->handle = NULL;
  return true;
}

static void unpack(struct instance *instance, const struct instance_place *place) {
  (void)instance;
  (void)place;
}

/* There is no one handle of a server of pipes: the parcel itself is what goes over. */
static intptr_t give_away(struct acceptor *acceptor, struct server_parcel *parcel) {
  parcel->pipe = acceptor->pipe;
  return (intptr_t)parcel;
}

static void discard(struct server_parcel *parcel) {
  for (size_t i = 0; i < parcel->count; ++i) os_close(parcel->places[i].handle);
  give_name_up(&parcel->pipe);
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
    .detach = call_back,
    .pack = pack,
    .unpack = unpack,
    .give_away = give_away,
    .discard = discard,
};
