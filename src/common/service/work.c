/* SPDX-License-Identifier: MIT */
#include "common/service/work.h"

#include "common/base/memory.h"
#include "common/base/text.h"
#include "common/loop/deferred.h"
#include "common/loop/loop.h"
#include "common/service/workers.h"

/* Whether it may still be taken back; a real loop's threads know that better than this structure. */
enum work_state { WORK_SUBMITTED = 0, WORK_BEGUN, WORK_TAKEN_BACK };

struct weir_work {
  struct job job;           /* on a real loop */
  struct deferred deferred; /* on a simulated one, and to tell that it was taken back */
  struct list_node link;    /* on the loop's list of work */
  weir_loop *loop;
  enum work_state state;
  weir_work_function function;
  weir_work_callback done;
  void *user;
};

static void free_work(weir_work *work) {
  list_remove(&work->link);
  memory_put(&work->loop->allocator, work);
}

void work_drop_all(weir_loop *loop) {
  for (struct list_node *node; (node = list_first(&loop->work)) != NULL;) {
    weir_work *work = CONTAINER_OF(node, weir_work, link);
    deferred_remove(&work->deferred);
    free_work(work);
  }
}

/* ---- the end ---- */

static void tell(weir_work *work) {
  loop_let_end(work->loop);
  weir_code code = work->state == WORK_TAKEN_BACK ? WEIR_ECANCELED : WEIR_OK;
  work->state = WORK_BEGUN;
  if (work->done != NULL) work->done(work, code, work->user);
  free_work(work);
}

static void tell_deferred(struct deferred *deferred) { tell(CONTAINER_OF(deferred, weir_work, deferred)); }

static void defer(weir_work *work, void (*run)(struct deferred *deferred)) {
  deferred_remove(&work->deferred);
  work->deferred.run = run;
  deferred_add(work->loop, &work->deferred);
}

/* ---- on a thread ---- */

static void run_job(struct job *job) {
  weir_work *work = CONTAINER_OF(job, weir_work, job);
  work->function(work->user);
}

static void finish_job(struct job *job) {
  weir_work *work = CONTAINER_OF(job, weir_work, job);
  work->state = WORK_BEGUN;
  tell(work);
}

static void drop_job(struct job *job) { free_work(CONTAINER_OF(job, weir_work, job)); }

/* ---- in a simulation ---- */

static void run_deferred(struct deferred *deferred) {
  weir_work *work = CONTAINER_OF(deferred, weir_work, deferred);
  work->state = WORK_BEGUN;
  work->function(work->user);
  defer(work, tell_deferred);
}

/* ---- the beginning ---- */

static weir_code submit(weir_work *work) {
  if (work->loop->simulator != NULL) {
    defer(work, run_deferred);
    return WEIR_OK;
  }
  work->job = (struct job){.lane = LANE_WORK, .run = run_job, .finish = finish_job, .drop = drop_job};
  return workers_submit(work->loop, &work->job).code;
}

weir_code weir_work_queue(weir_loop *loop, weir_work_function function, weir_work_callback done, void *user,
                          weir_work **work) {
  if (loop == NULL || function == NULL) return WEIR_EINVAL;
  loop_check_thread(loop);
  if (loop->ended) return WEIR_ECANCELED;
  weir_work *made = memory_get_zeroed(&loop->allocator, sizeof *made);
  if (made == NULL) return WEIR_ENOMEM;
  made->loop = loop;
  made->function = function;
  made->done = done;
  made->user = user;
  list_append(&loop->work, &made->link);
  weir_code code = submit(made);
  if (code != WEIR_OK) {
    free_work(made);
    return code;
  }
  loop_keep_alive(loop);
  loop->counters.work++;
  if (work != NULL) *work = made;
  return WEIR_OK;
}

weir_code weir_work_cancel(weir_work *work) {
  if (work == NULL) return WEIR_EINVAL;
  loop_check_thread(work->loop);
  if (work->state != WORK_SUBMITTED) return WEIR_EBUSY;
  if (work->loop->simulator == NULL && !workers_withdraw(work->loop, &work->job)) return WEIR_EBUSY;
  work->state = WORK_TAKEN_BACK;
  defer(work, tell_deferred);
  return WEIR_OK;
}

/* ---- for people ---- */

void work_dump(weir_loop *loop, struct text *text) {
  for (struct list_node *node = list_first(&loop->work); node != NULL; node = list_after(&loop->work, node)) {
    const weir_work *work = CONTAINER_OF(node, weir_work, link);
    text_add(text, work->state == WORK_SUBMITTED ? "  work: waiting or running\n" : "  work: over, and not told yet\n");
  }
}
