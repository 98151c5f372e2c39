/* SPDX-License-Identifier: MIT */
/*
 * A socket on its way to another loop: a parcel, together with the post that carries it. Both are of the new loop's
 * memory, so that once a connection has left its old loop only the new one can be short of anything. The old thread
 * does not touch them after they were sent.
 */
#include "common/base/list.h"
#include "common/base/memory.h"
#include "common/hand_over/hand_over.h"
#include "common/hand_over/parcel.h"
#include "common/loop/post.h"

struct socket_voyage {
  struct post post;
  struct socket_parcel parcel;
  weir_loop *loop; /* the new one */
  weir_socket_arrival arrival;
  void *user;
};

static void end(struct socket_voyage *voyage) {
  socket_parcel_discard(&voyage->parcel, voyage->loop);
  socket_parcel_clear(&voyage->parcel);
  memory_put(&voyage->loop->allocator, voyage);
}

/* The new loop ended before it could arrive. */
static void drop(void *user) { end(user); }

/* As with an accepted socket, reading begins behind the callback, which may add listeners first. */
static void arrive(void *user) {
  struct socket_voyage *voyage = user;
  struct weir_socket *socket = NULL;
  weir_code code = voyage->parcel.code;
  if (code == WEIR_OK) code = socket_parcel_unpack(&voyage->parcel, voyage->loop, &socket);
  socket_parcel_discard(&voyage->parcel, voyage->loop);
  if (socket != NULL) handle_retain(&socket->handle);
  voyage->arrival(voyage->loop, socket, code, voyage->user);
  if (socket != NULL) {
    socket_start_reading(socket);
    handle_release(&socket->handle);
  }
  end(voyage);
}

static void send(struct socket_parcel *parcel) {
  struct socket_voyage *voyage = CONTAINER_OF(parcel, struct socket_voyage, parcel);
  voyage->post = (struct post){.function = arrive, .dropped = drop, .user = voyage};
  post_send(voyage->loop, &voyage->post);
}

weir_code weir_socket_hand_over(weir_socket *socket, weir_loop *to, weir_socket_arrival arrival, void *user) {
  if (socket == NULL || to == NULL || arrival == NULL) return WEIR_EINVAL;
  loop_check_thread(socket->handle.loop);
  weir_code code = socket_parcel_check(socket);
  if (code != WEIR_OK) return code;
  if (!hand_over_fits(socket->handle.loop, to)) return WEIR_EINVAL;
  struct socket_voyage *voyage = memory_get_zeroed(&to->allocator, sizeof *voyage);
  if (voyage == NULL) return WEIR_ENOMEM;
  voyage->parcel.allocator = &to->allocator;
  voyage->parcel.packed = send;
  voyage->loop = to;
  voyage->arrival = arrival;
  voyage->user = user;
  code = socket_parcel_begin(socket, &voyage->parcel);
  if (code != WEIR_OK) memory_put(&to->allocator, voyage);
  return code;
}
