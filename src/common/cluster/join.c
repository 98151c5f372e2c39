/* SPDX-License-Identifier: MIT */
/*
 * A worker's own half: it asks the primary for the names of its servers, and brings them the connections that come. It
 * is the delegation of its loop, which owns it for that, until the loop ends or somebody joins anew.
 */
#include <stdio.h>
#include <string.h>

#include <weir/socket.h>

#include "common/base/memory.h"
#include "common/cluster/cluster.h"
#include "common/server/server.h"
#include "common/system.h"

/* A name that one of the loop's servers has asked for. */
struct asked_name {
  struct delegate delegate;
  struct list_node link; /* of the worker, which it holds */
  weir_worker *worker;
  struct listen_question question;
};

/* ---- asking ---- */

static struct asked_name *find_number(const weir_worker *worker, uint32_t number) {
  for (struct list_node *node = list_first(&worker->names); node != NULL; node = list_after(&worker->names, node)) {
    struct asked_name *name = CONTAINER_OF(node, struct asked_name, link);
    if (name->question.number == number) return name;
  }
  return NULL;
}

/* Whether a server of the worker has this turn at this endpoint. */
static bool is_taken(const weir_worker *worker, const struct listen_question *question) {
  for (struct list_node *node = list_first(&worker->names); node != NULL; node = list_after(&worker->names, node)) {
    const struct listen_question *other = &CONTAINER_OF(node, struct asked_name, link)->question;
    if (other->turn == question->turn && other->length == question->length &&
        memcmp(other->endpoint, question->endpoint, question->length) == 0)
      return true;
  }
  return false;
}

/* From the root on, because the primary may be in another directory. A simulated world has none. */
static weir_code write_path(struct listen_question *question, const weir_loop *loop, const struct address *address) {
  char directory[MESSAGE_TEXT_BYTES / 2] = "";
  bool is_relative = address->text[0] != '/' && loop->simulator == NULL;
  weir_code code = is_relative ? system_directory(directory, sizeof directory) : WEIR_OK;
  if (code != WEIR_OK) return code;
  int length = snprintf(question->endpoint, sizeof question->endpoint, "unix:%s%s%s", directory, is_relative ? "/" : "",
                        address->text);
  question->length = (size_t)length;
  return WEIR_OK;
}

/* As an endpoint that means the same in the primary, wherever that is. */
static weir_code write_endpoint(struct listen_question *question, const weir_loop *loop,
                                const struct address *address) {
  char *text = question->endpoint;
  char ip[WEIR_ADDRESS_TEXT_BYTES];
  int length = 0;
  switch (address->kind) {
    case ADDRESS_IP:
      weir_address_format(&address->ip, ip, sizeof ip);
      length = snprintf(text, MESSAGE_TEXT_BYTES, "tcp:%s", ip);
      break;
    case ADDRESS_HOST:
      length = snprintf(text, MESSAGE_TEXT_BYTES, "tcp:*:%d", address->ip.port);
      break;
    case ADDRESS_ABSTRACT:
      text[0] = '\0';
      memcpy(text + 1, address->text, address->length);
      length = (int)address->length + 1;
      break;
    case ADDRESS_PORTABLE:
      length = snprintf(text, MESSAGE_TEXT_BYTES, "ipc:%s", address->text);
      break;
    case ADDRESS_PATH:
      return write_path(question, loop, address);
    default:
      length = snprintf(text, MESSAGE_TEXT_BYTES, "%s", address->text);
      break;
  }
  question->length = (size_t)length;
  return WEIR_OK;
}

static weir_code question_make(struct listen_question *question, weir_worker *worker,
                               const struct listen_request *request) {
  question->backlog = (uint32_t)request->backlog;
  question->readable_all = request->readable_all;
  question->writable_all = request->writable_all;
  question->ipv6_only = request->ipv6_only;
  weir_code code = write_endpoint(question, worker->handle.loop, request->address);
  if (code != WEIR_OK) return code;
  while (is_taken(worker, question)) question->turn++;
  question->number = ++worker->last_number;
  return WEIR_OK;
}

static void free_name(struct asked_name *name) {
  weir_worker *worker = name->worker;
  list_remove(&name->link);
  memory_put(&worker->handle.loop->allocator, name);
  handle_release(&worker->handle);
}

static weir_code ask(struct delegation *delegation, weir_server *server, const struct listen_request *request,
                     struct delegate **delegate) {
  weir_worker *worker = CONTAINER_OF(delegation, weir_worker, delegation);
  struct message message = {.length = 0};
  if (worker->state != WORKER_CONNECTED) return WEIR_ENOTCONN;
  struct asked_name *name = memory_get_zeroed(&worker->handle.loop->allocator, sizeof *name);
  if (name == NULL) return WEIR_ENOMEM;
  weir_code code = question_make(&name->question, worker, request);
  if (code != WEIR_OK) {
    memory_put(&worker->handle.loop->allocator, name);
    return code;
  }
  name->delegate = (struct delegate){.server = server, .delegation = delegation};
  name->worker = worker;
  handle_retain(&worker->handle);
  list_append(&worker->names, &name->link);
  message_write_question(&message, &name->question);
  worker_say(worker, SUBJECT_LISTEN, &message);
  *delegate = &name->delegate;
  return WEIR_OK;
}

static void leave(struct delegate *delegate) {
  struct asked_name *name = CONTAINER_OF(delegate, struct asked_name, delegate);
  if (name->worker->state == WORKER_CONNECTED) worker_say_number(name->worker, SUBJECT_CLOSED, name->question.number);
  free_name(name);
}

/* ---- what the primary says ---- */

static void be_welcome(weir_worker *worker, struct message_reader *reader) {
  weir_event event = {.type = WEIR_EVENT_ONLINE};
  uint32_t id = message_read(reader);
  if (reader->spoiled || worker->online) return;
  worker->id = id;
  worker->online = true;
  worker_emit(worker, &event);
}

/* The server that waits for this answer; NULL: it does not wait any more. */
static struct asked_name *find_waiting(const weir_worker *worker, uint32_t number) {
  struct asked_name *name = find_number(worker, number);
  return name != NULL && name->delegate.server->state == SERVER_ASKING ? name : NULL;
}

static void take_answer(weir_worker *worker, uint16_t subject, struct message_reader *reader) {
  struct listen_answer answer;
  if (!message_read_answer(reader, &answer)) return;
  struct asked_name *name = find_waiting(worker, answer.number);
  if (name == NULL) return;
  if (subject == SUBJECT_REFUSES) {
    weir_error error = {.code = answer.code,
                        .native_code = answer.native_code,
                        .operation = "listen",
                        .address = answer.name,
                        .hint = answer.hint};
    server_delegate_refuses(&name->delegate, &error);
    free_name(name);
  } else {
    server_delegate_listens(&name->delegate, answer.name,
                            answer.bound.family == WEIR_FAMILY_NONE ? NULL : &answer.bound);
    worker_say_number(worker, SUBJECT_LISTENING, answer.number);
  }
}

/* Whether such a thing has come along: when the channel could not take it, its sender has heard so. */
static bool brings(const struct channel_message *message, enum channel_kind kind) {
  return message->kind == kind && message->passenger != NULL;
}

static void take_server(weir_worker *worker, struct channel_message *message, struct message_reader *reader) {
  uint32_t number = message_read(reader);
  struct asked_name *name = reader->spoiled ? NULL : find_waiting(worker, number);
  intptr_t native = -1;
  if (name == NULL || !brings(message, CHANNEL_SERVER)) return;
  channel_take_native(worker->channel, message, &native);
  server_delegate_shares(&name->delegate, native);
  if (find_number(worker, number) != NULL) worker_say_number(worker, SUBJECT_LISTENING, number);
}

/* The channel refuses what nobody takes. */
static void take_connection(weir_worker *worker, struct channel_message *message, struct message_reader *reader) {
  uint32_t number = message_read(reader);
  bool must = message_read(reader) != 0;
  struct asked_name *name = reader->spoiled ? NULL : find_number(worker, number);
  if (name == NULL || !brings(message, CHANNEL_SOCKET)) return;
  weir_server *server = weir_server_retain(name->delegate.server);
  struct weir_socket *socket = NULL;
  weir_code code = server_refusal(server, must);
  if (code != WEIR_OK) {
    channel_refuse(worker->channel, message, code);
  } else if (channel_take_socket(worker->channel, message, &socket) == WEIR_OK) {
    server_adopt(server, socket);
    weir_socket_release(socket);
  }
  weir_server_release(server);
}

/* ---- leaving ---- */

static void end_if_left(weir_worker *worker) {
  if (worker->state == WORKER_LEAVING && worker->closing == 0 && worker->left) weir_channel_disconnect(worker->channel);
}

static void count_closed(weir_server *server, const weir_error *error, void *user) {
  weir_worker *worker = user;
  (void)server;
  (void)error;
  worker->closing--;
  end_if_left(worker);
  handle_release(&worker->handle);
}

/* Closing one takes it off the list. Without memory nobody waits for its last connections. */
static void close_servers(weir_worker *worker) {
  struct list_node *node = NULL;
  while ((node = list_first(&worker->names)) != NULL) {
    weir_server *server = CONTAINER_OF(node, struct asked_name, link)->delegate.server;
    if (weir_server_close(server, count_closed, worker) == WEIR_OK) {
      worker->closing++;
      handle_retain(&worker->handle);
    } else {
      weir_server_close(server, NULL, NULL);
    }
  }
}

void join_leave(weir_worker *worker) {
  worker->state = WORKER_LEAVING;
  worker->exited_after_disconnect = true;
  close_servers(worker);
  worker_say(worker, SUBJECT_LEAVING, NULL);
}

static void be_left(weir_worker *worker) {
  worker->left = true;
  end_if_left(worker);
}

void join_channel_closed(weir_worker *worker) {
  weir_event event = {.type = WEIR_EVENT_DISCONNECT};
  handle_retain(&worker->handle);
  close_servers(worker);
  worker_emit(worker, &event);
  handle_release(&worker->handle);
}

static void hear(weir_channel *channel, struct channel_message *message, void *user) {
  weir_worker *worker = user;
  struct message_reader reader = {.bytes = message->bytes, .length = message->length};
  (void)channel;
  handle_retain(&worker->handle);
  switch (message->subject) {
    case SUBJECT_WELCOME:
      be_welcome(worker, &reader);
      break;
    case SUBJECT_LISTENS:
    case SUBJECT_REFUSES:
      take_answer(worker, message->subject, &reader);
      break;
    case SUBJECT_SERVER:
      take_server(worker, message, &reader);
      break;
    case SUBJECT_CONNECTION:
      take_connection(worker, message, &reader);
      break;
    case SUBJECT_DISCONNECT:
      if (worker->state == WORKER_CONNECTED) join_leave(worker);
      break;
    case SUBJECT_LEFT:
      be_left(worker);
      break;
    default: /* a later version's (A208) */
      break;
  }
  handle_release(&worker->handle);
}

/* ---- joining ---- */

static weir_worker *joined(const weir_loop *loop) {
  return loop->delegation == NULL ? NULL : CONTAINER_OF(loop->delegation, weir_worker, delegation);
}

weir_code weir_cluster_join_channel(weir_channel *channel, weir_worker **worker) {
  weir_worker *made = NULL;
  if (channel == NULL || worker == NULL) return WEIR_EINVAL;
  weir_loop *loop = weir_channel_loop(channel);
  loop_check_thread(loop);
  if (loop->ended) return WEIR_ECANCELED;
  if (!weir_channel_connected(channel)) return WEIR_ENOTCONN;
  weir_worker *before = joined(loop);
  if (before != NULL && before->state != WORKER_GONE) return WEIR_EALREADY;
  weir_code code = worker_create(loop, channel, hear, &made);
  if (code != WEIR_OK) return code;
  made->delegation = (struct delegation){.ask = ask, .left = leave};
  loop->delegation = &made->delegation;
  handle_retain(&made->handle); /* the loop's */
  if (before != NULL) weir_worker_release(before);
  worker_say(made, SUBJECT_ONLINE, NULL);
  *worker = made;
  return WEIR_OK;
}

weir_code weir_cluster_join(weir_loop *loop, weir_worker **worker) {
  weir_channel *channel = NULL;
  if (loop == NULL || worker == NULL) return WEIR_EINVAL;
  const weir_worker *before = joined(loop);
  if (before != NULL && before->state != WORKER_GONE) return WEIR_EALREADY;
  weir_code code = weir_channel_open_parent(loop, &channel);
  if (code != WEIR_OK) return code;
  code = weir_cluster_join_channel(channel, worker);
  if (code != WEIR_OK) weir_channel_destroy(channel);
  weir_channel_release(channel);
  return code;
}
