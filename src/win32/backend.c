/* SPDX-License-Identifier: MIT */
/*
 * The Windows backend: one completion port for each loop, named pipes and TCP. This file is its table and its `next`;
 * what a connection does is in pipe_*.c and tcp_*.c, and its kind says which.
 */
#include "win32/backend.h"

#include <assert.h>

#include "common/base/memory.h"
#include "win32/acceptor.h"
#include "win32/connection.h"
#include "win32/error.h"
#include "win32/passing.h"
#include "win32/pipe_parcel.h"

/* ---- chunks ---- */

unsigned char *backend_take_chunk(struct backend *backend) {
  for (size_t i = 0; i < CHUNKS_KEPT; ++i) {
    unsigned char *chunk = backend->chunks[i];
    backend->chunks[i] = NULL;
    if (chunk != NULL) return chunk;
  }
  return memory_get(backend->allocator, PIPE_CHUNK_BYTES);
}

void backend_give_chunk(struct backend *backend, unsigned char *chunk) {
  for (size_t i = 0; i < CHUNKS_KEPT; ++i) {
    if (backend->chunks[i] != NULL) continue;
    backend->chunks[i] = chunk;
    return;
  }
  memory_put(backend->allocator, chunk);
}

/* ---- the loop ---- */

static void destroy(struct backend *backend) {
  pipe_buffers_begin(backend);
  for (size_t i = 0; i < CHUNKS_KEPT; ++i) memory_put(backend->allocator, backend->chunks[i]);
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

static bool wake(struct backend *backend) { return port_wake(&backend->port); }

static void read_on(struct backend *backend) {
  for (struct list_node *node; (node = list_take_first(&backend->rereads)) != NULL;) {
    struct connection *connection = CONTAINER_OF(node, struct connection, read.link);
    connection->kind->read_again(backend, connection);
  }
}

/* Waits for a task. Silence first takes the large buffers back from the pipes that were busy. */
static struct task *take_task(struct backend *backend, uint64_t timeout_ns) {
  struct port *port = &backend->port;
  if (backend->buffers.loan_count == 0 || timeout_ns <= PIPE_QUIET_NS) return port_take(port, timeout_ns);
  struct task *task = port_take(port, PIPE_QUIET_NS);
  if (task != NULL || !port->timed_out) return task;
  pipe_buffers_recall(backend, 0);
  return port_take(port, timeout_ns == WAIT_FOREVER ? WAIT_FOREVER : timeout_ns - PIPE_QUIET_NS);
}

static enum operation next(struct backend *backend, uint64_t timeout_ns, struct completion *completion) {
  pipe_buffers_begin(backend);
  read_on(backend);
  struct task *task;
  while ((task = take_task(backend, timeout_ns)) != NULL) {
    enum operation operation = task->finish(backend, task, completion);
    if (operation != OPERATION_NONE) return operation;
  }
  completion->result = 0;
  if (backend->port.failure != ERROR_SUCCESS) error_complete(completion, ERROR_PLACE_OPEN, backend->port.failure);
  return OPERATION_NONE;
}

static intptr_t pollable(struct backend *backend) {
  read_on(backend);
  port_show(&backend->port);
  return (intptr_t)backend->port.handle;
}

/* ---- servers and connections: of the kind that the address or the handle says ---- */

static bool is_of_tcp(const struct acceptor *acceptor) {
  return acceptor != NULL && acceptor->kind == &acceptor_of_tcp;
}

static struct outcome begin_listen(struct backend *backend, struct acceptor *acceptor,
                                   const struct listen_request *request) {
  bool none = request->address->kind == ADDRESS_NONE;
  bool native = none && request->shared == NULL && request->bound == NULL && !pipe_was_left(request->native);
  bool tcp = request->address->kind == ADDRESS_IP || native || is_of_tcp(request->shared) || is_of_tcp(request->bound);
  return tcp ? tcp_listen(backend, acceptor, request) : pipe_listen(backend, acceptor, request);
}

/* A socket that went over has left nothing but itself. */
static void discard(intptr_t native) {
  if (!acceptor_discard(native) && !pipe_discard(native)) os_socket_close((SOCKET)native);
}

static struct outcome begin_open(struct backend *backend, struct connection *connection, intptr_t native) {
  if (connection == NULL) {
    discard(native);
    return error_none();
  }
  return tcp_is_socket(native) ? tcp_open(backend, connection, native) : pipe_open(backend, connection, native);
}

static void begin_connect(struct backend *backend, struct connection *connection,
                          const struct connect_request *request) {
  if (request->address->kind == ADDRESS_IP) {
    tcp_connect(backend, connection, request);
  } else {
    pipe_connect(backend, connection, request);
  }
}

static void move(struct backend *backend, struct connection *from, struct connection *to) {
  (void)backend;
  assert(!connection_with_system(from) && !list_linked(&from->read.link) && !list_linked(&from->write.link));
  *to = *from;
}

static void begin_or_stop_read(struct backend *backend, struct connection *connection, bool wanted) {
  if (wanted) {
    connection->kind->read(backend, connection);
  } else {
    connection->kind->read_stop(backend, connection);
  }
}

static size_t write_now(struct backend *backend, struct connection *connection, const void *bytes, size_t length) {
  return connection->kind->write(backend, connection, bytes, length);
}

static void write_later(struct backend *backend, struct connection *connection, const struct piece *pieces,
                        size_t count) {
  connection->kind->write_queue(backend, connection, pieces, count);
}

static void end_writing(struct backend *backend, struct connection *connection) {
  connection->kind->shutdown(backend, connection);
}

static bool end_connection(struct backend *backend, struct connection *connection, enum ending ending) {
  if (ending == ENDING_AT_END) return false;
  connection->kind->close(backend, connection, ending);
  return true;
}

static weir_code ask(struct backend *backend, struct connection *connection, enum control control, void *argument) {
  (void)backend;
  return connection->kind->control(connection, control, argument);
}

const struct backend_operations backend_iocp = {
    .name = "iocp",
    .addresses = {.path_bytes = 0, .abstract_bytes = 0, .pipe_units = PIPE_NAME_UNITS},
    .connection_bytes = sizeof(struct connection),
    .acceptor_bytes = sizeof(struct acceptor),
    .passing = &passing_iocp,
    .create = create,
    .destroy = destroy,
    .now = now,
    .next = next,
    .wake = wake,
    .pollable = pollable,
    .listen = begin_listen,
    .accept = acceptor_accept,
    .take = acceptor_take,
    .close_acceptor = acceptor_close,
    .open = begin_open,
    .connect = begin_connect,
    .move = move,
    .read = begin_or_stop_read,
    .write = write_now,
    .write_soon = write_now,
    .write_queue = write_later,
    .shutdown = end_writing,
    .close = end_connection,
    .control = ask,
};

const struct backend_operations *const backends_of_the_system[] = {&backend_iocp, NULL};
