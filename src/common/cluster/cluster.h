/* SPDX-License-Identifier: MIT */
/*
 * A cluster from inside. Its code:
 *
 *   message.c       what primary and worker say to each other
 *   cluster.c       the primary's handle: its workers, and its questions
 *   worker.c        a worker's handle, on both sides: its channel, its state, its events
 *   primary.c       the primary's half of the talk with one worker
 *   shared_name.c   a name that workers listen at, and the server that has it in the primary
 *   delivery.c      the connections of such a server: who gets the next
 *   join.c          the worker's half of the talk, and its servers
 *   roll.c          new workers for old ones
 *
 * A worker's state, on both sides:
 *
 *   CONNECTED --its leaving was asked for, or said--> LEAVING --the channel has closed--> GONE
 *   CONNECTED --the channel was lost--> GONE
 *
 * Who cannot say what the other side must hear, for want of memory, gives the channel up: so both know that it is over.
 */
#ifndef WEIR_COMMON_CLUSTER_CLUSTER_H
#define WEIR_COMMON_CLUSTER_CLUSTER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <weir/cluster.h>

#include "common/base/list.h"
#include "common/channel/channel.h"
#include "common/cluster/message.h"
#include "common/loop/handle.h"
#include "common/loop/loop.h"
#include "common/server/delegate.h"

struct roll;

/* ---- the primary: cluster.c ---- */

struct weir_cluster {
  struct handle handle;
  const weir_process_options *process; /* how workers are started; NULL: nobody has said */
  weir_worker_start start;             /* instead */
  weir_scheduling scheduling;
  uint32_t last_id;
  bool forwards;         /* its workers emit `message` */
  struct list workers;   /* in the order of their starts */
  struct list names;     /* struct shared_name: had, or about to be */
  struct list questions; /* callbacks of a disconnect */
  struct roll *roll;     /* under way, or over and not told */
};

static inline const weir_allocator *cluster_allocator(const weir_cluster *cluster) {
  return &cluster->handle.loop->allocator;
}

/* A worker is gone: whoever waits for the last one is told. */
void cluster_worker_gone(weir_cluster *cluster);

/* Starts a worker; NULL: as the options say. With one owner beside the cluster, the caller. */
weir_code cluster_start_worker(weir_cluster *cluster, const weir_process_options *process, weir_worker **worker);

/* ---- a worker: worker.c ---- */

enum worker_state { WORKER_CONNECTED, WORKER_LEAVING, WORKER_GONE };

struct weir_worker {
  struct handle handle;
  weir_channel *channel;
  enum worker_state state;
  uint32_t id;
  bool online; /* it has joined, or knows its number */
  bool exited_after_disconnect;
  bool forwards; /* the channel's messages are emitted */

  /* in the primary */
  weir_cluster *cluster; /* NULL in the worker itself */
  struct list_node link; /* of the cluster, which then owns it too */
  weir_process *process;
  bool process_over; /* nothing more comes of it */
  bool owes_exit;
  bool owes_fork;
  weir_event_exit exit;
  struct list members; /* struct member: the names it asked for */

  /* in the worker itself */
  struct delegation delegation;
  struct list names; /* struct asked_name */
  uint32_t last_number;
  size_t closing; /* servers whose `close` its leaving waits for */
  bool left;      /* the primary sends no more connections */
};

/* Makes one that talks through the channel, which it retains, with one owner. NULL: there is none, and it is GONE. */
weir_code worker_create(weir_loop *loop, weir_channel *channel, channel_handler heard, weir_worker **worker);

/* Emits an event of the worker, then of its cluster. */
void worker_emit(weir_worker *worker, weir_event *event);

/* Says something; when that is impossible, gives the channel up. */
void worker_say(weir_worker *worker, enum subject subject, const struct message *message);
void worker_say_number(weir_worker *worker, enum subject subject, uint32_t number);

/* Emits what comes through the channel as `message` from now on. */
weir_code worker_forward(weir_worker *worker);

/* ---- primary.c ---- */

/* Makes a worker of a channel, a member of the cluster. NULL: its process could not be started. */
weir_code primary_add(weir_cluster *cluster, weir_channel *channel, weir_worker **worker);

/* Its process: what becomes of it is the worker's to tell. */
weir_code primary_watch(weir_worker *worker, weir_process *process);

/* The worker's channel has closed. */
void primary_channel_closed(weir_worker *worker);

void primary_disconnect(weir_worker *worker);

/* The loop ends: the cluster lets go of it. */
void primary_abandon(weir_worker *worker);

/* ---- shared_name.c ---- */

enum member_state {
  MEMBER_ASKS,   /* the name is not had yet */
  MEMBER_SERVED, /* connections are given to it */
  MEMBER_SHARES, /* it accepts itself */
  MEMBER_LEFT    /* it lives on until what it was given has been answered */
};

/* A worker's server that listens at a name. */
struct member {
  struct list_node link;      /* of the name, unless it has left */
  struct list_node of_worker; /* likewise */
  struct shared_name *name;
  weir_worker *worker;
  enum member_state state;
  uint32_t number; /* the worker's for it */
  uint32_t serial; /* the name's */
  bool listening;  /* the worker has said so */
  size_t unanswered;
};

/* A name that the primary has for its workers, until its last member has left. */
struct shared_name {
  struct list_node link; /* of the cluster, until it is closed */
  weir_cluster *cluster;
  weir_server *server;
  struct list members; /* in the order of their turns */
  struct list waiting; /* deliveries that nobody is free for */
  struct list given;   /* deliveries that were not answered */
  size_t holds;
  uint32_t last_serial;
  bool had;       /* the primary listens there */
  bool accepting; /* and accepts */
  uint32_t turn;  /* the two by which it is found */
  size_t length;
  char endpoint[];
};

/* A worker asks for a name: it is answered, now or later. */
void shared_name_ask(weir_worker *worker, const struct listen_question *question);

/* The member with the worker's number; NULL: there is none. */
struct member *shared_name_member(weir_worker *worker, uint32_t number);

void shared_name_leave(struct member *member);
void shared_name_leave_all(weir_worker *worker);

/* Leaves where connections are given to the worker. Where it accepts itself it still has the name. */
void shared_name_serve_no_more(weir_worker *worker);

/* Frees one that has left, when everything it was given has been answered. */
void shared_name_free_member(struct member *member);

/* Its members hold a name; with the last hold it is freed. */
static inline void shared_name_hold(struct shared_name *name) { name->holds++; }
void shared_name_let_go(struct shared_name *name);

/* The loop ends. */
void shared_name_abandon(struct shared_name *name);

/* ---- delivery.c ---- */

/* A client has come to the primary; the listener of `connection`. */
void delivery_begin(const weir_event *event, void *name);

/* Somebody may be free. */
void delivery_go_on(struct shared_name *name);

/* Closes what waits. */
void delivery_drop_waiting(struct shared_name *name);

/* The loop ends: forgets what was given, too. */
void delivery_abandon(struct shared_name *name);

/* ---- join.c ---- */

/* The channel has closed. */
void join_channel_closed(weir_worker *worker);

void join_leave(weir_worker *worker);

/* ---- roll.c ---- */

/* Something may have changed that the roll waits for. */
void roll_go_on(weir_cluster *cluster);

/* A worker is gone, which may break it off. */
void roll_worker_gone(weir_cluster *cluster, const weir_worker *worker);

/* Tells that it is over, if it is. */
void roll_deliver(weir_cluster *cluster);

void roll_free(weir_cluster *cluster);

#endif
