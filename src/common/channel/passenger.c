/* SPDX-License-Identifier: MIT */
#include "common/channel/passenger.h"

#include <assert.h>

#include "common/base/list.h"
#include "common/base/memory.h"
#include "common/channel/parts.h"
#include "common/server/server.h"

/* ---- leaving ---- */

static struct passenger *make(weir_loop *loop, enum channel_kind kind, struct sending *sending) {
  struct passenger *made = memory_get_zeroed(&loop->allocator, sizeof *made);
  if (made == NULL) return NULL;
  made->loop = loop;
  made->kind = kind;
  made->sending = sending;
  if (kind == CHANNEL_SOCKET) made->socket.allocator = &loop->allocator;
  return made;
}

static void note_leaving(struct socket_parcel *parcel, struct weir_socket *socket) {
  origin_take(&CONTAINER_OF(parcel, struct passenger, socket)->origin, socket);
}

static void note_packed(struct passenger *passenger) {
  struct sending *sending = passenger->sending;
  passenger->sending = NULL;
  sending_ready(sending);
}

static void note_packed_socket(struct socket_parcel *parcel) {
  note_packed(CONTAINER_OF(parcel, struct passenger, socket));
}

static void note_packed_server(struct server_parcel *parcel) {
  note_packed(CONTAINER_OF(parcel, struct passenger, server));
}

weir_code passenger_begin_socket(weir_socket *socket, struct sending *sending, struct passenger **passenger) {
  struct passenger *made = make(socket->handle.loop, CHANNEL_SOCKET, sending);
  if (made == NULL) return WEIR_ENOMEM;
  made->socket.leaving = note_leaving;
  made->socket.packed = note_packed_socket;
  weir_code code = socket_parcel_begin(socket, &made->socket);
  if (code == WEIR_OK) {
    *passenger = made;
  } else {
    memory_put(&made->loop->allocator, made);
  }
  return code;
}

weir_code passenger_begin_server(weir_server *server, struct sending *sending, struct passenger **passenger) {
  struct passenger *made = make(server->handle.loop, CHANNEL_SERVER, sending);
  if (made == NULL) return WEIR_ENOMEM;
  made->server.packed = note_packed_server;
  *passenger = made;
  server_parcel_begin(server, &made->server);
  return WEIR_OK;
}

/* ---- staying ---- */

weir_code passenger_copy_socket(weir_socket *socket, struct passenger **passenger) {
  struct passenger *made = make(socket->handle.loop, CHANNEL_SOCKET, NULL);
  if (made == NULL) return WEIR_ENOMEM;
  weir_code code = socket_parcel_copy(socket, &made->socket);
  if (code == WEIR_OK) {
    *passenger = made;
  } else {
    memory_put(&made->loop->allocator, made);
  }
  return code;
}

weir_code passenger_copy_server(weir_server *server, struct passenger **passenger) {
  struct passenger *made = make(server->handle.loop, CHANNEL_SERVER, NULL);
  if (made == NULL) return WEIR_ENOMEM;
  weir_code code = server_parcel_copy(server, &made->server);
  if (code == WEIR_OK) {
    *passenger = made;
  } else {
    memory_put(&made->loop->allocator, made);
  }
  return code;
}

/* ---- what it has ---- */

weir_code passenger_code(const struct passenger *passenger) {
  return passenger->kind == CHANNEL_SOCKET ? passenger->socket.code : passenger->server.code;
}

intptr_t passenger_native(const struct passenger *passenger) {
  return passenger->kind == CHANNEL_SOCKET ? passenger->socket.native : passenger->server.native;
}

static bool *has_native(struct passenger *passenger) {
  return passenger->kind == CHANNEL_SOCKET ? &passenger->socket.has_native : &passenger->server.has_native;
}

void passenger_set_native(struct passenger *passenger, intptr_t native) {
  *has_native(passenger) = true;
  if (passenger->kind == CHANNEL_SOCKET) {
    passenger->socket.native = native;
  } else {
    passenger->server.native = native;
  }
}

/* Closes it here; the connection goes on where it is open too. */
static void release_native(struct passenger *passenger) {
  const weir_loop *loop = passenger->loop;
  if (*has_native(passenger)) {
    loop->operations->passing->release(loop->backend, channel_passing_kind(passenger->kind),
                                       passenger_native(passenger));
  }
  *has_native(passenger) = false;
}

/* ---- its end ---- */

static void free_passenger(struct passenger *passenger) {
  if (passenger->kind == CHANNEL_SOCKET) {
    socket_parcel_clear(&passenger->socket);
  } else {
    server_parcel_clear(&passenger->server);
  }
  memory_put(&passenger->loop->allocator, passenger);
}

void passenger_hand_over(struct passenger *passenger) {
  release_native(passenger);
  free_passenger(passenger);
}

void passenger_release(struct passenger *passenger) {
  if (passenger == NULL) return;
  if (passenger->is_taken) {
    release_native(passenger);
  } else if (passenger->kind == CHANNEL_SOCKET) {
    socket_parcel_discard(&passenger->socket, passenger->loop);
  } else {
    server_parcel_discard(&passenger->server, passenger->loop);
  }
  origin_release(&passenger->origin);
  free_passenger(passenger);
}

intptr_t passenger_take_native(struct passenger *passenger) {
  intptr_t native = passenger_native(passenger);
  *has_native(passenger) = false;
  passenger_release(passenger);
  return native;
}

/* ---- going on ---- */

weir_code passenger_open_socket(struct passenger *passenger, weir_socket **socket) {
  assert(passenger->kind == CHANNEL_SOCKET);
  weir_code code = socket_parcel_unpack(&passenger->socket, passenger->loop, socket);
  if (code == WEIR_OK) origin_give(&passenger->origin, *socket);
  passenger_release(passenger);
  return code;
}

weir_code passenger_open_server(struct passenger *passenger, weir_server **server) {
  assert(passenger->kind == CHANNEL_SERVER);
  weir_code code = server_parcel_unpack(&passenger->server, passenger->loop, server);
  passenger_release(passenger);
  return code;
}
