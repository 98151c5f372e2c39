/* SPDX-License-Identifier: MIT */
/*
 * A connection as the simulated system sees it: two ends and a flow towards each. It exists from the client's connect
 * until both ends are closed, whether or not a server has accepted it. Its rules are those of a Unix socket on Linux,
 * or of TCP there.
 */
#ifndef WEIR_SIM_WIRE_H
#define WEIR_SIM_WIRE_H

#include <stdbool.h>
#include <stddef.h>

#include <weir/address.h>
#include <weir/error.h>
#include <weir/loop.h>

#include "common/backend.h"
#include "common/base/list.h"
#include "sim/flow.h"
#include "sim/native.h"

struct connection;

enum transport { TRANSPORT_LOCAL, TRANSPORT_TCP };

/* What an end was told; it changes nothing here but how it closes, and is kept for whoever asks. */
struct tcp_options {
  bool no_delay;
  struct keep_alive keep_alive;
  int type_of_service;
  int linger_s; /* below 0: off */
};

struct wire_end {
  struct wire *wire;
  struct connection *connection; /* who holds it; NULL before the accept, while it is detached, and after the close */
  struct native native;          /* who may hold it, while it is detached */
  struct flow incoming;          /* towards this end */
  bool is_closed;
  weir_address local; /* TCP: as this end sees them */
  weir_address remote;
  struct tcp_options options;
};

/*
 * WAITING -> CONNECTED, or WAITING until the client gives up. A WAITING one is on its listener's list of those for whom
 * the backlog has no room, or on none when its bytes get lost.
 */
enum wire_state { WIRE_WAITING, WIRE_CONNECTED };

struct wire {
  struct list_node node;       /* in a listener's lists, until it is accepted */
  struct list_node world_node; /* TCP: in the world's wires, whose clients' ports are taken */
  const weir_allocator *allocator;
  enum transport transport;
  enum wire_state state;
  struct wire_end client;
  struct wire_end server;
  unsigned char bytes[]; /* of both flows */
};

/* A new one, with room for so many bytes in each direction; NULL: no memory. */
struct wire *wire_create(const weir_allocator *allocator, enum transport transport, size_t capacity);

/* The other end. */
struct wire_end *wire_peer(struct wire_end *end);

/* Ends the flow towards the peer. */
void wire_shutdown(struct wire_end *end);

/*
 * Closes an end. The peer reads what was sent, and then an end, or WEIR_ECONNRESET when this end had unread input; its
 * writes fail, over TCP from the second one on. With the second end the wire is gone.
 */
void wire_close(struct wire_end *end);

/* Closes an end that nobody accepted, or resets it: WEIR_ECONNRESET for the peer in any case. */
void wire_reset(struct wire_end *end);

/*
 * Breaks the connection as a failing device would: this end gets these two codes from now on, and the peer
 * WEIR_ECONNRESET behind what was sent, and WEIR_EPIPE.
 */
void wire_break(struct wire_end *end, weir_code read_code, weir_code write_code);

#endif
