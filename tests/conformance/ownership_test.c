/* SPDX-License-Identifier: MIT */
/*
 * Ownership: retain and release, in every state and from inside every listener. What is open lives on in the loop until
 * it has closed; nothing is used after it was freed (run these with a sanitizer, too).
 */
#include "support/further_loop.h"
#include "support/native.h"
#include "support/pair.h"
#include "support/world.h"

/* A client that belongs to the case, so that the case can give it up. */
static weir_socket *make_client(struct world *world) {
  weir_socket *socket = NULL;
  assert_int_equal(weir_socket_create(world->loop, NULL, &socket), WEIR_OK);
  world_trace_socket(world, socket, "C", WORLD_TRACE_DATA);
  return socket;
}

static weir_socket *connect_client(struct world *world) {
  weir_socket *socket = make_client(world);
  assert_int_equal(weir_socket_connect(socket, world->endpoint, NULL), WEIR_OK);
  return socket;
}

static void greet(const weir_event *event, void *unused) {
  (void)unused;
  weir_write write = weir_write_default();
  write.bytes = "hello";
  write.length = 5;
  weir_socket_resume(event->connection);
  weir_socket_end(event->connection, &write);
}

static void listen_greeting(struct world *world) { weir_server_unref(world_listen(world, NULL, greet, NULL)); }

/* ---- sockets, state by state ------------------------------------------------------------------------------------ */

static void a_new_socket_is_gone_with_its_last_owner(struct world *world) {
  weir_socket *socket = make_client(world);
  assert_ptr_equal(weir_socket_retain(socket), socket);
  weir_socket_release(socket);
  assert_int_equal(weir_socket_get_state(socket), WEIR_SOCKET_NEW);
  weir_socket_release(socket);
  weir_socket_release(NULL);
  world_run(world);
  world_expect(world, "C", "");
}

static void a_connecting_socket_lives_on_without_an_owner(struct world *world) {
  listen_greeting(world);
  weir_socket_release(connect_client(world));
  world_run(world);
  world_expect(world, "C", "connect data(hello) end finish close(false)");
}

static void an_open_socket_lives_on_without_an_owner(struct world *world) {
  listen_greeting(world);
  weir_socket *socket = connect_client(world);
  weir_socket_pause(socket);
  world_run_until_noted(world, "C connect", 1);
  weir_socket_resume(socket);
  weir_socket_release(socket);
  world_run(world);
  world_expect(world, "C", "connect data(hello) end finish close(false)");
}

static void an_ended_socket_lives_on_without_an_owner(struct world *world) {
  listen_greeting(world);
  weir_socket *socket = connect_client(world);
  world_end_noted(world, socket, "C", "bye");
  weir_socket_release(socket);
  world_run(world);
  assert_int_equal(world_count(world, "C end-cb"), 1);
  assert_true(world_count(world, "C data") > 0);
  assert_int_equal(world_count(world, "C close(false)"), 1);
}

static void a_destroyed_socket_without_an_owner_still_emits_close(struct world *world) {
  listen_greeting(world);
  weir_socket *socket = connect_client(world);
  world_write_noted(world, socket, "C", "never");
  weir_socket_destroy(socket, NULL);
  weir_socket_release(socket);
  world_run(world);
  world_expect(world, "C", "write-cb(ECANCELED) close(false)");
}

static void a_new_socket_that_is_destroyed_and_released_still_emits_close(struct world *world) {
  weir_socket *socket = make_client(world);
  weir_socket_destroy(socket, NULL);
  weir_socket_release(socket);
  world_run(world);
  world_expect(world, "C", "close(false)");
}

static void a_refused_socket_without_an_owner_reports_its_error(struct world *world) {
  weir_socket_release(connect_client(world));
  world_run(world);
  assert_int_equal(world_count(world, "C error"), 1);
  assert_int_equal(world_count(world, "C close(true)"), 1);
}

static void a_closed_socket_is_readable_until_its_last_release(struct world *world) {
  listen_greeting(world);
  weir_socket *socket = connect_client(world);
  world_run(world);
  assert_int_equal(weir_socket_bytes_read(socket), 5);
  assert_int_equal(weir_socket_get_state(socket), WEIR_SOCKET_CLOSED);
  weir_socket_release(socket);
}

static void check_connection(const weir_event *event, void *stream) { pair_check(event->connection, stream); }

static void a_socket_with_queued_writes_lives_on_until_they_are_written(struct world *world) {
  struct world_stream stream = {0, false};
  weir_server_unref(world_listen(world, NULL, check_connection, &stream));
  weir_socket *socket = connect_client(world);
  world_write_pattern(world, socket, "C", "write-cb", 2u << 20, 0);
  weir_socket_end(socket, NULL);
  weir_socket_release(socket);
  world_run(world);
  assert_int_equal(stream.bytes, 2u << 20);
  assert_false(stream.broken);
  world_expect(world, "C", "connect write-cb finish end close(false)");
}

/* ---- from inside listeners -------------------------------------------------------------------------------------- */

static void release_on(const weir_event *event, void *unused) {
  (void)unused;
  weir_socket_release(event->socket);
}

static void destroy_and_release_on(const weir_event *event, void *unused) {
  (void)unused;
  weir_socket_destroy(event->socket, NULL);
  weir_socket_release(event->socket);
}

static void a_socket_may_be_released_inside_any_of_its_events(struct world *world) {
  static const weir_event_type types[] = {WEIR_EVENT_CONNECT, WEIR_EVENT_DATA, WEIR_EVENT_END, WEIR_EVENT_FINISH,
                                          WEIR_EVENT_CLOSE};
  listen_greeting(world);
  for (size_t i = 0; i < sizeof types / sizeof *types; i++) {
    world_forget(world);
    weir_socket *socket = connect_client(world);
    weir_socket_once(socket, types[i], release_on, NULL);
    world_run(world);
    world_expect(world, "C", "connect data(hello) end finish close(false)");
  }
}

static void a_socket_may_be_destroyed_and_released_inside_any_of_its_events(struct world *world) {
  static const weir_event_type types[] = {WEIR_EVENT_CONNECT, WEIR_EVENT_DATA, WEIR_EVENT_END, WEIR_EVENT_FINISH,
                                          WEIR_EVENT_CLOSE};
  listen_greeting(world);
  for (size_t i = 0; i < sizeof types / sizeof *types; i++) {
    world_forget(world);
    weir_socket *socket = connect_client(world);
    weir_socket_once(socket, types[i], destroy_and_release_on, NULL);
    world_run(world);
    assert_int_equal(world_count(world, "C close(false)"), 1);
  }
}

static void a_failed_socket_may_be_released_inside_error(struct world *world) {
  weir_socket_once(connect_client(world), WEIR_EVENT_ERROR, release_on, NULL);
  world_run(world);
  assert_int_equal(world_count(world, "C close(true)"), 1);
}

static void release_in_callback(weir_socket *socket, const weir_error *error, void *user) {
  world_note_write(socket, error, user);
  weir_socket_destroy(socket, NULL);
  weir_socket_release(socket);
}

static void a_socket_may_be_destroyed_and_released_inside_a_write_callback(struct world *world) {
  listen_greeting(world);
  weir_socket *socket = connect_client(world);
  weir_write write = weir_write_default();
  write.bytes = "x";
  write.length = 1;
  write.callback = release_in_callback;
  write.user = world_mark(world, "C", "cb");
  weir_socket_write_with(socket, &write);
  world_write_noted(world, socket, "C", "y");
  world_run(world);
  assert_int_equal(world_count(world, "C cb"), 1);
  assert_int_equal(world_count(world, "C write-cb"), 1);
  assert_int_equal(world_count(world, "C close(false)"), 1);
}

static void destroy_other(const weir_event *event, void *other) {
  (void)event;
  weir_socket_destroy(other, NULL);
  weir_socket_release(other);
}

static void one_socket_may_destroy_and_release_another(struct world *world) {
  weir_server_unref(world_listen(world, NULL, world_end_on, NULL));
  weir_socket *first = connect_client(world);
  weir_socket *second = connect_client(world);
  weir_socket_on(first, WEIR_EVENT_CONNECT, destroy_other, second);
  weir_socket_release(first);
  world_run(world);
  assert_int_equal(world_count(world, "C close(false)"), 2);
}

/* ---- accepted sockets and servers ------------------------------------------------------------------------------- */

static void an_accepted_socket_needs_no_owner(struct world *world) {
  weir_server *server = world_listen(world, NULL, greet, NULL);
  weir_socket_release(connect_client(world));
  weir_server_on(server, WEIR_EVENT_CONNECTION, world_close_server_on, server);
  world_run(world);
  world_expect(world, "C", "connect data(hello) end finish close(false)");
}

static weir_server *make_server(struct world *world, weir_listener connection, void *user) {
  weir_server *server = NULL;
  assert_int_equal(weir_server_create(world->loop, NULL, connection, user, &server), WEIR_OK);
  world_trace_server(world, server, "V");
  return server;
}

static void a_listening_server_lives_on_without_an_owner(struct world *world) {
  weir_server *server = make_server(world, greet, NULL);
  assert_int_equal(weir_server_listen(server, world->endpoint, NULL), WEIR_OK);
  weir_server_on(server, WEIR_EVENT_CONNECTION, world_close_server_on, server);
  weir_server_release(server);
  world_run_until_noted(world, "V listening", 1);
  weir_socket_release(connect_client(world));
  world_run(world);
  world_expect(world, "V", "listening connection close");
}

static void a_server_that_never_listened_is_gone_with_its_last_owner(struct world *world) {
  weir_server *server = make_server(world, NULL, NULL);
  assert_ptr_equal(weir_server_retain(server), server);
  weir_server_release(server);
  assert_false(weir_server_listening(server));
  weir_server_release(server);
  weir_server_release(NULL);
  world_run(world);
  world_expect(world, "V", "");
}

static void release_server_on(const weir_event *event, void *unused) {
  (void)unused;
  weir_server_close(event->server, NULL, NULL);
  weir_server_release(event->server);
}

static void a_server_may_be_closed_and_released_inside_its_events(struct world *world) {
  static const weir_event_type types[] = {WEIR_EVENT_LISTENING, WEIR_EVENT_CLOSE};
  for (size_t i = 0; i < sizeof types / sizeof *types; i++) {
    world_forget(world);
    weir_server *server = make_server(world, NULL, NULL);
    weir_server_once(server, types[i], release_server_on, NULL);
    assert_int_equal(weir_server_listen(server, world->endpoint, NULL), WEIR_OK);
    world_run_until_noted(world, "V listening", 1);
    if (types[i] == WEIR_EVENT_CLOSE) weir_server_close(server, NULL, NULL);
    world_run(world);
    world_expect(world, "V", "listening close");
  }
}

static void an_accepted_socket_holds_its_server(struct world *world) {
  struct world_pair pair = pair_open(world, 0, 0);
  weir_server_close(pair.server, NULL, NULL);
  assert_ptr_equal(weir_socket_server(pair.accepted), pair.server);
  pair_end(world, &pair);
  assert_ptr_equal(weir_socket_server(pair.accepted), pair.server);
  assert_false(weir_server_listening(weir_socket_server(pair.accepted)));
}

/* ---- loops ------------------------------------------------------------------------------------------------------ */

static void handles_may_outlive_their_loop(struct world *world) {
  weir_loop *loop = further_loop(world);
  weir_socket *socket = NULL;
  weir_server *server = NULL;
  assert_int_equal(weir_socket_create(loop, NULL, &socket), WEIR_OK);
  assert_int_equal(weir_server_create(loop, NULL, NULL, NULL, &server), WEIR_OK);
  weir_loop_release(loop);
  assert_ptr_equal(weir_socket_loop(socket), loop);
  weir_socket_release(socket);
  weir_server_release(server);
}

/* A name or a port is free when its server is gone, whatever programs were started meanwhile. */
static void a_program_that_is_started_inherits_nothing(struct world *world) {
  size_t inherited = native_inherited();
  struct world_pair pair = pair_open(world, 0, 0);
  weir_loop *loop = further_loop(world);
  assert_int_equal(native_inherited(), inherited);
  weir_loop_release(loop);
  pair_end(world, &pair);
}

static const struct world_case cases[] = {
    WORLD_CASE("", a_new_socket_is_gone_with_its_last_owner),
    WORLD_CASE("", a_connecting_socket_lives_on_without_an_owner),
    WORLD_CASE("", an_open_socket_lives_on_without_an_owner),
    WORLD_CASE("", an_ended_socket_lives_on_without_an_owner),
    WORLD_CASE("EO-24", a_destroyed_socket_without_an_owner_still_emits_close),
    WORLD_CASE("EO-24 A101", a_new_socket_that_is_destroyed_and_released_still_emits_close),
    WORLD_CASE("", a_refused_socket_without_an_owner_reports_its_error),
    WORLD_CASE("", a_closed_socket_is_readable_until_its_last_release),
    WORLD_CASE("", a_socket_with_queued_writes_lives_on_until_they_are_written),
    WORLD_CASE("", a_socket_may_be_released_inside_any_of_its_events),
    WORLD_CASE("", a_socket_may_be_destroyed_and_released_inside_any_of_its_events),
    WORLD_CASE("", a_failed_socket_may_be_released_inside_error),
    WORLD_CASE("", a_socket_may_be_destroyed_and_released_inside_a_write_callback),
    WORLD_CASE("", one_socket_may_destroy_and_release_another),
    WORLD_CASE("", an_accepted_socket_needs_no_owner),
    WORLD_CASE("", a_listening_server_lives_on_without_an_owner),
    WORLD_CASE("", a_server_that_never_listened_is_gone_with_its_last_owner),
    WORLD_CASE("", a_server_may_be_closed_and_released_inside_its_events),
    WORLD_CASE("", an_accepted_socket_holds_its_server),
    WORLD_CASE("", handles_may_outlive_their_loop),
    WORLD_CASE("EO-50 A293", a_program_that_is_started_inherits_nothing),
};

int main(int argc, char **argv) { return world_main(argc, argv, "ownership", cases, sizeof cases / sizeof *cases); }
