/* SPDX-License-Identifier: MIT */
/*
 * One direction of a connection: a ring of bytes, what its reader meets behind them, and why its writer cannot go on.
 * It knows nothing of ends, loops or chance. The ring's memory is the caller's, so that no write can fail for want of
 * it.
 */
#ifndef WEIR_SIM_FLOW_H
#define WEIR_SIM_FLOW_H

#include <stdbool.h>
#include <stddef.h>

#include <weir/error.h>

/*
 * What comes behind the bytes:
 *
 *   OPEN -> ENDED    the writer has shut down, or closed with nothing unread
 *   OPEN -> BROKEN   the writer closed with unread input, or a fault
 *   ENDED -> BROKEN  the same, after a shutdown: an error outruns an end that nobody has read (Linux 6.x
 * unix_release_sock)
 */
enum flow_state { FLOW_OPEN = 0, FLOW_ENDED, FLOW_BROKEN };

struct flow {
  unsigned char *bytes;
  size_t capacity;
  size_t start;  /* index of the oldest byte */
  size_t length; /* bytes that wait to be read */

  enum flow_state state;
  weir_code read_code;  /* BROKEN: what the reader gets behind the bytes */
  weir_code write_code; /* what the writer gets; WEIR_OK while it may write */
  weir_code late_code;  /* TCP: the reader has gone, and the writer hears this behind its next write; else WEIR_OK */
};

/* Makes an empty, open flow over this memory. */
void flow_init(struct flow *flow, unsigned char *bytes, size_t capacity);

/* How much can be written now. */
size_t flow_room(const struct flow *flow);

/* Whether its reader has something to learn: bytes, an end or an error. */
bool flow_is_readable(const struct flow *flow);

/* Whether its writer has something to learn: room, or an error. */
bool flow_is_writable(const struct flow *flow);

/* Puts bytes in; they must fit. When the reader has gone, they are lost, and that is how the writer learns of it. */
void flow_put(struct flow *flow, const void *bytes, size_t length);

/* Takes bytes out; they must be there. */
void flow_get(struct flow *flow, void *bytes, size_t length);

/* The writer has nothing more to say. */
void flow_end(struct flow *flow);

/* The writer is gone without an end. The first reason stays. */
void flow_break(struct flow *flow, weir_code read_code);

/* Nothing more can be written: the writer hears this code. The first reason stays. */
void flow_forbid(struct flow *flow, weir_code write_code);

/* The reader is gone: what waits is lost, and the writer will hear this code. The first reason stays. */
void flow_refuse(struct flow *flow, weir_code write_code);

/* The same, but the writer will hear it only behind its next write. */
void flow_desert(struct flow *flow, weir_code late_code);

#endif
