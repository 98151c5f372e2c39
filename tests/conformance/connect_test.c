/* SPDX-License-Identifier: MIT */
/*
 * Connecting: success and failure, what is told when, writing before the connection is made, and connecting again.
 */
#include "support/world.h"

/* ---- success ---------------------------------------------------------------------------------------------------- */

static weir_connect_options noted_connect(struct world *world, const char *text) {
  weir_connect_options options = weir_connect_options_default();
  options.listener = world_note_event;
  options.user = world_mark(world, "C", text);
  return options;
}

static void connect_listeners_run_later_in_their_order(struct world *world) {
  world_listen(world, NULL, NULL, NULL);
  weir_socket *client = world_socket(world, NULL);
  weir_connect_options options = noted_connect(world, "connect-cb");
  world_on(client, WEIR_EVENT_CONNECT, world_note_event, world_mark(world, "C", "first"));
  assert_int_equal(weir_socket_connect(client, world->endpoint, &options), WEIR_OK);
  world_on(client, WEIR_EVENT_CONNECT, world_note_event, world_mark(world, "C", "last"));
  world_note(world, "C", "returned");
  world_run_until_noted(world, "C last", 1);
  world_expect(world, "C", "returned first connect-cb last");
}

static void note_connecting(const weir_event *event, void *world) {
  bool open = weir_socket_get_state(event->socket) == WEIR_SOCKET_OPEN;
  world_note(world, "C", "%s", weir_socket_connecting(event->socket) ? "connecting" : open ? "open" : "neither");
}

static void connecting_is_true_until_connect(struct world *world) {
  world_listen(world, NULL, NULL, NULL);
  weir_socket *client = world_socket(world, NULL);
  world_on(client, WEIR_EVENT_CONNECT, note_connecting, world);
  assert_false(weir_socket_connecting(client));
  assert_int_equal(weir_socket_connect(client, world->endpoint, NULL), WEIR_OK);
  assert_true(weir_socket_connecting(client));
  assert_int_equal(weir_socket_get_state(client), WEIR_SOCKET_OPENING);
  world_run_until_noted(world, "C open", 1);
  world_expect(world, "C", "open");
}

static void a_socket_may_be_destroyed_in_connect(struct world *world) {
  world_listen(world, NULL, NULL, NULL);
  weir_socket *client = world_connect(world, NULL);
  world_trace_socket(world, client, "C", WORLD_TRACE_DATA);
  world_on(client, WEIR_EVENT_CONNECT, world_destroy_on, NULL);
  world_on(client, WEIR_EVENT_CONNECT, world_note_event, world_mark(world, "C", "later-listener"));
  world_run_until_noted(world, "C close", 1);
  world_expect(world, "C", "connect close(false)");
}

static void the_factory_makes_and_connects(struct world *world) {
  weir_connect_options options = noted_connect(world, "connect-cb");
  weir_socket *client = NULL;
  world_listen(world, NULL, world_end_on, NULL);
  assert_int_equal(weir_connect(world->loop, world->endpoint, NULL, &options, &client), WEIR_OK);
  world_keep_socket(world, client);
  world_trace_socket(world, client, "C", WORLD_TRACE_LIFE);
  world_run_until_noted(world, "C close", 1);
  assert_int_equal(weir_socket_connect(client, world->endpoint, NULL), WEIR_OK);
  world_run_until_noted(world, "C close", 2);
  world_expect(world, "C", "connect-cb connect end finish close(false) connect end finish close(false)");
}

/* ---- failure ---------------------------------------------------------------------------------------------------- */

static void check_failure(const weir_event *event, void *user) {
  struct world *world = user;
  char line[512];
  weir_error_format(event->error, line, sizeof line);
  assert_string_equal(event->error->operation, "connect");
  assert_non_null(strstr(line, world_format(world, "connect %s", weir_code_name(world->nobody))));
  assert_true(event->error->address[0] != '\0');
  assert_non_null(strstr(line, event->error->address));
  note_connecting(event, world);
}

static void a_failed_connect_tells_the_error_then_cancels_then_closes(struct world *world) {
  weir_socket *client = world_connect(world, NULL);
  world_trace_socket(world, client, "C", WORLD_TRACE_LIFE);
  world_on(client, WEIR_EVENT_ERROR, check_failure, world);
  assert_int_equal(world_write_noted(world, client, "C", "queued"), 1);
  world_end_noted(world, client, "C", NULL);
  world_note(world, "C", "returned");
  world_run(world);
  world_expect(world, "C",
               world_format(world, "returned error(%s) neither write-cb(ECANCELED) end-cb(ECANCELED) close(true)",
                            weir_code_name(world->nobody)));
  assert_true(weir_socket_destroyed(client));
  assert_int_equal(weir_socket_error(client)->code, world->nobody);
  assert_int_equal(weir_socket_get_state(client), WEIR_SOCKET_CLOSED);
}

static void the_callback_of_a_failed_connect_never_runs(struct world *world) {
  weir_connect_options options = noted_connect(world, "connect-cb");
  weir_socket *client = world_socket(world, NULL);
  world_trace_socket(world, client, "C", WORLD_TRACE_LIFE);
  assert_int_equal(weir_socket_connect(client, world->endpoint, &options), WEIR_OK);
  weir_socket_end(client, NULL);
  world_run(world);
  world_expect_nobody(world, "C");
}

struct repeated {
  struct world *world;
  unsigned left;
  unsigned errors;
};

static void connect_again(const weir_event *event, void *user) {
  struct repeated *repeated = user;
  repeated->errors += event->had_error;
  if (repeated->left-- > 0)
    assert_int_equal(weir_socket_connect(event->socket, repeated->world->endpoint, NULL), WEIR_OK);
}

static void twenty_refusals_of_one_socket_are_alike(struct world *world) {
  struct repeated repeated = {world, 19, 0};
  weir_socket *client = world_connect(world, NULL);
  world_trace_socket(world, client, "C", WORLD_TRACE_LIFE);
  world_on(client, WEIR_EVENT_CLOSE, connect_again, &repeated);
  world_run(world);
  assert_int_equal(repeated.errors, 20);
  assert_int_equal(world_count(world, "C error"), 20);
  assert_int_equal(world_count(world, "C close(true)"), 20);
}

static void hundreds_of_refusals_leave_nothing_behind(struct world *world) {
  for (int i = 0; i < 250; i++) world_connect(world, NULL);
  world_run(world);
  assert_int_equal(world_count(world, "loop unhandled"), 250);
}

/* ---- once more -------------------------------------------------------------------------------------------------- */

static void connecting_twice_is_refused_and_disturbs_nothing(struct world *world) {
  struct world_pair_options options = {.server_trace = WORLD_TRACE_DATA};
  struct world_pair pair = world_pair(world, &options);
  assert_int_equal(weir_socket_connect(pair.client, world->endpoint, NULL), WEIR_EISCONN);
  weir_socket *client = world_connect(world, NULL);
  world_trace_socket(world, client, "D", WORLD_TRACE_LIFE);
  assert_int_equal(weir_socket_connect(client, world->endpoint, NULL), WEIR_EALREADY);
  world_run_until_noted(world, "D connect", 1);
  world_end_noted(world, pair.client, "C", "fine");
  world_run_until_noted(world, "S close", 1);
  world_expect(world, "S", "data(fine) end finish close(false)");
  world_expect(world, "D", "connect");
}

static void a_socket_reconnects_fifty_times(struct world *world) {
  struct repeated repeated = {world, 49, 0};
  world_listen(world, NULL, world_end_on, NULL);
  weir_socket *client = world_connect(world, NULL);
  world_trace_socket(world, client, "C", WORLD_TRACE_LIFE);
  world_on(client, WEIR_EVENT_CLOSE, connect_again, &repeated);
  world_run_until_noted(world, "C close", 50);
  assert_int_equal(repeated.errors, 0);
  assert_int_equal(world_count(world, "C connect"), 50);
  assert_int_equal(world_count(world, "C close(false)"), 50);
}

/* ---- before and without connect --------------------------------------------------------------------------------- */

static void accept_traced(const weir_event *event, void *world) {
  world_trace_socket(world, event->connection, "S", WORLD_TRACE_DATA);
}

static void write_more_and_end(const weir_event *event, void *world) {
  world_note(world, "C", "connect");
  world_write_noted(world, event->socket, "C", "second ");
  world_end_noted(world, event->socket, "C", "third");
}

static void bytes_written_before_connect_come_first(struct world *world) {
  weir_server *server = world_listen(world, NULL, accept_traced, world);
  weir_socket *client = world_connect(world, NULL);
  world_on(client, WEIR_EVENT_CONNECT, write_more_and_end, world);
  assert_int_equal(world_write_noted(world, client, "C", "first "), 1);
  assert_int_equal(weir_socket_bytes_written(client), 6);
  assert_int_equal(weir_socket_buffered(client), 6);
  world_run_until_noted(world, "S close", 1);
  world_expect(world, "C", "connect write-cb write-cb end-cb");
  world_expect(world, "S", "data(first second third) end finish close(false)");
  weir_server_close(server, NULL, NULL);
}

static void writes_before_connect_ask_to_wait_by_the_mark(struct world *world) {
  weir_socket_options options = weir_socket_options_default();
  options.high_water_mark = 8;
  world_listen(world, NULL, accept_traced, world);
  weir_socket *client = world_connect(world, &options);
  world_trace_socket(world, client, "C", WORLD_TRACE_LIFE);
  for (size_t i = 1; i <= 9; i++) {
    assert_int_equal(world_write_noted(world, client, "C", "x"), i < 8);
    assert_int_equal(weir_socket_buffered(client), i);
  }
  assert_true(weir_socket_needs_drain(client));
  world_run_until_noted(world, "C drain", 1);
  world_run_until_noted(world, "S data(xxxxxxxxx)", 1);
  assert_int_equal(weir_socket_buffered(client), 0);
  assert_int_equal(world_count(world, "C write-cb"), 9);
  world_expect_before(world, "C connect", "C write-cb");
}

static void an_end_before_connect_is_sent_after_it(struct world *world) {
  world_listen(world, NULL, accept_traced, world);
  weir_socket *client = world_connect(world, NULL);
  world_trace_socket(world, client, "C", WORLD_TRACE_LIFE);
  world_end_noted(world, client, "C", NULL);
  world_run_until_noted(world, "C close", 1);
  world_expect(world, "C", "connect end-cb finish end close(false)");
  world_expect(world, "S", "end finish close(false)");
}

static void a_write_without_a_connect_fails_the_socket(struct world *world) {
  weir_socket *socket = world_socket(world, NULL);
  world_trace_socket(world, socket, "C", WORLD_TRACE_LIFE);
  assert_int_equal(weir_socket_get_state(socket), WEIR_SOCKET_NEW);
  assert_int_equal(world_write_noted(world, socket, "C", "x"), WEIR_ENOTCONN);
  world_note(world, "C", "returned");
  world_run(world);
  world_expect(world, "C", "returned write-cb(ENOTCONN) error(ENOTCONN) close(true)");
}

static void an_end_without_a_connect_calls_back(struct world *world) {
  weir_socket *socket = world_socket(world, NULL);
  world_end_noted(world, socket, "C", NULL);
  world_run(world);
  assert_int_equal(world_count(world, "C end-cb"), 1);
  assert_true(world_write(socket, "x") < 0);
  world_run(world);
}

static const struct world_case cases[] = {
    WORLD_CASE("EO-20 S071 S096 S097 S098 R1 R11", connect_listeners_run_later_in_their_order),
    WORLD_CASE("EO-20 A159 M27 S168", connecting_is_true_until_connect),
    WORLD_CASE("EO-20", a_socket_may_be_destroyed_in_connect),
    WORLD_CASE("A025 M59 S087 S098 S124 S125 S127 S128 S171", the_factory_makes_and_connects),
    WORLD_CASE("EO-22 A020 A028 M27 M37 M39 R1 R2 S096", a_failed_connect_tells_the_error_then_cancels_then_closes),
    WORLD_CASE("S096", the_callback_of_a_failed_connect_never_runs),
    WORLD_CASE("A031 M59", twenty_refusals_of_one_socket_are_alike),
    WORLD_CASE("A115", hundreds_of_refusals_leave_nothing_behind),
    WORLD_CASE("M58", connecting_twice_is_refused_and_disturbs_nothing),
    WORLD_CASE("A024 M59", a_socket_reconnects_fifty_times),
    WORLD_CASE("EO-34 A064 A065 A072 S086", bytes_written_before_connect_come_first),
    WORLD_CASE("EO-34 A064 A065 A150", writes_before_connect_ask_to_wait_by_the_mark),
    WORLD_CASE("EO-34 A091", an_end_before_connect_is_sent_after_it),
    WORLD_CASE("EO-34 A066", a_write_without_a_connect_fails_the_socket),
    WORLD_CASE("EO-34 A090", an_end_without_a_connect_calls_back),
};

int main(int argc, char **argv) { return world_main(argc, argv, "connect", cases, sizeof cases / sizeof *cases); }
