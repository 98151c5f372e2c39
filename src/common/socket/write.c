/* SPDX-License-Identifier: MIT */
/*
 * The write side: the user -> queue -> backend -> drain, callbacks.
 *
 * While nothing is queued a write goes to the backend at once, and what that does not take is copied and queued. Queued
 * writes leave in one gathered operation at a time. A completion moves the requests it has finished to a list of their
 * own, submits the next gather, and only then emits `drain` and calls back, so that a callback that writes finds
 * everything in order. (EO-35, EO-36; contract D12)
 */
#include <assert.h>
#include <string.h>

#include "common/base/apart.h"
#include "common/base/memory.h"
#include "common/base/versioned.h"
#include "common/hand_over/hand_over.h"
#include "common/socket/socket.h"
#include "common/socket/write_request.h"

enum { BUFFERS_PAUSE_MS = 5 };

static const weir_allocator *allocator_of(const struct weir_socket *socket) { return &socket->handle.loop->allocator; }

bool socket_has_writes(const struct weir_socket *socket) {
  return socket->shutting_down || (socket->extra != NULL && !list_empty(&socket->extra->queued));
}

struct write_request *socket_make_request(struct weir_socket *socket, size_t copied_bytes) {
  return socket_need_extra(socket) == NULL ? NULL : write_request_make(allocator_of(socket), copied_bytes);
}

/* ---- the queue ---- */

/*
 * The pieces of the operation under way must stay where they are until it has come back. Without memory for a whole
 * gather it carries one piece, which is only slower.
 */
static struct piece *take_pieces(struct weir_socket *socket, size_t *room) {
  struct socket_extra *extra = socket->extra;
  if (extra->pieces == NULL) extra->pieces = memory_get(allocator_of(socket), PIECES_MAX * sizeof extra->pieces[0]);
  *room = extra->pieces == NULL ? 1 : PIECES_MAX;
  return extra->pieces == NULL ? &extra->one_piece : extra->pieces;
}

static void drop_pieces(struct weir_socket *socket) {
  memory_put(allocator_of(socket), socket->extra->pieces);
  socket->extra->pieces = NULL;
}

/* Gives the backend as much of the queue as one operation carries. */
static void submit_queue(struct weir_socket *socket) {
  struct socket_extra *extra = socket->extra;
  size_t room = 0;
  size_t count = 0;
  struct piece *pieces = take_pieces(socket, &room);
  for (struct list_node *node = list_first(&extra->queued); node != NULL && count < room;
       node = list_after(&extra->queued, node)) {
    const struct write_request *request = write_request_of(node);
    if (request->sent == request->length) continue;
    pieces[count++] = (struct piece){request->bytes + request->sent, request->length - request->sent};
  }
  assert(count > 0);
  extra->writing = true;
  socket_operations(socket)->write_queue(socket_backend(socket), socket_connection(socket), pieces, count);
}

/* An empty write sends nothing (a pipe would take it for an end); it is done when everything before it is. */
static void finish_empty_writes(struct weir_socket *socket) {
  struct socket_extra *extra = socket->extra;
  while (!list_empty(&extra->queued)) {
    struct write_request *request = write_request_of(list_first(&extra->queued));
    if (request->sent < request->length) return;
    list_remove(&request->link);
    list_append(&extra->finished, &request->link);
    socket_owe(socket, DEBT_CALLBACKS);
  }
}

/* The queue has run empty: true when `drain` is due. */
static bool settle_empty_queue(struct weir_socket *socket) {
  struct socket_extra *extra = socket->extra;
  bool drains = extra->needs_drain && socket->write_half == WRITE_QUEUED;
  extra->needs_drain = false;
  drop_pieces(socket);
  if (socket->write_half == WRITE_QUEUED && extra->corks == 0) socket->write_half = WRITE_OPEN;
  socket_update_liveness(socket);
  return drains;
}

/* Sends what is queued, unless something holds it back: no connection yet, a cork, an operation under way. */
static void pump(struct weir_socket *socket) {
  struct socket_extra *extra = socket->extra;
  if (socket->life != LIFE_OPEN || extra->corks > 0 || extra->writing) return;
  finish_empty_writes(socket);
  if (list_empty(&extra->queued)) {
    settle_empty_queue(socket);
  } else {
    submit_queue(socket);
  }
}

/* Queues a request. Returns what weir_socket_write returns. */
static int enqueue(struct weir_socket *socket, struct write_request *request) {
  struct socket_extra *extra = socket->extra;
  size_t rest = request->length - request->sent;
  list_append(&extra->queued, &request->link);
  extra->queued_bytes += rest;
  if (socket->write_half == WRITE_OPEN) socket->write_half = WRITE_QUEUED;
  if (rest > 0 && extra->queued_bytes >= extra->high_water_mark) extra->needs_drain = true;
  int result = extra->needs_drain ? 0 : 1;
  pump(socket);
  socket_update_liveness(socket);
  return result;
}

void socket_start_writing(struct weir_socket *socket) {
  if (socket->life != LIFE_OPEN || socket->extra == NULL) return;
  pump(socket);
  if (socket->write_half == WRITE_ENDING) socket_end_writing(socket);
}

/* ---- writing ---- */

/* What a write meets when the half does not take any: WEIR_OK means that it does. */
weir_code socket_write_refusal(const struct weir_socket *socket) {
  if (socket->life == LIFE_NEW) return socket->write_half == WRITE_NONE ? WEIR_ENOTCONN : WEIR_EENDED;
  if (socket_is_over(socket)) return WEIR_EDESTROYED;
  if (socket->write_half == WRITE_OPEN || socket->write_half == WRITE_QUEUED) return WEIR_OK;
  return socket->ended_by_peer ? WEIR_EPIPE : WEIR_EENDED;
}

/* Refuses a write: its callback hears of it later. A socket that was never connected fails, as in Node. (EO-34) */
int socket_refuse_write(struct weir_socket *socket, const weir_write *write, weir_code code) {
  if (write->callback != NULL) {
    struct write_request *request = socket_make_request(socket, 0);
    if (request == NULL) return WEIR_ENOMEM;
    request->callback = write->callback;
    request->user = write->user;
    request->code = code;
    list_append(&socket->extra->finished, &request->link);
    socket_owe(socket, DEBT_CALLBACKS);
  }
  if (code == WEIR_ENOTCONN) socket_owe(socket, DEBT_FAILURE);
  return code;
}

static void count_written(struct weir_socket *socket, size_t length) {
  socket->bytes_written += length;
  socket->handle.loop->counters.bytes_written += length;
}

static size_t write_now(struct weir_socket *socket, const void *bytes, size_t length) {
  if (socket->write_half != WRITE_OPEN || length == 0) return 0;
  return socket_operations(socket)->write(socket_backend(socket), socket_connection(socket), bytes, length);
}

/* Writes a request's bytes, or queues what is left of them. Takes the request. */
static int write_request(struct weir_socket *socket, struct write_request *request) {
  count_written(socket, request->length);
  request->sent = write_now(socket, request->bytes, request->length);
  if (request->sent < request->length || socket->write_half != WRITE_OPEN) return enqueue(socket, request);
  if (request->callback == NULL) {
    memory_put(allocator_of(socket), request);
  } else {
    list_append(&socket->extra->finished, &request->link);
    socket_owe(socket, DEBT_CALLBACKS);
  }
  return 1;
}

/*
 * Queues what the backend has not taken of a plain write. A part may be on its way already (rule 11 of the seam), so
 * without memory for the rest the stream is broken.
 */
APART static int queue_rest(struct weir_socket *socket, const unsigned char *bytes, size_t length) {
  struct write_request *request = socket_make_request(socket, length);
  if (request == NULL) {
    socket_fail(socket, "write", WEIR_ENOMEM, 0, "no memory for the part of a write that had to wait");
    return WEIR_ENOMEM;
  }
  memcpy(request->copy, bytes, length);
  request->length = length;
  return enqueue(socket, request);
}

/* A write that the backend does not get at once, if at all. */
APART static int write_specially(struct weir_socket *socket, const void *bytes, size_t length) {
  weir_write write = weir_write_default();
  write.bytes = bytes;
  write.length = length;
  return weir_socket_write_with(socket, &write);
}

int weir_socket_write(weir_socket *socket, const void *bytes, size_t length) {
  bool plain = socket != NULL && bytes != NULL && socket->write_half == WRITE_OPEN && length > 0;
  if (!plain) return write_specially(socket, bytes, length);
  loop_check_thread(socket->handle.loop);
  count_written(socket, length);
  socket_touch(socket);
  size_t taken =
      socket_operations(socket)->write_soon(socket_backend(socket), socket_connection(socket), bytes, length);
  if (taken == length) return 1;
  return queue_rest(socket, (const unsigned char *)bytes + taken, length - taken);
}

bool socket_write_read(const weir_write *given, weir_write *whole) {
  *whole = weir_write_default();
  if (given == NULL || !versioned_read(whole, sizeof *whole, given)) return false;
  if (whole->bytes == NULL && whole->length > 0) return false;
  if ((unsigned)whole->encoding > WEIR_ENCODING_BASE64URL) return false;
  return !whole->borrow || (whole->callback != NULL && whole->encoding == WEIR_ENCODING_NONE);
}

int weir_socket_write_with(weir_socket *socket, const weir_write *write) {
  weir_write whole;
  if (socket == NULL || !socket_write_read(write, &whole)) return WEIR_EINVAL;
  loop_check_thread(socket->handle.loop);
  weir_code code = socket_write_refusal(socket);
  if (code != WEIR_OK) return socket_refuse_write(socket, &whole, code);
  bool ready = socket_need_extra(socket) != NULL;
  struct write_request *request = ready ? write_request_make_from(allocator_of(socket), &whole) : NULL;
  if (request == NULL) return WEIR_ENOMEM;
  socket_touch(socket);
  return write_request(socket, request);
}

/* ---- cork ---- */

void weir_socket_cork(weir_socket *socket) {
  loop_check_thread(socket->handle.loop);
  if (socket->write_half != WRITE_OPEN && socket->write_half != WRITE_QUEUED) return;
  if (socket_need_extra(socket) == NULL) return; /* writes then go out one by one, which is only slower */
  socket->extra->corks++;
  socket->write_half = WRITE_QUEUED;
}

void weir_socket_uncork(weir_socket *socket) {
  loop_check_thread(socket->handle.loop);
  if (socket->extra == NULL || socket->extra->corks == 0) return;
  if (--socket->extra->corks == 0) pump(socket);
}

/* ---- from the backend ---- */

/* Takes sent bytes off the queue; requests that are done wait for their callbacks. */
static void advance_queue(struct socket_extra *extra, size_t sent) {
  extra->queued_bytes -= sent;
  while (!list_empty(&extra->queued)) {
    struct write_request *request = write_request_of(list_first(&extra->queued));
    size_t rest = request->length - request->sent;
    size_t part = sent < rest ? sent : rest;
    request->sent += part;
    sent -= part;
    if (request->sent < request->length) break;
    list_remove(&request->link);
    list_append(&extra->finished, &request->link);
  }
  assert(sent == 0);
}

void socket_write_again(struct deadline *deadline) {
  struct weir_socket *socket = CONTAINER_OF(deadline, struct socket_extra, buffers)->socket;
  socket->extra->writing = false;
  pump(socket);
}

/*
 * "No buffer space" passes, but a poller calls such a socket writable all the time (macOS and the BSDs; facts C.10), so
 * a deadline tries again. False without memory for one; then the write has failed.
 */
static bool wait_for_buffers(struct weir_socket *socket) {
  struct deadline *deadline = &socket->extra->buffers;
  if (!deadline_has_place(deadline) && deadline_init(deadline, socket->handle.loop, DEADLINE_BUFFERS) != WEIR_OK)
    return false;
  deadline_set_after(deadline, socket->handle.loop, BUFFERS_PAUSE_MS);
  return true;
}

/* Bytes of a plain write that the backend had taken: no request is left of it to be told. */
static void fail_what_was_taken(struct weir_socket *socket, const struct completion *completion) {
  socket_fail(socket, "write", (weir_code)completion->result, completion->native_code, completion->hint);
}

/*
 * A write failed: the socket is destroyed, so that nothing follows the bytes that are missing, and the write's own
 * callback hears it before the socket's `error`.
 */
static void fail_writing(struct weir_socket *socket, const struct completion *completion) {
  struct write_request *request = write_request_of(list_take_first(&socket->extra->queued));
  char room[WEIR_ADDRESS_TEXT_BYTES];
  weir_error error = {.code = (weir_code)completion->result,
                      .native_code = completion->native_code,
                      .operation = "write",
                      .address = socket_address(socket, room),
                      .hint = completion->hint == NULL ? "" : completion->hint};
  socket->extra->queued_bytes -= request->length - request->sent;
  socket_destroy(socket, &error);
  socket_deliver_callbacks(socket);
  const weir_error *kept = weir_socket_error(socket);
  write_request_call_back(request, socket, kept == NULL ? &error : kept);
}

void socket_write_done(const struct completion *completion) {
  struct weir_socket *socket = socket_of(completion->connection);
  struct socket_extra *extra = socket->extra;
  if (extra == NULL || !extra->writing) {
    fail_what_was_taken(socket, completion);
    return;
  }
  if (completion->result == WEIR_ENOBUFS && wait_for_buffers(socket)) return;
  extra->writing = false;
  if (completion->result < 0) {
    fail_writing(socket, completion);
    return;
  }
  socket_touch(socket);
  advance_queue(extra, (size_t)completion->result);
  if (!list_empty(&extra->queued)) {
    pump(socket);
  } else if (settle_empty_queue(socket)) {
    weir_event event = {.type = WEIR_EVENT_DRAIN, .socket = socket};
    handle_emit(&socket->handle, &event);
  }
  socket_deliver_callbacks(socket);
  if (socket->life == LIFE_OPEN && socket->write_half == WRITE_ENDING) socket_end_writing(socket);
  hand_over_go_on(socket);
}

void socket_write_what_goes(struct weir_socket *socket) {
  struct socket_extra *extra = socket->extra;
  if (extra == NULL || extra->corks > 0 || extra->writing) return;
  finish_empty_writes(socket);
  while (!list_empty(&extra->queued)) {
    const struct write_request *request = write_request_of(list_first(&extra->queued));
    size_t rest = request->length - request->sent;
    size_t taken = socket_operations(socket)->write(socket_backend(socket), socket_connection(socket),
                                                    request->bytes + request->sent, rest);
    advance_queue(extra, taken);
    socket_owe(socket, DEBT_CALLBACKS);
    if (taken < rest) return;
    finish_empty_writes(socket);
  }
}

/* ---- callbacks ---- */

static void call_back(struct weir_socket *socket, struct write_request *request, weir_code code, const char *hint) {
  if (code == WEIR_OK) {
    write_request_call_back(request, socket, NULL);
    return;
  }
  char room[WEIR_ADDRESS_TEXT_BYTES];
  weir_error error = {.code = code, .operation = "write", .address = socket_address(socket, room), .hint = hint};
  write_request_call_back(request, socket, &error);
}

/* Those that were finished, in order; what a callback writes is finished later and waits for the next time. */
void socket_deliver_callbacks(struct weir_socket *socket) {
  struct list finished;
  if (socket->extra == NULL || list_empty(&socket->extra->finished)) return;
  list_init(&finished);
  list_move_all(&socket->extra->finished, &finished);
  for (struct list_node *node = list_take_first(&finished); node != NULL; node = list_take_first(&finished)) {
    call_back(socket, write_request_of(node), write_request_of(node)->code, "");
  }
}

/* Calls back everything that will not be written any more. */
void socket_cancel_writes(struct weir_socket *socket) {
  struct list canceled;
  if (socket->extra == NULL) return;
  list_init(&canceled);
  list_move_all(&socket->extra->queued, &canceled);
  list_move_all(&socket->extra->ending, &canceled);
  socket->extra->queued_bytes = 0;
  for (struct list_node *node = list_take_first(&canceled); node != NULL; node = list_take_first(&canceled)) {
    call_back(socket, write_request_of(node), WEIR_ECANCELED, "the socket was closed first");
  }
}

void socket_drop_writes(struct weir_socket *socket) {
  write_request_drop_all(&socket->extra->queued, allocator_of(socket));
  write_request_drop_all(&socket->extra->ending, allocator_of(socket));
  socket->extra->queued_bytes = 0;
  drop_pieces(socket);
}

void socket_drop_callbacks(struct weir_socket *socket) {
  write_request_drop_all(&socket->extra->finished, allocator_of(socket));
}
