/* SPDX-License-Identifier: MIT */
/*
 * The text of an IP address and its bytes, one into the other. Not ports, and not endpoints: what a user may write
 * where a server is expected is the business of address.h.
 */
#ifndef WEIR_COMMON_ADDRESS_IP_H
#define WEIR_COMMON_ADDRESS_IP_H

#include <stdbool.h>
#include <stddef.h>

#include <weir/address.h>

enum { IPV4_BYTES = 4, IPV6_BYTES = 16 };

/* Room for the longest text of an address without a zone, its zero included: eight groups of four digits. */
enum { IP_TEXT_BYTES = 8 * 5 };

/* What a text was understood as. The zone is lent by the text: `zone_length` bytes, 0 when there is none. */
struct ip {
  weir_family family;
  unsigned char bytes[IPV6_BYTES];
  const char *zone;
  size_t zone_length;
};

/* Understands a text that is an IP address from its first to its last byte, as weir_is_ip does. */
bool ip_parse(const char *text, size_t length, struct ip *ip);

/* Writes an address of either family, terminated, and returns its length. */
size_t ip_format(weir_family family, const unsigned char *bytes, char text[IP_TEXT_BYTES]);

/* Reads decimal digits without a leading zero, and nothing else, up to a maximum. */
bool ip_parse_number(const char *text, size_t length, unsigned maximum, unsigned *number);

/* Whether the 16 bytes are those of an IPv4-mapped address, ::ffff:0:0/96. */
bool ip_is_mapped(const unsigned char bytes[IPV6_BYTES]);

/* The 16 bytes of an address of either family; an IPv4 address becomes IPv4-mapped. */
void ip_map(weir_family family, const unsigned char *bytes, unsigned char mapped[IPV6_BYTES]);

#endif
