/* SPDX-License-Identifier: MIT */
/*
 * Closing: the name is free at once, the connections stay, and `close` comes when the backend has let go of the
 * acceptor and every accepted socket has emitted its own. (contract D1, D2; EO-14, EO-16)
 */
#include <assert.h>

#include "common/hand_over/hand_over.h"
#include "common/server/delegate.h"
#include "common/server/server.h"
#include "common/socket/socket.h"

void server_owe_close_if_over(weir_server *server) {
  if (server->state == SERVER_CLOSING && server->acceptor_returned && server->unclosed == 0) {
    server_owe(server, SERVER_OWES_CLOSE);
  }
}

static void close_below(weir_server *server, enum ending ending) {
  weir_loop *loop = server->handle.loop;
  loop->closes++;
  loop->operations->close_acceptor(loop->backend, server_acceptor(server), ending);
}

void server_stop_listening(weir_server *server, enum ending ending) {
  server->state = SERVER_CLOSING;
  deadline_clear(&server->pause, server->handle.loop);
  cancelable_leave(&server->cancelable);
  server_forget_listener(server);
  server_leave_delegate(server);
  if (server->lacks_acceptor) {
    server->acceptor_returned = true;
    server_owe_close_if_over(server);
  } else {
    close_below(server, ending);
  }
  server_update_liveness(server);
}

void server_unbind(weir_server *server) {
  if (server->state != SERVER_BOUND) return;
  handle_retain(&server->handle); /* the loop's, until the backend has let go */
  server_stop_listening(server, ENDING_CLOSE);
}

weir_code weir_server_close(weir_server *server, weir_server_callback callback, void *user) {
  if (server == NULL) return WEIR_EINVAL;
  loop_check_thread(server->handle.loop);
  if (server->handle.loop->ended) return WEIR_ECANCELED;
  bool asked = server->later != NULL; /* a listen() that has not begun is taken back */
  bool open = weir_server_listening(server) || asked;
  if (callback != NULL) {
    bool waits = open && server->state != SERVER_IDLE; /* IDLE: only a listen() that waited was to be taken back */
    struct list *questions = waits ? &server->closers : &server->asked;
    weir_code code = server_ask_closed(server, questions, callback, user, open ? WEIR_OK : WEIR_ENOTOPEN);
    if (code != WEIR_OK) return code;
    if (!waits) server_owe(server, SERVER_OWES_ANSWERS);
  }
  if (asked) {
    server_forget_later(server);
  } else if (open) {
    server_stop_listening(server, ENDING_CLOSE);
  } else {
    server_stop_lookup(server);
    server_leave_delegate(server);
  }
  return WEIR_OK;
}

/*
 * Connections are found among all handles of the loop: a list of a server's own would cost every connection more than
 * looking at all of them costs who asks for it.
 */
static struct weir_socket *connection_of(const weir_server *server, struct handle *handle) {
  struct weir_socket *socket = handle->kind == HANDLE_SOCKET ? CONTAINER_OF(handle, struct weir_socket, handle) : NULL;
  bool is_one = socket != NULL && socket->server == server && socket->life != LIFE_CLOSED;
  return is_one ? socket : NULL; /* one that is closed has left the server and only remembers it */
}

static void end_connection(struct handle *handle, void *server) {
  struct weir_socket *socket = connection_of(server, handle);
  if (socket != NULL && !socket_is_over(socket)) weir_socket_end(socket, NULL);
}

/* Destroying one that closes already takes back what it was to connect to next. */
static void destroy_connection(struct handle *handle, void *server) {
  struct weir_socket *socket = connection_of(server, handle);
  if (socket != NULL) weir_socket_destroy(socket, NULL);
}

void weir_server_end_connections(weir_server *server) {
  loop_check_thread(server->handle.loop);
  loop_visit(server->handle.loop, end_connection, server);
}

void weir_server_destroy_connections(weir_server *server) {
  weir_loop *loop = server->handle.loop;
  loop_check_thread(loop);
  if (loop->ended) return;
  const struct list *closing = &loop->closing;
  for (struct list_node *node = list_first(closing); node != NULL; node = list_after(closing, node)) {
    destroy_connection(CONTAINER_OF(node, struct handle, link), server);
  }
  loop_visit(loop, destroy_connection, server);
}

/* The loop has ended: nobody hears of it. */
static void end_quietly(weir_server *server) {
  server->state = SERVER_IDLE;
  server->debts = 0;
  server_update_liveness(server);
  handle_release(&server->handle);
}

void server_close_done(const struct completion *completion) {
  weir_server *server = server_of(completion->acceptor);
  assert(server->state == SERVER_CLOSING && !server->acceptor_returned);
  server->handle.loop->closes--;
  server->acceptor_returned = true;
  hand_over_send_server(server, completion);
  if (server->handle.loop->ended) {
    end_quietly(server);
    return;
  }
  server_update_liveness(server);
  server_owe_close_if_over(server);
}

void server_owe_bare_close(weir_server *server) {
  server->state = SERVER_CLOSING;
  server->acceptor_returned = true;
  handle_retain(&server->handle); /* the loop's, until `close` was emitted */
  server_owe_close_if_over(server);
}

void server_deliver_close(weir_server *server) {
  weir_event event = {.type = WEIR_EVENT_CLOSE, .server = server};
  struct list closers; /* of this close: a listener may listen and close again */
  list_init(&closers);
  list_move_all(&server->closers, &closers);
  server->state = SERVER_IDLE;
  server_update_liveness(server);
  handle_emit(&server->handle, &event);
  server_answer(server, &closers);
  server_listen_if_asked(server);
  handle_release(&server->handle);
}

void server_abandon(weir_server *server) {
  server_stop_lookup(server);
  if (!weir_server_listening(server)) server_leave_delegate(server);
  server_unbind(server);
  if (weir_server_listening(server)) server_stop_listening(server, ENDING_CLOSE);
  if (server->state == SERVER_CLOSING && server->acceptor_returned) end_quietly(server);
}
