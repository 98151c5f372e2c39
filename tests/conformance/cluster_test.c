/* SPDX-License-Identifier: MIT */
/*
 * Clusters: one name for several workers, and names of their own. Who gets a connection is cluster_delivery_test.c's,
 * and how workers come and go cluster_life_test.c's. The workers are loops of this process, see support/crew.h;
 * cluster_process_test.c has those that are processes.
 */
#include "support/crew.h"

#include <stdio.h>

#include "support/further_loop.h"

static struct crew crew;

static void listen_exclusively(struct crew_worker *worker, const char *endpoint) {
  weir_listen_options options = weir_listen_options_default();
  options.exclusive = true;
  crew_listen(worker, endpoint, &options);
}

/* "tcp:127.0.0.1:8080", where a server listens. */
static const char *endpoint_of(struct world *world, const weir_server *server) {
  weir_address bound;
  assert_true(weir_server_bound_address(server, &bound));
  return world_format(world, "tcp:127.0.0.1:%d", bound.port);
}

/* ---- one name --------------------------------------------------------------------------------------------------- */

static void check_one_address(struct world *world, weir_scheduling scheduling) {
  crew_open_listening(&crew, world, scheduling, 3);
  const char *name = weir_server_address(crew.workers[0].server);
  weir_address first;
  weir_address other;
  bool is_tcp = weir_server_bound_address(crew.workers[0].server, &first);
  assert_int_equal(is_tcp, world->tcp);
  for (size_t i = 1; i < crew.count; i++) {
    assert_string_equal(weir_server_address(crew.workers[i].server), name);
    assert_int_equal(weir_server_bound_address(crew.workers[i].server, &other), is_tcp);
    assert_true(!is_tcp || weir_address_equal(&first, &other));
  }
  crew_close(&crew);
}

static void all_workers_have_one_address(struct world *world) { check_one_address(world, WEIR_SCHEDULING_ROUND_ROBIN); }

static void all_workers_that_share_have_one_address(struct world *world) {
  check_one_address(world, WEIR_SCHEDULING_SHARED);
}

static void a_free_port_is_the_same_for_all(struct world *world) {
  crew_open_with(&crew, world, WEIR_SCHEDULING_ROUND_ROBIN, 2);
  crew_listen_all(&crew, "tcp:127.0.0.1:0");
  weir_address first;
  weir_address second;
  assert_true(weir_server_bound_address(crew.workers[0].server, &first));
  assert_true(weir_server_bound_address(crew.workers[1].server, &second));
  assert_true(first.port > 0);
  assert_int_equal(first.port, second.port);
  crew_close(&crew);
}

static void note_address(const weir_event *event, void *user) {
  const weir_event_listening *listening = event->listening;
  const weir_address *address = listening->address;
  const weir_server *server = crew.workers[weir_worker_id(event->worker) - 1].server;
  weir_address bound;
  bool is_tcp = weir_server_bound_address(server, &bound);
  assert_string_equal(listening->name, weir_server_address(server));
  assert_int_equal(address != NULL, is_tcp);
  world_note(user, "A", "%s", !is_tcp || (address->port > 0 && weir_address_equal(address, &bound)) ? "same" : "other");
}

static void the_primary_hears_where_a_worker_listens(struct world *world) {
  crew_open_with(&crew, world, WEIR_SCHEDULING_ROUND_ROBIN, 2);
  assert_int_equal(weir_cluster_on(crew.cluster, WEIR_EVENT_LISTENING, note_address, world), WEIR_OK);
  crew_listen(&crew.workers[0], world->tcp ? "tcp:127.0.0.1:0" : world->endpoint, NULL);
  crew_run_until_noted(&crew, "A same", 1);
  crew_listen(&crew.workers[1], world->tcp ? "tcp:*:0" : world->endpoint, NULL);
  crew_run_until_noted(&crew, "A same", 2);
  world_expect(world, "A", "same same");
  world_expect_before(world, "P listening(1)", "P listening(2)");
  crew_close(&crew);
}

static void two_servers_of_a_worker_have_ports_of_their_own(struct world *world) {
  crew_open_with(&crew, world, WEIR_SCHEDULING_ROUND_ROBIN, 2);
  weir_server *servers[2][2];
  weir_address bound[2][2];
  for (size_t worker = 0; worker < 2; worker++) {
    for (size_t i = 0; i < 2; i++) {
      servers[worker][i] = weir_server_retain(crew_listen(&crew.workers[worker], "tcp:127.0.0.1:0", NULL));
    }
    crew_run_until_noted(&crew, worker == 0 ? "V1 listening" : "V2 listening", 2);
    for (size_t i = 0; i < 2; i++) assert_true(weir_server_bound_address(servers[worker][i], &bound[worker][i]));
  }
  assert_int_not_equal(bound[0][0].port, bound[0][1].port);
  for (size_t i = 0; i < 2; i++) assert_int_equal(bound[0][i].port, bound[1][i].port);
  weir_server_close(servers[0][0], NULL, NULL);
  crew_run_until_noted(&crew, "V1 close", 1);
  assert_int_equal(weir_server_listen(servers[0][0], "tcp:127.0.0.1:0", NULL), WEIR_OK);
  crew_run_until_noted(&crew, "V1 listening", 3);
  weir_address again;
  assert_true(weir_server_bound_address(servers[0][0], &again));
  assert_int_equal(again.port, bound[1][0].port);
  for (size_t worker = 0; worker < 2; worker++) {
    for (size_t i = 0; i < 2; i++) {
      weir_server_close(servers[worker][i], NULL, NULL);
      weir_server_release(servers[worker][i]);
    }
  }
  crew_close(&crew);
}

static void a_server_listens_without_a_port(struct world *world) {
  crew_open_with(&crew, world, WEIR_SCHEDULING_ROUND_ROBIN, 1);
  crew_listen_all(&crew, "tcp:0");
  crew_connect(&crew, endpoint_of(world, crew.workers[0].server));
  crew_close(&crew);
}

static void a_host_is_looked_up_in_the_worker(struct world *world) {
  if (world->simulated) {
    weir_address address;
    weir_address_make("127.0.0.1", WEIR_NO_PORT, &address);
    assert_int_equal(weir_sim_add_host(world->sim, "localhost", &address, 1, WEIR_OK), WEIR_OK);
  }
  crew_open_with(&crew, world, WEIR_SCHEDULING_ROUND_ROBIN, 2);
  crew_listen_all(&crew, "tcp:localhost:0");
  assert_string_equal(weir_server_address(crew.workers[0].server), weir_server_address(crew.workers[1].server));
  crew_close(&crew);
}

/* At the port of the world's endpoint: one that the system draws may be a stranger's over IPv4. */
static void check_ipv6_only(struct world *world, weir_scheduling scheduling, bool ipv6_only) {
  weir_listen_options options = weir_listen_options_default();
  const char *port = strrchr(world->endpoint, ':') + 1;
  weir_address bound;
  options.ipv6_only = ipv6_only;
  crew_open_with(&crew, world, scheduling, 1);
  crew_listen(&crew.workers[0], world_format(world, "tcp:*:%s", port), &options);
  crew_run_until_server(&crew.workers[0], "listening");
  assert_true(weir_server_bound_address(crew.workers[0].server, &bound));
  assert_int_equal(bound.family, WEIR_FAMILY_IPV6);
  crew_connect(&crew, world_format(world, "tcp:[::1]:%s", port));
  if (ipv6_only) {
    world_listen(world, NULL, NULL, NULL);
  } else {
    crew_connect(&crew, world_format(world, "tcp:127.0.0.1:%s", port));
  }
  crew_close(&crew);
}

static void a_server_at_any_address_has_clients_of_both_kinds(struct world *world) {
  check_ipv6_only(world, WEIR_SCHEDULING_ROUND_ROBIN, false);
}

static void an_ipv6_only_server_leaves_the_port_of_ipv4_free(struct world *world) {
  check_ipv6_only(world, WEIR_SCHEDULING_ROUND_ROBIN, true);
}

static void an_ipv6_only_server_that_is_shared_leaves_the_port_of_ipv4_free(struct world *world) {
  check_ipv6_only(world, WEIR_SCHEDULING_SHARED, true);
}

/* ---- names that cannot be had ----------------------------------------------------------------------------------- */

static void check_taken(struct world *world, weir_scheduling scheduling) {
  weir_server *taker = world_listen(world, NULL, NULL, NULL);
  crew_open_with(&crew, world, scheduling, 2);
  crew_listen(&crew.workers[0], world->endpoint, NULL);
  crew_listen(&crew.workers[1], world->endpoint, NULL);
  crew_run_until_server(&crew.workers[0], "error");
  crew_run_until_server(&crew.workers[1], "error");
  world_expect(world, "V1", "error(EADDRINUSE)");
  world_expect(world, "V2", "error(EADDRINUSE)");
  assert_int_equal(world_count(world, "P listening"), 0);
  weir_server_close(taker, NULL, NULL);
  assert_int_equal(weir_server_listen(crew.workers[0].server, world->endpoint, NULL), WEIR_OK);
  crew_run_until_server(&crew.workers[0], "listening");
  crew_connect(&crew, world->endpoint);
  crew_close(&crew);
}

static void a_taken_name_is_the_error_of_each_server_and_may_be_had_later(struct world *world) {
  check_taken(world, WEIR_SCHEDULING_ROUND_ROBIN);
}

static void a_taken_name_is_an_error_for_who_would_share_it(struct world *world) {
  check_taken(world, WEIR_SCHEDULING_SHARED);
}

static void what_the_primary_may_not_have_is_the_workers_error(struct world *world) {
  crew_open_with(&crew, world, WEIR_SCHEDULING_ROUND_ROBIN, 1);
  assert_int_equal(weir_sim_fail(world->sim, WEIR_SIM_FAULT_LISTEN, 1, WEIR_EACCES), WEIR_OK);
  crew_listen(&crew.workers[0], world->endpoint, NULL);
  crew_run_until_server(&crew.workers[0], "error");
  world_expect(world, "V1", "error(EACCES)");
  crew_close(&crew);
}

static void two_clusters_cannot_have_one_name(struct world *world) {
  static struct crew other;
  crew_open_listening(&crew, world, WEIR_SCHEDULING_ROUND_ROBIN, 1);
  crew_open_with(&other, world, WEIR_SCHEDULING_ROUND_ROBIN, 1);
  world_forget(world);
  crew_listen(&other.workers[0], world->endpoint, NULL);
  while (world_count(world, "V1 error") == 0) {
    crew_turn(&other);
    crew_turn(&crew);
  }
  world_expect(world, "V1", "error(EADDRINUSE)");
  crew_close(&other);
  crew_close(&crew);
}

static void two_servers_of_a_worker_cannot_have_one_name(struct world *world) {
  crew_open_listening(&crew, world, WEIR_SCHEDULING_ROUND_ROBIN, 1);
  weir_server *first = weir_server_retain(crew.workers[0].server);
  crew_listen(&crew.workers[0], world->endpoint, NULL);
  crew_run_until_server(&crew.workers[0], "error");
  world_expect(world, "V1", "listening error(EADDRINUSE)");
  weir_server_close(first, NULL, NULL);
  weir_server_release(first);
  crew_close(&crew);
}

/* A worker of a worker: its primary has to ask its own for a name. */
struct second_level {
  weir_cluster *cluster; /* in the loop of the first worker */
  struct crew_worker worker;
};

static void open_second_level(struct second_level *level) {
  weir_channel *here = NULL;
  weir_channel *there = NULL;
  struct crew_worker *middle = &crew.workers[0];
  level->worker = (struct crew_worker){.crew = &crew, .name = "W2", .server_name = "V2"};
  level->worker.loop = further_loop(crew.world);
  assert_int_equal(weir_cluster_create(middle->loop, NULL, &level->cluster), WEIR_OK);
  assert_int_equal(weir_channel_pair(middle->loop, level->worker.loop, &here, &there), WEIR_OK);
  assert_int_equal(weir_cluster_add(level->cluster, here, NULL), WEIR_OK);
  assert_int_equal(weir_cluster_join_channel(there, &level->worker.worker), WEIR_OK);
  weir_channel_release(here);
  weir_channel_release(there);
}

static void run_levels_until_noted(const struct second_level *level, const char *noted) {
  while (world_count(crew.world, noted) == 0) {
    crew_turn(&crew);
    weir_loop_run(level->worker.loop, WEIR_RUN_NOWAIT);
  }
}

static void close_second_level(struct second_level *level) {
  weir_server_release(level->worker.server);
  for (size_t i = 0; i < level->worker.served; i++) weir_socket_release(level->worker.sockets[i]);
  weir_worker_release(level->worker.worker);
  weir_loop_release(level->worker.loop);
  weir_cluster_release(level->cluster);
}

static void a_taken_name_is_an_error_two_levels_down(struct world *world) {
  struct second_level level;
  world_listen(world, NULL, NULL, NULL);
  crew_open_with(&crew, world, WEIR_SCHEDULING_ROUND_ROBIN, 1);
  open_second_level(&level);
  crew_listen(&level.worker, world->endpoint, NULL);
  run_levels_until_noted(&level, "V2 error(EADDRINUSE)");
  close_second_level(&level);
  crew_close(&crew);
}

static void a_client_comes_two_levels_down(struct world *world) {
  struct second_level level;
  crew_open_with(&crew, world, WEIR_SCHEDULING_ROUND_ROBIN, 1);
  open_second_level(&level);
  crew_listen(&level.worker, world->endpoint, NULL);
  run_levels_until_noted(&level, "V2 listening");
  weir_socket *client = crew_begin_connecting(&crew, world->endpoint);
  world_write(client, "deep");
  run_levels_until_noted(&level, "V2 connection");
  world_trace_socket(world, level.worker.sockets[0], "S", WORLD_TRACE_DATA);
  run_levels_until_noted(&level, "S data(deep)");
  weir_socket_destroy(client, NULL);
  close_second_level(&level);
  crew_close(&crew);
}

/* ---- names of one's own ----------------------------------------------------------------------------------------- */

static void an_exclusive_name_is_not_shared(struct world *world) {
  crew_open_with(&crew, world, WEIR_SCHEDULING_ROUND_ROBIN, 2);
  crew_listen(&crew.workers[0], world->endpoint, NULL);
  crew_run_until_server(&crew.workers[0], "listening");
  listen_exclusively(&crew.workers[1], world->endpoint);
  crew_run_until_server(&crew.workers[1], "error");
  world_expect(world, "V2", "error(EADDRINUSE)");
  crew_close(&crew);
}

static void an_exclusive_name_is_none_of_the_primarys_business(struct world *world) {
  crew_open_with(&crew, world, WEIR_SCHEDULING_ROUND_ROBIN, 2);
  listen_exclusively(&crew.workers[0], world->endpoint);
  crew_run_until_server(&crew.workers[0], "listening");
  listen_exclusively(&crew.workers[1], world->endpoint);
  crew_run_until_server(&crew.workers[1], "error");
  world_expect(world, "V2", "error(EADDRINUSE)");
  crew_connect(&crew, world->endpoint);
  assert_int_equal(world_count(world, "P listening"), 0);
  crew_close(&crew);
}

static void exclusive_free_ports_differ(struct world *world) {
  crew_open_with(&crew, world, WEIR_SCHEDULING_ROUND_ROBIN, 2);
  for (size_t i = 0; i < 2; i++) {
    listen_exclusively(&crew.workers[i], "tcp:127.0.0.1:0");
    crew_run_until_server(&crew.workers[i], "listening");
  }
  assert_string_not_equal(endpoint_of(world, crew.workers[0].server), endpoint_of(world, crew.workers[1].server));
  crew_close(&crew);
}

static void a_reused_port_is_bound_by_the_worker_itself(struct world *world) {
  weir_listen_options options = weir_listen_options_default();
  options.reuse_port = true;
  crew_open_with(&crew, world, WEIR_SCHEDULING_ROUND_ROBIN, 1);
  crew_listen(&crew.workers[0], "tcp:127.0.0.1:0", &options);
  while (world_count(world, "V1 listening") + world_count(world, "V1 error(ENOTSUP)") == 0) crew_turn(&crew);
  crew_run_for(&crew, 10);
  assert_int_equal(world_count(world, "P listening"), 0);
  crew_close(&crew);
}

static void what_is_bound_already_is_listened_on_without_asking(struct world *world) {
  weir_bound *bound = NULL;
  crew_open_with(&crew, world, WEIR_SCHEDULING_ROUND_ROBIN, 1);
  weir_server *server = crew_server(&crew.workers[0], NULL);
  assert_int_equal(weir_bound_create(crew.workers[0].loop, "tcp:127.0.0.1:0", NULL, &bound), WEIR_OK);
  assert_int_equal(weir_server_listen_bound(server, bound, NULL), WEIR_OK);
  weir_bound_release(bound);
  crew_run_until_server(&crew.workers[0], "listening");
  crew_connect(&crew, endpoint_of(world, server));
  assert_int_equal(world_count(world, "P listening"), 0);
  crew_close(&crew);
}

static void keep_sent_server(const weir_event *event, void *user) {
  struct crew_worker *worker = user;
  assert_non_null(event->message->server);
  worker->server = weir_server_retain(event->message->server);
  world_trace_server(worker->crew->world, worker->server, "V1");
}

static void a_server_that_was_sent_to_a_worker_listens_there(struct world *world) {
  weir_server *server = world_listen(world, NULL, NULL, NULL);
  weir_send_options options = weir_send_options_default();
  options.server = server;
  crew_open_with(&crew, world, WEIR_SCHEDULING_ROUND_ROBIN, 1);
  struct crew_worker *worker = &crew.workers[0];
  assert_int_equal(weir_worker_on(worker->worker, WEIR_EVENT_MESSAGE, keep_sent_server, worker), WEIR_OK);
  assert_true(weir_channel_send(weir_worker_channel(worker->seen), "server", 6, &options) >= 0);
  crew_run_until_server(worker, "listening");
  assert_true(weir_server_listening(worker->server));
  crew_close(&crew);
}

static void never_arrive(weir_loop *loop, weir_server *server, weir_code code, void *unused) {
  (void)loop;
  (void)server;
  (void)code;
  (void)unused;
  fail();
}

/* There is nothing that could go, or be listened on. */
static void a_server_that_the_primary_accepts_for_stays(struct world *world) {
  weir_send_options options = weir_send_options_default();
  crew_open_listening(&crew, world, WEIR_SCHEDULING_ROUND_ROBIN, 1);
  struct crew_worker *worker = &crew.workers[0];
  weir_server *server = worker->server;
  weir_server *other = NULL;
  options.server = server;
  assert_int_equal(weir_channel_send(weir_worker_channel(worker->worker), "", 0, &options), WEIR_ENOTSUP);
  assert_int_equal(weir_server_hand_over(server, world->loop, never_arrive, NULL), WEIR_ENOTSUP);
  assert_int_equal(weir_server_create(worker->loop, NULL, NULL, NULL, &other), WEIR_OK);
  assert_int_equal(weir_server_listen_shared(other, server, NULL), WEIR_ENOTSUP);
  weir_server_release(other);
  crew_connect(&crew, world->endpoint);
  crew_close(&crew);
}

/* ---- asking and closing ----------------------------------------------------------------------------------------- */

static void listening_twice_before_the_answer_is_refused(struct world *world) {
  crew_open_with(&crew, world, WEIR_SCHEDULING_ROUND_ROBIN, 1);
  weir_server *server = crew_listen(&crew.workers[0], world->endpoint, NULL);
  assert_int_equal(weir_server_listen(server, world->endpoint, NULL), WEIR_EALREADY);
  crew_run_until_server(&crew.workers[0], "listening");
  weir_server_close(server, NULL, NULL);
  crew_run_until_server(&crew.workers[0], "close");
  world_expect(world, "V1", "listening close");
  crew_close(&crew);
}

static void closing_before_the_answer_takes_the_listen_back(struct world *world) {
  crew_open_with(&crew, world, WEIR_SCHEDULING_ROUND_ROBIN, 1);
  struct crew_worker *worker = &crew.workers[0];
  weir_server *server = crew_listen(worker, world->endpoint, NULL);
  assert_true(weir_loop_alive(worker->loop));
  assert_false(weir_server_listening(server));
  weir_server_close(server, world_note_server, world_mark(world, "V1", NULL));
  crew_run_until_server(worker, "close-cb");
  crew_run_for(&crew, 10);
  world_expect(world, "V1", "close-cb(ENOTOPEN)");
  assert_false(weir_loop_alive(worker->loop));
  world_listen(world, NULL, NULL, NULL);
  crew_close(&crew);
}

static void a_cancelled_listen_is_heard_of_as_a_close(struct world *world) {
  weir_listen_options options = weir_listen_options_default();
  weir_cancellation *cancellation = NULL;
  crew_open_with(&crew, world, WEIR_SCHEDULING_ROUND_ROBIN, 1);
  assert_int_equal(weir_cancellation_create(crew.workers[0].loop, &cancellation), WEIR_OK);
  options.cancellation = cancellation;
  crew_listen(&crew.workers[0], world->endpoint, &options);
  weir_cancellation_cancel(cancellation);
  crew_run_until_server(&crew.workers[0], "close");
  weir_cancellation_release(cancellation);
  world_expect(world, "V1", "close");
  crew_close(&crew);
}

static void check_restart(struct world *world, weir_scheduling scheduling) {
  crew_open_listening(&crew, world, scheduling, 1);
  weir_server *server = crew.workers[0].server;
  for (size_t i = 1; i <= 3; i++) {
    crew_connect(&crew, world->endpoint);
    weir_socket_destroy(crew.workers[0].sockets[i - 1], NULL);
    weir_server_close(server, NULL, NULL);
    crew_run_until_noted(&crew, "V1 close", i);
    assert_int_equal(weir_server_listen(server, world->endpoint, NULL), WEIR_OK);
    crew_run_until_noted(&crew, "V1 listening", i + 1);
  }
  crew_close(&crew);
}

static void a_server_closes_and_listens_again(struct world *world) {
  check_restart(world, WEIR_SCHEDULING_ROUND_ROBIN);
}

static void a_server_that_shares_closes_and_listens_again(struct world *world) {
  check_restart(world, WEIR_SCHEDULING_SHARED);
}

/* Newer than Node 20: the first comes back to the port while the other has it. */
static void a_worker_comes_back_to_a_name_that_another_has(struct world *world) {
  crew_open_listening(&crew, world, WEIR_SCHEDULING_ROUND_ROBIN, 2);
  weir_server_close(crew.workers[0].server, NULL, NULL);
  crew_run_until_server(&crew.workers[0], "close");
  crew_connect(&crew, world->endpoint);
  assert_int_equal(crew.workers[1].served, 1);
  assert_int_equal(weir_server_listen(crew.workers[0].server, world->endpoint, NULL), WEIR_OK);
  crew_run_until_noted(&crew, "V1 listening", 2);
  for (size_t i = 0; i < 2; i++) crew_connect(&crew, world->endpoint);
  assert_int_equal(crew.workers[0].served, 1);
  crew_close(&crew);
}

static void the_name_is_free_when_the_last_has_closed(struct world *world) {
  crew_open_listening(&crew, world, WEIR_SCHEDULING_ROUND_ROBIN, 2);
  for (size_t i = 0; i < 2; i++) {
    crew_connect(&crew, world->endpoint);
    weir_server_close(crew.workers[i].server, NULL, NULL);
    crew_run_for(&crew, 10);
  }
  world_listen(world, NULL, NULL, NULL);
  crew_close(&crew);
}

static void close_waits_for_the_connections_that_came(struct world *world) {
  crew_open_listening(&crew, world, WEIR_SCHEDULING_ROUND_ROBIN, 1);
  struct crew_worker *worker = &crew.workers[0];
  crew_connect(&crew, world->endpoint);
  weir_server_get_connections(worker->server, world_note_count, world_mark(world, "V1", NULL));
  crew_run_until_server(worker, "count(1)");
  weir_server_close(worker->server, NULL, NULL);
  crew_run_for(&crew, 10);
  assert_int_equal(world_count(world, "V1 close"), 0);
  weir_socket_destroy(worker->sockets[0], NULL);
  crew_run_until_server(worker, "close");
  crew_close(&crew);
}

/* ---- what keeps a worker's loop alive --------------------------------------------------------------------------- */

static void a_listening_server_keeps_its_worker_alive_and_a_closed_one_does_not(struct world *world) {
  crew_open_listening(&crew, world, WEIR_SCHEDULING_ROUND_ROBIN, 1);
  struct crew_worker *worker = &crew.workers[0];
  weir_channel_unref(weir_worker_channel(worker->worker));
  assert_true(weir_loop_alive(worker->loop));
  weir_server_close(worker->server, NULL, NULL);
  crew_run_until_server(worker, "close");
  crew_run_for(&crew, 10);
  assert_false(weir_loop_alive(worker->loop));
  crew_close(&crew);
}

static void a_server_may_be_let_go_before_and_after_it_listens(struct world *world) {
  crew_open_with(&crew, world, WEIR_SCHEDULING_ROUND_ROBIN, 1);
  struct crew_worker *worker = &crew.workers[0];
  weir_server *server = crew_server(worker, NULL);
  weir_server_unref(server);
  assert_int_equal(weir_server_listen(server, world->endpoint, NULL), WEIR_OK);
  crew_run_until_server(worker, "listening");
  crew_run_for(&crew, 10);
  assert_false(weir_loop_alive(worker->loop));
  weir_server_ref(server);
  assert_true(weir_loop_alive(worker->loop));
  weir_server_unref(server);
  assert_false(weir_loop_alive(worker->loop));
  weir_server_ref(server);
  weir_server_close(server, NULL, NULL);
  crew_run_until_server(worker, "close");
  crew_close(&crew);
}

#define TCP_CASE(rows, function) WORLD_CASE_EXCEPT(rows, function, WORLD_NOT_LOCAL, "ports and blocks are TCP's")
#define SIM_CASE(rows, function) \
  WORLD_CASE_EXCEPT(rows, function, WORLD_NOT_POSIX | WORLD_NOT_WINDOWS, "the failure is ordered from the simulator")

static const struct world_case cases[] = {
    WORLD_CASE("EO-49 S051", all_workers_have_one_address),
    WORLD_CASE("EO-49 S051", all_workers_that_share_have_one_address),
    TCP_CASE("EO-49 A212", a_free_port_is_the_same_for_all),
    WORLD_CASE("EO-49 A212", the_primary_hears_where_a_worker_listens),
    TCP_CASE("A192", two_servers_of_a_worker_have_ports_of_their_own),
    TCP_CASE("A217", a_server_listens_without_a_port),
    TCP_CASE("A215", a_server_at_any_address_has_clients_of_both_kinds),
    TCP_CASE("A247", an_ipv6_only_server_leaves_the_port_of_ipv4_free),
    TCP_CASE("A246", an_ipv6_only_server_that_is_shared_leaves_the_port_of_ipv4_free),
    TCP_CASE("", a_host_is_looked_up_in_the_worker),
    WORLD_CASE("A203 A204 A229", a_taken_name_is_the_error_of_each_server_and_may_be_had_later),
    WORLD_CASE("A204 A229", a_taken_name_is_an_error_for_who_would_share_it),
    SIM_CASE("A189 A230", what_the_primary_may_not_have_is_the_workers_error),
    WORLD_CASE("A190 A249", two_clusters_cannot_have_one_name),
    WORLD_CASE("", two_servers_of_a_worker_cannot_have_one_name),
    WORLD_CASE("A250", a_taken_name_is_an_error_two_levels_down),
    WORLD_CASE("", a_client_comes_two_levels_down),
    WORLD_CASE("", a_server_that_the_primary_accepts_for_stays),
    WORLD_CASE("EO-49 S052 A186", an_exclusive_name_is_not_shared),
    WORLD_CASE("EO-49 S052", an_exclusive_name_is_none_of_the_primarys_business),
    TCP_CASE("EO-49 A181", exclusive_free_ports_differ),
    TCP_CASE("A218", a_reused_port_is_bound_by_the_worker_itself),
    TCP_CASE("A183", what_is_bound_already_is_listened_on_without_asking),
    WORLD_CASE("A182", a_server_that_was_sent_to_a_worker_listens_there),
    WORLD_CASE("A184", listening_twice_before_the_answer_is_refused),
    WORLD_CASE("A185", closing_before_the_answer_takes_the_listen_back),
    WORLD_CASE("", a_cancelled_listen_is_heard_of_as_a_close),
    WORLD_CASE("A228", a_server_closes_and_listens_again),
    WORLD_CASE("A227", a_server_that_shares_closes_and_listens_again),
    WORLD_CASE("A248", a_worker_comes_back_to_a_name_that_another_has),
    WORLD_CASE("EO-49", the_name_is_free_when_the_last_has_closed),
    WORLD_CASE("", close_waits_for_the_connections_that_came),
    WORLD_CASE("A223 A224", a_listening_server_keeps_its_worker_alive_and_a_closed_one_does_not),
    WORLD_CASE("A225 A226", a_server_may_be_let_go_before_and_after_it_listens),
};

int main(int argc, char **argv) { return world_main(argc, argv, "cluster", cases, sizeof cases / sizeof *cases); }
