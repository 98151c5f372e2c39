/* SPDX-License-Identifier: MIT */
/*
 * A name that workers share. The first one who asks lets the primary listen there, as it wants it; the others are
 * members from then on, and when the last one has left the name is free again. What the name's listening meets is
 * everybody's answer.
 */
#include <stdio.h>
#include <string.h>

#include "common/base/memory.h"
#include "common/cluster/cluster.h"
#include "common/server/server.h"
#include "common/system.h"

/* ---- answers ---- */

static void refuse(struct member *member, const weir_error *error) {
  struct message message = {.length = 0};
  struct listen_answer answer = {
      .number = member->number, .code = error->code, .native_code = error->native_code, .name = "", .hint = ""};
  strncat(answer.name, error->address, sizeof answer.name - 1);
  strncat(answer.hint, error->hint, sizeof answer.hint - 1);
  message_write_answer(&message, &answer);
  worker_say(member->worker, SUBJECT_REFUSES, &message);
}

/* From now on connections are given to it, so somebody has to accept them. */
static void serve(struct member *member) {
  struct message message = {.length = 0};
  struct listen_answer answer = {.number = member->number, .code = WEIR_OK, .name = "", .hint = ""};
  strncat(answer.name, weir_server_address(member->name->server), sizeof answer.name - 1);
  weir_server_bound_address(member->name->server, &answer.bound);
  message_write_answer(&message, &answer);
  worker_say(member->worker, SUBJECT_LISTENS, &message);
  member->state = MEMBER_SERVED;
  delivery_go_on(member->name);
}

/* Where a name cannot be shared, or the worker could not take the server, it is served instead. */
static void end_sharing(weir_channel *channel, weir_code code, struct passenger *returned, void *user) {
  struct member *member = user;
  (void)channel;
  passenger_release(returned);
  member->unanswered--;
  if (code != WEIR_OK && member->state == MEMBER_SHARES && member->worker->state != WORKER_GONE) serve(member);
  shared_name_free_member(member);
}

static bool share(struct member *member) {
  struct message message = {.length = 0};
  message_write(&message, member->number);
  struct channel_send send = {.subject = SUBJECT_SERVER,
                              .bytes = message.bytes,
                              .length = message.length,
                              .server = member->name->server,
                              .keep_open = true,
                              .sent = end_sharing,
                              .user = member};
  if (channel_send(member->worker->channel, &send) < 0) return false;
  member->state = MEMBER_SHARES;
  member->unanswered++;
  return true;
}

/*
 * Where local names are pipes, a server that listens has what waits for clients already, pipe instances or sockets, so
 * the primary would have some of them.
 */
static bool can_be_shared(const weir_cluster *cluster) {
  return cluster->handle.loop->operations->addresses.path_bytes > 0;
}

static void answer(struct member *member) {
  const weir_cluster *cluster = member->name->cluster;
  bool is_asked_for = cluster->scheduling == WEIR_SCHEDULING_SHARED;
  bool shares = is_asked_for && can_be_shared(cluster) && share(member);
  if (!shares) serve(member);
}

/* ---- the server ---- */

static struct member *first_who_asks(const struct shared_name *name) {
  for (struct list_node *node = list_first(&name->members); node != NULL; node = list_after(&name->members, node)) {
    struct member *member = CONTAINER_OF(node, struct member, link);
    if (member->state == MEMBER_ASKS) return member;
  }
  return NULL;
}

static void take_listening(const weir_event *event, void *user) {
  struct shared_name *name = user;
  struct member *member = NULL;
  (void)event;
  name->had = true;
  while ((member = first_who_asks(name)) != NULL) answer(member);
}

/* Listening has failed; or a listening server is short of something, which its cluster tells. */
static void take_error(const weir_event *event, void *user) {
  struct shared_name *name = user;
  struct member *member = NULL;
  if (weir_server_listening(name->server)) {
    weir_event own = {.type = WEIR_EVENT_ERROR, .worker = NULL, .error = event->error};
    handle_emit_error(&name->cluster->handle, &own);
    return;
  }
  shared_name_hold(name);
  while ((member = first_who_asks(name)) != NULL) {
    refuse(member, event->error);
    shared_name_leave(member);
  }
  shared_name_let_go(name);
}

/*
 * A path from the root on may be too long for the system where the same one from this directory is not. Writes that,
 * and returns whether it is so. (A216)
 */
static bool shorten(const struct shared_name *name, char text[MESSAGE_TEXT_BYTES]) {
  static const char prefix[] = "unix:";
  const size_t prefix_bytes = sizeof prefix - 1;
  const weir_loop *loop = name->cluster->handle.loop;
  char directory[MESSAGE_TEXT_BYTES];
  if (name->length < prefix_bytes || memcmp(name->endpoint, prefix, prefix_bytes) != 0) return false;
  if (loop->simulator != NULL || name->length - prefix_bytes <= loop->operations->addresses.path_bytes) return false;
  if (system_directory(directory, sizeof directory) != WEIR_OK) return false;
  size_t bytes = strlen(directory);
  const char *path = name->endpoint + prefix_bytes;
  if (strncmp(path, directory, bytes) != 0 || path[bytes] != '/') return false;
  snprintf(text, MESSAGE_TEXT_BYTES, "unix:.%s", path + bytes);
  return true;
}

static weir_code listen(struct shared_name *name, const struct listen_question *question) {
  weir_listen_options options = weir_listen_options_default();
  options.endpoint_length = question->length;
  options.backlog = question->backlog > INT32_MAX ? INT32_MAX : (int)question->backlog;
  options.readable_all = question->readable_all;
  options.writable_all = question->writable_all;
  options.ipv6_only = question->ipv6_only;
  char shorter[MESSAGE_TEXT_BYTES];
  const char *endpoint = name->endpoint;
  if (shorten(name, shorter)) {
    endpoint = shorter;
    options.endpoint_length = strlen(shorter);
  }
  weir_code code = weir_server_on(name->server, WEIR_EVENT_LISTENING, take_listening, name);
  if (code == WEIR_OK) code = weir_server_on(name->server, WEIR_EVENT_ERROR, take_error, name);
  return code == WEIR_OK ? weir_server_listen(name->server, endpoint, &options) : code;
}

static struct shared_name *make_name(weir_cluster *cluster, const struct listen_question *question) {
  weir_server_options options = weir_server_options_default();
  struct shared_name *name = memory_get_zeroed(cluster_allocator(cluster), sizeof *name + question->length + 1);
  if (name == NULL) return NULL;
  options.allow_half_open = true;
  options.pause_on_connect = true;
  if (weir_server_create(cluster->handle.loop, &options, delivery_begin, name, &name->server) != WEIR_OK) {
    memory_put(cluster_allocator(cluster), name);
    return NULL;
  }
  name->server->waits_to_accept = true; /* else a name that is shared would have clients here */
  list_init(&name->members);
  list_init(&name->waiting);
  list_init(&name->given);
  name->holds = 1; /* the caller's */
  name->cluster = weir_cluster_retain(cluster);
  name->turn = question->turn;
  name->length = question->length;
  memcpy(name->endpoint, question->endpoint, question->length);
  list_append(&cluster->names, &name->link);
  return name;
}

/* ---- members ---- */

static struct shared_name *find_name(const weir_cluster *cluster, const struct listen_question *question) {
  for (struct list_node *node = list_first(&cluster->names); node != NULL; node = list_after(&cluster->names, node)) {
    struct shared_name *name = CONTAINER_OF(node, struct shared_name, link);
    if (name->turn == question->turn && name->length == question->length &&
        memcmp(name->endpoint, question->endpoint, name->length) == 0)
      return name;
  }
  return NULL;
}

static struct member *make_member(struct shared_name *name, weir_worker *worker, uint32_t number) {
  struct member *member = memory_get_zeroed(cluster_allocator(name->cluster), sizeof *member);
  if (member == NULL) return NULL;
  shared_name_hold(name);
  member->name = name;
  member->worker = weir_worker_retain(worker);
  member->number = number;
  member->serial = ++name->last_serial;
  list_append(&name->members, &member->link);
  list_append(&worker->members, &member->of_worker);
  return member;
}

/* What the name's listening could not even begin with. */
static void refuse_at_once(weir_worker *worker, uint32_t number, weir_code code) {
  const weir_error error = {
      .code = code, .operation = "listen", .address = "", .hint = "the primary could not begin to listen there"};
  refuse(&(struct member){.worker = worker, .number = number}, &error);
}

void shared_name_ask(weir_worker *worker, const struct listen_question *question) {
  struct shared_name *name = find_name(worker->cluster, question);
  bool is_new = name == NULL;
  if (is_new) name = make_name(worker->cluster, question);
  struct member *member = name == NULL ? NULL : make_member(name, worker, question->number);
  weir_code code = member == NULL ? WEIR_ENOMEM : WEIR_OK;
  if (member != NULL && is_new) code = listen(name, question);
  if (code != WEIR_OK) {
    refuse_at_once(worker, question->number, code);
    if (member != NULL) shared_name_leave(member);
  } else if (name->had) {
    answer(member);
  }
  if (is_new && name != NULL) shared_name_let_go(name);
}

struct member *shared_name_member(weir_worker *worker, uint32_t number) {
  for (struct list_node *node = list_first(&worker->members); node != NULL; node = list_after(&worker->members, node)) {
    struct member *member = CONTAINER_OF(node, struct member, of_worker);
    if (member->number == number) return member;
  }
  return NULL;
}

/* ---- leaving ---- */

void shared_name_free_member(struct member *member) {
  if (member->state != MEMBER_LEFT || member->unanswered > 0) return;
  weir_worker *worker = member->worker;
  struct shared_name *name = member->name;
  memory_put(cluster_allocator(name->cluster), member);
  shared_name_let_go(name);
  weir_worker_release(worker);
}

/* The last one takes the name with it; clients that wait have nobody to go to. */
static void close_name(struct shared_name *name) {
  list_remove(&name->link);
  name->had = false;
  weir_server_close(name->server, NULL, NULL);
  delivery_drop_waiting(name);
}

void shared_name_leave(struct member *member) {
  struct shared_name *name = member->name;
  member->state = MEMBER_LEFT;
  list_remove(&member->link);
  list_remove(&member->of_worker);
  if (list_empty(&name->members)) {
    close_name(name);
  } else {
    delivery_go_on(name);
  }
  shared_name_free_member(member);
}

void shared_name_leave_all(weir_worker *worker) {
  struct list_node *node = NULL;
  while ((node = list_first(&worker->members)) != NULL) shared_name_leave(CONTAINER_OF(node, struct member, of_worker));
}

void shared_name_serve_no_more(weir_worker *worker) {
  struct list_node *next = NULL;
  for (struct list_node *node = list_first(&worker->members); node != NULL; node = next) {
    struct member *member = CONTAINER_OF(node, struct member, of_worker);
    next = list_after(&worker->members, node);
    if (member->state != MEMBER_SHARES) shared_name_leave(member);
  }
}

static void free_name(struct shared_name *name) {
  weir_cluster *cluster = name->cluster;
  weir_server_off(name->server, WEIR_EVENT_CONNECTION, delivery_begin, name);
  weir_server_off(name->server, WEIR_EVENT_LISTENING, take_listening, name);
  weir_server_off(name->server, WEIR_EVENT_ERROR, take_error, name);
  weir_server_release(name->server);
  list_remove(&name->link);
  memory_put(cluster_allocator(cluster), name);
  weir_cluster_release(cluster);
}

void shared_name_let_go(struct shared_name *name) {
  if (--name->holds == 0) free_name(name);
}

void shared_name_abandon(struct shared_name *name) {
  struct list_node *node = NULL;
  shared_name_hold(name);
  delivery_abandon(name);
  while ((node = list_first(&name->members)) != NULL) {
    struct member *member = CONTAINER_OF(node, struct member, link);
    member->unanswered = 0;
    shared_name_leave(member);
  }
  shared_name_let_go(name);
}
