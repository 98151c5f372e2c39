/* SPDX-License-Identifier: MIT */
/*
 * Messages that go. A plain one is written at once; one with a passenger waits until that is packed and there is room
 * in the window, and all behind it wait too. A native is given before the frame that names it is written, so it is
 * there when the frame arrives. What is given stays here until the other side has answered.
 *
 * Flushing calls nobody back, so that it may happen inside a call: outcomes are owed.
 */
#include <assert.h>
#include <string.h>

#include "common/base/memory.h"
#include "common/base/versioned.h"
#include "common/channel/parts.h"
#include "common/hand_over/parcel.h"
#include "common/server/server.h"

/* How long to wait for room in the passage when no acknowledgement is under way. */
enum { RETRY_MS = 10 };

/* Messages up to here are put together on the stack. */
enum { SMALL_BYTES = 4096 };

/* What a send asks for, whoever asks. */
struct request {
  struct channel_send what;
  bool is_internal;
  weir_send_callback callback;
};

/* ---- outcomes ---- */

static void free_sending(struct sending *sending) {
  weir_channel *channel = sending->channel;
  bool is_orphan = sending->is_orphan;
  origin_release(&sending->origin);
  passenger_release(sending->passenger);
  memory_put(channel_allocator(channel), sending);
  if (is_orphan) handle_release(&channel->handle);
}

/* It is over, and somebody will be told. */
static void finish(struct sending *sending, weir_code code) {
  sending->state = SENDING_OVER;
  sending->code = code;
  list_append(&sending->channel->over, &sending->link);
  channel_owe(sending->channel, CHANNEL_OWES_OUTCOMES);
}

static void tell_user(const struct sending *sending) {
  const weir_error error = {.code = sending->code,
                            .operation = "send",
                            .address = "",
                            .hint = sending->code == WEIR_EPIPE ? "the other side of the channel is gone" : ""};
  sending->callback(sending->channel, sending->code == WEIR_OK ? NULL : &error, sending->user);
}

static void tell(struct sending *sending) {
  if (sending->callback != NULL) tell_user(sending);
  if (sending->sent == NULL) return;
  struct passenger *returned = sending->passenger;
  bool is_back = returned != NULL && passenger_code(returned) == WEIR_OK;
  if (is_back) sending->passenger = NULL;
  sending->sent(sending->channel, sending->code, is_back ? returned : NULL, sending->user);
}

void channel_tell_outcomes(weir_channel *channel) {
  struct list over;
  list_init(&over);
  list_move_all(&channel->over, &over);
  for (struct list_node *node; (node = list_take_first(&over)) != NULL;) {
    struct sending *sending = CONTAINER_OF(node, struct sending, link);
    tell(sending);
    free_sending(sending);
  }
}

/* ---- writing ---- */

/* What the other side must hear. Without memory for what has to wait the channel fails. */
static void write_surely(weir_channel *channel, const unsigned char *bytes, size_t length) {
  int result = weir_socket_write(channel->stream, bytes, length);
  if (result < 0) channel_fail(channel, (weir_code)result, "no memory for what was to be written");
}

void channel_write_frame(weir_channel *channel, enum frame_type type, uint32_t id, weir_code code) {
  unsigned char header[FRAME_HEADER_BYTES];
  const struct frame frame = {.type = (uint8_t)type, .id = id, .code = code};
  if (!channel_is_up(channel) || channel->handle.loop->ended) return;
  frame_write(&frame, header);
  write_surely(channel, header, sizeof header);
}

static void note_written(weir_socket *stream, const weir_error *error, void *user) {
  (void)stream;
  struct sending *sending = user;
  list_remove(&sending->link);
  sending->code = error == NULL ? WEIR_OK : error->code;
  tell(sending);
  free_sending(sending);
}

/* Writes a whole plain frame; with a sending its outcome is told when the stream has written it. */
static weir_code write_plain(weir_channel *channel, const unsigned char *bytes, size_t length,
                             struct sending *sending) {
  weir_write write = weir_write_default();
  write.bytes = bytes;
  write.length = length;
  if (sending != NULL) {
    write.callback = note_written;
    write.user = sending;
  }
  int result = weir_socket_write_with(channel->stream, &write);
  if (result < 0) return (weir_code)result;
  if (sending != NULL) list_append(&channel->written, &sending->link);
  return WEIR_OK;
}

static bool wants_outcome(const struct sending *sending) { return sending->callback != NULL || sending->sent != NULL; }

/* One that has waited; without memory for it now, its sender hears so. */
static void write_waiting(weir_channel *channel, struct sending *sending) {
  if (socket_write_refusal(channel->stream) != WEIR_OK) {
    finish(sending, WEIR_EPIPE);
    return;
  }
  bool is_awaited = wants_outcome(sending);
  weir_code code = write_plain(channel, sending->bytes, sending->length, is_awaited ? sending : NULL);
  if (code != WEIR_OK) {
    if (!is_awaited) channel_fail(channel, code, "no memory for a message");
    finish(sending, code);
  } else if (!is_awaited) {
    free_sending(sending);
  }
}

/* ---- giving ---- */

static size_t measure(const struct passenger *passenger) {
  struct octet_writer writer = {.bytes = NULL};
  passenger_write(passenger, &writer);
  return writer.length;
}

static void write_given(weir_channel *channel, struct sending *sending, const struct passing_ticket *ticket,
                        unsigned char *room) {
  struct octet_writer luggage = {.bytes = room};
  octets_put(&luggage, ticket->length, 2);
  octets_put_bytes(&luggage, ticket->bytes, ticket->length);
  passenger_write(sending->passenger, &luggage);
  sending->frame.luggage = luggage.length;
  frame_write(&sending->frame, sending->bytes);
  write_surely(channel, sending->bytes, sending->length);
  if (channel_is_up(channel)) write_surely(channel, room, luggage.length);
}

static weir_code give(weir_channel *channel, struct sending *sending) {
  struct passenger *passenger = sending->passenger;
  struct passing_ticket ticket = {.length = 0};
  if (socket_write_refusal(channel->stream) != WEIR_OK) return WEIR_EPIPE;
  unsigned char *room = memory_get(channel_allocator(channel), 2 + PASSING_TICKET_BYTES + measure(passenger));
  if (room == NULL) return WEIR_ENOMEM;
  sending->frame.is_counted =
      !sending->is_uncounted && (passenger->origin.server != NULL || passenger->origin.guest != NULL);
  weir_code code =
      channel_passing(channel)->give(channel->handle.loop->backend, channel->passage,
                                     channel_passing_kind(passenger->kind), passenger_native(passenger), &ticket);
  if (code == WEIR_OK) write_given(channel, sending, &ticket, room);
  memory_put(channel_allocator(channel), room);
  return code;
}

/* ---- the queue ---- */

static void take_off_queue(weir_channel *channel, struct sending *sending) {
  list_remove(&sending->link);
  channel->queued_bytes -= sending->length;
}

/* False when it has to wait. */
static bool send_with_passenger(weir_channel *channel, struct sending *sending) {
  weir_code code = passenger_code(sending->passenger);
  if (code == WEIR_OK && channel->given_count >= CHANNEL_WINDOW) return false;
  if (code == WEIR_OK) code = give(channel, sending);
  if (code == WEIR_EAGAIN) {
    deadline_set_after(&channel->retry, channel->handle.loop, RETRY_MS);
    return false;
  }
  take_off_queue(channel, sending);
  if (code == WEIR_OK) {
    sending->state = SENDING_GIVEN;
    list_append(&channel->given, &sending->link);
    channel->given_count++;
  } else {
    finish(sending, code);
  }
  return true;
}

static bool send_next(weir_channel *channel) {
  struct list_node *node = list_first(&channel->queue);
  if (node == NULL || !channel_is_up(channel)) return false;
  struct sending *sending = CONTAINER_OF(node, struct sending, link);
  if (sending->state == SENDING_LEAVING) return false;
  if (sending->passenger != NULL) return send_with_passenger(channel, sending);
  take_off_queue(channel, sending);
  write_waiting(channel, sending);
  return true;
}

/* Behind everything that was sent, and acknowledged. */
static void end_if_asked(weir_channel *channel) {
  if (channel->state != CHANNEL_ENDING || channel->has_ended) return;
  if (!list_empty(&channel->queue) || channel->given_count > 0) return;
  channel_write_frame(channel, FRAME_END, 0, WEIR_OK);
  channel->has_ended = true;
  channel_close_if_over(channel);
}

static bool is_drained(const weir_channel *channel) {
  return list_empty(&channel->queue) && !weir_socket_needs_drain(channel->stream);
}

void channel_flush(weir_channel *channel) {
  while (send_next(channel)) continue;
  end_if_asked(channel);
  if (channel->needs_drain && is_drained(channel)) channel_owe(channel, CHANNEL_OWES_DRAIN);
  channel_update_liveness(channel);
}

void sending_ready(struct sending *sending) {
  weir_channel *channel = sending->channel;
  sending->state = SENDING_READY;
  if (!sending->is_orphan) {
    channel_owe(channel, CHANNEL_OWES_FLUSH);
  } else if (channel->handle.loop->ended) {
    free_sending(sending);
  } else {
    finish(sending, sending->code);
  }
}

/* ---- sending ---- */

static bool has_passenger(const struct channel_send *what) {
  return what->socket != NULL || what->server != NULL || what->passenger != NULL;
}

static weir_code check_socket(const weir_channel *channel, const weir_socket *socket) {
  return socket->handle.loop == channel->handle.loop ? socket_parcel_check(socket) : WEIR_EINVAL;
}

static weir_code check_server(const weir_channel *channel, const weir_server *server) {
  if (server->handle.loop != channel->handle.loop) return WEIR_EINVAL;
  if (!weir_server_listening(server)) return WEIR_ENOTOPEN;
  return server->lacks_acceptor ? WEIR_ENOTSUP : WEIR_OK;
}

static weir_code check(const weir_channel *channel, const struct channel_send *what) {
  int count = (what->socket != NULL) + (what->server != NULL) + (what->passenger != NULL);
  bool makes_sense = (what->bytes != NULL || what->length == 0) && count <= 1 && (count == 1 || !what->keep_open);
  if (!makes_sense || what->length > SIZE_MAX / 4) return WEIR_EINVAL;
  if (channel->state == CHANNEL_ENDING) return WEIR_EENDED;
  if (channel->state != CHANNEL_OPEN || socket_is_over(channel->stream)) return WEIR_ENOTCONN;
  if (count == 1 && channel->passage == PASSING_NONE) return WEIR_ENOTSUP;
  if (what->socket != NULL) return check_socket(channel, what->socket);
  return what->server != NULL ? check_server(channel, what->server) : WEIR_OK;
}

static struct frame frame_of(const struct request *request) {
  return (struct frame){.type = FRAME_MESSAGE,
                        .is_internal = request->is_internal,
                        .subject = request->what.subject,
                        .length = request->what.length};
}

static void put_together(const struct request *request, unsigned char *bytes) {
  const struct frame frame = frame_of(request);
  frame_write(&frame, bytes);
  if (request->what.length > 0) memcpy(bytes + FRAME_HEADER_BYTES, request->what.bytes, request->what.length);
}

/* With room for so many bytes; NULL: no memory. */
static struct sending *make_sending(weir_channel *channel, const struct request *request, size_t room) {
  struct sending *sending = memory_get_zeroed(channel_allocator(channel), sizeof *sending + room);
  if (sending == NULL) return NULL;
  sending->channel = channel;
  sending->state = SENDING_READY;
  sending->callback = request->callback;
  sending->sent = request->what.sent;
  sending->user = request->what.user;
  sending->is_uncounted = request->what.uncounted;
  sending->frame = frame_of(request);
  sending->length = room;
  return sending;
}

/* Nothing waits, so it need not either. */
static weir_code send_plain_now(weir_channel *channel, const struct request *request) {
  unsigned char small[SMALL_BYTES];
  size_t length = FRAME_HEADER_BYTES + request->what.length;
  bool is_awaited = request->callback != NULL || request->what.sent != NULL;
  struct sending *sending = is_awaited ? make_sending(channel, request, 0) : NULL;
  unsigned char *bytes = length <= sizeof small ? small : memory_get(channel_allocator(channel), length);
  weir_code code = bytes == NULL || (is_awaited && sending == NULL) ? WEIR_ENOMEM : WEIR_OK;
  if (code == WEIR_OK) {
    put_together(request, bytes);
    code = write_plain(channel, bytes, length, sending);
  }
  if (bytes != small) memory_put(channel_allocator(channel), bytes);
  if (code != WEIR_OK && sending != NULL) memory_put(channel_allocator(channel), sending);
  return code;
}

/* What it takes along begins to leave. */
static weir_code take_along(struct sending *sending, const struct channel_send *what) {
  if (what->passenger != NULL) {
    sending->passenger = what->passenger;
    return WEIR_OK;
  }
  if (what->keep_open) {
    return what->socket != NULL ? passenger_copy_socket(what->socket, &sending->passenger)
                                : passenger_copy_server(what->server, &sending->passenger);
  }
  sending->state = SENDING_LEAVING;
  return what->socket != NULL ? passenger_begin_socket(what->socket, sending, &sending->passenger)
                              : passenger_begin_server(what->server, sending, &sending->passenger);
}

static weir_code enqueue(weir_channel *channel, const struct request *request) {
  struct sending *sending = make_sending(channel, request, FRAME_HEADER_BYTES + request->what.length);
  if (sending == NULL) return WEIR_ENOMEM;
  put_together(request, sending->bytes);
  if (has_passenger(&request->what)) {
    weir_code code = take_along(sending, &request->what);
    if (code != WEIR_OK) {
      memory_put(channel_allocator(channel), sending);
      return code;
    }
    sending->frame.kind = (uint16_t)sending->passenger->kind;
    sending->frame.id = ++channel->last_id;
  }
  list_append(&channel->queue, &sending->link);
  channel->queued_bytes += sending->length;
  channel_owe(channel, CHANNEL_OWES_FLUSH);
  return WEIR_OK;
}

/* Whether more than the mark is under way. */
static int say_whether_to_go_on(weir_channel *channel) {
  size_t bytes = channel->queued_bytes + weir_socket_buffered(channel->stream);
  bool is_full =
      bytes >= WEIR_HIGH_WATER_MARK || (channel->given_count >= CHANNEL_WINDOW && !list_empty(&channel->queue));
  if (is_full) channel->needs_drain = true;
  return channel->needs_drain ? 0 : 1;
}

static int send(weir_channel *channel, const struct request *request) {
  loop_check_thread(channel->handle.loop);
  if (channel->handle.loop->ended) return WEIR_ENOTCONN;
  weir_code code = check(channel, &request->what);
  if (code != WEIR_OK) return code;
  bool waits = has_passenger(&request->what) || !list_empty(&channel->queue);
  code = waits ? enqueue(channel, request) : send_plain_now(channel, request);
  channel_update_liveness(channel);
  return code == WEIR_OK ? say_whether_to_go_on(channel) : code;
}

int weir_channel_send(weir_channel *channel, const void *bytes, size_t length, const weir_send_options *options) {
  weir_send_options whole = weir_send_options_default();
  if (channel == NULL || !versioned_read(&whole, sizeof whole, options)) return WEIR_EINVAL;
  const struct request request = {.what = {.bytes = bytes,
                                           .length = length,
                                           .socket = whole.socket,
                                           .server = whole.server,
                                           .keep_open = whole.keep_open,
                                           .user = whole.user},
                                  .callback = whole.callback};
  return send(channel, &request);
}

int channel_send(weir_channel *channel, const struct channel_send *what) {
  const struct request request = {.what = *what, .is_internal = true};
  return send(channel, &request);
}

size_t weir_channel_buffered(const weir_channel *channel) {
  return channel->queued_bytes + (channel_is_up(channel) ? weir_socket_buffered(channel->stream) : 0);
}

void channel_hear_drain(const weir_event *event, void *user) {
  (void)event;
  weir_channel *channel = user;
  if (is_drained(channel)) channel_drain(channel);
}

void channel_drain(weir_channel *channel) {
  const weir_event event = {.type = WEIR_EVENT_DRAIN, .channel = channel};
  if (!channel->needs_drain || !channel_is_up(channel) || !is_drained(channel)) return;
  channel->needs_drain = false;
  handle_emit(&channel->handle, &event);
}

/* ---- answers ---- */

static struct sending *find(const struct list *list, uint32_t id) {
  for (struct list_node *node = list_first(list); node != NULL; node = list_after(list, node)) {
    struct sending *sending = CONTAINER_OF(node, struct sending, link);
    if (sending->frame.id == id) return sending;
  }
  return NULL;
}

/* What was counted here still is. */
static void be_taken(weir_channel *channel, struct sending *sending) {
  struct passenger *passenger = sending->passenger;
  sending->passenger = NULL;
  sending->origin = passenger->origin;
  passenger_hand_over(passenger);
  sending->code = WEIR_OK;
  tell(sending);
  if (sending->frame.is_counted && channel_is_up(channel)) {
    sending->state = SENDING_AWAY;
    list_append(&channel->away, &sending->link);
  } else {
    free_sending(sending);
  }
}

bool channel_hear_outcome(weir_channel *channel, const struct frame *frame) {
  struct sending *sending = find(&channel->given, frame->id);
  if (sending == NULL) return false;
  list_remove(&sending->link);
  channel->given_count--;
  if (frame->type == FRAME_TAKEN) {
    be_taken(channel, sending);
  } else {
    sending->code = (weir_code)frame->code;
    tell(sending);
    free_sending(sending);
  }
  channel_flush(channel);
  return true;
}

bool channel_hear_closed(weir_channel *channel, uint32_t id) {
  struct sending *sending = find(&channel->away, id);
  if (sending == NULL) return false;
  list_remove(&sending->link);
  free_sending(sending);
  return true;
}

/* ---- the end ---- */

/* What is still leaving is waited for: an internal sender gets it back, for others it is closed. */
static void orphan(struct sending *sending, weir_code code) {
  sending->is_orphan = true;
  sending->code = code;
  handle_retain(&sending->channel->handle);
  if (sending->callback != NULL) tell_user(sending);
  sending->callback = NULL;
}

static void drop_all(weir_channel *channel, struct list *list, weir_code code) {
  bool is_told = !channel->handle.loop->ended;
  for (struct list_node *node; (node = list_take_first(list)) != NULL;) {
    struct sending *sending = CONTAINER_OF(node, struct sending, link);
    if (!is_told) sending->callback = NULL;
    if (!is_told) sending->sent = NULL;
    if (sending->state == SENDING_LEAVING) {
      orphan(sending, code);
    } else if (sending->state == SENDING_AWAY || !is_told) {
      free_sending(sending);
    } else {
      finish(sending, code);
    }
  }
}

void channel_drop_sendings(weir_channel *channel, weir_code code) {
  drop_all(channel, &channel->away, code);
  drop_all(channel, &channel->given, code);
  drop_all(channel, &channel->queue, code);
  drop_all(channel, &channel->written, code);
  channel->given_count = 0;
  channel->queued_bytes = 0;
  if (channel->handle.loop->ended) {
    drop_all(channel, &channel->over, code);
  } else {
    channel_tell_outcomes(channel);
  }
}
