/* SPDX-License-Identifier: MIT */
/*
 * Loops that a case makes beside the world's own. See further_loop.h.
 */
#include "support/further_loop.h"

weir_loop_options further_loop_options(const struct world *world) {
  weir_loop_options options = weir_loop_options_default();
  options.simulator = world->sim;
  options.backend = world->simulated ? NULL : world->backend;
  return options;
}

weir_loop *further_loop(const struct world *world) {
  weir_loop_options options = further_loop_options(world);
  weir_loop *loop = NULL;
  assert_int_equal(weir_loop_create(&options, &loop), WEIR_OK);
  return loop;
}
