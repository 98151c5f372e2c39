/* SPDX-License-Identifier: MIT */
/*
 * Look-ups, work and signals when the system or the allocator refuses something, each thing in turn: who asked hears of
 * it, nothing is left over, and what was asked for before goes on.
 */
#include <stdatomic.h>
#include <stdio.h>

#include "support/further_loop.h"
#include "support/native.h"
#include "support/supply.h"
#include "support/system_faults.h"
#include "support/world.h"

/* What one look-up and one piece of work came to. */
struct outcome_of_services {
  weir_code lookup_start;
  weir_code lookup;
  weir_code work_queue;
  weir_code work;
  weir_code signal;
  unsigned lookups_told;
  unsigned work_told;
  atomic_uint work_done;
  char hint[160];
};

static void hear_lookup(weir_lookup *lookup, const weir_error *error, const weir_address *addresses, size_t count,
                        void *user) {
  struct outcome_of_services *outcome = user;
  (void)lookup, (void)addresses;
  outcome->lookups_told++;
  outcome->lookup = error == NULL ? WEIR_OK : error->code;
  if (error != NULL) snprintf(outcome->hint, sizeof outcome->hint, "%s", error->hint);
  assert_true((error == NULL) == (count > 0));
}

static void do_work(void *user) { atomic_fetch_add(&((struct outcome_of_services *)user)->work_done, 1); }

static void end_work(weir_work *work, weir_code code, void *user) {
  struct outcome_of_services *outcome = user;
  (void)work;
  outcome->work_told++;
  outcome->work = code;
}

static void hear_signal(weir_signal *signal, weir_signal_number number, void *user) {
  (void)signal, (void)number, (void)user;
}

/* Asks for one of each, and waits until whatever was taken is over. A poller that fails ends a run, not the services.
 */
static void use_services(weir_loop *loop, struct outcome_of_services *outcome) {
  *outcome = (struct outcome_of_services){.lookup = WEIR_OK};
  weir_signal *signal = NULL;
  outcome->lookup_start = weir_lookup_start(loop, "localhost", WEIR_FAMILY_IPV4, hear_lookup, outcome, NULL);
  outcome->work_queue = weir_work_queue(loop, do_work, end_work, outcome, NULL);
  outcome->signal = weir_signal_create(loop, hear_signal, NULL, &signal);
  if (outcome->signal == WEIR_OK) outcome->signal = weir_signal_start(signal, WEIR_SIGNAL_INTERRUPT);
  while (weir_loop_alive(loop)) weir_loop_run(loop, WEIR_RUN_DEFAULT);
  weir_signal_release(signal);
  assert_int_equal(outcome->lookups_told, outcome->lookup_start == WEIR_OK);
  assert_int_equal(outcome->work_told, outcome->work_queue == WEIR_OK);
  assert_int_equal(atomic_load(&outcome->work_done), outcome->work_queue == WEIR_OK);
}

static bool went_well(const struct outcome_of_services *outcome) {
  return outcome->lookup_start == WEIR_OK && outcome->lookup == WEIR_OK && outcome->work_queue == WEIR_OK &&
         outcome->signal == WEIR_OK;
}

/* ---- one thing at a time ---------------------------------------------------------------------------------------- */

static void without_a_thread_both_say_so(struct world *world) {
  struct outcome_of_services outcome;
  system_fault_begin(world, FAULT_THREAD, 1, FAULT_OF_MEMORY, FAULT_FOR_EVER);
  use_services(world->loop, &outcome);
  assert_int_equal(outcome.lookup_start, WEIR_OK);
  assert_int_equal(outcome.lookup, system_fault_code(FAULT_OF_MEMORY));
  assert_string_not_equal(outcome.hint, "");
  assert_int_equal(outcome.work_queue, system_fault_code(FAULT_OF_MEMORY));
  system_fault_end();
  use_services(world->loop, &outcome);
  assert_true(went_well(&outcome));
}

struct gate {
  atomic_bool open;
  atomic_size_t waiting;
};

static void pass_gate(void *user) {
  struct gate *gate = user;
  atomic_fetch_add(&gate->waiting, 1);
  while (!atomic_load(&gate->open)) native_pause_ms(1);
}

static void without_a_further_thread_work_waits_for_the_one_that_runs(struct world *world) {
  struct gate gate = {.open = false};
  struct outcome_of_services outcome = {.lookup = WEIR_OK};
  assert_int_equal(weir_work_queue(world->loop, pass_gate, NULL, &gate, NULL), WEIR_OK);
  while (atomic_load(&gate.waiting) == 0) native_pause_ms(1);
  system_fault_begin(world, FAULT_THREAD, 1, FAULT_OF_MEMORY, FAULT_FOR_EVER);
  assert_int_equal(weir_work_queue(world->loop, do_work, end_work, &outcome, NULL), WEIR_OK);
  assert_int_equal(system_fault_count(), 1);
  atomic_store(&gate.open, true);
  world_run(world);
  assert_int_equal(outcome.work_told, 1);
  system_fault_end();
}

static void a_system_that_refuses_a_signal_is_heard(struct world *world) {
  if (strcmp(world->backend, "iocp") == 0) world_skip(world, "the console is asked once in the life of a process");
  struct outcome_of_services outcome;
  system_fault_begin(world, FAULT_SIGNAL, 1, FAULT_OF_MEMORY, 1);
  use_services(world->loop, &outcome);
  system_fault_end();
  assert_int_equal(outcome.signal, WEIR_ENOMEM);
  use_services(world->loop, &outcome);
  assert_true(went_well(&outcome));
}

/* ---- each thing in turn ----------------------------------------------------------------------------------------- */

static void look_around(weir_timer *timer, void *user) { (void)timer, (void)user; }

/* A loop that looks around now and then, because nobody else brings back a wake that the system has refused. */
static weir_loop *make_watchful_loop(struct world *world, weir_timer **timer) {
  weir_loop *loop = further_loop(world);
  assert_int_equal(weir_timer_create(loop, look_around, NULL, timer), WEIR_OK);
  assert_int_equal(weir_timer_start(weir_timer_unref(*timer), 10, 10), WEIR_OK);
  return loop;
}

/* With a fresh loop for each, whose first look-up makes everything that its threads need. */
static void check_sweep(struct world *world, enum fault_place place, size_t at_least) {
  struct outcome_of_services outcome;
  size_t nth = 1, failures = 0;
  for (bool struck = true; struck; nth++) {
    weir_timer *timer;
    weir_loop *loop = make_watchful_loop(world, &timer);
    system_fault_begin(world, place, nth, FAULT_OF_MEMORY, 1);
    use_services(loop, &outcome);
    struck = system_fault_count() > 0;
    system_fault_end();
    if (!went_well(&outcome)) failures++;
    weir_timer_release(timer);
    weir_loop_release(loop);
    assert_in_range(nth, 1, 500);
  }
  assert_true(went_well(&outcome));
  assert_in_range(failures, at_least, nth);
}

static void no_memory_that_outlives_the_loop_is_always_told(struct world *world) { check_sweep(world, FAULT_HEAP, 3); }

static void every_refusal_of_the_system_is_told_or_without_effect(struct world *world) {
  check_sweep(world, FAULT_ANYWHERE, 3);
}

/* ---- the loop's allocator --------------------------------------------------------------------------------------- */

static void each_allocation_that_fails_is_told(struct world *world) {
  struct outcome_of_services outcome = {.lookup_start = WEIR_ENOMEM};
  size_t failures = 0;
  for (size_t n = 1; !went_well(&outcome); n++) {
    struct supply supply = {.asked = 0};
    weir_loop_options options = further_loop_options(world);
    options.allocator = supply_allocator(&supply);
    weir_loop *loop;
    assert_int_equal(weir_loop_create(&options, &loop), WEIR_OK);
    supply.fail_at = supply.asked + n;
    use_services(loop, &outcome);
    weir_loop_release(loop);
    assert_int_equal(supply.blocks, 0);
    failures++;
    assert_in_range(n, 1, 100);
  }
  assert_in_range(failures, 4, 100);
}

static const struct world_case cases[] = {
    WORLD_CASE("", without_a_thread_both_say_so),
    WORLD_CASE("", without_a_further_thread_work_waits_for_the_one_that_runs),
    WORLD_CASE("", a_system_that_refuses_a_signal_is_heard),
    WORLD_CASE("", no_memory_that_outlives_the_loop_is_always_told),
    WORLD_CASE("", every_refusal_of_the_system_is_told_or_without_effect),
    WORLD_CASE("", each_allocation_that_fails_is_told),
};

int main(int argc, char **argv) {
  return world_main(argc, argv, "services_fault", cases, sizeof cases / sizeof *cases);
}
