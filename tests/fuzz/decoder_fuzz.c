/* SPDX-License-Identifier: MIT */
/*
 * Any bytes in any encoding: however the stream is cut, the text is the same, it is valid UTF-8, it fits into the space
 * that was promised, and encoding it gives the bytes back where the encoding can. The first byte chooses the encoding,
 * the second how to cut.
 */
#include <string.h>

#include "common/encoding/decoder.h"
#include "common/encoding/encoder.h"
#include "common/encoding/utf8.h"
#include "fuzz.h"

/* A text in a block of its own; `length` of it counts. */
struct text {
  char *bytes;
  size_t length;
};

/* Decodes a portion into a block of exactly the promised size, so that a sanitizer sees one byte too many. */
static void append(struct text *text, struct decoder *decoder, const uint8_t *bytes, size_t length) {
  size_t capacity = decoder_capacity(decoder, length);
  char *out = malloc(capacity > 0 ? capacity : 1);
  REQUIRE(out != NULL);
  size_t written = decoder_decode(decoder, bytes, length, out);
  REQUIRE(written <= capacity);
  memcpy(text->bytes + text->length, out, written);
  text->length += written;
  free(out);
}

static struct text decode(weir_encoding encoding, const uint8_t *bytes, size_t length, size_t portion_seed) {
  struct text text = {malloc(3 * length + DECODER_END_BYTES), 0};
  REQUIRE(text.bytes != NULL);
  struct decoder decoder;
  decoder_init(&decoder, encoding);
  for (size_t at = 0, portion; at < length; at += portion) {
    portion = portion_seed == 0 ? length : 1 + (portion_seed + at * 7) % 11 * (portion_seed % 3);
    if (portion > length - at) portion = length - at;
    append(&text, &decoder, bytes + at, portion);
  }
  text.length += decoder_end(&decoder, text.bytes + text.length);
  REQUIRE(decoder_end(&decoder, text.bytes) == 0);
  return text;
}

static struct text encode(weir_encoding encoding, const struct text *text) {
  size_t capacity = encoder_capacity(encoding, text->length);
  struct text bytes = {malloc(capacity > 0 ? capacity : 1), 0};
  REQUIRE(bytes.bytes != NULL);
  bytes.length = encoder_encode(encoding, text->bytes, text->length, bytes.bytes);
  REQUIRE(bytes.length <= capacity);
  return bytes;
}

static void check_utf8(const struct text *text) {
  uint32_t code_point;
  for (size_t at = 0; at < text->length;) {
    at += utf8_next(text->bytes + at, text->length - at, &code_point);
    REQUIRE(code_point != UTF8_MALFORMED && code_point != UTF8_INCOMPLETE);
  }
}

/* Decoding, encoding and decoding gives the text; where nothing is replaced, encoding gives the bytes. */
static void check_round_trip(weir_encoding encoding, const struct text *text, const uint8_t *bytes, size_t length) {
  struct text encoded = encode(encoding, text);
  struct text again = decode(encoding, (const uint8_t *)encoded.bytes, encoded.length, 0);
  REQUIRE(again.length == text->length && memcmp(again.bytes, text->bytes, again.length) == 0);
  if (encoding == WEIR_ENCODING_LATIN1 || encoding >= WEIR_ENCODING_HEX || encoding == WEIR_ENCODING_NONE) {
    REQUIRE(encoded.length == length && memcmp(encoded.bytes, bytes, length) == 0);
  }
  free(again.bytes);
  free(encoded.bytes);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length) {
  if (length < 3) return 0;
  weir_encoding encoding = (weir_encoding)(bytes[0] % (WEIR_ENCODING_BASE64URL + 1));
  size_t seed = bytes[1];
  bytes += 2;
  length -= 2;
  struct text whole = decode(encoding, bytes, length, 0);
  struct text cut = decode(encoding, bytes, length, seed);
  REQUIRE(cut.length == whole.length && memcmp(cut.bytes, whole.bytes, cut.length) == 0);
  if (encoding != WEIR_ENCODING_NONE) check_utf8(&whole);
  check_round_trip(encoding, &whole, bytes, length);

  /* The bytes taken as a text to write: nothing is refused, nothing grows beyond its bound. */
  struct text given = {malloc(length), length};
  REQUIRE(given.bytes != NULL);
  memcpy(given.bytes, bytes, length);
  struct text encoded = encode(encoding, &given);
  free(encoded.bytes);
  free(given.bytes);
  free(cut.bytes);
  free(whole.bytes);
  return 0;
}
