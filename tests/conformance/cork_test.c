/* SPDX-License-Identifier: MIT */
/*
 * Corks: writes are held back until the last uncork, and leave together.
 */
#include "support/pair.h"
#include "support/world.h"

static void a_cork_holds_writes_back_until_uncork(struct world *world) {
  struct world_pair pair = pair_open(world, WORLD_TRACE_DATA, 0);
  weir_socket_cork(pair.client);
  assert_int_equal(world_write_noted(world, pair.client, "C", "one"), 1);
  assert_int_equal(world_write_noted(world, pair.client, "C", "two"), 1);
  world_run_for(world, 20);
  world_expect(world, "C", "");
  world_expect(world, "S", "");
  assert_int_equal(weir_socket_buffered(pair.client), 6);
  weir_socket_uncork(pair.client);
  world_run_until_noted(world, "C write-cb", 2);
  pair_end(world, &pair);
  world_expect(world, "S", "data(onetwo) end finish close(false)");
}

static void an_empty_write_under_a_cork_still_calls_back_in_its_turn(struct world *world) {
  struct world_pair pair = pair_open(world, WORLD_TRACE_DATA, 0);
  weir_socket_cork(pair.client);
  world_write_noted(world, pair.client, "C", "");
  weir_socket_uncork(pair.client);
  world_run_until_noted(world, "C write-cb", 1);
  weir_socket_cork(pair.client);
  world_write_pattern(world, pair.client, "C", "before", 1, 0);
  world_write_noted(world, pair.client, "C", "");
  world_write_pattern(world, pair.client, "C", "behind", 1, 1);
  weir_socket_uncork(pair.client);
  world_run_until_noted(world, "C behind", 1);
  world_expect(world, "C", "write-cb before write-cb behind");
  pair_end(world, &pair);
}

static void two_corks_want_two_uncorks(struct world *world) {
  struct world_pair pair = pair_open(world, WORLD_TRACE_DATA, 0);
  weir_socket_cork(pair.client);
  weir_socket_cork(pair.client);
  world_write(pair.client, "x");
  weir_socket_uncork(pair.client);
  world_run_for(world, 20);
  world_expect(world, "S", "");
  weir_socket_uncork(pair.client);
  world_run_until_noted(world, "S data", 1);
  pair_end(world, &pair);
}

static void an_uncork_without_a_cork_does_nothing(struct world *world) {
  struct world_pair pair = pair_open(world, WORLD_TRACE_DATA, 0);
  weir_socket_uncork(pair.client);
  weir_socket_cork(pair.client);
  world_write(pair.client, "x");
  world_run_for(world, 20);
  world_expect(world, "S", "");
  pair_end(world, &pair);
  world_expect(world, "S", "data(x) end finish close(false)");
}

static void end_uncorks(struct world *world) {
  struct world_pair pair = pair_open(world, WORLD_TRACE_DATA, 0);
  weir_socket_cork(pair.client);
  world_write_noted(world, pair.client, "C", "one");
  world_end_noted(world, pair.client, "C", "two");
  weir_socket_resume(pair.client);
  world_run(world);
  world_expect(world, "S", "data(onetwo) end finish close(false)");
  world_expect(world, "C", "write-cb end-cb finish end close(false)");
}

static void destroy_soon_uncorks(struct world *world) {
  struct world_pair pair = pair_open(world, WORLD_TRACE_DATA, 0);
  weir_socket_cork(pair.client);
  world_write_noted(world, pair.client, "C", "held");
  weir_socket_destroy_soon(pair.client);
  world_run(world);
  world_expect(world, "S", "data(held) end finish close(false)");
  world_expect(world, "C", "write-cb finish close(false)");
}

static void a_corked_end_leaves_as_one_chunk(struct world *world) {
  struct world_pair pair = pair_open(world, WORLD_TRACE_DATA | WORLD_TRACE_CHUNKS, 0);
  weir_socket_cork(pair.client);
  world_write(pair.client, "hello ");
  world_write(pair.client, "world");
  pair_end(world, &pair);
  world_expect(world, "S", "data(hello world) end finish close(false)");
}

static void writes_under_a_cork_return_by_the_mark(struct world *world) {
  struct world_pair pair = pair_open(world, 0, 0);
  assert_int_equal(weir_socket_set_high_water_mark(pair.client, 4), WEIR_OK);
  weir_socket_cork(pair.client);
  assert_int_equal(world_write(pair.client, "abc"), 1);
  assert_int_equal(world_write_noted(world, pair.client, "C", "de"), 0);
  assert_true(weir_socket_needs_drain(pair.client));
  weir_socket_uncork(pair.client);
  weir_socket_resume(pair.accepted);
  world_run_until_noted(world, "C write-cb", 1);
  world_expect(world, "C", "drain write-cb");
  pair_end(world, &pair);
}

static void a_cork_before_connect_still_holds_after_it(struct world *world) {
  weir_server *server = world_listen(world, NULL, world_destroy_on, NULL);
  weir_server_unref(server);
  weir_socket *client = world_connect(world, NULL);
  world_trace_socket(world, client, "C", 0);
  weir_socket_cork(client);
  world_write_noted(world, client, "C", "held");
  world_run_until_noted(world, "C connect", 1);
  assert_int_equal(weir_socket_buffered(client), 4);
  assert_int_equal(weir_socket_bytes_written(client), 4);
  weir_socket_destroy(client, NULL);
  world_run(world);
  world_expect(world, "C", "connect write-cb(ECANCELED) close(false)");
}

static void a_cork_of_a_socket_that_is_still_new_holds_too(struct world *world) {
  weir_server_unref(world_listen(world, NULL, world_destroy_on, NULL));
  weir_socket *client = world_socket(world, NULL);
  world_trace_socket(world, client, "C", 0);
  weir_socket_cork(client);
  assert_int_equal(weir_socket_connect(client, world->endpoint, NULL), WEIR_OK);
  world_write_noted(world, client, "C", "held");
  world_run_until_noted(world, "C connect", 1);
  assert_int_equal(weir_socket_buffered(client), 4);
  weir_socket_destroy(client, NULL);
  world_run(world);
}

static void a_destroy_under_a_cork_cancels_what_was_held(struct world *world) {
  struct world_pair pair = pair_open(world, WORLD_TRACE_DATA, 0);
  weir_socket_cork(pair.client);
  world_write_noted(world, pair.client, "C", "a");
  world_write_noted(world, pair.client, "C", "b");
  weir_socket_destroy(pair.client, NULL);
  weir_socket_uncork(pair.client);
  world_run(world);
  world_expect(world, "C", "write-cb(ECANCELED) write-cb(ECANCELED) close(false)");
  world_expect(world, "S", "end finish close(false)");
}

static void a_hundred_corks_ask_for_no_pause_and_lose_nothing(struct world *world) {
  struct world_pair pair = pair_open(world, 0, 0);
  struct world_stream stream = {0, false};
  pair_check(pair.accepted, &stream);
  for (unsigned i = 0; i < 100; i++) {
    weir_socket_cork(pair.client);
    assert_int_equal(world_write_pattern(world, pair.client, "C", "write-cb", 8, 16 * i), 1);
    assert_int_equal(world_write_pattern(world, pair.client, "C", "write-cb", 8, 16 * i + 8), 1);
    weir_socket_uncork(pair.client);
  }
  pair_end(world, &pair);
  assert_int_equal(stream.bytes, 1600);
  assert_false(stream.broken);
  assert_int_equal(world_count(world, "C write-cb"), 200);
}

/* More pieces than one gathered write of a system takes, of several encodings. */
static void a_long_gathered_write_keeps_order_and_encodings(struct world *world) {
  struct world_pair pair = pair_open(world, WORLD_TRACE_DATA, 0);
  weir_write hex = weir_write_default();
  hex.bytes = "2e";
  hex.length = 2;
  hex.encoding = WEIR_ENCODING_HEX;
  hex.callback = world_note_write;
  hex.user = world_mark(world, "C", NULL);
  weir_socket_cork(pair.client);
  for (int i = 0; i < 100; i++) {
    world_write_noted(world, pair.client, "C", "ab");
    assert_int_equal(weir_socket_write_with(pair.client, &hex), 1);
  }
  assert_int_equal(weir_socket_bytes_written(pair.client), 300);
  weir_socket_uncork(pair.client);
  world_run_until_noted(world, "C write-cb", 200);
  pair_end(world, &pair);
  world_expect(world, "S", "data(ab.ab.ab.ab.ab.ab.ab.ab.ab.ab.ab.ab.ab.a...300) end finish close(false)");
}

static const struct world_case cases[] = {
    WORLD_CASE("EO-35 A086", a_cork_holds_writes_back_until_uncork),
    WORLD_CASE("EO-35", an_empty_write_under_a_cork_still_calls_back_in_its_turn),
    WORLD_CASE("A086", two_corks_want_two_uncorks),
    WORLD_CASE("A086", an_uncork_without_a_cork_does_nothing),
    WORLD_CASE("EO-35 A085", end_uncorks),
    WORLD_CASE("EO-28", destroy_soon_uncorks),
    WORLD_CASE_EXCEPT("A078", a_corked_end_leaves_as_one_chunk, WORLD_NOT_SIM | WORLD_NOT_WINDOWS,
                      "reads come short in the simulator; a pipe has no gathered write"),
    WORLD_CASE("EO-35", writes_under_a_cork_return_by_the_mark),
    WORLD_CASE("A158", a_cork_before_connect_still_holds_after_it),
    WORLD_CASE("", a_cork_of_a_socket_that_is_still_new_holds_too),
    WORLD_CASE("EO-27", a_destroy_under_a_cork_cancels_what_was_held),
    WORLD_CASE("A067", a_hundred_corks_ask_for_no_pause_and_lose_nothing),
    WORLD_CASE("A084 A158", a_long_gathered_write_keeps_order_and_encodings),
};

int main(int argc, char **argv) { return world_main(argc, argv, "cork", cases, sizeof cases / sizeof *cases); }
