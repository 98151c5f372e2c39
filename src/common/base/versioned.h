/* SPDX-License-Identifier: MIT */
/*
 * Structures that a program hands in and that later versions make longer. Each begins with its size, as the program was
 * compiled: what it does not know keeps its default, and what we do not know is ignored.
 */
#ifndef WEIR_COMMON_BASE_VERSIONED_H
#define WEIR_COMMON_BASE_VERSIONED_H

#include <stdbool.h>
#include <stddef.h>
#include <string.h>

static inline size_t versioned_size(const void *structure) {
  size_t size;
  memcpy(&size, structure, sizeof size);
  return size;
}

/* Reads what is given over the defaults in `whole`. NULL: nothing is. False: it does not say its size. */
static inline bool versioned_read(void *whole, size_t bytes, const void *given) {
  if (given == NULL) return true;
  size_t size = versioned_size(given);
  memcpy(whole, given, size < bytes ? size : bytes);
  return size > 0;
}

/* Fills in, of `whole`, what is asked for; the size stays. */
static inline void versioned_fill(void *asked, const void *whole, size_t bytes) {
  size_t size = versioned_size(asked);
  if (size > bytes) size = bytes;
  if (size > sizeof size) memcpy((char *)asked + sizeof size, (const char *)whole + sizeof size, size - sizeof size);
}

#endif
