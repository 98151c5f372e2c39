/* SPDX-License-Identifier: MIT */
#include "common/base/memory.h"
#include "common/base/text.h"
#include "common/cluster/cluster.h"
#include "common/loop/listeners.h"

/* ---- talking ---- */

void worker_say(weir_worker *worker, enum subject subject, const struct message *message) {
  struct channel_send send = {.subject = (uint16_t)subject};
  if (message != NULL) {
    send.bytes = message->bytes;
    send.length = message->length;
  }
  if (worker->state == WORKER_GONE) return;
  bool spoiled = message != NULL && message->spoiled;
  if (spoiled || channel_send(worker->channel, &send) < 0) weir_channel_destroy(worker->channel);
}

void worker_say_number(weir_worker *worker, enum subject subject, uint32_t number) {
  struct message message = {.length = 0};
  message_write(&message, number);
  worker_say(worker, subject, &message);
}

/* ---- events ---- */

void worker_emit(weir_worker *worker, weir_event *event) {
  event->worker = worker;
  handle_emit(&worker->handle, event);
  if (worker->cluster != NULL) handle_emit(&worker->cluster->handle, event);
}

static void emit_message(const weir_event *event, void *user) {
  weir_worker *worker = user;
  weir_event forwarded = *event;
  handle_retain(&worker->handle);
  worker_emit(worker, &forwarded);
  handle_release(&worker->handle);
}

weir_code worker_forward(weir_worker *worker) {
  if (worker->forwards || worker->state == WORKER_GONE) return WEIR_OK;
  weir_code code = weir_channel_on(worker->channel, WEIR_EVENT_MESSAGE, emit_message, worker);
  if (code == WEIR_OK) worker->forwards = true;
  return code;
}

/* That the channel was lost is what `disconnect` says. */
static void ignore_error(const weir_event *event, void *user) {
  (void)event;
  (void)user;
}

static void take_close(const weir_event *event, void *user) {
  weir_worker *worker = user;
  (void)event;
  worker->state = WORKER_GONE;
  if (worker->cluster != NULL) {
    primary_channel_closed(worker);
  } else {
    join_channel_closed(worker);
  }
}

static void deliver(struct handle *handle) {
  weir_worker *worker = CONTAINER_OF(handle, weir_worker, handle);
  weir_event event = {.type = WEIR_EVENT_FORK, .worker = worker};
  if (!worker->owes_fork) return;
  worker->owes_fork = false;
  handle_emit(&worker->cluster->handle, &event);
}

/* ---- making ---- */

static weir_code listen_to_channel(weir_worker *worker, channel_handler heard) {
  weir_channel *channel = worker->channel;
  weir_code code = weir_channel_on(channel, WEIR_EVENT_ERROR, ignore_error, worker);
  if (code == WEIR_OK) code = weir_channel_on(channel, WEIR_EVENT_CLOSE, take_close, worker);
  if (code == WEIR_OK) {
    channel_handle(channel, heard, worker);
  } else {
    weir_channel_off(channel, WEIR_EVENT_ERROR, ignore_error, worker);
  }
  return code;
}

weir_code worker_create(weir_loop *loop, weir_channel *channel, channel_handler heard, weir_worker **worker) {
  weir_worker *made = memory_get_zeroed(&loop->allocator, sizeof *made);
  if (made == NULL) return WEIR_ENOMEM;
  handle_init(&made->handle, loop, NULL);
  made->handle.kind = HANDLE_WORKER;
  list_init(&made->members);
  list_init(&made->names);
  if (channel == NULL) {
    made->state = WORKER_GONE;
    *worker = made;
    return WEIR_OK;
  }
  made->channel = weir_channel_retain(channel);
  weir_code code = listen_to_channel(made, heard);
  if (code == WEIR_OK) {
    *worker = made;
  } else {
    weir_worker_release(made);
  }
  return code;
}

static void abandon(struct handle *handle) {
  weir_worker *worker = CONTAINER_OF(handle, weir_worker, handle);
  weir_loop *loop = handle->loop;
  worker->state = WORKER_GONE;                                           /* nothing can be said any more */
  for (; worker->closing > 0; worker->closing--) handle_release(handle); /* nobody calls back any more */
  if (loop->delegation != &worker->delegation) return;
  loop->delegation = NULL;
  handle_release(handle);
}

static void free_worker(struct handle *handle) {
  weir_worker *worker = CONTAINER_OF(handle, weir_worker, handle);
  weir_channel_release(worker->channel);
  weir_process_release(worker->process);
  weir_cluster_release(worker->cluster);
  memory_put(&handle->loop->allocator, worker);
}

static void describe(const struct handle *handle, struct text *text) {
  const weir_worker *worker = CONTAINER_OF(handle, weir_worker, handle);
  static const char *const states[] = {"connected", "leaving", "gone"};
  text_add(text, "worker: ");
  text_add(text, states[worker->state]);
}

const struct handle_class worker_class = {.events = 1U << WEIR_EVENT_ONLINE | 1U << WEIR_EVENT_LISTENING |
                                                    1U << WEIR_EVENT_MESSAGE | 1U << WEIR_EVENT_ERROR |
                                                    1U << WEIR_EVENT_DISCONNECT | 1U << WEIR_EVENT_EXIT,
                                          .deliver = deliver,
                                          .abandon = abandon,
                                          .free = free_worker,
                                          .describe = describe};

/* ---- the calls ---- */

weir_code weir_worker_disconnect(weir_worker *worker) {
  if (worker == NULL) return WEIR_EINVAL;
  loop_check_thread(worker->handle.loop);
  if (worker->handle.loop->ended) return WEIR_ECANCELED;
  if (worker->state != WORKER_CONNECTED) return WEIR_ENOTCONN;
  if (worker->cluster != NULL) {
    primary_disconnect(worker);
  } else {
    join_leave(worker);
  }
  return WEIR_OK;
}

weir_code weir_worker_kill(weir_worker *worker, weir_signal_number number) {
  if (worker == NULL) return WEIR_EINVAL;
  loop_check_thread(worker->handle.loop);
  if (worker->cluster == NULL) return WEIR_ENOTSUP;
  if (worker->process != NULL) return weir_process_kill(worker->process, number);
  if (worker->state == WORKER_GONE) return WEIR_ESRCH;
  weir_channel_destroy(worker->channel);
  return WEIR_OK;
}

uint32_t weir_worker_id(const weir_worker *worker) { return worker->id; }

weir_cluster *weir_worker_cluster(const weir_worker *worker) { return worker->cluster; }

weir_process *weir_worker_process(const weir_worker *worker) { return worker->process; }

weir_channel *weir_worker_channel(const weir_worker *worker) { return worker->channel; }

bool weir_worker_is_connected(const weir_worker *worker) { return worker->state != WORKER_GONE; }

bool weir_worker_is_dead(const weir_worker *worker) {
  return worker->process != NULL ? !weir_process_running(worker->process) : worker->state == WORKER_GONE;
}

bool weir_worker_exited_after_disconnect(const weir_worker *worker) { return worker->exited_after_disconnect; }

/* ---- listeners and owners ---- */

static weir_code add_listener(weir_worker *worker, weir_event_type type, enum listener_position position,
                              weir_listener listener, void *user) {
  if (worker == NULL) return WEIR_EINVAL;
  loop_check_thread(worker->handle.loop);
  weir_code code = handle_listen(&worker->handle, type, position, listener, user);
  if (code != WEIR_OK || type != WEIR_EVENT_MESSAGE) return code;
  code = worker_forward(worker);
  if (code != WEIR_OK) handle_unlisten(&worker->handle, type, listener, user);
  return code;
}

weir_code weir_worker_on(weir_worker *worker, weir_event_type type, weir_listener listener, void *user) {
  return add_listener(worker, type, LISTENER_LAST, listener, user);
}

weir_code weir_worker_once(weir_worker *worker, weir_event_type type, weir_listener listener, void *user) {
  return add_listener(worker, type, LISTENER_LAST_ONCE, listener, user);
}

weir_code weir_worker_prepend(weir_worker *worker, weir_event_type type, weir_listener listener, void *user) {
  return add_listener(worker, type, LISTENER_FIRST, listener, user);
}

weir_code weir_worker_off(weir_worker *worker, weir_event_type type, weir_listener listener, void *user) {
  return worker == NULL ? WEIR_EINVAL : handle_unlisten(&worker->handle, type, listener, user);
}

size_t weir_worker_listener_count(const weir_worker *worker, weir_event_type type) {
  return listeners_count(&worker->handle, type);
}

weir_worker *weir_worker_retain(weir_worker *worker) {
  handle_retain(&worker->handle);
  return worker;
}

void weir_worker_release(weir_worker *worker) {
  if (worker == NULL) return;
  loop_check_thread(worker->handle.loop);
  handle_release(&worker->handle);
}

weir_loop *weir_worker_loop(const weir_worker *worker) { return worker->handle.loop; }

void *weir_worker_user(const weir_worker *worker) { return worker->handle.user; }

void weir_worker_set_user(weir_worker *worker, void *user) { worker->handle.user = user; }
