/* SPDX-License-Identifier: MIT */
/*
 * The simulated system at the seam: its names, servers, connections and clock. What it draws is sim_chance_test.c, what
 * it makes fail sim_fault_test.c, and running whole loops sim_run_test.c.
 */
#include "stream/sim_bench.h"

/* ---- names ------------------------------------------------------------------------------------------------------- */

static void a_name_that_nobody_has_is_enoent(void **state) {
  (void)state;
  struct bench bench;
  open_bench(&bench, plain_options());
  struct connection *connection = connect_to(&bench, "/nobody");
  struct completion completion = expect(&bench, OPERATION_CONNECT, connection);
  assert_int_equal(completion.result, WEIR_ENOENT);
  assert_non_null(completion.hint);
  free(connection);
  close_bench(&bench);
}

static void a_live_name_is_taken_until_its_server_closes(void **state) {
  (void)state;
  struct bench bench;
  open_bench(&bench, plain_options());
  listen_at(&bench, "/name", 1);
  struct acceptor *second = cleared(backend_sim.acceptor_bytes);
  struct address name = name_of(ADDRESS_PATH, "/name");
  struct outcome outcome = try_listen(&bench, second, &name, 1);
  assert_int_equal(outcome.code, WEIR_EADDRINUSE);
  assert_non_null(outcome.hint);
  struct acceptor *first = bench.acceptor;
  backend_sim.close_acceptor(bench.backend, first, ENDING_CLOSE);
  assert_int_equal(try_listen(&bench, second, &name, 1).code, WEIR_OK);
  expect_result(&bench, OPERATION_CLOSE_ACCEPTOR, first, 0);
  free(first);
  bench.acceptor = second;
  close_bench(&bench);
}

static void names_of_different_kinds_do_not_meet(void **state) {
  (void)state;
  struct bench bench;
  open_bench(&bench, plain_options());
  listen_at(&bench, "same", 1);
  static const enum address_kind others[] = {ADDRESS_ABSTRACT, ADDRESS_PIPE};
  for (size_t i = 0; i < 2; ++i) {
    struct address name = name_of(others[i], "same");
    struct connection *connection = cleared(backend_sim.connection_bytes);
    backend_sim.connect(bench.backend, connection, &(struct connect_request){.address = &name});
    expect_result(&bench, OPERATION_CONNECT, connection, WEIR_ENOENT);
    free(connection);
  }
  close_bench(&bench);
}

static void a_portable_name_is_replaced_by_what_it_means(void **state) {
  (void)state;
  struct bench bench;
  open_bench(&bench, plain_options());
  struct address name = name_of(ADDRESS_PORTABLE, "app");
  bench.acceptor = cleared(backend_sim.acceptor_bytes);
  assert_int_equal(try_listen(&bench, bench.acceptor, &name, 1).code, WEIR_OK);
  assert_int_equal(name.kind, ADDRESS_PATH);
  assert_string_equal(name.text, "sim:app");
  assert_int_equal(name.length, strlen("sim:app"));
  name = name_of(ADDRESS_PORTABLE, "app");
  struct connection *connection = cleared(backend_sim.connection_bytes);
  backend_sim.connect(bench.backend, connection, &(struct connect_request){.address = &name});
  expect_result(&bench, OPERATION_CONNECT, connection, 0);
  close_connection(&bench, connection);
  close_bench(&bench);
}

static void there_are_no_descriptors_and_no_other_machines(void **state) {
  (void)state;
  struct bench bench;
  open_bench(&bench, plain_options());
  struct acceptor *acceptor = cleared(backend_sim.acceptor_bytes);
  struct connection *connection = cleared(backend_sim.connection_bytes);
  struct address none = {.kind = ADDRESS_NONE};
  struct listen_request request = {.address = &none, .native = 3, .backlog = 1};
  assert_int_equal(backend_sim.listen(bench.backend, acceptor, &request).code, WEIR_ENOTSUP);
  request.native = -1;
  assert_int_equal(backend_sim.listen(bench.backend, acceptor, &request).code, WEIR_EBADF);
  assert_int_equal(backend_sim.open(bench.backend, connection, 3).code, WEIR_ENOTSUP);
  assert_int_equal(backend_sim.open(bench.backend, connection, -1).code, WEIR_EBADF);
  struct address remote = name_of(ADDRESS_REMOTE, "\\\\server\\pipe\\x");
  assert_int_equal(try_listen(&bench, acceptor, &remote, 1).code, WEIR_ENOTSUP);
  backend_sim.connect(bench.backend, connection, &(struct connect_request){.address = &remote});
  expect_result(&bench, OPERATION_CONNECT, connection, WEIR_EHOSTUNREACH);
  assert_int_equal(backend_sim.pollable(bench.backend), -1);
  free(acceptor);
  free(connection);
  close_bench(&bench);
}

/* ---- servers ----------------------------------------------------------------------------------------------------- */

static void a_full_backlog_is_busy(void **state) {
  (void)state;
  struct bench bench;
  open_bench(&bench, plain_options());
  listen_at(&bench, "/busy", 2);
  struct connection *clients[3];
  for (size_t i = 0; i < 3; ++i) {
    clients[i] = connect_to(&bench, "/busy");
    expect_result(&bench, OPERATION_CONNECT, clients[i], i < 2 ? WEIR_OK : WEIR_EAGAIN);
  }
  free(clients[2]);
  struct connection *server = accept_one(&bench);
  clients[2] = connect_to(&bench, "/busy");
  expect_result(&bench, OPERATION_CONNECT, clients[2], 0);
  for (size_t i = 0; i < 3; ++i) close_connection(&bench, clients[i]);
  close_connection(&bench, server);
  close_bench(&bench);
}

static void a_client_that_wrote_and_closed_before_the_accept_is_heard(void **state) {
  (void)state;
  struct bench bench;
  open_bench(&bench, plain_options());
  listen_at(&bench, "/early", 1);
  struct connection *client = connect_to(&bench, "/early");
  expect_result(&bench, OPERATION_CONNECT, client, 0);
  write_text(&bench, client, "early");
  close_connection(&bench, client);
  struct connection *server = accept_one(&bench);
  backend_sim.read(bench.backend, server, true);
  expect_bytes(&bench, server, "early");
  expect_result(&bench, OPERATION_READ, server, COMPLETION_END);
  close_connection(&bench, server);
  close_bench(&bench);
}

static void clients_in_the_backlog_of_a_closing_server_are_reset(void **state) {
  (void)state;
  struct bench bench;
  open_bench(&bench, plain_options());
  listen_at(&bench, "/closing", 1);
  struct connection *client = connect_to(&bench, "/closing");
  expect_result(&bench, OPERATION_CONNECT, client, 0);
  backend_sim.read(bench.backend, client, true);
  expect_nothing(&bench);
  backend_sim.accept(bench.backend, bench.acceptor, true);
  struct acceptor *acceptor = bench.acceptor;
  backend_sim.close_acceptor(bench.backend, acceptor, ENDING_CLOSE);
  expect_result(&bench, OPERATION_READ, client, WEIR_ECONNRESET);
  expect_result(&bench, OPERATION_CLOSE_ACCEPTOR, acceptor, 0);
  free(acceptor);
  bench.acceptor = NULL;
  close_connection(&bench, client);
  close_bench(&bench);
}

static void a_client_that_is_turned_away_reads_an_end(void **state) {
  (void)state;
  struct bench bench;
  open_bench(&bench, plain_options());
  listen_at(&bench, "/away", 1);
  struct connection *client = connect_to(&bench, "/away");
  expect_result(&bench, OPERATION_CONNECT, client, 0);
  backend_sim.read(bench.backend, client, true);
  backend_sim.accept(bench.backend, bench.acceptor, true);
  struct completion offer = expect(&bench, OPERATION_ACCEPT, bench.acceptor);
  assert_int_equal(offer.result, 0);
  assert_null(offer.peer);
  backend_sim.take(bench.backend, bench.acceptor, NULL);
  expect_result(&bench, OPERATION_READ, client, COMPLETION_END);
  close_connection(&bench, client);
  close_bench(&bench);
}

static void a_stopped_accept_leaves_clients_in_the_backlog(void **state) {
  (void)state;
  struct bench bench;
  open_bench(&bench, plain_options());
  listen_at(&bench, "/stopped", 1);
  backend_sim.accept(bench.backend, bench.acceptor, true);
  struct connection *client = connect_to(&bench, "/stopped");
  backend_sim.accept(bench.backend, bench.acceptor, false);
  expect_result(&bench, OPERATION_CONNECT, client, 0);
  expect_nothing(&bench);
  struct connection *server = accept_one(&bench);
  close_connection(&bench, server);
  close_connection(&bench, client);
  close_bench(&bench);
}

/* ---- connections ------------------------------------------------------------------------------------------------- */

static void unread_input_at_a_close_resets_the_peer_behind_what_was_sent(void **state) {
  (void)state;
  struct bench bench;
  struct connection *client, *server;
  open_bench(&bench, plain_options());
  open_pair(&bench, &client, &server);
  write_text(&bench, server, "last words");
  write_text(&bench, client, "never read");
  close_connection(&bench, server);
  assert_int_equal(backend_sim.write(bench.backend, client, "x", 1), 0);
  struct piece piece = {"x", 1};
  backend_sim.write_queue(bench.backend, client, &piece, 1);
  expect_result(&bench, OPERATION_WRITE, client, WEIR_EPIPE);
  backend_sim.read(bench.backend, client, true);
  expect_bytes(&bench, client, "last words");
  expect_result(&bench, OPERATION_READ, client, WEIR_ECONNRESET);
  close_connection(&bench, client);
  close_bench(&bench);
}

static void a_close_with_nothing_unread_is_an_end(void **state) {
  (void)state;
  struct bench bench;
  struct connection *client, *server;
  open_bench(&bench, plain_options());
  open_pair(&bench, &client, &server);
  write_text(&bench, server, "bye");
  close_connection(&bench, server);
  backend_sim.read(bench.backend, client, true);
  expect_bytes(&bench, client, "bye");
  expect_result(&bench, OPERATION_READ, client, COMPLETION_END);
  close_connection(&bench, client);
  close_bench(&bench);
}

static void half_a_close_leaves_the_other_direction(void **state) {
  (void)state;
  struct bench bench;
  struct connection *client, *server;
  open_bench(&bench, plain_options());
  open_pair(&bench, &client, &server);
  bool can = false;
  intptr_t native = 0;
  assert_int_equal(backend_sim.control(bench.backend, client, CONTROL_CAN_HALF_CLOSE, &can), WEIR_OK);
  assert_true(can);
  assert_int_equal(backend_sim.control(bench.backend, client, CONTROL_NATIVE, &native), WEIR_ENOTSUP);
  backend_sim.read(bench.backend, client, true);
  backend_sim.read(bench.backend, server, true);
  backend_sim.shutdown(bench.backend, client);
  expect_result(&bench, OPERATION_SHUTDOWN, client, 0);
  expect_result(&bench, OPERATION_READ, server, COMPLETION_END);
  write_text(&bench, server, "still here");
  expect_bytes(&bench, client, "still here");
  backend_sim.close(bench.backend, server, ENDING_CLOSE);
  expect_result(&bench, OPERATION_READ, client, COMPLETION_END);
  expect_result(&bench, OPERATION_CLOSE, server, 0);
  free(server);
  close_connection(&bench, client);
  close_bench(&bench);
}

static void a_full_pipe_takes_nothing_until_it_is_read(void **state) {
  (void)state;
  struct bench bench;
  struct connection *client, *server;
  weir_sim_options options = plain_options();
  options.pipe_bytes = 4;
  open_bench(&bench, options);
  open_pair(&bench, &client, &server);
  assert_int_equal(backend_sim.write(bench.backend, client, "abcdef", 6), 4);
  assert_int_equal(backend_sim.write(bench.backend, client, "ef", 2), 0);
  struct piece pieces[] = {{"e", 1}, {"fghij", 5}};
  backend_sim.write_queue(bench.backend, client, pieces, 2);
  expect_nothing(&bench);
  backend_sim.read(bench.backend, server, true);
  expect_bytes(&bench, server, "abcd");
  expect_result(&bench, OPERATION_WRITE, client, 4);
  expect_bytes(&bench, server, "efgh");
  close_connection(&bench, server);
  close_connection(&bench, client);
  close_bench(&bench);
}

static void a_stopped_read_keeps_what_has_come(void **state) {
  (void)state;
  struct bench bench;
  struct connection *client, *server;
  open_bench(&bench, plain_options());
  open_pair(&bench, &client, &server);
  backend_sim.read(bench.backend, server, true);
  write_text(&bench, client, "kept");
  backend_sim.read(bench.backend, server, false);
  expect_nothing(&bench);
  backend_sim.read(bench.backend, server, true);
  expect_bytes(&bench, server, "kept");
  close_connection(&bench, server);
  close_connection(&bench, client);
  close_bench(&bench);
}

static void after_a_close_only_the_close_comes(void **state) {
  (void)state;
  struct bench bench;
  struct connection *client, *server;
  open_bench(&bench, plain_options());
  open_pair(&bench, &client, &server);
  struct piece piece = {"cancelled", 9};
  write_text(&bench, server, "not read");
  backend_sim.read(bench.backend, client, true);
  backend_sim.write_queue(bench.backend, client, &piece, 1);
  close_connection(&bench, client);
  expect_nothing(&bench);
  backend_sim.shutdown(bench.backend, server);
  close_connection(&bench, server);
  struct connection *connecting = connect_to(&bench, "/pair");
  close_connection(&bench, connecting);
  close_bench(&bench);
}

static void lent_bytes_are_rubbish_once_the_loan_is_over(void **state) {
  (void)state;
  struct bench bench;
  struct connection *client, *server;
  open_bench(&bench, plain_options());
  open_pair(&bench, &client, &server);
  backend_sim.read(bench.backend, server, true);
  write_text(&bench, client, "lent");
  const char *lent = expect(&bench, OPERATION_READ, server).bytes;
  assert_memory_equal(lent, "lent", 4);
  expect_nothing(&bench);
  assert_memory_equal(lent, "\xDB\xDB\xDB\xDB", 4);
  write_text(&bench, client, "lent");
  lent = expect(&bench, OPERATION_READ, server).bytes;
  backend_sim.read(bench.backend, server, false);
  assert_memory_equal(lent, "lent", 4); /* whoever stops reading, or closes, may still look at what it was given */
  expect_nothing(&bench);
  assert_memory_equal(lent, "\xDB\xDB\xDB\xDB", 4);
  close_connection(&bench, client);
  close_connection(&bench, server);
  close_bench(&bench);
}

/* ---- batches and time -------------------------------------------------------------------------------------------- */

static void the_end_of_each_batch_is_told(void **state) {
  (void)state;
  struct bench bench;
  struct completion completion;
  open_bench(&bench, plain_options());
  struct connection *first = connect_to(&bench, "/nobody");
  struct connection *second = connect_to(&bench, "/nobody");
  assert_int_equal(backend_sim.next(bench.backend, WAIT_FOREVER, &completion), OPERATION_CONNECT);
  struct connection *third = connect_to(&bench, "/nobody");
  assert_int_equal(backend_sim.next(bench.backend, WAIT_FOREVER, &completion), OPERATION_CONNECT);
  assert_int_equal(backend_sim.next(bench.backend, WAIT_FOREVER, &completion), OPERATION_NONE);
  assert_int_equal(backend_sim.next(bench.backend, WAIT_FOREVER, &completion), OPERATION_CONNECT);
  assert_int_equal(backend_sim.next(bench.backend, WAIT_FOREVER, &completion), OPERATION_NONE);
  free(first);
  free(second);
  free(third);
  close_bench(&bench);
}

static void time_moves_only_while_nothing_is_ready(void **state) {
  (void)state;
  struct bench bench;
  struct completion completion;
  open_bench(&bench, plain_options());
  struct connection *connection = connect_to(&bench, "/nobody");
  assert_int_equal(backend_sim.next(bench.backend, 5000000, &completion), OPERATION_CONNECT);
  assert_int_equal(backend_sim.next(bench.backend, 5000000, &completion), OPERATION_NONE);
  assert_int_equal(backend_sim.now(bench.backend), 0);
  assert_int_equal(backend_sim.next(bench.backend, 5000000, &completion), OPERATION_NONE);
  assert_int_equal(backend_sim.now(bench.backend), 5000000);
  assert_int_equal(weir_sim_now_ms(bench.sim), 5);
  assert_int_equal(backend_sim.next(bench.backend, WAIT_FOREVER, &completion), OPERATION_NONE);
  assert_int_equal(backend_sim.now(bench.backend), 5000000);
  assert_int_equal(backend_sim.next(bench.backend, WAIT_FOREVER - 1, &completion), OPERATION_NONE);
  assert_true(backend_sim.now(bench.backend) == UINT64_MAX);
  free(connection);
  close_bench(&bench);
}

static void a_wake_ends_one_wait_before_its_time(void **state) {
  (void)state;
  struct bench bench;
  struct completion completion;
  open_bench(&bench, plain_options());
  backend_sim.wake(bench.backend);
  assert_int_equal(backend_sim.next(bench.backend, 1000, &completion), OPERATION_NONE);
  assert_int_equal(backend_sim.now(bench.backend), 0);
  assert_int_equal(backend_sim.next(bench.backend, 1000, &completion), OPERATION_NONE);
  assert_int_equal(backend_sim.now(bench.backend), 1000);
  close_bench(&bench);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(a_name_that_nobody_has_is_enoent),
      cmocka_unit_test(a_live_name_is_taken_until_its_server_closes),
      cmocka_unit_test(names_of_different_kinds_do_not_meet),
      cmocka_unit_test(a_portable_name_is_replaced_by_what_it_means),
      cmocka_unit_test(there_are_no_descriptors_and_no_other_machines),
      cmocka_unit_test(a_full_backlog_is_busy),
      cmocka_unit_test(a_client_that_wrote_and_closed_before_the_accept_is_heard),
      cmocka_unit_test(clients_in_the_backlog_of_a_closing_server_are_reset),
      cmocka_unit_test(a_client_that_is_turned_away_reads_an_end),
      cmocka_unit_test(a_stopped_accept_leaves_clients_in_the_backlog),
      cmocka_unit_test(unread_input_at_a_close_resets_the_peer_behind_what_was_sent),
      cmocka_unit_test(a_close_with_nothing_unread_is_an_end),
      cmocka_unit_test(half_a_close_leaves_the_other_direction),
      cmocka_unit_test(a_full_pipe_takes_nothing_until_it_is_read),
      cmocka_unit_test(a_stopped_read_keeps_what_has_come),
      cmocka_unit_test(after_a_close_only_the_close_comes),
      cmocka_unit_test(lent_bytes_are_rubbish_once_the_loan_is_over),
      cmocka_unit_test(the_end_of_each_batch_is_told),
      cmocka_unit_test(time_moves_only_while_nothing_is_ready),
      cmocka_unit_test(a_wake_ends_one_wait_before_its_time),
  };
  return cmocka_run_group_tests_name("the simulated system", tests, NULL, NULL);
}
