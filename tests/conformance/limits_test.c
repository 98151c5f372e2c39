/* SPDX-License-Identifier: MIT */
/*
 * Servers that run out of descriptors: they turn clients away rather than let them hang, say so once, and go on when
 * descriptors are free again. The limit on connections is a matter of the server.
 */
#include "support/native.h"
#include "support/pair.h"
#include "support/world.h"

#define POSIX_CASE(rows, function) \
  WORLD_CASE_EXCEPT(rows, function, WORLD_NOT_SIM | WORLD_NOT_WINDOWS, "uses up the descriptors of this process")
#define SIM_CASE(rows, function)                                         \
  WORLD_CASE_EXCEPT(rows, function, WORLD_NOT_POSIX | WORLD_NOT_WINDOWS, \
                    "made with the simulator's faults and its exact clock")

static void clients_are_turned_away_while_descriptors_are_short(struct world *world) {
  enum { CLIENTS = 3 };
  intptr_t clients[CLIENTS];
  native_shortage_lower();
  weir_server *server = world_listen(world, NULL, world_destroy_on, NULL);
  world_trace_server(world, server, "V");
  for (int i = 0; i < CLIENTS; i++) clients[i] = native_connect(world->endpoint);
  native_shortage_begin();
  world_run_until_noted(world, "V error", 1);
  bool turned_away = true;
  for (int i = 0; i < CLIENTS; i++) {
    world_run_for(world, 30);
    turned_away = turned_away && native_is_closed(clients[i], 0);
  }
  native_shortage_end();
  for (int i = 0; i < CLIENTS; i++) native_close(clients[i]);
  assert_true(turned_away);
  world_expect(world, "V", "error(EMFILE)");
  weir_server_close(server, NULL, NULL);
  world_run(world);
}

static void a_server_goes_on_when_descriptors_are_free_again(struct world *world) {
  native_shortage_lower();
  weir_server *server = world_listen(world, NULL, world_destroy_on, NULL);
  world_trace_server(world, server, "V");
  intptr_t client = native_connect(world->endpoint);
  native_shortage_begin();
  world_run_until_noted(world, "V error", 1);
  world_run_for(world, 30);
  native_shortage_end();
  native_close(client);
  weir_socket *socket = world_connect(world, NULL);
  world_trace_socket(world, socket, "C", 0);
  world_run_until_noted(world, "V connection", 1);
  world_run_until_noted(world, "C close", 1);
  world_expect(world, "C", "connect end finish close(false)");
  world_expect(world, "V", "error(EMFILE) connection");
  weir_server_close(server, NULL, NULL);
  world_run(world);
}

static void a_connect_without_descriptors_fails_with_an_exact_error(struct world *world) {
  weir_server *server = world_listen(world, NULL, NULL, NULL);
  native_shortage_begin();
  weir_socket *socket = world_connect(world, NULL);
  world_trace_socket(world, socket, "C", 0);
  world_run_until_noted(world, "C close", 1);
  native_shortage_end();
  world_expect(world, "C", "error(EMFILE) close(true)");
  assert_int_not_equal(weir_socket_error(socket)->native_code, 0);
  weir_server_close(server, NULL, NULL);
  world_run(world);
}

static void a_listen_without_descriptors_fails_with_an_exact_error(struct world *world) {
  weir_server *server = world_server(world, NULL, NULL, NULL);
  world_trace_server(world, server, "V");
  native_shortage_begin();
  assert_int_equal(weir_server_listen(server, world->endpoint, NULL), WEIR_OK);
  world_run_until_noted(world, "V error", 1);
  native_shortage_end();
  world_expect(world, "V", "error(EMFILE)");
  assert_int_equal(weir_server_listen(server, world->endpoint, NULL), WEIR_OK);
  world_run_until_noted(world, "V listening", 1);
  weir_server_close(server, NULL, NULL);
  world_run(world);
}

/* ---- the same in the simulator, where time is exact ------------------------------------------------------------- */

static void fail_accepts(struct world *world, unsigned times, weir_code code) {
  for (unsigned i = 1; i <= times; i++)
    assert_int_equal(weir_sim_fail(world->sim, WEIR_SIM_FAULT_ACCEPT, i, code), WEIR_OK);
}

static void check_backing_off(struct world *world, unsigned times, uint64_t at_least, uint64_t at_most) {
  weir_server *server = world_listen(world, NULL, world_destroy_on, NULL);
  world_trace_server(world, server, "V");
  fail_accepts(world, times, WEIR_EMFILE);
  weir_socket *socket = world_connect(world, NULL);
  world_trace_socket(world, socket, "C", 0);
  uint64_t start = weir_sim_now_ms(world->sim);
  world_run_until_noted(world, "V connection", 1);
  uint64_t waited = weir_sim_now_ms(world->sim) - start;
  world_expect(world, "V", "error(EMFILE) connection");
  assert_true(waited >= at_least && waited <= at_most);
  weir_server_close(server, NULL, NULL);
  world_run(world);
  world_expect(world, "C", "connect end finish close(false)");
}

static void a_server_tries_again_after_five_milliseconds(struct world *world) { check_backing_off(world, 1, 5, 6); }

static void the_pause_doubles_with_every_failure(struct world *world) {
  check_backing_off(world, 5, 5 + 10 + 20 + 40 + 80, 160);
}

static void the_pause_never_exceeds_a_second(struct world *world) {
  check_backing_off(world, 12, 5 + 10 + 20 + 40 + 80 + 160 + 320 + 640 + 4000, 5300);
}

static void a_second_shortage_is_reported_again(struct world *world) {
  weir_server *server = world_listen(world, NULL, world_destroy_on, NULL);
  world_trace_server(world, server, "V");
  for (int i = 0; i < 2; i++) {
    fail_accepts(world, 3, WEIR_ENFILE);
    world_trace_socket(world, world_connect(world, NULL), "C", 0);
    world_run_until_noted(world, "C close", (size_t)i + 1);
  }
  world_expect(world, "V", "error(ENFILE) connection error(ENFILE) connection");
  weir_server_close(server, NULL, NULL);
  world_run(world);
}

static void a_server_may_be_closed_while_it_waits(struct world *world) {
  weir_server *server = world_listen(world, NULL, NULL, NULL);
  world_trace_server(world, server, "V");
  weir_server_on(server, WEIR_EVENT_ERROR, world_close_server_on, server);
  fail_accepts(world, 100, WEIR_EMFILE);
  weir_socket *socket = world_connect(world, NULL);
  world_trace_socket(world, socket, "C", 0);
  world_run(world);
  world_expect(world, "V", "error(EMFILE) close");
  assert_int_equal(world_count(world, "C close"), 1);
}

static const struct world_case cases[] = {
    POSIX_CASE("EO-52", clients_are_turned_away_while_descriptors_are_short),
    POSIX_CASE("EO-52", a_server_goes_on_when_descriptors_are_free_again),
    POSIX_CASE("", a_connect_without_descriptors_fails_with_an_exact_error),
    POSIX_CASE("", a_listen_without_descriptors_fails_with_an_exact_error),
    SIM_CASE("EO-52", a_server_tries_again_after_five_milliseconds),
    SIM_CASE("EO-52", the_pause_doubles_with_every_failure),
    SIM_CASE("EO-52", the_pause_never_exceeds_a_second),
    SIM_CASE("EO-52", a_second_shortage_is_reported_again),
    SIM_CASE("EO-52", a_server_may_be_closed_while_it_waits),
};

int main(int argc, char **argv) { return world_main(argc, argv, "limits", cases, sizeof cases / sizeof *cases); }
