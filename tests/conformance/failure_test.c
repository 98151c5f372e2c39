/* SPDX-License-Identifier: MIT */
/*
 * Connections that break: what the peer of a destroyed socket sees, what becomes of writes that were under way, and
 * that every failure is told once.
 */
#include "support/world.h"

#define ANSWER_BYTES ((size_t)100000)

/* A pair whose accepted socket reads nothing before `resume`; the server is closing already. */
static struct world_pair unread_pair(struct world *world, bool client_half_open, unsigned client_trace) {
  weir_server_options server = weir_server_options_default();
  weir_socket_options client = weir_socket_options_default();
  server.pause_on_connect = true;
  client.allow_half_open = client_half_open;
  struct world_pair_options options = {&server, &client, WORLD_TRACE_LIFE, client_trace};
  struct world_pair pair = world_pair(world, &options);
  weir_server_close(pair.server, NULL, NULL);
  return pair;
}

/* More than any system keeps for a reader that does not read. */
static size_t big_bytes(const struct world *world) { return (size_t)(world->simulated ? 1 : 8) << 20; }

static void write_three_big_ones(struct world *world, weir_socket *socket) {
  static const char *const callbacks[] = {"cb1", "cb2", "cb3"};
  size_t length = big_bytes(world);
  for (size_t i = 0; i < 3; i++)
    assert_int_equal(world_write_pattern(world, socket, "C", callbacks[i], length, i * length), 0);
}

/* ---- what the peer sees ----------------------------------------------------------------------------------------- */

static void a_destroy_with_everything_read_looks_like_an_end(struct world *world) {
  struct world_pair_options options = {.server_trace = WORLD_TRACE_DATA, .client_trace = WORLD_TRACE_DATA};
  struct world_pair pair = world_pair(world, &options);
  weir_server_close(pair.server, NULL, NULL);
  world_write(pair.client, "question");
  world_run_until_noted(world, "S data(question)", 1);
  weir_socket_destroy(pair.accepted, NULL);
  world_run(world);
  world_expect(world, "C", "connect end finish close(false)");
  world_expect(world, "S", "data(question) close(false)");
}

static void a_destroy_with_unread_input_is_a_reset(struct world *world) {
  struct world_pair pair = unread_pair(world, false, WORLD_TRACE_DATA);
  world_write(pair.client, "never read");
  world_run_for(world, 20);
  weir_socket_destroy(pair.accepted, NULL);
  world_run(world);
  world_expect(world, "C", "connect error(ECONNRESET) close(true)");
  assert_int_equal(weir_socket_error(pair.client)->code, WEIR_ECONNRESET);
}

static void data_come_before_the_reset_behind_them(struct world *world) {
  struct world_pair pair = unread_pair(world, false, WORLD_TRACE_DATA);
  weir_socket_pause(pair.client);
  world_write(pair.client, "never read");
  world_write(pair.accepted, "answer");
  world_run_for(world, 20);
  weir_socket_destroy(pair.accepted, NULL);
  world_run_for(world, 20);
  weir_socket_resume(pair.client);
  world_run(world);
  world_expect(world, "C", "connect data(answer) error(ECONNRESET) close(true)");
}

/* ---- destroy with writes under way ------------------------------------------------------------------------------ */

static void expect_a_prefix(struct world *world, struct world_pair pair, struct world_stream *stream) {
  world_on(pair.accepted, WEIR_EVENT_DATA, world_check_on, stream);
  weir_socket_resume(pair.accepted);
  world_run(world);
  assert_true(stream->bytes < 3 * big_bytes(world));
  assert_false(stream->broken);
  world_expect(world, "S", "end finish close(false)");
}

static void a_destroy_cancels_every_unfinished_write(struct world *world) {
  struct world_stream stream = {0, false};
  struct world_pair pair = unread_pair(world, false, WORLD_TRACE_LIFE);
  write_three_big_ones(world, pair.client);
  world_end_noted(world, pair.client, "C", NULL);
  world_run_for(world, 20);
  weir_socket_destroy(pair.client, NULL);
  world_run_until_noted(world, "C close", 1);
  world_expect(world, "C", "connect cb1(ECANCELED) cb2(ECANCELED) cb3(ECANCELED) end-cb(ECANCELED) close(false)");
  expect_a_prefix(world, pair, &stream);
}

static void a_destroy_with_an_error_tells_it_before_the_cancelled_writes(struct world *world) {
  const weir_error error = {.code = WEIR_EIO, .native_code = 0, .operation = "test", .address = "", .hint = ""};
  struct world_stream stream = {0, false};
  struct world_pair pair = unread_pair(world, false, WORLD_TRACE_LIFE);
  write_three_big_ones(world, pair.client);
  world_run_for(world, 20);
  weir_socket_destroy(pair.client, &error);
  world_run_until_noted(world, "C close", 1);
  world_expect(world, "C", "connect error(EIO) cb1(ECANCELED) cb2(ECANCELED) cb3(ECANCELED) close(true)");
  expect_a_prefix(world, pair, &stream);
}

/* ---- writing to nobody ------------------------------------------------------------------------------------------ */

static void a_write_to_a_gone_peer_fails_with_its_callback_first(struct world *world) {
  struct world_pair pair = unread_pair(world, true, WORLD_TRACE_DATA);
  weir_socket_destroy(pair.accepted, NULL);
  world_run_until_noted(world, "C end", 1);
  world_learn_of_gone_peer(world, pair.client);
  world_write_noted(world, pair.client, "C", "anybody?");
  world_run(world);
  world_expect(world, "C", "connect end write-cb(EPIPE) error(EPIPE) close(true)");
  assert_string_equal(weir_socket_error(pair.client)->operation, "write");
}

static void ten_megabytes_to_a_gone_peer_are_one_error(struct world *world) {
  struct world_pair pair = unread_pair(world, true, WORLD_TRACE_DATA);
  weir_socket_destroy(pair.accepted, NULL);
  world_run_until_noted(world, "C end", 1);
  for (uint64_t i = 0; i < 10; i++) world_write_pattern(world, pair.client, "C", "cb", 1 << 20, i << 20);
  world_run(world);
  assert_int_equal(world_count(world, "C error"), 1);
  assert_int_equal(world_count(world, "C cb"), 10);
  assert_int_equal(world_count(world, "C close(true)"), 1);
}

static void a_reset_fails_the_queued_writes_once(struct world *world) {
  struct world_pair pair = unread_pair(world, false, WORLD_TRACE_DATA);
  write_three_big_ones(world, pair.client);
  world_run_for(world, 20);
  weir_socket_destroy(pair.accepted, NULL);
  world_run(world);
  world_expect(world, "C", "connect error(ECONNRESET) cb1(ECANCELED) cb2(ECANCELED) cb3(ECANCELED) close(true)");
}

/* Such as "your request is too large": the writer must not fall over its own writes before it has read that. */
static void an_answer_is_read_before_the_queued_writes_fail(struct world *world) {
  struct world_stream stream = {0, false};
  struct world_pair pair = unread_pair(world, false, WORLD_TRACE_LIFE);
  write_three_big_ones(world, pair.client);
  world_on(pair.client, WEIR_EVENT_DATA, world_check_on, &stream);
  world_run_for(world, 20);
  world_write_pattern(world, pair.accepted, "S", "answer-cb", ANSWER_BYTES, 0);
  weir_socket_destroy_soon(pair.accepted);
  world_run(world);
  world_expect(world, "S", "answer-cb finish close(false)");
  assert_int_equal(stream.bytes, ANSWER_BYTES);
  assert_false(stream.broken);
  assert_int_equal(world_count(world, "C error"), 1);
  assert_int_equal(world_count(world, "C close(true)"), 1);
}

static void destroy_after_a_megabyte(const weir_event *event, void *unused) {
  (void)unused;
  if (weir_socket_bytes_read(event->socket) > 1 << 20) weir_socket_destroy(event->socket, NULL);
}

static void a_reader_that_destroys_itself_gives_the_writer_one_error(struct world *world) {
  struct world_pair pair = unread_pair(world, false, WORLD_TRACE_LIFE);
  for (uint64_t i = 0; i < 20; i++) world_write_pattern(world, pair.client, "C", "cb", 1 << 20, i << 20);
  world_end_noted(world, pair.client, "C", NULL);
  world_on(pair.accepted, WEIR_EVENT_DATA, destroy_after_a_megabyte, NULL);
  weir_socket_resume(pair.accepted);
  world_run(world);
  assert_int_equal(world_count(world, "C error"), 1);
  assert_int_equal(world_count(world, "C cb"), 20);
  assert_int_equal(world_count(world, "C end-cb"), 1);
  assert_int_equal(world_count(world, "C finish"), 0);
  assert_int_equal(world_count(world, "C close(true)"), 1);
  world_expect(world, "S", "close(false)");
}

static void destroy_in_error(const weir_event *event, void *unused) {
  (void)unused;
  const weir_error another = {.code = WEIR_EINVAL, .native_code = 0, .operation = "test", .address = "", .hint = ""};
  weir_socket_destroy(event->socket, &another);
}

static void destroying_in_error_changes_nothing(struct world *world) {
  weir_socket *client = world_connect(world, NULL);
  world_trace_socket(world, client, "C", WORLD_TRACE_LIFE);
  world_on(client, WEIR_EVENT_ERROR, destroy_in_error, NULL);
  world_run(world);
  world_expect_nobody(world, "C");
  assert_int_equal(weir_socket_error(client)->code, world->nobody);
}

static void an_error_that_nobody_hears_reaches_the_loop(struct world *world) {
  weir_socket *client = world_connect(world, NULL);
  world_run(world);
  world_expect(world, "loop", world_format(world, "unhandled(%s)", weir_code_name(world->nobody)));
  assert_true(weir_socket_destroyed(client));
}

static const struct world_case cases[] = {
    WORLD_CASE("EO-25 R4", a_destroy_with_everything_read_looks_like_an_end),
    WORLD_CASE_EXCEPT("EO-25 S070 M39", a_destroy_with_unread_input_is_a_reset, WORLD_NOT_PIPES,
                      "a named pipe whose other end closed tells no reset"),
    WORLD_CASE_EXCEPT("EO-25", data_come_before_the_reset_behind_them, WORLD_NOT_PIPES,
                      "a named pipe whose other end closed tells no reset"),
    WORLD_CASE("EO-27 A079 R7 R9", a_destroy_cancels_every_unfinished_write),
    WORLD_CASE("EO-27 A079 R2 R3", a_destroy_with_an_error_tells_it_before_the_cancelled_writes),
    WORLD_CASE("EO-32 A069 A082 R7", a_write_to_a_gone_peer_fails_with_its_callback_first),
    WORLD_CASE("EO-32 A107 R2", ten_megabytes_to_a_gone_peer_are_one_error),
    WORLD_CASE_EXCEPT("EO-33 R2 R7", a_reset_fails_the_queued_writes_once, WORLD_NOT_PIPES,
                      "a named pipe whose other end closed tells no reset"),
    WORLD_CASE("EO-33", an_answer_is_read_before_the_queued_writes_fail),
    WORLD_CASE("A113 A114 R2 R9", a_reader_that_destroys_itself_gives_the_writer_one_error),
    WORLD_CASE("A110 M39 R2 S078 S163 X20", destroying_in_error_changes_nothing),
    WORLD_CASE("S146", an_error_that_nobody_hears_reaches_the_loop),
};

int main(int argc, char **argv) { return world_main(argc, argv, "failure", cases, sizeof cases / sizeof *cases); }
