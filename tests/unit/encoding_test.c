/* SPDX-License-Identifier: MIT */
/* The names of encodings, and texts turned into bytes. What is expected was taken from Node 20. */
#include "common/encoding/encoder.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

/* cmocka.h wants the headers above first. */
#include <cmocka.h>

static void check_name(const char *name, weir_encoding expected) {
  weir_encoding encoding = WEIR_ENCODING_NONE;
  assert_int_equal(weir_encoding_find(name, &encoding), WEIR_OK);
  assert_int_equal(encoding, expected);
}

static void check_unknown(const char *name) {
  weir_encoding encoding = WEIR_ENCODING_HEX;
  assert_int_equal(weir_encoding_find(name, &encoding), WEIR_EINVAL);
  assert_int_equal(encoding, WEIR_ENCODING_HEX);
}

/* From a block and into a block of exactly the right size, so that a sanitizer sees one byte too many. */
static void check(weir_encoding encoding, const char *text, const char *expected, size_t expected_length) {
  size_t length = strlen(text);
  size_t capacity = encoder_capacity(encoding, length);
  char *block = malloc(length > 0 ? length : 1);
  char *out = malloc(capacity > 0 ? capacity : 1);
  assert_non_null(block);
  assert_non_null(out);
  memcpy(block, text, length);
  size_t written = encoder_encode(encoding, block, length, out);
  assert_true(written <= capacity);
  assert_int_equal(written, expected_length);
  assert_memory_equal(out, expected, expected_length);
  free(out);
  free(block);
}

/* The bytes of a string literal without its terminating zero. */
#define BYTES(literal) literal, sizeof literal - 1

static void every_name_of_node_is_known_in_any_case(void **state) {
  (void)state;
  check_name("utf8", WEIR_ENCODING_UTF8);
  check_name("UTF-8", WEIR_ENCODING_UTF8);
  check_name("utf16le", WEIR_ENCODING_UTF16LE);
  check_name("Utf-16LE", WEIR_ENCODING_UTF16LE);
  check_name("ucs2", WEIR_ENCODING_UTF16LE);
  check_name("UCS-2", WEIR_ENCODING_UTF16LE);
  check_name("latin1", WEIR_ENCODING_LATIN1);
  check_name("BINARY", WEIR_ENCODING_LATIN1);
  check_name("ascii", WEIR_ENCODING_ASCII);
  check_name("hex", WEIR_ENCODING_HEX);
  check_name("base64", WEIR_ENCODING_BASE64);
  check_name("Base64URL", WEIR_ENCODING_BASE64URL);
}

static void no_name_is_utf8(void **state) {
  (void)state;
  check_name(NULL, WEIR_ENCODING_UTF8);
  check_name("", WEIR_ENCODING_UTF8);
}

static void an_unknown_name_is_refused_and_changes_nothing(void **state) {
  (void)state;
  check_unknown("utf");
  check_unknown("utf88");
  check_unknown("none");
  check_unknown(" utf8");
  check_unknown("base64ur");
  check_unknown("utf8\r");
}

static void every_encoding_is_found_by_its_own_name(void **state) {
  (void)state;
  for (int i = WEIR_ENCODING_UTF8; i <= WEIR_ENCODING_BASE64URL; i++) {
    check_name(weir_encoding_name((weir_encoding)i), (weir_encoding)i);
  }
  assert_string_equal(weir_encoding_name(WEIR_ENCODING_UTF16LE), "utf16le");
  assert_string_equal(weir_encoding_name(WEIR_ENCODING_LATIN1), "latin1");
  assert_string_equal(weir_encoding_name(WEIR_ENCODING_NONE), "none");
}

static void utf8_and_none_pass_as_they_are(void **state) {
  (void)state;
  check(WEIR_ENCODING_UTF8, "a\xc3\xa9\xff", BYTES("a\xc3\xa9\xff"));
  check(WEIR_ENCODING_NONE, "a\xc3\xa9\xff", BYTES("a\xc3\xa9\xff"));
  check(WEIR_ENCODING_UTF8, "", BYTES(""));
}

static void utf16le_writes_surrogates(void **state) {
  (void)state;
  check(WEIR_ENCODING_UTF16LE, "a\xe2\x82\xac\xf0\x9f\x98\x80", BYTES("a\0\xac\x20\x3d\xd8\x00\xde"));
  check(WEIR_ENCODING_UTF16LE, "\xff", BYTES("\xfd\xff"));
  check(WEIR_ENCODING_UTF16LE, "\xf0\x9f\x98", BYTES("\xfd\xff"));
}

static void latin1_and_ascii_keep_the_low_byte_of_each_unit(void **state) {
  (void)state;
  const char *text = "\xf0\x9f\x98\x80\xc3\xa9\xe2\x82\xac";
  check(WEIR_ENCODING_LATIN1, text, BYTES("\x3d\x00\xe9\xac"));
  check(WEIR_ENCODING_ASCII, text, BYTES("\x3d\x00\xe9\xac"));
}

static void hex_ends_at_the_first_pair_that_is_none(void **state) {
  (void)state;
  check(WEIR_ENCODING_HEX, "00fFAb9", BYTES("\x00\xff\xab"));
  check(WEIR_ENCODING_HEX, "abxx12", BYTES("\xab"));
  check(WEIR_ENCODING_HEX, "abc", BYTES("\xab"));
  check(WEIR_ENCODING_HEX, "0xab", BYTES(""));
  check(WEIR_ENCODING_HEX, "AB cd", BYTES("\xab"));
  check(WEIR_ENCODING_HEX, "1g", BYTES(""));
  check(WEIR_ENCODING_HEX, "@a`a", BYTES(""));
}

static void base64_is_tolerant_as_in_node(void **state) {
  (void)state;
  static const weir_encoding both[] = {WEIR_ENCODING_BASE64, WEIR_ENCODING_BASE64URL};
  for (size_t i = 0; i < 2; i++) {
    check(both[i], "YWJj", BYTES("abc"));
    check(both[i], "YWI=", BYTES("ab"));
    check(both[i], "YWI", BYTES("ab"));
    check(both[i], "YQ", BYTES("a"));
    check(both[i], "Y", BYTES(""));
    check(both[i], "YWJjZ", BYTES("abc"));
    check(both[i], "-_+/", BYTES("\xfb\xff\xbf"));
    check(both[i], "Y W\nJ\tj", BYTES("abc"));
    check(both[i], "YW*Jj", BYTES("abc"));
    check(both[i], "YQ==YQ==", BYTES("a"));
    check(both[i], "=YWJj", BYTES(""));
  }
}

static void a_bound_that_cannot_be_counted_is_the_greatest(void **state) {
  (void)state;
  assert_true(encoder_capacity(WEIR_ENCODING_UTF16LE, SIZE_MAX / 2 + 1) == SIZE_MAX);
  assert_true(encoder_capacity(WEIR_ENCODING_UTF16LE, 8) == 16);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(every_name_of_node_is_known_in_any_case),
      cmocka_unit_test(no_name_is_utf8),
      cmocka_unit_test(an_unknown_name_is_refused_and_changes_nothing),
      cmocka_unit_test(every_encoding_is_found_by_its_own_name),
      cmocka_unit_test(utf8_and_none_pass_as_they_are),
      cmocka_unit_test(utf16le_writes_surrogates),
      cmocka_unit_test(latin1_and_ascii_keep_the_low_byte_of_each_unit),
      cmocka_unit_test(hex_ends_at_the_first_pair_that_is_none),
      cmocka_unit_test(base64_is_tolerant_as_in_node),
      cmocka_unit_test(a_bound_that_cannot_be_counted_is_the_greatest),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
