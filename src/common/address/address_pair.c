/* SPDX-License-Identifier: MIT */
#include "common/address/address_pair.h"

#include <stddef.h>
#include <string.h>

#include "common/address/ip.h"

/* A zone names an interface, which is the same for both ends; the block is cut in front of it when there is none. */
struct ipv6_pair {
  unsigned char local[IPV6_BYTES];
  unsigned char remote[IPV6_BYTES];
  bool zone_is_of_local;
  bool zone_is_of_remote;
  char zone[WEIR_ZONE_BYTES];
};

enum { MAPPED_PREFIX_BYTES = IPV6_BYTES - IPV4_BYTES };

static bool has_zone(const weir_address *address) { return address->zone[0] != '\0'; }

static bool is_short(const weir_address *address) {
  return address->family == WEIR_FAMILY_IPV4 || (ip_is_mapped(address->bytes) && !has_zone(address));
}

/* The four bytes that say everything of an address for which is_short holds. */
static const unsigned char *short_bytes(const weir_address *address) {
  return address->family == WEIR_FAMILY_IPV4 ? address->bytes : address->bytes + MAPPED_PREFIX_BYTES;
}

static void keep_short(struct address_pair *pair, const weir_address *local, const weir_address *remote) {
  pair->form = remote->family == WEIR_FAMILY_IPV4 ? PAIR_IPV4 : PAIR_MAPPED;
  memcpy(pair->ipv4.remote, short_bytes(remote), IPV4_BYTES);
  if (pair->has_local) memcpy(pair->ipv4.local, short_bytes(local), IPV4_BYTES);
}

static void keep_ipv6(struct address_pair *pair, const weir_allocator *allocator, const weir_address *local,
                      const weir_address *remote) {
  const weir_address *zoned = has_zone(remote) ? remote : local;
  bool any_zone = has_zone(remote) || (pair->has_local && has_zone(local));
  struct ipv6_pair *ipv6 = memory_get(allocator, any_zone ? sizeof *ipv6 : offsetof(struct ipv6_pair, zone));
  if (ipv6 == NULL) return;
  memcpy(ipv6->remote, remote->bytes, IPV6_BYTES);
  if (pair->has_local) memcpy(ipv6->local, local->bytes, IPV6_BYTES);
  ipv6->zone_is_of_remote = has_zone(remote);
  ipv6->zone_is_of_local = pair->has_local && has_zone(local);
  if (any_zone) memcpy(ipv6->zone, zoned->zone, WEIR_ZONE_BYTES);
  pair->form = PAIR_IPV6;
  pair->ipv6 = ipv6;
}

void address_pair_set(struct address_pair *pair, const weir_allocator *allocator, const weir_address *local,
                      const weir_address *remote) {
  address_pair_clear(pair, allocator);
  if (remote->family == WEIR_FAMILY_NONE) return;
  bool fits = local->family == remote->family;
  pair->has_local = fits;
  pair->remote_port = (uint16_t)remote->port;
  pair->local_port = (uint16_t)local->port;
  if (is_short(remote) && (!fits || is_short(local))) {
    keep_short(pair, local, remote);
  } else {
    keep_ipv6(pair, allocator, local, remote);
  }
}

void address_pair_clear(struct address_pair *pair, const weir_allocator *allocator) {
  if (pair->form == PAIR_IPV6) memory_put(allocator, pair->ipv6);
  memset(pair, 0, sizeof *pair);
}

static void give_short(const struct address_pair *pair, const unsigned char bytes[IPV4_BYTES], weir_address *address) {
  if (pair->form == PAIR_IPV4) {
    address->family = WEIR_FAMILY_IPV4;
    memcpy(address->bytes, bytes, IPV4_BYTES);
  } else {
    address->family = WEIR_FAMILY_IPV6;
    ip_map(WEIR_FAMILY_IPV4, bytes, address->bytes);
  }
}

static void give_ipv6(const unsigned char bytes[IPV6_BYTES], const char *zone, weir_address *address) {
  address->family = WEIR_FAMILY_IPV6;
  memcpy(address->bytes, bytes, IPV6_BYTES);
  if (zone != NULL) memcpy(address->zone, zone, WEIR_ZONE_BYTES);
}

bool address_pair_local(const struct address_pair *pair, weir_address *address) {
  memset(address, 0, sizeof *address);
  if (pair->form == PAIR_EMPTY || !pair->has_local) return false;
  address->port = pair->local_port;
  if (pair->form == PAIR_IPV6) {
    give_ipv6(pair->ipv6->local, pair->ipv6->zone_is_of_local ? pair->ipv6->zone : NULL, address);
  } else {
    give_short(pair, pair->ipv4.local, address);
  }
  return true;
}

bool address_pair_remote(const struct address_pair *pair, weir_address *address) {
  memset(address, 0, sizeof *address);
  if (pair->form == PAIR_EMPTY) return false;
  address->port = pair->remote_port;
  if (pair->form == PAIR_IPV6) {
    give_ipv6(pair->ipv6->remote, pair->ipv6->zone_is_of_remote ? pair->ipv6->zone : NULL, address);
  } else {
    give_short(pair, pair->ipv4.remote, address);
  }
  return true;
}
