/* SPDX-License-Identifier: MIT */
#include "posix/uring_outgoing.h"

#include "common/base/memory.h"

/* How many blocks stay for the next burst. */
enum { POOL_MAX = 256 };

struct outgoing *outgoing_get(struct outgoing_pool *pool) {
  struct outgoing *outgoing = pool->first;
  if (outgoing != NULL) {
    pool->first = outgoing->next;
    pool->count--;
  } else {
    outgoing = memory_get(pool->allocator, sizeof *outgoing);
    if (outgoing == NULL) return NULL;
  }
  outgoing->length = 0;
  outgoing->sent = 0;
  return outgoing;
}

void outgoing_put(struct outgoing_pool *pool, struct outgoing *outgoing) {
  if (pool->count == POOL_MAX) {
    memory_put(pool->allocator, outgoing);
    return;
  }
  outgoing->next = pool->first;
  pool->first = outgoing;
  pool->count++;
}

void outgoing_fini(struct outgoing_pool *pool) {
  while (pool->first != NULL) {
    struct outgoing *outgoing = pool->first;
    pool->first = outgoing->next;
    memory_put(pool->allocator, outgoing);
  }
}
