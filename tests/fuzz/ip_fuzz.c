/* SPDX-License-Identifier: MIT */
/*
 * Any text as an IP address, as an address with a port, and as a rule of a block list: it is refused, or what it was
 * understood as is written so that it is understood alike. The first byte says whether the others are a text as they
 * are or choose letters that mean something; the second is the size of a space that may be too small.
 */
#include <stdbool.h>
#include <string.h>

#include <weir/address.h>
#include <weir/block_list.h>

#include "common/address/ip.h"
#include "fuzz.h"

static const char letters[] = "0123456789abcdefF:::::....%/-[]]e1 ";

/* The texts of both functions agree on what an IP address is. */
static void check_ip(const char *text, size_t length) {
  struct ip ip;
  bool is_ip = ip_parse(text, length, &ip);
  REQUIRE(weir_is_ip(text) == (is_ip ? ip.family : WEIR_FAMILY_NONE));
  REQUIRE(weir_is_ipv4(text) + weir_is_ipv6(text) == is_ip);
  weir_address made;
  weir_code code = weir_address_make(text, 80, &made);
  bool has_room = ip.zone_length < WEIR_ZONE_BYTES;
  REQUIRE(code == (!is_ip ? WEIR_EINVAL : has_room ? WEIR_OK : WEIR_ENAMETOOLONG));
  if (is_ip) REQUIRE(ip.zone_length < length && (ip.zone_length == 0 || ip.family == WEIR_FAMILY_IPV6));
}

static void check_address(const char *text, size_t size) {
  weir_address address, again;
  weir_code code = weir_address_parse(text, &address);
  REQUIRE(code == WEIR_OK || code == WEIR_EINVAL || code == WEIR_ENAMETOOLONG);
  REQUIRE((code == WEIR_OK) == (address.family != WEIR_FAMILY_NONE));
  char whole[WEIR_ADDRESS_TEXT_BYTES];
  size_t length = weir_address_format(&address, whole, sizeof whole);
  REQUIRE(length < sizeof whole && strlen(whole) == length && (length == 0) == (code != WEIR_OK));
  char *cut = malloc(size + 1);
  REQUIRE(cut != NULL);
  REQUIRE(weir_address_format(&address, cut, size) == length);
  if (size > 0) REQUIRE(strlen(cut) == (length < size ? length : size - 1) && memcmp(cut, whole, strlen(cut)) == 0);
  free(cut);
  if (code != WEIR_OK) return;
  REQUIRE(weir_address_parse(whole, &again) == WEIR_OK && weir_address_equal(&address, &again));
  REQUIRE(memcmp(address.bytes, again.bytes, sizeof again.bytes) == 0 && address.port == again.port);
  REQUIRE(strcmp(address.zone, again.zone) == 0);
  weir_address_format_ip(&address, whole, sizeof whole);
  REQUIRE(weir_is_ip(whole) == address.family);
}

/* The first address of a rule's text is on the list, as the rule blocks it. */
static void check_first_is_blocked(const weir_block_list *list, const char *rule) {
  char first[WEIR_RULE_TEXT_BYTES];
  weir_address address;
  strcpy(first, strrchr(rule, ' ') + 1);
  first[strcspn(first, "-/")] = '\0';
  REQUIRE(weir_address_parse(first, &address) == WEIR_OK && weir_block_list_check(list, &address));
}

static void check_rule(const char *text) {
  weir_block_list *list;
  REQUIRE(weir_block_list_create(NULL, &list) == WEIR_OK);
  weir_code code = weir_block_list_add(list, text);
  REQUIRE(code == WEIR_OK || code == WEIR_EINVAL);
  REQUIRE(weir_block_list_count(list) == (code == WEIR_OK));
  REQUIRE(weir_block_list_remove(list, text) == code && weir_block_list_count(list) == 0);
  if (code == WEIR_OK) {
    char whole[WEIR_RULE_TEXT_BYTES], again[WEIR_RULE_TEXT_BYTES];
    REQUIRE(weir_block_list_add(list, text) == WEIR_OK);
    REQUIRE(weir_block_list_rule(list, 0, whole, sizeof whole) < sizeof whole);
    REQUIRE(weir_block_list_add(list, whole) == WEIR_OK);
    REQUIRE(weir_block_list_rule(list, 0, again, sizeof again) == strlen(whole) && strcmp(whole, again) == 0);
    check_first_is_blocked(list, whole);
    REQUIRE(weir_block_list_remove(list, whole) == WEIR_OK && weir_block_list_count(list) == 0);
  }
  weir_block_list_release(list);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length) {
  if (length < 2) return 0;
  size_t text_bytes = length - 2;
  char *text = malloc(text_bytes + 1);
  REQUIRE(text != NULL);
  for (size_t i = 0; i < text_bytes; i++) {
    uint8_t byte = bytes[2 + i];
    text[i] = bytes[0] % 2 == 0 ? (char)byte : letters[byte % (sizeof letters - 1)];
  }
  text[text_bytes] = '\0';
  /* A text of exactly its size, so that nothing behind it can be read unnoticed. */
  size_t text_length = strlen(text);
  memmove(text + text_bytes - text_length, text, text_length + 1);
  const char *exact = text + text_bytes - text_length;
  check_ip(exact, text_length);
  check_address(exact, bytes[1] % (WEIR_ADDRESS_TEXT_BYTES + 2));
  check_rule(exact);
  free(text);
  return 0;
}
