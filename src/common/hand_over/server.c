/* SPDX-License-Identifier: MIT */
/*
 * A server on its way to another loop: the listening socket goes, with the clients that wait in it, and a new server
 * there listens on it. Connections stay where they are, and the old server closes behind the last of them.
 */
#include "common/server/server.h"
#include "common/base/memory.h"
#include "common/hand_over/hand_over.h"
#include "common/loop/post.h"

struct server_parcel {
  struct post post;
  weir_loop *loop; /* the new one */
  weir_server_arrival arrival;
  void *user;
  weir_code code;  /* why it is empty, or WEIR_OK */
  bool has_native; /* somebody must listen on it or close it */
  intptr_t native;
  bool owns_file; /* of `native` */
  int backlog;
  void *server_user;
  bool allow_half_open;
  bool pause_on_connect;
  size_t high_water_mark;
  int max_connections;
  weir_block_list *block_list;
  struct socket_options socket_options;
};

/* ---- leaving ---- */

static weir_code check(const weir_server *server, const weir_loop *to) {
  const weir_loop *from = server->handle.loop;
  if (from->ended) return WEIR_ECANCELED;
  if (!weir_server_listening(server)) return WEIR_ENOTOPEN;
  return hand_over_fits(from, to) ? WEIR_OK : WEIR_EINVAL;
}

weir_code weir_server_hand_over(weir_server *server, weir_loop *to, weir_server_arrival arrival, void *user) {
  if (server == NULL || to == NULL || arrival == NULL) return WEIR_EINVAL;
  loop_check_thread(server->handle.loop);
  weir_code code = check(server, to);
  if (code != WEIR_OK) return code;
  struct server_parcel *parcel = memory_get_zeroed(&to->allocator, sizeof *parcel);
  if (parcel == NULL) return WEIR_ENOMEM;
  parcel->loop = to;
  parcel->arrival = arrival;
  parcel->user = user;
  parcel->backlog = server->backlog;
  parcel->server_user = server->handle.user;
  parcel->allow_half_open = server->allow_half_open;
  parcel->pause_on_connect = server->pause_on_connect;
  parcel->high_water_mark = server->high_water_mark;
  parcel->max_connections = server->max_connections;
  parcel->socket_options = server->socket_options;
  if (server->block_list != NULL) parcel->block_list = weir_block_list_retain(server->block_list);
  server->parcel = parcel;
  server_stop_listening(server, ENDING_DETACH);
  return WEIR_OK;
}

static void free_parcel(struct server_parcel *parcel) {
  const weir_loop *loop = parcel->loop;
  if (parcel->has_native) loop->operations->open(loop->backend, NULL, parcel->native);
  weir_block_list_release(parcel->block_list);
  memory_put(&loop->allocator, parcel);
}

/* The new loop ended before it could arrive. */
static void drop(void *user) { free_parcel(user); }

/* ---- arriving ---- */

static weir_server *make_server(struct server_parcel *parcel) {
  weir_server_options options = weir_server_options_default();
  weir_server *server = NULL;
  options.allow_half_open = parcel->allow_half_open;
  options.pause_on_connect = parcel->pause_on_connect;
  options.high_water_mark = parcel->high_water_mark;
  options.block_list = parcel->block_list;
  options.user = parcel->server_user;
  if (weir_server_create(parcel->loop, &options, NULL, NULL, &server) != WEIR_OK) return NULL;
  server->max_connections = parcel->max_connections;
  server->socket_options = parcel->socket_options;
  return server;
}

/* A server that listens, or why there is none; its `listening` is owed. What it would report, the arrival tells. */
static weir_code unpack(struct server_parcel *parcel, weir_server **unpacked) {
  weir_listen_options options = weir_listen_options_default();
  options.backlog = parcel->backlog;
  struct listen_request request = server_listen_request(NULL, &options);
  request.native = parcel->native;
  request.owns_file = parcel->owns_file;
  weir_server *server = make_server(parcel);
  if (server == NULL) return WEIR_ENOMEM;
  weir_code code = server_listen_on(server, &request, NULL);
  if (code == WEIR_OK && !weir_server_listening(server)) {
    code = server->failure->code;
    server_forget_failure(server);
  }
  if (code == WEIR_OK) {
    parcel->has_native = false;
    *unpacked = server;
  } else {
    weir_server_release(server);
  }
  return code;
}

static void arrive(void *user) {
  struct server_parcel *parcel = user;
  weir_server *server = NULL;
  if (parcel->code == WEIR_OK) parcel->code = unpack(parcel, &server);
  parcel->arrival(parcel->loop, server, parcel->code, parcel->user);
  free_parcel(parcel);
}

/* ---- sending ---- */

void hand_over_send_server(weir_server *server, const struct completion *completion) {
  struct server_parcel *parcel = server->parcel;
  if (parcel == NULL) return;
  server->parcel = NULL;
  parcel->code = (weir_code)completion->result;
  parcel->has_native = parcel->code == WEIR_OK;
  parcel->native = completion->native;
  parcel->owns_file = parcel->has_native && completion->owns_file;
  parcel->post = (struct post){.function = arrive, .dropped = drop, .user = parcel};
  post_send(parcel->loop, &parcel->post);
}
