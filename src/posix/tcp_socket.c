/* SPDX-License-Identifier: MIT */
/*
 * What only TCP sockets have: binding to an address and a port, connects that take their time, and what their failures
 * mean. Options of an open connection are in socket_option.c.
 */
#define _DEFAULT_SOURCE 1

#include <assert.h>
#include <errno.h>
#include <string.h>

#include "posix/os.h"
#include "posix/socket_address.h"
#include "posix/state.h"
#include "posix/system_option.h"

static int set_option(int descriptor, int level, int option, int value) {
  return os_setsockopt(descriptor, level, option, &value, sizeof value);
}

static struct failure explain_family(int failure, const weir_address *ip) {
  bool lacks_ipv6 = failure == EAFNOSUPPORT && ip->family == WEIR_FAMILY_IPV6;
  return failure_of(failure, lacks_ipv6 ? HINT_NO_IPV6 : HINT_NONE);
}

/* ---- binding of servers ---- */

struct failure tcp_socket_explain_listen(int failure) {
  switch (failure) {
    case EADDRINUSE:
      return failure_of(failure, HINT_PORT_TAKEN);
    case EADDRNOTAVAIL:
      return failure_of(failure, HINT_ADDRESS_FOREIGN);
    case EACCES:
      return failure_of(failure, HINT_PORT_FORBIDDEN);
    default:
      return failure_of(failure, HINT_NONE);
  }
}

/* What the system's default is depends on the system and its settings, so it is always said. */
static struct failure set_ipv6_only(int descriptor, const struct listen_request *request) {
  if (request->address->ip.family != WEIR_FAMILY_IPV6) return failure_none();
  int result = set_option(descriptor, IPPROTO_IPV6, IPV6_V6ONLY, request->ipv6_only ? 1 : 0);
  return result < 0 ? failure_of(errno, HINT_NONE) : failure_none();
}

static struct failure set_reuse_port(int descriptor, const struct listen_request *request) {
  if (!request->reuse_port) return failure_none();
  if (system_option_reuse_port == SYSTEM_OPTION_NONE) return failure_of(ENOTSUP, HINT_REUSE_PORT);
  int result = set_option(descriptor, SOL_SOCKET, system_option_reuse_port, 1);
  return result < 0 ? failure_of(errno, HINT_NONE) : failure_none();
}

/*
 * SO_REUSEADDR gives a server that starts again its port although old connections still linger. But two sockets with it
 * can bind to one port before either listens, so whoever only binds does without, unless it must.
 */
static int bind_server(int descriptor, const struct socket_address *target, bool only_bind) {
  if (only_bind && os_bind(descriptor, &target->any, target->length) == 0) return 0;
  if (only_bind && errno != EADDRINUSE) return -1;
  if (set_option(descriptor, SOL_SOCKET, SO_REUSEADDR, 1) < 0) return -1;
  return os_bind(descriptor, &target->any, target->length);
}

struct failure tcp_socket_bind(int descriptor, const struct listen_request *request) {
  struct socket_address target;
  struct failure failure = socket_address_of_ip(&request->address->ip, &target);
  if (failure.native_code == 0) failure = set_ipv6_only(descriptor, request);
  if (failure.native_code == 0) failure = set_reuse_port(descriptor, request);
  if (failure.native_code != 0) return failure;
  if (bind_server(descriptor, &target, request->only_bind) < 0) return tcp_socket_explain_listen(errno);
  return failure_none();
}

struct failure tcp_socket_reuse_address(int descriptor) {
  int result = set_option(descriptor, SOL_SOCKET, SO_REUSEADDR, 1);
  return result < 0 ? failure_of(errno, HINT_NONE) : failure_none();
}

struct failure tcp_socket_open(const weir_address *ip, int *descriptor) {
  *descriptor = os_socket(ip->family == WEIR_FAMILY_IPV6 ? AF_INET6 : AF_INET, SOCK_STREAM);
  return *descriptor < 0 ? explain_family(errno, ip) : failure_none();
}

/* ---- binding of clients ---- */

static struct failure explain_local(int failure) {
  switch (failure) {
    case EADDRINUSE:
      return failure_of(failure, HINT_LOCAL_TAKEN);
    case EADDRNOTAVAIL:
      return failure_of(failure, HINT_LOCAL_FOREIGN);
    case EACCES:
      return failure_of(failure, HINT_LOCAL_FORBIDDEN);
    default:
      return failure_of(failure, HINT_LOCAL);
  }
}

/* Without a port of its own the socket need not take one before it connects: then one port serves many peers. */
static void leave_port_open(int descriptor, const weir_address *local) {
  if (local->port > 0 || system_option_bind_no_port == SYSTEM_OPTION_NONE) return;
  set_option(descriptor, IPPROTO_IP, system_option_bind_no_port, 1);
}

static struct failure bind_client(int descriptor, const struct connect_request *request) {
  const weir_address *local = request->local;
  if (local == NULL) return failure_none();
  if (local->family != request->address->ip.family) return failure_of(EINVAL, HINT_LOCAL_FAMILY);
  struct socket_address target;
  struct failure failure = socket_address_of_ip(local, &target);
  if (failure.native_code != 0) return explain_local(failure.native_code);
  leave_port_open(descriptor, local);
  return os_bind(descriptor, &target.any, target.length) < 0 ? explain_local(errno) : failure_none();
}

/* ---- connecting ---- */

static bool needs_zone(const weir_address *ip) {
  return ip->family == WEIR_FAMILY_IPV6 && ip->bytes[0] == 0xFE && (ip->bytes[1] & 0xC0) == 0x80 && ip->zone[0] == '\0';
}

static enum hint explain_connect(int failure) {
  switch (failure) {
    case ECONNREFUSED:
      return HINT_TCP_REFUSED;
    case ETIMEDOUT:
      return HINT_TCP_SILENT;
    case EHOSTUNREACH:
    case ENETUNREACH:
      return HINT_TCP_UNREACHABLE;
    case EADDRNOTAVAIL:
      return HINT_TCP_NO_PORT;
    default:
      return HINT_NONE;
  }
}

/* EINTR: the attempt may go on, and asking again tells (EALREADY, EISCONN). EINPROGRESS: it has only begun. */
static struct failure begin_connect(int descriptor, const weir_address *ip) {
  struct socket_address target;
  struct failure failure = socket_address_of_ip(ip, &target);
  if (failure.native_code != 0) return failure;
  int result;
  do result = os_connect(descriptor, &target.any, target.length);
  while (result < 0 && errno == EINTR);
  if (result == 0 || errno == EISCONN) return failure_none();
  if (errno == EINPROGRESS || errno == EALREADY) return failure_of(EINPROGRESS, HINT_NONE);
  if (errno == EINVAL && needs_zone(ip)) return failure_of(errno, HINT_ZONE_MISSING);
  int code = errno;
  return failure_of(code, explain_connect(code));
}

/* The one that was bound before, or a new one. */
static struct failure get_socket(const struct connect_request *request, int *descriptor) {
  if (request->bound == NULL) return tcp_socket_open(&request->address->ip, descriptor);
  *descriptor = request->bound->watch.descriptor;
  request->bound->watch.descriptor = -1;
  return failure_none();
}

struct failure tcp_socket_connect(struct connection *connection, const struct connect_request *request) {
  int descriptor;
  struct failure failure = get_socket(request, &descriptor);
  if (failure.native_code != 0) return failure;
  failure = bind_client(descriptor, request);
  if (failure.native_code == 0) failure = begin_connect(descriptor, &request->address->ip);
  connection->watch.kind = WATCH_TCP_CONNECTION;
  if (failure.native_code == 0 || failure.native_code == EINPROGRESS) {
    connection->watch.descriptor = descriptor;
  } else {
    os_close(descriptor);
  }
  return failure;
}

/* A socket that connects to a free port of its own machine can be given just that port, and meet itself. */
static bool met_itself(int descriptor, const struct socket_address *peer) {
  struct socket_address own = socket_address_room();
  if (os_getsockname(descriptor, &own.any, &own.length) < 0) return false;
  return own.length == peer->length && memcmp(&own.any, &peer->any, own.length) == 0;
}

struct failure tcp_socket_finish_connect(struct connection *connection) {
  int descriptor = connection->watch.descriptor;
  int code = 0;
  if (os_getsockopt(descriptor, SOL_SOCKET, SO_ERROR, &code) < 0) code = errno;
  /* It was connected, and the peer has gone since: what it sent is still there to be read, and then this. */
  if (code == ECONNRESET) connection->watch.met = ECONNRESET;
  if (code == ECONNRESET || code == EPIPE) return failure_none();
  if (code != 0) return failure_of(code, explain_connect(code));

  /* ENOTCONN: macOS wakes now and then too early (golang/go#14548). */
  struct socket_address peer = socket_address_room();
  if (os_getpeername(descriptor, &peer.any, &peer.length) < 0) {
    return errno == ENOTCONN ? failure_of(EINPROGRESS, HINT_NONE) : failure_none();
  }
  return met_itself(descriptor, &peer) ? failure_of(ECONNREFUSED, HINT_TCP_REFUSED) : failure_none();
}
