/* SPDX-License-Identifier: MIT */
/*
 * What keeps a loop running, situation by situation. Each case arranges a situation, lets everything settle, and asks
 * the loop whether it is alive; where it is not, a run must also return.
 *
 * Weir differs from Node in one row on purpose: an open referenced socket keeps the loop alive whether it reads or not.
 */
#include "support/pair.h"
#include "support/world.h"

/* A pair of which nothing keeps the loop alive but what the case does with the client. */
static struct world_pair quiet_pair(struct world *world) {
  struct world_pair pair = pair_open(world, 0, 0);
  weir_socket_unref(pair.accepted);
  return pair;
}

static void expect_alive(struct world *world) {
  world_run_for(world, 20);
  assert_true(weir_loop_alive(world->loop));
}

/* Closing takes its time: a pipe's server has many instances. */
static void expect_over(struct world *world) {
  for (int i = 0; i < 500 && weir_loop_alive(world->loop); i++) world_run_for(world, 20);
  assert_false(weir_loop_alive(world->loop));
  world_run(world);
}

/* ---- servers ---------------------------------------------------------------------------------------------------- */

static void a_listening_server_keeps_the_loop_alive(struct world *world) {
  weir_server *server = world_listen(world, NULL, NULL, NULL);
  assert_true(weir_server_has_ref(server));
  expect_alive(world);
  weir_server_close(server, NULL, NULL);
  expect_over(world);
}

static void a_server_unreferenced_before_listen_does_not(struct world *world) {
  weir_server *server = world_server(world, NULL, NULL, NULL);
  assert_ptr_equal(weir_server_unref(server), server);
  assert_int_equal(weir_server_listen(server, world->endpoint, NULL), WEIR_OK);
  expect_over(world);
  assert_true(weir_server_listening(server));
}

static void unref_server(const weir_event *event, void *unused) {
  (void)unused;
  weir_server_unref(event->server);
}

static void a_server_unreferenced_while_it_begins_to_listen_does_not(struct world *world) {
  weir_server *server = world_server(world, NULL, NULL, NULL);
  assert_int_equal(weir_server_on(server, WEIR_EVENT_LISTENING, unref_server, NULL), WEIR_OK);
  assert_int_equal(weir_server_listen(server, world->endpoint, NULL), WEIR_OK);
  world_run(world);
  assert_true(weir_server_listening(server));
}

static void a_server_unreferenced_later_does_not_and_ref_undoes_it(struct world *world) {
  weir_server *server = world_listen(world, NULL, NULL, NULL);
  weir_server_unref(server);
  assert_ptr_equal(weir_server_unref(server), server);
  assert_false(weir_server_has_ref(server));
  expect_over(world);
  assert_ptr_equal(weir_server_ref(server), server);
  assert_ptr_equal(weir_server_ref(server), server);
  expect_alive(world);
  weir_server_unref(server);
  expect_over(world);
}

static void a_connection_keeps_the_loop_of_an_unreferenced_server_alive(struct world *world) {
  struct world_pair pair = pair_open(world, 0, 0);
  weir_socket_unref(pair.client);
  expect_alive(world);
  weir_socket_unref(pair.accepted);
  expect_over(world);
}

static void a_connection_keeps_the_loop_of_a_closed_server_alive(struct world *world) {
  struct world_pair pair = pair_open(world, 0, 0);
  weir_socket_unref(pair.client);
  weir_server_ref(pair.server);
  assert_int_equal(weir_server_close(pair.server, NULL, NULL), WEIR_OK);
  expect_alive(world);
  pair_end(world, &pair);
  world_expect(world, "V", "close");
}

static void unref_server_of(const weir_event *event, void *unused) {
  (void)unused;
  weir_server_unref(weir_socket_server(event->socket));
}

static void a_server_unreferenced_when_its_client_ends_lets_the_program_end(struct world *world) {
  struct world_pair pair = world_pair(world, NULL);
  assert_true(weir_server_has_ref(pair.server));
  assert_int_equal(weir_socket_on(pair.accepted, WEIR_EVENT_END, unref_server_of, NULL), WEIR_OK);
  pair_end(world, &pair);
  assert_true(weir_server_listening(pair.server));
}

/* ---- connected sockets ------------------------------------------------------------------------------------------ */

static void a_reading_socket_keeps_the_loop_alive(struct world *world) {
  struct world_pair pair = quiet_pair(world);
  assert_true(weir_socket_has_ref(pair.client));
  weir_socket_resume(pair.client);
  expect_alive(world);
  pair_end(world, &pair);
}

static void a_paused_socket_keeps_the_loop_alive_too(struct world *world) {
  struct world_pair pair = quiet_pair(world);
  weir_socket_pause(pair.client);
  expect_alive(world);
  pair_end(world, &pair);
}

static void a_socket_paused_before_it_connects_keeps_the_loop_alive(struct world *world) {
  weir_server_unref(world_listen(world, NULL, NULL, NULL));
  weir_socket *client = world_connect(world, NULL);
  weir_socket_pause(client);
  world_trace_socket(world, client, "C", 0);
  world_run_until_noted(world, "C connect", 1);
  expect_alive(world);
  weir_socket_destroy(client, NULL);
  world_run(world);
}

static void a_socket_paused_on_connect_keeps_the_loop_alive(struct world *world) {
  weir_server_options options = weir_server_options_default();
  options.pause_on_connect = true;
  struct world_pair pair = pair_open_with(world, &(struct world_pair_options){.server = &options});
  weir_socket_unref(pair.client);
  expect_alive(world);
  weir_socket_unref(pair.accepted);
  expect_over(world);
}

static void a_socket_full_of_unread_data_keeps_the_loop_alive(struct world *world) {
  struct world_pair pair = pair_open(world, 0, 0);
  weir_socket_unref(pair.client);
  weir_socket_pause(pair.accepted);
  world_write_pattern(world, pair.client, "C", "write-cb", 70000, 0);
  world_run_until_noted(world, "C write-cb", 1);
  expect_alive(world);
  pair_end(world, &pair);
}

static void an_unreferenced_socket_does_not_and_ref_undoes_it(struct world *world) {
  struct world_pair pair = quiet_pair(world);
  assert_ptr_equal(weir_socket_unref(pair.client), pair.client);
  assert_false(weir_socket_has_ref(pair.client));
  expect_over(world);
  assert_ptr_equal(weir_socket_ref(pair.client), pair.client);
  expect_alive(world);
  pair_end(world, &pair);
}

static void unref_socket(const weir_event *event, void *unused) {
  (void)unused;
  weir_socket_unref(event->type == WEIR_EVENT_CONNECTION ? event->connection : event->socket);
}

static void a_socket_unreferenced_in_connect_lets_the_loop_end(struct world *world) {
  weir_server_unref(world_listen(world, NULL, unref_socket, NULL));
  weir_socket *client = world_connect(world, NULL);
  assert_int_equal(weir_socket_on(client, WEIR_EVENT_CONNECT, unref_socket, NULL), WEIR_OK);
  world_run(world);
  assert_int_equal(weir_socket_get_state(client), WEIR_SOCKET_OPEN);
}

static void an_unreferenced_connect_is_still_waited_for(struct world *world) {
  weir_server_unref(world_listen(world, NULL, unref_socket, NULL));
  weir_socket *client = world_connect(world, NULL);
  world_trace_socket(world, client, "C", 0);
  weir_socket_unref(client);
  world_run(world);
  world_expect(world, "C", "connect");
}

static void ref_and_unref_before_connect_are_remembered(struct world *world) {
  weir_server_unref(world_listen(world, NULL, unref_socket, NULL));
  weir_socket *client = world_socket(world, NULL);
  weir_socket_unref(client);
  weir_socket_ref(client);
  weir_socket_unref(client);
  assert_int_equal(weir_socket_connect(client, world->endpoint, NULL), WEIR_OK);
  expect_over(world);
  assert_int_equal(weir_socket_get_state(client), WEIR_SOCKET_OPEN);
  assert_false(weir_socket_has_ref(client));
}

static void a_write_of_an_unreferenced_socket_is_still_finished(struct world *world) {
  struct world_pair pair = pair_open(world, 0, 0);
  struct world_stream stream = {0, false};
  weir_socket_unref(pair.client);
  weir_socket_unref(pair.accepted);
  world_write_pattern(world, pair.client, "C", "write-cb", 16u << 20, 0);
  pair_check(pair.accepted, &stream);
  world_run(world);
  world_expect(world, "C", "drain write-cb");
  expect_over(world);
  assert_int_equal(weir_socket_buffered(pair.client), 0);
}

static void an_end_of_an_unreferenced_socket_is_still_finished(struct world *world) {
  struct world_pair pair = quiet_pair(world);
  weir_socket_unref(pair.client);
  world_end_noted(world, pair.client, "C", "bye");
  world_run(world);
  assert_int_equal(world_count(world, "C end-cb"), 1);
}

/* ---- nothing to wait for ---------------------------------------------------------------------------------------- */

static void a_socket_that_was_never_connected_does_not_keep_the_loop_alive(struct world *world) {
  weir_socket *socket = world_socket(world, NULL);
  expect_over(world);
  weir_socket_set_timeout(socket, 5000);
  expect_over(world);
  weir_socket_destroy(socket, NULL);
  world_run(world);
}

static void a_timeout_does_not_keep_the_loop_alive(struct world *world) {
  struct world_pair pair = quiet_pair(world);
  weir_socket_set_timeout(pair.client, 5000);
  weir_socket_set_timeout(pair.accepted, 30);
  weir_socket_unref(pair.client);
  expect_over(world);
  world_expect(world, "C", "");
}

static void a_closed_socket_does_not_keep_the_loop_alive(struct world *world) {
  struct world_pair pair = quiet_pair(world);
  pair_end(world, &pair);
  assert_true(weir_socket_has_ref(pair.client));
  expect_over(world);
}

static void do_nothing(weir_timer *timer, void *unused) {
  (void)timer;
  (void)unused;
}

static void a_timer_keeps_the_loop_alive_unless_unreferenced(struct world *world) {
  weir_timer *timer = NULL;
  assert_int_equal(weir_timer_create(world->loop, do_nothing, NULL, &timer), WEIR_OK);
  assert_false(weir_loop_alive(world->loop));
  assert_int_equal(weir_timer_start(timer, 5000, 0), WEIR_OK);
  expect_alive(world);
  weir_timer_unref(timer);
  expect_over(world);
  weir_timer_ref(timer);
  expect_alive(world);
  weir_timer_release(timer);
  expect_over(world);
}

static void a_loop_that_ended_runs_again_when_there_is_something_new(struct world *world) {
  world_run(world);
  weir_server *server = world_listen(world, NULL, NULL, NULL);
  world_trace_server(world, server, "V");
  weir_server_close(server, NULL, NULL);
  world_run(world);
  assert_int_equal(weir_server_listen(server, world->endpoint, NULL), WEIR_OK);
  world_run_until_noted(world, "V listening", 1);
  weir_server_close(server, NULL, NULL);
  world_run(world);
  world_expect(world, "V", "close listening close");
}

static const struct world_case cases[] = {
    WORLD_CASE("EO-39", a_listening_server_keeps_the_loop_alive),
    WORLD_CASE("EO-39 A139", a_server_unreferenced_before_listen_does_not),
    WORLD_CASE("EO-39", a_server_unreferenced_while_it_begins_to_listen_does_not),
    WORLD_CASE("EO-39 S011 S012 S062 S063 S158 S159 A140 A143 A144",
               a_server_unreferenced_later_does_not_and_ref_undoes_it),
    WORLD_CASE("EO-39", a_connection_keeps_the_loop_of_an_unreferenced_server_alive),
    WORLD_CASE("EO-39", a_connection_keeps_the_loop_of_a_closed_server_alive),
    WORLD_CASE("S175", a_server_unreferenced_when_its_client_ends_lets_the_program_end),
    WORLD_CASE("EO-39", a_reading_socket_keeps_the_loop_alive),
    WORLD_CASE("EO-39", a_paused_socket_keeps_the_loop_alive_too),
    WORLD_CASE("EO-39 A137", a_socket_paused_before_it_connects_keeps_the_loop_alive),
    WORLD_CASE("EO-39", a_socket_paused_on_connect_keeps_the_loop_alive),
    WORLD_CASE("EO-39", a_socket_full_of_unread_data_keeps_the_loop_alive),
    WORLD_CASE("EO-39 S106 S119 A144 A145", an_unreferenced_socket_does_not_and_ref_undoes_it),
    WORLD_CASE("EO-39 A142", a_socket_unreferenced_in_connect_lets_the_loop_end),
    WORLD_CASE("EO-39", an_unreferenced_connect_is_still_waited_for),
    WORLD_CASE("EO-39 A138", ref_and_unref_before_connect_are_remembered),
    WORLD_CASE("EO-39", a_write_of_an_unreferenced_socket_is_still_finished),
    WORLD_CASE("EO-39", an_end_of_an_unreferenced_socket_is_still_finished),
    WORLD_CASE("EO-39", a_socket_that_was_never_connected_does_not_keep_the_loop_alive),
    WORLD_CASE("EO-39 A141", a_timeout_does_not_keep_the_loop_alive),
    WORLD_CASE("EO-39 A145", a_closed_socket_does_not_keep_the_loop_alive),
    WORLD_CASE("EO-39 A342", a_timer_keeps_the_loop_alive_unless_unreferenced),
    WORLD_CASE("A149", a_loop_that_ended_runs_again_when_there_is_something_new),
};

int main(int argc, char **argv) { return world_main(argc, argv, "liveness", cases, sizeof cases / sizeof *cases); }
