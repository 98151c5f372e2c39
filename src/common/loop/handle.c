/* SPDX-License-Identifier: MIT */
#include "common/loop/handle.h"

#include <assert.h>

#include "common/loop/listeners.h"
#include "common/loop/loop.h"

const struct handle_class *const handle_classes[] = {
    [HANDLE_SOCKET] = &socket_class,   [HANDLE_SERVER] = &server_class,   [HANDLE_PROCESS] = &process_class,
    [HANDLE_CHANNEL] = &channel_class, [HANDLE_CLUSTER] = &cluster_class, [HANDLE_WORKER] = &worker_class};

void handle_free(struct handle *handle) {
  weir_loop *loop = handle->loop;
  assert(!handle->counted && !handle->owes);
  if (handle->listener == NULL && handle->listeners != NULL) listeners_clear(handle);
  list_remove(&handle->link);
  handle_class(handle)->free(handle);
  loop_dependent_gone(loop);
}

void handle_begin_to_owe(struct handle *handle) {
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

weir_code handle_listen(struct handle *handle, weir_event_type type, enum listener_position position,
                        weir_listener listener, void *user) {
  uint32_t events = handle_class(handle)->events;
  if (position != LISTENER_LAST_ONCE && handle_listen_first(handle, events, type, listener, user)) return WEIR_OK;
  if (!handle_can_listen(events, type, listener)) return WEIR_EINVAL;
  return listeners_add(handle, type, position, listener, user);
}

weir_code handle_unlisten(struct handle *handle, weir_event_type type, weir_listener listener, const void *user) {
  if (!handle_can_listen(handle_class(handle)->events, type, listener)) return WEIR_EINVAL;
  return listeners_remove(handle, type, listener, user);
}
