/* SPDX-License-Identifier: MIT */
/*
 * What becomes of a loop in a process that was forked from its own. The system's parts of it, the poller above all,
 * belong to both processes then, and whatever this one did with them the other would suffer from. So nothing goes to
 * the system any more: the loop has ended here, running it says WEIR_EFORKED, and what still reaches its backend meets
 * a table of operations that do nothing. What a turn was about to tell is told in the other process alone: whoever goes
 * through a list of it stops when the loop has ended.
 *
 * Threads, and whoever held a lock, exist in the other process alone. So nothing of the loop is taken apart here
 * either: a release closes this process's copies of the descriptors, and the memory stays.
 */
#ifndef WEIR_COMMON_LOOP_FORKED_H
#define WEIR_COMMON_LOOP_FORKED_H

#include <stdbool.h>

#include "common/loop/loop.h"

/* Begins and ends to look out for forks. A simulated loop has nothing of the system's, and goes on in both processes.
 */
weir_code forked_watch(weir_loop *loop);
void forked_unwatch(weir_loop *loop);

/* Whether this process is a fork of the one that the loop belongs to. */
static inline bool loop_is_forked(const weir_loop *loop) { return loop->fork.forked; }

/* The last owner in this process has released it. */
void forked_release(weir_loop *loop);

#endif
