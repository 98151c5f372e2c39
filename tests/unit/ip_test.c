/* SPDX-License-Identifier: MIT */
/* IP addresses: what is one, what its bytes are, and how it is written again, with and without a port. */
#include "common/address/ip.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

/* cmocka.h wants the headers above first. */
#include <cmocka.h>

#include <weir/address.h>

#include "support/rows.h"

#define COUNT_OF(array) (sizeof(array) / sizeof(array)[0])

static void check_is_ip(const char *text, weir_family expected) {
  weir_family family = weir_is_ip(text);
  if (family != expected) fail_msg("\"%s\" is %d, not %d", text, (int)family, (int)expected);
  assert_int_equal(weir_is_ipv4(text), expected == WEIR_FAMILY_IPV4);
  assert_int_equal(weir_is_ipv6(text), expected == WEIR_FAMILY_IPV6);
}

static void check_all(const char *const *texts, size_t count, weir_family expected) {
  for (size_t i = 0; i < count; i++) check_is_ip(texts[i], expected);
}

#define CHECK_ALL(texts, expected) check_all(texts, COUNT_OF(texts), expected)

static weir_address parse(const char *text) {
  weir_address address;
  memset(&address, 0x55, sizeof address);
  if (weir_address_parse(text, &address) != WEIR_OK) fail_msg("\"%s\" was refused", text);
  return address;
}

static void check_nothing(const weir_address *address) {
  static const weir_address nothing;
  assert_int_equal(address->family, WEIR_FAMILY_NONE);
  assert_int_equal(address->port, nothing.port);
  assert_memory_equal(address->bytes, nothing.bytes, sizeof nothing.bytes);
  assert_memory_equal(address->zone, nothing.zone, sizeof nothing.zone);
}

static void check_refused(const char *text, weir_code code) {
  weir_address address;
  memset(&address, 0x55, sizeof address);
  weir_code refused = weir_address_parse(text, &address);
  if (refused != code) fail_msg("\"%s\": %s", text, weir_code_name(refused));
  check_nothing(&address);
}

/* Reads a text and expects how it is written; what was written is read as equal. */
static void check_format(const char *text, const char *expected) {
  char line[WEIR_ADDRESS_TEXT_BYTES];
  weir_address address = parse(text);
  assert_int_equal(weir_address_format(&address, line, sizeof line), strlen(expected));
  assert_string_equal(line, expected);
  weir_address again = parse(line);
  assert_true(weir_address_equal(&address, &again));
}

static void check_bytes(const char *text, const char *hex) {
  weir_address address = parse(text);
  char line[2 * sizeof address.bytes + 1];
  for (size_t i = 0; i < sizeof address.bytes; i++) snprintf(line + 2 * i, 3, "%02x", address.bytes[i]);
  assert_string_equal(line, hex);
}

static void ipv4_is_four_decimal_numbers(void **state) {
  (void)state;
  static const char *const valid[] = {"127.0.0.1",   "255.255.255.255", "0.0.0.0",       "1.2.3.4",
                                      "10.20.30.40", "192.168.100.200", "249.250.251.9", "99.199.0.5",
                                      "8.8.8.8",     "0.0.0.1",         "1.0.0.0",       "100.90.80.70"};
  static const char *const invalid[] = {"256.0.0.1",
                                        "1.2.3",
                                        "1.2.3.4.5",
                                        "01.2.3.4",
                                        "127.000.000.001",
                                        "127.0.0.1/24",
                                        " 127.0.0.1",
                                        "127.0.0.1 ",
                                        "0x7f.1",
                                        "0x7f.0.0.1",
                                        "1",
                                        "1.2",
                                        "1.2.3.",
                                        ".1.2.3",
                                        ".1.2.3.4",
                                        "1.2.3.4.",
                                        "1..2.3",
                                        "1.2..3.4",
                                        "1.2.3.00",
                                        "1.2.3.4\n",
                                        "\n1.2.3.4",
                                        "1.2.3.999",
                                        "1.2.3.1000",
                                        "-1.2.3.4",
                                        "+1.2.3.4",
                                        "1.2.3.4a",
                                        "a.b.c.d",
                                        "1,2,3,4",
                                        "1.2.3.4%eth0",
                                        "1.2.3.4:80",
                                        "[1.2.3.4]",
                                        "2130706433",
                                        "0.0.0.256",
                                        "256.256.256.256",
                                        "1.2.3.4294967297",
                                        "1. 2.3.4",
                                        "\t1.2.3.4",
                                        "...",
                                        ".",
                                        "1.2.3.18446744073709551617"};
  CHECK_ALL(valid, WEIR_FAMILY_IPV4);
  CHECK_ALL(invalid, WEIR_FAMILY_NONE);
}

static void ipv6_is_eight_groups_or_has_a_gap(void **state) {
  (void)state;
  static const char *const valid[] = {"::",
                                      "::1",
                                      "::ffff:127.0.0.1",
                                      "::127.0.0.1",
                                      "1:2:3:4:5:6:7:8",
                                      "1:2:3:4:5:6:7::",
                                      "::2:3:4:5:6:7:8",
                                      "1::3:4:5:6:7:8",
                                      "1:2:3:4:5:6:1.2.3.4",
                                      "1:2:3:4:5::1.2.3.4",
                                      "::2:3:4:5:6:1.2.3.4",
                                      "0000:0000:0000:0000:0000:0000:0000:0000",
                                      "FFFF:ABCD:EF01:2345:6789:abcd:ef01:2345",
                                      "2001:db8::8a2e:370:7334",
                                      "64:ff9b::192.0.2.33",
                                      "0:0:0:0:0:0:0:0",
                                      "1::",
                                      "0::0",
                                      "::0.0.0.0",
                                      "::255.255.255.255"};
  static const char *const invalid[] = {"::1::",
                                        "1::2::3",
                                        "12345::",
                                        "::00001",
                                        "g::",
                                        "[::1]",
                                        "1:2:3:4:5:6:7:8:9",
                                        "",
                                        ":",
                                        "1:",
                                        ":1",
                                        ":::",
                                        "1:::2",
                                        "1:2:3:4:5:6:7:1.2.3.4",
                                        "::1 ",
                                        " ::1",
                                        "::1\n",
                                        "\n::1",
                                        "::1/128",
                                        "localhost",
                                        "1:2:3:4:5:6:7:8:",
                                        "::1.2.3",
                                        "::1.2.3.4.5",
                                        "::01.2.3.4",
                                        "::1.2.3.",
                                        "::.1.2.3",
                                        "::256.0.0.1",
                                        ":1:2:3:4:5:6:7:8",
                                        "1.2.3.4::",
                                        "::1.2.3.4:5",
                                        "1.2.3.4:1::",
                                        "::1.2.3.4::",
                                        "::0x1",
                                        "::-1",
                                        "1:2:3:4:5:6::1.2.3.4",
                                        "1:2:3:4:5:6:7",
                                        "1::2:3:4:5:6:7:8",
                                        "1:2:3:4:5:6:7:8::",
                                        "::1:2:3:4:5:6:7:8",
                                        "1:2:3:4:5:6:1.2.3.4:7",
                                        "::1.2.3.4a",
                                        "::\xef\xbc\x91",
                                        "\xef\xbc\x91\xef\xbc\x92\xef\xbc\x97.0.0.1",
                                        "::\xff",
                                        "::1:",
                                        ":::1",
                                        "::1:::"};
  CHECK_ALL(valid, WEIR_FAMILY_IPV6);
  CHECK_ALL(invalid, WEIR_FAMILY_NONE);
  assert_int_equal(weir_is_ip(NULL), WEIR_FAMILY_NONE);
  assert_false(weir_is_ipv4(NULL) || weir_is_ipv6(NULL));
}

static void a_zone_follows_an_ipv6_address(void **state) {
  (void)state;
  static const char *const valid[] = {"::1%lo",
                                      "fe80::1%eth0",
                                      "fe80::1%25en1",
                                      "fe80::1%2",
                                      "::%a-b.c:d",
                                      "::%:",
                                      "::ffff:1.2.3.4%en0",
                                      "1:2:3:4:5:6:7:8%Z9",
                                      "fe80::1%a-zone-that-is-much-too-long-to-be-kept-in-an-address"};
  static const char *const invalid[] = {"::1%",    "%",         "%eth0",      "1.2.3.4%lo",   "::1%%",    "::1%a%b",
                                        "::1%a b", "::1%eth/0", "::1%eth_0",  "::1%\xc3\xa9", "::1%lo\n", "::1% ",
                                        "::1%[",   "::1%lo]",   "1::2::3%lo", "fe80%1::",     "::1%1/64"};
  CHECK_ALL(valid, WEIR_FAMILY_IPV6);
  CHECK_ALL(invalid, WEIR_FAMILY_NONE);
}

static void a_text_is_read_to_its_last_byte(void **state) {
  (void)state;
  struct ip ip;
  assert_true(ip_parse("1.2.3.4", 7, &ip));
  assert_false(ip_parse("1.2.3.4\0", 8, &ip));
  assert_false(ip_parse("::1\0", 4, &ip));
  assert_false(ip_parse("::1%lo\0", 7, &ip));
  assert_false(ip_parse("\0::1", 4, &ip));
  assert_false(ip_parse("", 0, &ip));
  assert_true(ip_parse("1.2.3.45", 7, &ip));
  assert_int_equal(ip.bytes[3], 4);
  assert_true(ip_parse("::1%lo:80", 6, &ip));
  assert_int_equal(ip.zone_length, 2);
}

/* Writes so many groups, with a gap before group `gap` (none when that is more), and an IPv4 tail on demand. */
static void write_groups(char *text, size_t groups, size_t gap, bool has_ipv4) {
  *text = '\0';
  for (size_t i = 0; i <= groups; i++) {
    if (i == gap) strcat(text, "::");
    if (i == groups) break;
    if (i > 0 && i != gap) strcat(text, ":");
    strcat(text, i % 2 == 0 ? "a0" : "1234");
  }
  if (!has_ipv4) return;
  if (groups > 0 && groups != gap) strcat(text, ":");
  strcat(text, "1.2.3.4");
}

static void every_number_of_groups_and_place_of_a_gap_is_known(void **state) {
  (void)state;
  size_t valid_count = 0;
  for (size_t groups = 0; groups <= 10; groups++) {
    for (size_t gap = 0; gap <= groups + 1; gap++) {
      for (size_t ipv4 = 0; ipv4 <= 1; ipv4++) {
        char text[80];
        write_groups(text, groups, gap, ipv4 == 1);
        size_t whole = groups + 2 * ipv4;
        bool is_ipv6 = gap > groups ? whole == 8 : whole < 8;
        if (gap > groups && groups == 0 && ipv4 == 1) {
          check_is_ip(text, WEIR_FAMILY_IPV4);
          continue;
        }
        check_is_ip(text, is_ipv6 ? WEIR_FAMILY_IPV6 : WEIR_FAMILY_NONE);
        valid_count += is_ipv6;
      }
    }
  }
  assert_int_equal(valid_count, 1 + 36 + 1 + 21);
}

static void the_bytes_are_in_network_order(void **state) {
  (void)state;
  check_bytes("1.2.3.255", "010203ff000000000000000000000000");
  check_bytes("::", "00000000000000000000000000000000");
  check_bytes("::1", "00000000000000000000000000000001");
  check_bytes("1::", "00010000000000000000000000000000");
  check_bytes("1:23:456:789a:bCDe:f:0:8", "000100230456789abcde000f00000008");
  check_bytes("2001:db8::8a2e:370:7334", "20010db80000000000008a2e03707334");
  check_bytes("::ffff:127.0.0.1", "00000000000000000000ffff7f000001");
  check_bytes("1:2:3:4:5:6:7.8.9.10", "0001000200030004000500060708090a");
  check_bytes("1::6:7.8.9.10", "0001000000000000000000060708090a");
  check_bytes("[fe80::1%lo]:1", "fe800000000000000000000000000001");
}

static void ipv6_is_written_as_rfc_5952_recommends(void **state) {
  (void)state;
  static const char *const rows[][2] = {
      {"2001:db8::1", "2001:db8::1"},
      {"2001:0db8:0:0:0:0:2:1", "2001:db8::2:1"},
      {"2001:db8:0:0:0::1", "2001:db8::1"},
      {"2001:DB8::AbCd", "2001:db8::abcd"},
      {"2001:0db8::0001", "2001:db8::1"},
      {"2001:db8:0:1:1:1:1:1", "2001:db8:0:1:1:1:1:1"},
      {"2001:db8::1:1:1:1:1", "2001:db8:0:1:1:1:1:1"},
      {"2001:0:0:1:0:0:0:1", "2001:0:0:1::1"},
      {"2001:db8:0:0:1:0:0:1", "2001:db8::1:0:0:1"},
      {"2001:db8::aaaa:0:0:1", "2001:db8::aaaa:0:0:1"},
      {"0:0:0:0:0:0:0:0", "::"},
      {"0:0:0:0:0:0:0:1", "::1"},
      {"1:0:0:0:0:0:0:0", "1::"},
      {"1:2:3:4:5:6:0:0", "1:2:3:4:5:6::"},
      {"0:0:3:4:5:6:7:8", "::3:4:5:6:7:8"},
      {"0:2:3:4:5:6:7:0", "0:2:3:4:5:6:7:0"},
      {"::2:3:4:5:6:7:8", "0:2:3:4:5:6:7:8"},
      {"1:2:3:4:5:6:7::", "1:2:3:4:5:6:7:0"},
      {"0:0:1:0:0:0:1:0", "0:0:1::1:0"},
      {"1:0:0:2:0:0:3:0", "1::2:0:0:3:0"},
      {"ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff"},
      {"::ffff:7f00:1", "::ffff:127.0.0.1"},
      {"::ffff:0:0", "::ffff:0.0.0.0"},
      {"::fffe:1.2.3.4", "::fffe:102:304"},
      {"::1.2.3.4", "::102:304"},
      {"64:ff9b::1.2.3.4", "64:ff9b::102:304"},
      {"1.2.3.4", "1.2.3.4"},
      {"0.0.0.0", "0.0.0.0"},
      {"FE80::1%Eth0", "fe80::1%Eth0"},
  };
  for (size_t i = 0; i < COUNT_OF(rows); i++) check_format(rows[i][0], rows[i][1]);
}

static void a_port_stands_behind_a_colon_and_ipv6_then_in_brackets(void **state) {
  (void)state;
  static const struct {
    const char *text;
    weir_family family;
    int port;
    const char *zone;
    const char *written;
  } rows[] = {
      {"1.2.3.4", WEIR_FAMILY_IPV4, WEIR_NO_PORT, "", "1.2.3.4"},
      {"1.2.3.4:80", WEIR_FAMILY_IPV4, 80, "", "1.2.3.4:80"},
      {"1.2.3.4:0", WEIR_FAMILY_IPV4, 0, "", "1.2.3.4:0"},
      {"1.2.3.4:65535", WEIR_FAMILY_IPV4, 65535, "", "1.2.3.4:65535"},
      {"::1", WEIR_FAMILY_IPV6, WEIR_NO_PORT, "", "::1"},
      {"::1:80", WEIR_FAMILY_IPV6, WEIR_NO_PORT, "", "::1:80"},
      {"[::1]", WEIR_FAMILY_IPV6, WEIR_NO_PORT, "", "::1"},
      {"[::1]:80", WEIR_FAMILY_IPV6, 80, "", "[::1]:80"},
      {"[::]:0", WEIR_FAMILY_IPV6, 0, "", "[::]:0"},
      {"[FE80::1%eth0]:443", WEIR_FAMILY_IPV6, 443, "eth0", "[fe80::1%eth0]:443"},
      {"[fe80::1%2]", WEIR_FAMILY_IPV6, WEIR_NO_PORT, "2", "fe80::1%2"},
      {"fe80::1%eth0:80", WEIR_FAMILY_IPV6, WEIR_NO_PORT, "eth0:80", "fe80::1%eth0:80"},
      {"fe80::1%fifteen-letters", WEIR_FAMILY_IPV6, WEIR_NO_PORT, "fifteen-letters", "fe80::1%fifteen-letters"},
      {"[::ffff:1.2.3.4]:8080", WEIR_FAMILY_IPV6, 8080, "", "[::ffff:1.2.3.4]:8080"},
      {"[1111:2222:3333:4444:5555:6666:7777:8888%fifteen-letters]:65535", WEIR_FAMILY_IPV6, 65535, "fifteen-letters",
       "[1111:2222:3333:4444:5555:6666:7777:8888%fifteen-letters]:65535"},
  };
  for (size_t i = 0; i < COUNT_OF(rows); i++) {
    weir_address address = parse(rows[i].text);
    assert_int_equal(address.family, rows[i].family);
    assert_int_equal(address.port, rows[i].port);
    assert_string_equal(address.zone, rows[i].zone);
    assert_int_equal(address.flow_label, 0);
    check_format(rows[i].text, rows[i].written);
  }
}

static void what_is_no_address_with_a_port_is_refused(void **state) {
  (void)state;
  static const char *const texts[] = {"",
                                      "1.2.3.4:",
                                      "1.2.3.4:65536",
                                      "1.2.3.4:080",
                                      "1.2.3.4:00",
                                      "1.2.3.4:-1",
                                      "1.2.3.4:+1",
                                      "1.2.3.4: 80",
                                      "1.2.3.4:80 ",
                                      "1.2.3.4:80:80",
                                      "1.2.3.4:1a",
                                      "1.2.3.4:http",
                                      ":80",
                                      "1.2.3:80",
                                      "localhost:80",
                                      "localhost",
                                      "[::1]:",
                                      "[::1]80",
                                      "[::1]:65536",
                                      "[::1]:99999999999",
                                      "[::1",
                                      "::1]:80",
                                      "[1.2.3.4]:80",
                                      "[1.2.3.4]",
                                      "[]:80",
                                      "[]",
                                      "[",
                                      "]",
                                      "[[::1]]:80",
                                      "[::1]]:80",
                                      "[::1]:80]",
                                      "[::1%]:80",
                                      "[::1%lo]:x",
                                      "1.2.3.4%lo:80",
                                      "[::1]%lo:80",
                                      "[localhost]:80",
                                      "[:]:80",
                                      "::1%",
                                      " ::1",
                                      "[ ::1]:80",
                                      "1.2.3.4/8",
                                      "[::1]/64",
                                      ":",
                                      "1.2.3.4:0x50",
                                      "[::1]:80\n"};
  for (size_t i = 0; i < COUNT_OF(texts); i++) check_refused(texts[i], WEIR_EINVAL);
  check_refused("fe80::1%sixteen-letters--", WEIR_ENAMETOOLONG);
  check_refused("[fe80::1%sixteen-letters-]:80", WEIR_ENAMETOOLONG);
}

static void no_text_is_no_address(void **state) {
  (void)state;
  weir_address address;
  memset(&address, 0x55, sizeof address);
  assert_int_equal(weir_address_parse(NULL, &address), WEIR_EINVAL);
  check_nothing(&address);
}

static void an_address_is_made_of_an_ip_and_a_port(void **state) {
  (void)state;
  weir_address address;
  char line[WEIR_ADDRESS_TEXT_BYTES];
  assert_int_equal(weir_address_make("fe80::1%lo", 80, &address), WEIR_OK);
  weir_address_format(&address, line, sizeof line);
  assert_string_equal(line, "[fe80::1%lo]:80");
  assert_int_equal(weir_address_format_ip(&address, line, sizeof line), 10);
  assert_string_equal(line, "fe80::1%lo");
  assert_int_equal(weir_address_make("1.2.3.4", WEIR_NO_PORT, &address), WEIR_OK);
  weir_address_format(&address, line, sizeof line);
  assert_string_equal(line, "1.2.3.4");
  static const struct {
    const char *ip;
    int port;
    weir_code code;
  } refused[] = {{"1.2.3.4", 65536, WEIR_EINVAL}, {"1.2.3.4", -2, WEIR_EINVAL},
                 {"1.2.3.4:80", 80, WEIR_EINVAL}, {"[::1]", 80, WEIR_EINVAL},
                 {"localhost", 80, WEIR_EINVAL},  {NULL, 80, WEIR_EINVAL},
                 {"", 80, WEIR_EINVAL},           {"::%sixteen-letters-", 80, WEIR_ENAMETOOLONG}};
  for (size_t i = 0; i < COUNT_OF(refused); i++) {
    memset(&address, 0x55, sizeof address);
    assert_int_equal(weir_address_make(refused[i].ip, refused[i].port, &address), refused[i].code);
    check_nothing(&address);
  }
}

static void addresses_are_equal_when_their_texts_are(void **state) {
  (void)state;
  static const char *const texts[] = {"1.2.3.4",     "1.2.3.4:0", "1.2.3.4:80",     "1.2.3.5",  "::1",
                                      "[::1]:0",     "[::1]:80",  "::1%lo",         "::1%lo0",  "::1%LO",
                                      "[::1%lo]:80", "::2",       "::ffff:1.2.3.4", "102:304::"};
  for (size_t i = 0; i < COUNT_OF(texts); i++) {
    for (size_t j = 0; j < COUNT_OF(texts); j++) {
      weir_address a = parse(texts[i]), b = parse(texts[j]);
      assert_int_equal(weir_address_equal(&a, &b), i == j);
    }
  }
  weir_address a = parse("[2001:0db8::0:1]:80"), b = parse("[2001:DB8::1]:80");
  b.flow_label = 7;
  assert_true(weir_address_equal(&a, &b));
  memset(a.zone, 'x', sizeof a.zone);
  assert_false(weir_address_equal(&a, &b));
}

static void no_address_is_an_empty_text(void **state) {
  (void)state;
  weir_address address = {.family = WEIR_FAMILY_NONE, .port = 80, .zone = "lo"};
  char line[8] = "#";
  assert_int_equal(weir_address_format(&address, line, sizeof line), 0);
  assert_string_equal(line, "");
}

static void a_longer_address_is_cut(void **state) {
  (void)state;
  weir_address address = parse("[::1%lo]:80");
  for (size_t size = 0; size < 16; size++) {
    char line[16], expected[16] = "[::1%lo]:80";
    memset(line, '#', sizeof line);
    assert_int_equal(weir_address_format(&address, line, size), 11);
    assert_int_equal(line[size], '#');
    if (size > 0 && size < 12) expected[size - 1] = '\0';
    if (size > 0) assert_string_equal(line, expected);
  }
  assert_int_equal(weir_address_format(&address, NULL, 0), 11);
}

static void a_zone_that_is_not_terminated_is_not_read_further(void **state) {
  (void)state;
  weir_address address = parse("[1111:2222:3333:4444:5555:6666:7777:8888]:65535");
  memset(address.zone, 'z', sizeof address.zone);
  char line[WEIR_ADDRESS_TEXT_BYTES];
  assert_int_equal(weir_address_format(&address, line, sizeof line), sizeof line - 1);
  assert_string_equal(line, "[1111:2222:3333:4444:5555:6666:7777:8888%zzzzzzzzzzzzzzz]:65535");
}

static void any_bytes_are_written_and_read_again(void **state) {
  (void)state;
  uint32_t random = 2463534242U;
  for (size_t round = 0; round < 20000; round++) {
    weir_address address = {.family = round % 4 == 0 ? WEIR_FAMILY_IPV4 : WEIR_FAMILY_IPV6, .port = WEIR_NO_PORT};
    size_t bytes = address.family == WEIR_FAMILY_IPV4 ? 4 : 16;
    for (size_t i = 0; i < bytes; i++) {
      random ^= random << 13;
      random ^= random >> 17;
      random ^= random << 5;
      /* Zeros often, so that there are gaps. */
      address.bytes[i] = (unsigned char)(random >> 16 & (random % 4 == 0 ? 0xFF : 0));
    }
    if (round % 3 == 0) address.port = (int)(random >> 16);
    if (round % 5 == 0 && bytes == 16) strcpy(address.zone, "en0");
    char line[WEIR_ADDRESS_TEXT_BYTES];
    size_t length = weir_address_format(&address, line, sizeof line);
    assert_true(length < sizeof line);
    weir_address again = parse(line);
    assert_memory_equal(&address, &again, sizeof address);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      UNIT_CASE("EO-40 S133 S134 S172 A349 A350", ipv4_is_four_decimal_numbers),
      UNIT_CASE("EO-40 S133 S135 S172 A349 A351", ipv6_is_eight_groups_or_has_a_gap),
      UNIT_CASE("EO-40 A349 A351", a_zone_follows_an_ipv6_address),
      cmocka_unit_test(a_text_is_read_to_its_last_byte),
      UNIT_CASE("A351", every_number_of_groups_and_place_of_a_gap_is_known),
      cmocka_unit_test(the_bytes_are_in_network_order),
      cmocka_unit_test(ipv6_is_written_as_rfc_5952_recommends),
      UNIT_CASE("A354", a_port_stands_behind_a_colon_and_ipv6_then_in_brackets),
      UNIT_CASE("A354", what_is_no_address_with_a_port_is_refused),
      cmocka_unit_test(no_text_is_no_address),
      UNIT_CASE("A354", an_address_is_made_of_an_ip_and_a_port),
      cmocka_unit_test(addresses_are_equal_when_their_texts_are),
      cmocka_unit_test(no_address_is_an_empty_text),
      cmocka_unit_test(a_longer_address_is_cut),
      cmocka_unit_test(a_zone_that_is_not_terminated_is_not_read_further),
      cmocka_unit_test(any_bytes_are_written_and_read_again),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
