/* SPDX-License-Identifier: MIT */
/*
 * Timers: never early, in the order of their times, then in the order of starting, and safe to change from callbacks.
 */
#include <stdlib.h>

#include "support/native.h"
#include "support/world.h"

/* A timer of a case: it notes `text` under "timers", and may do something to another one first. */
struct alarm {
  struct world *world;
  const char *text;
  weir_timer *timer;
  void (*act)(struct alarm *alarm);
  struct alarm *other;
  unsigned runs;
};

static void ring(weir_timer *timer, void *user) {
  struct alarm *alarm = user;
  assert_ptr_equal(timer, alarm->timer);
  alarm->runs++;
  world_note(alarm->world, "timers", "%s", alarm->text);
  if (alarm->act != NULL) alarm->act(alarm);
}

static void make_alarm(struct world *world, struct alarm *alarm, const char *text) {
  memset(alarm, 0, sizeof *alarm);
  alarm->world = world;
  alarm->text = text;
  assert_int_equal(weir_timer_create(world->loop, ring, alarm, &alarm->timer), WEIR_OK);
}

static void start_alarm(struct alarm *alarm, uint64_t timeout_ms) {
  assert_int_equal(weir_timer_start(alarm->timer, timeout_ms, 0), WEIR_OK);
}

static void release_alarms(struct alarm *alarms, size_t count) {
  for (size_t i = 0; i < count; i++) weir_timer_release(alarms[i].timer);
}

static uint64_t read_clock(const struct world *world) {
  return world->simulated ? weir_sim_now_ms(world->sim) : native_now_ms();
}

/* ---- when ------------------------------------------------------------------------------------------------------- */

static void a_timer_runs_once_and_never_early(struct world *world) {
  for (uint64_t timeout = 0; timeout <= 40; timeout += 8) {
    struct alarm alarm;
    make_alarm(world, &alarm, "x");
    uint64_t start = read_clock(world);
    start_alarm(&alarm, timeout);
    assert_int_equal(alarm.runs, 0);
    assert_true(weir_timer_active(alarm.timer));
    world_run(world);
    assert_true(read_clock(world) - start >= timeout);
    assert_int_equal(alarm.runs, 1);
    assert_false(weir_timer_active(alarm.timer));
    weir_timer_release(alarm.timer);
  }
}

static void timers_run_in_the_order_of_their_times(struct world *world) {
  struct alarm alarms[4];
  static const char *const texts[] = {"30", "10", "20", "0"};
  static const uint64_t timeouts[] = {30, 10, 20, 0};
  for (size_t i = 0; i < 4; i++) {
    make_alarm(world, &alarms[i], texts[i]);
    start_alarm(&alarms[i], timeouts[i]);
  }
  world_run(world);
  world_expect(world, "timers", "0 10 20 30");
  release_alarms(alarms, 4);
}

/* The clock is read at every start, so times are only equal when it did not move; they are in order in any case. */
static void equal_times_run_in_the_order_of_starting(struct world *world) {
  struct alarm alarms[10];
  static const char *const texts[] = {"0", "1", "2", "3", "4", "5", "6", "7", "8", "9"};
  for (size_t i = 0; i < 10; i++) make_alarm(world, &alarms[i], texts[i]);
  for (size_t i = 0; i < 10; i++) start_alarm(&alarms[i], 5);
  world_run(world);
  world_expect(world, "timers", "0 1 2 3 4 5 6 7 8 9");
  release_alarms(alarms, 10);
}

static void a_timer_counts_from_the_real_now(struct world *world) {
  struct alarm alarm;
  make_alarm(world, &alarm, "x");
  world_run_for(world, 1);
  native_pause_ms(30);
  uint64_t start = read_clock(world);
  start_alarm(&alarm, 20);
  world_run(world);
  assert_true(read_clock(world) - start >= 20);
  weir_timer_release(alarm.timer);
}

static void a_time_beyond_counting_is_never_reached(struct world *world) {
  struct alarm alarm;
  make_alarm(world, &alarm, "x");
  start_alarm(&alarm, UINT64_MAX);
  assert_true(weir_timer_active(alarm.timer));
  world_run_for(world, 20);
  assert_int_equal(alarm.runs, 0);
  weir_timer_release(alarm.timer);
  world_run(world);
}

/* ---- start, stop, restart --------------------------------------------------------------------------------------- */

static void a_timer_started_anew_forgets_its_old_time(struct world *world) {
  struct alarm alarms[2];
  make_alarm(world, &alarms[0], "moved");
  make_alarm(world, &alarms[1], "between");
  start_alarm(&alarms[0], 1);
  start_alarm(&alarms[1], 20);
  start_alarm(&alarms[0], 40);
  world_run(world);
  world_expect(world, "timers", "between moved");
  release_alarms(alarms, 2);
}

static void restart_counts_the_same_time_again(struct world *world) {
  struct alarm alarm;
  make_alarm(world, &alarm, "x");
  assert_int_equal(weir_timer_restart(alarm.timer), WEIR_EINVAL);
  start_alarm(&alarm, 300);
  world_run_for(world, 20);
  uint64_t start = read_clock(world);
  assert_int_equal(weir_timer_restart(alarm.timer), WEIR_OK);
  world_run(world);
  assert_true(read_clock(world) - start >= 300);
  assert_int_equal(alarm.runs, 1);
  assert_int_equal(weir_timer_restart(alarm.timer), WEIR_OK);
  world_run(world);
  assert_int_equal(alarm.runs, 2);
  weir_timer_release(alarm.timer);
}

static void a_stopped_timer_does_not_run(struct world *world) {
  struct alarm alarm;
  make_alarm(world, &alarm, "x");
  start_alarm(&alarm, 1);
  weir_timer_stop(alarm.timer);
  weir_timer_stop(alarm.timer);
  assert_false(weir_timer_active(alarm.timer));
  world_run_for(world, 20);
  assert_int_equal(alarm.runs, 0);
  weir_timer_release(alarm.timer);
}

static void stop_after_three(struct alarm *alarm) {
  if (alarm->runs == 3) weir_timer_stop(alarm->timer);
}

static void a_repeating_timer_runs_until_it_is_stopped(struct world *world) {
  struct alarm alarm;
  make_alarm(world, &alarm, "x");
  alarm.act = stop_after_three;
  uint64_t start = read_clock(world);
  assert_int_equal(weir_timer_start(alarm.timer, 5, 10), WEIR_OK);
  world_run(world);
  assert_true(read_clock(world) - start >= 25);
  assert_int_equal(alarm.runs, 3);
  weir_timer_release(alarm.timer);
}

/* ---- inside callbacks ------------------------------------------------------------------------------------------- */

static void stop_other(struct alarm *alarm) { weir_timer_stop(alarm->other->timer); }

static void release_other(struct alarm *alarm) {
  weir_timer_release(alarm->other->timer);
  alarm->other->timer = NULL;
}

static void start_other(struct alarm *alarm) { start_alarm(alarm->other, 0); }

static void check_acting(struct world *world, void (*act)(struct alarm *alarm), const char *expected) {
  struct alarm alarms[3];
  make_alarm(world, &alarms[0], "first");
  make_alarm(world, &alarms[1], "second");
  make_alarm(world, &alarms[2], "third");
  alarms[0].act = act;
  alarms[0].other = &alarms[1];
  for (size_t i = 0; i < 3; i++) start_alarm(&alarms[i], 1);
  native_pause_ms(5);
  world_run(world);
  world_expect(world, "timers", expected);
  release_alarms(alarms, 3);
}

static void a_timer_that_is_due_can_still_be_stopped(struct world *world) {
  check_acting(world, stop_other, "first third");
}

static void a_timer_that_is_due_can_still_be_released(struct world *world) {
  check_acting(world, release_other, "first third");
}

static void a_timer_that_is_due_can_still_be_moved_back(struct world *world) {
  check_acting(world, start_other, "first third second");
}

static void release_itself(struct alarm *alarm) {
  weir_timer_release(alarm->timer);
  alarm->timer = NULL;
}

static void a_timer_may_release_itself(struct world *world) {
  struct alarm alarm;
  make_alarm(world, &alarm, "x");
  alarm.act = release_itself;
  assert_int_equal(weir_timer_start(alarm.timer, 1, 1), WEIR_OK);
  world_run(world);
  assert_int_equal(alarm.runs, 1);
}

static void stop_alarm(void *alarm) { weir_timer_stop(((struct alarm *)alarm)->timer); }

static void start_itself(struct alarm *alarm) {
  start_alarm(alarm, 0);
  if (alarm->runs == 1) weir_loop_post(alarm->world->loop, stop_alarm, alarm);
  if (alarm->runs == 1000) fail_msg("the loop never looks up from its timers");
}

static void a_timer_that_starts_itself_with_zero_leaves_room_for_others(struct world *world) {
  struct alarm alarm;
  make_alarm(world, &alarm, "busy");
  alarm.act = start_itself;
  start_alarm(&alarm, 0);
  world_run(world);
  weir_timer_release(alarm.timer);
}

/* ---- ten thousand ----------------------------------------------------------------------------------------------- */

struct crowd {
  uint64_t last;
  uint64_t last_index;
  unsigned runs;
  bool disorder;
};

struct member {
  struct crowd *crowd;
  weir_timer *timer;
  uint64_t timeout;
  uint64_t index;
};

static void check_turn(weir_timer *timer, void *user) {
  (void)timer;
  struct member *member = user;
  struct crowd *crowd = member->crowd;
  if (member->timeout < crowd->last) crowd->disorder = true;
  if (member->timeout == crowd->last && member->index < crowd->last_index) crowd->disorder = true;
  crowd->last = member->timeout;
  crowd->last_index = member->index;
  crowd->runs++;
}

/* Between two times that differ lies more than starting all of them takes on a slow machine. */
static void ten_thousand_timers_run_in_order_and_half_of_them_can_be_stopped(struct world *world) {
  enum { COUNT = 10000, TIMES = 4, GAP_MS = 150 };
  struct crowd crowd = {0, 0, 0, false};
  struct member *members = calloc(COUNT, sizeof *members);
  assert_non_null(members);
  for (uint64_t i = 0; i < COUNT; i++) {
    members[i] = (struct member){&crowd, NULL, 1 + GAP_MS * (i * 7919 % TIMES), i};
    assert_int_equal(weir_timer_create(world->loop, check_turn, &members[i], &members[i].timer), WEIR_OK);
    assert_int_equal(weir_timer_start(members[i].timer, members[i].timeout, 0), WEIR_OK);
  }
  for (size_t i = 0; i < COUNT; i += 2) weir_timer_stop(members[i].timer);
  world_run(world);
  for (size_t i = 0; i < COUNT; i++) weir_timer_release(members[i].timer);
  free(members);
  assert_int_equal(crowd.runs, COUNT / 2);
  assert_false(crowd.disorder);
}

/* ---- references ------------------------------------------------------------------------------------------------- */

static void an_unreferenced_timer_does_not_keep_the_loop_alive(struct world *world) {
  struct alarm alarm;
  make_alarm(world, &alarm, "x");
  start_alarm(&alarm, 5000);
  assert_true(weir_timer_has_ref(alarm.timer));
  assert_ptr_equal(weir_timer_unref(alarm.timer), alarm.timer);
  assert_false(weir_timer_has_ref(alarm.timer));
  world_run(world);
  assert_ptr_equal(weir_timer_ref(alarm.timer), alarm.timer);
  assert_true(weir_loop_alive(world->loop));
  weir_timer_release(alarm.timer);
  assert_false(weir_loop_alive(world->loop));
}

static void an_unreferenced_timer_runs_while_something_else_is_alive(struct world *world) {
  struct alarm alarm;
  make_alarm(world, &alarm, "x");
  weir_timer_unref(alarm.timer);
  assert_int_equal(weir_timer_start(alarm.timer, 1, 1), WEIR_OK);
  while (alarm.runs < 2) world_run_for(world, 10);
  world_run(world);
  weir_timer_release(alarm.timer);
}

static void unref_itself(struct alarm *alarm) { weir_timer_unref(alarm->timer); }

static void a_repeating_timer_unreferenced_in_its_callback_goes_on(struct world *world) {
  struct alarm alarm;
  make_alarm(world, &alarm, "x");
  alarm.act = unref_itself;
  assert_int_equal(weir_timer_start(alarm.timer, 1, 1), WEIR_OK);
  while (alarm.runs < 2) world_run_for(world, 10);
  assert_true(weir_timer_active(alarm.timer));
  weir_timer_release(alarm.timer);
}

static void ref_itself(struct alarm *alarm) {
  weir_timer_ref(alarm->timer);
  if (alarm->runs == 3) weir_timer_stop(alarm->timer);
}

static void a_timer_referenced_in_its_callback_keeps_the_loop_alive(struct world *world) {
  struct alarm alarm;
  make_alarm(world, &alarm, "x");
  alarm.act = ref_itself;
  weir_timer_unref(alarm.timer);
  assert_int_equal(weir_timer_start(alarm.timer, 1, 1), WEIR_OK);
  world_run_for(world, 20);
  world_run(world);
  assert_int_equal(alarm.runs, 3);
  weir_timer_release(alarm.timer);
}

static void a_retained_timer_lives_until_its_last_release(struct world *world) {
  struct alarm alarm;
  make_alarm(world, &alarm, "x");
  assert_ptr_equal(weir_timer_retain(alarm.timer), alarm.timer);
  weir_timer_release(alarm.timer);
  start_alarm(&alarm, 1);
  world_run(world);
  assert_int_equal(alarm.runs, 1);
  weir_timer_release(alarm.timer);
  weir_timer_release(NULL);
}

static void a_timer_without_a_callback_is_refused(struct world *world) {
  weir_timer *timer = NULL;
  assert_int_equal(weir_timer_create(world->loop, NULL, NULL, &timer), WEIR_EINVAL);
  assert_null(timer);
}

static const struct world_case cases[] = {
    WORLD_CASE("A347", a_timer_runs_once_and_never_early),
    WORLD_CASE("A347", timers_run_in_the_order_of_their_times),
    WORLD_CASE("A347", equal_times_run_in_the_order_of_starting),
    WORLD_CASE_EXCEPT("A347", a_timer_counts_from_the_real_now, WORLD_NOT_SIM,
                      "simulated time does not pass by itself"),
    WORLD_CASE("", a_time_beyond_counting_is_never_reached),
    WORLD_CASE("", a_timer_started_anew_forgets_its_old_time),
    WORLD_CASE("A346", restart_counts_the_same_time_again),
    WORLD_CASE("", a_stopped_timer_does_not_run),
    WORLD_CASE("A342", a_repeating_timer_runs_until_it_is_stopped),
    WORLD_CASE("", a_timer_that_is_due_can_still_be_stopped),
    WORLD_CASE("", a_timer_that_is_due_can_still_be_released),
    WORLD_CASE("", a_timer_that_is_due_can_still_be_moved_back),
    WORLD_CASE("", a_timer_may_release_itself),
    WORLD_CASE("", a_timer_that_starts_itself_with_zero_leaves_room_for_others),
    WORLD_CASE("A347", ten_thousand_timers_run_in_order_and_half_of_them_can_be_stopped),
    WORLD_CASE("EO-39 A342", an_unreferenced_timer_does_not_keep_the_loop_alive),
    WORLD_CASE("A342 A343", an_unreferenced_timer_runs_while_something_else_is_alive),
    WORLD_CASE("A344", a_repeating_timer_unreferenced_in_its_callback_goes_on),
    WORLD_CASE("A345", a_timer_referenced_in_its_callback_keeps_the_loop_alive),
    WORLD_CASE("", a_retained_timer_lives_until_its_last_release),
    WORLD_CASE("", a_timer_without_a_callback_is_refused),
};

int main(int argc, char **argv) { return world_main(argc, argv, "timer", cases, sizeof cases / sizeof *cases); }
