/* SPDX-License-Identifier: MIT */
/*
 * The deadlines of a loop against a model that notes every time and searches: whatever is set, started, moved and
 * cleared, they come at their times, in the order of their times and then in the order in which they were set.
 */
#include "common/loop/deadline.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

/* cmocka.h wants the headers above first. */
#include <cmocka.h>
#include <weir/sim.h>
#include <weir/timer.h>

#include "common/loop/loop.h"

enum { DEADLINES = 200, STEPS = 100000 };

struct model {
  struct deadline deadline;
  bool is_set;
  uint64_t time_ns;
  uint64_t order;
};

struct fixture {
  weir_sim *sim;
  weir_loop *loop;
  struct model models[DEADLINES];
  uint64_t steps;
  uint64_t random;
};

static struct fixture *fixture;

static uint64_t draw(uint64_t limit) {
  fixture->random ^= fixture->random << 13;
  fixture->random ^= fixture->random >> 7;
  fixture->random ^= fixture->random << 17;
  return fixture->random % limit;
}

static int make(void **state) {
  (void)state;
  fixture = calloc(1, sizeof *fixture);
  fixture->random = 88172645463325252U;
  weir_loop_options options = weir_loop_options_default();
  if (weir_sim_create(NULL, &fixture->sim) != WEIR_OK) return -1;
  options.simulator = fixture->sim;
  if (weir_loop_create(&options, &fixture->loop) != WEIR_OK) return -1;
  for (size_t i = 0; i < DEADLINES; i++) {
    if (deadline_init(&fixture->models[i].deadline, fixture->loop, DEADLINE_TIMER) != WEIR_OK) return -1;
  }
  fixture->loop->running = true; /* so that starting waits for the clock */
  fixture->loop->deadline_order = UINT32_MAX - STEPS / 2;
  return 0;
}

static int unmake(void **state) {
  (void)state;
  fixture->loop->running = false;
  for (size_t i = 0; i < DEADLINES; i++) deadline_fini(&fixture->models[i].deadline, fixture->loop);
  weir_loop_release(fixture->loop);
  weir_sim_release(fixture->sim);
  free(fixture);
  return 0;
}

static struct model *search_first(void) {
  struct model *first = NULL;
  for (size_t i = 0; i < DEADLINES; i++) {
    struct model *model = &fixture->models[i];
    if (!model->is_set) continue;
    bool sooner = first == NULL || model->time_ns < first->time_ns ||
                  (model->time_ns == first->time_ns && model->order < first->order);
    if (sooner) first = model;
  }
  return first;
}

static void note(struct model *model, uint64_t milliseconds) {
  model->is_set = true;
  model->time_ns = deadline_add_ms(loop_now(fixture->loop), milliseconds);
  model->order = fixture->steps;
}

static void step(void) {
  struct model *model = &fixture->models[draw(DEADLINES)];
  uint64_t milliseconds = draw(20); /* few, so that many are equal */
  fixture->steps++;
  switch (draw(6)) {
    case 0:
      deadline_clear(&model->deadline, fixture->loop);
      model->is_set = false;
      break;
    case 1:
      deadline_set_after(&model->deadline, fixture->loop, milliseconds);
      note(model, milliseconds);
      break;
    case 2:
      deadline_fini(&model->deadline, fixture->loop);
      assert_int_equal(deadline_init(&model->deadline, fixture->loop, DEADLINE_TIMER), WEIR_OK);
      model->is_set = false;
      break;
    default:
      deadline_start(&model->deadline, fixture->loop, milliseconds);
      note(model, milliseconds);
  }
  assert_true(deadline_is_set(&model->deadline) == model->is_set);
}

static void check_first(void) {
  deadline_settle(fixture->loop);
  struct model *expected = search_first();
  struct deadline *first = deadline_first(fixture->loop);
  assert_ptr_equal(first, expected == NULL ? NULL : &expected->deadline);
  if (first != NULL) assert_true(first->time_ns == expected->time_ns);
}

static void random_steps_agree_with_a_search(void **state) {
  (void)state;
  while (fixture->steps < STEPS) {
    step();
    if (draw(10) == 0) check_first();
  }
}

/* Each comes, then something is done again: what stands before its time in the heap must not come too soon. */
static void they_come_in_order_whatever_is_done_meanwhile(void **state) {
  (void)state;
  while (fixture->steps < STEPS) {
    for (uint64_t left = draw(50); left > 0; left--) step();
    check_first();
    struct deadline *first = deadline_first(fixture->loop);
    if (first == NULL) continue;
    struct model *model = CONTAINER_OF(first, struct model, deadline);
    deadline_clear(first, fixture->loop);
    assert_false(deadline_is_set(first));
    model->is_set = false;
    check_first();
  }
}

/* The first one is started anew by the very one that comes: it has an old time in the heap, and must not come for it.
 */
static void a_started_one_does_not_come_at_its_old_time(void **state) {
  (void)state;
  struct deadline *one = &fixture->models[0].deadline;
  struct deadline *other = &fixture->models[1].deadline;
  deadline_set_after(one, fixture->loop, 1);
  deadline_set_after(other, fixture->loop, 2);
  deadline_start(one, fixture->loop, 3);
  assert_ptr_equal(deadline_first(fixture->loop), other);
  deadline_start(one, fixture->loop, 0);
  deadline_settle(fixture->loop);
  assert_ptr_equal(deadline_first(fixture->loop), one);
}

static void many_can_be_started_at_once(void **state) {
  (void)state;
  for (uint64_t i = 0; i < DEADLINES; i++) {
    deadline_start(&fixture->models[i].deadline, fixture->loop, DEADLINES - i);
  }
  for (size_t i = DEADLINES; i > 0; i--) {
    deadline_settle(fixture->loop);
    struct deadline *first = deadline_first(fixture->loop);
    assert_ptr_equal(first, &fixture->models[i - 1].deadline);
    deadline_clear(first, fixture->loop);
  }
  assert_null(deadline_first(fixture->loop));
}

static void start_again(weir_timer *timer, void *rings) {
  ++*(int *)rings;
  assert_int_equal(weir_timer_start(timer, 0, 0), WEIR_OK);
}

/* The second one is set when the count of orders begins anew. */
static void what_is_set_meanwhile_waits_for_the_next_turn(void **state) {
  (void)state;
  enum { TIMERS = 3, TURNS = 3 };
  weir_timer *timers[TIMERS];
  int rings[TIMERS] = {0};
  fixture->loop->running = false;
  fixture->loop->deadline_order = UINT32_MAX;
  for (size_t i = 0; i < TIMERS; i++) {
    assert_int_equal(weir_timer_create(fixture->loop, start_again, &rings[i], &timers[i]), WEIR_OK);
    assert_int_equal(weir_timer_start(timers[i], 0, 0), WEIR_OK);
  }
  for (int turn = 1; turn <= TURNS; turn++) {
    weir_loop_run(fixture->loop, WEIR_RUN_NOWAIT);
    for (size_t i = 0; i < TIMERS; i++) assert_int_equal(rings[i], turn);
  }
  for (size_t i = 0; i < TIMERS; i++) weir_timer_release(timers[i]);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test_setup_teardown(random_steps_agree_with_a_search, make, unmake),
      cmocka_unit_test_setup_teardown(they_come_in_order_whatever_is_done_meanwhile, make, unmake),
      cmocka_unit_test_setup_teardown(a_started_one_does_not_come_at_its_old_time, make, unmake),
      cmocka_unit_test_setup_teardown(many_can_be_started_at_once, make, unmake),
      cmocka_unit_test_setup_teardown(what_is_set_meanwhile_waits_for_the_next_turn, make, unmake),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
