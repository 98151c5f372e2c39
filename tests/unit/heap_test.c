/* SPDX-License-Identifier: MIT */
/* The timer heap against a model that searches, and against an allocator that refuses. */
#include "common/base/heap.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

/* cmocka.h wants the headers above first. */
#include <cmocka.h>

#include "common/base/memory.h"

/* An allocator with a switch. */
struct switched {
  bool refuses;
  size_t blocks;
};

static void *resize_switched(void *user, void *block, size_t bytes) {
  struct switched *switched = user;
  if (bytes > 0 && switched->refuses) return NULL;
  if (bytes == 0) switched->blocks--;
  if (bytes > 0 && block == NULL) switched->blocks++;
  return memory_default.resize(memory_default.user, block, bytes);
}

static uint64_t next_random(uint64_t *state) {
  *state ^= *state << 13;
  *state ^= *state >> 7;
  *state ^= *state << 17;
  return *state;
}

static void insert(struct heap *heap, struct heap_node *node, uint64_t time, uint32_t order) {
  assert_int_equal(heap_reserve(heap, (size_t)heap->count + 1), WEIR_OK);
  heap_put(heap, node, time, order);
}

static struct heap_node *first_node(const struct heap *heap) {
  return heap_is_empty(heap) ? NULL : heap_first(heap).node;
}

static struct heap_slot take_first(struct heap *heap) {
  struct heap_slot first = heap_first(heap);
  heap_remove(heap, first.node);
  return first;
}

static void an_empty_heap_has_no_first_node(void **state) {
  (void)state;
  struct heap heap;
  heap_init(&heap, &memory_default);
  assert_true(heap_is_empty(&heap));
  heap_fini(&heap);
}

static void nodes_come_in_the_order_of_their_times(void **state) {
  (void)state;
  static const uint64_t times[] = {5, UINT64_MAX, 0, 3, 4, 1, 2};
  static const uint64_t sorted[] = {0, 1, 2, 3, 4, 5, UINT64_MAX};
  struct heap_node nodes[7] = {{0}};
  struct heap heap;
  heap_init(&heap, &memory_default);
  for (uint32_t i = 0; i < 7; i++) insert(&heap, &nodes[i], times[i], i);
  for (size_t i = 0; i < 7; i++) assert_true(take_first(&heap).time == sorted[i]);
  assert_true(heap_is_empty(&heap));
  heap_fini(&heap);
}

static void equal_times_come_in_their_order(void **state) {
  (void)state;
  enum { COUNT = 1000 };
  struct heap_node *nodes = calloc(COUNT, sizeof *nodes);
  struct heap heap;
  heap_init(&heap, &memory_default);
  /* 7 and 1000 have no common divisor, so every order is met once. */
  for (uint32_t i = 0; i < COUNT; i++) insert(&heap, &nodes[i], 42, i * 7 % COUNT);
  for (uint32_t i = 0; i < COUNT; i++) assert_int_equal(take_first(&heap).node->order, i);
  heap_fini(&heap);
  free(nodes);
}

static void the_count_of_orders_may_begin_anew(void **state) {
  (void)state;
  enum { COUNT = 100 };
  struct heap_node nodes[COUNT] = {{0}};
  struct heap heap;
  heap_init(&heap, &memory_default);
  for (uint32_t i = 0; i < COUNT; i++) insert(&heap, &nodes[i], 42, UINT32_MAX - COUNT / 2 + i);
  for (uint32_t i = 0; i < COUNT; i++) assert_ptr_equal(take_first(&heap).node, &nodes[i]);
  heap_fini(&heap);
}

static void a_node_knows_whether_it_is_in_the_heap(void **state) {
  (void)state;
  struct heap_node node = {0};
  struct heap heap;
  heap_init(&heap, &memory_default);
  assert_false(heap_contains(&node));
  heap_remove(&heap, &node);
  insert(&heap, &node, 1, 1);
  assert_true(heap_contains(&node));
  heap_remove(&heap, &node);
  assert_false(heap_contains(&node));
  assert_true(heap_is_empty(&heap));
  heap_fini(&heap);
}

static void a_moved_node_finds_its_new_place_both_ways(void **state) {
  (void)state;
  struct heap_node nodes[30] = {{0}};
  struct heap heap;
  heap_init(&heap, &memory_default);
  for (uint32_t i = 0; i < 30; i++) insert(&heap, &nodes[i], 100 + i, i);
  heap_put(&heap, &nodes[29], 1, 0);
  assert_ptr_equal(first_node(&heap), &nodes[29]);
  heap_put(&heap, &nodes[29], 1000, 0);
  assert_ptr_equal(first_node(&heap), &nodes[0]);
  heap_put(&heap, &nodes[0], 101, 2);
  assert_ptr_equal(first_node(&heap), &nodes[1]);
  for (size_t i = 0; i < 29; i++) assert_ptr_not_equal(take_first(&heap).node, &nodes[29]);
  assert_ptr_equal(take_first(&heap).node, &nodes[29]);
  heap_fini(&heap);
}

static void a_refused_reservation_changes_nothing(void **state) {
  (void)state;
  struct switched switched = {false, 0};
  weir_allocator allocator = {resize_switched, &switched};
  struct heap_node nodes[100] = {{0}};
  struct heap heap;
  uint32_t count = 0;
  heap_init(&heap, &allocator);
  insert(&heap, &nodes[count++], 7, 0);
  switched.refuses = true;
  while (heap_reserve(&heap, count + 1) == WEIR_OK) {
    insert(&heap, &nodes[count], 7, count);
    count++;
  }
  assert_in_range(count, 1, 99);
  switched.refuses = false;
  for (uint32_t i = count; i < 100; i++) insert(&heap, &nodes[i], 7, i);
  for (size_t i = 0; i < 100; i++) assert_ptr_equal(take_first(&heap).node, &nodes[i]);
  heap_fini(&heap);
  assert_int_equal(switched.blocks, 0);
}

static void reserved_room_is_never_refused(void **state) {
  (void)state;
  struct switched switched = {false, 0};
  weir_allocator allocator = {resize_switched, &switched};
  struct heap_node nodes[50] = {{0}};
  struct heap heap;
  heap_init(&heap, &allocator);
  assert_int_equal(heap_reserve(&heap, 50), WEIR_OK);
  switched.refuses = true;
  for (uint32_t i = 0; i < 50; i++) insert(&heap, &nodes[i], 50 - i, 0);
  assert_int_equal(heap_reserve(&heap, 50), WEIR_OK);
  assert_int_equal(heap_reserve(&heap, 10000), WEIR_ENOMEM);
  assert_ptr_equal(first_node(&heap), &nodes[49]);
  heap_fini(&heap);
  assert_int_equal(switched.blocks, 0);
}

static void an_impossible_reservation_is_refused(void **state) {
  (void)state;
  struct heap heap;
  heap_init(&heap, &memory_default);
  assert_int_equal(heap_reserve(&heap, SIZE_MAX), WEIR_ENOMEM);
  assert_int_equal(heap_reserve(&heap, SIZE_MAX / sizeof(struct heap_slot) + 2), WEIR_ENOMEM);
  heap_fini(&heap);
}

/* The first node as a search finds it. */
static struct heap_node *search_first(struct heap_node *nodes, const uint64_t *times, size_t count) {
  size_t first = count;
  for (size_t i = 0; i < count; i++) {
    if (!heap_contains(&nodes[i])) continue;
    bool sooner =
        first == count || times[i] < times[first] || (times[i] == times[first] && nodes[i].order < nodes[first].order);
    if (sooner) first = i;
  }
  return first == count ? NULL : &nodes[first];
}

static void random_steps_agree_with_a_search(void **state) {
  (void)state;
  enum { NODES = 64, STEPS = 200000 };
  struct heap_node nodes[NODES] = {{0}};
  uint64_t times[NODES];
  struct heap heap;
  heap_init(&heap, &memory_default);
  uint64_t random = 88172645463325252U;
  for (uint32_t step = 0; step < STEPS; step++) {
    size_t chosen = next_random(&random) % NODES;
    struct heap_node *node = &nodes[chosen];
    /* Few times, so that many are equal; the step as order, so that no two keys are. */
    uint64_t time = next_random(&random) % 20;
    times[chosen] = time;
    if (!heap_contains(node)) {
      insert(&heap, node, time, step);
    } else if (next_random(&random) % 3 == 0) {
      heap_remove(&heap, node);
    } else {
      heap_put(&heap, node, time, step);
    }
    assert_ptr_equal(first_node(&heap), search_first(nodes, times, NODES));
  }
  heap_fini(&heap);
}

static void a_hundred_thousand_nodes_that_moved_come_in_order(void **state) {
  (void)state;
  enum { NODES = 100000 };
  struct heap_node *nodes = calloc(NODES, sizeof *nodes);
  struct heap heap;
  heap_init(&heap, &memory_default);
  uint64_t random = 2463534242U;
  for (uint32_t i = 0; i < NODES; i++) insert(&heap, &nodes[i], next_random(&random) % 60000, i);
  for (uint32_t i = 0; i < NODES; i++) {
    heap_put(&heap, &nodes[next_random(&random) % NODES], next_random(&random) % 60000, NODES + i);
  }
  for (size_t i = 0; i < NODES; i += 4) heap_remove(&heap, &nodes[i]);
  size_t taken = 1;
  struct heap_slot last = take_first(&heap);
  for (; !heap_is_empty(&heap); taken++) {
    struct heap_slot next = take_first(&heap);
    assert_true(last.time < next.time || (last.time == next.time && last.node->order < next.node->order));
    last = next;
  }
  assert_int_equal(taken, NODES / 4 * 3);
  heap_fini(&heap);
  free(nodes);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(an_empty_heap_has_no_first_node),
      cmocka_unit_test(nodes_come_in_the_order_of_their_times),
      cmocka_unit_test(equal_times_come_in_their_order),
      cmocka_unit_test(the_count_of_orders_may_begin_anew),
      cmocka_unit_test(a_node_knows_whether_it_is_in_the_heap),
      cmocka_unit_test(a_moved_node_finds_its_new_place_both_ways),
      cmocka_unit_test(a_refused_reservation_changes_nothing),
      cmocka_unit_test(reserved_room_is_never_refused),
      cmocka_unit_test(an_impossible_reservation_is_refused),
      cmocka_unit_test(random_steps_agree_with_a_search),
      cmocka_unit_test(a_hundred_thousand_nodes_that_moved_come_in_order),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
