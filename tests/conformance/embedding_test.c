/* SPDX-License-Identifier: MIT */
/*
 * A loop inside another one: the outer loop waits for the pollable and the next time-out, and runs this one without
 * waiting. Backends without a pollable say so, and are run on a timer.
 */
#include "support/native.h"
#include "support/pair.h"
#include "support/thread.h"
#include "support/world.h"

static void set_flag(void *flag) { *(bool *)flag = true; }

static void set_flag_on(const weir_event *event, void *flag) {
  (void)event;
  set_flag(flag);
}

static bool has_pollable(const struct world *world) { return !world->simulated && strcmp(world->backend, "poll") != 0; }

static intptr_t get_pollable(struct world *world) {
  intptr_t pollable = -1;
  assert_int_equal(weir_loop_pollable(world->loop, &pollable), WEIR_OK);
  return pollable;
}

/* One turn of an outer loop of the simplest kind. */
static void turn_outer_loop(struct world *world) {
  int timeout = weir_loop_next_timeout_ms(world->loop);
  if (timeout < 0 || timeout > 500) timeout = 500;
  if (has_pollable(world))
    native_wait(get_pollable(world), timeout);
  else
    native_pause_ms(timeout > 0 ? 1 : 0);
  assert_true(weir_loop_run(world->loop, WEIR_RUN_NOWAIT) >= 0);
}

static void run_inside_outer_loop(struct world *world, const bool *over) {
  for (uint64_t start = native_now_ms(); !*over;) {
    if (native_now_ms() - start > 10000) fail_msg("the outer loop hangs");
    turn_outer_loop(world);
  }
}

/* Until nothing is ready any more. */
static void settle(struct world *world) {
  for (int i = 0; i < 100; i++) weir_loop_run(world->loop, WEIR_RUN_NOWAIT);
}

static void only_backends_that_have_a_pollable_give_one(struct world *world) {
  intptr_t pollable = -1;
  assert_int_equal(weir_loop_pollable(world->loop, &pollable), has_pollable(world) ? WEIR_OK : WEIR_ENOTSUP);
}

static void the_next_timeout_tells_how_long_an_outer_loop_may_wait(struct world *world) {
  bool called = false;
  bool posted = false;
  assert_int_equal(weir_loop_next_timeout_ms(world->loop), -1);
  world_after(world, 50, set_flag, &called);
  int timeout = weir_loop_next_timeout_ms(world->loop);
  assert_true(timeout > 0 && timeout <= 50);
  weir_loop_post(world->loop, set_flag, &posted);
  assert_int_equal(weir_loop_next_timeout_ms(world->loop), 0);
  world_run(world);
  assert_true(called && posted);
  assert_int_equal(weir_loop_next_timeout_ms(world->loop), -1);
}

static void the_next_timeout_is_zero_while_an_event_is_owed(struct world *world) {
  weir_socket *socket = world_socket(world, NULL);
  weir_socket_destroy(socket, NULL);
  assert_int_equal(weir_loop_next_timeout_ms(world->loop), 0);
  world_run(world);
}

static void a_timer_runs_inside_an_outer_loop_and_never_early(struct world *world) {
  bool over = false;
  uint64_t start = native_now_ms();
  world_after(world, 40, set_flag, &over);
  run_inside_outer_loop(world, &over);
  assert_true(native_now_ms() - start >= 40);
}

static void an_echo_runs_inside_an_outer_loop(struct world *world) {
  struct world_pair pair = pair_open(world, 0, 0);
  struct world_stream stream = {0, false};
  bool over = false;
  weir_socket_pipe(pair.accepted, pair.accepted, WEIR_PIPE_DEFAULT);
  pair_check(pair.client, &stream);
  weir_socket_on(pair.client, WEIR_EVENT_CLOSE, set_flag_on, &over);
  world_write_pattern(world, pair.client, "C", "write-cb", 1u << 20, 0);
  weir_socket_end(pair.client, NULL);
  run_inside_outer_loop(world, &over);
  assert_int_equal(stream.bytes, 1u << 20);
  assert_false(stream.broken);
  world_run(world);
}

static void servers_and_connects_work_inside_an_outer_loop(struct world *world) {
  bool listening = false;
  bool closed = false;
  weir_server *server = world_server(world, NULL, world_end_on, NULL);
  weir_server_unref(server);
  weir_server_on(server, WEIR_EVENT_LISTENING, set_flag_on, &listening);
  assert_int_equal(weir_server_listen(server, world->endpoint, NULL), WEIR_OK);
  run_inside_outer_loop(world, &listening);
  weir_socket *socket = world_connect(world, NULL);
  world_trace_socket(world, socket, "C", 0);
  weir_socket_on(socket, WEIR_EVENT_CLOSE, set_flag_on, &closed);
  run_inside_outer_loop(world, &closed);
  world_expect(world, "C", "connect end finish close(false)");
  world_run(world);
}

/* ---- the pollable itself ---------------------------------------------------------------------------------------- */

static void the_pollable_is_quiet_when_there_is_nothing_to_do(struct world *world) {
  if (!has_pollable(world)) world_skip(world, "this backend has no pollable");
  struct world_pair pair = pair_open(world, WORLD_TRACE_DATA, 0);
  settle(world);
  assert_false(native_wait(get_pollable(world), 0));
  world_write(pair.client, "x");
  assert_true(native_wait(get_pollable(world), 2000));
  settle(world);
  world_expect(world, "S", "data(x)");
  assert_false(native_wait(get_pollable(world), 0));
  pair_end(world, &pair);
}

struct late {
  weir_loop *loop;
  bool *flag;
};

static void post_late(void *user) {
  struct late *late = user;
  native_pause_ms(30);
  weir_loop_post(late->loop, set_flag, late->flag);
}

static void a_post_from_another_thread_signals_the_pollable(struct world *world) {
  if (!has_pollable(world)) world_skip(world, "this backend has no pollable");
  bool posted = false;
  struct late late = {world->loop, &posted};
  settle(world);
  struct thread *thread = thread_start(post_late, &late);
  assert_non_null(thread);
  assert_true(native_wait(get_pollable(world), 5000));
  thread_join(thread);
  settle(world);
  assert_true(posted);
  assert_false(native_wait(get_pollable(world), 0));
}

static void wake_loop(void *loop) { weir_loop_wake(loop); }

/* The run that heard of the wake has used it up: what comes after it must be signalled anew. */
static void a_wake_inside_a_run_does_not_swallow_a_later_post(struct world *world) {
  if (!has_pollable(world)) world_skip(world, "this backend has no pollable");
  intptr_t pollable = get_pollable(world);
  bool posted = false;
  struct late late = {world->loop, &posted};
  settle(world);
  weir_loop_post(world->loop, wake_loop, world->loop);
  weir_loop_run(world->loop, WEIR_RUN_NOWAIT);
  assert_int_equal(weir_loop_next_timeout_ms(world->loop), -1);
  struct thread *thread = thread_start(post_late, &late);
  assert_non_null(thread);
  bool signalled = native_wait(pollable, 2000);
  thread_join(thread);
  settle(world);
  assert_true(signalled && posted);
}

/* Nobody waits in the kernel then, but an outer loop is about to. */
static void a_wake_outside_of_a_run_signals_the_pollable(struct world *world) {
  if (!has_pollable(world)) world_skip(world, "this backend has no pollable");
  weir_loop_wake(world->loop);
  assert_true(native_wait(get_pollable(world), 2000));
  settle(world);
  assert_false(native_wait(get_pollable(world), 0));
  for (int i = 0; i < 2; i++) weir_loop_wake(world->loop);
  assert_true(native_wait(get_pollable(world), 2000));
  settle(world);
  assert_false(native_wait(get_pollable(world), 0));
}

/* A post in the outer loop's own thread, outside of any run, must not be missed either. */
static void a_post_outside_of_a_run_is_seen(struct world *world) {
  bool posted = false;
  settle(world);
  weir_loop_post(world->loop, set_flag, &posted);
  turn_outer_loop(world);
  assert_true(posted);
}

static void interest_is_applied_before_a_run_returns(struct world *world) {
  if (!has_pollable(world)) world_skip(world, "this backend has no pollable");
  struct world_pair pair = pair_open(world, 0, 0);
  weir_socket_pause(pair.accepted);
  settle(world);
  weir_socket_on(pair.accepted, WEIR_EVENT_DATA, world_note_event, world_mark(world, "heard", "data"));
  weir_socket_resume(pair.accepted);
  settle(world);
  world_write(pair.client, "x");
  assert_true(native_wait(get_pollable(world), 2000));
  settle(world);
  world_expect(world, "heard", "data");
  pair_end(world, &pair);
}

#define CLOCK_CASE(rows, function) \
  WORLD_CASE_EXCEPT(rows, function, WORLD_NOT_SIM, "simulated time moves only while the loop itself waits")

static const struct world_case cases[] = {
    WORLD_CASE("", only_backends_that_have_a_pollable_give_one),
    WORLD_CASE("", the_next_timeout_tells_how_long_an_outer_loop_may_wait),
    WORLD_CASE("", the_next_timeout_is_zero_while_an_event_is_owed),
    CLOCK_CASE("", a_timer_runs_inside_an_outer_loop_and_never_early),
    WORLD_CASE("", an_echo_runs_inside_an_outer_loop),
    WORLD_CASE("", servers_and_connects_work_inside_an_outer_loop),
    WORLD_CASE("", the_pollable_is_quiet_when_there_is_nothing_to_do),
    CLOCK_CASE("", a_post_from_another_thread_signals_the_pollable),
    CLOCK_CASE("", a_wake_inside_a_run_does_not_swallow_a_later_post),
    CLOCK_CASE("", a_wake_outside_of_a_run_signals_the_pollable),
    WORLD_CASE("", a_post_outside_of_a_run_is_seen),
    WORLD_CASE("", interest_is_applied_before_a_run_returns),
};

int main(int argc, char **argv) { return world_main(argc, argv, "embedding", cases, sizeof cases / sizeof *cases); }
