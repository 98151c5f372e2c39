/* SPDX-License-Identifier: MIT */
/* Listeners of the simulated system at the seam: clients that wait, addresses that are only bound, and sharing. */
#include "stream/sim_bench.h"

/* ---- backlogs ---------------------------------------------------------------------------------------------------- */

static void clients_of_a_full_backlog_wait_in_order(void **state) {
  (void)state;
  struct bench bench;
  open_bench(&bench, plain_options());
  listen_at_ip(&bench, "127.0.0.1:80", 1);
  struct connection *clients[4];
  for (size_t i = 0; i < 4; ++i) clients[i] = connect_to_ip(&bench, "127.0.0.1:80");
  expect_result(&bench, OPERATION_CONNECT, clients[0], 0);
  expect_nothing(&bench);
  close_connection(&bench, clients[2]); /* gives up */
  write_text(&bench, clients[0], "first");
  struct connection *first = accept_one(&bench);
  expect_result(&bench, OPERATION_CONNECT, clients[1], 0);
  write_text(&bench, clients[1], "second");
  expect_nothing(&bench);
  struct connection *second = accept_one(&bench);
  expect_result(&bench, OPERATION_CONNECT, clients[3], 0);
  backend_sim.read(bench.backend, first, true);
  expect_bytes(&bench, first, "first");
  backend_sim.read(bench.backend, second, true);
  expect_bytes(&bench, second, "second");
  backend_sim.read(bench.backend, first, false);
  backend_sim.read(bench.backend, second, false);
  close_connection(&bench, first);
  close_connection(&bench, second);
  close_connection(&bench, clients[0]);
  close_connection(&bench, clients[1]);
  close_connection(&bench, clients[3]);
  close_bench(&bench);
}

static void clients_that_wait_for_a_closing_server_are_refused(void **state) {
  (void)state;
  struct bench bench;
  open_bench(&bench, plain_options());
  listen_at_ip(&bench, "127.0.0.1:80", 1);
  struct connection *connected = connect_to_ip(&bench, "127.0.0.1:80");
  expect_result(&bench, OPERATION_CONNECT, connected, 0);
  struct connection *waiting = connect_to_ip(&bench, "127.0.0.1:80");
  expect_nothing(&bench);
  backend_sim.read(bench.backend, connected, true);
  backend_sim.close_acceptor(bench.backend, bench.acceptor, ENDING_CLOSE);
  expect_result(&bench, OPERATION_READ, connected, WEIR_ECONNRESET);
  expect_result(&bench, OPERATION_CONNECT, waiting, WEIR_ECONNREFUSED);
  expect_result(&bench, OPERATION_CLOSE_ACCEPTOR, bench.acceptor, 0);
  free(waiting);
  free(bench.acceptor);
  bench.acceptor = NULL;
  close_connection(&bench, connected);
  close_bench(&bench);
}

/* ---- bound and shared -------------------------------------------------------------------------------------------- */

static void a_bound_address_is_had_and_not_listened_at(void **state) {
  (void)state;
  struct bench bench;
  open_bench(&bench, plain_options());
  struct acceptor *bound = listen_with(&bench, &(struct listen_request){.only_bind = true}, "127.0.0.1:80", WEIR_OK);
  listen_plainly(&bench, "127.0.0.1:80", WEIR_EADDRINUSE);
  expect_no_way(&bench, "127.0.0.1:80", WEIR_ECONNREFUSED);
  struct acceptor *acceptor = cleared(backend_sim.acceptor_bytes);
  struct address name = {.kind = ADDRESS_NONE};
  struct listen_request request = {.address = &name, .native = -1, .bound = bound, .backlog = 1};
  assert_int_equal(backend_sim.listen(bench.backend, acceptor, &request).code, WEIR_OK);
  free(bound);
  expect_address(&name.ip, "127.0.0.1:80");
  struct connection *client = connect_to_ip(&bench, "127.0.0.1:80");
  expect_result(&bench, OPERATION_CONNECT, client, 0);
  close_connection(&bench, client);
  close_acceptor(&bench, acceptor);
  close_acceptor(&bench, listen_with(&bench, &(struct listen_request){.only_bind = true}, "127.0.0.1:80", WEIR_OK));
  close_bench(&bench);
}

static void a_client_connects_from_a_bound_address(void **state) {
  (void)state;
  struct bench bench;
  open_bench(&bench, plain_options());
  struct acceptor *acceptor = listen_plainly(&bench, "127.0.0.1:80", WEIR_OK);
  struct listen_request only_bind = {.only_bind = true};
  static const struct {
    const char *bound, *target, *local, *peer;
  } ways[] = {{"127.0.0.3:5000", "127.0.0.1:80", "127.0.0.3:5000", "127.0.0.3:5000"},
              {"0.0.0.0:5000", "127.0.0.1:80", "127.0.0.1:5000", "127.0.0.1:5000"},
              {"[::]:5000", "[::ffff:127.0.0.1]:80", "[::ffff:127.0.0.1]:5000", "127.0.0.1:5000"}};
  for (size_t i = 0; i < 3; ++i) {
    struct acceptor *bound = listen_with(&bench, &only_bind, ways[i].bound, WEIR_OK);
    struct address target = ip_of(ways[i].target);
    struct connection *client = cleared(backend_sim.connection_bytes);
    backend_sim.connect(bench.backend, client, &(struct connect_request){.address = &target, .bound = bound});
    free(bound);
    expect_result(&bench, OPERATION_CONNECT, client, 0);
    weir_address local = ask(&bench, client, CONTROL_LOCAL_ADDRESS);
    expect_address(&local, ways[i].local);
    listen_plainly(&bench, ways[i].bound, WEIR_EADDRINUSE);
    struct address peer = ip_of(ways[i].peer);
    close_connection(&bench, accept_from(&bench, acceptor, &peer.ip));
    close_connection(&bench, client);
  }
  close_acceptor(&bench, acceptor);
  close_bench(&bench);
}

static void a_bound_address_of_another_kind_is_used_up_in_vain(void **state) {
  (void)state;
  struct bench bench;
  open_bench(&bench, plain_options());
  listen_at_ip(&bench, "127.0.0.1:80", 1);
  static const struct {
    const char *bound, *target;
    bool ipv6_only;
  } ways[] = {{"[::1]:5000", "127.0.0.1:80", false},
              {"[::]:5000", "127.0.0.1:80", false},
              {"[::]:5000", "[::ffff:127.0.0.1]:80", true}};
  for (size_t i = 0; i < 3; ++i) {
    struct listen_request only_bind = {.only_bind = true, .ipv6_only = ways[i].ipv6_only};
    struct acceptor *bound = listen_with(&bench, &only_bind, ways[i].bound, WEIR_OK);
    struct address target = ip_of(ways[i].target);
    expect_no_connect(&bench, &(struct connect_request){.address = &target, .bound = bound}, WEIR_EINVAL, NULL);
    free(bound);
    close_acceptor(&bench, listen_plainly(&bench, ways[i].bound, WEIR_OK));
  }
  close_bench(&bench);
}

static struct acceptor *share(struct bench *bench, struct acceptor *other) {
  struct acceptor *acceptor = cleared(backend_sim.acceptor_bytes);
  struct address name = {.kind = ADDRESS_NONE};
  struct listen_request request = {.address = &name, .native = -1, .shared = other, .backlog = 1};
  assert_int_equal(backend_sim.listen(bench->backend, acceptor, &request).code, WEIR_OK);
  expect_address(&name.ip, "127.0.0.1:80");
  return acceptor;
}

static void sharing_leaves_the_backlog_as_it_is(void **state) {
  (void)state;
  struct bench bench;
  open_bench(&bench, plain_options());
  struct acceptor *first = listen_plainly(&bench, "127.0.0.1:80", WEIR_OK);
  struct acceptor *second = share(&bench, first);
  struct connection *clients[2];
  for (size_t i = 0; i < 2; ++i) {
    clients[i] = connect_to_ip(&bench, "127.0.0.1:80");
    expect_result(&bench, OPERATION_CONNECT, clients[i], 0);
  }
  close_acceptor(&bench, first);
  close_acceptor(&bench, second);
  close_connection(&bench, clients[0]);
  close_connection(&bench, clients[1]);
  close_bench(&bench);
}

static void servers_that_share_a_listener_close_each_for_itself(void **state) {
  (void)state;
  struct bench bench;
  open_bench(&bench, plain_options());
  struct acceptor *first = listen_plainly(&bench, "127.0.0.1:80", WEIR_OK);
  struct acceptor *second = share(&bench, first);
  backend_sim.accept(bench.backend, first, true);
  backend_sim.accept(bench.backend, second, true);
  for (size_t i = 0; i < 2; ++i) {
    struct connection *client = connect_to_ip(&bench, "127.0.0.1:80");
    struct completion completion;
    struct connection *server = cleared(backend_sim.connection_bytes);
    enum operation operation = next_operation(&bench, &completion);
    assert_int_equal(operation, OPERATION_ACCEPT);
    backend_sim.take(bench.backend, completion.acceptor, server);
    expect_result(&bench, OPERATION_CONNECT, client, 0);
    expect_nothing(&bench);
    close_connection(&bench, client);
    close_connection(&bench, server);
    if (i == 0) close_acceptor(&bench, first);
  }
  close_acceptor(&bench, second);
  expect_no_way(&bench, "127.0.0.1:80", WEIR_ECONNREFUSED);
  close_bench(&bench);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(clients_of_a_full_backlog_wait_in_order),
      cmocka_unit_test(clients_that_wait_for_a_closing_server_are_refused),
      cmocka_unit_test(a_bound_address_is_had_and_not_listened_at),
      cmocka_unit_test(a_client_connects_from_a_bound_address),
      cmocka_unit_test(a_bound_address_of_another_kind_is_used_up_in_vain),
      cmocka_unit_test(sharing_leaves_the_backlog_as_it_is),
      cmocka_unit_test(servers_that_share_a_listener_close_each_for_itself),
  };
  return cmocka_run_group_tests_name("listeners of the simulated system", tests, NULL, NULL);
}
