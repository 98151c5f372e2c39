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

/* What a deadline is for. That it is no pointer to a function keeps it small: programs have many. */
enum deadline_purpose {
  DEADLINE_UNUSED, /* it has no place */
  DEADLINE_TIMER,
  DEADLINE_ACCEPT,       /* a server accepts again */
  DEADLINE_CONNECT,      /* connecting has taken too long */
  DEADLINE_RETRY,        /* a busy local server is asked again */
  DEADLINE_NEXT_ATTEMPT, /* another address is tried */
  DEADLINE_LOOKUP,       /* a simulated answer has come */
  DEADLINE_IDLE,         /* nothing was heard of a socket */
  DEADLINE_BUFFERS,      /* a write is tried again */
  DEADLINE_SILENCE,      /* a peer that could not be told of the end was silent */
  DEADLINE_CHANNEL,      /* a channel sends on */
  DEADLINE_PROCESS       /* a channel to a child that has ended does not close */
};

/* While it is set, the heap has its time, or an earlier one; see deadline.c. */
struct deadline {
  struct heap_node node;
  uint32_t order;   /* how many were set before it; only the distance matters */
  uint16_t started; /* which of those that wait for the clock it is, from 1; 0: none */
  uint8_t purpose;  /* enum deadline_purpose */
  uint64_t time_ns;
};

/* One that was started and has no time yet. */
struct started_deadline {
  struct deadline *deadline;
  uint64_t milliseconds;
};

/* How many may wait for the clock. With more it is read at once, for all of them. */
#define STARTED_DEADLINES_MAX 128

/* Takes a place, so that setting cannot fail. WEIR_ENOMEM: there is none, and nothing has changed. */
weir_code deadline_init(struct deadline *deadline, weir_loop *loop, enum deadline_purpose purpose);

/* Clears it and gives the place back; does nothing to one that has no place. */
void deadline_fini(struct deadline *deadline, weir_loop *loop);

static inline bool deadline_has_place(const struct deadline *deadline) { return deadline->purpose != DEADLINE_UNUSED; }

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

/* Its time has come, and it is no longer set: does what it is for. See due.c. */
void deadline_come(struct deadline *deadline);

#endif
