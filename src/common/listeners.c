/* SPDX-License-Identifier: MIT */
#include "common/listeners.h"

#include <assert.h>
#include <string.h>

struct listener {
  weir_listener call;
  void *user;
  uint8_t type;
  bool once;
  bool removed; /* while an emission runs: gone for the next one */
};

struct listener_array {
  size_t count;
  size_t capacity;
  size_t next; /* of the running emission: which listener it looks at next */
  size_t end;  /* of the running emission: how far it goes */
  struct listener listener[];
};

enum { FIRST_CAPACITY = 4 };

void listeners_init(struct listeners *listeners, weir_event_type hot_type) {
  memset(listeners, 0, sizeof *listeners);
  listeners->hot_type = (uint8_t)hot_type;
}

void listeners_fini(struct listeners *listeners, const weir_allocator *allocator) {
  memory_put(allocator, listeners->more);
  listeners->more = NULL;
  listeners->hot = NULL;
  listeners->mask = 0;
}

static size_t count_in_array(const struct listener_array *array, weir_event_type type) {
  size_t count = 0;
  for (size_t i = 0; array != NULL && i < array->count; i++) {
    if (array->listener[i].type == type && !array->listener[i].removed) count++;
  }
  return count;
}

size_t listeners_count(const struct listeners *listeners, weir_event_type type) {
  bool hot = type == listeners->hot_type && listeners->hot != NULL;
  return count_in_array(listeners->more, type) + (hot ? 1 : 0);
}

static void update_mask(struct listeners *listeners, weir_event_type type) {
  if (listeners_count(listeners, type) == 0) {
    listeners->mask &= ~(1U << type);
  } else {
    listeners->mask |= 1U << type;
  }
}

static struct listener_array *make_room(struct listeners *listeners, const weir_allocator *allocator) {
  struct listener_array *array = listeners->more;
  size_t capacity = array == NULL ? FIRST_CAPACITY : array->capacity * 2;
  if (array != NULL && array->count < array->capacity) return array;
  array = memory_resize(allocator, array, sizeof *array + capacity * sizeof array->listener[0]);
  if (array == NULL) return NULL;
  if (listeners->more == NULL) memset(array, 0, sizeof *array);
  array->capacity = capacity;
  listeners->more = array;
  return array;
}

static void insert_last(struct listener_array *array, struct listener listener) {
  assert(array->count < array->capacity);
  array->listener[array->count++] = listener;
}

/* A running emission does not see it: its places move by one. */
static void insert_first(struct listener_array *array, struct listener listener) {
  assert(array->count < array->capacity);
  memmove(&array->listener[1], &array->listener[0], array->count * sizeof listener);
  array->listener[0] = listener;
  array->count++;
  array->next++;
  array->end++;
}

/* A listener in front of the hot one: both then stand in the array, which keeps the order. */
static weir_code prepend(struct listeners *listeners, const weir_allocator *allocator, struct listener listener) {
  struct listener_array *array = make_room(listeners, allocator);
  if (array == NULL) return WEIR_ENOMEM;
  if (listener.type == listeners->hot_type && listeners->hot != NULL) {
    insert_first(array, (struct listener){listeners->hot, listeners->hot_user, listener.type, false, false});
    listeners->hot = NULL;
    array = make_room(listeners, allocator);
    if (array == NULL) return WEIR_ENOMEM;
  }
  insert_first(array, listener);
  return WEIR_OK;
}

static weir_code append(struct listeners *listeners, const weir_allocator *allocator, struct listener listener) {
  struct listener_array *array = make_room(listeners, allocator);
  if (array == NULL) return WEIR_ENOMEM;
  insert_last(array, listener);
  return WEIR_OK;
}

weir_code listeners_add(struct listeners *listeners, const weir_allocator *allocator, weir_event_type type,
                        enum listener_position position, weir_listener call, void *user) {
  struct listener listener = {call, user, (uint8_t)type, position == LISTENER_LAST_ONCE, false};
  weir_code code = WEIR_OK;
  if (position == LISTENER_FIRST) {
    code = prepend(listeners, allocator, listener);
  } else if (type == listeners->hot_type && !listener.once && !listeners_any(listeners, type)) {
    listeners->hot = call;
    listeners->hot_user = user;
  } else {
    code = append(listeners, allocator, listener);
  }
  update_mask(listeners, type);
  return code;
}

static void remove_at(struct listeners *listeners, size_t at) {
  struct listener_array *array = listeners->more;
  if (listeners->emitting) {
    array->listener[at].removed = true;
    return;
  }
  array->count--;
  memmove(&array->listener[at], &array->listener[at + 1], (array->count - at) * sizeof array->listener[0]);
}

weir_code listeners_remove(struct listeners *listeners, weir_event_type type, weir_listener call, const void *user) {
  struct listener_array *array = listeners->more;
  for (size_t i = array == NULL ? 0 : array->count; i > 0; i--) {
    const struct listener *listener = &array->listener[i - 1];
    if (listener->type == type && listener->call == call && listener->user == user && !listener->removed) {
      remove_at(listeners, i - 1);
      update_mask(listeners, type);
      return WEIR_OK;
    }
  }
  if (type != listeners->hot_type || listeners->hot != call || listeners->hot_user != user) return WEIR_ENOENT;
  listeners->hot = NULL;
  update_mask(listeners, type);
  return WEIR_OK;
}

static void drop_removed(struct listener_array *array) {
  size_t kept = 0;
  for (size_t i = 0; i < array->count; i++) {
    if (!array->listener[i].removed) array->listener[kept++] = array->listener[i];
  }
  array->count = kept;
}

/* The array may move while a listener adds another, so it is read anew at every step. */
static void emit_in_array(struct listeners *listeners, const weir_event *event, const bool *silenced) {
  while (listeners->more->next < listeners->more->end && !*silenced) {
    struct listener *listener = &listeners->more->listener[listeners->more->next++];
    if (listener->type != event->type) continue;
    struct listener called = *listener;
    if (called.once) {
      listener->removed = true; /* before the call, so that it counts as gone inside it */
      update_mask(listeners, event->type);
    }
    called.call(event, called.user);
  }
}

void listeners_emit(struct listeners *listeners, const weir_event *event, const bool *silenced) {
  assert(!listeners->emitting);
  if (!listeners_any(listeners, event->type)) return;
  listeners->emitting = true;
  if (listeners->more != NULL) {
    listeners->more->next = 0;
    listeners->more->end = listeners->more->count;
  }
  if (event->type == listeners->hot_type && listeners->hot != NULL) listeners->hot(event, listeners->hot_user);
  if (listeners->more != NULL) {
    emit_in_array(listeners, event, silenced);
    drop_removed(listeners->more);
  }
  listeners->emitting = false;
}
