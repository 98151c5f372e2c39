/* SPDX-License-Identifier: MIT */
/*
 * Signals: who hears which, when, and what keeps a loop alive. Real ones are raised in the test's own process; what
 * becomes of a signal's former effect is unit/posix_signals_test's.
 */
#include <stdatomic.h>

#include "support/further_loop.h"
#include "support/native.h"
#include "support/system_faults.h"
#include "support/thread.h"
#include "support/world.h"

static void raise_signal(struct world *world, weir_signal_number number) {
  if (world->simulated) {
    assert_int_equal(weir_sim_raise(world->sim, number), WEIR_OK);
  } else {
    assert_true(system_raise(number));
  }
}

/* Notes its text: "SIGINT" under the handle's name. */
static void note_signal(weir_signal *signal, weir_signal_number number, void *mark) {
  struct world_mark *noted = mark;
  (void)signal;
  world_note(noted->world, noted->name, "%s", weir_signal_name(number));
}

/* A handle that notes what it hears, and listens to Ctrl-C. */
static weir_signal *listen_to_interrupt(struct world *world, weir_loop *loop, const char *name) {
  weir_signal *signal = NULL;
  assert_int_equal(weir_signal_create(loop, note_signal, world_mark(world, name, NULL), &signal), WEIR_OK);
  assert_int_equal(weir_signal_start(signal, WEIR_SIGNAL_INTERRUPT), WEIR_OK);
  return signal;
}

static void turn(struct world *world) { weir_loop_run(world->loop, WEIR_RUN_NOWAIT); }

static void a_signal_is_heard_in_the_loops_turn(struct world *world) {
  weir_signal *signal = listen_to_interrupt(world, world->loop, "I");
  assert_true(weir_signal_active(signal));
  raise_signal(world, WEIR_SIGNAL_INTERRUPT);
  world_expect(world, "I", "");
  turn(world);
  world_expect(world, "I", "SIGINT");
  turn(world);
  world_expect(world, "I", "SIGINT");
  raise_signal(world, WEIR_SIGNAL_INTERRUPT);
  turn(world);
  world_expect(world, "I", "SIGINT SIGINT");
  weir_signal_release(signal);
}

static void every_handle_hears_its_own_signal(struct world *world) {
  weir_signal *a = listen_to_interrupt(world, world->loop, "A");
  weir_signal *b = listen_to_interrupt(world, world->loop, "B");
  weir_signal *other = listen_to_interrupt(world, world->loop, "T");
  weir_loop *loop = further_loop(world);
  weir_signal *elsewhere = listen_to_interrupt(world, loop, "E");
  assert_int_equal(weir_signal_start(other, WEIR_SIGNAL_TERMINATE), WEIR_OK);
  raise_signal(world, WEIR_SIGNAL_INTERRUPT);
  turn(world);
  weir_loop_run(loop, WEIR_RUN_NOWAIT);
  world_expect(world, "A", "SIGINT");
  world_expect(world, "B", "SIGINT");
  world_expect(world, "T", "");
  world_expect(world, "E", "SIGINT");
  weir_signal_release(a);
  weir_signal_release(b);
  weir_signal_release(other);
  weir_signal_release(elsewhere);
  weir_loop_release(loop);
}

static void only_a_referenced_handle_that_listens_keeps_the_loop_alive(struct world *world) {
  weir_signal *signal = listen_to_interrupt(world, world->loop, "I");
  assert_false(weir_signal_has_ref(signal));
  assert_false(weir_loop_alive(world->loop));
  assert_ptr_equal(weir_signal_ref(signal), signal);
  assert_true(weir_loop_alive(world->loop));
  weir_signal_stop(signal);
  assert_false(weir_loop_alive(world->loop));
  assert_int_equal(weir_signal_start(signal, WEIR_SIGNAL_INTERRUPT), WEIR_OK);
  assert_true(weir_loop_alive(world->loop));
  assert_ptr_equal(weir_signal_unref(signal), signal);
  assert_false(weir_loop_alive(world->loop));
  weir_signal_release(signal);
}

static void a_signal_that_was_not_told_is_dropped_by_a_stop(struct world *world) {
  weir_signal *signal = listen_to_interrupt(world, world->loop, "I");
  raise_signal(world, WEIR_SIGNAL_INTERRUPT);
  weir_signal_stop(signal);
  assert_false(weir_signal_active(signal));
  assert_int_equal(weir_signal_start(signal, WEIR_SIGNAL_INTERRUPT), WEIR_OK);
  turn(world);
  world_expect(world, "I", "");
  weir_signal_release(signal);
}

static void a_handle_is_seen_and_its_callbacks_are_counted(struct world *world) {
  char text[400];
  weir_loop_counters counters = weir_loop_counters_default();
  weir_signal *signal = listen_to_interrupt(world, world->loop, "I");
  weir_loop_dump(world->loop, text, sizeof text);
  const char *others = strstr(text, "Not kept alive by:\n");
  assert_non_null(others);
  assert_non_null(strstr(others, "\n  signal: listening to SIGINT\n"));
  weir_signal_ref(signal);
  weir_loop_dump(world->loop, text, sizeof text);
  assert_non_null(strstr(text, "alive because of:\n  signal: listening to SIGINT\n"));
  raise_signal(world, WEIR_SIGNAL_INTERRUPT);
  turn(world);
  weir_loop_get_counters(world->loop, &counters);
  assert_int_equal(counters.signals, 1);
  weir_signal_release(signal);
}

/* ---- from callbacks --------------------------------------------------------------------------------------------- */

struct pair_of_signals {
  struct world *world;
  weir_signal *signals[2];
  size_t heard;
};

static void release_both(weir_signal *signal, weir_signal_number number, void *user) {
  struct pair_of_signals *pair = user;
  (void)signal, (void)number;
  pair->heard++;
  weir_signal_release(pair->signals[0]);
  weir_signal_release(pair->signals[1]);
}

static void a_callback_may_release_its_handle_and_others(struct world *world) {
  struct pair_of_signals pair = {.world = world};
  for (size_t i = 0; i < 2; i++) {
    assert_int_equal(weir_signal_create(world->loop, release_both, &pair, &pair.signals[i]), WEIR_OK);
    assert_int_equal(weir_signal_start(pair.signals[i], WEIR_SIGNAL_INTERRUPT), WEIR_OK);
  }
  raise_signal(world, WEIR_SIGNAL_INTERRUPT);
  turn(world);
  assert_int_equal(pair.heard, 1);
}

static void stop_and_count(weir_signal *signal, weir_signal_number number, void *user) {
  (void)number;
  weir_signal_stop(signal);
  ++*(size_t *)user;
}

static void a_signal_ends_a_wait(struct world *world) {
  size_t heard = 0;
  weir_signal *signal;
  assert_int_equal(weir_signal_create(world->loop, stop_and_count, &heard, &signal), WEIR_OK);
  assert_int_equal(weir_signal_start(weir_signal_ref(signal), WEIR_SIGNAL_INTERRUPT), WEIR_OK);
  raise_signal(world, WEIR_SIGNAL_INTERRUPT);
  assert_true(weir_loop_alive(world->loop));
  world_run(world);
  assert_int_equal(heard, 1);
  weir_signal_release(signal);
}

/* ---- the end of a loop ------------------------------------------------------------------------------------------ */

static void nobody_listens_after_the_end_of_the_loop(struct world *world) {
  weir_loop *loop = further_loop(world);
  weir_signal *kept = listen_to_interrupt(world, world->loop, "K");
  weir_signal *signal = weir_signal_ref(listen_to_interrupt(world, loop, "I"));
  raise_signal(world, WEIR_SIGNAL_INTERRUPT);
  weir_loop_release(loop);
  assert_false(weir_signal_active(signal));
  assert_int_equal(weir_signal_start(signal, WEIR_SIGNAL_INTERRUPT), WEIR_ECANCELED);
  weir_signal_release(signal);
  raise_signal(world, WEIR_SIGNAL_INTERRUPT);
  turn(world);
  world_expect(world, "I", "");
  world_expect(world, "K", "SIGINT");
  weir_signal_release(kept);
}

/* ---- several threads -------------------------------------------------------------------------------------------- */

enum { LOOPS = 4 };

struct listener {
  struct world *world;
  atomic_size_t *ready;
  size_t heard;
  weir_code code;
};

static void listen_in_thread(void *user) {
  struct listener *listener = user;
  weir_loop_options options = weir_loop_options_default();
  options.backend = listener->world->backend;
  weir_loop *loop = NULL;
  weir_signal *signal = NULL;
  listener->code = weir_loop_create(&options, &loop);
  if (listener->code == WEIR_OK) listener->code = weir_signal_create(loop, stop_and_count, &listener->heard, &signal);
  if (listener->code == WEIR_OK) listener->code = weir_signal_start(weir_signal_ref(signal), WEIR_SIGNAL_INTERRUPT);
  atomic_fetch_add(listener->ready, 1);
  if (listener->code == WEIR_OK) weir_loop_run(loop, WEIR_RUN_DEFAULT);
  weir_signal_release(signal);
  weir_loop_release(loop);
}

static void loops_in_several_threads_all_hear_a_signal(struct world *world) {
  struct listener listeners[LOOPS];
  struct thread *threads[LOOPS];
  atomic_size_t ready = 0;
  weir_signal *signal = listen_to_interrupt(world, world->loop, "I");
  for (size_t i = 0; i < LOOPS; i++) {
    listeners[i] = (struct listener){.world = world, .ready = &ready};
    threads[i] = thread_start(listen_in_thread, &listeners[i]);
    assert_non_null(threads[i]);
  }
  while (atomic_load(&ready) < LOOPS) native_pause_ms(1);
  raise_signal(world, WEIR_SIGNAL_INTERRUPT);
  for (size_t i = 0; i < LOOPS; i++) thread_join(threads[i]);
  for (size_t i = 0; i < LOOPS; i++) {
    assert_int_equal(listeners[i].code, WEIR_OK);
    assert_int_equal(listeners[i].heard, 1);
  }
  turn(world);
  world_expect(world, "I", "SIGINT");
  weir_signal_release(signal);
}

struct coming_and_going {
  struct world *world;
  atomic_bool over;
  weir_code code;
};

static void come_and_go(void *user) {
  struct coming_and_going *one = user;
  struct listener listener = {.world = one->world};
  weir_loop_options options = weir_loop_options_default();
  options.backend = one->world->backend;
  weir_loop *loop = NULL;
  one->code = weir_loop_create(&options, &loop);
  for (size_t i = 0; i < 300 && one->code == WEIR_OK; i++) {
    weir_signal *signal = NULL;
    one->code = weir_signal_create(loop, stop_and_count, &listener.heard, &signal);
    if (one->code == WEIR_OK) one->code = weir_signal_start(signal, WEIR_SIGNAL_INTERRUPT);
    weir_loop_run(loop, WEIR_RUN_NOWAIT);
    weir_signal_release(signal);
  }
  weir_loop_release(loop);
  atomic_store(&one->over, true);
}

static void handles_may_come_and_go_while_signals_do(struct world *world) {
  struct coming_and_going one = {.world = world};
  weir_signal *signal = listen_to_interrupt(world, world->loop, "I");
  struct thread *thread = thread_start(come_and_go, &one);
  assert_non_null(thread);
  while (!atomic_load(&one.over)) raise_signal(world, WEIR_SIGNAL_INTERRUPT);
  thread_join(thread);
  assert_int_equal(one.code, WEIR_OK);
  weir_signal_release(signal);
}

/* ---- what there is ---------------------------------------------------------------------------------------------- */

static void signals_have_the_same_numbers_everywhere_and_names(struct world *world) {
  static const char *const names[] = {NULL,       "SIGHUP",  "SIGINT",  "SIGQUIT", "SIGTERM",
                                      "SIGBREAK", "SIGUSR1", "SIGUSR2", "SIGWINCH"};
  (void)world;
  for (int number = 1; number <= 8; number++) {
    assert_string_equal(weir_signal_name((weir_signal_number)number), names[number]);
  }
  assert_string_equal(weir_signal_name((weir_signal_number)0), "unknown");
  assert_string_equal(weir_signal_name(WEIR_SIGNAL_KILL), "SIGKILL");
  assert_string_equal(weir_signal_name(WEIR_SIGNAL_OTHER), "unknown");
}

static bool is_of_this_system(const struct world *world, weir_signal_number number) {
  if (world->simulated || number <= WEIR_SIGNAL_INTERRUPT || number == WEIR_SIGNAL_TERMINATE) return true;
  return (number == WEIR_SIGNAL_BREAK) == (strcmp(world->backend, "iocp") == 0);
}

static void a_signal_that_this_system_does_not_have_is_refused(struct world *world) {
  weir_signal *signal;
  assert_int_equal(weir_signal_create(world->loop, note_signal, world_mark(world, "I", NULL), &signal), WEIR_OK);
  for (int number = 1; number <= 8; number++) {
    bool known = is_of_this_system(world, (weir_signal_number)number);
    assert_int_equal(weir_signal_start(signal, (weir_signal_number)number), known ? WEIR_OK : WEIR_ENOTSUP);
    assert_int_equal(weir_signal_active(signal), known);
  }
  weir_signal_release(signal);
}

static void calls_that_make_no_sense_are_refused(struct world *world) {
  weir_signal *signal = NULL;
  assert_int_equal(weir_signal_create(NULL, note_signal, NULL, &signal), WEIR_EINVAL);
  assert_int_equal(weir_signal_create(world->loop, NULL, NULL, &signal), WEIR_EINVAL);
  assert_int_equal(weir_signal_create(world->loop, note_signal, NULL, NULL), WEIR_EINVAL);
  assert_int_equal(weir_signal_create(world->loop, note_signal, NULL, &signal), WEIR_OK);
  assert_int_equal(weir_signal_start(NULL, WEIR_SIGNAL_INTERRUPT), WEIR_EINVAL);
  assert_int_equal(weir_signal_start(signal, (weir_signal_number)0), WEIR_EINVAL);
  assert_int_equal(weir_signal_start(signal, (weir_signal_number)9), WEIR_EINVAL);
  weir_signal_stop(signal);
  weir_signal_release(signal);
  weir_signal_release(NULL);
  if (world->simulated) assert_int_equal(weir_sim_raise(world->sim, (weir_signal_number)9), WEIR_EINVAL);
}

#define SYSTEM_CASE(rows, function) \
  WORLD_CASE_EXCEPT(rows, function, WORLD_NOT_SIM, "a simulated world belongs to one thread")

static const struct world_case cases[] = {
    WORLD_CASE("", a_signal_is_heard_in_the_loops_turn),
    WORLD_CASE("", every_handle_hears_its_own_signal),
    WORLD_CASE("", only_a_referenced_handle_that_listens_keeps_the_loop_alive),
    WORLD_CASE("", a_signal_that_was_not_told_is_dropped_by_a_stop),
    WORLD_CASE("", a_handle_is_seen_and_its_callbacks_are_counted),
    WORLD_CASE("", a_callback_may_release_its_handle_and_others),
    WORLD_CASE("", a_signal_ends_a_wait),
    WORLD_CASE("", nobody_listens_after_the_end_of_the_loop),
    SYSTEM_CASE("", loops_in_several_threads_all_hear_a_signal),
    SYSTEM_CASE("", handles_may_come_and_go_while_signals_do),
    WORLD_CASE("", signals_have_the_same_numbers_everywhere_and_names),
    WORLD_CASE("", a_signal_that_this_system_does_not_have_is_refused),
    WORLD_CASE("", calls_that_make_no_sense_are_refused),
};

int main(int argc, char **argv) { return world_main(argc, argv, "signal", cases, sizeof cases / sizeof *cases); }
