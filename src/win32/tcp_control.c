/* SPDX-License-Identifier: MIT */
/*
 * What an open connection over TCP can be asked, and told.
 */
#include "win32/connection.h"
#include "win32/error.h"
#include "win32/socket.h"

/* This wants winsock2.h first. */
#include <mstcpip.h>

/* The numbers of Windows 10's options, which older headers do not name. */
enum keep_alive_option { KEEP_ALIVE_DELAY = 3, KEEP_ALIVE_COUNT = 16, KEEP_ALIVE_INTERVAL = 17 };
enum traffic_option { TRAFFIC_CLASS = 39 };

/* What Windows does unless told otherwise; its older call wants all times said. */
#define KEEP_ALIVE_DELAY_S 7200
#define KEEP_ALIVE_INTERVAL_S 1

DWORD tcp_ask_address(SOCKET socket, name_function ask, weir_address *answer) {
  struct socket_address name;
  name.length = sizeof name.ipv6;
  DWORD error = ask(socket, &name.native, &name.length);
  if (error == ERROR_SUCCESS) *answer = socket_address_read(&name.native);
  return error;
}

static DWORD set_number(SOCKET socket, int level, int name, DWORD value) {
  return os_socket_set(socket, level, name, &value, sizeof value);
}

static DWORD set_unless_zero(SOCKET socket, enum keep_alive_option option, int value) {
  return value > 0 ? set_number(socket, IPPROTO_TCP, (int)option, (DWORD)value) : ERROR_SUCCESS;
}

static ULONG milliseconds_of(int seconds, int otherwise) {
  uint64_t milliseconds = (uint64_t)(seconds > 0 ? seconds : otherwise) * 1000;
  return milliseconds < MAXDWORD ? (ULONG)milliseconds : MAXDWORD;
}

/* Before Windows 10 the number of probes could not be said; Wine 8 does not know the newer options either. */
static DWORD set_old_times(SOCKET socket, const struct keep_alive *keep_alive) {
  struct tcp_keepalive times = {.onoff = 1,
                                .keepalivetime = milliseconds_of(keep_alive->delay_s, KEEP_ALIVE_DELAY_S),
                                .keepaliveinterval = milliseconds_of(keep_alive->interval_s, KEEP_ALIVE_INTERVAL_S)};
  return os_socket_control(socket, SIO_KEEPALIVE_VALS, &times, sizeof times);
}

static DWORD set_keep_alive(SOCKET socket, const struct keep_alive *keep_alive) {
  DWORD error = set_number(socket, SOL_SOCKET, SO_KEEPALIVE, keep_alive->wanted);
  if (error != ERROR_SUCCESS || !keep_alive->wanted) return error;
  error = set_unless_zero(socket, KEEP_ALIVE_DELAY, keep_alive->delay_s);
  if (error == ERROR_SUCCESS) error = set_unless_zero(socket, KEEP_ALIVE_INTERVAL, keep_alive->interval_s);
  if (error == ERROR_SUCCESS) error = set_unless_zero(socket, KEEP_ALIVE_COUNT, keep_alive->count);
  return error == WSAENOPROTOOPT || error == WSAEINVAL ? set_old_times(socket, keep_alive) : error;
}

/* Windows may say yes and do nothing, so it is asked what it has made of it. */
static DWORD set_type_of_service(SOCKET socket, int type) {
  bool ipv6 = socket_family(socket) == AF_INET6;
  int level = ipv6 ? IPPROTO_IPV6 : IPPROTO_IP;
  int option = ipv6 ? TRAFFIC_CLASS : IP_TOS;
  DWORD had = 0;
  DWORD error = set_number(socket, level, option, (DWORD)type);
  if (error == ERROR_SUCCESS) error = os_socket_get(socket, level, option, &had, sizeof had);
  bool refused = error == WSAEINVAL || (error == ERROR_SUCCESS && had != (DWORD)type);
  return refused ? WSAENOPROTOOPT : error;
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
      return tcp_ask_address(socket, os_socket_name, argument);
    case CONTROL_REMOTE_ADDRESS:
      return tcp_ask_address(socket, os_socket_peer, argument);
    case CONTROL_NO_DELAY:
      return set_number(socket, IPPROTO_TCP, TCP_NODELAY, *(const bool *)argument);
    case CONTROL_KEEP_ALIVE:
      return set_keep_alive(socket, argument);
    case CONTROL_TYPE_OF_SERVICE:
      return set_type_of_service(socket, *(const int *)argument);
    case CONTROL_LINGER:
      return set_linger(socket, *(const int *)argument);
    default:
      return WSAENOPROTOOPT;
  }
}

weir_code tcp_control(struct connection *connection, enum control control, void *argument) {
  return error_code(ERROR_PLACE_SOCKET, tell(connection->tcp.socket, control, argument));
}
