/* SPDX-License-Identifier: MIT */
/*
 * Bound addresses: what binding meets is known at once, and a server or a socket uses what was bound, once.
 */
#include <stdio.h>

#include "support/hosts.h"
#include "support/world.h"

#define TCP_CASE(rows, function) WORLD_CASE_EXCEPT(rows, function, WORLD_NOT_LOCAL, "only TCP binds before it listens")

/* ---- parts ------------------------------------------------------------------------------------------------------ */

static weir_bound *bind_to(struct world *world, const char *endpoint) {
  weir_bound *bound = NULL;
  assert_int_equal(weir_bound_create(world->loop, endpoint, NULL, &bound), WEIR_OK);
  return bound;
}

static const char *name_of(struct world *world, const weir_bound *bound) {
  char text[WEIR_ADDRESS_TEXT_BYTES];
  weir_address address;
  assert_true(weir_bound_address(bound, &address));
  weir_address_format(&address, text, sizeof text);
  return world_format(world, "%s", text);
}

static void expect_used(const weir_bound *bound) {
  weir_address address;
  assert_false(weir_bound_address(bound, &address));
  assert_int_equal(address.family, WEIR_FAMILY_NONE);
}

static void expect_client(struct world *world, const char *endpoint, const char *expected) {
  world_forget(world);
  weir_socket *client = world_socket(world, NULL);
  world_trace_socket(world, client, "D", WORLD_TRACE_DATA);
  assert_int_equal(weir_socket_connect(client, endpoint, NULL), WEIR_OK);
  world_run_until_noted(world, "D close", 1);
  world_expect(world, "D", expected);
}

/* ---- binding ---------------------------------------------------------------------------------------------------- */

static void an_address_is_had_at_once_and_nobody_can_connect(struct world *world) {
  weir_bound *bound = bind_to(world, world->endpoint);
  assert_string_equal(name_of(world, bound), world->endpoint + strlen("tcp:"));
  weir_bound *second = NULL;
  assert_int_equal(weir_bound_create(world->loop, world->endpoint, NULL, &second), WEIR_EADDRINUSE);
  assert_null(second);
  expect_client(world, world->endpoint, "error(ECONNREFUSED) close(true)");
  weir_bound_release(bound);
  world_run(world);
  weir_bound_release(bind_to(world, world->endpoint));
}

static void port_zero_is_a_port_of_the_systems_choice(struct world *world) {
  weir_address address;
  weir_bound *four = bind_to(world, "tcp:127.0.0.1:0");
  weir_bound *any = bind_to(world, "tcp:0");
  assert_true(weir_bound_address(four, &address));
  assert_true(address.port > 0);
  assert_true(weir_bound_address(any, &address));
  assert_true(address.port > 0);
  assert_int_equal(address.family, WEIR_FAMILY_IPV6);
  weir_bound_release(weir_bound_retain(four));
  assert_true(weir_bound_address(four, &address));
  weir_bound_release(four);
  weir_bound_release(any);
}

static void what_cannot_be_bound_is_said_at_once(struct world *world) {
  static const struct {
    const char *endpoint;
    weir_code code;
  } rows[] = {{"tcp:192.0.2.1:0", WEIR_EADDRNOTAVAIL},
              {"tcp:localhost:0", WEIR_ENOTSUP},
              {"ipc:name", WEIR_ENOTSUP},
              {"tcp:127.0.0.1:65536", WEIR_EINVAL},
              {"tcp:", WEIR_EINVAL},
              {"", WEIR_EINVAL}};
  weir_bind_options no_size = {0};
  weir_bound *bound = NULL;
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
    assert_int_equal(weir_bound_create(world->loop, rows[i].endpoint, NULL, &bound), rows[i].code);
  assert_int_equal(weir_bound_create(NULL, world->endpoint, NULL, &bound), WEIR_EINVAL);
  assert_int_equal(weir_bound_create(world->loop, NULL, NULL, &bound), WEIR_EINVAL);
  assert_int_equal(weir_bound_create(world->loop, world->endpoint, NULL, NULL), WEIR_EINVAL);
  assert_int_equal(weir_bound_create(world->loop, world->endpoint, &no_size, &bound), WEIR_EINVAL);
  assert_null(bound);
}

static void it_keeps_no_loop_running_and_may_outlive_it(struct world *world) {
  weir_loop *loop = NULL;
  weir_loop_options options = weir_loop_options_default();
  weir_bound *bound = NULL;
  weir_address address;
  options.simulator = world->sim;
  if (!world->simulated) options.backend = world->backend;
  assert_int_equal(weir_loop_create(&options, &loop), WEIR_OK);
  assert_int_equal(weir_bound_create(loop, world->endpoint, NULL, &bound), WEIR_OK);
  assert_int_equal(weir_loop_run(loop, WEIR_RUN_DEFAULT), 0);
  weir_loop_release(loop);
  assert_false(weir_bound_address(bound, &address));
  weir_bound_release(bound);
  weir_bound_release(bind_to(world, world->endpoint)); /* the address is free again */
}

/* ---- listening -------------------------------------------------------------------------------------------------- */

static void a_server_listens_where_it_was_bound(struct world *world) {
  weir_listen_options options = weir_listen_options_default();
  weir_bound *bound = bind_to(world, world->endpoint);
  weir_server *server = world_server(world, NULL, world_end_on, NULL);
  world_trace_server(world, server, "V");
  options.listener = world_note_event;
  options.user = world_mark(world, "V", "listening-cb");
  assert_int_equal(weir_server_listen_bound(server, bound, &options), WEIR_OK);
  expect_used(bound);
  world_run_until_noted(world, "V listening-cb", 1);
  world_expect(world, "V", "listening listening-cb");
  assert_string_equal(weir_server_address(server), world->endpoint + strlen("tcp:"));
  weir_bound_release(bound); /* the server has it */
  expect_client(world, world->endpoint, "connect end finish close(false)");
  weir_server_close(server, NULL, NULL);
  world_run(world);
  expect_client(world, world->endpoint, "error(ECONNREFUSED) close(true)");
}

static void what_was_bound_is_used_once(struct world *world) {
  weir_connect_options options = weir_connect_options_default();
  weir_bound *bound = bind_to(world, world->endpoint);
  weir_server *server = world_server(world, NULL, NULL, NULL);
  weir_server *second = world_server(world, NULL, NULL, NULL);
  weir_socket *client = world_socket(world, NULL);
  assert_int_equal(weir_server_listen_bound(server, NULL, NULL), WEIR_EINVAL);
  assert_int_equal(weir_server_listen_bound(server, bound, NULL), WEIR_OK);
  assert_int_equal(weir_server_listen_bound(second, bound, NULL), WEIR_EINVAL);
  assert_int_equal(weir_server_listen_bound(server, bound, NULL), WEIR_EALREADY);
  options.bound = bound;
  assert_int_equal(weir_socket_connect(client, world->endpoint, &options), WEIR_EINVAL);
  assert_int_equal(weir_socket_get_state(client), WEIR_SOCKET_NEW);
  weir_bound_release(bound);
}

static void after_a_failed_listen_it_is_still_bound(struct world *world) {
  weir_bound *bound = bind_to(world, world->endpoint);
  weir_server *server = world_server(world, NULL, world_end_on, NULL);
  world_trace_server(world, server, "V");
  assert_int_equal(weir_sim_fail(world->sim, WEIR_SIM_FAULT_LISTEN, 1, WEIR_EADDRINUSE), WEIR_OK);
  assert_int_equal(weir_server_listen_bound(server, bound, NULL), WEIR_OK);
  world_run(world);
  world_expect(world, "V", "error(EADDRINUSE)");
  assert_string_equal(name_of(world, bound), world->endpoint + strlen("tcp:"));
  assert_int_equal(weir_server_listen_bound(server, bound, NULL), WEIR_OK);
  weir_bound_release(bound);
  world_run_until_noted(world, "V listening", 1);
  expect_client(world, world->endpoint, "connect end finish close(false)");
}

/* ---- connecting ------------------------------------------------------------------------------------------------- */

static void note_peer(const weir_event *event, void *world) {
  char text[WEIR_ADDRESS_TEXT_BYTES];
  weir_address peer;
  assert_true(weir_socket_remote_address(event->connection, &peer));
  weir_address_format(&peer, text, sizeof text);
  world_note(world, "S", "%s", text);
  weir_socket_end(event->connection, NULL);
}

static void a_socket_connects_from_where_it_was_bound(struct world *world) {
  char other[WORLD_ENDPOINT_BYTES];
  world_make_endpoint(world, other);
  weir_connect_options options = weir_connect_options_default();
  world_listen(world, NULL, note_peer, world);
  weir_bound *bound = bind_to(world, other);
  const char *name = name_of(world, bound);
  weir_socket *client = world_socket(world, NULL);
  world_trace_socket(world, client, "C", WORLD_TRACE_DATA);
  options.bound = bound;
  assert_int_equal(weir_socket_connect(client, world->endpoint, &options), WEIR_OK);
  expect_used(bound);
  weir_bound_release(bound);
  world_run_until_noted(world, "C close", 1);
  world_expect(world, "S", name);
  world_expect(world, "C", "connect end finish close(false)");
}

static void a_host_is_connected_to_from_where_it_was_bound(struct world *world) {
  char other[WORLD_ENDPOINT_BYTES];
  world_make_endpoint(world, other);
  struct hosts hosts = hosts_of(world);
  weir_connect_options options = hosts_connect_options(&hosts);
  world_listen(world, NULL, note_peer, world);
  weir_bound *bound = bind_to(world, other);
  const char *name = name_of(world, bound);
  hosts_add_here(&hosts);
  hosts_add_closed(&hosts, 0);
  options.bound = bound;
  hosts_connect(&hosts, &options);
  weir_bound_release(bound);
  world_run_until_noted(world, "C close", 1);
  assert_int_equal(hosts.family, WEIR_FAMILY_IPV4);
  assert_int_equal(world_count(world, "C lookup"), 1);
  world_expect(world, "S", name);
}

static void a_refused_connect_says_where_it_was_bound(struct world *world) {
  char other[WORLD_ENDPOINT_BYTES];
  world_make_endpoint(world, other);
  weir_connect_options options = weir_connect_options_default();
  weir_bound *bound = bind_to(world, other);
  weir_socket *client = world_socket(world, NULL);
  world_trace_socket(world, client, "C", WORLD_TRACE_LIFE);
  options.bound = bound;
  assert_int_equal(weir_socket_connect(client, world->endpoint, &options), WEIR_OK);
  weir_bound_release(bound);
  world_run(world);
  assert_int_equal(weir_socket_error(client)->code, WEIR_ECONNREFUSED);
  assert_string_equal(weir_socket_error(client)->local, other + strlen("tcp:"));
  weir_bound_release(bind_to(world, other));
}

static void destroyed_before_it_began_the_connect_frees_the_address(struct world *world) {
  char other[WORLD_ENDPOINT_BYTES];
  world_make_endpoint(world, other);
  weir_connect_options options = weir_connect_options_default();
  weir_bound *bound = bind_to(world, other);
  weir_socket *client = world_socket(world, NULL);
  options.bound = bound;
  assert_int_equal(weir_socket_connect(client, world->endpoint, &options), WEIR_OK);
  weir_socket_destroy(client, NULL);
  world_run(world);
  expect_used(bound);
  weir_bound_release(bind_to(world, other));
  weir_bound_release(bound);
}

static void a_refused_call_leaves_it_to_be_used(struct world *world) {
  char other[WORLD_ENDPOINT_BYTES];
  world_make_endpoint(world, other);
  weir_connect_options options = weir_connect_options_default();
  weir_bound *bound = bind_to(world, other);
  weir_socket *client = world_socket(world, NULL);
  options.bound = bound;
  options.local_port = 80;
  assert_int_equal(weir_socket_connect(client, world->endpoint, &options), WEIR_EINVAL);
  options.local_port = 0;
  options.local_address = "127.0.0.1";
  assert_int_equal(weir_socket_connect(client, world->endpoint, &options), WEIR_EINVAL);
  assert_string_equal(name_of(world, bound), other + strlen("tcp:"));
  weir_bound_release(bound);
}

static const struct world_case cases[] = {
    TCP_CASE("A294 M15", an_address_is_had_at_once_and_nobody_can_connect),
    TCP_CASE("A294", port_zero_is_a_port_of_the_systems_choice),
    TCP_CASE("A294", what_cannot_be_bound_is_said_at_once),
    TCP_CASE("A294", it_keeps_no_loop_running_and_may_outlive_it),
    TCP_CASE("A294 M15", a_server_listens_where_it_was_bound),
    TCP_CASE("A294", what_was_bound_is_used_once),
    WORLD_CASE_EXCEPT("A294", after_a_failed_listen_it_is_still_bound,
                      WORLD_NOT_LOCAL | WORLD_NOT_WINDOWS | WORLD_NOT_POSIX,
                      "only in a simulated world a listen fails when it shall"),
    TCP_CASE("A294 M15", a_socket_connects_from_where_it_was_bound),
    TCP_CASE("A294", a_host_is_connected_to_from_where_it_was_bound),
    TCP_CASE("A294", a_refused_connect_says_where_it_was_bound),
    TCP_CASE("A294", destroyed_before_it_began_the_connect_frees_the_address),
    TCP_CASE("A294", a_refused_call_leaves_it_to_be_used),
};

int main(int argc, char **argv) { return world_main(argc, argv, "bound", cases, sizeof cases / sizeof *cases); }
