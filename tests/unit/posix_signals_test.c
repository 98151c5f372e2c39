/* SPDX-License-Identifier: MIT */
/*
 * What POSIX signals leave behind: the disposition that was there, errno, and nothing when the system refuses.
 */
#define _DEFAULT_SOURCE 1

#include <errno.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "common/system.h"
#include "support/os_faulty_posix.h"

static volatile sig_atomic_t former_calls;

static void count_former(int number) {
  (void)number;
  former_calls++;
}

static void count_other(int number) { (void)number; }

/* A watch that counts, and spoils errno as a system call might. */
struct counter {
  struct signal_watch watch;
  volatile sig_atomic_t calls;
};

static void count(struct signal_watch *watch) {
  struct counter *counter = (void *)watch;
  counter->calls++;
  errno = EIO;
}

static struct counter counter_of(weir_signal_number number) {
  struct counter counter = {.watch = {.number = number, .notify = count}};
  return counter;
}

static void install(void (*handler)(int)) {
  struct sigaction action;
  memset(&action, 0, sizeof action);
  action.sa_handler = handler;
  assert_int_equal(sigaction(SIGUSR1, &action, NULL), 0);
}

static struct sigaction installed(int number) {
  struct sigaction action;
  assert_int_equal(sigaction(number, NULL, &action), 0);
  return action;
}

static void the_former_handler_comes_back_with_the_last_watch(void **state) {
  (void)state;
  struct counter a = counter_of(WEIR_SIGNAL_USER_1), b = counter_of(WEIR_SIGNAL_USER_1);
  former_calls = 0;
  install(count_former);
  assert_int_equal(system_signal_watch(&a.watch), WEIR_OK);
  assert_int_equal(system_signal_watch(&b.watch), WEIR_OK);
  raise(SIGUSR1);
  assert_int_equal(former_calls, 0);
  system_signal_unwatch(&b.watch);
  raise(SIGUSR1);
  assert_int_equal(former_calls, 0);
  system_signal_unwatch(&a.watch);
  raise(SIGUSR1);
  assert_int_equal(former_calls, 1);
  assert_int_equal(a.calls, 2);
  assert_int_equal(b.calls, 1);
  install(SIG_DFL);
}

static void an_ignored_signal_is_ignored_again(void **state) {
  (void)state;
  struct counter counter = counter_of(WEIR_SIGNAL_USER_1);
  install(SIG_IGN);
  for (int i = 0; i < 2; i++) {
    assert_int_equal(system_signal_watch(&counter.watch), WEIR_OK);
    raise(SIGUSR1);
    system_signal_unwatch(&counter.watch);
    raise(SIGUSR1);
  }
  assert_int_equal(counter.calls, 2);
  assert_true(installed(SIGUSR1).sa_handler == SIG_IGN);
  install(SIG_DFL);
}

static void what_somebody_else_installed_meanwhile_stays(void **state) {
  (void)state;
  struct counter counter = counter_of(WEIR_SIGNAL_USER_1);
  assert_int_equal(system_signal_watch(&counter.watch), WEIR_OK);
  install(count_other);
  system_signal_unwatch(&counter.watch);
  assert_true(installed(SIGUSR1).sa_handler == count_other);
  install(SIG_DFL);
}

static void a_watch_in_the_middle_can_go(void **state) {
  (void)state;
  struct counter counters[3];
  for (size_t i = 0; i < 3; i++) {
    counters[i] = counter_of(WEIR_SIGNAL_USER_1);
    assert_int_equal(system_signal_watch(&counters[i].watch), WEIR_OK);
  }
  system_signal_unwatch(&counters[1].watch);
  raise(SIGUSR1);
  assert_int_equal(counters[0].calls, 1);
  assert_int_equal(counters[1].calls, 0);
  assert_int_equal(counters[2].calls, 1);
  system_signal_unwatch(&counters[0].watch);
  raise(SIGUSR1);
  assert_int_equal(counters[2].calls, 2);
  system_signal_unwatch(&counters[2].watch);
  assert_true(installed(SIGUSR1).sa_handler == SIG_DFL);
}

static void errno_survives_a_signal(void **state) {
  (void)state;
  struct counter counter = counter_of(WEIR_SIGNAL_USER_1);
  assert_int_equal(system_signal_watch(&counter.watch), WEIR_OK);
  errno = ENOENT;
  raise(SIGUSR1);
  int kept = errno;
  assert_int_equal(kept, ENOENT);
  assert_int_equal(counter.calls, 1);
  system_signal_unwatch(&counter.watch);
}

/* The flag that makes interrupted calls go on. */
static void calls_of_the_program_are_not_interrupted(void **state) {
  (void)state;
  struct counter counter = counter_of(WEIR_SIGNAL_USER_1);
  assert_int_equal(system_signal_watch(&counter.watch), WEIR_OK);
  assert_true((installed(SIGUSR1).sa_flags & SA_RESTART) != 0);
  system_signal_unwatch(&counter.watch);
}

static void a_system_that_refuses_leaves_nothing_behind(void **state) {
  (void)state;
  struct counter counter = counter_of(WEIR_SIGNAL_USER_1);
  faults_reset();
  faults_fail(OS_SIGACTION, 1, EPERM, 1);
  assert_int_equal(system_signal_watch(&counter.watch), WEIR_EPERM);
  faults_reset();
  assert_true(installed(SIGUSR1).sa_handler == SIG_DFL);
  assert_int_equal(system_signal_watch(&counter.watch), WEIR_OK);
  system_signal_unwatch(&counter.watch);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(the_former_handler_comes_back_with_the_last_watch),
      cmocka_unit_test(an_ignored_signal_is_ignored_again),
      cmocka_unit_test(what_somebody_else_installed_meanwhile_stays),
      cmocka_unit_test(a_watch_in_the_middle_can_go),
      cmocka_unit_test(errno_survives_a_signal),
      cmocka_unit_test(calls_of_the_program_are_not_interrupted),
      cmocka_unit_test(a_system_that_refuses_leaves_nothing_behind),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
