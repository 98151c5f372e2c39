/* SPDX-License-Identifier: MIT */
#include "common/base/slab.h"

#include <assert.h>
#include <string.h>

#include "common/base/apart.h"
#include "common/system.h"

enum { CHUNK_BYTES = 65536 };

/*
 * An empty chunk that has touched no more pages than so many blocks take is kept: who comes and goes alone then asks
 * the system for nothing. There is one of these at most, because a chunk is opened when all others are full.
 */
enum { KEPT_BLOCKS = 32 };

struct free_block {
  struct free_block *next;
  uint16_t place;
};

/* It fills a cache line, so that blocks of that size do too. Behind it come the blocks, then what they have apart. */
struct slab_chunk {
  _Alignas(64) struct list_node link;
  struct free_block *free; /* blocks that came back */
  uint16_t used;           /* blocks that are out */
  uint16_t touched;        /* the first so many have been out; pages behind them are not there yet */
};

void slab_init(struct slab *slab, const weir_allocator *allocator, size_t block_bytes, size_t apart_bytes,
               bool by_page) {
  assert(block_bytes >= sizeof(struct free_block) && block_bytes + apart_bytes <= UINT16_MAX);
  assert(block_bytes % sizeof(uint64_t) == 0 && apart_bytes % sizeof(uint64_t) == 0);
  slab->allocator = allocator;
  slab->block_bytes = (uint16_t)block_bytes;
  slab->apart_bytes = (uint16_t)apart_bytes;
  size_t blocks = by_page ? (CHUNK_BYTES - sizeof(struct slab_chunk)) / (block_bytes + apart_bytes) : 0;
  slab->chunk_blocks = (uint16_t)blocks;
  list_init(&slab->open);
}

APART static void drop_chunk(struct slab_chunk *chunk) {
  assert(chunk->used == 0);
  list_remove(&chunk->link);
  system_pages_put(chunk, CHUNK_BYTES);
}

void slab_fini(struct slab *slab) {
  struct list_node *first = NULL;
  while ((first = list_first(&slab->open)) != NULL) drop_chunk(CONTAINER_OF(first, struct slab_chunk, link));
}

/* Places count from 1, because 0 is not in a chunk. */
static void *block_at(const struct slab *slab, struct slab_chunk *chunk, uint16_t place) {
  return (char *)(chunk + 1) + (size_t)(place - 1) * slab->block_bytes;
}

static struct slab_chunk *chunk_of(const struct slab *slab, void *block, uint16_t place) {
  return (struct slab_chunk *)(void *)((char *)block - (size_t)(place - 1) * slab->block_bytes) - 1;
}

/* Of a block that the allocator gave, right behind it. */
void *slab_apart(const struct slab *slab, void *block, uint16_t place) {
  if (place == 0) return (char *)block + slab->block_bytes;
  char *behind_blocks = (char *)(chunk_of(slab, block, place) + 1) + (size_t)slab->chunk_blocks * slab->block_bytes;
  return behind_blocks + (size_t)(place - 1) * slab->apart_bytes;
}

/* ---- getting ---- */

APART static struct slab_chunk *open_chunk(struct slab *slab) {
  if (slab->chunk_blocks == 0) return NULL;
  struct slab_chunk *chunk = system_pages_get(CHUNK_BYTES);
  if (chunk != NULL) list_append(&slab->open, &chunk->link);
  return chunk;
}

static void *take_block(struct slab *slab, struct slab_chunk *chunk, uint16_t *place) {
  struct free_block *block = chunk->free;
  if (block != NULL) {
    chunk->free = block->next;
    *place = block->place;
  } else {
    *place = ++chunk->touched;
    block = block_at(slab, chunk, *place);
  }
  if (++chunk->used == slab->chunk_blocks) list_remove(&chunk->link);
  return block;
}

APART static void *get_otherwise(struct slab *slab, uint16_t *place) {
  struct slab_chunk *chunk = open_chunk(slab);
  if (chunk != NULL) return take_block(slab, chunk, place);
  *place = 0;
  return memory_get(slab->allocator, (size_t)slab->block_bytes + slab->apart_bytes);
}

void *slab_get(struct slab *slab, uint16_t *place) {
  if (list_empty(&slab->open)) return get_otherwise(slab, place);
  return take_block(slab, CONTAINER_OF(slab->open.head.next, struct slab_chunk, link), place);
}

void *slab_get_zeroed(struct slab *slab, uint16_t *place) {
  void *block = slab_get(slab, place);
  if (block == NULL) return NULL;
  memset(block, 0, slab->block_bytes);
  if (slab->apart_bytes > 0) memset(slab_apart(slab, block, *place), 0, slab->apart_bytes);
  return block;
}

/* ---- giving back ---- */

void slab_put(struct slab *slab, void *block, uint16_t place) {
  if (place == 0) {
    memory_put(slab->allocator, block);
    return;
  }
  struct slab_chunk *chunk = chunk_of(slab, block, place);
  struct free_block *freed = block;
  freed->next = chunk->free;
  freed->place = place;
  chunk->free = freed;
  if (chunk->used-- == slab->chunk_blocks) list_append(&slab->open, &chunk->link);
  if (chunk->used == 0 && chunk->touched > KEPT_BLOCKS) drop_chunk(chunk);
}
