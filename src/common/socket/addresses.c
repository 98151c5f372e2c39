/* SPDX-License-Identifier: MIT */
/*
 * Who talks with whom: the addresses of a TCP connection are remembered when it is made, because the system forgets
 * them with the connection. Who comes is told by the accept, and the server knows its own address unless it listens on
 * all of them; only then is the system asked. (contract D11; EO-51)
 */
#include <string.h>

#include "common/server/server.h"
#include "common/socket/socket.h"

static weir_address ask_local(struct weir_socket *socket) {
  weir_address local;
  memset(&local, 0, sizeof local);
  weir_code code = socket_operations(socket)->control(socket_backend(socket), socket_connection(socket),
                                                      CONTROL_LOCAL_ADDRESS, &local);
  if (code != WEIR_OK) local.family = WEIR_FAMILY_NONE;
  return local;
}

static bool is_unspecified(const weir_address *address) {
  static const unsigned char zeros[sizeof address->bytes];
  return memcmp(address->bytes, zeros, sizeof zeros) == 0;
}

void socket_meet_between(struct weir_socket *socket, const weir_address *local, const weir_address *remote) {
  struct socket_tcp *tcp = socket_need_tcp(socket);
  socket->is_tcp = true;
  if (tcp != NULL) address_pair_set(&tcp->addresses, &socket->handle.loop->allocator, local, remote);
}

void socket_meet(struct weir_socket *socket, const weir_address *remote) {
  const weir_address *bound = socket->server == NULL ? NULL : server_bound_address(socket->server);
  bool known = bound != NULL && !is_unspecified(bound) && bound->family == remote->family;
  weir_address local = known ? *bound : ask_local(socket);
  socket_meet_between(socket, &local, remote);
}

void socket_meet_whoever(struct weir_socket *socket) {
  weir_address remote;
  weir_code code = socket_operations(socket)->control(socket_backend(socket), socket_connection(socket),
                                                      CONTROL_REMOTE_ADDRESS, &remote);
  if (code == WEIR_OK) socket_meet(socket, &remote);
}

void socket_forget_addresses(struct weir_socket *socket) {
  struct socket_tcp *tcp = socket_tcp(socket);
  socket->is_tcp = false;
  if (tcp != NULL) address_pair_clear(&tcp->addresses, &socket->handle.loop->allocator);
}

static const struct address_pair *addresses_of(const struct weir_socket *socket) {
  static const struct address_pair none;
  const struct socket_tcp *tcp = socket_tcp(socket);
  return tcp == NULL ? &none : &tcp->addresses;
}

bool weir_socket_local_address(const weir_socket *socket, weir_address *address) {
  return address_pair_local(addresses_of(socket), address);
}

bool weir_socket_remote_address(const weir_socket *socket, weir_address *address) {
  return address_pair_remote(addresses_of(socket), address);
}
