/* SPDX-License-Identifier: MIT */
/*
 * A world for one test case on one backend and one transport: a loop with a counting allocator, a fresh endpoint, a
 * trace of what happened to whom, and a guard that fails a case that hangs. When the case is over, every block and
 * every descriptor or handle must have been given back.
 *
 * Cases are written once and run on every backend of this system and on the simulator, over local sockets and over TCP.
 * Each is registered with the rows of conformance.md that it shows; the name under which its result is reported holds
 * rows, case, backend and transport, so that the table of covered rows is made from results and nobody maintains it by
 * hand.
 *
 * A case may assert anywhere, also in a listener; a world whose case failed is left as it is, because a loop that was
 * left by a jump cannot be taken down.
 */
#ifndef WEIR_TESTS_WORLD_H
#define WEIR_TESTS_WORLD_H

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

/* cmocka.h wants the five above first. */
#include <cmocka.h>

#include <weir/weir.h>

/* Room for an endpoint, its zero included. */
#define WORLD_ENDPOINT_BYTES 160

struct world {
  weir_loop *loop;                     /* made for the case; released after it */
  const char *backend;                 /* "sim", "poll", "epoll", "kqueue" or "iocp" */
  bool simulated;                      /* backend is "sim" */
  bool tcp;                            /* TCP instead of local sockets */
  bool pipes;                          /* local sockets that are named pipes instead of Unix sockets */
  weir_sim *sim;                       /* the simulator's world, or NULL */
  char endpoint[WORLD_ENDPOINT_BYTES]; /* that nobody else uses: a path, a pipe's name, or tcp: with a loopback address
                                        */
  weir_code nobody;                    /* how connecting to an endpoint fails at which nobody listens */
  char directory[128];       /* where such paths are, removed with its files after the case; "" when there is none */
  void *user;                /* the case's own */
  struct world_private *own; /* the support code's */
};

typedef void (*world_case_function)(struct world *world);

/* Where a case cannot run. The reason is printed and counted. */
enum world_scope {
  WORLD_EVERYWHERE = 0,
  WORLD_NOT_SIM = 1,     /* needs a real system: files, descriptors, other programs */
  WORLD_NOT_WINDOWS = 2, /* needs descriptors, or what else only POSIX has */
  WORLD_NOT_POSIX = 4,   /* needs named pipes, or what else only Windows has */
  WORLD_NOT_PIPES = 8,   /* needs anything but named pipes */
  WORLD_NOT_TCP = 16,    /* needs local sockets: names, modes, a peer that is gone at once */
  WORLD_NOT_LOCAL = 32   /* needs TCP */
};

struct world_case {
  const char *rows; /* "EO-01 S072 A051": the rows it shows; "" when it shows none */
  const char *name; /* the case's name, a sentence_with_underscores */
  world_case_function run;
  unsigned scope;     /* world_scope bits: where it cannot run */
  const char *reason; /* why, when scope is not 0 */
};

#define WORLD_CASE(rows, function) \
  { rows, #function, function, WORLD_EVERYWHERE, NULL }
#define WORLD_CASE_EXCEPT(rows, function, scope, reason) \
  { rows, #function, function, scope, reason }

/*
 * Runs every case on every backend over every transport and returns the program's exit code. Arguments: `--backend
 * NAME` (may be repeated) to choose backends, `--transport local` or `--transport tcp` to choose one of the two,
 * `--seed N` for the simulator (else several fixed seeds are run), and a last one without dashes to choose cases by a
 * part of their name.
 */
int world_main(int argc, char **argv, const char *suite, const struct world_case *cases, size_t count);

/* Ends the case as skipped, from outside the loop; for what only shows at run time, such as running as root. */
void world_skip(struct world *world, const char *reason);

/* Runs the loop until nothing is alive; fails the case when that takes more than 20 s of the loop's clock. */
void world_run(struct world *world);

/* Runs the loop until `*flag` is true, or fails the case after 20 s, or when the loop ends first. */
void world_run_until(struct world *world, const bool *flag);

/* Runs the loop until "name event" was noted so often (see world_count); fails as world_run_until. */
void world_run_until_noted(struct world *world, const char *noted, size_t times);

/* Runs the loop for so many milliseconds of its clock, whatever happens. */
void world_run_for(struct world *world, uint64_t milliseconds);

/* Calls `function` from the loop after so many milliseconds of its clock; keeps the loop alive until then. */
void world_after(struct world *world, uint64_t milliseconds, weir_function function, void *user);

/* ---- trace ------------------------------------------------------------------------------------------------------ */

/* Which events of a socket are traced. Listening to data makes a socket flow, so that is a choice. */
enum world_trace {
  WORLD_TRACE_LIFE = 0,  /* connect, end, finish, drain, timeout, error, close */
  WORLD_TRACE_DATA = 1,  /* data("bytes"), neighbours merged, so that short reads do not change the trace */
  WORLD_TRACE_FLOW = 2,  /* pause, resume, pipe, unpipe */
  WORLD_TRACE_CHUNKS = 4 /* with DATA: do not merge */
};

/*
 * Notes every event of a socket or server under this name: "connect", "data(hello)", "end", "finish", "drain",
 * "timeout", "error(ECONNRESET)", "close(false)", "listening", "connection", "drop". A name is one word. Data of more
 * than 40 bytes are cut and their length added: "data(0123456789012345678901234567890123456789...1000)"; control
 * characters are written as in C.
 */
void world_trace_socket(struct world *world, weir_socket *socket, const char *name, unsigned trace);
void world_trace_server(struct world *world, weir_server *server, const char *name);

/* Notes something of the case's own under this name, printf-like. The name must outlive the case. */
void world_note(struct world *world, const char *name, const char *format, ...) __attribute__((format(printf, 3, 4)));

/* Callbacks that note "write-cb" or "write-cb(ECANCELED)", "close-cb" or "close-cb(ENOTOPEN)", "count(2)". */
struct world_mark {
  struct world *world;
  const char *name; /* of the object */
  const char *text; /* the word to note; NULL: as above */
};
void world_note_write(weir_socket *socket, const weir_error *error, void *mark);
void world_note_server(weir_server *server, const weir_error *error, void *mark);
void world_note_count(weir_server *server, const weir_error *error, size_t count, void *mark);

/* A listener that notes `text` of its mark. */
void world_note_event(const weir_event *event, void *mark);

/* A mark that lives until the case is over. */
struct world_mark *world_mark(struct world *world, const char *name, const char *text);

/* Fails unless what was noted under this name is exactly this, words separated by one blank. */
void world_expect(struct world *world, const char *name, const char *expected);

/* Fails unless a socket's whole life was to fail because nobody listens. */
void world_expect_nobody(struct world *world, const char *name);

/* Fails unless it is one of these two. */
void world_expect_either(struct world *world, const char *name, const char *one, const char *other);

/*
 * Fails unless, in the trace of all objects, the first `first` comes before the first `second`:
 * world_expect_before(world, "S close", "V close"). An event may be given without its brackets.
 */
void world_expect_before(struct world *world, const char *first, const char *second);

/* How often "name event" was noted; the event may be given without its brackets: "S data". */
size_t world_count(struct world *world, const char *noted);

/* A text that lives until the case is over, printf-like: for what transports say differently. */
const char *world_format(struct world *world, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Forgets what was noted so far, so that the next expectation begins here. */
void world_forget(struct world *world);

/* ---- parts that many cases need --------------------------------------------------------------------------------- */

/* One more endpoint that nobody else uses. */
void world_make_endpoint(struct world *world, char endpoint[WORLD_ENDPOINT_BYTES]);

/* A server that listens at the world's endpoint and was waited for. Released after the case. */
weir_server *world_listen(struct world *world, const weir_server_options *options, weir_listener connection,
                          void *user);

/* What such a server says its address is: the world's endpoint as the system has it, without "tcp:". */
const char *world_server_name(const struct world *world);

/* A socket that connects to the world's endpoint. Released after the case. */
weir_socket *world_connect(struct world *world, const weir_socket_options *options);

/* A server, or a socket, that does nothing yet. Released after the case. */
weir_server *world_server(struct world *world, const weir_server_options *options, weir_listener connection,
                          void *user);
weir_socket *world_socket(struct world *world, const weir_socket_options *options);

/* Releases something that the case made, after the case. Both return it. */
weir_server *world_keep_server(struct world *world, weir_server *server);
weir_socket *world_keep_socket(struct world *world, weir_socket *socket);

/* A socket that connects to the world's endpoint, traced with its data under this name. Released after the case. */
weir_socket *world_connect_traced(struct world *world, const char *name);

/*
 * A server, traced as V and waited for, that keeps its connections. The first four are traced as S1 to S4. Everything
 * is released after the case.
 */
struct world_accepted {
  unsigned trace; /* world_trace bits of the connections */
  struct world *world;
  weir_socket *sockets[32];
  size_t count;
};
weir_server *world_listen_and_keep(struct world *world, struct world_accepted *accepted);

/* The listener of `connection` that does so. */
void world_keep_on(const weir_event *event, void *accepted);

/*
 * Both ends of a fresh connection, waited for: C is the client, S the accepted socket, V the server; all three are
 * traced under these names from the beginning, and the world holds them all. Whether data are traced too, which makes
 * an end flow, is chosen for each.
 */
struct world_pair {
  weir_server *server;
  weir_socket *accepted;
  weir_socket *client;
};
struct world_pair_options {
  const weir_server_options *server; /* NULL: defaults */
  const weir_socket_options *client; /* NULL: defaults */
  unsigned server_trace;             /* world_trace bits of S */
  unsigned client_trace;             /* world_trace bits of C */
};
struct world_pair world_pair(struct world *world, const struct world_pair_options *options);

/* Adds a listener, which must succeed. */
void world_on(weir_socket *socket, weir_event_type type, weir_listener listener, void *user);
void world_on_server(weir_server *server, weir_event_type type, weir_listener listener, void *user);

/* Listeners that destroy the event's socket, end it, or close the server in `user`. */
void world_destroy_on(const weir_event *event, void *unused);
void world_end_on(const weir_event *event, void *unused);
void world_close_server_on(const weir_event *event, void *server);

/*
 * For a socket whose peer is gone: makes the next write fail. Over TCP the first one is taken, and refused by the other
 * side; that one is written here, and waited for.
 */
void world_learn_of_gone_peer(struct world *world, weir_socket *socket);

/* Writes a string; returns what weir_socket_write returned. */
int world_write(weir_socket *socket, const char *text);

/* The same with a callback that notes "write-cb" under `name`; and ends with a text or NULL, noting "end-cb". */
int world_write_noted(struct world *world, weir_socket *socket, const char *name, const char *text);
int world_end_noted(struct world *world, weir_socket *socket, const char *name, const char *text);

/* Writes `length` bytes of the pattern below, the first at `position` of the stream, noting `callback` under `name`. */
int world_write_pattern(struct world *world, weir_socket *socket, const char *name, const char *callback, size_t length,
                        uint64_t position);

/* Fills `bytes` with a pattern that depends on the position in the stream, and checks such a pattern. */
void world_fill(void *bytes, size_t length, uint64_t position);
bool world_check(const void *bytes, size_t length, uint64_t position);

/* A listener of data that checks the pattern: how much came, and whether it was wrong somewhere. */
struct world_stream {
  uint64_t bytes;
  bool broken;
};
void world_check_on(const weir_event *event, void *stream);

/* How many descriptors (POSIX) or handles (Windows) this process has open. */
size_t world_open_handles(void);

#endif
