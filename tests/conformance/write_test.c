/* SPDX-License-Identifier: MIT */
/*
 * Writing: what a write returns, the queue behind it, `drain`, and write callbacks. Corks are in cork_test.c, writes
 * after an end or a destroy belong to the life of the connection.
 */
#include <stdlib.h>

#include "support/pair.h"
#include "support/world.h"

#define BIG (8u * 1024 * 1024)

/* ---- what a write returns --------------------------------------------------------------------------------------- */

static void a_write_that_fits_returns_one_and_its_callback_comes_later(struct world *world) {
  struct world_pair pair = pair_open(world, WORLD_TRACE_DATA, 0);
  assert_int_equal(world_write_noted(world, pair.client, "C", "hello"), 1);
  world_expect(world, "C", "");
  world_run_until_noted(world, "C write-cb", 1);
  assert_int_equal(weir_socket_buffered(pair.client), 0);
  pair_end(world, &pair);
  world_expect(world, "S", "data(hello) end finish close(false)");
}

static void what_the_system_takes_at_once_is_not_queued(struct world *world) {
  struct world_pair pair = pair_open(world, 0, 0);
  assert_int_equal(world_write(pair.client, "hello"), 1);
  assert_int_equal(weir_socket_buffered(pair.client), 0);
  assert_int_equal(weir_socket_bytes_written(pair.client), 5);
  pair_end(world, &pair);
}

static void a_write_above_the_mark_returns_one_when_the_system_takes_it(struct world *world) {
  struct world_pair pair = pair_open(world, 0, 0);
  assert_int_equal(weir_socket_set_high_water_mark(pair.client, 1024), WEIR_OK);
  assert_int_equal(world_write_pattern(world, pair.client, "C", "write-cb", 4096, 0), 1);
  assert_false(weir_socket_needs_drain(pair.client));
  pair_end(world, &pair);
  assert_int_equal(world_count(world, "C drain"), 0);
}

static void a_write_below_a_high_mark_returns_one_although_it_is_queued(struct world *world) {
  struct world_pair pair = pair_open(world, 0, 0);
  assert_int_equal(weir_socket_set_high_water_mark(pair.client, 2 * BIG), WEIR_OK);
  assert_int_equal(world_write_pattern(world, pair.client, "C", "write-cb", BIG, 0), 1);
  assert_true(weir_socket_buffered(pair.client) > 0);
  assert_false(weir_socket_needs_drain(pair.client));
  pair_end(world, &pair);
  assert_int_equal(world_count(world, "C drain"), 0);
}

static void a_write_over_the_mark_returns_zero_and_so_do_those_behind_it(struct world *world) {
  struct world_pair pair = pair_open(world, 0, 0);
  assert_int_equal(world_write_pattern(world, pair.client, "C", "big", BIG, 0), 0);
  assert_int_equal(world_write(pair.client, "a"), 0);
  assert_true(weir_socket_needs_drain(pair.client));
  assert_true(weir_socket_buffered(pair.client) >= weir_socket_high_water_mark(pair.client));
  assert_int_equal(weir_socket_bytes_written(pair.client), BIG + 1);
  pair_end(world, &pair);
}

static void with_a_mark_of_zero_every_queued_byte_is_one_too_many(struct world *world) {
  world_listen(world, NULL, world_destroy_on, NULL);
  weir_socket *client = world_socket(world, NULL);
  assert_int_equal(weir_socket_set_high_water_mark(client, 0), WEIR_OK);
  assert_int_equal(weir_socket_high_water_mark(client), 0);
  assert_int_equal(weir_socket_connect(client, world->endpoint, NULL), WEIR_OK);
  assert_int_equal(world_write(client, "\xc3\xa9\xe2\x82\xac"), 0);
  assert_int_equal(weir_socket_bytes_written(client), 5);
  assert_int_equal(weir_socket_get_state(client), WEIR_SOCKET_OPENING);
  assert_true(weir_socket_connecting(client));
  weir_socket_destroy(client, NULL);
}

static void an_empty_write_calls_back_and_sends_nothing(struct world *world) {
  struct world_pair pair = pair_open(world, WORLD_TRACE_DATA, WORLD_TRACE_DATA);
  assert_int_equal(world_write_noted(world, pair.client, "C", ""), 1);
  world_run_until_noted(world, "C write-cb", 1);
  assert_int_equal(world_write(pair.client, "x"), 1);
  pair_run_until_read(world, pair.accepted, 1);
  assert_int_equal(weir_socket_get_state(pair.accepted), WEIR_SOCKET_OPEN);
  pair_end(world, &pair);
  world_expect(world, "S", "data(x) end finish close(false)");
}

static void a_write_that_makes_no_sense_is_refused_and_changes_nothing(struct world *world) {
  struct world_pair pair = pair_open(world, WORLD_TRACE_DATA, 0);
  weir_write borrowed = weir_write_default();
  borrowed.bytes = "x";
  borrowed.length = 1;
  borrowed.borrow = true;
  weir_write unknown = borrowed;
  unknown.borrow = false;
  unknown.encoding = (weir_encoding)99;
  weir_write both = borrowed;
  both.encoding = WEIR_ENCODING_LATIN1;
  both.callback = world_note_write;
  both.user = world_mark(world, "C", "wrong");
  assert_int_equal(weir_socket_write_with(pair.client, &borrowed), WEIR_EINVAL);
  assert_int_equal(weir_socket_write_with(pair.client, &unknown), WEIR_EINVAL);
  assert_int_equal(weir_socket_write_with(pair.client, &both), WEIR_EINVAL);
  assert_int_equal(weir_socket_bytes_written(pair.client), 0);
  pair_end(world, &pair);
  world_expect(world, "S", "end finish close(false)");
  assert_int_equal(world_count(world, "C wrong"), 0);
}

/* ---- drain ------------------------------------------------------------------------------------------------------ */

static void note_queue(const weir_event *event, void *user) {
  world_note(user, "queue", "%u-%s", (unsigned)weir_socket_buffered(event->socket),
             weir_socket_needs_drain(event->socket) ? "needs-drain" : "drained");
}

static void drain_comes_before_the_callbacks_of_the_write_that_emptied_the_queue(struct world *world) {
  struct world_pair pair = pair_open(world, 0, 0);
  struct world_stream stream = {0, false};
  assert_int_equal(weir_socket_on(pair.client, WEIR_EVENT_DRAIN, note_queue, world), WEIR_OK);
  assert_int_equal(world_write_pattern(world, pair.client, "C", "big", BIG, 0), 0);
  assert_int_equal(world_write_pattern(world, pair.client, "C", "a", 1, BIG), 0);
  assert_int_equal(world_write_pattern(world, pair.client, "C", "b", 1, BIG + 1), 0);
  pair_check(pair.accepted, &stream);
  world_run_until_noted(world, "C b", 1);
  pair_end(world, &pair);
  world_expect(world, "queue", "0-drained");
  assert_int_equal(stream.bytes, BIG + 2);
  assert_false(stream.broken);
  world_expect_before(world, "C drain", "C b");
  world_expect_before(world, "C big", "C a");
  world_expect_before(world, "C a", "C b");
}

/* Whether the system took the last part of a write together with what is behind it is up to the system. */
static void drain_and_callbacks_come_in_the_order_of_node_when_one_write_is_queued(struct world *world) {
  struct world_pair pair = pair_open(world, 0, 0);
  assert_int_equal(world_write_pattern(world, pair.client, "C", "write-cb", BIG, 0), 0);
  weir_socket_resume(pair.accepted);
  world_run_until_noted(world, "C write-cb", 1);
  world_expect(world, "C", "drain write-cb");
  pair_end(world, &pair);
}

static void there_is_no_drain_after_end(struct world *world) {
  struct world_pair pair = pair_open(world, 0, 0);
  assert_int_equal(world_write_pattern(world, pair.client, "C", "write-cb", BIG, 0), 0);
  pair_end(world, &pair);
  world_expect(world, "C", "write-cb finish end close(false)");
}

static void there_is_no_drain_after_destroy_and_every_callback_comes_before_close(struct world *world) {
  struct world_pair pair = pair_open(world, 0, 0);
  assert_int_equal(world_write_pattern(world, pair.client, "C", "big", BIG, 0), 0);
  assert_int_equal(world_write_noted(world, pair.client, "C", "a"), 0);
  weir_socket_destroy(pair.client, NULL);
  weir_socket_resume(pair.accepted);
  world_run(world);
  world_expect(world, "C", "big(ECANCELED) write-cb(ECANCELED) close(false)");
}

static void a_destroy_with_an_error_reports_it_before_it_cancels_writes(struct world *world) {
  struct world_pair pair = pair_open(world, 0, 0);
  weir_error reason = {.code = WEIR_EIO, .native_code = 0, .operation = "write", .address = "", .hint = ""};
  assert_int_equal(world_write_pattern(world, pair.client, "C", "big", BIG, 0), 0);
  assert_int_equal(world_write_noted(world, pair.client, "C", "a"), 0);
  weir_socket_destroy(pair.client, &reason);
  weir_socket_resume(pair.accepted);
  world_run(world);
  world_expect(world, "C", "error(EIO) big(ECANCELED) write-cb(ECANCELED) close(true)");
}

static void the_callback_of_a_failed_write_runs_before_error(struct world *world) {
  struct world_pair pair = pair_open_half(world, 0, 0);
  weir_socket_destroy(pair.accepted, NULL);
  world_run_until_noted(world, "C end", 1);
  world_learn_of_gone_peer(world, pair.client);
  world_write_noted(world, pair.client, "C", "to nobody");
  world_run(world);
  world_expect(world, "C", "end write-cb(EPIPE) error(EPIPE) close(true)");
}

static void a_socket_needs_drain_until_drain_has_come(struct world *world) {
  struct world_pair pair = pair_open(world, 0, 0);
  assert_false(weir_socket_needs_drain(pair.client));
  world_write_pattern(world, pair.client, "C", "write-cb", BIG, 0);
  world_run_for(world, 20);
  assert_true(weir_socket_needs_drain(pair.client));
  weir_socket_resume(pair.accepted);
  world_run_until_noted(world, "C drain", 1);
  assert_false(weir_socket_needs_drain(pair.client));
  pair_end(world, &pair);
}

/* ---- order ------------------------------------------------------------------------------------------------------ */

static void small_writes_call_back_in_order_and_arrive_in_order(struct world *world) {
  static const char *const texts[] = {"0", "1", "2", "3", "4"};
  struct world_pair pair = pair_open(world, WORLD_TRACE_DATA, 0);
  for (size_t i = 0; i < 5; i++) {
    weir_write write = weir_write_default();
    write.bytes = texts[i];
    write.length = 1;
    write.callback = world_note_write;
    write.user = world_mark(world, "C", texts[i]);
    assert_int_equal(weir_socket_write_with(pair.client, &write), 1);
  }
  world_run_until_noted(world, "C 4", 1);
  world_expect(world, "C", "0 1 2 3 4");
  pair_end(world, &pair);
  world_expect(world, "S", "data(01234) end finish close(false)");
}

static void small_writes_of_one_turn_arrive_as_one_chunk(struct world *world) {
  struct world_pair pair = pair_open(world, WORLD_TRACE_DATA | WORLD_TRACE_CHUNKS, 0);
  for (int i = 0; i < 5; i++) assert_int_equal(world_write(pair.client, "x"), 1);
  pair_end(world, &pair);
  world_expect(world, "S", "data(xxxxx) end finish close(false)");
}

static void write_more(weir_socket *socket, const weir_error *error, void *text) {
  assert_null(error);
  world_write(socket, text);
}

static void a_write_from_a_write_callback_goes_behind_what_is_queued(struct world *world) {
  struct world_pair pair = pair_open(world, WORLD_TRACE_DATA, 0);
  weir_write first = weir_write_default();
  first.bytes = "a";
  first.length = 1;
  first.callback = write_more;
  first.user = "d";
  assert_int_equal(weir_socket_write_with(pair.client, &first), 1);
  world_write(pair.client, "b");
  world_write(pair.client, "c");
  pair_run_until_read(world, pair.accepted, 4);
  pair_end(world, &pair);
  world_expect(world, "S", "data(abcd) end finish close(false)");
}

static void write_on_connect(const weir_event *event, void *text) { world_write(event->socket, text); }

static void trace_accepted(const weir_event *event, void *world) {
  world_trace_socket(world, event->connection, "S", WORLD_TRACE_DATA);
}

static void writes_before_and_inside_connect_arrive_in_order(struct world *world) {
  weir_server_unref(world_listen(world, NULL, trace_accepted, world));
  weir_socket *client = world_socket(world, NULL);
  world_trace_socket(world, client, "C", 0);
  assert_int_equal(weir_socket_once(client, WEIR_EVENT_CONNECT, write_on_connect, "after"), WEIR_OK);
  assert_int_equal(weir_socket_connect(client, world->endpoint, NULL), WEIR_OK);
  assert_int_equal(world_write_noted(world, client, "C", "before-"), 1);
  assert_int_equal(weir_socket_bytes_written(client), 7);
  world_run_until_noted(world, "S data(before-after)", 1);
  assert_int_equal(weir_socket_bytes_written(client), 12);
  world_expect_before(world, "C connect", "C write-cb");
  weir_socket_end(client, NULL);
  world_run(world);
}

struct order {
  unsigned next;
  bool wrong;
};

struct turn {
  struct order *order;
  unsigned number;
};

static void expect_turn(weir_socket *socket, const weir_error *error, void *user) {
  (void)socket;
  const struct turn *turn = user;
  if (error != NULL || turn->number != turn->order->next) turn->order->wrong = true;
  turn->order->next++;
}

static void many_small_writes_each_call_back_once_and_in_order(struct world *world) {
  enum { WRITES = 20000 };
  struct world_pair pair = pair_open(world, 0, 0);
  struct order order = {0, false};
  struct turn *turns = calloc(WRITES, sizeof *turns);
  assert_non_null(turns);
  for (unsigned i = 0; i < WRITES; i++) {
    turns[i] = (struct turn){&order, i};
    weir_write write = weir_write_default();
    write.bytes = "hello";
    write.length = 5;
    write.callback = expect_turn;
    write.user = &turns[i];
    assert_true(weir_socket_write_with(pair.client, &write) >= 0);
  }
  pair_end(world, &pair);
  free(turns);
  assert_int_equal(order.next, WRITES);
  assert_false(order.wrong);
  assert_int_equal(weir_socket_bytes_read(pair.accepted), 5 * WRITES);
}

static const struct world_case cases[] = {
    WORLD_CASE("EO-35 S120 S121 S123", a_write_that_fits_returns_one_and_its_callback_comes_later),
    WORLD_CASE_EXCEPT("EO-35 S121", what_the_system_takes_at_once_is_not_queued, WORLD_NOT_SIM | WORLD_NOT_WINDOWS,
                      "short writes and overlapped ones are queued"),
    WORLD_CASE_EXCEPT("EO-35", a_write_above_the_mark_returns_one_when_the_system_takes_it,
                      WORLD_NOT_SIM | WORLD_NOT_WINDOWS, "short writes and overlapped ones are queued"),
    WORLD_CASE("EO-35 S082 S121", a_write_below_a_high_mark_returns_one_although_it_is_queued),
    WORLD_CASE("EO-35 S082 S083 S122", a_write_over_the_mark_returns_zero_and_so_do_those_behind_it),
    WORLD_CASE("A064 A065", with_a_mark_of_zero_every_queued_byte_is_one_too_many),
    WORLD_CASE("EO-35", an_empty_write_calls_back_and_sends_nothing),
    WORLD_CASE("EO-35", a_write_that_makes_no_sense_is_refused_and_changes_nothing),
    WORLD_CASE("EO-35 S074", drain_comes_before_the_callbacks_of_the_write_that_emptied_the_queue),
    WORLD_CASE("EO-35 S074 S122", drain_and_callbacks_come_in_the_order_of_node_when_one_write_is_queued),
    WORLD_CASE("EO-35 A080", there_is_no_drain_after_end),
    WORLD_CASE("A079", there_is_no_drain_after_destroy_and_every_callback_comes_before_close),
    WORLD_CASE("EO-27", a_destroy_with_an_error_reports_it_before_it_cancels_writes),
    WORLD_CASE("EO-32 A082", the_callback_of_a_failed_write_runs_before_error),
    WORLD_CASE("A081", a_socket_needs_drain_until_drain_has_come),
    WORLD_CASE("EO-35 S120", small_writes_call_back_in_order_and_arrive_in_order),
    WORLD_CASE_EXCEPT("EO-35", small_writes_of_one_turn_arrive_as_one_chunk, WORLD_NOT_SIM | WORLD_NOT_WINDOWS,
                      "reads come short in the simulator and keep messages apart on pipes"),
    WORLD_CASE("EO-35", a_write_from_a_write_callback_goes_behind_what_is_queued),
    WORLD_CASE("A064 A065 A072", writes_before_and_inside_connect_arrive_in_order),
    WORLD_CASE("A077 EO-35", many_small_writes_each_call_back_once_and_in_order),
};

int main(int argc, char **argv) { return world_main(argc, argv, "write", cases, sizeof cases / sizeof *cases); }
