/* SPDX-License-Identifier: MIT */
/*
 * What stands in a channel's stream: frames, each a header and what it announces. It is a value; who sends and receives
 * it stands in send.c and receive.c. A header may have been written by anybody.
 *
 *   MESSAGE       the sender's bytes, and behind them the passenger's, if something comes along
 *   TAKEN id      what came along with this number was taken
 *   REFUSED id    it was not, with a code
 *   CLOSED id     a socket that was taken, and is counted where it came from, has closed
 *   END           no further message comes
 */
#ifndef WEIR_COMMON_CHANNEL_FRAME_H
#define WEIR_COMMON_CHANNEL_FRAME_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define FRAME_HEADER_BYTES 32

enum frame_type { FRAME_MESSAGE = 1, FRAME_TAKEN, FRAME_REFUSED, FRAME_CLOSED, FRAME_END };

struct frame {
  uint8_t type;     /* enum frame_type */
  bool is_internal; /* MESSAGE: not for the user, and it has a subject */
  bool is_counted;  /* MESSAGE with a socket: CLOSED is wanted */
  uint16_t kind;    /* MESSAGE: enum channel_kind, what comes along */
  uint16_t subject; /* of an internal one */
  uint32_t id;      /* of what comes along */
  int32_t code;     /* REFUSED: a weir_code, or the reason of an internal audience */
  uint64_t length;  /* MESSAGE: of the sender's bytes */
  uint64_t luggage; /* MESSAGE: of the passenger's bytes */
};

void frame_write(const struct frame *frame, unsigned char header[FRAME_HEADER_BYTES]);

/* False when nobody who knows the frames would have written it. */
bool frame_read(struct frame *frame, const unsigned char header[FRAME_HEADER_BYTES]);

#endif
