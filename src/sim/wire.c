/* SPDX-License-Identifier: MIT */
/* A connection as the simulated system sees it; see wire.h. */
#include "sim/wire.h"

#include <assert.h>
#include <stdint.h>

#include "common/base/memory.h"

struct wire *wire_create(const weir_allocator *allocator, enum transport transport, size_t capacity) {
  if (capacity > (SIZE_MAX - sizeof(struct wire)) / 2) return NULL;
  struct wire *wire = memory_get(allocator, sizeof *wire + 2 * capacity);
  if (wire == NULL) return NULL;
  *wire = (struct wire){.allocator = allocator, .transport = transport, .state = WIRE_WAITING};
  wire->client.wire = wire;
  wire->server.wire = wire;
  wire->client.options.linger_s = wire->server.options.linger_s = -1;
  flow_init(&wire->client.incoming, wire->bytes, capacity);
  flow_init(&wire->server.incoming, wire->bytes + capacity, capacity);
  return wire;
}

struct wire_end *wire_peer(struct wire_end *end) {
  return end == &end->wire->client ? &end->wire->server : &end->wire->client;
}

void wire_shutdown(struct wire_end *end) { flow_end(&wire_peer(end)->incoming); }

static void destroy(struct wire *wire) {
  list_remove(&wire->node);
  list_remove(&wire->world_node);
  memory_put(wire->allocator, wire);
}

static void leave(struct wire_end *end) {
  assert(!end->is_closed && !list_linked(&end->native.node));
  end->is_closed = true;
  end->connection = NULL;
  if (wire_peer(end)->is_closed) destroy(end->wire);
}

void wire_close(struct wire_end *end) {
  bool lingers_not = end->wire->transport == TRANSPORT_TCP && end->options.linger_s == 0;
  if (end->incoming.length > 0 || lingers_not) {
    wire_reset(end);
    return;
  }
  flow_end(&wire_peer(end)->incoming);
  if (end->wire->transport == TRANSPORT_TCP) {
    flow_desert(&end->incoming, WEIR_EPIPE);
  } else {
    flow_refuse(&end->incoming, WEIR_EPIPE);
  }
  leave(end);
}

/* Over TCP an end that has come stays an end, and who has got it writes into a broken pipe. (Linux 6.x tcp_reset) */
static void reset_tcp(struct wire_end *end) {
  struct flow *outgoing = &wire_peer(end)->incoming;
  bool had_end = outgoing->state == FLOW_ENDED;
  if (!had_end) flow_break(outgoing, WEIR_ECONNRESET);
  flow_refuse(&end->incoming, had_end ? WEIR_EPIPE : WEIR_ECONNRESET);
}

void wire_reset(struct wire_end *end) {
  if (end->wire->transport == TRANSPORT_TCP) {
    reset_tcp(end);
  } else {
    flow_break(&wire_peer(end)->incoming, WEIR_ECONNRESET);
    flow_refuse(&end->incoming, WEIR_EPIPE);
  }
  leave(end);
}

void wire_break(struct wire_end *end, weir_code read_code, weir_code write_code) {
  struct wire_end *peer = wire_peer(end);
  flow_break(&end->incoming, read_code);
  flow_break(&peer->incoming, WEIR_ECONNRESET);
  flow_refuse(&end->incoming, WEIR_EPIPE);
  flow_forbid(&peer->incoming, write_code);
}
