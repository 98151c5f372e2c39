/* SPDX-License-Identifier: MIT */
/*
 * An address as the system wants it.
 */
#ifndef WEIR_POSIX_SOCKET_ADDRESS_H
#define WEIR_POSIX_SOCKET_ADDRESS_H

#include <sys/socket.h>
#include <sys/un.h>

#include "common/address.h"

struct socket_address {
  socklen_t length;
  struct sockaddr_un native;
};

/* Makes it from a path or an abstract name that is within the backend's rules. */
struct socket_address socket_address_of(const struct address *address);

/* The reverse, from what the system gave; a socket without a name, or one of another family, gives none. */
void socket_address_read(const struct socket_address *native, struct address *address);

#endif
