/* SPDX-License-Identifier: MIT */
#include "common/loop/listeners.h"

#include <assert.h>
#include <string.h>

#include "common/base/apart.h"
#include "common/base/memory.h"
#include "common/loop/loop.h"

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
  size_t next;    /* of the running emission: which listener it looks at next */
  size_t end;     /* of the running emission: how far it goes */
  uint32_t mask;  /* a bit for each event type that somebody listens to */
  uint32_t alone; /* a bit for each that one listener hears who is not `once`: emitting takes no care then */
  bool emitting;
  bool any_removed;
  struct listener listener[];
};

enum { FIRST_CAPACITY = 4 };

/* All listeners, or NULL when there are none, or one in the handle. */
static struct listener_array *array_of(const struct handle *handle) {
  return handle->listener == NULL ? handle->listeners : NULL;
}

bool listeners_hear(const struct listener_array *listeners, weir_event_type type) {
  return (listeners->mask >> type & 1U) != 0;
}

bool listeners_hear_any(const struct listener_array *listeners, uint32_t events) {
  return (listeners->mask & events) != 0;
}

static size_t count_in_array(const struct listener_array *array, weir_event_type type) {
  size_t count = 0;
  for (size_t i = 0; i < array->count; i++) {
    if (array->listener[i].type == type && !array->listener[i].removed) count++;
  }
  return count;
}

static struct listener *find_first(struct listener_array *array, weir_event_type type) {
  struct listener *listener = array->listener;
  while (listener->type != type || listener->removed) listener++;
  return listener;
}

static void update_masks(struct listener_array *array, weir_event_type type) {
  size_t count = count_in_array(array, type);
  uint32_t bit = 1U << type;
  array->mask = count > 0 ? array->mask | bit : array->mask & ~bit;
  bool is_alone = count == 1 && !find_first(array, type)->once;
  array->alone = is_alone ? array->alone | bit : array->alone & ~bit;
}

size_t listeners_count(const struct handle *handle, weir_event_type type) {
  const struct listener_array *array = array_of(handle);
  return handle_has_only(handle, type) ? 1 : array == NULL ? 0 : count_in_array(array, type);
}

void listeners_clear(struct handle *handle) {
  memory_put(&handle->loop->allocator, array_of(handle));
  handle->listener = NULL;
  handle->listeners = NULL;
  handle->only_type = 0;
}

/* ---- adding ---- */

/* An array with room for one more, or NULL. */
static struct listener_array *make_room(const struct handle *handle) {
  struct listener_array *old = array_of(handle);
  if (old != NULL && old->count < old->capacity) return old;
  size_t capacity = old == NULL ? FIRST_CAPACITY : old->capacity * 2;
  struct listener_array *array =
      memory_resize(&handle->loop->allocator, old, sizeof *array + capacity * sizeof array->listener[0]);
  if (array == NULL) return NULL;
  if (old == NULL) memset(array, 0, sizeof *array);
  array->capacity = capacity;
  return array;
}

static void insert_last(struct listener_array *array, struct listener listener) {
  assert(array->count < array->capacity);
  array->listener[array->count++] = listener;
  update_masks(array, (weir_event_type)listener.type);
}

/* A running emission does not see it: its places move by one. */
static void insert_first(struct listener_array *array, struct listener listener) {
  assert(array->count < array->capacity);
  memmove(&array->listener[1], &array->listener[0], array->count * sizeof listener);
  array->listener[0] = listener;
  array->count++;
  array->next++;
  array->end++;
  update_masks(array, (weir_event_type)listener.type);
}

/* Into an array, whose first member becomes the one that has stood alone. */
static weir_code add_to_array(struct handle *handle, struct listener listener, bool first) {
  struct listener_array *array = make_room(handle);
  if (array == NULL) return WEIR_ENOMEM;
  if (handle->listener != NULL) {
    uint8_t type = (uint8_t)(handle->only_type - 1);
    insert_last(array, (struct listener){handle->listener, handle->listener_user, type, false, false});
    handle->listener = NULL;
    handle->only_type = 0;
  }
  handle->listeners = array;
  if (first) {
    insert_first(array, listener);
  } else {
    insert_last(array, listener);
  }
  return WEIR_OK;
}

weir_code listeners_add(struct handle *handle, weir_event_type type, enum listener_position position,
                        weir_listener call, void *user) {
  struct listener listener = {call, user, (uint8_t)type, position == LISTENER_LAST_ONCE, false};
  return add_to_array(handle, listener, position == LISTENER_FIRST);
}

/* ---- removing ---- */

static void remove_at(struct listener_array *array, size_t at) {
  weir_event_type type = (weir_event_type)array->listener[at].type;
  if (array->emitting) {
    array->listener[at].removed = true;
    array->any_removed = true;
  } else {
    array->count--;
    memmove(&array->listener[at], &array->listener[at + 1], (array->count - at) * sizeof array->listener[0]);
  }
  update_masks(array, type);
}

static weir_code remove_single(struct handle *handle, weir_event_type type, weir_listener call, const void *user) {
  if (!handle_has_only(handle, type) || handle->listener != call || handle->listener_user != user) return WEIR_ENOENT;
  listeners_clear(handle);
  return WEIR_OK;
}

weir_code listeners_remove(struct handle *handle, weir_event_type type, weir_listener call, const void *user) {
  struct listener_array *array = array_of(handle);
  if (array == NULL) return remove_single(handle, type, call, user);
  for (size_t i = array->count; i > 0; i--) {
    const struct listener *listener = &array->listener[i - 1];
    if (listener->type == type && listener->call == call && listener->user == user && !listener->removed) {
      remove_at(array, i - 1);
      return WEIR_OK;
    }
  }
  return WEIR_ENOENT;
}

/* ---- emitting ---- */

static void drop_removed(struct listener_array *array) {
  size_t kept = 0;
  for (size_t i = 0; i < array->count; i++) {
    if (!array->listener[i].removed) array->listener[kept++] = array->listener[i];
  }
  array->count = kept;
  array->any_removed = false;
}

static void call_once(struct handle *handle, size_t at, const weir_event *event) {
  struct listener called = handle->listeners->listener[at];
  remove_at(handle->listeners, at); /* in the call it counts as gone */
  called.call(event, called.user);
}

/* The array may move while a listener adds another, so it is read anew at every step. */
APART static void emit_with_care(struct handle *handle, const weir_event *event) {
  struct listener_array *array = handle->listeners;
  assert(!array->emitting);
  bool all = handle->silenced || event->type == WEIR_EVENT_ERROR || event->type == WEIR_EVENT_CLOSE;
  array->emitting = true;
  array->next = 0;
  array->end = array->count;
  for (; array->next < array->end && (all || !handle->silenced); array = handle->listeners) {
    const struct listener *listener = &array->listener[array->next++];
    if (listener->type != event->type) continue;
    if (listener->once) {
      call_once(handle, array->next - 1, event);
    } else {
      listener->call(event, listener->user);
    }
  }
  array->emitting = false;
  if (array->any_removed) drop_removed(array);
}

void listeners_emit(struct handle *handle, const weir_event *event) {
  struct listener_array *array = handle->listeners;
  if ((array->alone >> event->type & 1U) != 0) {
    const struct listener *listener = find_first(array, event->type);
    listener->call(event, listener->user);
  } else if (listeners_hear(array, event->type)) {
    emit_with_care(handle, event);
  }
}
