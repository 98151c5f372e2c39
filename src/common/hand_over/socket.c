/* SPDX-License-Identifier: MIT */
/*
 * A socket on its way to another loop. Reading stops when it is asked for, so that nothing is read that nobody could
 * take along; what is queued is written first; bytes that were kept, the beginning of a character, an end that was seen
 * and the counters travel with it. Nothing is lost, and nothing comes twice. (contract D16)
 */
#include <string.h>

#include "common/base/failure.h"
#include "common/base/memory.h"
#include "common/hand_over/hand_over.h"
#include "common/loop/post.h"
#include "common/socket/options.h"
#include "common/socket/socket.h"

struct socket_parcel {
  struct post post;
  weir_loop *loop; /* the new one */
  weir_socket_arrival arrival;
  void *user;
  weir_code code;  /* why it is empty, or WEIR_OK */
  bool has_native; /* somebody must open it or close it */
  intptr_t native;
  void *socket_user;
  struct socket_options options;
  weir_address local;  /* of no family over anything but TCP */
  weir_address remote; /* likewise */
  bool allow_half_open;
  bool write_ended;
  enum read_half read_half;
  enum flow flow;
  uint64_t bytes_read;
  uint64_t bytes_written;
  size_t high_water_mark;
  uint64_t idle_ms;
  struct decoder decoder;
  weir_error *read_error; /* came behind the bytes */
  unsigned char *bytes;   /* read and not delivered; NULL: none */
  size_t length;
};

static const weir_allocator *allocator_of(const struct socket_parcel *parcel) { return &parcel->loop->allocator; }

/* ---- leaving ---- */

static weir_code check(const struct weir_socket *socket, const weir_loop *to) {
  const weir_loop *from = socket->handle.loop;
  if (from->ended) return WEIR_ECANCELED;
  if (socket_is_over(socket)) return WEIR_EDESTROYED;
  if (socket->life != LIFE_OPEN) return WEIR_ENOTCONN;
  if (!hand_over_fits(from, to)) return WEIR_EINVAL;
  const struct socket_extra *extra = socket->extra;
  if (extra == NULL) return WEIR_OK;
  if (extra->parcel != NULL) return WEIR_EALREADY;
  return list_empty(&extra->pipes_in) && list_empty(&extra->pipes_out) ? WEIR_OK : WEIR_EBUSY;
}

weir_code weir_socket_hand_over(weir_socket *socket, weir_loop *to, weir_socket_arrival arrival, void *user) {
  if (socket == NULL || to == NULL || arrival == NULL) return WEIR_EINVAL;
  loop_check_thread(socket->handle.loop);
  weir_code code = check(socket, to);
  if (code != WEIR_OK) return code;
  struct socket_extra *extra = socket_need_extra(socket);
  struct socket_parcel *parcel = extra == NULL ? NULL : memory_get_zeroed(&to->allocator, sizeof *parcel);
  if (parcel == NULL) return WEIR_ENOMEM;
  parcel->loop = to;
  parcel->arrival = arrival;
  parcel->user = user;
  extra->parcel = parcel;
  socket_stop_reading(socket);
  if (socket->read_half == READ_FLOWING) socket->read_half = READ_HELD; /* a delivery under way keeps the rest */
  handle_owe(&socket->handle); /* the connection leaves behind that delivery, not inside it */
  return WEIR_OK;
}

void hand_over_go_on(struct weir_socket *socket) {
  struct socket_parcel *parcel = socket->extra == NULL ? NULL : socket->extra->parcel;
  if (parcel == NULL || socket->life != LIFE_OPEN) return;
  if (socket_has_writes(socket) || socket->shutting_down || socket->write_half == WRITE_ENDING) return;
  parcel->allow_half_open = socket->allow_half_open;
  parcel->write_ended = socket->write_half == WRITE_ENDED;
  parcel->read_half = (enum read_half)socket->read_half;
  parcel->flow = (enum flow)socket->flow;
  parcel->idle_ms = socket->extra->idle_ms;
  socket_detach(socket);
}

/* Takes along what was kept, and behind it what the system had given. */
static weir_code pack_bytes(struct socket_parcel *parcel, struct weir_socket *socket,
                            const struct completion *completion) {
  size_t kept = weir_socket_kept(socket);
  size_t given = completion->result > 0 ? (size_t)completion->result : 0;
  if (kept + given == 0) return WEIR_OK;
  parcel->bytes = memory_get(allocator_of(parcel), kept + given);
  if (parcel->bytes == NULL) return WEIR_ENOMEM;
  socket_copy_kept(socket, parcel->bytes);
  if (given > 0) memcpy(parcel->bytes + kept, completion->bytes, given);
  parcel->length = kept + given;
  parcel->bytes_read = socket->bytes_read + given;
  return WEIR_OK;
}

static weir_code pack(struct socket_parcel *parcel, struct weir_socket *socket, const struct completion *completion) {
  const struct socket_extra *extra = socket->extra;
  if (completion->result < 0) return (weir_code)completion->result;
  parcel->has_native = true;
  parcel->native = completion->native;
  parcel->socket_user = socket->handle.user;
  parcel->options = *socket_options_of(socket);
  weir_socket_local_address(socket, &parcel->local);
  weir_socket_remote_address(socket, &parcel->remote);
  parcel->bytes_read = socket->bytes_read;
  parcel->bytes_written = socket->bytes_written;
  parcel->high_water_mark = socket_mark(socket);
  parcel->decoder = extra->decoder;
  if (extra->read_error != NULL) {
    parcel->read_error = failure_copy(allocator_of(parcel), extra->read_error);
    if (parcel->read_error == NULL) return WEIR_ENOMEM;
  }
  return pack_bytes(parcel, socket, completion);
}

static void discard_native(struct socket_parcel *parcel) {
  if (parcel->has_native) parcel->loop->operations->open(parcel->loop->backend, NULL, parcel->native);
  parcel->has_native = false;
}

static void free_parcel(struct socket_parcel *parcel) {
  const weir_allocator *allocator = allocator_of(parcel);
  memory_put(allocator, parcel->bytes);
  memory_put(allocator, parcel->read_error);
  memory_put(allocator, parcel);
}

/* The new loop ended before it could arrive. */
static void drop(void *user) {
  struct socket_parcel *parcel = user;
  discard_native(parcel);
  free_parcel(parcel);
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

/* A socket as it was, on the new loop, with one owner who is not the loop. */
static weir_code unpack(struct socket_parcel *parcel, struct weir_socket **unpacked) {
  struct weir_socket *socket = socket_make(parcel->loop, parcel->allow_half_open, true, parcel->socket_user);
  struct socket_extra *extra = socket == NULL ? NULL : socket_need_extra(socket);
  weir_code code = extra == NULL ? WEIR_ENOMEM : restore_options(socket, parcel);
  if (code == WEIR_OK) code = open_native(socket, parcel);
  if (code != WEIR_OK) {
    weir_socket_release(socket);
    return code;
  }
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
  *unpacked = socket;
  return WEIR_OK;
}

/* As with an accepted socket, reading begins behind the callback, which may add listeners first. */
static void arrive(void *user) {
  struct socket_parcel *parcel = user;
  struct weir_socket *socket = NULL;
  if (parcel->code == WEIR_OK) parcel->code = unpack(parcel, &socket);
  discard_native(parcel);
  if (socket != NULL) handle_retain(&socket->handle);
  parcel->arrival(parcel->loop, socket, parcel->code, parcel->user);
  if (socket != NULL) {
    socket_start_reading(socket);
    handle_release(&socket->handle);
  }
  free_parcel(parcel);
}

/* ---- sending ---- */

static void send(struct weir_socket *socket, struct socket_parcel *parcel, weir_code code) {
  socket->extra->parcel = NULL;
  parcel->code = code;
  parcel->post = (struct post){.function = arrive, .dropped = drop, .user = parcel};
  post_send(parcel->loop, &parcel->post);
}

void hand_over_send(struct weir_socket *socket, const struct completion *completion) {
  struct socket_parcel *parcel = socket->extra == NULL ? NULL : socket->extra->parcel;
  if (parcel != NULL) send(socket, parcel, pack(parcel, socket, completion));
}

void hand_over_fail(struct weir_socket *socket, weir_code code) {
  struct socket_parcel *parcel = socket->extra == NULL ? NULL : socket->extra->parcel;
  if (parcel != NULL) send(socket, parcel, code);
}
