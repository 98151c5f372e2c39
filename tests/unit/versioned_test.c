/* SPDX-License-Identifier: MIT */
/* Programs that were compiled with an earlier or a later version of the headers hand in their structures. */
#include "common/base/versioned.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>

/* cmocka.h wants the headers above first. */
#include <cmocka.h>

struct ours {
  size_t size;
  int first;
  int second;
};

struct later {
  size_t size;
  int first;
  int second;
  int third;
};

static const struct ours defaults = {.size = sizeof(struct ours), .first = 1, .second = 2};

static void nothing_given_is_the_default(void **state) {
  (void)state;
  struct ours whole = defaults;
  assert_true(versioned_read(&whole, sizeof whole, NULL));
  assert_memory_equal(&whole, &defaults, sizeof whole);
}

static void what_an_earlier_program_does_not_know_is_the_default(void **state) {
  (void)state;
  struct ours whole = defaults;
  const struct ours given = {.size = offsetof(struct ours, second), .first = 7, .second = 77};
  assert_true(versioned_read(&whole, sizeof whole, &given));
  assert_int_equal(whole.first, 7);
  assert_int_equal(whole.second, 2);
}

static void what_a_later_program_knows_more_is_ignored(void **state) {
  (void)state;
  struct {
    struct ours whole;
    int behind;
  } room = {defaults, 77};
  const struct later given = {.size = sizeof given, .first = 7, .second = 8, .third = 9};
  assert_true(versioned_read(&room.whole, sizeof room.whole, &given));
  assert_int_equal(room.whole.second, 8);
  assert_int_equal(room.behind, 77);
}

static void who_does_not_say_the_size_is_refused(void **state) {
  (void)state;
  struct ours whole = defaults;
  const struct ours given = {.size = 0, .first = 7};
  assert_false(versioned_read(&whole, sizeof whole, &given));
}

static void an_earlier_program_is_told_what_it_knows(void **state) {
  (void)state;
  struct ours asked = {.size = offsetof(struct ours, second), .second = 77};
  versioned_fill(&asked, &defaults, sizeof defaults);
  assert_int_equal(asked.size, offsetof(struct ours, second));
  assert_int_equal(asked.first, 1);
  assert_int_equal(asked.second, 77);
}

static void a_later_program_is_told_what_we_know(void **state) {
  (void)state;
  struct later asked = {.size = sizeof asked, .third = 77};
  versioned_fill(&asked, &defaults, sizeof defaults);
  assert_int_equal(asked.size, sizeof asked);
  assert_int_equal(asked.second, 2);
  assert_int_equal(asked.third, 77);
}

static void who_asks_without_a_size_is_told_nothing(void **state) {
  (void)state;
  struct ours asked = {.size = 0, .first = 77};
  versioned_fill(&asked, &defaults, sizeof defaults);
  assert_int_equal(asked.first, 77);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(nothing_given_is_the_default),
      cmocka_unit_test(what_an_earlier_program_does_not_know_is_the_default),
      cmocka_unit_test(what_a_later_program_knows_more_is_ignored),
      cmocka_unit_test(who_does_not_say_the_size_is_refused),
      cmocka_unit_test(an_earlier_program_is_told_what_it_knows),
      cmocka_unit_test(a_later_program_is_told_what_we_know),
      cmocka_unit_test(who_asks_without_a_size_is_told_nothing),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
