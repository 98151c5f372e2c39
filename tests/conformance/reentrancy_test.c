/* SPDX-License-Identifier: MIT */
/*
 * What a listener or a callback may do to the object that is just calling it: connect, listen, destroy, unpipe, write,
 * close its server. Whatever it does, the errors that it was lent stay readable for the call, and everything else that
 * is owed still comes once and in its place.
 */
#include <stdio.h>

#include "support/pair.h"
#include "support/proxy.h"
#include "support/system_faults.h"
#include "support/world.h"

static const char *address_of(const weir_error *error) { return error->address[0] == '\0' ? "none" : error->address; }

/* A half-open pair whose client has gone, as S knows: what S writes now fails. */
static struct world_pair pair_without_client(struct world *world) {
  struct world_pair pair = pair_open_half(world, WORLD_TRACE_DATA, 0);
  weir_socket_destroy(pair.client, NULL);
  world_run_until_noted(world, "S end", 1);
  world_learn_of_gone_peer(world, pair.accepted);
  return pair;
}

static void write_with(weir_socket *socket, weir_write_callback callback, void *user) {
  weir_write write = weir_write_default();
  write.bytes = "x";
  write.length = 1;
  write.callback = callback;
  write.user = user;
  assert_true(weir_socket_write_with(socket, &write) >= 0);
}

/* ---- connecting in `close` -------------------------------------------------------------------------------------- */

static void connect_on(const weir_event *event, void *user) {
  struct world *world = user;
  world_note(world, "asked", "%s", weir_socket_connecting(event->socket) ? "connecting" : "idle");
  world_note(world, "asked", "%s", weir_code_name(weir_socket_connect(event->socket, world->endpoint, NULL)));
}

static void a_connect_in_close_is_refused_while_another_waits_for_that_close(struct world *world) {
  struct world_pair pair = pair_open(world, 0, 0);
  assert_int_equal(weir_socket_once(pair.client, WEIR_EVENT_CLOSE, connect_on, world), WEIR_OK);
  weir_socket_destroy(pair.client, NULL);
  assert_int_equal(weir_socket_connect(pair.client, world->endpoint, NULL), WEIR_OK);
  world_run_until_noted(world, "V connection", 1);
  world_run_for(world, 20);
  world_expect(world, "asked", "connecting EALREADY");
  world_expect(world, "C", "close(false) connect");
  assert_int_equal(world_count(world, "V connection"), 1);
  weir_socket_destroy(pair.client, NULL);
  world_run(world);
}

static void a_destroy_in_close_takes_back_the_connect_that_waits_for_it(struct world *world) {
  struct world_pair pair = pair_open(world, 0, 0);
  assert_int_equal(weir_socket_once(pair.client, WEIR_EVENT_CLOSE, world_destroy_on, NULL), WEIR_OK);
  weir_socket_destroy(pair.client, NULL);
  assert_int_equal(weir_socket_connect(pair.client, world->endpoint, NULL), WEIR_OK);
  world_run(world);
  world_expect(world, "C", "close(false)");
  assert_int_equal(weir_socket_get_state(pair.client), WEIR_SOCKET_CLOSED);
  assert_int_equal(world_count(world, "V connection"), 0);
}

static void connect_destroy_and_connect(const weir_event *event, void *user) {
  struct world *world = user;
  assert_int_equal(weir_socket_connect(event->socket, world->endpoint, NULL), WEIR_OK);
  weir_socket_destroy(event->socket, NULL);
  assert_int_equal(weir_socket_connect(event->socket, world->endpoint, NULL), WEIR_OK);
}

static void a_life_that_begins_and_ends_in_close_has_a_close_of_its_own(struct world *world) {
  struct world_pair pair = pair_open(world, 0, 0);
  assert_int_equal(weir_socket_once(pair.client, WEIR_EVENT_CLOSE, connect_destroy_and_connect, world), WEIR_OK);
  weir_socket_destroy(pair.client, NULL);
  world_run_until_noted(world, "C connect", 1);
  world_expect(world, "C", "close(false) close(false) connect");
  weir_socket_destroy(pair.client, NULL);
  world_run(world);
}

/* ---- errors that are lent --------------------------------------------------------------------------------------- */

static void close_server_in_callback(weir_socket *socket, const weir_error *error, void *world) {
  weir_server_close(weir_socket_server(socket), NULL, NULL);
  world_note(world, "lent", "%s", address_of(error));
}

/* An error of an accepted socket names the peer, or without addresses the server. */
static void name_accepted(const struct world_pair *pair, char *name, size_t size) {
  weir_address remote;
  snprintf(name, size, "%s", weir_server_address(pair->server));
  if (weir_socket_remote_address(pair->accepted, &remote)) weir_address_format(&remote, name, size);
}

static void a_callback_that_closes_the_server_can_still_read_its_error(struct world *world) {
  struct world_pair pair = pair_without_client(world);
  char address[200];
  name_accepted(&pair, address, sizeof address);
  write_with(pair.accepted, close_server_in_callback, world);
  world_run(world);
  world_expect(world, "lent", address);
  world_expect(world, "S", "end error(EPIPE) close(true)");
  assert_string_equal(weir_socket_error(pair.accepted)->address, address);
}

static void close_server_in_error(const weir_event *event, void *world) {
  weir_server_close(event->server, NULL, NULL);
  world_note(world, "lent", "%s", address_of(event->error));
}

static void fail_the_next_accept(struct world *world) {
  if (world->simulated) {
    assert_int_equal(weir_sim_fail(world->sim, WEIR_SIM_FAULT_ACCEPT, 1, WEIR_EMFILE), WEIR_OK);
  } else {
    system_fault_begin(world, FAULT_ACCEPT, 1, FAULT_OF_PROCESS, 1);
  }
}

static void an_error_listener_that_closes_the_server_can_still_read_its_error(struct world *world) {
  weir_server *server = world_listen(world, NULL, world_destroy_on, NULL);
  char address[200];
  snprintf(address, sizeof address, "%s", weir_server_address(server));
  world_on_server(server, WEIR_EVENT_ERROR, close_server_in_error, world);
  world_trace_server(world, server, "V");
  fail_the_next_accept(world);
  world_trace_socket(world, world_connect(world, NULL), "C", WORLD_TRACE_DATA);
  world_run(world);
  system_fault_end();
  world_expect(world, "lent", address);
  world_expect(world, "V", "error(EMFILE) close");
}

static void connect_in_callback(weir_socket *socket, const weir_error *error, void *user) {
  struct world *world = user;
  assert_int_equal(weir_socket_connect(socket, world->endpoint, NULL), WEIR_OK);
  world_note(world, "lent", "%s-%s", weir_code_name(error->code), address_of(error));
}

static void a_callback_that_connects_again_can_still_read_its_error(struct world *world) {
  char expected[200];
  weir_socket *socket = world_connect(world, NULL);
  world_trace_socket(world, socket, "C", 0);
  write_with(socket, connect_in_callback, world);
  weir_socket_destroy(socket, NULL);
  world_run(world);
  assert_int_equal(world_count(world, "C close(false)"), 1);
  assert_int_equal(world_count(world, "C close(true)"), 1);
  snprintf(expected, sizeof expected, "ECANCELED-%s", weir_socket_error(socket)->address);
  world_expect(world, "lent", expected);
}

/* ---- writing in the callback of a failed write ------------------------------------------------------------------ */

static void write_in_callback(weir_socket *socket, const weir_error *error, void *world) {
  int result = world_write(socket, "y");
  world_note(world, "callback", "%s", weir_code_name(error->code));
  world_note(world, "written", "%s", result < 0 ? weir_code_name(result) : "taken");
}

static void a_write_in_the_callback_of_a_failed_one_is_refused(struct world *world) {
  struct world_pair pair = pair_without_client(world);
  write_with(pair.accepted, write_in_callback, world);
  world_run(world);
  world_expect(world, "callback", "EPIPE");
  world_expect(world, "written", "EDESTROYED");
  world_expect(world, "S", "end error(EPIPE) close(true)");
}

/* ---- unpiping in front of the pipe's own listeners -------------------------------------------------------------- */

static void unpipe_source_on(const weir_event *event, void *source) { weir_socket_unpipe(source, event->socket); }

static void unpipe_destination_on(const weir_event *event, void *destination) {
  weir_socket_unpipe(event->socket, destination);
}

static void an_unpipe_in_finish_is_the_only_one(struct world *world) {
  struct proxy proxy;
  proxy_open_half(&proxy, world);
  world_on(proxy.dst, WEIR_EVENT_FINISH, unpipe_source_on, proxy.src);
  weir_socket_pipe(proxy.src, proxy.dst, WEIR_PIPE_DEFAULT);
  world_run_until_noted(world, "src resume", 1);
  weir_socket_end(proxy.dst, NULL);
  world_run_until_noted(world, "dst unpipe", 1);
  world_run_for(world, 10);
  world_expect(world, "dst", "pipe finish unpipe");
  proxy_close(&proxy);
}

static void an_unpipe_in_the_end_of_a_kept_destination_is_the_only_one(struct world *world) {
  struct proxy proxy;
  proxy_open(&proxy, world);
  world_on(proxy.src, WEIR_EVENT_END, unpipe_destination_on, NULL);
  weir_socket_pipe(proxy.src, proxy.dst, WEIR_PIPE_KEEP_OPEN);
  world_run_until_noted(world, "src resume", 1);
  weir_socket_end(proxy.writer, NULL);
  world_run_until_noted(world, "src close", 1);
  world_run_for(world, 10);
  world_expect(world, "dst", "pipe unpipe");
  proxy_close(&proxy);
}

static void an_unpipe_in_data_does_not_stop_the_other_pipes(struct world *world) {
  struct proxy proxy;
  proxy_open(&proxy, world);
  struct world_pair other = pair_beside(world, &proxy.in, NULL);
  world_on(proxy.src, WEIR_EVENT_DATA, unpipe_destination_on, proxy.dst);
  weir_socket_set_high_water_mark(proxy.dst, 1);
  weir_socket_cork(proxy.dst);
  weir_socket_pipe(proxy.src, proxy.dst, WEIR_PIPE_DEFAULT);
  weir_socket_pipe(proxy.src, other.client, WEIR_PIPE_DEFAULT);
  world_write(proxy.writer, "one");
  pair_run_until_read(world, other.accepted, 3);
  world_write(proxy.writer, "two");
  pair_run_until_read(world, other.accepted, 6);
  assert_false(weir_socket_is_paused(proxy.src));
  weir_socket_destroy(other.client, NULL);
  weir_socket_destroy(other.accepted, NULL);
  proxy_close(&proxy);
}

/* ---- listening and closing in the server's `close` -------------------------------------------------------------- */

static void listen_and_close_on(const weir_event *event, void *user) {
  struct world *world = user;
  assert_int_equal(weir_server_listen(event->server, world->endpoint, NULL), WEIR_OK);
  weir_server_close(event->server, world_note_server, world_mark(world, "V", "second-cb"));
}

static void the_callback_of_a_close_asked_in_close_waits_for_its_own(struct world *world) {
  weir_server *server = world_listen(world, NULL, NULL, NULL);
  world_trace_server(world, server, "V");
  assert_int_equal(weir_server_once(server, WEIR_EVENT_CLOSE, listen_and_close_on, world), WEIR_OK);
  weir_server_close(server, world_note_server, world_mark(world, "V", "first-cb"));
  world_run(world);
  world_expect(world, "V", "close first-cb close second-cb");
}

static void listen_on(const weir_event *event, void *user) {
  struct world *world = user;
  world_note(world, "asked", "%s", weir_code_name(weir_server_listen(event->server, world->endpoint, NULL)));
}

static void a_listen_in_close_is_refused_while_another_waits_for_that_close(struct world *world) {
  weir_server *server = world_listen(world, NULL, NULL, NULL);
  world_trace_server(world, server, "V");
  assert_int_equal(weir_server_once(server, WEIR_EVENT_CLOSE, listen_on, world), WEIR_OK);
  weir_server_close(server, NULL, NULL);
  assert_int_equal(weir_server_listen(server, world->endpoint, NULL), WEIR_OK);
  world_run_until_noted(world, "V listening", 1);
  weir_server_close(server, NULL, NULL);
  world_run(world);
  world_expect(world, "asked", "EALREADY");
  world_expect(world, "V", "close listening close");
}

static const struct world_case cases[] = {
    WORLD_CASE("EO-45", a_connect_in_close_is_refused_while_another_waits_for_that_close),
    WORLD_CASE("EO-45", a_life_that_begins_and_ends_in_close_has_a_close_of_its_own),
    WORLD_CASE("EO-45", a_destroy_in_close_takes_back_the_connect_that_waits_for_it),
    WORLD_CASE("", a_callback_that_closes_the_server_can_still_read_its_error),
    WORLD_CASE_EXCEPT("", an_error_listener_that_closes_the_server_can_still_read_its_error, WORLD_NOT_WINDOWS,
                      "when one instance fails, a pipe server still has others that wait"),
    WORLD_CASE("", a_callback_that_connects_again_can_still_read_its_error),
    WORLD_CASE("", a_write_in_the_callback_of_a_failed_one_is_refused),
    WORLD_CASE("", an_unpipe_in_finish_is_the_only_one),
    WORLD_CASE("", an_unpipe_in_the_end_of_a_kept_destination_is_the_only_one),
    WORLD_CASE("", an_unpipe_in_data_does_not_stop_the_other_pipes),
    WORLD_CASE("", the_callback_of_a_close_asked_in_close_waits_for_its_own),
    WORLD_CASE("", a_listen_in_close_is_refused_while_another_waits_for_that_close),
};

int main(int argc, char **argv) { return world_main(argc, argv, "reentrancy", cases, sizeof cases / sizeof *cases); }
