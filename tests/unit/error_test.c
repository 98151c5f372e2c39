/* SPDX-License-Identifier: MIT */
/* Codes, events and the version have texts, and an error is one line of any size of space. */
#include <weir/error.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

/* cmocka.h wants the headers above first. */
#include <cmocka.h>

#include <weir/event.h>
#include <weir/export.h>

#include "common/base/failure.h"

static void check_line(const weir_error *error, const char *expected) {
  char line[256];
  assert_int_equal(weir_error_format(error, line, sizeof line), strlen(expected));
  assert_string_equal(line, expected);
}

static void every_code_has_a_name_of_its_own(void **state) {
  (void)state;
  for (int code = WEIR_OK; code >= WEIR_EFORKED; code--) {
    assert_int_equal(strcmp(weir_code_name((weir_code)code), "EUNKNOWN") == 0, code == WEIR_EUNKNOWN);
    for (int other = WEIR_OK; other > code; other--) {
      assert_string_not_equal(weir_code_name((weir_code)code), weir_code_name((weir_code)other));
      assert_string_not_equal(weir_code_text((weir_code)code), weir_code_text((weir_code)other));
    }
  }
}

static void a_code_is_called_as_in_the_header(void **state) {
  (void)state;
  assert_string_equal(weir_code_name(WEIR_OK), "OK");
  assert_string_equal(weir_code_name(WEIR_EINVAL), "EINVAL");
  assert_string_equal(weir_code_name(WEIR_ECONNREFUSED), "ECONNREFUSED");
  assert_string_equal(weir_code_text(WEIR_ECONNREFUSED), "nobody listens there");
  assert_string_equal(weir_code_name(WEIR_EUNKNOWN), "EUNKNOWN");
}

static void an_unknown_number_is_not_a_crash(void **state) {
  (void)state;
  assert_string_equal(weir_code_name((weir_code)(WEIR_EFORKED - 1)), "EUNKNOWN");
  assert_string_equal(weir_code_name((weir_code)7), "EUNKNOWN");
  assert_string_equal(weir_code_text((weir_code)7), "a number that is no code of Weir");
}

static void every_text_fits_into_a_sentence(void **state) {
  (void)state;
  for (int code = WEIR_OK; code >= WEIR_EFORKED; code--) {
    const char *text = weir_code_text((weir_code)code);
    assert_in_range(strlen(text), 3, 60);
    assert_null(strpbrk(text, "\n;:"));
  }
}

static void an_error_is_one_line_with_all_it_knows(void **state) {
  (void)state;
  weir_error error = {.code = WEIR_ECONNREFUSED,
                      .native_code = 111,
                      .operation = "connect",
                      .address = "/run/x.sock",
                      .hint = "start the server first"};
  check_line(&error,
             "connect ECONNREFUSED /run/x.sock: nobody listens there; start the server first [system error 111]");
  error.native_code = -2;
  error.hint = "";
  check_line(&error, "connect ECONNREFUSED /run/x.sock: nobody listens there [system error -2]");
  error.native_code = 0;
  check_line(&error, "connect ECONNREFUSED /run/x.sock: nobody listens there");
}

static void what_an_error_does_not_know_leaves_no_gap(void **state) {
  (void)state;
  check_line(&(weir_error){.code = WEIR_EPIPE, .native_code = 0, .operation = "write", .address = "", .hint = ""},
             "write EPIPE: the peer takes nothing more");
  check_line(&(weir_error){.code = WEIR_ENOMEM, .native_code = 0, .operation = NULL, .address = NULL, .hint = NULL},
             "ENOMEM: no memory");
  check_line(&(weir_error){.code = WEIR_EUNKNOWN, .native_code = INT32_MIN, .operation = "", .address = "", .hint = ""},
             "EUNKNOWN: something Weir has no name for [system error -2147483648]");
}

static void a_local_address_stands_behind_the_other_one(void **state) {
  (void)state;
  check_line(&(weir_error){.code = WEIR_ECONNREFUSED,
                           .operation = "connect",
                           .address = "127.0.0.1:80",
                           .hint = "",
                           .local = "127.0.0.1:5000"},
             "connect ECONNREFUSED 127.0.0.1:80 - Local (127.0.0.1:5000): nobody listens there");
}

static const weir_error causes[] = {
    {.code = WEIR_ECONNREFUSED, .native_code = 111, .operation = "connect", .address = "[::1]:80", .hint = "no"},
    {.code = WEIR_ETIMEDOUT, .operation = "connect", .address = "127.0.0.1:80", .local = "127.0.0.1:5000"},
};

static const weir_error with_causes = {.code = WEIR_ECONNREFUSED,
                                       .native_code = 111,
                                       .operation = "connect",
                                       .address = "localhost:80",
                                       .hint = "start it",
                                       .causes = causes,
                                       .cause_count = 2};

static const char line_with_causes[] =
    "connect ECONNREFUSED localhost:80: nobody listens there; start it [system error 111] (connect ECONNREFUSED "
    "[::1]:80, connect ETIMEDOUT 127.0.0.1:80 - Local (127.0.0.1:5000))";

static void causes_follow_in_brackets(void **state) {
  (void)state;
  check_line(&with_causes, line_with_causes);
}

static void a_copy_keeps_texts_and_causes(void **state) {
  (void)state;
  weir_error *copy = failure_copy(&memory_default, &with_causes);
  assert_non_null(copy);
  check_line(copy, line_with_causes);
  assert_int_equal(copy->cause_count, 2);
  assert_ptr_not_equal(copy->causes, causes);
  assert_string_equal(copy->causes[0].hint, "no");
  assert_int_equal(copy->causes[0].native_code, 111);
  assert_string_equal(copy->causes[1].local, "127.0.0.1:5000");
  assert_string_equal(copy->causes[1].hint, "");
  assert_null(copy->causes[1].causes);
  memory_put(&memory_default, copy);
}

static void a_copy_of_little_has_empty_texts(void **state) {
  (void)state;
  weir_error *copy = failure_copy(&memory_default, &(weir_error){.code = WEIR_EIO});
  assert_non_null(copy);
  assert_string_equal(copy->operation, "");
  assert_string_equal(copy->address, "");
  assert_string_equal(copy->hint, "");
  assert_string_equal(copy->local, "");
  assert_null(copy->causes);
  memory_put(&memory_default, copy);
}

static void a_line_is_cut_at_the_end_of_the_space(void **state) {
  (void)state;
  static const char whole[] = "read EIO /x: input or output failed in the device; so it goes [system error 5]";
  const weir_error error = {
      .code = WEIR_EIO, .native_code = 5, .operation = "read", .address = "/x", .hint = "so it goes"};
  for (size_t size = 1; size <= sizeof whole + 1; size++) {
    char line[sizeof whole + 2];
    memset(line, '#', sizeof line);
    assert_int_equal(weir_error_format(&error, line, size), sizeof whole - 1);
    size_t kept = size - 1 < sizeof whole - 1 ? size - 1 : sizeof whole - 1;
    assert_int_equal(strlen(line), kept);
    assert_memory_equal(line, whole, kept);
    assert_int_equal(line[size], '#');
  }
  assert_int_equal(weir_error_format(&error, NULL, 0), sizeof whole - 1);
}

static void every_event_has_a_name_of_its_own(void **state) {
  (void)state;
  for (int type = WEIR_EVENT_CONNECT; type <= WEIR_EVENT_DISCONNECT; type++) {
    assert_string_not_equal(weir_event_name((weir_event_type)type), "unknown");
    for (int other = WEIR_EVENT_CONNECT; other < type; other++) {
      assert_string_not_equal(weir_event_name((weir_event_type)type), weir_event_name((weir_event_type)other));
    }
  }
  assert_string_equal(weir_event_name(WEIR_EVENT_DATA), "data");
  assert_string_equal(weir_event_name(WEIR_EVENT_CLOSE), "close");
  assert_string_equal(weir_event_name((weir_event_type)(WEIR_EVENT_DISCONNECT + 1)), "unknown");
}

static void the_version_is_that_of_the_header(void **state) {
  (void)state;
  char version[32];
  snprintf(version, sizeof version, "%d.%d.%d", WEIR_VERSION_MAJOR, WEIR_VERSION_MINOR, WEIR_VERSION_PATCH);
  assert_string_equal(weir_version(), version);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(every_code_has_a_name_of_its_own),
      cmocka_unit_test(a_code_is_called_as_in_the_header),
      cmocka_unit_test(an_unknown_number_is_not_a_crash),
      cmocka_unit_test(every_text_fits_into_a_sentence),
      cmocka_unit_test(an_error_is_one_line_with_all_it_knows),
      cmocka_unit_test(what_an_error_does_not_know_leaves_no_gap),
      cmocka_unit_test(a_local_address_stands_behind_the_other_one),
      cmocka_unit_test(causes_follow_in_brackets),
      cmocka_unit_test(a_copy_keeps_texts_and_causes),
      cmocka_unit_test(a_copy_of_little_has_empty_texts),
      cmocka_unit_test(a_line_is_cut_at_the_end_of_the_space),
      cmocka_unit_test(every_event_has_a_name_of_its_own),
      cmocka_unit_test(the_version_is_that_of_the_header),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
