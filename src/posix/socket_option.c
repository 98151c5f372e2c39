/* SPDX-License-Identifier: MIT */
/*
 * What an open connection is asked and told: its descriptor, its addresses, the options of TCP.
 */
#define _DEFAULT_SOURCE 1

#include <errno.h>

#include "posix/os.h"
#include "posix/socket_address.h"
#include "posix/state.h"

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

static weir_code control_tcp(int descriptor, enum control control, void *argument) {
  switch (control) {
    case CONTROL_LOCAL_ADDRESS:
      return ask_local_address(descriptor, argument);
    case CONTROL_REMOTE_ADDRESS:
      return ask_remote_address(descriptor, argument);
    default:
      return WEIR_ENOTSUP;
  }
}

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
