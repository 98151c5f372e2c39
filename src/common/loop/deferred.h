/* SPDX-License-Identifier: MIT */
/*
 * Calls that wait for the loop's next turn, so that what is known at once is told no sooner than what is not. A
 * deferred call is embedded in what it is about: deferring cannot fail. It does not keep the loop alive by itself.
 */
#ifndef WEIR_COMMON_LOOP_DEFERRED_H
#define WEIR_COMMON_LOOP_DEFERRED_H

#include <stdbool.h>

#include <weir/loop.h>

#include "common/base/list.h"
#include "common/loop/loop.h"

struct deferred {
  struct list_node link;
  void (*run)(struct deferred *deferred);
};

/* It runs in the next turn, after those that were deferred before. */
void deferred_add(weir_loop *loop, struct deferred *deferred);

/* Takes it back; does nothing to one that is not waiting. */
void deferred_remove(struct deferred *deferred);

/* Whether any waits. */
static inline bool deferred_pending(const weir_loop *loop) { return !list_empty(&loop->deferred); }

/* Runs those that wait by now. */
void deferred_run(weir_loop *loop);

#endif
