/* SPDX-License-Identifier: MIT */
#include "common/failure.h"

#include <string.h>

static size_t text_bytes(const char *text) { return text == NULL ? 1 : strlen(text) + 1; }

static const char *put_text(char **at, const char *text) {
  size_t bytes = text_bytes(text);
  char *copy = memcpy(*at, text == NULL ? "" : text, bytes);
  *at += bytes;
  return copy;
}

weir_error *failure_copy(const weir_allocator *allocator, const weir_error *error) {
  size_t texts = text_bytes(error->operation) + text_bytes(error->address) + text_bytes(error->hint);
  weir_error *copy = memory_get(allocator, sizeof *copy + texts);
  if (copy == NULL) return NULL;
  char *at = (char *)(copy + 1);
  copy->code = error->code;
  copy->native_code = error->native_code;
  copy->operation = put_text(&at, error->operation);
  copy->address = put_text(&at, error->address);
  copy->hint = put_text(&at, error->hint);
  return copy;
}
