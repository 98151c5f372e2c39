/* SPDX-License-Identifier: MIT */
/*
 * What one life of a socket leaves to the next: only what the program set for good. An end, an address, a listener or a
 * retry of the old life has no part in the new one.
 */
#include "support/native.h"
#include "support/pair.h"
#include "support/world.h"

#define REAL_CASE(rows, function) WORLD_CASE_EXCEPT(rows, function, WORLD_NOT_SIM, "the simulator has no descriptors")
#define BUSY_CASE(rows, function)                                                        \
  WORLD_CASE_EXCEPT(rows, function, WORLD_NOT_POSIX | WORLD_NOT_WINDOWS | WORLD_NOT_TCP, \
                    "a local server that is busy once is made with the simulator's faults")

static void destroy_socket(void *socket) { weir_socket_destroy(socket, NULL); }

/* Both are due in the same turn, the destroy first. */
static void a_retry_of_a_connect_ends_with_its_life(struct world *world) {
  weir_server_unref(world_listen(world, NULL, world_destroy_on, NULL));
  assert_int_equal(weir_sim_fail(world->sim, WEIR_SIM_FAULT_CONNECT, 1, WEIR_EAGAIN), WEIR_OK);
  weir_socket *socket = world_socket(world, NULL);
  world_trace_socket(world, socket, "C", 0);
  world_after(world, 1, destroy_socket, socket);
  assert_int_equal(weir_socket_connect(socket, world->endpoint, NULL), WEIR_OK);
  world_run(world);
  world_expect(world, "C", "close(false)");
}

static void an_end_before_the_first_connect_does_not_end_the_connection(struct world *world) {
  struct world_accepted accepted = {.trace = WORLD_TRACE_DATA};
  weir_server_unref(world_listen_and_keep(world, &accepted));
  weir_socket *socket = world_socket(world, NULL);
  world_trace_socket(world, socket, "C", 0);
  assert_int_equal(world_end_noted(world, socket, "C", NULL), 0);
  assert_int_equal(weir_socket_connect(socket, world->endpoint, NULL), WEIR_OK);
  world_run_until_noted(world, "C connect", 1);
  assert_int_equal(weir_socket_get_state(socket), WEIR_SOCKET_OPEN);
  assert_int_equal(world_write(socket, "x"), 1);
  world_run_until_noted(world, "S1 data(x)", 1);
  world_expect(world, "C", "end-cb connect");
  weir_socket_destroy(socket, NULL);
  world_run(world);
}

/* Opens a socket over one end of a native pair, and gives a second one that is opened over the other end. */
static weir_socket *open_over_pair(struct world *world, weir_socket *socket) {
  intptr_t ends[2];
  assert_true(native_pair(world->tcp, ends));
  weir_socket *other = world_socket(world, NULL);
  assert_int_equal(weir_socket_open(socket, ends[0], true, true), WEIR_OK);
  assert_int_equal(weir_socket_open(other, ends[1], true, true), WEIR_OK);
  return other;
}

static void an_end_before_open_does_not_end_what_is_opened(struct world *world) {
  weir_socket *socket = world_socket(world, NULL);
  world_trace_socket(world, socket, "C", 0);
  assert_int_equal(weir_socket_end(socket, NULL), 0);
  weir_socket *other = open_over_pair(world, socket);
  assert_int_equal(weir_socket_get_state(socket), WEIR_SOCKET_OPEN);
  assert_int_equal(world_write(socket, "x"), 1);
  pair_run_until_read(world, other, 1);
  world_expect(world, "C", "");
  weir_socket_destroy(socket, NULL);
  weir_socket_destroy(other, NULL);
  world_run(world);
}

static void errors_of_an_opened_connection_do_not_name_an_older_endpoint(struct world *world) {
  weir_socket_options options = weir_socket_options_default();
  options.allow_half_open = true;
  weir_socket *socket = world_connect(world, &options);
  world_trace_socket(world, socket, "C", WORLD_TRACE_DATA);
  world_run(world);
  assert_string_not_equal(weir_socket_error(socket)->address, "");
  weir_socket *other = open_over_pair(world, socket);
  weir_socket_destroy(other, NULL);
  world_run_until_noted(world, "C end", 1);
  world_learn_of_gone_peer(world, socket);
  world_write(socket, "x");
  world_run(world);
  char peer[WEIR_ADDRESS_TEXT_BYTES] = "";
  weir_address address;
  if (weir_socket_remote_address(socket, &address)) weir_address_format(&address, peer, sizeof peer);
  assert_int_equal(peer[0] != '\0', world->tcp);
  assert_int_equal(weir_socket_error(socket)->code, WEIR_EPIPE);
  assert_string_equal(weir_socket_error(socket)->address, peer);
}

static void a_socket_that_was_paused_does_not_read_what_is_opened(struct world *world) {
  weir_socket *socket = world_socket(world, NULL);
  world_trace_socket(world, socket, "C", 0);
  weir_socket_pause(socket);
  weir_socket *other = open_over_pair(world, socket);
  world_write(other, "x");
  world_run_for(world, 20);
  assert_int_equal(weir_socket_bytes_read(socket), 0);
  weir_socket_resume(socket);
  pair_run_until_read(world, socket, 1);
  weir_socket_destroy(socket, NULL);
  weir_socket_destroy(other, NULL);
  world_run(world);
}

static void the_listener_of_a_failed_connect_does_not_hear_the_next_one(struct world *world) {
  weir_connect_options options = weir_connect_options_default();
  weir_socket *socket = world_socket(world, NULL);
  options.listener = world_note_event;
  options.user = world_mark(world, "listener", "connect");
  world_trace_socket(world, socket, "C", 0);
  for (int i = 0; i < 3; i++) {
    assert_int_equal(weir_socket_connect(socket, world->endpoint, &options), WEIR_OK);
    world_run(world);
  }
  weir_server_unref(world_listen(world, NULL, world_destroy_on, NULL));
  assert_int_equal(weir_socket_connect(socket, world->endpoint, &options), WEIR_OK);
  weir_socket_resume(socket);
  world_run(world);
  world_expect(world, "listener", "connect");
  assert_int_equal(world_count(world, "C close(true)"), 3);
  assert_int_equal(world_count(world, "C connect"), 1);
}

static const struct world_case cases[] = {
    BUSY_CASE("", a_retry_of_a_connect_ends_with_its_life),
    WORLD_CASE("", an_end_before_the_first_connect_does_not_end_the_connection),
    REAL_CASE("", an_end_before_open_does_not_end_what_is_opened),
    REAL_CASE("", errors_of_an_opened_connection_do_not_name_an_older_endpoint),
    REAL_CASE("", a_socket_that_was_paused_does_not_read_what_is_opened),
    WORLD_CASE("EO-45", the_listener_of_a_failed_connect_does_not_hear_the_next_one),
};

int main(int argc, char **argv) { return world_main(argc, argv, "second_life", cases, sizeof cases / sizeof *cases); }
