/* SPDX-License-Identifier: MIT */
/*
 * From the stream's bytes to frames. Whole frames are handled where they lie; the beginning of one is kept, in memory
 * that grows with the bytes that have come, never with what a header claims. What makes no sense closes the channel.
 */
#include <string.h>

#include "common/base/memory.h"
#include "common/channel/parts.h"

/* The least that is taken for the beginning of a frame, and the most that stays when it is over. */
enum { INPUT_FIRST_BYTES = 4096, INPUT_IDLE_BYTES = 65536 };

/* False when it makes no sense now. */
static bool handle_frame(weir_channel *channel, const struct frame *frame, const unsigned char *body) {
  switch ((enum frame_type)frame->type) {
    case FRAME_MESSAGE:
      if (channel->has_met_end) return false;
      channel_receive_message(channel, frame, body);
      return true;
    case FRAME_TAKEN:
    case FRAME_REFUSED:
      return channel_hear_outcome(channel, frame);
    case FRAME_CLOSED:
      return channel_hear_closed(channel, frame->id);
    case FRAME_END:
      if (channel->has_met_end) return false;
      channel_meet_end(channel);
      return true;
  }
  return false;
}

static bool may_go_on(const weir_channel *channel) { return channel_is_up(channel) && !channel->handle.loop->stopped; }

/* Handles whole frames; returns how many bytes these were. */
static size_t take_frames(weir_channel *channel, const unsigned char *bytes, size_t length) {
  size_t taken = 0;
  while (may_go_on(channel) && length - taken >= FRAME_HEADER_BYTES) {
    struct frame frame;
    const unsigned char *body = bytes + taken + FRAME_HEADER_BYTES;
    bool sound = frame_read(&frame, bytes + taken);
    if (sound && length - taken - FRAME_HEADER_BYTES < frame.length + frame.luggage) break;
    if (sound) taken += FRAME_HEADER_BYTES + (size_t)(frame.length + frame.luggage);
    if (!sound || !handle_frame(channel, &frame, body)) {
      channel_fail(channel, WEIR_EPROTO, "the other side sent what no channel of this library sends");
    }
  }
  return channel_is_up(channel) ? taken : length;
}

/* ---- the beginning of a frame ---- */

static bool make_room(weir_channel *channel, size_t length) {
  struct input *input = &channel->input;
  if (input->room - input->length >= length) return true;
  size_t room = input->room == 0 ? INPUT_FIRST_BYTES : input->room * 2;
  if (room < input->length + length) room = input->length + length;
  unsigned char *bytes = memory_resize(channel_allocator(channel), input->bytes, room);
  if (bytes == NULL) return false;
  input->bytes = bytes;
  input->room = room;
  return true;
}

static void keep_input(weir_channel *channel, const unsigned char *bytes, size_t length) {
  if (length == 0) return;
  if (!make_room(channel, length)) {
    channel_fail(channel, WEIR_ENOMEM, "no memory for a message that comes");
    return;
  }
  memcpy(channel->input.bytes + channel->input.length, bytes, length);
  channel->input.length += length;
}

static void drop_input(weir_channel *channel, size_t length) {
  struct input *input = &channel->input;
  if (length > 0) memmove(input->bytes, input->bytes + length, input->length - length);
  input->length -= length;
  if (input->length > 0 || input->room <= INPUT_IDLE_BYTES) return;
  memory_put(channel_allocator(channel), input->bytes);
  *input = (struct input){NULL, 0, 0};
}

/* ---- from the stream ---- */

static void owe_rest_if_stopped(weir_channel *channel) {
  if (channel->handle.loop->stopped && channel->input.length > 0) channel_owe(channel, CHANNEL_OWES_INPUT);
}

void channel_go_on_receiving(weir_channel *channel) {
  if (!channel_is_up(channel)) return;
  drop_input(channel, take_frames(channel, channel->input.bytes, channel->input.length));
  owe_rest_if_stopped(channel);
}

void channel_hear_data(const weir_event *event, void *user) {
  weir_channel *channel = user;
  const unsigned char *bytes = event->data.bytes;
  size_t length = event->data.length;
  if (!channel_is_up(channel)) return;
  if (channel->input.length > 0) {
    keep_input(channel, bytes, length);
    channel_go_on_receiving(channel);
    return;
  }
  size_t taken = take_frames(channel, bytes, length);
  if (channel_is_up(channel)) keep_input(channel, bytes + taken, length - taken);
  owe_rest_if_stopped(channel);
}
