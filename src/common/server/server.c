/* SPDX-License-Identifier: MIT */
#include "common/server/server.h"

#include <string.h>

#include <weir/socket.h>

#include "common/base/memory.h"
#include "common/base/versioned.h"
#include "common/loop/listeners.h"

/* A callback of close() or get_connections() that waits. */
struct question {
  struct list_node link;
  weir_server_callback closed;
  weir_count_callback counted;
  void *user;
  weir_code code;
};

void server_owe(weir_server *server, enum server_debt debt) {
  server->debts |= (uint8_t)debt;
  handle_owe(&server->handle);
}

/* The sockets of this loop keep it alive themselves until the server closes behind them; those that are away cannot. */
static bool hears_from_away(const weir_server *server) { return server->away > 0 && server->handle.referenced; }

void server_update_liveness(weir_server *server) {
  bool holds = weir_server_listening(server) && server->handle.referenced;
  bool waits = server->state == SERVER_CLOSING && (!server->acceptor_returned || hears_from_away(server));
  handle_count(&server->handle, holds || waits || server->state == SERVER_ASKING);
}

void server_count_away(weir_server *server, bool more) {
  assert(more || server->away > 0);
  server->away = more ? server->away + 1 : server->away - 1;
  server_update_liveness(server);
}

void server_report(weir_server *server, const char *operation, weir_code code, int native_code, const char *hint) {
  weir_error error = {.code = code,
                      .native_code = native_code,
                      .operation = operation,
                      .address = server->address == NULL ? "" : server->address,
                      .hint = hint == NULL ? "" : hint};
  weir_event event = {.type = WEIR_EVENT_ERROR, .server = server, .error = &error};
  handle_emit_error(&server->handle, &event);
}

size_t server_mark(const weir_server *server) { return server->high_water_mark; }

const weir_address *server_bound_address(const weir_server *server) { return &server->bound; }

const struct socket_options *server_socket_options(const weir_server *server) { return &server->socket_options; }

/* ---- making ---- */

static weir_code take_options(weir_server *server, const weir_server_options *options) {
  const struct keep_alive_wish keep_alive = {options->keep_alive, options->keep_alive_delay_ms,
                                             options->keep_alive_interval_ms, options->keep_alive_count};
  server->allow_half_open = options->allow_half_open;
  server->pause_on_connect = options->pause_on_connect;
  server->drop_max_connections = options->drop_max_connections;
  server->high_water_mark = options->high_water_mark == 0 ? WEIR_HIGH_WATER_MARK : options->high_water_mark;
  if (options->block_list != NULL) server->block_list = weir_block_list_retain(options->block_list);
  return socket_options_read(&server->socket_options, options->no_delay, &keep_alive, options->type_of_service);
}

weir_code weir_server_create(weir_loop *loop, const weir_server_options *options, weir_listener connection, void *user,
                             weir_server **server) {
  weir_server_options whole = weir_server_options_default();
  if (loop == NULL || server == NULL || !versioned_read(&whole, sizeof whole, options)) return WEIR_EINVAL;
  loop_check_thread(loop);
  if (loop->ended) return WEIR_ECANCELED;
  weir_server *made = memory_get_zeroed(&loop->allocator, SERVER_BYTES + loop->operations->acceptor_bytes);
  if (made == NULL) return WEIR_ENOMEM;
  list_init(&made->closers);
  list_init(&made->asked);
  made->max_connections = WEIR_UNLIMITED;
  handle_init(&made->handle, loop, whole.user);
  made->handle.kind = HANDLE_SERVER;
  weir_code code = take_options(made, &whole);
  if (code == WEIR_OK) code = deadline_init(&made->pause, loop, DEADLINE_ACCEPT);
  if (code == WEIR_OK && connection != NULL) code = weir_server_on(made, WEIR_EVENT_CONNECTION, connection, user);
  if (code != WEIR_OK) {
    weir_server_release(made);
    return code;
  }
  *server = made;
  return WEIR_OK;
}

/* ---- questions ---- */

static struct question *ask(weir_server *server, struct list *questions, void *user) {
  struct question *question = memory_get_zeroed(server_allocator(server), sizeof *question);
  if (question == NULL) return NULL;
  question->user = user;
  list_append(questions, &question->link);
  return question;
}

weir_code server_ask_closed(weir_server *server, struct list *questions, weir_server_callback callback, void *user,
                            weir_code code) {
  struct question *question = ask(server, questions, user);
  if (question == NULL) return WEIR_ENOMEM;
  question->closed = callback;
  question->code = code;
  return WEIR_OK;
}

weir_code weir_server_get_connections(weir_server *server, weir_count_callback callback, void *user) {
  if (server == NULL || callback == NULL) return WEIR_EINVAL;
  loop_check_thread(server->handle.loop);
  if (server->handle.loop->ended) return WEIR_ECANCELED;
  struct question *question = ask(server, &server->asked, user);
  if (question == NULL) return WEIR_ENOMEM;
  question->counted = callback;
  server_owe(server, SERVER_OWES_ANSWERS);
  return WEIR_OK;
}

/* Answers what was asked by now. */
void server_answer(weir_server *server, struct list *questions) {
  struct list asked;
  list_init(&asked);
  list_move_all(questions, &asked);
  for (struct list_node *node = list_take_first(&asked); node != NULL; node = list_take_first(&asked)) {
    struct question question = *CONTAINER_OF(node, struct question, link);
    weir_error error = {.code = question.code,
                        .native_code = 0,
                        .operation = "close",
                        .address = "",
                        .hint = "the server is not listening"};
    memory_put(server_allocator(server), CONTAINER_OF(node, struct question, link));
    if (question.counted != NULL) {
      question.counted(server, NULL, server->connections, question.user);
    } else {
      question.closed(server, question.code == WEIR_OK ? NULL : &error, question.user);
    }
  }
}

/* ---- class ---- */

static bool take_debt(weir_server *server, enum server_debt debt) {
  bool owed = (server->debts & debt) != 0;
  server->debts &= (uint8_t)~debt;
  return owed;
}

static void deliver(struct handle *handle) {
  weir_server *server = CONTAINER_OF(handle, weir_server, handle);
  if (take_debt(server, SERVER_OWES_START)) server_deliver_start(server);
  if (take_debt(server, SERVER_OWES_FAILURE)) server_deliver_failure(server);
  if (take_debt(server, SERVER_OWES_ANSWERS)) server_answer(server, &server->asked);
  if (take_debt(server, SERVER_OWES_CLOSE)) server_deliver_close(server);
}

static void abandon(struct handle *handle) { server_abandon(CONTAINER_OF(handle, weir_server, handle)); }

static void drop_questions(weir_server *server, struct list *questions) {
  for (struct list_node *node = list_take_first(questions); node != NULL; node = list_take_first(questions)) {
    memory_put(server_allocator(server), CONTAINER_OF(node, struct question, link));
  }
}

static void free_server(struct handle *handle) {
  weir_server *server = CONTAINER_OF(handle, weir_server, handle);
  drop_questions(server, &server->closers);
  drop_questions(server, &server->asked);
  deadline_fini(&server->pause, handle->loop);
  server_forget_later(server);
  cancelable_leave(&server->cancelable);
  weir_block_list_release(server->block_list);
  memory_put(server_allocator(server), server->failure);
  memory_put(server_allocator(server), server->address);
  memory_put(server_allocator(server), server);
}

const struct handle_class server_class = {.events = 1U << WEIR_EVENT_LISTENING | 1U << WEIR_EVENT_CONNECTION |
                                                    1U << WEIR_EVENT_DROP | 1U << WEIR_EVENT_ERROR |
                                                    1U << WEIR_EVENT_CLOSE,
                                          .deliver = deliver,
                                          .abandon = abandon,
                                          .free = free_server,
                                          .describe = server_describe};

/* ---- asking ---- */

bool weir_server_listening(const weir_server *server) {
  return server->state == SERVER_STARTING || server->state == SERVER_LISTENING;
}

const char *weir_server_address(const weir_server *server) {
  return weir_server_listening(server) ? server->address : NULL;
}

bool weir_server_bound_address(const weir_server *server, weir_address *address) {
  bool has_one = weir_server_listening(server) && server->bound.family != WEIR_FAMILY_NONE;
  memset(address, 0, sizeof *address);
  if (has_one) *address = server->bound;
  return has_one;
}

void weir_server_set_max_connections(weir_server *server, int connections) {
  server->max_connections = connections < 0 ? WEIR_UNLIMITED : connections;
}

int weir_server_max_connections(const weir_server *server) { return server->max_connections; }

weir_code weir_server_on(weir_server *server, weir_event_type type, weir_listener listener, void *user) {
  return server == NULL ? WEIR_EINVAL : handle_listen(&server->handle, type, LISTENER_LAST, listener, user);
}

weir_code weir_server_once(weir_server *server, weir_event_type type, weir_listener listener, void *user) {
  return server == NULL ? WEIR_EINVAL : handle_listen(&server->handle, type, LISTENER_LAST_ONCE, listener, user);
}

weir_code weir_server_prepend(weir_server *server, weir_event_type type, weir_listener listener, void *user) {
  return server == NULL ? WEIR_EINVAL : handle_listen(&server->handle, type, LISTENER_FIRST, listener, user);
}

weir_code weir_server_off(weir_server *server, weir_event_type type, weir_listener listener, void *user) {
  return server == NULL ? WEIR_EINVAL : handle_unlisten(&server->handle, type, listener, user);
}

size_t weir_server_listener_count(const weir_server *server, weir_event_type type) {
  return listeners_count(&server->handle, type);
}

weir_server *weir_server_retain(weir_server *server) {
  handle_retain(&server->handle);
  return server;
}

void weir_server_release(weir_server *server) {
  if (server == NULL) return;
  loop_check_thread(server->handle.loop);
  handle_release(&server->handle);
}

weir_server *weir_server_ref(weir_server *server) {
  server->handle.referenced = true;
  server_update_liveness(server);
  return server;
}

weir_server *weir_server_unref(weir_server *server) {
  server->handle.referenced = false;
  server_update_liveness(server);
  return server;
}

bool weir_server_has_ref(const weir_server *server) { return server->handle.referenced; }

weir_loop *weir_server_loop(const weir_server *server) { return server->handle.loop; }

void *weir_server_user(const weir_server *server) { return server->handle.user; }

void weir_server_set_user(weir_server *server, void *user) { server->handle.user = user; }
