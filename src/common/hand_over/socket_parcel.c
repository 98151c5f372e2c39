/* SPDX-License-Identifier: MIT */
/*
 * Packing a socket into a parcel, and making a socket of one. Reading stops when it begins to leave, so that nothing is
 * read that nobody could take along; what is queued is written first; bytes that were kept, the beginning of a
 * character, an end that was seen and the counters travel with it. Nothing is lost, and nothing comes twice. (contract
 * D16)
 */
#include <string.h>

#include "common/base/failure.h"
#include "common/base/memory.h"
#include "common/hand_over/hand_over.h"
#include "common/hand_over/parcel.h"
#include "common/passing.h"
#include "common/socket/options.h"
#include "common/socket/socket.h"

/* ---- leaving ---- */

weir_code socket_parcel_check(const struct weir_socket *socket) {
  if (socket->handle.loop->ended) return WEIR_ECANCELED;
  if (socket_is_over(socket)) return WEIR_EDESTROYED;
  if (socket->life != LIFE_OPEN) return WEIR_ENOTCONN;
  const struct socket_extra *extra = socket->extra;
  if (extra == NULL) return WEIR_OK;
  if (extra->parcel != NULL) return WEIR_EALREADY;
  return list_empty(&extra->pipes_in) && list_empty(&extra->pipes_out) ? WEIR_OK : WEIR_EBUSY;
}

weir_code socket_parcel_begin(struct weir_socket *socket, struct socket_parcel *parcel) {
  struct socket_extra *extra = socket_need_extra(socket);
  if (extra == NULL) return WEIR_ENOMEM;
  extra->parcel = parcel;
  socket_stop_reading(socket);
  if (socket->read_half == READ_FLOWING) socket->read_half = READ_HELD; /* a delivery under way keeps the rest */
  handle_owe(&socket->handle); /* the connection leaves behind that delivery, not inside it */
  return WEIR_OK;
}

static void note_halves(struct socket_parcel *parcel, const struct weir_socket *socket) {
  parcel->allow_half_open = socket->allow_half_open;
  parcel->write_ended = socket->write_half == WRITE_ENDED;
  parcel->read_half = (enum read_half)socket->read_half;
  parcel->flow = (enum flow)socket->flow;
  parcel->idle_ms = socket->extra->idle_ms;
}

void hand_over_go_on(struct weir_socket *socket) {
  struct socket_parcel *parcel = socket->extra == NULL ? NULL : socket->extra->parcel;
  if (parcel == NULL || socket->life != LIFE_OPEN) return;
  if (socket_has_writes(socket) || socket->shutting_down || socket->write_half == WRITE_ENDING) return;
  note_halves(parcel, socket);
  if (parcel->leaving != NULL) parcel->leaving(parcel, socket);
  socket_detach(socket);
}

/* Takes along what was kept, and behind it what the system had given. */
static weir_code pack_bytes(struct socket_parcel *parcel, struct weir_socket *socket,
                            const struct completion *completion) {
  size_t kept = weir_socket_kept(socket);
  size_t given = completion->result > 0 ? (size_t)completion->result : 0;
  if (kept + given == 0) return WEIR_OK;
  parcel->bytes = memory_get(parcel->allocator, kept + given);
  if (parcel->bytes == NULL) return WEIR_ENOMEM;
  socket_copy_kept(socket, parcel->bytes);
  if (given > 0) memcpy(parcel->bytes + kept, completion->bytes, given);
  parcel->length = kept + given;
  parcel->bytes_read = socket->bytes_read + given;
  return WEIR_OK;
}

static void note_socket(struct socket_parcel *parcel, const struct weir_socket *socket) {
  parcel->user = socket->handle.user;
  parcel->options = *socket_options_of(socket);
  weir_socket_local_address(socket, &parcel->local);
  weir_socket_remote_address(socket, &parcel->remote);
  parcel->bytes_read = socket->bytes_read;
  parcel->bytes_written = socket->bytes_written;
  parcel->high_water_mark = socket_mark(socket);
}

static weir_code pack(struct socket_parcel *parcel, struct weir_socket *socket, const struct completion *completion) {
  const struct socket_extra *extra = socket->extra;
  if (completion->result < 0) return (weir_code)completion->result;
  parcel->has_native = true;
  parcel->native = completion->native;
  note_socket(parcel, socket);
  parcel->decoder = extra->decoder;
  if (extra->read_error != NULL) {
    parcel->read_error = failure_copy(parcel->allocator, extra->read_error);
    if (parcel->read_error == NULL) return WEIR_ENOMEM;
  }
  return pack_bytes(parcel, socket, completion);
}

static void conclude(struct weir_socket *socket, struct socket_parcel *parcel, weir_code code) {
  socket->extra->parcel = NULL;
  parcel->code = code;
  parcel->packed(parcel);
}

void hand_over_send(struct weir_socket *socket, const struct completion *completion) {
  struct socket_parcel *parcel = socket->extra == NULL ? NULL : socket->extra->parcel;
  if (parcel != NULL) conclude(socket, parcel, pack(parcel, socket, completion));
}

void hand_over_fail(struct weir_socket *socket, weir_code code) {
  struct socket_parcel *parcel = socket->extra == NULL ? NULL : socket->extra->parcel;
  if (parcel != NULL) conclude(socket, parcel, code);
}

/* ---- staying ---- */

/* The beginning of a character stays with the bytes behind which it came. */
weir_code socket_parcel_copy(struct weir_socket *socket, struct socket_parcel *parcel) {
  const struct passing_operations *passing = socket_operations(socket)->passing;
  const struct socket_extra *extra = socket_need_extra(socket);
  if (extra == NULL) return WEIR_ENOMEM;
  weir_code code = passing->duplicate_connection(socket_backend(socket), socket_connection(socket), &parcel->native);
  if (code != WEIR_OK) return code;
  parcel->has_native = true;
  note_halves(parcel, socket);
  note_socket(parcel, socket);
  decoder_init(&parcel->decoder, extra->decoder.encoding);
  return WEIR_OK;
}

/* ---- arriving ---- */

static void restore_halves(struct weir_socket *socket, const struct socket_parcel *parcel) {
  bool waits = parcel->read_half == READ_ENDING;
  if (parcel->length > 0) socket_keep(socket, parcel->bytes, parcel->length);
  if (socket->life != LIFE_OPEN) return;
  if (waits || parcel->read_half == READ_ENDED) socket->read_half = (uint8_t)parcel->read_half;
  if (parcel->write_ended) socket->write_half = WRITE_ENDED;
}

static weir_code restore_options(struct weir_socket *socket, const struct socket_parcel *parcel) {
  return socket_options_any(&parcel->options) ? socket_set_options(socket, &parcel->options) : WEIR_OK;
}

static weir_code open_native(struct weir_socket *socket, struct socket_parcel *parcel) {
  memset(socket_connection(socket), 0, socket_operations(socket)->connection_bytes);
  struct outcome outcome =
      socket_operations(socket)->open(socket_backend(socket), socket_connection(socket), parcel->native);
  if (outcome.code == WEIR_OK) parcel->has_native = false;
  return outcome.code;
}

static void restore(struct weir_socket *socket, struct socket_parcel *parcel) {
  struct socket_extra *extra = socket->extra;
  extra->high_water_mark = parcel->high_water_mark;
  extra->decoder = parcel->decoder;
  extra->read_error = parcel->read_error;
  parcel->read_error = NULL;
  socket_begin_life(socket);
  if (parcel->remote.family == WEIR_FAMILY_NONE) {
    socket_meet_whoever(socket);
  } else {
    socket_meet_between(socket, &parcel->local, &parcel->remote);
  }
  socket->flow = parcel->flow == FLOW_PAUSED ? FLOW_PAUSED : FLOW_UNDECIDED;
  socket_become_open(socket);
  socket->bytes_read = parcel->bytes_read;
  socket->bytes_written = parcel->bytes_written;
  restore_halves(socket, parcel);
  if (parcel->idle_ms != 0) weir_socket_set_timeout(socket, parcel->idle_ms);
}

weir_code socket_parcel_unpack(struct socket_parcel *parcel, weir_loop *loop, struct weir_socket **unpacked) {
  struct weir_socket *socket = socket_make(loop, parcel->allow_half_open, parcel->user);
  bool ready = socket != NULL && socket_need_extra(socket) != NULL;
  weir_code code = ready ? restore_options(socket, parcel) : WEIR_ENOMEM;
  if (code == WEIR_OK) code = open_native(socket, parcel);
  if (code != WEIR_OK) {
    weir_socket_release(socket);
    return code;
  }
  restore(socket, parcel);
  *unpacked = socket;
  return WEIR_OK;
}

/* ---- whatever has become of it ---- */

void socket_parcel_discard(struct socket_parcel *parcel, weir_loop *loop) {
  if (parcel->has_native) loop->operations->open(loop->backend, NULL, parcel->native);
  parcel->has_native = false;
}

void socket_parcel_clear(struct socket_parcel *parcel) {
  memory_put(parcel->allocator, parcel->bytes);
  memory_put(parcel->allocator, parcel->read_error);
  parcel->bytes = NULL;
  parcel->length = 0;
  parcel->read_error = NULL;
}
