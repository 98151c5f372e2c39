/* SPDX-License-Identifier: MIT */
/*
 * Blocks of one size that lie close together: without a header each, without rounding, and a chunk of them goes back to
 * the system as soon as its last block is free. An allocator for everything does none of that, and takes longer.
 *
 * Chunks come by the page from the system. A program that gave an allocator of its own wants to see every block: then,
 * and when the system gives no pages, a block comes from the allocator, and its place says so.
 */
#ifndef WEIR_COMMON_BASE_SLAB_H
#define WEIR_COMMON_BASE_SLAB_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/base/list.h"
#include "common/base/memory.h"

struct slab_chunk;

struct slab {
  const weir_allocator *allocator;
  uint16_t block_bytes;
  uint16_t apart_bytes;
  uint16_t chunk_blocks; /* how many a chunk has; 0: blocks come from the allocator */
  struct list open;      /* chunks with a free block */
};

/*
 * Blocks of `block_bytes`, aligned for pointers and 64-bit numbers, and in a chunk also for cache lines if their size
 * is one. Each has `apart_bytes` more elsewhere, for what is seldom touched, so that the rest of many lies closer.
 */
void slab_init(struct slab *slab, const weir_allocator *allocator, size_t block_bytes, size_t apart_bytes,
               bool by_page);

/* All blocks are back. */
void slab_fini(struct slab *slab);

/* A block, and its place, to be remembered; NULL: no memory. Neither it nor what it has apart is cleared. */
void *slab_get(struct slab *slab, uint16_t *place);

/* The same, all zero. */
void *slab_get_zeroed(struct slab *slab, uint16_t *place);

/* What a block has apart. */
void *slab_apart(const struct slab *slab, void *block, uint16_t place);

/* Gives it back. */
void slab_put(struct slab *slab, void *block, uint16_t place);

#endif
