/* SPDX-License-Identifier: MIT */
/*
 * What an open connection is asked and told: its descriptor, its addresses, the options of TCP.
 */
#define _DEFAULT_SOURCE 1

#include <errno.h>
#include <netinet/tcp.h>

#include "posix/os.h"
#include "posix/socket_address.h"
#include "posix/state.h"
#include "posix/system_option.h"

static weir_code answer_address(const struct socket_address *native, weir_address *address) {
  if (!socket_address_is_ip(native)) return WEIR_ENOTCONN;
  socket_address_read_ip(native, address);
  return WEIR_OK;
}

static weir_code ask_local_address(int descriptor, weir_address *address) {
  struct socket_address native = socket_address_room();
  if (os_getsockname(descriptor, &native.any, &native.length) < 0) return error_code(errno);
  return answer_address(&native, address);
}

static weir_code ask_remote_address(int descriptor, weir_address *address) {
  struct socket_address native = socket_address_room();
  if (os_getpeername(descriptor, &native.any, &native.length) < 0) return error_code(errno);
  return answer_address(&native, address);
}

static weir_code set_number(int descriptor, int level, int option, int value) {
  return os_setsockopt(descriptor, level, option, &value, sizeof value) < 0 ? error_code(errno) : WEIR_OK;
}

/* The times come first, so that what makes no sense turns nothing on. */
static weir_code set_keep_alive(int descriptor, const struct keep_alive *keep_alive) {
  const struct {
    int option;
    int value;
  } times[] = {{system_option_keep_alive_delay, keep_alive->delay_s},
               {TCP_KEEPINTVL, keep_alive->interval_s},
               {TCP_KEEPCNT, keep_alive->count}};
  for (size_t i = 0; keep_alive->wanted && i < sizeof times / sizeof times[0]; i++) {
    if (times[i].value == 0) continue;
    weir_code code = set_number(descriptor, IPPROTO_TCP, times[i].option, times[i].value);
    if (code != WEIR_OK) return code;
  }
  return set_number(descriptor, SOL_SOCKET, SO_KEEPALIVE, keep_alive->wanted ? 1 : 0);
}

/* An IPv6 socket that talks to an IPv4 peer has both, and what is sent goes by the second; not every system lets it. */
static weir_code set_type_of_service(int descriptor, int type) {
  struct socket_address own = socket_address_room();
  if (os_getsockname(descriptor, &own.any, &own.length) < 0) return error_code(errno);
  if (own.any.sa_family == AF_INET) return set_number(descriptor, IPPROTO_IP, IP_TOS, type);
  weir_code code = set_number(descriptor, IPPROTO_IPV6, IPV6_TCLASS, type);
  if (IN6_IS_ADDR_V4MAPPED(&own.ipv6.sin6_addr)) set_number(descriptor, IPPROTO_IP, IP_TOS, type);
  return code;
}

static weir_code set_linger(int descriptor, int seconds) {
  struct linger linger = {.l_onoff = seconds >= 0, .l_linger = seconds >= 0 ? seconds : 0};
  return os_setsockopt(descriptor, SOL_SOCKET, SO_LINGER, &linger, sizeof linger) < 0 ? error_code(errno) : WEIR_OK;
}

static weir_code control_tcp(int descriptor, enum control control, void *argument) {
  switch (control) {
    case CONTROL_LOCAL_ADDRESS:
      return ask_local_address(descriptor, argument);
    case CONTROL_REMOTE_ADDRESS:
      return ask_remote_address(descriptor, argument);
    case CONTROL_NO_DELAY:
      return set_number(descriptor, IPPROTO_TCP, TCP_NODELAY, *(const bool *)argument ? 1 : 0);
    case CONTROL_KEEP_ALIVE:
      return set_keep_alive(descriptor, argument);
    case CONTROL_TYPE_OF_SERVICE:
      return set_type_of_service(descriptor, *(const int *)argument);
    case CONTROL_LINGER:
      return set_linger(descriptor, *(const int *)argument);
    default:
      return WEIR_ENOTSUP;
  }
}

/* Lingering for no time is what makes a close a reset. */
void socket_option_prepare_reset(int descriptor) { set_linger(descriptor, 0); }

weir_code connection_control(struct backend *backend, struct connection *connection, enum control control,
                             void *argument) {
  (void)backend;
  const struct watch *watch = &connection->watch;
  switch (control) {
    case CONTROL_CAN_HALF_CLOSE:
      *(bool *)argument = true;
      return WEIR_OK;
    case CONTROL_NATIVE:
      *(intptr_t *)argument = watch->descriptor;
      return WEIR_OK;
    default:
      return watch->kind == WATCH_TCP_CONNECTION ? control_tcp(watch->descriptor, control, argument) : WEIR_ENOTSUP;
  }
}
