/* SPDX-License-Identifier: MIT */
/*
 * TCP of the simulated system at the seam: addresses, ports, and who comes where. Backlogs are sim_listener_test.c, how
 * connections end sim_ending_test.c, names for look-ups sim_host_test.c.
 */
#include "stream/sim_bench.h"

/* ---- addresses --------------------------------------------------------------------------------------------------- */

/* Connects to `target` at the server's port, and compares the addresses that both ends see, without their ports. */
static void expect_sight(struct bench *bench, struct acceptor *acceptor, int port, const char *target,
                         const char *client_local, const char *client_remote, const char *server_local,
                         const char *server_remote) {
  struct address name = ip_of(target);
  name.ip.port = port;
  struct connection *client = cleared(backend_sim.connection_bytes);
  backend_sim.connect(bench->backend, client, &(struct connect_request){.address = &name});
  expect_result(bench, OPERATION_CONNECT, client, 0);
  weir_address local = ask(bench, client, CONTROL_LOCAL_ADDRESS);
  weir_address remote = ask(bench, client, CONTROL_REMOTE_ADDRESS);
  int client_port = local.port;
  assert_int_equal(remote.port, port);
  assert_true(client_port >= 49152 && client_port <= 65535);
  weir_address peer;
  assert_int_equal(weir_address_make(server_remote, client_port, &peer), WEIR_OK);
  struct connection *server = accept_from(bench, acceptor, &peer);
  weir_address here = ask(bench, server, CONTROL_LOCAL_ADDRESS);
  weir_address there = ask(bench, server, CONTROL_REMOTE_ADDRESS);
  assert_int_equal(here.port, port);
  assert_int_equal(there.port, client_port);
  local.port = remote.port = here.port = there.port = WEIR_NO_PORT;
  expect_address(&local, client_local);
  expect_address(&remote, client_remote);
  expect_address(&here, server_local);
  expect_address(&there, server_remote);
  close_connection(bench, client);
  close_connection(bench, server);
}

static void both_ends_know_their_addresses(void **state) {
  (void)state;
  struct bench bench;
  open_bench(&bench, plain_options());
  struct acceptor *four = listen_plainly(&bench, "127.0.0.1:80", WEIR_OK);
  struct acceptor *six = listen_plainly(&bench, "[::1]:80", WEIR_OK);
  expect_sight(&bench, four, 80, "127.0.0.1", "127.0.0.1", "127.0.0.1", "127.0.0.1", "127.0.0.1");
  expect_sight(&bench, six, 80, "::1", "::1", "::1", "::1", "::1");
  close_acceptor(&bench, four);
  close_acceptor(&bench, six);
  close_bench(&bench);
}

static void any_address_takes_clients_of_every_own_one(void **state) {
  (void)state;
  struct bench bench;
  open_bench(&bench, plain_options());
  struct address own = ip_of("192.0.2.7");
  assert_int_equal(weir_sim_add_address(bench.sim, &own.ip), WEIR_OK);
  struct acceptor *four = listen_plainly(&bench, "0.0.0.0:80", WEIR_OK);
  expect_sight(&bench, four, 80, "127.1.2.3", "127.0.0.1", "127.1.2.3", "127.1.2.3", "127.0.0.1");
  expect_sight(&bench, four, 80, "192.0.2.7", "192.0.2.7", "192.0.2.7", "192.0.2.7", "192.0.2.7");
  expect_sight(&bench, four, 80, "0.0.0.0", "127.0.0.1", "127.0.0.1", "127.0.0.1", "127.0.0.1");
  expect_no_way(&bench, "[::1]:80", WEIR_ECONNREFUSED);
  close_acceptor(&bench, four);
  close_bench(&bench);
}

static void a_dual_stack_server_sees_ipv4_clients_as_mapped(void **state) {
  (void)state;
  struct bench bench;
  open_bench(&bench, plain_options());
  struct acceptor *both = listen_plainly(&bench, "[::]:80", WEIR_OK);
  expect_sight(&bench, both, 80, "::1", "::1", "::1", "::1", "::1");
  expect_sight(&bench, both, 80, "::", "::1", "::1", "::1", "::1");
  expect_sight(&bench, both, 80, "127.0.0.5", "127.0.0.1", "127.0.0.5", "::ffff:127.0.0.5", "::ffff:127.0.0.1");
  expect_sight(&bench, both, 80, "::ffff:127.0.0.5", "::ffff:127.0.0.1", "::ffff:127.0.0.5", "::ffff:127.0.0.5",
               "::ffff:127.0.0.1");
  close_acceptor(&bench, both);
  struct acceptor *six = listen_with(&bench, &(struct listen_request){.ipv6_only = true}, "[::]:80", WEIR_OK);
  expect_sight(&bench, six, 80, "::1", "::1", "::1", "::1", "::1");
  expect_no_way(&bench, "127.0.0.1:80", WEIR_ECONNREFUSED);
  close_acceptor(&bench, six);
  close_bench(&bench);
}

static void a_mapped_address_is_an_ipv4_address_that_looks_otherwise(void **state) {
  (void)state;
  struct bench bench;
  open_bench(&bench, plain_options());
  struct acceptor *mapped = listen_plainly(&bench, "[::ffff:127.0.0.1]:80", WEIR_OK);
  listen_plainly(&bench, "127.0.0.1:80", WEIR_EADDRINUSE);
  expect_sight(&bench, mapped, 80, "127.0.0.1", "127.0.0.1", "127.0.0.1", "::ffff:127.0.0.1", "::ffff:127.0.0.1");
  close_acceptor(&bench, mapped);
  listen_with(&bench, &(struct listen_request){.ipv6_only = true}, "[::ffff:127.0.0.1]:80", WEIR_EINVAL);
  close_bench(&bench);
}

static void only_own_addresses_can_be_listened_at(void **state) {
  (void)state;
  struct bench bench;
  open_bench(&bench, plain_options());
  struct address own = ip_of("2001:db8::7");
  listen_plainly(&bench, "8.8.8.8:80", WEIR_EADDRNOTAVAIL);
  listen_plainly(&bench, "[::2]:80", WEIR_EADDRNOTAVAIL);
  listen_plainly(&bench, "[2001:db8::7]:80", WEIR_EADDRNOTAVAIL);
  assert_int_equal(weir_sim_set_unreachable(bench.sim, &own.ip, true), WEIR_OK);
  listen_plainly(&bench, "[2001:db8::7]:80", WEIR_EADDRNOTAVAIL);
  assert_int_equal(weir_sim_add_address(bench.sim, &own.ip), WEIR_OK);
  close_acceptor(&bench, listen_plainly(&bench, "[2001:db8::7]:80", WEIR_OK));
  own = ip_of("fe80::1%one");
  assert_int_equal(weir_sim_add_address(bench.sim, &own.ip), WEIR_OK);
  listen_plainly(&bench, "[fe80::1%two]:80", WEIR_EADDRNOTAVAIL);
  close_acceptor(&bench, listen_plainly(&bench, "[fe80::1%one]:80", WEIR_OK));
  close_acceptor(&bench, listen_plainly(&bench, "127.255.0.9:80", WEIR_OK));
  close_bench(&bench);
}

static void addresses_that_make_no_sense_are_refused(void **state) {
  (void)state;
  struct bench bench;
  open_bench(&bench, plain_options());
  struct address good = ip_of("192.0.2.1");
  struct address any = ip_of("0.0.0.0");
  weir_address none = {.family = WEIR_FAMILY_NONE};
  assert_int_equal(weir_sim_add_address(NULL, &good.ip), WEIR_EINVAL);
  assert_int_equal(weir_sim_add_address(bench.sim, NULL), WEIR_EINVAL);
  assert_int_equal(weir_sim_add_address(bench.sim, &none), WEIR_EINVAL);
  assert_int_equal(weir_sim_add_address(bench.sim, &any.ip), WEIR_EINVAL);
  assert_int_equal(weir_sim_set_unreachable(bench.sim, &any.ip, true), WEIR_EINVAL);
  bench.blocks_until_failure = 1;
  assert_int_equal(weir_sim_add_address(bench.sim, &good.ip), WEIR_ENOMEM);
  bench.blocks_until_failure = 1;
  assert_int_equal(weir_sim_set_unreachable(bench.sim, &good.ip, true), WEIR_ENOMEM);
  expect_no_way(&bench, "192.0.2.1:80", WEIR_ENETUNREACH);
  close_bench(&bench);
}

/* ---- ports ------------------------------------------------------------------------------------------------------- */

static void port_0_is_a_port_that_the_seed_draws(void **state) {
  (void)state;
  int ports[3];
  for (int run = 0; run < 3; ++run) {
    struct bench bench;
    weir_sim_options options = plain_options();
    options.seed = run == 2 ? 7 : 1;
    open_bench(&bench, options);
    struct address name = ip_of("127.0.0.1:0");
    bench.acceptor = cleared(backend_sim.acceptor_bytes);
    assert_int_equal(try_listen(&bench, bench.acceptor, &name, 1).code, WEIR_OK);
    assert_int_equal(name.kind, ADDRESS_IP);
    ports[run] = name.ip.port;
    assert_in_range(ports[run], 49152, 65535);
    close_bench(&bench);
  }
  assert_int_equal(ports[0], ports[1]);
  assert_int_not_equal(ports[0], ports[2]);
}

/* Whether the second may listen while the first does. */
struct meeting {
  const char *first;
  const char *second;
  bool first_is_ipv6_only;
  bool second_is_ipv6_only;
  bool first_shares;
  bool second_shares;
  weir_code code;
};

static void ports_are_taken_as_systems_take_them(void **state) {
  (void)state;
  static const struct meeting meetings[] = {
      {"127.0.0.1:80", "127.0.0.1:80", .code = WEIR_EADDRINUSE},
      {"127.0.0.1:80", "127.0.0.1:81", .code = WEIR_OK},
      {"127.0.0.1:80", "127.0.0.2:80", .code = WEIR_OK},
      {"127.0.0.1:80", "[::1]:80", .code = WEIR_OK},
      {"0.0.0.0:80", "127.0.0.1:80", .code = WEIR_EADDRINUSE},
      {"127.0.0.1:80", "0.0.0.0:80", .code = WEIR_EADDRINUSE},
      {"[::]:80", "127.0.0.1:80", .code = WEIR_EADDRINUSE},
      {"127.0.0.1:80", "[::]:80", .code = WEIR_EADDRINUSE},
      {"[::]:80", "[::1]:80", .code = WEIR_EADDRINUSE},
      {"[::]:80", "0.0.0.0:80", .code = WEIR_EADDRINUSE},
      {"0.0.0.0:80", "[::1]:80", .code = WEIR_OK},
      {"[::]:80", "0.0.0.0:80", .first_is_ipv6_only = true, .code = WEIR_OK},
      {"0.0.0.0:80", "[::]:80", .second_is_ipv6_only = true, .code = WEIR_OK},
      {"[::]:80", "[::1]:80", .first_is_ipv6_only = true, .code = WEIR_EADDRINUSE},
      {"127.0.0.1:80", "127.0.0.1:80", .first_shares = true, .code = WEIR_EADDRINUSE},
      {"127.0.0.1:80", "127.0.0.1:80", .second_shares = true, .code = WEIR_EADDRINUSE},
      {"127.0.0.1:80", "127.0.0.1:80", .first_shares = true, .second_shares = true, .code = WEIR_OK},
  };
  struct bench bench;
  open_bench(&bench, plain_options());
  for (size_t i = 0; i < sizeof meetings / sizeof meetings[0]; ++i) {
    const struct meeting *meeting = &meetings[i];
    struct listen_request one = {.ipv6_only = meeting->first_is_ipv6_only, .reuse_port = meeting->first_shares};
    struct listen_request two = {.ipv6_only = meeting->second_is_ipv6_only, .reuse_port = meeting->second_shares};
    struct acceptor *first = listen_with(&bench, &one, meeting->first, WEIR_OK);
    struct acceptor *second = listen_with(&bench, &two, meeting->second, meeting->code);
    close_acceptor(&bench, first);
    if (second != NULL) close_acceptor(&bench, second);
    close_acceptor(&bench, listen_with(&bench, &two, meeting->second, WEIR_OK));
  }
  close_bench(&bench);
}

static void a_clients_port_is_taken_while_it_is_connected(void **state) {
  (void)state;
  struct bench bench;
  struct connection *client, *server;
  open_bench(&bench, plain_options());
  open_tcp_pair(&bench, &client, &server);
  weir_address local = ask(&bench, client, CONTROL_LOCAL_ADDRESS);
  char text[WEIR_ADDRESS_TEXT_BYTES];
  weir_address_format(&local, text, sizeof text);
  listen_plainly(&bench, text, WEIR_EADDRINUSE);
  close_connection(&bench, server);
  close_connection(&bench, client);
  close_acceptor(&bench, listen_plainly(&bench, text, WEIR_OK));
  close_bench(&bench);
}

/* Connects from a port, and has the client accepted by that server. */
static void expect_taker(struct bench *bench, int port, const char *target, struct acceptor *taker) {
  struct address name = ip_of(target);
  struct address local = ip_of("127.0.0.1:0");
  struct connection *client = cleared(backend_sim.connection_bytes);
  local.ip.port = port;
  backend_sim.connect(bench->backend, client, &(struct connect_request){.address = &name, .local = &local.ip});
  expect_result(bench, OPERATION_CONNECT, client, 0);
  backend_sim.accept(bench->backend, taker, true);
  expect_result(bench, OPERATION_ACCEPT, taker, 0);
  backend_sim.take(bench->backend, taker, NULL);
  backend_sim.accept(bench->backend, taker, false);
  close_connection(bench, client);
}

static void servers_that_share_a_port_take_clients_by_turns(void **state) {
  (void)state;
  struct bench bench;
  open_bench(&bench, plain_options());
  struct listen_request sharing = {.reuse_port = true};
  struct acceptor *both = listen_with(&bench, &sharing, "[::]:80", WEIR_OK);
  struct acceptor *near[2] = {listen_with(&bench, &sharing, "0.0.0.0:80", WEIR_OK),
                              listen_with(&bench, &sharing, "0.0.0.0:80", WEIR_OK)};
  struct acceptor *nearest = listen_with(&bench, &sharing, "127.0.0.9:80", WEIR_OK);
  for (int port = 5000; port < 5006; ++port) {
    expect_taker(&bench, port, "127.0.0.1:80", near[port % 2]);
    expect_taker(&bench, port, "127.0.0.9:80", nearest);
  }
  close_acceptor(&bench, near[0]);
  close_acceptor(&bench, near[1]);
  expect_taker(&bench, 5000, "127.0.0.1:80", both);
  close_acceptor(&bench, both);
  close_acceptor(&bench, nearest);
  close_bench(&bench);
}

/* ---- connects ---------------------------------------------------------------------------------------------------- */

static void a_connect_to_nobody_says_why(void **state) {
  (void)state;
  struct bench bench;
  open_bench(&bench, plain_options());
  struct address blocked = ip_of("127.0.0.66");
  assert_int_equal(weir_sim_set_unreachable(bench.sim, &blocked.ip, false), WEIR_OK);
  listen_at_ip(&bench, "0.0.0.0:80", 1);
  expect_no_way(&bench, "127.0.0.1:81", WEIR_ECONNREFUSED);
  expect_no_way(&bench, "127.0.0.1:0", WEIR_ECONNREFUSED);
  expect_no_way(&bench, "8.8.8.8:80", WEIR_ENETUNREACH);
  expect_no_way(&bench, "127.0.0.66:80", WEIR_EHOSTUNREACH);
  bench.blocks_until_failure = 1;
  struct connection *client = connect_to_ip(&bench, "127.0.0.1:80");
  expect_result(&bench, OPERATION_CONNECT, client, WEIR_ENOMEM);
  free(client);
  close_bench(&bench);
}

static void a_connect_to_a_silent_address_hangs_until_it_is_given_up(void **state) {
  (void)state;
  struct bench bench;
  open_bench(&bench, plain_options());
  struct address silent = ip_of("2001:db8::1");
  struct address local = ip_of("[::1]:50000");
  struct address target = ip_of("[2001:db8::1]:80");
  struct connect_request request = {.address = &target, .local = &local.ip};
  assert_int_equal(weir_sim_set_unreachable(bench.sim, &silent.ip, true), WEIR_OK);
  struct connection *client = cleared(backend_sim.connection_bytes);
  backend_sim.connect(bench.backend, client, &request);
  expect_nothing(&bench);
  expect_no_connect(&bench, &request, WEIR_EADDRINUSE, "bind");
  close_connection(&bench, client);
  assert_int_equal(weir_sim_set_unreachable(bench.sim, &silent.ip, false), WEIR_OK);
  expect_no_connect(&bench, &request, WEIR_EHOSTUNREACH, NULL);
  close_bench(&bench);
}

static void a_client_comes_from_where_it_binds_to(void **state) {
  (void)state;
  struct bench bench;
  open_bench(&bench, plain_options());
  struct acceptor *acceptor = listen_plainly(&bench, "127.0.0.1:80", WEIR_OK);
  struct address target = ip_of("127.0.0.1:80");
  static const char *const wishes[][2] = {
      {"127.0.0.9:5000", "127.0.0.9:5000"}, {"0.0.0.0:5001", "127.0.0.1:5001"}, {"127.0.0.9:0", NULL}};
  for (size_t i = 0; i < 3; ++i) {
    struct address local = ip_of(wishes[i][0]);
    struct connection *client = cleared(backend_sim.connection_bytes);
    backend_sim.connect(bench.backend, client, &(struct connect_request){.address = &target, .local = &local.ip});
    expect_result(&bench, OPERATION_CONNECT, client, 0);
    weir_address had = ask(&bench, client, CONTROL_LOCAL_ADDRESS);
    if (wishes[i][1] != NULL) expect_address(&had, wishes[i][1]);
    if (wishes[i][1] == NULL) assert_in_range(had.port, 49152, 65535);
    close_connection(&bench, accept_from(&bench, acceptor, &had));
    close_connection(&bench, client);
  }
  close_acceptor(&bench, acceptor);
  close_bench(&bench);
}

static void a_bind_that_fails_is_named(void **state) {
  (void)state;
  struct bench bench;
  open_bench(&bench, plain_options());
  listen_at_ip(&bench, "127.0.0.1:80", 1);
  struct address target = ip_of("127.0.0.1:80");
  static const struct {
    const char *local;
    weir_code code;
  } wishes[] = {{"8.8.8.8:0", WEIR_EADDRNOTAVAIL},
                {"127.0.0.1:80", WEIR_EADDRINUSE},
                {"0.0.0.0:80", WEIR_EADDRINUSE},
                {"[::1]:0", WEIR_EINVAL}};
  for (size_t i = 0; i < sizeof wishes / sizeof wishes[0]; ++i) {
    struct address local = ip_of(wishes[i].local);
    struct connect_request request = {.address = &target, .local = &local.ip};
    expect_no_connect(&bench, &request, wishes[i].code, "bind");
  }
  close_bench(&bench);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(both_ends_know_their_addresses),
      cmocka_unit_test(any_address_takes_clients_of_every_own_one),
      cmocka_unit_test(a_dual_stack_server_sees_ipv4_clients_as_mapped),
      cmocka_unit_test(a_mapped_address_is_an_ipv4_address_that_looks_otherwise),
      cmocka_unit_test(only_own_addresses_can_be_listened_at),
      cmocka_unit_test(addresses_that_make_no_sense_are_refused),
      cmocka_unit_test(port_0_is_a_port_that_the_seed_draws),
      cmocka_unit_test(ports_are_taken_as_systems_take_them),
      cmocka_unit_test(a_clients_port_is_taken_while_it_is_connected),
      cmocka_unit_test(servers_that_share_a_port_take_clients_by_turns),
      cmocka_unit_test(a_connect_to_nobody_says_why),
      cmocka_unit_test(a_connect_to_a_silent_address_hangs_until_it_is_given_up),
      cmocka_unit_test(a_client_comes_from_where_it_binds_to),
      cmocka_unit_test(a_bind_that_fails_is_named),
  };
  return cmocka_run_group_tests_name("TCP of the simulated system", tests, NULL, NULL);
}
