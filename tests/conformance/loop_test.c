/* SPDX-License-Identifier: MIT */
/*
 * The loop itself: what a run does and returns, stopping, its clock, and its end with things still open.
 */
#include <stdio.h>

#include "support/further_loop.h"
#include "support/native.h"
#include "support/pair.h"
#include "support/world.h"

/* ---- running ---------------------------------------------------------------------------------------------------- */

static void a_run_with_nothing_to_do_returns_zero_at_once(struct world *world) {
  assert_false(weir_loop_alive(world->loop));
  assert_int_equal(weir_loop_run(world->loop, WEIR_RUN_DEFAULT), 0);
  assert_int_equal(weir_loop_run(world->loop, WEIR_RUN_ONCE), 0);
  assert_int_equal(weir_loop_run(world->loop, WEIR_RUN_NOWAIT), 0);
}

static void stop(void *loop) { weir_loop_stop(loop); }

static void stop_makes_the_run_return_and_a_later_run_goes_on(struct world *world) {
  weir_server *server = world_listen(world, NULL, NULL, NULL);
  world_trace_server(world, server, "V");
  weir_loop_post(world->loop, stop, world->loop);
  assert_int_equal(weir_loop_run(world->loop, WEIR_RUN_DEFAULT), 1);
  assert_true(weir_server_listening(server));
  weir_server_close(server, NULL, NULL);
  world_run(world);
  world_expect(world, "V", "close");
}

static void stop_loop_on(const weir_event *event, void *loop) {
  (void)event;
  weir_loop_stop(loop);
}

static void a_stop_lets_the_emission_end_first(struct world *world) {
  weir_socket *socket = world_socket(world, NULL);
  weir_socket_on(socket, WEIR_EVENT_CLOSE, stop_loop_on, world->loop);
  weir_socket_on(socket, WEIR_EVENT_CLOSE, world_note_event, world_mark(world, "heard", "close"));
  weir_socket_destroy(socket, NULL);
  weir_loop_run(world->loop, WEIR_RUN_DEFAULT);
  world_expect(world, "heard", "close");
  world_run(world);
}

static void run_again(void *user) {
  struct world *world = user;
  world_note(world, "codes", "%d", weir_loop_run(world->loop, WEIR_RUN_NOWAIT));
}

static void a_run_from_inside_a_listener_is_refused(struct world *world) {
  char expected[8];
  weir_loop_post(world->loop, run_again, world);
  world_run(world);
  snprintf(expected, sizeof expected, "%d", WEIR_EBUSY);
  world_expect(world, "codes", expected);
}

static void nowait_never_waits(struct world *world) {
  weir_server *server = world_listen(world, NULL, NULL, NULL);
  uint64_t start = native_now_ms();
  for (int i = 0; i < 10; i++) assert_int_equal(weir_loop_run(world->loop, WEIR_RUN_NOWAIT), 1);
  assert_true(native_now_ms() - start < 1000);
  weir_server_close(server, NULL, NULL);
  world_run(world);
}

static void set_flag(void *flag) { *(bool *)flag = true; }

static void once_waits_until_something_happens(struct world *world) {
  bool called = false;
  world_after(world, 30, set_flag, &called);
  for (int i = 0; i < 5 && !called; i++) weir_loop_run(world->loop, WEIR_RUN_ONCE);
  assert_true(called);
}

static void once_rings_the_timer_that_it_waited_for(struct world *world) {
  bool called = false;
  world_after(world, 5, set_flag, &called);
  weir_loop_run(world->loop, WEIR_RUN_ONCE);
  assert_true(called);
}

/* ---- the order of a turn ---------------------------------------------------------------------------------------- */

static void note_posted(void *world) { world_note(world, "turn", "posted"); }

static void note_timer(weir_timer *timer, void *world) {
  (void)timer;
  world_note(world, "turn", "timer");
}

static void a_turn_runs_posted_functions_then_timers_then_what_the_system_finished(struct world *world) {
  struct world_pair pair = pair_open(world, 0, 0);
  weir_timer *timer = NULL;
  weir_socket_on(pair.accepted, WEIR_EVENT_DATA, world_note_event, world_mark(world, "turn", "data"));
  world_run_for(world, 5);
  assert_int_equal(weir_timer_create(world->loop, note_timer, world, &timer), WEIR_OK);
  world_write(pair.client, "x");
  weir_timer_start(timer, 0, 0);
  weir_loop_post(world->loop, note_posted, world);
  native_pause_ms(5);
  world_run_until_noted(world, "turn data", 1);
  world_expect(world, "turn", "posted timer data");
  weir_timer_release(timer);
  pair_end(world, &pair);
}

/* ---- the clock -------------------------------------------------------------------------------------------------- */

static void note_clock(void *user) {
  struct world *world = user;
  uint64_t before = weir_loop_now_ms(world->loop);
  native_pause_ms(20);
  bool still = weir_loop_now_ms(world->loop) == before;
  weir_loop_update_now(world->loop);
  bool moved = weir_loop_now_ms(world->loop) >= before + 20;
  world_note(world, "clock", "%s-%s", still ? "still" : "moved", moved ? "moved" : "still");
}

static void the_clock_is_read_once_a_turn_and_when_asked(struct world *world) {
  weir_loop_post(world->loop, note_clock, world);
  world_run(world);
  world_expect(world, "clock", "still-moved");
}

static void the_clock_of_a_simulation_is_the_worlds(struct world *world) {
  bool called = false;
  uint64_t start = weir_sim_now_ms(world->sim);
  world_after(world, 3600 * 1000, set_flag, &called);
  assert_int_equal(weir_loop_run(world->loop, WEIR_RUN_DEFAULT), 0);
  assert_true(called);
  assert_int_equal(weir_sim_now_ms(world->sim) - start, 3600 * 1000);
  assert_int_equal(weir_loop_now_ms(world->loop), weir_sim_now_ms(world->sim));
}

/* ---- making and releasing --------------------------------------------------------------------------------------- */

static void a_backend_that_does_not_exist_is_refused(struct world *world) {
  static const char *const names[] = {"nonsense", "sim"};
  (void)world;
  for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
    weir_loop_options options = weir_loop_options_default();
    weir_loop *loop = NULL;
    options.backend = names[i];
    assert_int_equal(weir_loop_create(&options, &loop), WEIR_ENOTSUP);
    assert_null(loop);
  }
}

static void a_loop_without_options_works(struct world *world) {
  weir_loop *loop = NULL;
  bool called = false;
  (void)world;
  assert_int_equal(weir_loop_create(NULL, &loop), WEIR_OK);
  assert_true(strlen(weir_loop_backend(loop)) > 0);
  assert_ptr_equal(weir_loop_retain(loop), loop);
  weir_loop_release(loop);
  weir_loop_post(loop, set_flag, &called);
  assert_int_equal(weir_loop_run(loop, WEIR_RUN_DEFAULT), 0);
  assert_true(called);
  weir_loop_release(loop);
  weir_loop_release(NULL);
}

static void keep_connection(const weir_event *event, void *user) {
  *(weir_socket **)user = weir_socket_retain(event->connection);
}

static void releasing_a_loop_closes_what_is_open_without_any_event(struct world *world) {
  size_t handles = world_open_handles();
  weir_loop *loop = further_loop(world);
  weir_server *server = NULL;
  weir_socket *client = NULL;
  weir_socket *accepted = NULL;
  assert_int_equal(weir_server_create(loop, NULL, keep_connection, &accepted, &server), WEIR_OK);
  assert_int_equal(weir_server_listen(server, world->endpoint, NULL), WEIR_OK);
  while (!weir_server_listening(server)) weir_loop_run(loop, WEIR_RUN_ONCE);
  assert_int_equal(weir_connect(loop, world->endpoint, NULL, NULL, &client), WEIR_OK);
  while (accepted == NULL || weir_socket_connecting(client)) weir_loop_run(loop, WEIR_RUN_ONCE);
  weir_socket_on(client, WEIR_EVENT_CLOSE, world_note_event, world_mark(world, "heard", "close"));
  weir_loop_release(loop);
  assert_int_equal(world_open_handles(), handles);
  weir_socket_release(client);
  weir_socket_release(accepted);
  weir_server_release(server);
  world_expect(world, "heard", "");
}

static void the_name_of_a_server_is_free_when_its_loop_is_released(struct world *world) {
  weir_loop *loop = further_loop(world);
  weir_server *server = NULL;
  assert_int_equal(weir_server_create(loop, NULL, NULL, NULL, &server), WEIR_OK);
  assert_int_equal(weir_server_listen(server, world->endpoint, NULL), WEIR_OK);
  while (!weir_server_listening(server)) weir_loop_run(loop, WEIR_RUN_ONCE);
  weir_server_release(server);
  weir_loop_release(loop);
  server = world_listen(world, NULL, NULL, NULL);
  assert_true(weir_server_listening(server));
}

static void a_loop_that_never_ran_can_be_released_with_connects_under_way(struct world *world) {
  weir_loop *loop = further_loop(world);
  weir_socket *socket = NULL;
  assert_int_equal(weir_connect(loop, world->endpoint, NULL, NULL, &socket), WEIR_OK);
  weir_socket_write(socket, "x", 1);
  weir_loop_release(loop);
  weir_socket_release(socket);
}

static const struct world_case cases[] = {
    WORLD_CASE("", a_run_with_nothing_to_do_returns_zero_at_once),
    WORLD_CASE("", stop_makes_the_run_return_and_a_later_run_goes_on),
    WORLD_CASE("", a_stop_lets_the_emission_end_first),
    WORLD_CASE("", a_run_from_inside_a_listener_is_refused),
    WORLD_CASE("", nowait_never_waits),
    WORLD_CASE("", once_waits_until_something_happens),
    WORLD_CASE("", once_rings_the_timer_that_it_waited_for),
    WORLD_CASE("", a_turn_runs_posted_functions_then_timers_then_what_the_system_finished),
    WORLD_CASE_EXCEPT("", the_clock_is_read_once_a_turn_and_when_asked, WORLD_NOT_SIM,
                      "simulated time does not pass by itself"),
    WORLD_CASE_EXCEPT("", the_clock_of_a_simulation_is_the_worlds, WORLD_NOT_POSIX | WORLD_NOT_WINDOWS,
                      "only a simulation can skip an hour"),
    WORLD_CASE("", a_backend_that_does_not_exist_is_refused),
    WORLD_CASE("", a_loop_without_options_works),
    WORLD_CASE("A148", releasing_a_loop_closes_what_is_open_without_any_event),
    WORLD_CASE("A148", the_name_of_a_server_is_free_when_its_loop_is_released),
    WORLD_CASE("", a_loop_that_never_ran_can_be_released_with_connects_under_way),
};

int main(int argc, char **argv) { return world_main(argc, argv, "loop", cases, sizeof cases / sizeof *cases); }
