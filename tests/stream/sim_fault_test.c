/* SPDX-License-Identifier: MIT */
/*
 * What goes wrong in the simulator: failures that were asked for, no memory, and callers who break a rule of the seam.
 */
#include <signal.h>

#include "stream/sim_bench.h"

/* ---- faults ------------------------------------------------------------------------------------------------------ */

static void faults_that_make_no_sense_are_refused(void **state) {
  (void)state;
  struct bench bench;
  open_bench(&bench, plain_options());
  assert_int_equal(weir_sim_fail(bench.sim, (weir_sim_fault)99, 1, WEIR_EIO), WEIR_EINVAL);
  assert_int_equal(weir_sim_fail(bench.sim, (weir_sim_fault)-1, 1, WEIR_EIO), WEIR_EINVAL);
  assert_int_equal(weir_sim_fail(bench.sim, WEIR_SIM_FAULT_READ, 0, WEIR_EIO), WEIR_EINVAL);
  assert_int_equal(weir_sim_fail(bench.sim, WEIR_SIM_FAULT_READ, 1, WEIR_OK), WEIR_EINVAL);
  bench.blocks_until_failure = 1;
  assert_int_equal(weir_sim_fail(bench.sim, WEIR_SIM_FAULT_READ, 1, WEIR_EIO), WEIR_ENOMEM);
  assert_int_equal(weir_sim_fail(bench.sim, WEIR_SIM_FAULT_READ, 1, WEIR_EIO), WEIR_OK);
  close_bench(&bench);
}

static void the_nth_connect_fails_once(void **state) {
  (void)state;
  struct bench bench;
  open_bench(&bench, plain_options());
  listen_at(&bench, "/fault", 4);
  assert_int_equal(weir_sim_fail(bench.sim, WEIR_SIM_FAULT_CONNECT, 2, WEIR_EACCES), WEIR_OK);
  for (size_t i = 1; i <= 3; ++i) {
    struct connection *client = connect_to(&bench, "/fault");
    expect_result(&bench, OPERATION_CONNECT, client, i == 2 ? WEIR_EACCES : WEIR_OK);
    if (i == 2) free(client);
    if (i != 2) close_connection(&bench, client);
  }
  close_bench(&bench);
}

static void a_failed_accept_stops_accepting_and_the_client_waits(void **state) {
  (void)state;
  struct bench bench;
  open_bench(&bench, plain_options());
  listen_at(&bench, "/fault", 1);
  struct connection *client = connect_to(&bench, "/fault");
  expect_result(&bench, OPERATION_CONNECT, client, 0);
  assert_int_equal(weir_sim_fail(bench.sim, WEIR_SIM_FAULT_ACCEPT, 1, WEIR_EMFILE), WEIR_OK);
  backend_sim.accept(bench.backend, bench.acceptor, true);
  expect_result(&bench, OPERATION_ACCEPT, bench.acceptor, WEIR_EMFILE);
  expect_nothing(&bench);
  struct connection *server = accept_one(&bench);
  close_connection(&bench, server);
  close_connection(&bench, client);
  close_bench(&bench);
}

static void a_failed_listen_leaves_the_name_free(void **state) {
  (void)state;
  struct bench bench;
  open_bench(&bench, plain_options());
  assert_int_equal(weir_sim_fail(bench.sim, WEIR_SIM_FAULT_LISTEN, 1, WEIR_EACCES), WEIR_OK);
  struct acceptor *acceptor = cleared(backend_sim.acceptor_bytes);
  struct address name = name_of(ADDRESS_PATH, "/fault");
  struct outcome outcome = try_listen(&bench, acceptor, &name, 1);
  assert_int_equal(outcome.code, WEIR_EACCES);
  assert_non_null(outcome.hint);
  free(acceptor);
  listen_at(&bench, "/fault", 1);
  close_bench(&bench);
}

static void a_server_gets_its_memory_when_it_listens_or_not_at_all(void **state) {
  (void)state;
  struct bench bench;
  open_bench(&bench, plain_options());
  struct acceptor *acceptor = cleared(backend_sim.acceptor_bytes);
  struct address name = name_of(ADDRESS_PATH, "/memory");
  bench.blocks_until_failure = 1;
  assert_int_equal(try_listen(&bench, acceptor, &name, 1).code, WEIR_ENOMEM);
  free(acceptor);
  listen_at(&bench, "/memory", 1);
  close_bench(&bench);
}

static void a_failed_listen_leaves_what_was_bound(void **state) {
  (void)state;
  struct bench bench;
  open_bench(&bench, plain_options());
  struct acceptor *bound = cleared(backend_sim.acceptor_bytes);
  struct address name = ip_of("127.0.0.1:80");
  struct listen_request bind = {.address = &name, .native = -1, .only_bind = true};
  assert_int_equal(backend_sim.listen(bench.backend, bound, &bind).code, WEIR_OK);
  bench.acceptor = cleared(backend_sim.acceptor_bytes);
  name = (struct address){.kind = ADDRESS_NONE};
  struct listen_request request = {.address = &name, .native = -1, .bound = bound, .backlog = 1};
  assert_int_equal(weir_sim_fail(bench.sim, WEIR_SIM_FAULT_LISTEN, 1, WEIR_EACCES), WEIR_OK);
  assert_int_equal(backend_sim.listen(bench.backend, bench.acceptor, &request).code, WEIR_EACCES);
  assert_int_equal(backend_sim.listen(bench.backend, bench.acceptor, &request).code, WEIR_OK);
  free(bound);
  close_bench(&bench);
}

static void a_failed_read_breaks_the_connection(void **state) {
  (void)state;
  struct bench bench;
  struct connection *client, *server;
  open_bench(&bench, plain_options());
  open_pair(&bench, &client, &server);
  assert_int_equal(weir_sim_fail(bench.sim, WEIR_SIM_FAULT_READ, 1, WEIR_EIO), WEIR_OK);
  write_text(&bench, client, "lost");
  write_text(&bench, server, "sent before");
  backend_sim.read(bench.backend, server, true);
  expect_result(&bench, OPERATION_READ, server, WEIR_EIO);
  assert_int_equal(backend_sim.write(bench.backend, server, "x", 1), 0);
  backend_sim.read(bench.backend, client, true);
  expect_bytes(&bench, client, "sent before");
  expect_result(&bench, OPERATION_READ, client, WEIR_ECONNRESET);
  close_connection(&bench, client);
  close_connection(&bench, server);
  close_bench(&bench);
}

static void a_failed_write_is_met_by_the_queued_one(void **state) {
  (void)state;
  struct bench bench;
  struct connection *client, *server;
  open_bench(&bench, plain_options());
  open_pair(&bench, &client, &server);
  assert_int_equal(weir_sim_fail(bench.sim, WEIR_SIM_FAULT_WRITE, 1, WEIR_ENOBUFS), WEIR_OK);
  struct piece piece = {"x", 1};
  assert_int_equal(backend_sim.write(bench.backend, client, "x", 1), 0);
  backend_sim.write_queue(bench.backend, client, &piece, 1);
  expect_result(&bench, OPERATION_WRITE, client, WEIR_ENOBUFS);
  backend_sim.read(bench.backend, server, true);
  expect_result(&bench, OPERATION_READ, server, WEIR_ECONNRESET);
  close_connection(&bench, client);
  close_connection(&bench, server);
  close_bench(&bench);
}

static void faults_of_one_kind_add_up(void **state) {
  (void)state;
  struct bench bench;
  open_bench(&bench, plain_options());
  assert_int_equal(weir_sim_fail(bench.sim, WEIR_SIM_FAULT_CONNECT, 1, WEIR_EACCES), WEIR_OK);
  assert_int_equal(weir_sim_fail(bench.sim, WEIR_SIM_FAULT_CONNECT, 2, WEIR_EPERM), WEIR_OK);
  static const weir_code expected[] = {WEIR_EACCES, WEIR_EPERM, WEIR_ENOENT};
  for (size_t i = 0; i < 3; ++i) {
    struct connection *client = connect_to(&bench, "/nobody");
    expect_result(&bench, OPERATION_CONNECT, client, expected[i]);
    free(client);
  }
  close_bench(&bench);
}

/* ---- memory ------------------------------------------------------------------------------------------------------ */

static void a_world_or_a_loop_without_memory_is_not_made(void **state) {
  (void)state;
  struct bench bench;
  open_bench(&bench, plain_options());
  size_t blocks = bench.blocks;
  weir_sim_options options = plain_options();
  options.allocator = bench.allocator;
  weir_sim *sim = NULL;
  bench.blocks_until_failure = 1;
  assert_int_equal(weir_sim_create(&options, &sim), WEIR_ENOMEM);
  struct backend_setup setup = {.allocator = &bench.allocator, .simulator = bench.sim};
  struct backend *backend = NULL;
  bench.blocks_until_failure = 1;
  assert_int_equal(backend_sim.create(&setup, &backend), WEIR_ENOMEM);
  assert_int_equal(bench.blocks, blocks);
  close_bench(&bench);
}

static void a_connection_gets_its_memory_when_it_connects_or_not_at_all(void **state) {
  (void)state;
  struct bench bench;
  open_bench(&bench, plain_options());
  listen_at(&bench, "/memory", 1);
  bench.blocks_until_failure = 1;
  struct connection *client = connect_to(&bench, "/memory");
  expect_result(&bench, OPERATION_CONNECT, client, WEIR_ENOMEM);
  free(client);
  struct connection *server;
  client = connect_to(&bench, "/memory");
  size_t blocks = bench.blocks;
  expect_result(&bench, OPERATION_CONNECT, client, 0);
  server = accept_one(&bench);
  write_text(&bench, server, "takes no memory");
  assert_int_equal(bench.blocks, blocks);
  close_connection(&bench, client);
  close_connection(&bench, server);
  close_bench(&bench);
}

static void a_world_refuses_options_without_a_size(void **state) {
  (void)state;
  weir_sim_options options = weir_sim_options_default();
  weir_sim *sim = NULL;
  options.size = 0;
  assert_int_equal(weir_sim_create(&options, &sim), WEIR_EINVAL);
  assert_int_equal(weir_sim_create(NULL, NULL), WEIR_EINVAL);
  assert_int_equal(weir_sim_create(NULL, &sim), WEIR_OK);
  assert_int_equal(weir_sim_now_ms(sim), 0);
  weir_sim_release(sim);
  weir_sim_release(NULL);
}

/* ---- the rules of the seam --------------------------------------------------------------------------------------- */

struct breach {
  struct bench bench;
  struct connection *client;
  struct connection *server;
  struct piece piece;
};

/* A jump out of abort, which C allows, shows that an assertion has failed. */
static jmp_buf after_abort;

static void jump_out(int signal_number) {
  (void)signal_number;
  longjmp(after_abort, 1);
}

/* Fails unless the function trips an assertion, before which nothing has changed. */
static void expect_assertion(void (*break_rule)(struct breach *), struct breach *breach) {
  void (*before)(int) = signal(SIGABRT, jump_out);
  volatile bool was_caught = true;
  if (setjmp(after_abort) == 0) {
    break_rule(breach);
    was_caught = false;
  }
  signal(SIGABRT, before);
  assert_true(was_caught);
}

static void read_twice(struct breach *breach) { backend_sim.read(breach->bench.backend, breach->client, true); }

static void write_beside_a_queued_write(struct breach *breach) {
  backend_sim.write(breach->bench.backend, breach->client, "x", 1);
}

static void queue_a_second_write(struct breach *breach) {
  backend_sim.write_queue(breach->bench.backend, breach->client, &breach->piece, 1);
}

static void shut_down_twice(struct breach *breach) { backend_sim.shutdown(breach->bench.backend, breach->server); }

static void write_after_shutdown(struct breach *breach) {
  backend_sim.write(breach->bench.backend, breach->server, "x", 1);
}

static void end_a_loop_with_open_connections(struct breach *breach) { backend_sim.destroy(breach->bench.backend); }

static void connect_again(struct breach *breach) {
  struct address name = name_of(ADDRESS_PATH, "/pair");
  backend_sim.connect(breach->bench.backend, breach->client, &(struct connect_request){.address = &name});
}

static void take_without_an_offer(struct breach *breach) {
  backend_sim.take(breach->bench.backend, breach->bench.acceptor, NULL);
}

static void go_on_without_taking(struct breach *breach) {
  struct completion completion;
  backend_sim.next(breach->bench.backend, 0, &completion);
}

static void close_twice(struct breach *breach) {
  backend_sim.close(breach->bench.backend, breach->client, ENDING_CLOSE);
}

static void read_after_close(struct breach *breach) { backend_sim.read(breach->bench.backend, breach->client, true); }

static void use_what_has_come_back(struct breach *breach) {
  backend_sim.read(breach->bench.backend, breach->server, true);
}

static void whoever_breaks_a_rule_of_the_seam_is_stopped(void **state) {
  (void)state;
  static struct breach breach;
  struct bench *bench = &breach.bench;
  weir_sim_options options = plain_options();
  options.pipe_bytes = 1;
  open_bench(bench, options);
  open_pair(bench, &breach.client, &breach.server);
  breach.piece = (struct piece){"x", 1};
  write_text(bench, breach.client, "x");
  backend_sim.read(bench->backend, breach.client, true);
  backend_sim.write_queue(bench->backend, breach.client, &breach.piece, 1);
  expect_assertion(read_twice, &breach);
  expect_assertion(write_beside_a_queued_write, &breach);
  expect_assertion(queue_a_second_write, &breach);
  backend_sim.shutdown(bench->backend, breach.server);
  expect_assertion(shut_down_twice, &breach);
  expect_assertion(write_after_shutdown, &breach);
  expect_assertion(end_a_loop_with_open_connections, &breach);
  expect_assertion(connect_again, &breach);
  expect_assertion(take_without_an_offer, &breach);
  backend_sim.close(bench->backend, breach.client, ENDING_CLOSE);
  expect_assertion(close_twice, &breach);
  expect_assertion(read_after_close, &breach);
  expect_result(bench, OPERATION_SHUTDOWN, breach.server, 0);
  expect_result(bench, OPERATION_CLOSE, breach.client, 0);
  backend_sim.close(bench->backend, breach.server, ENDING_CLOSE);
  expect_result(bench, OPERATION_CLOSE, breach.server, 0);
  expect_assertion(use_what_has_come_back, &breach);
  expect_assertion(connect_again, &breach);
  memset(breach.client, 0, backend_sim.connection_bytes);
  connect_again(&breach);
  expect_result(bench, OPERATION_CONNECT, breach.client, 0);
  backend_sim.accept(bench->backend, bench->acceptor, true);
  expect_result(bench, OPERATION_ACCEPT, bench->acceptor, 0);
  expect_assertion(go_on_without_taking, &breach);
  backend_sim.take(bench->backend, bench->acceptor, NULL);
  close_connection(bench, breach.client);
  free(breach.server);
  close_bench(bench);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(faults_that_make_no_sense_are_refused),
      cmocka_unit_test(the_nth_connect_fails_once),
      cmocka_unit_test(a_failed_accept_stops_accepting_and_the_client_waits),
      cmocka_unit_test(a_failed_listen_leaves_the_name_free),
      cmocka_unit_test(a_server_gets_its_memory_when_it_listens_or_not_at_all),
      cmocka_unit_test(a_failed_listen_leaves_what_was_bound),
      cmocka_unit_test(a_failed_read_breaks_the_connection),
      cmocka_unit_test(a_failed_write_is_met_by_the_queued_one),
      cmocka_unit_test(faults_of_one_kind_add_up),
      cmocka_unit_test(a_world_or_a_loop_without_memory_is_not_made),
      cmocka_unit_test(a_connection_gets_its_memory_when_it_connects_or_not_at_all),
      cmocka_unit_test(a_world_refuses_options_without_a_size),
      cmocka_unit_test(whoever_breaks_a_rule_of_the_seam_is_stopped),
  };
  return cmocka_run_group_tests_name("failures of the simulator", tests, NULL, NULL);
}
