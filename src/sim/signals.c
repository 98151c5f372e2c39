/* SPDX-License-Identifier: MIT */
/* The signals of a simulated world: all its loops are programs that one user tells the same. */
#include "common/system.h"
#include "sim/parts.h"

weir_code weir_sim_raise(weir_sim *sim, weir_signal_number number) {
  if ((unsigned)number < WEIR_SIGNAL_HANGUP || (unsigned)number > WEIR_SIGNAL_WINDOW) return WEIR_EINVAL;
  for (struct list_node *node = list_first(&sim->backends); node != NULL; node = list_after(&sim->backends, node)) {
    struct backend *backend = CONTAINER_OF(node, struct backend, node);
    if (backend->loop != NULL) signal_raise(backend->loop, number);
  }
  return WEIR_OK;
}
