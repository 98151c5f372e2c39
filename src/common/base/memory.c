/* SPDX-License-Identifier: MIT */
#include "common/base/memory.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

static void *resize_with_libc(void *user, void *block, size_t bytes) {
  (void)user;
  if (bytes == 0) {
    free(block);
    return NULL;
  }
  return realloc(block, bytes);
}

const weir_allocator memory_default = {resize_with_libc, NULL};

void *memory_get(const weir_allocator *allocator, size_t bytes) {
  assert(bytes > 0);
  return allocator->resize(allocator->user, NULL, bytes);
}

void *memory_get_zeroed(const weir_allocator *allocator, size_t bytes) {
  void *block = memory_get(allocator, bytes);
  if (block != NULL) memset(block, 0, bytes);
  return block;
}

void *memory_resize(const weir_allocator *allocator, void *block, size_t bytes) {
  assert(bytes > 0);
  return allocator->resize(allocator->user, block, bytes);
}

void memory_put(const weir_allocator *allocator, void *block) {
  if (block != NULL) allocator->resize(allocator->user, block, 0);
}
