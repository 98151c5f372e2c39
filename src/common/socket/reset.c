/* SPDX-License-Identifier: MIT */
/*
 * Breaking a TCP connection off: its peer sees a reset instead of an end. What the system has not sent yet is lost, but
 * what was written while it connected is given to the system first, as far as it goes. (EO-37)
 */
#include "common/socket/socket.h"

void socket_reset_if_asked(struct weir_socket *socket) {
  if (!socket->resets || socket->life != LIFE_OPEN) return;
  socket_write_what_goes(socket);
  socket_destroy(socket, NULL);
}

static bool is_local(const struct weir_socket *socket) {
  return socket->life == LIFE_CONNECTING ? socket_connects_locally(socket) : !socket->is_tcp;
}

weir_code weir_socket_reset_and_destroy(weir_socket *socket) {
  if (socket == NULL) return WEIR_EINVAL;
  loop_check_thread(socket->handle.loop);
  if (socket->handle.loop->ended) return WEIR_ECANCELED;
  if (socket_is_over(socket)) {
    socket_drop_next_connect(socket); /* as destroy does */
    return WEIR_OK;
  }
  if (socket->life == LIFE_NEW) {
    socket_fail(socket, "reset", WEIR_ENOTCONN, 0, "the socket was never connected");
    return WEIR_OK;
  }
  if (is_local(socket)) return WEIR_ENOTSUP;
  socket->resets = true;
  if (socket->life == LIFE_OPEN) socket_destroy(socket, NULL);
  return WEIR_OK;
}
