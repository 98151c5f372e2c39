/* SPDX-License-Identifier: MIT */
/*
 * A socket from inside. Its code is cut by what flows where:
 *
 *   socket.c          making, asking, listeners
 *   connect.c         from an endpoint to an open connection; connecting.h says who has a part in it
 *   read.c            backend -> kept or decoded -> the user's listeners
 *   write.c           the user -> queue -> backend -> drain, callbacks; write_request.c is one write of it
 *   end.c             the end of the write half: the peer is told, finish
 *   idle.c            the idle time-out
 *   life.c            open, destroy, close, and delivering what is owed
 *   addresses.c       who talks with whom, remembered
 *   options.c         what a TCP connection is told to be
 *   reset.c           breaking a TCP connection off
 *   ../hand_over/     to another loop
 *
 * State is one enum per axis. Life:
 *
 *   NEW --connect--> CONNECTING --made--> OPEN --destroy--> CLOSING --close emitted--> CLOSED --connect--> CONNECTING
 *   NEW --accepted, opened--> OPEN          CONNECTING --failed, destroyed--> CLOSING <--destroyed-- NEW
 *
 * Read half, only while OPEN:
 *
 *   HELD: what comes is kept         <--pause, or undecided--    FLOWING: what comes goes to the listeners
 *   HELD --end of file, or an error, with bytes kept--> ENDING --kept bytes delivered--> ENDED (`end` emitted)
 *
 * Write half: OPEN (nothing queued: a write goes to the backend at once) <--> QUEUED (something is queued, or corked,
 * or it is connecting) --end()--> ENDING --queue sent, peer told--> ENDED (`finish` emitted).
 *
 * Leaving OPEN life sets both halves to NONE, so that the hot paths test one of them alone. The loop owns a socket from
 * connect, open or accept until its `close` was emitted; dispatching needs no further reference.
 */
#ifndef WEIR_COMMON_SOCKET_SOCKET_H
#define WEIR_COMMON_SOCKET_SOCKET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <weir/socket.h>
#include <weir/tcp.h>

#include "common/address/address_pair.h"
#include "common/backend.h"
#include "common/base/list.h"
#include "common/encoding/decoder.h"
#include "common/loop/cancellation.h"
#include "common/loop/deadline.h"
#include "common/loop/handle.h"
#include "common/loop/loop.h"

enum socket_life { LIFE_NEW, LIFE_CONNECTING, LIFE_OPEN, LIFE_CLOSING, LIFE_CLOSED };
enum read_half { READ_NONE, READ_HELD, READ_FLOWING, READ_ENDING, READ_ENDED };
enum write_half { WRITE_NONE, WRITE_OPEN, WRITE_QUEUED, WRITE_ENDING, WRITE_ENDED };
enum flow { FLOW_UNDECIDED, FLOW_PAUSED, FLOW_ON };

/* What a socket owes its user; a set. Delivered in this order. */
enum socket_debt {
  DEBT_CONNECT = 1,   /* the connect begins in the loop, or could not even begin */
  DEBT_PAUSE = 2,     /* `pause` */
  DEBT_PIPES = 4,     /* `pipe` and `unpipe` */
  DEBT_CALLBACKS = 8, /* callbacks of finished writes */
  DEBT_RESUME = 16,   /* `resume`, then what is kept */
  DEBT_FINISH = 32,   /* the write half has ended without asking the backend */
  DEBT_FAILURE = 64,  /* it was used before it was connected */
  DEBT_CLOSE = 128    /* everything that ends a life */
};

enum { DEBTS_OF_FLOW = DEBT_PAUSE | DEBT_PIPES };

struct guest;
struct write_request;
struct socket_options;
struct socket_parcel;
struct chunk; /* bytes kept because the socket does not flow */

/* What only TCP needs. It stands behind the backend's part of every socket but those that were accepted over another.
 */
struct socket_tcp {
  struct address_pair addresses;
  struct socket_options *options; /* its own; NULL: the server's, or the defaults */
};

/* What few sockets need, or only for a time; made when it is first needed. */
struct socket_extra {
  struct weir_socket *socket;

  /* write side */
  struct list queued;     /* struct write_request, in order */
  struct list finished;   /* those whose callbacks are owed */
  struct list ending;     /* callbacks of end() */
  struct piece *pieces;   /* of the write under way; NULL when none was needed since the queue was empty */
  struct piece one_piece; /* instead, when there is no memory for them */
  size_t queued_bytes;
  size_t high_water_mark;
  unsigned corks;
  struct deadline buffers; /* before trying again what found no buffer space */
  bool writing;            /* a write_queue is under way, or waits for buffer space */
  bool needs_drain;

  /* read side */
  struct chunk *kept;
  struct chunk **kept_end;
  size_t kept_bytes;
  weir_error *read_error; /* came while bytes were kept; reported behind them */
  struct decoder decoder; /* encoding NONE: bytes as they are */
  weir_onread onread;
  void *onread_buffer;
  size_t onread_size;

  /* idle time-out */
  struct deadline idle;
  uint64_t idle_ms; /* 0: off */
  uint64_t active_ns;

  /* life */
  struct connecting *connecting;      /* the connect under way */
  struct connecting *next_connecting; /* of a connect() that waits for the old life's close */
  struct attempt *attempt;            /* the backend connects this socket for it */
  struct tried *tried;                /* the addresses that were tried */
  uint32_t attempts;                  /* submitted to the backend in this life */
  uint32_t busy_retries;              /* of these, because a local server was busy */
  struct cancelable cancelable;       /* from the connect until it is destroyed */
  char *name;                         /* what connect() was given, for errors */
  weir_error *error;                  /* what destroyed it */
  struct deadline silence;            /* after the end on a pipe whose server cannot be told */
  uint64_t silence_ms;                /* 0: none */
  struct socket_parcel *parcel;       /* on its way to another loop, see hand_over.h */
  struct guest *guest;                /* it came through a channel, whose other side counts it */
  struct list pipes_out;              /* pipes from here */
  struct list pipes_in;               /* pipes to here */
  struct list pipe_notices;           /* `pipe` and `unpipe` that are owed */
  struct socket_tcp tcp;              /* of a socket that has no room for it */
};

/* What an idle connection pays for, so counted in bytes. The backend's part stands behind it. */
struct weir_socket {
  struct handle handle;
  uint64_t bytes_read; /* this and all that follows is zero at first */
  uint64_t bytes_written;
  struct socket_extra *extra;
  weir_server *server;
  uint8_t life;       /* enum socket_life */
  uint8_t read_half;  /* enum read_half */
  uint8_t write_half; /* enum write_half */
  uint8_t flow;       /* enum flow */
  uint8_t debts;      /* set of enum socket_debt */
  int8_t error_code;  /* of what destroyed it, in case there was no memory for the whole error */
  bool had_error : 1;
  bool allow_half_open : 1;
  bool reading : 1;        /* a read is submitted */
  bool shutting_down : 1;  /* a shutdown is submitted */
  bool ended_by_peer : 1;  /* the write half ends because the read half did */
  bool destroy_after : 1;  /* destroy once `finish` was emitted */
  bool close_returned : 1; /* CLOSING: the backend has let go */
  bool is_tcp : 1;         /* the connection is one of TCP, or was until it closed */
  bool waits_to_close : 1; /* CLOSING: what it owes is delivered with its close */
  bool resets : 1;         /* it is broken off: now, or when the connect under way succeeds */
  bool has_tcp_room : 1;   /* behind the backend's part */
};

_Static_assert(sizeof(void *) != 8 || sizeof(struct weir_socket) == 96, "an idle connection pays for this");
_Static_assert(WEIR_EFORKED >= INT8_MIN, "a code fits into a byte");

/* What can be heard of it, a bit for each event. */
#define SOCKET_EVENTS                                                                                              \
  ((1U << WEIR_EVENT_LISTENING) - 1) | 1U << WEIR_EVENT_ERROR | 1U << WEIR_EVENT_CLOSE | 1U << WEIR_EVENT_LOOKUP | \
      1U << WEIR_EVENT_ATTEMPT | 1U << WEIR_EVENT_ATTEMPT_FAILED

static inline struct connection *socket_connection(const struct weir_socket *socket) {
  return (struct connection *)(void *)((char *)(uintptr_t)socket + sizeof *socket);
}

static inline struct weir_socket *socket_of(struct connection *connection) {
  return (struct weir_socket *)(void *)((char *)connection - sizeof(struct weir_socket));
}

/* Destroyed, whatever was asked for next. */
static inline bool socket_is_over(const struct weir_socket *socket) {
  return socket->life == LIFE_CLOSING || socket->life == LIFE_CLOSED;
}

static inline const struct backend_operations *socket_operations(const struct weir_socket *socket) {
  return socket->handle.loop->operations;
}

static inline struct backend *socket_backend(const struct weir_socket *socket) { return socket->handle.loop->backend; }

/* ---- socket.c ---- */

/* Makes the loop's slabs; `by_page`: the program gave no allocator of its own. */
void socket_prepare_memory(weir_loop *loop, bool by_page);

/* The extra part, made now if need be; NULL: no memory. */
struct socket_extra *socket_need_extra(struct weir_socket *socket);

/* The part for TCP; NULL: it has none, so the part would be all zero. The other makes one, or returns NULL: no memory.
 */
struct socket_tcp *socket_tcp(const struct weir_socket *socket);
struct socket_tcp *socket_need_tcp(struct weir_socket *socket);

/* Makes a socket of a block of the loop's slab, with one owner, the caller. The backend's part stays as it is. */
static inline void socket_init(struct weir_socket *socket, uint16_t place, weir_loop *loop, bool has_tcp_room) {
  handle_init(&socket->handle, loop, NULL);
  socket->handle.place = place;
  const size_t zero_from = offsetof(struct weir_socket, bytes_read);
  memset((char *)socket + zero_from, 0, sizeof *socket - zero_from);
  if (!has_tcp_room) return;
  socket->has_tcp_room = true;
  *socket_tcp(socket) = (struct socket_tcp){.options = NULL};
}

/* A socket with one owner, the caller; NULL: no memory. Its backend's part is not cleared. */
struct weir_socket *socket_make(weir_loop *loop, bool allow_half_open, void *user);

/* What errors call its address: what connect() was given, or else who is at the other end, or where it was accepted. */
const char *socket_address(const struct weir_socket *socket, char room[WEIR_ADDRESS_TEXT_BYTES]);

size_t socket_mark(const struct weir_socket *socket);

/* ---- socket/life.c ---- */

/* Begins a life, the first or a further one: the loop owns the socket, counters and flags are as new. */
void socket_begin_life(struct weir_socket *socket);

/* Destroys with an error made of these, or without one (NULL). */
void socket_destroy(struct weir_socket *socket, const weir_error *error);

/* Ends this life, but not the connection, which goes to another loop. */
void socket_detach(struct weir_socket *socket);

void socket_fail(struct weir_socket *socket, const char *operation, weir_code code, int native_code, const char *hint);

/* Destroys a socket both of whose halves have ended. */
static inline void socket_close_if_over(struct weir_socket *socket) {
  if (socket->life != LIFE_OPEN || socket->write_half != WRITE_ENDED) return;
  if (socket->read_half == READ_ENDED || socket->destroy_after) socket_destroy(socket, NULL);
}

static inline void socket_owe(struct weir_socket *socket, enum socket_debt debt) {
  socket->debts |= (uint8_t)debt;
  if (!handle_owes_anyway(&socket->handle) && !socket->waits_to_close) handle_begin_to_owe(&socket->handle);
}

/* Emits an event that has no details. */
void socket_emit_heard(struct weir_socket *socket, weir_event_type type);
static inline void socket_emit(struct weir_socket *socket, weir_event_type type) {
  if (handle_hears(&socket->handle, type)) socket_emit_heard(socket, type);
}

/* Delivers `pause`, `pipe` and `unpipe` now, while the socket still lives. */
void socket_deliver_flow_owed(struct weir_socket *socket);
static inline void socket_deliver_flow(struct weir_socket *socket) {
  if ((socket->debts & DEBTS_OF_FLOW) != 0) socket_deliver_flow_owed(socket);
}

/* Says anew whether it keeps the loop alive; call after anything that the answer depends on. */
void socket_update_liveness(struct weir_socket *socket);

void socket_close_done(const struct completion *completion);

/* The peer has ended, and there is no extra part. */
void socket_come_to_end(struct weir_socket *socket);

/* Frees everything that belongs to one life: queues, kept bytes, attempt, decoder's rest. */
void socket_clear(struct weir_socket *socket);

/* ---- socket/addresses.c ---- */

/* A TCP connection is made: remembers who is at its other end, and its own address. Comes before socket_become_open. */
void socket_meet(struct weir_socket *socket, const weir_address *remote);

void socket_meet_between(struct weir_socket *socket, const weir_address *local, const weir_address *remote);

/* The same for a connection of which it is not known whether it is one of TCP. */
void socket_meet_whoever(struct weir_socket *socket);

void socket_forget_addresses(struct weir_socket *socket);

/* ---- describe.c ---- */

void socket_describe(const struct handle *handle, struct text *text);

/* ---- socket/options.c ---- */

/* What is wanted of its connections. */
const struct socket_options *socket_options_of(const struct weir_socket *socket);

/* Takes them over. WEIR_ENOMEM: nothing has changed. */
weir_code socket_set_options(struct weir_socket *socket, const struct socket_options *options);

/* Tells the system of a new TCP connection what is wanted. */
void socket_apply_options(struct weir_socket *socket);

void socket_free_options(struct weir_socket *socket);

/* ---- socket/reset.c ---- */

/* The connect is over; resets the connection if that was asked for meanwhile. */
void socket_reset_if_asked(struct weir_socket *socket);

/* ---- socket/connect.c ---- */

void socket_connect_done(const struct completion *completion); /* in socket/race.c */
void socket_begin_connecting(struct weir_socket *socket, struct connecting *connecting);
void socket_deliver_connect(struct weir_socket *socket);
void socket_stop_connecting(struct weir_socket *socket);

/* The backend is connecting this socket. */
bool socket_connect_in_flight(const struct weir_socket *socket);

/* The connect under way is to a local name. */
bool socket_connects_locally(const struct weir_socket *socket);

/* A connect() that waits for the end of the old life. */
bool socket_awaits_connect(const struct weir_socket *socket);
void socket_drop_next_connect(struct weir_socket *socket);

/* ---- socket/read.c ---- */

void socket_read_done(const struct completion *completion);
void socket_start_reading(struct weir_socket *socket);

/* The same for an open one that keeps nothing and does not read. */
static inline void socket_read_on(struct weir_socket *socket) {
  socket->reading = true;
  socket_operations(socket)->read(socket_backend(socket), socket_connection(socket), true);
}

/* The peer's end was delivered: the half has ended. */
void socket_end_reading(struct weir_socket *socket);

/* Reads nothing more; what comes stays with the system. */
void socket_stop_reading(struct weir_socket *socket);

/* Keeps bytes behind those that are kept; without memory the socket fails. */
void socket_keep(struct weir_socket *socket, const void *bytes, size_t length);

/* Copies all that is kept and stays kept; there is room for weir_socket_kept bytes. */
void socket_copy_kept(const struct weir_socket *socket, unsigned char *bytes);

static inline void socket_resume(struct weir_socket *socket) {
  socket->flow = FLOW_ON;
  socket_owe(socket, DEBT_RESUME);
}
void socket_deliver_resume(struct weir_socket *socket);
void socket_drop_kept(struct weir_socket *socket);

/* ---- socket/write.c ---- */

void socket_write_done(const struct completion *completion);

/* It is time to try again what found no buffer space. */
void socket_write_again(struct deadline *deadline);

/* Gives the backend at once what it takes of the queue, and no more; only before the connection is closed. */
void socket_write_what_goes(struct weir_socket *socket);

/* Sends what is queued, unless something holds it back. */
void socket_start_writing(struct weir_socket *socket);

/* What a write meets when the half does not take any: WEIR_OK means that it does. */
weir_code socket_write_refusal(const struct weir_socket *socket);

/* Refuses a write; its callback hears of it later. Returns what the call returns. */
int socket_refuse_write(struct weir_socket *socket, const weir_write *write, weir_code code);

/* Takes over what the user's version of the structure holds; false when that makes no sense. */
bool socket_write_read(const weir_write *given, weir_write *whole);

/* A request, and the extra part that it will be kept in; NULL: no memory. */
struct write_request *socket_make_request(struct weir_socket *socket, size_t copied_bytes);

bool socket_has_writes(const struct weir_socket *socket);
void socket_deliver_callbacks(struct weir_socket *socket);
void socket_cancel_writes(struct weir_socket *socket);

/* Frees what is queued, or finished, without calling back. */
void socket_drop_writes(struct weir_socket *socket);
void socket_drop_callbacks(struct weir_socket *socket);

/* ---- socket/end.c ---- */

void socket_shutdown_done(const struct completion *completion);

/* Ends the write half behind what is queued. */
void socket_end_writing(struct weir_socket *socket);
void socket_deliver_finish(struct weir_socket *socket);

/* The same when the peer has ended, and the loop itself has brought that: nothing need be owed then. */
void socket_end_with_peer(struct weir_socket *socket);

/* Takes what a silence time-out needs, so that it cannot fail later. */
weir_code socket_prepare_silence(struct weir_socket *socket, uint64_t silence_ms);

/* The server spoke after our end: its silence begins anew. */
void socket_break_silence(struct weir_socket *socket);

/* The peer was silent for so long that it must have ended: the socket is destroyed. */
void socket_silence_come(struct deadline *deadline);

/* The connection is there: the halves open. Reading is submitted by socket_start_reading. */
static inline void socket_become_open(struct weir_socket *socket) {
  if (socket->is_tcp) socket_apply_options(socket);
  socket->life = LIFE_OPEN;
  socket->read_half = socket->flow == FLOW_ON ? READ_FLOWING : READ_HELD;
  if (socket->write_half == WRITE_NONE) socket->write_half = WRITE_OPEN;
  handle_count(&socket->handle, socket->handle.referenced || socket_has_writes(socket));
}

/* The same for a new socket that keeps its loop alive and has no options to apply. */
static inline void socket_open_new(struct weir_socket *socket) {
  socket->life = LIFE_OPEN;
  socket->read_half = READ_HELD;
  socket->write_half = WRITE_OPEN;
  loop_keep_alive(socket->handle.loop);
  socket->handle.counted = true;
}

/* ---- socket/idle.c ---- */

/* Notes activity, when there is an idle time-out. */
void socket_note_activity(struct weir_socket *socket);
static inline void socket_touch(struct weir_socket *socket) {
  if (socket->extra != NULL && socket->extra->idle_ms != 0) socket_note_activity(socket);
}
void socket_stop_idle(struct weir_socket *socket);

/* The time-out would have passed, if nothing had happened meanwhile. */
void socket_idle_come(struct deadline *deadline);

#endif
