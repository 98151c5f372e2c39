/* SPDX-License-Identifier: MIT */
/*
 * What sockets, servers and other sources of events have in common: owners, liveness, listeners, and what they owe.
 *
 * Two counts, never confused. Ownership: a handle's memory lives while the user, the loop or a socket of a server holds
 * it. Liveness: the loop runs while active referenced handles are left; that is one bit of a handle and a counter of
 * the loop, and has nothing to do with memory.
 *
 * No callback ever runs inside a call of the user. What a call has caused is owed: the handle goes on the loop's list,
 * which holds it, and the loop delivers between two completions.
 */
#ifndef WEIR_COMMON_LOOP_HANDLE_H
#define WEIR_COMMON_LOOP_HANDLE_H

#include <assert.h>
#include <stdbool.h>
#include <stdint.h>

#include <weir/event.h>
#include <weir/loop.h>

#include "common/base/list.h"
#include "common/loop/loop.h"

struct handle;
struct listener_array; /* see listeners.h */
struct text;

/* What is a handle. */
enum handle_kind { HANDLE_SOCKET, HANDLE_SERVER, HANDLE_PROCESS, HANDLE_CHANNEL, HANDLE_CLUSTER, HANDLE_WORKER };

/* What differs between them. */
struct handle_class {
  uint32_t events;                        /* a bit for each event type that it can emit */
  void (*deliver)(struct handle *handle); /* delivers everything that is owed */
  void (*abandon)(struct handle *handle); /* the loop ends: close at once, without any event */
  void (*free)(struct handle *handle);    /* no owner is left */
  void (*describe)(const struct handle *handle, struct text *text); /* what it is and does, in plain words */
};

extern const struct handle_class socket_class;
extern const struct handle_class server_class;
extern const struct handle_class process_class;
extern const struct handle_class channel_class;
extern const struct handle_class cluster_class;
extern const struct handle_class worker_class;

/* What an idle connection pays for: counted in bytes, and what every message needs stands first. */
struct handle {
  weir_loop *loop;
  weir_listener listener; /* the only one, or NULL */
  union {
    void *listener_user;              /* with `listener` */
    struct listener_array *listeners; /* without it: all of them, or NULL */
  };
  void *user;
  struct list_node link; /* on one of the loop's lists */
  uint32_t owners;
  uint8_t only_type;   /* with `listener`: its weir_event_type plus 1; without: 0 */
  uint8_t kind : 3;    /* its enum handle_kind */
  bool owes : 1;       /* it is on the list of those that owe, which then owns it too */
  bool attended : 1;   /* the loop is at it, and will look for what it owes */
  bool referenced : 1; /* the user's choice: keep the loop alive while active */
  bool counted : 1;    /* it is keeping the loop alive now */
  bool silenced : 1;   /* destroyed: listeners left in an emission do not run */
  uint16_t place;      /* of a socket in its slab */
};

/* The class of each kind. */
extern const struct handle_class *const handle_classes[];

static inline const struct handle_class *handle_class(const struct handle *handle) {
  return handle_classes[handle->kind];
}

/* ---- several listeners: listeners.c ---- */

/* Whether one of the array listens. */
bool listeners_hear(const struct listener_array *listeners, weir_event_type type);

/* Whether one of the array listens to one of these events: a bit for each. */
bool listeners_hear_any(const struct listener_array *listeners, uint32_t events);

/*
 * Runs those of the array. Once the handle is silenced no further one runs, unless it was so when the emission began
 * (close, error, unpipe of a destroyed socket).
 */
void listeners_emit(struct handle *handle, const weir_event *event);

/* ---- owners, liveness, events ---- */

/* Prepares a handle with one owner, the user. The structure's other members are the caller's. */
static inline void handle_init(struct handle *handle, weir_loop *loop, void *user) {
  *handle = (struct handle){.loop = loop, .user = user, .owners = 1, .referenced = true};
  list_append(&loop->handles, &handle->link);
  loop_dependent_came(loop);
}

static inline void handle_retain(struct handle *handle) {
  assert(handle->owners > 0);
  handle->owners++;
}

/* No owner is left. */
void handle_free(struct handle *handle);

/* Gives one ownership back; with the last the handle is freed. */
static inline void handle_release(struct handle *handle) {
  assert(handle->owners > 0);
  if (--handle->owners == 0) handle_free(handle);
}

/* Puts the handle on the loop's list of those that owe. */
void handle_begin_to_owe(struct handle *handle);

/* Whether it need not go there. Nothing is delivered any more by a loop that has ended. */
static inline bool handle_owes_anyway(const struct handle *handle) {
  return handle->owes || handle->attended || handle->loop->ended;
}

/* Puts it there, unless it need not go. */
static inline void handle_owe(struct handle *handle) {
  if (!handle_owes_anyway(handle)) handle_begin_to_owe(handle);
}

/* It was moved from that list to another one, whose owner will look for what it owes. */
void handle_owe_no_more(struct handle *handle);

/*
 * While the loop itself is at a handle, what it comes to owe need not go on the list: settling delivers it. The loop
 * owns the handle for so long.
 */
static inline void handle_attend(struct handle *handle) { handle->attended = true; }
static inline void handle_settle(struct handle *handle) {
  handle->attended = false;
  if (!handle->owes) handle_class(handle)->deliver(handle);
}

/* Says whether the handle keeps the loop alive from now on. */
static inline void handle_count(struct handle *handle, bool alive) {
  if (handle->counted == alive) return;
  handle->counted = alive;
  if (alive) {
    loop_keep_alive(handle->loop);
  } else {
    loop_let_end(handle->loop);
  }
}

/* Whether one alone listens, and to this event. */
static inline bool handle_has_only(const struct handle *handle, weir_event_type type) {
  return handle->only_type == type + 1;
}

/* Whether anybody listens. */
static inline bool handle_hears(const struct handle *handle, weir_event_type type) {
  if (handle->listener != NULL) return handle_has_only(handle, type);
  return handle->listeners != NULL && listeners_hear(handle->listeners, type);
}

/* Whether anybody listens to one of these: a bit for each. */
static inline bool handle_hears_any(const struct handle *handle, uint32_t events) {
  if (handle->listener != NULL) return (events << 1 >> handle->only_type & 1U) != 0;
  return handle->listeners != NULL && listeners_hear_any(handle->listeners, events);
}

/* Emits an event to the handle's listeners. */
static inline void handle_emit(struct handle *handle, const weir_event *event) {
  if (handle_has_only(handle, event->type)) {
    handle->listener(event, handle->listener_user);
  } else if (handle->listener == NULL && handle->listeners != NULL) {
    listeners_emit(handle, event);
  }
}

/* Emits an error, to the loop's hook when nobody listens. */
void handle_emit_error(struct handle *handle, const weir_event *event);

/* How a listener is added. */
enum listener_position { LISTENER_LAST, LISTENER_LAST_ONCE, LISTENER_FIRST };

/* Adds a listener with its arguments checked. */
weir_code handle_listen(struct handle *handle, weir_event_type type, enum listener_position position,
                        weir_listener listener, void *user);

/* Whether the arguments make sense; `events`: what can be heard, a bit for each. */
static inline bool handle_can_listen(uint32_t events, weir_event_type type, weir_listener listener) {
  return listener != NULL && (unsigned)type < 32 && (events >> type & 1U) != 0;
}

/* Adds the first one; false: it is not the first, or the arguments make no sense. */
static inline bool handle_listen_first(struct handle *handle, uint32_t events, weir_event_type type,
                                       weir_listener listener, void *user) {
  bool is_first = handle->listener == NULL && handle->listeners == NULL;
  if (!is_first || !handle_can_listen(events, type, listener)) return false;
  handle->listener = listener;
  handle->listener_user = user;
  handle->only_type = (uint8_t)(type + 1);
  return true;
}

/* Removes one with its arguments checked. */
weir_code handle_unlisten(struct handle *handle, weir_event_type type, weir_listener listener, const void *user);

#endif
