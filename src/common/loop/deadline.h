/* SPDX-License-Identifier: MIT */
/*
 * Deadlines: points in time at which the loop calls a function of the library. Timers, idle time-outs, connect
 * deadlines and back-offs are all made of them. A deadline is embedded where it belongs; it neither owns anything nor
 * keeps the loop alive.
 *
 * Setting one cannot fail, because its place was taken before: that is what makes closing and backing off safe when
 * memory is short.
 */
#ifndef WEIR_COMMON_LOOP_DEADLINE_H
#define WEIR_COMMON_LOOP_DEADLINE_H

#include <stdbool.h>
#include <stdint.h>

#include <weir/loop.h>

#include "common/base/heap.h"

enum { NANOSECONDS_PER_MILLISECOND = 1000000 };

struct deadline;

/* Called once when the time has come; the deadline is no longer set then. */
typedef void (*deadline_function)(struct deadline *deadline);

/* While it is set, the heap has its time, or an earlier one; see deadline.c. */
struct deadline {
  struct heap_node node;
  uint32_t started; /* which of those that wait for the clock it is, from 1; 0: none */
  uint64_t time_ns;
  uint64_t order;        /* how many were set before it */
  deadline_function due; /* NULL: it has no place */
};

/* One that was started and has no time yet. */
struct started_deadline {
  struct deadline *deadline;
  uint64_t milliseconds;
};

/* How many may wait for the clock. With more it is read at once, for all of them. */
#define STARTED_DEADLINES_MAX 64

/* Takes a place, so that setting cannot fail. WEIR_ENOMEM: there is none, and nothing has changed. */
weir_code deadline_init(struct deadline *deadline, weir_loop *loop, deadline_function due);

/* Clears it and gives the place back; does nothing to one that has no place. */
void deadline_fini(struct deadline *deadline, weir_loop *loop);

static inline bool deadline_has_place(const struct deadline *deadline) { return deadline->due != NULL; }

/* Sets it, or sets it anew, to a time of the loop's clock in nanoseconds. */
void deadline_set(struct deadline *deadline, weir_loop *loop, uint64_t time_ns);

/* Sets it to so many milliseconds from the real now. */
void deadline_set_after(struct deadline *deadline, weir_loop *loop, uint64_t milliseconds);

/* The same; while the loop runs, without reading the clock for each: see deadline_settle. */
void deadline_start(struct deadline *deadline, weir_loop *loop, uint64_t milliseconds);

/* Gives those that were started their time, from a clock read now. The loop does so as soon as callbacks have returned.
 */
void deadline_settle(weir_loop *loop);

void deadline_clear(struct deadline *deadline, weir_loop *loop);

static inline bool deadline_is_set(const struct deadline *deadline) {
  return heap_contains(&deadline->node) || deadline->started != 0;
}

/* A time so many milliseconds after another; saturates. */
static inline uint64_t deadline_add_ms(uint64_t time_ns, uint64_t milliseconds) {
  if (milliseconds > (UINT64_MAX - time_ns) / NANOSECONDS_PER_MILLISECOND) return UINT64_MAX;
  return time_ns + milliseconds * NANOSECONDS_PER_MILLISECOND;
}

/* The one that comes first, or NULL; of those that have a time. */
struct deadline *deadline_first(weir_loop *loop);

#endif
