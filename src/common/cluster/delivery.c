/* SPDX-License-Identifier: MIT */
/*
 * A connection on its way from the primary to a worker. The members of a name get one in turn, but who has not answered
 * for many is passed over; when all are, the primary accepts no more until somebody has.
 *
 * What comes back, because it was refused or its worker is gone, goes to the next one, and round once: in the order of
 * the members' serials, from the one that was asked first. The last one is told that it must take it.
 */
#include <weir/socket.h>

#include "common/base/memory.h"
#include "common/cluster/cluster.h"
#include "common/server/server.h"

struct delivery {
  struct list_node link; /* of the name: waiting, or given */
  struct shared_name *name;
  weir_socket *socket;         /* not sent yet, owned */
  struct passenger *passenger; /* or it came back */
  struct member *member;       /* whom it was given to */
  uint32_t first;              /* the serial of who was asked first; 0: nobody was */
  uint32_t last;
};

static void free_delivery(struct delivery *delivery) {
  list_remove(&delivery->link);
  memory_put(cluster_allocator(delivery->name->cluster), delivery);
}

/* Nobody takes it: its client sees a close. */
static void drop(struct delivery *delivery) {
  if (delivery->socket != NULL) weir_socket_destroy(delivery->socket, NULL);
  weir_socket_release(delivery->socket);
  passenger_release(delivery->passenger);
  free_delivery(delivery);
}

/* ---- whose turn it is ---- */

static struct member *take_turn(struct shared_name *name) {
  for (struct list_node *node = list_first(&name->members); node != NULL; node = list_after(&name->members, node)) {
    struct member *member = CONTAINER_OF(node, struct member, link);
    if (member->state != MEMBER_SERVED || member->unanswered >= WEIR_WORKER_BACKLOG) continue;
    list_move(&name->members, node);
    return member;
  }
  return NULL;
}

/* Who comes behind `last`, round to `first`; NULL: all were asked. Serials may wrap. */
static struct member *find_next(const struct shared_name *name, uint32_t first, uint32_t last) {
  struct member *next = NULL;
  uint32_t nearest = first - last - 1; /* the greatest there is when only one was asked */
  for (struct list_node *node = list_first(&name->members); node != NULL; node = list_after(&name->members, node)) {
    struct member *member = CONTAINER_OF(node, struct member, link);
    uint32_t distance = member->serial - last - 1;
    if (member->state != MEMBER_SERVED || distance >= nearest) continue;
    nearest = distance;
    next = member;
  }
  return next;
}

/* ---- giving ---- */

static void be_answered(weir_channel *channel, weir_code code, struct passenger *returned, void *user);

/* WEIR_ENOTCONN: the worker is going, and another may take it. */
static weir_code send(struct delivery *delivery, struct member *member) {
  struct message message = {.length = 0};
  message_write(&message, member->number);
  message_write(&message, find_next(delivery->name, delivery->first, member->serial) == NULL);
  struct channel_send send = {.subject = SUBJECT_CONNECTION,
                              .bytes = message.bytes,
                              .length = message.length,
                              .socket = delivery->socket,
                              .passenger = delivery->passenger,
                              .uncounted = true,
                              .sent = be_answered,
                              .user = delivery};
  if (!weir_channel_connected(member->worker->channel)) return WEIR_ENOTCONN;
  int sent = channel_send(member->worker->channel, &send);
  return sent < 0 ? WEIR_ECANCELED : WEIR_OK;
}

static void be_given(struct delivery *delivery, struct member *member) {
  weir_socket_release(delivery->socket);
  delivery->socket = NULL;
  delivery->passenger = NULL;
  delivery->member = member;
  member->unanswered++;
  list_append(&delivery->name->given, &delivery->link);
}

/* To this member, or who comes behind it. */
static void give(struct delivery *delivery, struct member *member) {
  weir_code code = WEIR_ENOTCONN;
  while (member != NULL && code == WEIR_ENOTCONN) {
    struct member *asked = member;
    if (delivery->first == 0) delivery->first = asked->serial;
    delivery->last = asked->serial;
    code = send(delivery, asked);
    if (code == WEIR_OK) be_given(delivery, asked);
    member = find_next(delivery->name, delivery->first, delivery->last);
  }
  if (code != WEIR_OK) drop(delivery);
}

static void be_answered(weir_channel *channel, weir_code code, struct passenger *returned, void *user) {
  struct delivery *delivery = user;
  struct shared_name *name = delivery->name;
  struct member *member = delivery->member;
  (void)channel;
  list_remove(&delivery->link);
  delivery->member = NULL;
  delivery->passenger = returned;
  member->unanswered--;
  if (code == WEIR_OK || returned == NULL) {
    drop(delivery);
  } else {
    give(delivery, find_next(name, delivery->first, delivery->last));
  }
  delivery_go_on(name);
  shared_name_free_member(member);
}

/* ---- coming and waiting ---- */

/* Whether the primary is to accept: not for members who do so themselves, nor while all have enough. */
static bool wants_clients(const struct shared_name *name) {
  if (!list_empty(&name->waiting)) return false;
  for (struct list_node *node = list_first(&name->members); node != NULL; node = list_after(&name->members, node)) {
    if (CONTAINER_OF(node, struct member, link)->state == MEMBER_SERVED) return true;
  }
  return false;
}

void delivery_go_on(struct shared_name *name) {
  struct member *member = NULL;
  if (!name->had) return;
  while (!list_empty(&name->waiting) && (member = take_turn(name)) != NULL) {
    give(CONTAINER_OF(list_take_first(&name->waiting), struct delivery, link), member);
  }
  bool wanted = wants_clients(name);
  if (wanted == name->accepting) return;
  name->accepting = wanted;
  server_accept(name->server, wanted);
}

void delivery_begin(const weir_event *event, void *user) {
  struct shared_name *name = user;
  struct delivery *delivery = memory_get_zeroed(cluster_allocator(name->cluster), sizeof *delivery);
  if (delivery == NULL) {
    weir_socket_destroy(event->connection, NULL);
    return;
  }
  delivery->name = name;
  delivery->socket = weir_socket_retain(event->connection);
  list_append(&name->waiting, &delivery->link);
  delivery_go_on(name);
}

void delivery_drop_waiting(struct shared_name *name) {
  struct list_node *node = NULL;
  while ((node = list_first(&name->waiting)) != NULL) drop(CONTAINER_OF(node, struct delivery, link));
}

/* What was given is the channel's, which forgets it too. */
void delivery_abandon(struct shared_name *name) {
  struct list_node *node = NULL;
  delivery_drop_waiting(name);
  while ((node = list_first(&name->given)) != NULL) free_delivery(CONTAINER_OF(node, struct delivery, link));
}
