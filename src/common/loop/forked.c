/* SPDX-License-Identifier: MIT */
#include "common/loop/forked.h"

#include "common/base/list.h"
#include "common/loop/handle.h"
#include "common/passing.h"
#include "common/server/server.h"
#include "common/socket/socket.h"
#include "common/system.h"

/* ---- operations that do nothing ---- */

static struct outcome refuse(void) {
  return (struct outcome){.code = WEIR_EFORKED, .hint = "make a loop of this process's own"};
}

static weir_code create(const struct backend_setup *setup, struct backend **backend) {
  (void)setup, (void)backend;
  return WEIR_EFORKED;
}

static void destroy(struct backend *backend) { (void)backend; }

static uint64_t now(struct backend *backend) {
  (void)backend;
  return 0;
}

static enum operation next(struct backend *backend, uint64_t timeout_ns, struct completion *completion) {
  (void)backend, (void)timeout_ns;
  completion->result = WEIR_EFORKED;
  return OPERATION_NONE;
}

static bool wake(struct backend *backend) {
  (void)backend;
  return true;
}

static intptr_t pollable(struct backend *backend) {
  (void)backend;
  return -1;
}

static struct outcome listen_nowhere(struct backend *backend, struct acceptor *acceptor,
                                     const struct listen_request *request) {
  (void)backend, (void)acceptor, (void)request;
  return refuse();
}

static void accept_nobody(struct backend *backend, struct acceptor *acceptor, bool wanted) {
  (void)backend, (void)acceptor, (void)wanted;
}

static void take(struct backend *backend, struct acceptor *acceptor, struct connection *connection) {
  (void)backend, (void)acceptor, (void)connection;
}

static void close_acceptor(struct backend *backend, struct acceptor *acceptor, enum ending ending) {
  (void)backend, (void)acceptor, (void)ending;
}

static struct outcome open_nothing(struct backend *backend, struct connection *connection, intptr_t native) {
  (void)backend, (void)connection, (void)native;
  return refuse();
}

static void connect_nowhere(struct backend *backend, struct connection *connection,
                            const struct connect_request *request) {
  (void)backend, (void)connection, (void)request;
}

static void move(struct backend *backend, struct connection *from, struct connection *to) {
  (void)backend, (void)from, (void)to;
}

static void read_nothing(struct backend *backend, struct connection *connection, bool wanted) {
  (void)backend, (void)connection, (void)wanted;
}

static size_t write_nothing(struct backend *backend, struct connection *connection, const void *bytes, size_t length) {
  (void)backend, (void)connection, (void)bytes, (void)length;
  return 0;
}

static void queue_nothing(struct backend *backend, struct connection *connection, const struct piece *pieces,
                          size_t count) {
  (void)backend, (void)connection, (void)pieces, (void)count;
}

static void shut_nothing_down(struct backend *backend, struct connection *connection) {
  (void)backend, (void)connection;
}

static bool close_nothing(struct backend *backend, struct connection *connection, enum ending ending) {
  (void)backend, (void)connection;
  return ending != ENDING_AT_END;
}

static weir_code control(struct backend *backend, struct connection *connection, enum control control, void *argument) {
  (void)backend, (void)connection, (void)control, (void)argument;
  return WEIR_EFORKED;
}

/* ---- passing that does nothing ---- */

static weir_code create_no_channel(struct backend *backend, struct channel_end ends[2]) {
  (void)backend, (void)ends;
  return WEIR_EFORKED;
}

static weir_code meet_nobody(struct backend *backend, struct channel_end *end, intptr_t process) {
  (void)backend, (void)end, (void)process;
  return WEIR_EFORKED;
}

static weir_code inherit_nothing(struct backend *backend, struct channel_end *end) {
  (void)backend, (void)end;
  return WEIR_EFORKED;
}

static void close_no_channel(struct backend *backend, const struct channel_end *end) { (void)backend, (void)end; }

static weir_code give_nothing(struct backend *backend, intptr_t passage, enum passing_kind kind, intptr_t native,
                              struct passing_ticket *ticket) {
  (void)backend, (void)passage, (void)kind, (void)native, (void)ticket;
  return WEIR_EFORKED;
}

static weir_code take_nothing(struct backend *backend, intptr_t passage, enum passing_kind kind, const void *ticket,
                              size_t length, intptr_t *native) {
  (void)backend, (void)passage, (void)kind, (void)ticket, (void)length, (void)native;
  return WEIR_EFORKED;
}

static void release_nothing(struct backend *backend, enum passing_kind kind, intptr_t native) {
  (void)backend, (void)kind, (void)native;
}

static weir_code duplicate_connection(struct backend *backend, struct connection *connection, intptr_t *native) {
  (void)backend, (void)connection, (void)native;
  return WEIR_EFORKED;
}

static weir_code duplicate_acceptor(struct backend *backend, struct acceptor *acceptor, intptr_t *native) {
  (void)backend, (void)acceptor, (void)native;
  return WEIR_EFORKED;
}

static const struct passing_operations passing_after_fork = {.create = create_no_channel,
                                                             .meet = meet_nobody,
                                                             .inherit = inherit_nothing,
                                                             .close = close_no_channel,
                                                             .give = give_nothing,
                                                             .take = take_nothing,
                                                             .release = release_nothing,
                                                             .duplicate_connection = duplicate_connection,
                                                             .duplicate_acceptor = duplicate_acceptor};

/* New things have no part of a backend, because nobody would touch it. */
static const struct backend_operations operations_after_fork = {.name = "forked",
                                                                .passing = &passing_after_fork,
                                                                .create = create,
                                                                .destroy = destroy,
                                                                .now = now,
                                                                .next = next,
                                                                .wake = wake,
                                                                .pollable = pollable,
                                                                .listen = listen_nowhere,
                                                                .accept = accept_nobody,
                                                                .take = take,
                                                                .close_acceptor = close_acceptor,
                                                                .open = open_nothing,
                                                                .connect = connect_nowhere,
                                                                .move = move,
                                                                .read = read_nothing,
                                                                .write = write_nothing,
                                                                .write_soon = write_nothing,
                                                                .write_queue = queue_nothing,
                                                                .shutdown = shut_nothing_down,
                                                                .close = close_nothing,
                                                                .control = control};

/* ---- a fork ---- */

/* Only this loop's own members: another thread may have been at anything else. A loop that runs here returns. */
static void notice(struct fork_watch *watch) {
  weir_loop *loop = CONTAINER_OF(watch, weir_loop, fork);
  watch->forked = true;
  loop->operations = &operations_after_fork;
  loop->ended = true;
  loop->stopped = true;
  loop->attention = true;
}

weir_code forked_watch(weir_loop *loop) {
  if (loop->simulator != NULL) return WEIR_OK;
  loop->fork.notify = notice;
  return system_fork_watch(&loop->fork);
}

void forked_unwatch(weir_loop *loop) {
  if (loop->simulator == NULL) system_fork_unwatch(&loop->fork);
}

/* ---- releasing ---- */

static bool has_connection(const struct weir_socket *socket) {
  return socket->life == LIFE_OPEN || (socket->life == LIFE_CONNECTING && socket_connect_in_flight(socket));
}

static bool has_acceptor(const weir_server *server) {
  return weir_server_listening(server) || server->state == SERVER_BOUND;
}

static void close_copy(struct handle *handle, void *unused) {
  (void)unused;
  if (handle->kind == HANDLE_SOCKET) {
    struct weir_socket *socket = CONTAINER_OF(handle, struct weir_socket, handle);
    if (has_connection(socket)) system_fork_close_connection(socket_connection(socket));
    socket->life = LIFE_CLOSED;
  } else if (handle->kind == HANDLE_SERVER) {
    weir_server *server = CONTAINER_OF(handle, weir_server, handle);
    if (has_acceptor(server)) system_fork_close_acceptor(server_acceptor(server));
    server->state = SERVER_IDLE;
  }
}

void forked_release(weir_loop *loop) { loop_visit(loop, close_copy, NULL); }
