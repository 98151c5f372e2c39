/* SPDX-License-Identifier: MIT */
/*
 * One function for each encoding; what they hold between two portions is in `pending`: up to three bytes of a UTF-8
 * character, an odd byte or a high surrogate or both, one or two bytes of a group of three.
 */
#include "common/encoding/decoder.h"

#include <assert.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "common/encoding/utf8.h"

/*
 * The longest result is asked for before anything is decoded, so every bound saturates: what cannot be counted cannot
 * be allocated either.
 */
static size_t times(size_t count, size_t factor) { return count > SIZE_MAX / factor ? SIZE_MAX : count * factor; }

static const char base64_digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
static const char base64url_digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

/* How many bytes from the start are ASCII, looked at eight at a time. */
static size_t count_ascii(const unsigned char *bytes, size_t length) {
  size_t at = 0;
  for (uint64_t eight; length - at >= sizeof eight; at += sizeof eight) {
    memcpy(&eight, bytes + at, sizeof eight);
    if ((eight & UINT64_C(0x8080808080808080)) != 0) break;
  }
  while (at < length && bytes[at] < 0x80) at++;
  return at;
}

/* Completes the character that an earlier portion began; returns how many of the new bytes belong to it. */
static size_t finish_utf8(struct decoder *decoder, const unsigned char *bytes, size_t length, char *out,
                          size_t *written) {
  unsigned char joined[UTF8_BYTES_MAX];
  size_t held = decoder->pending_count;
  size_t added = length < sizeof joined - held ? length : sizeof joined - held;
  memcpy(joined, decoder->pending, held);
  memcpy(joined + held, bytes, added);
  uint32_t code_point;
  size_t used = utf8_next(joined, held + added, &code_point);
  /* What is held could have gone on, so the portion to replace is at least that long. */
  assert(used >= held);
  if (code_point == UTF8_INCOMPLETE) {
    memcpy(decoder->pending, joined, used);
    decoder->pending_count = (unsigned char)used;
  } else {
    *written = utf8_put(code_point == UTF8_MALFORMED ? UTF8_REPLACEMENT : code_point, out);
    decoder->pending_count = 0;
  }
  return used - held;
}

static size_t decode_utf8(struct decoder *decoder, const unsigned char *bytes, size_t length, char *out) {
  size_t written = 0;
  size_t at = 0;
  if (decoder->pending_count > 0 && length > 0) at = finish_utf8(decoder, bytes, length, out, &written);
  while (at < length) {
    size_t step = count_ascii(bytes + at, length - at);
    if (step == 0) {
      uint32_t code_point;
      step = utf8_next(bytes + at, length - at, &code_point);
      if (code_point == UTF8_INCOMPLETE) {
        memcpy(decoder->pending, bytes + at, step);
        decoder->pending_count = (unsigned char)step;
        break;
      }
      if (code_point == UTF8_MALFORMED) {
        written += utf8_put(UTF8_REPLACEMENT, out + written);
        at += step;
        continue;
      }
    }
    memcpy(out + written, bytes + at, step);
    written += step;
    at += step;
  }
  return written;
}

static bool is_high_surrogate(uint32_t unit) { return unit >= 0xD800 && unit <= 0xDBFF; }
static bool is_low_surrogate(uint32_t unit) { return unit >= 0xDC00 && unit <= 0xDFFF; }

/* Takes what is whole out of the two or four bytes held; what stays is a high surrogate that waits. */
static size_t take_utf16(struct decoder *decoder, char *out) {
  unsigned char *held = decoder->pending;
  size_t written = 0;
  uint32_t unit = held[0] | (uint32_t)held[1] << 8;
  if (decoder->pending_count == 4) {
    uint32_t high = unit;
    unit = held[2] | (uint32_t)held[3] << 8;
    if (is_low_surrogate(unit)) {
      decoder->pending_count = 0;
      return utf8_put(0x10000 + ((high - 0xD800) << 10) + (unit - 0xDC00), out);
    }
    written = utf8_put(UTF8_REPLACEMENT, out);
    memcpy(held, held + 2, 2);
    decoder->pending_count = 2;
  }
  if (is_high_surrogate(unit)) return written;
  decoder->pending_count = 0;
  return written + utf8_put(is_low_surrogate(unit) ? UTF8_REPLACEMENT : unit, out + written);
}

static size_t decode_utf16le(struct decoder *decoder, const unsigned char *bytes, size_t length, char *out) {
  size_t written = 0;
  for (size_t i = 0; i < length; i++) {
    decoder->pending[decoder->pending_count++] = bytes[i];
    if (decoder->pending_count % 2 == 0) written += take_utf16(decoder, out + written);
  }
  return written;
}

static size_t decode_latin1(const unsigned char *bytes, size_t length, char *out) {
  size_t written = 0;
  for (size_t i = 0; i < length; i++) written += utf8_put(bytes[i], out + written);
  return written;
}

static size_t decode_ascii(const unsigned char *bytes, size_t length, char *out) {
  for (size_t i = 0; i < length; i++) out[i] = (char)(bytes[i] & 0x7F);
  return length;
}

static size_t decode_hex(const unsigned char *bytes, size_t length, char *out) {
  static const char digits[] = "0123456789abcdef";
  for (size_t i = 0; i < length; i++) {
    out[2 * i] = digits[bytes[i] >> 4];
    out[2 * i + 1] = digits[bytes[i] & 15];
  }
  return 2 * length;
}

/* Writes the digits of the one to three bytes held, without padding, and holds none any more. */
static size_t take_base64(struct decoder *decoder, char *out) {
  const char *digits = decoder->encoding == WEIR_ENCODING_BASE64 ? base64_digits : base64url_digits;
  size_t count = decoder->pending_count;
  memset(decoder->pending + count, 0, 3 - count);
  uint32_t bits = (uint32_t)decoder->pending[0] << 16 | (uint32_t)decoder->pending[1] << 8 | decoder->pending[2];
  for (size_t i = 0; i <= count; i++) out[i] = digits[bits >> (18 - 6 * i) & 63];
  decoder->pending_count = 0;
  return count + 1;
}

static size_t decode_base64(struct decoder *decoder, const unsigned char *bytes, size_t length, char *out) {
  size_t written = 0;
  for (size_t i = 0; i < length; i++) {
    decoder->pending[decoder->pending_count++] = bytes[i];
    if (decoder->pending_count == 3) written += take_base64(decoder, out + written);
  }
  return written;
}

void decoder_init(struct decoder *decoder, weir_encoding encoding) {
  memset(decoder, 0, sizeof *decoder);
  decoder->encoding = encoding;
}

size_t decoder_capacity(const struct decoder *decoder, size_t length) {
  size_t bytes = decoder->pending_count + length;
  switch (decoder->encoding) {
    case WEIR_ENCODING_NONE:
    case WEIR_ENCODING_ASCII:
      return bytes;
    case WEIR_ENCODING_UTF8:
      return times(bytes, 3);
    case WEIR_ENCODING_UTF16LE:
      return times(bytes / 2, 3);
    case WEIR_ENCODING_LATIN1:
    case WEIR_ENCODING_HEX:
      return times(bytes, 2);
    case WEIR_ENCODING_BASE64:
    case WEIR_ENCODING_BASE64URL:
      return times(bytes / 3, 4);
  }
  return 0;
}

size_t decoder_decode(struct decoder *decoder, const void *bytes, size_t length, char *out) {
  switch (decoder->encoding) {
    case WEIR_ENCODING_NONE:
      break;
    case WEIR_ENCODING_UTF8:
      return decode_utf8(decoder, bytes, length, out);
    case WEIR_ENCODING_UTF16LE:
      return decode_utf16le(decoder, bytes, length, out);
    case WEIR_ENCODING_LATIN1:
      return decode_latin1(bytes, length, out);
    case WEIR_ENCODING_ASCII:
      return decode_ascii(bytes, length, out);
    case WEIR_ENCODING_HEX:
      return decode_hex(bytes, length, out);
    case WEIR_ENCODING_BASE64:
    case WEIR_ENCODING_BASE64URL:
      return decode_base64(decoder, bytes, length, out);
  }
  if (length > 0) memcpy(out, bytes, length);
  return length;
}

size_t decoder_end(struct decoder *decoder, char *out) {
  size_t held = decoder->pending_count;
  if (held == 0) return 0;
  if (decoder->encoding == WEIR_ENCODING_BASE64 || decoder->encoding == WEIR_ENCODING_BASE64URL) {
    size_t written = take_base64(decoder, out);
    if (decoder->encoding == WEIR_ENCODING_BASE64) {
      while (written < 4) out[written++] = '=';
    }
    return written;
  }
  decoder->pending_count = 0;
  /* A single byte of UTF-16 is dropped; two or three are a high surrogate that waited in vain. */
  if (decoder->encoding == WEIR_ENCODING_UTF16LE && held == 1) return 0;
  return utf8_put(UTF8_REPLACEMENT, out);
}
