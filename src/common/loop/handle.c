/* SPDX-License-Identifier: MIT */
#include "common/loop/handle.h"

#include <assert.h>

#include "common/loop/listeners.h"
#include "common/loop/loop.h"

const struct handle_class *const handle_classes[] = {&socket_class, &server_class, &process_class, &channel_class};

void handle_free(struct handle *handle) {
  weir_loop *loop = handle->loop;
  assert(!handle->counted && !handle->owes);
  if (handle->listener == NULL && handle->listeners != NULL) listeners_clear(handle);
  list_remove(&handle->link);
  handle_class(handle)->free(handle);
  loop_dependent_gone(loop);
}

/* Nothing is delivered any more by a loop that has ended. */
void handle_owe(struct handle *handle) {
  if (handle->owes || handle->attended || handle->loop->ended) return;
  handle->owes = true;
  handle_retain(handle);
  loop_owe(handle->loop, handle);
}

void handle_owe_no_more(struct handle *handle) {
  assert(handle->owes);
  handle->owes = false;
  handle_release(handle);
}

void handle_emit_error(struct handle *handle, const weir_event *event) {
  assert(event->type == WEIR_EVENT_ERROR);
  if (handle_hears(handle, WEIR_EVENT_ERROR)) {
    handle_emit(handle, event);
  } else {
    loop_unhandled(handle->loop, event->error);
  }
}

static bool makes_sense(const struct handle *handle, weir_event_type type, weir_listener listener) {
  return listener != NULL && (unsigned)type < 32 && (handle_class(handle)->events >> type & 1U) != 0;
}

weir_code handle_listen(struct handle *handle, weir_event_type type, enum listener_position position,
                        weir_listener listener, void *user) {
  if (!makes_sense(handle, type, listener)) return WEIR_EINVAL;
  bool is_first = handle->listener == NULL && handle->listeners == NULL;
  if (is_first && position != LISTENER_LAST_ONCE) {
    handle->listener = listener;
    handle->listener_user = user;
    handle->only_type = (uint8_t)(type + 1);
    return WEIR_OK;
  }
  return listeners_add(handle, type, position, listener, user);
}

weir_code handle_unlisten(struct handle *handle, weir_event_type type, weir_listener listener, const void *user) {
  if (!makes_sense(handle, type, listener)) return WEIR_EINVAL;
  return listeners_remove(handle, type, listener, user);
}
