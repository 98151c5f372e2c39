/* SPDX-License-Identifier: MIT */
/* A connection as the simulated system sees it; see wire.h. */
#include "sim/wire.h"

#include <assert.h>
#include <stdint.h>

#include "common/memory.h"

struct wire *wire_create(const weir_allocator *allocator, size_t capacity) {
  if (capacity > (SIZE_MAX - sizeof(struct wire)) / 2) return NULL;
  struct wire *wire = memory_get(allocator, sizeof *wire + 2 * capacity);
  if (wire == NULL) return NULL;
  *wire = (struct wire){.allocator = allocator};
  wire->client.wire = wire;
  wire->server.wire = wire;
  flow_init(&wire->client.incoming, wire->bytes, capacity);
  flow_init(&wire->server.incoming, wire->bytes + capacity, capacity);
  return wire;
}

struct wire_end *wire_peer(struct wire_end *end) {
  return end == &end->wire->client ? &end->wire->server : &end->wire->client;
}

void wire_shutdown(struct wire_end *end) { flow_end(&wire_peer(end)->incoming); }

static void leave(struct wire_end *end) {
  assert(!end->is_closed);
  end->is_closed = true;
  end->connection = NULL;
  flow_refuse(&end->incoming, WEIR_EPIPE);
  if (wire_peer(end)->is_closed) memory_put(end->wire->allocator, end->wire);
}

void wire_close(struct wire_end *end) {
  if (end->incoming.length > 0) flow_break(&wire_peer(end)->incoming, WEIR_ECONNRESET);
  flow_end(&wire_peer(end)->incoming);
  leave(end);
}

void wire_abandon(struct wire_end *end) {
  flow_break(&wire_peer(end)->incoming, WEIR_ECONNRESET);
  leave(end);
}

void wire_break(struct wire_end *end, weir_code read_code, weir_code write_code) {
  struct wire_end *peer = wire_peer(end);
  flow_break(&end->incoming, read_code);
  flow_break(&peer->incoming, WEIR_ECONNRESET);
  flow_refuse(&end->incoming, WEIR_EPIPE);
  if (peer->incoming.write_code == WEIR_OK) peer->incoming.write_code = write_code;
}
