/* SPDX-License-Identifier: MIT */
/*
 * How pipes end: by unpipe, by the source's end, by a destroy or an error of either socket, with and without the flags.
 */
#include <stdlib.h>

#include "support/further_loop.h"
#include "support/pair.h"
#include "support/proxy.h"
#include "support/world.h"

#define MIB (1024u * 1024)

static const weir_error broken = {.code = WEIR_EIO, .native_code = 0, .operation = "read", .address = "", .hint = ""};

static void open_piped(struct proxy *proxy, struct world *world, unsigned flags) {
  proxy_open(proxy, world);
  assert_int_equal(weir_socket_pipe(proxy->src, proxy->dst, flags), WEIR_OK);
  world_run_until_noted(world, "src resume", 1);
}

/* ---- unpipe ----------------------------------------------------------------------------------------------------- */

static void unpipe_pauses_the_source_which_keeps_its_data_until_piped_again(struct world *world) {
  struct proxy proxy;
  open_piped(&proxy, world, WEIR_PIPE_DEFAULT);
  world_trace_socket(world, proxy.reader, "reader", WORLD_TRACE_DATA);
  weir_socket_unpipe(proxy.src, proxy.dst);
  world_expect(world, "dst", "pipe");
  assert_true(weir_socket_is_paused(proxy.src));
  world_run_until_noted(world, "dst unpipe", 1);
  world_expect(world, "src", "resume pause");
  world_write(proxy.writer, "kept");
  pair_run_until_read(world, proxy.src, 4);
  assert_int_equal(weir_socket_kept(proxy.src), 4);
  world_expect(world, "reader", "");
  weir_socket_pipe(proxy.src, proxy.dst, WEIR_PIPE_DEFAULT);
  weir_socket_end(proxy.writer, NULL);
  world_run(world);
  world_expect(world, "reader", "data(kept) end finish close(false)");
}

static void unpipe_from_a_full_destination_lets_another_one_continue(struct world *world) {
  struct proxy proxy;
  open_piped(&proxy, world, WEIR_PIPE_DEFAULT);
  struct world_pair other = pair_beside(world, &proxy.in, NULL);
  weir_socket_pause(proxy.reader);
  world_write_pattern(world, proxy.writer, "writer", "write-cb", 16 * MIB, 0);
  weir_socket_end(proxy.writer, NULL);
  world_run_until_noted(world, "src pause", 1);
  weir_socket_unpipe(proxy.src, proxy.dst);
  weir_socket_pipe(proxy.src, other.client, WEIR_PIPE_DEFAULT);
  weir_socket_resume(other.accepted);
  world_run_until_noted(world, "src end", 1);
  weir_socket_end(proxy.dst, NULL);
  weir_socket_resume(proxy.reader);
  world_run(world);
  assert_int_equal(weir_socket_bytes_read(proxy.reader) + weir_socket_bytes_read(other.accepted), 16 * MIB);
  assert_true(weir_socket_bytes_read(other.accepted) > 8 * MIB);
}

static void unpipe_of_what_is_not_piped_changes_nothing(struct world *world) {
  struct proxy proxy;
  open_piped(&proxy, world, WEIR_PIPE_DEFAULT);
  weir_socket_unpipe(proxy.src, proxy.writer);
  weir_socket_unpipe(proxy.dst, proxy.src);
  weir_socket_unpipe(proxy.reader, NULL);
  world_run_for(world, 10);
  world_expect(world, "dst", "pipe");
  assert_false(weir_socket_is_paused(proxy.src));
  proxy_close(&proxy);
}

static void unpipe_works_in_any_order_and_for_all_at_once(struct world *world) {
  struct proxy proxy;
  struct world_pair more[4];
  open_piped(&proxy, world, WEIR_PIPE_DEFAULT);
  for (int i = 0; i < 4; i++) {
    more[i] = pair_beside(world, &proxy.in, NULL);
    world_trace_socket(world, more[i].client, "more", WORLD_TRACE_FLOW);
    weir_socket_pipe(proxy.src, more[i].client, WEIR_PIPE_DEFAULT);
  }
  weir_socket_unpipe(proxy.src, more[2].client);
  weir_socket_unpipe(proxy.src, more[0].client);
  world_write(proxy.writer, "all");
  pair_run_until_read(world, more[1].accepted, 3);
  pair_run_until_read(world, more[3].accepted, 3);
  pair_run_until_read(world, proxy.reader, 3);
  weir_socket_unpipe(proxy.src, NULL);
  world_write(proxy.writer, "none");
  pair_run_until_read(world, proxy.src, 7);
  world_run_for(world, 10);
  assert_int_equal(world_count(world, "more unpipe"), 4);
  for (int i = 0; i < 4; i++) {
    assert_int_equal(weir_socket_bytes_read(more[i].accepted), i % 2 == 0 ? 0 : 3);
    weir_socket_destroy(more[i].client, NULL);
    weir_socket_destroy(more[i].accepted, NULL);
  }
  assert_int_equal(weir_socket_bytes_read(proxy.reader), 3);
  proxy_close(&proxy);
}

static void unpipe_and_resume(const weir_event *event, void *destination) {
  weir_socket_unpipe(event->socket, destination);
  weir_socket_resume(event->socket);
}

static void unpipe_and_resume_inside_data_still_reach_the_end(struct world *world) {
  struct proxy proxy;
  open_piped(&proxy, world, WEIR_PIPE_DEFAULT);
  assert_int_equal(weir_socket_once(proxy.src, WEIR_EVENT_DATA, unpipe_and_resume, proxy.dst), WEIR_OK);
  world_write_pattern(world, proxy.writer, "writer", "write-cb", MIB, 0);
  weir_socket_end(proxy.writer, NULL);
  world_run_until_noted(world, "src close", 1);
  assert_int_equal(world_count(world, "src end"), 1);
  proxy_close(&proxy);
}

static size_t count_listeners(const weir_socket *socket) {
  size_t count = 0;
  for (int type = WEIR_EVENT_CONNECT; type <= WEIR_EVENT_UNPIPE; type++)
    count += weir_socket_listener_count(socket, (weir_event_type)type);
  return count + weir_socket_listener_count(socket, WEIR_EVENT_ERROR) +
         weir_socket_listener_count(socket, WEIR_EVENT_CLOSE);
}

static void pipes_leave_no_listeners_behind(struct world *world) {
  struct proxy proxy;
  proxy_open(&proxy, world);
  size_t src_before = count_listeners(proxy.src);
  size_t dst_before = count_listeners(proxy.dst);
  for (int i = 0; i < 10; i++) {
    assert_int_equal(weir_socket_pipe(proxy.src, proxy.dst, WEIR_PIPE_DEFAULT), WEIR_OK);
    weir_socket_unpipe(proxy.src, proxy.dst);
  }
  assert_int_equal(count_listeners(proxy.src), src_before);
  assert_int_equal(count_listeners(proxy.dst), dst_before);
  proxy_close(&proxy);
}

static void a_source_unpiped_from_a_stuck_destination_does_not_read_on(struct world *world) {
  struct proxy proxy;
  open_piped(&proxy, world, WEIR_PIPE_DEFAULT);
  struct world_pair second = pair_beside(world, &proxy.in, NULL);
  weir_socket_pipe(second.accepted, proxy.dst, WEIR_PIPE_DEFAULT);
  weir_socket_pause(proxy.reader);
  world_write_pattern(world, proxy.writer, "writer", "write-cb", 12 * MIB, 0);
  world_write_pattern(world, second.client, "second", "write-cb", 12 * MIB, 0);
  world_run_until_noted(world, "src pause", 1);
  world_run_for(world, 20);
  weir_socket_unpipe(proxy.src, proxy.dst);
  world_run_for(world, 20);
  assert_true(weir_socket_kept(proxy.src) <= 128 * 1024);
  assert_true(weir_socket_kept(second.accepted) <= 128 * 1024);
  weir_socket_destroy(second.client, NULL);
  weir_socket_destroy(second.accepted, NULL);
  proxy_close(&proxy);
}

/* ---- the source ends -------------------------------------------------------------------------------------------- */

static void the_end_of_the_source_ends_the_destination(struct world *world) {
  struct proxy proxy;
  open_piped(&proxy, world, WEIR_PIPE_DEFAULT);
  world_trace_socket(world, proxy.reader, "reader", WORLD_TRACE_DATA);
  world_write(proxy.writer, "all");
  weir_socket_end(proxy.writer, NULL);
  world_run(world);
  world_expect(world, "reader", "data(all) end finish close(false)");
  world_expect_before(world, "src end", "dst finish");
  world_expect_before(world, "dst finish", "dst unpipe");
  assert_int_equal(world_count(world, "dst unpipe"), 1);
}

static void with_keep_open_the_destination_stays_open(struct world *world) {
  struct proxy proxy;
  open_piped(&proxy, world, WEIR_PIPE_KEEP_OPEN);
  world_trace_socket(world, proxy.reader, "reader", WORLD_TRACE_DATA);
  world_write(proxy.writer, "one-");
  weir_socket_end(proxy.writer, NULL);
  world_run_until_noted(world, "dst unpipe", 1);
  assert_int_equal(weir_socket_get_state(proxy.dst), WEIR_SOCKET_OPEN);
  world_write(proxy.dst, "two");
  weir_socket_end(proxy.dst, NULL);
  world_run(world);
  world_expect(world, "reader", "data(one-two) end finish close(false)");
}

static void piping_a_source_that_has_ended_still_ends_the_destination(struct world *world) {
  struct proxy proxy;
  proxy_open_half(&proxy, world);
  weir_socket_end(proxy.writer, NULL);
  world_run_until_noted(world, "src end", 1);
  assert_int_equal(weir_socket_pipe(proxy.src, proxy.dst, WEIR_PIPE_DEFAULT), WEIR_OK);
  world_run_until_noted(world, "dst finish", 1);
  proxy_close(&proxy);
}

/* ---- the destination ends --------------------------------------------------------------------------------------- */

static void ending_the_destination_while_piped_finishes_it_and_loses_no_source(struct world *world) {
  struct proxy proxy;
  proxy_open_half(&proxy, world);
  weir_socket_pipe(proxy.src, proxy.dst, WEIR_PIPE_DEFAULT);
  world_run_until_noted(world, "src resume", 1);
  weir_socket_end(proxy.dst, NULL);
  world_run_until_noted(world, "dst finish", 1);
  world_write(proxy.writer, "too late");
  pair_run_until_read(world, proxy.src, 8);
  world_run_for(world, 10);
  assert_int_equal(weir_socket_get_state(proxy.src), WEIR_SOCKET_OPEN);
  assert_int_equal(world_count(world, "dst unpipe"), 1);
  assert_int_equal(world_count(world, "dst error"), 0);
  proxy_close(&proxy);
}

static void a_destination_that_is_ending_lets_the_source_keep_what_follows(struct world *world) {
  struct proxy proxy;
  open_piped(&proxy, world, WEIR_PIPE_DEFAULT);
  weir_socket_set_high_water_mark(proxy.dst, 16 * MIB);
  weir_socket_pause(proxy.reader);
  world_write_pattern(world, proxy.dst, "dst", "write-cb", 12 * MIB, 0);
  weir_socket_end(proxy.dst, NULL);
  world_write(proxy.writer, "x");
  world_run_until_noted(world, "dst unpipe", 1);
  world_write(proxy.writer, "kept");
  pair_run_until_read(world, proxy.src, 5);
  assert_int_equal(weir_socket_kept(proxy.src), 4);
  assert_int_equal(world_count(world, "dst finish"), 0);
  proxy_close(&proxy);
}

static void a_destination_whose_peer_has_ended_is_still_written(struct world *world) {
  struct proxy proxy;
  proxy_open_half(&proxy, world);
  world_trace_socket(world, proxy.reader, "reader", WORLD_TRACE_DATA);
  weir_socket_pipe(proxy.src, proxy.dst, WEIR_PIPE_DEFAULT);
  weir_socket_end(proxy.reader, NULL);
  world_run_until_noted(world, "dst end", 1);
  world_write(proxy.writer, "still");
  weir_socket_end(proxy.writer, NULL);
  world_run_until_noted(world, "reader close", 1);
  world_expect(world, "reader", "finish data(still) end close(false)");
  proxy_close(&proxy);
}

static void a_destroyed_destination_leaves_the_source_paused(struct world *world) {
  struct proxy proxy;
  open_piped(&proxy, world, WEIR_PIPE_DEFAULT);
  weir_socket_destroy(proxy.dst, NULL);
  world_run_until_noted(world, "dst close", 1);
  world_run_for(world, 10);
  world_expect(world, "dst", "pipe unpipe close(false)");
  world_expect(world, "src", "resume pause");
  assert_true(weir_socket_is_paused(proxy.src));
  assert_int_equal(weir_socket_get_state(proxy.src), WEIR_SOCKET_OPEN);
  proxy_close(&proxy);
}

static void an_error_of_the_destination_ends_the_pipe_first(struct world *world) {
  struct proxy proxy;
  open_piped(&proxy, world, WEIR_PIPE_DEFAULT);
  weir_socket_destroy(proxy.dst, &broken);
  world_run_until_noted(world, "dst close", 1);
  world_expect(world, "dst", "pipe unpipe error(EIO) close(true)");
  assert_int_equal(weir_socket_get_state(proxy.src), WEIR_SOCKET_OPEN);
  proxy_close(&proxy);
}

static void an_error_of_the_destination_that_nobody_hears_is_unhandled(struct world *world) {
  struct proxy proxy;
  proxy_open_untraced(&proxy, world);
  weir_socket_pipe(proxy.src, proxy.dst, WEIR_PIPE_DEFAULT);
  world_run_for(world, 10);
  weir_socket_destroy(proxy.dst, &broken);
  proxy_close(&proxy);
  world_expect(world, "loop", "unhandled(EIO)");
}

static void one_once_listener_of_the_destinations_error_is_enough(struct world *world) {
  struct proxy proxy;
  proxy_open_untraced(&proxy, world);
  weir_socket_once(proxy.dst, WEIR_EVENT_ERROR, world_note_event, world_mark(world, "heard", "error"));
  weir_socket_pipe(proxy.src, proxy.dst, WEIR_PIPE_DEFAULT);
  weir_socket_destroy(proxy.dst, &broken);
  proxy_close(&proxy);
  world_expect(world, "heard", "error");
  world_expect(world, "loop", "");
}

/* ---- sockets that are not open ---------------------------------------------------------------------------------- */

static void pipes_of_sockets_that_never_connect_are_freed_with_them(struct world *world) {
  weir_socket *source = world_socket(world, NULL);
  weir_socket *destination = world_socket(world, NULL);
  assert_int_equal(weir_socket_pipe(source, destination, WEIR_PIPE_DEFAULT), WEIR_OK);
  world_run(world);
}

static void a_pipe_from_or_to_a_closed_socket_is_refused(struct world *world) {
  struct proxy proxy;
  proxy_open(&proxy, world);
  proxy_close(&proxy);
  world_forget(world);
  weir_socket *fresh = world_socket(world, NULL);
  assert_int_equal(weir_socket_pipe(proxy.src, fresh, WEIR_PIPE_DEFAULT), WEIR_EDESTROYED);
  assert_int_equal(weir_socket_pipe(fresh, proxy.src, WEIR_PIPE_PROPAGATE_ERRORS), WEIR_EDESTROYED);
  world_run(world);
  world_expect(world, "src", "");
  world_expect(world, "dst", "");
}

static void resume_connection(const weir_event *event, void *unused) {
  (void)unused;
  weir_socket_resume(event->connection);
}

static void a_pipe_made_before_connect_carries_what_comes(struct world *world) {
  struct world_pair pair = pair_open(world, 0, 0);
  weir_socket *dst = world_socket(world, NULL);
  world_trace_socket(world, dst, "dst", 0);
  weir_server_on(pair.server, WEIR_EVENT_CONNECTION, resume_connection, NULL);
  assert_int_equal(weir_socket_connect(dst, world->endpoint, NULL), WEIR_OK);
  assert_int_equal(weir_socket_pipe(pair.accepted, dst, WEIR_PIPE_DEFAULT), WEIR_OK);
  world_write(pair.client, "early");
  pair_end(world, &pair);
  assert_int_equal(weir_socket_bytes_written(dst), 5);
  world_expect(world, "dst", "connect finish end close(false)");
}

/* ---- the source fails ------------------------------------------------------------------------------------------- */

static void a_failed_source_neither_ends_nor_destroys_the_destination(struct world *world) {
  struct proxy proxy;
  open_piped(&proxy, world, WEIR_PIPE_DEFAULT);
  weir_socket_destroy(proxy.src, &broken);
  world_run_until_noted(world, "src close", 1);
  world_run_for(world, 10);
  world_expect(world, "src", "resume error(EIO) close(true)");
  assert_int_equal(weir_socket_get_state(proxy.dst), WEIR_SOCKET_OPEN);
  proxy_close(&proxy);
}

static void with_propagation_a_failed_source_destroys_the_destination(struct world *world) {
  struct proxy proxy;
  open_piped(&proxy, world, WEIR_PIPE_PROPAGATE_ERRORS);
  weir_socket_destroy(proxy.src, NULL);
  world_run(world);
  assert_int_equal(world_count(world, "dst close"), 1);
  assert_int_equal(world_count(world, "dst finish"), 0);
}

static void with_propagation_a_failed_destination_destroys_the_source(struct world *world) {
  struct proxy proxy;
  open_piped(&proxy, world, WEIR_PIPE_PROPAGATE_ERRORS);
  weir_socket_destroy(proxy.dst, NULL);
  world_run(world);
  assert_int_equal(world_count(world, "src close"), 1);
  assert_int_equal(world_count(world, "src end"), 0);
}

static void with_propagation_a_normal_end_is_still_normal(struct world *world) {
  struct proxy proxy;
  open_piped(&proxy, world, WEIR_PIPE_PROPAGATE_ERRORS);
  world_trace_socket(world, proxy.reader, "reader", WORLD_TRACE_DATA);
  world_write(proxy.writer, "all");
  weir_socket_end(proxy.writer, NULL);
  world_run(world);
  world_expect(world, "reader", "data(all) end finish close(false)");
  assert_int_equal(world_count(world, "src end"), 1);
  assert_int_equal(world_count(world, "dst finish"), 1);
}

static void with_propagation_a_destination_whose_peer_ends_takes_the_source_along(struct world *world) {
  struct proxy proxy;
  open_piped(&proxy, world, WEIR_PIPE_PROPAGATE_ERRORS);
  weir_socket_end(proxy.reader, NULL);
  world_run_until_noted(world, "src close", 1);
  world_expect_before(world, "dst finish", "src close");
  assert_int_equal(world_count(world, "dst unpipe"), 1);
  assert_int_equal(world_count(world, "src end"), 0);
  proxy_close(&proxy);
}

/* ---- the loop ends ---------------------------------------------------------------------------------------------- */

static void *count_blocks(void *user, void *block, size_t bytes) {
  long *blocks = user;
  if (bytes > 0) {
    if (block == NULL) ++*blocks;
    return realloc(block, bytes);
  }
  if (block != NULL) --*blocks;
  free(block);
  return NULL;
}

static void a_loop_released_while_two_piped_sockets_close_leaves_nothing(struct world *world) {
  weir_loop_options options = further_loop_options(world);
  weir_server *server = world_listen(world, NULL, world_destroy_on, NULL);
  weir_loop *loop = NULL;
  weir_socket *sockets[2] = {NULL, NULL};
  long blocks = 0;
  options.allocator = (weir_allocator){count_blocks, &blocks};
  assert_int_equal(weir_loop_create(&options, &loop), WEIR_OK);
  for (int i = 0; i < 2; i++) assert_int_equal(weir_connect(loop, world->endpoint, NULL, NULL, &sockets[i]), WEIR_OK);
  assert_int_equal(weir_socket_pipe(sockets[0], sockets[1], WEIR_PIPE_DEFAULT), WEIR_OK);
  for (int i = 0; i < 2; i++) weir_socket_destroy(sockets[i], NULL);
  for (int i = 0; i < 2; i++) weir_socket_release(sockets[i]);
  weir_loop_release(loop);
  assert_int_equal(blocks, 0);
  weir_server_close(server, NULL, NULL);
  world_run(world);
}

static const struct world_case cases[] = {
    WORLD_CASE("EO-42 A317", unpipe_pauses_the_source_which_keeps_its_data_until_piped_again),
    WORLD_CASE("A304 A310", unpipe_from_a_full_destination_lets_another_one_continue),
    WORLD_CASE("A316", unpipe_of_what_is_not_piped_changes_nothing),
    WORLD_CASE("A313 A316", unpipe_works_in_any_order_and_for_all_at_once),
    WORLD_CASE("A318", unpipe_and_resume_inside_data_still_reach_the_end),
    WORLD_CASE("A305 A327", pipes_leave_no_listeners_behind),
    WORLD_CASE("A326", a_source_unpiped_from_a_stuck_destination_does_not_read_on),
    WORLD_CASE("EO-42 A317", the_end_of_the_source_ends_the_destination),
    WORLD_CASE("EO-42 A317", with_keep_open_the_destination_stays_open),
    WORLD_CASE("A300", piping_a_source_that_has_ended_still_ends_the_destination),
    WORLD_CASE("A322 A323", ending_the_destination_while_piped_finishes_it_and_loses_no_source),
    WORLD_CASE("", a_destination_that_is_ending_lets_the_source_keep_what_follows),
    WORLD_CASE("A328", a_destination_whose_peer_has_ended_is_still_written),
    WORLD_CASE("EO-42", a_destroyed_destination_leaves_the_source_paused),
    WORLD_CASE("EO-42 A307 A324", an_error_of_the_destination_ends_the_pipe_first),
    WORLD_CASE("EO-42 A308", an_error_of_the_destination_that_nobody_hears_is_unhandled),
    WORLD_CASE("A325", one_once_listener_of_the_destinations_error_is_enough),
    WORLD_CASE("", pipes_of_sockets_that_never_connect_are_freed_with_them),
    WORLD_CASE("", a_pipe_from_or_to_a_closed_socket_is_refused),
    WORLD_CASE("EO-42", a_pipe_made_before_connect_carries_what_comes),
    WORLD_CASE("EO-42 A307", a_failed_source_neither_ends_nor_destroys_the_destination),
    WORLD_CASE("EO-42", with_propagation_a_failed_source_destroys_the_destination),
    WORLD_CASE("EO-42", with_propagation_a_failed_destination_destroys_the_source),
    WORLD_CASE("EO-42", with_propagation_a_normal_end_is_still_normal),
    WORLD_CASE("EO-42", with_propagation_a_destination_whose_peer_ends_takes_the_source_along),
    WORLD_CASE("", a_loop_released_while_two_piped_sockets_close_leaves_nothing),
};

int main(int argc, char **argv) { return world_main(argc, argv, "unpipe", cases, sizeof cases / sizeof *cases); }
