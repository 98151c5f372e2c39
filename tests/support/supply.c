/* SPDX-License-Identifier: MIT */
#include "support/supply.h"

#include <stdlib.h>

static bool is_to_fail(const struct supply *supply) {
  if (supply->fail_at == 0 || supply->asked < supply->fail_at) return false;
  return supply->for_good || supply->asked == supply->fail_at;
}

static void *resize(void *user, void *block, size_t bytes) {
  struct supply *supply = user;
  if (bytes == 0) {
    if (block != NULL) supply->blocks--;
    free(block);
    return NULL;
  }
  supply->asked++;
  void *resized = is_to_fail(supply) ? NULL : realloc(block, bytes);
  if (resized == NULL) supply->failed = true;
  if (resized != NULL && block == NULL) supply->blocks++;
  return resized;
}

weir_allocator supply_allocator(struct supply *supply) { return (weir_allocator){.resize = resize, .user = supply}; }
