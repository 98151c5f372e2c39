/* SPDX-License-Identifier: MIT */
/**
 * @file
 * IP addresses: telling them from names, reading and printing them, and their ports.
 *
 * Nothing here asks the system: names are not looked up, and the zone of an IPv6 address stays the text that it is.
 *
 * | written              | means                                                                                      |
 * | -------------------- | ------------------------------------------------------------------------------------------ |
 * | `1.2.3.4`            | an IPv4 address: four decimal numbers without leading zeros                                |
 * | `::1`                | an IPv6 address, in upper or lower case; its last 32 bits may be written as in IPv4        |
 * | `fe80::1%eth0`       | the same in a zone: an interface's name or number of letters, digits, `-`, `.` and `:`     |
 * | `1.2.3.4:80`         | an IPv4 address and a port: 0 to 65,535 without leading zeros                              |
 * | `[fe80::1%eth0]:80`  | an IPv6 address and a port; the brackets may also stand without one                        |
 *
 * Behind an IPv6 address a port needs the brackets: without them it would be read as part of the address or its zone.
 * Nothing else is an address: no blanks, no prefix length, no octal or hexadecimal IPv4 numbers, no fewer than four.
 */
#ifndef WEIR_ADDRESS_H
#define WEIR_ADDRESS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <weir/error.h>
#include <weir/export.h>

#ifdef __cplusplus
extern "C" {
#endif

/** The port of an address that has none. */
#define WEIR_NO_PORT (-1)

/** Room for a zone, its zero included. */
#define WEIR_ZONE_BYTES 16

/** Room for the text of any address, its zero included. */
#define WEIR_ADDRESS_TEXT_BYTES 64

/** A kind of IP address. The numbers are those of `weir_is_ip`. */
typedef enum weir_family {
  WEIR_FAMILY_NONE = 0, /**< No IP address. */
  WEIR_FAMILY_IPV4 = 4, /**< IPv4. */
  WEIR_FAMILY_IPV6 = 6  /**< IPv6. */
} weir_family;

/** An IP address, perhaps with a port. A value: copy it as you like; all zero it is no address. */
typedef struct weir_address {
  weir_family family;         /**< Which kind; `WEIR_FAMILY_NONE`: no address, and nothing else counts. */
  int port;                   /**< 0 to 65,535, or `WEIR_NO_PORT`. */
  uint32_t flow_label;        /**< The 20 bits of IPv6's flow label, 0 as a rule; not part of any text. */
  unsigned char bytes[16];    /**< The address in network order: 4 bytes and zeros, or 16. */
  char zone[WEIR_ZONE_BYTES]; /**< IPv6's zone without its percent sign, terminated; "" when there is none. */
} weir_address;

/**
 * Which kind of IP address a text is: 4, 6, or 0 when it is none. A zone of any length is allowed, ports and brackets
 * are not. NULL is none.
 *
 * **Thread:** any.
 */
WEIR_API weir_family weir_is_ip(const char *text);

/** Whether a text is an IPv4 address. **Thread:** any. */
WEIR_API bool weir_is_ipv4(const char *text);

/** Whether a text is an IPv6 address, perhaps with a zone. **Thread:** any. */
WEIR_API bool weir_is_ipv6(const char *text);

/**
 * Makes an address of an IP address's text and a port, which may be `WEIR_NO_PORT`.
 *
 * **Errors:** `WEIR_EINVAL` for what `weir_is_ip` does not know and for a port out of range, `WEIR_ENAMETOOLONG` for a
 * zone that has no room; then `*address` is all zero. **Thread:** any.
 */
WEIR_API weir_code weir_address_make(const char *ip, int port, weir_address *address);

/**
 * Reads an address in any of the forms above; without a port in the text it has `WEIR_NO_PORT`.
 *
 * **Errors:** `WEIR_EINVAL` for any other text and for NULL, `WEIR_ENAMETOOLONG` for a zone that has no room; then
 * `*address` is all zero. **Thread:** any.
 */
WEIR_API weir_code weir_address_parse(const char *text, weir_address *address);

/**
 * Writes an address so that `weir_address_parse` reads it as equal: `1.2.3.4`, `1.2.3.4:80`, `fe80::1%eth0`,
 * `[fe80::1%eth0]:80`. IPv6 is written as RFC 5952 recommends, with the end of IPv4-mapped addresses in IPv4's form.
 * No address is "".
 *
 * **Owns:** the caller owns `text`; it is always terminated when `size` is not 0.
 * **Errors:** returns the length of the whole text, which was cut when it is not less than `size`; that cannot happen
 * with `WEIR_ADDRESS_TEXT_BYTES`. **Thread:** any.
 */
WEIR_API size_t weir_address_format(const weir_address *address, char *text, size_t size);

/**
 * Writes an address without its port: `1.2.3.4`, `fe80::1%eth0`.
 *
 * **Owns:** as `weir_address_format`. **Errors:** as `weir_address_format`. **Thread:** any.
 */
WEIR_API size_t weir_address_format_ip(const weir_address *address, char *text, size_t size);

/**
 * Whether two addresses are of one kind and have the same number, zone and port; that is, whether their texts are the
 * same. The flow label does not count. An IPv4-mapped IPv6 address is not equal to the IPv4 address.
 *
 * **Thread:** any.
 */
WEIR_API bool weir_address_equal(const weir_address *a, const weir_address *b);

#ifdef __cplusplus
}
#endif

#endif
