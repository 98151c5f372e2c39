/* SPDX-License-Identifier: MIT */
/*
 * A text that is written into a space that may be too small, as snprintf does: what has no room is only counted, and
 * the text is always terminated.
 */
#ifndef WEIR_COMMON_BASE_TEXT_H
#define WEIR_COMMON_BASE_TEXT_H

#include <stddef.h>
#include <stdint.h>

struct text {
  char *space; /* may be NULL when `size` is 0 */
  size_t size;
  size_t length; /* of the whole text, whether it had room or not */
};

/* An empty text. */
struct text text_in(char *space, size_t size);

void text_add(struct text *text, const char *part);
void text_add_number(struct text *text, uint64_t number);

/* Adds "1 client", "2 clients", "no clients". */
void text_add_count(struct text *text, uint64_t count, const char *noun);

#endif
