/* SPDX-License-Identifier: MIT */
/*
 * Loops that a case makes beside the world's own, on the same backend: with an allocator or an error hook of its own,
 * or to be released while something is open.
 */
#ifndef WEIR_TESTS_FURTHER_LOOP_H
#define WEIR_TESTS_FURTHER_LOOP_H

#include "support/world.h"

/* Options for a loop on the world's backend, in the world's simulation if it has one. */
weir_loop_options further_loop_options(const struct world *world);

/* Such a loop; the case releases it. */
weir_loop *further_loop(const struct world *world);

#endif
