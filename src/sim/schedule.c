/* SPDX-License-Identifier: MIT */
/* Whose turn it is; see schedule.h. */
#include "sim/schedule.h"

#include <assert.h>

void schedule_init(struct schedule *schedule, struct chance *chance) {
  list_init(&schedule->ready);
  list_init(&schedule->batch);
  schedule->in_batch = false;
  schedule->chance = chance;
}

bool schedule_has_work(const struct schedule *schedule) { return schedule->in_batch || !list_empty(&schedule->ready); }

void task_submit(struct task *task) {
  assert(task->state == TASK_IDLE);
  task->state = TASK_SUBMITTED;
}

void task_cancel(struct task *task) {
  list_remove(&task->node);
  task->state = TASK_IDLE;
}

void task_hold(struct task *task) {
  if (task->state != TASK_READY) return;
  list_remove(&task->node);
  task->state = TASK_SUBMITTED;
}

void schedule_make_ready(struct schedule *schedule, struct task *task) {
  if (task->state != TASK_SUBMITTED) return;
  task->state = TASK_READY;
  list_append(&schedule->ready, &task->node);
}

bool schedule_ends_batch(struct schedule *schedule) {
  if (!schedule->in_batch || !list_empty(&schedule->batch)) return false;
  schedule->in_batch = false;
  return true;
}

/* Some of what is ready: a system may learn of one thing long after another. Never nothing while something is. */
static void begin_batch(struct schedule *schedule) {
  struct list late;
  list_init(&late);
  struct list_node *node;
  while ((node = list_take_first(&schedule->ready)) != NULL) {
    bool is_late = schedule->chance != NULL && chance_one_in(schedule->chance, 4);
    list_append(is_late ? &late : &schedule->batch, node);
  }
  list_move_all(&late, list_empty(&schedule->batch) ? &schedule->batch : &schedule->ready);
  schedule->in_batch = !list_empty(&schedule->batch);
}

static struct list_node *draw_node(const struct list *list, struct chance *chance) {
  size_t count = 0;
  for (struct list_node *node = list_first(list); node != NULL; node = list_after(list, node)) ++count;
  struct list_node *drawn = list_first(list);
  for (size_t skipped = chance_below(chance, count); skipped > 0; --skipped) drawn = list_after(list, drawn);
  return drawn;
}

struct task *schedule_take(struct schedule *schedule) {
  if (!schedule->in_batch) begin_batch(schedule);
  if (list_empty(&schedule->batch)) return NULL;
  struct list_node *node =
      schedule->chance != NULL ? draw_node(&schedule->batch, schedule->chance) : list_first(&schedule->batch);
  list_remove(node);
  struct task *task = CONTAINER_OF(node, struct task, node);
  task->state = TASK_SUBMITTED;
  return task;
}
