/* SPDX-License-Identifier: MIT */
/*
 * Who gets a connection of a cluster: turns, limits, and what becomes of one that a worker does not take. The workers
 * are loops of this process, see support/crew.h.
 */
#include "common/channel/channel.h"
#include "common/cluster/cluster.h"
#include "common/server/server.h"
#include "support/crew.h"

static struct crew crew;

/* ---- who gets a connection -------------------------------------------------------------------------------------- */

static void connections_alternate_from_the_first_who_listened(struct world *world) {
  crew_open_listening(&crew, world, WEIR_SCHEDULING_ROUND_ROBIN, 2);
  for (size_t i = 0; i < 6; i++) {
    crew_connect(&crew, world->endpoint);
    assert_int_equal(crew.workers[0].served, i / 2 + 1);
    assert_int_equal(crew.workers[1].served, (i + 1) / 2);
  }
  crew_close(&crew);
}

/* All at once, so that nobody has answered when the next one comes. */
static void turns_are_even_within_one_however_many_come_at_once(struct world *world) {
  crew_open_listening(&crew, world, WEIR_SCHEDULING_ROUND_ROBIN, 3);
  for (size_t i = 0; i < 40; i++) crew_begin_connecting(&crew, world->endpoint);
  crew_run_until_served(&crew, 40);
  for (size_t i = 0; i < 3; i++) assert_in_range(crew.workers[i].served, 13, 14);
  crew_close(&crew);
}

/* One that hangs has what it was given, and no more. */
static void who_does_not_answer_is_passed_over(struct world *world) {
  enum { CLIENTS = 2 * WEIR_WORKER_BACKLOG + 8 };
  crew_open_listening(&crew, world, WEIR_SCHEDULING_ROUND_ROBIN, 2);
  weir_loop *stuck = crew.workers[0].loop;
  crew.workers[0].loop = NULL;
  for (size_t i = 0; i < CLIENTS; i++) crew_begin_connecting(&crew, world->endpoint);
  crew_run_until_served(&crew, CLIENTS - WEIR_WORKER_BACKLOG);
  assert_int_equal(crew.workers[0].served, 0);
  crew.workers[0].loop = stuck;
  crew_run_until_served(&crew, CLIENTS);
  assert_int_equal(crew.workers[0].served, WEIR_WORKER_BACKLOG);
  crew_close(&crew);
}

static void a_shared_name_is_served_by_who_accepts(struct world *world) {
  crew_open_listening(&crew, world, WEIR_SCHEDULING_SHARED, 2);
  for (size_t i = 0; i < 12; i++) crew_connect(&crew, world->endpoint);
  assert_int_equal(crew_served(&crew), 12);
  weir_server_close(crew.workers[0].server, NULL, NULL);
  size_t before = crew.workers[1].served;
  for (size_t i = 0; i < 4; i++) crew_connect(&crew, world->endpoint);
  assert_int_equal(crew.workers[1].served, before + 4);
  crew_close(&crew);
}

static void bytes_that_came_before_the_worker_has_the_connection_are_there(struct world *world) {
  crew_open_listening(&crew, world, WEIR_SCHEDULING_ROUND_ROBIN, 2);
  weir_socket *client = crew_begin_connecting(&crew, world->endpoint);
  world_write(client, "first words");
  crew_run_until_served(&crew, 1);
  weir_socket *accepted = crew.workers[0].sockets[0];
  world_trace_socket(world, accepted, "S", WORLD_TRACE_DATA);
  crew_run_until_noted(&crew, "S data(first words)", 1);
  world_write(accepted, "answer");
  crew_run_until_noted(&crew, "C data(answer)", 1);
  weir_socket_end(client, NULL);
  crew_run_until_noted(&crew, "S close", 1);
  crew_run_until_noted(&crew, "C close", 1);
  world_expect(world, "S", "data(first words) end finish close(false)");
  crew_close(&crew);
}

static void a_worker_knows_who_its_client_is(struct world *world) {
  crew_open_listening(&crew, world, WEIR_SCHEDULING_ROUND_ROBIN, 1);
  weir_socket *client = crew_connect(&crew, world->endpoint);
  weir_socket *accepted = crew.workers[0].sockets[0];
  weir_address theirs;
  weir_address ours;
  assert_int_equal(weir_socket_remote_address(accepted, &theirs), world->tcp);
  assert_int_equal(weir_socket_local_address(client, &ours), world->tcp);
  if (world->tcp) assert_true(weir_address_equal(&theirs, &ours));
  assert_ptr_equal(weir_socket_server(accepted), crew.workers[0].server);
  crew_close(&crew);
}

static void the_options_of_the_workers_server_count(struct world *world) {
  weir_server_options options = weir_server_options_default();
  options.pause_on_connect = true;
  options.allow_half_open = true;
  options.high_water_mark = 1000;
  options.no_delay = true;
  crew_open_with(&crew, world, WEIR_SCHEDULING_ROUND_ROBIN, 1);
  weir_server *server = crew_server(&crew.workers[0], &options);
  assert_int_equal(weir_server_listen(server, world->endpoint, NULL), WEIR_OK);
  crew_run_until_server(&crew.workers[0], "listening");
  weir_socket *client = crew_connect(&crew, world->endpoint);
  weir_socket *accepted = crew.workers[0].sockets[0];
  assert_true(weir_socket_is_paused(accepted));
  assert_int_equal(weir_socket_high_water_mark(accepted), 1000);
  world_trace_socket(world, accepted, "S", WORLD_TRACE_LIFE);
  weir_socket_end(client, NULL);
  crew_run_for(&crew, 20);
  world_expect(world, "S", "");
  weir_socket_resume(accepted);
  crew_run_until_noted(&crew, "S end", 1);
  assert_int_equal(weir_socket_get_state(accepted), WEIR_SOCKET_WRITE_ONLY);
  crew_close(&crew);
}

/* ---- limits ----------------------------------------------------------------------------------------------------- */

static void what_is_too_much_for_one_worker_goes_to_another(struct world *world) {
  static const int limits[] = {0, 1, WEIR_UNLIMITED};
  crew_open_listening(&crew, world, WEIR_SCHEDULING_ROUND_ROBIN, 3);
  for (size_t i = 0; i < 3; i++) weir_server_set_max_connections(crew.workers[i].server, limits[i]);
  for (size_t i = 0; i < 10; i++) crew_begin_connecting(&crew, world->endpoint);
  crew_run_until_served(&crew, 10);
  assert_int_equal(crew.workers[0].served, 0);
  assert_int_equal(crew.workers[1].served, 1);
  assert_int_equal(crew.workers[2].served, 9);
  assert_int_equal(world_count(world, "V1 drop"), 0);
  crew_close(&crew);
}

static void what_is_too_much_for_all_is_dropped_by_the_last(struct world *world) {
  crew_open_listening(&crew, world, WEIR_SCHEDULING_ROUND_ROBIN, 2);
  for (size_t i = 0; i < 2; i++) weir_server_set_max_connections(crew.workers[i].server, 1);
  for (size_t i = 0; i < 2; i++) crew_connect(&crew, world->endpoint);
  crew_begin_connecting(&crew, world->endpoint);
  crew_run_until_noted(&crew, "C close", 1);
  assert_int_equal(world_count(world, "V1 drop") + world_count(world, "V2 drop"), 1);
  assert_int_equal(crew_served(&crew), 2);
  crew_close(&crew);
}

static void a_worker_that_wants_to_drop_does(struct world *world) {
  weir_server_options options = weir_server_options_default();
  options.drop_max_connections = true;
  crew_open_with(&crew, world, WEIR_SCHEDULING_ROUND_ROBIN, 2);
  for (size_t i = 0; i < 2; i++) {
    weir_server *server = crew_server(&crew.workers[i], &options);
    weir_server_set_max_connections(server, i == 0 ? 0 : WEIR_UNLIMITED);
    assert_int_equal(weir_server_listen(server, world->endpoint, NULL), WEIR_OK);
    crew_run_until_server(&crew.workers[i], "listening");
  }
  crew_begin_connecting(&crew, world->endpoint);
  crew_run_until_noted(&crew, "V1 drop", 1);
  crew_run_until_noted(&crew, "C close", 1);
  assert_int_equal(crew_served(&crew), 0);
  crew_close(&crew);
}

static void blocked_clients_are_turned_away_by_the_worker(struct world *world) {
  weir_server_options options = weir_server_options_default();
  weir_address address;
  crew_open_with(&crew, world, WEIR_SCHEDULING_ROUND_ROBIN, 1);
  assert_int_equal(weir_block_list_create(NULL, &options.block_list), WEIR_OK);
  assert_int_equal(weir_address_make("127.0.0.0", WEIR_NO_PORT, &address), WEIR_OK);
  assert_int_equal(weir_block_list_add_subnet(options.block_list, &address, 8), WEIR_OK);
  weir_server *server = crew_server(&crew.workers[0], &options);
  weir_block_list_release(options.block_list);
  assert_int_equal(weir_server_listen(server, world->endpoint, NULL), WEIR_OK);
  crew_run_until_server(&crew.workers[0], "listening");
  crew_begin_connecting(&crew, world->endpoint);
  crew_run_until_noted(&crew, "C close", 1);
  world_expect(world, "V1", "listening");
  crew_close(&crew);
}

/* ---- on the way ------------------------------------------------------------------------------------------------- */

static void a_connection_for_a_server_that_has_closed_goes_to_another(struct world *world) {
  crew_open_listening(&crew, world, WEIR_SCHEDULING_ROUND_ROBIN, 2);
  crew_begin_connecting(&crew, world->endpoint);
  /* The primary gives it to the first, which closes before it hears of it. */
  for (int turn = 0; turn < 200; turn++) weir_loop_run(world->loop, WEIR_RUN_NOWAIT);
  weir_server_close(crew.workers[0].server, NULL, NULL);
  crew_run_until_served(&crew, 1);
  assert_int_equal(crew.workers[1].served, 1);
  crew_close(&crew);
}

static void a_connection_that_nobody_takes_is_closed(struct world *world) {
  crew_open_listening(&crew, world, WEIR_SCHEDULING_ROUND_ROBIN, 1);
  crew_begin_connecting(&crew, world->endpoint);
  for (int turn = 0; turn < 200; turn++) weir_loop_run(world->loop, WEIR_RUN_NOWAIT);
  weir_server_close(crew.workers[0].server, NULL, NULL);
  crew_run_until_noted(&crew, "C close", 1);
  assert_int_equal(crew_served(&crew), 0);
  crew_close(&crew);
}

static void what_a_worker_had_not_taken_when_it_died_goes_to_another(struct world *world) {
  crew_open_listening(&crew, world, WEIR_SCHEDULING_ROUND_ROBIN, 2);
  for (size_t i = 0; i < 6; i++) crew_begin_connecting(&crew, world->endpoint);
  for (int turn = 0; turn < 200; turn++) weir_loop_run(world->loop, WEIR_RUN_NOWAIT);
  weir_channel_destroy(weir_worker_channel(crew.workers[0].worker));
  crew_run_until_served(&crew, 6);
  assert_int_equal(crew.workers[1].served, 6);
  crew_close(&crew);
}

static void an_accept_that_fails_is_the_primarys_error_and_the_worker_goes_on(struct world *world) {
  crew_open_listening(&crew, world, WEIR_SCHEDULING_ROUND_ROBIN, 1);
  assert_int_equal(weir_sim_fail(world->sim, WEIR_SIM_FAULT_ACCEPT, 1, WEIR_EMFILE), WEIR_OK);
  crew_begin_connecting(&crew, world->endpoint);
  crew_run_until_noted(&crew, "P error(0)", 1);
  weir_server_close(crew.workers[0].server, NULL, NULL);
  crew_run_until_server(&crew.workers[0], "close");
  crew_run_until_noted(&crew, "C close", 1);
  crew_close(&crew);
}

static void the_backlog_of_the_first_who_asks_is_the_primarys(struct world *world) {
  weir_listen_options options = weir_listen_options_default();
  options.backlog = 7;
  crew_open_with(&crew, world, WEIR_SCHEDULING_ROUND_ROBIN, 1);
  crew_listen(&crew.workers[0], world->endpoint, &options);
  crew_run_until_server(&crew.workers[0], "listening");
  const weir_worker *worker = crew.workers[0].seen;
  const struct member *member = CONTAINER_OF(list_first(&worker->members), struct member, of_worker);
  assert_int_equal(member->name->server->backlog, 7);
  crew_close(&crew);
}

static void what_nobody_knows_is_ignored(struct world *world) {
  crew_open_listening(&crew, world, WEIR_SCHEDULING_ROUND_ROBIN, 1);
  struct crew_worker *worker = &crew.workers[0];
  for (uint16_t subject = 0; subject < 40; subject++) {
    const struct channel_send send = {.subject = subject, .bytes = "?", .length = subject % 2};
    if (subject == SUBJECT_LEAVING || subject == SUBJECT_DISCONNECT) continue;
    assert_true(channel_send(weir_worker_channel(worker->worker), &send) >= 0);
    assert_true(channel_send(weir_worker_channel(worker->seen), &send) >= 0);
  }
  crew_connect(&crew, world->endpoint);
  assert_true(weir_worker_is_connected(worker->seen));
  crew_close(&crew);
}

#define TCP_CASE(rows, function) WORLD_CASE_EXCEPT(rows, function, WORLD_NOT_LOCAL, "ports and blocks are TCP's")
#define SIM_CASE(rows, function) \
  WORLD_CASE_EXCEPT(rows, function, WORLD_NOT_POSIX | WORLD_NOT_WINDOWS, "the failure is ordered from the simulator")

static const struct world_case cases[] = {
    WORLD_CASE("EO-49", connections_alternate_from_the_first_who_listened),
    WORLD_CASE("", turns_are_even_within_one_however_many_come_at_once),
    WORLD_CASE("", who_does_not_answer_is_passed_over),
    WORLD_CASE("A186 S051", a_shared_name_is_served_by_who_accepts),
    WORLD_CASE("", bytes_that_came_before_the_worker_has_the_connection_are_there),
    WORLD_CASE("A207", a_worker_knows_who_its_client_is),
    WORLD_CASE("", the_options_of_the_workers_server_count),
    WORLD_CASE("A219", what_is_too_much_for_one_worker_goes_to_another),
    WORLD_CASE("A219", what_is_too_much_for_all_is_dropped_by_the_last),
    WORLD_CASE("A219", a_worker_that_wants_to_drop_does),
    TCP_CASE("", blocked_clients_are_turned_away_by_the_worker),
    WORLD_CASE("A238", a_connection_for_a_server_that_has_closed_goes_to_another),
    WORLD_CASE("A238", a_connection_that_nobody_takes_is_closed),
    WORLD_CASE("", what_a_worker_had_not_taken_when_it_died_goes_to_another),
    SIM_CASE("A187", an_accept_that_fails_is_the_primarys_error_and_the_worker_goes_on),
    WORLD_CASE("A214", the_backlog_of_the_first_who_asks_is_the_primarys),
    WORLD_CASE("A208", what_nobody_knows_is_ignored),
};

int main(int argc, char **argv) {
  return world_main(argc, argv, "cluster_delivery", cases, sizeof cases / sizeof *cases);
}
