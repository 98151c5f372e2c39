/* SPDX-License-Identifier: MIT */
/* What is detached from a loop of a simulated world at the seam, and goes on in another one, or nowhere. */
#include "stream/sim_bench.h"

/* A second loop of the same world. */
static struct backend *add_loop(struct bench *bench) {
  struct backend *backend = NULL;
  struct backend_setup setup = {.allocator = &bench->allocator, .simulator = bench->sim};
  assert_int_equal(backend_sim.create(&setup, &backend), WEIR_OK);
  return backend;
}

/* Lets the cases of a bench go on with the other loop. */
static void change_loop(struct bench *bench, struct backend **other) {
  struct backend *backend = bench->backend;
  bench->backend = *other;
  *other = backend;
}

static intptr_t detach(struct bench *bench, struct connection *connection) {
  backend_sim.close(bench->backend, connection, ENDING_DETACH);
  struct completion completion = expect(bench, OPERATION_CLOSE, connection);
  assert_int_equal(completion.result, 0);
  free(connection);
  return completion.native;
}

static struct connection *open_native(struct bench *bench, intptr_t native) {
  struct connection *connection = cleared(backend_sim.connection_bytes);
  assert_int_equal(backend_sim.open(bench->backend, connection, native).code, WEIR_OK);
  return connection;
}

static void expect_no_native(struct bench *bench, intptr_t native) {
  struct connection *connection = cleared(backend_sim.connection_bytes);
  assert_int_equal(backend_sim.open(bench->backend, connection, native).code, WEIR_ENOTSUP);
  free(connection);
}

static void detach_and_go_on(struct bench *bench, struct connection *client, struct connection *server) {
  struct backend *other = add_loop(bench);
  backend_sim.read(bench->backend, server, true);
  expect_nothing(bench);
  write_text(bench, client, "under way");
  intptr_t native = detach(bench, server);
  write_text(bench, client, ", and later");
  expect_nothing(bench);
  change_loop(bench, &other);
  server = open_native(bench, native);
  expect_no_native(bench, native);
  write_text(bench, server, "back");
  backend_sim.read(bench->backend, server, true);
  expect_bytes(bench, server, "under way, and later");
  backend_sim.read(bench->backend, server, false);
  close_connection(bench, server);
  change_loop(bench, &other);
  backend_sim.read(bench->backend, client, true);
  expect_bytes(bench, client, "back");
  expect_result(bench, OPERATION_READ, client, COMPLETION_END);
  close_connection(bench, client);
  backend_sim.destroy(other);
}

static void a_detached_end_goes_on_with_another_loop(void **state) {
  (void)state;
  struct bench bench;
  struct connection *client, *server;
  open_bench(&bench, plain_options());
  open_tcp_pair(&bench, &client, &server);
  detach_and_go_on(&bench, client, server);
  close_bench(&bench);
  open_bench(&bench, plain_options());
  open_pair(&bench, &client, &server);
  detach_and_go_on(&bench, client, server);
  close_bench(&bench);
}

static void what_was_ended_stays_ended_when_it_is_detached(void **state) {
  (void)state;
  struct bench bench;
  struct connection *client, *server;
  open_bench(&bench, plain_options());
  open_tcp_pair(&bench, &client, &server);
  backend_sim.read(bench.backend, client, true);
  backend_sim.shutdown(bench.backend, server);
  intptr_t native = 0;
  backend_sim.close(bench.backend, server, ENDING_DETACH);
  for (int i = 0; i < 2; ++i) {
    struct completion completion;
    if (next_operation(&bench, &completion) == OPERATION_CLOSE) {
      native = completion.native;
    } else {
      assert_ptr_equal(completion.connection, client);
      assert_int_equal(completion.result, COMPLETION_END);
    }
  }
  free(server);
  server = open_native(&bench, native);
  assert_int_equal(backend_sim.write(bench.backend, server, "x", 1), 0);
  expect_write(&bench, server, WEIR_EPIPE);
  write_text(&bench, client, "still");
  backend_sim.read(bench.backend, server, true);
  expect_bytes(&bench, server, "still");
  close_in_view_of(&bench, client, server);
  close_connection(&bench, server);
  close_bench(&bench);
}

static void a_write_under_way_is_not_begun_when_its_end_is_detached(void **state) {
  (void)state;
  struct bench bench;
  struct connection *client, *server;
  weir_sim_options options = plain_options();
  options.pipe_bytes = 3;
  open_bench(&bench, options);
  open_tcp_pair(&bench, &client, &server);
  write_text(&bench, client, "abc");
  struct piece piece = {"def", 3};
  backend_sim.write_queue(bench.backend, client, &piece, 1);
  client = open_native(&bench, detach(&bench, client));
  backend_sim.read(bench.backend, server, true);
  expect_bytes(&bench, server, "abc");
  expect_nothing(&bench);
  close_in_view_of(&bench, client, server);
  close_connection(&bench, server);
  close_bench(&bench);
}

static void a_connect_under_way_cannot_be_detached(void **state) {
  (void)state;
  struct bench bench;
  open_bench(&bench, plain_options());
  listen_at_ip(&bench, "127.0.0.1:80", 1);
  struct connection *client = connect_to_ip(&bench, "127.0.0.1:80");
  backend_sim.close(bench.backend, client, ENDING_DETACH);
  expect_result(&bench, OPERATION_CLOSE, client, WEIR_ENOTSUP);
  free(client);
  close_bench(&bench);
}

static intptr_t detach_acceptor(struct bench *bench, struct acceptor *acceptor) {
  backend_sim.close_acceptor(bench->backend, acceptor, ENDING_DETACH);
  struct completion completion = expect(bench, OPERATION_CLOSE_ACCEPTOR, acceptor);
  assert_int_equal(completion.result, 0);
  free(acceptor);
  return completion.native;
}

static weir_code listen_on(struct bench *bench, struct acceptor *acceptor, intptr_t native, struct address *name) {
  *name = (struct address){.kind = ADDRESS_NONE};
  struct listen_request request = {.address = name, .native = native, .backlog = 5};
  return backend_sim.listen(bench->backend, acceptor, &request).code;
}

static void a_detached_listener_keeps_its_name_and_its_clients(void **state) {
  (void)state;
  struct bench bench;
  open_bench(&bench, plain_options());
  struct backend *other = add_loop(&bench);
  listen_at_ip(&bench, "127.0.0.1:80", 1);
  intptr_t native = detach_acceptor(&bench, bench.acceptor);
  struct connection *client = connect_to_ip(&bench, "127.0.0.1:80");
  expect_result(&bench, OPERATION_CONNECT, client, 0);
  write_text(&bench, client, "patient");
  change_loop(&bench, &other);
  expect_no_native(&bench, native); /* it is no connection */
  struct address name;
  bench.acceptor = cleared(backend_sim.acceptor_bytes);
  assert_int_equal(listen_on(&bench, bench.acceptor, native, &name), WEIR_OK);
  expect_address(&name.ip, "127.0.0.1:80");
  struct acceptor *again = cleared(backend_sim.acceptor_bytes);
  assert_int_equal(listen_on(&bench, again, native, &name), WEIR_ENOTSUP);
  free(again);
  struct connection *server = accept_one(&bench);
  backend_sim.read(bench.backend, server, true);
  expect_bytes(&bench, server, "patient");
  backend_sim.read(bench.backend, server, false);
  close_connection(&bench, server);
  change_loop(&bench, &other);
  close_connection(&bench, client);
  change_loop(&bench, &other);
  backend_sim.destroy(other);
  close_bench(&bench);
}

static void a_shared_listener_can_be_detached_twice(void **state) {
  (void)state;
  struct bench bench;
  open_bench(&bench, plain_options());
  struct address name = {.kind = ADDRESS_NONE};
  struct acceptor *first = cleared(backend_sim.acceptor_bytes);
  struct acceptor *second = cleared(backend_sim.acceptor_bytes);
  struct address path = name_of(ADDRESS_PATH, "/shared");
  assert_int_equal(try_listen(&bench, first, &path, 1).code, WEIR_OK);
  struct listen_request request = {.address = &name, .native = -1, .shared = first};
  assert_int_equal(backend_sim.listen(bench.backend, second, &request).code, WEIR_OK);
  intptr_t natives[2] = {detach_acceptor(&bench, first), detach_acceptor(&bench, second)};
  struct acceptor *acceptors[2];
  for (size_t i = 0; i < 2; ++i) {
    acceptors[i] = cleared(backend_sim.acceptor_bytes);
    assert_int_equal(listen_on(&bench, acceptors[i], natives[i], &name), WEIR_OK);
    assert_string_equal(name.text, "/shared");
  }
  for (size_t i = 0; i < 2; ++i) {
    struct connection *client = connect_to(&bench, "/shared");
    expect_result(&bench, OPERATION_CONNECT, client, 0);
    close_connection(&bench, client);
    backend_sim.close_acceptor(bench.backend, acceptors[i], ENDING_CLOSE);
    expect_result(&bench, OPERATION_CLOSE_ACCEPTOR, acceptors[i], 0);
    free(acceptors[i]);
  }
  struct connection *client = connect_to(&bench, "/shared");
  expect_result(&bench, OPERATION_CONNECT, client, WEIR_ENOENT);
  free(client);
  close_bench(&bench);
}

static void what_is_detached_can_be_closed_by_its_number(void **state) {
  (void)state;
  struct bench bench;
  struct connection *client, *server;
  open_bench(&bench, plain_options());
  open_tcp_pair(&bench, &client, &server);
  intptr_t native = detach(&bench, server);
  struct acceptor *acceptor = cleared(backend_sim.acceptor_bytes);
  struct address name;
  assert_int_equal(listen_on(&bench, acceptor, native, &name), WEIR_ENOTSUP); /* it is no server */
  backend_sim.read(bench.backend, client, true);
  expect_nothing(&bench);
  assert_int_equal(backend_sim.open(bench.backend, NULL, native).code, WEIR_OK);
  expect_result(&bench, OPERATION_READ, client, COMPLETION_END);
  close_connection(&bench, client);
  name = (struct address){.kind = ADDRESS_NONE};
  struct listen_request request = {.address = &name, .native = -1, .shared = bench.acceptor};
  assert_int_equal(backend_sim.listen(bench.backend, acceptor, &request).code, WEIR_OK);
  native = detach_acceptor(&bench, acceptor);
  assert_int_equal(detach_acceptor(&bench, bench.acceptor), native);
  assert_int_equal(backend_sim.open(bench.backend, NULL, native).code, WEIR_OK);
  client = connect_to_ip(&bench, "127.0.0.1:80");
  expect_result(&bench, OPERATION_CONNECT, client, 0);
  backend_sim.read(bench.backend, client, true);
  assert_int_equal(backend_sim.open(bench.backend, NULL, native).code, WEIR_OK);
  expect_result(&bench, OPERATION_READ, client, WEIR_ECONNRESET);
  close_connection(&bench, client);
  bench.acceptor = NULL;
  close_bench(&bench);
}

static void what_nobody_has_taken_on_ends_with_the_world(void **state) {
  (void)state;
  struct bench bench;
  struct connection *client, *server;
  open_bench(&bench, plain_options());
  open_tcp_pair(&bench, &client, &server);
  struct connection *waiting = connect_to_ip(&bench, "127.0.0.1:80");
  expect_result(&bench, OPERATION_CONNECT, waiting, 0);
  detach_acceptor(&bench, bench.acceptor);
  bench.acceptor = NULL;
  detach(&bench, client);
  detach(&bench, server);
  detach(&bench, waiting);
  close_bench(&bench);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(a_detached_end_goes_on_with_another_loop),
      cmocka_unit_test(what_was_ended_stays_ended_when_it_is_detached),
      cmocka_unit_test(a_write_under_way_is_not_begun_when_its_end_is_detached),
      cmocka_unit_test(a_connect_under_way_cannot_be_detached),
      cmocka_unit_test(a_detached_listener_keeps_its_name_and_its_clients),
      cmocka_unit_test(a_shared_listener_can_be_detached_twice),
      cmocka_unit_test(what_is_detached_can_be_closed_by_its_number),
      cmocka_unit_test(what_nobody_has_taken_on_ends_with_the_world),
  };
  return cmocka_run_group_tests_name("what is detached in a simulated world", tests, NULL, NULL);
}
