/* SPDX-License-Identifier: MIT */
/* Texts in a space of any size: cut, terminated, and as long as they would have been. */
#include "common/base/text.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

/* cmocka.h wants the headers above first. */
#include <cmocka.h>

static void parts_follow_each_other(void **state) {
  (void)state;
  char space[64] = "before";
  struct text text = text_in(space, sizeof space);
  assert_string_equal(space, "");
  text_add(&text, "one ");
  text_add_number(&text, UINT64_MAX);
  text_add(&text, "");
  text_add_number(&text, 0);
  assert_string_equal(space, "one 184467440737095516150");
  assert_int_equal(text.length, strlen(space));
}

static void counts_have_their_noun(void **state) {
  (void)state;
  char space[64];
  struct text text = text_in(space, sizeof space);
  text_add_count(&text, 0, "client");
  text_add(&text, ", ");
  text_add_count(&text, 1, "client");
  text_add(&text, ", ");
  text_add_count(&text, 2, "client");
  assert_string_equal(space, "no clients, 1 client, 2 clients");
}

static void what_has_no_room_is_counted(void **state) {
  (void)state;
  for (size_t size = 0; size <= 12; size++) {
    char space[16];
    memset(space, '#', sizeof space);
    struct text text = text_in(space, size);
    text_add(&text, "hello ");
    text_add(&text, "world");
    assert_int_equal(text.length, 11);
    if (size > 0) assert_int_equal(strlen(space), size - 1 < 11 ? size - 1 : 11);
    if (size > 0) assert_memory_equal(space, "hello world", strlen(space));
    assert_int_equal(space[size], '#');
  }
}

static void without_space_a_text_is_only_measured(void **state) {
  (void)state;
  struct text text = text_in(NULL, 0);
  text_add(&text, "four");
  assert_int_equal(text.length, 4);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(parts_follow_each_other),
      cmocka_unit_test(counts_have_their_noun),
      cmocka_unit_test(what_has_no_room_is_counted),
      cmocka_unit_test(without_space_a_text_is_only_measured),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
