/* SPDX-License-Identifier: MIT */
/*
 * Bytes on their way: copied when they are written, sent with the next submission. The block that was used last is used
 * first, so that a busy loop stays within few lines of the cache.
 */
#ifndef WEIR_POSIX_URING_OUTGOING_H
#define WEIR_POSIX_URING_OUTGOING_H

#include <stddef.h>
#include <stdint.h>

#include <weir/loop.h>

/* What is longer is not copied: the system call costs less. */
#define OUTGOING_BYTES 4096

struct outgoing {
  struct outgoing *next; /* in the pool */
  uint32_t length;
  uint32_t sent; /* of these the system has */
  char bytes[OUTGOING_BYTES];
};

struct outgoing_pool {
  const weir_allocator *allocator;
  struct outgoing *first;
  size_t count;
};

/* An empty block; NULL: there is no memory. */
struct outgoing *outgoing_get(struct outgoing_pool *pool);

void outgoing_put(struct outgoing_pool *pool, struct outgoing *outgoing);

/* Frees those that nobody uses. */
void outgoing_fini(struct outgoing_pool *pool);

#endif
