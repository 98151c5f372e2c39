/* SPDX-License-Identifier: MIT */
/*
 * Who counts a socket that is open in another process: the server that accepted it, or the sender from whom it came
 * here before, who has a server. It is counted until the other side reports its close, or the channel ends; a server's
 * `close` waits for that. (contract D16)
 *
 * What came here to be counted elsewhere is a *guest*: the sender hears when it closes.
 */
#include "common/base/memory.h"
#include "common/channel/parts.h"
#include "common/server/server.h"

struct guest {
  struct list_node link; /* in the channel's guests */
  const weir_allocator *allocator;
  weir_channel *channel; /* NULL: it has ended */
  uint32_t id;
};

/* ---- guests ---- */

struct guest *guest_make(weir_channel *channel, uint32_t id) {
  struct guest *guest = memory_get_zeroed(channel_allocator(channel), sizeof *guest);
  if (guest == NULL) return NULL;
  guest->allocator = channel_allocator(channel);
  guest->channel = channel;
  guest->id = id;
  return guest;
}

/* A channel that has ended meanwhile hears nothing. */
void guest_join(struct guest *guest, struct weir_socket *socket) {
  if (channel_is_up(guest->channel)) {
    list_append(&guest->channel->guests, &guest->link);
  } else {
    guest->channel = NULL;
  }
  socket->extra->guest = guest;
}

void guest_drop(struct guest *guest) {
  if (guest != NULL) memory_put(guest->allocator, guest);
}

void guest_leave(struct guest *guest) {
  if (guest == NULL) return;
  if (guest->channel != NULL) {
    list_remove(&guest->link);
    channel_write_frame(guest->channel, FRAME_CLOSED, guest->id, WEIR_OK);
  }
  memory_put(guest->allocator, guest);
}

void guest_forget_all(weir_channel *channel) {
  for (struct list_node *node; (node = list_take_first(&channel->guests)) != NULL;) {
    CONTAINER_OF(node, struct guest, link)->channel = NULL;
  }
}

/* ---- origins ---- */

/* The socket itself counts no more as soon as it is detached. */
void origin_take(struct origin *origin, struct weir_socket *socket) {
  weir_server *server = socket->server;
  origin->guest = socket->extra->guest;
  socket->extra->guest = NULL;
  if (server == NULL) return;
  origin->server = weir_server_retain(server);
  server->connections++;
  server->unclosed++;
  server_count_away(server, true);
}

void origin_give(struct origin *origin, struct weir_socket *socket) {
  socket->extra->guest = origin->guest;
  socket->server = origin->server;
  if (origin->server != NULL) server_count_away(origin->server, false);
  *origin = (struct origin){NULL, NULL};
}

void origin_release(struct origin *origin) {
  weir_server *server = origin->server;
  guest_leave(origin->guest);
  *origin = (struct origin){NULL, NULL};
  if (server == NULL) return;
  server_count_away(server, false);
  server_socket_destroyed(server);
  server_socket_closed(server);
  weir_server_release(server);
}
