/* SPDX-License-Identifier: MIT */
/*
 * Halves that end apart: what still works when one side has ended, and what writing after an end gives.
 */
#include "support/world.h"

/* More than any system keeps for a reader that does not read. */
#define BIG_BYTES ((size_t)12 << 20)

/* A connection whose server's, or client's, side stays open after the other's end. */
static struct world_pair open_pair(struct world *world, bool server_half_open, bool client_half_open) {
  weir_server_options server = weir_server_options_default();
  weir_socket_options client = weir_socket_options_default();
  server.allow_half_open = server_half_open;
  client.allow_half_open = client_half_open;
  struct world_pair_options options = {&server, &client, WORLD_TRACE_DATA, WORLD_TRACE_DATA};
  struct world_pair pair = world_pair(world, &options);
  weir_server_close(pair.server, NULL, NULL);
  return pair;
}

static const char *state_name(weir_socket_state state) {
  static const char *const names[] = {"new", "opening", "open", "read-only", "write-only", "closed"};
  return names[state];
}

static void note_state(const weir_event *event, void *user) {
  struct world_mark *mark = user;
  world_note(mark->world, mark->name, "%s", state_name(weir_socket_get_state(event->socket)));
}

/* ---- half-open -------------------------------------------------------------------------------------------------- */

/* A while after the client's end has come, however long that took. */
struct late {
  struct world *world;
  weir_socket *socket;
};

static void answer(void *user) {
  const struct late *late = user;
  world_write(late->socket, "late1");
  world_write(late->socket, "late2");
  weir_socket_end(late->socket, NULL);
}

static void answer_late_on(const weir_event *event, void *user) {
  struct late *late = user;
  late->socket = event->socket;
  world_after(late->world, 30, answer, late);
}

static void a_half_open_server_answers_after_the_clients_end(struct world *world) {
  struct world_pair pair = open_pair(world, true, false);
  struct late late = {world, NULL};
  world_on(pair.accepted, WEIR_EVENT_END, note_state, world_mark(world, "S", NULL));
  world_on(pair.accepted, WEIR_EVENT_END, answer_late_on, &late);
  world_on(pair.client, WEIR_EVENT_FINISH, note_state, world_mark(world, "C", NULL));
  world_end_noted(world, pair.client, "C", "question");
  world_run(world);
  world_expect(world, "C", "connect end-cb finish read-only data(late1late2) end close(false)");
  world_expect(world, "S", "data(question) end write-only finish close(false)");
}

static void still_write(const weir_event *event, void *world) {
  world_write_noted(world, event->socket, "C", "still-");
  weir_write last = weir_write_default();
  last.bytes = "writing";
  last.length = 7;
  assert_int_equal(weir_socket_end(event->socket, &last), 0);
}

static void a_half_open_client_writes_after_the_servers_end(struct world *world) {
  struct world_pair pair = open_pair(world, false, true);
  world_on(pair.client, WEIR_EVENT_END, note_state, world_mark(world, "C", NULL));
  world_on(pair.client, WEIR_EVENT_END, still_write, world);
  weir_write last = weir_write_default();
  last.bytes = "bye";
  last.length = 3;
  assert_int_equal(weir_socket_end(pair.accepted, &last), 0);
  world_run(world);
  world_expect(world, "C", "connect data(bye) end write-only write-cb finish close(false)");
  world_expect(world, "S", "finish data(still-writing) end close(false)");
}

static void write_ten_milliseconds_later(void *client) {
  assert_int_equal(world_write(client, "ten"), 1);
  weir_socket_end(client, NULL);
}

static void both_half_open_and_the_client_waits(struct world *world) {
  struct world_pair pair = open_pair(world, true, true);
  weir_socket_end(pair.accepted, NULL);
  world_run_until_noted(world, "C end", 1);
  world_after(world, 10, write_ten_milliseconds_later, pair.client);
  world_run(world);
  world_expect(world, "C", "connect end finish close(false)");
  world_expect(world, "S", "finish data(ten) end close(false)");
}

static void half_open_lasts_until_somebody_ends(struct world *world) {
  struct world_pair pair = open_pair(world, true, false);
  weir_socket_end(pair.client, NULL);
  world_run_for(world, 200);
  world_expect(world, "C", "connect finish");
  world_expect(world, "S", "end");
  assert_int_equal(weir_socket_get_state(pair.client), WEIR_SOCKET_READ_ONLY);
  assert_int_equal(weir_socket_get_state(pair.accepted), WEIR_SOCKET_WRITE_ONLY);
  assert_false(weir_socket_destroyed(pair.client) || weir_socket_destroyed(pair.accepted));
  weir_socket_end(pair.accepted, NULL);
  world_run(world);
  world_expect(world, "C", "connect finish end close(false)");
  world_expect(world, "S", "end finish close(false)");
}

static void keep_data(const weir_event *event, void *user) {
  char *kept = user;
  strncat(kept, event->data.bytes, event->data.length);
}

static void echo_what_was_kept(const weir_event *event, void *kept) {
  world_write(event->socket, kept);
  weir_socket_end(event->socket, NULL);
}

static void a_half_open_server_echoes_from_its_end_listener(struct world *world) {
  char kept[64] = "";
  struct world_pair pair = open_pair(world, true, false);
  world_on(pair.accepted, WEIR_EVENT_DATA, keep_data, kept);
  world_on(pair.accepted, WEIR_EVENT_END, echo_what_was_kept, kept);
  world_write(pair.client, "one ");
  world_write(pair.client, "two ");
  world_end_noted(world, pair.client, "C", "three");
  world_run(world);
  world_expect(world, "C", "connect end-cb finish data(one two three) end close(false)");
  world_expect(world, "S", "data(one two three) end finish close(false)");
}

static void a_default_socket_finishes_after_the_peers_end(struct world *world) {
  struct world_pair pair = open_pair(world, false, false);
  world_on(pair.accepted, WEIR_EVENT_END, note_state, world_mark(world, "S", NULL));
  weir_socket_end(pair.client, NULL);
  world_run(world);
  world_expect(world, "S", "end write-only finish close(false)");
}

/* ---- end -------------------------------------------------------------------------------------------------------- */

static void every_form_of_end_calls_back_once(struct world *world) {
  weir_write forms[3] = {weir_write_default(), weir_write_default(), weir_write_default()};
  forms[1].bytes = "foo";
  forms[1].length = 3;
  forms[2].bytes = "666f6f";
  forms[2].length = 6;
  forms[2].encoding = WEIR_ENCODING_HEX;
  for (size_t i = 0; i < 3; i++) {
    struct world_pair pair = open_pair(world, false, false);
    forms[i].callback = world_note_write;
    forms[i].user = world_mark(world, "C", "end-cb");
    assert_int_equal(weir_socket_end(pair.client, &forms[i]), 0);
    world_run(world);
    world_expect(world, "C", "connect end-cb finish end close(false)");
    world_expect(world, "S", i == 0 ? "end finish close(false)" : "data(foo) end finish close(false)");
    world_forget(world);
  }
}

static void ending_twice_without_bytes_is_no_error(struct world *world) {
  struct world_pair pair = open_pair(world, true, false);
  assert_int_equal(world_end_noted(world, pair.client, "C", NULL), 0);
  assert_int_equal(world_end_noted(world, pair.client, "C", NULL), 0);
  world_run_until_noted(world, "C finish", 1);
  world_expect(world, "C", "connect end-cb end-cb finish");
  assert_int_equal(world_end_noted(world, pair.client, "C", NULL), 0);
  weir_socket_end(pair.accepted, NULL);
  world_run(world);
  assert_int_equal(world_count(world, "C end-cb"), 3);
  assert_int_equal(world_count(world, "C error"), 0);
  assert_int_equal(world_count(world, "C close(false)"), 1);
}

/* ---- writing after an end --------------------------------------------------------------------------------------- */

static void a_write_after_the_own_end_fails_alone(struct world *world) {
  struct world_pair pair = open_pair(world, false, false);
  world_end_noted(world, pair.client, "C", "last");
  assert_int_equal(world_write_noted(world, pair.client, "C", "too late"), WEIR_EENDED);
  assert_int_equal(world_write(pair.client, "too late"), WEIR_EENDED);
  assert_int_equal(world_end_noted(world, pair.client, "C", "later still"), WEIR_EENDED);
  world_run(world);
  assert_int_equal(world_count(world, "C write-cb(EENDED)"), 1);
  assert_int_equal(world_count(world, "C end-cb(EENDED)"), 1);
  assert_int_equal(world_count(world, "C end-cb"), 2);
  assert_int_equal(world_count(world, "C error"), 0);
  assert_int_equal(world_count(world, "C close(false)"), 1);
  world_expect(world, "S", "data(last) end finish close(false)");
}

static void write_in_end(const weir_event *event, void *world) {
  assert_int_equal(world_write_noted(world, event->socket, "S", "asd"), 1);
}

static void a_write_in_the_end_listener_is_taken(struct world *world) {
  struct world_pair pair = open_pair(world, false, false);
  world_on(pair.accepted, WEIR_EVENT_END, write_in_end, world);
  weir_socket_end(pair.client, NULL);
  world_run(world);
  world_expect(world, "C", "connect finish data(asd) end close(false)");
  world_expect(world, "S", "end write-cb finish close(false)");
}

static void write_too_late(void *user) {
  struct world_mark *mark = user;
  weir_socket *socket = mark->world->user;
  assert_int_equal(world_write_noted(mark->world, socket, mark->name, "foo"), WEIR_EPIPE);
  world_note(mark->world, mark->name, "refused");
}

static void write_a_turn_later(const weir_event *event, void *mark) {
  assert_int_equal(weir_loop_post(weir_socket_loop(event->socket), write_too_late, mark), WEIR_OK);
}

/* What the client does not read holds the server's end back, so that the late write meets an open socket. */
static void a_write_after_the_peers_end_fails_alone_and_loses_nothing(struct world *world) {
  weir_server_options server = weir_server_options_default();
  weir_socket_options client = weir_socket_options_default();
  struct world_stream stream = {0, false};
  client.allow_half_open = true;
  struct world_pair_options options = {&server, &client, WORLD_TRACE_LIFE, WORLD_TRACE_LIFE};
  struct world_pair pair = world_pair(world, &options);
  weir_server_close(pair.server, NULL, NULL);
  weir_socket_pause(pair.client);
  assert_int_equal(world_write_pattern(world, pair.accepted, "S", "big-cb", BIG_BYTES, 0), 0);
  world->user = pair.accepted;
  world_on(pair.accepted, WEIR_EVENT_END, write_a_turn_later, world_mark(world, "S", NULL));
  weir_socket_end(pair.client, NULL);
  world_run_until_noted(world, "S refused", 1);
  world_on(pair.client, WEIR_EVENT_DATA, world_check_on, &stream);
  weir_socket_resume(pair.client);
  world_run(world);
  world_expect_either(world, "S", "end refused write-cb(EPIPE) big-cb finish close(false)",
                      "end refused big-cb write-cb(EPIPE) finish close(false)");
  world_expect(world, "C", "connect finish end close(false)");
  assert_int_equal(stream.bytes, BIG_BYTES);
  assert_false(stream.broken);
}

static void a_write_after_both_ends_only_fails_its_callback(struct world *world) {
  struct world_pair pair = open_pair(world, false, false);
  weir_socket_end(pair.client, NULL);
  world_run_until_noted(world, "S end", 1);
  world_run_until_noted(world, "S finish", 1);
  int result = world_write_noted(world, pair.accepted, "S", "foo");
  assert_true(result == WEIR_EENDED || result == WEIR_EPIPE || result == WEIR_EDESTROYED);
  world_run(world);
  assert_int_equal(world_count(world, "S write-cb"), 1);
  assert_int_equal(world_count(world, "S error"), 0);
  assert_int_equal(world_count(world, "S close(false)"), 1);
}

static void a_write_to_a_destroyed_socket_fails_alone(struct world *world) {
  struct world_pair pair = open_pair(world, false, false);
  weir_socket_destroy(pair.client, NULL);
  assert_int_equal(world_write_noted(world, pair.client, "C", "x"), WEIR_EDESTROYED);
  assert_int_equal(world_end_noted(world, pair.client, "C", NULL), WEIR_EDESTROYED);
  world_run(world);
  world_expect(world, "C", "connect write-cb(EDESTROYED) end-cb(EDESTROYED) close(false)");
  world_forget(world);
  assert_int_equal(world_write_noted(world, pair.client, "C", "x"), WEIR_EDESTROYED);
  world_run(world);
  world_expect(world, "C", "write-cb(EDESTROYED)");
}

/* ---- ping and pong ---------------------------------------------------------------------------------------------- */

#define ROUNDS 1000

struct match {
  unsigned rounds;
  size_t most_buffered;
  bool wrong_state;
};

static void pong(const weir_event *event, void *user) {
  struct match *match = user;
  if (weir_socket_get_state(event->socket) != WEIR_SOCKET_OPEN) match->wrong_state = true;
  weir_socket_write(event->socket, event->data.bytes, event->data.length);
  if (weir_socket_buffered(event->socket) > match->most_buffered)
    match->most_buffered = weir_socket_buffered(event->socket);
}

static void ping(const weir_event *event, void *user) {
  struct match *match = user;
  if (weir_socket_bytes_read(event->socket) % 4 != 0) return;
  if (++match->rounds < ROUNDS) {
    world_write(event->socket, "PING");
    return;
  }
  weir_socket_end(event->socket, NULL);
  if (weir_socket_get_state(event->socket) != WEIR_SOCKET_READ_ONLY) match->wrong_state = true;
}

static void a_thousand_pings_with_a_half_open_server(struct world *world) {
  struct match match = {0, 0, false};
  weir_server_options server = weir_server_options_default();
  server.allow_half_open = true;
  struct world_pair_options options = {.server = &server};
  struct world_pair pair = world_pair(world, &options);
  weir_server_close(pair.server, NULL, NULL);
  world_on(pair.accepted, WEIR_EVENT_DATA, pong, &match);
  world_on(pair.accepted, WEIR_EVENT_END, note_state, world_mark(world, "S", NULL));
  world_on(pair.accepted, WEIR_EVENT_END, world_end_on, NULL);
  world_on(pair.client, WEIR_EVENT_DATA, ping, &match);
  world_write(pair.client, "PING");
  world_run(world);
  assert_int_equal(match.rounds, ROUNDS);
  assert_true(match.most_buffered <= 4);
  assert_false(match.wrong_state);
  world_expect(world, "C", "connect finish end close(false)");
  world_expect(world, "S", "end write-only finish close(false)");
  world_expect_before(world, "S end", "C end");
}

static const struct world_case cases[] = {
    WORLD_CASE("EO-03 S019 S077 S131 S013 A357", a_half_open_server_answers_after_the_clients_end),
    WORLD_CASE("EO-04 S069 S077 A088 R7", a_half_open_client_writes_after_the_servers_end),
    WORLD_CASE("A088 A097", both_half_open_and_the_client_waits),
    WORLD_CASE("EO-05 S077 A096", half_open_lasts_until_somebody_ends),
    WORLD_CASE("S013 S019 S131 A095", a_half_open_server_echoes_from_its_end_listener),
    WORLD_CASE("S066 S076 A087 A096 R4", a_default_socket_finishes_after_the_peers_end),
    WORLD_CASE("S101 S102 A092 R6", every_form_of_end_calls_back_once),
    WORLD_CASE("EO-29", ending_twice_without_bytes_is_no_error),
    WORLD_CASE("EO-29", a_write_after_the_own_end_fails_alone),
    WORLD_CASE("EO-30 A093", a_write_in_the_end_listener_is_taken),
    WORLD_CASE("EO-30 A094", a_write_after_the_peers_end_fails_alone_and_loses_nothing),
    WORLD_CASE("EO-30 A070", a_write_after_both_ends_only_fails_its_callback),
    WORLD_CASE("EO-31 A066 A109 M40", a_write_to_a_destroyed_socket_fails_alone),
    WORLD_CASE("A357 A360", a_thousand_pings_with_a_half_open_server),
};

int main(int argc, char **argv) { return world_main(argc, argv, "half_close", cases, sizeof cases / sizeof *cases); }
