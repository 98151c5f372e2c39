/* SPDX-License-Identifier: MIT */
/*
 * The threads of a loop, and the jobs that they run. A job goes to a thread and comes back to the loop's; how many run
 * at once is limited for each lane by itself, so that look-ups and work never wait for each other.
 *
 * The end of a loop waits for work, which uses what the program has, and never for a look-up: the thread of one that is
 * stuck in the resolver is left behind with memory of its own (system_memory_get), which it frees when it ever returns.
 */
#ifndef WEIR_COMMON_SERVICE_WORKERS_H
#define WEIR_COMMON_SERVICE_WORKERS_H

#include <stdbool.h>

#include <weir/loop.h>

#include "common/backend.h"
#include "common/base/list.h"

struct workers;

enum lane { LANE_LOOKUPS = 0, LANE_WORK, LANES };

/* WAITING -> RUNNING -> FINISHED -> told; or WAITING -> withdrawn; or dropped from anywhere. */
enum job_state { JOB_WAITING = 0, JOB_RUNNING, JOB_FINISHED };

/* Something for a thread to do; embedded in what it is about. A job of LANE_LOOKUPS lives in system memory. */
struct job {
  struct list_node link;
  enum lane lane;
  enum job_state state;
  bool abandoned;                  /* while RUNNING: nobody waits for it any more */
  void (*run)(struct job *job);    /* on a thread */
  void (*finish)(struct job *job); /* on the loop's thread, when it has run; the job is the callee's again */
  void (*drop)(struct job *job);   /* instead: frees it. On the loop's thread, or on its own when it was abandoned */
};

/* Hands a job over; it begins behind those of its lane that came before. On failure it is the caller's again. */
struct outcome workers_submit(weir_loop *loop, struct job *job);

/* Takes a job back that has not begun: it is the caller's again. False: it has. */
bool workers_withdraw(weir_loop *loop, struct job *job);

/* Nobody waits for this look-up's job any more: it is dropped now, or when it has run. */
void workers_abandon(weir_loop *loop, struct job *job);

/* Whether a job has come back. */
bool workers_pending(const weir_loop *loop);

/* Finishes those that have come back by now. */
void workers_deliver(weir_loop *loop);

/* The loop ends: drops every job, waits for running work and for idle threads, and leaves stuck ones behind. */
void workers_end(weir_loop *loop);

#endif
