/* SPDX-License-Identifier: MIT */
#include "common/base/slab.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

/* cmocka.h wants some of the above first. */
#include <cmocka.h>

enum { BLOCK_BYTES = 120, APART_BYTES = 16, LINE_BYTES = 64, BLOCKS = 3000 };

struct given {
  unsigned char *bytes;
  unsigned char *apart;
  uint16_t place;
};

/* An allocator that counts its blocks, and may have none. */
struct store {
  size_t blocks;
  bool empty;
};

static void *resize(void *user, void *block, size_t bytes) {
  struct store *store = user;
  if (bytes == 0) {
    store->blocks--;
    free(block);
    return NULL;
  }
  if (store->empty) return NULL;
  store->blocks++;
  return realloc(block, bytes);
}

static struct given get(struct slab *slab) {
  struct given given;
  given.bytes = slab_get_zeroed(slab, &given.place);
  assert_non_null(given.bytes);
  assert_int_equal((uintptr_t)given.bytes % sizeof(uint64_t), 0);
  for (size_t i = 0; i < BLOCK_BYTES; i++) assert_int_equal(given.bytes[i], 0);
  given.apart = slab_apart(slab, given.bytes, given.place);
  assert_int_equal((uintptr_t)given.apart % sizeof(uint64_t), 0);
  for (size_t i = 0; i < APART_BYTES; i++) assert_int_equal(given.apart[i], 0);
  return given;
}

/* Each block is full of a number of its own, so that one that overlaps another is seen. */
static void mark(struct given given, size_t number) {
  memset(given.bytes, (int)(number % 251 + 1), BLOCK_BYTES);
  memset(given.apart, (int)(number % 241 + 1), APART_BYTES);
}

static void put_marked(struct slab *slab, struct given given, size_t number) {
  for (size_t i = 0; i < BLOCK_BYTES; i++) assert_int_equal(given.bytes[i], number % 251 + 1);
  for (size_t i = 0; i < APART_BYTES; i++) assert_int_equal(given.apart[i], number % 241 + 1);
  slab_put(slab, given.bytes, given.place);
}

static void blocks_are_zero_and_do_not_overlap(void **state) {
  (void)state;
  static struct given all[BLOCKS];
  struct slab slab;
  slab_init(&slab, &memory_default, BLOCK_BYTES, APART_BYTES, true);
  for (int round = 0; round < 2; round++) {
    for (size_t i = 0; i < BLOCKS; i++) mark(all[i] = get(&slab), i);
    for (size_t i = 0; i < BLOCKS; i++) put_marked(&slab, all[i], i);
  }
  slab_fini(&slab);
}

static void blocks_come_and_go_in_any_order(void **state) {
  (void)state;
  static struct given all[BLOCKS];
  struct slab slab;
  memset(all, 0, sizeof all);
  slab_init(&slab, &memory_default, BLOCK_BYTES, APART_BYTES, true);
  uint32_t random = 12345;
  for (size_t step = 0; step < 20 * (size_t)BLOCKS; step++) {
    random = random * 1664525U + 1013904223U;
    size_t i = (random >> 8) % BLOCKS;
    if (all[i].bytes == NULL) {
      mark(all[i] = get(&slab), i);
    } else {
      put_marked(&slab, all[i], i);
      all[i].bytes = NULL;
    }
  }
  for (size_t i = 0; i < BLOCKS; i++) {
    if (all[i].bytes != NULL) put_marked(&slab, all[i], i);
  }
  slab_fini(&slab);
}

static void who_comes_and_goes_alone_gets_the_same_block(void **state) {
  (void)state;
  struct slab slab;
  slab_init(&slab, &memory_default, BLOCK_BYTES, APART_BYTES, true);
  struct given first = get(&slab);
  slab_put(&slab, first.bytes, first.place);
  struct given second = get(&slab);
  slab_put(&slab, second.bytes, second.place);
  slab_fini(&slab);
  if (first.place == 0) {
    print_message("          skipped: this build takes no pages from the system\n");
    skip();
  }
  assert_ptr_equal(first.bytes, second.bytes);
}

static void blocks_of_a_cache_line_fill_cache_lines(void **state) {
  (void)state;
  struct slab slab;
  slab_init(&slab, &memory_default, LINE_BYTES, sizeof(uint64_t), true);
  void *blocks[3];
  uint16_t places[3];
  for (size_t i = 0; i < 3; i++) {
    blocks[i] = slab_get(&slab, &places[i]);
    assert_true(places[i] == 0 || (uintptr_t)blocks[i] % LINE_BYTES == 0);
  }
  for (size_t i = 0; i < 3; i++) slab_put(&slab, blocks[i], places[i]);
  slab_fini(&slab);
}

static void an_allocator_of_the_program_sees_every_block(void **state) {
  (void)state;
  struct store store = {0};
  const weir_allocator allocator = {.resize = resize, .user = &store};
  struct slab slab;
  slab_init(&slab, &allocator, BLOCK_BYTES, APART_BYTES, false);
  struct given one = get(&slab);
  struct given other = get(&slab);
  assert_int_equal(store.blocks, 2);
  slab_put(&slab, one.bytes, one.place);
  assert_int_equal(store.blocks, 1);
  slab_put(&slab, other.bytes, other.place);
  assert_int_equal(store.blocks, 0);
  slab_fini(&slab);
}

static void without_memory_there_is_no_block(void **state) {
  (void)state;
  struct store store = {.empty = true};
  const weir_allocator allocator = {.resize = resize, .user = &store};
  struct slab slab;
  uint16_t place;
  slab_init(&slab, &allocator, BLOCK_BYTES, APART_BYTES, false);
  assert_null(slab_get(&slab, &place));
  slab_fini(&slab);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(blocks_are_zero_and_do_not_overlap),
      cmocka_unit_test(blocks_come_and_go_in_any_order),
      cmocka_unit_test(who_comes_and_goes_alone_gets_the_same_block),
      cmocka_unit_test(blocks_of_a_cache_line_fill_cache_lines),
      cmocka_unit_test(an_allocator_of_the_program_sees_every_block),
      cmocka_unit_test(without_memory_there_is_no_block),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
