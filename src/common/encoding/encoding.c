/* SPDX-License-Identifier: MIT */
/*
 * The names of the encodings. What they do to bytes is in decoder.c, to text in encoder.c.
 */
#include <weir/encoding.h>

#include <stdbool.h>
#include <stddef.h>

/* The first name of each encoding is the one it is called by. */
static const struct {
  const char *name;
  weir_encoding encoding;
} names[] = {
    {"utf8", WEIR_ENCODING_UTF8},        {"utf-8", WEIR_ENCODING_UTF8},    {"utf16le", WEIR_ENCODING_UTF16LE},
    {"utf-16le", WEIR_ENCODING_UTF16LE}, {"ucs2", WEIR_ENCODING_UTF16LE},  {"ucs-2", WEIR_ENCODING_UTF16LE},
    {"latin1", WEIR_ENCODING_LATIN1},    {"binary", WEIR_ENCODING_LATIN1}, {"ascii", WEIR_ENCODING_ASCII},
    {"hex", WEIR_ENCODING_HEX},          {"base64", WEIR_ENCODING_BASE64}, {"base64url", WEIR_ENCODING_BASE64URL},
};

enum { NAME_COUNT = sizeof names / sizeof names[0] };

/* ASCII only: the C library's functions would ask the locale. */
static char to_lower(char letter) { return letter >= 'A' && letter <= 'Z' ? (char)(letter - 'A' + 'a') : letter; }

static bool equals_in_any_case(const char *name, const char *lower) {
  while (*lower != '\0' && to_lower(*name) == *lower) name++, lower++;
  return *name == *lower;
}

weir_code weir_encoding_find(const char *name, weir_encoding *encoding) {
  if (name == NULL || name[0] == '\0') name = "utf8";
  for (size_t i = 0; i < NAME_COUNT; i++) {
    if (!equals_in_any_case(name, names[i].name)) continue;
    *encoding = names[i].encoding;
    return WEIR_OK;
  }
  return WEIR_EINVAL;
}

const char *weir_encoding_name(weir_encoding encoding) {
  for (size_t i = 0; i < NAME_COUNT; i++) {
    if (names[i].encoding == encoding) return names[i].name;
  }
  return "none";
}
