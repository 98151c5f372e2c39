/* SPDX-License-Identifier: MIT */
/*
 * The loop from inside. Each turn delivers what is owed, then the deadlines that are due, and then dispatches what the
 * backend has finished, one completion at a time; what a completion's listeners have caused is delivered before the
 * next.
 *
 * While there is no deadline, a turn goes on from batch to batch until something wants the loop's attention. So
 * whatever gives the loop something to do beside completions says so: `attention` on its thread, a wake on others.
 */
#ifndef WEIR_COMMON_LOOP_LOOP_H
#define WEIR_COMMON_LOOP_LOOP_H

#include <assert.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <weir/loop.h>

#include "common/backend.h"
#include "common/base/heap.h"
#include "common/base/list.h"
#include "common/base/slab.h"
#include "common/loop/deadline.h"
#include "common/system.h"

struct delegation;
struct handle;
struct post;
struct workers;

struct weir_loop {
  const struct backend_operations *operations;
  struct backend *backend;
  struct completion completion; /* that is dispatched now */
  bool attention;               /* set since this turn began: it is to end with the batch */
  bool stopped;
  weir_allocator allocator;
  struct slab sockets[2]; /* their memory, without and with room for TCP; see socket.c */
  struct slab timers;     /* and that of timers */

  /* what there is to do */
  struct list owed;       /* handles that owe something, in the order in which they began to */
  struct list delivering; /* those of them whose turn it is now */
  struct heap deadlines;
  size_t deadline_places;  /* deadlines that may be set; the heap has room for so many */
  uint32_t deadline_order; /* how many were set */
  size_t alive;            /* active referenced handles and timers */
  struct list closing;     /* sockets in the order of their destruction, until the backend has let go of them */
  struct list unpiped;     /* pipes that have ended; freed when no emission runs */
  struct list deferred;    /* calls for the next turn */
  struct list lookups;     /* under way */
  struct list work;        /* waiting, running, or to be told */
  struct list signals;     /* all signal handles */
  size_t closes;           /* closes submitted to the backend that have not come back */

  /* the clock */
  uint64_t now_ns;
  uint64_t now_turn; /* in which it was read; 0: it is to be read again */

  /* what waits for the clock; see deadline.c */
  uint16_t started_count;
  struct started_deadline started[STARTED_DEADLINES_MAX];

  /* From any thread; apart from what a turn changes. A wake that finds `woken` set has nothing to do. */
  _Atomic(struct post *) posts; /* newest first */
  atomic_bool signalled;        /* a signal has come for some handle */
  atomic_bool woken;            /* a wake has come, which no turn has heard of */
  atomic_bool reachable;        /* it runs, or an outer loop waits for it: the backend must know of wakes */

  struct delegation *delegation; /* whom servers ask before they listen; NULL: nobody */

  /* its threads */
  struct workers *workers; /* NULL: none was needed yet */
  size_t work_threads;     /* how many pieces of work may run at once */

  /* running */
  bool running;
  bool embedded;       /* an outer loop has its pollable */
  bool in_batch;       /* the backend may hold taken completions that were not dispatched */
  bool ended;          /* its last owner has released it: handles may remain, nothing works */
  weir_sim *simulator; /* its world, or NULL */
  const char *thread;  /* debug builds: which thread runs it; see loop_check_thread */
  struct fork_watch fork;

  /* counted since the loop was made */
  weir_loop_counters counters;

  /* life */
  struct list handles; /* all sockets and servers that are not on `owed`, `delivering` or `closing` */
  size_t timer_count;  /* all timers */
  size_t owners;
  size_t dependents; /* handles, timers and the loop itself, whose memory needs the loop's */
  weir_unhandled_error unhandled_error;
  void *unhandled_error_user;
};

/* Reads the clock anew. */
void loop_read_clock(weir_loop *loop);

/* The clock as of this turn, in nanoseconds. */
static inline uint64_t loop_now(weir_loop *loop) {
  if (loop->now_turn != loop->completion.turn) loop_read_clock(loop);
  return loop->now_ns;
}

/* Something keeps the loop alive, or no longer does. */
static inline void loop_keep_alive(weir_loop *loop) { loop->alive++; }
static inline void loop_let_end(weir_loop *loop) {
  assert(loop->alive > 0);
  if (--loop->alive == 0) loop->attention = true;
}

/* Something came to this loop that needs its memory. */
static inline void loop_dependent_came(weir_loop *loop) { loop->dependents++; }

/* It was freed; the last one takes the loop's memory with it. */
void loop_free(weir_loop *loop);
static inline void loop_dependent_gone(weir_loop *loop) {
  if (--loop->dependents == 0) loop_free(loop);
}

/* Moves a handle to those that owe. */
void loop_owe(weir_loop *loop, struct handle *handle);

/* Visits all handles but those that are closing. A visit may move the handle. */
void loop_visit(weir_loop *loop, void (*visit)(struct handle *handle, void *user), void *user);

/* Tells the hook of an error that nobody listened to. */
void loop_unhandled(weir_loop *loop, const weir_error *error);

/* Debug builds: the caller must be on the loop's thread. */
#ifdef NDEBUG
static inline void loop_check_thread(const weir_loop *loop) { (void)loop; }
#else
const char *loop_this_thread(void);
static inline void loop_check_thread(const weir_loop *loop) {
  assert(loop->thread == NULL || loop->thread == loop_this_thread());
}
#endif

#endif
