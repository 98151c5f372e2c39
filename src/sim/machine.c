/* SPDX-License-Identifier: MIT */
/* The one machine of a simulated world, as the internet sees it; see machine.h. */
#include "sim/machine.h"

#include <string.h>

#include "common/address/ip.h"
#include "common/base/memory.h"
#include "sim/listener.h"
#include "sim/wire.h"
#include "sim/world.h"

/* Ports that are given to whoever wants any. (RFC 6335) */
enum { FIRST_PORT = 49152, PORT_COUNT = 65536 - FIRST_PORT };

/* An address of which something is known. */
struct place {
  struct list_node node;
  weir_address address; /* plain, port 0 */
  bool is_own;
  enum reach reach;
};

/* ---- addresses ---- */

weir_address machine_plain(const weir_address *address) {
  weir_address plain = *address;
  if (address->family != WEIR_FAMILY_IPV6 || !ip_is_mapped(address->bytes)) return plain;
  plain = (weir_address){.family = WEIR_FAMILY_IPV4, .port = address->port};
  memcpy(plain.bytes, address->bytes + IPV6_BYTES - IPV4_BYTES, IPV4_BYTES);
  return plain;
}

weir_address machine_mapped(const weir_address *address) {
  weir_address mapped = *address;
  ip_map(address->family, address->bytes, mapped.bytes);
  mapped.family = WEIR_FAMILY_IPV6;
  return mapped;
}

bool machine_is_any(const weir_address *address) {
  static const unsigned char zeros[IPV6_BYTES];
  return memcmp(address->bytes, zeros, sizeof zeros) == 0;
}

weir_address machine_loopback(weir_family family) {
  if (family == WEIR_FAMILY_IPV4) return (weir_address){.family = family, .bytes = {127, 0, 0, 1}};
  weir_address loopback = {.family = family};
  loopback.bytes[IPV6_BYTES - 1] = 1;
  return loopback;
}

static bool is_same(const weir_address *one, const weir_address *other) {
  return one->family == other->family && memcmp(one->bytes, other->bytes, sizeof one->bytes) == 0 &&
         strcmp(one->zone, other->zone) == 0;
}

static bool is_loopback(const weir_address *plain) {
  if (plain->family == WEIR_FAMILY_IPV4) return plain->bytes[0] == 127;
  weir_address loopback = machine_loopback(WEIR_FAMILY_IPV6);
  return is_same(plain, &loopback);
}

/* ---- places ---- */

static struct place *find_place(const struct weir_sim *sim, const weir_address *plain) {
  for (struct list_node *node = list_first(&sim->places); node != NULL; node = list_after(&sim->places, node)) {
    struct place *place = CONTAINER_OF(node, struct place, node);
    if (is_same(&place->address, plain)) return place;
  }
  return NULL;
}

static weir_code need_place(weir_sim *sim, const weir_address *address, struct place **place) {
  bool is_address = address != NULL && (address->family == WEIR_FAMILY_IPV4 || address->family == WEIR_FAMILY_IPV6);
  if (sim == NULL || !is_address || machine_is_any(address)) return WEIR_EINVAL;
  weir_address plain = machine_plain(address);
  *place = find_place(sim, &plain);
  if (*place != NULL) return WEIR_OK;
  *place = memory_get_zeroed(&sim->allocator, sizeof **place);
  if (*place == NULL) return WEIR_ENOMEM;
  **place = (struct place){.address = plain};
  list_append(&sim->places, &(*place)->node);
  return WEIR_OK;
}

weir_code weir_sim_add_address(weir_sim *sim, const weir_address *address) {
  struct place *place = NULL;
  weir_code code = need_place(sim, address, &place);
  if (code == WEIR_OK) place->is_own = true;
  return code;
}

weir_code weir_sim_set_unreachable(weir_sim *sim, const weir_address *address, bool silent) {
  struct place *place = NULL;
  weir_code code = need_place(sim, address, &place);
  if (code == WEIR_OK) place->reach = silent ? REACH_SILENT : REACH_REFUSED;
  return code;
}

void machine_forget_places(struct weir_sim *sim) {
  struct list_node *node;
  while ((node = list_take_first(&sim->places)) != NULL) {
    memory_put(&sim->allocator, CONTAINER_OF(node, struct place, node));
  }
}

bool machine_has(const struct weir_sim *sim, const weir_address *plain) {
  if (machine_is_any(plain) || is_loopback(plain)) return true;
  const struct place *place = find_place(sim, plain);
  return place != NULL && place->is_own;
}

enum reach machine_reach(const struct weir_sim *sim, const weir_address *plain) {
  const struct place *place = find_place(sim, plain);
  if (place != NULL && place->reach != REACH_HERE) return place->reach;
  return machine_has(sim, plain) ? REACH_HERE : REACH_NOWHERE;
}

/* ---- ports ---- */

bool machine_covers(const struct claim *claim, const weir_address *plain) {
  if (claim->address.family != plain->family) return claim->takes_ipv4;
  return machine_is_any(&claim->address) || is_same(&claim->address, plain);
}

static bool do_meet(const struct claim *one, const struct claim *other) {
  return one->address.port == other->address.port &&
         (machine_covers(one, &other->address) || machine_covers(other, &one->address));
}

static bool is_taken_by_listener(const struct weir_sim *sim, const struct claim *claim) {
  for (struct list_node *node = list_first(&sim->listeners); node != NULL; node = list_after(&sim->listeners, node)) {
    const struct listener *listener = CONTAINER_OF(node, struct listener, node);
    bool is_shared = claim->shares && listener->claim.shares;
    if (listener->name.kind == ADDRESS_IP && do_meet(&listener->claim, claim) && !is_shared) return true;
  }
  return false;
}

/* A client's port is its own for as long as its connection is there; accepted ends have none of their own. */
static bool is_taken_by_client(const struct weir_sim *sim, const struct claim *claim) {
  for (struct list_node *node = list_first(&sim->wires); node != NULL; node = list_after(&sim->wires, node)) {
    const struct wire *wire = CONTAINER_OF(node, struct wire, world_node);
    struct claim taken = {.address = machine_plain(&wire->client.local)};
    if (do_meet(&taken, claim)) return true;
  }
  return false;
}

bool machine_port_is_taken(const struct weir_sim *sim, const struct claim *claim) {
  return is_taken_by_listener(sim, claim) || is_taken_by_client(sim, claim);
}

bool machine_draw_port(struct weir_sim *sim, struct claim *claim) {
  size_t start = chance_below(&sim->chance, PORT_COUNT);
  for (size_t i = 0; i < PORT_COUNT; ++i) {
    claim->address.port = FIRST_PORT + (int)((start + i) % PORT_COUNT);
    if (!machine_port_is_taken(sim, claim)) return true;
  }
  return false;
}
