/* SPDX-License-Identifier: MIT */
/*
 * The Windows backend: one completion port for each loop, and named pipes. This file is its table and its `next`; what
 * a connection does is in pipe_*.c.
 */
#include "win32/backend.h"

#include "common/memory.h"
#include "win32/error.h"
#include "win32/pipe_acceptor.h"
#include "win32/pipe_connection.h"

/* ---- chunks ---- */

unsigned char *backend_take_chunk(struct backend *backend) {
  unsigned char *chunk = backend->chunk;
  backend->chunk = NULL;
  return chunk != NULL ? chunk : memory_get(backend->allocator, PIPE_CHUNK_BYTES);
}

void backend_give_chunk(struct backend *backend, unsigned char *chunk) {
  if (backend->chunk != NULL) {
    memory_put(backend->allocator, chunk);
  } else {
    backend->chunk = chunk;
  }
}

/* ---- the loop ---- */

static void destroy(struct backend *backend) {
  memory_put(backend->allocator, backend->chunk);
  os_close(backend->event);
  port_fini(&backend->port);
  memory_put(backend->allocator, backend);
}

static weir_code create(const struct backend_setup *setup, struct backend **created) {
  struct backend *backend = memory_get_zeroed(setup->allocator, sizeof *backend);
  if (backend == NULL) return WEIR_ENOMEM;
  backend->allocator = setup->allocator;
  list_init(&backend->rereads);
  list_init(&backend->cards);
  DWORD error = os_event_create(NULL, &backend->event);
  if (error == ERROR_SUCCESS) {
    error = port_init(&backend->port);
    if (error != ERROR_SUCCESS) os_close(backend->event);
  }
  if (error != ERROR_SUCCESS) {
    memory_put(setup->allocator, backend);
    return error_code(ERROR_PLACE_OPEN, error);
  }
  *created = backend;
  return WEIR_OK;
}

static uint64_t now(struct backend *backend) { return port_now(&backend->port); }

static void wake(struct backend *backend) { port_wake(&backend->port); }

static void read_on(struct backend *backend) {
  for (struct list_node *node; (node = list_take_first(&backend->rereads)) != NULL;) {
    pipe_read_again(backend, CONTAINER_OF(node, struct connection, read.link));
  }
}

static enum operation next(struct backend *backend, uint64_t timeout_ns, struct completion *completion) {
  read_on(backend);
  struct task *task;
  while ((task = port_take(&backend->port, timeout_ns)) != NULL) {
    enum operation operation = task->finish(backend, task, completion);
    if (operation != OPERATION_NONE) return operation;
  }
  if (backend->port.failure != ERROR_SUCCESS) error_complete(completion, ERROR_PLACE_OPEN, backend->port.failure);
  return OPERATION_NONE;
}

static intptr_t pollable(struct backend *backend) {
  read_on(backend);
  port_show(&backend->port);
  return (intptr_t)backend->port.handle;
}

/* ---- connections: one kind so far ---- */

static void read_stop(struct backend *backend, struct connection *connection) {
  (void)backend;
  pipe_read_stop(connection);
}

static weir_code ask(struct backend *backend, struct connection *connection, enum control control, void *argument) {
  (void)backend;
  return pipe_control(connection, control, argument);
}

const struct backend_operations backend_iocp = {
    .name = "iocp",
    .addresses = {.path_bytes = 0, .abstract_bytes = 0, .pipe_units = PIPE_NAME_UNITS},
    .connection_bytes = sizeof(struct connection),
    .acceptor_bytes = sizeof(struct acceptor),
    .create = create,
    .destroy = destroy,
    .now = now,
    .next = next,
    .wake = wake,
    .pollable = pollable,
    .listen = pipe_listen,
    .accept = pipe_accept,
    .take = pipe_take,
    .close_acceptor = pipe_close_acceptor,
    .open = pipe_open,
    .connect = pipe_connect,
    .read = pipe_read,
    .read_stop = read_stop,
    .write = pipe_write,
    .write_queue = pipe_write_queue,
    .shutdown = pipe_shutdown,
    .close = pipe_close,
    .control = ask,
};

const struct backend_operations *const backends_of_the_system[] = {&backend_iocp, NULL};
