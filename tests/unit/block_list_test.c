/* SPDX-License-Identifier: MIT */
/* Block lists: what each kind of rule blocks, its text, and who may use a list when. */
#include <weir/block_list.h>

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* cmocka.h wants the headers above first. */
#include <cmocka.h>

#include "support/rows.h"
#include "support/thread.h"

#define COUNT_OF(array) (sizeof(array) / sizeof(array)[0])

static weir_block_list *create(void) {
  weir_block_list *list;
  assert_int_equal(weir_block_list_create(NULL, &list), WEIR_OK);
  assert_int_equal(weir_block_list_count(list), 0);
  return list;
}

static weir_address parse(const char *text) {
  weir_address address;
  if (weir_address_parse(text, &address) != WEIR_OK) fail_msg("\"%s\" is no address", text);
  return address;
}

static weir_code add_address(weir_block_list *list, const char *text) {
  weir_address address = parse(text);
  return weir_block_list_add_address(list, &address);
}

static weir_code add_range(weir_block_list *list, const char *first_text, const char *last_text) {
  weir_address first = parse(first_text), last = parse(last_text);
  return weir_block_list_add_range(list, &first, &last);
}

static weir_code add_subnet(weir_block_list *list, const char *text, int prefix) {
  weir_address network = parse(text);
  return weir_block_list_add_subnet(list, &network, prefix);
}

static void check(const weir_block_list *list, const char *text, bool expected) {
  weir_address address = parse(text);
  if (weir_block_list_check(list, &address) != expected) fail_msg("%s: not as expected", text);
}

static void check_rules(const weir_block_list *list, const char *const *expected, size_t count) {
  char text[WEIR_RULE_TEXT_BYTES];
  assert_int_equal(weir_block_list_count(list), count);
  for (size_t i = 0; i < count; i++) {
    assert_int_equal(weir_block_list_rule(list, i, text, sizeof text), strlen(expected[i]));
    assert_string_equal(text, expected[i]);
  }
  assert_int_equal(weir_block_list_rule(list, count, text, sizeof text), 0);
  assert_string_equal(text, "");
}

#define CHECK_RULES(list, expected) check_rules(list, expected, COUNT_OF(expected))

static void an_empty_list_blocks_nothing(void **state) {
  (void)state;
  weir_block_list *list = create();
  check(list, "1.2.3.4", false);
  check(list, "::", false);
  check(NULL, "1.2.3.4", false);
  weir_block_list_release(list);
  weir_block_list_release(NULL);
}

static void an_address_is_blocked_alone(void **state) {
  (void)state;
  weir_block_list *list = create();
  assert_int_equal(add_address(list, "1.1.1.1"), WEIR_OK);
  assert_int_equal(add_address(list, "8592:757c:efae:4e45:fb5d:d62a:0d00:8e17"), WEIR_OK);
  check(list, "1.1.1.1", true);
  check(list, "1.1.1.0", false);
  check(list, "1.1.1.2", false);
  check(list, "8592:757c:efae:4e45:fb5d:d62a:d00:8e17", true);
  check(list, "8592:757c:efae:4e45:fb5d:d62a:d00:8e16", false);
  check(list, "::1.1.1.1", false);
  weir_block_list_release(list);
}

static void a_range_is_blocked_with_both_its_ends(void **state) {
  (void)state;
  weir_block_list *list = create();
  assert_int_equal(add_range(list, "10.0.0.250", "10.0.1.5"), WEIR_OK);
  assert_int_equal(add_range(list, "::1:ffff", "::2:1"), WEIR_OK);
  assert_int_equal(add_range(list, "9.9.9.9", "9.9.9.9"), WEIR_OK);
  static const char *const inside[] = {"10.0.0.250", "10.0.0.255", "10.0.1.0", "10.0.1.5",
                                       "::1:ffff",   "::2:0",      "::2:1",    "9.9.9.9"};
  static const char *const outside[] = {"10.0.0.249", "10.0.1.6", "10.0.2.1", "11.0.0.251",
                                        "::1:fffe",   "::2:2",    "9.9.9.8",  "9.9.9.10"};
  for (size_t i = 0; i < COUNT_OF(inside); i++) check(list, inside[i], true);
  for (size_t i = 0; i < COUNT_OF(outside); i++) check(list, outside[i], false);
  weir_block_list_release(list);
}

/* Every bit of an address, one at a time, under every prefix: it counts when the prefix covers it. */
static void check_subnets_of(const char *text, size_t bits) {
  for (size_t prefix = 0; prefix <= bits; prefix++) {
    weir_block_list *list = create();
    weir_address network = parse(text);
    assert_int_equal(weir_block_list_add_subnet(list, &network, (int)prefix), WEIR_OK);
    assert_true(weir_block_list_check(list, &network));
    for (size_t bit = 0; bit < bits; bit++) {
      weir_address other = network;
      other.bytes[bit / 8] = (unsigned char)(other.bytes[bit / 8] ^ 0x80U >> bit % 8);
      assert_int_equal(weir_block_list_check(list, &other), bit >= prefix);
    }
    weir_block_list_release(list);
  }
}

static void a_subnet_is_blocked_under_every_prefix(void **state) {
  (void)state;
  check_subnets_of("10.85.170.255", 32);
  check_subnets_of("0.0.0.0", 32);
  check_subnets_of("2001:db8:55aa:aa55::ff", 128);
  check_subnets_of("ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", 128);
}

static void an_ipv4_address_and_its_mapped_address_are_the_same(void **state) {
  (void)state;
  static const struct {
    const char *rule;
    const char *inside;
    const char *outside;
  } rows[] = {
      {"1.1.1.1", "::ffff:1.1.1.1", "::ffff:1.1.1.2"},
      {"1.1.1.1", "::ffff:101:101", "::fffe:101:101"},
      {"::ffff:1.1.1.1", "1.1.1.1", "1.1.1.2"},
      {"10.0.0.1-10.0.0.10", "::ffff:10.0.0.5", "::ffff:10.0.0.11"},
      {"::ffff:10.0.0.1-::ffff:10.0.0.10", "10.0.0.10", "10.0.0.0"},
      {"10.0.0.0/8", "::ffff:10.200.0.5", "::ffff:11.0.0.0"},
      {"::ffff:10.0.0.0/104", "10.200.0.5", "11.0.0.0"},
      {"::ffff:0:0/96", "1.2.3.4", "::1"},
      {"0.0.0.0/0", "::ffff:1.2.3.4", "::1.2.3.4"},
      {"0.0.0.0/0", "255.255.255.255", "::1:0:0:0"},
      {"::/0", "1.2.3.4", NULL},
      {"::-::ffff:ffff:ffff:ffff", "1.2.3.4", "::1:0:0:0:0"},
      {"::1.1.1.1", "::101:101", "1.1.1.1"},
  };
  for (size_t i = 0; i < COUNT_OF(rows); i++) {
    weir_block_list *list = create();
    assert_int_equal(weir_block_list_add(list, rows[i].rule), WEIR_OK);
    check(list, rows[i].inside, true);
    if (rows[i].outside != NULL) check(list, rows[i].outside, false);
    weir_block_list_release(list);
  }
}

static void ports_zones_and_flow_labels_do_not_count(void **state) {
  (void)state;
  weir_block_list *list = create();
  assert_int_equal(add_address(list, "[fe80::1%eth0]:80"), WEIR_OK);
  check(list, "fe80::1", true);
  check(list, "[fe80::1%lo]:443", true);
  assert_int_equal(add_address(list, "1.2.3.4:80"), WEIR_OK);
  check(list, "1.2.3.4:443", true);
  weir_address address = parse("fe80::1");
  address.flow_label = 1;
  assert_true(weir_block_list_check(list, &address));
  static const char *const rules[] = {"Address: IPv4 1.2.3.4", "Address: IPv6 fe80::1"};
  CHECK_RULES(list, rules);
  weir_block_list_release(list);
}

static void what_makes_no_rule_is_refused(void **state) {
  (void)state;
  weir_block_list *list = create();
  assert_int_equal(add_range(list, "1.1.1.2", "1.1.1.1"), WEIR_EINVAL);
  assert_int_equal(add_range(list, "::2", "::1"), WEIR_EINVAL);
  assert_int_equal(add_range(list, "1.1.1.1", "::ffff:1.1.1.2"), WEIR_EINVAL);
  assert_int_equal(add_range(list, "::1", "1.1.1.2"), WEIR_EINVAL);
  assert_int_equal(add_subnet(list, "1.1.1.1", 33), WEIR_EINVAL);
  assert_int_equal(add_subnet(list, "1.1.1.1", -1), WEIR_EINVAL);
  assert_int_equal(add_subnet(list, "::", 129), WEIR_EINVAL);
  assert_int_equal(add_subnet(list, "::", -1), WEIR_EINVAL);
  weir_address nothing = {.family = WEIR_FAMILY_NONE}, something = parse("1.2.3.4");
  assert_int_equal(weir_block_list_add_address(list, &nothing), WEIR_EINVAL);
  assert_int_equal(weir_block_list_add_subnet(list, &nothing, 0), WEIR_EINVAL);
  assert_int_equal(weir_block_list_add_range(list, &nothing, &nothing), WEIR_EINVAL);
  assert_int_equal(weir_block_list_add_range(list, &nothing, &something), WEIR_EINVAL);
  assert_int_equal(weir_block_list_count(list), 0);
  assert_int_equal(weir_block_list_add(list, "::/0"), WEIR_OK);
  assert_false(weir_block_list_check(list, &nothing));
  weir_block_list_release(list);
}

static void a_rule_is_read_from_its_text(void **state) {
  (void)state;
  static const char *const rows[][2] = {
      {"1.2.3.4", "Address: IPv4 1.2.3.4"},
      {"2001:DB8::0:1", "Address: IPv6 2001:db8::1"},
      {"::ffff:102:304", "Address: IPv6 ::ffff:1.2.3.4"},
      {"10.0.0.1-10.0.0.10", "Range: IPv4 10.0.0.1-10.0.0.10"},
      {"::1-::ff", "Range: IPv6 ::1-::ff"},
      {"10.0.0.0/8", "Subnet: IPv4 10.0.0.0/8"},
      {"10.1.2.3/8", "Subnet: IPv4 10.0.0.0/8"},
      {"1.2.3.4/32", "Subnet: IPv4 1.2.3.4/32"},
      {"1.2.3.4/0", "Subnet: IPv4 0.0.0.0/0"},
      {"192.168.1.255/25", "Subnet: IPv4 192.168.1.128/25"},
      {"2001:db8::1/32", "Subnet: IPv6 2001:db8::/32"},
      {"8592:757c:efae:4e45::/64", "Subnet: IPv6 8592:757c:efae:4e45::/64"},
      {"::/0", "Subnet: IPv6 ::/0"},
      {"1111:2222:3333:4444:5555:6666:7777:8888-ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff",
       "Range: IPv6 1111:2222:3333:4444:5555:6666:7777:8888-ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"},
  };
  for (size_t i = 0; i < COUNT_OF(rows); i++) {
    weir_block_list *list = create();
    assert_int_equal(weir_block_list_add(list, rows[i][0]), WEIR_OK);
    assert_int_equal(weir_block_list_add(list, rows[i][1]), WEIR_OK);
    const char *const expected[] = {rows[i][1], rows[i][1]};
    CHECK_RULES(list, expected);
    weir_block_list_release(list);
  }
}

static void a_text_that_is_no_rule_is_refused(void **state) {
  (void)state;
  static const char *const texts[] = {"",
                                      " ",
                                      "/",
                                      "-",
                                      "1.2.3.4/",
                                      "1.2.3.4/33",
                                      "1.2.3.4/08",
                                      "1.2.3.4/-1",
                                      "1.2.3.4/255.0.0.0",
                                      "1.2.3.4/8/8",
                                      "1.2.3.4 ",
                                      " 1.2.3.4",
                                      "1.2.3.4-",
                                      "-1.2.3.4",
                                      "1.2.3.4-1.2.3.3",
                                      "1.2.3.4-::ffff:1.2.3.5",
                                      "::1-1.2.3.4",
                                      "0.0.0.0-::1",
                                      "1.2.3.4-1.2.3.5-1.2.3.6",
                                      "1.2.3.4 - 1.2.3.5",
                                      "1.2.3.4-1.2.3.5/8",
                                      "1.2.3.4:80",
                                      "[::1]",
                                      "[::1]:80",
                                      "::/129",
                                      "::/999999999999",
                                      "10/8",
                                      "localhost",
                                      "fe80::1%eth0",
                                      "fe80::1%eth0/64",
                                      "fe80::1%a-fe80::9",
                                      "fe80::1-fe80::9%a",
                                      "Address: IPv4 ::1",
                                      "Address: IPv6 1.2.3.4",
                                      "Address: IPv4 1.2.3.4/8",
                                      "Subnet: IPv4 1.2.3.4",
                                      "Range: IPv4 1.2.3.4",
                                      "Range: IPv4 1.0.0.0/8",
                                      "Address: IPv4  1.2.3.4",
                                      "Address: IPv4",
                                      "Address: IPv4 ",
                                      "Address: 1.2.3.4",
                                      "IPv4 1.2.3.4",
                                      "address: IPv4 1.2.3.4",
                                      "xAddress: IPv4 1.2.3.4",
                                      "Address: IPv4 Address: IPv4 1.2.3.4"};
  weir_block_list *list = create();
  for (size_t i = 0; i < COUNT_OF(texts); i++) {
    if (weir_block_list_add(list, texts[i]) != WEIR_EINVAL) fail_msg("\"%s\" was not refused", texts[i]);
    assert_int_equal(weir_block_list_remove(list, texts[i]), WEIR_EINVAL);
  }
  assert_int_equal(weir_block_list_add(list, NULL), WEIR_EINVAL);
  assert_int_equal(weir_block_list_remove(list, NULL), WEIR_EINVAL);
  assert_int_equal(weir_block_list_count(list), 0);
  weir_block_list_release(list);
}

static void rules_are_listed_with_the_newest_first(void **state) {
  (void)state;
  weir_block_list *list = create();
  assert_int_equal(add_address(list, "1.1.1.1"), WEIR_OK);
  assert_int_equal(add_address(list, "8592:757c:efae:4e45:fb5d:d62a:0d00:8e17"), WEIR_OK);
  assert_int_equal(add_range(list, "10.0.0.1", "10.0.0.10"), WEIR_OK);
  assert_int_equal(add_subnet(list, "8592:757c:efae:4e45::", 64), WEIR_OK);
  static const char *const rules[] = {"Subnet: IPv6 8592:757c:efae:4e45::/64", "Range: IPv4 10.0.0.1-10.0.0.10",
                                      "Address: IPv6 8592:757c:efae:4e45:fb5d:d62a:d00:8e17", "Address: IPv4 1.1.1.1"};
  CHECK_RULES(list, rules);
  weir_block_list_release(list);
}

static void a_longer_rule_is_cut(void **state) {
  (void)state;
  weir_block_list *list = create();
  assert_int_equal(weir_block_list_add(list, "10.0.0.0/8"), WEIR_OK);
  for (size_t size = 0; size < 32; size++) {
    char line[32], expected[32] = "Subnet: IPv4 10.0.0.0/8";
    memset(line, '#', sizeof line);
    assert_int_equal(weir_block_list_rule(list, 0, line, size), 23);
    assert_int_equal(line[size], '#');
    if (size > 0) expected[size - 1] = '\0';
    if (size > 0) assert_string_equal(line, expected);
  }
  assert_int_equal(weir_block_list_rule(list, 0, NULL, 0), 23);
  assert_int_equal(weir_block_list_rule(list, 1, NULL, 0), 0);
  weir_block_list_release(list);
}

static void a_rule_is_removed_by_what_it_says(void **state) {
  (void)state;
  weir_block_list *list = create();
  static const char *const texts[] = {"1.2.3.4", "10.0.0.0/8", "1.2.3.4", "1.2.3.4/32", "::ffff:1.2.3.4", "::1-::2"};
  for (size_t i = 0; i < COUNT_OF(texts); i++) assert_int_equal(weir_block_list_add(list, texts[i]), WEIR_OK);
  assert_int_equal(weir_block_list_remove(list, "1.2.3.5"), WEIR_ENOENT);
  assert_int_equal(weir_block_list_remove(list, "10.0.0.0/9"), WEIR_ENOENT);
  assert_int_equal(weir_block_list_remove(list, "Address: IPv4 1.2.3.4"), WEIR_OK);
  static const char *const left[] = {"Range: IPv6 ::1-::2", "Subnet: IPv4 1.2.3.4/32", "Subnet: IPv4 10.0.0.0/8"};
  CHECK_RULES(list, left);
  check(list, "1.2.3.4", true);
  assert_int_equal(weir_block_list_remove(list, "1.2.3.4"), WEIR_ENOENT);
  assert_int_equal(weir_block_list_remove(list, "1.2.3.4/32"), WEIR_OK);
  check(list, "1.2.3.4", false);
  assert_int_equal(weir_block_list_remove(list, "10.99.0.0/8"), WEIR_OK);
  check(list, "10.0.0.1", false);
  weir_block_list_release(list);
}

static void a_cleared_list_is_empty_and_can_be_filled_again(void **state) {
  (void)state;
  weir_block_list *list = create();
  for (size_t i = 0; i < 100; i++) assert_int_equal(weir_block_list_add(list, "1.0.0.0/8"), WEIR_OK);
  assert_int_equal(weir_block_list_count(list), 100);
  weir_block_list_clear(list);
  assert_int_equal(weir_block_list_count(list), 0);
  check(list, "1.2.3.4", false);
  assert_int_equal(weir_block_list_add(list, "2.0.0.0/8"), WEIR_OK);
  check(list, "2.2.3.4", true);
  weir_block_list_clear(list);
  weir_block_list_clear(list);
  weir_block_list_release(list);
}

/* Counts the blocks that are out, and refuses new memory on demand. */
struct meter {
  size_t blocks;
  bool refuses;
};

static void *measure(void *user, void *block, size_t bytes) {
  struct meter *meter = user;
  if (bytes == 0) {
    meter->blocks -= block != NULL;
    free(block);
    return NULL;
  }
  if (meter->refuses) return NULL;
  meter->blocks += block == NULL;
  return realloc(block, bytes);
}

static void without_memory_a_list_stays_as_it_was(void **state) {
  (void)state;
  struct meter meter = {0, true};
  weir_allocator allocator = {measure, &meter};
  weir_block_list *list;
  assert_int_equal(weir_block_list_create(&allocator, &list), WEIR_ENOMEM);
  assert_null(list);
  meter.refuses = false;
  assert_int_equal(weir_block_list_create(&allocator, &list), WEIR_OK);
  size_t refused = 0;
  for (size_t i = 0; i < 100; i++) {
    char rule[16];
    snprintf(rule, sizeof rule, "1.2.3.%u", (unsigned)i);
    meter.refuses = true;
    weir_code code = weir_block_list_add(list, rule);
    refused += code == WEIR_ENOMEM;
    meter.refuses = false;
    if (code == WEIR_ENOMEM) {
      assert_int_equal(weir_block_list_count(list), i);
      check(list, rule, false);
      code = weir_block_list_add(list, rule);
    }
    assert_int_equal(code, WEIR_OK);
    check(list, rule, true);
    check(list, "1.2.3.0", true);
  }
  assert_in_range(refused, 2, 10);
  assert_int_equal(meter.blocks, 2);
  weir_block_list_release(list);
  assert_int_equal(meter.blocks, 0);
}

static void a_list_lives_until_its_last_owner_is_gone(void **state) {
  (void)state;
  struct meter meter = {0, false};
  weir_allocator allocator = {measure, &meter};
  weir_block_list *list;
  assert_int_equal(weir_block_list_create(&allocator, &list), WEIR_OK);
  assert_int_equal(weir_block_list_add(list, "1.2.3.4"), WEIR_OK);
  assert_ptr_equal(weir_block_list_retain(list), list);
  weir_block_list_release(list);
  check(list, "1.2.3.4", true);
  assert_int_equal(meter.blocks, 2);
  weir_block_list_release(list);
  assert_int_equal(meter.blocks, 0);
}

/* What one of several threads does with a list that it owns, too. */
static void use_a_shared_list(void *user) {
  weir_block_list *list = user;
  weir_address inside, outside;
  weir_address_parse("10.1.2.3", &inside);
  weir_address_parse("11.1.2.3", &outside);
  for (size_t i = 0; i < 1000; i++) {
    weir_block_list_retain(list);
    /* cmocka's asserts belong to the main thread; a wrong answer is seen there as a list that lives on. */
    if (weir_block_list_check(list, &inside) && !weir_block_list_check(list, &outside)) weir_block_list_release(list);
  }
  weir_block_list_release(list);
}

static void several_threads_share_a_list(void **state) {
  (void)state;
  struct meter meter = {0, false};
  weir_allocator allocator = {measure, &meter};
  weir_block_list *list;
  struct thread *threads[4];
  assert_int_equal(weir_block_list_create(&allocator, &list), WEIR_OK);
  assert_int_equal(weir_block_list_add(list, "10.0.0.0/8"), WEIR_OK);
  for (size_t i = 0; i < COUNT_OF(threads); i++) {
    threads[i] = thread_start(use_a_shared_list, weir_block_list_retain(list));
    assert_non_null(threads[i]);
  }
  weir_block_list_release(list);
  for (size_t i = 0; i < COUNT_OF(threads); i++) thread_join(threads[i]);
  assert_int_equal(meter.blocks, 0);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(an_empty_list_blocks_nothing),
      UNIT_CASE("A353", an_address_is_blocked_alone),
      UNIT_CASE("A353", a_range_is_blocked_with_both_its_ends),
      UNIT_CASE("A353", a_subnet_is_blocked_under_every_prefix),
      UNIT_CASE("A353", an_ipv4_address_and_its_mapped_address_are_the_same),
      cmocka_unit_test(ports_zones_and_flow_labels_do_not_count),
      UNIT_CASE("A353", what_makes_no_rule_is_refused),
      UNIT_CASE("A353", a_rule_is_read_from_its_text),
      cmocka_unit_test(a_text_that_is_no_rule_is_refused),
      UNIT_CASE("A353", rules_are_listed_with_the_newest_first),
      cmocka_unit_test(a_longer_rule_is_cut),
      cmocka_unit_test(a_rule_is_removed_by_what_it_says),
      cmocka_unit_test(a_cleared_list_is_empty_and_can_be_filled_again),
      cmocka_unit_test(without_memory_a_list_stays_as_it_was),
      cmocka_unit_test(a_list_lives_until_its_last_owner_is_gone),
      cmocka_unit_test(several_threads_share_a_list),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
