/* SPDX-License-Identifier: MIT */
/*
 * What a loop's operations wait for their turn on. An operation that can finish is ready; some or all of the ready ones
 * make a batch; the batch is handed out in an order drawn from the seed. An operation is cancelled by taking its node
 * off the list it is on, wherever that is.
 */
#ifndef WEIR_SIM_SCHEDULE_H
#define WEIR_SIM_SCHEDULE_H

#include <stdbool.h>

#include "common/backend.h"
#include "common/base/list.h"
#include "sim/chance.h"

/* Where an operation stands: idle -> submitted -> ready -> handed out, and then submitted again when it is sticky. */
enum task_state { TASK_IDLE = 0, TASK_SUBMITTED, TASK_READY };

/* One operation of a connection or an acceptor. */
struct task {
  struct list_node node; /* linked while READY */
  enum task_state state;
  enum operation operation;
  union {
    struct connection *connection;
    struct acceptor *acceptor;
  };
};

/* How a turn is drawn. With `chance` NULL everything comes in the order it became ready. */
struct schedule {
  struct list ready; /* for a later batch, in the order it became ready */
  struct list batch; /* still to be handed out of this batch */
  bool in_batch;     /* whether a batch has begun and its end was not told */
  struct chance *chance;
};

void schedule_init(struct schedule *schedule, struct chance *chance);

/* Whether there is something to hand out, or an end of a batch to tell. */
bool schedule_has_work(const struct schedule *schedule);

/* Asks for an operation that is idle. */
void task_submit(struct task *task);

/* Takes it back, whatever it is doing. */
void task_cancel(struct task *task);

/* One that was ready cannot finish yet after all. */
void task_hold(struct task *task);

/* A submitted operation can finish; one that is idle or ready already is left alone. */
void schedule_make_ready(struct schedule *schedule, struct task *task);

/* Tells the end of a batch once, when everything of it was handed out. */
bool schedule_ends_batch(struct schedule *schedule);

/* The next one to finish, submitted again; begins a batch when none is under way. NULL: nothing is ready. */
struct task *schedule_take(struct schedule *schedule);

#endif
