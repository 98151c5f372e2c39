/* SPDX-License-Identifier: MIT */
/*
 * From open to closed. Destroying takes effect at once and is heard of later: the backend closes, the socket waits in
 * the loop's list of closing sockets so that `close` events come in the order of destruction, and then everything that
 * ends a life is delivered in one order: callbacks of writes that were finished, `unpipe`, `error`, callbacks of writes
 * that were not finished, `close`. (contract D1, D5)
 */
#include <assert.h>
#include <string.h>

#include "common/base/apart.h"
#include "common/base/failure.h"
#include "common/base/memory.h"
#include "common/channel/guest.h"
#include "common/hand_over/hand_over.h"
#include "common/server/server.h"
#include "common/socket/connecting.h"
#include "common/socket/pipe.h"
#include "common/socket/socket.h"

void socket_update_liveness(struct weir_socket *socket) {
  bool open = socket->life == LIFE_OPEN && (socket->handle.referenced || socket_has_writes(socket));
  handle_count(&socket->handle, open || socket->life == LIFE_CONNECTING || socket->life == LIFE_CLOSING);
}

void socket_begin_life(struct weir_socket *socket) {
  handle_retain(&socket->handle);
  socket_forget_addresses(socket);
  if (socket->server != NULL) server_release_from_socket(socket->server);
  socket->server = NULL;
  socket->resets = false;
  socket->handle.silenced = false;
  socket->bytes_read = 0;
  socket->bytes_written = 0;
  socket->had_error = false;
  socket->close_returned = false;
  socket->ended_by_peer = false;
  socket->destroy_after = false;
  socket->write_half = WRITE_NONE;
  socket->debts &= (uint8_t) ~(DEBT_FINISH | DEBT_FAILURE); /* of what was asked before there was a life */
  if (socket->extra == NULL) return;
  memory_put(&socket->handle.loop->allocator, socket->extra->error);
  memory_put(&socket->handle.loop->allocator, socket->extra->name);
  memory_put(&socket->handle.loop->allocator, socket->extra->tried);
  socket->extra->error = NULL;
  socket->extra->name = NULL;
  socket->extra->tried = NULL;
  socket->extra->attempts = 0;
  socket->extra->busy_retries = 0;
  if (list_empty(&socket->extra->ending)) return;
  list_move_all(&socket->extra->ending, &socket->extra->finished); /* an end() of nothing is over */
  socket_owe(socket, DEBT_CALLBACKS);
}

/* ---- destroying ---- */

APART static void remember_error(struct weir_socket *socket, const weir_error *error) {
  socket->had_error = true;
  socket->error_code = (int8_t)error->code;
  struct socket_extra *extra = socket_need_extra(socket);
  if (extra == NULL) return;
  memory_put(&socket->handle.loop->allocator, extra->error);
  extra->error = failure_copy(&socket->handle.loop->allocator, error);
}

/* Frees what one life needed and the next one does not: nothing of it calls back. */
static void end_quietly(struct weir_socket *socket) {
  pipe_break_all(socket);
  socket_drop_next_connect(socket);
  socket->debts = 0;
  socket_clear(socket);
  socket->life = LIFE_CLOSED;
  socket_update_liveness(socket);
  if (socket->server != NULL) server_socket_closed(socket->server);
  handle_release(&socket->handle);
}

/* In the order of destruction: the next socket that the backend has let go of; NULL: one before it still waits. */
static struct weir_socket *take_closed(weir_loop *loop) {
  struct list_node *node = list_first(&loop->closing);
  if (node == NULL) return NULL;
  struct weir_socket *socket = CONTAINER_OF(node, struct weir_socket, handle.link);
  if (!socket->close_returned) return NULL;
  list_move(&loop->handles, node);
  socket->waits_to_close = false;
  socket->debts |= DEBT_CLOSE;
  return socket;
}

static void settle_closing(weir_loop *loop) {
  struct weir_socket *socket = NULL;
  while ((socket = take_closed(loop)) != NULL) {
    if (loop->ended) {
      end_quietly(socket);
    } else {
      handle_owe(&socket->handle);
    }
  }
}

/* What few sockets have ends with the life. */
APART static void end_extra(struct weir_socket *socket) {
  socket_stop_idle(socket);
  cancelable_leave(&socket->extra->cancelable);
  socket_stop_connecting(socket);
}

/* A life that ends before it was open. Returns whether there is something below to close. */
APART static bool end_beginning(struct weir_socket *socket, const weir_error *error) {
  if (socket->life == LIFE_NEW) handle_retain(&socket->handle);
  if (socket->life == LIFE_CONNECTING && error != NULL) socket->handle.loop->counters.connections_failed++;
  return socket_connect_in_flight(socket);
}

static void end_life(struct weir_socket *socket, const weir_error *error, enum ending ending) {
  weir_loop *loop = socket->handle.loop;
  bool was_open = socket->life == LIFE_OPEN;
  if (was_open && socket->server != NULL) server_socket_destroyed(socket->server);
  bool has_below = was_open || end_beginning(socket, error);
  if (error != NULL) remember_error(socket, error);
  socket->life = LIFE_CLOSING;
  socket->debts &= (uint8_t) ~(DEBT_CONNECT | DEBT_PAUSE | DEBT_RESUME | DEBT_FINISH | DEBT_FAILURE);
  socket->read_half = READ_NONE;
  socket->write_half = WRITE_NONE;
  socket->reading = false;
  socket->shutting_down = false;
  socket->waits_to_close = true;
  socket->close_returned = !has_below;
  socket->handle.silenced = true;
  if (socket->extra != NULL) end_extra(socket);
  handle_count(&socket->handle, true);
  list_move(&loop->closing, &socket->handle.link);
  if (socket->handle.owes) handle_owe_no_more(&socket->handle);
  if (has_below) {
    loop->closes++;
    socket_operations(socket)->close(socket_backend(socket), socket_connection(socket), ending);
  } else {
    settle_closing(loop);
  }
}

void socket_destroy(struct weir_socket *socket, const weir_error *error) {
  if (socket_is_over(socket)) return;
  if (socket->extra != NULL) hand_over_fail(socket, error == NULL ? WEIR_ECANCELED : error->code);
  end_life(socket, error, socket->resets ? ENDING_RESET : ENDING_CLOSE);
}

void socket_detach(struct weir_socket *socket) { end_life(socket, NULL, ENDING_DETACH); }

void socket_fail(struct weir_socket *socket, const char *operation, weir_code code, int native_code, const char *hint) {
  char room[WEIR_ADDRESS_TEXT_BYTES];
  weir_error error = {.code = code,
                      .native_code = native_code,
                      .operation = operation,
                      .address = socket_address(socket, room),
                      .hint = hint == NULL ? "" : hint};
  socket_destroy(socket, &error);
}

void weir_socket_destroy(weir_socket *socket, const weir_error *error) {
  loop_check_thread(socket->handle.loop);
  if (socket->handle.loop->ended) return;
  socket_drop_next_connect(socket); /* a connect() since the last destroy is taken back */
  socket_destroy(socket, error);
}

void weir_socket_destroy_soon(weir_socket *socket) {
  loop_check_thread(socket->handle.loop);
  if (socket->handle.loop->ended) return;
  socket_drop_next_connect(socket); /* as destroy does */
  if (socket->life == LIFE_NEW) socket_destroy(socket, NULL);
  if (socket->life != LIFE_OPEN && socket->life != LIFE_CONNECTING) return;
  socket->destroy_after = true;
  if (socket->write_half == WRITE_ENDED) {
    socket_close_if_over(socket);
  } else {
    socket_end_writing(socket);
  }
}

/* ---- delivering ---- */

void socket_emit_heard(struct weir_socket *socket, weir_event_type type) {
  weir_event event = {.type = type, .socket = socket};
  handle_emit(&socket->handle, &event);
}

/* The whole error, or what is known of it when there was no memory to keep it. */
static void emit_error(struct weir_socket *socket) {
  char room[WEIR_ADDRESS_TEXT_BYTES];
  weir_error bare = {.code = (weir_code)socket->error_code,
                     .native_code = 0,
                     .operation = "",
                     .address = socket_address(socket, room),
                     .hint = ""};
  const weir_error *error = weir_socket_error(socket);
  weir_event event = {.type = WEIR_EVENT_ERROR, .socket = socket, .error = error == NULL ? &bare : error};
  handle_emit_error(&socket->handle, &event);
}

/* Callbacks of writes that were finished, `unpipe`, `error`, callbacks of writes that were not. */
APART static void deliver_last_words(struct weir_socket *socket) {
  if (socket->extra != NULL) {
    socket_deliver_callbacks(socket);
    pipe_break_all(socket);
    pipe_deliver_notices(socket);
  }
  if (socket->had_error) emit_error(socket);
  if (socket->extra != NULL) {
    socket_cancel_writes(socket);
    socket_clear(socket);
  }
}

/* It is connected again when that was asked for, unless a listener of `close` has done so and it closes once more. */
APART static void begin_next_life(struct weir_socket *socket) {
  if (socket->life != LIFE_CLOSED || !socket_awaits_connect(socket)) return;
  struct connecting *next = socket->extra->next_connecting;
  socket->extra->next_connecting = NULL;
  socket_begin_connecting(socket, next);
}

APART static void emit_close(struct weir_socket *socket) {
  weir_event event = {.type = WEIR_EVENT_CLOSE, .socket = socket, .had_error = socket->had_error};
  handle_emit(&socket->handle, &event);
}

/* The server's own `close` is owed and comes later. What listeners find is a socket that can be connected again. */
static void deliver_close(struct weir_socket *socket) {
  if (socket->extra != NULL || socket->had_error) deliver_last_words(socket);
  socket->life = LIFE_CLOSED;
  handle_count(&socket->handle, false);
  if (socket->server != NULL) server_socket_closed(socket->server);
  if (handle_hears(&socket->handle, WEIR_EVENT_CLOSE)) emit_close(socket);
  if (socket->extra != NULL) begin_next_life(socket);
  handle_release(&socket->handle);
}

static bool take_debt(struct weir_socket *socket, enum socket_debt debt) {
  if ((socket->debts & debt) == 0) return false;
  socket->debts &= (uint8_t)~debt;
  return true;
}

void socket_deliver_flow_owed(struct weir_socket *socket) {
  if (take_debt(socket, DEBT_PAUSE)) socket_emit(socket, WEIR_EVENT_PAUSE);
  if (take_debt(socket, DEBT_PIPES)) pipe_deliver_notices(socket);
}

APART static void deliver_seldom(struct weir_socket *socket) {
  if (take_debt(socket, DEBT_CONNECT)) socket_deliver_connect(socket);
  socket_deliver_flow(socket);
  if (take_debt(socket, DEBT_CALLBACKS)) socket_deliver_callbacks(socket);
}

static void deliver(struct handle *handle) {
  struct weir_socket *socket = CONTAINER_OF(handle, struct weir_socket, handle);
  if (socket->debts == DEBT_CLOSE) {
    socket->debts = 0;
    deliver_close(socket);
    return;
  }
  if ((socket->debts & (DEBT_CONNECT | DEBTS_OF_FLOW | DEBT_CALLBACKS)) != 0) deliver_seldom(socket);
  if (take_debt(socket, DEBT_RESUME)) socket_deliver_resume(socket);
  if (take_debt(socket, DEBT_FINISH)) socket_deliver_finish(socket);
  if (take_debt(socket, DEBT_FAILURE)) {
    socket_fail(socket, "write", WEIR_ENOTCONN, 0, "the socket was never connected");
  }
  if (socket->extra != NULL) hand_over_go_on(socket);
  if (take_debt(socket, DEBT_CLOSE)) deliver_close(socket);
}

/* Whoever closed first is told first; and what is owed by now comes before any `close`. */
APART static void deliver_in_order(weir_loop *loop) {
  struct weir_socket *socket = NULL;
  while (list_empty(&loop->owed) && !loop->ended && (socket = take_closed(loop)) != NULL) deliver(&socket->handle);
  settle_closing(loop);
}

/* Here the loop is asked for nothing, so `close` need not be owed. Mostly this is the only socket that closes. */
void socket_close_done(const struct completion *completion) {
  struct weir_socket *socket = socket_of(completion->connection);
  weir_loop *loop = socket->handle.loop;
  assert(socket->life == LIFE_CLOSING && !socket->close_returned);
  loop->closes--;
  socket->close_returned = true;
  if (socket->extra != NULL) hand_over_send(socket, completion);
  struct list_node *node = &socket->handle.link;
  bool is_alone = node->next == &loop->closing.head && node->previous == &loop->closing.head;
  if (!is_alone || !list_empty(&loop->owed) || loop->ended || socket->debts != 0) {
    deliver_in_order(loop);
    return;
  }
  list_move(&loop->handles, node);
  socket->waits_to_close = false;
  deliver_close(socket);
}

/* ---- the end ---- */

void socket_clear(struct weir_socket *socket) {
  struct socket_extra *extra = socket->extra;
  weir_loop *loop = socket->handle.loop;
  if (extra == NULL) return;
  socket_drop_writes(socket);
  socket_drop_kept(socket);
  connecting_free(extra->connecting);
  extra->connecting = NULL;
  extra->corks = 0;
  extra->needs_drain = false;
  extra->writing = false;
  extra->silence_ms = 0;
  guest_leave(extra->guest);
  extra->guest = NULL;
  deadline_clear(&extra->silence, loop);
  deadline_clear(&extra->buffers, loop);
  socket_stop_idle(socket);
  decoder_init(&extra->decoder, extra->decoder.encoding);
}

static void abandon(struct handle *handle) {
  struct weir_socket *socket = CONTAINER_OF(handle, struct weir_socket, handle);
  pipe_break_all(socket);
  if (socket->life == LIFE_CLOSING) {
    end_quietly(socket); /* only its events were still owed: the backend's close is counted elsewhere */
  } else if (socket->life == LIFE_OPEN || socket->life == LIFE_CONNECTING) {
    socket_destroy(socket, NULL);
  }
}

APART static void free_extra(struct weir_socket *socket) {
  weir_loop *loop = socket->handle.loop;
  struct socket_extra *extra = socket->extra;
  socket_drop_next_connect(socket);
  socket_clear(socket);
  pipe_drop_notices(socket);
  socket_drop_callbacks(socket);
  deadline_fini(&extra->silence, loop);
  deadline_fini(&extra->buffers, loop);
  deadline_fini(&extra->idle, loop);
  memory_put(&loop->allocator, extra->read_error);
  memory_put(&loop->allocator, extra->error);
  memory_put(&loop->allocator, extra->name);
  memory_put(&loop->allocator, extra->tried);
  memory_put(&loop->allocator, extra);
}

static void free_socket(struct handle *handle) {
  struct weir_socket *socket = CONTAINER_OF(handle, struct weir_socket, handle);
  if (socket->has_tcp_room || socket->extra != NULL) {
    socket_forget_addresses(socket);
    socket_free_options(socket);
  }
  if (socket->extra != NULL) free_extra(socket);
  if (socket->server != NULL) server_release_from_socket(socket->server);
  slab_put(&handle->loop->sockets[socket->has_tcp_room], socket, handle->place);
}

/* ---- an end that nobody hears ---- */

/* Whether an accepted socket ends with its peer, has nothing queued or owed, and nobody listens to what follows. */
static inline bool ends_unheard(const struct weir_socket *socket) {
  const uint32_t last_events = 1U << WEIR_EVENT_END | 1U << WEIR_EVENT_FINISH | 1U << WEIR_EVENT_CLOSE;
  bool is_plain = socket->write_half == WRITE_OPEN && socket->debts == 0 && !socket->allow_half_open;
  return is_plain && socket->extra == NULL && socket->server != NULL && !socket->handle.owes &&
         !handle_hears_any(&socket->handle, last_events);
}

/* Whoever holds it still finds it closed. */
APART static void release_closed(struct weir_socket *socket) {
  socket->life = LIFE_CLOSED;
  socket->read_half = READ_NONE;
  socket->write_half = WRITE_NONE;
  socket->reading = false;
  socket->handle.silenced = true;
  handle_release(&socket->handle);
}

/* Whether nobody else holds it, and with it goes nothing but its block. */
static inline bool is_only_a_block(const struct weir_socket *socket) {
  return socket->handle.owners == 1 && socket->handle.listener != NULL && !socket->has_tcp_room &&
         socket->server->handle.owners > 1;
}

/* What releasing it comes to. The loop stays, for this is called from it. */
static inline void free_block(struct weir_socket *socket) {
  weir_loop *loop = socket->handle.loop;
  socket->server->handle.owners--;
  list_unlink(&socket->handle.link);
  loop->dependents--;
  slab_put(&loop->sockets[false], socket, socket->handle.place);
}

static inline void close_unheard(struct weir_socket *socket) {
  handle_count(&socket->handle, false);
  server_socket_destroyed(socket->server);
  server_socket_closed(socket->server);
  if (is_only_a_block(socket)) {
    free_block(socket);
  } else {
    release_closed(socket);
  }
}

static inline bool close_below_at_end(struct weir_socket *socket) {
  return socket_operations(socket)->close(socket_backend(socket), socket_connection(socket), ENDING_AT_END);
}

/* Many connections of a server end unheard. What is between open and closed could be seen by listeners alone. */
void socket_come_to_end(struct weir_socket *socket) {
  if (ends_unheard(socket) && close_below_at_end(socket)) {
    close_unheard(socket);
  } else {
    socket->reading = false;
    socket_end_reading(socket);
  }
}

const struct handle_class socket_class = {
    .events = SOCKET_EVENTS, .deliver = deliver, .abandon = abandon, .free = free_socket, .describe = socket_describe};
