/* SPDX-License-Identifier: MIT */
#include "common/base/text.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

struct text text_in(char *space, size_t size) {
  if (size > 0) space[0] = '\0';
  return (struct text){space, size, 0};
}

void text_add(struct text *text, const char *part) {
  size_t bytes = strlen(part);
  if (text->length < text->size) {
    size_t room = text->size - text->length - 1;
    size_t taken = bytes < room ? bytes : room;
    memcpy(text->space + text->length, part, taken);
    text->space[text->length + taken] = '\0';
  }
  text->length += bytes;
}

void text_add_number(struct text *text, uint64_t number) {
  char digits[24];
  snprintf(digits, sizeof digits, "%" PRIu64, number);
  text_add(text, digits);
}

void text_add_count(struct text *text, uint64_t count, const char *noun) {
  if (count == 0) {
    text_add(text, "no");
  } else {
    text_add_number(text, count);
  }
  text_add(text, " ");
  text_add(text, noun);
  if (count != 1) text_add(text, "s");
}
