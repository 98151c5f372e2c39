/* SPDX-License-Identifier: MIT */
/* The names of a simulated world: what a look-up finds there, and how long it takes. */
#include <string.h>

#include "common/address/resolved.h"
#include "common/base/memory.h"
#include "common/system.h"
#include "sim/world.h"

/* Some addresses of a name; a name may have several of these. */
struct host {
  struct list_node node;
  uint64_t delay_ns;
  char *name; /* behind the addresses */
  size_t count;
  weir_address addresses[];
};

static char lower(char letter) { return letter >= 'A' && letter <= 'Z' ? (char)(letter - 'A' + 'a') : letter; }

static bool is_same_host(const char *one, const char *other) {
  while (*one != '\0' && lower(*one) == lower(*other)) ++one, ++other;
  return *one == *other;
}

static bool are_addresses(const weir_address *addresses, size_t count) {
  if (count > 0 && addresses == NULL) return false;
  for (size_t i = 0; i < count; ++i) {
    if (addresses[i].family != WEIR_FAMILY_IPV4 && addresses[i].family != WEIR_FAMILY_IPV6) return false;
  }
  return true;
}

weir_code weir_sim_add_host(weir_sim *sim, const char *name, const weir_address *addresses, size_t count,
                            uint64_t delay_ms) {
  if (sim == NULL || name == NULL || name[0] == '\0' || !are_addresses(addresses, count)) return WEIR_EINVAL;
  size_t name_bytes = strlen(name) + 1;
  size_t addresses_bytes = count * sizeof *addresses;
  if (count > SIZE_MAX / 2 / sizeof *addresses) return WEIR_ENOMEM;
  struct host *host = memory_get_zeroed(&sim->allocator, sizeof *host + addresses_bytes + name_bytes);
  if (host == NULL) return WEIR_ENOMEM;
  host->delay_ns =
      delay_ms > UINT64_MAX / NANOSECONDS_PER_MILLISECOND ? UINT64_MAX : delay_ms * NANOSECONDS_PER_MILLISECOND;
  host->name = (char *)(host->addresses + count);
  host->count = count;
  if (count > 0) memcpy(host->addresses, addresses, addresses_bytes);
  memcpy(host->name, name, name_bytes);
  list_append(&sim->hosts, &host->node);
  return WEIR_OK;
}

void sim_drop_hosts(struct weir_sim *sim) {
  struct list_node *node;
  while ((node = list_take_first(&sim->hosts)) != NULL) {
    memory_put(&sim->allocator, CONTAINER_OF(node, struct host, node));
  }
}

/* ---- looking up ---- */

/* Adds those of the family; counts only when there is no place for them yet. */
static void collect(struct resolved *resolved, weir_family family, const weir_address *addresses, size_t count) {
  for (size_t i = 0; i < count; ++i) {
    if (family != WEIR_FAMILY_NONE && addresses[i].family != family) continue;
    if (resolved->addresses != NULL) {
      resolved->addresses[resolved->count] = addresses[i];
      resolved->addresses[resolved->count].port = WEIR_NO_PORT;
    }
    ++resolved->count;
  }
}

static void collect_all(const struct weir_sim *sim, const char *name, weir_family family, struct resolved *resolved,
                        uint64_t *delay_ns) {
  static const weir_address localhost[] = {
      {.family = WEIR_FAMILY_IPV6, .bytes = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1}},
      {.family = WEIR_FAMILY_IPV4, .bytes = {127, 0, 0, 1}}};
  resolved->count = 0;
  if (is_same_host(name, "localhost")) collect(resolved, family, localhost, 2);
  for (struct list_node *node = list_first(&sim->hosts); node != NULL; node = list_after(&sim->hosts, node)) {
    const struct host *host = CONTAINER_OF(node, struct host, node);
    if (!is_same_host(host->name, name)) continue;
    if (host->delay_ns > *delay_ns) *delay_ns = host->delay_ns;
    collect(resolved, family, host->addresses, host->count);
  }
}

void sim_resolve(struct weir_sim *sim, const char *host, weir_family family, struct resolved *resolved,
                 uint64_t *delay_ns) {
  *resolved = (struct resolved){.code = sim_count_operation(sim, WEIR_SIM_FAULT_LOOKUP), .hint = sim_fault_hint};
  *delay_ns = 0;
  if (resolved->code != WEIR_OK) return;
  collect_all(sim, host, family, resolved, delay_ns);
  if (resolved->count == 0) {
    *resolved = (struct resolved){.code = WEIR_ENOTFOUND, .hint = "this simulated world has no such address"};
    return;
  }
  resolved->addresses = system_memory_get(resolved->count * sizeof *resolved->addresses);
  if (resolved->addresses == NULL) {
    *resolved = (struct resolved){.code = WEIR_ENOMEM};
    return;
  }
  collect_all(sim, host, family, resolved, delay_ns);
}
