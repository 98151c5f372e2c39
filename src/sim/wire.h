/* SPDX-License-Identifier: MIT */
/*
 * A connection as the simulated system sees it: two ends and a flow towards each. It exists from the client's connect
 * until both ends are closed, whether or not a server has accepted it. Its rules are those of a Unix socket on Linux.
 */
#ifndef WEIR_SIM_WIRE_H
#define WEIR_SIM_WIRE_H

#include <stdbool.h>
#include <stddef.h>

#include <weir/error.h>
#include <weir/loop.h>

#include "common/list.h"
#include "sim/flow.h"

struct connection;

struct wire_end {
  struct wire *wire;
  struct connection *connection; /* who holds it; NULL before the accept and after the close */
  struct flow incoming;          /* towards this end */
  bool is_closed;
};

struct wire {
  struct list_node node; /* in an acceptor's backlog */
  const weir_allocator *allocator;
  struct wire_end client;
  struct wire_end server;
  unsigned char bytes[]; /* of both flows */
};

/* A new one, with room for so many bytes in each direction; NULL: no memory. */
struct wire *wire_create(const weir_allocator *allocator, size_t capacity);

/* The other end. */
struct wire_end *wire_peer(struct wire_end *end);

/* Ends the flow towards the peer. */
void wire_shutdown(struct wire_end *end);

/*
 * Closes an end. The peer reads what was sent, and then an end, or WEIR_ECONNRESET when this end had unread input; its
 * writes get WEIR_EPIPE. With the second end the wire is gone.
 */
void wire_close(struct wire_end *end);

/* Closes an end that nobody accepted: WEIR_ECONNRESET for the peer in any case. */
void wire_abandon(struct wire_end *end);

/*
 * Breaks the connection as a failing device would: this end gets these two codes from now on, and the peer
 * WEIR_ECONNRESET behind what was sent, and WEIR_EPIPE.
 */
void wire_break(struct wire_end *end, weir_code read_code, weir_code write_code);

#endif
