/* SPDX-License-Identifier: MIT */
/*
 * Connecting to an IP address: what is told, from where, and what cannot be reached. Names are in lookup_test, several
 * addresses in race_test.
 */
#include <stdio.h>

#include "support/hosts.h"
#include "support/world.h"

#define TCP_CASE(rows, function) WORLD_CASE_EXCEPT(rows, function, WORLD_NOT_LOCAL, "IP addresses are for TCP")

#define SIM_CASE(rows, function)                                                           \
  WORLD_CASE_EXCEPT(rows, function, WORLD_NOT_LOCAL | WORLD_NOT_WINDOWS | WORLD_NOT_POSIX, \
                    "only a simulated world has silent addresses and an exact clock")

/* ---- parts ------------------------------------------------------------------------------------------------------ */

static weir_socket *connect_with(struct world *world, const char *endpoint, const weir_connect_options *options) {
  weir_socket *client = world_socket(world, NULL);
  hosts_trace(world, client, "C");
  world_trace_socket(world, client, "C", WORLD_TRACE_DATA);
  assert_int_equal(weir_socket_connect(client, endpoint, options), WEIR_OK);
  return client;
}

static const char *ip_of(struct world *world) {
  static char ip[WEIR_ADDRESS_TEXT_BYTES];
  struct hosts hosts = hosts_of(world);
  weir_address_format_ip(&hosts.here, ip, sizeof ip);
  return ip;
}

/* A port of the world's address at which nobody listens. */
static int free_port(struct world *world) {
  char endpoint[WORLD_ENDPOINT_BYTES];
  weir_address other;
  world_make_endpoint(world, endpoint);
  assert_int_equal(weir_address_parse(endpoint + strlen("tcp:"), &other), WEIR_OK);
  return other.port;
}

/* What is noted of an attempt, with its time in a simulated world. */
static const char *attempt(struct world *world) {
  const char *at = world->simulated ? " at(0)" : "";
  return world_format(world, "attempt(%s)%s", ip_of(world), at);
}

static void expect_error(weir_socket *socket, weir_code code, const char *operation, const char *address,
                         const char *local) {
  const weir_error *error = weir_socket_error(socket);
  assert_non_null(error);
  assert_int_equal(error->code, code);
  assert_string_equal(error->operation, operation);
  assert_string_equal(error->address, address);
  assert_string_equal(error->local, local);
  assert_int_equal(error->cause_count, 0);
}

/* ---- success ---------------------------------------------------------------------------------------------------- */

static void an_address_is_attempted_without_a_look_up(struct world *world) {
  world_listen(world, NULL, world_end_on, NULL);
  weir_socket *client = connect_with(world, world->endpoint, NULL);
  weir_address tried;
  assert_int_equal(weir_socket_attempted(client, 0, NULL), 0);
  world_run_until_noted(world, "C close", 1);
  world_expect(world, "C", world_format(world, "%s connect end finish close(false)", attempt(world)));
  assert_int_equal(weir_socket_attempted(client, 0, &tried), 1);
  struct hosts hosts = hosts_of(world);
  assert_true(weir_address_equal(&tried, &hosts.here));
  assert_int_equal(weir_socket_attempted(client, 1, &tried), 1);
  assert_int_equal(tried.family, WEIR_FAMILY_NONE);
}

static void each_connect_lists_its_own_attempts(struct world *world) {
  world_listen(world, NULL, world_end_on, NULL);
  weir_socket *client = connect_with(world, world->endpoint, NULL);
  world_run_until_noted(world, "C close", 1);
  assert_int_equal(weir_socket_connect(client, world->endpoint, NULL), WEIR_OK);
  assert_int_equal(weir_socket_attempted(client, 0, NULL), 0);
  world_run_until_noted(world, "C close", 2);
  assert_int_equal(weir_socket_attempted(client, 0, NULL), 1);
}

static void destroyed_at_once_it_reaches_nobody(struct world *world) {
  weir_server *server = world_listen(world, NULL, NULL, NULL);
  world_trace_server(world, server, "V");
  weir_socket_destroy(connect_with(world, world->endpoint, NULL), NULL);
  world_run_until_noted(world, "C close", 1);
  weir_server_close(server, NULL, NULL);
  world_run(world);
  world_expect(world, "C", "close(false)");
  world_expect(world, "V", "close");
}

static void a_listener_of_attempt_may_destroy_the_socket(struct world *world) {
  weir_server *server = world_listen(world, NULL, NULL, NULL);
  world_trace_server(world, server, "V");
  weir_socket *client = connect_with(world, world->endpoint, NULL);
  world_on(client, WEIR_EVENT_ATTEMPT, world_destroy_on, NULL);
  world_run_until_noted(world, "C close", 1);
  weir_server_close(server, NULL, NULL);
  world_run(world);
  world_expect(world, "C", world_format(world, "%s close(false)", attempt(world)));
  world_expect(world, "V", "close");
}

/* ---- from where ------------------------------------------------------------------------------------------------- */

static void note_peer(const weir_event *event, void *world) {
  char text[WEIR_ADDRESS_TEXT_BYTES];
  weir_address peer;
  assert_true(weir_socket_remote_address(event->connection, &peer));
  weir_address_format(&peer, text, sizeof text);
  world_note(world, "S", "%s", text);
}

static void it_connects_from_the_address_and_port_it_was_given(struct world *world) {
  int port = free_port(world);
  weir_connect_options options = weir_connect_options_default();
  weir_server *server = world_listen(world, NULL, note_peer, world);
  world_on_server(server, WEIR_EVENT_CONNECTION, world_destroy_on, NULL);
  options.local_address = ip_of(world);
  options.local_port = port;
  connect_with(world, world->endpoint, &options);
  world_run_until_noted(world, "C close", 1);
  world_expect(world, "S", world_format(world, "%s:%d", ip_of(world), port));
}

/* A port that is free at every address of this machine, where other tests have ports at theirs. */
static int drawn_port(struct world *world) {
  weir_server *server = world_server(world, NULL, NULL, NULL);
  weir_address address;
  world_trace_server(world, server, "drawn");
  assert_int_equal(weir_server_listen(server, "tcp:0.0.0.0:0", NULL), WEIR_OK);
  assert_true(weir_server_bound_address(server, &address));
  assert_int_equal(weir_server_close(server, NULL, NULL), WEIR_OK);
  world_run_until_noted(world, "drawn close", 1);
  return address.port;
}

static void a_port_of_ones_own_needs_no_address(struct world *world) {
  int port = drawn_port(world);
  weir_connect_options options = weir_connect_options_default();
  weir_server *server = world_listen(world, NULL, note_peer, world);
  world_on_server(server, WEIR_EVENT_CONNECTION, world_destroy_on, NULL);
  options.local_port = port;
  weir_socket *client = connect_with(world, world->endpoint, &options);
  world_run_until_noted(world, "C connect", 1);
  weir_address local;
  assert_true(weir_socket_local_address(client, &local));
  assert_int_equal(local.port, port);
  world_run_until_noted(world, "C close", 1);
}

static void a_local_port_that_is_taken_fails_to_bind(struct world *world) {
  int port = free_port(world);
  weir_connect_options options = weir_connect_options_default();
  world_listen(world, NULL, NULL, NULL);
  options.local_address = ip_of(world);
  options.local_port = port;
  connect_with(world, world->endpoint, &options);
  world_run_until_noted(world, "C connect", 1);
  world_forget(world);
  weir_socket *second = connect_with(world, world->endpoint, &options);
  world_run_until_noted(world, "C close", 1);
  expect_error(second, WEIR_EADDRINUSE, "bind", world_format(world, "%s:%d", ip_of(world), port), "");
  world_expect(
      world, "C",
      world_format(world, "%s failed(%s,EADDRINUSE) error(EADDRINUSE) close(true)", attempt(world), ip_of(world)));
}

static void an_address_that_is_not_ours_fails_to_bind(struct world *world) {
  weir_connect_options options = weir_connect_options_default();
  options.local_address = "192.0.2.1";
  weir_socket *client = connect_with(world, world->endpoint, &options);
  world_run(world);
  expect_error(client, WEIR_EADDRNOTAVAIL, "bind", "192.0.2.1", "");
}

/* ---- failure ---------------------------------------------------------------------------------------------------- */

static void a_refused_connect_says_which_address(struct world *world) {
  weir_socket *client = connect_with(world, world->endpoint, NULL);
  char line[256];
  world_write_noted(world, client, "C", "queued");
  world_run(world);
  world_expect(world, "C",
               world_format(world, "%s failed(%s,ECONNREFUSED) error(ECONNREFUSED) write-cb(ECANCELED) close(true)",
                            attempt(world), ip_of(world)));
  expect_error(client, WEIR_ECONNREFUSED, "connect", world->endpoint + strlen("tcp:"), "");
  weir_error_format(weir_socket_error(client), line, sizeof line);
  const char *expected = world_format(world, "connect ECONNREFUSED %s: ", world->endpoint + strlen("tcp:"));
  assert_memory_equal(line, expected, strlen(expected));
  assert_int_equal(weir_socket_get_state(client), WEIR_SOCKET_CLOSED);
  assert_true(weir_socket_destroyed(client));
}

static void a_refused_connect_says_from_where(struct world *world) {
  int port = free_port(world);
  weir_connect_options options = weir_connect_options_default();
  char line[256];
  options.local_address = ip_of(world);
  options.local_port = port;
  weir_socket *client = connect_with(world, world->endpoint, &options);
  world_run(world);
  const char *local = world_format(world, "%s:%d", ip_of(world), port);
  expect_error(client, WEIR_ECONNREFUSED, "connect", world->endpoint + strlen("tcp:"), local);
  weir_error_format(weir_socket_error(client), line, sizeof line);
  assert_non_null(strstr(line, world_format(world, " - Local (%s)", local)));
}

static void nobody_is_at_port_zero(struct world *world) {
  weir_socket *client = connect_with(world, world_format(world, "tcp:%s:0", ip_of(world)), NULL);
  world_run(world);
  weir_code code = weir_socket_error(client)->code;
  assert_true(code == WEIR_ECONNREFUSED || code == WEIR_EADDRNOTAVAIL);
}

static void ports_that_are_none_are_an_error_event(struct world *world) {
  static const char *const endpoints[] = {
      "tcp:127.0.0.1:65536", "tcp:127.0.0.1:-1", "tcp:127.0.0.1:0x50", "tcp:127.0.0.1:", "tcp:", "tcp:127.0.0.1:80a"};
  for (size_t i = 0; i < sizeof endpoints / sizeof *endpoints; i++) {
    world_forget(world);
    weir_socket *client = connect_with(world, endpoints[i], NULL);
    world_run(world);
    world_expect(world, "C", "error(EINVAL) close(true)");
    assert_string_equal(weir_socket_error(client)->address, endpoints[i]);
    assert_int_equal(weir_socket_attempted(client, 0, NULL), 0);
  }
}

static void options_that_make_no_sense_are_refused(struct world *world) {
  static const weir_connect_options wrong[] = {
      {.local_address = "nowhere"},
      {.local_address = "127.0.0.1:80"},
      {.local_port = -1},
      {.local_port = 65536},
      {.family = (weir_family)5},
      {.local_address = "1.2.3.4", .local_port = -1},
      {.local_address = "::1", .family = WEIR_FAMILY_IPV4},
  };
  weir_socket *client = world_socket(world, NULL);
  for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
    weir_connect_options options = wrong[i];
    options.size = sizeof options;
    assert_int_equal(weir_socket_connect(client, world->endpoint, &options), WEIR_EINVAL);
  }
  assert_int_equal(weir_socket_get_state(client), WEIR_SOCKET_NEW);
}

static void a_blocked_address_is_not_tried(struct world *world) {
  weir_connect_options options = weir_connect_options_default();
  weir_block_list *list = NULL;
  assert_int_equal(weir_block_list_create(NULL, &list), WEIR_OK);
  assert_int_equal(weir_block_list_add(list, "127.0.0.0/8"), WEIR_OK);
  options.block_list = list;
  weir_server *server = world_listen(world, NULL, NULL, NULL);
  world_trace_server(world, server, "V");
  weir_socket *client = connect_with(world, world->endpoint, &options);
  weir_block_list_release(list);
  world_run_until_noted(world, "C close", 1);
  weir_server_close(server, NULL, NULL);
  world_run(world);
  world_expect(world, "C", world_format(world, "failed(%s,EBLOCKED) error(EBLOCKED) close(true)", ip_of(world)));
  expect_error(client, WEIR_EBLOCKED, "connect", world->endpoint + strlen("tcp:"), "");
  assert_int_equal(weir_socket_attempted(client, 0, NULL), 0);
  world_expect(world, "V", "close");
}

/* ---- nobody answers --------------------------------------------------------------------------------------------- */

static void put_out_of_reach(struct world *world, bool silent) {
  weir_address address;
  assert_int_equal(weir_address_make("192.0.2.1", WEIR_NO_PORT, &address), WEIR_OK);
  assert_int_equal(weir_sim_set_unreachable(world->sim, &address, silent), WEIR_OK);
}

static void an_address_out_of_reach_is_an_error(struct world *world) {
  put_out_of_reach(world, false);
  weir_socket *client = connect_with(world, "tcp:192.0.2.1:80", NULL);
  world_run(world);
  world_expect(world, "C", "attempt(192.0.2.1) at(0) failed(192.0.2.1,EHOSTUNREACH) error(EHOSTUNREACH) close(true)");
  expect_error(client, WEIR_EHOSTUNREACH, "connect", "192.0.2.1:80", "");
}

static void a_silent_address_is_waited_for_until_the_deadline(struct world *world) {
  weir_connect_options options = weir_connect_options_default();
  options.timeout_ms = 1000;
  put_out_of_reach(world, true);
  weir_socket *client = connect_with(world, "tcp:192.0.2.1:80", &options);
  world_run(world);
  assert_int_equal(weir_sim_now_ms(world->sim), 1000);
  world_expect(world, "C", "attempt(192.0.2.1) at(0) failed(192.0.2.1,ETIMEDOUT) error(ETIMEDOUT) close(true)");
  expect_error(client, WEIR_ETIMEDOUT, "connect", "192.0.2.1:80", "");
}

static void without_a_deadline_the_system_decides(struct world *world) {
  put_out_of_reach(world, true);
  weir_socket *client = connect_with(world, "tcp:192.0.2.1:80", NULL);
  world_run_for(world, WEIR_CONNECT_TIMEOUT_MS + 5000);
  assert_true(weir_socket_connecting(client));
  weir_socket_destroy(client, NULL);
  world_run(world);
  world_expect(world, "C", "attempt(192.0.2.1) at(0) close(false)");
}

static const struct world_case cases[] = {
    TCP_CASE("A026 A043 EO-23 M48 S088 S099 S126 S129 S170", an_address_is_attempted_without_a_look_up),
    TCP_CASE("M48 S095", each_connect_lists_its_own_attempts),
    TCP_CASE("EO-24", destroyed_at_once_it_reaches_nobody),
    TCP_CASE("A048", a_listener_of_attempt_may_destroy_the_socket),
    TCP_CASE("A030 S090 S091", it_connects_from_the_address_and_port_it_was_given),
    TCP_CASE("A030 S091", a_port_of_ones_own_needs_no_address),
    TCP_CASE("A021", a_local_port_that_is_taken_fails_to_bind),
    TCP_CASE("EO-21", an_address_that_is_not_ours_fails_to_bind),
    TCP_CASE("A027 A032 A047 EO-21", a_refused_connect_says_which_address),
    TCP_CASE("A029", a_refused_connect_says_from_where),
    TCP_CASE("A023 A032 EO-21", nobody_is_at_port_zero),
    TCP_CASE("A023 A032", ports_that_are_none_are_an_error_event),
    TCP_CASE("A023", options_that_make_no_sense_are_refused),
    SIM_CASE("EO-21", an_address_out_of_reach_is_an_error),
    SIM_CASE("", a_silent_address_is_waited_for_until_the_deadline),
    SIM_CASE("", without_a_deadline_the_system_decides),
    TCP_CASE("A348", a_blocked_address_is_not_tried),
};

int main(int argc, char **argv) { return world_main(argc, argv, "tcp_connect", cases, sizeof cases / sizeof *cases); }
