/* SPDX-License-Identifier: MIT */
/*
 * Idle time-outs of sockets: when `timeout` comes, what counts as activity, and that nothing else happens. Times are
 * the loop's own; a case on a real system leaves room for a slow machine by having wide gaps, not by waiting longer.
 */
#include "support/native.h"
#include "support/pair.h"
#include "support/world.h"

static void note_once(const weir_event *event, void *user) {
  world_note(user, "order", "once-%s", weir_event_name(event->type));
}

static void note_on(const weir_event *event, void *user) {
  world_note(user, "order", "on-%s", weir_event_name(event->type));
}

static void an_idle_socket_emits_timeout_and_stays_open(struct world *world) {
  struct world_pair pair = pair_open(world, 0, 0);
  assert_int_equal(weir_socket_once(pair.client, WEIR_EVENT_TIMEOUT, note_once, world), WEIR_OK);
  assert_int_equal(weir_socket_on(pair.client, WEIR_EVENT_TIMEOUT, note_on, world), WEIR_OK);
  weir_loop_update_now(world->loop);
  uint64_t start = weir_loop_now_ms(world->loop);
  assert_int_equal(weir_socket_set_timeout(pair.client, 30), WEIR_OK);
  assert_int_equal(weir_socket_timeout_ms(pair.client), 30);
  world_run_until_noted(world, "C timeout", 1);
  assert_true(weir_loop_now_ms(world->loop) - start >= 30);
  world_expect(world, "order", "once-timeout on-timeout");
  assert_int_equal(weir_socket_get_state(pair.client), WEIR_SOCKET_OPEN);
  assert_false(weir_socket_destroyed(pair.client));
  pair_end(world, &pair);
}

static void a_timeout_does_not_repeat_before_the_next_activity(struct world *world) {
  struct world_pair pair = pair_open(world, 0, 0);
  assert_int_equal(weir_socket_set_timeout(pair.client, 20), WEIR_OK);
  world_run_for(world, 150);
  assert_int_equal(world_count(world, "C timeout"), 1);
  pair_end(world, &pair);
}

static void a_write_after_a_timeout_arms_it_again(struct world *world) {
  struct world_pair pair = pair_open(world, WORLD_TRACE_DATA, 0);
  assert_int_equal(weir_socket_set_timeout(pair.client, 20), WEIR_OK);
  world_run_until_noted(world, "C timeout", 1);
  assert_int_equal(world_write(pair.client, "still-here"), 1);
  world_run_until_noted(world, "C timeout", 2);
  world_expect(world, "S", "data(still-here)");
  pair_end(world, &pair);
}

static void zero_turns_the_timeout_off(struct world *world) {
  struct world_pair pair = pair_open(world, 0, 0);
  assert_int_equal(weir_socket_timeout_ms(pair.client), 0);
  assert_int_equal(weir_socket_set_timeout(pair.client, 20), WEIR_OK);
  assert_int_equal(weir_socket_set_timeout(pair.client, 0), WEIR_OK);
  assert_int_equal(weir_socket_timeout_ms(pair.client), 0);
  world_run_for(world, 100);
  assert_int_equal(world_count(world, "C timeout"), 0);
  pair_end(world, &pair);
}

static void a_second_timeout_replaces_the_first_and_both_listeners_hear_it(struct world *world) {
  struct world_pair pair = pair_open(world, 0, 0);
  struct world_mark *first = world_mark(world, "order", "A");
  struct world_mark *second = world_mark(world, "order", "B");
  weir_socket_set_timeout(pair.client, 10);
  assert_int_equal(weir_socket_once(pair.client, WEIR_EVENT_TIMEOUT, world_note_event, first), WEIR_OK);
  weir_loop_update_now(world->loop);
  uint64_t start = weir_loop_now_ms(world->loop);
  weir_socket_set_timeout(pair.client, 60);
  assert_int_equal(weir_socket_once(pair.client, WEIR_EVENT_TIMEOUT, world_note_event, second), WEIR_OK);
  world_run_until_noted(world, "C timeout", 1);
  assert_true(weir_loop_now_ms(world->loop) - start >= 60);
  world_expect(world, "order", "A B");
  world_run_for(world, 100);
  assert_int_equal(world_count(world, "C timeout"), 1);
  pair_end(world, &pair);
}

/* ---- activity --------------------------------------------------------------------------------------------------- */

enum { DRIPS = 14 };

struct dripping {
  struct world *world;
  weir_socket *socket;
  int left;
};

static void drip(void *user) {
  struct dripping *dripping = user;
  if (dripping->left-- == 0) return;
  world_write(dripping->socket, "x");
  world_after(dripping->world, 40, drip, dripping);
}

/* Whoever drips and whoever is dripped on must not time out while bytes pass 40 ms apart, longer than the time-out in
 * all. */
static void check_dripping(struct world *world, bool reader) {
  struct world_pair pair = pair_open(world, WORLD_TRACE_DATA, 0);
  struct dripping dripping = {world, pair.client, DRIPS};
  weir_socket *watched = reader ? pair.accepted : pair.client;
  assert_int_equal(weir_socket_set_timeout(watched, 500), WEIR_OK);
  drip(&dripping);
  pair_run_until_read(world, pair.accepted, DRIPS);
  uint64_t last = weir_loop_now_ms(world->loop);
  assert_int_equal(world_count(world, reader ? "S timeout" : "C timeout"), 0);
  world_run_until_noted(world, reader ? "S timeout" : "C timeout", 1);
  assert_true(weir_loop_now_ms(world->loop) - last >= 400);
  pair_end(world, &pair);
}

static void bytes_read_are_activity(struct world *world) { check_dripping(world, true); }

static void calling_write_is_activity(struct world *world) { check_dripping(world, false); }

static void a_write_that_is_completely_stuck_times_out_once_and_the_next_one_once_more(struct world *world) {
  struct world_pair pair = pair_open(world, 0, 0);
  assert_int_equal(world_write_pattern(world, pair.client, "C", "write-cb", 4u << 20, 0), 0);
  assert_int_equal(weir_socket_set_timeout(pair.client, 40), WEIR_OK);
  world_run_for(world, 300);
  world_expect(world, "C", "timeout");
  assert_int_equal(world_write_noted(world, pair.client, "C", "one more"), 0);
  world_run_for(world, 300);
  world_expect(world, "C", "timeout timeout");
  pair_end(world, &pair);
}

/* ---- odd moments ------------------------------------------------------------------------------------------------ */

static void a_socket_that_was_never_connected_times_out(struct world *world) {
  weir_socket *socket = world_socket(world, NULL);
  world_trace_socket(world, socket, "C", 0);
  assert_int_equal(weir_socket_set_timeout(socket, 20), WEIR_OK);
  world_run_for(world, 100);
  world_expect(world, "C", "timeout");
  weir_socket_destroy(socket, NULL);
  world_run(world);
}

static void a_timeout_set_before_connect_is_kept(struct world *world) {
  weir_server_unref(world_listen(world, NULL, NULL, NULL));
  weir_socket *socket = world_socket(world, NULL);
  world_trace_socket(world, socket, "C", 0);
  assert_int_equal(weir_socket_set_timeout(socket, 400), WEIR_OK);
  assert_int_equal(weir_socket_connect(socket, world->endpoint, NULL), WEIR_OK);
  world_run_until_noted(world, "C timeout", 1);
  world_expect(world, "C", "connect timeout");
  weir_socket_destroy(socket, NULL);
  world_run(world);
}

/* Local clients find the server busy all the time; from a host far away nothing is heard. */
static void keep_connecting(struct world *world) {
  weir_address silent;
  if (world->tcp) {
    assert_int_equal(weir_address_parse(world_server_name(world), &silent), WEIR_OK);
    assert_int_equal(weir_sim_set_unreachable(world->sim, &silent, true), WEIR_OK);
    return;
  }
  for (uint64_t i = 1; i <= 1000; i++)
    assert_int_equal(weir_sim_fail(world->sim, WEIR_SIM_FAULT_CONNECT, i, WEIR_EAGAIN), WEIR_OK);
}

static void a_connecting_socket_times_out_and_may_be_destroyed(struct world *world) {
  keep_connecting(world);
  weir_server_unref(world_listen(world, NULL, NULL, NULL));
  weir_socket *socket = world_connect(world, NULL);
  world_trace_socket(world, socket, "C", 0);
  assert_int_equal(weir_socket_on(socket, WEIR_EVENT_TIMEOUT, world_destroy_on, NULL), WEIR_OK);
  assert_int_equal(weir_socket_set_timeout(socket, 100), WEIR_OK);
  world_run(world);
  world_expect(world, "C", "timeout close(false)");
}

static void a_destroyed_socket_never_times_out(struct world *world) {
  struct world_pair pair = pair_open(world, 0, 0);
  assert_int_equal(weir_socket_set_timeout(pair.client, 10), WEIR_OK);
  native_pause_ms(20); /* it is due, where time passes by itself */
  weir_socket_destroy(pair.client, NULL);
  weir_socket_set_timeout(pair.client, 10);
  weir_socket_set_timeout(pair.accepted, 0);
  world_run_for(world, 100);
  world_expect(world, "C", "close(false)");
  pair_end(world, &pair);
}

static void destroy_with(const weir_event *event, void *error) { weir_socket_destroy(event->socket, error); }

static void a_destroy_with_an_error_inside_timeout_reports_it(struct world *world) {
  struct world_pair pair = pair_open(world, 0, 0);
  weir_error error = {
      .code = WEIR_ETIMEDOUT, .native_code = 0, .operation = "read", .address = "", .hint = "idle for too long"};
  assert_int_equal(weir_socket_on(pair.client, WEIR_EVENT_TIMEOUT, destroy_with, &error), WEIR_OK);
  assert_int_equal(weir_socket_set_timeout(pair.client, 10), WEIR_OK);
  world_run(world);
  world_expect(world, "C", "timeout error(ETIMEDOUT) close(true)");
  world_expect(world, "S", "end finish close(false)");
}

static void a_destroy_inside_timeout_is_no_error_for_either_side(struct world *world) {
  struct world_pair pair = pair_open(world, 0, 0);
  assert_int_equal(weir_socket_on(pair.accepted, WEIR_EVENT_TIMEOUT, world_destroy_on, NULL), WEIR_OK);
  assert_int_equal(weir_socket_set_timeout(pair.accepted, 10), WEIR_OK);
  world_run(world);
  world_expect(world, "S", "timeout close(false)");
  world_expect(world, "C", "end finish close(false)");
}

static void turn_off_other(const weir_event *event, void *other) {
  (void)event;
  weir_socket_set_timeout(other, 0);
}

static void a_timeout_listener_may_turn_off_anothers_timeout(struct world *world) {
  struct world_pair pair = pair_open(world, 0, 0);
  weir_socket_set_timeout(pair.client, 20);
  weir_socket_set_timeout(pair.accepted, 20);
  weir_socket_on(pair.client, WEIR_EVENT_TIMEOUT, turn_off_other, pair.accepted);
  weir_socket_on(pair.accepted, WEIR_EVENT_TIMEOUT, turn_off_other, pair.client);
  world_run_for(world, 100);
  assert_int_equal(world_count(world, "C timeout") + world_count(world, "S timeout"), 1);
  weir_socket_set_timeout(pair.client, 20);
  weir_socket_set_timeout(pair.accepted, 40);
  world_run_for(world, 100);
  pair_end(world, &pair);
}

static const struct world_case cases[] = {
    WORLD_CASE("EO-38 S080 S115 S116 S118 S167 S178", an_idle_socket_emits_timeout_and_stays_open),
    WORLD_CASE("EO-38", a_timeout_does_not_repeat_before_the_next_activity),
    WORLD_CASE("EO-38 A119", a_write_after_a_timeout_arms_it_again),
    WORLD_CASE("EO-38 S117 A127", zero_turns_the_timeout_off),
    WORLD_CASE("EO-38", a_second_timeout_replaces_the_first_and_both_listeners_hear_it),
    WORLD_CASE("EO-38 A132", bytes_read_are_activity),
    WORLD_CASE("EO-38 A133", calling_write_is_activity),
    WORLD_CASE("EO-38", a_write_that_is_completely_stuck_times_out_once_and_the_next_one_once_more),
    WORLD_CASE("EO-38 A131", a_socket_that_was_never_connected_times_out),
    WORLD_CASE("EO-38", a_timeout_set_before_connect_is_kept),
    WORLD_CASE_EXCEPT("EO-38 A134", a_connecting_socket_times_out_and_may_be_destroyed,
                      WORLD_NOT_POSIX | WORLD_NOT_WINDOWS,
                      "a server that stays busy is made with the simulator's faults"),
    WORLD_CASE("EO-38 A129", a_destroyed_socket_never_times_out),
    WORLD_CASE("EO-38", a_destroy_with_an_error_inside_timeout_reports_it),
    WORLD_CASE("A132", a_destroy_inside_timeout_is_no_error_for_either_side),
    WORLD_CASE("A135", a_timeout_listener_may_turn_off_anothers_timeout),
};

int main(int argc, char **argv) { return world_main(argc, argv, "timeout", cases, sizeof cases / sizeof *cases); }
