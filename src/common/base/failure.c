/* SPDX-License-Identifier: MIT */
#include "common/base/failure.h"

#include <string.h>

static size_t text_bytes(const char *text) { return text == NULL ? 1 : strlen(text) + 1; }

static const char *put_text(char **at, const char *text) {
  size_t bytes = text_bytes(text);
  char *copy = memcpy(*at, text == NULL ? "" : text, bytes);
  *at += bytes;
  return copy;
}

static size_t error_texts(const weir_error *error) {
  return text_bytes(error->operation) + text_bytes(error->address) + text_bytes(error->hint) + text_bytes(error->local);
}

static void put_error(weir_error *copy, char **at, const weir_error *error) {
  *copy = (weir_error){.code = error->code, .native_code = error->native_code};
  copy->operation = put_text(at, error->operation);
  copy->address = put_text(at, error->address);
  copy->hint = put_text(at, error->hint);
  copy->local = put_text(at, error->local);
}

/* The errors stand in front, the whole one first, and all texts behind them. Causes have none of their own. */
weir_error *failure_copy(const weir_allocator *allocator, const weir_error *error) {
  size_t count = 1 + error->cause_count;
  size_t texts = error_texts(error);
  for (size_t i = 0; i < error->cause_count; i++) texts += error_texts(&error->causes[i]);
  weir_error *copy = memory_get(allocator, count * sizeof *copy + texts);
  if (copy == NULL) return NULL;
  char *at = (char *)(copy + count);
  put_error(copy, &at, error);
  for (size_t i = 0; i < error->cause_count; i++) put_error(&copy[1 + i], &at, &error->causes[i]);
  if (error->cause_count > 0) copy->causes = copy + 1;
  copy->cause_count = error->cause_count;
  return copy;
}
