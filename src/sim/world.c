/* SPDX-License-Identifier: MIT */
/* A simulated world: how it begins and ends, its clock, its names, and what it makes fail. Running it is run.c. */
#include "sim/world.h"

#include <assert.h>

#include "common/base/memory.h"
#include "common/base/versioned.h"
#include "sim/machine.h"
#include "sim/parts.h"

#define DEFAULT_PIPE_BYTES 65536

const char sim_fault_hint[] = "the program asked for this failure with weir_sim_fail";

/* One failure to come. */
struct fault {
  struct list_node node;
  weir_sim_fault kind;
  uint64_t remaining; /* operations of this kind until it happens, itself included */
  weir_code code;
};

/* False: they do not say their size. */
static bool read_options(const weir_sim_options *given, weir_sim_options *options) {
  *options = weir_sim_options_default();
  if (!versioned_read(options, sizeof *options, given)) return false;
  if (options->pipe_bytes == 0) options->pipe_bytes = DEFAULT_PIPE_BYTES;
  if (options->allocator.resize == NULL) options->allocator = memory_default;
  return true;
}

weir_code weir_sim_create(const weir_sim_options *given, weir_sim **sim) {
  weir_sim_options options;
  if (sim == NULL || !read_options(given, &options)) return WEIR_EINVAL;
  struct weir_sim *world = memory_get_zeroed(&options.allocator, sizeof *world);
  if (world == NULL) return WEIR_ENOMEM;
  world->references = 1;
  world->allocator = options.allocator;
  world->pipe_bytes = options.pipe_bytes;
  world->whole_transfers = options.whole_transfers;
  world->fixed_order = options.fixed_order;
  chance_init(&world->chance, options.seed);
  list_init(&world->backends);
  list_init(&world->listeners);
  list_init(&world->wires);
  list_init(&world->natives);
  list_init(&world->places);
  list_init(&world->faults);
  list_init(&world->hosts);
  *sim = world;
  return WEIR_OK;
}

void sim_retain(struct weir_sim *sim) {
  assert(sim->references > 0);
  ++sim->references;
}

static void drop_fault(struct weir_sim *sim, struct fault *fault) {
  list_remove(&fault->node);
  memory_put(&sim->allocator, fault);
}

void weir_sim_release(weir_sim *sim) {
  if (sim == NULL || --sim->references > 0) return;
  native_close_all(sim);
  assert(list_empty(&sim->backends) && list_empty(&sim->listeners) && list_empty(&sim->wires));
  struct list_node *node;
  while ((node = list_first(&sim->faults)) != NULL) drop_fault(sim, CONTAINER_OF(node, struct fault, node));
  sim_drop_hosts(sim);
  machine_forget_places(sim);
  weir_allocator allocator = sim->allocator;
  memory_put(&allocator, sim);
}

uint64_t weir_sim_now_ms(const weir_sim *sim) { return sim->now_ns / NANOSECONDS_PER_MILLISECOND; }

void sim_pass_time(struct weir_sim *sim, uint64_t duration_ns) {
  sim->now_ns = duration_ns < UINT64_MAX - sim->now_ns ? sim->now_ns + duration_ns : UINT64_MAX;
}

weir_code weir_sim_fail(weir_sim *sim, weir_sim_fault kind, uint64_t nth, weir_code code) {
  if ((unsigned)kind > WEIR_SIM_FAULT_OPTION || nth == 0 || code >= WEIR_OK) return WEIR_EINVAL;
  struct fault *fault = memory_get_zeroed(&sim->allocator, sizeof *fault);
  if (fault == NULL) return WEIR_ENOMEM;
  fault->kind = kind;
  fault->remaining = nth;
  fault->code = code;
  list_append(&sim->faults, &fault->node);
  return WEIR_OK;
}

weir_code sim_count_operation(struct weir_sim *sim, weir_sim_fault kind) {
  weir_code code = WEIR_OK;
  struct list_node *node = list_first(&sim->faults);
  while (node != NULL) {
    struct fault *fault = CONTAINER_OF(node, struct fault, node);
    node = list_after(&sim->faults, node);
    if (fault->kind != kind || --fault->remaining > 0) continue;
    if (code == WEIR_OK) code = fault->code;
    drop_fault(sim, fault);
  }
  return code;
}
