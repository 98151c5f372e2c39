/* SPDX-License-Identifier: MIT */
/*
 * Connects of a simulated world. What becomes of one is known at once, unless it waits for room in a backlog, or for
 * ever because its target is silent; when its loop learns of it is the schedule's to draw.
 */
#include <assert.h>
#include <string.h>

#include "sim/machine.h"
#include "sim/parts.h"

/* Which way a client takes. */
struct way {
  enum transport transport;
  struct listener *listener; /* NULL: what is sent that way gets lost */
  weir_address local;        /* TCP: plain */
  weir_address remote;
  bool is_mapped; /* TCP: the client itself sees IPv4-mapped addresses */
};

static struct outcome fail(weir_code code, const char *step, const char *hint) {
  return (struct outcome){.code = code, .step = step, .hint = hint};
}

/* ---- local names ---- */

static struct outcome find_local_way(struct weir_sim *world, const struct address *address, struct way *way) {
  struct address name;
  if (address->kind == ADDRESS_REMOTE) {
    return fail(WEIR_EHOSTUNREACH, NULL, "a simulated world has no other machines");
  }
  assert(address->kind != ADDRESS_HOST && "a name that was not looked up");
  sim_resolve_name(address, &name);
  way->listener = listener_find(world, &name);
  if (way->listener == NULL) return fail(WEIR_ENOENT, NULL, "nobody in this simulated world has that name");
  if (way->listener->state == LISTENER_LISTENING) return fail(WEIR_OK, NULL, NULL);
  return fail(WEIR_ECONNREFUSED, NULL, "who has that name does not listen yet");
}

/* ---- TCP ---- */

/* The address that a client has when it has not asked for one. */
static weir_address choose_source(const weir_address *remote) {
  bool is_loopback = remote->family == WEIR_FAMILY_IPV4 && remote->bytes[0] == 127;
  weir_address source = is_loopback ? machine_loopback(WEIR_FAMILY_IPV4) : *remote;
  source.port = 0;
  return source;
}

static const char other_kind[] = "the local address and the server's are of different kinds";

/* What was bound before connects to addresses that are written in its own kind. */
static struct outcome take_bound(const struct connect_request *request, const struct way *way, struct claim *claim) {
  const struct listener *bound = request->bound->listener;
  *claim = bound->claim;
  if (claim->takes_ipv4 && way->remote.family == WEIR_FAMILY_IPV4) {
    *claim = (struct claim){.address = {.family = WEIR_FAMILY_IPV4, .port = bound->name.ip.port}};
  }
  bool is_of_kind = bound->name.ip.family == request->address->ip.family && claim->address.family == way->remote.family;
  return is_of_kind ? fail(WEIR_OK, NULL, NULL) : fail(WEIR_EINVAL, NULL, other_kind);
}

static struct outcome bind_wish(struct weir_sim *world, const weir_address *wish, const struct way *way,
                                struct claim *claim) {
  claim->address = machine_plain(wish);
  if (claim->address.family != way->remote.family) return fail(WEIR_EINVAL, "bind", other_kind);
  if (!machine_has(world, &claim->address)) {
    return fail(WEIR_EADDRNOTAVAIL, "bind", "it is not an address of this simulated machine; see weir_sim_add_address");
  }
  bool is_taken = claim->address.port != 0 && machine_port_is_taken(world, claim);
  return is_taken ? fail(WEIR_EADDRINUSE, "bind", "a live server or client of this simulated machine has that port")
                  : fail(WEIR_OK, NULL, NULL);
}

static struct outcome choose_local(struct weir_sim *world, const struct connect_request *request, struct way *way) {
  struct claim claim = {.address = choose_source(&way->remote)};
  struct outcome outcome = fail(WEIR_OK, NULL, NULL);
  if (request->bound != NULL) {
    outcome = take_bound(request, way, &claim);
  } else if (request->local != NULL) {
    outcome = bind_wish(world, request->local, way, &claim);
  }
  if (outcome.code != WEIR_OK) return outcome;
  int port = claim.address.port;
  if (machine_is_any(&claim.address)) claim.address = choose_source(&way->remote);
  claim.address.port = port;
  if (port == 0 && !machine_draw_port(world, &claim)) {
    return fail(WEIR_EADDRNOTAVAIL, NULL, "all ports of this simulated machine are taken");
  }
  way->local = claim.address;
  return fail(WEIR_OK, NULL, NULL);
}

static struct outcome find_ip_way(struct weir_sim *world, const struct connect_request *request, struct way *way) {
  const weir_address *target = &request->address->ip;
  way->transport = TRANSPORT_TCP;
  way->remote = machine_plain(target);
  way->is_mapped = way->remote.family != target->family;
  if (machine_is_any(&way->remote)) {
    way->remote = machine_loopback(way->remote.family);
    way->remote.port = target->port;
  }
  struct outcome outcome = choose_local(world, request, way);
  if (outcome.code != WEIR_OK) return outcome;
  switch (machine_reach(world, &way->remote)) {
    case REACH_SILENT:
      return fail(WEIR_OK, NULL, NULL);
    case REACH_REFUSED:
      return fail(WEIR_EHOSTUNREACH, NULL, "the program made it unreachable with weir_sim_set_unreachable");
    case REACH_NOWHERE:
      return fail(WEIR_ENETUNREACH, NULL, "a simulated world has no such address; see weir_sim_add_address");
    case REACH_HERE:
      break;
  }
  way->listener = listener_find_ip(world, &way->remote, way->local.port);
  if (way->listener != NULL) return fail(WEIR_OK, NULL, NULL);
  return fail(WEIR_ECONNREFUSED, NULL, "nobody in this simulated world listens there");
}

/* ---- the connect ---- */

void sim_settle_connect(struct connection *connection, struct outcome outcome) {
  if (connection == NULL) return;
  connection->connect_outcome = outcome;
  schedule_make_ready(&connection->backend->schedule, &connection->connect);
}

static void address_end(struct wire_end *end, const weir_address *local, const weir_address *remote, bool is_mapped) {
  end->local = is_mapped ? machine_mapped(local) : *local;
  end->remote = is_mapped ? machine_mapped(remote) : *remote;
}

/* A server at an IPv6 address sees IPv4 clients under IPv4-mapped ones. */
static void address_wire(struct weir_sim *world, struct wire *wire, const struct way *way) {
  bool is_mapped_there = way->listener != NULL && way->listener->name.ip.family != way->remote.family;
  address_end(&wire->client, &way->local, &way->remote, way->is_mapped);
  address_end(&wire->server, &way->remote, &way->local, is_mapped_there);
  list_append(&world->wires, &wire->world_node);
}

static struct outcome find_way(struct connection *connection, const struct connect_request *request, struct way *way) {
  struct weir_sim *world = connection->backend->world;
  weir_code fault = sim_count_operation(world, WEIR_SIM_FAULT_CONNECT);
  if (fault != WEIR_OK) return fail(fault, NULL, sim_fault_hint);
  if (request->address->kind == ADDRESS_IP) return find_ip_way(world, request, way);
  return find_local_way(world, request->address, way);
}

static struct outcome take_way(struct connection *connection, const struct way *way) {
  struct weir_sim *world = connection->backend->world;
  struct wire *wire = wire_create(&world->allocator, way->transport, world->pipe_bytes);
  if (wire == NULL) return fail(WEIR_ENOMEM, NULL, NULL);
  if (way->transport == TRANSPORT_TCP) address_wire(world, wire, way);
  sim_attach(connection, &wire->client);
  weir_code code = way->listener == NULL ? WEIR_OK : listener_enqueue(way->listener, wire);
  if (code == WEIR_OK) return fail(WEIR_OK, NULL, NULL);
  sim_leave_wire(connection, ENDING_CLOSE);
  return fail(code, NULL, "the server's backlog is full");
}

void sim_connect(struct backend *backend, struct connection *connection, const struct connect_request *request) {
  struct way way = {.transport = TRANSPORT_LOCAL};
  sim_begin(backend, connection);
  connection->life = CONNECTION_CONNECTING;
  task_submit(&connection->connect);
  struct outcome outcome = find_way(connection, request, &way);
  if (request->bound != NULL) sim_use_up(request->bound);
  if (outcome.code == WEIR_OK) outcome = take_way(connection, &way);
  bool is_pending = outcome.code == WEIR_OK && connection->end->wire->state == WIRE_WAITING;
  if (!is_pending) sim_settle_connect(connection, outcome);
}

void sim_finish_connect(struct connection *connection, struct completion *completion) {
  completion->connection = connection;
  completion->result = connection->connect_outcome.code;
  completion->hint = connection->connect_outcome.hint;
  completion->step = connection->connect_outcome.step;
  task_cancel(&connection->connect);
  if (completion->result == WEIR_OK) {
    connection->life = CONNECTION_OPEN;
    return;
  }
  --connection->backend->open_count;
  sim_spoil(connection, sizeof *connection);
}
