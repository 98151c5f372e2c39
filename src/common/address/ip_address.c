/* SPDX-License-Identifier: MIT */
/*
 * weir_address: an IP address, its zone, and a port. The text of the address itself is read and written in ip.c.
 */
#include <weir/address.h>

#include <assert.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "common/address/ip.h"

/* "[", address, "%", zone, "]:", five digits; the zeros that the constants count make one. */
_Static_assert(1 + (IP_TEXT_BYTES - 1) + 1 + (WEIR_ZONE_BYTES - 1) + 2 + 5 + 1 == WEIR_ADDRESS_TEXT_BYTES,
               "the longest text just fits");

weir_family weir_is_ip(const char *text) {
  struct ip ip;
  return text != NULL && ip_parse(text, strlen(text), &ip) ? ip.family : WEIR_FAMILY_NONE;
}

bool weir_is_ipv4(const char *text) { return weir_is_ip(text) == WEIR_FAMILY_IPV4; }

bool weir_is_ipv6(const char *text) { return weir_is_ip(text) == WEIR_FAMILY_IPV6; }

static bool is_port(int port) { return port >= 0 && port <= UINT16_MAX; }

/* Expects an address that is all zero, and leaves it so on an error. */
static weir_code set_address(weir_address *address, const char *ip_text, size_t length, int port) {
  struct ip ip;
  if (!ip_parse(ip_text, length, &ip)) return WEIR_EINVAL;
  if (ip.zone_length >= sizeof address->zone) return WEIR_ENAMETOOLONG;
  address->family = ip.family;
  address->port = port;
  memcpy(address->bytes, ip.bytes, sizeof address->bytes);
  if (ip.zone_length > 0) memcpy(address->zone, ip.zone, ip.zone_length);
  return WEIR_OK;
}

weir_code weir_address_make(const char *ip, int port, weir_address *address) {
  memset(address, 0, sizeof *address);
  if (ip == NULL || (!is_port(port) && port != WEIR_NO_PORT)) return WEIR_EINVAL;
  return set_address(address, ip, strlen(ip), port);
}

/* Reads what comes after an address: nothing, or a colon and a port. */
static bool parse_port(const char *text, int *port) {
  unsigned number;
  *port = WEIR_NO_PORT;
  if (text[0] == '\0') return true;
  if (text[0] != ':' || !ip_parse_number(text + 1, strlen(text + 1), UINT16_MAX, &number)) return false;
  *port = (int)number;
  return true;
}

static weir_code parse_bracketed(const char *text, weir_address *address) {
  const char *ip = text + 1;
  const char *bracket = strchr(ip, ']');
  int port;
  if (bracket == NULL || memchr(ip, ':', (size_t)(bracket - ip)) == NULL) return WEIR_EINVAL;
  if (!parse_port(bracket + 1, &port)) return WEIR_EINVAL;
  return set_address(address, ip, (size_t)(bracket - ip), port);
}

weir_code weir_address_parse(const char *text, weir_address *address) {
  memset(address, 0, sizeof *address);
  if (text == NULL) return WEIR_EINVAL;
  if (text[0] == '[') return parse_bracketed(text, address);
  /* One colon begins a port; several are an IPv6 address, which has its port behind brackets. */
  size_t length = strcspn(text, ":");
  if (strchr(text + length, ':') != strrchr(text, ':')) length = strlen(text);
  int port;
  if (!parse_port(text + length, &port)) return WEIR_EINVAL;
  return set_address(address, text, length, port);
}

/* A zone of a program's own making might not be terminated. */
static int zone_length(const weir_address *address) {
  const char *end = memchr(address->zone, '\0', WEIR_ZONE_BYTES - 1);
  return address->family != WEIR_FAMILY_IPV6 ? 0 : end == NULL ? WEIR_ZONE_BYTES - 1 : (int)(end - address->zone);
}

static size_t format_with_port(const weir_address *address, int port, char *text, size_t size) {
  char ip[IP_TEXT_BYTES] = "", suffix[sizeof ":65535"] = "", whole[WEIR_ADDRESS_TEXT_BYTES];
  bool is_bracketed = is_port(port) && address->family == WEIR_FAMILY_IPV6;
  int zone_bytes = zone_length(address);
  if (address->family != WEIR_FAMILY_NONE) {
    ip_format(address->family, address->bytes, ip);
    if (is_port(port)) snprintf(suffix, sizeof suffix, ":%u", (unsigned)port & UINT16_MAX);
  }
  int length = snprintf(whole, sizeof whole, "%s%s%s%.*s%s%s", is_bracketed ? "[" : "", ip, zone_bytes > 0 ? "%" : "",
                        zone_bytes, address->zone, is_bracketed ? "]" : "", suffix);
  assert(length >= 0 && (size_t)length < sizeof whole);
  if (size > 0) snprintf(text, size, "%s", whole);
  return (size_t)length;
}

size_t weir_address_format(const weir_address *address, char *text, size_t size) {
  return format_with_port(address, address->port, text, size);
}

size_t weir_address_format_ip(const weir_address *address, char *text, size_t size) {
  return format_with_port(address, WEIR_NO_PORT, text, size);
}

bool weir_address_equal(const weir_address *a, const weir_address *b) {
  char texts[2][WEIR_ADDRESS_TEXT_BYTES];
  weir_address_format(a, texts[0], sizeof texts[0]);
  weir_address_format(b, texts[1], sizeof texts[1]);
  return strcmp(texts[0], texts[1]) == 0;
}
