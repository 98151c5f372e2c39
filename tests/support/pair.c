/* SPDX-License-Identifier: MIT */
/*
 * Connected pairs for cases that begin when the connection is there. See pair.h.
 */
#include "support/pair.h"

struct world_pair pair_open_with(struct world *world, const struct world_pair_options *options) {
  struct world_pair pair = world_pair(world, options);
  weir_server_unref(pair.server);
  world_forget(world);
  return pair;
}

struct world_pair pair_open(struct world *world, unsigned server_trace, unsigned client_trace) {
  struct world_pair_options options = {.server_trace = server_trace, .client_trace = client_trace};
  return pair_open_with(world, &options);
}

struct world_pair pair_open_half(struct world *world, unsigned server_trace, unsigned client_trace) {
  weir_server_options server = weir_server_options_default();
  weir_socket_options client = weir_socket_options_default();
  server.allow_half_open = true;
  client.allow_half_open = true;
  struct world_pair_options options = {&server, &client, server_trace, client_trace};
  return pair_open_with(world, &options);
}

struct arrival {
  weir_socket *accepted;
  bool has_accepted;
  bool connected;
};

static void keep_accepted(const weir_event *event, void *user) {
  struct arrival *arrival = user;
  arrival->accepted = weir_socket_retain(event->connection);
  arrival->has_accepted = true;
}

static void note_connected(const weir_event *event, void *user) {
  (void)event;
  *(bool *)user = true;
}

struct world_pair pair_beside(struct world *world, const struct world_pair *pair, const weir_socket_options *client) {
  struct arrival arrival = {NULL, false, false};
  struct world_pair made = {pair->server, NULL, world_connect(world, client)};
  assert_int_equal(weir_server_once(made.server, WEIR_EVENT_CONNECTION, keep_accepted, &arrival), WEIR_OK);
  assert_int_equal(weir_socket_once(made.client, WEIR_EVENT_CONNECT, note_connected, &arrival.connected), WEIR_OK);
  world_run_until(world, &arrival.connected);
  world_run_until(world, &arrival.has_accepted);
  made.accepted = world_keep_socket(world, arrival.accepted);
  world_forget(world);
  return made;
}

void pair_check(weir_socket *socket, struct world_stream *stream) {
  assert_int_equal(weir_socket_on(socket, WEIR_EVENT_DATA, world_check_on, stream), WEIR_OK);
}

void pair_run_until_read(struct world *world, const weir_socket *socket, uint64_t bytes) {
  for (int turn = 0; weir_socket_bytes_read(socket) < bytes; turn++) {
    if (turn == 5000) fail_msg("only %u bytes have come", (unsigned)weir_socket_bytes_read(socket));
    world_run_for(world, 1);
  }
}

void pair_end(struct world *world, const struct world_pair *pair) {
  weir_socket_end(pair->client, NULL);
  weir_socket_resume(pair->client);
  weir_socket_resume(pair->accepted);
  world_run(world);
}
