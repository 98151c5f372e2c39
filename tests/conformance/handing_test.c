/* SPDX-License-Identifier: MIT */
/*
 * Crowds of connections handed to children: all arrive, each whole from its first byte on, whether its client spoke
 * before or after; and when a child is killed at any moment, nobody waits for ever, everything is told, and nothing is
 * left open here.
 */
#include <stdio.h>
#include <stdlib.h>

#include "support/program.h"
#include "support/world.h"

enum {
  WORKERS = 4,
  CONNECTIONS = 10000,
  CONNECTIONS_OF_WINDOWS = 2000,
  AT_A_TIME = 200,
  KILLS = 200,
  PER_KILL = 6,
  WORD_BYTES = 16
};

/* A child that makes an echo of every socket. */
struct worker {
  struct program *program;
  weir_channel *channel;
  size_t given;
  size_t taken;
  size_t lost;
};

struct crowd {
  struct world *world;
  struct worker workers[WORKERS];
  weir_server *server;
  size_t worker_count;
  size_t wanted; /* guests */
  size_t begun;
  size_t over;
  size_t wrong; /* closed without its whole word, or with another */
  size_t served;
  bool may_fail;
  bool all_over;
  weir_socket *guests[PER_KILL]; /* with `may_fail`: those that are there */
};

/* A client that says a word, and hears it again. */
struct guest {
  struct crowd *crowd;
  size_t number;
  char word[WORD_BYTES + 1];
  char heard[WORD_BYTES + 1];
  size_t length;
};

static bool is_tcp_of_windows(const struct world *world) { return world->tcp && strcmp(world->backend, "iocp") == 0; }

/* ---- guests ---- */

static void begin_guest(struct crowd *crowd);

static void hear_word(const weir_event *event, void *user) {
  struct guest *guest = user;
  assert_true(guest->length + event->data.length <= WORD_BYTES);
  memcpy(guest->heard + guest->length, event->data.bytes, event->data.length);
  guest->length += event->data.length;
  if (guest->length == WORD_BYTES) weir_socket_end(event->socket, NULL);
}

static void ignore(const weir_event *event, void *unused) { (void)event, (void)unused; }

static void leave(const weir_event *event, void *user) {
  struct guest *guest = user;
  struct crowd *crowd = guest->crowd;
  (void)event;
  bool is_whole = memcmp(guest->word, guest->heard, WORD_BYTES) == 0;
  if (is_whole) crowd->served++;
  if (!is_whole && !(crowd->may_fail && memcmp(guest->word, guest->heard, guest->length) == 0)) crowd->wrong++;
  if (crowd->may_fail) crowd->guests[guest->number] = NULL;
  crowd->all_over = ++crowd->over == PER_KILL;
  free(guest);
  begin_guest(crowd);
}

static void say_word(const weir_event *event, void *user) {
  weir_socket_write(event->socket, ((struct guest *)user)->word, WORD_BYTES);
}

/* Every other one speaks before it is connected, and so before anybody has accepted it. */
static void begin_guest(struct crowd *crowd) {
  struct guest *guest = NULL;
  weir_socket *socket = NULL;
  if (crowd->begun == crowd->wanted) return;
  guest = calloc(1, sizeof *guest);
  guest->crowd = crowd;
  guest->number = crowd->begun;
  snprintf(guest->word, sizeof guest->word, "guest %010u", (unsigned)crowd->begun++);
  assert_int_equal(weir_connect(crowd->world->loop, crowd->world->endpoint, NULL, NULL, &socket), WEIR_OK);
  if (crowd->may_fail) crowd->guests[guest->number] = socket;
  weir_socket_on(socket, WEIR_EVENT_DATA, hear_word, guest);
  weir_socket_on(socket, WEIR_EVENT_ERROR, ignore, NULL);
  weir_socket_on(socket, WEIR_EVENT_CLOSE, leave, guest);
  if (crowd->begun % 2 == 0) {
    weir_socket_write(socket, guest->word, WORD_BYTES);
  } else {
    weir_socket_on(socket, WEIR_EVENT_CONNECT, say_word, guest);
  }
  weir_socket_release(socket);
}

/* ---- workers ---- */

static void note_taken(weir_channel *channel, const weir_error *error, void *user) {
  struct worker *worker = user;
  (void)channel;
  if (error == NULL) {
    worker->taken++;
  } else {
    worker->lost++;
  }
}

/* One that nobody can be asked for any more is closed. */
static void hand_on(const weir_event *event, void *user) {
  struct crowd *crowd = user;
  size_t total = 0;
  for (size_t i = 0; i < crowd->worker_count; i++) total += crowd->workers[i].given;
  struct worker *worker = &crowd->workers[total % crowd->worker_count];
  weir_send_options options = weir_send_options_default();
  options.socket = event->connection;
  options.callback = note_taken;
  options.user = worker;
  int sent = weir_channel_send(worker->channel, NULL, 0, &options);
  if (sent >= 0) {
    worker->given++;
  } else {
    if (!crowd->may_fail) fail_msg("a send answers %s", weir_code_name((weir_code)sent));
    weir_socket_destroy(event->connection, NULL);
  }
}

static void start_worker(struct crowd *crowd) {
  const char *words[] = {program_file, "channel", "serve", crowd->world->backend, "-", NULL};
  weir_process_options options = program_options(words);
  struct worker *worker = &crowd->workers[crowd->worker_count++];
  *worker = (struct worker){.program = NULL};
  options.channel = true;
  options.detached = true; /* Wine 8's console host of a child that is killed as it starts keeps its ends for ever */
  worker->program = program_start(crowd->world, "P", &options);
  worker->channel = weir_channel_retain(weir_process_channel(worker->program->process));
}

static void note_message(const weir_event *event, void *user) {
  char *text = user;
  assert_true(event->message->length < 32);
  memcpy(text, event->message->bytes, event->message->length);
}

/* How many descriptors a worker has open. */
static int ask_count(struct crowd *crowd, struct worker *worker) {
  char text[32] = "";
  weir_channel_on(worker->channel, WEIR_EVENT_MESSAGE, note_message, text);
  weir_channel_send(worker->channel, "count", 5, NULL);
  while (text[0] == '\0') weir_loop_run(crowd->world->loop, WEIR_RUN_ONCE);
  weir_channel_off(worker->channel, WEIR_EVENT_MESSAGE, note_message, text);
  return atoi(text);
}

static void end_workers(struct crowd *crowd) {
  for (size_t i = 0; i < crowd->worker_count; i++) {
    weir_channel_disconnect(crowd->workers[i].channel);
    weir_channel_release(crowd->workers[i].channel);
    program_await(crowd->workers[i].program);
  }
}

static void open_crowd(struct crowd *crowd, struct world *world, size_t workers, size_t wanted) {
  weir_server_options options = weir_server_options_default();
  *crowd = (struct crowd){.world = world, .wanted = wanted};
  for (size_t i = 0; i < workers; i++) start_worker(crowd);
  options.pause_on_connect = true;
  crowd->server = world_listen(world, &options, hand_on, crowd);
}

/* ---- cases ---- */

static void thousands_of_connections_arrive_all_and_whole(struct world *world) {
  struct crowd crowd;
  int before[WORKERS];
  size_t wanted = is_tcp_of_windows(world) ? CONNECTIONS_OF_WINDOWS : CONNECTIONS;
  open_crowd(&crowd, world, WORKERS, wanted);
  for (int i = 0; i < WORKERS; i++) before[i] = ask_count(&crowd, &crowd.workers[i]);
  size_t here = world_open_handles();
  for (int i = 0; i < AT_A_TIME; i++) begin_guest(&crowd);
  while (crowd.over < wanted) assert_true(weir_loop_run(world->loop, WEIR_RUN_ONCE) >= 0);
  assert_int_equal(crowd.wrong, 0);
  assert_int_equal(crowd.served, wanted);
  weir_server_close(crowd.server, world_note_server, world_mark(world, "close", NULL));
  world_run_until_noted(world, "close close-cb", 1);
  for (int i = 0; i < WORKERS; i++) {
    assert_int_equal(crowd.workers[i].taken, wanted / WORKERS);
    assert_int_equal(crowd.workers[i].lost, 0);
    assert_int_equal(ask_count(&crowd, &crowd.workers[i]), before[i]);
  }
  assert_true(world_open_handles() <= here);
  end_workers(&crowd);
}

/*
 * Wine 8 lets go of some sockets of a killed process only after a quarter of a minute, when no process has them any
 * more (its server alone does): there the guests do not wait for the end, which pipes and other systems show.
 */
static void send_guests_home(struct crowd *crowd) {
  if (!is_tcp_of_windows(crowd->world)) return;
  for (size_t i = 0; i < PER_KILL; i++) {
    if (crowd->guests[i] != NULL) weir_socket_destroy(crowd->guests[i], NULL);
  }
}

/* A moment is so many turns of the loop here; the child runs meanwhile as it likes. */
static void kill_at(struct world *world, unsigned turns) {
  struct crowd crowd;
  open_crowd(&crowd, world, 1, PER_KILL);
  struct worker *worker = &crowd.workers[0];
  crowd.may_fail = true;
  for (int i = 0; i < PER_KILL; i++) begin_guest(&crowd);
  for (unsigned turn = 0; turn < turns; turn++) weir_loop_run(world->loop, WEIR_RUN_NOWAIT);
  weir_process_kill(worker->program->process, WEIR_SIGNAL_KILL);
  world_run_until(world, &worker->program->closed);
  send_guests_home(&crowd);
  if (!crowd.all_over) world_run_until(world, &crowd.all_over);
  assert_int_equal(crowd.wrong, 0);
  assert_int_equal(worker->taken + worker->lost, worker->given);
  size_t closed = world_count(world, "close close-cb");
  weir_server_close(crowd.server, world_note_server, world_mark(world, "close", NULL));
  world_run_until_noted(world, "close close-cb", closed + 1);
  weir_channel_release(worker->channel);
  world_forget(world);
}

static void a_child_killed_at_any_moment_leaves_nobody_waiting_and_nothing_open(struct world *world) {
  unsigned seed = 12345;
  kill_at(world, 40); /* what is made once, and kept */
  size_t before = world_open_handles();
  for (int round = 0; round < KILLS; round++) {
    seed = seed * 1103515245u + 12345u;
    kill_at(world, (seed >> 16) % (round % 4 == 0 ? 4000 : 60));
  }
  assert_int_equal(world_open_handles(), before);
}

static const struct world_case cases[] = {
    PROGRAM_CASE("D16 A255 A281", thousands_of_connections_arrive_all_and_whole),
    PROGRAM_CASE("D16 A268", a_child_killed_at_any_moment_leaves_nobody_waiting_and_nothing_open),
};

int main(int argc, char **argv) { return world_main(argc, argv, "handing", cases, sizeof cases / sizeof cases[0]); }
