/* SPDX-License-Identifier: MIT */
/*
 * Messages that have come. What came along is taken from the passage at once, so that order is kept there; it is
 * opened, and its sender hears that it was taken, when somebody gets the message. Messages that nobody listens to are
 * kept, and above the mark the stream is read no more.
 */
#include <string.h>

#include "common/base/memory.h"
#include "common/channel/parts.h"

/* ---- what came along ---- */

/* Any failure but WEIR_EPROTO refuses it. */
static weir_code take_native(weir_channel *channel, enum channel_kind kind, struct octet_reader *luggage,
                             intptr_t *native) {
  size_t length = (size_t)octets_get(luggage, 2);
  const unsigned char *ticket = octets_get_bytes(luggage, length);
  if (ticket == NULL || length > PASSING_TICKET_BYTES || channel->passage == PASSING_NONE) return WEIR_EPROTO;
  return channel_passing(channel)->take(channel->handle.loop->backend, channel->passage, channel_passing_kind(kind),
                                        ticket, length, native);
}

static weir_code take_passenger(weir_channel *channel, const struct frame *frame, const unsigned char *bytes,
                                struct passenger **passenger) {
  enum channel_kind kind = (enum channel_kind)frame->kind;
  struct octet_reader luggage = {.bytes = bytes, .left = (size_t)frame->luggage};
  weir_loop *loop = channel->handle.loop;
  intptr_t native = PASSING_NONE;
  weir_code code = take_native(channel, kind, &luggage, &native);
  if (code != WEIR_OK) return code;
  code = passenger_read(loop, kind, &luggage, passenger);
  if (code == WEIR_OK) {
    passenger_set_native(*passenger, native);
  } else {
    channel_passing(channel)->release(loop->backend, channel_passing_kind(kind), native);
  }
  return code;
}

static void say_taken(weir_channel *channel, const struct frame *frame) {
  channel_write_frame(channel, FRAME_TAKEN, frame->id, WEIR_OK);
}

static void say_refused(weir_channel *channel, const struct frame *frame, weir_code code) {
  channel_write_frame(channel, FRAME_REFUSED, frame->id, code);
}

/* Opens it, and says what has become of it. The passenger is gone. */
static weir_code open_socket(weir_channel *channel, const struct frame *frame, struct passenger *passenger,
                             weir_socket **socket) {
  struct guest *guest = frame->is_counted ? guest_make(channel, frame->id) : NULL;
  bool ready = guest != NULL || !frame->is_counted;
  weir_code code = WEIR_ENOMEM;
  if (ready) {
    code = passenger_open_socket(passenger, socket);
  } else {
    passenger_release(passenger);
  }
  if (code == WEIR_OK) {
    say_taken(channel, frame);
    if (guest != NULL) guest_join(guest, *socket);
  } else {
    guest_drop(guest);
    say_refused(channel, frame, code);
  }
  return code;
}

static weir_code open_server(weir_channel *channel, const struct frame *frame, struct passenger *passenger,
                             weir_server **server) {
  weir_code code = passenger_open_server(passenger, server);
  if (code == WEIR_OK) {
    say_taken(channel, frame);
  } else {
    say_refused(channel, frame, code);
  }
  return code;
}

/* ---- to the user ---- */

/* As with an accepted socket, reading begins behind the listeners, which may add others. */
static void emit(weir_channel *channel, const weir_event_message *message) {
  const weir_event event = {.type = WEIR_EVENT_MESSAGE, .channel = channel, .message = message};
  handle_emit(&channel->handle, &event);
  if (message->socket != NULL) {
    socket_start_reading(message->socket);
    weir_socket_release(message->socket);
  }
  weir_server_release(message->server);
  channel_update_liveness(channel);
}

static void tell_user(weir_channel *channel, const struct frame *frame, const unsigned char *bytes,
                      struct passenger *passenger, weir_code code) {
  weir_event_message message = {.bytes = bytes, .length = (size_t)frame->length, .code = code};
  if (passenger != NULL && frame->kind == CHANNEL_SOCKET) {
    message.code = open_socket(channel, frame, passenger, &message.socket);
  } else if (passenger != NULL) {
    message.code = open_server(channel, frame, passenger, &message.server);
  }
  emit(channel, &message);
}

static void keep(weir_channel *channel, const struct frame *frame, const unsigned char *bytes,
                 struct passenger *passenger, weir_code code) {
  struct arrival *arrival = memory_get(channel_allocator(channel), sizeof *arrival + (size_t)frame->length);
  if (arrival == NULL) {
    passenger_release(passenger);
    channel_fail(channel, WEIR_ENOMEM, "no memory for a message that nobody listens to yet");
    return;
  }
  *arrival = (struct arrival){.passenger = passenger, .code = code, .frame = *frame};
  if (frame->length > 0) memcpy(arrival->bytes, bytes, (size_t)frame->length);
  list_append(&channel->kept, &arrival->link);
  channel->kept_bytes += (size_t)frame->length;
  if (channel->kept_bytes >= WEIR_HIGH_WATER_MARK) weir_socket_pause(channel->stream);
}

static bool drops(const weir_channel *channel) {
  return channel->lets_flow && !handle_hears(&channel->handle, WEIR_EVENT_MESSAGE);
}

void channel_let_flow(weir_channel *channel) {
  channel->lets_flow = true;
  if (!drops(channel)) return;
  channel_drop_kept(channel);
  if (channel_is_up(channel)) weir_socket_resume(channel->stream);
}

static bool may_tell(const weir_channel *channel) {
  return handle_hears(&channel->handle, WEIR_EVENT_MESSAGE) && !channel->was_destroyed &&
         !channel->handle.loop->stopped;
}

void channel_deliver_kept(weir_channel *channel) {
  while (!list_empty(&channel->kept) && may_tell(channel)) {
    struct arrival *arrival = CONTAINER_OF(list_take_first(&channel->kept), struct arrival, link);
    channel->kept_bytes -= (size_t)arrival->frame.length;
    tell_user(channel, &arrival->frame, arrival->bytes, arrival->passenger, arrival->code);
    memory_put(channel_allocator(channel), arrival);
  }
  if (!list_empty(&channel->kept) && channel->handle.loop->stopped) channel_owe(channel, CHANNEL_OWES_MESSAGES);
  if (channel_is_up(channel) && channel->kept_bytes < WEIR_HIGH_WATER_MARK) weir_socket_resume(channel->stream);
}

void channel_drop_kept(weir_channel *channel) {
  for (struct list_node *node; (node = list_take_first(&channel->kept)) != NULL;) {
    struct arrival *arrival = CONTAINER_OF(node, struct arrival, link);
    passenger_release(arrival->passenger);
    memory_put(channel_allocator(channel), arrival);
  }
  channel->kept_bytes = 0;
}

/* ---- to an internal handler ---- */

weir_code channel_take_socket(weir_channel *channel, struct channel_message *message, weir_socket **socket) {
  struct passenger *passenger = message->passenger;
  message->passenger = NULL;
  return open_socket(channel, message->frame, passenger, socket);
}

weir_code channel_take_server(weir_channel *channel, struct channel_message *message, weir_server **server) {
  struct passenger *passenger = message->passenger;
  message->passenger = NULL;
  return open_server(channel, message->frame, passenger, server);
}

void channel_take_native(weir_channel *channel, struct channel_message *message, intptr_t *native) {
  *native = passenger_take_native(message->passenger);
  message->passenger = NULL;
  say_taken(channel, message->frame);
  if (message->frame->is_counted) channel_write_frame(channel, FRAME_CLOSED, message->frame->id, WEIR_OK);
}

void channel_refuse(weir_channel *channel, struct channel_message *message, weir_code code) {
  passenger_release(message->passenger);
  message->passenger = NULL;
  say_refused(channel, message->frame, code);
}

static void tell_handler(weir_channel *channel, const struct frame *frame, const unsigned char *bytes,
                         struct passenger *passenger, weir_code code) {
  struct channel_message message = {.subject = frame->subject,
                                    .bytes = bytes,
                                    .length = (size_t)frame->length,
                                    .kind = (enum channel_kind)frame->kind,
                                    .code = code,
                                    .passenger = passenger,
                                    .frame = frame};
  if (channel->handler != NULL) channel->handler(channel, &message, channel->handler_user);
  if (message.passenger != NULL) channel_refuse(channel, &message, WEIR_ECANCELED);
}

/* ---- from the stream ---- */

void channel_receive_message(weir_channel *channel, const struct frame *frame, const unsigned char *bytes) {
  struct passenger *passenger = NULL;
  weir_code code = WEIR_OK;
  if (frame->kind != CHANNEL_NOTHING) code = take_passenger(channel, frame, bytes + frame->length, &passenger);
  if (code == WEIR_EPROTO) {
    channel_fail(channel, code, "the other side sent a handle that does not come, or makes no sense");
    return;
  }
  if (code != WEIR_OK) say_refused(channel, frame, code);
  if (frame->is_internal) {
    tell_handler(channel, frame, bytes, passenger, code);
  } else if (list_empty(&channel->kept) && may_tell(channel)) {
    tell_user(channel, frame, bytes, passenger, code);
  } else if (drops(channel)) {
    if (passenger != NULL) say_refused(channel, frame, WEIR_ECANCELED);
    passenger_release(passenger);
  } else {
    keep(channel, frame, bytes, passenger, code);
  }
}
