/* SPDX-License-Identifier: MIT */
#include "common/encoding/utf8.h"

#include <assert.h>

/* What a first byte promises: how many bytes follow it, its bits, and the range of the second byte. */
struct lead {
  size_t following;
  uint32_t bits;
  unsigned char second_least;
  unsigned char second_most;
};

/*
 * The second byte's range keeps out overlong forms (E0, F0), surrogates (ED) and what is above U+10FFFF (F4); the lead
 * bytes C0, C1 and F5 to FF begin nothing. `following` 0 marks those.
 */
static struct lead read_lead(unsigned char byte) {
  if (byte >= 0xC2 && byte <= 0xDF) return (struct lead){1, byte & 0x1FU, 0x80, 0xBF};
  if (byte >= 0xE0 && byte <= 0xEF) {
    return (struct lead){2, byte & 0x0FU, byte == 0xE0 ? 0xA0 : 0x80, byte == 0xED ? 0x9F : 0xBF};
  }
  if (byte >= 0xF0 && byte <= 0xF4) {
    return (struct lead){3, byte & 0x07U, byte == 0xF0 ? 0x90 : 0x80, byte == 0xF4 ? 0x8F : 0xBF};
  }
  return (struct lead){0, 0, 0, 0};
}

size_t utf8_next(const void *text, size_t length, uint32_t *code_point) {
  assert(length > 0);
  const unsigned char *bytes = text;
  if (bytes[0] < 0x80) {
    *code_point = bytes[0];
    return 1;
  }
  struct lead lead = read_lead(bytes[0]);
  *code_point = UTF8_MALFORMED;
  if (lead.following == 0) return 1;
  uint32_t value = lead.bits;
  for (size_t i = 1; i <= lead.following; i++) {
    if (i == length) {
      *code_point = UTF8_INCOMPLETE;
      return length;
    }
    unsigned char least = i == 1 ? lead.second_least : 0x80;
    unsigned char most = i == 1 ? lead.second_most : 0xBF;
    if (bytes[i] < least || bytes[i] > most) return i;
    value = value << 6 | (bytes[i] & 0x3FU);
  }
  *code_point = value;
  return lead.following + 1;
}

size_t utf8_put(uint32_t code_point, char *out) {
  if (code_point < 0x80) {
    out[0] = (char)code_point;
    return 1;
  }
  if (code_point < 0x800) {
    out[0] = (char)(0xC0 | code_point >> 6);
    out[1] = (char)(0x80 | (code_point & 0x3F));
    return 2;
  }
  if (code_point < 0x10000) {
    out[0] = (char)(0xE0 | code_point >> 12);
    out[1] = (char)(0x80 | (code_point >> 6 & 0x3F));
    out[2] = (char)(0x80 | (code_point & 0x3F));
    return 3;
  }
  assert(code_point <= 0x10FFFF);
  out[0] = (char)(0xF0 | code_point >> 18);
  out[1] = (char)(0x80 | (code_point >> 12 & 0x3F));
  out[2] = (char)(0x80 | (code_point >> 6 & 0x3F));
  out[3] = (char)(0x80 | (code_point & 0x3F));
  return 4;
}
