/* SPDX-License-Identifier: MIT */
/* A listening socket as the simulated system sees it; see listener.h. */
#include "sim/listener.h"

#include <assert.h>
#include <string.h>

#include "common/base/memory.h"
#include "sim/parts.h"
#include "sim/world.h"

/* ---- names ---- */

static bool is_same_name(const struct address *one, const struct address *other) {
  return one->kind == other->kind && one->length == other->length && memcmp(one->text, other->text, one->length) == 0;
}

static struct listener *listener_after(const struct weir_sim *sim, const struct listener *listener) {
  struct list_node *node =
      listener == NULL ? list_first(&sim->listeners) : list_after(&sim->listeners, &listener->node);
  return node == NULL ? NULL : CONTAINER_OF(node, struct listener, node);
}

struct listener *listener_find(const struct weir_sim *sim, const struct address *name) {
  assert(name->kind != ADDRESS_IP);
  for (struct listener *each = NULL; (each = listener_after(sim, each)) != NULL;) {
    if (is_same_name(&each->name, name)) return each;
  }
  return NULL;
}

/* How near a claim is to an address: the whole address, any of its kind, or `::` with the other kind; 0: not at all. */
static int measure_nearness(const struct claim *claim, const weir_address *plain) {
  if (claim->address.port != plain->port || !machine_covers(claim, plain)) return 0;
  if (!machine_is_any(&claim->address)) return 3;
  return claim->address.family == plain->family ? 2 : 1;
}

static bool is_as_near(const struct listener *listener, const weir_address *plain, int nearness) {
  return listener->name.kind == ADDRESS_IP && listener->state == LISTENER_LISTENING &&
         measure_nearness(&listener->claim, plain) == nearness;
}

static size_t count_as_near(const struct weir_sim *sim, const weir_address *plain, int nearness) {
  size_t count = 0;
  for (struct listener *each = NULL; (each = listener_after(sim, each)) != NULL;) {
    if (is_as_near(each, plain, nearness)) ++count;
  }
  return count;
}

/* Those that share a port take the clients in turn of the clients' ports. */
struct listener *listener_find_ip(const struct weir_sim *sim, const weir_address *plain, int client_port) {
  for (int nearness = 3; nearness > 0; --nearness) {
    size_t count = count_as_near(sim, plain, nearness);
    if (count == 0) continue;
    size_t skipped = (size_t)client_port % count;
    for (struct listener *each = NULL; (each = listener_after(sim, each)) != NULL;) {
      if (is_as_near(each, plain, nearness) && skipped-- == 0) return each;
    }
  }
  return NULL;
}

/* ---- beginning ---- */

static struct outcome take_local_name(struct weir_sim *sim, const struct listener *wanted) {
  if (listener_find(sim, &wanted->name) == NULL) return (struct outcome){.code = WEIR_OK};
  return (struct outcome){.code = WEIR_EADDRINUSE, .hint = "a live server of this simulated world has that name"};
}

static struct outcome take_address(struct weir_sim *sim, struct listener *wanted,
                                   const struct listen_request *request) {
  weir_address *ip = &wanted->name.ip;
  struct claim *claim = &wanted->claim;
  claim->address = machine_plain(ip);
  claim->shares = request->reuse_port;
  claim->takes_ipv4 = ip->family == WEIR_FAMILY_IPV6 && machine_is_any(ip) && !request->ipv6_only;
  if (request->ipv6_only && claim->address.family != ip->family) {
    return (struct outcome){.code = WEIR_EINVAL, .hint = "an IPv4-mapped address is not for IPv6 alone"};
  }
  if (!machine_has(sim, &claim->address)) {
    return (struct outcome){.code = WEIR_EADDRNOTAVAIL,
                            .hint = "it is not an address of this simulated machine; see weir_sim_add_address"};
  }
  bool is_had = ip->port == 0 ? machine_draw_port(sim, claim) : !machine_port_is_taken(sim, claim);
  ip->port = claim->address.port;
  if (is_had) return (struct outcome){.code = WEIR_OK};
  return (struct outcome){.code = WEIR_EADDRINUSE,
                          .hint = "a live server or client of this simulated machine has that port"};
}

struct outcome listener_create(struct weir_sim *sim, const struct listen_request *request, struct listener **listener) {
  struct listener *made = memory_get_zeroed(&sim->allocator, sizeof *made);
  if (made == NULL) return (struct outcome){.code = WEIR_ENOMEM};
  sim_resolve_name(request->address, &made->name);
  struct outcome outcome =
      made->name.kind == ADDRESS_IP ? take_address(sim, made, request) : take_local_name(sim, made);
  if (outcome.code != WEIR_OK) {
    memory_put(&sim->allocator, made);
    return outcome;
  }
  made->world = sim;
  made->holders = 1;
  list_init(&made->acceptors);
  list_init(&made->backlog);
  list_init(&made->waiting);
  list_append(&sim->listeners, &made->node);
  *listener = made;
  return outcome;
}

void listener_begin(struct listener *listener, int backlog) {
  listener->state = LISTENER_LISTENING;
  listener->backlog_limit = backlog > 0 ? (size_t)backlog : 1;
}

/* ---- clients ---- */

static void refresh_acceptors(struct listener *listener) {
  for (struct list_node *node = list_first(&listener->acceptors); node != NULL;
       node = list_after(&listener->acceptors, node)) {
    sim_refresh_accept(CONTAINER_OF(node, struct acceptor, node));
  }
}

static void queue(struct listener *listener, struct wire *wire) {
  wire->state = WIRE_CONNECTED;
  list_append(&listener->backlog, &wire->node);
  ++listener->backlog_count;
  refresh_acceptors(listener);
}

weir_code listener_enqueue(struct listener *listener, struct wire *wire) {
  if (listener->backlog_count < listener->backlog_limit) {
    queue(listener, wire);
    return WEIR_OK;
  }
  if (wire->transport != TRANSPORT_TCP) return WEIR_EAGAIN;
  list_append(&listener->waiting, &wire->node);
  return WEIR_OK;
}

/* Lets those in that wait, as far as there is room. */
static void fill_backlog(struct listener *listener) {
  while (listener->backlog_count < listener->backlog_limit) {
    struct list_node *node = list_take_first(&listener->waiting);
    if (node == NULL) return;
    struct wire *wire = CONTAINER_OF(node, struct wire, node);
    queue(listener, wire);
    sim_settle_connect(wire->client.connection, (struct outcome){.code = WEIR_OK});
  }
}

static struct wire *take_client(struct listener *listener) {
  struct list_node *node = list_take_first(&listener->backlog);
  if (node == NULL) return NULL;
  --listener->backlog_count;
  return CONTAINER_OF(node, struct wire, node);
}

struct wire *listener_dequeue(struct listener *listener) {
  struct wire *wire = take_client(listener);
  if (wire == NULL) return NULL;
  fill_backlog(listener);
  refresh_acceptors(listener);
  return wire;
}

/* ---- going on elsewhere ---- */

intptr_t listener_detach(struct listener *listener) {
  if (listener->detached++ > 0) return listener->native.number;
  return native_add(listener->world, &listener->native, NATIVE_LISTENER);
}

struct listener *listener_take_on(struct native *native) {
  struct listener *listener = CONTAINER_OF(native, struct listener, native);
  if (--listener->detached == 0) list_remove(&native->node);
  return listener;
}

/* ---- ending ---- */

static void reset_client(struct wire *wire) {
  struct connection *client = wire->client.connection;
  wire_reset(&wire->server);
  sim_refresh(client);
}

static void refuse_client(struct wire *wire) {
  struct connection *client = wire->client.connection;
  wire_reset(&wire->server);
  sim_leave_wire(client, ENDING_CLOSE);
  sim_settle_connect(client, (struct outcome){.code = WEIR_ECONNREFUSED, .hint = "the server has closed"});
}

void listener_release(struct listener *listener) {
  if (--listener->holders > 0) return;
  assert(list_empty(&listener->acceptors) && listener->detached == 0);
  struct wire *wire;
  while ((wire = take_client(listener)) != NULL) reset_client(wire);
  struct list_node *node;
  while ((node = list_take_first(&listener->waiting)) != NULL) refuse_client(CONTAINER_OF(node, struct wire, node));
  list_remove(&listener->node);
  memory_put(&listener->world->allocator, listener);
}
