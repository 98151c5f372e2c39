/* SPDX-License-Identifier: MIT */
/*
 * One lock guards everything that a thread may touch. The list of threads is the loop's alone: a thread says only that
 * it has retired, and the loop joins it at the next occasion.
 */
#include "common/service/workers.h"

#include <assert.h>
#include <stdatomic.h>

#include <weir/lookup.h>

#include "common/loop/loop.h"
#include "common/system.h"

/* So many threads stay when there is nothing to do. */
enum { IDLE_MAX = 4 };

/* STARTED -> RETIRED, joined by the loop; or STARTED -> LEFT_BEHIND at the loop's end, and frees itself. */
enum worker_state { WORKER_STARTED = 0, WORKER_RETIRED, WORKER_LEFT_BEHIND };

struct worker {
  struct list_node link;
  struct system_thread thread;
  struct workers *workers;
  struct job *job; /* that it runs, or NULL */
  enum worker_state state;
};

struct workers {
  struct system_lock *lock;
  struct list threads;  /* the loop's thread alone */
  size_t limits[LANES]; /* how many jobs of a lane may run at once */

  /* under the lock */
  weir_loop *loop; /* NULL: it has ended */
  size_t owners;   /* the loop, and every thread that it left behind */
  size_t started;  /* threads that have not retired */
  size_t idle;
  size_t retired; /* not joined yet */
  size_t waiting_count[LANES];
  size_t running[LANES];
  struct list waiting[LANES];
  struct list finished;

  atomic_bool any_finished;
};

/* ---- threads ---- */

/* The jobs of a lane that only want a thread. */
static size_t count_ready(const struct workers *workers, enum lane lane) {
  size_t room = workers->limits[lane] - workers->running[lane];
  return workers->waiting_count[lane] < room ? workers->waiting_count[lane] : room;
}

static struct job *take_job(struct workers *workers) {
  if (workers->loop == NULL) return NULL;
  for (size_t lane = 0; lane < LANES; lane++) {
    if (count_ready(workers, (enum lane)lane) == 0) continue;
    struct job *job = CONTAINER_OF(list_take_first(&workers->waiting[lane]), struct job, link);
    workers->waiting_count[lane]--;
    workers->running[lane]++;
    job->state = JOB_RUNNING;
    return job;
  }
  return NULL;
}

/* NULL: the thread is not wanted any more. */
static struct job *await_job(struct workers *workers) {
  struct job *job;
  while ((job = take_job(workers)) == NULL && workers->loop != NULL && workers->idle < IDLE_MAX) {
    workers->idle++;
    system_lock_wait(workers->lock);
    workers->idle--;
  }
  return job;
}

/* Called with the lock, which it gives up meanwhile. */
static void run_job(struct worker *worker, struct job *job) {
  struct workers *workers = worker->workers;
  worker->job = job;
  system_lock_release(workers->lock);
  job->run(job);
  system_lock_acquire(workers->lock);
  worker->job = NULL;
  workers->running[job->lane]--;
  if (job->abandoned) {
    job->drop(job);
    return;
  }
  job->state = JOB_FINISHED;
  list_append(&workers->finished, &job->link);
  atomic_store(&workers->any_finished, true);
  if (workers->loop != NULL) weir_loop_wake(workers->loop);
}

/* With the lock, which it releases; with the last owner everything goes. */
static void give_up_ownership(struct workers *workers) {
  size_t owners = --workers->owners;
  system_lock_release(workers->lock);
  if (owners > 0) return;
  system_lock_destroy(workers->lock);
  system_memory_put(workers);
}

static void run_worker(struct system_thread *thread) {
  struct worker *worker = CONTAINER_OF(thread, struct worker, thread);
  struct workers *workers = worker->workers;
  system_lock_acquire(workers->lock);
  for (struct job *job; (job = await_job(workers)) != NULL;) run_job(worker, job);
  workers->started--;
  if (worker->state == WORKER_LEFT_BEHIND) {
    system_memory_put(worker);
    give_up_ownership(workers);
    return;
  }
  worker->state = WORKER_RETIRED;
  workers->retired++;
  system_lock_release(workers->lock);
}

/* With the lock, so that the thread begins when this one has noted it. */
static struct outcome start_thread(struct workers *workers) {
  struct worker *worker = system_memory_get(sizeof *worker);
  if (worker == NULL) return (struct outcome){.code = WEIR_ENOMEM};
  worker->workers = workers;
  worker->thread.run = run_worker;
  struct outcome outcome = system_thread_start(&worker->thread);
  if (outcome.code != WEIR_OK) {
    system_memory_put(worker);
    return outcome;
  }
  workers->started++;
  list_append(&workers->threads, &worker->link);
  return outcome;
}

static void join_retired(struct workers *workers) {
  struct list retired;
  list_init(&retired);
  system_lock_acquire(workers->lock);
  struct list_node *node = workers->retired == 0 ? NULL : list_first(&workers->threads);
  while (node != NULL) {
    struct worker *worker = CONTAINER_OF(node, struct worker, link);
    node = list_after(&workers->threads, node);
    if (worker->state != WORKER_RETIRED) continue;
    list_remove(&worker->link);
    list_append(&retired, &worker->link);
  }
  workers->retired = 0;
  system_lock_release(workers->lock);
  for (struct list_node *gone; (gone = list_take_first(&retired)) != NULL;) {
    struct worker *worker = CONTAINER_OF(gone, struct worker, link);
    system_thread_join(&worker->thread);
    system_memory_put(worker);
  }
}

/* ---- jobs ---- */

static weir_code make_workers(weir_loop *loop) {
  struct workers *workers = system_memory_get(sizeof *workers);
  if (workers == NULL) return WEIR_ENOMEM;
  weir_code code = system_lock_create(&workers->lock);
  if (code != WEIR_OK) {
    system_memory_put(workers);
    return code;
  }
  workers->loop = loop;
  workers->owners = 1;
  workers->limits[LANE_LOOKUPS] = WEIR_LOOKUPS_MAX;
  workers->limits[LANE_WORK] = loop->work_threads;
  list_init(&workers->threads);
  list_init(&workers->finished);
  for (size_t lane = 0; lane < LANES; lane++) list_init(&workers->waiting[lane]);
  atomic_init(&workers->any_finished, false);
  loop->workers = workers;
  return WEIR_OK;
}

static void append_waiting(struct workers *workers, struct job *job) {
  job->state = JOB_WAITING;
  list_append(&workers->waiting[job->lane], &job->link);
  workers->waiting_count[job->lane]++;
}

static void remove_waiting(struct workers *workers, struct job *job) {
  list_remove(&job->link);
  workers->waiting_count[job->lane]--;
}

/*
 * A thread is started for each job that may run and that no free thread will take. When the system has none, the job
 * waits for one of its lane, if there is any.
 */
static struct outcome provide_thread(struct workers *workers, enum lane lane) {
  size_t busy = workers->running[LANE_LOOKUPS] + workers->running[LANE_WORK];
  size_t wanted = count_ready(workers, LANE_LOOKUPS) + count_ready(workers, LANE_WORK);
  struct outcome outcome = {.code = WEIR_OK};
  if (wanted > workers->started - busy) outcome = start_thread(workers);
  if (workers->idle > 0) system_lock_wake_one(workers->lock);
  if (outcome.code != WEIR_OK && workers->running[lane] > 0) outcome = (struct outcome){.code = WEIR_OK};
  return outcome;
}

struct outcome workers_submit(weir_loop *loop, struct job *job) {
  if (loop->workers == NULL) {
    weir_code code = make_workers(loop);
    if (code != WEIR_OK) return (struct outcome){.code = code};
  }
  struct workers *workers = loop->workers;
  join_retired(workers);
  system_lock_acquire(workers->lock);
  append_waiting(workers, job);
  struct outcome outcome = provide_thread(workers, job->lane);
  if (outcome.code != WEIR_OK) remove_waiting(workers, job);
  system_lock_release(workers->lock);
  return outcome;
}

bool workers_withdraw(weir_loop *loop, struct job *job) {
  system_lock_acquire(loop->workers->lock);
  bool waits = job->state == JOB_WAITING;
  if (waits) remove_waiting(loop->workers, job);
  system_lock_release(loop->workers->lock);
  return waits;
}

void workers_abandon(weir_loop *loop, struct job *job) {
  assert(job->lane == LANE_LOOKUPS);
  struct workers *workers = loop->workers;
  system_lock_acquire(workers->lock);
  job->abandoned = job->state == JOB_RUNNING;
  if (job->state == JOB_WAITING) remove_waiting(workers, job);
  if (job->state == JOB_FINISHED) list_remove(&job->link);
  bool dropped = !job->abandoned;
  system_lock_release(workers->lock);
  if (dropped) job->drop(job);
}

/* ---- the loop's side ---- */

bool workers_pending(const weir_loop *loop) {
  return loop->workers != NULL && atomic_load(&loop->workers->any_finished);
}

static void take_finished(struct workers *workers, struct list *finished) {
  list_init(finished);
  system_lock_acquire(workers->lock);
  atomic_store(&workers->any_finished, false);
  list_move_all(&workers->finished, finished);
  system_lock_release(workers->lock);
}

void workers_deliver(weir_loop *loop) {
  if (!workers_pending(loop)) return;
  struct list finished;
  take_finished(loop->workers, &finished);
  for (struct list_node *node; !loop->ended && (node = list_take_first(&finished)) != NULL;) {
    struct job *job = CONTAINER_OF(node, struct job, link);
    job->finish(job);
  }
}

static void drop_all(struct list *jobs) {
  for (struct list_node *node; (node = list_take_first(jobs)) != NULL;) {
    struct job *job = CONTAINER_OF(node, struct job, link);
    job->drop(job);
  }
}

/* From here on the threads know no loop. Those that may be stuck go their own ways. */
static void leave_lookups_behind(struct workers *workers) {
  struct list_node *node = list_first(&workers->threads);
  while (node != NULL) {
    struct worker *worker = CONTAINER_OF(node, struct worker, link);
    node = list_after(&workers->threads, node);
    if (worker->job == NULL || worker->job->lane != LANE_LOOKUPS) continue;
    worker->job->abandoned = true;
    worker->state = WORKER_LEFT_BEHIND;
    workers->owners++;
    list_remove(&worker->link);
    system_thread_detach(&worker->thread);
  }
}

void workers_end(weir_loop *loop) {
  struct workers *workers = loop->workers;
  if (workers == NULL) return;
  loop->workers = NULL;
  system_lock_acquire(workers->lock);
  workers->loop = NULL;
  leave_lookups_behind(workers);
  system_lock_wake_all(workers->lock);
  system_lock_release(workers->lock);
  for (struct list_node *node; (node = list_take_first(&workers->threads)) != NULL;) {
    struct worker *worker = CONTAINER_OF(node, struct worker, link);
    system_thread_join(&worker->thread);
    system_memory_put(worker);
  }
  for (size_t lane = 0; lane < LANES; lane++) drop_all(&workers->waiting[lane]);
  drop_all(&workers->finished);
  system_lock_acquire(workers->lock);
  give_up_ownership(workers);
}
