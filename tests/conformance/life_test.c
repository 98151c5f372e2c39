/* SPDX-License-Identifier: MIT */
/*
 * The life of a connection from `connect` to `close`, ended or destroyed by either side. What failures do to it is
 * failure_test.c's, half-open connections are half_close_test.c's.
 */
#include "support/world.h"

/* More than any system keeps for a reader that does not read. */
#define BIG_BYTES ((size_t)12 << 20)

/* ---- ends that meet --------------------------------------------------------------------------------------------- */

static void echo_hello(const weir_event *event, void *world) {
  if (weir_socket_bytes_read(event->socket) == 5) world_write_noted(world, event->socket, "S", "hello");
}

static void accept_for_echo(const weir_event *event, void *user) {
  world_trace_socket(user, event->connection, "S", WORLD_TRACE_DATA);
  world_on(event->connection, WEIR_EVENT_DATA, echo_hello, user);
  weir_server_close(event->server, world_note_server, world_mark(user, "V", NULL));
}

static void say_hello(const weir_event *event, void *world) {
  world_note(world, "C", "connect-cb");
  assert_int_equal(world_write_noted(world, event->socket, "C", "hello"), 1);
}

static void end_after_hello(const weir_event *event, void *world) {
  if (weir_socket_bytes_read(event->socket) == 5) world_end_noted(world, event->socket, "C", NULL);
}

static void an_echo_whose_client_ends_after_the_reply(struct world *world) {
  weir_server *server = world_server(world, NULL, accept_for_echo, world);
  world_trace_server(world, server, "V");
  weir_listen_options listen = weir_listen_options_default();
  listen.listener = world_note_event;
  listen.user = world_mark(world, "V", "listen-cb");
  assert_int_equal(weir_server_listen(server, world->endpoint, &listen), WEIR_OK);
  world_run_until_noted(world, "V listening", 1);
  weir_socket *client = world_socket(world, NULL);
  world_trace_socket(world, client, "C", WORLD_TRACE_DATA);
  world_on(client, WEIR_EVENT_DATA, end_after_hello, world);
  weir_connect_options connect = weir_connect_options_default();
  connect.listener = say_hello;
  connect.user = world;
  assert_int_equal(weir_socket_connect(client, world->endpoint, &connect), WEIR_OK);
  world_run(world);
  world_expect(world, "V", "listening listen-cb connection close close-cb");
  world_expect(world, "C", "connect connect-cb write-cb data(hello) end-cb finish end close(false)");
  world_expect(world, "S", "data(hello) write-cb end finish close(false)");
}

static void say_goodbye(const weir_event *event, void *user) {
  world_trace_socket(user, event->connection, "S", WORLD_TRACE_LIFE);
  world_end_noted(user, event->connection, "S", "goodbye\n");
  weir_server_close(event->server, NULL, NULL);
}

static void a_server_that_says_goodbye_and_ends(struct world *world) {
  world_listen(world, NULL, say_goodbye, world);
  world_trace_socket(world, world_connect(world, NULL), "C", WORLD_TRACE_DATA);
  world_run(world);
  world_expect(world, "S", "end-cb finish end close(false)");
  world_expect(world, "C", "connect data(goodbye\\n) end finish close(false)");
}

static void both_sides_end_in_the_same_moment(struct world *world) {
  struct world_pair pair = world_pair(world, NULL);
  weir_server_close(pair.server, NULL, NULL);
  weir_socket_end(pair.client, NULL);
  weir_socket_end(pair.accepted, NULL);
  world_run(world);
  world_expect_either(world, "C", "connect finish end close(false)", "connect end finish close(false)");
  world_expect_either(world, "S", "finish end close(false)", "end finish close(false)");
}

static void note_destroyed(const weir_event *event, void *user) {
  struct world_mark *mark = user;
  world_note(mark->world, mark->name, "%s", weir_socket_destroyed(event->socket) ? "destroyed" : "alive");
}

static void a_socket_lives_until_both_halves_have_ended(struct world *world) {
  struct world_pair pair = world_pair(world, NULL);
  world_on(pair.accepted, WEIR_EVENT_END, note_destroyed, world_mark(world, "S", NULL));
  world_on(pair.accepted, WEIR_EVENT_FINISH, note_destroyed, world_mark(world, "S", NULL));
  world_on(pair.accepted, WEIR_EVENT_CLOSE, note_destroyed, world_mark(world, "S", NULL));
  weir_server_close(pair.server, NULL, NULL);
  weir_socket_end(pair.client, NULL);
  world_run(world);
  world_expect(world, "S", "end alive finish alive close(false) destroyed");
}

static void note_rounds(const weir_event *event, void *user) {
  unsigned *rounds = user;
  if (++*rounds < 100)
    world_write(event->socket, "x");
  else
    weir_socket_destroy(event->socket, NULL);
}

static void write_back(const weir_event *event, void *unused) {
  (void)unused;
  weir_socket_write(event->socket, event->data.bytes, event->data.length);
}

static void ping_pong_until_the_client_destroys_itself(struct world *world) {
  unsigned rounds = 0;
  struct world_pair pair = world_pair(world, NULL);
  world_on(pair.accepted, WEIR_EVENT_DATA, write_back, NULL);
  world_on(pair.client, WEIR_EVENT_DATA, note_rounds, &rounds);
  weir_server_close(pair.server, world_note_server, world_mark(world, "V", NULL));
  world_write(pair.client, "x");
  world_run(world);
  assert_int_equal(rounds, 100);
  world_expect(world, "C", "connect close(false)");
  world_expect(world, "S", "end finish close(false)");
  world_expect(world, "V", "listening connection close close-cb");
}

/* ---- ends that nobody hears ------------------------------------------------------------------------------------- */

struct unheard {
  weir_socket *kept;
  weir_server *server;
  struct world *world;
};

static void keep_for_echo(const weir_event *event, void *user) {
  struct unheard *unheard = user;
  if (unheard->kept == NULL) unheard->kept = world_keep_socket(unheard->world, weir_socket_retain(event->connection));
  world_on(event->connection, WEIR_EVENT_DATA, write_back, NULL);
}

static void count_connections(const weir_event *event, void *user) {
  struct unheard *unheard = user;
  (void)event;
  struct world_mark *mark = world_mark(unheard->world, "V", NULL);
  assert_int_equal(weir_server_get_connections(unheard->server, world_note_count, mark), WEIR_OK);
}

static void ask_once(struct unheard *unheard) {
  weir_socket *client = world_connect_traced(unheard->world, "C");
  world_on(client, WEIR_EVENT_DATA, world_end_on, NULL);
  world_on(client, WEIR_EVENT_CLOSE, count_connections, unheard);
  world_write(client, "x");
}

static void an_end_that_nobody_hears_closes_the_socket(struct world *world) {
  struct unheard unheard = {.world = world};
  unheard.server = world_listen(world, NULL, keep_for_echo, &unheard);
  world_forget(world);
  world_trace_server(world, unheard.server, "V");
  for (size_t i = 1; i <= 3; i++) {
    ask_once(&unheard);
    world_run_until_noted(world, "V count", i);
  }
  assert_int_equal(weir_socket_get_state(unheard.kept), WEIR_SOCKET_CLOSED);
  assert_true(weir_socket_destroyed(unheard.kept));
  assert_int_equal(weir_socket_bytes_read(unheard.kept), 1);
  assert_int_equal(world_write(unheard.kept, "too late"), WEIR_EDESTROYED);
  weir_server_close(unheard.server, NULL, NULL);
  world_run(world);
  world_expect(world, "V", "connection count(0) connection count(0) connection count(0) close");
}

/* The one that was accepted becomes a client. */
static void a_socket_that_closed_unheard_has_a_second_life(struct world *world) {
  struct unheard unheard = {.world = world};
  unheard.server = world_listen(world, NULL, keep_for_echo, &unheard);
  ask_once(&unheard);
  world_run_until_noted(world, "V count(0)", 1);
  world_trace_socket(world, unheard.kept, "K", WORLD_TRACE_LIFE);
  world_on(unheard.kept, WEIR_EVENT_CONNECT, world_end_on, NULL);
  world_on(unheard.kept, WEIR_EVENT_CLOSE, world_close_server_on, unheard.server);
  assert_int_equal(weir_socket_connect(unheard.kept, world->endpoint, NULL), WEIR_OK);
  world_run(world);
  world_expect_either(world, "K", "connect finish end close(false)", "connect end finish close(false)");
}

/* ---- destroy ---------------------------------------------------------------------------------------------------- */

static void write_and_destroy(const weir_event *event, void *world) {
  world_write_noted(world, event->socket, "C", "abc");
  weir_socket_destroy(event->socket, NULL);
}

static void trace_accepted(const weir_event *event, void *world) {
  world_trace_socket(world, event->connection, "S", WORLD_TRACE_DATA);
}

/* A system takes three bytes at once; the simulator may take fewer, and then the write is cut. */
static void destroying_in_connect_sends_what_the_system_took(struct world *world) {
  world_listen(world, NULL, trace_accepted, world);
  weir_socket *client = world_connect(world, NULL);
  world_trace_socket(world, client, "C", WORLD_TRACE_LIFE);
  world_on(client, WEIR_EVENT_CONNECT, write_and_destroy, world);
  world_run_until_noted(world, "C close", 1);
  world_run_until_noted(world, "S close", 1);
  world_expect_either(world, "C", "connect write-cb close(false)",
                      world->simulated ? "connect write-cb(ECANCELED) close(false)" : "");
  if (world_count(world, "C write-cb(ECANCELED)") == 0) world_expect(world, "S", "data(abc) end finish close(false)");
}

static void a_destroy_in_the_turn_of_connect_is_silent_but_for_the_close(struct world *world) {
  world_listen(world, NULL, trace_accepted, world);
  weir_socket *client = world_connect(world, NULL);
  world_trace_socket(world, client, "C", WORLD_TRACE_DATA);
  assert_int_equal(world_write_noted(world, client, "C", "never sent"), 1);
  weir_socket_destroy(client, NULL);
  world_note(world, "C", "returned");
  world_run_until_noted(world, "C close", 1);
  world_run_for(world, 20);
  world_expect(world, "C", "returned write-cb(ECANCELED) close(false)");
  world_expect_either(world, "S", "", "end finish close(false)");
}

static void destroying_what_never_connected_closes_it(struct world *world) {
  weir_socket *socket = world_socket(world, NULL);
  world_trace_socket(world, socket, "C", WORLD_TRACE_LIFE);
  weir_socket_destroy(socket, NULL);
  world_note(world, "C", "returned");
  world_run(world);
  world_expect(world, "C", "returned close(false)");
}

static void destroy_again_and_otherwise(const weir_event *event, void *user) {
  (void)user;
  const weir_error late = {.code = WEIR_EIO, .native_code = 0, .operation = "test", .address = "", .hint = ""};
  weir_socket_destroy(event->socket, &late);
  weir_socket_destroy_soon(event->socket);
  assert_int_equal(weir_socket_end(event->socket, NULL), WEIR_EDESTROYED);
}

static void a_second_destroy_does_nothing(struct world *world) {
  struct world_pair pair = world_pair(world, NULL);
  const weir_error late = {.code = WEIR_EIO, .native_code = 0, .operation = "test", .address = "", .hint = ""};
  weir_server_close(pair.server, NULL, NULL);
  weir_socket_destroy(pair.client, NULL);
  weir_socket_destroy(pair.client, &late);
  world_on(pair.client, WEIR_EVENT_CLOSE, destroy_again_and_otherwise, NULL);
  world_run(world);
  world_expect(world, "C", "connect close(false)");
  assert_null(weir_socket_error(pair.client));
}

static void a_destroy_counts_at_once(struct world *world) {
  struct world_pair pair = world_pair(world, NULL);
  weir_socket_destroy(pair.client, NULL);
  assert_true(weir_socket_destroyed(pair.client));
  assert_int_equal(weir_socket_get_state(pair.client), WEIR_SOCKET_CLOSED);
  world_expect(world, "C", "connect");
  world_run_until_noted(world, "C close", 1);
}

static void a_destroyed_socket_neither_ends_nor_finishes(struct world *world) {
  struct world_pair pair = world_pair(world, NULL);
  weir_server_close(pair.server, NULL, NULL);
  weir_socket_end(pair.accepted, NULL);
  world_end_noted(world, pair.client, "C", NULL);
  weir_socket_destroy(pair.client, NULL);
  world_run(world);
  world_expect(world, "C", "connect end-cb(ECANCELED) close(false)");
}

static void check_texts(const weir_event *event, void *unused) {
  (void)unused;
  assert_string_equal(event->error->operation, "think");
  assert_string_equal(event->error->address, "somewhere");
  assert_string_equal(event->error->hint, "because");
}

static void a_destroy_with_an_error_tells_it_before_the_close(struct world *world) {
  struct world_pair_options options = {.server_trace = WORLD_TRACE_DATA};
  struct world_pair pair = world_pair(world, &options);
  char texts[3][16] = {"think", "somewhere", "because"};
  const weir_error error = {
      .code = WEIR_EIO, .native_code = 7, .operation = texts[0], .address = texts[1], .hint = texts[2]};
  weir_server_close(pair.server, NULL, NULL);
  world_on(pair.client, WEIR_EVENT_ERROR, check_texts, NULL);
  world_write_noted(world, pair.client, "C", "abc");
  weir_socket_destroy(pair.client, &error);
  memset(texts, 'x', sizeof texts);
  assert_int_equal(weir_socket_error(pair.client)->code, WEIR_EIO);
  assert_int_equal(weir_socket_error(pair.client)->native_code, 7);
  world_run(world);
  world_expect_either(world, "C", "connect write-cb error(EIO) close(true)",
                      world->simulated ? "connect error(EIO) write-cb(ECANCELED) close(true)" : "");
  if (!world->simulated) world_expect(world, "S", "data(abc) end finish close(false)");
}

static void end_the_peer(const weir_event *event, void *peer) {
  (void)event;
  weir_socket_end(peer, NULL);
}

static void destroy_soon_sends_everything_and_does_not_wait_for_the_peer(struct world *world) {
  weir_server_options server = weir_server_options_default();
  weir_socket_options client = weir_socket_options_default();
  struct world_stream stream = {0, false};
  server.allow_half_open = client.allow_half_open = true;
  struct world_pair_options options = {.server = &server, .client = &client};
  struct world_pair pair = world_pair(world, &options);
  weir_server_close(pair.server, NULL, NULL);
  world_on(pair.accepted, WEIR_EVENT_DATA, world_check_on, &stream);
  world_on(pair.client, WEIR_EVENT_CLOSE, end_the_peer, pair.accepted);
  assert_int_equal(world_write_pattern(world, pair.client, "C", NULL, BIG_BYTES, 0), 0);
  weir_socket_destroy_soon(pair.client);
  assert_false(weir_socket_destroyed(pair.client));
  assert_int_equal(world_write(pair.client, "more"), WEIR_EENDED);
  world_run(world);
  world_expect(world, "C", "connect write-cb finish close(false)");
  world_expect_before(world, "C close", "S finish");
  assert_int_equal(stream.bytes, BIG_BYTES);
  assert_false(stream.broken);
}

/* ---- after the end ---------------------------------------------------------------------------------------------- */

static void a_closed_socket_bears_every_call(struct world *world) {
  struct world_pair_options options = {.client_trace = WORLD_TRACE_DATA | WORLD_TRACE_FLOW};
  struct world_pair pair = world_pair(world, &options);
  weir_server_close(pair.server, NULL, NULL);
  weir_socket_destroy(pair.client, NULL);
  world_run(world);
  world_forget(world);
  weir_socket *socket = pair.client;
  weir_socket_pause(socket);
  weir_socket_resume(socket);
  weir_socket_cork(socket);
  weir_socket_uncork(socket);
  weir_socket_unpipe(socket, NULL);
  weir_socket_destroy(socket, NULL);
  weir_socket_destroy_soon(socket);
  assert_int_equal(weir_socket_set_timeout(socket, 1), WEIR_OK);
  assert_int_equal(weir_socket_set_encoding(socket, WEIR_ENCODING_UTF8), WEIR_OK);
  weir_socket_unref(weir_socket_ref(socket));
  assert_int_equal(weir_socket_buffered(socket), 0);
  assert_false(weir_socket_can_half_close(socket) && weir_socket_connecting(socket));
  world_run_for(world, 20);
  world_expect(world, "C", "");
}

static void a_connection_survives_that_its_handles_are_released(struct world *world) {
  weir_server *server = NULL;
  weir_socket *client = NULL;
  assert_int_equal(weir_server_create(world->loop, NULL, accept_for_echo, world, &server), WEIR_OK);
  assert_int_equal(weir_server_listen(server, world->endpoint, NULL), WEIR_OK);
  assert_int_equal(weir_connect(world->loop, world->endpoint, NULL, NULL, &client), WEIR_OK);
  world_trace_socket(world, client, "C", WORLD_TRACE_DATA);
  world_on(client, WEIR_EVENT_CONNECT, say_hello, world);
  world_on(client, WEIR_EVENT_DATA, end_after_hello, world);
  weir_server_release(server);
  weir_socket_release(client);
  world_run(world);
  world_expect(world, "C", "connect connect-cb write-cb data(hello) end-cb finish end close(false)");
}

/* ---- crowds ----------------------------------------------------------------------------------------------------- */

#define CROWD 50
#define VISITS 3
#define VISIT_BYTES 40000

struct visitor {
  weir_socket *socket;
  struct world *world;
  struct crowd *crowd;
  unsigned visits;
};

struct crowd {
  struct visitor visitors[CROWD];
  uint64_t bytes;
  unsigned errors;
  unsigned done;
  weir_server *server;
};

static void serve_and_end(const weir_event *event, void *unused) {
  static char page[VISIT_BYTES];
  (void)unused;
  weir_write write = weir_write_default();
  write.bytes = page;
  write.length = sizeof page;
  assert_int_equal(weir_socket_end(event->connection, &write), 0);
}

static void count_visit(const weir_event *event, void *user) {
  struct visitor *visitor = user;
  visitor->crowd->bytes += weir_socket_bytes_read(event->socket);
  visitor->crowd->errors += event->had_error;
  if (++visitor->visits < VISITS)
    assert_int_equal(weir_socket_connect(event->socket, visitor->world->endpoint, NULL), WEIR_OK);
  else if (++visitor->crowd->done == CROWD)
    weir_server_close(visitor->crowd->server, NULL, NULL);
}

static void fifty_clients_come_again_and_again(struct world *world) {
  struct crowd crowd = {.bytes = 0};
  crowd.server = world_listen(world, NULL, serve_and_end, NULL);
  for (size_t i = 0; i < CROWD; i++) {
    struct visitor *visitor = &crowd.visitors[i];
    *visitor = (struct visitor){world_connect(world, NULL), world, &crowd, 0};
    weir_socket_resume(visitor->socket);
    world_on(visitor->socket, WEIR_EVENT_CLOSE, count_visit, visitor);
  }
  world_run(world);
  assert_int_equal(crowd.done, CROWD);
  assert_int_equal(crowd.errors, 0);
  assert_int_equal(crowd.bytes, (uint64_t)CROWD * VISITS * VISIT_BYTES);
}

static const struct world_case cases[] = {
    WORLD_CASE("EO-01 S014 S038 S070 S071 S072 S075 S097 S140 R4 R5 R6 R11", an_echo_whose_client_ends_after_the_reply),
    WORLD_CASE("EO-02 S101 S102 S150", a_server_that_says_goodbye_and_ends),
    WORLD_CASE("EO-06", both_sides_end_in_the_same_moment),
    WORLD_CASE("A051 A087 A089 A117 M29 M38 R10 S076", a_socket_lives_until_both_halves_have_ended),
    WORLD_CASE("A175", ping_pong_until_the_client_destroys_itself),
    WORLD_CASE("", an_end_that_nobody_hears_closes_the_socket),
    WORLD_CASE("", a_socket_that_closed_unheard_has_a_second_life),
    WORLD_CASE("EO-24 S100", destroying_in_connect_sends_what_the_system_took),
    WORLD_CASE("EO-24 A071 A102 R1", a_destroy_in_the_turn_of_connect_is_silent_but_for_the_close),
    WORLD_CASE("EO-24 A101", destroying_what_never_connected_closes_it),
    WORLD_CASE("EO-24 A109 M36 R2", a_second_destroy_does_nothing),
    WORLD_CASE("EO-24 M29", a_destroy_counts_at_once),
    WORLD_CASE("A063 A118 R9", a_destroyed_socket_neither_ends_nor_finishes),
    WORLD_CASE("EO-26 A116 M36 M37 M39 R3 S070 S078", a_destroy_with_an_error_tells_it_before_the_close),
    WORLD_CASE("EO-28 M35", destroy_soon_sends_everything_and_does_not_wait_for_the_peer),
    WORLD_CASE("A098", a_closed_socket_bears_every_call),
    WORLD_CASE("", a_connection_survives_that_its_handles_are_released),
    WORLD_CASE("A358 M59", fifty_clients_come_again_and_again),
};

int main(int argc, char **argv) { return world_main(argc, argv, "life", cases, sizeof cases / sizeof *cases); }
