/* SPDX-License-Identifier: MIT */
/* Breaking a connection off, and what both ends see of it. */
#include "support/pair.h"

static void a_socket_that_was_never_connected_fails(struct world *world) {
  weir_socket *socket = world_socket(world, NULL);
  world_trace_socket(world, socket, "C", 0);
  assert_int_equal(weir_socket_reset_and_destroy(socket), WEIR_OK);
  assert_true(weir_socket_destroyed(socket));
  world_note(world, "C", "returned");
  world_run(world);
  world_expect(world, "C", "returned error(ENOTCONN) close(true)");
  assert_string_equal(weir_socket_error(socket)->operation, "reset");
  assert_int_equal(weir_socket_reset_and_destroy(NULL), WEIR_EINVAL);
}

static void a_local_connection_cannot_be_reset(struct world *world) {
  struct world_pair pair = pair_open(world, WORLD_TRACE_DATA, 0);
  assert_int_equal(weir_socket_reset_and_destroy(pair.client), WEIR_ENOTSUP);
  assert_int_equal(world_write(pair.client, "still here"), 1);
  pair_end(world, &pair);
  world_expect(world, "S", "data(still here) end finish close(false)");
  world_expect(world, "C", "finish end close(false)");
}

static void a_connect_to_a_local_name_cannot_be_reset(struct world *world) {
  world_listen(world, NULL, world_end_on, NULL);
  weir_socket *client = world_connect_traced(world, "C");
  assert_int_equal(weir_socket_reset_and_destroy(client), WEIR_ENOTSUP);
  world_run_until_noted(world, "C close", 1);
  world_expect(world, "C", "connect end finish close(false)");
}

static void the_peer_sees_a_reset(struct world *world) {
  struct world_pair pair = pair_open(world, WORLD_TRACE_DATA, WORLD_TRACE_DATA);
  assert_int_equal(weir_socket_reset_and_destroy(pair.client), WEIR_OK);
  assert_true(weir_socket_destroyed(pair.client));
  world_run(world);
  world_expect(world, "C", "close(false)");
  world_expect(world, "S", "error(ECONNRESET) close(true)");
}

static void a_server_can_reset_its_clients(struct world *world) {
  struct world_pair pair = pair_open(world, WORLD_TRACE_DATA, WORLD_TRACE_DATA);
  assert_int_equal(weir_server_close(pair.server, NULL, NULL), WEIR_OK);
  assert_int_equal(weir_socket_reset_and_destroy(pair.accepted), WEIR_OK);
  world_run(world);
  world_expect(world, "S", "close(false)");
  world_expect(world, "C", "error(ECONNRESET) close(true)");
  world_expect(world, "V", "close");
}

static void resetting_twice_and_destroying_is_resetting_once(struct world *world) {
  struct world_pair pair = pair_open(world, WORLD_TRACE_DATA, WORLD_TRACE_DATA);
  assert_int_equal(weir_socket_reset_and_destroy(pair.client), WEIR_OK);
  assert_int_equal(weir_socket_reset_and_destroy(pair.client), WEIR_OK);
  weir_socket_destroy(pair.client, NULL);
  assert_int_equal(world_write_noted(world, pair.client, "C", "late"), WEIR_EDESTROYED);
  world_run(world);
  world_expect(world, "C", "write-cb(EDESTROYED) close(false)");
  world_expect(world, "S", "error(ECONNRESET) close(true)");
}

static void reset_on(const weir_event *event, void *unused) {
  (void)unused;
  assert_int_equal(weir_socket_reset_and_destroy(event->socket), WEIR_OK);
}

static void resetting_while_failing_changes_nothing(struct world *world) {
  struct world_pair pair = pair_open(world, WORLD_TRACE_DATA, WORLD_TRACE_DATA);
  world_on(pair.client, WEIR_EVENT_ERROR, reset_on, NULL);
  assert_int_equal(weir_socket_reset_and_destroy(pair.accepted), WEIR_OK);
  world_run(world);
  world_expect(world, "C", "error(ECONNRESET) close(true)");
}

static void queued_writes_are_canceled(struct world *world) {
  struct world_pair pair = pair_open(world, 0, 0);
  weir_socket_pause(pair.accepted);
  for (int i = 0; i < 64; i++) world_write_pattern(world, pair.client, "C", i < 63 ? "early" : "last", 1 << 18, 0);
  world_run_for(world, 20);
  world_forget(world);
  assert_true(weir_socket_buffered(pair.client) > 0);
  assert_int_equal(weir_socket_reset_and_destroy(pair.client), WEIR_OK);
  weir_socket_resume(pair.accepted);
  world_run(world);
  assert_int_equal(world_count(world, "C last(ECANCELED)"), 1);
  assert_int_equal(world_count(world, "S error(ECONNRESET)"), 1);
}

static void what_was_sent_before_comes_before_the_reset(struct world *world) {
  weir_server_options options = weir_server_options_default();
  options.pause_on_connect = true;
  struct world_pair pair =
      pair_open_with(world, &(struct world_pair_options){.server = &options, .server_trace = WORLD_TRACE_DATA});
  world_write_noted(world, pair.client, "C", "last words");
  world_run_until_noted(world, "C write-cb", 1);
  assert_int_equal(weir_socket_reset_and_destroy(pair.client), WEIR_OK);
  world_run_until_noted(world, "C close", 1);
  assert_int_equal(world_count(world, "S data"), 0);
  weir_socket_resume(pair.accepted);
  world_run(world);
  world_expect(world, "S", "data(last words) error(ECONNRESET) close(true)");
}

static void a_reset_waits_for_the_connect_and_sends_what_goes(struct world *world) {
  struct world_accepted accepted = {.trace = WORLD_TRACE_DATA};
  weir_server *server = world_listen_and_keep(world, &accepted);
  weir_socket *client = world_connect_traced(world, "C");
  world_write_noted(world, client, "C", "abc");
  assert_int_equal(weir_socket_reset_and_destroy(client), WEIR_OK);
  assert_true(weir_socket_connecting(client));
  assert_false(weir_socket_destroyed(client));
  world_run_until_noted(world, "S1 close", 1);
  weir_server_close(server, NULL, NULL);
  world_run(world);
  /* In the simulator writes come short; what was not taken at once is given up. */
  world_expect_either(world, "C", "connect write-cb close(false)",
                      world->simulated ? "connect write-cb(ECANCELED) close(false)" : "");
  if (world_count(world, "C write-cb(ECANCELED)") == 0)
    world_expect(world, "S1", "data(abc) error(ECONNRESET) close(true)");
}

static void a_destroyed_connect_is_not_reset_any_more(struct world *world) {
  world_listen(world, NULL, NULL, NULL);
  weir_socket *client = world_connect_traced(world, "C");
  assert_int_equal(weir_socket_reset_and_destroy(client), WEIR_OK);
  weir_socket_destroy(client, NULL);
  world_run_until_noted(world, "C close", 1);
  world_expect(world, "C", "close(false)");
}

static void a_reset_is_of_one_life_only(struct world *world) {
  struct world_accepted accepted = {.trace = WORLD_TRACE_DATA};
  weir_server *server = world_listen_and_keep(world, &accepted);
  weir_socket *client = world_connect_traced(world, "C");
  assert_int_equal(weir_socket_reset_and_destroy(client), WEIR_OK);
  world_run_until_noted(world, "C close", 1);
  assert_int_equal(weir_socket_connect(client, world->endpoint, NULL), WEIR_OK);
  weir_socket_end(client, NULL);
  world_run_until_noted(world, "C close", 2);
  weir_server_close(server, NULL, NULL);
  world_run(world);
  world_expect(world, "C", "connect close(false) connect finish end close(false)");
}

#define LOCAL_ONLY(rows, function) WORLD_CASE_EXCEPT(rows, function, WORLD_NOT_TCP, "TCP can be reset")
#define TCP_ONLY(rows, function) WORLD_CASE_EXCEPT(rows, function, WORLD_NOT_LOCAL, "local sockets know no reset")

static const struct world_case cases[] = {
    WORLD_CASE("EO-37 A106 M34", a_socket_that_was_never_connected_fails),
    LOCAL_ONLY("EO-37 M34", a_local_connection_cannot_be_reset),
    LOCAL_ONLY("EO-37", a_connect_to_a_local_name_cannot_be_reset),
    TCP_ONLY("EO-37 A105 M34", the_peer_sees_a_reset),
    TCP_ONLY("A108", a_server_can_reset_its_clients),
    TCP_ONLY("A103 A111", resetting_twice_and_destroying_is_resetting_once),
    TCP_ONLY("A112", resetting_while_failing_changes_nothing),
    TCP_ONLY("EO-37 A111", queued_writes_are_canceled),
    TCP_ONLY("EO-37", a_reset_waits_for_the_connect_and_sends_what_goes),
    TCP_ONLY("A104", a_destroyed_connect_is_not_reset_any_more),
    TCP_ONLY("EO-37", a_reset_is_of_one_life_only),
    WORLD_CASE_EXCEPT("EO-37 D6", what_was_sent_before_comes_before_the_reset, WORLD_NOT_LOCAL | WORLD_NOT_WINDOWS,
                      "only TCP is reset, and Windows drops what was not read by then"),
};

int main(int argc, char **argv) { return world_main(argc, argv, "reset", cases, sizeof cases / sizeof *cases); }
