/* SPDX-License-Identifier: MIT */
/*
 * Written here and not asked of the system, so that every system gives the same answer: inet_aton takes octal and
 * missing numbers, and POSIX's inet_pton knows no zones.
 */
#include "common/address/ip.h"

#include <assert.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

enum { GROUP_COUNT = IPV6_BYTES / 2, GROUP_DIGITS_MAX = 4 };

static const unsigned char mapped_prefix[IPV6_BYTES - IPV4_BYTES] = {[10] = 0xFF, [11] = 0xFF};

bool ip_is_mapped(const unsigned char bytes[IPV6_BYTES]) {
  return memcmp(bytes, mapped_prefix, sizeof mapped_prefix) == 0;
}

void ip_map(weir_family family, const unsigned char *bytes, unsigned char mapped[IPV6_BYTES]) {
  if (family == WEIR_FAMILY_IPV6) {
    memcpy(mapped, bytes, IPV6_BYTES);
    return;
  }
  memcpy(mapped, mapped_prefix, sizeof mapped_prefix);
  memcpy(mapped + sizeof mapped_prefix, bytes, IPV4_BYTES);
}

/* How many bytes come before the first `byte`: all, when there is none. */
static size_t span_until(const char *text, size_t length, char byte) {
  size_t span = 0;
  while (span < length && text[span] != byte) span++;
  return span;
}

bool ip_parse_number(const char *text, size_t length, unsigned maximum, unsigned *number) {
  assert(maximum <= UINT16_MAX);
  if (length == 0 || (length > 1 && text[0] == '0')) return false;
  *number = 0;
  for (size_t i = 0; i < length; i++) {
    if (text[i] < '0' || text[i] > '9') return false;
    *number = *number * 10 + (unsigned)(text[i] - '0');
    if (*number > maximum) return false;
  }
  return true;
}

static bool parse_ipv4(const char *text, size_t length, unsigned char bytes[IPV4_BYTES]) {
  size_t at = 0;
  for (size_t i = 0; i < IPV4_BYTES; i++) {
    if (i > 0 && (at == length || text[at++] != '.')) return false;
    size_t digits = span_until(text + at, length - at, '.');
    unsigned number;
    if (!ip_parse_number(text + at, digits, UINT8_MAX, &number)) return false;
    bytes[i] = (unsigned char)number;
    at += digits;
  }
  return at == length;
}

/* ASCII only: the C library's functions would ask the locale. Minus one: no such digit. */
static int hex_digit(char byte) {
  if (byte >= '0' && byte <= '9') return byte - '0';
  if (byte >= 'a' && byte <= 'f') return byte - 'a' + 10;
  if (byte >= 'A' && byte <= 'F') return byte - 'A' + 10;
  return -1;
}

/* An IPv6 address while it is read: the bytes by now, and how many of them came before "::". */
struct groups {
  unsigned char bytes[IPV6_BYTES];
  size_t count;
  size_t gap;
};

enum { NO_GAP = IPV6_BYTES + 1 };

static bool add_group(struct groups *groups, const char *text, size_t length) {
  if (length == 0 || length > GROUP_DIGITS_MAX || groups->count + 2 > IPV6_BYTES) return false;
  unsigned value = 0;
  for (size_t i = 0; i < length; i++) {
    int digit = hex_digit(text[i]);
    if (digit < 0) return false;
    value = value << 4 | (unsigned)digit;
  }
  groups->bytes[groups->count++] = (unsigned char)(value >> 8);
  groups->bytes[groups->count++] = (unsigned char)(value & 0xFF);
  return true;
}

static bool add_last_as_ipv4(struct groups *groups, const char *text, size_t length) {
  if (groups->count + IPV4_BYTES > IPV6_BYTES) return false;
  if (!parse_ipv4(text, length, groups->bytes + groups->count)) return false;
  groups->count += IPV4_BYTES;
  return true;
}

/* Reads what comes after a leading "::", or everything. */
static bool add_groups(struct groups *groups, const char *text, size_t length) {
  for (size_t at = 0; at < length;) {
    size_t digits = span_until(text + at, length - at, ':');
    bool is_last = at + digits == length;
    if (is_last && memchr(text + at, '.', digits) != NULL) return add_last_as_ipv4(groups, text + at, digits);
    if (!add_group(groups, text + at, digits)) return false;
    if (is_last) return true;
    at += digits + 1;
    if (at == length) return false;
    if (text[at] != ':') continue;
    if (groups->gap != NO_GAP) return false;
    groups->gap = groups->count;
    at++;
  }
  return true;
}

/* Moves what came after "::" to the end. The two colons stand for one group at least. */
static bool close_gap(const struct groups *groups, unsigned char bytes[IPV6_BYTES]) {
  if (groups->gap == NO_GAP) {
    memcpy(bytes, groups->bytes, IPV6_BYTES);
    return groups->count == IPV6_BYTES;
  }
  if (groups->count == IPV6_BYTES) return false;
  size_t after = groups->count - groups->gap;
  memset(bytes, 0, IPV6_BYTES);
  memcpy(bytes, groups->bytes, groups->gap);
  memcpy(bytes + IPV6_BYTES - after, groups->bytes + groups->gap, after);
  return true;
}

static bool parse_ipv6(const char *text, size_t length, unsigned char bytes[IPV6_BYTES]) {
  struct groups groups = {.gap = NO_GAP};
  if (length >= 2 && text[0] == ':' && text[1] == ':') {
    groups.gap = 0;
    text += 2;
    length -= 2;
  }
  return add_groups(&groups, text, length) && close_gap(&groups, bytes);
}

static bool is_zone_byte(char byte) {
  return (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z') || (byte >= '0' && byte <= '9') || byte == '-' ||
         byte == '.' || byte == ':';
}

static bool is_zone(const char *text, size_t length) {
  for (size_t i = 0; i < length; i++) {
    if (!is_zone_byte(text[i])) return false;
  }
  return length > 0;
}

bool ip_parse(const char *text, size_t length, struct ip *ip) {
  memset(ip, 0, sizeof *ip);
  ip->family = WEIR_FAMILY_IPV4;
  if (parse_ipv4(text, length, ip->bytes)) return true;
  size_t before_zone = span_until(text, length, '%');
  if (before_zone < length) {
    ip->zone = text + before_zone + 1;
    ip->zone_length = length - before_zone - 1;
    if (!is_zone(ip->zone, ip->zone_length)) return false;
  }
  ip->family = WEIR_FAMILY_IPV6;
  return parse_ipv6(text, before_zone, ip->bytes);
}

static size_t format_ipv4(const unsigned char bytes[IPV4_BYTES], char *text, size_t size) {
  return (size_t)snprintf(text, size, "%u.%u.%u.%u", (unsigned)bytes[0], (unsigned)bytes[1], (unsigned)bytes[2],
                          (unsigned)bytes[3]);
}

static unsigned group_at(const unsigned char *bytes, size_t index) {
  return (unsigned)bytes[2 * index] << 8 | (unsigned)bytes[2 * index + 1];
}

/* The first of the longest runs of zero groups; a single group is none (RFC 5952, section 4.2). */
static size_t find_zeros(const unsigned char *bytes, size_t *first) {
  size_t longest = 1;
  *first = GROUP_COUNT;
  for (size_t start = 0; start < GROUP_COUNT; start++) {
    size_t end = start;
    while (end < GROUP_COUNT && group_at(bytes, end) == 0) end++;
    if (end - start <= longest) continue;
    longest = end - start;
    *first = start;
  }
  return longest;
}

static size_t format_ipv6(const unsigned char bytes[IPV6_BYTES], char *text, size_t size) {
  if (ip_is_mapped(bytes)) {
    static const char prefix[] = "::ffff:";
    memcpy(text, prefix, sizeof prefix);
    size_t length = sizeof prefix - 1;
    return length + format_ipv4(bytes + sizeof mapped_prefix, text + length, size - length);
  }
  size_t first_zero;
  size_t zeros = find_zeros(bytes, &first_zero);
  size_t length = 0;
  for (size_t i = 0; i < GROUP_COUNT;) {
    bool is_gap = i == first_zero;
    bool is_after_gap = i > 0 && i == first_zero + zeros;
    if (is_gap) {
      length += (size_t)snprintf(text + length, size - length, "::");
      i += zeros;
    } else {
      const char *colon = i == 0 || is_after_gap ? "" : ":";
      length += (size_t)snprintf(text + length, size - length, "%s%x", colon, group_at(bytes, i));
      i++;
    }
  }
  return length;
}

size_t ip_format(weir_family family, const unsigned char *bytes, char text[IP_TEXT_BYTES]) {
  assert(family != WEIR_FAMILY_NONE);
  return family == WEIR_FAMILY_IPV4 ? format_ipv4(bytes, text, IP_TEXT_BYTES) : format_ipv6(bytes, text, IP_TEXT_BYTES);
}
