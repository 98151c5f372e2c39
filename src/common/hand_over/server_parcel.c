/* SPDX-License-Identifier: MIT */
/*
 * Packing a server into a parcel, and making a server of one: the listening socket goes, with the clients that wait in
 * it. Connections stay where they are, and the old server closes behind the last of them.
 */
#include <string.h>

#include "common/hand_over/hand_over.h"
#include "common/hand_over/parcel.h"
#include "common/passing.h"
#include "common/server/server.h"

/* ---- leaving, or staying ---- */

static void note_server(struct server_parcel *parcel, const weir_server *server) {
  parcel->backlog = server->backlog;
  parcel->user = server->handle.user;
  parcel->allow_half_open = server->allow_half_open;
  parcel->pause_on_connect = server->pause_on_connect;
  parcel->high_water_mark = server->high_water_mark;
  parcel->max_connections = server->max_connections;
  parcel->socket_options = server->socket_options;
  if (server->block_list != NULL) parcel->block_list = weir_block_list_retain(server->block_list);
}

void server_parcel_begin(weir_server *server, struct server_parcel *parcel) {
  note_server(parcel, server);
  server->parcel = parcel;
  server_stop_listening(server, ENDING_DETACH);
}

void hand_over_send_server(weir_server *server, const struct completion *completion) {
  struct server_parcel *parcel = server->parcel;
  if (parcel == NULL) return;
  server->parcel = NULL;
  parcel->code = (weir_code)completion->result;
  parcel->has_native = parcel->code == WEIR_OK;
  parcel->native = completion->native;
  parcel->owns_file = parcel->has_native && completion->owns_file;
  parcel->packed(parcel);
}

weir_code server_parcel_copy(weir_server *server, struct server_parcel *parcel) {
  const weir_loop *loop = server->handle.loop;
  weir_code code =
      loop->operations->passing->duplicate_acceptor(loop->backend, server_acceptor(server), &parcel->native);
  if (code != WEIR_OK) return code;
  parcel->has_native = true;
  note_server(parcel, server);
  return WEIR_OK;
}

/* ---- arriving ---- */

static weir_server *make_server(const struct server_parcel *parcel, weir_loop *loop) {
  weir_server_options options = weir_server_options_default();
  weir_server *server = NULL;
  options.allow_half_open = parcel->allow_half_open;
  options.pause_on_connect = parcel->pause_on_connect;
  options.high_water_mark = parcel->high_water_mark;
  options.block_list = parcel->block_list;
  options.user = parcel->user;
  if (weir_server_create(loop, &options, NULL, NULL, &server) != WEIR_OK) return NULL;
  server->max_connections = parcel->max_connections;
  server->socket_options = parcel->socket_options;
  return server;
}

/* What listening would report, the caller tells. */
static weir_code listen_on_it(weir_server *server, const struct server_parcel *parcel) {
  weir_listen_options options = weir_listen_options_default();
  options.backlog = parcel->backlog;
  struct listen_request request = server_listen_request(NULL, &options);
  request.native = parcel->native;
  request.owns_file = parcel->owns_file;
  weir_code code = server_listen_on(server, &request, NULL);
  if (code != WEIR_OK || weir_server_listening(server)) return code;
  code = server->failure->code;
  server_forget_failure(server);
  return code;
}

weir_code server_parcel_unpack(struct server_parcel *parcel, weir_loop *loop, weir_server **unpacked) {
  weir_server *server = make_server(parcel, loop);
  if (server == NULL) return WEIR_ENOMEM;
  weir_code code = listen_on_it(server, parcel);
  if (code == WEIR_OK) {
    parcel->has_native = false;
    *unpacked = server;
  } else {
    weir_server_release(server);
  }
  return code;
}

/* ---- whatever has become of it ---- */

void server_parcel_discard(struct server_parcel *parcel, weir_loop *loop) {
  if (parcel->has_native) loop->operations->open(loop->backend, NULL, parcel->native);
  parcel->has_native = false;
}

void server_parcel_clear(struct server_parcel *parcel) {
  weir_block_list_release(parcel->block_list);
  parcel->block_list = NULL;
}
