/* SPDX-License-Identifier: MIT */
/*
 * Listening over TCP: at any address, at an IP address, at a host's name, and what cannot be had.
 */
#include <stdio.h>

#include "support/hosts.h"
#include "support/world.h"

#define TCP_CASE(rows, function) WORLD_CASE_EXCEPT(rows, function, WORLD_NOT_LOCAL, "ports are for TCP")

#define SIM_CASE(rows, function)                                                           \
  WORLD_CASE_EXCEPT(rows, function, WORLD_NOT_LOCAL | WORLD_NOT_WINDOWS | WORLD_NOT_POSIX, \
                    "only in a simulated world a listen fails when it shall")

/* ---- parts ------------------------------------------------------------------------------------------------------ */

static weir_server *traced_server(struct world *world, const char *name) {
  weir_server *server = world_server(world, NULL, world_end_on, NULL);
  world_trace_server(world, server, name);
  return server;
}

static weir_listen_options asking(struct hosts *hosts) {
  weir_listen_options options = weir_listen_options_default();
  options.resolver = hosts_resolve;
  options.resolver_user = hosts;
  return options;
}

static void listen_now(struct world *world, weir_server *server, const char *endpoint) {
  assert_int_equal(weir_server_listen(server, endpoint, NULL), WEIR_OK);
  world_run_until_noted(world, "V listening", 1);
}

static int port_of(const weir_server *server) {
  weir_address address;
  assert_true(weir_server_bound_address(server, &address));
  assert_true(address.port > 0);
  return address.port;
}

/* A client at this address and the server's port: "connect end finish close(false)", or how it fails. */
static void expect_client(struct world *world, const char *ip, int port, const char *expected) {
  weir_socket *client = world_socket(world, NULL);
  const char *name = world_format(world, "client-of-%s", ip);
  world_trace_socket(world, client, name, WORLD_TRACE_DATA);
  assert_int_equal(weir_socket_connect(client, world_format(world, "tcp:%s:%d", ip, port), NULL), WEIR_OK);
  world_run_until_noted(world, world_format(world, "%s close", name), 1);
  world_expect(world, name, expected);
}

static const char served[] = "connect end finish close(false)";
static const char refused[] = "error(ECONNREFUSED) close(true)";

struct failed {
  weir_code code;
  char operation[16];
  char address[80];
};

static void keep_failure(const weir_event *event, void *user) {
  struct failed *failed = user;
  failed->code = event->error->code;
  snprintf(failed->operation, sizeof failed->operation, "%s", event->error->operation);
  snprintf(failed->address, sizeof failed->address, "%s", event->error->address);
}

static void expect_failure(struct world *world, const char *endpoint, const weir_listen_options *options,
                           struct failed expected) {
  struct failed failed = {WEIR_OK, "", ""};
  weir_listen_options whole = options == NULL ? weir_listen_options_default() : *options;
  weir_server *server = traced_server(world, "F");
  whole.listener = world_note_event;
  whole.user = world_mark(world, "F", "listening-cb");
  world_on_server(server, WEIR_EVENT_ERROR, keep_failure, &failed);
  assert_int_equal(weir_server_listen(server, endpoint, &whole), WEIR_OK);
  world_run_until_noted(world, "F error", 1);
  world_expect(world, "F", world_format(world, "error(%s)", weir_code_name(expected.code)));
  assert_int_equal(failed.code, expected.code);
  assert_string_equal(failed.operation, expected.operation);
  assert_string_equal(failed.address, expected.address);
  assert_false(weir_server_listening(server));
  world_forget(world);
}

/* ---- any address ------------------------------------------------------------------------------------------------ */

/* This case wants a machine with IPv6. */
static void without_a_host_clients_of_both_kinds_come(struct world *world) {
  weir_server *server = traced_server(world, "V");
  listen_now(world, server, "tcp:0");
  int port = port_of(server);
  assert_string_equal(weir_server_address(server), world_format(world, "[::]:%d", port));
  expect_client(world, "127.0.0.1", port, served);
  expect_client(world, "[::1]", port, served);
}

static void a_star_is_any_address(struct world *world) {
  weir_server *server = traced_server(world, "V");
  listen_now(world, server, "tcp:*:0");
  assert_string_equal(weir_server_address(server), world_format(world, "[::]:%d", port_of(server)));
  expect_client(world, "127.0.0.1", port_of(server), served);
}

/* A connection of somebody else may have the port over IPv4 for a while. */
static void listen_beside(struct world *world, weir_server *six) {
  weir_server *four = traced_server(world, "W");
  assert_int_equal(weir_server_listen(four, world_format(world, "tcp:0.0.0.0:%d", port_of(six)), NULL), WEIR_OK);
  while (world_count(world, "W listening") == 0) {
    size_t failures = world_count(world, "W error(EADDRINUSE)");
    world_run_for(world, 10);
    if (world_count(world, "W error(EADDRINUSE)") == failures) continue;
    assert_int_equal(weir_server_listen(four, world_format(world, "tcp:0.0.0.0:%d", port_of(six)), NULL), WEIR_OK);
  }
}

static void ipv6_only_takes_no_ipv4_clients(struct world *world) {
  weir_listen_options options = weir_listen_options_default();
  weir_server *six = traced_server(world, "V");
  options.ipv6_only = true;
  assert_int_equal(weir_server_listen(six, "tcp:0", &options), WEIR_OK);
  world_run_until_noted(world, "V listening", 1);
  expect_client(world, "[::1]", port_of(six), served);
  expect_client(world, "127.0.0.1", port_of(six), refused);
  listen_beside(world, six);
}

static void without_ipv6_any_address_is_one_of_ipv4(struct world *world) {
  static const weir_code missing[] = {WEIR_ENOTSUP, WEIR_EADDRNOTAVAIL};
  for (size_t i = 0; i < 2; i++) {
    weir_server *server = traced_server(world, "V");
    assert_int_equal(weir_sim_fail(world->sim, WEIR_SIM_FAULT_LISTEN, 1, missing[i]), WEIR_OK);
    listen_now(world, server, "tcp:0");
    assert_string_equal(weir_server_address(server), world_format(world, "0.0.0.0:%d", port_of(server)));
    expect_client(world, "127.0.0.1", port_of(server), served);
    world_forget(world);
  }
  weir_listen_options options = weir_listen_options_default();
  options.ipv6_only = true;
  assert_int_equal(weir_sim_fail(world->sim, WEIR_SIM_FAULT_LISTEN, 1, WEIR_ENOTSUP), WEIR_OK);
  expect_failure(world, "tcp:0", &options, (struct failed){WEIR_ENOTSUP, "listen", "[::]:0"});
}

static void a_port_that_is_taken_is_not_looked_for_elsewhere(struct world *world) {
  assert_int_equal(weir_sim_fail(world->sim, WEIR_SIM_FAULT_LISTEN, 1, WEIR_EADDRINUSE), WEIR_OK);
  expect_failure(world, "tcp:8080", NULL, (struct failed){WEIR_EADDRINUSE, "listen", "[::]:8080"});
}

/* ---- one address ------------------------------------------------------------------------------------------------ */

static void it_says_where_it_listens(struct world *world) {
  static const struct {
    const char *endpoint, *ip;
  } rows[] = {{"tcp:127.0.0.1:0", "127.0.0.1"}, {"tcp:[::1]:0", "[::1]"}, {"tcp:0.0.0.0:0", "0.0.0.0"}};
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    weir_server *server = traced_server(world, "V");
    listen_now(world, server, rows[i].endpoint);
    assert_string_equal(weir_server_address(server), world_format(world, "%s:%d", rows[i].ip, port_of(server)));
    weir_server_close(server, NULL, NULL);
    assert_null(weir_server_address(server));
    world_run_until_noted(world, "V close", 1);
    world_forget(world);
  }
}

static void a_port_that_is_taken_is_an_error(struct world *world) {
  struct failed expected = {WEIR_EADDRINUSE, "listen", ""};
  world_listen(world, NULL, NULL, NULL);
  strcpy(expected.address, world->endpoint + strlen("tcp:"));
  expect_failure(world, world->endpoint, NULL, expected);
}

static void after_a_failure_it_listens_elsewhere(struct world *world) {
  char other[WORLD_ENDPOINT_BYTES];
  world_make_endpoint(world, other);
  world_listen(world, NULL, NULL, NULL);
  weir_server *server = traced_server(world, "V");
  assert_int_equal(weir_server_listen(server, world->endpoint, NULL), WEIR_OK);
  world_run_until_noted(world, "V error", 1);
  assert_int_equal(weir_server_listen(server, other, NULL), WEIR_OK);
  world_run_until_noted(world, "V listening", 1);
  weir_server_close(server, NULL, NULL);
  world_run_until_noted(world, "V close", 1);
  assert_int_equal(weir_server_listen(server, other, NULL), WEIR_OK);
  world_run_until_noted(world, "V listening", 2);
}

static void an_address_that_is_not_ours_is_an_error(struct world *world) {
  expect_failure(world, "tcp:192.0.2.1:0", NULL, (struct failed){WEIR_EADDRNOTAVAIL, "listen", "192.0.2.1:0"});
}

static void text_that_is_no_address_is_an_error(struct world *world) {
  static const char *const endpoints[] = {"tcp:65536", "tcp:-1", "tcp:abc:def", "tcp:", "tcp:::1:80", "tcp:1.2.3:80"};
  for (size_t i = 0; i < sizeof endpoints / sizeof *endpoints; i++) {
    struct failed expected = {WEIR_EINVAL, "listen", ""};
    strcpy(expected.address, endpoints[i]);
    expect_failure(world, endpoints[i], NULL, expected);
  }
}

/* Which systems can do so is a matter of the system; what cannot be done is said. */
static void several_servers_listen_at_one_port_that_is_reused(struct world *world) {
  weir_listen_options options = weir_listen_options_default();
  weir_server *first = traced_server(world, "V");
  weir_server *second = traced_server(world, "W");
  options.reuse_port = true;
  assert_int_equal(weir_server_listen(first, world->endpoint, &options), WEIR_OK);
  world_run_for(world, 1);
  if (world_count(world, "V error(ENOTSUP)") == 1) return;
  assert_int_equal(weir_server_listen(second, world->endpoint, &options), WEIR_OK);
  world_run_until_noted(world, "W listening", 1);
  struct failed taken = {WEIR_EADDRINUSE, "listen", ""};
  strcpy(taken.address, world->endpoint + strlen("tcp:"));
  expect_failure(world, world->endpoint, NULL, taken);
  weir_server_close(first, NULL, NULL);
  world_run_until_noted(world, "V close", 1);
  world_connect_traced(world, "C");
  world_run_until_noted(world, "C close", 1);
  world_expect(world, "C", served);
}

/* ---- a host's name ---------------------------------------------------------------------------------------------- */

static void it_listens_at_a_host_by_its_name(struct world *world) {
  char other[WORLD_ENDPOINT_BYTES];
  world_make_endpoint(world, other);
  struct hosts hosts = hosts_of(world);
  weir_listen_options options = asking(&hosts);
  weir_server *server = traced_server(world, "V");
  hosts_add_here(&hosts);
  assert_int_equal(weir_server_listen(server, hosts.endpoint, &options), WEIR_OK);
  assert_int_equal(hosts.asked, 0);
  assert_false(weir_server_listening(server));
  assert_null(weir_server_address(server));
  assert_int_equal(weir_server_listen(server, other, NULL), WEIR_EALREADY);
  world_run_until_noted(world, "V listening", 1);
  assert_string_equal(hosts.host, "host.test");
  assert_string_equal(weir_server_address(server), world->endpoint + strlen("tcp:"));
  world_connect_traced(world, "C");
  world_run_until_noted(world, "C close", 1);
  world_expect(world, "C", served);
}

static void localhost_needs_no_resolver_of_the_program(struct world *world) {
  weir_server *server = traced_server(world, "V");
  listen_now(world, server, "tcp:localhost:0");
  weir_address address;
  assert_true(weir_server_bound_address(server, &address));
  expect_client(world, address.family == WEIR_FAMILY_IPV6 ? "[::1]" : "127.0.0.1", address.port, served);
}

static void the_first_address_that_can_be_had_is_taken(struct world *world) {
  struct hosts hosts = hosts_of(world);
  weir_listen_options options = asking(&hosts);
  weir_server *server = traced_server(world, "V");
  hosts_add(&hosts, "192.0.2.1");
  hosts_add_here(&hosts);
  assert_int_equal(weir_server_listen(server, hosts.endpoint, &options), WEIR_OK);
  world_run_until_noted(world, "V listening", 1);
  assert_string_equal(weir_server_address(server), world->endpoint + strlen("tcp:"));
}

static void link_local_addresses_come_last(struct world *world) {
  struct hosts hosts = hosts_of(world);
  weir_listen_options options = asking(&hosts);
  hosts_add(&hosts, "fe80::1");
  hosts_add(&hosts, "169.254.1.1");
  hosts_add(&hosts, "192.0.2.1");
  struct failed expected = {WEIR_EADDRNOTAVAIL, "listen", ""};
  snprintf(expected.address, sizeof expected.address, "192.0.2.1:%d", hosts.here.port);
  expect_failure(world, hosts.endpoint, &options, expected);
}

static void a_name_that_nobody_knows_is_an_error_of_the_look_up(struct world *world) {
  struct hosts hosts = hosts_of(world);
  weir_listen_options options = asking(&hosts);
  hosts.code = WEIR_ENOTFOUND;
  expect_failure(world, hosts.endpoint, &options, (struct failed){WEIR_ENOTFOUND, "lookup", "host.test"});
}

static void closed_before_the_answer_it_never_listens(struct world *world) {
  struct hosts hosts = hosts_of(world);
  weir_listen_options options = asking(&hosts);
  weir_server *server = traced_server(world, "V");
  options.listener = world_note_event;
  options.user = world_mark(world, "V", "listening-cb");
  hosts.held = true;
  hosts_add_here(&hosts);
  assert_int_equal(weir_server_listen(server, hosts.endpoint, &options), WEIR_OK);
  world_run_for(world, 10);
  assert_int_equal(weir_server_close(server, world_note_server, world_mark(world, "V", NULL)), WEIR_OK);
  world_run(world);
  world_expect(world, "V", "close-cb(ENOTOPEN)");
  hosts_answer(&hosts);
  world_run(world);
  world_expect(world, "V", "close-cb(ENOTOPEN)");
  assert_int_equal(weir_server_listen(server, world->endpoint, NULL), WEIR_OK);
  world_run_until_noted(world, "V listening", 1);
}

static void released_during_the_look_up_it_listens_all_the_same(struct world *world) {
  struct hosts hosts = hosts_of(world);
  weir_listen_options options = asking(&hosts);
  weir_server *server = NULL;
  hosts.held = true;
  hosts_add_here(&hosts);
  assert_int_equal(weir_server_create(world->loop, NULL, world_close_server_on, NULL, &server), WEIR_OK);
  assert_int_equal(weir_server_listen(server, hosts.endpoint, &options), WEIR_OK);
  world_trace_server(world, server, "V");
  weir_server_release(server);
  world_after(world, 10, hosts_answer, &hosts);
  world_run_until_noted(world, "V listening", 1);
}

static void a_cancelled_look_up_closes_the_server(struct world *world) {
  struct hosts hosts = hosts_of(world);
  weir_listen_options options = asking(&hosts);
  weir_server *server = traced_server(world, "V");
  hosts.held = true;
  assert_int_equal(weir_cancellation_create(world->loop, &options.cancellation), WEIR_OK);
  assert_int_equal(weir_server_listen(server, hosts.endpoint, &options), WEIR_OK);
  world_run_for(world, 10);
  weir_cancellation_cancel(options.cancellation);
  world_run(world);
  world_expect(world, "V", "close");
  hosts_answer(&hosts);
  world_run(world);
  assert_int_equal(weir_server_listen(server, hosts.endpoint, &options), WEIR_OK); /* it is cancelled already */
  weir_cancellation_release(options.cancellation);
  world_run(world);
  world_expect(world, "V", "close close");
  if (hosts.question) hosts_answer(&hosts);
}

static void released_during_a_look_up_that_is_cancelled_it_closes(struct world *world) {
  struct hosts hosts = hosts_of(world);
  weir_listen_options options = asking(&hosts);
  weir_server *server = NULL;
  hosts.held = true;
  assert_int_equal(weir_cancellation_create(world->loop, &options.cancellation), WEIR_OK);
  assert_int_equal(weir_server_create(world->loop, NULL, NULL, NULL, &server), WEIR_OK);
  world_trace_server(world, server, "V");
  assert_int_equal(weir_server_listen(server, hosts.endpoint, &options), WEIR_OK);
  weir_server_release(server);
  world_run_for(world, 10);
  weir_cancellation_cancel(options.cancellation);
  weir_cancellation_release(options.cancellation);
  world_run(world);
  world_expect(world, "V", "close");
  hosts_answer(&hosts);
}

static const struct world_case cases[] = {
    TCP_CASE("A011 A012 EO-55 S057 S058", without_a_host_clients_of_both_kinds_come),
    TCP_CASE("A011 S057", a_star_is_any_address),
    SIM_CASE("EO-55 S057", without_ipv6_any_address_is_one_of_ipv4),
    SIM_CASE("S059", a_port_that_is_taken_is_not_looked_for_elsewhere),
    TCP_CASE("A006 M08", ipv6_only_takes_no_ipv4_clients),
    TCP_CASE("A011 S058", it_says_where_it_listens),
    TCP_CASE("A002 S059", a_port_that_is_taken_is_an_error),
    TCP_CASE("EO-55", after_a_failure_it_listens_elsewhere),
    TCP_CASE("A005 EO-55", an_address_that_is_not_ours_is_an_error),
    TCP_CASE("A009 EO-55", text_that_is_no_address_is_an_error),
    TCP_CASE("A007 M09", several_servers_listen_at_one_port_that_is_reused),
    TCP_CASE("EO-55", it_listens_at_a_host_by_its_name),
    TCP_CASE("A012 EO-55", localhost_needs_no_resolver_of_the_program),
    TCP_CASE("A013", the_first_address_that_can_be_had_is_taken),
    TCP_CASE("A013", link_local_addresses_come_last),
    TCP_CASE("A013 EO-55", a_name_that_nobody_knows_is_an_error_of_the_look_up),
    TCP_CASE("A016 EO-16", closed_before_the_answer_it_never_listens),
    TCP_CASE("A356 EO-46", a_cancelled_look_up_closes_the_server),
    TCP_CASE("A356 EO-46", released_during_a_look_up_that_is_cancelled_it_closes),
    TCP_CASE("", released_during_the_look_up_it_listens_all_the_same),
};

int main(int argc, char **argv) { return world_main(argc, argv, "listen", cases, sizeof cases / sizeof *cases); }
