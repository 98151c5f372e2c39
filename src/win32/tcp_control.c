/* SPDX-License-Identifier: MIT */
/*
 * What an open connection over TCP can be asked, and told.
 */
#include "win32/connection.h"
#include "win32/error.h"
#include "win32/socket_address.h"

typedef DWORD (*name_function)(SOCKET socket, struct sockaddr *address, int *length);

static DWORD ask_address(SOCKET socket, name_function ask, weir_address *answer) {
  struct socket_address name;
  name.length = sizeof name.ipv6;
  DWORD error = ask(socket, &name.native, &name.length);
  if (error == ERROR_SUCCESS) *answer = socket_address_read(&name.native);
  return error;
}

static DWORD set_number(SOCKET socket, int level, int name, DWORD value) {
  return os_socket_set(socket, level, name, &value, sizeof value);
}

static DWORD set_linger(SOCKET socket, int seconds) {
  struct linger linger = {.l_onoff = seconds >= 0, .l_linger = (u_short)(seconds > 0 ? seconds : 0)};
  return os_socket_set(socket, SOL_SOCKET, SO_LINGER, &linger, sizeof linger);
}

static DWORD tell(SOCKET socket, enum control control, void *argument) {
  switch (control) {
    case CONTROL_CAN_HALF_CLOSE:
      *(bool *)argument = true;
      return ERROR_SUCCESS;
    case CONTROL_NATIVE:
      *(intptr_t *)argument = (intptr_t)socket;
      return ERROR_SUCCESS;
    case CONTROL_LOCAL_ADDRESS:
      return ask_address(socket, os_socket_name, argument);
    case CONTROL_REMOTE_ADDRESS:
      return ask_address(socket, os_socket_peer, argument);
    case CONTROL_NO_DELAY:
      return set_number(socket, IPPROTO_TCP, TCP_NODELAY, *(const bool *)argument);
    case CONTROL_LINGER:
      return set_linger(socket, *(const int *)argument);
    default:
      return WSAENOPROTOOPT;
  }
}

weir_code tcp_control(struct connection *connection, enum control control, void *argument) {
  return error_code(ERROR_PLACE_SOCKET, tell(connection->tcp.socket, control, argument));
}
