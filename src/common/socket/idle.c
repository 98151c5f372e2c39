/* SPDX-License-Identifier: MIT */
/*
 * The idle time-out. Activity only notes the time; the deadline looks at the note when it comes, and moves on when
 * there was activity meanwhile, so that busy sockets do not stir the timers. (EO-38)
 */
#include "common/socket/socket.h"

void socket_idle_come(struct deadline *deadline) {
  struct socket_extra *extra = CONTAINER_OF(deadline, struct socket_extra, idle);
  struct weir_socket *socket = extra->socket;
  uint64_t due = deadline_add_ms(extra->active_ns, extra->idle_ms);
  if (due > loop_now(socket->handle.loop)) {
    deadline_set(deadline, socket->handle.loop, due);
    return;
  }
  weir_event event = {.type = WEIR_EVENT_TIMEOUT, .socket = socket};
  handle_retain(&socket->handle);
  handle_emit(&socket->handle, &event);
  handle_release(&socket->handle);
}

/* After a `timeout` the deadline is not set; the next activity sets it again. */
void socket_note_activity(struct weir_socket *socket) {
  weir_loop *loop = socket->handle.loop;
  struct socket_extra *extra = socket->extra;
  extra->active_ns = loop_now(loop);
  if (!deadline_is_set(&extra->idle))
    deadline_set(&extra->idle, loop, deadline_add_ms(extra->active_ns, extra->idle_ms));
}

void socket_stop_idle(struct weir_socket *socket) {
  if (socket->extra == NULL) return;
  socket->extra->idle_ms = 0;
  deadline_clear(&socket->extra->idle, socket->handle.loop);
}

weir_code weir_socket_set_timeout(weir_socket *socket, uint64_t timeout_ms) {
  if (socket == NULL) return WEIR_EINVAL;
  weir_loop *loop = socket->handle.loop;
  loop_check_thread(loop);
  bool gone = socket_is_over(socket) || loop->ended;
  if (gone || (timeout_ms == 0 && socket->extra == NULL)) return WEIR_OK;
  struct socket_extra *extra = socket_need_extra(socket);
  if (extra == NULL) return WEIR_ENOMEM;
  if (!deadline_has_place(&extra->idle) && deadline_init(&extra->idle, loop, DEADLINE_IDLE) != WEIR_OK)
    return WEIR_ENOMEM;
  socket_stop_idle(socket);
  if (timeout_ms == 0) return WEIR_OK;
  extra->idle_ms = timeout_ms;
  loop_read_clock(loop); /* a time of an earlier turn would let it ring too soon */
  socket_note_activity(socket);
  return WEIR_OK;
}

uint64_t weir_socket_timeout_ms(const weir_socket *socket) {
  return socket->extra == NULL ? 0 : socket->extra->idle_ms;
}
