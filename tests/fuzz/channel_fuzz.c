/* SPDX-License-Identifier: MIT */
/*
 * A channel whose bytes are changed on their way: whatever comes, nothing crashes, nobody is told twice or never, both
 * ends close, and nothing is left over. Between two true channels of a simulated world stands somebody who carries the
 * bytes of both directions; the input says where he changes what: each two bytes of it are how many bytes he leaves
 * alone, and how the next one is changed. The first byte chooses whether the answers are changed instead.
 */
#include <string.h>

#include <weir/weir.h>

#include "common/channel/channel.h"
#include "common/loop/loop.h"
#include "common/passing.h"
#include "fuzz.h"

enum { TURNS_MAX = 3000 };

struct carrier {
  weir_socket *from;
  weir_socket *to;
  const uint8_t *changes; /* pairs; NULL: he changes nothing */
  size_t left;            /* of these */
  size_t wait;            /* bytes until the next one */
};

struct play {
  weir_loop *loop;
  weir_channel *ends[2];
  struct carrier carriers[2];
  weir_server *server;
  weir_socket *client;
  long blocks;
  int sends;
  int callbacks;
  int closes;
};

static void *count_blocks(void *user, void *block, size_t bytes) {
  struct play *play = user;
  if (bytes == 0) {
    if (block != NULL) play->blocks--;
    free(block);
    return NULL;
  }
  void *resized = realloc(block, bytes);
  REQUIRE(resized != NULL);
  if (block == NULL) play->blocks++;
  return resized;
}

/* ---- the carrier ---- */

static void await_next_change(struct carrier *carrier) { carrier->wait = carrier->left >= 2 ? carrier->changes[0] : 0; }

static void change(struct carrier *carrier, unsigned char *bytes, size_t length) {
  size_t at = 0;
  while (carrier->left >= 2 && length - at > carrier->wait) {
    at += carrier->wait;
    bytes[at++] ^= carrier->changes[1];
    carrier->changes += 2;
    carrier->left -= 2;
    await_next_change(carrier);
  }
  if (carrier->left >= 2) carrier->wait -= length - at;
}

static void carry(const weir_event *event, void *user) {
  struct carrier *carrier = user;
  unsigned char *copy = malloc(event->data.length);
  REQUIRE(copy != NULL);
  memcpy(copy, event->data.bytes, event->data.length);
  change(carrier, copy, event->data.length);
  weir_socket_write(carrier->to, copy, event->data.length);
  free(copy);
}

static void carry_end(const weir_event *event, void *user) {
  (void)event;
  weir_socket_destroy_soon(((struct carrier *)user)->to);
}

static void ignore(const weir_event *event, void *user) { (void)event, (void)user; }

static void begin_carrier(struct carrier *carrier, weir_socket *from, weir_socket *to) {
  carrier->from = from;
  carrier->to = to;
  await_next_change(carrier);
  REQUIRE(weir_socket_on(from, WEIR_EVENT_DATA, carry, carrier) == WEIR_OK);
  REQUIRE(weir_socket_on(from, WEIR_EVENT_CLOSE, carry_end, carrier) == WEIR_OK);
  REQUIRE(weir_socket_on(from, WEIR_EVENT_ERROR, ignore, NULL) == WEIR_OK);
}

static weir_socket *open_stream(struct play *play, intptr_t native) {
  weir_socket *socket = NULL;
  REQUIRE(weir_socket_create(play->loop, NULL, &socket) == WEIR_OK);
  REQUIRE(weir_socket_open(socket, native, true, true) == WEIR_OK);
  return socket;
}

/* ---- the channels ---- */

static void hear_close(const weir_event *event, void *user) {
  (void)event;
  ((struct play *)user)->closes++;
}

static void hear_message(const weir_event *event, void *user) {
  const weir_event_message *message = event->message;
  (void)user;
  if (message->socket != NULL) weir_socket_destroy(message->socket, NULL);
  if (message->server != NULL) weir_server_close(message->server, NULL, NULL);
}

static void hear_sent(weir_channel *channel, const weir_error *error, void *user) {
  (void)channel, (void)error;
  ((struct play *)user)->callbacks++;
}

static void open_channels(struct play *play) {
  const struct passing_operations *passing = play->loop->operations->passing;
  weir_socket *between[2];
  for (int i = 0; i < 2; i++) {
    struct channel_end ends[2];
    REQUIRE(passing->create(play->loop->backend, ends) == WEIR_OK);
    REQUIRE(channel_open(play->loop, &ends[0], &play->ends[i]) == WEIR_OK);
    REQUIRE(weir_channel_on(play->ends[i], WEIR_EVENT_CLOSE, hear_close, play) == WEIR_OK);
    REQUIRE(weir_channel_on(play->ends[i], WEIR_EVENT_ERROR, ignore, play) == WEIR_OK);
    REQUIRE(weir_channel_on(play->ends[i], WEIR_EVENT_MESSAGE, hear_message, play) == WEIR_OK);
    between[i] = open_stream(play, ends[1].stream);
  }
  for (int i = 0; i < 2; i++) begin_carrier(&play->carriers[i], between[i], between[1 - i]);
}

static void send(struct play *play, const char *text, weir_socket *socket, weir_server *server) {
  weir_send_options options = weir_send_options_default();
  options.socket = socket;
  options.server = server;
  options.callback = hear_sent;
  options.user = play;
  if (weir_channel_send(play->ends[0], text, strlen(text), &options) >= 0) play->sends++;
}

/* Kept bytes and the beginning of a character are there to be changed too. */
static void pass_with_what_it_said(const weir_event *event, void *user) {
  send(user, "with a socket", event->socket, NULL);
  send(user, "and behind it", NULL, NULL);
}

static void pass_on(const weir_event *event, void *user) {
  weir_socket_set_encoding(event->connection, WEIR_ENCODING_UTF8);
  weir_socket_once(event->connection, WEIR_EVENT_DATA, pass_with_what_it_said, user);
}

static void begin(struct play *play) {
  weir_server *other = NULL;
  open_channels(play);
  REQUIRE(weir_server_create(play->loop, NULL, pass_on, play, &play->server) == WEIR_OK);
  REQUIRE(weir_server_listen(play->server, "ipc:here", NULL) == WEIR_OK);
  REQUIRE(weir_connect(play->loop, "ipc:here", NULL, NULL, &play->client) == WEIR_OK);
  weir_socket_on(play->client, WEIR_EVENT_ERROR, ignore, NULL);
  weir_socket_write(play->client, "some words \xE2\x82", 13);
  REQUIRE(weir_server_create(play->loop, NULL, ignore, play, &other) == WEIR_OK);
  REQUIRE(weir_server_listen(other, "ipc:there", NULL) == WEIR_OK);
  send(play, "plain", NULL, NULL);
  send(play, "with a server", NULL, other);
  weir_server_release(other);
}

static void run(struct play *play, int turns) {
  for (int i = 0; i < turns && play->closes < 2; i++) weir_loop_run(play->loop, WEIR_RUN_NOWAIT);
}

static void end(struct play *play) {
  weir_channel_disconnect(play->ends[0]);
  run(play, 300);
  for (int i = 0; i < 2; i++) weir_channel_destroy(play->ends[i]);
  weir_server_close(play->server, NULL, NULL);
  weir_socket_destroy(play->client, NULL);
  run(play, TURNS_MAX);
  REQUIRE(play->closes == 2);
  REQUIRE(play->callbacks == play->sends);
  for (int i = 0; i < 2; i++) {
    weir_channel_release(play->ends[i]);
    weir_socket_release(play->carriers[i].from);
  }
  weir_server_release(play->server);
  weir_socket_release(play->client);
  weir_loop_release(play->loop);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length) {
  struct play play = {.ends = {NULL}};
  weir_sim *sim = NULL;
  weir_sim_options world = weir_sim_options_default();
  weir_loop_options options = weir_loop_options_default();
  if (length < 3) return 0;
  REQUIRE(weir_sim_create(&world, &sim) == WEIR_OK);
  options.simulator = sim;
  options.allocator = (weir_allocator){.resize = count_blocks, .user = &play};
  REQUIRE(weir_loop_create(&options, &play.loop) == WEIR_OK);
  struct carrier *changing = &play.carriers[bytes[0] % 4 == 0 ? 1 : 0];
  changing->changes = bytes + 1;
  changing->left = length - 1;
  begin(&play);
  run(&play, 200);
  end(&play);
  weir_sim_release(sim);
  REQUIRE(play.blocks == 0);
  return 0;
}
