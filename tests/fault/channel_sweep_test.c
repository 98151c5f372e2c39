/* SPDX-License-Identifier: MIT */
/*
 * Every system call, and every allocation, of a program with a channel fails once, one after the other, until the
 * program goes through without a failure. Whatever fails: no crash, nobody waits for ever, every send that was taken
 * calls back once, every channel closes once, no message and no byte comes twice or mixed up, and nothing is left over.
 *
 * The program: a server sends what it accepts through a channel to the other end in the same loop, which makes an echo
 * of it; before that go a large message and the server of somebody else, which stays open here too, and behind it a
 * word that lets both disconnect.
 */
#include <stdio.h>

#include "support/further_loop.h"
#include "support/supply.h"
#include "support/system_faults.h"
#include "support/world.h"

enum { LARGE_BYTES = 150000, WORD_BYTES = 100000, PATIENCE_MS = 8000, CLIENTS = 2 };

struct play {
  struct supply supply;
  const char *endpoint;
  const char *other_endpoint;
  weir_loop *loop;
  weir_channel *near;
  weir_channel *far;
  weir_server *server;
  weir_server *other;
  weir_server *passed;
  weir_timer *guard;
  struct world_stream heard[CLIENTS];
  size_t clients;
  size_t gone;
  unsigned sends;
  unsigned callbacks;
  unsigned larges;
  unsigned words;
  unsigned closes;
  unsigned opened;
  bool near_has_closed;
  bool hung;
  bool broken; /* something came that should not have */
};

static char bytes[LARGE_BYTES];

/* ---- sending ---- */

static void say_goodbye(struct play *play);

static void count_callback(weir_channel *channel, const weir_error *error, void *user) {
  struct play *play = user;
  (void)channel;
  (void)error;
  play->callbacks++;
  if (play->near_has_closed) play->broken = true;
}

static int send(struct play *play, const void *text, size_t length, weir_socket *socket, weir_server *server) {
  weir_send_options options = weir_send_options_default();
  options.socket = socket;
  options.server = server;
  options.keep_open = server != NULL;
  options.callback = count_callback;
  options.user = play;
  int result = weir_channel_send(play->near, text, length, &options);
  if (result >= 0) play->sends++;
  return result;
}

/* ---- clients ---- */

static void hear_client_close(const weir_event *event, void *user) {
  struct play *play = user;
  (void)event;
  if (++play->gone == play->clients) say_goodbye(play);
}

static void ignore(const weir_event *event, void *user) { (void)event, (void)user; }

static void end_on(const weir_event *event, void *user) {
  (void)user;
  weir_socket_end(event->socket, NULL);
}

static bool begin_client(struct play *play, struct world_stream *heard) {
  weir_socket *socket = NULL;
  if (weir_connect(play->loop, play->endpoint, NULL, NULL, &socket) != WEIR_OK) return false;
  bool listens = weir_socket_on(socket, WEIR_EVENT_CLOSE, hear_client_close, play) == WEIR_OK;
  if (!listens) {
    weir_socket_destroy(socket, NULL);
    weir_socket_release(socket);
    return false;
  }
  play->clients++;
  weir_code code = weir_socket_on(socket, WEIR_EVENT_ERROR, ignore, NULL);
  if (code == WEIR_OK) code = weir_socket_on(socket, WEIR_EVENT_CONNECT, end_on, NULL);
  if (code == WEIR_OK) code = weir_socket_on(socket, WEIR_EVENT_DATA, world_check_on, heard);
  if (code != WEIR_OK || weir_socket_write(socket, bytes, WORD_BYTES) < 0) weir_socket_destroy(socket, NULL);
  weir_socket_release(socket);
  return true;
}

/* ---- servers ---- */

static void pass_on(const weir_event *event, void *user) {
  if (send(user, "s", 1, event->connection, NULL) < 0) weir_socket_destroy(event->connection, NULL);
}

static void begin_clients(const weir_event *event, void *user) {
  struct play *play = user;
  (void)event;
  for (size_t i = 0; i < CLIENTS; i++) begin_client(play, &play->heard[i]);
  if (play->clients == 0) say_goodbye(play);
}

static void give_up(const weir_event *event, void *user) {
  struct play *play = user;
  if (!weir_server_listening(event->server)) say_goodbye(play);
}

static weir_server *make_server(struct play *play, const char *endpoint, weir_listener connection) {
  weir_server *server = NULL;
  weir_listen_options options = weir_listen_options_default();
  options.backlog = CLIENTS + 1; /* each place is a pipe instance, and all of them are passed */
  if (weir_server_create(play->loop, NULL, connection, play, &server) != WEIR_OK) return NULL;
  weir_code code = weir_server_on(server, WEIR_EVENT_ERROR, give_up, play);
  if (code == WEIR_OK && connection == pass_on)
    code = weir_server_on(server, WEIR_EVENT_LISTENING, begin_clients, play);
  if (code == WEIR_OK) code = weir_server_listen(server, endpoint, &options);
  if (code == WEIR_OK) return server;
  weir_server_release(server);
  return NULL;
}

/* ---- the channel ---- */

static void say_goodbye(struct play *play) {
  if (play->server != NULL) weir_server_close(play->server, NULL, NULL);
  if (play->other != NULL) weir_server_close(play->other, NULL, NULL);
  if (play->passed != NULL) weir_server_close(play->passed, NULL, NULL);
  if (send(play, "goodbye", 7, NULL, NULL) < 0) weir_channel_destroy(play->near);
}

static void take_socket(weir_socket *socket) {
  weir_code code = weir_socket_on(socket, WEIR_EVENT_ERROR, ignore, NULL);
  if (code == WEIR_OK) code = weir_socket_pipe(socket, socket, WEIR_PIPE_DEFAULT);
  if (code != WEIR_OK) weir_socket_destroy(socket, NULL);
}

static void hear_message(const weir_event *event, void *user) {
  struct play *play = user;
  const weir_event_message *message = event->message;
  if (message->socket != NULL) take_socket(message->socket);
  if (message->server != NULL) play->passed = weir_server_retain(message->server);
  if (message->length == LARGE_BYTES) {
    play->larges++;
    if (memcmp(message->bytes, bytes, LARGE_BYTES) != 0) play->broken = true;
  } else if (message->length == 7) {
    weir_channel_disconnect(event->channel);
  } else if (message->length != 1) {
    play->broken = true;
  }
}

static void close_servers(struct play *play) {
  if (play->server != NULL) weir_server_close(play->server, NULL, NULL);
  if (play->other != NULL) weir_server_close(play->other, NULL, NULL);
  if (play->passed != NULL) weir_server_close(play->passed, NULL, NULL);
}

static void hear_close(const weir_event *event, void *user) {
  struct play *play = user;
  play->closes++;
  if (event->channel == play->near) play->near_has_closed = true;
  close_servers(play);
}

static bool open_channel(struct play *play) {
  if (weir_channel_pair(play->loop, play->loop, &play->near, &play->far) != WEIR_OK) return false;
  weir_code code = weir_channel_on(play->near, WEIR_EVENT_CLOSE, hear_close, play);
  if (code == WEIR_OK) play->opened++;
  if (code == WEIR_OK) code = weir_channel_on(play->far, WEIR_EVENT_CLOSE, hear_close, play);
  if (code == WEIR_OK) play->opened++;
  if (code == WEIR_OK) code = weir_channel_on(play->near, WEIR_EVENT_ERROR, ignore, NULL);
  if (code == WEIR_OK) code = weir_channel_on(play->far, WEIR_EVENT_ERROR, ignore, NULL);
  if (code == WEIR_OK) code = weir_channel_on(play->near, WEIR_EVENT_MESSAGE, ignore, NULL);
  if (code == WEIR_OK) code = weir_channel_on(play->far, WEIR_EVENT_MESSAGE, hear_message, play);
  if (code != WEIR_OK) weir_channel_destroy(play->near);
  if (code != WEIR_OK) weir_channel_destroy(play->far);
  return code == WEIR_OK;
}

/* ---- a performance ---- */

static void stop_hanging_loop(weir_timer *timer, void *user) {
  struct play *play = user;
  (void)timer;
  play->hung = true;
  weir_loop_stop(play->loop);
}

static bool begin(struct play *play) {
  if (weir_timer_create(play->loop, stop_hanging_loop, play, &play->guard) != WEIR_OK) return false;
  weir_timer_unref(play->guard);
  weir_timer_start(play->guard, PATIENCE_MS, 0);
  if (!open_channel(play)) return true;
  send(play, bytes, LARGE_BYTES, NULL, NULL);
  play->other = make_server(play, play->other_endpoint, ignore);
  if (play->other != NULL && weir_server_listening(play->other)) send(play, "o", 1, NULL, play->other);
  play->server = make_server(play, play->endpoint, pass_on);
  if (play->server == NULL) say_goodbye(play);
  return true;
}

static void run(struct play *play, const char *what, size_t nth) {
  int result = weir_loop_run(play->loop, WEIR_RUN_DEFAULT);
  for (int again = 0; result != 0 && !play->hung && again < 3; again++) {
    if (result > 0) break;                                /* a simulated loop that nothing can come to any more */
    result = weir_loop_run(play->loop, WEIR_RUN_DEFAULT); /* a poller that failed once is asked again */
  }
  if (!play->hung && result == 0) return;
  static char dump[4096];
  weir_loop_dump(play->loop, dump, sizeof dump);
  fail_msg("%s (%s) %u failed, and the loop runs for ever\n%s", what, system_fault_name(), (unsigned)nth, dump);
}

static void check(const struct play *play, const char *what, size_t nth) {
  bool streams_are_sound = true;
  for (size_t i = 0; i < CLIENTS; i++) streams_are_sound &= !play->heard[i].broken;
  bool is_sound = !play->broken && streams_are_sound && play->callbacks == play->sends && play->larges <= 1;
  bool has_closed = play->closes == play->opened;
  if (!is_sound || !has_closed) {
    fail_msg("%s %u failed: broken %d %d, %u of %u sends told, %u of %u closes, %u large messages", what, (unsigned)nth,
             play->broken, !streams_are_sound, play->callbacks, play->sends, play->closes, play->opened, play->larges);
  }
}

static void end(struct play *play) {
  weir_channel_release(play->near);
  weir_channel_release(play->far);
  weir_server_release(play->server);
  weir_server_release(play->other);
  weir_server_release(play->passed);
  weir_timer_release(play->guard);
  weir_loop_release(play->loop);
}

static void perform(struct world *world, struct play *play, const char *what, size_t nth) {
  weir_loop_options options = further_loop_options(world);
  options.allocator = supply_allocator(&play->supply);
  if (weir_loop_create(&options, &play->loop) != WEIR_OK) return;
  if (begin(play)) run(play, what, nth);
  check(play, what, nth);
  end(play);
}

static struct play make_play(struct world *world, char endpoints[2][WORLD_ENDPOINT_BYTES]) {
  world_make_endpoint(world, endpoints[0]);
  world_make_endpoint(world, endpoints[1]);
  return (struct play){.endpoint = endpoints[0], .other_endpoint = endpoints[1]};
}

/* ---- sweeps ---- */

static bool perform_short_of_memory(struct world *world, size_t nth, bool for_good) {
  char endpoints[2][WORLD_ENDPOINT_BYTES];
  struct play play = make_play(world, endpoints);
  play.supply.fail_at = nth;
  play.supply.for_good = for_good;
  perform(world, &play, "allocation", nth);
  if (play.supply.blocks != 0)
    fail_msg("allocation %u failed, and %ld blocks are left", (unsigned)nth, play.supply.blocks);
  if (!play.supply.failed) {
    assert_int_equal(play.larges, 1);
    for (size_t i = 0; i < CLIENTS; i++) assert_int_equal(play.heard[i].bytes, WORD_BYTES);
  }
  return play.supply.failed;
}

static void each_allocation_fails_once(struct world *world) {
  size_t nth = 1;
  world_fill(bytes, sizeof bytes, 0);
  while (perform_short_of_memory(world, nth, false)) nth++;
  print_message("          %u allocations failed\n", (unsigned)nth - 1);
  assert_true(nth > 40);
}

static void memory_is_gone_for_good_from_each_allocation_on(struct world *world) {
  world_fill(bytes, sizeof bytes, 0);
  for (size_t nth = 1; perform_short_of_memory(world, nth, true);) nth++;
}

static bool perform_with(struct world *world, enum fault_cause cause, size_t nth) {
  char endpoints[2][WORLD_ENDPOINT_BYTES];
  struct play play = make_play(world, endpoints);
  long open_before = system_open_count();
  system_fault_begin(world, FAULT_ANYWHERE, nth, cause, 1);
  perform(world, &play, "a call", nth);
  bool struck = system_fault_count() > 0;
  if (system_open_count() != open_before) fail_msg("%s failed, and something stays open", system_fault_name());
  if (play.supply.blocks != 0) fail_msg("%s failed, and %ld blocks are left", system_fault_name(), play.supply.blocks);
  system_fault_end();
  return struck;
}

static void sweep(struct world *world, enum fault_cause cause) {
  size_t nth = 1;
  world_fill(bytes, sizeof bytes, 0);
  while (perform_with(world, cause, nth)) nth++;
  print_message("          %u calls failed\n", (unsigned)nth - 1);
  assert_true(nth > 40);
}

static void each_system_call_fails_once_with_a_plain_error(struct world *world) { sweep(world, FAULT_OF_DEVICE); }

static void each_system_call_fails_once_for_want_of_descriptors(struct world *world) { sweep(world, FAULT_OF_PROCESS); }

static void each_system_call_fails_once_for_want_of_buffers(struct world *world) { sweep(world, FAULT_OF_BUFFERS); }

#define SYSTEM_CASE(function) WORLD_CASE_EXCEPT("", function, WORLD_NOT_SIM, "a simulation calls no system")

static const struct world_case cases[] = {
    WORLD_CASE("", each_allocation_fails_once),
    WORLD_CASE("", memory_is_gone_for_good_from_each_allocation_on),
    SYSTEM_CASE(each_system_call_fails_once_with_a_plain_error),
    SYSTEM_CASE(each_system_call_fails_once_for_want_of_descriptors),
    SYSTEM_CASE(each_system_call_fails_once_for_want_of_buffers),
};

int main(int argc, char **argv) { return world_main(argc, argv, "channel_sweep", cases, sizeof cases / sizeof *cases); }
