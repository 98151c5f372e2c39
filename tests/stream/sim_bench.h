/* SPDX-License-Identifier: MIT */
/*
 * A bench for the simulator at the seam: one world, one backend, at most one acceptor, and an allocator that counts and
 * fails on demand. There is nothing of common above it; the case itself submits and takes what comes back.
 */
#ifndef WEIR_TESTS_SIM_BENCH_H
#define WEIR_TESTS_SIM_BENCH_H

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

/* cmocka.h wants some of the above first. */
#include <cmocka.h>

#include <weir/sim.h>

#include "common/address/address.h"
#include "common/backend.h"

struct bench {
  weir_allocator allocator; /* counts, and fails on demand */
  size_t blocks;
  size_t blocks_until_failure; /* 0: never */
  weir_sim *sim;
  struct backend *backend;
  struct acceptor *acceptor; /* NULL until `listen_at` */
};

static inline void *resize_and_count(void *user, void *block, size_t bytes) {
  struct bench *bench = user;
  if (bytes == 0) {
    if (block != NULL) --bench->blocks;
    free(block);
    return NULL;
  }
  if (bench->blocks_until_failure > 0 && --bench->blocks_until_failure == 0) return NULL;
  if (block == NULL) ++bench->blocks;
  return realloc(block, bytes);
}

static inline void open_bench(struct bench *bench, weir_sim_options options) {
  memset(bench, 0, sizeof *bench);
  bench->allocator = (weir_allocator){resize_and_count, bench};
  options.allocator = bench->allocator;
  assert_int_equal(weir_sim_create(&options, &bench->sim), WEIR_OK);
  struct backend_setup setup = {.allocator = &bench->allocator, .simulator = bench->sim};
  assert_int_equal(backend_sim.create(&setup, &bench->backend), WEIR_OK);
}

/* Everything moves at once and in order, for cases about one rule. */
static inline weir_sim_options plain_options(void) {
  weir_sim_options options = weir_sim_options_default();
  options.whole_transfers = true;
  options.fixed_order = true;
  return options;
}

static inline struct address name_of(enum address_kind kind, const char *text) {
  struct address address;
  memset(&address, 0, sizeof address);
  address.kind = kind;
  address.length = strlen(text);
  memcpy(address.text, text, address.length);
  return address;
}

static inline struct outcome try_listen(struct bench *bench, struct acceptor *acceptor, struct address *name,
                                        int backlog) {
  struct listen_request request = {.address = name, .native = -1, .backlog = backlog};
  return backend_sim.listen(bench->backend, acceptor, &request);
}

static inline void *cleared(size_t bytes) {
  void *memory = calloc(1, bytes);
  assert_non_null(memory);
  return memory;
}

static inline void listen_at(struct bench *bench, const char *path, int backlog) {
  struct address name = name_of(ADDRESS_PATH, path);
  bench->acceptor = cleared(backend_sim.acceptor_bytes);
  assert_int_equal(try_listen(bench, bench->acceptor, &name, backlog).code, WEIR_OK);
}

static inline struct connection *connect_to(struct bench *bench, const char *path) {
  struct address name = name_of(ADDRESS_PATH, path);
  struct connection *connection = cleared(backend_sim.connection_bytes);
  backend_sim.connect(bench->backend, connection, &(struct connect_request){.address = &name});
  return connection;
}

/* ---- TCP ---- */

/* An address and a port: "127.0.0.1:80". */
static inline struct address ip_of(const char *text) {
  struct address address;
  weir_address ip;
  memset(&address, 0, sizeof address);
  assert_int_equal(weir_address_parse(text, &ip), WEIR_OK);
  address_set_ip(&address, &ip);
  return address;
}

static inline void expect_address(const weir_address *address, const char *expected) {
  char text[WEIR_ADDRESS_TEXT_BYTES];
  weir_address_format(address, text, sizeof text);
  assert_string_equal(text, expected);
}

static inline void listen_at_ip(struct bench *bench, const char *text, int backlog) {
  struct address name = ip_of(text);
  bench->acceptor = cleared(backend_sim.acceptor_bytes);
  assert_int_equal(try_listen(bench, bench->acceptor, &name, backlog).code, WEIR_OK);
}

static inline struct connection *connect_to_ip(struct bench *bench, const char *text) {
  struct address name = ip_of(text);
  struct connection *connection = cleared(backend_sim.connection_bytes);
  backend_sim.connect(bench->backend, connection, &(struct connect_request){.address = &name});
  return connection;
}

/* ---- what comes ---- */

/* The next operation that is one. */
static inline enum operation next_operation(struct bench *bench, struct completion *completion) {
  for (int attempts = 0; attempts < 3; ++attempts) {
    enum operation operation = backend_sim.next(bench->backend, 0, completion);
    if (operation != OPERATION_NONE) return operation;
  }
  return OPERATION_NONE;
}

static inline void expect_nothing(struct bench *bench) {
  struct completion completion;
  assert_int_equal(next_operation(bench, &completion), OPERATION_NONE);
}

static inline struct completion expect(struct bench *bench, enum operation operation, const void *of) {
  struct completion completion;
  assert_int_equal(next_operation(bench, &completion), operation);
  const void *whose = operation == OPERATION_ACCEPT || operation == OPERATION_CLOSE_ACCEPTOR
                          ? (const void *)completion.acceptor
                          : (const void *)completion.connection;
  assert_ptr_equal(whose, of);
  return completion;
}

static inline void expect_result(struct bench *bench, enum operation operation, const void *of, ptrdiff_t result) {
  assert_int_equal(expect(bench, operation, of).result, result);
}

static inline void expect_bytes(struct bench *bench, struct connection *connection, const char *text) {
  struct completion completion = expect(bench, OPERATION_READ, connection);
  assert_int_equal(completion.result, strlen(text));
  assert_memory_equal(completion.bytes, text, strlen(text));
}

/* Takes the client that waits; the acceptor is not accepting before and after. */
static inline struct connection *accept_one(struct bench *bench) {
  backend_sim.accept(bench->backend, bench->acceptor, true);
  expect_result(bench, OPERATION_ACCEPT, bench->acceptor, 0);
  struct connection *connection = cleared(backend_sim.connection_bytes);
  backend_sim.take(bench->backend, bench->acceptor, connection);
  backend_sim.accept(bench->backend, bench->acceptor, false);
  return connection;
}

static inline void open_tcp_pair(struct bench *bench, struct connection **client, struct connection **server) {
  if (bench->acceptor == NULL) listen_at_ip(bench, "127.0.0.1:80", 1);
  *client = connect_to_ip(bench, "127.0.0.1:80");
  expect_result(bench, OPERATION_CONNECT, *client, 0);
  *server = accept_one(bench);
}

static inline void open_pair(struct bench *bench, struct connection **client, struct connection **server) {
  if (bench->acceptor == NULL) listen_at(bench, "/pair", 1);
  *client = connect_to(bench, "/pair");
  expect_result(bench, OPERATION_CONNECT, *client, 0);
  *server = accept_one(bench);
}

static inline void close_connection(struct bench *bench, struct connection *connection) {
  backend_sim.close(bench->backend, connection, ENDING_CLOSE);
  expect_result(bench, OPERATION_CLOSE, connection, 0);
  free(connection);
}

static inline void close_bench(struct bench *bench) {
  if (bench->acceptor != NULL) {
    backend_sim.close_acceptor(bench->backend, bench->acceptor, ENDING_CLOSE);
    expect_result(bench, OPERATION_CLOSE_ACCEPTOR, bench->acceptor, 0);
    free(bench->acceptor);
  }
  expect_nothing(bench);
  weir_sim_release(bench->sim);
  backend_sim.destroy(bench->backend);
  assert_int_equal(bench->blocks, 0);
}

static inline void write_text(struct bench *bench, struct connection *connection, const char *text) {
  assert_int_equal(backend_sim.write(bench->backend, connection, text, strlen(text)), strlen(text));
}

/* What a queued write of a few bytes comes back with. */
static inline void expect_write(struct bench *bench, struct connection *connection, ptrdiff_t result) {
  struct piece pieces[] = {{"ab", 2}, {"c", 1}};
  backend_sim.write_queue(bench->backend, connection, pieces, 2);
  expect_result(bench, OPERATION_WRITE, connection, result);
}

/* Closes an end whose peer is reading: that one hears of it first. */
static inline void close_in_view_of(struct bench *bench, struct connection *connection, struct connection *peer) {
  backend_sim.close(bench->backend, connection, ENDING_CLOSE);
  expect_result(bench, OPERATION_READ, peer, COMPLETION_END);
  expect_result(bench, OPERATION_CLOSE, connection, 0);
  free(connection);
}

/* ---- TCP servers and clients ---- */

static inline struct acceptor *listen_with(struct bench *bench, const struct listen_request *given, const char *text,
                                           weir_code code) {
  struct acceptor *acceptor = cleared(backend_sim.acceptor_bytes);
  struct address name = ip_of(text);
  struct listen_request request = *given;
  request.address = &name;
  request.native = -1;
  request.backlog = 5;
  struct outcome outcome = backend_sim.listen(bench->backend, acceptor, &request);
  assert_int_equal(outcome.code, code);
  assert_null(outcome.step);
  if (code == WEIR_OK) return acceptor;
  assert_non_null(outcome.hint);
  free(acceptor);
  return NULL;
}

static inline struct acceptor *listen_plainly(struct bench *bench, const char *text, weir_code code) {
  return listen_with(bench, &(struct listen_request){.native = -1}, text, code);
}

static inline void close_acceptor(struct bench *bench, struct acceptor *acceptor) {
  backend_sim.close_acceptor(bench->backend, acceptor, ENDING_CLOSE);
  expect_result(bench, OPERATION_CLOSE_ACCEPTOR, acceptor, 0);
  free(acceptor);
}

/* Connects in vain. */
static inline void expect_no_connect(struct bench *bench, const struct connect_request *request, weir_code code,
                                     const char *step) {
  struct connection *connection = cleared(backend_sim.connection_bytes);
  backend_sim.connect(bench->backend, connection, request);
  struct completion completion = expect(bench, OPERATION_CONNECT, connection);
  assert_int_equal(completion.result, code);
  assert_non_null(completion.hint);
  if (step == NULL) assert_null(completion.step);
  if (step != NULL) assert_string_equal(completion.step, step);
  free(connection);
}

static inline void expect_no_way(struct bench *bench, const char *text, weir_code code) {
  struct address name = ip_of(text);
  expect_no_connect(bench, &(struct connect_request){.address = &name}, code, NULL);
}

static inline weir_address ask(struct bench *bench, struct connection *connection, enum control control) {
  weir_address address;
  assert_int_equal(backend_sim.control(bench->backend, connection, control, &address), WEIR_OK);
  return address;
}

/* Takes the one client that waits at an acceptor, and looks at who it is. */
static inline struct connection *accept_from(struct bench *bench, struct acceptor *acceptor, const weir_address *peer) {
  backend_sim.accept(bench->backend, acceptor, true);
  struct completion completion = expect(bench, OPERATION_ACCEPT, acceptor);
  assert_int_equal(completion.result, 0);
  assert_non_null(completion.peer);
  assert_true(weir_address_equal(completion.peer, peer));
  struct connection *connection = cleared(backend_sim.connection_bytes);
  backend_sim.take(bench->backend, acceptor, connection);
  backend_sim.accept(bench->backend, acceptor, false);
  return connection;
}

#endif
