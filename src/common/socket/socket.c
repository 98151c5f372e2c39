/* SPDX-License-Identifier: MIT */
#include "common/socket/socket.h"

#include <stdalign.h>
#include <string.h>

#include "common/base/apart.h"
#include "common/base/memory.h"
#include "common/base/versioned.h"
#include "common/loop/listeners.h"
#include "common/server/server.h"
#include "common/socket/options.h"

/* Behind the backend's part, which may end anywhere. */
static size_t place_of_tcp(const weir_loop *loop) {
  size_t end = sizeof(struct weir_socket) + loop->operations->connection_bytes;
  return (end + alignof(struct socket_tcp) - 1) / alignof(struct socket_tcp) * alignof(struct socket_tcp);
}

void socket_prepare_memory(weir_loop *loop, bool by_page) {
  size_t bytes = place_of_tcp(loop);
  slab_init(&loop->sockets[false], &loop->allocator, bytes, 0, by_page);
  slab_init(&loop->sockets[true], &loop->allocator, bytes + sizeof(struct socket_tcp), 0, by_page);
}

struct weir_socket *socket_make(weir_loop *loop, bool allow_half_open, void *user) {
  uint16_t place;
  struct weir_socket *socket = slab_get(&loop->sockets[true], &place);
  if (socket == NULL) return NULL;
  socket_init(socket, place, loop, true);
  socket->handle.user = user;
  socket->allow_half_open = allow_half_open;
  return socket;
}

struct socket_extra *socket_need_extra(struct weir_socket *socket) {
  if (socket->extra != NULL) return socket->extra;
  struct socket_extra *extra = memory_get_zeroed(&socket->handle.loop->allocator, sizeof *extra);
  if (extra == NULL) return NULL;
  extra->socket = socket;
  extra->high_water_mark = socket_mark(socket);
  extra->kept_end = &extra->kept;
  list_init(&extra->queued);
  list_init(&extra->finished);
  list_init(&extra->ending);
  list_init(&extra->pipes_out);
  list_init(&extra->pipes_in);
  list_init(&extra->pipe_notices);
  socket->extra = extra;
  return extra;
}

struct socket_tcp *socket_tcp(const struct weir_socket *socket) {
  char *block = (char *)(uintptr_t)socket;
  if (socket->has_tcp_room) return (struct socket_tcp *)(void *)(block + place_of_tcp(socket->handle.loop));
  return socket->extra == NULL ? NULL : &socket->extra->tcp;
}

struct socket_tcp *socket_need_tcp(struct weir_socket *socket) {
  return socket->has_tcp_room || socket_need_extra(socket) != NULL ? socket_tcp(socket) : NULL;
}

const char *socket_address(const struct weir_socket *socket, char room[WEIR_ADDRESS_TEXT_BYTES]) {
  weir_address remote;
  if (socket->extra != NULL && socket->extra->name != NULL) return socket->extra->name;
  if (weir_socket_remote_address(socket, &remote)) {
    weir_address_format(&remote, room, WEIR_ADDRESS_TEXT_BYTES);
    return room;
  }
  const char *address = socket->server == NULL ? NULL : weir_server_address(socket->server);
  return address == NULL ? "" : address;
}

size_t socket_mark(const struct weir_socket *socket) {
  if (socket->extra != NULL) return socket->extra->high_water_mark;
  return socket->server == NULL ? WEIR_HIGH_WATER_MARK : server_mark(socket->server);
}

/* ---- making ---- */

/* What it tells a TCP connection, once there is one. */
static weir_code take_tcp_options(struct weir_socket *socket, const weir_socket_options *options) {
  struct socket_options read;
  const struct keep_alive_wish keep_alive = {options->keep_alive, options->keep_alive_delay_ms,
                                             options->keep_alive_interval_ms, options->keep_alive_count};
  weir_code code = socket_options_read(&read, options->no_delay, &keep_alive, options->type_of_service);
  return code == WEIR_OK && socket_options_any(&read) ? socket_set_options(socket, &read) : code;
}

static weir_code take_options(struct weir_socket *socket, const weir_socket_options *options) {
  weir_code code = take_tcp_options(socket, options);
  if (code != WEIR_OK) return code;
  if (options->high_water_mark == 0 && options->onread == NULL) return WEIR_OK;
  struct socket_extra *extra = socket_need_extra(socket);
  if (extra == NULL) return WEIR_ENOMEM;
  if (options->high_water_mark != 0) extra->high_water_mark = options->high_water_mark;
  extra->onread = options->onread;
  extra->onread_buffer = options->onread_buffer;
  extra->onread_size = options->onread_size;
  return WEIR_OK;
}

weir_code weir_socket_create(weir_loop *loop, const weir_socket_options *options, weir_socket **socket) {
  weir_socket_options whole = weir_socket_options_default();
  if (loop == NULL || socket == NULL || !versioned_read(&whole, sizeof whole, options)) return WEIR_EINVAL;
  loop_check_thread(loop);
  if (loop->ended) return WEIR_ECANCELED;
  bool has_onread = whole.onread != NULL;
  if ((whole.onread_buffer != NULL) != has_onread || (whole.onread_size != 0) != has_onread) return WEIR_EINVAL;
  struct weir_socket *made = socket_make(loop, whole.allow_half_open, whole.user);
  if (made == NULL) return WEIR_ENOMEM;
  weir_code code = take_options(made, &whole);
  if (code != WEIR_OK) {
    weir_socket_release(made);
    return code;
  }
  /* A callback of its own is a consumer, as a listener of data is. */
  if (has_onread) made->flow = FLOW_ON;
  *socket = made;
  return WEIR_OK;
}

weir_code weir_connect(weir_loop *loop, const char *endpoint, const weir_socket_options *socket_options,
                       const weir_connect_options *connect_options, weir_socket **socket) {
  weir_socket *made = NULL;
  if (socket == NULL) return WEIR_EINVAL;
  weir_code code = weir_socket_create(loop, socket_options, &made);
  if (code == WEIR_OK) code = weir_socket_connect(made, endpoint, connect_options);
  if (code == WEIR_OK) {
    *socket = made;
  } else {
    weir_socket_release(made);
  }
  return code;
}

weir_code weir_socket_open(weir_socket *socket, intptr_t native, bool readable, bool writable) {
  if (socket == NULL || (!readable && !writable)) return WEIR_EINVAL;
  loop_check_thread(socket->handle.loop);
  if (socket->handle.loop->ended) return WEIR_ECANCELED;
  if (weir_socket_connecting(socket) || socket->life == LIFE_CLOSING) return WEIR_EALREADY;
  if (socket->life == LIFE_OPEN) return WEIR_EISCONN;
  memset(socket_connection(socket), 0, socket_operations(socket)->connection_bytes);
  struct outcome outcome = socket_operations(socket)->open(socket_backend(socket), socket_connection(socket), native);
  if (outcome.code != WEIR_OK) return outcome.code;
  socket_begin_life(socket);
  socket_meet_whoever(socket);
  socket_become_open(socket);
  if (!readable) socket->read_half = READ_ENDED;
  if (!writable) socket->write_half = WRITE_ENDED;
  if (socket->flow != FLOW_PAUSED) socket_start_reading(socket);
  return WEIR_OK;
}

/* ---- owners and liveness ---- */

weir_socket *weir_socket_retain(weir_socket *socket) {
  handle_retain(&socket->handle);
  return socket;
}

void weir_socket_release(weir_socket *socket) {
  if (socket == NULL) return;
  loop_check_thread(socket->handle.loop);
  handle_release(&socket->handle);
}

weir_socket *weir_socket_ref(weir_socket *socket) {
  socket->handle.referenced = true;
  socket_update_liveness(socket);
  return socket;
}

weir_socket *weir_socket_unref(weir_socket *socket) {
  socket->handle.referenced = false;
  socket_update_liveness(socket);
  return socket;
}

bool weir_socket_has_ref(const weir_socket *socket) { return socket->handle.referenced; }

/* ---- listeners ---- */

/* Who listens to data is a consumer. */
static inline void consume(struct weir_socket *socket, weir_event_type type) {
  if (type == WEIR_EVENT_DATA && socket->flow == FLOW_UNDECIDED) socket_resume(socket);
}

APART static weir_code add_listener(weir_socket *socket, weir_event_type type, enum listener_position position,
                                    weir_listener listener, void *user) {
  if (socket == NULL) return WEIR_EINVAL;
  loop_check_thread(socket->handle.loop);
  weir_code code = handle_listen(&socket->handle, type, position, listener, user);
  if (code == WEIR_OK) consume(socket, type);
  return code;
}

/* Mostly it is the first one. */
weir_code weir_socket_on(weir_socket *socket, weir_event_type type, weir_listener listener, void *user) {
  bool is_first = socket != NULL && handle_listen_first(&socket->handle, SOCKET_EVENTS, type, listener, user);
  if (!is_first) return add_listener(socket, type, LISTENER_LAST, listener, user);
  loop_check_thread(socket->handle.loop);
  consume(socket, type);
  return WEIR_OK;
}

weir_code weir_socket_once(weir_socket *socket, weir_event_type type, weir_listener listener, void *user) {
  return add_listener(socket, type, LISTENER_LAST_ONCE, listener, user);
}

weir_code weir_socket_prepend(weir_socket *socket, weir_event_type type, weir_listener listener, void *user) {
  return add_listener(socket, type, LISTENER_FIRST, listener, user);
}

weir_code weir_socket_off(weir_socket *socket, weir_event_type type, weir_listener listener, void *user) {
  return socket == NULL ? WEIR_EINVAL : handle_unlisten(&socket->handle, type, listener, user);
}

size_t weir_socket_listener_count(const weir_socket *socket, weir_event_type type) {
  return listeners_count(&socket->handle, type);
}

/* ---- asking ---- */

static bool is_writable(const weir_socket *socket) {
  return socket->write_half == WRITE_OPEN || socket->write_half == WRITE_QUEUED;
}

weir_socket_state weir_socket_get_state(const weir_socket *socket) {
  if (socket->life == LIFE_NEW) return WEIR_SOCKET_NEW;
  if (weir_socket_connecting(socket)) return WEIR_SOCKET_OPENING;
  if (socket->life != LIFE_OPEN) return WEIR_SOCKET_CLOSED;
  bool readable = socket->read_half != READ_ENDED;
  if (readable) return is_writable(socket) ? WEIR_SOCKET_OPEN : WEIR_SOCKET_READ_ONLY;
  return is_writable(socket) ? WEIR_SOCKET_WRITE_ONLY : WEIR_SOCKET_CLOSED;
}

bool weir_socket_connecting(const weir_socket *socket) {
  return socket->life == LIFE_CONNECTING || socket_awaits_connect(socket);
}

bool weir_socket_destroyed(const weir_socket *socket) {
  return (socket->life == LIFE_CLOSING || socket->life == LIFE_CLOSED) && !socket_awaits_connect(socket);
}

const weir_error *weir_socket_error(const weir_socket *socket) {
  return socket->extra == NULL ? NULL : socket->extra->error;
}

uint64_t weir_socket_bytes_read(const weir_socket *socket) { return socket->bytes_read; }

uint64_t weir_socket_bytes_written(const weir_socket *socket) { return socket->bytes_written; }

size_t weir_socket_buffered(const weir_socket *socket) {
  return socket->extra == NULL ? 0 : socket->extra->queued_bytes;
}

size_t weir_socket_kept(const weir_socket *socket) { return socket->extra == NULL ? 0 : socket->extra->kept_bytes; }

void weir_socket_get_counters(const weir_socket *socket, weir_socket_counters *counters) {
  const struct socket_extra *extra = socket->extra;
  weir_socket_counters whole = {.bytes_read = socket->bytes_read,
                                .bytes_written = socket->bytes_written,
                                .bytes_queued = weir_socket_buffered(socket),
                                .bytes_kept = weir_socket_kept(socket),
                                .attempts = extra == NULL ? 0 : extra->attempts,
                                .busy_retries = extra == NULL ? 0 : extra->busy_retries};
  versioned_fill(counters, &whole, sizeof whole);
}

bool weir_socket_needs_drain(const weir_socket *socket) { return socket->extra != NULL && socket->extra->needs_drain; }

size_t weir_socket_high_water_mark(const weir_socket *socket) { return socket_mark(socket); }

weir_code weir_socket_set_high_water_mark(weir_socket *socket, size_t bytes) {
  struct socket_extra *extra = socket_need_extra(socket);
  if (extra == NULL) return WEIR_ENOMEM;
  extra->high_water_mark = bytes;
  if (socket->read_half == READ_HELD && extra->kept_bytes > 0) socket_start_reading(socket); /* there may be room now */
  return WEIR_OK;
}

bool weir_socket_can_half_close(const weir_socket *socket) {
  bool can = false;
  if (socket->life != LIFE_OPEN) return false;
  socket_operations(socket)->control(socket_backend(socket), socket_connection(socket), CONTROL_CAN_HALF_CLOSE, &can);
  return can;
}

weir_server *weir_socket_server(const weir_socket *socket) { return socket->server; }

weir_loop *weir_socket_loop(const weir_socket *socket) { return socket->handle.loop; }

void *weir_socket_user(const weir_socket *socket) { return socket->handle.user; }

void weir_socket_set_user(weir_socket *socket, void *user) { socket->handle.user = user; }
