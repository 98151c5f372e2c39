/* SPDX-License-Identifier: MIT */
#include <assert.h>

#include "common/base/memory.h"
#include "common/base/text.h"
#include "common/channel/parts.h"
#include "common/loop/listeners.h"

/* ---- making ---- */

void channel_flush_again(struct deadline *deadline) {
  channel_flush(CONTAINER_OF(deadline, struct weir_channel, retry));
}

static weir_channel *make(weir_loop *loop) {
  weir_channel *channel = memory_get_zeroed(&loop->allocator, sizeof *channel);
  if (channel == NULL) return NULL;
  handle_init(&channel->handle, loop, NULL);
  channel->handle.kind = HANDLE_CHANNEL;
  channel->state = CHANNEL_CLOSED;
  channel->passage = PASSING_NONE;
  list_init(&channel->queue);
  list_init(&channel->given);
  list_init(&channel->away);
  list_init(&channel->over);
  list_init(&channel->written);
  list_init(&channel->kept);
  list_init(&channel->guests);
  return channel;
}

/* Its end is heard of, and answered here, so it does not end with the peer. */
static weir_code make_stream(weir_channel *channel) {
  weir_socket_options options = weir_socket_options_default();
  options.allow_half_open = true;
  weir_code code = weir_socket_create(channel->handle.loop, &options, &channel->stream);
  if (code != WEIR_OK) return code;
  weir_socket *stream = weir_socket_unref(channel->stream);
  if (socket_need_extra(stream) == NULL) return WEIR_ENOMEM;
  code = weir_socket_on(stream, WEIR_EVENT_DATA, channel_hear_data, channel);
  if (code == WEIR_OK) code = weir_socket_on(stream, WEIR_EVENT_END, channel_hear_end, channel);
  if (code == WEIR_OK) code = weir_socket_on(stream, WEIR_EVENT_DRAIN, channel_hear_drain, channel);
  if (code == WEIR_OK) code = weir_socket_on(stream, WEIR_EVENT_ERROR, channel_hear_error, channel);
  if (code == WEIR_OK) code = weir_socket_on(stream, WEIR_EVENT_CLOSE, channel_hear_close, channel);
  return code;
}

weir_code channel_open(weir_loop *loop, const struct channel_end *end, weir_channel **channel) {
  weir_channel *made = make(loop);
  if (made == NULL) return WEIR_ENOMEM;
  weir_code code = deadline_init(&made->retry, loop, DEADLINE_CHANNEL);
  if (code == WEIR_OK) code = make_stream(made);
  if (code == WEIR_OK) code = weir_socket_open(made->stream, end->stream, true, true);
  if (code != WEIR_OK) {
    weir_channel_release(made);
    return code;
  }
  made->passage = end->passage;
  made->state = CHANNEL_OPEN;
  handle_retain(&made->handle); /* the loop's, until `close` was emitted */
  *channel = made;
  return WEIR_OK;
}

static const struct passing_operations *passing_of(const weir_loop *loop) { return loop->operations->passing; }

weir_code weir_channel_open_parent(weir_loop *loop, weir_channel **channel) {
  struct channel_end end = {PASSING_NONE, PASSING_NONE};
  if (loop == NULL || channel == NULL) return WEIR_EINVAL;
  loop_check_thread(loop);
  if (loop->ended) return WEIR_ECANCELED;
  if (passing_of(loop) == NULL) return WEIR_ENOTSUP;
  weir_code code = passing_of(loop)->inherit(loop->backend, &end);
  if (code != WEIR_OK) return code;
  code = channel_open(loop, &end, channel);
  if (code != WEIR_OK) passing_of(loop)->close(loop->backend, &end);
  return code;
}

static weir_code check_pair(const weir_loop *first, const weir_loop *second) {
  if (first->ended || second->ended) return WEIR_ECANCELED;
  if (first->simulator != second->simulator) return WEIR_EINVAL;
  return passing_of(first) == NULL || passing_of(second) == NULL ? WEIR_ENOTSUP : WEIR_OK;
}

static weir_code open_pair(weir_loop *const loops[2], struct channel_end ends[2], weir_channel *channels[2]) {
  weir_code code = channel_open(loops[0], &ends[0], &channels[0]);
  if (code != WEIR_OK) {
    passing_of(loops[0])->close(loops[0]->backend, &ends[0]);
    passing_of(loops[0])->close(loops[0]->backend, &ends[1]);
    return code;
  }
  code = channel_open(loops[1], &ends[1], &channels[1]);
  if (code == WEIR_OK) return WEIR_OK;
  passing_of(loops[1])->close(loops[1]->backend, &ends[1]);
  weir_channel_destroy(channels[0]);
  weir_channel_release(channels[0]);
  return code;
}

weir_code weir_channel_pair(weir_loop *first_loop, weir_loop *second_loop, weir_channel **first,
                            weir_channel **second) {
  weir_loop *const loops[2] = {first_loop, second_loop};
  struct channel_end ends[2];
  weir_channel *channels[2] = {NULL, NULL};
  if (first_loop == NULL || second_loop == NULL || first == NULL || second == NULL) return WEIR_EINVAL;
  loop_check_thread(first_loop);
  loop_check_thread(second_loop);
  weir_code code = check_pair(first_loop, second_loop);
  if (code == WEIR_OK) code = passing_of(first_loop)->create(first_loop->backend, ends);
  if (code == WEIR_OK) code = open_pair(loops, ends, channels);
  if (code != WEIR_OK) return code;
  *first = channels[0];
  *second = channels[1];
  return WEIR_OK;
}

weir_code channel_meet(weir_channel *channel, intptr_t process) {
  struct channel_end end = {.stream = PASSING_NONE, .passage = channel->passage};
  return channel_passing(channel)->meet(channel->handle.loop->backend, &end, process);
}

void channel_handle(weir_channel *channel, channel_handler handler, void *user) {
  channel->handler = handler;
  channel->handler_user = user;
}

void channel_free(struct handle *handle) {
  weir_channel *channel = CONTAINER_OF(handle, struct weir_channel, handle);
  assert(channel->state == CHANNEL_CLOSED && list_empty(&channel->queue) && list_empty(&channel->kept));
  deadline_fini(&channel->retry, handle->loop);
  weir_socket_release(channel->stream);
  memory_put(channel_allocator(channel), channel);
}

/* ---- asking ---- */

bool weir_channel_connected(const weir_channel *channel) { return channel->state == CHANNEL_OPEN; }

weir_loop *weir_channel_loop(const weir_channel *channel) { return channel->handle.loop; }

void *weir_channel_user(const weir_channel *channel) { return channel->handle.user; }

void weir_channel_set_user(weir_channel *channel, void *user) { channel->handle.user = user; }

static const char *describe_state(const weir_channel *channel) {
  switch (channel->state) {
    case CHANNEL_OPEN:
      return "channel: open";
    case CHANNEL_ENDING:
      return "channel: disconnecting";
    case CHANNEL_CLOSING:
      return "channel: closing";
    case CHANNEL_CLOSED:
      break;
  }
  return "channel: closed";
}

void channel_describe(const struct handle *handle, struct text *text) {
  const weir_channel *channel = CONTAINER_OF(handle, struct weir_channel, handle);
  text_add(text, describe_state(channel));
  if (handle_hears(handle, WEIR_EVENT_MESSAGE)) text_add(text, ", somebody listens to its messages");
  if (channel->given_count == 0) return;
  text_add(text, ", waiting for an answer to ");
  text_add_count(text, channel->given_count, "handle");
}

/* ---- owners and liveness ---- */

weir_channel *weir_channel_retain(weir_channel *channel) {
  handle_retain(&channel->handle);
  return channel;
}

void weir_channel_release(weir_channel *channel) {
  if (channel == NULL) return;
  loop_check_thread(channel->handle.loop);
  handle_release(&channel->handle);
}

weir_channel *weir_channel_ref(weir_channel *channel) {
  channel->handle.referenced = true;
  channel_update_liveness(channel);
  return channel;
}

weir_channel *weir_channel_unref(weir_channel *channel) {
  channel->handle.referenced = false;
  channel_update_liveness(channel);
  return channel;
}

bool weir_channel_has_ref(const weir_channel *channel) { return channel->handle.referenced; }

/* ---- listeners ---- */

static weir_code add_listener(weir_channel *channel, weir_event_type type, enum listener_position position,
                              weir_listener listener, void *user) {
  if (channel == NULL) return WEIR_EINVAL;
  loop_check_thread(channel->handle.loop);
  weir_code code = handle_listen(&channel->handle, type, position, listener, user);
  if (code != WEIR_OK) return code;
  if (type == WEIR_EVENT_MESSAGE && !list_empty(&channel->kept)) channel_owe(channel, CHANNEL_OWES_MESSAGES);
  channel_update_liveness(channel);
  return WEIR_OK;
}

weir_code weir_channel_on(weir_channel *channel, weir_event_type type, weir_listener listener, void *user) {
  return add_listener(channel, type, LISTENER_LAST, listener, user);
}

weir_code weir_channel_once(weir_channel *channel, weir_event_type type, weir_listener listener, void *user) {
  return add_listener(channel, type, LISTENER_LAST_ONCE, listener, user);
}

weir_code weir_channel_prepend(weir_channel *channel, weir_event_type type, weir_listener listener, void *user) {
  return add_listener(channel, type, LISTENER_FIRST, listener, user);
}

weir_code weir_channel_off(weir_channel *channel, weir_event_type type, weir_listener listener, void *user) {
  if (channel == NULL) return WEIR_EINVAL;
  weir_code code = handle_unlisten(&channel->handle, type, listener, user);
  channel_update_liveness(channel);
  return code;
}

size_t weir_channel_listener_count(const weir_channel *channel, weir_event_type type) {
  return listeners_count(&channel->handle, type);
}
