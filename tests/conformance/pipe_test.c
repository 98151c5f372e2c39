/* SPDX-License-Identifier: MIT */
/*
 * Pipes: what one socket receives is written to another, at the pace of the slower. How pipes end is in unpipe_test.c.
 *
 * The cases build a proxy: writer -> src, which is piped to dst -> reader.
 */
#include "support/pair.h"
#include "support/proxy.h"
#include "support/world.h"

#define MIB (1024u * 1024)

static void note_peer(const weir_event *event, void *user) {
  struct proxy *proxy = user;
  world_note(proxy->world, "peer", "%s-%s", weir_event_name(event->type), event->peer == proxy->src ? "src" : "wrong");
}

static void the_destination_emits_pipe_and_then_the_source_resume(struct world *world) {
  struct proxy proxy;
  proxy_open(&proxy, world);
  assert_int_equal(weir_socket_on(proxy.dst, WEIR_EVENT_PIPE, note_peer, &proxy), WEIR_OK);
  assert_int_equal(weir_socket_pipe(proxy.src, proxy.dst, WEIR_PIPE_DEFAULT), WEIR_OK);
  world_expect(world, "dst", "");
  world_run_until_noted(world, "src resume", 1);
  world_expect(world, "dst", "pipe");
  world_expect(world, "src", "resume");
  world_expect_before(world, "dst pipe", "src resume");
  world_expect(world, "peer", "pipe-src");
  proxy_close(&proxy);
}

static void five_megabytes_pass_whole_and_in_order(struct world *world) {
  struct proxy proxy;
  proxy_open(&proxy, world);
  weir_socket_pipe(proxy.src, proxy.dst, WEIR_PIPE_DEFAULT);
  pair_check(proxy.reader, &proxy.stream);
  world_write_pattern(world, proxy.writer, "writer", "write-cb", 5 * MIB, 0);
  weir_socket_end(proxy.writer, NULL);
  world_run(world);
  assert_int_equal(proxy.stream.bytes, 5 * MIB);
  assert_false(proxy.stream.broken);
  world_expect_before(world, "src end", "dst finish");
}

/* ---- pace ------------------------------------------------------------------------------------------------------- */

static void note_most(const weir_event *event, void *user) {
  (void)event;
  struct proxy *proxy = user;
  size_t queued = weir_socket_buffered(proxy->dst);
  size_t kept = weir_socket_kept(proxy->src);
  if (queued > proxy->most_queued) proxy->most_queued = queued;
  if (kept > proxy->most_kept) proxy->most_kept = kept;
}

static void a_slow_destination_pauses_the_source_and_its_drain_resumes_it(struct world *world) {
  struct proxy proxy;
  proxy_open(&proxy, world);
  weir_socket_on(proxy.src, WEIR_EVENT_DATA, note_most, &proxy);
  weir_socket_pipe(proxy.src, proxy.dst, WEIR_PIPE_DEFAULT);
  weir_socket_pause(proxy.reader);
  world_write_pattern(world, proxy.writer, "writer", "write-cb", 8 * MIB, 0);
  weir_socket_end(proxy.writer, NULL);
  world_run_until_noted(world, "src pause", 1);
  world_run_for(world, 20);
  note_most(NULL, &proxy);
  assert_true(weir_socket_is_paused(proxy.src));
  pair_check(proxy.reader, &proxy.stream);
  weir_socket_resume(proxy.reader);
  world_run(world);
  assert_int_equal(proxy.stream.bytes, 8 * MIB);
  assert_false(proxy.stream.broken);
  world_expect_before(world, "src pause", "dst drain");
  assert_true(world_count(world, "src resume") >= 2);
  assert_true(proxy.most_queued <= 128 * 1024);
  assert_true(proxy.most_kept <= 128 * 1024);
}

static void destinations_with_tiny_marks_get_everything(struct world *world) {
  for (size_t mark = 0; mark <= 2; mark++) {
    struct proxy proxy;
    proxy_open(&proxy, world);
    assert_int_equal(weir_socket_set_high_water_mark(proxy.dst, mark), WEIR_OK);
    weir_socket_pipe(proxy.src, proxy.dst, WEIR_PIPE_DEFAULT);
    pair_check(proxy.reader, &proxy.stream);
    world_write_pattern(world, proxy.writer, "writer", "write-cb", MIB, 0);
    weir_socket_end(proxy.writer, NULL);
    world_run(world);
    assert_int_equal(proxy.stream.bytes, MIB);
    assert_false(proxy.stream.broken);
    proxy_close(&proxy);
  }
}

/* Fills the destination until it needs drain, while its reader pauses. */
static void fill_destination(struct proxy *proxy) {
  weir_socket_pause(proxy->reader);
  assert_int_equal(world_write_pattern(proxy->world, proxy->dst, "dst", "fill", 12 * MIB, 0), 0);
  world_run_for(proxy->world, 20);
  assert_true(weir_socket_needs_drain(proxy->dst));
}

static void a_source_waits_for_a_destination_that_needs_drain_already(struct world *world) {
  struct proxy proxy;
  proxy_open(&proxy, world);
  fill_destination(&proxy);
  weir_socket_pipe(proxy.src, proxy.dst, WEIR_PIPE_DEFAULT);
  world_write_pattern(world, proxy.writer, "writer", "write-cb", MIB, 12 * MIB);
  weir_socket_end(proxy.writer, NULL);
  world_run_for(world, 20);
  assert_int_equal(weir_socket_bytes_written(proxy.dst), 12 * MIB);
  pair_check(proxy.reader, &proxy.stream);
  weir_socket_resume(proxy.reader);
  world_run(world);
  assert_int_equal(proxy.stream.bytes, 13 * MIB);
  assert_false(proxy.stream.broken);
}

static void an_ended_source_with_kept_data_does_not_lock_up(struct world *world) {
  struct proxy proxy;
  proxy_open(&proxy, world);
  weir_socket_pause(proxy.src);
  world_write_pattern(world, proxy.writer, "writer", "write-cb", 1000, 12 * MIB);
  weir_socket_end(proxy.writer, NULL);
  pair_run_until_read(world, proxy.src, 1000);
  fill_destination(&proxy);
  weir_socket_pipe(proxy.src, proxy.dst, WEIR_PIPE_DEFAULT);
  weir_socket_resume(proxy.src);
  pair_check(proxy.reader, &proxy.stream);
  weir_socket_resume(proxy.reader);
  world_run(world);
  assert_int_equal(proxy.stream.bytes, 12 * MIB + 1000);
  assert_false(proxy.stream.broken);
}

struct meddling {
  struct proxy *proxy;
  int left;
};

static void resume_source(void *user) {
  struct meddling *meddling = user;
  weir_socket_resume(meddling->proxy->src);
  if (--meddling->left > 0) world_after(meddling->proxy->world, 3, resume_source, meddling);
}

static void resuming_the_source_by_hand_loses_nothing(struct world *world) {
  struct proxy proxy;
  proxy_open(&proxy, world);
  struct meddling meddling = {&proxy, 10};
  weir_socket_pipe(proxy.src, proxy.dst, WEIR_PIPE_DEFAULT);
  weir_socket_pause(proxy.reader);
  world_write_pattern(world, proxy.writer, "writer", "write-cb", 12 * MIB, 0);
  weir_socket_end(proxy.writer, NULL);
  resume_source(&meddling);
  world_run_for(world, 50);
  pair_check(proxy.reader, &proxy.stream);
  weir_socket_resume(proxy.reader);
  world_run(world);
  assert_int_equal(proxy.stream.bytes, 12 * MIB);
  assert_false(proxy.stream.broken);
}

/* ---- several, and itself ---------------------------------------------------------------------------------------- */

static void several_destinations_are_all_waited_for(struct world *world) {
  enum { MORE = 4 };
  struct proxy proxy;
  struct world_pair more[MORE];
  struct world_stream streams[MORE] = {{0, false}};
  proxy_open(&proxy, world);
  weir_socket_pipe(proxy.src, proxy.dst, WEIR_PIPE_DEFAULT);
  weir_socket_pause(proxy.reader);
  for (int i = 0; i < MORE; i++) {
    more[i] = pair_beside(world, &proxy.in, NULL);
    weir_socket_pipe(proxy.src, more[i].client, WEIR_PIPE_DEFAULT);
    weir_socket_pause(more[i].accepted);
  }
  world_write_pattern(world, proxy.writer, "writer", "write-cb", 12 * MIB, 0);
  weir_socket_end(proxy.writer, NULL);
  world_run_until_noted(world, "src pause", 1);
  world_run_for(world, 20);
  for (int i = 0; i < MORE; i++) {
    bool full = weir_socket_needs_drain(proxy.dst);
    uint64_t written = weir_socket_bytes_written(proxy.dst);
    pair_check(more[i].accepted, &streams[i]);
    weir_socket_resume(more[i].accepted);
    world_run_for(world, 10);
    if (full) assert_int_equal(weir_socket_bytes_written(proxy.dst), written);
  }
  /* The one that is left is filled up in the end, however slow the machine is. */
  for (int i = 0; i < 500 && !weir_socket_needs_drain(proxy.dst); i++) world_run_for(world, 10);
  assert_true(weir_socket_needs_drain(proxy.dst));
  pair_check(proxy.reader, &proxy.stream);
  weir_socket_resume(proxy.reader);
  world_run(world);
  assert_int_equal(proxy.stream.bytes, 12 * MIB);
  for (int i = 0; i < MORE; i++) assert_true(streams[i].bytes == 12 * MIB && !streams[i].broken);
}

static void a_socket_piped_to_itself_is_an_echo(struct world *world) {
  struct world_pair pair = pair_open(world, WORLD_TRACE_FLOW, WORLD_TRACE_DATA);
  assert_int_equal(weir_socket_pipe(pair.accepted, pair.accepted, WEIR_PIPE_DEFAULT), WEIR_OK);
  world_write(pair.client, "hello");
  pair_run_until_read(world, pair.client, 5);
  world_expect(world, "C", "data(hello)");
  weir_socket_end(pair.client, NULL);
  world_run(world);
  world_expect(world, "S", "pipe resume end finish pause unpipe close(false)");
}

static void a_large_echo_comes_back_whole(struct world *world) {
  struct world_pair pair = pair_open(world, 0, 0);
  struct world_stream stream = {0, false};
  weir_socket_pipe(pair.accepted, pair.accepted, WEIR_PIPE_DEFAULT);
  pair_check(pair.client, &stream);
  world_write_pattern(world, pair.client, "C", "write-cb", 12 * MIB, 0);
  weir_socket_end(pair.client, NULL);
  world_run(world);
  assert_int_equal(stream.bytes, 12 * MIB);
  assert_false(stream.broken);
}

static void a_destination_piped_twice_gets_everything_twice(struct world *world) {
  struct proxy proxy;
  proxy_open(&proxy, world);
  world_trace_socket(world, proxy.reader, "reader", WORLD_TRACE_DATA);
  weir_socket_pipe(proxy.src, proxy.dst, WEIR_PIPE_DEFAULT);
  weir_socket_pipe(proxy.src, proxy.dst, WEIR_PIPE_DEFAULT);
  world_write(proxy.writer, "x");
  pair_run_until_read(world, proxy.reader, 2);
  weir_socket_unpipe(proxy.src, proxy.dst);
  world_run_until_noted(world, "dst unpipe", 1);
  world_write(proxy.writer, "y");
  weir_socket_end(proxy.writer, NULL);
  world_run(world);
  world_expect(world, "reader", "data(xxy) end finish close(false)");
}

static void pipes_that_make_no_sense_are_refused(struct world *world) {
  struct proxy proxy;
  weir_loop_options options = weir_loop_options_default();
  options.backend = world->simulated ? NULL : world->backend;
  options.simulator = world->sim;
  weir_loop *loop = NULL;
  weir_socket *stranger = NULL;
  proxy_open(&proxy, world);
  assert_int_equal(weir_loop_create(&options, &loop), WEIR_OK);
  assert_int_equal(weir_socket_create(loop, NULL, &stranger), WEIR_OK);
  assert_int_equal(weir_socket_pipe(proxy.src, stranger, WEIR_PIPE_DEFAULT), WEIR_EINVAL);
  assert_int_equal(weir_socket_pipe(proxy.src, proxy.dst, 1024), WEIR_EINVAL);
  weir_socket_release(stranger);
  weir_loop_release(loop);
  proxy_close(&proxy);
  assert_int_equal(world_count(world, "dst pipe"), 0);
}

static const struct world_case cases[] = {
    WORLD_CASE("EO-42 A309", the_destination_emits_pipe_and_then_the_source_resume),
    WORLD_CASE("EO-42 A298", five_megabytes_pass_whole_and_in_order),
    WORLD_CASE("EO-42 A302 A321", a_slow_destination_pauses_the_source_and_its_drain_resumes_it),
    WORLD_CASE("A311", destinations_with_tiny_marks_get_everything),
    WORLD_CASE("A314", a_source_waits_for_a_destination_that_needs_drain_already),
    WORLD_CASE("A306", an_ended_source_with_kept_data_does_not_lock_up),
    WORLD_CASE("A301 A312", resuming_the_source_by_hand_loses_nothing),
    WORLD_CASE("A303", several_destinations_are_all_waited_for),
    WORLD_CASE("EO-42 S179", a_socket_piped_to_itself_is_an_echo),
    WORLD_CASE("EO-42", a_large_echo_comes_back_whole),
    WORLD_CASE("A315", a_destination_piped_twice_gets_everything_twice),
    WORLD_CASE("", pipes_that_make_no_sense_are_refused),
};

int main(int argc, char **argv) { return world_main(argc, argv, "pipe", cases, sizeof cases / sizeof *cases); }
