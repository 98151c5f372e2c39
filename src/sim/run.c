/* SPDX-License-Identifier: MIT */
/*
 * Running a whole world: each loop takes turns without waiting, and time moves to the next deadline of all loops when
 * none has anything to do. A loop with nothing referenced left has ended, as its program would have, and runs no more.
 */
#include <weir/sim.h>

#include "sim/parts.h"

static struct backend *backend_after(const struct weir_sim *sim, const struct backend *backend) {
  struct list_node *node = backend == NULL ? list_first(&sim->backends) : list_after(&sim->backends, &backend->node);
  return node == NULL ? NULL : CONTAINER_OF(node, struct backend, node);
}

static bool is_alive(const struct backend *backend) { return backend->loop != NULL && weir_loop_alive(backend->loop); }

static bool has_work(struct backend *backend) {
  return schedule_has_work(&backend->schedule) || atomic_load(&backend->is_woken) ||
         weir_loop_next_timeout_ms(backend->loop) == 0;
}

/* One of the loops that have something to do: drawn, or in fixed order the one that has waited longest for its turn. */
static struct backend *choose_loop(struct weir_sim *sim) {
  struct backend *chosen = NULL;
  size_t candidates = 0;
  for (struct backend *each = NULL; (each = backend_after(sim, each)) != NULL;) {
    if (!is_alive(each) || !has_work(each)) continue;
    ++candidates;
    if (candidates == 1 || (!sim->fixed_order && chance_one_in(&sim->chance, candidates))) chosen = each;
  }
  return chosen;
}

/* False when it could not be run, because it is running already. */
static bool give_turn(struct weir_sim *sim, struct backend *chosen) {
  list_remove(&chosen->node);
  list_append(&sim->backends, &chosen->node);
  return weir_loop_run(chosen->loop, WEIR_RUN_NOWAIT) >= 0;
}

static bool move_to_next_deadline(struct weir_sim *sim) {
  int nearest = -1;
  for (struct backend *each = NULL; (each = backend_after(sim, each)) != NULL;) {
    if (!is_alive(each)) continue;
    int timeout_ms = weir_loop_next_timeout_ms(each->loop);
    if (timeout_ms >= 0 && (nearest < 0 || timeout_ms < nearest)) nearest = timeout_ms;
  }
  if (nearest <= 0) return false;
  sim_pass_time(sim, (uint64_t)nearest * NANOSECONDS_PER_MILLISECOND);
  return true;
}

static size_t count_alive(const struct weir_sim *sim) {
  size_t count = 0;
  for (struct backend *each = NULL; (each = backend_after(sim, each)) != NULL;) {
    if (is_alive(each)) ++count;
  }
  return count;
}

size_t weir_sim_run(weir_sim *sim) {
  if (sim->is_running) return count_alive(sim);
  sim->is_running = true;
  bool goes_on = true;
  while (goes_on) {
    struct backend *chosen = choose_loop(sim);
    goes_on = chosen != NULL ? give_turn(sim, chosen) : move_to_next_deadline(sim);
  }
  sim->is_running = false;
  return count_alive(sim);
}
