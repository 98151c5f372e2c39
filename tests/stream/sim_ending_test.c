/* SPDX-License-Identifier: MIT */
/*
 * How TCP connections of the simulated system end at the seam, and how they go on elsewhere: resets, detached ends and
 * listeners, moves, and the options that are kept with a connection.
 */
#include "sim/parts.h"
#include "stream/sim_bench.h"

/* What a queued write of a few bytes comes back with. */
static void expect_write(struct bench *bench, struct connection *connection, ptrdiff_t result) {
  struct piece pieces[] = {{"ab", 2}, {"c", 1}};
  backend_sim.write_queue(bench->backend, connection, pieces, 2);
  expect_result(bench, OPERATION_WRITE, connection, result);
}

static void reset(struct bench *bench, struct connection *connection) {
  backend_sim.close(bench->backend, connection, ENDING_RESET);
  expect_result(bench, OPERATION_CLOSE, connection, 0);
  free(connection);
}

/* Closes an end whose peer is reading: that one hears of it first. */
static void close_in_view_of(struct bench *bench, struct connection *connection, struct connection *peer) {
  backend_sim.close(bench->backend, connection, ENDING_CLOSE);
  expect_result(bench, OPERATION_READ, peer, COMPLETION_END);
  expect_result(bench, OPERATION_CLOSE, connection, 0);
  free(connection);
}

static void set_linger(struct bench *bench, struct connection *connection, int seconds) {
  assert_int_equal(backend_sim.control(bench->backend, connection, CONTROL_LINGER, &seconds), WEIR_OK);
}

/* ---- closes and resets ------------------------------------------------------------------------------------------- */

static void the_first_write_to_a_closed_peer_succeeds(void **state) {
  (void)state;
  struct bench bench;
  struct connection *client, *server;
  open_bench(&bench, plain_options());
  open_tcp_pair(&bench, &client, &server);
  close_connection(&bench, server);
  backend_sim.read(bench.backend, client);
  expect_result(&bench, OPERATION_READ, client, COMPLETION_END);
  expect_write(&bench, client, 3);
  expect_write(&bench, client, WEIR_EPIPE);
  assert_int_equal(backend_sim.write(bench.backend, client, "x", 1), 0);
  close_connection(&bench, client);
  close_bench(&bench);
}

static void unread_input_at_a_close_is_a_reset_behind_what_was_sent(void **state) {
  (void)state;
  struct bench bench;
  struct connection *client, *server;
  open_bench(&bench, plain_options());
  open_tcp_pair(&bench, &client, &server);
  write_text(&bench, server, "last words");
  write_text(&bench, client, "never read");
  close_connection(&bench, server);
  expect_write(&bench, client, WEIR_ECONNRESET);
  backend_sim.read(bench.backend, client);
  expect_bytes(&bench, client, "last words");
  expect_result(&bench, OPERATION_READ, client, WEIR_ECONNRESET);
  close_connection(&bench, client);
  close_bench(&bench);
}

static void a_reset_comes_behind_what_was_sent(void **state) {
  (void)state;
  struct bench bench;
  struct connection *client, *server;
  open_bench(&bench, plain_options());
  open_tcp_pair(&bench, &client, &server);
  write_text(&bench, server, "last words");
  reset(&bench, server);
  backend_sim.read(bench.backend, client);
  struct piece piece = {"abc", 3};
  backend_sim.write_queue(bench.backend, client, &piece, 1);
  expect_bytes(&bench, client, "last words");
  expect_result(&bench, OPERATION_READ, client, WEIR_ECONNRESET);
  expect_result(&bench, OPERATION_WRITE, client, WEIR_ECONNRESET);
  close_connection(&bench, client);
  close_bench(&bench);
}

static void a_reset_behind_an_end_leaves_the_end(void **state) {
  (void)state;
  struct bench bench;
  struct connection *client, *server;
  open_bench(&bench, plain_options());
  open_tcp_pair(&bench, &client, &server);
  backend_sim.shutdown(bench.backend, server);
  expect_result(&bench, OPERATION_SHUTDOWN, server, 0);
  reset(&bench, server);
  backend_sim.read(bench.backend, client);
  expect_result(&bench, OPERATION_READ, client, COMPLETION_END);
  expect_write(&bench, client, WEIR_EPIPE);
  close_connection(&bench, client);
  close_bench(&bench);
}

static void a_linger_of_no_seconds_makes_a_close_a_reset(void **state) {
  (void)state;
  struct bench bench;
  struct connection *client, *server;
  open_bench(&bench, plain_options());
  for (int seconds = -1; seconds < 2; ++seconds) {
    open_tcp_pair(&bench, &client, &server);
    set_linger(&bench, server, seconds);
    close_connection(&bench, server);
    backend_sim.read(bench.backend, client);
    expect_result(&bench, OPERATION_READ, client, seconds == 0 ? WEIR_ECONNRESET : COMPLETION_END);
    close_connection(&bench, client);
  }
  close_bench(&bench);
}

static void a_local_connection_is_closed_instead_of_reset(void **state) {
  (void)state;
  struct bench bench;
  struct connection *client, *server;
  open_bench(&bench, plain_options());
  open_pair(&bench, &client, &server);
  reset(&bench, server);
  backend_sim.read(bench.backend, client);
  expect_result(&bench, OPERATION_READ, client, COMPLETION_END);
  expect_write(&bench, client, WEIR_EPIPE);
  close_connection(&bench, client);
  close_bench(&bench);
}

static void a_client_that_resets_before_the_accept_is_heard(void **state) {
  (void)state;
  struct bench bench;
  open_bench(&bench, plain_options());
  listen_at_ip(&bench, "127.0.0.1:80", 1);
  struct connection *client = connect_to_ip(&bench, "127.0.0.1:80");
  expect_result(&bench, OPERATION_CONNECT, client, 0);
  write_text(&bench, client, "early");
  reset(&bench, client);
  struct connection *server = accept_one(&bench);
  backend_sim.read(bench.backend, server);
  expect_bytes(&bench, server, "early");
  expect_result(&bench, OPERATION_READ, server, WEIR_ECONNRESET);
  close_connection(&bench, server);
  close_bench(&bench);
}

static void a_reset_of_a_connect_under_way_is_its_end(void **state) {
  (void)state;
  struct bench bench;
  open_bench(&bench, plain_options());
  listen_at_ip(&bench, "127.0.0.1:80", 1);
  struct connection *first = connect_to_ip(&bench, "127.0.0.1:80");
  struct connection *second = connect_to_ip(&bench, "127.0.0.1:80");
  reset(&bench, first);
  reset(&bench, second);
  struct connection *server = accept_one(&bench);
  backend_sim.read(bench.backend, server);
  expect_result(&bench, OPERATION_READ, server, WEIR_ECONNRESET);
  close_connection(&bench, server);
  close_bench(&bench);
}

/* ---- going on elsewhere ------------------------------------------------------------------------------------------ */

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
  backend_sim.read(bench->backend, server);
  expect_nothing(bench);
  write_text(bench, client, "under way");
  intptr_t native = detach(bench, server);
  write_text(bench, client, ", and later");
  expect_nothing(bench);
  change_loop(bench, &other);
  server = open_native(bench, native);
  expect_no_native(bench, native);
  write_text(bench, server, "back");
  backend_sim.read(bench->backend, server);
  expect_bytes(bench, server, "under way, and later");
  backend_sim.read_stop(bench->backend, server);
  close_connection(bench, server);
  change_loop(bench, &other);
  backend_sim.read(bench->backend, client);
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
  backend_sim.read(bench.backend, client);
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
  backend_sim.read(bench.backend, server);
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
  backend_sim.read(bench.backend, server);
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
  struct address name;
  bench.acceptor = cleared(backend_sim.acceptor_bytes);
  assert_int_equal(listen_on(&bench, bench.acceptor, native, &name), WEIR_OK);
  expect_address(&name.ip, "127.0.0.1:80");
  struct acceptor *again = cleared(backend_sim.acceptor_bytes);
  assert_int_equal(listen_on(&bench, again, native, &name), WEIR_ENOTSUP);
  free(again);
  struct connection *server = accept_one(&bench);
  backend_sim.read(bench.backend, server);
  expect_bytes(&bench, server, "patient");
  backend_sim.read_stop(bench.backend, server);
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

/* ---- moving, asking, telling ------------------------------------------------------------------------------------- */

static void a_connection_moves_as_it_is(void **state) {
  (void)state;
  struct bench bench;
  struct connection *client, *server;
  open_bench(&bench, plain_options());
  open_tcp_pair(&bench, &client, &server);
  write_text(&bench, server, "for either");
  set_linger(&bench, client, 9);
  struct connection *moved = cleared(backend_sim.connection_bytes);
  backend_sim.move(bench.backend, client, moved);
  free(client);
  assert_int_equal(sim_tcp_options(moved)->linger_s, 9);
  backend_sim.read(bench.backend, moved);
  expect_bytes(&bench, moved, "for either");
  close_in_view_of(&bench, server, moved);
  close_connection(&bench, moved);
  close_bench(&bench);
}

static weir_code control(struct bench *bench, struct connection *connection, enum control which, const void *argument) {
  return backend_sim.control(bench->backend, connection, which, (void *)(uintptr_t)argument);
}

static void options_are_kept_for_who_asks(void **state) {
  (void)state;
  struct bench bench;
  struct connection *client, *server;
  open_bench(&bench, plain_options());
  open_tcp_pair(&bench, &client, &server);
  struct keep_alive keep_alive = {true, 3, 1, 10};
  int type_of_service = 16;
  bool yes = true;
  assert_int_equal(sim_tcp_options(client)->linger_s, -1);
  assert_int_equal(control(&bench, client, CONTROL_NO_DELAY, &yes), WEIR_OK);
  assert_int_equal(control(&bench, client, CONTROL_KEEP_ALIVE, &keep_alive), WEIR_OK);
  assert_int_equal(control(&bench, client, CONTROL_TYPE_OF_SERVICE, &type_of_service), WEIR_OK);
  assert_true(sim_tcp_options(client)->no_delay);
  assert_int_equal(sim_tcp_options(client)->keep_alive.delay_s, 3);
  assert_int_equal(sim_tcp_options(client)->type_of_service, 16);
  assert_false(sim_tcp_options(server)->no_delay);
  assert_int_equal(weir_sim_fail(bench.sim, WEIR_SIM_FAULT_OPTION, 1, WEIR_ENOBUFS), WEIR_OK);
  yes = false;
  assert_int_equal(control(&bench, client, CONTROL_NO_DELAY, &yes), WEIR_ENOBUFS);
  assert_true(sim_tcp_options(client)->no_delay);
  intptr_t native;
  assert_int_equal(backend_sim.control(bench.backend, client, CONTROL_NATIVE, &native), WEIR_ENOTSUP);
  close_connection(&bench, server);
  close_connection(&bench, client);
  close_bench(&bench);
}

static void local_connections_have_no_addresses_and_no_options(void **state) {
  (void)state;
  struct bench bench;
  struct connection *client, *server;
  open_bench(&bench, plain_options());
  open_pair(&bench, &client, &server);
  weir_address address;
  bool yes = true;
  int number = 0;
  struct keep_alive keep_alive = {.wanted = true};
  assert_int_equal(backend_sim.control(bench.backend, client, CONTROL_LOCAL_ADDRESS, &address), WEIR_ENOTSUP);
  assert_int_equal(backend_sim.control(bench.backend, client, CONTROL_REMOTE_ADDRESS, &address), WEIR_ENOTSUP);
  assert_int_equal(control(&bench, client, CONTROL_NO_DELAY, &yes), WEIR_ENOTSUP);
  assert_int_equal(control(&bench, client, CONTROL_KEEP_ALIVE, &keep_alive), WEIR_ENOTSUP);
  assert_int_equal(control(&bench, client, CONTROL_TYPE_OF_SERVICE, &number), WEIR_ENOTSUP);
  assert_int_equal(control(&bench, client, CONTROL_LINGER, &number), WEIR_ENOTSUP);
  close_connection(&bench, server);
  close_connection(&bench, client);
  close_bench(&bench);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(the_first_write_to_a_closed_peer_succeeds),
      cmocka_unit_test(unread_input_at_a_close_is_a_reset_behind_what_was_sent),
      cmocka_unit_test(a_reset_comes_behind_what_was_sent),
      cmocka_unit_test(a_reset_behind_an_end_leaves_the_end),
      cmocka_unit_test(a_linger_of_no_seconds_makes_a_close_a_reset),
      cmocka_unit_test(a_local_connection_is_closed_instead_of_reset),
      cmocka_unit_test(a_client_that_resets_before_the_accept_is_heard),
      cmocka_unit_test(a_reset_of_a_connect_under_way_is_its_end),
      cmocka_unit_test(a_detached_end_goes_on_with_another_loop),
      cmocka_unit_test(what_was_ended_stays_ended_when_it_is_detached),
      cmocka_unit_test(a_write_under_way_is_not_begun_when_its_end_is_detached),
      cmocka_unit_test(a_connect_under_way_cannot_be_detached),
      cmocka_unit_test(a_detached_listener_keeps_its_name_and_its_clients),
      cmocka_unit_test(a_shared_listener_can_be_detached_twice),
      cmocka_unit_test(what_nobody_has_taken_on_ends_with_the_world),
      cmocka_unit_test(a_connection_moves_as_it_is),
      cmocka_unit_test(options_are_kept_for_who_asks),
      cmocka_unit_test(local_connections_have_no_addresses_and_no_options),
  };
  return cmocka_run_group_tests_name("ends of simulated connections", tests, NULL, NULL);
}
