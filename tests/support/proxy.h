/* SPDX-License-Identifier: MIT */
/*
 * A proxy for cases of pipes: writer -> src, which the case pipes to dst -> reader. Traces name src and dst, with the
 * events of the flow; the server keeps no loop alive.
 */
#ifndef WEIR_TESTS_PROXY_H
#define WEIR_TESTS_PROXY_H

#include "support/pair.h"
#include "support/world.h"

struct proxy {
  struct world *world;
  struct world_pair in;
  struct world_pair out;
  weir_socket *writer; /* in.client */
  weir_socket *src;    /* in.accepted */
  weir_socket *dst;    /* out.client */
  weir_socket *reader; /* out.accepted */
  struct world_stream stream;
  size_t most_queued; /* the case's own */
  size_t most_kept;
};

void proxy_open(struct proxy *proxy, struct world *world);

/* The same with allow_half_open on all four sockets. */
void proxy_open_half(struct proxy *proxy, struct world *world);

/* The same, but nobody listens to dst. */
void proxy_open_untraced(struct proxy *proxy, struct world *world);

/* Destroys all four, closes the server and runs the loop to its end. */
void proxy_close(struct proxy *proxy);

#endif
