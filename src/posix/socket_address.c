/* SPDX-License-Identifier: MIT */
/*
 * An address as the system wants it. Nothing is ever cut: common refuses what is too long.
 *
 * The zone of an IPv6 address is text in Weir and the number of an interface in the system.
 */
#define _DEFAULT_SOURCE 1

#include "posix/socket_address.h"

#include <assert.h>
#include <errno.h>
#include <net/if.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "posix/os.h"

_Static_assert(WEIR_ZONE_BYTES >= IF_NAMESIZE, "the name of every interface is a possible zone");

/* ---- local names ---- */

/* A path that fills sun_path has no zero; systems go by the length (seen on Linux; xnu and the BSDs copy by it). */
static void set_path(struct socket_address *made, const char *text, size_t length) {
  assert(length > 0 && length <= sizeof made->local.sun_path);
  memcpy(made->local.sun_path, text, length);
  size_t zero = length < sizeof made->local.sun_path ? 1 : 0;
  made->length = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + length + zero);
}

/* The length counts: "x" and "x\0" are two names. */
static void set_abstract(struct socket_address *made, const char *text, size_t length) {
  assert(length < sizeof made->local.sun_path);
  memcpy(made->local.sun_path + 1, text, length);
  made->length = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + 1 + length);
}

struct socket_address socket_address_of_name(const struct address *address) {
  struct socket_address made;
  memset(&made, 0, sizeof made);
  made.local.sun_family = AF_UNIX;
  if (address->kind == ADDRESS_ABSTRACT) {
    set_abstract(&made, address->text, address->length);
  } else {
    assert(address->kind == ADDRESS_PATH);
    set_path(&made, address->text, address->length);
  }
  return made;
}

static void read_name(const struct socket_address *native, struct address *address) {
  size_t header = offsetof(struct sockaddr_un, sun_path);
  const char *text = native->local.sun_path;
  if (native->length <= header) return;
  size_t length = native->length - header;
  if (length > sizeof native->local.sun_path) length = sizeof native->local.sun_path;
  if (text[0] == '\0') {
    address_set(address, ADDRESS_ABSTRACT, text + 1, length - 1);
  } else {
    address_set(address, ADDRESS_PATH, text, strnlen(text, length));
  }
}

/* ---- IP addresses ---- */

/* A name, or else the number itself. */
static struct failure find_interface(const char *zone, uint32_t *number) {
  *number = 0;
  if (zone[0] == '\0') return failure_none();
  *number = os_interface_number(zone);
  if (*number != 0) return failure_none();
  if (errno != ENODEV && errno != ENXIO) return failure_of(errno, HINT_NONE);
  char *end;
  unsigned long given = strtoul(zone, &end, 10);
  bool is_number = zone[0] >= '0' && zone[0] <= '9' && *end == '\0' && given > 0 && given <= UINT32_MAX;
  if (!is_number) return failure_of(EADDRNOTAVAIL, HINT_ZONE_UNKNOWN);
  *number = (uint32_t)given;
  return failure_none();
}

static struct failure set_ipv6(struct socket_address *made, const weir_address *ip, in_port_t port) {
  uint32_t number;
  struct failure failure = find_interface(ip->zone, &number);
  made->length = sizeof made->ipv6;
  made->ipv6.sin6_family = AF_INET6;
  made->ipv6.sin6_port = port;
  made->ipv6.sin6_flowinfo = htonl(ip->flow_label);
  made->ipv6.sin6_scope_id = number;
  memcpy(&made->ipv6.sin6_addr, ip->bytes, sizeof made->ipv6.sin6_addr);
  return failure;
}

struct failure socket_address_of_ip(const weir_address *ip, struct socket_address *made) {
  assert(ip->family != WEIR_FAMILY_NONE);
  in_port_t port = htons(ip->port == WEIR_NO_PORT ? 0 : (uint16_t)ip->port);
  memset(made, 0, sizeof *made);
  if (ip->family == WEIR_FAMILY_IPV6) return set_ipv6(made, ip, port);
  made->length = sizeof made->ipv4;
  made->ipv4.sin_family = AF_INET;
  made->ipv4.sin_port = port;
  memcpy(&made->ipv4.sin_addr, ip->bytes, sizeof made->ipv4.sin_addr);
  return failure_none();
}

/* An interface may be gone, or its name may hold what no zone may: then its number stands for it. */
static void read_zone(uint32_t number, char zone[WEIR_ZONE_BYTES]) {
  if (number == 0) return;
  char name[IF_NAMESIZE];
  char text[sizeof "::%" + IF_NAMESIZE];
  bool is_named = os_interface_name(number, name) == 0;
  if (is_named) snprintf(text, sizeof text, "::%%%s", name);
  if (is_named && weir_is_ipv6(text)) {
    snprintf(zone, WEIR_ZONE_BYTES, "%s", name);
  } else {
    snprintf(zone, WEIR_ZONE_BYTES, "%lu", (unsigned long)number);
  }
}

void socket_address_read_ip(const struct socket_address *native, weir_address *ip) {
  assert(socket_address_is_ip(native));
  memset(ip, 0, sizeof *ip);
  if (native->any.sa_family == AF_INET) {
    ip->family = WEIR_FAMILY_IPV4;
    ip->port = ntohs(native->ipv4.sin_port);
    memcpy(ip->bytes, &native->ipv4.sin_addr, sizeof native->ipv4.sin_addr);
    return;
  }
  ip->family = WEIR_FAMILY_IPV6;
  ip->port = ntohs(native->ipv6.sin6_port);
  ip->flow_label = ntohl(native->ipv6.sin6_flowinfo);
  memcpy(ip->bytes, &native->ipv6.sin6_addr, sizeof ip->bytes);
  read_zone(native->ipv6.sin6_scope_id, ip->zone);
}

/* ---- whatever the system gives ---- */

void socket_address_read(const struct socket_address *native, struct address *address) {
  address_set(address, ADDRESS_NONE, "", 0);
  if (native->any.sa_family == AF_UNIX) {
    read_name(native, address);
  } else if (socket_address_is_ip(native)) {
    weir_address ip;
    socket_address_read_ip(native, &ip);
    address_set_ip(address, &ip);
  }
}
