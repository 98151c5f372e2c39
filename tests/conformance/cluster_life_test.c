/* SPDX-License-Identifier: MIT */
/*
 * Workers come and go: joining, leaving in order, being lost, being replaced. The workers are loops of this process,
 * see support/crew.h; what only processes have is cluster_process_test.c's.
 */
#include "support/crew.h"

#include <stdio.h>

static struct crew crew;

static void note_cluster(weir_cluster *cluster, const weir_error *error, void *text) {
  assert_ptr_equal(cluster, crew.cluster);
  world_note(crew.world, "P", "%s%s", (const char *)text, error == NULL ? "" : "(failed)");
}

static void disconnect_noted(void) {
  assert_int_equal(weir_cluster_disconnect(crew.cluster, note_cluster, "disconnected"), WEIR_OK);
}

static void disconnect(weir_worker *worker) { assert_int_equal(weir_worker_disconnect(worker), WEIR_OK); }

/* ---- joining ---------------------------------------------------------------------------------------------------- */

static void check_fork(const weir_event *event, void *user) {
  weir_worker *worker = event->worker;
  (void)user;
  assert_int_equal(weir_worker_id(worker), crew.count);
  assert_ptr_equal(weir_worker_cluster(worker), crew.cluster);
  assert_true(weir_worker_is_connected(worker));
  assert_false(weir_worker_is_dead(worker));
  assert_false(weir_worker_exited_after_disconnect(worker));
}

static void a_workers_life_is_told_in_order_and_once(struct world *world) {
  crew_open(&crew, world, WEIR_SCHEDULING_ROUND_ROBIN);
  assert_int_equal(weir_cluster_on(crew.cluster, WEIR_EVENT_FORK, check_fork, NULL), WEIR_OK);
  struct crew_worker *worker = crew_fork(&crew);
  assert_int_equal(weir_worker_id(worker->seen), 1);
  assert_int_equal(weir_worker_id(worker->worker), 0);
  world_note(world, "P", "returned");
  crew_run_until_worker(worker, "online");
  assert_int_equal(weir_worker_id(worker->worker), 1);
  assert_null(weir_worker_cluster(worker->worker));
  crew_listen_all(&crew, world->endpoint);
  crew_run_until_noted(&crew, "P listening", 1);
  disconnect(worker->seen);
  crew_run_until_noted(&crew, "P disconnect", 1);
  crew_run_until_worker(worker, "disconnect");
  assert_true(weir_worker_is_dead(worker->seen));
  world_expect(world, "P", "returned fork(1) online(1) listening(1) disconnect(1)");
  world_expect(world, "W1", "online disconnect");
  crew_close(&crew);
}

static void a_loop_joins_one_cluster_at_a_time(struct world *world) {
  weir_channel *here = NULL;
  weir_channel *there = NULL;
  weir_worker *again = NULL;
  crew_open_with(&crew, world, WEIR_SCHEDULING_ROUND_ROBIN, 1);
  struct crew_worker *worker = &crew.workers[0];
  assert_int_equal(weir_channel_pair(world->loop, worker->loop, &here, &there), WEIR_OK);
  assert_int_equal(weir_cluster_join_channel(there, &again), WEIR_EALREADY);
  disconnect(worker->worker);
  crew_run_until_worker(worker, "disconnect");
  assert_int_equal(weir_cluster_join_channel(there, &again), WEIR_OK);
  weir_worker *seen = NULL;
  assert_int_equal(weir_cluster_add(crew.cluster, here, &seen), WEIR_OK);
  crew_run_until_noted(&crew, "P online", 2);
  assert_int_equal(weir_worker_id(seen), 2);
  weir_worker_release(seen);
  weir_worker_release(again);
  weir_channel_release(here);
  weir_channel_release(there);
  crew_close(&crew);
}

static void what_is_no_worker_says_so(struct world *world) {
  weir_worker *worker = NULL;
  weir_cluster *cluster = NULL;
  weir_code code = weir_cluster_join(world->loop, &worker);
  assert_true(code == WEIR_ENOTCONN || (world->simulated && code == WEIR_ENOTSUP));
  assert_null(worker);
  assert_int_equal(weir_cluster_create(world->loop, NULL, &cluster), WEIR_OK);
  assert_int_equal(weir_cluster_fork(cluster, NULL, NULL), WEIR_EINVAL);
  assert_int_equal(weir_cluster_roll(cluster, NULL, NULL), WEIR_EINVAL);
  assert_null(weir_cluster_next_worker(cluster, NULL));
  weir_cluster_release(cluster);
}

/* ---- messages --------------------------------------------------------------------------------------------------- */

static void note_message(const weir_event *event, void *name) {
  const weir_event_message *message = event->message;
  world_note(crew.world, name, "message(%.*s)", (int)message->length, (const char *)message->bytes);
}

static void messages_go_both_ways(struct world *world) {
  crew_open_with(&crew, world, WEIR_SCHEDULING_ROUND_ROBIN, 1);
  struct crew_worker *worker = &crew.workers[0];
  world_forget(world);
  assert_int_equal(weir_worker_on(worker->worker, WEIR_EVENT_MESSAGE, note_message, "W1"), WEIR_OK);
  assert_int_equal(weir_worker_on(worker->seen, WEIR_EVENT_MESSAGE, note_message, "P"), WEIR_OK);
  assert_int_equal(weir_cluster_on(crew.cluster, WEIR_EVENT_MESSAGE, note_message, "P"), WEIR_OK);
  assert_true(weir_channel_send(weir_worker_channel(worker->seen), "to", 2, NULL) >= 0);
  assert_true(weir_channel_send(weir_worker_channel(worker->worker), "from", 4, NULL) >= 0);
  crew_run_until_noted(&crew, "P message", 2);
  crew_run_until_noted(&crew, "W1 message", 1);
  world_expect(world, "P", "message(from) message(from)");
  world_expect(world, "W1", "message(to)");
  crew_close(&crew);
}

static void a_cluster_hears_of_messages_of_workers_that_came_later(struct world *world) {
  crew_open(&crew, world, WEIR_SCHEDULING_ROUND_ROBIN);
  assert_int_equal(weir_cluster_on(crew.cluster, WEIR_EVENT_MESSAGE, note_message, "P"), WEIR_OK);
  struct crew_worker *worker = crew_fork(&crew);
  assert_true(weir_channel_send(weir_worker_channel(worker->worker), "hello", 5, NULL) >= 0);
  crew_run_until_noted(&crew, "P message(hello)", 1);
  crew_close(&crew);
}

/* ---- leaving in order ------------------------------------------------------------------------------------------- */

static void a_worker_disconnects_when_its_servers_have_closed(struct world *world) {
  crew_open_listening(&crew, world, WEIR_SCHEDULING_ROUND_ROBIN, 1);
  struct crew_worker *worker = &crew.workers[0];
  weir_socket *client = crew_connect(&crew, world->endpoint);
  disconnect(worker->seen);
  assert_true(weir_worker_is_connected(worker->seen));
  assert_int_equal(weir_worker_disconnect(worker->seen), WEIR_ENOTCONN);
  crew_run_for(&crew, 20);
  assert_int_equal(world_count(world, "W1 disconnect"), 0);
  world_trace_socket(world, worker->sockets[0], "S", WORLD_TRACE_DATA);
  world_write(client, "still");
  crew_run_until_noted(&crew, "S data(still)", 1);
  weir_socket_end(client, NULL);
  crew_run_until_worker(worker, "disconnect");
  crew_run_until_noted(&crew, "P disconnect", 1);
  world_expect_before(world, "V1 close", "W1 disconnect");
  assert_false(weir_worker_is_connected(worker->seen));
  crew_close(&crew);
}

static void a_worker_leaves_of_its_own_will(struct world *world) {
  crew_open_listening(&crew, world, WEIR_SCHEDULING_ROUND_ROBIN, 2);
  struct crew_worker *worker = &crew.workers[0];
  disconnect(worker->worker);
  assert_false(weir_server_listening(worker->server));
  assert_true(weir_worker_exited_after_disconnect(worker->worker));
  assert_int_equal(weir_worker_disconnect(worker->worker), WEIR_ENOTCONN);
  crew_run_until_worker(worker, "disconnect");
  crew_run_until_noted(&crew, "P disconnect", 1);
  assert_true(weir_worker_exited_after_disconnect(worker->seen));
  assert_false(weir_worker_is_connected(worker->seen));
  assert_false(weir_worker_is_connected(worker->worker));
  assert_false(weir_loop_alive(worker->loop));
  for (size_t i = 0; i < 3; i++) crew_connect(&crew, world->endpoint);
  assert_int_equal(crew.workers[1].served, 3);
  crew_close(&crew);
}

static void note_whether_voluntary(const weir_event *event, void *name) {
  world_note(crew.world, name, "%s", weir_worker_exited_after_disconnect(event->worker) ? "voluntary" : "lost");
}

/* The primary knows that it was no accident before the worker is gone. */
static void the_primary_knows_that_a_worker_left_when_it_hears_of_it(struct world *world) {
  crew_open_with(&crew, world, WEIR_SCHEDULING_ROUND_ROBIN, 2);
  assert_int_equal(weir_cluster_on(crew.cluster, WEIR_EVENT_DISCONNECT, note_whether_voluntary, "Q"), WEIR_OK);
  assert_int_equal(weir_worker_on(crew.workers[0].worker, WEIR_EVENT_DISCONNECT, note_whether_voluntary, "R"), WEIR_OK);
  disconnect(crew.workers[0].worker);
  crew_run_until_noted(&crew, "Q voluntary", 1);
  crew_run_until_noted(&crew, "R voluntary", 1);
  weir_channel_destroy(weir_worker_channel(crew.workers[1].worker));
  crew_run_until_noted(&crew, "Q lost", 1);
  crew_close(&crew);
}

static void leave_on(const weir_event *event, void *worker) {
  (void)event;
  disconnect(worker);
}

static void a_worker_may_leave_when_its_server_fails(struct world *world) {
  world_listen(world, NULL, NULL, NULL);
  crew_open_with(&crew, world, WEIR_SCHEDULING_ROUND_ROBIN, 1);
  struct crew_worker *worker = &crew.workers[0];
  weir_server *server = crew_server(worker, NULL);
  world_on_server(server, WEIR_EVENT_ERROR, leave_on, worker->worker);
  assert_int_equal(weir_server_listen(server, world->endpoint, NULL), WEIR_OK);
  crew_run_until_noted(&crew, "P disconnect", 1);
  world_expect(world, "V1", "error(EADDRINUSE)");
  crew_close(&crew);
}

static void nothing_is_asked_of_a_primary_that_is_left(struct world *world) {
  crew_open_with(&crew, world, WEIR_SCHEDULING_ROUND_ROBIN, 1);
  weir_server *server = crew_server(&crew.workers[0], NULL);
  disconnect(crew.workers[0].worker);
  assert_int_equal(weir_server_listen(server, world->endpoint, NULL), WEIR_ENOTCONN);
  crew_run_until_worker(&crew.workers[0], "disconnect");
  assert_int_equal(weir_server_listen(server, world->endpoint, NULL), WEIR_ENOTCONN);
  crew_close(&crew);
}

/* ---- all of them ------------------------------------------------------------------------------------------------ */

static void disconnecting_nobody_calls_back_later(struct world *world) {
  crew_open(&crew, world, WEIR_SCHEDULING_ROUND_ROBIN);
  disconnect_noted();
  world_note(world, "P", "returned");
  crew_run_until_noted(&crew, "P disconnected", 1);
  world_expect(world, "P", "returned disconnected");
  crew_close(&crew);
}

static void disconnecting_idle_workers_leaves_none(struct world *world) {
  crew_open_with(&crew, world, WEIR_SCHEDULING_ROUND_ROBIN, 2);
  assert_ptr_equal(weir_cluster_next_worker(crew.cluster, NULL), crew.workers[0].seen);
  assert_ptr_equal(weir_cluster_next_worker(crew.cluster, crew.workers[0].seen), crew.workers[1].seen);
  assert_null(weir_cluster_next_worker(crew.cluster, crew.workers[1].seen));
  disconnect_noted();
  crew_run_until_noted(&crew, "P disconnected", 1);
  assert_null(weir_cluster_next_worker(crew.cluster, NULL));
  assert_int_equal(world_count(world, "P disconnect(1)") + world_count(world, "P disconnect(2)"), 2);
  crew_close(&crew);
}

static void check_disconnect_of_serving_workers(struct world *world, weir_scheduling scheduling) {
  crew_open_listening(&crew, world, scheduling, 4);
  for (size_t i = 0; i < 8; i++) crew_connect(&crew, world->endpoint);
  disconnect_noted();
  crew_run_for(&crew, 10);
  assert_int_equal(world_count(world, "P disconnected"), 0);
  for (size_t i = 0; i < crew.count; i++) {
    for (size_t k = 0; k < crew.workers[i].served; k++) weir_socket_destroy(crew.workers[i].sockets[k], NULL);
  }
  crew_run_until_noted(&crew, "P disconnected", 1);
  for (size_t i = 0; i < crew.count; i++) {
    assert_true(weir_worker_exited_after_disconnect(crew.workers[i].seen));
    crew_run_until_worker(&crew.workers[i], "disconnect");
  }
  world_listen(world, NULL, NULL, NULL);
  crew_close(&crew);
}

static void disconnecting_workers_that_serve_waits_for_their_connections(struct world *world) {
  check_disconnect_of_serving_workers(world, WEIR_SCHEDULING_ROUND_ROBIN);
}

static void disconnecting_workers_that_share_gives_the_name_back(struct world *world) {
  check_disconnect_of_serving_workers(world, WEIR_SCHEDULING_SHARED);
}

static void a_worker_without_a_server_leaves_beside_others_that_share_one(struct world *world) {
  crew_open_with(&crew, world, WEIR_SCHEDULING_SHARED, 3);
  for (size_t i = 0; i < 2; i++) {
    crew_listen(&crew.workers[i], world->endpoint, NULL);
    crew_run_until_server(&crew.workers[i], "listening");
  }
  disconnect(crew.workers[2].seen);
  crew_run_until_worker(&crew.workers[2], "disconnect");
  crew_connect(&crew, world->endpoint);
  crew_close(&crew);
}

static void a_worker_that_comes_while_the_others_go_stays(struct world *world) {
  crew_open_listening(&crew, world, WEIR_SCHEDULING_SHARED, 2);
  for (size_t i = 0; i < 2; i++) disconnect(crew.workers[i].seen);
  struct crew_worker *worker = crew_fork(&crew);
  crew_listen(worker, world->endpoint, NULL);
  crew_run_until_noted(&crew, "P disconnect", 2);
  crew_run_until_server(worker, "listening");
  crew_connect(&crew, world->endpoint);
  assert_true(weir_worker_is_connected(worker->seen));
  crew_close(&crew);
}

static void the_name_of_a_shared_server_goes_with_the_last_worker(struct world *world) {
  crew_open_listening(&crew, world, WEIR_SCHEDULING_SHARED, 2);
  crew_connect(&crew, world->endpoint);
  size_t at = crew.workers[0].served == 1 ? 0 : 1;
  weir_socket *open = crew.workers[at].sockets[0];
  weir_server_close(crew.workers[0].server, NULL, NULL);
  weir_server_close(crew.workers[1].server, NULL, NULL);
  crew_run_until_server(&crew.workers[1 - at], "close");
  crew_run_for(&crew, 10);
  assert_int_equal(weir_socket_get_state(open), WEIR_SOCKET_OPEN);
  world_listen(world, NULL, NULL, NULL);
  crew_close(&crew);
}

static void all_may_leave_at_once(struct world *world) {
  crew_open_listening(&crew, world, WEIR_SCHEDULING_ROUND_ROBIN, CREW_MAX);
  for (size_t i = 0; i < crew.count; i++) disconnect(i % 2 == 0 ? crew.workers[i].worker : crew.workers[i].seen);
  for (size_t i = 0; i < crew.count; i++) crew_run_until_worker(&crew.workers[i], "disconnect");
  crew_run_until_noted(&crew, "P disconnect", crew.count);
  for (size_t i = 0; i < crew.count; i++) assert_true(weir_worker_exited_after_disconnect(crew.workers[i].seen));
  crew_close(&crew);
}

static void disconnecting_all_counts_who_is_leaving_already(struct world *world) {
  crew_open_with(&crew, world, WEIR_SCHEDULING_ROUND_ROBIN, 2);
  disconnect(crew.workers[0].worker);
  disconnect_noted();
  crew_run_until_noted(&crew, "P disconnected", 1);
  world_expect_before(world, "P disconnect(1)", "P disconnected");
  world_expect_before(world, "P disconnect(2)", "P disconnected");
  crew_close(&crew);
}

/* ---- being lost ------------------------------------------------------------------------------------------------- */

static void a_worker_that_loses_its_primary_listens_no_more(struct world *world) {
  crew_open_listening(&crew, world, WEIR_SCHEDULING_ROUND_ROBIN, 1);
  struct crew_worker *worker = &crew.workers[0];
  crew_connect(&crew, world->endpoint);
  weir_channel_destroy(weir_worker_channel(worker->seen));
  crew_run_until_worker(worker, "disconnect");
  assert_false(weir_server_listening(worker->server));
  assert_false(weir_worker_exited_after_disconnect(worker->worker));
  assert_int_equal(weir_socket_get_state(worker->sockets[0]), WEIR_SOCKET_OPEN);
  weir_socket_destroy(worker->sockets[0], NULL);
  crew_run_until_server(worker, "close");
  assert_false(weir_loop_alive(worker->loop));
  crew_close(&crew);
}

static void a_worker_that_ends_its_channel_itself_leaves_the_others_serving(struct world *world) {
  crew_open_listening(&crew, world, WEIR_SCHEDULING_ROUND_ROBIN, 2);
  assert_int_equal(weir_channel_disconnect(weir_worker_channel(crew.workers[0].worker)), WEIR_OK);
  crew_run_until_worker(&crew.workers[0], "disconnect");
  crew_run_until_noted(&crew, "P disconnect(1)", 1);
  assert_false(weir_worker_exited_after_disconnect(crew.workers[0].seen));
  crew_run_until_server(&crew.workers[0], "close");
  for (size_t i = 0; i < 3; i++) crew_connect(&crew, world->endpoint);
  assert_int_equal(crew.workers[1].served, 3);
  crew_close(&crew);
}

static void the_primary_goes_on_when_a_workers_loop_ends(struct world *world) {
  crew_open_listening(&crew, world, WEIR_SCHEDULING_ROUND_ROBIN, 2);
  struct crew_worker *worker = &crew.workers[0];
  weir_server_release(worker->server);
  weir_worker_release(worker->worker);
  weir_loop_release(worker->loop);
  worker->server = NULL;
  worker->worker = NULL;
  worker->loop = NULL;
  crew_run_until_noted(&crew, "P disconnect(1)", 1);
  for (size_t i = 0; i < 3; i++) crew_connect(&crew, world->endpoint);
  assert_int_equal(crew.workers[1].served, 3);
  crew_close(&crew);
}

static void a_worker_that_is_no_process_is_killed_by_its_channel(struct world *world) {
  crew_open_listening(&crew, world, WEIR_SCHEDULING_ROUND_ROBIN, 1);
  struct crew_worker *worker = &crew.workers[0];
  assert_null(weir_worker_process(worker->seen));
  assert_int_equal(weir_worker_kill(worker->worker, WEIR_SIGNAL_KILL), WEIR_ENOTSUP);
  assert_int_equal(weir_worker_kill(worker->seen, WEIR_SIGNAL_KILL), WEIR_OK);
  crew_run_until_noted(&crew, "P disconnect(1)", 1);
  crew_run_until_worker(worker, "disconnect");
  assert_int_equal(weir_worker_kill(worker->seen, WEIR_SIGNAL_KILL), WEIR_ESRCH);
  crew_close(&crew);
}

static void killing_a_worker_that_leaves_is_safe(struct world *world) {
  crew_open_listening(&crew, world, WEIR_SCHEDULING_ROUND_ROBIN, 1);
  struct crew_worker *worker = &crew.workers[0];
  crew_connect(&crew, world->endpoint);
  disconnect(worker->seen);
  crew_run_for(&crew, 10);
  assert_int_equal(weir_worker_kill(worker->seen, WEIR_SIGNAL_KILL), WEIR_OK);
  crew_run_until_noted(&crew, "P disconnect(1)", 1);
  assert_false(weir_worker_is_connected(worker->seen));
  assert_true(weir_worker_exited_after_disconnect(worker->seen));
  crew_close(&crew);
}

/* ---- being replaced --------------------------------------------------------------------------------------------- */

static void start_roll(void) {
  assert_int_equal(weir_cluster_roll(crew.cluster, note_cluster, "rolled"), WEIR_OK);
  assert_int_equal(weir_cluster_roll(crew.cluster, note_cluster, "again"), WEIR_EALREADY);
}

static void a_roll_replaces_each_worker_by_one_that_listens(struct world *world) {
  crew_open_listening(&crew, world, WEIR_SCHEDULING_ROUND_ROBIN, 2);
  crew.listens_at = world->endpoint;
  start_roll();
  crew_run_until_noted(&crew, "P rolled", 1);
  assert_int_equal(crew.count, 4);
  world_expect_before(world, "P listening(3)", "P fork(4)");
  crew_run_until_noted(&crew, "P disconnect", 2);
  for (size_t i = 0; i < 2; i++) {
    assert_true(weir_worker_exited_after_disconnect(weir_cluster_next_worker(crew.cluster, NULL)) == false);
    assert_true(weir_server_listening(crew.workers[2 + i].server));
    assert_false(weir_server_listening(crew.workers[i].server));
  }
  crew_connect(&crew, world->endpoint);
  crew_close(&crew);
}

static void old_connections_live_on_behind_a_roll(struct world *world) {
  crew_open_listening(&crew, world, WEIR_SCHEDULING_ROUND_ROBIN, 1);
  crew.listens_at = world->endpoint;
  weir_socket *client = crew_connect(&crew, world->endpoint);
  world_trace_socket(world, crew.workers[0].sockets[0], "S", WORLD_TRACE_DATA);
  start_roll();
  crew_run_until_noted(&crew, "P rolled", 1);
  world_write(client, "still");
  crew_run_until_noted(&crew, "S data(still)", 1);
  assert_int_equal(world_count(world, "P disconnect"), 0);
  weir_socket_end(client, NULL);
  crew_run_until_noted(&crew, "P disconnect(1)", 1);
  crew_close(&crew);
}

static void no_client_is_refused_while_a_roll_goes_on(struct world *world) {
  crew_open_listening(&crew, world, WEIR_SCHEDULING_ROUND_ROBIN, 4);
  crew.listens_at = world->endpoint;
  start_roll();
  size_t begun = 0;
  for (int turn = 0; world_count(world, "P rolled") == 0 || begun < CREW_SOCKETS; turn++) {
    if (turn % 3 == 0 && begun < CREW_SOCKETS) {
      crew_begin_connecting(&crew, world->endpoint);
      begun++;
    }
    crew_turn(&crew);
  }
  crew_run_until_served(&crew, begun);
  assert_int_equal(world_count(world, "C error"), 0);
  assert_int_equal(world_count(world, "C close"), 0);
  assert_int_equal(world_count(world, "C connect"), begun);
  crew_close(&crew);
}

static void a_roll_of_nobody_is_over_at_once_and_told_later(struct world *world) {
  crew_open(&crew, world, WEIR_SCHEDULING_ROUND_ROBIN);
  start_roll();
  world_note(world, "P", "returned");
  crew_run_until_noted(&crew, "P rolled", 1);
  world_expect(world, "P", "returned rolled");
  crew_close(&crew);
}

static void a_roll_is_broken_off_when_the_new_worker_goes(struct world *world) {
  crew_open_listening(&crew, world, WEIR_SCHEDULING_ROUND_ROBIN, 2);
  start_roll();
  crew_run_until_worker(&crew.workers[2], "online");
  weir_channel_destroy(weir_worker_channel(crew.workers[2].worker));
  crew_run_until_noted(&crew, "P rolled(failed)", 1);
  for (size_t i = 0; i < 4; i++) crew_connect(&crew, world->endpoint);
  assert_int_equal(crew.workers[0].served + crew.workers[1].served, 4);
  crew_close(&crew);
}

static void a_loop_may_end_with_everything_under_way(struct world *world) {
  crew_open_listening(&crew, world, WEIR_SCHEDULING_ROUND_ROBIN, 2);
  crew.listens_at = world->endpoint;
  start_roll();
  for (size_t i = 0; i < 5; i++) crew_begin_connecting(&crew, world->endpoint);
  for (int turn = 0; turn < 100; turn++) weir_loop_run(world->loop, WEIR_RUN_NOWAIT);
  crew_begin_connecting(&crew, world->endpoint);
  crew_close(&crew);
}

static const struct world_case cases[] = {
    WORLD_CASE("A188", a_workers_life_is_told_in_order_and_once),
    WORLD_CASE("", a_loop_joins_one_cluster_at_a_time),
    WORLD_CASE("", what_is_no_worker_says_so),
    WORLD_CASE("A213 A239", messages_go_both_ways),
    WORLD_CASE("A213", a_cluster_hears_of_messages_of_workers_that_came_later),
    WORLD_CASE("A235 A244 A245", a_worker_disconnects_when_its_servers_have_closed),
    WORLD_CASE("A235 A240", a_worker_leaves_of_its_own_will),
    WORLD_CASE("A196 A209", the_primary_knows_that_a_worker_left_when_it_hears_of_it),
    WORLD_CASE("A234", a_worker_may_leave_when_its_server_fails),
    WORLD_CASE("", nothing_is_asked_of_a_primary_that_is_left),
    WORLD_CASE("A201", disconnecting_nobody_calls_back_later),
    WORLD_CASE("A197", disconnecting_idle_workers_leaves_none),
    WORLD_CASE("EO-49 A202", disconnecting_workers_that_serve_waits_for_their_connections),
    WORLD_CASE("A198", disconnecting_workers_that_share_gives_the_name_back),
    WORLD_CASE("A200", a_worker_without_a_server_leaves_beside_others_that_share_one),
    WORLD_CASE("A199", a_worker_that_comes_while_the_others_go_stays),
    WORLD_CASE("A231", the_name_of_a_shared_server_goes_with_the_last_worker),
    WORLD_CASE("A193", all_may_leave_at_once),
    WORLD_CASE("A195", disconnecting_all_counts_who_is_leaving_already),
    WORLD_CASE("A220 A221 A237", a_worker_that_loses_its_primary_listens_no_more),
    WORLD_CASE("A222", a_worker_that_ends_its_channel_itself_leaves_the_others_serving),
    WORLD_CASE("EO-49", the_primary_goes_on_when_a_workers_loop_ends),
    WORLD_CASE("A233 A241", a_worker_that_is_no_process_is_killed_by_its_channel),
    WORLD_CASE("A191 A233", killing_a_worker_that_leaves_is_safe),
    WORLD_CASE("", a_roll_replaces_each_worker_by_one_that_listens),
    WORLD_CASE("", old_connections_live_on_behind_a_roll),
    WORLD_CASE("", no_client_is_refused_while_a_roll_goes_on),
    WORLD_CASE("", a_roll_of_nobody_is_over_at_once_and_told_later),
    WORLD_CASE("", a_roll_is_broken_off_when_the_new_worker_goes),
    WORLD_CASE("", a_loop_may_end_with_everything_under_way),
};

int main(int argc, char **argv) { return world_main(argc, argv, "cluster_life", cases, sizeof cases / sizeof *cases); }
