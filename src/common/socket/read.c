/* SPDX-License-Identifier: MIT */
/*
 * The read side: backend -> kept or decoded -> the user's listeners.
 *
 * While the half is FLOWING, bytes go straight from the backend's buffer to the listeners. While it is HELD they are
 * kept in the chunks in which they came, up to the mark; then reading stops, the system fills up, and the peer waits.
 * An end of file or an error behind kept bytes waits until these were delivered. (contract D4, D6; EO-07 to EO-11)
 */
#include <assert.h>
#include <string.h>

#include "common/base/apart.h"
#include "common/base/failure.h"
#include "common/base/memory.h"
#include "common/socket/socket.h"

struct chunk {
  struct chunk *next;
  size_t length;
  size_t delivered; /* an onread callback may take only a part */
  unsigned char bytes[];
};

/* ---- keeping ---- */

void socket_keep(struct weir_socket *socket, const void *bytes, size_t length) {
  struct socket_extra *extra = socket_need_extra(socket);
  struct chunk *chunk = extra == NULL ? NULL : memory_get(&socket->handle.loop->allocator, sizeof *chunk + length);
  if (chunk == NULL) {
    socket_fail(socket, "read", WEIR_ENOMEM, 0, "no memory to keep what was received");
    return;
  }
  chunk->next = NULL;
  chunk->length = length;
  chunk->delivered = 0;
  memcpy(chunk->bytes, bytes, length);
  *extra->kept_end = chunk;
  extra->kept_end = &chunk->next;
  extra->kept_bytes += length;
}

static void drop_first_chunk(struct weir_socket *socket) {
  struct socket_extra *extra = socket->extra;
  struct chunk *chunk = extra->kept;
  extra->kept_bytes -= chunk->length - chunk->delivered;
  extra->kept = chunk->next;
  if (extra->kept == NULL) extra->kept_end = &extra->kept;
  memory_put(&socket->handle.loop->allocator, chunk);
}

void socket_drop_kept(struct weir_socket *socket) {
  while (socket->extra->kept != NULL) drop_first_chunk(socket);
  memory_put(&socket->handle.loop->allocator, socket->extra->read_error);
  socket->extra->read_error = NULL;
}

void socket_copy_kept(const struct weir_socket *socket, unsigned char *bytes) {
  for (const struct chunk *chunk = socket->extra->kept; chunk != NULL; chunk = chunk->next) {
    size_t length = chunk->length - chunk->delivered;
    memcpy(bytes, chunk->bytes + chunk->delivered, length);
    bytes += length;
  }
}

static bool has_kept(const struct weir_socket *socket) { return socket->extra != NULL && socket->extra->kept != NULL; }

/* ---- reading ---- */

static bool is_leaving(const struct weir_socket *socket) {
  return socket->extra != NULL && socket->extra->parcel != NULL;
}

/* Reads while there is room below the mark, and never beyond the end. */
void socket_start_reading(struct weir_socket *socket) {
  bool open = socket->read_half == READ_HELD || socket->read_half == READ_FLOWING;
  if (!open || socket->reading || is_leaving(socket)) return;
  if (has_kept(socket) && socket->extra->kept_bytes >= socket_mark(socket)) return;
  socket_read_on(socket);
}

void socket_stop_reading(struct weir_socket *socket) {
  if (!socket->reading) return;
  socket->reading = false;
  socket_operations(socket)->read(socket_backend(socket), socket_connection(socket), false);
}

static void stop_reading_above_mark(struct weir_socket *socket) {
  if (socket->extra->kept_bytes >= socket_mark(socket)) socket_stop_reading(socket);
}

/* ---- delivering ---- */

static inline void emit_data(struct weir_socket *socket, const void *bytes, size_t length) {
  weir_event event = {.type = WEIR_EVENT_DATA, .socket = socket, .data = {bytes, length}};
  handle_emit(&socket->handle, &event);
}

/* Decodes and emits; without memory for the text the socket fails. */
static void emit_text(struct weir_socket *socket, const void *bytes, size_t length) {
  struct decoder *decoder = &socket->extra->decoder;
  const weir_allocator *allocator = &socket->handle.loop->allocator;
  char *text = memory_get(allocator, decoder_capacity(decoder, length) + 1);
  if (text == NULL) {
    socket_fail(socket, "read", WEIR_ENOMEM, 0, "no memory for the decoded text");
    return;
  }
  size_t text_length = decoder_decode(decoder, bytes, length, text);
  if (text_length > 0) emit_data(socket, text, text_length);
  memory_put(allocator, text);
}

/* Fills the user's buffer again and again; returns how much was taken before the user asked to stop. */
static size_t fill_user_buffer(struct weir_socket *socket, const unsigned char *bytes, size_t length) {
  struct socket_extra *extra = socket->extra;
  size_t taken = 0;
  while (taken < length && socket->read_half == READ_FLOWING) {
    size_t piece = length - taken < extra->onread_size ? length - taken : extra->onread_size;
    memcpy(extra->onread_buffer, bytes + taken, piece);
    taken += piece;
    bool go_on = extra->onread(socket, extra->onread_buffer, piece, socket->handle.user);
    if (!go_on && socket->read_half == READ_FLOWING) {
      socket->flow = FLOW_UNDECIDED; /* stopped, but not paused: EO-53 */
      socket->read_half = READ_HELD;
    }
  }
  return taken;
}

/* Hands bytes to whoever consumes them; returns how many were taken, which is all but for onread. */
static size_t deliver(struct weir_socket *socket, const void *bytes, size_t length) {
  const struct socket_extra *extra = socket->extra;
  if (extra != NULL && extra->onread != NULL) return fill_user_buffer(socket, bytes, length);
  if (extra != NULL && extra->decoder.encoding != WEIR_ENCODING_NONE) {
    emit_text(socket, bytes, length);
  } else {
    emit_data(socket, bytes, length);
  }
  return length;
}

/* An unfinished character at the end stands for something too. */
static void emit_decoder_rest(struct weir_socket *socket) {
  char text[DECODER_END_BYTES];
  if (socket->extra == NULL || socket->extra->decoder.encoding == WEIR_ENCODING_NONE) return;
  size_t length = decoder_end(&socket->extra->decoder, text);
  if (length > 0) emit_data(socket, text, length);
}

/* A socket that does not flow keeps the beginning of a character, too. */
static bool keeps_decoder_rest(const struct weir_socket *socket) {
  return socket->flow != FLOW_ON && socket->extra != NULL && socket->extra->decoder.pending_count > 0;
}

/* The peer's end was delivered. Without half-open the own half ends too, once the listeners have run. */
void socket_end_reading(struct weir_socket *socket) {
  if (socket->extra != NULL) emit_decoder_rest(socket);
  if (socket->life != LIFE_OPEN) return;
  socket->read_half = READ_ENDED;
  socket_emit(socket, WEIR_EVENT_END);
  if (socket->life != LIFE_OPEN) return;
  if (!socket->allow_half_open && (socket->write_half == WRITE_OPEN || socket->write_half == WRITE_QUEUED)) {
    socket_end_with_peer(socket);
    if (socket->life != LIFE_OPEN) return;
  }
  socket_deliver_flow(socket);
  socket_close_if_over(socket);
}

static void fail_reading(struct weir_socket *socket) {
  weir_error *error = socket->extra->read_error;
  socket->extra->read_error = NULL;
  socket_destroy(socket, error);
  memory_put(&socket->handle.loop->allocator, error);
}

/* ---- from the backend ---- */

/* Bytes that are kept go first. */
APART static void end_behind_kept(struct weir_socket *socket, const struct completion *completion) {
  socket->read_half = READ_ENDING;
  if (completion->result == COMPLETION_END) return;
  char room[WEIR_ADDRESS_TEXT_BYTES];
  weir_error error = {.code = (weir_code)completion->result,
                      .native_code = completion->native_code,
                      .operation = "read",
                      .address = socket_address(socket, room),
                      .hint = completion->hint};
  socket->extra->read_error = failure_copy(&socket->handle.loop->allocator, &error);
  if (socket->extra->read_error == NULL) socket_fail(socket, "read", error.code, error.native_code, error.hint);
}

/* No further read will come: end of file, or an error. */
APART static void stop_reading(struct weir_socket *socket, const struct completion *completion) {
  bool at_end = completion->result == COMPLETION_END;
  socket->reading = false;
  if (has_kept(socket) || (at_end && keeps_decoder_rest(socket))) {
    end_behind_kept(socket, completion);
  } else if (at_end) {
    socket_end_reading(socket);
  } else {
    socket_fail(socket, "read", (weir_code)completion->result, completion->native_code, completion->hint);
  }
}

/* To a socket that decodes, fills a buffer of the user, or does not flow. */
APART static void receive_specially(struct weir_socket *socket, const void *bytes, size_t length) {
  size_t taken = 0;
  if (socket->read_half == READ_FLOWING) taken = deliver(socket, bytes, length);
  if (taken == length || socket->life != LIFE_OPEN) return;
  assert(socket->read_half == READ_HELD);
  socket_keep(socket, (const unsigned char *)bytes + taken, length - taken);
  if (socket->life == LIFE_OPEN) stop_reading_above_mark(socket);
}

/* To a socket with more than most have, perhaps only a time-out. */
APART static void receive_with_extra(struct weir_socket *socket, const void *bytes, size_t length) {
  const struct socket_extra *extra = socket->extra;
  socket_touch(socket);
  if (socket->write_half == WRITE_ENDED) socket_break_silence(socket);
  bool as_they_are = extra->onread == NULL && extra->decoder.encoding == WEIR_ENCODING_NONE;
  if (socket->read_half == READ_FLOWING && as_they_are) {
    emit_data(socket, bytes, length);
  } else {
    receive_specially(socket, bytes, length);
  }
}

void socket_read_done(const struct completion *completion) {
  struct weir_socket *socket = socket_of(completion->connection);
  if (completion->result <= 0) {
    if (completion->result == COMPLETION_END && socket->extra == NULL) {
      socket_come_to_end(socket);
    } else {
      stop_reading(socket, completion);
    }
    return;
  }
  size_t length = (size_t)completion->result;
  socket->bytes_read += length;
  socket->handle.loop->counters.bytes_read += length;
  if (socket->extra != NULL) {
    receive_with_extra(socket, completion->bytes, length);
  } else if (socket->read_half == READ_FLOWING) {
    emit_data(socket, completion->bytes, length);
  } else {
    receive_specially(socket, completion->bytes, length);
  }
}

/* ---- flow ---- */

void weir_socket_resume(weir_socket *socket) {
  loop_check_thread(socket->handle.loop);
  if (weir_socket_destroyed(socket) || socket->flow == FLOW_ON) return;
  socket_resume(socket);
}

void weir_socket_pause(weir_socket *socket) {
  loop_check_thread(socket->handle.loop);
  if (weir_socket_destroyed(socket) || socket->flow == FLOW_PAUSED) return;
  socket->flow = FLOW_PAUSED;
  if (socket->read_half == READ_FLOWING) socket->read_half = READ_HELD;
  socket->debts &= (uint8_t)~DEBT_RESUME;
  if (!socket_is_over(socket)) socket_owe(socket, DEBT_PAUSE); /* else it holds for the next life, which says nothing */
}

bool weir_socket_is_paused(const weir_socket *socket) { return socket->flow == FLOW_PAUSED; }

static bool may_deliver_kept(const struct weir_socket *socket) {
  return socket->flow == FLOW_ON && socket->life == LIFE_OPEN && has_kept(socket) && !is_leaving(socket);
}

/* The chunk leaves the list before it is delivered, for the listener may destroy the socket and all that it keeps. */
static void deliver_first_chunk(struct weir_socket *socket) {
  struct socket_extra *extra = socket->extra;
  struct chunk *chunk = extra->kept;
  size_t length = chunk->length - chunk->delivered;
  const unsigned char *bytes = chunk->bytes + chunk->delivered;
  enum read_half half = (enum read_half)socket->read_half;
  extra->kept = chunk->next;
  if (extra->kept == NULL) extra->kept_end = &extra->kept;
  extra->kept_bytes -= length;
  socket->read_half = READ_FLOWING;
  size_t taken = deliver(socket, bytes, length);
  if (socket->life == LIFE_OPEN) socket->read_half = (uint8_t)half;
  if (taken < length && socket->life == LIFE_OPEN) {
    chunk->delivered += taken;
    if (extra->kept == NULL) extra->kept_end = &chunk->next;
    chunk->next = extra->kept;
    extra->kept = chunk;
    extra->kept_bytes += length - taken;
  } else {
    memory_put(&socket->handle.loop->allocator, chunk);
  }
}

/* Behind what was kept the half flows, or has reached its end. */
static void resume_with_extra(struct weir_socket *socket) {
  while (may_deliver_kept(socket)) deliver_first_chunk(socket);
  if (socket->life != LIFE_OPEN) return;
  socket_start_reading(socket);
  if (has_kept(socket) || keeps_decoder_rest(socket)) return;
  if (socket->read_half == READ_HELD) {
    if (socket->flow == FLOW_ON) socket->read_half = READ_FLOWING;
  } else if (socket->read_half == READ_ENDING && socket->extra->read_error != NULL) {
    fail_reading(socket);
  } else if (socket->read_half == READ_ENDING) {
    socket_end_reading(socket);
  }
}

void socket_deliver_resume(struct weir_socket *socket) {
  if (socket_is_over(socket)) return;
  socket_emit(socket, WEIR_EVENT_RESUME);
  if (socket->extra != NULL) {
    resume_with_extra(socket);
  } else if (socket->life == LIFE_OPEN) {
    if (socket->read_half == READ_HELD && socket->flow == FLOW_ON) socket->read_half = READ_FLOWING;
    socket_start_reading(socket);
  }
}

weir_code weir_socket_set_encoding(weir_socket *socket, weir_encoding encoding) {
  if (socket == NULL || (unsigned)encoding > WEIR_ENCODING_BASE64URL) return WEIR_EINVAL;
  if (encoding == WEIR_ENCODING_NONE && socket->extra == NULL) return WEIR_OK;
  struct socket_extra *extra = socket_need_extra(socket);
  if (extra == NULL) return WEIR_ENOMEM;
  decoder_init(&extra->decoder, encoding);
  return WEIR_OK;
}
