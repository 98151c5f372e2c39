/* SPDX-License-Identifier: MIT */
/*
 * What the library's console handler answers, called as Windows would call it.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <windows.h>

#include <cmocka.h>

#include "common/system.h"
#include "support/os_faulty_win32.h"

struct counter {
  struct signal_watch watch;
  int calls;
};

static void count(struct signal_watch *watch) { ((struct counter *)(void *)watch)->calls++; }

static struct counter counter_of(weir_signal_number number) {
  struct counter counter = {.watch = {.number = number, .notify = count}};
  return counter;
}

/* First, because the handler is registered once. */
static void a_system_that_refuses_leaves_nothing_behind(void **state) {
  (void)state;
  struct counter counter = counter_of(WEIR_SIGNAL_INTERRUPT);
  faults_reset();
  faults_fail(OS_CONSOLE_LISTEN, 1, ERROR_NOT_ENOUGH_MEMORY, 1);
  assert_int_equal(system_signal_watch(&counter.watch), WEIR_ENOMEM);
  faults_reset();
  assert_false(faults_console_event(CTRL_C_EVENT));
  assert_int_equal(system_signal_watch(&counter.watch), WEIR_OK);
  system_signal_unwatch(&counter.watch);
}

static void an_event_that_nobody_watches_is_not_taken(void **state) {
  (void)state;
  struct counter counter = counter_of(WEIR_SIGNAL_INTERRUPT);
  assert_int_equal(system_signal_watch(&counter.watch), WEIR_OK);
  assert_true(faults_console_event(CTRL_C_EVENT));
  assert_false(faults_console_event(CTRL_BREAK_EVENT));
  assert_false(faults_console_event(CTRL_CLOSE_EVENT));
  system_signal_unwatch(&counter.watch);
  assert_false(faults_console_event(CTRL_C_EVENT));
  assert_int_equal(counter.calls, 1);
  assert_int_equal(faults_console_holds(), 0);
}

static void the_end_of_the_console_is_held_up_for_who_listens(void **state) {
  static const DWORD events[] = {CTRL_CLOSE_EVENT, CTRL_LOGOFF_EVENT, CTRL_SHUTDOWN_EVENT};
  (void)state;
  struct counter counter = counter_of(WEIR_SIGNAL_HANGUP);
  size_t before = faults_console_holds();
  assert_int_equal(system_signal_watch(&counter.watch), WEIR_OK);
  for (size_t i = 0; i < 3; i++) assert_true(faults_console_event(events[i]));
  assert_int_equal(counter.calls, 3);
  assert_int_equal(faults_console_holds(), before + 3);
  system_signal_unwatch(&counter.watch);
}

static void a_watch_in_the_middle_can_go(void **state) {
  (void)state;
  struct counter counters[3];
  for (size_t i = 0; i < 3; i++) {
    counters[i] = counter_of(WEIR_SIGNAL_BREAK);
    assert_int_equal(system_signal_watch(&counters[i].watch), WEIR_OK);
  }
  system_signal_unwatch(&counters[1].watch);
  assert_true(faults_console_event(CTRL_BREAK_EVENT));
  assert_int_equal(counters[0].calls + counters[1].calls + counters[2].calls, 2);
  assert_int_equal(counters[1].calls, 0);
  system_signal_unwatch(&counters[0].watch);
  system_signal_unwatch(&counters[2].watch);
  assert_false(faults_console_event(CTRL_BREAK_EVENT));
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(a_system_that_refuses_leaves_nothing_behind),
      cmocka_unit_test(an_event_that_nobody_watches_is_not_taken),
      cmocka_unit_test(the_end_of_the_console_is_held_up_for_who_listens),
      cmocka_unit_test(a_watch_in_the_middle_can_go),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
