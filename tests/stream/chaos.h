/* SPDX-License-Identifier: MIT */
/*
 * Random programs on the simulator, from inside. A seed makes a world with a few loops, servers and sockets; whatever
 * runs in it does random things to what lives in it, and a ledger beside the library checks what it hears against what
 * the headers promise. It is no model of the library: it knows only what every order of events has in common.
 *
 *   chaos_test.c     the seeds to run            chaos_socket.c   the ledger of sockets: lives and events
 *   chaos_program.c  one program                 chaos_write.c    writing, and the ledger of callbacks
 *   chaos_ground.c   chance, memory, trace       chaos_server.c   servers and their ledger
 *   chaos_stream.c   the bytes under way         chaos_actions.c  what is done at random
 *   chaos_tcp.c      what only TCP has          chaos_services.c look-ups and work
 *   chaos_hand_over.c from loop to loop
 */
#ifndef WEIR_TESTS_CHAOS_H
#define WEIR_TESTS_CHAOS_H

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

/* cmocka.h wants the above first. */
#include <cmocka.h>

#include <weir/weir.h>

enum {
  LOOPS_MAX = 3,
  SERVERS_MAX = 4,
  HOSTS_MAX = 8, /* with those that arrive from other loops */
  PARTIES_MAX = 64,
  ACTIONS_MAX = 240,
  STREAMS_MAX = 512,
  TRACE_LINES = 80,
  TRACE_COLUMNS = 120,
  HEADER_BYTES = 8,
  EVENTS_MAX = 20000,
  QUESTIONS_MAX = 16,
  BOUNDS_MAX = 3
};

/* What one life of a socket sends: a pattern of its own, with its number in front. */
struct stream {
  uint64_t written;   /* taken by the library */
  uint64_t attempted; /* more than that when a write failed on its way */
  bool is_finished;   /* `finish` came */
  bool end_is_seen;   /* the other side has got its `end` ... */
  uint64_t received;  /* ... after so many bytes */
};

/* IDLE: never connected. FAILING: written to before it was connected. BEGUN: until its `close`. */
enum party_life { PARTY_IDLE, PARTY_FAILING, PARTY_BEGUN, PARTY_CLOSED };

struct chaos;
struct host;

/* A socket and what is known of it. Lives as long as the program, whatever becomes of the socket. */
struct party {
  struct chaos *chaos;
  weir_socket *socket;
  struct host *host; /* that accepted it */
  unsigned owners;   /* ours */
  enum party_life life;
  unsigned lives;

  /* of this life */
  bool is_doomed;    /* destroyed as far as we know */
  bool begins_again; /* connect() was called since it was doomed */
  bool error_is_known;
  weir_code error; /* that it was destroyed with, when known */
  bool had_connect;
  bool had_end;
  bool had_finish;
  bool had_error;
  bool has_ended;      /* we have called end() */
  uint64_t last_order; /* of the write called back last */
  struct stream *sending;
  bool has_addresses; /* TCP: and these they are, for as long as this life is remembered */
  weir_address local;
  weir_address remote;
  struct party *heir; /* who goes on in another loop, until this one has let go */

  /* receiving */
  bool watches_data;
  bool is_counted;  /* its data are at least counted */
  bool is_verified; /* its bytes are compared with what was sent */
  bool has_prepended;
  struct stream *receiving;
  uint64_t received;
  unsigned char header[HEADER_BYTES];
  unsigned char onread_buffer[512];
};

/* A server and what is known of it. */
struct host {
  struct chaos *chaos;
  weir_server *server;
  unsigned owners;
  bool is_open;          /* the loop owns it too */
  unsigned closes_owed;  /* `close` events to come */
  bool waits_for_name;   /* it listens at a name with a cancellation, and has heard nothing yet */
  bool may_close;        /* that was cancelled: a `close` comes unless a failure was on its way */
  unsigned open_sockets; /* accepted, `close` not yet heard */
};

/* A callback that is owed. */
struct promise {
  struct party *party; /* of a write; NULL: of a server or a loop */
  struct host *host;
  struct chaos *chaos;
  uint64_t order;
  bool is_refused;
  bool is_late; /* asked for after the destroy: it may come behind the `close` */
  bool is_due;  /* not when the call returned WEIR_EINVAL or WEIR_ENOMEM */
  bool is_kept;
  unsigned char *borrowed;
  weir_lookup *lookup; /* that it is of, and for which family */
  weir_family family;
  weir_work *work; /* that it is of, and whether it has run; `is_refused`: it was taken back */
  bool has_run;
  struct party *heir; /* that arrives in another loop */
};

struct chaos {
  uint64_t seed;
  uint64_t chance;

  /* what this program does */
  bool uses_tcp;
  bool uses_pipes;
  bool uses_encodings;
  bool uses_faults;
  bool ends_abruptly;      /* the loops go while everything is open */
  unsigned failing_one_in; /* allocations; 0: none */
  unsigned actions_left;
  size_t bytes_left;

  /* the world */
  weir_allocator allocator;
  size_t blocks;
  bool has_memory; /* allocations do not fail for now */
  weir_sim *sim;
  weir_loop *loops[LOOPS_MAX];
  size_t loop_count;
  weir_timer *timers[LOOPS_MAX];
  weir_timer *wardens[LOOPS_MAX];
  weir_cancellation *cancellations[LOOPS_MAX]; /* a new one when it was cancelled */
  weir_block_list *block_list;
  weir_lookup_question *questions[QUESTIONS_MAX]; /* asked of us and not answered */
  size_t question_count;
  weir_bound *bounds[BOUNDS_MAX];
  struct host hosts[HOSTS_MAX];
  size_t host_count;
  struct party parties[PARTIES_MAX];
  size_t party_count;
  struct promise promises[ACTIONS_MAX];
  size_t promise_count;
  struct stream streams[STREAMS_MAX];
  size_t stream_count;
  uint64_t order;

  /* where it stands */
  struct party *closing; /* whose `close` is being emitted: a new life begins behind it */
  bool is_inside_call;   /* of the library: nothing may call back */
  bool is_ending;        /* everything is being destroyed */
  bool is_over;          /* the loops have ended: nothing may call back any more */
  uint64_t ended_ms;     /* when that began */
  unsigned events;

  /* the last lines of what happened */
  bool is_loud;
  char trace[TRACE_LINES][TRACE_COLUMNS];
  size_t trace_count;
};

/* ---- chaos_ground.c ---- */

/* 0 to limit - 1. */
size_t draw(struct chaos *chaos, size_t limit);
bool one_in(struct chaos *chaos, size_t times);
void *resize_or_fail(void *user, void *block, size_t bytes);

/* Formats of C11, also where the C library has others by default. */
#if defined(__clang__)
#define CHAOS_FORMAT __attribute__((format(printf, 2, 3)))
#elif defined(__GNUC__)
#define CHAOS_FORMAT __attribute__((format(gnu_printf, 2, 3)))
#else
#define CHAOS_FORMAT
#endif

/* A line of the trace. */
void note(struct chaos *chaos, const char *format, ...) CHAOS_FORMAT;

/* A promise is broken: prints the seed and the trace, and fails the test. */
void blame(struct chaos *chaos, const char *format, ...) CHAOS_FORMAT;

/* What `abort` prints before the end: assertions of the library, and sanitizers that are told to abort. */
void print_trace_on_abort(struct chaos *chaos);

size_t index_of_party(const struct party *party);
size_t index_of_host(const struct host *host);

/* Everything that calls back comes by here first, but for further listeners of an emission. */
void hear(struct chaos *chaos);
void hear_more(struct chaos *chaos);

/* ---- chaos_stream.c ---- */

void make_pattern(void);
struct stream *open_stream(struct chaos *chaos);

/* The bytes of a stream from its written end on. NULL is a stream of zeros. */
void fill_from(const struct chaos *chaos, const struct stream *stream, unsigned char *bytes, size_t length);

/* Bytes that a party has received. */
void receive(struct party *party, const unsigned char *bytes, size_t length);
void receive_end(struct party *party);
void check_streams(struct chaos *chaos);

/* ---- chaos_socket.c ---- */

/* A party for a socket, with the ledger's listeners in place; NULL when there are enough. */
struct party *add_party(struct chaos *chaos, weir_socket *socket);
struct party *take_party(struct chaos *chaos);
void watch_party(struct party *party, weir_socket *socket);
void begin_life(struct party *party);
void leave_close(struct chaos *chaos);
bool is_usable(const struct party *party);
struct party *draw_party(struct chaos *chaos);
void make_socket(struct chaos *chaos);
void connect_party(struct party *party);
void destroy_party(struct party *party, const weir_error *error);
void destroy_party_soon(struct party *party);
void reset_party(struct party *party);
void end_connections(struct host *host);
void release_party(struct party *party);
void watch_pipe(struct party *source);
void act_on_socket_event(const weir_event *event, void *user);
void ignore_event(const weir_event *event, void *user);

/* ---- chaos_write.c ---- */

struct promise *promise_callback(struct chaos *chaos);
void keep_promise(struct promise *promise);
void write_plainly(struct party *party);
void write_with_options(struct party *party);
void end_party(struct party *party);
void check_promises(struct chaos *chaos, const struct party *party);

/* ---- chaos_server.c ---- */

void make_host(struct chaos *chaos);

/* A host for a server that is there, with the ledger's listeners in place; NULL when there are enough. */
struct host *add_host(struct chaos *chaos, weir_server *server);
struct host *draw_host(struct chaos *chaos);
bool is_host_usable(const struct host *host);
void listen_host(struct host *host);
void close_host(struct host *host);
void count_host(struct host *host);
void listen_to_host(struct host *host);
void release_host(struct host *host);
const char *draw_name(struct chaos *chaos);

/* ---- chaos_tcp.c ---- */

void make_block_list(struct chaos *chaos);
void draw_tcp_options(struct party *party, weir_connect_options *options);
void draw_tcp_server_options(struct chaos *chaos, weir_server_options *options);
void draw_tcp_listen_options(struct chaos *chaos, weir_listen_options *options);
void bind_address(struct chaos *chaos);
void listen_bound(struct host *host);
void listen_shared(struct host *host);
void release_bounds(struct chaos *chaos);
void note_addresses(struct party *party);
void check_addresses(struct party *party);
void set_tcp_option(struct party *party);
void cancel_loop(struct chaos *chaos);
weir_cancellation *cancellation_of(struct chaos *chaos, const weir_loop *loop);

/* ---- chaos_hand_over.c ---- */

void leave_to_heir(struct party *party);
void hand_over_party(struct party *party);
void hand_over_host(struct host *host);

/* ---- chaos_services.c ---- */

void make_names(struct chaos *chaos);
void start_lookup(struct chaos *chaos);
void queue_work(struct chaos *chaos);
void cancel_service(struct chaos *chaos);

/* A resolver of the program, which answers at once, later, or with nonsense. */
void resolve(weir_lookup_question *question, const char *host, weir_family family, void *user);
void answer_question(struct chaos *chaos);
void answer_all(struct chaos *chaos);

/* ---- chaos_actions.c ---- */

/* Up to `most` random actions, unless the program is ending. */
void act(struct chaos *chaos, size_t most);

/* ---- chaos_program.c ---- */

/* Destroys and closes everything that can be. */
void end_everything(struct chaos *chaos);
void run_program(uint64_t seed, bool is_loud);

#endif
