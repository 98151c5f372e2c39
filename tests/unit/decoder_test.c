/* SPDX-License-Identifier: MIT */
/*
 * Streams of bytes turned into text: what each portion gives, as row EO-41 of the contract and Node's own truth table
 * have it, and that no way of cutting a stream changes the whole.
 */
#include "common/encoding/decoder.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

/* cmocka.h wants the headers above first. */
#include <cmocka.h>

#include "common/encoding/encoder.h"

/* U+FFFD and U+1F600. */
#define BAD "\xef\xbf\xbd"
#define EMOJI "\xf0\x9f\x98\x80"

static size_t read_hex(const char *hex, unsigned char *bytes) {
  return encoder_encode(WEIR_ENCODING_HEX, hex, strlen(hex), bytes);
}

/* Decodes one portion into a block of exactly the promised size, so that a sanitizer sees one byte too many. */
static size_t decode_portion(struct decoder *decoder, const void *bytes, size_t length, char *text) {
  size_t capacity = decoder_capacity(decoder, length);
  char *out = malloc(capacity > 0 ? capacity : 1);
  assert_non_null(out);
  size_t written = decoder_decode(decoder, bytes, length, out);
  assert_true(written <= capacity);
  memcpy(text, out, written);
  free(out);
  return written;
}

/* Portions in hex with a blank between them; the texts they give with a bar between them, the last that of the end. */
static void check(weir_encoding encoding, const char *portions, const char *expected) {
  char all[128];
  char texts[256] = "";
  size_t written = 0;
  struct decoder decoder;
  decoder_init(&decoder, encoding);
  assert_true(strlen(portions) < sizeof all);
  strcpy(all, portions);
  for (char *portion = strtok(all, " "); portion != NULL; portion = strtok(NULL, " ")) {
    unsigned char bytes[64];
    size_t length = read_hex(portion, bytes);
    written += decode_portion(&decoder, bytes, length, texts + written);
    texts[written++] = '|';
  }
  char end[DECODER_END_BYTES];
  size_t end_length = decoder_end(&decoder, end);
  memcpy(texts + written, end, end_length);
  texts[written + end_length] = '\0';
  assert_string_equal(texts, expected);
}

static void utf8_waits_for_whole_characters(void **state) {
  (void)state;
  check(WEIR_ENCODING_UTF8, "e4 bd a0e5 a5bd", "||\xe4\xbd\xa0|\xe5\xa5\xbd|");
  check(WEIR_ENCODING_UTF8, "f09f 988041", "|" EMOJI "A|");
  check(WEIR_ENCODING_UTF8, "efbbbf41",
        "\xef\xbb\xbf"
        "A|");
  check(WEIR_ENCODING_UTF8, "f0 9f 98 80", "|||" EMOJI "|");
}

static void malformed_utf8_is_replaced_by_maximal_subparts(void **state) {
  (void)state;
  check(WEIR_ENCODING_UTF8, "41e4bd", "A|" BAD);
  check(WEIR_ENCODING_UTF8, "ff41 c0af", BAD "A|" BAD BAD "|");
  check(WEIR_ENCODING_UTF8, "e4bd 41", "|" BAD "A|");
  check(WEIR_ENCODING_UTF8, "eda080", BAD BAD BAD "|");
  check(WEIR_ENCODING_UTF8, "f4908080", BAD BAD BAD BAD "|");
  check(WEIR_ENCODING_UTF8, "e0 80", "|" BAD BAD "|");
  check(WEIR_ENCODING_UTF8, "f0 9f 98 e4 bd a0", "|||" BAD "||\xe4\xbd\xa0|");
  check(WEIR_ENCODING_UTF8, "f8888080 80", BAD BAD BAD BAD "|" BAD "|");
  check(WEIR_ENCODING_UTF8, "c3", "|" BAD);
  check(WEIR_ENCODING_UTF8, "c941", BAD "A|");
}

static void utf16_surrogates_meet_across_portions(void **state) {
  (void)state;
  check(WEIR_ENCODING_UTF16LE, "3dd8 00de", "|" EMOJI "|");
  check(WEIR_ENCODING_UTF16LE, "3d d8 00de", "||" EMOJI "|");
  check(WEIR_ENCODING_UTF16LE, "3dd800 de", "|" EMOJI "|");
  check(WEIR_ENCODING_UTF16LE, "4100 4200", "A|B|");
  check(WEIR_ENCODING_UTF16LE, "ffdbffdf", "\xf4\x8f\xbf\xbf|");
}

static void an_unpaired_surrogate_is_replaced_and_an_odd_byte_dropped(void **state) {
  (void)state;
  check(WEIR_ENCODING_UTF16LE, "410042", "A|");
  check(WEIR_ENCODING_UTF16LE, "3dd8", "|" BAD);
  check(WEIR_ENCODING_UTF16LE, "3dd842", "|" BAD);
  check(WEIR_ENCODING_UTF16LE, "3dd8 4100", "|" BAD "A|");
  check(WEIR_ENCODING_UTF16LE, "3dd83dd8 00de", BAD "|" EMOJI "|");
  check(WEIR_ENCODING_UTF16LE, "00de4100", BAD "A|");
}

static void base64_keeps_what_is_no_group_of_three(void **state) {
  (void)state;
  check(WEIR_ENCODING_BASE64, "01 02 0304", "||AQID|BA==");
  check(WEIR_ENCODING_BASE64, "0102", "|AQI=");
  check(WEIR_ENCODING_BASE64, "fbfffe", "+//+|");
  check(WEIR_ENCODING_BASE64URL, "fbff fe", "|-__-|");
  check(WEIR_ENCODING_BASE64URL, "04", "|BA");
  check(WEIR_ENCODING_BASE64URL, "0102", "|AQI");
}

static void the_other_encodings_keep_nothing(void **state) {
  (void)state;
  check(WEIR_ENCODING_HEX, "ab cd", "ab|cd|");
  check(WEIR_ENCODING_ASCII, "c841", "HA|");
  check(WEIR_ENCODING_LATIN1, "e941",
        "\xc3\xa9"
        "A|");
  check(WEIR_ENCODING_NONE, "ff41",
        "\xff"
        "A|");
}

static void a_decoder_is_as_new_after_its_end(void **state) {
  (void)state;
  static const struct {
    weir_encoding encoding;
    const char *text;
  } rows[] = {{WEIR_ENCODING_UTF8, "abcdef"},
              {WEIR_ENCODING_UTF16LE, "\xe6\x89\xa1\xe6\x91\xa3\xe6\x99\xa5"},
              {WEIR_ENCODING_BASE64, "YWJjZGVm"}};
  for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
    struct decoder decoder;
    char text[24];
    decoder_init(&decoder, rows[i].encoding);
    decoder_decode(&decoder, "\xe4", 1, text);
    decoder_end(&decoder, text);
    assert_int_equal(decoder_end(&decoder, text), 0);
    assert_int_equal(decoder_decode(&decoder, "abcdef", 6, text), strlen(rows[i].text));
    assert_memory_equal(text, rows[i].text, strlen(rows[i].text));
  }
}

static void every_byte_survives_latin1_there_and_back(void **state) {
  (void)state;
  unsigned char bytes[256];
  char text[512];
  unsigned char back[512];
  struct decoder decoder;
  for (size_t i = 0; i < 256; i++) bytes[i] = (unsigned char)i;
  decoder_init(&decoder, WEIR_ENCODING_LATIN1);
  size_t length = decoder_decode(&decoder, bytes, 256, text);
  assert_int_equal(length, 384);
  assert_int_equal(encoder_encode(WEIR_ENCODING_LATIN1, text, length, back), 256);
  assert_memory_equal(back, bytes, 256);
}

static void a_long_text_of_three_byte_characters_passes_in_any_portions(void **state) {
  (void)state;
  enum { CHARACTERS = 40 * 1024, BYTES = 3 * CHARACTERS };
  char *text = malloc(BYTES);
  char *decoded = malloc(BYTES);
  for (size_t i = 0; i < CHARACTERS; i++) memcpy(text + 3 * i, "\xe3\x81\x82", 3);
  for (size_t portion = 1; portion < 10000; portion = portion * 3 + 1) {
    struct decoder decoder;
    size_t written = 0;
    decoder_init(&decoder, WEIR_ENCODING_UTF8);
    for (size_t at = 0; at < BYTES; at += portion) {
      size_t length = portion < BYTES - at ? portion : BYTES - at;
      written += decode_portion(&decoder, text + at, length, decoded + written);
    }
    assert_int_equal(written, BYTES);
    assert_memory_equal(decoded, text, BYTES);
  }
  free(decoded);
  free(text);
}

static uint64_t next_random(uint64_t *state) {
  *state ^= *state << 13;
  *state ^= *state >> 7;
  *state ^= *state << 17;
  return *state;
}

/* Random bytes of which many are the beginnings and ends of characters and the halves of surrogates. */
static void fill_nastily(unsigned char *bytes, size_t length, uint64_t *random) {
  static const unsigned char nasty[] = {0x41, 0x80, 0xbf, 0xc3, 0xe0, 0xed, 0xa0, 0xf0, 0x90,
                                        0xf4, 0x8f, 0xd8, 0xdc, 0xdf, 0xff, 0x00, 0xe4, 0x9f};
  for (size_t i = 0; i < length; i++) {
    uint64_t number = next_random(random);
    bytes[i] = number % 4 == 0 ? (unsigned char)(number >> 8) : nasty[(number >> 8) % sizeof nasty];
  }
}

/* Decodes in portions of up to `most` bytes, drawn at random; the length of the text. */
static size_t decode_in_portions(weir_encoding encoding, const unsigned char *bytes, size_t length, size_t most,
                                 uint64_t *random, char *text) {
  struct decoder decoder;
  size_t written = 0;
  decoder_init(&decoder, encoding);
  for (size_t at = 0, portion; at < length; at += portion) {
    portion = 1 + (size_t)(next_random(random) % most);
    if (portion > length - at) portion = length - at;
    written += decode_portion(&decoder, bytes + at, portion, text + written);
  }
  return written + decoder_end(&decoder, text + written);
}

static void no_way_of_cutting_changes_the_text(void **state) {
  (void)state;
  enum { LENGTH = 60, TEXT = 3 * LENGTH + DECODER_END_BYTES };
  uint64_t random = 88172645463325252U;
  for (size_t round = 0; round < 3000; round++) {
    unsigned char bytes[LENGTH];
    size_t length = (size_t)(next_random(&random) % LENGTH);
    fill_nastily(bytes, length, &random);
    for (int i = WEIR_ENCODING_NONE; i <= WEIR_ENCODING_BASE64URL; i++) {
      char whole[TEXT], single[TEXT], cut[TEXT];
      struct decoder decoder;
      decoder_init(&decoder, (weir_encoding)i);
      size_t expected = decode_portion(&decoder, bytes, length, whole);
      expected += decoder_end(&decoder, whole + expected);
      assert_int_equal(decode_in_portions((weir_encoding)i, bytes, length, 1, &random, single), expected);
      assert_memory_equal(single, whole, expected);
      assert_int_equal(decode_in_portions((weir_encoding)i, bytes, length, 9, &random, cut), expected);
      assert_memory_equal(cut, whole, expected);
    }
  }
}

static void an_empty_portion_gives_nothing_and_keeps_what_waits(void **state) {
  (void)state;
  struct decoder decoder;
  char text[8];
  decoder_init(&decoder, WEIR_ENCODING_UTF8);
  assert_int_equal(decoder_decode(&decoder, "\xe4\xbd", 2, text), 0);
  assert_int_equal(decoder_decode(&decoder, NULL, 0, text), 0);
  assert_int_equal(decoder_decode(&decoder, "\xa0", 1, text), 3);
  assert_memory_equal(text, "\xe4\xbd\xa0", 3);
}

static void a_bound_that_cannot_be_counted_is_the_greatest(void **state) {
  (void)state;
  struct decoder decoder;
  decoder_init(&decoder, WEIR_ENCODING_UTF8);
  assert_true(decoder_capacity(&decoder, SIZE_MAX / 3 + 1) == SIZE_MAX);
  assert_true(decoder_capacity(&decoder, 10) == 30);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(utf8_waits_for_whole_characters),
      cmocka_unit_test(malformed_utf8_is_replaced_by_maximal_subparts),
      cmocka_unit_test(utf16_surrogates_meet_across_portions),
      cmocka_unit_test(an_unpaired_surrogate_is_replaced_and_an_odd_byte_dropped),
      cmocka_unit_test(base64_keeps_what_is_no_group_of_three),
      cmocka_unit_test(the_other_encodings_keep_nothing),
      cmocka_unit_test(a_decoder_is_as_new_after_its_end),
      cmocka_unit_test(every_byte_survives_latin1_there_and_back),
      cmocka_unit_test(a_long_text_of_three_byte_characters_passes_in_any_portions),
      cmocka_unit_test(no_way_of_cutting_changes_the_text),
      cmocka_unit_test(an_empty_portion_gives_nothing_and_keeps_what_waits),
      cmocka_unit_test(a_bound_that_cannot_be_counted_is_the_greatest),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
