/* SPDX-License-Identifier: MIT */
/* The two addresses of a connection: what is kept comes back, in how little memory, and without memory nothing. */
#include "common/address/address_pair.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

/* cmocka.h wants the headers above first. */
#include <cmocka.h>

struct books {
  size_t blocks;
  size_t bytes;
  bool empty;
};

static void *resize_counted(void *user, void *block, size_t bytes) {
  struct books *books = user;
  if (bytes == 0) {
    if (block != NULL) books->blocks--;
    free(block);
    return NULL;
  }
  if (books->empty) return NULL;
  assert_null(block);
  books->blocks++;
  books->bytes = bytes;
  return malloc(bytes);
}

static weir_address read(const char *text) {
  weir_address address;
  memset(&address, 0, sizeof address);
  if (text != NULL) assert_int_equal(weir_address_parse(text, &address), WEIR_OK);
  return address;
}

static void check_text(bool found, const weir_address *address, const char *expected) {
  char text[WEIR_ADDRESS_TEXT_BYTES];
  weir_address_format(address, text, sizeof text);
  assert_int_equal(found, expected != NULL);
  assert_string_equal(text, expected == NULL ? "" : expected);
}

/* Keeps two addresses and reads them back; `blocks` is how many blocks of memory that takes. */
static void check_kept(const char *local, const char *remote, size_t blocks) {
  struct books books = {0, 0, false};
  const weir_allocator allocator = {resize_counted, &books};
  struct address_pair pair = {.form = PAIR_EMPTY};
  const weir_address given_local = read(local);
  const weir_address given_remote = read(remote);
  weir_address found;
  address_pair_set(&pair, &allocator, &given_local, &given_remote);
  assert_int_equal(books.blocks, blocks);
  bool has_local = address_pair_local(&pair, &found);
  check_text(has_local, &found, local);
  bool has_remote = address_pair_remote(&pair, &found);
  check_text(has_remote, &found, remote);
  address_pair_clear(&pair, &allocator);
  assert_int_equal(books.blocks, 0);
  assert_false(address_pair_local(&pair, &found));
  assert_false(address_pair_remote(&pair, &found));
}

static void both_addresses_come_back(void **state) {
  (void)state;
  check_kept("127.0.0.1:80", "10.1.2.3:65535", 0);
  check_kept("[::ffff:127.0.0.1]:80", "[::ffff:1.2.3.4]:5", 0);
  check_kept("[::1]:80", "[2001:db8::1]:1", 1);
  check_kept("[::1]:80", "[::ffff:1.2.3.4]:5", 1);
  check_kept("[fe80::1%eth0]:80", "[fe80::2%eth0]:81", 1);
  check_kept("[2001:db8::1]:80", "[fe80::2%eth0]:81", 1);
  check_kept("[fe80::2%eth0]:81", "[2001:db8::1]:80", 1);
  check_kept("[::ffff:1.2.3.4%a]:81", "[::ffff:1.2.3.5]:80", 1);
}

static void a_local_address_may_be_unknown(void **state) {
  (void)state;
  check_kept(NULL, "10.1.2.3:80", 0);
  check_kept(NULL, "[2001:db8::1]:80", 1);
}

static void nothing_is_kept_of_no_one(void **state) {
  (void)state;
  check_kept(NULL, NULL, 0);
}

static void a_local_address_of_another_family_is_not_kept(void **state) {
  (void)state;
  struct books books = {0, 0, false};
  const weir_allocator allocator = {resize_counted, &books};
  struct address_pair pair = {.form = PAIR_EMPTY};
  const weir_address local = read("[::1]:1");
  const weir_address remote = read("1.2.3.4:2");
  weir_address found;
  address_pair_set(&pair, &allocator, &local, &remote);
  assert_false(address_pair_local(&pair, &found));
  assert_int_equal(found.family, WEIR_FAMILY_NONE);
  assert_true(address_pair_remote(&pair, &found));
}

static void new_addresses_replace_the_old_ones(void **state) {
  (void)state;
  struct books books = {0, 0, false};
  const weir_allocator allocator = {resize_counted, &books};
  struct address_pair pair = {.form = PAIR_EMPTY};
  const weir_address six = read("[::2]:1");
  const weir_address four = read("1.2.3.4:2");
  weir_address found;
  address_pair_set(&pair, &allocator, &six, &six);
  address_pair_set(&pair, &allocator, &four, &four);
  assert_int_equal(books.blocks, 0);
  assert_true(address_pair_local(&pair, &found) && weir_address_equal(&found, &four));
}

static void without_memory_there_is_nothing(void **state) {
  (void)state;
  struct books books = {0, 0, true};
  const weir_allocator allocator = {resize_counted, &books};
  struct address_pair pair = {.form = PAIR_EMPTY};
  const weir_address six = read("[::2]:1");
  weir_address found;
  address_pair_set(&pair, &allocator, &six, &six);
  assert_false(address_pair_local(&pair, &found));
  assert_false(address_pair_remote(&pair, &found));
}

static void an_idle_connection_pays_little(void **state) {
  (void)state;
  struct books books = {0, 0, false};
  const weir_allocator allocator = {resize_counted, &books};
  struct address_pair pair = {.form = PAIR_EMPTY};
  const weir_address six = read("[::2]:1");
  address_pair_set(&pair, &allocator, &six, &six);
  assert_true(sizeof pair <= 16);
  assert_true(books.bytes <= 40);
  address_pair_clear(&pair, &allocator);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(both_addresses_come_back),
      cmocka_unit_test(a_local_address_may_be_unknown),
      cmocka_unit_test(nothing_is_kept_of_no_one),
      cmocka_unit_test(a_local_address_of_another_family_is_not_kept),
      cmocka_unit_test(new_addresses_replace_the_old_ones),
      cmocka_unit_test(without_memory_there_is_nothing),
      cmocka_unit_test(an_idle_connection_pays_little),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
