/* SPDX-License-Identifier: MIT */
/*
 * The two addresses of a TCP connection in little room, because every idle connection pays for them: 16 bytes for IPv4
 * and for IPv4 clients of an IPv6 server, one small block more for IPv6. All zero it is empty. Flow labels are not
 * kept.
 */
#ifndef WEIR_COMMON_ADDRESS_ADDRESS_PAIR_H
#define WEIR_COMMON_ADDRESS_ADDRESS_PAIR_H

#include <stdbool.h>
#include <stdint.h>

#include <weir/address.h>

#include "common/base/memory.h"

enum pair_form { PAIR_EMPTY, PAIR_IPV4, PAIR_MAPPED, PAIR_IPV6 };

struct ipv6_pair;

struct address_pair {
  union {
    struct {
      unsigned char local[4];
      unsigned char remote[4];
    } ipv4;                 /* IPV4, and MAPPED: the last four bytes */
    struct ipv6_pair *ipv6; /* IPV6 */
  };
  uint16_t local_port;
  uint16_t remote_port;
  uint8_t form; /* enum pair_form */
  bool has_local;
};

/*
 * Keeps both; a local one of no family, or of another family than the remote one, is not kept. What was there before is
 * gone. Without memory it is empty afterwards.
 */
void address_pair_set(struct address_pair *pair, const weir_allocator *allocator, const weir_address *local,
                      const weir_address *remote);

/* Empties it. */
void address_pair_clear(struct address_pair *pair, const weir_allocator *allocator);

/* Gives one back; false, and an address of no family, when there is none. */
bool address_pair_local(const struct address_pair *pair, weir_address *address);
bool address_pair_remote(const struct address_pair *pair, weir_address *address);

#endif
