/* SPDX-License-Identifier: MIT */
/*
 * Accepting: each client is welcomed with a socket of its own, or dropped when there are too many. When the system is
 * short of descriptors or memory, the backend has shed a client if it could, and accepting pauses, longer each time.
 * Where a delegate accepts, it brings connections that are open. (facts A.20; EO-52)
 */
#include <weir/event.h>

#include "common/base/apart.h"
#include "common/server/delegate.h"
#include "common/server/server.h"
#include "common/socket/socket.h"

enum { LONGEST_PAUSE_MS = 1000 };

void server_accept(weir_server *server, bool wanted) {
  weir_loop *loop = server->handle.loop;
  if (server->lacks_acceptor) return; /* who accepts for it decides */
  loop->operations->accept(loop->backend, server_acceptor(server), wanted);
}

void server_accept_again(struct deadline *deadline) {
  weir_server *server = CONTAINER_OF(deadline, weir_server, pause);
  if (server->state == SERVER_LISTENING) server_accept(server, true);
}

/* Short of descriptors or memory: pause, longer each time, and say so once. */
APART static void back_off(weir_server *server, const struct completion *completion) {
  deadline_set_after(&server->pause, server->handle.loop, server->pause_ms);
  server->pause_ms = server->pause_ms * 2 < LONGEST_PAUSE_MS ? server->pause_ms * 2 : LONGEST_PAUSE_MS;
  if (server->short_of_descriptors) return;
  server->short_of_descriptors = true;
  server_report(server, "accept", (weir_code)completion->result, completion->native_code, completion->hint);
}

APART static void forget_shortage(weir_server *server) {
  server->short_of_descriptors = false;
  server->pause_ms = SERVER_FIRST_PAUSE_MS;
}

static void turn_away(weir_server *server) {
  server->handle.loop->operations->take(server->handle.loop->backend, server_acceptor(server), NULL);
}

/* Whether all that the listener has asked of the socket is to hear its data, as most do. Nobody hears `resume` then. */
static inline bool just_flows(const struct weir_socket *socket) {
  bool is_plain = socket->debts == DEBT_RESUME && socket->life == LIFE_OPEN && socket->extra == NULL;
  if (!is_plain || socket->reading) return false;
  return handle_has_only(&socket->handle, WEIR_EVENT_DATA) || !handle_hears(&socket->handle, WEIR_EVENT_RESUME);
}

/* A listener that pauses still has what comes read up to the mark; only pause_on_connect reads nothing. (EO-07, EO-08)
 */
APART static void begin_otherwise(const weir_server *server, struct weir_socket *socket) {
  handle_settle(&socket->handle);
  if (socket->reading) return;
  if (!server->pause_on_connect || socket->flow != FLOW_PAUSED) socket_start_reading(socket);
}

/* Does what the listener has asked of the socket. */
static inline void begin(const weir_server *server, struct weir_socket *socket) {
  if (!just_flows(socket)) {
    begin_otherwise(server, socket);
    return;
  }
  socket->handle.attended = false;
  socket->debts = 0;
  socket->read_half = READ_FLOWING;
  socket_read_on(socket);
}

/* Too many: they are told who it was, as far as TCP says. */
static void tell_of_drop(weir_server *server, const weir_address *peer) {
  weir_event_drop details = {.local = peer == NULL ? NULL : &server->bound, .remote = peer};
  weir_event event = {.type = WEIR_EVENT_DROP, .server = server, .drop = &details};
  server->handle.loop->counters.connections_dropped++;
  handle_emit(&server->handle, &event);
}

APART static void drop(weir_server *server, const weir_address *peer) {
  turn_away(server);
  tell_of_drop(server, peer);
}

/* WEIR_UNLIMITED is more than there can be. */
static bool is_full(const weir_server *server) { return server->connections >= (size_t)server->max_connections; }

static bool is_blocked(const weir_server *server, const weir_address *peer) {
  return server->block_list != NULL && weir_block_list_check(server->block_list, peer);
}

APART static void refuse_for_memory(weir_server *server) {
  turn_away(server);
  server_report(server, "accept", WEIR_ENOMEM, 0, "no memory for a client's socket; the client was turned away");
}

static inline void count_in(weir_server *server, struct weir_socket *socket) {
  socket->server = server;
  handle_retain(&server->handle);
  server->connections++;
  server->unclosed++;
  server->handle.loop->counters.connections_accepted++;
}

/* The socket is open: tells of it, and does what the listener asks. */
static MERGED void introduce(weir_server *server, struct weir_socket *socket) {
  weir_event event = {.type = WEIR_EVENT_CONNECTION, .server = server, .connection = socket};
  handle_attend(&socket->handle);
  handle_emit(&server->handle, &event);
  begin(server, socket);
}

/* The owner it was made with is the loop. */
static MERGED void open_client(weir_server *server, struct weir_socket *socket, const weir_address *peer) {
  count_in(server, socket);
  if (peer != NULL) {
    socket_meet(socket, peer);
    socket_apply_options(socket);
  }
  socket_open_new(socket);
  if (server->allow_half_open) socket->allow_half_open = true;
  if (server->pause_on_connect) socket->flow = FLOW_PAUSED;
}

/* `peer` is NULL over anything but TCP. */
static MERGED void accept_client(weir_server *server, const weir_address *peer) {
  uint16_t place;
  weir_loop *loop = server->handle.loop;
  struct weir_socket *socket = slab_get(&loop->sockets[peer != NULL], &place);
  if (socket == NULL) {
    refuse_for_memory(server);
    return;
  }
  loop->operations->take(loop->backend, server_acceptor(server), socket_connection(socket));
  if (server->short_of_descriptors) forget_shortage(server);
  socket_init(socket, place, loop, peer != NULL);
  open_client(server, socket, peer);
  introduce(server, socket);
}

APART static void accept_local(weir_server *server) { accept_client(server, NULL); }

/* Who comes is lent by the backend only until `take`. */
APART static void accept_from(weir_server *server, const weir_address *lent) {
  const weir_address peer = *lent;
  if (is_blocked(server, &peer)) {
    server->handle.loop->counters.connections_blocked++;
    turn_away(server);
  } else if (is_full(server)) {
    drop(server, &peer);
  } else {
    accept_client(server, &peer);
  }
}

void server_accept_done(const struct completion *completion) {
  weir_server *server = server_of(completion->acceptor);
  if (completion->result < 0) {
    back_off(server, completion);
  } else if (completion->peer != NULL) {
    accept_from(server, completion->peer);
  } else if (is_full(server)) {
    drop(server, NULL);
  } else {
    accept_local(server);
  }
}

/* ---- connections that a delegate brings ---- */

/* What an accepted socket has of its server from its beginning. */
static void adopt_open(weir_server *server, struct weir_socket *socket) {
  count_in(server, socket);
  socket->flow = server->pause_on_connect ? FLOW_PAUSED : FLOW_UNDECIDED;
  socket->allow_half_open = server->allow_half_open;
  if (socket->extra != NULL) socket->extra->high_water_mark = server->high_water_mark;
  if (socket->is_tcp) socket_apply_options(socket);
  introduce(server, socket);
}

weir_code server_refusal(weir_server *server, bool must) {
  if (server->state == SERVER_STARTING) server_deliver_start(server);
  if (server->state != SERVER_LISTENING) return WEIR_ENOTOPEN;
  return is_full(server) && !must && !server->drop_max_connections ? WEIR_EBUSY : WEIR_OK;
}

void server_adopt(weir_server *server, struct weir_socket *socket) {
  weir_address remote;
  const weir_address *peer = weir_socket_remote_address(socket, &remote) ? &remote : NULL;
  if (peer != NULL && is_blocked(server, peer)) {
    server->handle.loop->counters.connections_blocked++;
    weir_socket_destroy(socket, NULL);
  } else if (is_full(server)) {
    weir_socket_destroy(socket, NULL);
    tell_of_drop(server, peer);
  } else {
    adopt_open(server, socket);
  }
}
