/* SPDX-License-Identifier: MIT */
/*
 * A system without pages: every block then comes from the allocator. Chosen for builds with a sanitizer, which watches
 * over the blocks of the allocator and sees nothing inside a page.
 */
#include "common/system.h"

void *system_pages_get(size_t bytes) {
  (void)bytes;
  return NULL;
}

void system_pages_put(void *pages, size_t bytes) {
  (void)pages;
  (void)bytes;
}
