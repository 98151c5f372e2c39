/* SPDX-License-Identifier: MIT */
/*
 * A proxy for cases of pipes. See proxy.h.
 */
#include "support/proxy.h"

static void open_pairs(struct proxy *proxy, struct world *world, bool half_open) {
  weir_socket_options options = weir_socket_options_default();
  options.allow_half_open = half_open;
  memset(proxy, 0, sizeof *proxy);
  proxy->world = world;
  proxy->in = half_open ? pair_open_half(world, 0, 0) : pair_open(world, 0, 0);
  proxy->out = pair_beside(world, &proxy->in, &options);
  proxy->writer = proxy->in.client;
  proxy->src = proxy->in.accepted;
  proxy->dst = proxy->out.client;
  proxy->reader = proxy->out.accepted;
  world_trace_socket(world, proxy->src, "src", WORLD_TRACE_FLOW);
}

void proxy_open(struct proxy *proxy, struct world *world) {
  open_pairs(proxy, world, false);
  world_trace_socket(world, proxy->dst, "dst", WORLD_TRACE_FLOW);
}

void proxy_open_half(struct proxy *proxy, struct world *world) {
  open_pairs(proxy, world, true);
  world_trace_socket(world, proxy->dst, "dst", WORLD_TRACE_FLOW);
}

void proxy_open_untraced(struct proxy *proxy, struct world *world) { open_pairs(proxy, world, false); }

void proxy_close(struct proxy *proxy) {
  weir_socket_destroy(proxy->writer, NULL);
  weir_socket_destroy(proxy->src, NULL);
  weir_socket_destroy(proxy->dst, NULL);
  weir_socket_destroy(proxy->reader, NULL);
  weir_server_close(proxy->in.server, NULL, NULL);
  world_run(proxy->world);
}
