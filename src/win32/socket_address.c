/* SPDX-License-Identifier: MIT */
#include "win32/socket_address.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- to the system ---- */

/* A zone is an interface's name or its number; 0: it is neither. */
static uint32_t scope_of(const char *zone) {
  uint32_t index = os_interface_index(zone);
  char *end;
  unsigned long number = strtoul(zone, &end, 10);
  bool is_number = zone[0] >= '0' && zone[0] <= '9' && *end == '\0';
  return index == 0 && is_number ? (uint32_t)number : index;
}

static DWORD make_ipv6(const weir_address *address, struct socket_address *made) {
  made->length = sizeof made->ipv6;
  made->ipv6.sin6_family = AF_INET6;
  made->ipv6.sin6_port = htons((u_short)address->port);
  made->ipv6.sin6_flowinfo = htonl(address->flow_label);
  memcpy(&made->ipv6.sin6_addr, address->bytes, sizeof made->ipv6.sin6_addr);
  if (address->zone[0] == '\0') return ERROR_SUCCESS;
  made->ipv6.sin6_scope_id = scope_of(address->zone);
  return made->ipv6.sin6_scope_id != 0 ? ERROR_SUCCESS : ERROR_DEV_NOT_EXIST;
}

DWORD socket_address_make(const weir_address *address, struct socket_address *made) {
  memset(made, 0, sizeof *made);
  if (address->family == WEIR_FAMILY_IPV6) return make_ipv6(address, made);
  made->length = sizeof made->ipv4;
  made->ipv4.sin_family = AF_INET;
  made->ipv4.sin_port = htons((u_short)address->port);
  memcpy(&made->ipv4.sin_addr, address->bytes, sizeof made->ipv4.sin_addr);
  return ERROR_SUCCESS;
}

struct socket_address socket_address_any(int family) {
  struct socket_address any;
  memset(&any, 0, sizeof any);
  any.length = family == AF_INET6 ? (int)sizeof any.ipv6 : (int)sizeof any.ipv4;
  any.native.sa_family = (ADDRESS_FAMILY)family;
  return any;
}

void socket_address_aim(struct socket_address *address) {
  if (address->native.sa_family == AF_INET) {
    if (address->ipv4.sin_addr.s_addr == htonl(INADDR_ANY)) address->ipv4.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  } else if (IN6_IS_ADDR_UNSPECIFIED(&address->ipv6.sin6_addr)) {
    address->ipv6.sin6_addr.s6_addr[15] = 1;
  }
}

bool socket_address_is_loopback(const struct socket_address *address) {
  if (address->native.sa_family == AF_INET) return (ntohl(address->ipv4.sin_addr.s_addr) >> 24) == 127;
  return IN6_IS_ADDR_LOOPBACK(&address->ipv6.sin6_addr);
}

/* ---- from the system ---- */

weir_address socket_address_read(const struct sockaddr *native) {
  weir_address address = {.family = WEIR_FAMILY_NONE};
  if (native->sa_family == AF_INET) {
    const struct sockaddr_in *ipv4 = (const void *)native;
    address.family = WEIR_FAMILY_IPV4;
    address.port = ntohs(ipv4->sin_port);
    memcpy(address.bytes, &ipv4->sin_addr, sizeof ipv4->sin_addr);
  } else if (native->sa_family == AF_INET6) {
    const struct sockaddr_in6 *ipv6 = (const void *)native;
    address.family = WEIR_FAMILY_IPV6;
    address.port = ntohs(ipv6->sin6_port);
    address.flow_label = ntohl(ipv6->sin6_flowinfo) & 0xfffffU;
    memcpy(address.bytes, &ipv6->sin6_addr, sizeof ipv6->sin6_addr);
    if (ipv6->sin6_scope_id != 0) {
      snprintf(address.zone, sizeof address.zone, "%lu", (unsigned long)ipv6->sin6_scope_id);
    }
  }
  return address;
}
