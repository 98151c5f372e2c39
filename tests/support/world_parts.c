/* SPDX-License-Identifier: MIT */
/*
 * Parts that many cases need: servers, sockets, connected pairs, writes that note their callbacks, and a pattern that
 * shows a lost, doubled or swapped byte.
 */
#include "world_private.h"

#include <stdlib.h>

/* ---- servers and sockets ---------------------------------------------------------------------------------------- */

weir_server *world_server(struct world *world, const weir_server_options *options, weir_listener connection,
                          void *user) {
  weir_server *server = NULL;
  assert_int_equal(weir_server_create(world->loop, options, connection, user, &server), WEIR_OK);
  return world_keep_server(world, server);
}

static void set_flag_on(const weir_event *event, void *flag) {
  (void)event;
  *(bool *)flag = true;
}

static void wait_until_listening(struct world *world, weir_server *server) {
  bool listening = false;
  weir_listen_options options = weir_listen_options_default();
  options.listener = set_flag_on;
  options.user = &listening;
  assert_int_equal(weir_server_listen(server, world->endpoint, &options), WEIR_OK);
  world_run_until(world, &listening);
}

weir_server *world_listen(struct world *world, const weir_server_options *options, weir_listener connection,
                          void *user) {
  weir_server *server = world_server(world, options, connection, user);
  wait_until_listening(world, server);
  return server;
}

const char *world_server_name(const struct world *world) {
  if (world->tcp) return world->endpoint + strlen("tcp:");
  return world->simulated ? "sim:case" : world->endpoint;
}

weir_socket *world_socket(struct world *world, const weir_socket_options *options) {
  weir_socket *socket = NULL;
  assert_int_equal(weir_socket_create(world->loop, options, &socket), WEIR_OK);
  return world_keep_socket(world, socket);
}

weir_socket *world_connect(struct world *world, const weir_socket_options *options) {
  weir_socket *socket = NULL;
  assert_int_equal(weir_connect(world->loop, world->endpoint, options, NULL, &socket), WEIR_OK);
  return world_keep_socket(world, socket);
}

weir_socket *world_connect_traced(struct world *world, const char *name) {
  weir_socket *client = world_connect(world, NULL);
  world_trace_socket(world, client, name, WORLD_TRACE_DATA);
  return client;
}

void world_keep_on(const weir_event *event, void *user) {
  static const char *const names[] = {"S1", "S2", "S3", "S4"};
  struct world_accepted *accepted = user;
  assert_true(accepted->count < sizeof accepted->sockets / sizeof *accepted->sockets);
  if (accepted->count < sizeof names / sizeof *names)
    world_trace_socket(accepted->world, event->connection, names[accepted->count], accepted->trace);
  accepted->sockets[accepted->count++] = world_keep_socket(accepted->world, weir_socket_retain(event->connection));
}

weir_server *world_listen_and_keep(struct world *world, struct world_accepted *accepted) {
  weir_server *server = world_server(world, NULL, world_keep_on, accepted);
  accepted->world = world;
  world_trace_server(world, server, "V");
  wait_until_listening(world, server);
  return server;
}

struct accepting {
  struct world *world;
  struct world_pair *pair;
  unsigned trace;
  bool accepted;
};

static void keep_accepted(const weir_event *event, void *user) {
  struct accepting *accepting = user;
  accepting->pair->accepted = world_keep_socket(accepting->world, weir_socket_retain(event->connection));
  world_trace_socket(accepting->world, event->connection, "S", accepting->trace);
  accepting->accepted = true;
}

struct world_pair world_pair(struct world *world, const struct world_pair_options *options) {
  static const struct world_pair_options defaults;
  if (!options) options = &defaults;
  struct world_pair pair = {NULL, NULL, NULL};
  struct accepting accepting = {world, &pair, options->server_trace, false};
  bool connected = false;
  pair.server = world_server(world, options->server, NULL, NULL);
  world_trace_server(world, pair.server, "V");
  assert_int_equal(weir_server_once(pair.server, WEIR_EVENT_CONNECTION, keep_accepted, &accepting), WEIR_OK);
  wait_until_listening(world, pair.server);
  pair.client = world_connect(world, options->client);
  world_trace_socket(world, pair.client, "C", options->client_trace);
  assert_int_equal(weir_socket_once(pair.client, WEIR_EVENT_CONNECT, set_flag_on, &connected), WEIR_OK);
  world_run_until(world, &connected);
  world_run_until(world, &accepting.accepted);
  return pair;
}

/* ---- listeners -------------------------------------------------------------------------------------------------- */

void world_on(weir_socket *socket, weir_event_type type, weir_listener listener, void *user) {
  assert_int_equal(weir_socket_on(socket, type, listener, user), WEIR_OK);
}

void world_on_server(weir_server *server, weir_event_type type, weir_listener listener, void *user) {
  assert_int_equal(weir_server_on(server, type, listener, user), WEIR_OK);
}

void world_destroy_on(const weir_event *event, void *unused) {
  (void)unused;
  weir_socket_destroy(event->type == WEIR_EVENT_CONNECTION ? event->connection : event->socket, NULL);
}

void world_end_on(const weir_event *event, void *unused) {
  (void)unused;
  weir_socket_end(event->type == WEIR_EVENT_CONNECTION ? event->connection : event->socket, NULL);
}

void world_close_server_on(const weir_event *event, void *server) {
  (void)event;
  weir_server_close(server, NULL, NULL);
}

/* ---- writes ----------------------------------------------------------------------------------------------------- */

static weir_write noted_write(struct world *world, const char *name, const char *callback, const void *bytes,
                              size_t length) {
  weir_write write = weir_write_default();
  write.bytes = bytes;
  write.length = length;
  write.callback = world_note_write;
  write.user = world_mark(world, name, callback);
  return write;
}

void world_learn_of_gone_peer(struct world *world, weir_socket *socket) {
  if (!world->tcp) return;
  assert_int_equal(weir_socket_write(socket, "?", 1), 1);
  world_run_for(world, 50);
}

int world_write(weir_socket *socket, const char *text) { return weir_socket_write(socket, text, strlen(text)); }

int world_write_noted(struct world *world, weir_socket *socket, const char *name, const char *text) {
  weir_write write = noted_write(world, name, "write-cb", text, strlen(text));
  return weir_socket_write_with(socket, &write);
}

int world_end_noted(struct world *world, weir_socket *socket, const char *name, const char *text) {
  weir_write write = noted_write(world, name, "end-cb", text, text ? strlen(text) : 0);
  return weir_socket_end(socket, &write);
}

int world_write_pattern(struct world *world, weir_socket *socket, const char *name, const char *callback, size_t length,
                        uint64_t position) {
  void *bytes = malloc(length);
  assert_non_null(bytes);
  world_fill(bytes, length, position);
  weir_write write = noted_write(world, name, callback, bytes, length);
  int result = weir_socket_write_with(socket, &write);
  free(bytes);
  return result;
}

/* ---- the pattern ------------------------------------------------------------------------------------------------ */

/* Its period is 2^24, longer than any write, and no byte equals its neighbours' by position alone. */
static unsigned char pattern_byte(uint64_t position) {
  return (unsigned char)(position * 131 + (position >> 8) * 17 + (position >> 16) * 7);
}

void world_fill(void *bytes, size_t length, uint64_t position) {
  unsigned char *byte = bytes;
  for (size_t i = 0; i < length; i++) byte[i] = pattern_byte(position + i);
}

bool world_check(const void *bytes, size_t length, uint64_t position) {
  const unsigned char *byte = bytes;
  for (size_t i = 0; i < length; i++)
    if (byte[i] != pattern_byte(position + i)) return false;
  return true;
}

void world_check_on(const weir_event *event, void *user) {
  struct world_stream *stream = user;
  if (!world_check(event->data.bytes, event->data.length, stream->bytes)) stream->broken = true;
  stream->bytes += event->data.length;
}
