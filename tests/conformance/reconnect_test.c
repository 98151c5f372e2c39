/* SPDX-License-Identifier: MIT */
/*
 * Connecting one socket object again: from its `close`, right after a destroy, and too early.
 */
#include "support/pair.h"
#include "support/world.h"

struct again {
  const char *endpoint;
  int left;
  int wrong;
};

static void connect_again(const weir_event *event, void *user) {
  struct again *again = user;
  if (again->left-- <= 0) return;
  if (weir_socket_connect(event->socket, again->endpoint, NULL) != WEIR_OK) again->wrong++;
}

static void end_with_text(const weir_event *event, void *unused) {
  (void)unused;
  weir_write write = weir_write_default();
  write.bytes = "hello";
  write.length = 5;
  weir_socket_resume(event->connection);
  weir_socket_end(event->connection, &write);
}

static void one_socket_connects_fifty_times_from_its_close(struct world *world) {
  weir_server_unref(world_listen(world, NULL, end_with_text, NULL));
  weir_socket *socket = world_connect(world, NULL);
  struct again again = {world->endpoint, 49, 0};
  world_trace_socket(world, socket, "C", WORLD_TRACE_DATA);
  weir_socket_on(socket, WEIR_EVENT_CLOSE, connect_again, &again);
  world_run(world);
  assert_int_equal(again.wrong, 0);
  assert_int_equal(world_count(world, "C connect"), 50);
  assert_int_equal(world_count(world, "C data(hello)"), 50);
  assert_int_equal(world_count(world, "C close(false)"), 50);
}

static void one_socket_is_refused_twenty_times_from_its_close(struct world *world) {
  weir_socket *socket = world_connect(world, NULL);
  struct again again = {world->endpoint, 19, 0};
  world_trace_socket(world, socket, "C", 0);
  weir_socket_on(socket, WEIR_EVENT_CLOSE, connect_again, &again);
  world_run(world);
  assert_int_equal(again.wrong, 0);
  assert_int_equal(world_count(world, "C error"), 20);
  assert_int_equal(world_count(world, "C close(true)"), 20);
}

static void note_counters(const weir_event *event, void *user) {
  world_note(user, "counters", "%u/%u", (unsigned)weir_socket_bytes_read(event->socket),
             (unsigned)weir_socket_bytes_written(event->socket));
}

static void write_three(const weir_event *event, void *unused) {
  (void)unused;
  world_write(event->socket, "abc");
}

static void counters_restart_while_listeners_and_encoding_stay(struct world *world) {
  weir_server_unref(world_listen(world, NULL, end_with_text, NULL));
  weir_socket *socket = world_socket(world, NULL);
  struct again again = {world->endpoint, 1, 0};
  weir_socket_set_encoding(socket, WEIR_ENCODING_HEX);
  world_trace_socket(world, socket, "C", WORLD_TRACE_DATA);
  weir_socket_on(socket, WEIR_EVENT_CONNECT, note_counters, world);
  weir_socket_on(socket, WEIR_EVENT_CONNECT, write_three, NULL);
  weir_socket_on(socket, WEIR_EVENT_CLOSE, note_counters, world);
  weir_socket_on(socket, WEIR_EVENT_CLOSE, connect_again, &again);
  assert_int_equal(weir_socket_connect(socket, world->endpoint, NULL), WEIR_OK);
  world_run(world);
  world_expect(world, "counters", "0/0 5/3 0/0 5/3");
  assert_int_equal(world_count(world, "C data(68656c6c6f)"), 2);
}

static void a_connect_right_after_destroy_starts_when_the_old_close_has_come(struct world *world) {
  struct world_pair pair = pair_open(world, 0, 0);
  weir_socket_destroy(pair.client, NULL);
  assert_int_equal(weir_socket_connect(pair.client, world->endpoint, NULL), WEIR_OK);
  assert_true(weir_socket_connecting(pair.client));
  world_run_until_noted(world, "C connect", 1);
  world_expect(world, "C", "close(false) connect");
  assert_int_equal(weir_socket_get_state(pair.client), WEIR_SOCKET_OPEN);
  weir_socket_destroy(pair.client, NULL);
  world_run(world);
}

static void a_connect_after_an_error_forgets_the_error(struct world *world) {
  weir_socket *socket = world_connect(world, NULL);
  world_run(world);
  assert_non_null(weir_socket_error(socket));
  weir_server_unref(world_listen(world, NULL, world_destroy_on, NULL));
  assert_int_equal(weir_socket_connect(socket, world->endpoint, NULL), WEIR_OK);
  assert_null(weir_socket_error(socket));
  assert_false(weir_socket_destroyed(socket));
  world_trace_socket(world, socket, "C", 0);
  world_run(world);
  world_expect(world, "C", "connect end finish close(false)");
}

static void a_connect_while_connecting_is_refused_and_the_first_goes_on(struct world *world) {
  weir_server_unref(world_listen(world, NULL, world_destroy_on, NULL));
  weir_socket *socket = world_connect(world, NULL);
  world_trace_socket(world, socket, "C", 0);
  assert_int_equal(weir_socket_connect(socket, world->endpoint, NULL), WEIR_EALREADY);
  world_run(world);
  world_expect(world, "C", "connect end finish close(false)");
}

static void a_connect_while_connected_is_refused_and_the_connection_goes_on(struct world *world) {
  struct world_pair pair = pair_open(world, WORLD_TRACE_DATA, 0);
  assert_int_equal(weir_socket_connect(pair.client, world->endpoint, NULL), WEIR_EISCONN);
  assert_int_equal(weir_socket_connect(pair.accepted, world->endpoint, NULL), WEIR_EISCONN);
  world_write(pair.client, "still here");
  pair_end(world, &pair);
  world_expect(world, "S", "data(still here) end finish close(false)");
}

static void an_accepted_socket_may_connect_after_its_close(struct world *world) {
  struct world_pair pair = pair_open(world, 0, 0);
  pair_end(world, &pair);
  world_forget(world);
  assert_int_equal(weir_socket_connect(pair.accepted, world->endpoint, NULL), WEIR_OK);
  world_run_until_noted(world, "S connect", 1);
  assert_null(weir_socket_server(pair.accepted));
  weir_socket_destroy(pair.accepted, NULL);
  world_run(world);
}

/* As destroying the socket once more does. */
static void a_server_that_destroys_its_connections_takes_back_what_they_would_connect_to(struct world *world) {
  struct world_pair pair = world_pair(world, NULL);
  weir_socket_destroy(pair.accepted, NULL);
  assert_int_equal(weir_socket_connect(pair.accepted, world->endpoint, NULL), WEIR_OK);
  weir_server_destroy_connections(pair.server);
  weir_server_close(pair.server, NULL, NULL);
  weir_socket_resume(pair.client);
  world_run(world);
  world_expect(world, "S", "close(false)");
}

static void connect_to_world(const weir_event *event, void *world) {
  const char *endpoint = ((const struct world *)world)->endpoint;
  assert_int_equal(weir_socket_connect(event->socket, endpoint, NULL), WEIR_OK);
}

static void destroy_connections_of(const weir_event *event, void *server) {
  (void)event;
  weir_server_destroy_connections(server);
}

static void a_socket_whose_close_has_come_is_not_its_servers_any_more(struct world *world) {
  struct world_pair pair = world_pair(world, NULL);
  const weir_error error = {.code = WEIR_EPROTO, .operation = "test", .address = "", .hint = ""};
  weir_socket_once(pair.accepted, WEIR_EVENT_ERROR, connect_to_world, world);
  weir_socket_once(pair.accepted, WEIR_EVENT_CLOSE, destroy_connections_of, pair.server);
  weir_socket_destroy(pair.accepted, &error);
  world_run_until_noted(world, "S connect", 1);
  weir_socket_destroy(pair.accepted, NULL);
  weir_socket_destroy(pair.client, NULL);
  weir_server_close(pair.server, NULL, NULL);
  world_run_until_noted(world, "S close(false)", 1);
  weir_server_destroy_connections(pair.server);
  world_run(world);
}

static void a_paused_socket_flows_again_after_a_reconnect(struct world *world) {
  weir_server_unref(world_listen(world, NULL, end_with_text, NULL));
  weir_socket *socket = world_connect(world, NULL);
  world_trace_socket(world, socket, "C", WORLD_TRACE_DATA);
  weir_socket_pause(socket);
  world_run_until_noted(world, "C connect", 1);
  weir_socket_destroy(socket, NULL);
  world_run(world);
  assert_int_equal(weir_socket_connect(socket, world->endpoint, NULL), WEIR_OK);
  weir_socket_resume(socket);
  world_run(world);
  world_expect(world, "C", "connect close(false) connect data(hello) end finish close(false)");
}

/* ---- many -------------------------------------------------------------------------------------------------------- */

static void end_with_much(const weir_event *event, void *user) {
  world_write_pattern(user, event->connection, "S", "write-cb", 40000, 0);
  weir_socket_end(event->connection, NULL);
}

static void fifty_clients_reconnect_three_times_each(struct world *world) {
  enum { CLIENTS = 50 };
  struct again again[CLIENTS];
  weir_socket *clients[CLIENTS];
  weir_server_unref(world_listen(world, NULL, end_with_much, world));
  for (int i = 0; i < CLIENTS; i++) {
    again[i] = (struct again){world->endpoint, 3, 0};
    clients[i] = world_connect(world, NULL);
    world_trace_socket(world, clients[i], "C", 0);
    weir_socket_on(clients[i], WEIR_EVENT_CLOSE, connect_again, &again[i]);
    weir_socket_resume(clients[i]);
  }
  world_run(world);
  assert_int_equal(world_count(world, "C connect"), 4 * CLIENTS);
  assert_int_equal(world_count(world, "C close(false)"), 4 * CLIENTS);
  for (int i = 0; i < CLIENTS; i++) assert_int_equal(weir_socket_bytes_read(clients[i]), 40000);
}

static const struct world_case cases[] = {
    WORLD_CASE("EO-45 A024", one_socket_connects_fifty_times_from_its_close),
    WORLD_CASE("EO-45 A031", one_socket_is_refused_twenty_times_from_its_close),
    WORLD_CASE("EO-45 A152", counters_restart_while_listeners_and_encoding_stay),
    WORLD_CASE("EO-45", a_connect_right_after_destroy_starts_when_the_old_close_has_come),
    WORLD_CASE("EO-45", a_connect_after_an_error_forgets_the_error),
    WORLD_CASE("EO-45", a_connect_while_connecting_is_refused_and_the_first_goes_on),
    WORLD_CASE("EO-45", a_connect_while_connected_is_refused_and_the_connection_goes_on),
    WORLD_CASE("EO-45", an_accepted_socket_may_connect_after_its_close),
    WORLD_CASE("EO-45", a_server_that_destroys_its_connections_takes_back_what_they_would_connect_to),
    WORLD_CASE("EO-45", a_socket_whose_close_has_come_is_not_its_servers_any_more),
    WORLD_CASE("EO-45 EO-10", a_paused_socket_flows_again_after_a_reconnect),
    WORLD_CASE("A358", fifty_clients_reconnect_three_times_each),
};

int main(int argc, char **argv) { return world_main(argc, argv, "reconnect", cases, sizeof cases / sizeof *cases); }
