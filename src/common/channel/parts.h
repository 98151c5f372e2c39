/* SPDX-License-Identifier: MIT */
/*
 * A channel from inside. Its code:
 *
 *   channel.c    making, asking, listeners
 *   life.c       disconnecting, the end of the stream, delivering what is owed
 *   send.c       messages that go, their order, and what has become of them
 *   receive.c    from the stream's bytes to frames
 *   deliver.c    messages that have come: taken, kept, told
 *   frame.c      the header of a frame
 *   passenger.c  what travels; luggage.c, as bytes; origin.c, who counts it
 *
 * It lies on an ordinary socket, the *stream*, which is referenced by nobody else and keeps no loop alive by itself;
 * and on a passage, through which natives go (passing.h). Its states:
 *
 *   OPEN --disconnect, or the other side has--> ENDING --both have ended, and all is written--> CLOSING
 *   OPEN, ENDING --destroy, or the stream is lost--> CLOSING --the stream's `close`--> CLOSED
 *
 * What goes is a *sending* as long as somebody waits for it:
 *
 *   LEAVING --packed--> READY --given and written--> GIVEN --TAKEN--> over, or AWAY while its socket is counted here
 *
 * A plain message is written at once, unless others wait; then it is READY behind them, so that order is kept.
 */
#ifndef WEIR_COMMON_CHANNEL_PARTS_H
#define WEIR_COMMON_CHANNEL_PARTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "common/base/list.h"
#include "common/channel/channel.h"
#include "common/channel/frame.h"
#include "common/channel/passenger.h"
#include "common/loop/deadline.h"
#include "common/loop/handle.h"
#include "common/socket/socket.h"

/* How much may be given and not acknowledged: more descriptors in flight a system might refuse. */
enum { CHANNEL_WINDOW = 16 };

enum channel_state { CHANNEL_OPEN, CHANNEL_ENDING, CHANNEL_CLOSING, CHANNEL_CLOSED };

/* What a channel owes; a set. */
enum channel_debt {
  CHANNEL_OWES_OUTCOMES = 1, /* `over` */
  CHANNEL_OWES_FLUSH = 2,    /* the queue may go on */
  CHANNEL_OWES_DRAIN = 4,
  CHANNEL_OWES_INPUT = 8,    /* frames that a stop of the loop has left */
  CHANNEL_OWES_MESSAGES = 16 /* kept ones, to a new listener */
};

enum sending_state { SENDING_LEAVING, SENDING_READY, SENDING_GIVEN, SENDING_AWAY, SENDING_OVER };

/* A message that goes. */
struct sending {
  struct list_node link; /* in one of the channel's lists; in none while only the stream has it */
  weir_channel *channel;
  enum sending_state state;
  bool is_orphan; /* LEAVING when the channel ended; it holds the channel */
  bool is_uncounted;
  uint32_t id;
  weir_code code; /* OVER: what has become of it */
  struct passenger *passenger;
  struct origin origin; /* AWAY */
  weir_send_callback callback;
  channel_sent sent;
  void *user;
  struct frame frame;
  size_t length; /* of the sender's bytes, header included */
  unsigned char bytes[];
};

/* A message that has come and that nobody has heard. */
struct arrival {
  struct list_node link;
  struct passenger *passenger; /* or NULL */
  weir_code code;              /* why it is not there */
  struct frame frame;
  unsigned char bytes[];
};

/* Bytes of the stream that are no whole frame yet. */
struct input {
  unsigned char *bytes;
  size_t length;
  size_t room;
};

struct weir_channel {
  struct handle handle;
  enum channel_state state;
  uint8_t debts;
  bool has_ended;     /* END was written */
  bool has_met_end;   /* END has come */
  bool was_destroyed; /* by this side */
  bool has_failed;    /* of itself: an `error` says so */
  bool needs_drain;
  bool lets_flow; /* what nobody hears is dropped */
  weir_socket *stream;
  intptr_t passage;

  /* what goes */
  struct list queue;   /* LEAVING and READY, in order */
  struct list given;   /* GIVEN, in order */
  struct list away;    /* AWAY */
  struct list over;    /* OVER, to be told */
  struct list written; /* plain ones whose outcome the stream will tell */
  size_t given_count;
  size_t queued_bytes;
  uint32_t last_id;
  struct deadline retry; /* before giving again what found no room */

  /* what comes */
  struct input input;
  struct list kept; /* struct arrival */
  size_t kept_bytes;
  struct list guests; /* sockets that came and whose close is to be told */
  channel_handler handler;
  void *handler_user;
};

static inline const weir_allocator *channel_allocator(const weir_channel *channel) {
  return &channel->handle.loop->allocator;
}

static inline const struct passing_operations *channel_passing(const weir_channel *channel) {
  return channel->handle.loop->operations->passing;
}

static inline enum passing_kind channel_passing_kind(enum channel_kind kind) {
  return kind == CHANNEL_SOCKET ? PASSING_CONNECTION : PASSING_ACCEPTOR;
}

/* Whether its stream still carries anything. */
static inline bool channel_is_up(const weir_channel *channel) {
  return channel->state == CHANNEL_OPEN || channel->state == CHANNEL_ENDING;
}

/* ---- channel.c ---- */

void channel_free(struct handle *handle);
void channel_describe(const struct handle *handle, struct text *text);

/* ---- life.c ---- */

void channel_owe(weir_channel *channel, enum channel_debt debt);

/* Says anew whether it keeps the loop alive; call after anything that the answer depends on. */
void channel_update_liveness(weir_channel *channel);

/* Closes it because of what went wrong here. */
void channel_fail(weir_channel *channel, weir_code code, const char *hint);

/* END has come: this side ends too, if it has not yet. */
void channel_meet_end(weir_channel *channel);

/* Closes it when both sides have ended. */
void channel_close_if_over(weir_channel *channel);

/* Listeners of the stream. */
void channel_hear_end(const weir_event *event, void *channel);
void channel_hear_error(const weir_event *event, void *channel);
void channel_hear_close(const weir_event *event, void *channel);

/* ---- send.c ---- */

/* What travels with it is packed; perhaps in a call of the user. */
void sending_ready(struct sending *sending);

/* Writes what can be written of the queue, and END behind it. Calls nobody back. */
void channel_flush(weir_channel *channel);

/* Tells of all whose outcome is known. */
void channel_tell_outcomes(weir_channel *channel);

/* Nothing will go any more: all that waited is over with this code, and told, or with an ended loop forgotten. */
void channel_drop_sendings(weir_channel *channel, weir_code code);

/* Emits `drain` if it is due. */
void channel_drain(weir_channel *channel);
void channel_hear_drain(const weir_event *event, void *channel);

/* Writes a frame that is only a header. */
void channel_write_frame(weir_channel *channel, enum frame_type type, uint32_t id, weir_code code);

/* Frames of the other side; false: it cannot have sent them. */
bool channel_hear_outcome(weir_channel *channel, const struct frame *frame);
bool channel_hear_closed(weir_channel *channel, uint32_t id);

/* ---- receive.c ---- */

void channel_hear_data(const weir_event *event, void *channel);

/* Goes on where the loop was stopped. */
void channel_go_on_receiving(weir_channel *channel);

/* ---- deliver.c ---- */

/* A whole message; `bytes` are its own, and behind them stand those of what came along. */
void channel_receive_message(weir_channel *channel, const struct frame *frame, const unsigned char *bytes);

/* Emits what was kept, as long as somebody listens. */
void channel_deliver_kept(weir_channel *channel);

void channel_drop_kept(weir_channel *channel);

#endif
