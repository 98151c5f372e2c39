/* SPDX-License-Identifier: MIT */
#include "posix/accepting.h"

#include <errno.h>
#include <stddef.h>

#include "posix/os.h"
#include "posix/socket_address.h"

/* See man 2 accept. */
bool accepting_is_transient(int failure) {
  switch (failure) {
    case EINTR:
    case ECONNABORTED:
    case EPERM:
    case EPROTO:
    case ENETDOWN:
    case ENETUNREACH:
    case EHOSTUNREACH:
    case EHOSTDOWN:
    case ENOPROTOOPT:
    case EOPNOTSUPP:
      return true;
    default:
      return failure == EAGAIN || failure == EWOULDBLOCK;
  }
}

void accepting_reopen_spare(int *spare) {
  if (*spare < 0) *spare = os_open_spare();
}

void accepting_shed(int descriptor, int *spare) {
  if (*spare < 0) return;
  os_close(*spare);
  *spare = -1;
  struct socket_address peer = socket_address_room();
  int client = os_accept(descriptor, &peer.any, &peer.length);
  if (client >= 0) os_close(client);
  accepting_reopen_spare(spare);
}
