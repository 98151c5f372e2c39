/* SPDX-License-Identifier: MIT */
/*
 * A heap of times: the node with the smallest is at hand, and any node can move or leave. It is 4-ary and keeps each
 * time beside the pointer to its node, so that a comparison touches a node only when two times are equal; equal times
 * come in the order of `order`, which counts up, and of which only the distance matters. It knows no clock.
 *
 * A node is embedded in the structure it belongs to; a zeroed node is in no heap.
 */
#ifndef WEIR_COMMON_BASE_HEAP_H
#define WEIR_COMMON_BASE_HEAP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <weir/error.h>
#include <weir/loop.h>

struct heap_node {
  uint32_t place; /* where in the heap, from 1; 0: in none */
  uint32_t order;
};

struct heap_slot {
  uint64_t time;
  struct heap_node *node;
};

struct heap {
  const weir_allocator *allocator;
  struct heap_slot *slots;
  uint32_t count;
  uint32_t capacity;
};

/* An empty heap; takes no memory yet. The allocator must outlive it. */
void heap_init(struct heap *heap, const weir_allocator *allocator);

/* Gives the memory back; nodes still in it are forgotten by the heap, not cleared. */
void heap_fini(struct heap *heap);

/* Makes room for `count` nodes in all, or WEIR_ENOMEM: then nothing has changed. */
weir_code heap_reserve(struct heap *heap, size_t count);

/* Adds a node that is in no heap, for which there is room, or gives one of this heap another key. Cannot fail. */
void heap_put(struct heap *heap, struct heap_node *node, uint64_t time, uint32_t order);

/* Takes a node out; does nothing to a node that is in no heap. */
void heap_remove(struct heap *heap, struct heap_node *node);

static inline bool heap_contains(const struct heap_node *node) { return node->place != 0; }

static inline bool heap_is_empty(const struct heap *heap) { return heap->count == 0; }

/* What comes first; the heap is not empty. */
static inline struct heap_slot heap_first(const struct heap *heap) { return heap->slots[0]; }

#endif
