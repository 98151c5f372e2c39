/* SPDX-License-Identifier: MIT */
/*
 * What is written follows Node 20, whose strings are UTF-16 inside; that shows only in latin1 and ascii, where a
 * character above U+FFFF becomes two bytes.
 */
#include "common/encoding/encoder.h"

#include <stdint.h>
#include <string.h>

#include "common/encoding/utf8.h"

/* Writes the UTF-16 units of a text, each with two bytes or with its low one only. */
static size_t encode_units(const char *text, size_t length, unsigned char *out, size_t unit_bytes) {
  size_t written = 0;
  for (size_t at = 0; at < length;) {
    uint32_t code_point;
    at += utf8_next(text + at, length - at, &code_point);
    if (code_point == UTF8_MALFORMED || code_point == UTF8_INCOMPLETE) code_point = UTF8_REPLACEMENT;
    uint32_t units[2] = {code_point, 0};
    size_t count = 1;
    if (code_point > 0xFFFF) {
      units[0] = 0xD800 + ((code_point - 0x10000) >> 10);
      units[1] = 0xDC00 + ((code_point - 0x10000) & 0x3FF);
      count = 2;
    }
    for (size_t i = 0; i < count; i++) {
      out[written] = (unsigned char)(units[i] & 0xFF);
      if (unit_bytes == 2) out[written + 1] = (unsigned char)(units[i] >> 8);
      written += unit_bytes;
    }
  }
  return written;
}

/* The value of a digit, or -1. */
static int hex_value(char digit) {
  if (digit >= '0' && digit <= '9') return digit - '0';
  char lower = (char)(digit | 0x20);
  return lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : -1;
}

static size_t encode_hex(const char *text, size_t length, unsigned char *out) {
  size_t written = 0;
  while (2 * written + 1 < length) {
    int high = hex_value(text[2 * written]);
    int low = hex_value(text[2 * written + 1]);
    if (high < 0 || low < 0) break;
    out[written++] = (unsigned char)(high * 16 + low);
  }
  return written;
}

/* The value of a digit of either alphabet, or -1. */
static int base64_value(char digit) {
  if (digit >= 'A' && digit <= 'Z') return digit - 'A';
  if (digit >= 'a' && digit <= 'z') return digit - 'a' + 26;
  if (digit >= '0' && digit <= '9') return digit - '0' + 52;
  if (digit == '+' || digit == '-') return 62;
  return digit == '/' || digit == '_' ? 63 : -1;
}

static size_t encode_base64(const char *text, size_t length, unsigned char *out) {
  size_t written = 0;
  uint32_t bits = 0;
  unsigned bit_count = 0;
  for (size_t i = 0; i < length && text[i] != '='; i++) {
    int value = base64_value(text[i]);
    if (value < 0) continue;
    bits = bits << 6 | (uint32_t)value;
    bit_count += 6;
    if (bit_count < 8) continue;
    bit_count -= 8;
    out[written++] = (unsigned char)(bits >> bit_count & 0xFF);
  }
  return written;
}

size_t encoder_capacity(weir_encoding encoding, size_t length) {
  switch (encoding) {
    case WEIR_ENCODING_UTF16LE:
      return length > SIZE_MAX / 2 ? SIZE_MAX : 2 * length;
    case WEIR_ENCODING_HEX:
      return length / 2;
    case WEIR_ENCODING_BASE64:
    case WEIR_ENCODING_BASE64URL:
      return length / 4 * 3 + length % 4;
    case WEIR_ENCODING_NONE:
    case WEIR_ENCODING_UTF8:
    case WEIR_ENCODING_LATIN1:
    case WEIR_ENCODING_ASCII:
      return length;
  }
  return 0;
}

size_t encoder_encode(weir_encoding encoding, const char *text, size_t length, void *out) {
  switch (encoding) {
    case WEIR_ENCODING_UTF16LE:
      return encode_units(text, length, out, 2);
    case WEIR_ENCODING_LATIN1:
    case WEIR_ENCODING_ASCII:
      return encode_units(text, length, out, 1);
    case WEIR_ENCODING_HEX:
      return encode_hex(text, length, out);
    case WEIR_ENCODING_BASE64:
    case WEIR_ENCODING_BASE64URL:
      return encode_base64(text, length, out);
    case WEIR_ENCODING_NONE:
    case WEIR_ENCODING_UTF8:
      break;
  }
  if (length > 0) memcpy(out, text, length);
  return length;
}
