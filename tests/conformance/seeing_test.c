/* SPDX-License-Identifier: MIT */
/* What a program can see of itself: counters of sockets and loops, and why a loop is alive. */
#include "support/pair.h"

#include <stdio.h>

/* ---- counters --------------------------------------------------------------------------------------------------- */

static weir_socket_counters count_socket(const weir_socket *socket) {
  weir_socket_counters counters = weir_socket_counters_default();
  weir_socket_get_counters(socket, &counters);
  assert_int_equal(counters.size, sizeof counters);
  return counters;
}

static weir_loop_counters count_loop(struct world *world) {
  weir_loop_counters counters = weir_loop_counters_default();
  weir_loop_get_counters(world->loop, &counters);
  assert_int_equal(counters.size, sizeof counters);
  return counters;
}

static void a_socket_counts_its_bytes(struct world *world) {
  struct world_pair pair = pair_open(world, 0, 0);
  world_write(pair.client, "12345");
  while (weir_socket_kept(pair.accepted) < 5) world_run_for(world, 1);
  assert_int_equal(count_socket(pair.client).bytes_written, 5);
  assert_int_equal(count_socket(pair.accepted).bytes_read, 5);
  assert_int_equal(count_socket(pair.accepted).bytes_kept, 5);
  weir_socket_cork(pair.client);
  world_write(pair.client, "678");
  assert_int_equal(count_socket(pair.client).bytes_queued, 3);
  assert_int_equal(count_socket(pair.client).bytes_written, 8);
  pair_end(world, &pair);
  assert_int_equal(count_socket(pair.accepted).bytes_read, 8);
  assert_int_equal(count_socket(pair.accepted).bytes_kept, 0);
  assert_int_equal(count_socket(pair.client).bytes_queued, 0);
}

static void a_socket_counts_its_attempts(struct world *world) {
  world_listen(world, NULL, NULL, NULL);
  weir_socket *socket = world_socket(world, NULL);
  assert_int_equal(count_socket(socket).attempts, 0);
  world_trace_socket(world, socket, "C", 0);
  weir_socket_connect(socket, world->endpoint, NULL);
  world_run_until_noted(world, "C connect", 1);
  assert_int_equal(count_socket(socket).attempts, 1 + count_socket(socket).busy_retries);
}

static void a_shorter_structure_is_filled_as_far_as_it_reaches(struct world *world) {
  struct world_pair pair = pair_open(world, 0, 0);
  weir_socket_counters of_socket = {.size = offsetof(weir_socket_counters, bytes_written), .bytes_written = 77};
  weir_loop_counters of_loop = {.size = offsetof(weir_loop_counters, connections_dropped), .connections_dropped = 77};
  weir_socket_get_counters(pair.client, &of_socket);
  weir_loop_get_counters(world->loop, &of_loop);
  assert_int_equal(of_socket.bytes_written, 77);
  assert_int_equal(of_loop.connections_dropped, 77);
  assert_int_equal(of_loop.connections_accepted, 1);
  pair_end(world, &pair);
}

static void do_nothing(void *unused) { (void)unused; }

static void a_loop_counts_what_it_has_done(struct world *world) {
  weir_loop_counters before = count_loop(world);
  struct world_pair pair = pair_open(world, 0, 0);
  world_write(pair.client, "12345");
  world_after(world, 1, do_nothing, NULL);
  assert_int_equal(weir_loop_post(world->loop, do_nothing, NULL), WEIR_OK);
  pair_end(world, &pair);
  weir_loop_counters after = count_loop(world);
  assert_true(after.turns > before.turns);
  assert_int_equal(after.connections_accepted, 1);
  assert_int_equal(after.connections_made, 1);
  assert_int_equal(after.connections_failed, 0);
  assert_int_equal(after.connections_dropped, 0);
  assert_int_equal(after.bytes_read, 5);
  assert_int_equal(after.bytes_written, 5);
  assert_int_equal(after.posts - before.posts, 1);
  assert_true(after.timers > before.timers);
}

static void a_loop_counts_who_was_turned_away(struct world *world) {
  weir_server *server = world_listen(world, NULL, NULL, NULL);
  weir_server_set_max_connections(server, 0);
  weir_socket_resume(world_connect_traced(world, "C"));
  world_run_until_noted(world, "C close", 1);
  weir_loop_counters counters = count_loop(world);
  assert_int_equal(counters.connections_accepted, 0);
  assert_int_equal(counters.connections_dropped, 1);
}

static void a_loop_counts_who_was_blocked(struct world *world) {
  weir_block_list *list = NULL;
  weir_server_options options = weir_server_options_default();
  assert_int_equal(weir_block_list_create(NULL, &list), WEIR_OK);
  assert_int_equal(weir_block_list_add(list, "127.0.0.0/8"), WEIR_OK);
  options.block_list = list;
  world_listen(world, &options, NULL, NULL);
  weir_block_list_release(list);
  weir_socket_resume(world_connect_traced(world, "C"));
  world_run_until_noted(world, "C close", 1);
  weir_loop_counters counters = count_loop(world);
  assert_int_equal(counters.connections_accepted, 0);
  assert_int_equal(counters.connections_blocked, 1);
}

static void a_failed_connect_is_counted_once(struct world *world) {
  world_connect_traced(world, "C");
  world_run_until_noted(world, "C close", 1);
  weir_loop_counters counters = count_loop(world);
  assert_int_equal(counters.connections_failed, 1);
  assert_int_equal(counters.connections_made, 0);
}

/* ---- why a loop is alive ---------------------------------------------------------------------------------------- */

static const char *dump(struct world *world) {
  static char text[4096];
  size_t length = weir_loop_dump(world->loop, text, sizeof text);
  assert_int_equal(length, strlen(text));
  return text;
}

static void expect_dump(struct world *world, const char *part) {
  const char *text = dump(world);
  if (strstr(text, part) == NULL) print_error("missing \"%s\" in:\n%s", part, text);
  assert_non_null(strstr(text, part));
}

/* Whether `part` stands among what keeps the loop alive. */
static bool keeps_alive(struct world *world, const char *part) {
  const char *text = dump(world);
  const char *others = strstr(text, "Not kept alive by:");
  const char *found = strstr(text, part);
  assert_non_null(found);
  return others == NULL || found < others;
}

static void expect_beginning(struct world *world, const char *beginning) {
  const char *text = dump(world);
  if (strncmp(text, beginning, strlen(beginning)) != 0) assert_string_equal(text, beginning);
}

static void an_empty_loop_is_not_alive(struct world *world) {
  expect_beginning(world, "The loop is not alive: nothing referenced is left.\n");
  assert_null(strstr(dump(world), "socket"));
  assert_null(strstr(dump(world), "server"));
}

static void a_listening_server_is_a_reason(struct world *world) {
  char line[256];
  weir_server *server = world_listen(world, NULL, NULL, NULL);
  snprintf(line, sizeof line, "The loop is alive because of:\n  server at %s: listening, no connections\n",
           weir_server_address(server));
  expect_beginning(world, line);
  weir_server_unref(server);
  assert_false(keeps_alive(world, "server at "));
  expect_dump(world, "The loop is not alive");
  weir_server_ref(server);
  assert_true(keeps_alive(world, "server at "));
  weir_server_close(server, NULL, NULL);
  world_run(world);
  assert_false(keeps_alive(world, "server: not listening, no connections"));
}

static void every_socket_has_a_line_while_it_lives(struct world *world) {
  struct world_pair pair = pair_open(world, 0, 0);
  assert_true(keeps_alive(world, ": open, nobody has begun to read\n"));
  expect_dump(world, "listening, 1 connection\n");
  weir_socket_pause(pair.client);
  assert_true(keeps_alive(world, ": open, paused\n"));
  weir_socket_cork(pair.client);
  world_write(pair.client, "x");
  expect_dump(world, ", 1 byte queued\n");
  world_write(pair.client, "yz");
  expect_dump(world, ", 3 bytes queued\n");
  weir_socket_uncork(pair.client);
  while (weir_socket_kept(pair.accepted) < 3) world_run_for(world, 1);
  expect_dump(world, ", 3 bytes kept\n");
  weir_socket_destroy(pair.client, NULL);
  assert_true(keeps_alive(world, ": closing\n"));
  weir_socket_resume(pair.accepted);
  world_run(world);
  assert_false(keeps_alive(world, ": closed\n"));
  assert_null(strstr(dump(world), ": open"));
}

static void a_socket_is_named_by_its_ends(struct world *world) {
  char line[256];
  weir_socket *stray = world_socket(world, NULL);
  expect_dump(world, "  socket: never connected\n");
  weir_socket_destroy(stray, NULL);
  struct world_pair pair = pair_open(world, 0, 0);
  const char *address = weir_server_address(pair.server);
  if (world->tcp) {
    weir_address client;
    char text[WEIR_ADDRESS_TEXT_BYTES];
    assert_true(weir_socket_local_address(pair.client, &client));
    weir_address_format(&client, text, sizeof text);
    snprintf(line, sizeof line, "  socket from %s to %s: open", text, address);
    expect_dump(world, line);
    snprintf(line, sizeof line, "  socket at %s from %s: open", address, text);
    expect_dump(world, line);
  } else {
    expect_dump(world, "  socket to ");
    snprintf(line, sizeof line, "  socket accepted at %s: open", address);
    expect_dump(world, line);
  }
  pair_end(world, &pair);
}

static void the_ends_of_a_socket_are_told(struct world *world) {
  struct world_pair pair = pair_open_half(world, WORLD_TRACE_DATA, WORLD_TRACE_DATA);
  weir_socket_end(pair.client, NULL);
  expect_dump(world, ": open, its own side has ended\n");
  world_run_until_noted(world, "S end", 1);
  expect_dump(world, ": open, the peer's side has ended\n");
  weir_socket_end(pair.accepted, NULL);
  world_run(world);
}

static void a_connect_is_a_reason(struct world *world) {
  world_listen(world, NULL, NULL, NULL);
  weir_socket *socket = world_connect_traced(world, "C");
  weir_socket_unref(socket);
  assert_true(keeps_alive(world, ": connecting\n"));
}

static void ring(weir_timer *timer, void *unused) {
  (void)timer;
  (void)unused;
}

static void a_timer_is_a_reason_while_it_runs(struct world *world) {
  weir_timer *timer = NULL;
  assert_int_equal(weir_timer_create(world->loop, ring, NULL, &timer), WEIR_OK);
  assert_false(keeps_alive(world, "  timer: stopped\n"));
  assert_int_equal(weir_timer_start(timer, 3600000, 250), WEIR_OK);
  assert_true(keeps_alive(world, "  timer: due in 3600000 ms, and then every 250 ms\n"));
  weir_timer_unref(timer);
  assert_false(keeps_alive(world, "  timer: due in 3"));
  weir_timer_release(timer);
  assert_null(strstr(dump(world), "  timer: due"));
}

static void what_is_owed_is_a_reason(struct world *world) {
  weir_socket *socket = world_socket(world, NULL);
  weir_socket_destroy(socket, NULL);
  assert_true(keeps_alive(world, "  what earlier calls have caused, for 1 handle\n"));
  assert_int_equal(weir_loop_post(world->loop, do_nothing, NULL), WEIR_OK);
  assert_true(keeps_alive(world, "  1 posted function\n"));
  assert_int_equal(weir_loop_post(world->loop, do_nothing, NULL), WEIR_OK);
  assert_true(keeps_alive(world, "  2 posted functions\n"));
  world_run(world);
  expect_dump(world, "The loop is not alive");
}

static void note_work(weir_work *work, weir_code code, void *world) {
  (void)work;
  world_note(world, "work", "%s", weir_code_name(code));
}

static void work_is_a_reason(struct world *world) {
  assert_int_equal(weir_work_queue(world->loop, do_nothing, note_work, world, NULL), WEIR_OK);
  assert_true(keeps_alive(world, "  work: waiting or running\n"));
  world_run(world);
  world_expect(world, "work", "OK");
  assert_null(strstr(dump(world), "  work: "));
  assert_int_equal(count_loop(world).work, 1);
}

static void note_lookup(weir_lookup *lookup, const weir_error *error, const weir_address *addresses, size_t count,
                        void *world) {
  (void)lookup;
  (void)addresses;
  world_note(world, "lookup", "%s %d", error == NULL ? "OK" : weir_code_name(error->code), (int)count);
}

static void a_look_up_is_a_reason(struct world *world) {
  assert_int_equal(weir_lookup_start(world->loop, "127.0.0.1", WEIR_FAMILY_NONE, note_lookup, world, NULL), WEIR_OK);
  assert_true(keeps_alive(world, "  look-up of 127.0.0.1: "));
  world_run(world);
  world_expect(world, "lookup", "OK 1");
  assert_null(strstr(dump(world), "  look-up of "));
  assert_int_equal(count_loop(world).lookups, 1);
}

static void a_dump_is_cut_at_the_end_of_the_space(struct world *world) {
  char whole[512];
  world_socket(world, NULL);
  size_t length = weir_loop_dump(world->loop, whole, sizeof whole);
  assert_int_equal(weir_loop_dump(world->loop, NULL, 0), length);
  for (size_t size = 1; size <= length + 1; size++) {
    char text[512];
    memset(text, '#', sizeof text);
    assert_int_equal(weir_loop_dump(world->loop, text, size), length);
    assert_int_equal(strlen(text), size - 1 < length ? size - 1 : length);
    assert_memory_equal(text, whole, strlen(text));
    assert_int_equal(text[size], '#');
  }
}

static const struct world_case cases[] = {
    WORLD_CASE("S085 S086 A150", a_socket_counts_its_bytes),
    WORLD_CASE("", a_socket_counts_its_attempts),
    WORLD_CASE("", a_shorter_structure_is_filled_as_far_as_it_reaches),
    WORLD_CASE("", a_loop_counts_what_it_has_done),
    WORLD_CASE("M02", a_loop_counts_who_was_turned_away),
    WORLD_CASE_EXCEPT("M07", a_loop_counts_who_was_blocked, WORLD_NOT_LOCAL, "local sockets have no addresses"),
    WORLD_CASE("", a_failed_connect_is_counted_once),
    WORLD_CASE("A147", an_empty_loop_is_not_alive),
    WORLD_CASE("A146 A147", a_listening_server_is_a_reason),
    WORLD_CASE("A146 A147", every_socket_has_a_line_while_it_lives),
    WORLD_CASE("A146", a_socket_is_named_by_its_ends),
    WORLD_CASE("", the_ends_of_a_socket_are_told),
    WORLD_CASE("A147", a_connect_is_a_reason),
    WORLD_CASE("A147", a_timer_is_a_reason_while_it_runs),
    WORLD_CASE("A147", what_is_owed_is_a_reason),
    WORLD_CASE("A147", work_is_a_reason),
    WORLD_CASE("A147", a_look_up_is_a_reason),
    WORLD_CASE("", a_dump_is_cut_at_the_end_of_the_space),
};

int main(int argc, char **argv) { return world_main(argc, argv, "seeing", cases, sizeof cases / sizeof *cases); }
