/* SPDX-License-Identifier: MIT */
/*
 * IP addresses as Winsock wants them.
 */
#ifndef WEIR_WIN32_SOCKET_ADDRESS_H
#define WEIR_WIN32_SOCKET_ADDRESS_H

#include <weir/address.h>

#include "win32/os_socket.h"

struct socket_address {
  union {
    struct sockaddr native;
    struct sockaddr_in ipv4;
    struct sockaddr_in6 ipv6;
  };
  int length;
};

/* ERROR_DEV_NOT_EXIST: no interface has the name of the zone. */
DWORD socket_address_make(const weir_address *address, struct socket_address *made);

/* Any address of a family, at any port. */
struct socket_address socket_address_any(int family);

/*
 * Where a client must go who wants to this address: Windows knows no way to the one that means all of a machine, other
 * systems take it for the machine itself.
 */
void socket_address_aim(struct socket_address *address);
bool socket_address_is_loopback(const struct socket_address *address);

weir_address socket_address_read(const struct sockaddr *native);

#endif
