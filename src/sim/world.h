/* SPDX-License-Identifier: MIT */
/*
 * A simulated world from the inside: what its backends share. Names lead to acceptors, wires are made with the world's
 * memory because they outlive the loop that made them, and faults are counted here over all loops.
 */
#ifndef WEIR_SIM_WORLD_H
#define WEIR_SIM_WORLD_H

#include <stdbool.h>
#include <stdint.h>

#include <weir/sim.h>

#include "common/address/address.h"
#include "common/base/list.h"
#include "sim/chance.h"

#define NANOSECONDS_PER_MILLISECOND UINT64_C(1000000)

struct weir_sim {
  size_t references; /* the user's, and one of each backend */
  weir_allocator allocator;

  /* what it is like */
  size_t pipe_bytes;
  bool whole_transfers;
  bool fixed_order;

  /* what it has */
  bool is_running; /* in weir_sim_run */
  uint64_t now_ns;
  struct chance chance;
  struct list backends;  /* in the order in which their loops last ran */
  struct list listeners; /* whoever has a name */
  struct list wires;     /* of TCP */
  struct list natives;   /* what was detached and not taken on */
  intptr_t native_count; /* that there ever were */
  struct list places;    /* addresses of which something is known */
  struct list faults;    /* what is still to fail, in the order of asking */
  struct list hosts;     /* names for look-ups */
};

void sim_retain(struct weir_sim *sim);

/* Moves the clock; it stops at its end instead of beginning anew. */
void sim_pass_time(struct weir_sim *sim, uint64_t duration_ns);

/* Counts an operation of this kind. WEIR_OK, or what it must fail with. */
weir_code sim_count_operation(struct weir_sim *sim, weir_sim_fault fault);

/* Forgets the names that were added. */
void sim_drop_hosts(struct weir_sim *sim);

/* What the errors of faults say. */
extern const char sim_fault_hint[];

#endif
