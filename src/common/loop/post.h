/* SPDX-License-Identifier: MIT */
/*
 * Functions posted to a loop from any thread. Posting pushes on a lock-free stack; the loop takes the whole stack at
 * once and turns it round, so functions run in the order in which they were posted.
 */
#ifndef WEIR_COMMON_LOOP_POST_H
#define WEIR_COMMON_LOOP_POST_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>

#include <weir/loop.h>

#include "common/loop/loop.h"

struct post {
  struct post *next;
  weir_function function;
  weir_function dropped; /* runs instead when the loop ends first; NULL: a post of the user's, freed by the loop */
  void *user;
};

/* Posts what cannot fail, because it stands in memory of its own until one of its functions runs. Any thread. */
void post_send(weir_loop *loop, struct post *post);

/* Whether something was posted and has not run. */
static inline bool post_pending(const weir_loop *loop) { return atomic_load(&loop->posts) != NULL; }

/* How many functions that is. */
size_t post_count(const weir_loop *loop);

/* Runs everything posted by now. */
void post_run(weir_loop *loop);

/* The loop ends: nothing posted runs any more. */
void post_drop(weir_loop *loop);

#endif
