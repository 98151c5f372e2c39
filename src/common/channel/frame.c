/* SPDX-License-Identifier: MIT */
#include "common/channel/frame.h"

#include "common/base/octets.h"
#include "common/channel/channel.h"

/* The first two bytes of every frame: a mark of this library, and the version of what follows. */
enum { MARK = 0xE7, VERSION = 1 };

enum trait { TRAIT_INTERNAL = 1, TRAIT_COUNTED = 2 };

void frame_write(const struct frame *frame, unsigned char header[FRAME_HEADER_BYTES]) {
  struct octet_writer writer = {.bytes = header};
  octets_put(&writer, MARK, 1);
  octets_put(&writer, VERSION, 1);
  octets_put(&writer, frame->type, 1);
  octets_put(&writer, (frame->is_internal ? TRAIT_INTERNAL : 0U) | (frame->is_counted ? TRAIT_COUNTED : 0U), 1);
  octets_put(&writer, frame->kind, 2);
  octets_put(&writer, frame->subject, 2);
  octets_put(&writer, frame->id, 4);
  octets_put(&writer, (uint32_t)frame->code, 4);
  octets_put(&writer, frame->length, 8);
  octets_put(&writer, frame->luggage, 8);
}

static bool makes_sense(const struct frame *frame) {
  if (frame->type < FRAME_MESSAGE || frame->type > FRAME_END || frame->kind > CHANNEL_SERVER) return false;
  bool is_message = frame->type == FRAME_MESSAGE;
  if (!is_message && (frame->length > 0 || frame->luggage > 0 || frame->kind != CHANNEL_NOTHING)) return false;
  if (frame->type == FRAME_REFUSED && frame->code == 0) return false;
  if ((frame->luggage > 0) != (frame->kind != CHANNEL_NOTHING)) return false;
  return frame->length <= SIZE_MAX / 4 && frame->luggage <= SIZE_MAX / 4;
}

bool frame_read(struct frame *frame, const unsigned char header[FRAME_HEADER_BYTES]) {
  struct octet_reader reader = {.bytes = header, .left = FRAME_HEADER_BYTES};
  bool is_ours = octets_get(&reader, 1) == MARK && octets_get(&reader, 1) == VERSION;
  frame->type = (uint8_t)octets_get(&reader, 1);
  uint64_t traits = octets_get(&reader, 1);
  frame->is_internal = (traits & TRAIT_INTERNAL) != 0;
  frame->is_counted = (traits & TRAIT_COUNTED) != 0;
  frame->kind = (uint16_t)octets_get(&reader, 2);
  frame->subject = (uint16_t)octets_get(&reader, 2);
  frame->id = (uint32_t)octets_get(&reader, 4);
  frame->code = (int32_t)(uint32_t)octets_get(&reader, 4);
  frame->length = octets_get(&reader, 8);
  frame->luggage = octets_get(&reader, 8);
  return is_ours && makes_sense(frame);
}
