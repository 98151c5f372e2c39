/* SPDX-License-Identifier: MIT */
/*
 * An address as the system wants it.
 */
#ifndef WEIR_POSIX_SOCKET_ADDRESS_H
#define WEIR_POSIX_SOCKET_ADDRESS_H

#include <netinet/in.h>
#include <stddef.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "common/address/address.h"
#include "posix/error.h"

struct socket_address {
  socklen_t length;
  union {
    struct sockaddr any;
    struct sockaddr_un local;
    struct sockaddr_in ipv4;
    struct sockaddr_in6 ipv6;
  };
};

/* Makes it from a path or an abstract name that is within the backend's rules. */
struct socket_address socket_address_of_name(const struct address *address);

/* Makes it from an IP address, whose zone the system may not know. */
struct failure socket_address_of_ip(const weir_address *ip, struct socket_address *made);

static inline bool socket_address_is_ip(const struct socket_address *native) {
  return native->any.sa_family == AF_INET || native->any.sa_family == AF_INET6;
}

/* Room for whatever the system gives; not cleared, for every accepted client needs one. */
static inline struct socket_address socket_address_room(void) {
  struct socket_address room;
  room.length = sizeof room - offsetof(struct socket_address, any);
  room.any.sa_family = AF_UNSPEC;
  return room;
}

/* The reverse, from what the system gave; a socket without a name, or one of another family, gives none. */
void socket_address_read(const struct socket_address *native, struct address *address);

/* The same for one that is an IP address. */
void socket_address_read_ip(const struct socket_address *native, weir_address *ip);

#endif
