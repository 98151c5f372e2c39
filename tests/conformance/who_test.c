/* SPDX-License-Identifier: MIT */
/* Who talks with whom: the addresses of both ends, when they can be read, and what turned-away clients leave behind. */
#include "support/pair.h"

#include <stdio.h>

#include "common/loop/loop.h"

static void expect_none(bool found, const weir_address *address) {
  static const weir_address none;
  assert_false(found);
  assert_memory_equal(address, &none, sizeof none);
}

static void expect_no_addresses(const weir_socket *socket) {
  weir_address address = {.port = 1};
  bool found = weir_socket_local_address(socket, &address);
  expect_none(found, &address);
  address.port = 1;
  found = weir_socket_remote_address(socket, &address);
  expect_none(found, &address);
}

static weir_address local_of(const weir_socket *socket) {
  weir_address address;
  assert_true(weir_socket_local_address(socket, &address));
  return address;
}

static weir_address remote_of(const weir_socket *socket) {
  weir_address address;
  assert_true(weir_socket_remote_address(socket, &address));
  return address;
}

static void expect_equal(weir_address a, weir_address b) { assert_true(weir_address_equal(&a, &b)); }

static weir_address bound_to(const weir_server *server) {
  weir_address address;
  assert_true(weir_server_bound_address(server, &address));
  return address;
}

static void local_sockets_have_no_addresses(struct world *world) {
  struct world_pair pair = pair_open(world, 0, 0);
  weir_address address = {.port = 1};
  expect_no_addresses(pair.client);
  expect_no_addresses(pair.accepted);
  bool found = weir_server_bound_address(pair.server, &address);
  expect_none(found, &address);
  pair_end(world, &pair);
}

static void both_ends_agree_on_the_addresses(struct world *world) {
  struct world_pair pair = pair_open(world, 0, 0);
  expect_equal(remote_of(pair.client), bound_to(pair.server));
  expect_equal(local_of(pair.accepted), bound_to(pair.server));
  expect_equal(local_of(pair.client), remote_of(pair.accepted));
  assert_int_equal(local_of(pair.client).family, WEIR_FAMILY_IPV4);
  assert_true(local_of(pair.client).port > 0);
  pair_end(world, &pair);
}

static void addresses_stay_readable_after_close(struct world *world) {
  struct world_pair pair = pair_open(world, 0, 0);
  const weir_address server = bound_to(pair.server);
  const weir_address client = local_of(pair.client);
  pair_end(world, &pair);
  assert_true(weir_socket_destroyed(pair.client));
  expect_equal(remote_of(pair.client), server);
  expect_equal(local_of(pair.client), client);
  expect_equal(local_of(pair.accepted), server);
  expect_equal(remote_of(pair.accepted), client);
}

static void expect_addresses_on(const weir_event *event, void *world) {
  weir_address address;
  bool known =
      weir_socket_local_address(event->socket, &address) && weir_socket_remote_address(event->socket, &address);
  world_note(world, "addresses", "%s", known ? "known" : "unknown");
}

static void there_are_no_addresses_before_the_connection(struct world *world) {
  world_listen(world, NULL, world_end_on, NULL);
  weir_socket *client = world_socket(world, NULL);
  world_trace_socket(world, client, "C", 0);
  world_on(client, WEIR_EVENT_CONNECT, expect_addresses_on, world);
  world_on(client, WEIR_EVENT_CLOSE, expect_addresses_on, world);
  expect_no_addresses(client);
  assert_int_equal(weir_socket_connect(client, world->endpoint, NULL), WEIR_OK);
  expect_no_addresses(client);
  weir_socket_resume(client);
  world_run_until_noted(world, "C close", 1);
  world_expect(world, "addresses", "known known");
}

static void a_failed_connect_leaves_no_addresses(struct world *world) {
  weir_socket *client = world_connect_traced(world, "C");
  world_run_until_noted(world, "C close", 1);
  expect_no_addresses(client);
}

static void each_life_has_its_own_addresses(struct world *world) {
  struct world_accepted accepted = {.trace = WORLD_TRACE_DATA};
  world_listen_and_keep(world, &accepted);
  weir_socket *client = world_connect_traced(world, "C");
  weir_socket_resume(client);
  for (size_t life = 1; life <= 2; life++) {
    world_run_until_noted(world, "C connect", life);
    world_run_until_noted(world, "V connection", life);
    expect_equal(local_of(client), remote_of(accepted.sockets[life - 1]));
    weir_socket_end(client, NULL);
    world_run_until_noted(world, "C close", life);
    if (life == 2) break;
    assert_int_equal(weir_socket_connect(client, world->endpoint, NULL), WEIR_OK);
    expect_no_addresses(client);
  }
}

static void a_server_says_where_it_listens(struct world *world) {
  weir_server *server = world_server(world, NULL, NULL, NULL);
  world_trace_server(world, server, "V");
  weir_address address = {.port = 1};
  bool found = weir_server_bound_address(server, &address);
  expect_none(found, &address);
  assert_int_equal(weir_server_listen(server, "tcp:127.0.0.1:0", NULL), WEIR_OK);
  world_run_until_noted(world, "V listening", 1);
  char text[WEIR_ADDRESS_TEXT_BYTES];
  address = bound_to(server);
  assert_int_equal(address.family, WEIR_FAMILY_IPV4);
  assert_true(address.port > 0);
  weir_address_format(&address, text, sizeof text);
  assert_string_equal(weir_server_address(server), text);
  weir_server_close(server, NULL, NULL);
  address.port = 1;
  found = weir_server_bound_address(server, &address);
  expect_none(found, &address);
  assert_null(weir_server_address(server));
}

static void a_client_of_every_address_is_told_which_one_it_met(struct world *world) {
  struct world_accepted accepted = {.world = world};
  weir_server *server = world_server(world, NULL, world_keep_on, &accepted);
  world_trace_server(world, server, "V");
  assert_int_equal(weir_server_listen(server, "tcp:0.0.0.0:0", NULL), WEIR_OK);
  world_run_until_noted(world, "V listening", 1);
  char endpoint[64];
  snprintf(endpoint, sizeof endpoint, "tcp:127.0.0.1:%d", bound_to(server).port);
  weir_socket *client = world_socket(world, NULL);
  world_trace_socket(world, client, "C", 0);
  assert_int_equal(weir_socket_connect(client, endpoint, NULL), WEIR_OK);
  world_run_until_noted(world, "C connect", 1);
  world_run_until_noted(world, "V connection", 1);
  world_run_until_noted(world, "C connect", 1);
  expect_equal(local_of(accepted.sockets[0]), remote_of(client));
  assert_int_equal(local_of(accepted.sockets[0]).bytes[0], 127);
}

static struct {
  struct backend_operations operations;
  const struct backend_operations *real;
} deaf;

static weir_code refuse_local_address(struct backend *backend, struct connection *connection, enum control control,
                                      void *argument) {
  if (control == CONTROL_LOCAL_ADDRESS) return WEIR_ENOBUFS;
  return deaf.real->control(backend, connection, control, argument);
}

/* A server knows its own address without asking. */
static void an_address_that_the_system_does_not_tell_is_none(struct world *world) {
  deaf.real = world->loop->operations;
  deaf.operations = *deaf.real;
  deaf.operations.control = refuse_local_address;
  world->loop->operations = &deaf.operations;
  struct world_pair pair = pair_open(world, 0, 0);
  weir_address address = {.port = 1};
  bool found = weir_socket_local_address(pair.client, &address);
  expect_none(found, &address);
  expect_equal(remote_of(pair.client), bound_to(pair.server));
  expect_equal(local_of(pair.accepted), bound_to(pair.server));
  assert_int_equal(weir_socket_get_state(pair.client), WEIR_SOCKET_OPEN);
  pair_end(world, &pair);
}

static void an_error_says_whom_it_is_about(struct world *world) {
  char text[WEIR_ADDRESS_TEXT_BYTES];
  struct world_pair pair = pair_open(world, WORLD_TRACE_DATA, WORLD_TRACE_DATA);
  const weir_address client = local_of(pair.client);
  weir_address_format(&client, text, sizeof text);
  weir_socket_reset_and_destroy(pair.client);
  world_run(world);
  const weir_error *error = weir_socket_error(pair.accepted);
  assert_non_null(error);
  assert_string_equal(error->operation, "read");
  assert_string_equal(error->address, text);
}

/* ---- turned away ---- */

static void note_drop(const weir_event *event, void *user) {
  char local[WEIR_ADDRESS_TEXT_BYTES] = "none";
  struct world *world = user;
  assert_int_equal(event->drop->local == NULL, event->drop->remote == NULL);
  if (event->drop->local != NULL) weir_address_format(event->drop->local, local, sizeof local);
  world_note(world, "drop", "%s", local);
  if (event->drop->remote != NULL) *(weir_address *)world->user = *event->drop->remote;
}

static void a_drop_tells_who_it_was(struct world *world) {
  weir_address who;
  world->user = &who;
  weir_server *server = world_listen(world, NULL, NULL, NULL);
  world_on_server(server, WEIR_EVENT_DROP, note_drop, world);
  weir_server_set_max_connections(server, 0);
  weir_socket *client = world_connect_traced(world, "C");
  weir_socket_resume(client);
  world_run_until_noted(world, "C close", 1);
  if (world->tcp) {
    world_expect(world, "drop", weir_server_address(server));
    expect_equal(who, local_of(client));
  } else {
    world_expect(world, "drop", "none");
  }
}

static weir_server *listen_with_block_list(struct world *world, const char *rule) {
  weir_block_list *list = NULL;
  assert_int_equal(weir_block_list_create(NULL, &list), WEIR_OK);
  assert_int_equal(weir_block_list_add(list, rule), WEIR_OK);
  weir_server_options options = weir_server_options_default();
  options.block_list = list;
  weir_server *server = world_listen(world, &options, NULL, NULL);
  weir_block_list_release(list); /* the server holds it */
  world_trace_server(world, server, "V");
  return server;
}

static void a_blocked_client_is_turned_away(struct world *world) {
  listen_with_block_list(world, "127.0.0.0/8");
  weir_socket *client = world_connect_traced(world, "C");
  weir_socket_resume(client);
  world_run_until_noted(world, "C close", 1);
  world_expect(world, "V", "");
  assert_int_equal(world_count(world, "C error"), world_count(world, "C error(ECONNRESET)"));
}

static void a_block_list_spares_everyone_else(struct world *world) {
  listen_with_block_list(world, "10.0.0.0/8");
  world_connect_traced(world, "C");
  world_run_until_noted(world, "V connection", 1);
}

/* ---- all connections at once ---- */

static void a_server_ends_all_its_connections(struct world *world) {
  struct world_accepted accepted = {.trace = WORLD_TRACE_DATA};
  weir_server *server = world_listen_and_keep(world, &accepted);
  weir_socket_resume(world_connect_traced(world, "C1"));
  weir_socket_resume(world_connect_traced(world, "C2"));
  world_run_until_noted(world, "V connection", 2);
  weir_server_close(server, NULL, NULL);
  weir_server_end_connections(server);
  weir_server_end_connections(server);
  assert_int_equal(weir_socket_get_state(accepted.sockets[0]), WEIR_SOCKET_READ_ONLY);
  world_run(world);
  world_expect(world, "C1", "connect end finish close(false)");
  world_expect(world, "C2", "connect end finish close(false)");
  world_expect(world, "V", "listening connection connection close");
}

static void a_server_destroys_all_its_connections(struct world *world) {
  struct world_accepted accepted = {.trace = WORLD_TRACE_DATA};
  weir_server *server = world_listen_and_keep(world, &accepted);
  weir_socket_resume(world_connect_traced(world, "C1"));
  weir_socket_resume(world_connect_traced(world, "C2"));
  world_run_until_noted(world, "V connection", 2);
  weir_socket_destroy(accepted.sockets[1], NULL);
  weir_server_close(server, NULL, NULL);
  weir_server_destroy_connections(server);
  world_note(world, "V", "returned");
  world_run(world);
  world_expect(world, "S1", "close(false)");
  world_expect(world, "S2", "close(false)");
  world_expect_before(world, "S2 close", "S1 close");
  world_expect(world, "V", "listening connection connection returned close");
}

#define TCP_ONLY(rows, function) WORLD_CASE_EXCEPT(rows, function, WORLD_NOT_LOCAL, "local sockets have no addresses")

static const struct world_case cases[] = {
    WORLD_CASE_EXCEPT("EO-51 S081", local_sockets_have_no_addresses, WORLD_NOT_TCP, "TCP has addresses"),
    TCP_ONLY("EO-51 S103 S104 S107 S108 S109 S164 A155 A156 M32", both_ends_agree_on_the_addresses),
    TCP_ONLY("EO-51 D11 X14 S107", addresses_stay_readable_after_close),
    TCP_ONLY("A156 A157 S081", there_are_no_addresses_before_the_connection),
    WORLD_CASE("A154", a_failed_connect_leaves_no_addresses),
    TCP_ONLY("A161", an_address_that_the_system_does_not_tell_is_none),
    TCP_ONLY("", an_error_says_whom_it_is_about),
    TCP_ONLY("A160", each_life_has_its_own_addresses),
    TCP_ONLY("EO-51 S041 S149 S058 M21 X15", a_server_says_where_it_listens),
    TCP_ONLY("S103", a_client_of_every_address_is_told_which_one_it_met),
    WORLD_CASE("EO-18 M02 D9", a_drop_tells_who_it_was),
    TCP_ONLY("A352 M07", a_blocked_client_is_turned_away),
    WORLD_CASE("A352 M07", a_block_list_spares_everyone_else),
    WORLD_CASE("M18", a_server_ends_all_its_connections),
    WORLD_CASE("M18", a_server_destroys_all_its_connections),
};

int main(int argc, char **argv) { return world_main(argc, argv, "who", cases, sizeof cases / sizeof *cases); }
