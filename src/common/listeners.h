/* SPDX-License-Identifier: MIT */
/*
 * The listeners of one handle, and emitting to them.
 *
 * The first listener of the hot event (data of a socket, connection of a server) stands in the handle itself; all
 * others stand in an array made when it is needed, so that a handle pays only for the listeners it has. An emission
 * runs the listeners as they were when it began (Node's rule): one that is removed meanwhile is only marked and still
 * runs, one that is added meanwhile stands behind the end of the emission. One emission per handle runs at a time,
 * because events come from the loop alone and a loop does not run inside itself.
 */
#ifndef WEIR_COMMON_LISTENERS_H
#define WEIR_COMMON_LISTENERS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <weir/event.h>

#include "common/memory.h"

struct listener_array;

struct listeners {
  weir_listener hot; /* the listener of the hot event, or NULL */
  void *hot_user;
  struct listener_array *more; /* the others, or NULL */
  uint32_t mask;               /* a bit for each event type that somebody listens to */
  uint8_t hot_type;            /* which event is hot: a weir_event_type */
  bool emitting;
};

void listeners_init(struct listeners *listeners, weir_event_type hot_type);

void listeners_fini(struct listeners *listeners, const weir_allocator *allocator);

/* How a listener is added. */
enum listener_position { LISTENER_LAST, LISTENER_LAST_ONCE, LISTENER_FIRST };

weir_code listeners_add(struct listeners *listeners, const weir_allocator *allocator, weir_event_type type,
                        enum listener_position position, weir_listener call, void *user);

/* Removes the one added last with this function and pointer; WEIR_ENOENT when there is none. */
weir_code listeners_remove(struct listeners *listeners, weir_event_type type, weir_listener call, const void *user);

size_t listeners_count(const struct listeners *listeners, weir_event_type type);

static inline bool listeners_any(const struct listeners *listeners, weir_event_type type) {
  return (listeners->mask >> type & 1U) != 0;
}

/* Runs the listeners of the event, and stops before the next one once `*silenced` is true. */
void listeners_emit(struct listeners *listeners, const weir_event *event, const bool *silenced);

#endif
