/* SPDX-License-Identifier: MIT */
/*
 * Work on other threads: what runs where, in which order, how many at once, and what cancelling and a loop's end do.
 */
#include <stdatomic.h>
#include <stdio.h>

#include "support/further_loop.h"
#include "support/native.h"
#include "support/system_faults.h"
#include "support/world.h"

/* A gate that work stands at until the case opens it. */
struct gate {
  atomic_bool open;
  atomic_size_t waiting;
  atomic_size_t passed;
};

static void pass_gate(void *user) {
  struct gate *gate = user;
  atomic_fetch_add(&gate->waiting, 1);
  while (!atomic_load(&gate->open)) native_pause_ms(1);
  atomic_fetch_add(&gate->passed, 1);
}

static void await_count(const atomic_size_t *counter, size_t count) {
  while (atomic_load(counter) != count) native_pause_ms(1);
}

/* One piece, and what became of it. */
struct piece_of_work {
  struct world *world;
  const char *name;
  atomic_uint *order; /* counts those that have begun, or NULL */
  unsigned place;
  bool on_loop_thread;
  bool over;
  weir_code code;
};

static _Thread_local char this_thread;
static const char *loop_thread;

static void do_piece(void *user) {
  struct piece_of_work *piece = user;
  piece->on_loop_thread = &this_thread == loop_thread;
  if (piece->order != NULL) piece->place = atomic_fetch_add(piece->order, 1) + 1;
}

static void end_piece(weir_work *work, weir_code code, void *user) {
  struct piece_of_work *piece = user;
  (void)work;
  assert_ptr_equal(&this_thread, loop_thread);
  assert_false(piece->over);
  piece->over = true;
  piece->code = code;
  if (piece->name != NULL) world_note(piece->world, "W", "%s(%s)", piece->name, weir_code_name(code));
}

static void queue(weir_loop *loop, weir_work_function function, void *user) {
  assert_int_equal(weir_work_queue(loop, function, NULL, user, NULL), WEIR_OK);
}

static void work_runs_elsewhere_and_is_told_in_the_loop(struct world *world) {
  struct piece_of_work piece = {.world = world};
  loop_thread = &this_thread;
  assert_int_equal(weir_work_queue(world->loop, do_piece, end_piece, &piece, NULL), WEIR_OK);
  assert_false(piece.over);
  assert_true(weir_loop_alive(world->loop));
  world_run(world);
  assert_true(piece.over);
  assert_int_equal(piece.code, WEIR_OK);
  assert_int_equal(piece.on_loop_thread, world->simulated);
}

static void work_begins_in_the_order_of_asking(struct world *world) {
  enum { COUNT = 50 };
  struct piece_of_work pieces[COUNT];
  atomic_uint order = 0;
  weir_loop_options options = further_loop_options(world);
  options.work_threads = 1;
  weir_loop *loop;
  loop_thread = &this_thread;
  assert_int_equal(weir_loop_create(&options, &loop), WEIR_OK);
  for (size_t i = 0; i < COUNT; i++) {
    pieces[i] = (struct piece_of_work){.world = world, .order = &order};
    assert_int_equal(weir_work_queue(loop, do_piece, end_piece, &pieces[i], NULL), WEIR_OK);
  }
  assert_int_equal(weir_loop_run(loop, WEIR_RUN_DEFAULT), 0);
  for (size_t i = 0; i < COUNT; i++) assert_int_equal(pieces[i].place, i + 1);
  weir_loop_release(loop);
}

static void so_many_run_at_once_as_the_options_say(struct world *world) {
  static const size_t wanted[] = {0, 1, 7};
  for (size_t i = 0; i < sizeof wanted / sizeof *wanted; i++) {
    weir_loop_options options = further_loop_options(world);
    options.work_threads = wanted[i];
    size_t limit = wanted[i] == 0 ? WEIR_WORK_THREADS : wanted[i];
    struct gate gate = {.open = false};
    weir_loop *loop;
    assert_int_equal(weir_loop_create(&options, &loop), WEIR_OK);
    system_fault_end();
    for (size_t n = 0; n < limit + 5; n++) queue(loop, pass_gate, &gate);
    await_count(&gate.waiting, limit);
    assert_int_equal(system_thread_starts(), limit);
    assert_int_equal(atomic_load(&gate.waiting), limit);
    atomic_store(&gate.open, true);
    assert_int_equal(weir_loop_run(loop, WEIR_RUN_DEFAULT), 0);
    assert_int_equal(atomic_load(&gate.passed), limit + 5);
    weir_loop_release(loop);
  }
}

static void threads_that_are_idle_are_used_again(struct world *world) {
  struct gate gate = {.open = true};
  system_fault_end();
  for (size_t i = 0; i < 20; i++) {
    queue(world->loop, pass_gate, &gate);
    world_run(world);
  }
  assert_int_equal(atomic_load(&gate.passed), 20);
  assert_in_range(system_thread_starts(), 1, 2);
}

/* ---- cancelling ------------------------------------------------------------------------------------------------- */

static void work_that_has_not_begun_can_be_taken_back(struct world *world) {
  weir_loop_options options = further_loop_options(world);
  options.work_threads = 1;
  struct gate gate = {.open = false};
  struct piece_of_work piece = {.world = world, .name = "piece"};
  weir_work *work = NULL;
  weir_loop *loop;
  loop_thread = &this_thread;
  assert_int_equal(weir_loop_create(&options, &loop), WEIR_OK);
  if (!world->simulated) {
    queue(loop, pass_gate, &gate);
    await_count(&gate.waiting, 1);
  }
  assert_int_equal(weir_work_queue(loop, do_piece, end_piece, &piece, &work), WEIR_OK);
  assert_int_equal(weir_work_cancel(work), WEIR_OK);
  assert_int_equal(weir_work_cancel(work), WEIR_EBUSY);
  world_expect(world, "W", "");
  weir_loop_run(loop, WEIR_RUN_NOWAIT);
  world_expect(world, "W", "piece(ECANCELED)");
  atomic_store(&gate.open, true);
  assert_int_equal(weir_loop_run(loop, WEIR_RUN_DEFAULT), 0);
  weir_loop_release(loop);
}

static void work_that_has_begun_cannot(struct world *world) {
  struct gate gate = {.open = false};
  weir_work *work = NULL;
  assert_int_equal(weir_work_queue(world->loop, pass_gate, NULL, &gate, &work), WEIR_OK);
  await_count(&gate.waiting, 1);
  assert_int_equal(weir_work_cancel(work), WEIR_EBUSY);
  atomic_store(&gate.open, true);
  await_count(&gate.passed, 1);
  assert_int_equal(weir_work_cancel(work), WEIR_EBUSY);
  world_run(world);
}

static void cancel_in_end(weir_work *work, weir_code code, void *user) {
  (void)code;
  *(weir_code *)user = weir_work_cancel(work);
}

static void nothing_for_the_work(void *user) { (void)user; }

static void nothing_is_taken_back_from_inside_its_own_callback(struct world *world) {
  weir_code code = WEIR_OK;
  assert_int_equal(weir_work_queue(world->loop, nothing_for_the_work, cancel_in_end, &code, NULL), WEIR_OK);
  world_run(world);
  assert_int_equal(code, WEIR_EBUSY);
}

/* ---- the end of a loop ------------------------------------------------------------------------------------------ */

struct opener {
  struct gate *gate;
  weir_loop *loop;
  atomic_size_t begun;
};

static void open_late(void *user) {
  struct opener *opener = user;
  atomic_store(&opener->begun, 1);
  native_pause_ms(30);
  weir_loop_post(opener->loop, nothing_for_the_work, NULL);
  atomic_store(&opener->gate->open, true);
}

static void a_loop_waits_for_work_that_runs_and_drops_what_has_not_begun(struct world *world) {
  weir_loop_options options = further_loop_options(world);
  options.work_threads = 2;
  struct gate gate = {.open = false};
  weir_loop *loop;
  assert_int_equal(weir_loop_create(&options, &loop), WEIR_OK);
  struct opener opener = {.gate = &gate, .loop = loop};
  queue(loop, pass_gate, &gate);
  await_count(&gate.waiting, 1);
  queue(loop, open_late, &opener);
  await_count(&opener.begun, 1);
  for (size_t i = 0; i < 5; i++) queue(loop, pass_gate, &gate);
  weir_loop_release(loop);
  assert_in_range(atomic_load(&gate.passed), 1, 6);
  assert_int_equal(atomic_load(&gate.passed), atomic_load(&gate.waiting));
}

static void a_loop_that_ends_tells_nobody_of_work(struct world *world) {
  weir_loop *loop = further_loop(world);
  struct piece_of_work piece = {.world = world}, taken_back = {.world = world};
  weir_work *work;
  assert_int_equal(weir_work_queue(loop, do_piece, end_piece, &taken_back, &work), WEIR_OK);
  weir_work_cancel(work);
  assert_int_equal(weir_work_queue(loop, do_piece, end_piece, &piece, NULL), WEIR_OK);
  weir_loop_release(loop);
  assert_false(piece.over || taken_back.over);
}

/* ---- beside look-ups -------------------------------------------------------------------------------------------- */

static void count_lookup(weir_lookup *lookup, const weir_error *error, const weir_address *addresses, size_t count,
                         void *user) {
  (void)lookup, (void)error, (void)addresses, (void)count;
  ++*(size_t *)user;
}

static void stuck_lookups_do_not_delay_work(struct world *world) {
  enum { STUCK = 64 };
  size_t heard = 0;
  struct piece_of_work piece = {.world = world};
  loop_thread = &this_thread;
  system_hold_resolver(true);
  for (size_t i = 0; i < STUCK; i++) {
    assert_int_equal(weir_lookup_start(world->loop, "localhost", 0, count_lookup, &heard, NULL), WEIR_OK);
  }
  while (system_resolver_calls() != STUCK) native_pause_ms(1);
  assert_int_equal(weir_work_queue(world->loop, do_piece, end_piece, &piece, NULL), WEIR_OK);
  world_run_until(world, &piece.over);
  assert_int_equal(heard, 0);
  system_hold_resolver(false);
  world_run(world);
  assert_int_equal(heard, STUCK);
}

static void work_that_waits_does_not_delay_lookups(struct world *world) {
  struct gate gate = {.open = false};
  size_t heard = 0;
  for (size_t i = 0; i < 50; i++) queue(world->loop, pass_gate, &gate);
  await_count(&gate.waiting, WEIR_WORK_THREADS);
  assert_int_equal(weir_lookup_start(world->loop, "localhost", 4, count_lookup, &heard, NULL), WEIR_OK);
  while (heard == 0) weir_loop_run(world->loop, WEIR_RUN_ONCE);
  assert_int_equal(atomic_load(&gate.passed), 0);
  atomic_store(&gate.open, true);
  world_run(world);
  assert_int_equal(atomic_load(&gate.passed), 50);
}

/* ---- what is refused -------------------------------------------------------------------------------------------- */

static void calls_that_make_no_sense_are_refused(struct world *world) {
  assert_int_equal(weir_work_queue(NULL, nothing_for_the_work, NULL, NULL, NULL), WEIR_EINVAL);
  assert_int_equal(weir_work_queue(world->loop, NULL, NULL, NULL, NULL), WEIR_EINVAL);
  assert_int_equal(weir_work_cancel(NULL), WEIR_EINVAL);
  assert_false(weir_loop_alive(world->loop));
}

#define THREAD_CASE(rows, function) \
  WORLD_CASE_EXCEPT(rows, function, WORLD_NOT_SIM, "a simulated world starts no thread")

static const struct world_case cases[] = {
    WORLD_CASE("S189", work_runs_elsewhere_and_is_told_in_the_loop),
    WORLD_CASE("", work_begins_in_the_order_of_asking),
    THREAD_CASE("", so_many_run_at_once_as_the_options_say),
    THREAD_CASE("", threads_that_are_idle_are_used_again),
    WORLD_CASE("", work_that_has_not_begun_can_be_taken_back),
    THREAD_CASE("", work_that_has_begun_cannot),
    WORLD_CASE("", nothing_is_taken_back_from_inside_its_own_callback),
    THREAD_CASE("", a_loop_waits_for_work_that_runs_and_drops_what_has_not_begun),
    WORLD_CASE("", a_loop_that_ends_tells_nobody_of_work),
    THREAD_CASE("S189", stuck_lookups_do_not_delay_work),
    THREAD_CASE("", work_that_waits_does_not_delay_lookups),
    WORLD_CASE("", calls_that_make_no_sense_are_refused),
};

int main(int argc, char **argv) { return world_main(argc, argv, "work", cases, sizeof cases / sizeof *cases); }
