/* SPDX-License-Identifier: MIT */
/*
 * The life of a server: listening, failing to, closing, listening again. Its connections are accept_test.c's, its names
 * name_test.c's.
 */
#include "support/further_loop.h"
#include "support/world.h"

static void close_noted(struct world *world, weir_server *server, const char *text) {
  assert_int_equal(weir_server_close(server, world_note_server, world_mark(world, "V", text)), WEIR_OK);
}

static weir_listen_options noted_listen(struct world *world, const char *text) {
  weir_listen_options options = weir_listen_options_default();
  options.listener = world_note_event;
  options.user = world_mark(world, "V", text);
  return options;
}

/* ---- listening -------------------------------------------------------------------------------------------------- */

static void listening_is_told_later_and_in_order(struct world *world) {
  weir_server *server = world_server(world, NULL, NULL, NULL);
  world_on_server(server, WEIR_EVENT_LISTENING, world_note_event, world_mark(world, "V", "first"));
  weir_listen_options options = noted_listen(world, "listen-cb");
  assert_int_equal(weir_server_listen(server, world->endpoint, &options), WEIR_OK);
  world_on_server(server, WEIR_EVENT_LISTENING, world_note_event, world_mark(world, "V", "last"));
  world_note(world, "V", "returned");
  world_run_until_noted(world, "V last", 1);
  world_expect(world, "V", "returned first listen-cb last");
}

static void check_that_a_client_comes(struct world *world, weir_server *server) {
  weir_socket *client = world_connect_traced(world, "C");
  world_run_until_noted(world, "C connect", 1);
  world_run_until_noted(world, "V connection", 1);
  weir_socket_destroy(client, NULL);
  weir_server_close(server, NULL, NULL);
  world_run(world);
  world_forget(world);
}

/* A path, or a host and a port, is the endpoint; who shares a port with other processes is a later matter. */
static void the_endpoint_says_local_or_tcp_and_the_rest_is_optional(struct world *world) {
  weir_server *server = world_server(world, NULL, world_end_on, NULL);
  world_trace_server(world, server, "V");
  weir_listen_options options = noted_listen(world, "listen-cb");
  options.backlog = 5;
  assert_int_equal(weir_server_listen(server, world->endpoint, &options), WEIR_OK);
  world_run_until_noted(world, "V listen-cb", 1);
  world_expect(world, "V", "listening listen-cb");
  assert_string_equal(weir_server_address(server), world_server_name(world));
  weir_address address;
  assert_int_equal(weir_server_bound_address(server, &address), world->tcp);
  check_that_a_client_comes(world, server);
  assert_int_equal(weir_server_listen(server, world->endpoint, NULL), WEIR_OK);
  world_run_until_noted(world, "V listening", 1);
  world_expect(world, "V", "listening");
  check_that_a_client_comes(world, server);
}

static void note_listening(const weir_event *event, void *user) {
  world_note(user, "V", "%s", weir_server_listening(event->server) ? "true" : "false");
}

static void listening_is_true_from_listen_to_close(struct world *world) {
  weir_server *server = world_server(world, NULL, NULL, NULL);
  world_on_server(server, WEIR_EVENT_LISTENING, note_listening, world);
  world_on_server(server, WEIR_EVENT_LISTENING, world_close_server_on, server);
  world_on_server(server, WEIR_EVENT_CLOSE, note_listening, world);
  assert_false(weir_server_listening(server));
  assert_null(weir_server_address(server));
  assert_int_equal(weir_server_listen(server, world->endpoint, NULL), WEIR_OK);
  world_run(world);
  world_expect(world, "V", "true false");
  assert_null(weir_server_address(server));
}

static void note_error_in_full(const weir_event *event, void *user) {
  struct world *world = user;
  char line[512];
  weir_error_format(event->error, line, sizeof line);
  assert_non_null(strstr(line, "EADDRINUSE"));
  assert_string_equal(event->error->operation, "listen");
  assert_non_null(strstr(line, event->error->address));
  world_note(world, "B", "%s", event->error->address[0] ? "address" : "none");
}

static void a_taken_name_is_an_error_and_no_close(struct world *world) {
  world_listen(world, NULL, NULL, NULL);
  weir_server *second = world_server(world, NULL, NULL, NULL);
  world_trace_server(world, second, "B");
  world_on_server(second, WEIR_EVENT_ERROR, note_error_in_full, world);
  assert_int_equal(weir_server_listen(second, world->endpoint, NULL), WEIR_OK);
  world_note(world, "B", "returned");
  world_run_for(world, 20);
  world_expect(world, "B", "returned error(EADDRINUSE) address");
  assert_false(weir_server_listening(second));
}

static void a_failed_listen_does_not_disturb_the_live_server(struct world *world) {
  weir_server *first = world_listen(world, NULL, NULL, NULL);
  world_trace_server(world, first, "V");
  weir_server *second = world_server(world, NULL, NULL, NULL);
  world_trace_server(world, second, "B");
  assert_int_equal(weir_server_listen(second, world->endpoint, NULL), WEIR_OK);
  world_run_for(world, 20);
  world_expect(world, "B", "error(EADDRINUSE)");
  world_expect(world, "V", "");
}

static void listen_elsewhere(const weir_event *event, void *user) {
  struct world *world = user;
  char elsewhere[WORLD_ENDPOINT_BYTES];
  world_make_endpoint(world, elsewhere);
  weir_listen_options options = noted_listen(world, "second-cb");
  assert_int_equal(weir_server_listen(event->server, elsewhere, &options), WEIR_OK);
}

static void a_failed_server_listens_elsewhere_without_the_old_callback(struct world *world) {
  world_listen(world, NULL, NULL, NULL);
  weir_server *second = world_server(world, NULL, NULL, NULL);
  world_trace_server(world, second, "V");
  world_on_server(second, WEIR_EVENT_ERROR, listen_elsewhere, world);
  weir_listen_options options = noted_listen(world, "first-cb");
  assert_int_equal(weir_server_listen(second, world->endpoint, &options), WEIR_OK);
  world_run_until_noted(world, "V second-cb", 1);
  weir_server_close(second, NULL, NULL);
  world_run_until_noted(world, "V close", 1);
  world_expect(world, "V", "error(EADDRINUSE) listening second-cb close");
}

static void an_error_that_nobody_hears_reaches_the_loop(struct world *world) {
  world_listen(world, NULL, NULL, NULL);
  weir_server *second = world_server(world, NULL, NULL, NULL);
  assert_int_equal(weir_server_listen(second, world->endpoint, NULL), WEIR_OK);
  world_run_for(world, 20);
  world_expect(world, "loop", "unhandled(EADDRINUSE)");
}

static void listening_twice_is_refused_by_the_call(struct world *world) {
  weir_server *server = world_server(world, NULL, NULL, NULL);
  world_trace_server(world, server, "V");
  assert_int_equal(weir_server_listen(server, world->endpoint, NULL), WEIR_OK);
  assert_int_equal(weir_server_listen(server, world->endpoint, NULL), WEIR_EALREADY);
  world_run_until_noted(world, "V listening", 1);
  assert_int_equal(weir_server_listen(server, world->endpoint, NULL), WEIR_EALREADY);
  world_connect_traced(world, "C");
  world_run_until_noted(world, "C connect", 1);
  world_run_until_noted(world, "V connection", 1);
  world_expect(world, "V", "listening connection");
}

static void each_listen_has_its_own_callback(struct world *world) {
  weir_server *server = world_server(world, NULL, NULL, NULL);
  world_trace_server(world, server, "V");
  weir_listen_options first = noted_listen(world, "first-cb");
  weir_listen_options second = noted_listen(world, "second-cb");
  assert_int_equal(weir_server_listen(server, world->endpoint, &first), WEIR_OK);
  world_run_until_noted(world, "V first-cb", 1);
  close_noted(world, server, NULL);
  world_run(world);
  assert_int_equal(weir_server_listener_count(server, WEIR_EVENT_LISTENING), 1);
  assert_int_equal(weir_server_listen(server, world->endpoint, &second), WEIR_OK);
  world_run_until_noted(world, "V second-cb", 1);
  world_expect(world, "V", "listening first-cb close close-cb listening second-cb");
}

/* ---- closing ---------------------------------------------------------------------------------------------------- */

static void closing_an_idle_server_tells_the_listeners_then_the_callback(struct world *world) {
  weir_server *server = world_listen(world, NULL, NULL, NULL);
  world_trace_server(world, server, "V");
  close_noted(world, server, NULL);
  world_on_server(server, WEIR_EVENT_CLOSE, world_note_event, world_mark(world, "V", "later-listener"));
  world_note(world, "V", "returned");
  assert_false(weir_server_listening(server));
  world_run(world);
  world_expect(world, "V", "returned close later-listener close-cb");
}

static void closing_what_never_listened_calls_back_with_an_error(struct world *world) {
  weir_server *server = world_server(world, NULL, NULL, NULL);
  world_trace_server(world, server, "V");
  close_noted(world, server, NULL);
  world_note(world, "V", "returned");
  assert_int_equal(weir_server_close(server, NULL, NULL), WEIR_OK);
  world_run(world);
  world_expect(world, "V", "returned close-cb(ENOTOPEN)");
}

static void the_second_close_calls_back_with_an_error(struct world *world) {
  weir_server *server = world_listen(world, NULL, NULL, NULL);
  world_trace_server(world, server, "V");
  close_noted(world, server, "first-cb");
  close_noted(world, server, "second-cb");
  world_run(world);
  world_expect_either(world, "V", "close first-cb second-cb(ENOTOPEN)", "second-cb(ENOTOPEN) close first-cb");
}

static void closing_in_the_turn_of_listening_is_silent_but_for_the_close(struct world *world) {
  weir_server *server = world_server(world, NULL, NULL, NULL);
  world_trace_server(world, server, "V");
  weir_listen_options options = noted_listen(world, "listen-cb");
  assert_int_equal(weir_server_listen(server, world->endpoint, &options), WEIR_OK);
  close_noted(world, server, NULL);
  world_run(world);
  world_expect(world, "V", "close close-cb");
  assert_int_equal(weir_server_listen(server, world->endpoint, NULL), WEIR_OK);
  world_run_until_noted(world, "V listening", 1);
  world_run_for(world, 10);
  world_expect(world, "V", "close close-cb listening");
}

static void a_server_listens_again_before_its_close_is_told(struct world *world) {
  weir_server *server = world_listen(world, NULL, NULL, NULL);
  world_trace_server(world, server, "V");
  weir_listen_options options = noted_listen(world, "listen-cb");
  close_noted(world, server, NULL);
  assert_int_equal(weir_server_listen(server, world->endpoint, &options), WEIR_OK);
  world_run_until_noted(world, "V listen-cb", 1);
  world_expect(world, "V", "close close-cb listening listen-cb");
  assert_true(weir_server_listening(server));
}

static void closing_again_takes_a_new_listen_back(struct world *world) {
  weir_server *server = world_listen(world, NULL, NULL, NULL);
  world_trace_server(world, server, "V");
  weir_listen_options options = noted_listen(world, "listen-cb");
  close_noted(world, server, "first-cb");
  assert_int_equal(weir_server_listen(server, world->endpoint, &options), WEIR_OK);
  assert_int_equal(weir_server_close(server, NULL, NULL), WEIR_OK);
  world_run(world);
  world_expect(world, "V", "close first-cb");
  assert_false(weir_server_listening(server));
}

static void closing_waits_for_every_connection(struct world *world) {
  struct world_accepted accepted = {.trace = WORLD_TRACE_LIFE};
  weir_server *server = world_listen_and_keep(world, &accepted);
  weir_socket *one = world_connect_traced(world, "C1");
  world_run_until_noted(world, "V connection", 1);
  weir_socket *two = world_connect_traced(world, "C2");
  world_run_until_noted(world, "V connection", 2);
  close_noted(world, server, NULL);
  assert_false(weir_server_listening(server));
  assert_null(weir_server_address(server));
  world_run_for(world, 20);
  weir_socket_end(one, NULL);
  world_run_until_noted(world, "C1 close", 1);
  world_run_for(world, 20);
  world_expect(world, "V", "listening connection connection");
  weir_socket_end(two, NULL);
  world_run(world);
  world_expect(world, "V", "listening connection connection close close-cb");
  world_expect(world, "S1", "end finish close(false)");
  world_expect(world, "S2", "end finish close(false)");
  world_expect_before(world, "S1 close", "V close");
  world_expect_before(world, "S2 close", "V close");
}

static void nobody_comes_in_after_the_close(struct world *world) {
  struct world_accepted accepted = {.trace = WORLD_TRACE_LIFE};
  weir_server *server = world_listen_and_keep(world, &accepted);
  weir_server_close(server, NULL, NULL);
  world_connect_traced(world, "C");
  world_run(world);
  world_expect_nobody(world, "C");
  world_expect(world, "V", "listening close");
}

static void sockets_close_in_the_order_they_were_destroyed(struct world *world) {
  struct world_accepted accepted = {.trace = WORLD_TRACE_LIFE};
  weir_server *server = world_listen_and_keep(world, &accepted);
  for (size_t i = 1; i <= 3; i++) {
    world_connect_traced(world, i == 1 ? "C1" : i == 2 ? "C2" : "C3");
    world_run_until_noted(world, "V connection", i);
  }
  close_noted(world, server, NULL);
  for (size_t i = 0; i < 3; i++) weir_socket_destroy(accepted.sockets[i], NULL);
  world_run(world);
  world_expect(world, "S1", "close(false)");
  world_expect(world, "V", "listening connection connection connection close close-cb");
  world_expect_before(world, "S1 close", "S2 close");
  world_expect_before(world, "S2 close", "S3 close");
  world_expect_before(world, "S3 close", "V close");
}

static void close_on_connection(const weir_event *event, void *user) {
  weir_server_close(event->server, NULL, NULL);
  world_keep_on(event, user);
}

static size_t count_alive(weir_socket *const *sockets, size_t count) {
  size_t alive = 0;
  for (size_t i = 0; i < count; i++) alive += weir_socket_destroyed(sockets[i]) ? 0 : 1;
  return alive;
}

static void closing_in_connection_turns_the_waiting_clients_away(struct world *world) {
  struct world_accepted accepted = {.world = world, .trace = WORLD_TRACE_DATA};
  weir_server *server = world_listen(world, NULL, close_on_connection, &accepted);
  world_trace_server(world, server, "V");
  weir_socket *clients[3] = {world_connect_traced(world, "C1"), world_connect_traced(world, "C2"),
                             world_connect_traced(world, "C3")};
  world_run_until_noted(world, "V connection", 1);
  for (int i = 0; i < 500 && count_alive(clients, 3) > 1; i++) world_run_for(world, 10);
  world_run_for(world, 50);
  assert_int_equal(count_alive(clients, 3), 1);
  for (size_t i = 0; i < 3; i++) {
    if (weir_socket_destroyed(clients[i])) continue;
    world_write(clients[i], "still here");
    weir_socket_end(clients[i], NULL);
  }
  world_run(world);
  world_expect(world, "V", "connection close");
  world_expect(world, "S1", "data(still here) end finish close(false)");
  assert_int_equal(world_count(world, "C1 close") + world_count(world, "C2 close") + world_count(world, "C3 close"), 3);
}

/* The system had connected them already, so they see that before they see the end of it. */
static void closing_before_any_accept_turns_the_clients_away(struct world *world) {
  weir_server *server = world_listen(world, NULL, NULL, NULL);
  weir_loop *loop = further_loop(world);
  world_trace_server(world, server, "V");
  weir_socket *client = NULL;
  assert_int_equal(weir_connect(loop, world->endpoint, NULL, NULL, &client), WEIR_OK);
  world_trace_socket(world, client, "C", WORLD_TRACE_DATA);
  while (world_count(world, "C connect") == 0) assert_int_equal(weir_loop_run(loop, WEIR_RUN_ONCE), 1);
  weir_server_close(server, NULL, NULL);
  world_run(world);
  assert_int_equal(weir_loop_run(loop, WEIR_RUN_DEFAULT), 0);
  weir_socket_release(client);
  weir_loop_release(loop);
  world_expect(world, "V", "close");
  world_expect(world, "C", world->pipes ? "connect end finish close(false)" : "connect error(ECONNRESET) close(true)");
}

static void closing_while_clients_connect_turns_them_away(struct world *world) {
  weir_server *server = world_listen(world, NULL, NULL, NULL);
  world_trace_server(world, server, "V");
  world_connect_traced(world, "C");
  weir_server_close(server, NULL, NULL);
  world_run(world);
  world_expect(world, "V", "close");
  assert_int_equal(world_count(world, "C error"), world->pipes ? 0 : 1);
  assert_int_equal(world_count(world, "C close"), 1);
}

static void destroying_the_connections_of_a_closing_server_closes_it_once(struct world *world) {
  struct world_accepted accepted = {.trace = WORLD_TRACE_LIFE};
  weir_server *server = world_listen_and_keep(world, &accepted);
  weir_socket *one = world_connect_traced(world, "C1");
  weir_socket *two = world_connect_traced(world, "C2");
  world_run_until_noted(world, "V connection", 2);
  world_run_until_noted(world, "C1 connect", 1);
  world_run_until_noted(world, "C2 connect", 1);
  close_noted(world, server, NULL);
  weir_socket_destroy(one, NULL);
  weir_socket_destroy(two, NULL);
  world_run(world);
  world_expect(world, "V", "listening connection connection close close-cb");
  world_expect(world, "C1", "connect close(false)");
  world_expect(world, "C2", "connect close(false)");
}

static const struct world_case cases[] = {
    WORLD_CASE("S007 S015 S025 S040 S047 S148 R1 R11", listening_is_told_later_and_in_order),
    WORLD_CASE("S003 S005 S049 S153", the_endpoint_says_local_or_tcp_and_the_rest_is_optional),
    WORLD_CASE("A015 M01 M21 S022 S161 X15", listening_is_true_from_listen_to_close),
    WORLD_CASE("EO-13 S008 S039 S059 S147 S154 A001 A003 A004 X01", a_taken_name_is_an_error_and_no_close),
    WORLD_CASE("EO-13", a_failed_listen_does_not_disturb_the_live_server),
    WORLD_CASE("EO-13 A008 A010", a_failed_server_listens_elsewhere_without_the_old_callback),
    WORLD_CASE("S146", an_error_that_nobody_hears_reaches_the_loop),
    WORLD_CASE("EO-16 S155 A008 X03", listening_twice_is_refused_by_the_call),
    WORLD_CASE("A008 A018", each_listen_has_its_own_callback),
    WORLD_CASE("EO-16 S009 S033 S042 S151 S157", closing_an_idle_server_tells_the_listeners_then_the_callback),
    WORLD_CASE("EO-16 S009 S042 S151 M17 X04", closing_what_never_listened_calls_back_with_an_error),
    WORLD_CASE("EO-16", the_second_close_calls_back_with_an_error),
    WORLD_CASE("EO-16 A014", closing_in_the_turn_of_listening_is_silent_but_for_the_close),
    WORLD_CASE("EO-16 A008", a_server_listens_again_before_its_close_is_told),
    WORLD_CASE("EO-16", closing_again_takes_a_new_listen_back),
    WORLD_CASE("EO-14 S009 S010 S037 S042 S144 S154 S157 R12 X06", closing_waits_for_every_connection),
    WORLD_CASE("EO-14 S144", nobody_comes_in_after_the_close),
    WORLD_CASE("R12 R13", sockets_close_in_the_order_they_were_destroyed),
    WORLD_CASE("EO-17 S010", closing_in_connection_turns_the_waiting_clients_away),
    WORLD_CASE("EO-17", closing_before_any_accept_turns_the_clients_away),
    WORLD_CASE("EO-17", closing_while_clients_connect_turns_them_away),
    WORLD_CASE("A017", destroying_the_connections_of_a_closing_server_closes_it_once),
};

int main(int argc, char **argv) { return world_main(argc, argv, "server", cases, sizeof cases / sizeof *cases); }
