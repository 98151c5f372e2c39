/* SPDX-License-Identifier: MIT */
/*
 * A rolling restart: one worker after the other is replaced. The new one must listen wherever the old one does before
 * that one leaves; a worker that listens nowhere is replaced by one that is online.
 */
#include "common/base/memory.h"
#include "common/cluster/cluster.h"

struct roll {
  weir_cluster_callback callback;
  void *user;
  uint32_t last_old;        /* workers up to this number are old */
  weir_worker *old;         /* that is being replaced; owned */
  weir_worker *replacement; /* owned */
  bool over;
  weir_code code; /* why it was broken off */
};

/* ---- beginning and ending ---- */

static void forget_pair(struct roll *roll) {
  weir_worker_release(roll->old);
  weir_worker_release(roll->replacement);
  roll->old = NULL;
  roll->replacement = NULL;
}

static void end(weir_cluster *cluster, weir_code code) {
  struct roll *roll = cluster->roll;
  forget_pair(roll);
  roll->over = true;
  roll->code = code;
  handle_owe(&cluster->handle);
}

void roll_free(weir_cluster *cluster) {
  struct roll *roll = cluster->roll;
  if (roll == NULL) return;
  cluster->roll = NULL;
  forget_pair(roll);
  memory_put(cluster_allocator(cluster), roll);
}

void roll_deliver(weir_cluster *cluster) {
  struct roll *roll = cluster->roll;
  if (roll == NULL || !roll->over) return;
  struct roll told = *roll;
  weir_error error = {.code = told.code,
                      .operation = "roll",
                      .address = "",
                      .hint = "a new worker did not come to listen; the old one has stayed"};
  roll_free(cluster);
  if (told.callback != NULL) told.callback(cluster, told.code == WEIR_OK ? NULL : &error, told.user);
}

/* ---- going on ---- */

static weir_worker *next_old(const weir_cluster *cluster) {
  for (weir_worker *worker = NULL; (worker = weir_cluster_next_worker(cluster, worker)) != NULL;) {
    if (worker->state == WORKER_CONNECTED && worker->id <= cluster->roll->last_old) return worker;
  }
  return NULL;
}

static void replace_next(weir_cluster *cluster) {
  struct roll *roll = cluster->roll;
  weir_worker *old = next_old(cluster);
  if (old == NULL) {
    end(cluster, WEIR_OK);
    return;
  }
  roll->old = weir_worker_retain(old);
  weir_code code = cluster_start_worker(cluster, NULL, &roll->replacement);
  if (code != WEIR_OK) end(cluster, code);
}

static bool listens_at(const weir_worker *worker, const struct shared_name *name) {
  for (struct list_node *node = list_first(&worker->members); node != NULL; node = list_after(&worker->members, node)) {
    const struct member *member = CONTAINER_OF(node, struct member, of_worker);
    if (member->name == name) return member->listening;
  }
  return false;
}

static bool replaces(const weir_worker *replacement, const weir_worker *old) {
  if (replacement->state != WORKER_CONNECTED || !replacement->online) return false;
  for (struct list_node *node = list_first(&old->members); node != NULL; node = list_after(&old->members, node)) {
    const struct member *member = CONTAINER_OF(node, struct member, of_worker);
    if (member->listening && !listens_at(replacement, member->name)) return false;
  }
  return true;
}

void roll_go_on(weir_cluster *cluster) {
  struct roll *roll = cluster->roll;
  if (roll == NULL || roll->over || !replaces(roll->replacement, roll->old)) return;
  weir_worker *old = weir_worker_retain(roll->old);
  forget_pair(roll);
  weir_worker_disconnect(old);
  weir_worker_release(old);
  replace_next(cluster);
}

void roll_worker_gone(weir_cluster *cluster, const weir_worker *worker) {
  const struct roll *roll = cluster->roll;
  if (roll == NULL || roll->over) return;
  if (worker == roll->replacement) {
    end(cluster, WEIR_ECANCELED);
  } else if (worker == roll->old) {
    roll_go_on(cluster);
  }
}

weir_code weir_cluster_roll(weir_cluster *cluster, weir_cluster_callback callback, void *user) {
  if (cluster == NULL || (cluster->start == NULL && cluster->process == NULL)) return WEIR_EINVAL;
  loop_check_thread(cluster->handle.loop);
  if (cluster->handle.loop->ended) return WEIR_ECANCELED;
  if (cluster->roll != NULL) return WEIR_EALREADY;
  struct roll *roll = memory_get_zeroed(cluster_allocator(cluster), sizeof *roll);
  if (roll == NULL) return WEIR_ENOMEM;
  roll->callback = callback;
  roll->user = user;
  roll->last_old = cluster->last_id;
  cluster->roll = roll;
  replace_next(cluster);
  return WEIR_OK;
}
