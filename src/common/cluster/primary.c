/* SPDX-License-Identifier: MIT */
/*
 * The primary's half of the talk with one worker: what it says, and what becomes of it. The cluster owns the worker
 * from its start until its channel has closed and nothing more comes of its process.
 */
#include "common/cluster/cluster.h"

/* ---- what a worker says ---- */

static void come_online(weir_worker *worker) {
  weir_event event = {.type = WEIR_EVENT_ONLINE};
  if (worker->online) return;
  worker->online = true;
  worker_emit(worker, &event);
  roll_go_on(worker->cluster);
}

static void be_asked(weir_worker *worker, struct message_reader *reader) {
  struct listen_question question;
  if (message_read_question(reader, &question) && worker->state == WORKER_CONNECTED) shared_name_ask(worker, &question);
}

static void note_listening(weir_worker *worker, struct member *member) {
  weir_address bound;
  bool is_tcp = weir_server_bound_address(member->name->server, &bound);
  weir_event_listening listening = {.name = weir_server_address(member->name->server),
                                    .address = is_tcp ? &bound : NULL};
  weir_event event = {.type = WEIR_EVENT_LISTENING, .listening = &listening};
  if (member->listening || member->state == MEMBER_ASKS) return;
  member->listening = true;
  worker_emit(worker, &event);
  roll_go_on(worker->cluster);
}

/* It leaves of its own will, or because it was told to: from here on nothing is sent that it would have to refuse. */
static void let_leave(weir_worker *worker) {
  if (worker->state == WORKER_CONNECTED) worker->state = WORKER_LEAVING;
  worker->exited_after_disconnect = true;
  shared_name_leave_all(worker);
  worker_say(worker, SUBJECT_LEFT, NULL);
}

static void hear_of_name(weir_worker *worker, uint16_t subject, struct message_reader *reader) {
  uint32_t number = message_read(reader);
  struct member *member = reader->spoiled ? NULL : shared_name_member(worker, number);
  if (member == NULL) return;
  if (subject == SUBJECT_LISTENING) {
    note_listening(worker, member);
  } else {
    shared_name_leave(member);
  }
}

static void hear(weir_channel *channel, struct channel_message *message, void *user) {
  weir_worker *worker = user;
  struct message_reader reader = {.bytes = message->bytes, .length = message->length};
  (void)channel;
  handle_retain(&worker->handle);
  switch (message->subject) {
    case SUBJECT_ONLINE:
      come_online(worker);
      break;
    case SUBJECT_LISTEN:
      be_asked(worker, &reader);
      break;
    case SUBJECT_LISTENING:
    case SUBJECT_CLOSED:
      hear_of_name(worker, message->subject, &reader);
      break;
    case SUBJECT_LEAVING:
      let_leave(worker);
      break;
    default: /* a later version's (A208) */
      break;
  }
  handle_release(&worker->handle);
}

/* ---- what becomes of it ---- */

static void let_go_if_over(weir_worker *worker) {
  bool over = worker->state == WORKER_GONE && (worker->process == NULL || worker->process_over);
  if (!over || !list_linked(&worker->link)) return;
  list_remove(&worker->link);
  handle_release(&worker->handle);
}

/* `exit` comes behind `disconnect`, whichever was first. */
static void tell_exit(weir_worker *worker) {
  weir_event event = {.type = WEIR_EVENT_EXIT, .exit = &worker->exit};
  if (!worker->owes_exit || worker->state != WORKER_GONE) return;
  worker->owes_exit = false;
  worker_emit(worker, &event);
}

void primary_channel_closed(weir_worker *worker) {
  weir_event event = {.type = WEIR_EVENT_DISCONNECT};
  handle_retain(&worker->handle);
  shared_name_leave_all(worker);
  worker_emit(worker, &event);
  tell_exit(worker);
  cluster_worker_gone(worker->cluster);
  roll_worker_gone(worker->cluster, worker);
  let_go_if_over(worker);
  handle_release(&worker->handle);
}

static void take_exit(const weir_event *event, void *user) {
  weir_worker *worker = user;
  worker->exit = *event->exit;
  worker->owes_exit = true;
  tell_exit(worker);
}

static void take_error(const weir_event *event, void *user) {
  weir_worker *worker = user;
  weir_event own = {.type = WEIR_EVENT_ERROR, .worker = worker, .error = event->error};
  if (handle_hears(&worker->handle, WEIR_EVENT_ERROR)) handle_emit(&worker->handle, &own);
  handle_emit_error(&worker->cluster->handle, &own);
}

static void take_process_close(const weir_event *event, void *user) {
  weir_worker *worker = user;
  (void)event;
  worker->process_over = true;
  if (worker->channel == NULL) {
    primary_channel_closed(worker);
  } else {
    let_go_if_over(worker);
  }
}

weir_code primary_watch(weir_worker *worker, weir_process *process) {
  worker->process = weir_process_retain(process);
  weir_code code = weir_process_on(process, WEIR_EVENT_EXIT, take_exit, worker);
  if (code == WEIR_OK) code = weir_process_on(process, WEIR_EVENT_ERROR, take_error, worker);
  if (code == WEIR_OK) code = weir_process_on(process, WEIR_EVENT_CLOSE, take_process_close, worker);
  return code;
}

/* ---- its beginning and its end ---- */

weir_code primary_add(weir_cluster *cluster, weir_channel *channel, weir_worker **worker) {
  weir_worker *made = NULL;
  weir_code code = worker_create(cluster->handle.loop, channel, hear, &made);
  if (code != WEIR_OK) return code;
  made->cluster = weir_cluster_retain(cluster);
  made->id = ++cluster->last_id;
  list_append(&cluster->workers, &made->link);
  handle_retain(&made->handle); /* the cluster's */
  *worker = made;
  if (channel == NULL) return WEIR_OK;
  if (cluster->forwards) worker_forward(made);
  worker_say_number(made, SUBJECT_WELCOME, made->id);
  made->owes_fork = true;
  handle_owe(&made->handle);
  return WEIR_OK;
}

void primary_disconnect(weir_worker *worker) {
  worker->state = WORKER_LEAVING;
  worker->exited_after_disconnect = true;
  shared_name_serve_no_more(worker);
  worker_say(worker, SUBJECT_DISCONNECT, NULL);
}

void primary_abandon(weir_worker *worker) {
  list_remove(&worker->link);
  handle_release(&worker->handle);
}
