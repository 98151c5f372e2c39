/* SPDX-License-Identifier: MIT */
/*
 * What a server does with its clients: telling of them, counting them, turning them away.
 */
#include "support/world.h"

/* ---- counting and turning away ---------------------------------------------------------------------------------- */

static void count_noted(struct world *world, weir_server *server) {
  assert_int_equal(weir_server_get_connections(server, world_note_count, world_mark(world, "V", NULL)), WEIR_OK);
}

static void count_and_destroy(const weir_event *event, void *user) {
  struct world *world = user;
  count_noted(world, event->server);
  world_note(world, "V", "counted");
}

static void connections_are_counted_later_at_any_time(struct world *world) {
  weir_server *server = world_server(world, NULL, NULL, NULL);
  count_noted(world, server);
  world_note(world, "V", "returned");
  world_run(world);
  assert_int_equal(weir_server_listen(server, world->endpoint, NULL), WEIR_OK);
  weir_server_close(server, NULL, NULL);
  world_run(world);
  count_noted(world, server);
  world_run(world);
  world_expect(world, "V", "returned count(0) count(0)");
}

static void a_connection_counts_until_it_is_destroyed(struct world *world) {
  struct world_accepted accepted = {.trace = WORLD_TRACE_LIFE};
  weir_server *server = world_listen_and_keep(world, &accepted);
  world_on_server(server, WEIR_EVENT_CONNECTION, count_and_destroy, world);
  world_connect_traced(world, "C");
  world_run_until_noted(world, "V count", 1);
  weir_socket_destroy(accepted.sockets[0], NULL);
  count_noted(world, server);
  world_on(accepted.sockets[0], WEIR_EVENT_CLOSE, world_note_event, world_mark(world, "V", "closed"));
  world_run_until_noted(world, "V count(0)", 1);
  world_run_until_noted(world, "V closed", 1);
  world_expect_either(world, "V", "listening connection counted count(1) count(0) closed",
                      "listening connection counted count(1) closed count(0)");
}

static void clients_above_the_limit_are_dropped(struct world *world) {
  struct world_accepted accepted = {.trace = WORLD_TRACE_LIFE};
  weir_server *server = world_listen_and_keep(world, &accepted);
  assert_int_equal(weir_server_max_connections(server), WEIR_UNLIMITED);
  weir_server_set_max_connections(server, 1);
  assert_int_equal(weir_server_max_connections(server), 1);
  weir_socket *one = world_connect_traced(world, "C1");
  world_run_until_noted(world, "V connection", 1);
  world_connect_traced(world, "C2");
  world_run_until_noted(world, "C2 close", 1);
  world_expect_either(world, "C2", "connect end finish close(false)", "connect error(ECONNRESET) close(true)");
  count_noted(world, server);
  weir_socket_end(one, NULL);
  world_run_until_noted(world, "S1 close", 1);
  world_connect_traced(world, "C3");
  world_run_until_noted(world, "V connection", 2);
  world_expect(world, "V", "listening connection drop count(1) connection");
}

static void a_limit_of_nothing_drops_everyone(struct world *world) {
  struct world_accepted accepted = {.trace = WORLD_TRACE_LIFE};
  weir_server *server = world_listen_and_keep(world, &accepted);
  weir_server_set_max_connections(server, 0);
  world_connect_traced(world, "C1");
  world_connect_traced(world, "C2");
  world_run_until_noted(world, "C1 close", 1);
  world_run_until_noted(world, "C2 close", 1);
  world_expect(world, "V", "listening drop drop");
  weir_server_set_max_connections(server, WEIR_UNLIMITED);
  world_connect_traced(world, "C3");
  world_run_until_noted(world, "V connection", 1);
}

static void greet(const weir_event *event, void *unused) {
  (void)unused;
  world_write(event->connection, "x");
}

static void ten_of_twenty_clients_are_served(struct world *world) {
  struct world_accepted accepted = {.trace = WORLD_TRACE_LIFE};
  weir_server *server = world_listen_and_keep(world, &accepted);
  world_on_server(server, WEIR_EVENT_CONNECTION, greet, NULL);
  weir_server_set_max_connections(server, 10);
  for (size_t i = 1; i <= 20; i++) {
    world_connect_traced(world, i <= 10 ? "served" : "dropped");
    world_run_until_noted(world, i <= 10 ? "served data" : "dropped close", i <= 10 ? i : i - 10);
  }
  assert_int_equal(accepted.count, 10);
  assert_int_equal(world_count(world, "V drop"), 10);
  assert_int_equal(world_count(world, "dropped data"), 0);
  assert_int_equal(world_count(world, "served close"), 0);
}

/* ---- connections ------------------------------------------------------------------------------------------------ */

static void every_connection_listener_hears_of_the_client(struct world *world) {
  weir_server *server = world_listen(world, NULL, world_note_event, world_mark(world, "V", "from-create"));
  world_on_server(server, WEIR_EVENT_CONNECTION, world_note_event, world_mark(world, "V", "added"));
  world_connect_traced(world, "C");
  world_run_until_noted(world, "V added", 1);
  world_expect(world, "V", "from-create added");
}

static void an_accepted_socket_knows_its_server_and_is_open(struct world *world) {
  struct world_pair pair = world_pair(world, NULL);
  assert_ptr_equal(weir_socket_server(pair.accepted), pair.server);
  assert_null(weir_socket_server(pair.client));
  assert_int_equal(weir_socket_get_state(pair.accepted), WEIR_SOCKET_OPEN);
  assert_ptr_equal(weir_socket_loop(pair.accepted), world->loop);
  assert_false(weir_socket_connecting(pair.accepted));
}

static void a_released_server_goes_on_listening_until_closed(struct world *world) {
  weir_server *server = NULL;
  assert_int_equal(weir_server_create(world->loop, NULL, NULL, NULL, &server), WEIR_OK);
  world_trace_server(world, server, "V");
  assert_int_equal(weir_server_listen(server, world->endpoint, NULL), WEIR_OK);
  world_on_server(server, WEIR_EVENT_CONNECTION, world_destroy_on, NULL);
  world_on_server(server, WEIR_EVENT_CONNECTION, world_close_server_on, server);
  weir_server_release(server);
  world_run_until_noted(world, "V listening", 1);
  world_connect_traced(world, "C");
  world_run(world);
  world_expect(world, "V", "listening connection close");
}

static const struct world_case cases[] = {
    WORLD_CASE("EO-19 S044 S152 S156 A019 M20", connections_are_counted_later_at_any_time),
    WORLD_CASE("EO-19 S026 S044", a_connection_counts_until_it_is_destroyed),
    WORLD_CASE("EO-18 S060 S161 A178 M02", clients_above_the_limit_are_dropped),
    WORLD_CASE("EO-18 A177 M03 X16", a_limit_of_nothing_drops_everyone),
    WORLD_CASE("EO-18 A179", ten_of_twenty_clients_are_served),
    WORLD_CASE("S014 S018 S038 S130 S143 S145 S182", every_connection_listener_hears_of_the_client),
    WORLD_CASE("M33 S014", an_accepted_socket_knows_its_server_and_is_open),
    WORLD_CASE("", a_released_server_goes_on_listening_until_closed),
};

int main(int argc, char **argv) { return world_main(argc, argv, "accept", cases, sizeof cases / sizeof *cases); }
