/* SPDX-License-Identifier: MIT */
/*
 * Connecting, from the user's call to an open socket or an error. What has to do with time is here; which addresses are
 * tried, and how, is the business of socket/race.c. A local name is tried at once; TCP begins in the loop, so that
 * nothing has happened yet for a caller who thinks better of it. (EO-24)
 */

#include "common/base/versioned.h"
#include "common/socket/connecting.h"

bool socket_connect_in_flight(const struct weir_socket *socket) {
  return socket->extra != NULL && socket->extra->attempt != NULL;
}

bool socket_connects_locally(const struct weir_socket *socket) { return !connecting_is_tcp(socket->extra->connecting); }

bool socket_awaits_connect(const struct weir_socket *socket) {
  return socket->extra != NULL && socket->extra->next_connecting != NULL;
}

void socket_drop_next_connect(struct weir_socket *socket) {
  if (!socket_awaits_connect(socket)) return;
  connecting_free(socket->extra->next_connecting);
  socket->extra->next_connecting = NULL;
}

weir_code weir_socket_connect(weir_socket *socket, const char *endpoint, const weir_connect_options *options) {
  weir_connect_options whole = weir_connect_options_default();
  struct connecting *connecting = NULL;
  if (socket == NULL || endpoint == NULL || !versioned_read(&whole, sizeof whole, options)) return WEIR_EINVAL;
  loop_check_thread(socket->handle.loop);
  if (socket->handle.loop->ended) return WEIR_ECANCELED;
  if (socket->life == LIFE_OPEN) return WEIR_EISCONN;
  if (weir_socket_connecting(socket)) return WEIR_EALREADY;
  weir_code code = connecting_make(socket, endpoint, &whole, &connecting);
  if (code != WEIR_OK) return code;
  if (socket->life == LIFE_CLOSING) {
    socket->extra->next_connecting = connecting;
  } else {
    socket_begin_connecting(socket, connecting);
  }
  return WEIR_OK;
}

/* ---- beginning ---- */

static void cancel(struct cancelable *cancelable) {
  struct weir_socket *socket = CONTAINER_OF(cancelable, struct socket_extra, cancelable)->socket;
  const char *operation = socket->life == LIFE_CONNECTING ? "connect" : "cancel";
  socket_fail(socket, operation, WEIR_ECANCELED, 0, "the cancellation that it was connected with was cancelled");
}

void socket_begin_connecting(struct weir_socket *socket, struct connecting *connecting) {
  socket_begin_life(socket);
  socket->life = LIFE_CONNECTING;
  socket->write_half = WRITE_QUEUED;
  socket->extra->connecting = connecting;
  socket->extra->name = connecting->name;
  connecting->name = NULL;
  socket->extra->silence_ms = connecting->silence_ms;
  socket_update_liveness(socket);
  socket_touch(socket);
  if (connecting->timeout_ms != WEIR_FOREVER) {
    deadline_set_after(&connecting->deadline, socket->handle.loop, connecting->timeout_ms);
  }
  cancelable_join(&socket->extra->cancelable, connecting->cancellation, cancel);
  if (!connecting_goes_on(connecting)) return;
  if (connecting->failure.code != WEIR_OK || connecting_is_tcp(connecting)) {
    socket_owe(socket, DEBT_CONNECT);
  } else {
    race_begin(connecting);
  }
}

void socket_deliver_connect(struct weir_socket *socket) {
  if (socket->life != LIFE_CONNECTING) return;
  struct connecting *connecting = socket->extra->connecting;
  if (connecting->failure.code != WEIR_OK) {
    socket_fail(socket, "connect", connecting->failure.code, 0, connecting->failure.hint);
  } else if (connecting->address.kind == ADDRESS_HOST) {
    connecting_look_up(connecting);
  } else {
    race_begin(connecting);
  }
}

/* ---- ending ---- */

void connecting_time_out(struct deadline *deadline) {
  struct connecting *connecting = CONTAINER_OF(deadline, struct connecting, deadline);
  if (connecting->lookup != NULL) {
    connecting_time_out_lookup(connecting);
  } else {
    race_time_out(connecting);
  }
}

void connecting_succeed(struct connecting *connecting) {
  struct weir_socket *socket = connecting->socket;
  weir_event event = {.type = WEIR_EVENT_CONNECT, .socket = socket};
  connecting->listener = NULL; /* its emission takes it off */
  connecting_free(connecting);
  socket->extra->connecting = NULL;
  socket->handle.loop->counters.connections_made++;
  socket_become_open(socket);
  socket_touch(socket);
  /* Paused before it connected: nothing is read, as with pause_on_connect. (EO-10e) */
  if (socket->flow != FLOW_PAUSED) socket_start_reading(socket);
  if (socket->write_half == WRITE_QUEUED && !socket_has_writes(socket) && socket->extra->corks == 0) {
    socket->write_half = WRITE_OPEN;
  }
  handle_emit(&socket->handle, &event);
  socket_reset_if_asked(socket);
  socket_start_writing(socket);
}

void socket_stop_connecting(struct weir_socket *socket) {
  if (socket->extra == NULL || socket->extra->connecting == NULL) return;
  deadline_clear(&socket->extra->connecting->deadline, socket->handle.loop);
  connecting_stop_lookup(socket->extra->connecting);
  race_stop(socket->extra->connecting);
  socket->extra->attempt = NULL;
}

/* ---- asking ---- */

size_t weir_socket_attempted(const weir_socket *socket, size_t index, weir_address *address) {
  const struct tried *tried = socket->extra == NULL ? NULL : socket->extra->tried;
  size_t count = tried == NULL ? 0 : tried->count;
  if (address != NULL) *address = index < count ? tried->addresses[index] : (weir_address){.family = WEIR_FAMILY_NONE};
  return count;
}
