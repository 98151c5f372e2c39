/* SPDX-License-Identifier: MIT */
/*
 * The slots are an implicit 4-ary tree: the children of slot i are 4i + 1 to 4i + 4, its parent is (i - 1) / 4. Four
 * slots of 16 bytes are a cache line, so a level costs about one miss; a binary heap has twice the levels.
 *
 * Sifting moves a hole instead of swapping: the node in hand is written once, where the hole ends.
 */
#include "common/base/heap.h"

#include <assert.h>
#include <string.h>

#include "common/base/memory.h"

enum { CHILDREN = 4, FIRST_CAPACITY = 16 };

static inline bool comes_before(const struct heap_slot *one, const struct heap_slot *other) {
  if (one->time != other->time) return one->time < other->time;
  return one->node->order - other->node->order > UINT32_MAX / 2;
}

static inline void fill_slot(struct heap *heap, uint32_t index, struct heap_slot slot) {
  heap->slots[index] = slot;
  slot.node->place = index + 1;
}

/* Moves the hole at `index` up until `slot` may fill it. */
static void sift_up(struct heap *heap, uint32_t index, struct heap_slot slot) {
  while (index > 0) {
    uint32_t parent = (index - 1) / CHILDREN;
    if (!comes_before(&slot, &heap->slots[parent])) break;
    fill_slot(heap, index, heap->slots[parent]);
    index = parent;
  }
  fill_slot(heap, index, slot);
}

/* Moves the hole at `index` down until `slot` may fill it. */
static void sift_down(struct heap *heap, uint32_t index, struct heap_slot slot) {
  for (;;) {
    uint32_t child = CHILDREN * index + 1;
    uint32_t end = child + CHILDREN < heap->count ? child + CHILDREN : heap->count;
    if (child >= end) break;
    uint32_t least = child;
    while (++child < end) {
      if (comes_before(&heap->slots[child], &heap->slots[least])) least = child;
    }
    if (!comes_before(&heap->slots[least], &slot)) break;
    fill_slot(heap, index, heap->slots[least]);
    index = least;
  }
  fill_slot(heap, index, slot);
}

/* Puts `slot` where it belongs, starting from the hole at `index`. */
static void settle(struct heap *heap, uint32_t index, struct heap_slot slot) {
  if (index > 0 && comes_before(&slot, &heap->slots[(index - 1) / CHILDREN])) {
    sift_up(heap, index, slot);
  } else {
    sift_down(heap, index, slot);
  }
}

/* Most holes have no children, and what fills them mostly comes from there too. */
static inline bool fits_into_leaf(const struct heap *heap, uint32_t index, const struct heap_slot *slot) {
  bool is_leaf = CHILDREN * index + 1 >= heap->count;
  return is_leaf && (index == 0 || !comes_before(slot, &heap->slots[(index - 1) / CHILDREN]));
}

void heap_init(struct heap *heap, const weir_allocator *allocator) {
  heap->allocator = allocator;
  heap->slots = NULL;
  heap->count = 0;
  heap->capacity = 0;
}

void heap_fini(struct heap *heap) {
  memory_put(heap->allocator, heap->slots);
  heap_init(heap, heap->allocator);
}

weir_code heap_reserve(struct heap *heap, size_t count) {
  if (count <= heap->capacity) return WEIR_OK;
  const size_t limit = UINT32_MAX / 2 / sizeof(struct heap_slot);
  if (count > limit) return WEIR_ENOMEM;
  size_t capacity = heap->capacity < FIRST_CAPACITY ? FIRST_CAPACITY : 2 * (size_t)heap->capacity;
  if (capacity < count) capacity = count;
  struct heap_slot *slots = memory_resize(heap->allocator, heap->slots, capacity * sizeof *slots);
  if (slots == NULL) return WEIR_ENOMEM;
  /* A system hands out pages when they are touched, which takes long: better here than when something is put in. */
  memset(slots + heap->capacity, 0, (capacity - heap->capacity) * sizeof *slots);
  heap->slots = slots;
  heap->capacity = (uint32_t)capacity;
  return WEIR_OK;
}

void heap_put(struct heap *heap, struct heap_node *node, uint64_t time, uint32_t order) {
  struct heap_slot slot = {time, node};
  node->order = order;
  if (heap_contains(node)) {
    assert(heap->slots[node->place - 1].node == node);
    settle(heap, node->place - 1, slot);
  } else {
    assert(heap->count < heap->capacity);
    sift_up(heap, heap->count++, slot);
  }
}

void heap_remove(struct heap *heap, struct heap_node *node) {
  if (!heap_contains(node)) return;
  uint32_t index = node->place - 1;
  assert(heap->slots[index].node == node);
  node->place = 0;
  struct heap_slot last = heap->slots[--heap->count];
  if (last.node == node) return;
  if (fits_into_leaf(heap, index, &last)) {
    fill_slot(heap, index, last);
  } else {
    settle(heap, index, last);
  }
}
