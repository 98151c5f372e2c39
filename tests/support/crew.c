/* SPDX-License-Identifier: MIT */
#include "support/crew.h"

#include <stdio.h>

#include "support/further_loop.h"

enum { TURNS_MAX = 2000000, SIMULATED_TURNS = 500 };

/* ---- what happens ---- */

static void note_event(const weir_event *event, void *user) {
  struct crew *crew = user;
  unsigned id = event->worker == NULL ? 0 : (unsigned)weir_worker_id(event->worker);
  world_note(crew->world, "P", "%s(%u)", weir_event_name(event->type), id);
}

static void note_own_event(const weir_event *event, void *user) {
  struct crew_worker *worker = user;
  world_note(worker->crew->world, worker->name, "%s", weir_event_name(event->type));
}

static void keep_connection(const weir_event *event, void *user) {
  struct crew_worker *worker = user;
  assert_true(worker->served < CREW_SOCKETS);
  worker->sockets[worker->served++] = weir_socket_retain(event->connection);
}

/* ---- the primary ---- */

static weir_code join(struct crew_worker *worker, weir_channel *channel) {
  static const weir_event_type events[] = {WEIR_EVENT_ONLINE, WEIR_EVENT_DISCONNECT};
  weir_code code = weir_cluster_join_channel(channel, &worker->worker);
  weir_channel_release(channel);
  assert_int_equal(code, WEIR_OK);
  for (size_t i = 0; i < sizeof events / sizeof events[0]; i++) {
    assert_int_equal(weir_worker_on(worker->worker, events[i], note_own_event, worker), WEIR_OK);
  }
  return code;
}

/* A worker of the program's own: a loop that joins with the other end of a pair. */
static weir_code start(weir_cluster *cluster, weir_channel **channel, void *user) {
  struct crew *crew = user;
  assert_true(crew->count < CREW_MAX);
  struct crew_worker *worker = &crew->workers[crew->count++];
  weir_channel *other = NULL;
  worker->crew = crew;
  worker->loop = further_loop(crew->world);
  snprintf(worker->name, sizeof worker->name, "W%u", (unsigned)(crew->count % 10));
  snprintf(worker->server_name, sizeof worker->server_name, "V%u", (unsigned)(crew->count % 10));
  weir_code code = weir_channel_pair(weir_cluster_loop(cluster), worker->loop, channel, &other);
  assert_int_equal(code, WEIR_OK);
  join(worker, other);
  if (crew->listens_at != NULL) crew_listen(worker, crew->listens_at, NULL);
  return WEIR_OK;
}

void crew_open(struct crew *crew, struct world *world, weir_scheduling scheduling) {
  static const weir_event_type events[] = {WEIR_EVENT_FORK,       WEIR_EVENT_ONLINE, WEIR_EVENT_LISTENING,
                                           WEIR_EVENT_DISCONNECT, WEIR_EVENT_EXIT,   WEIR_EVENT_ERROR};
  weir_cluster_options options = weir_cluster_options_default();
  memset(crew, 0, sizeof *crew);
  crew->world = world;
  options.start = start;
  options.scheduling = scheduling;
  options.user = crew;
  assert_int_equal(weir_cluster_create(world->loop, &options, &crew->cluster), WEIR_OK);
  for (size_t i = 0; i < sizeof events / sizeof events[0]; i++) {
    assert_int_equal(weir_cluster_on(crew->cluster, events[i], note_event, crew), WEIR_OK);
  }
}

struct crew_worker *crew_fork(struct crew *crew) {
  struct crew_worker *worker = &crew->workers[crew->count];
  assert_int_equal(weir_cluster_fork(crew->cluster, NULL, &worker->seen), WEIR_OK);
  return worker;
}

void crew_open_with(struct crew *crew, struct world *world, weir_scheduling scheduling, size_t count) {
  crew_open(crew, world, scheduling);
  for (size_t i = 0; i < count; i++) crew_fork(crew);
  for (size_t i = 0; i < count; i++) crew_run_until_worker(&crew->workers[i], "online");
  crew_run_until_noted(crew, "P online", count);
}

void crew_open_listening(struct crew *crew, struct world *world, weir_scheduling scheduling, size_t count) {
  crew_open_with(crew, world, scheduling, count);
  crew_listen_all(crew, world->endpoint);
  crew_run_until_noted(crew, "P listening", count);
}

/* ---- servers and clients ---- */

weir_server *crew_server(struct crew_worker *worker, const weir_server_options *options) {
  weir_server *server = NULL;
  assert_int_equal(weir_server_create(worker->loop, options, keep_connection, worker, &server), WEIR_OK);
  weir_server_release(worker->server);
  worker->server = server;
  world_trace_server(worker->crew->world, server, worker->server_name);
  return server;
}

weir_server *crew_listen(struct crew_worker *worker, const char *endpoint, const weir_listen_options *options) {
  weir_server *server = crew_server(worker, NULL);
  assert_int_equal(weir_server_listen(server, endpoint, options), WEIR_OK);
  return server;
}

void crew_listen_all(struct crew *crew, const char *endpoint) {
  for (size_t i = 0; i < crew->count; i++) {
    crew_listen(&crew->workers[i], endpoint, NULL);
    crew_run_until_server(&crew->workers[i], "listening");
  }
}

weir_socket *crew_begin_connecting(struct crew *crew, const char *endpoint) {
  weir_socket *client = NULL;
  assert_int_equal(weir_connect(crew->world->loop, endpoint, NULL, NULL, &client), WEIR_OK);
  world_keep_socket(crew->world, client);
  world_trace_socket(crew->world, client, "C", WORLD_TRACE_DATA);
  return client;
}

weir_socket *crew_connect(struct crew *crew, const char *endpoint) {
  size_t served = crew_served(crew);
  weir_socket *client = crew_begin_connecting(crew, endpoint);
  crew_run_until_served(crew, served + 1);
  return client;
}

size_t crew_served(const struct crew *crew) {
  size_t served = 0;
  for (size_t i = 0; i < crew->count; i++) served += crew->workers[i].served;
  return served;
}

/* ---- running ---- */

void crew_turn(struct crew *crew) {
  assert_true(weir_loop_run(crew->world->loop, WEIR_RUN_NOWAIT) >= 0);
  for (size_t i = 0; i < crew->count; i++) {
    if (crew->workers[i].loop != NULL) assert_true(weir_loop_run(crew->workers[i].loop, WEIR_RUN_NOWAIT) >= 0);
  }
}

void crew_run_until_noted(struct crew *crew, const char *noted, size_t times) {
  for (int turn = 0; world_count(crew->world, noted) < times; turn++) {
    if (turn == TURNS_MAX) fail_msg("waited in vain for \"%s\"", noted);
    crew_turn(crew);
  }
}

void crew_run_until(struct crew *crew, const bool *flag) {
  for (int turn = 0; !*flag; turn++) {
    if (turn == TURNS_MAX) fail_msg("waited in vain");
    crew_turn(crew);
  }
}

void crew_run_until_served(struct crew *crew, size_t served) {
  for (int turn = 0; crew_served(crew) < served; turn++) {
    if (turn == TURNS_MAX) fail_msg("%u connections came, not %u", (unsigned)crew_served(crew), (unsigned)served);
    crew_turn(crew);
  }
}

void crew_run_until_worker(struct crew_worker *worker, const char *noted) {
  crew_run_until_noted(worker->crew, world_format(worker->crew->world, "%s %s", worker->name, noted), 1);
}

void crew_run_until_server(struct crew_worker *worker, const char *noted) {
  crew_run_until_noted(worker->crew, world_format(worker->crew->world, "%s %s", worker->server_name, noted), 1);
}

static void set_flag(void *flag) { *(bool *)flag = true; }

/* A simulated clock stands still while it is not waited for. */
void crew_run_for(struct crew *crew, uint64_t milliseconds) {
  bool over = false;
  if (crew->world->simulated) {
    for (int turn = 0; turn < SIMULATED_TURNS; turn++) crew_turn(crew);
    return;
  }
  world_after(crew->world, milliseconds, set_flag, &over);
  crew_run_until(crew, &over);
}

/* ---- the end ---- */

static void close_worker(struct crew_worker *worker) {
  if (worker->server != NULL) weir_server_close(worker->server, NULL, NULL);
  for (size_t i = 0; i < worker->served; i++) {
    weir_socket_destroy(worker->sockets[i], NULL);
    weir_socket_release(worker->sockets[i]);
  }
  weir_server_release(worker->server);
  worker->server = NULL;
  worker->served = 0;
}

void crew_close(struct crew *crew) {
  for (size_t i = 0; i < crew->count; i++) close_worker(&crew->workers[i]);
  for (size_t i = 0; i < crew->count; i++) {
    struct crew_worker *worker = &crew->workers[i];
    weir_worker_release(worker->worker);
    weir_worker_release(worker->seen);
    weir_loop_release(worker->loop);
  }
  weir_cluster_release(crew->cluster);
}
