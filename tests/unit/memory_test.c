/* SPDX-License-Identifier: MIT */
/* Memory goes through the allocator, with the meaning of each call. */
#include "common/base/memory.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

/* cmocka.h wants the headers above first. */
#include <cmocka.h>

/* An allocator that remembers its last call and hands out one dirty block, or nothing. */
struct recorder {
  unsigned char block[64];
  bool refuses;
  size_t calls;
  void *last_block;
  size_t last_bytes;
};

static void *record(void *user, void *block, size_t bytes) {
  struct recorder *recorder = user;
  recorder->calls++;
  recorder->last_block = block;
  recorder->last_bytes = bytes;
  return bytes == 0 || recorder->refuses ? NULL : recorder->block;
}

static struct recorder make_recorder(bool refuses) {
  struct recorder recorder = {{0}, refuses, 0, NULL, 0};
  memset(recorder.block, 0xAA, sizeof recorder.block);
  return recorder;
}

static void check_call(const struct recorder *recorder, size_t calls, const void *block, size_t bytes) {
  assert_int_equal(recorder->calls, calls);
  assert_ptr_equal(recorder->last_block, block);
  assert_int_equal(recorder->last_bytes, bytes);
}

static void a_block_is_asked_of_the_allocator(void **state) {
  (void)state;
  struct recorder recorder = make_recorder(false);
  weir_allocator allocator = {record, &recorder};
  assert_ptr_equal(memory_get(&allocator, 40), recorder.block);
  check_call(&recorder, 1, NULL, 40);
  assert_int_equal(recorder.block[0], 0xAA);
}

static void a_zeroed_block_is_zero_and_no_more(void **state) {
  (void)state;
  struct recorder recorder = make_recorder(false);
  weir_allocator allocator = {record, &recorder};
  assert_ptr_equal(memory_get_zeroed(&allocator, 40), recorder.block);
  check_call(&recorder, 1, NULL, 40);
  for (size_t i = 0; i < sizeof recorder.block; i++) assert_int_equal(recorder.block[i], i < 40 ? 0 : 0xAA);
}

static void a_block_is_resized_and_given_back_by_the_allocator(void **state) {
  (void)state;
  struct recorder recorder = make_recorder(false);
  weir_allocator allocator = {record, &recorder};
  assert_ptr_equal(memory_resize(&allocator, recorder.block, 50), recorder.block);
  check_call(&recorder, 1, recorder.block, 50);
  memory_put(&allocator, recorder.block);
  check_call(&recorder, 2, recorder.block, 0);
}

static void giving_back_nothing_asks_nobody(void **state) {
  (void)state;
  struct recorder recorder = make_recorder(false);
  weir_allocator allocator = {record, &recorder};
  memory_put(&allocator, NULL);
  check_call(&recorder, 0, NULL, 0);
}

static void a_refusal_is_no_block(void **state) {
  (void)state;
  struct recorder recorder = make_recorder(true);
  weir_allocator allocator = {record, &recorder};
  assert_null(memory_get(&allocator, 8));
  assert_null(memory_get_zeroed(&allocator, 8));
  assert_null(memory_resize(&allocator, recorder.block, 8));
  assert_int_equal(recorder.calls, 3);
}

static void the_default_allocator_keeps_what_a_block_holds(void **state) {
  (void)state;
  char *block = memory_get(&memory_default, 4);
  assert_non_null(block);
  memcpy(block, "abc", 4);
  block = memory_resize(&memory_default, block, 1 << 20);
  assert_non_null(block);
  assert_string_equal(block, "abc");
  memory_put(&memory_default, block);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(a_block_is_asked_of_the_allocator),
      cmocka_unit_test(a_zeroed_block_is_zero_and_no_more),
      cmocka_unit_test(a_block_is_resized_and_given_back_by_the_allocator),
      cmocka_unit_test(giving_back_nothing_asks_nobody),
      cmocka_unit_test(a_refusal_is_no_block),
      cmocka_unit_test(the_default_allocator_keeps_what_a_block_holds),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
