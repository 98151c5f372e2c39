/* SPDX-License-Identifier: MIT */
/*
 * Listeners: their order, once, removal, and what an emission does when they are changed meanwhile.
 */
#include "support/pair.h"
#include "support/world.h"

static struct world_mark *mark(struct world *world, const char *text) { return world_mark(world, "heard", text); }

static void listeners_run_in_order_and_prepended_ones_first(struct world *world) {
  weir_server_unref(world_listen(world, NULL, world_destroy_on, NULL));
  weir_socket *socket = world_socket(world, NULL);
  weir_connect_options options = weir_connect_options_default();
  options.listener = world_note_event;
  options.user = mark(world, "connect-option");
  weir_socket_on(socket, WEIR_EVENT_CONNECT, world_note_event, mark(world, "on"));
  weir_socket_once(socket, WEIR_EVENT_CONNECT, world_note_event, mark(world, "once"));
  weir_socket_prepend(socket, WEIR_EVENT_CONNECT, world_note_event, mark(world, "prepended"));
  weir_socket_prepend(socket, WEIR_EVENT_CONNECT, world_note_event, mark(world, "prepended-later"));
  assert_int_equal(weir_socket_connect(socket, world->endpoint, &options), WEIR_OK);
  assert_int_equal(weir_socket_listener_count(socket, WEIR_EVENT_CONNECT), 5);
  world_run(world);
  world_expect(world, "heard", "prepended-later prepended on once connect-option");
  assert_int_equal(weir_socket_listener_count(socket, WEIR_EVENT_CONNECT), 3);
}

static void servers_have_the_same_emitter(struct world *world) {
  weir_server *server = world_server(world, NULL, world_note_event, mark(world, "created-with"));
  struct world_mark *removed = mark(world, "removed");
  weir_server_unref(server);
  weir_server_on(server, WEIR_EVENT_CONNECTION, world_note_event, mark(world, "on"));
  weir_server_once(server, WEIR_EVENT_CONNECTION, world_note_event, mark(world, "once"));
  weir_server_prepend(server, WEIR_EVENT_CONNECTION, world_note_event, mark(world, "prepended"));
  weir_server_on(server, WEIR_EVENT_CONNECTION, world_note_event, removed);
  weir_server_on(server, WEIR_EVENT_CONNECTION, world_destroy_on, NULL);
  assert_int_equal(weir_server_off(server, WEIR_EVENT_CONNECTION, world_note_event, removed), WEIR_OK);
  assert_int_equal(weir_server_off(server, WEIR_EVENT_CONNECTION, world_note_event, removed), WEIR_ENOENT);
  assert_int_equal(weir_server_listener_count(server, WEIR_EVENT_CONNECTION), 5);
  assert_int_equal(weir_server_listen(server, world->endpoint, NULL), WEIR_OK);
  world_connect(world, NULL);
  world_run(world);
  world_connect(world, NULL);
  world_run(world);
  world_expect(world, "heard", "prepended created-with on once prepended created-with on");
}

static void join_twice(const weir_event *event, void *user) {
  struct world *world = user;
  world_note(world, "heard", "first");
  if (weir_socket_listener_count(event->socket, WEIR_EVENT_DATA) > 1) return;
  weir_socket_on(event->socket, WEIR_EVENT_DATA, world_note_event, mark(world, "joined"));
  weir_socket_prepend(event->socket, WEIR_EVENT_DATA, world_note_event, mark(world, "prepended"));
}

/* The only listener of data stands elsewhere than several do. */
static void the_only_listener_of_data_may_add_others(struct world *world) {
  struct world_pair pair = pair_open(world, 0, 0);
  weir_socket_on(pair.client, WEIR_EVENT_DATA, join_twice, world);
  world_write(pair.accepted, "x");
  world_run_until_noted(world, "heard first", 1);
  world_expect(world, "heard", "first");
  world_write(pair.accepted, "y");
  world_run_until_noted(world, "heard joined", 1);
  world_expect(world, "heard", "first prepended first joined");
  assert_int_equal(weir_socket_off(pair.client, WEIR_EVENT_DATA, join_twice, world), WEIR_OK);
  assert_int_equal(weir_socket_listener_count(pair.client, WEIR_EVENT_DATA), 2);
  pair_end(world, &pair);
}

static void note_count(const weir_event *event, void *user) {
  world_note(user, "heard", "%u", (unsigned)weir_socket_listener_count(event->socket, WEIR_EVENT_TIMEOUT));
}

static void a_once_listener_is_removed_before_it_is_called(struct world *world) {
  weir_socket *socket = world_socket(world, NULL);
  weir_socket_once(socket, WEIR_EVENT_TIMEOUT, note_count, world);
  assert_int_equal(weir_socket_listener_count(socket, WEIR_EVENT_TIMEOUT), 1);
  weir_socket_set_timeout(socket, 1);
  world_run_for(world, 50);
  world_expect(world, "heard", "0");
  weir_socket_set_timeout(socket, 1);
  world_run_for(world, 50);
  world_expect(world, "heard", "0");
}

static void a_once_listener_can_be_removed_before_it_ran(struct world *world) {
  struct world_pair pair = pair_open(world, 0, 0);
  struct world_mark *never = mark(world, "never");
  weir_socket_once(pair.client, WEIR_EVENT_DATA, world_note_event, never);
  assert_int_equal(weir_socket_off(pair.client, WEIR_EVENT_DATA, world_note_event, never), WEIR_OK);
  assert_int_equal(weir_socket_listener_count(pair.client, WEIR_EVENT_DATA), 0);
  world_write(pair.accepted, "x");
  pair_end(world, &pair);
  world_expect(world, "heard", "");
}

static void off_removes_the_listener_added_last(struct world *world) {
  struct world_pair pair = pair_open(world, 0, 0);
  struct world_mark *twice = mark(world, "twice");
  weir_socket_on(pair.client, WEIR_EVENT_END, world_note_event, twice);
  weir_socket_on(pair.client, WEIR_EVENT_END, world_note_event, mark(world, "between"));
  weir_socket_on(pair.client, WEIR_EVENT_END, world_note_event, twice);
  assert_int_equal(weir_socket_off(pair.client, WEIR_EVENT_END, world_note_event, twice), WEIR_OK);
  pair_end(world, &pair);
  world_expect(world, "heard", "twice between");
}

static void off_of_an_unknown_listener_is_an_error_and_removes_nothing(struct world *world) {
  weir_socket *socket = world_socket(world, NULL);
  struct world_mark *known = mark(world, "known");
  weir_socket_on(socket, WEIR_EVENT_CLOSE, world_note_event, known);
  assert_int_equal(weir_socket_off(socket, WEIR_EVENT_CLOSE, world_note_event, world), WEIR_ENOENT);
  assert_int_equal(weir_socket_off(socket, WEIR_EVENT_CLOSE, world_destroy_on, known), WEIR_ENOENT);
  assert_int_equal(weir_socket_off(socket, WEIR_EVENT_ERROR, world_note_event, known), WEIR_ENOENT);
  assert_int_equal(weir_socket_listener_count(socket, WEIR_EVENT_CLOSE), 1);
  weir_socket_destroy(socket, NULL);
  world_run(world);
  world_expect(world, "heard", "known");
}

static void listeners_that_make_no_sense_are_refused(struct world *world) {
  weir_socket *socket = world_socket(world, NULL);
  weir_server *server = world_server(world, NULL, NULL, NULL);
  assert_int_equal(weir_socket_on(socket, WEIR_EVENT_CLOSE, NULL, NULL), WEIR_EINVAL);
  assert_int_equal(weir_socket_once(socket, WEIR_EVENT_CLOSE, NULL, NULL), WEIR_EINVAL);
  assert_int_equal(weir_socket_prepend(socket, WEIR_EVENT_CLOSE, NULL, NULL), WEIR_EINVAL);
  assert_int_equal(weir_socket_on(socket, (weir_event_type)99, world_destroy_on, NULL), WEIR_EINVAL);
  assert_int_equal(weir_server_on(server, WEIR_EVENT_CLOSE, NULL, NULL), WEIR_EINVAL);
  assert_int_equal(weir_server_on(server, (weir_event_type)99, world_close_server_on, server), WEIR_EINVAL);
  assert_int_equal(weir_socket_on(socket, WEIR_EVENT_LISTENING, world_destroy_on, NULL), WEIR_EINVAL);
  assert_int_equal(weir_socket_on(socket, WEIR_EVENT_DROP, world_destroy_on, NULL), WEIR_EINVAL);
  assert_int_equal(weir_server_on(server, WEIR_EVENT_CONNECT, world_close_server_on, server), WEIR_EINVAL);
  assert_int_equal(weir_server_on(server, WEIR_EVENT_UNPIPE, world_close_server_on, server), WEIR_EINVAL);
}

static void twenty_listeners_of_one_event_all_run(struct world *world) {
  struct world_pair pair = pair_open(world, 0, 0);
  for (int i = 0; i < 20; i++) weir_socket_on(pair.client, WEIR_EVENT_END, world_note_event, mark(world, "end"));
  pair_end(world, &pair);
  assert_int_equal(world_count(world, "heard end"), 20);
}

/* ---- changes while an event is emitted -------------------------------------------------------------------------- */

struct change {
  weir_listener listener;
  void *user;
};

static void remove_listener(const weir_event *event, void *user) {
  const struct change *change = user;
  weir_socket_off(event->socket, event->type, change->listener, change->user);
}

static void add_listener(const weir_event *event, void *user) {
  const struct change *change = user;
  weir_socket_on(event->socket, event->type, change->listener, change->user);
}

static void time_out_once(struct world *world, weir_socket *socket) {
  weir_socket_set_timeout(socket, 1);
  world_run_for(world, 50);
}

static void a_listener_removed_meanwhile_still_runs_this_once(struct world *world) {
  weir_socket *socket = world_socket(world, NULL);
  struct change change = {world_note_event, mark(world, "removed")};
  weir_socket_on(socket, WEIR_EVENT_TIMEOUT, remove_listener, &change);
  weir_socket_on(socket, WEIR_EVENT_TIMEOUT, world_note_event, change.user);
  time_out_once(world, socket);
  time_out_once(world, socket);
  world_expect(world, "heard", "removed");
}

static void a_listener_added_meanwhile_runs_the_next_time(struct world *world) {
  weir_socket *socket = world_socket(world, NULL);
  struct change change = {world_note_event, mark(world, "added")};
  weir_socket_once(socket, WEIR_EVENT_TIMEOUT, add_listener, &change);
  time_out_once(world, socket);
  world_expect(world, "heard", "");
  time_out_once(world, socket);
  world_expect(world, "heard", "added");
}

static void a_listener_may_remove_itself(struct world *world) {
  weir_socket *socket = world_socket(world, NULL);
  struct change change = {remove_listener, &change};
  weir_socket_on(socket, WEIR_EVENT_TIMEOUT, remove_listener, &change);
  weir_socket_on(socket, WEIR_EVENT_TIMEOUT, world_note_event, mark(world, "behind"));
  time_out_once(world, socket);
  assert_int_equal(weir_socket_listener_count(socket, WEIR_EVENT_TIMEOUT), 1);
  time_out_once(world, socket);
  world_expect(world, "heard", "behind behind");
}

static void after_a_destroy_the_remaining_listeners_do_not_run(struct world *world) {
  struct world_pair pair = pair_open(world, 0, 0);
  weir_socket_on(pair.client, WEIR_EVENT_DATA, world_note_event, mark(world, "before"));
  weir_socket_on(pair.client, WEIR_EVENT_DATA, world_destroy_on, NULL);
  weir_socket_on(pair.client, WEIR_EVENT_DATA, world_note_event, mark(world, "behind"));
  world_write(pair.accepted, "x");
  world_run(world);
  world_expect(world, "heard", "before");
}

static void all_listeners_of_close_run_although_one_destroys(struct world *world) {
  struct world_pair pair = pair_open(world, 0, 0);
  weir_socket_on(pair.client, WEIR_EVENT_CLOSE, world_destroy_on, NULL);
  weir_socket_on(pair.client, WEIR_EVENT_CLOSE, world_note_event, mark(world, "close"));
  weir_socket_destroy(pair.client, NULL);
  world_run(world);
  world_expect(world, "heard", "close");
}

static void all_listeners_of_error_run_although_one_destroys(struct world *world) {
  struct world_pair pair = pair_open(world, 0, 0);
  weir_error error = {.code = WEIR_EIO, .native_code = 0, .operation = "read", .address = "", .hint = ""};
  weir_socket_prepend(pair.client, WEIR_EVENT_ERROR, world_destroy_on, NULL);
  weir_socket_on(pair.client, WEIR_EVENT_ERROR, world_note_event, mark(world, "error"));
  weir_socket_destroy(pair.client, &error);
  world_run(world);
  world_expect(world, "heard", "error");
  world_expect(world, "C", "error(EIO) close(true)");
}

/* Node tells what an exception in a listener breaks; here nothing can, so every emission is carried to its end. */
static void an_emission_goes_on_whatever_a_listener_does(struct world *world) {
  struct world_pair pair = pair_open(world, 0, 0);
  weir_socket_prepend(pair.client, WEIR_EVENT_END, world_end_on, NULL);
  weir_socket_prepend(pair.client, WEIR_EVENT_END, world_close_server_on, pair.server);
  weir_socket_on(pair.client, WEIR_EVENT_END, world_note_event, mark(world, "behind"));
  weir_socket_end(pair.accepted, NULL);
  world_run(world);
  world_expect(world, "heard", "behind");
  world_expect(world, "C", "end finish close(false)");
  world_expect(world, "V", "close");
}

static const struct world_case cases[] = {
    WORLD_CASE("EO-43 S071 S097 S124 A339", listeners_run_in_order_and_prepended_ones_first),
    WORLD_CASE("EO-43 S014 S018 S182", servers_have_the_same_emitter),
    WORLD_CASE("EO-43 A337", the_only_listener_of_data_may_add_others),
    WORLD_CASE("EO-43 A338", a_once_listener_is_removed_before_it_is_called),
    WORLD_CASE("A338", a_once_listener_can_be_removed_before_it_ran),
    WORLD_CASE("EO-43 A334 A341", off_removes_the_listener_added_last),
    WORLD_CASE("EO-43", off_of_an_unknown_listener_is_an_error_and_removes_nothing),
    WORLD_CASE("", listeners_that_make_no_sense_are_refused),
    WORLD_CASE("A334", twenty_listeners_of_one_event_all_run),
    WORLD_CASE("EO-43 A337 A341", a_listener_removed_meanwhile_still_runs_this_once),
    WORLD_CASE("EO-43 A337", a_listener_added_meanwhile_runs_the_next_time),
    WORLD_CASE("EO-43 A341", a_listener_may_remove_itself),
    WORLD_CASE("EO-11", after_a_destroy_the_remaining_listeners_do_not_run),
    WORLD_CASE("EO-24", all_listeners_of_close_run_although_one_destroys),
    WORLD_CASE("EO-24 EO-26", all_listeners_of_error_run_although_one_destroys),
    WORLD_CASE("EO-44", an_emission_goes_on_whatever_a_listener_does),
};

int main(int argc, char **argv) { return world_main(argc, argv, "listeners", cases, sizeof cases / sizeof *cases); }
