/* SPDX-License-Identifier: MIT */
#include "common/slab.h"

#include <assert.h>
#include <string.h>

#include "common/system.h"

enum { CHUNK_BYTES = 65536 };

/* A spare chunk has touched no more pages than so many blocks take. */
enum { SPARE_BLOCKS = 32 };

struct free_block {
  struct free_block *next;
  uint16_t place;
};

struct slab_chunk {
  struct list_node link;
  struct free_block *free; /* blocks that came back */
  uint16_t used;           /* blocks that are out */
  uint16_t touched;        /* the first so many have been out; pages behind them are not there yet */
};

void slab_init(struct slab *slab, const weir_allocator *allocator, size_t block_bytes, bool by_page) {
  assert(block_bytes >= sizeof(struct free_block) && block_bytes % sizeof(uint64_t) == 0 && block_bytes <= UINT16_MAX);
  slab->allocator = allocator;
  slab->block_bytes = (uint16_t)block_bytes;
  size_t blocks = by_page ? (CHUNK_BYTES - sizeof(struct slab_chunk)) / block_bytes : 0;
  slab->chunk_blocks = (uint16_t)blocks;
  slab->spare = NULL;
  list_init(&slab->open);
}

void slab_fini(struct slab *slab) {
  assert(list_empty(&slab->open));
  if (slab->spare != NULL) system_pages_put(slab->spare, CHUNK_BYTES);
  slab->spare = NULL;
}

/* Places count from 1, because 0 is not in a chunk. */
static void *block_at(const struct slab *slab, struct slab_chunk *chunk, uint16_t place) {
  return (char *)(chunk + 1) + (size_t)(place - 1) * slab->block_bytes;
}

static struct slab_chunk *chunk_of(const struct slab *slab, void *block, uint16_t place) {
  return (struct slab_chunk *)(void *)((char *)block - (size_t)(place - 1) * slab->block_bytes) - 1;
}

/* ---- getting ---- */

/* The spare one, or one with new pages, which are all zero. */
static struct slab_chunk *open_chunk(struct slab *slab) {
  if (slab->chunk_blocks == 0) return NULL;
  struct slab_chunk *chunk = slab->spare != NULL ? slab->spare : system_pages_get(CHUNK_BYTES);
  slab->spare = NULL;
  if (chunk != NULL) list_append(&slab->open, &chunk->link);
  return chunk;
}

static void *take_block(struct slab *slab, struct slab_chunk *chunk, uint16_t *place) {
  struct free_block *block = chunk->free;
  if (block != NULL) {
    chunk->free = block->next;
    *place = block->place;
    memset(block, 0, slab->block_bytes);
  } else {
    *place = ++chunk->touched;
    block = block_at(slab, chunk, *place);
  }
  if (++chunk->used == slab->chunk_blocks) list_remove(&chunk->link);
  return block;
}

void *slab_get(struct slab *slab, uint16_t *place) {
  struct list_node *first = list_first(&slab->open);
  struct slab_chunk *chunk = first != NULL ? CONTAINER_OF(first, struct slab_chunk, link) : open_chunk(slab);
  if (chunk != NULL) return take_block(slab, chunk, place);
  *place = 0;
  return memory_get_zeroed(slab->allocator, slab->block_bytes);
}

/* ---- giving back ---- */

static void close_chunk(struct slab *slab, struct slab_chunk *chunk) {
  list_remove(&chunk->link);
  if (slab->spare == NULL && chunk->touched <= SPARE_BLOCKS) {
    slab->spare = chunk;
  } else {
    system_pages_put(chunk, CHUNK_BYTES);
  }
}

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
  if (chunk->used == 0) close_chunk(slab, chunk);
}
