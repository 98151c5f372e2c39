/* SPDX-License-Identifier: MIT */
/*
 * Long conversations: a thousand rounds of ping and pong, at once and with pauses, with the state checked at each step.
 */
#include "support/pair.h"
#include "support/world.h"

enum { ROUNDS = 1000 };

struct game {
  struct world *world;
  weir_socket *client;
  unsigned pings;
  unsigned pongs;
  unsigned rounds;
  uint64_t delay_ms;
  const char *wrong;
};

static void expect(struct game *game, bool right, const char *what) {
  if (!right && game->wrong == NULL) game->wrong = what;
}

static void answer_ping(const weir_event *event, void *user) {
  struct game *game = user;
  expect(game, weir_socket_get_state(event->socket) == WEIR_SOCKET_OPEN, "the server's state at a ping");
  expect(game, weir_socket_buffered(event->socket) <= 4, "the server's queue");
  const char *bytes = event->data.bytes;
  for (size_t i = 0; i < event->data.length; i++) {
    if (bytes[i] != 'G') continue;
    game->pings++;
    world_write(event->socket, "PONG");
  }
}

static void finish_game(const weir_event *event, void *user) {
  struct game *game = user;
  expect(game, weir_socket_get_state(event->socket) == WEIR_SOCKET_WRITE_ONLY, "the server's state at the end");
  weir_socket_end(event->socket, NULL);
  expect(game, weir_socket_get_state(event->socket) == WEIR_SOCKET_CLOSED, "the server's state after its end");
}

static void play_on(void *user) {
  struct game *game = user;
  if (game->pongs < game->rounds) {
    world_write(game->client, "PING");
    return;
  }
  weir_socket_end(game->client, NULL);
  expect(game, weir_socket_get_state(game->client) == WEIR_SOCKET_READ_ONLY, "the client's state after its end");
}

static void answer_pong(const weir_event *event, void *user) {
  struct game *game = user;
  expect(game, weir_socket_get_state(event->socket) == WEIR_SOCKET_OPEN, "the client's state at a pong");
  const char *bytes = event->data.bytes;
  for (size_t i = 0; i < event->data.length; i++) {
    if (bytes[i] != 'G') continue;
    game->pongs++;
    if (game->delay_ms > 0)
      world_after(game->world, game->delay_ms, play_on, game);
    else
      play_on(game);
  }
}

static void play(struct world *world, unsigned rounds, uint64_t delay_ms) {
  weir_server_options options = weir_server_options_default();
  options.allow_half_open = true;
  struct world_pair pair = pair_open_with(world, &(struct world_pair_options){.server = &options});
  struct game game = {world, pair.client, 0, 0, rounds, delay_ms, NULL};
  weir_socket_on(pair.accepted, WEIR_EVENT_DATA, answer_ping, &game);
  weir_socket_on(pair.accepted, WEIR_EVENT_END, finish_game, &game);
  weir_socket_on(pair.client, WEIR_EVENT_DATA, answer_pong, &game);
  weir_socket_set_timeout(pair.client, 5000);
  weir_socket_set_timeout(pair.accepted, 5000);
  play_on(&game);
  world_run(world);
  if (game.wrong != NULL) fail_msg("%s was wrong", game.wrong);
  assert_int_equal(game.pings, rounds);
  assert_int_equal(game.pongs, rounds);
  world_expect(world, "C", "finish end close(false)");
  world_expect(world, "S", "end finish close(false)");
}

static void a_thousand_pings_and_pongs(struct world *world) { play(world, ROUNDS, 0); }

static void pings_and_pongs_with_pauses(struct world *world) { play(world, 20, 10); }

static const struct world_case cases[] = {
    WORLD_CASE("A357 A360", a_thousand_pings_and_pongs),
    WORLD_CASE("A359", pings_and_pongs_with_pauses),
};

int main(int argc, char **argv) { return world_main(argc, argv, "soak", cases, sizeof cases / sizeof *cases); }
