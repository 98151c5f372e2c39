/* SPDX-License-Identifier: MIT */
/*
 * How a channel ends, and delivering what it owes. In order, both sides write END behind all that they have to say, and
 * whoever has written and met it closes. Whatever else ends the stream is a loss: `error` only when something went
 * wrong here, because a process that dies is nothing unusual. Then come the outcomes that nobody can know any more, and
 * `close`.
 */
#include <assert.h>

#include "common/base/memory.h"
#include "common/channel/parts.h"

void channel_owe(weir_channel *channel, enum channel_debt debt) {
  channel->debts |= (uint8_t)debt;
  handle_owe(&channel->handle);
}

void channel_update_liveness(weir_channel *channel) {
  bool is_ending = channel->state == CHANNEL_ENDING && !channel->has_ended;
  bool waits = !list_empty(&channel->queue) || channel->given_count > 0 || is_ending;
  bool hears = handle_hears(&channel->handle, WEIR_EVENT_MESSAGE) ||
               (channel->state == CHANNEL_ENDING && handle_hears(&channel->handle, WEIR_EVENT_CLOSE));
  bool holds = channel_is_up(channel) && (waits || (hears && channel->handle.referenced));
  handle_count(&channel->handle, holds || channel->state == CHANNEL_CLOSING);
}

/* ---- ending ---- */

static void begin_to_end(weir_channel *channel) {
  channel->state = CHANNEL_ENDING;
  channel_flush(channel);
}

weir_code weir_channel_disconnect(weir_channel *channel) {
  if (channel == NULL) return WEIR_EINVAL;
  loop_check_thread(channel->handle.loop);
  if (channel->handle.loop->ended || channel->state != CHANNEL_OPEN) return WEIR_ENOTCONN;
  begin_to_end(channel);
  return WEIR_OK;
}

void channel_meet_end(weir_channel *channel) {
  channel->has_met_end = true;
  if (channel->state == CHANNEL_OPEN) {
    begin_to_end(channel);
  } else {
    channel_close_if_over(channel);
  }
}

void channel_close_if_over(weir_channel *channel) {
  if (channel->state != CHANNEL_ENDING || !channel->has_ended || !channel->has_met_end) return;
  channel->state = CHANNEL_CLOSING;
  weir_socket_destroy_soon(channel->stream);
  channel_update_liveness(channel);
}

static void close_stream(weir_channel *channel, const weir_error *error) {
  channel->state = CHANNEL_CLOSING;
  socket_destroy(channel->stream, error);
  channel_update_liveness(channel);
}

void channel_fail(weir_channel *channel, weir_code code, const char *hint) {
  const weir_error error = {.code = code, .operation = "channel", .address = "", .hint = hint};
  if (!channel_is_up(channel)) return;
  channel->has_failed = true;
  close_stream(channel, &error);
}

void weir_channel_destroy(weir_channel *channel) {
  if (channel == NULL) return;
  loop_check_thread(channel->handle.loop);
  if (channel->handle.loop->ended || channel->state == CHANNEL_CLOSED || channel->was_destroyed) return;
  channel->was_destroyed = true;
  close_stream(channel, NULL);
}

/* ---- what the stream says ---- */

/* An end without END: the other side is gone. */
void channel_hear_end(const weir_event *event, void *user) {
  (void)event;
  weir_channel *channel = user;
  if (channel_is_up(channel)) close_stream(channel, NULL);
}

static bool tells_of_loss(weir_code code) { return code == WEIR_ECONNRESET || code == WEIR_EPIPE; }

void channel_hear_error(const weir_event *event, void *user) {
  weir_channel *channel = user;
  bool is_ours = channel_is_up(channel) && !tells_of_loss(event->error->code);
  if (channel_is_up(channel)) channel->state = CHANNEL_CLOSING;
  if (!is_ours && !channel->has_failed) return;
  const weir_event told = {.type = WEIR_EVENT_ERROR, .channel = channel, .error = event->error};
  handle_emit_error(&channel->handle, &told);
}

/* Nothing comes or goes any more. What is in the passage goes with it, before the natives that were given. */
static void let_go(weir_channel *channel) {
  const struct channel_end rest = {.stream = PASSING_NONE, .passage = channel->passage};
  channel->state = CHANNEL_CLOSED;
  deadline_clear(&channel->retry, channel->handle.loop);
  channel_passing(channel)->close(channel->handle.loop->backend, &rest);
  channel->passage = PASSING_NONE;
  guest_forget_all(channel);
  channel_drop_sendings(channel, channel->was_destroyed ? WEIR_ECANCELED : WEIR_EPIPE);
  channel_drop_kept(channel);
  memory_put(channel_allocator(channel), channel->input.bytes);
  channel->input = (struct input){NULL, 0, 0};
  channel_update_liveness(channel);
}

void channel_hear_close(const weir_event *event, void *user) {
  (void)event;
  weir_channel *channel = user;
  bool in_order = channel->has_ended && channel->has_met_end;
  if (!channel->was_destroyed) channel_deliver_kept(channel);
  let_go(channel);
  const weir_event closed = {
      .type = WEIR_EVENT_CLOSE, .channel = channel, .had_error = !in_order && !channel->was_destroyed};
  handle_emit(&channel->handle, &closed);
  handle_release(&channel->handle);
}

bool channel_ended_in_order(const weir_channel *channel) { return channel->has_met_end; }

/* ---- class ---- */

static bool take_debt(weir_channel *channel, enum channel_debt debt) {
  bool owed = (channel->debts & debt) != 0;
  channel->debts &= (uint8_t)~debt;
  return owed;
}

static void deliver(struct handle *handle) {
  weir_channel *channel = CONTAINER_OF(handle, struct weir_channel, handle);
  if (take_debt(channel, CHANNEL_OWES_MESSAGES)) channel_deliver_kept(channel);
  if (take_debt(channel, CHANNEL_OWES_INPUT)) channel_go_on_receiving(channel);
  if (take_debt(channel, CHANNEL_OWES_FLUSH)) channel_flush(channel);
  if (take_debt(channel, CHANNEL_OWES_OUTCOMES)) channel_tell_outcomes(channel);
  if (take_debt(channel, CHANNEL_OWES_DRAIN)) channel_drain(channel);
}

/* The stream is a handle of its own, and closed as such. */
static void abandon(struct handle *handle) {
  weir_channel *channel = CONTAINER_OF(handle, struct weir_channel, handle);
  if (channel->state == CHANNEL_CLOSED) return;
  let_go(channel);
  handle_release(&channel->handle);
}

const struct handle_class channel_class = {
    .events = 1U << WEIR_EVENT_MESSAGE | 1U << WEIR_EVENT_DRAIN | 1U << WEIR_EVENT_ERROR | 1U << WEIR_EVENT_CLOSE,
    .deliver = deliver,
    .abandon = abandon,
    .free = channel_free,
    .describe = channel_describe};
