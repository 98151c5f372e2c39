/* SPDX-License-Identifier: MIT */
/*
 * A backend on the bench: driven at its seam, with nothing of common above it. Holds an endpoint and an allocator that
 * counts; when a case is over, everything must have been given back.
 */
#ifndef WEIR_TESTS_SEAM_H
#define WEIR_TESTS_SEAM_H

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* cmocka.h wants the five above first. */
#include <cmocka.h>

#include <weir/sim.h>

#include "common/address/address.h"
#include "common/backend.h"
#include "support/endpoint.h"

struct seam {
  const struct backend_operations *operations;
  struct backend *backend;
  weir_sim *sim; /* the simulator's world, or NULL */
  weir_allocator allocator;
  size_t blocks;               /* that are out */
  size_t blocks_until_failure; /* the so-manieth request from now on fails; 0: none */
  struct endpoint endpoint;
  struct address address; /* of that; its port is had when a server first listens there */
  int backlog;            /* of its servers; 0: the default */
};

/* What the suite's connections go over. */
enum seam_network { SEAM_LOCAL, SEAM_IPV4, SEAM_IPV6, SEAM_NETWORK_COUNT };

/* Two connected ends. */
struct seam_pair {
  struct connection *client;
  struct connection *server;
};

/* Opens the bench for a backend, and closes it: fails the case when a block is missing. */
void seam_open(struct seam *seam, const struct backend_operations *operations);
void seam_close(struct seam *seam);

/* Makes the backend, as seam_open does. */
weir_code seam_create(struct seam *seam);

bool seam_is(const struct seam *seam, const char *name);

/* Whether the suite is run over TCP now. */
bool seam_is_tcp(void);

/* How a connect fails where nobody is. */
weir_code seam_nobody(void);

/* The parts of sockets and servers that common would own, zeroed. */
struct connection *seam_connection(struct seam *seam);
struct acceptor *seam_acceptor(struct seam *seam);
void seam_free(struct seam *seam, void *part);

/* Understands a text by the backend's rules, or fails the case. */
struct address seam_address(struct seam *seam, const char *text);

/* Listens at the bench's address and begins to accept, or fails the case. */
struct acceptor *seam_listen(struct seam *seam);

/* Listens there, or at another endpoint. */
struct outcome seam_listen_again(struct seam *seam, struct acceptor *acceptor);
struct outcome seam_try_listen(struct seam *seam, struct acceptor *acceptor, const char *text);

/* Submits a connect to the bench's address. */
struct connection *seam_connect(struct seam *seam);

/* The next finished operation, however many NONE come before; fails the case when none comes within seconds. */
enum operation seam_next(struct seam *seam, struct completion *completion);

/* Fails the case unless the next operation is this one on this connection; returns its result. */
ptrdiff_t seam_expect(struct seam *seam, enum operation operation, const struct connection *connection);

/* Waits for an accept and takes the client. */
struct connection *seam_accept(struct seam *seam, struct acceptor *acceptor);

/* Fails the case unless nothing is finished, nothing comes for a moment, and the backend waits instead of spinning. */
void seam_expect_nothing(struct seam *seam);

/* Two ends of a connection; the server that made it is closed. */
struct seam_pair seam_pair(struct seam *seam);

/* Answers about an open connection. */
bool seam_can_half_close(struct seam *seam, struct connection *connection);
intptr_t seam_native(struct seam *seam, struct connection *connection);

/* Closes, waits until the close has come back, and frees. */
void seam_end(struct seam *seam, struct connection *connection);
void seam_end_acceptor(struct seam *seam, struct acceptor *acceptor);
void seam_end_pair(struct seam *seam, struct seam_pair pair);

/* Writes all of a text, waiting as needed; nothing else is under way. */
void seam_send(struct seam *seam, struct connection *connection, const char *text);

/* Reads (submitted before) exactly this text, in however many completions. */
void seam_expect_text(struct seam *seam, struct connection *connection, const char *text);

/* Writes a text at one end and reads (submitted before) it at the other; both go on as the system likes. */
void seam_carry(struct seam *seam, struct connection *from, struct connection *to, const char *text);

/* ---- suites ---- */

/* A case whose state is a `struct seam` for the backend that the suite is run on. */
#define SEAM_CASE(function) cmocka_unit_test_setup_teardown(function, seam_set_up, seam_tear_down)

int seam_set_up(void **state);
int seam_tear_down(void **state);

/* Whether this kernel has no such backend; says so. */
bool seam_is_refused(const struct backend_operations *operations);

/* The backend that the suite is run on now. */
const struct backend_operations *seam_chosen(void);

/* Says why and skips the case. */
void seam_skip(const char *reason);

/*
 * Runs a suite on every backend of this system, and on the simulator if that is given, or on those of them that are
 * named as arguments; returns the exit code. seam_main_everywhere does so over local names and over TCP,
 * seam_main_tcp over TCP alone.
 */
int seam_main(int argc, char **argv, const struct backend_operations *simulator, const struct CMUnitTest *cases,
              size_t count);
int seam_main_everywhere(int argc, char **argv, const struct backend_operations *simulator,
                         const struct CMUnitTest *cases, size_t count);
int seam_main_tcp(int argc, char **argv, const struct backend_operations *simulator, const struct CMUnitTest *cases,
                  size_t count);

#endif
