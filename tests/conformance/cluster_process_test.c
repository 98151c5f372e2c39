/* SPDX-License-Identifier: MIT */
/*
 * Clusters whose workers are processes: how they end, and what a client notices of it. What is the same within one
 * process is shown in cluster_test.c and cluster_life_test.c. The worker is tests/support/child_cluster.c.
 */
#include <stdio.h>

#include "support/program.h"
#include "support/world.h"

enum { CLIENTS = 4, SENT_BYTES = 5000 };

/* ---- parts ------------------------------------------------------------------------------------------------------ */

static weir_cluster *cluster;
static weir_process_options process;
static const char *arguments[6];
static weir_event_exit last_exit;

static void note_event(const weir_event *event, void *user) {
  const char *name = weir_event_name(event->type);
  unsigned id = event->worker == NULL ? 0 : (unsigned)weir_worker_id(event->worker);
  if (event->type == WEIR_EVENT_EXIT) last_exit = *event->exit;
  world_note(user, "P", "%s(%u)", name, id);
}

static void open_cluster(struct world *world, weir_scheduling scheduling, const char *endpoint) {
  static const weir_event_type events[] = {WEIR_EVENT_FORK,       WEIR_EVENT_ONLINE, WEIR_EVENT_LISTENING,
                                           WEIR_EVENT_DISCONNECT, WEIR_EVENT_EXIT,   WEIR_EVENT_ERROR};
  const char *const words[] = {program_file, "cluster", world->backend, endpoint, NULL};
  weir_cluster_options options = weir_cluster_options_default();
  memcpy(arguments, words, sizeof words);
  process = weir_process_options_default();
  process.file = program_file;
  process.arguments = arguments;
  options.process = &process;
  options.scheduling = scheduling;
  assert_int_equal(weir_cluster_create(world->loop, &options, &cluster), WEIR_OK);
  for (size_t i = 0; i < sizeof events / sizeof events[0]; i++) {
    assert_int_equal(weir_cluster_on(cluster, events[i], note_event, world), WEIR_OK);
  }
}

/* A worker that is owned by its cluster alone. */
static weir_worker *fork_worker(struct world *world) {
  weir_worker *worker = NULL;
  size_t online = world_count(world, "P online");
  assert_int_equal(weir_cluster_fork(cluster, NULL, &worker), WEIR_OK);
  weir_worker_release(worker);
  world_run_until_noted(world, "P online", online + 1);
  return worker;
}

static void open_serving(struct world *world, weir_scheduling scheduling, size_t count) {
  open_cluster(world, scheduling, world->endpoint);
  for (size_t i = 1; i <= count; i++) {
    fork_worker(world);
    world_run_until_noted(world, "P listening", i);
  }
}

static void tell(weir_worker *worker, const char *text) {
  assert_true(weir_channel_send(weir_worker_channel(worker), text, strlen(text), NULL) >= 0);
}

static void note_disconnected(weir_cluster *disconnected, const weir_error *error, void *user) {
  assert_ptr_equal(disconnected, cluster);
  world_note(user, "P", "%s", error == NULL ? "done" : "broken");
}

static void close_cluster(struct world *world) {
  size_t done = world_count(world, "P done");
  assert_int_equal(weir_cluster_disconnect(cluster, note_disconnected, world), WEIR_OK);
  world_run_until_noted(world, "P done", done + 1);
  world_run_until_noted(world, "P exit", world_count(world, "P fork"));
  weir_cluster_release(cluster);
}

/* A client that hears who answers. */
struct caller {
  char letter;
  bool answered;
};

static void hear_letter(const weir_event *event, void *user) {
  struct caller *caller = user;
  caller->letter = *(const char *)event->data.bytes;
  caller->answered = true;
  weir_socket_end(event->socket, NULL);
}

/* "a": the first worker has answered. */
static char call(struct world *world) {
  struct caller caller = {.answered = false};
  weir_socket *client = world_connect(world, NULL);
  world_on(client, WEIR_EVENT_DATA, hear_letter, &caller);
  world_trace_socket(world, client, "C", WORLD_TRACE_LIFE);
  size_t closes = world_count(world, "C close");
  world_run_until(world, &caller.answered);
  world_run_until_noted(world, "C close", closes + 1);
  return caller.letter;
}

/* ---- ends ------------------------------------------------------------------------------------------------------- */

static void the_code_of_an_exit_is_told_behind_disconnect(struct world *world) {
  open_cluster(world, WEIR_SCHEDULING_ROUND_ROBIN, world->endpoint);
  weir_worker *worker = weir_worker_retain(fork_worker(world));
  assert_true(weir_process_id(weir_worker_process(worker)) > 0);
  assert_false(weir_worker_is_dead(worker));
  world_run_until_noted(world, "P listening", 1);
  tell(worker, "exit");
  world_run_until_noted(world, "P exit", 1);
  assert_int_equal(last_exit.code, 42);
  assert_true(weir_worker_is_dead(worker));
  assert_false(weir_worker_is_connected(worker));
  assert_false(weir_worker_exited_after_disconnect(worker));
  world_expect(world, "P", "fork(1) online(1) listening(1) disconnect(1) exit(1)");
  weir_worker_release(worker);
  close_cluster(world);
}

static void a_worker_that_leaves_ends_with_0(struct world *world) {
  open_cluster(world, WEIR_SCHEDULING_ROUND_ROBIN, world->endpoint);
  for (size_t i = 1; i <= 2; i++) {
    weir_worker *worker = weir_worker_retain(fork_worker(world));
    world_run_until_noted(world, "P listening", i);
    if (i == 1) tell(worker, "leave");
    if (i == 2) assert_int_equal(weir_worker_disconnect(worker), WEIR_OK);
    world_run_until_noted(world, "P exit", i);
    assert_int_equal(last_exit.code, 0);
    assert_true(weir_worker_exited_after_disconnect(worker));
    weir_worker_release(worker);
  }
  assert_null(weir_cluster_next_worker(cluster, NULL));
  world_listen(world, NULL, NULL, NULL);
  close_cluster(world);
}

static void check_kill(struct world *world, const char *message, weir_signal_number number) {
  open_cluster(world, WEIR_SCHEDULING_ROUND_ROBIN, "-");
  weir_worker *worker = weir_worker_retain(fork_worker(world));
  if (message != NULL) tell(worker, message);
  if (message != NULL) world_run_for(world, 100);
  assert_int_equal(weir_worker_kill(worker, number), WEIR_OK);
  world_run_until_noted(world, "P exit", 1);
  assert_int_equal(last_exit.signal, number);
  assert_true(weir_worker_is_dead(worker));
  assert_false(weir_worker_exited_after_disconnect(worker));
  assert_int_equal(weir_worker_kill(worker, number), WEIR_ESRCH);
  world_expect(world, "P", "fork(1) online(1) disconnect(1) exit(1)");
  weir_worker_release(worker);
  close_cluster(world);
}

static void a_killed_worker_is_gone(struct world *world) { check_kill(world, NULL, WEIR_SIGNAL_KILL); }

static void a_terminated_worker_is_gone(struct world *world) { check_kill(world, NULL, WEIR_SIGNAL_TERMINATE); }

static void a_busy_worker_can_be_killed(struct world *world) { check_kill(world, "busy", WEIR_SIGNAL_KILL); }

static void a_worker_killed_from_elsewhere_is_lost(struct world *world) {
  open_serving(world, WEIR_SCHEDULING_ROUND_ROBIN, 2);
  weir_worker *first = weir_cluster_next_worker(cluster, NULL);
  assert_int_equal(weir_process_kill(weir_worker_process(first), WEIR_SIGNAL_KILL), WEIR_OK);
  world_run_until_noted(world, "P exit(1)", 1);
  assert_int_equal(last_exit.signal, WEIR_SIGNAL_KILL);
  for (size_t i = 0; i < 3; i++) assert_int_equal(call(world), 'b');
  close_cluster(world);
}

static void a_worker_that_breaks_its_channel_ends_by_itself(struct world *world) {
  open_serving(world, WEIR_SCHEDULING_ROUND_ROBIN, 1);
  tell(weir_cluster_next_worker(cluster, NULL), "break");
  world_run_until_noted(world, "P exit(1)", 1);
  assert_int_equal(last_exit.code, 7);
  world_expect_before(world, "P disconnect(1)", "P exit(1)");
  close_cluster(world);
}

static void a_worker_whose_primary_is_gone_ends(struct world *world) {
  open_serving(world, WEIR_SCHEDULING_ROUND_ROBIN, 1);
  weir_channel_destroy(weir_worker_channel(weir_cluster_next_worker(cluster, NULL)));
  world_run_until_noted(world, "P exit(1)", 1);
  assert_int_equal(last_exit.code, 7);
  close_cluster(world);
}

static void a_worker_that_cannot_be_started_is_an_error(struct world *world) {
  program_skip_in_valgrind(world);
  open_cluster(world, WEIR_SCHEDULING_ROUND_ROBIN, "-");
  process.file = "./no-such-program";
  assert_int_equal(weir_cluster_fork(cluster, NULL, NULL), WEIR_OK);
  world_run_until_noted(world, "P disconnect", 1);
  world_expect(world, "P", "error(1) disconnect(1)");
  assert_null(weir_cluster_next_worker(cluster, NULL));
  weir_cluster_release(cluster);
}

/* ---- serving ---------------------------------------------------------------------------------------------------- */

static void processes_take_turns(struct world *world) {
  open_serving(world, WEIR_SCHEDULING_ROUND_ROBIN, 3);
  for (size_t i = 0; i < 9; i++) assert_int_equal(call(world), 'a' + (int)(i % 3));
  close_cluster(world);
}

static void processes_share_a_name(struct world *world) {
  open_serving(world, WEIR_SCHEDULING_SHARED, 2);
  for (size_t i = 0; i < 9; i++) assert_in_range(call(world), 'a', 'b');
  close_cluster(world);
}

static void ends_of_workers_are_told_when_all_disconnect(struct world *world) {
  open_serving(world, WEIR_SCHEDULING_ROUND_ROBIN, 4);
  call(world);
  close_cluster(world);
  assert_int_equal(last_exit.code, 0);
  for (unsigned id = 1; id <= 4; id++) {
    assert_int_equal(world_count(world, world_format(world, "P exit(%u)", id)), 1);
    assert_int_equal(world_count(world, world_format(world, "P disconnect(%u)", id)), 1);
  }
}

/* ---- under load ------------------------------------------------------------------------------------------------- */

/* One client after the other: each sends a pattern, compares what comes back, and ends. */
struct loader {
  struct world *world;
  weir_socket *client;
  uint64_t received;
  size_t rounds;
  size_t failures;
  bool over;
};

static void begin_round(struct loader *loader);

static void compare(const weir_event *event, void *user) {
  struct loader *loader = user;
  const char *bytes = event->data.bytes;
  for (size_t i = 0; i < event->data.length; i++, loader->received++) {
    bool is_letter = loader->received == 0;
    char expected = (char)('A' + (loader->received - 1) % 23);
    if (!is_letter && bytes[i] != expected) loader->failures++;
  }
  if (loader->received == SENT_BYTES + 1) weir_socket_end(event->socket, NULL);
}

static void count_failure(const weir_event *event, void *user) {
  struct loader *loader = user;
  world_note(loader->world, "L", "%s-at-%s", weir_code_name(event->error->code), event->error->operation);
  loader->failures++;
}

static void end_round(const weir_event *event, void *user) {
  struct loader *loader = user;
  (void)event;
  if (loader->received != SENT_BYTES + 1) loader->failures++;
  weir_socket_release(loader->client);
  loader->client = NULL;
  loader->rounds++;
  if (!loader->over) begin_round(loader);
}

static void begin_round(struct loader *loader) {
  char bytes[SENT_BYTES];
  for (size_t i = 0; i < sizeof bytes; i++) bytes[i] = (char)('A' + i % 23);
  loader->received = 0;
  assert_int_equal(weir_connect(loader->world->loop, loader->world->endpoint, NULL, NULL, &loader->client), WEIR_OK);
  world_on(loader->client, WEIR_EVENT_DATA, compare, loader);
  world_on(loader->client, WEIR_EVENT_ERROR, count_failure, loader);
  world_on(loader->client, WEIR_EVENT_CLOSE, end_round, loader);
  weir_socket_write(loader->client, bytes, sizeof bytes);
}

static void await_rounds(struct world *world, const struct loader *loaders, size_t more) {
  size_t before[CLIENTS];
  for (size_t i = 0; i < CLIENTS; i++) before[i] = loaders[i].rounds;
  for (size_t i = 0; i < CLIENTS; i++) {
    while (loaders[i].rounds < before[i] + more) world_run_for(world, 1);
  }
}

static void stop_loaders(struct world *world, struct loader *loaders) {
  for (size_t i = 0; i < CLIENTS; i++) loaders[i].over = true;
  for (size_t i = 0; i < CLIENTS; i++) {
    while (loaders[i].client != NULL) world_run_for(world, 1);
  }
}

static void check_roll(struct world *world, weir_scheduling scheduling) {
  struct loader loaders[CLIENTS];
  open_serving(world, scheduling, 2);
  for (size_t i = 0; i < CLIENTS; i++) {
    loaders[i] = (struct loader){.world = world};
    begin_round(&loaders[i]);
  }
  for (size_t roll = 1; roll <= 3; roll++) {
    await_rounds(world, loaders, 3);
    assert_int_equal(weir_cluster_roll(cluster, note_disconnected, world), WEIR_OK);
    world_run_until_noted(world, "P done", roll);
  }
  await_rounds(world, loaders, 3);
  stop_loaders(world, loaders);
  world_expect(world, "L", "");
  for (size_t i = 0; i < CLIENTS; i++) assert_int_equal(loaders[i].failures, 0);
  world_run_until_noted(world, "P exit", 6);
  assert_in_range(call(world), 'g', 'h');
  close_cluster(world);
}

static void no_client_notices_that_all_workers_are_replaced(struct world *world) {
  check_roll(world, WEIR_SCHEDULING_ROUND_ROBIN);
}

static void a_dead_worker_costs_nobody_but_its_clients(struct world *world) {
  struct loader loaders[CLIENTS];
  open_serving(world, WEIR_SCHEDULING_ROUND_ROBIN, 3);
  for (size_t i = 0; i < CLIENTS; i++) {
    loaders[i] = (struct loader){.world = world};
    begin_round(&loaders[i]);
  }
  await_rounds(world, loaders, 3);
  assert_int_equal(weir_worker_kill(weir_cluster_next_worker(cluster, NULL), WEIR_SIGNAL_KILL), WEIR_OK);
  world_run_until_noted(world, "P exit(1)", 1);
  await_rounds(world, loaders, 3);
  stop_loaders(world, loaders);
  size_t broken = 0;
  for (size_t i = 0; i < CLIENTS; i++) broken += loaders[i].failures > 0;
  assert_in_range(broken, 0, CLIENTS - 1);
  for (size_t i = 0; i < 4; i++) assert_in_range(call(world), 'b', 'c');
  close_cluster(world);
}

static const struct world_case cases[] = {
    PROGRAM_CASE("A188 A232 A236", the_code_of_an_exit_is_told_behind_disconnect),
    PROGRAM_CASE("EO-49 A209 A235", a_worker_that_leaves_ends_with_0),
    PROGRAM_CASE("A233 A241 A243", a_killed_worker_is_gone),
    PROGRAM_CASE("A242", a_terminated_worker_is_gone),
    PROGRAM_CASE("A210", a_busy_worker_can_be_killed),
    PROGRAM_CASE("EO-49 A243", a_worker_killed_from_elsewhere_is_lost),
    PROGRAM_CASE("A222 A237", a_worker_that_breaks_its_channel_ends_by_itself),
    PROGRAM_CASE("A220 A221 A237", a_worker_whose_primary_is_gone_ends),
    PROGRAM_CASE("", a_worker_that_cannot_be_started_is_an_error),
    PROGRAM_CASE("EO-49 S051", processes_take_turns),
    PROGRAM_CASE("EO-49 S051", processes_share_a_name),
    PROGRAM_CASE("EO-49 A202", ends_of_workers_are_told_when_all_disconnect),
    PROGRAM_CASE("", no_client_notices_that_all_workers_are_replaced),
    PROGRAM_CASE("EO-49", a_dead_worker_costs_nobody_but_its_clients),
};

int main(int argc, char **argv) {
  return world_main(argc, argv, "cluster_process", cases, sizeof cases / sizeof *cases);
}
