/* SPDX-License-Identifier: MIT */
#include "win32/socket.h"

static SRWLOCK lock = SRWLOCK_INIT;
static bool started;

DWORD socket_start(void) {
  os_lock(&lock);
  DWORD error = started ? ERROR_SUCCESS : os_socket_start();
  started = error == ERROR_SUCCESS;
  os_unlock(&lock);
  return error;
}

DWORD socket_create(int family, SOCKET *created) {
  DWORD error = socket_start();
  if (error == ERROR_SUCCESS) error = os_socket_create(family, created);
  if (error != ERROR_SUCCESS) return error;
  error = os_socket_do_not_block(*created);
  if (error != ERROR_SUCCESS) os_socket_close(*created);
  return error;
}

/* A layer that has no handles of the system's brings packets of its own making, whatever it was told. */
static bool is_of_the_system(SOCKET socket) {
  WSAPROTOCOL_INFOW info;
  DWORD error = os_socket_get(socket, SOL_SOCKET, SO_PROTOCOL_INFOW, &info, sizeof info);
  return error == ERROR_SUCCESS && (info.dwServiceFlags1 & XP1_IFS_HANDLES) != 0;
}

DWORD socket_bind_port(struct port *port, SOCKET socket, bool *skips) {
  HANDLE handle = (HANDLE)socket;
  *skips = false;
  DWORD error = os_port_associate(port->handle, handle);
  if (error != ERROR_SUCCESS) return error;
  *skips = is_of_the_system(socket) && os_skip_port_on_success(handle) == ERROR_SUCCESS;
  return ERROR_SUCCESS;
}

void socket_forget_unsent(SOCKET socket) {
  struct linger none = {.l_onoff = 1, .l_linger = 0};
  os_socket_set(socket, SOL_SOCKET, SO_LINGER, &none, sizeof none);
}

int socket_family(SOCKET socket) {
  struct socket_address name;
  name.length = sizeof name.ipv6;
  return os_socket_name(socket, &name.native, &name.length) == ERROR_SUCCESS ? name.native.sa_family : 0;
}
