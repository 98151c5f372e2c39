/* SPDX-License-Identifier: MIT */
/*
 * A server from inside. Its code:
 *
 *   server.c  making, asking, delivering what is owed
 *   listen.c  the calls that listen, and their events
 *   name.c    from an endpoint to a name that is had, or an error
 *   lookup.c  before that, from a host's name to its addresses
 *   accept.c  clients come: welcomed, dropped, or too many for the system
 *   close.c   the name goes at once, `close` comes behind all sockets
 *   delegate.c  another process has the name and brings the connections
 *
 * Its states:
 *
 *   IDLE --listen, name had--> STARTING --`listening` emitted--> LISTENING --close--> CLOSING --`close` emitted--> IDLE
 *   IDLE --listen, name not had--> FAILING --`error` emitted--> IDLE       STARTING --close--> CLOSING
 *   IDLE --bind--> BOUND --taken over by another server or a socket--> IDLE       BOUND --unbind--> CLOSING
 *   IDLE --listen at a host's name--> LOOKING_UP --answer--> STARTING or FAILING       LOOKING_UP --close--> IDLE
 *   IDLE, LOOKING_UP --listen in a loop with a delegation--> ASKING --answer--> STARTING or FAILING
 *   ASKING --close--> IDLE
 *
 * The name is had, or not, inside listen(), but for a host's and a delegate's; only its event is owed. CLOSING lasts
 * until the backend has let go of the acceptor and every accepted socket has emitted its `close`. (contract D1, D2)
 */
#ifndef WEIR_COMMON_SERVER_SERVER_H
#define WEIR_COMMON_SERVER_SERVER_H

#include <stdalign.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <weir/block_list.h>
#include <weir/bound.h>
#include <weir/server.h>

#include "common/backend.h"
#include "common/base/list.h"
#include "common/loop/cancellation.h"
#include "common/loop/deadline.h"
#include "common/loop/handle.h"
#include "common/loop/loop.h"
#include "common/socket/options.h"

struct weir_socket;
struct asked_listen;
struct delegate;
struct listen_later;
struct listen_lookup;
struct server_parcel;

enum server_state {
  SERVER_IDLE,
  SERVER_LOOKING_UP,
  SERVER_ASKING,
  SERVER_BOUND,
  SERVER_STARTING,
  SERVER_FAILING,
  SERVER_LISTENING,
  SERVER_CLOSING
};

/* What a server owes its user; a set. Delivered in this order. */
enum server_debt { SERVER_OWES_ANSWERS = 1, SERVER_OWES_START = 2, SERVER_OWES_FAILURE = 4, SERVER_OWES_CLOSE = 8 };

struct weir_server {
  struct handle handle;
  enum server_state state;
  uint8_t debts;
  bool allow_half_open;
  bool pause_on_connect;
  bool short_of_descriptors; /* an `error` has said so; no further one until a client was accepted */
  bool acceptor_returned;    /* CLOSING: the backend has let go */
  bool lacks_acceptor;       /* from STARTING: its delegate accepts */
  bool waits_to_accept;      /* it accepts when server_accept says so, not when it listens */
  bool drop_max_connections;
  size_t high_water_mark;
  int max_connections;
  size_t connections; /* accepted, until they are destroyed */
  size_t unclosed;    /* accepted, until their `close` was emitted */
  size_t away;        /* those of them that other processes have */
  char *address;      /* the native name while it listens, and until it listens again */
  weir_address bound; /* the same over TCP; no family over anything else */
  weir_block_list *block_list;
  struct socket_options socket_options; /* of its accepted sockets, which share them */
  weir_error *failure;                  /* of the last listen, while its event is owed */
  weir_listener listener;               /* of the listen under way, dropped when it fails */
  void *listener_user;
  struct cancelable cancelable; /* from the listen until it closes */
  struct deadline pause;        /* before accepting again */
  uint64_t pause_ms;
  struct list closers; /* questions: callbacks of the close under way */
  struct list asked;   /* questions: what can be answered at once */
  struct listen_later *later;
  struct server_parcel *parcel; /* on its way to another loop, see hand_over.h */
  int backlog;
  struct listen_lookup *lookup;      /* LOOKING_UP */
  struct delegate *delegate;         /* is asked, accepts in its place, or shares with it; see delegate.h */
  struct asked_listen *asked_listen; /* ASKING */
};

/* The backend's part stands behind the server, aligned for anything. */
#define SERVER_BYTES \
  ((sizeof(struct weir_server) + alignof(max_align_t) - 1) / alignof(max_align_t) * alignof(max_align_t))

static inline struct acceptor *server_acceptor(weir_server *server) {
  return (struct acceptor *)(void *)((char *)server + SERVER_BYTES);
}

static inline weir_server *server_of(struct acceptor *acceptor) {
  return (weir_server *)(void *)((char *)acceptor - SERVER_BYTES);
}

static inline const weir_allocator *server_allocator(const weir_server *server) {
  return &server->handle.loop->allocator;
}

/* The first pause before accepting again; doubled each time. (facts A.20) */
#define SERVER_FIRST_PAUSE_MS 5

/* ---- server.c ---- */

void server_owe(weir_server *server, enum server_debt debt);

/* Says anew whether it keeps the loop alive; call after anything that the answer depends on. */
void server_update_liveness(weir_server *server);

/* Emits an `error` about accepting or listening again. */
void server_report(weir_server *server, const char *operation, weir_code code, int native_code, const char *hint);

/* Remembers a callback of close(), to be called with `code`, on one of the server's lists. */
weir_code server_ask_closed(weir_server *server, struct list *questions, weir_server_callback callback, void *user,
                            weir_code code);

/* Calls everybody back who is on the list by now. */
void server_answer(weir_server *server, struct list *questions);

/* The mark of accepted sockets. */
size_t server_mark(const weir_server *server);

/* Where it listens over TCP, or the last time; no family over anything else. */
const weir_address *server_bound_address(const weir_server *server);

/* What its accepted sockets tell their connections. */
const struct socket_options *server_socket_options(const weir_server *server);

/* An accepted socket was destroyed: it does not count as a connection any more. */
static inline void server_socket_destroyed(weir_server *server) { server->connections--; }

/* One of its connections went to another process, or counts there no more. */
void server_count_away(weir_server *server, bool more);

/* A socket that holds its server lets go of it. */
static inline void server_release_from_socket(weir_server *server) { handle_release(&server->handle); }

/* ---- describe.c ---- */

void server_describe(const struct handle *handle, struct text *text);

/* ---- server/listen.c ---- */

void server_deliver_start(weir_server *server);
void server_deliver_failure(weir_server *server);
void server_forget_listener(weir_server *server);

/* Begins the listen that was asked for while the server was closing, or forgets it. */
void server_listen_if_asked(weir_server *server);
void server_forget_later(weir_server *server);

/* The listen has failed, in the loop: the event is owed, or comes at once when there is no memory for it. */
void server_fail(weir_server *server, const weir_error *error);

/* The listen has failed: the event is owed. WEIR_ENOMEM: there was none for the error, and nothing has begun. */
weir_code server_owe_failure(weir_server *server, const weir_error *error);

/* Nobody shall hear of the failure that is owed. */
void server_forget_failure(weir_server *server);

/* ---- server/name.c ---- */

/* What the options ask for, at an address. */
struct listen_request server_listen_request(struct address *address, const weir_listen_options *options);

/* Listens at an endpoint, now or after a look-up, or owes the failure. WEIR_ENOMEM: nothing has begun. */
weir_code server_listen_at(weir_server *server, const char *endpoint, size_t length,
                           const weir_listen_options *options);

/* Listens on what a request names instead of an address, or owes the failure; `address` is for errors, or NULL. */
weir_code server_listen_on(weir_server *server, struct listen_request *request, const weir_address *address);

/*
 * Listens at the first address that can be had, or owes the failure of the first. `name` is memory for it, given away.
 * WEIR_ENOMEM: as above.
 */
weir_code server_listen_at_first(weir_server *server, const weir_address *addresses, size_t count, char *name,
                                 const weir_listen_options *options);

/* Writes a name into memory for one, as far as it fits. Returns the memory. */
char *server_name_cut(char *memory, const char *name);

/* The name is had, so the server is STARTING. `name` is given away; `bound` is NULL for a local one. */
void server_start_at(weir_server *server, char *name, const weir_address *bound);

/* Has an IP address, or any, and does not listen: the server is BOUND, or as it was. */
struct outcome server_bind(weir_server *server, struct address *address, const weir_bind_options *options);

/* ---- server/lookup.c ---- */

/* Looks the host of an address up, and then listens there. `name` is memory for the name that will be had, given away.
 */
weir_code server_look_up(weir_server *server, const struct address *address, char *name,
                         const weir_listen_options *options);

/* Forgets a listen that waits for an answer, which may free the server; does nothing to others. */
void server_stop_lookup(weir_server *server);

/* ---- server/accept.c ---- */

void server_accept(weir_server *server, bool wanted);
void server_accept_again(struct deadline *deadline);
void server_accept_done(const struct completion *completion);

/* ---- server/close.c ---- */

/* The name goes; `close` follows behind all sockets. */
void server_stop_listening(weir_server *server, enum ending ending);

void server_close_done(const struct completion *completion);

/* Closes what is BOUND; does nothing to others. */
void server_unbind(weir_server *server);

/* Owes the `close` of a server that closes if it waits for nothing more. */
void server_owe_close_if_over(weir_server *server);

/* An accepted socket has emitted its `close`, or ended with the loop. */
static inline void server_socket_closed(weir_server *server) {
  server->unclosed--;
  if (server->state == SERVER_CLOSING) server_owe_close_if_over(server);
}

void server_deliver_close(weir_server *server);

/* A server that has no name, and no acceptor, emits its `close`: what was cancelled is heard of. */
void server_owe_bare_close(weir_server *server);

/* The loop ends: closes without an event. */
void server_abandon(weir_server *server);

#endif
