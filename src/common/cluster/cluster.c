/* SPDX-License-Identifier: MIT */
#include "common/cluster/cluster.h"

#include "common/base/memory.h"
#include "common/base/text.h"
#include "common/base/versioned.h"
#include "common/loop/listeners.h"

/* The callback of a disconnect that waits. */
struct question {
  struct list_node link;
  weir_cluster_callback callback;
  void *user;
};

/* ---- making ---- */

weir_code weir_cluster_create(weir_loop *loop, const weir_cluster_options *options, weir_cluster **cluster) {
  weir_cluster_options whole = weir_cluster_options_default();
  if (loop == NULL || cluster == NULL || !versioned_read(&whole, sizeof whole, options)) return WEIR_EINVAL;
  if ((unsigned)whole.scheduling > WEIR_SCHEDULING_SHARED) return WEIR_EINVAL;
  loop_check_thread(loop);
  if (loop->ended) return WEIR_ECANCELED;
  weir_cluster *made = memory_get_zeroed(&loop->allocator, sizeof *made);
  if (made == NULL) return WEIR_ENOMEM;
  handle_init(&made->handle, loop, whole.user);
  made->handle.kind = HANDLE_CLUSTER;
  made->process = whole.process;
  made->start = whole.start;
  made->scheduling = whole.scheduling;
  list_init(&made->workers);
  list_init(&made->names);
  list_init(&made->questions);
  *cluster = made;
  return WEIR_OK;
}

/* ---- workers ---- */

/* When the system has refused there is no channel, and the worker only tells of it. */
static weir_code start_process(weir_cluster *cluster, const weir_process_options *process, weir_worker **worker) {
  weir_process_options options = weir_process_options_default();
  weir_process *started = NULL;
  if (!versioned_read(&options, sizeof options, process)) return WEIR_EINVAL;
  options.size = sizeof options;
  options.channel = true;
  weir_code code = weir_process_spawn(cluster->handle.loop, &options, &started);
  if (code != WEIR_OK) return code;
  code = primary_add(cluster, weir_process_channel(started), worker);
  if (code == WEIR_OK) code = primary_watch(*worker, started);
  if (code != WEIR_OK) weir_process_kill(started, WEIR_SIGNAL_KILL);
  weir_process_release(started);
  return code;
}

static weir_code start_otherwise(weir_cluster *cluster, weir_worker **worker) {
  weir_channel *channel = NULL;
  weir_code code = cluster->start(cluster, &channel, cluster->handle.user);
  if (code != WEIR_OK) return code;
  code = primary_add(cluster, channel, worker);
  if (code != WEIR_OK) weir_channel_destroy(channel);
  weir_channel_release(channel);
  return code;
}

static bool can_start(const weir_cluster *cluster, const weir_process_options *process) {
  return process != NULL || cluster->start != NULL || cluster->process != NULL;
}

weir_code cluster_start_worker(weir_cluster *cluster, const weir_process_options *process, weir_worker **worker) {
  if (process == NULL && cluster->start != NULL) return start_otherwise(cluster, worker);
  return start_process(cluster, process != NULL ? process : cluster->process, worker);
}

static weir_code give_worker(weir_code code, weir_worker *made, weir_worker **worker) {
  if (code != WEIR_OK) return code;
  if (worker != NULL) {
    *worker = made;
  } else {
    weir_worker_release(made);
  }
  return WEIR_OK;
}

weir_code weir_cluster_fork(weir_cluster *cluster, const weir_process_options *process, weir_worker **worker) {
  weir_worker *made = NULL;
  if (cluster == NULL || !can_start(cluster, process)) return WEIR_EINVAL;
  loop_check_thread(cluster->handle.loop);
  if (cluster->handle.loop->ended) return WEIR_ECANCELED;
  weir_code code = cluster_start_worker(cluster, process, &made);
  return give_worker(code, made, worker);
}

weir_code weir_cluster_add(weir_cluster *cluster, weir_channel *channel, weir_worker **worker) {
  weir_worker *made = NULL;
  if (cluster == NULL || channel == NULL || weir_channel_loop(channel) != cluster->handle.loop) return WEIR_EINVAL;
  loop_check_thread(cluster->handle.loop);
  if (cluster->handle.loop->ended) return WEIR_ECANCELED;
  if (!weir_channel_connected(channel)) return WEIR_ENOTCONN;
  weir_code code = primary_add(cluster, channel, &made);
  return give_worker(code, made, worker);
}

weir_worker *weir_cluster_next_worker(const weir_cluster *cluster, const weir_worker *worker) {
  const struct list *workers = &cluster->workers;
  if (worker != NULL && !list_linked(&worker->link)) return NULL;
  struct list_node *node = worker == NULL ? list_first(workers) : list_after(workers, &worker->link);
  return node == NULL ? NULL : CONTAINER_OF(node, weir_worker, link);
}

/* ---- disconnecting ---- */

static bool is_empty(const weir_cluster *cluster) {
  for (weir_worker *worker = NULL; (worker = weir_cluster_next_worker(cluster, worker)) != NULL;) {
    if (worker->state != WORKER_GONE) return false;
  }
  return true;
}

void cluster_worker_gone(weir_cluster *cluster) {
  if (!list_empty(&cluster->questions) && is_empty(cluster)) handle_owe(&cluster->handle);
}

weir_code weir_cluster_disconnect(weir_cluster *cluster, weir_cluster_callback callback, void *user) {
  if (cluster == NULL) return WEIR_EINVAL;
  loop_check_thread(cluster->handle.loop);
  if (cluster->handle.loop->ended) return WEIR_ECANCELED;
  if (callback != NULL) {
    struct question *question = memory_get_zeroed(cluster_allocator(cluster), sizeof *question);
    if (question == NULL) return WEIR_ENOMEM;
    question->callback = callback;
    question->user = user;
    list_append(&cluster->questions, &question->link);
  }
  for (weir_worker *worker = NULL; (worker = weir_cluster_next_worker(cluster, worker)) != NULL;) {
    weir_worker_disconnect(worker);
  }
  cluster_worker_gone(cluster);
  return WEIR_OK;
}

static void answer(weir_cluster *cluster) {
  struct list asked;
  list_init(&asked);
  if (!is_empty(cluster)) return;
  list_move_all(&cluster->questions, &asked);
  for (struct list_node *node; (node = list_take_first(&asked)) != NULL;) {
    struct question question = *CONTAINER_OF(node, struct question, link);
    memory_put(cluster_allocator(cluster), CONTAINER_OF(node, struct question, link));
    question.callback(cluster, NULL, question.user);
  }
}

/* ---- class ---- */

static void deliver(struct handle *handle) {
  weir_cluster *cluster = CONTAINER_OF(handle, weir_cluster, handle);
  answer(cluster);
  roll_deliver(cluster);
}

static void drop_questions(weir_cluster *cluster) {
  for (struct list_node *node; (node = list_take_first(&cluster->questions)) != NULL;) {
    memory_put(cluster_allocator(cluster), CONTAINER_OF(node, struct question, link));
  }
}

static void abandon(struct handle *handle) {
  weir_cluster *cluster = CONTAINER_OF(handle, weir_cluster, handle);
  struct list_node *node = NULL;
  roll_free(cluster);
  drop_questions(cluster);
  while ((node = list_first(&cluster->names)) != NULL) {
    shared_name_abandon(CONTAINER_OF(node, struct shared_name, link));
  }
  while ((node = list_first(&cluster->workers)) != NULL) primary_abandon(CONTAINER_OF(node, weir_worker, link));
}

static void free_cluster(struct handle *handle) {
  weir_cluster *cluster = CONTAINER_OF(handle, weir_cluster, handle);
  roll_free(cluster);
  drop_questions(cluster);
  memory_put(cluster_allocator(cluster), cluster);
}

static void describe(const struct handle *handle, struct text *text) {
  const weir_cluster *cluster = CONTAINER_OF(handle, weir_cluster, handle);
  size_t count = 0;
  for (weir_worker *worker = NULL; (worker = weir_cluster_next_worker(cluster, worker)) != NULL;) count++;
  text_add(text, "cluster: ");
  text_add_count(text, count, "worker");
}

const struct handle_class cluster_class = {
    .events = 1U << WEIR_EVENT_FORK | 1U << WEIR_EVENT_ONLINE | 1U << WEIR_EVENT_LISTENING | 1U << WEIR_EVENT_MESSAGE |
              1U << WEIR_EVENT_ERROR | 1U << WEIR_EVENT_DISCONNECT | 1U << WEIR_EVENT_EXIT,
    .deliver = deliver,
    .abandon = abandon,
    .free = free_cluster,
    .describe = describe};

/* ---- listeners and owners ---- */

static weir_code forward_messages(weir_cluster *cluster) {
  weir_code code = WEIR_OK;
  cluster->forwards = true;
  for (weir_worker *worker = NULL; (worker = weir_cluster_next_worker(cluster, worker)) != NULL && code == WEIR_OK;) {
    if (worker->state != WORKER_GONE) code = worker_forward(worker);
  }
  return code;
}

static weir_code add_listener(weir_cluster *cluster, weir_event_type type, enum listener_position position,
                              weir_listener listener, void *user) {
  if (cluster == NULL) return WEIR_EINVAL;
  loop_check_thread(cluster->handle.loop);
  weir_code code = handle_listen(&cluster->handle, type, position, listener, user);
  if (code != WEIR_OK || type != WEIR_EVENT_MESSAGE) return code;
  code = forward_messages(cluster);
  if (code != WEIR_OK) handle_unlisten(&cluster->handle, type, listener, user);
  return code;
}

weir_code weir_cluster_on(weir_cluster *cluster, weir_event_type type, weir_listener listener, void *user) {
  return add_listener(cluster, type, LISTENER_LAST, listener, user);
}

weir_code weir_cluster_once(weir_cluster *cluster, weir_event_type type, weir_listener listener, void *user) {
  return add_listener(cluster, type, LISTENER_LAST_ONCE, listener, user);
}

weir_code weir_cluster_prepend(weir_cluster *cluster, weir_event_type type, weir_listener listener, void *user) {
  return add_listener(cluster, type, LISTENER_FIRST, listener, user);
}

weir_code weir_cluster_off(weir_cluster *cluster, weir_event_type type, weir_listener listener, void *user) {
  return cluster == NULL ? WEIR_EINVAL : handle_unlisten(&cluster->handle, type, listener, user);
}

size_t weir_cluster_listener_count(const weir_cluster *cluster, weir_event_type type) {
  return listeners_count(&cluster->handle, type);
}

weir_cluster *weir_cluster_retain(weir_cluster *cluster) {
  handle_retain(&cluster->handle);
  return cluster;
}

void weir_cluster_release(weir_cluster *cluster) {
  if (cluster == NULL) return;
  loop_check_thread(cluster->handle.loop);
  handle_release(&cluster->handle);
}

weir_loop *weir_cluster_loop(const weir_cluster *cluster) { return cluster->handle.loop; }

void *weir_cluster_user(const weir_cluster *cluster) { return cluster->handle.user; }

void weir_cluster_set_user(weir_cluster *cluster, void *user) { cluster->handle.user = user; }
