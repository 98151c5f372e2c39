/* SPDX-License-Identifier: MIT */
/*
 * How TCP connections of the simulated system end at the seam, and what is kept with them: closes and resets, moves,
 * and options. How they go on in another loop is sim_native_test.c.
 */
#include "sim/parts.h"
#include "stream/sim_bench.h"

static void reset(struct bench *bench, struct connection *connection) {
  backend_sim.close(bench->backend, connection, ENDING_RESET);
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
  backend_sim.read(bench.backend, client, true);
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
  backend_sim.read(bench.backend, client, true);
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
  backend_sim.read(bench.backend, client, true);
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
  backend_sim.read(bench.backend, client, true);
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
    backend_sim.read(bench.backend, client, true);
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
  backend_sim.read(bench.backend, client, true);
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
  backend_sim.read(bench.backend, server, true);
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
  backend_sim.read(bench.backend, server, true);
  expect_result(&bench, OPERATION_READ, server, WEIR_ECONNRESET);
  close_connection(&bench, server);
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
  backend_sim.read(bench.backend, moved, true);
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
      cmocka_unit_test(a_connection_moves_as_it_is),
      cmocka_unit_test(options_are_kept_for_who_asks),
      cmocka_unit_test(local_connections_have_no_addresses_and_no_options),
  };
  return cmocka_run_group_tests_name("ends of simulated connections", tests, NULL, NULL);
}
