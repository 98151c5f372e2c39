/* SPDX-License-Identifier: MIT */
/*
 * State and counters of sockets, at every step of a life and after it.
 */
#include <stdlib.h>

#include "support/pair.h"
#include "support/world.h"

#define MIB (1024u * 1024)

static const char *const state_names[] = {"new", "opening", "open", "read-only", "write-only", "closed"};

/* Notes state, connecting and destroyed, as "open" or "opening+connecting". */
static void note_state(struct world *world, const weir_socket *socket, const char *name) {
  world_note(world, name, "%s%s%s", state_names[weir_socket_get_state(socket)],
             weir_socket_connecting(socket) ? "+connecting" : "", weir_socket_destroyed(socket) ? "+destroyed" : "");
}

static void note_state_on(const weir_event *event, void *user) {
  world_note(user, "state", "%s:", weir_event_name(event->type));
  note_state(user, event->socket, "state");
}

static void note_states(struct world *world, weir_socket *socket) {
  static const weir_event_type types[] = {WEIR_EVENT_CONNECT, WEIR_EVENT_END, WEIR_EVENT_FINISH, WEIR_EVENT_ERROR,
                                          WEIR_EVENT_CLOSE};
  for (size_t i = 0; i < sizeof types / sizeof *types; i++) weir_socket_on(socket, types[i], note_state_on, world);
}

static void the_states_of_a_client_that_ends_first(struct world *world) {
  weir_server_unref(world_listen(world, NULL, NULL, NULL));
  weir_socket *socket = world_socket(world, NULL);
  note_states(world, socket);
  note_state(world, socket, "before");
  weir_socket_connect(socket, world->endpoint, NULL);
  note_state(world, socket, "before");
  world_expect(world, "before", "new opening+connecting");
  weir_socket_on(socket, WEIR_EVENT_CONNECT, world_end_on, NULL);
  world_run(world);
  world_expect(world, "state", "connect: open finish: read-only end: closed close: closed+destroyed");
}

static void a_socket_is_read_only_as_soon_as_end_was_called(struct world *world) {
  struct world_pair pair = pair_open(world, 0, 0);
  weir_socket_end(pair.client, NULL);
  note_state(world, pair.client, "state");
  pair_end(world, &pair);
  world_expect(world, "state", "read-only");
}

static void the_states_of_the_side_that_reads_the_end_first(struct world *world) {
  struct world_pair pair = pair_open_half(world, 0, 0);
  note_state(world, pair.accepted, "state");
  note_states(world, pair.accepted);
  weir_socket_end(pair.client, NULL);
  world_run_until_noted(world, "S end", 1);
  weir_socket_end(pair.accepted, NULL);
  world_run(world);
  world_expect(world, "state", "open end: write-only finish: closed close: closed+destroyed");
}

static void a_destroyed_socket_is_closed_at_once(struct world *world) {
  struct world_pair pair = pair_open(world, 0, 0);
  weir_socket_destroy(pair.client, NULL);
  note_state(world, pair.client, "state");
  world_run(world);
  note_state(world, pair.client, "state");
  world_expect(world, "state", "closed+destroyed closed+destroyed");
}

static void a_new_socket_that_is_destroyed_is_closed_too(struct world *world) {
  weir_socket *socket = world_socket(world, NULL);
  world_trace_socket(world, socket, "C", 0);
  weir_socket_destroy(socket, NULL);
  note_state(world, socket, "state");
  world_run(world);
  world_expect(world, "state", "closed+destroyed");
  world_expect(world, "C", "close(false)");
}

static void a_failed_connect_is_over_when_error_is_emitted(struct world *world) {
  weir_socket *socket = world_connect(world, NULL);
  note_states(world, socket);
  world_run(world);
  world_expect(world, "state", "error: closed+destroyed close: closed+destroyed");
  assert_non_null(weir_socket_error(socket));
  assert_string_equal(weir_socket_error(socket)->operation, "connect");
}

/* ---- counters --------------------------------------------------------------------------------------------------- */

struct counting {
  uint64_t before;
  bool fell;
};

static void check_rising(const weir_event *event, void *user) {
  struct counting *counting = user;
  uint64_t now = weir_socket_bytes_read(event->socket);
  if (now < counting->before + event->data.length) counting->fell = true;
  counting->before += event->data.length;
}

static void note_bytes_read(const weir_event *event, void *user) {
  world_note(user, "read", "%s-%u", weir_event_name(event->type), (unsigned)weir_socket_bytes_read(event->socket));
}

static void bytes_read_rise_with_data_and_stay_readable_after_close(struct world *world) {
  struct world_pair pair = pair_open(world, 0, 0);
  struct counting counting = {0, false};
  weir_socket_on(pair.accepted, WEIR_EVENT_DATA, check_rising, &counting);
  weir_socket_on(pair.accepted, WEIR_EVENT_END, note_bytes_read, world);
  weir_socket_on(pair.accepted, WEIR_EVENT_CLOSE, note_bytes_read, world);
  world_write_pattern(world, pair.client, "C", "write-cb", 100000, 0);
  pair_end(world, &pair);
  assert_false(counting.fell);
  assert_int_equal(counting.before, 100000);
  world_expect(world, "read", "end-100000 close-100000");
  assert_int_equal(weir_socket_bytes_read(pair.accepted), 100000);
  assert_int_equal(weir_socket_bytes_written(pair.client), 100000);
}

static void bytes_written_count_the_queued_part_too(struct world *world) {
  struct world_pair pair = pair_open(world, 0, 0);
  world_write_pattern(world, pair.client, "C", "write-cb", 10 * MIB, 0);
  assert_int_equal(weir_socket_bytes_written(pair.client), 10 * MIB);
  weir_socket_cork(pair.client);
  world_write_pattern(world, pair.client, "C", "write-cb", 10 * MIB, 0);
  world_write(pair.client, "\xe2\x82\xac");
  assert_int_equal(weir_socket_bytes_written(pair.client), 20 * MIB + 3);
  pair_end(world, &pair);
  assert_int_equal(weir_socket_bytes_written(pair.client), 20 * MIB + 3);
  assert_int_equal(weir_socket_bytes_read(pair.accepted), 20 * MIB + 3);
}

static void note_buffered(const weir_event *event, void *user) {
  world_note(user, "queue", "%u", (unsigned)weir_socket_buffered(event->socket));
}

static void the_queue_grows_byte_by_byte_before_connect_and_is_empty_at_finish(struct world *world) {
  weir_server_unref(world_listen(world, NULL, NULL, NULL));
  weir_socket *socket = world_connect(world, NULL);
  assert_int_equal(weir_socket_buffered(socket), 0);
  for (size_t i = 1; i <= 10; i++) {
    assert_int_equal(world_write(socket, "a"), 1);
    assert_int_equal(weir_socket_buffered(socket), i);
    assert_int_equal(weir_socket_bytes_written(socket), i);
  }
  weir_socket_on(socket, WEIR_EVENT_FINISH, note_buffered, world);
  weir_socket_end(socket, NULL);
  world_run_for(world, 50);
  world_expect(world, "queue", "0");
  weir_socket_destroy(socket, NULL);
}

static void kept_bytes_are_counted_until_they_flow(struct world *world) {
  struct world_pair pair = pair_open(world, 0, 0);
  weir_socket_pause(pair.accepted);
  assert_true(weir_socket_is_paused(pair.accepted));
  world_write(pair.client, "seven..");
  pair_run_until_read(world, pair.accepted, 7);
  assert_int_equal(weir_socket_kept(pair.accepted), 7);
  weir_socket_resume(pair.accepted);
  assert_false(weir_socket_is_paused(pair.accepted));
  assert_int_equal(weir_socket_kept(pair.accepted), 7);
  world_run_for(world, 10);
  assert_int_equal(weir_socket_kept(pair.accepted), 0);
  pair_end(world, &pair);
}

/* ---- what else a socket knows ----------------------------------------------------------------------------------- */

static void sockets_know_their_server_loop_mark_and_user(struct world *world) {
  int thing = 0;
  weir_server_options server_options = weir_server_options_default();
  weir_socket_options options = weir_socket_options_default();
  server_options.high_water_mark = 1234;
  server_options.user = &server_options;
  options.high_water_mark = 4321;
  options.user = &thing;
  struct world_pair pair = pair_open_with(world, &(struct world_pair_options){&server_options, &options, 0, 0});
  assert_ptr_equal(weir_socket_server(pair.accepted), pair.server);
  assert_null(weir_socket_server(pair.client));
  assert_ptr_equal(weir_socket_loop(pair.accepted), world->loop);
  assert_ptr_equal(weir_server_loop(pair.server), world->loop);
  assert_int_equal(weir_socket_high_water_mark(pair.accepted), 1234);
  assert_int_equal(weir_socket_high_water_mark(pair.client), 4321);
  assert_ptr_equal(weir_socket_user(pair.client), &thing);
  assert_ptr_equal(weir_server_user(pair.server), &server_options);
  assert_null(weir_socket_user(pair.accepted));
  weir_socket_set_user(pair.accepted, &pair);
  assert_ptr_equal(weir_socket_user(pair.accepted), &pair);
  assert_true(weir_socket_can_half_close(pair.client));
  pair_end(world, &pair);
}

static void the_default_mark_is_64_kib(struct world *world) {
  struct world_pair pair = pair_open(world, 0, 0);
  assert_int_equal(weir_socket_high_water_mark(pair.client), WEIR_HIGH_WATER_MARK);
  assert_int_equal(weir_socket_high_water_mark(pair.accepted), 64 * 1024);
  pair_end(world, &pair);
}

static void everything_may_still_be_called_after_close(struct world *world) {
  struct world_pair pair = pair_open(world, 0, 0);
  pair_end(world, &pair);
  world_forget(world);
  weir_socket_pause(pair.client);
  weir_socket_resume(pair.client);
  weir_socket_cork(pair.client);
  weir_socket_uncork(pair.client);
  weir_socket_set_timeout(pair.client, 1);
  weir_socket_set_encoding(pair.client, WEIR_ENCODING_HEX);
  weir_socket_unref(pair.client);
  weir_socket_ref(pair.client);
  weir_socket_destroy_soon(pair.client);
  weir_socket_destroy(pair.client, NULL);
  weir_socket_unpipe(pair.client, NULL);
  assert_int_equal(weir_socket_buffered(pair.client), 0);
  assert_int_equal(weir_socket_kept(pair.client), 0);
  world_run_for(world, 20);
  world_expect(world, "C", "");
}

static const struct world_case cases[] = {
    WORLD_CASE("EO-47 S168 A159", the_states_of_a_client_that_ends_first),
    WORLD_CASE("EO-47", a_socket_is_read_only_as_soon_as_end_was_called),
    WORLD_CASE("EO-47", the_states_of_the_side_that_reads_the_end_first),
    WORLD_CASE("EO-47 S168", a_destroyed_socket_is_closed_at_once),
    WORLD_CASE("EO-47", a_new_socket_that_is_destroyed_is_closed_too),
    WORLD_CASE("EO-47 A028", a_failed_connect_is_over_when_error_is_emitted),
    WORLD_CASE("S085 S168 A151", bytes_read_rise_with_data_and_stay_readable_after_close),
    WORLD_CASE("S086 S168 A153 A158", bytes_written_count_the_queued_part_too),
    WORLD_CASE("S082 S168 A150", the_queue_grows_byte_by_byte_before_connect_and_is_empty_at_finish),
    WORLD_CASE("S105 A058", kept_bytes_are_counted_until_they_flow),
    WORLD_CASE("EO-51 S174", sockets_know_their_server_loop_mark_and_user),
    WORLD_CASE("EO-51", the_default_mark_is_64_kib),
    WORLD_CASE("A098", everything_may_still_be_called_after_close),
};

int main(int argc, char **argv) { return world_main(argc, argv, "state", cases, sizeof cases / sizeof *cases); }
