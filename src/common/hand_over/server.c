/* SPDX-License-Identifier: MIT */
/* A server on its way to another loop: a parcel, together with the post that carries it, of the new loop's memory. */
#include "common/server/server.h"
#include "common/base/list.h"
#include "common/base/memory.h"
#include "common/hand_over/hand_over.h"
#include "common/hand_over/parcel.h"
#include "common/loop/post.h"

struct server_voyage {
  struct post post;
  struct server_parcel parcel;
  weir_loop *loop; /* the new one */
  weir_server_arrival arrival;
  void *user;
};

static void end(struct server_voyage *voyage) {
  server_parcel_discard(&voyage->parcel, voyage->loop);
  server_parcel_clear(&voyage->parcel);
  memory_put(&voyage->loop->allocator, voyage);
}

/* The new loop ended before it could arrive. */
static void drop(void *user) { end(user); }

static void arrive(void *user) {
  struct server_voyage *voyage = user;
  weir_server *server = NULL;
  weir_code code = voyage->parcel.code;
  if (code == WEIR_OK) code = server_parcel_unpack(&voyage->parcel, voyage->loop, &server);
  voyage->arrival(voyage->loop, server, code, voyage->user);
  end(voyage);
}

static void send(struct server_parcel *parcel) {
  struct server_voyage *voyage = CONTAINER_OF(parcel, struct server_voyage, parcel);
  voyage->post = (struct post){.function = arrive, .dropped = drop, .user = voyage};
  post_send(voyage->loop, &voyage->post);
}

static weir_code check(const weir_server *server, const weir_loop *to) {
  const weir_loop *from = server->handle.loop;
  if (from->ended) return WEIR_ECANCELED;
  if (!weir_server_listening(server)) return WEIR_ENOTOPEN;
  if (server->lacks_acceptor) return WEIR_ENOTSUP;
  return hand_over_fits(from, to) ? WEIR_OK : WEIR_EINVAL;
}

weir_code weir_server_hand_over(weir_server *server, weir_loop *to, weir_server_arrival arrival, void *user) {
  if (server == NULL || to == NULL || arrival == NULL) return WEIR_EINVAL;
  loop_check_thread(server->handle.loop);
  weir_code code = check(server, to);
  if (code != WEIR_OK) return code;
  struct server_voyage *voyage = memory_get_zeroed(&to->allocator, sizeof *voyage);
  if (voyage == NULL) return WEIR_ENOMEM;
  voyage->parcel.packed = send;
  voyage->loop = to;
  voyage->arrival = arrival;
  voyage->user = user;
  server_parcel_begin(server, &voyage->parcel);
  return WEIR_OK;
}
