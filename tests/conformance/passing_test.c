/* SPDX-License-Identifier: MIT */
/*
 * Sockets and servers that go through a channel: nothing is lost and nothing comes twice, whatever was under way; the
 * sender's server counts them until they close there. Both sides run in one thread, by turns, so that all of it runs in
 * a simulation too. With children of their own it is shown in children_test.c.
 */
#include <stdlib.h>

#include "support/channels.h"
#include "support/further_loop.h"
#include "support/thread.h"

enum { LARGE_BYTES = 800 << 10, WRITTEN_BYTES = 12 << 20, CROWD = 40 };

/* ---- parts ---- */

/* A channel and a connection whose accepted end will go through it. */
struct scene {
  struct channels channels;
  struct world_pair pair;
};

static void open_scene(struct scene *scene, struct world *world, bool allow_half_open) {
  weir_server_options options = weir_server_options_default();
  options.allow_half_open = allow_half_open;
  struct world_pair_options both = {.server = &options, .client_trace = WORLD_TRACE_DATA};
  *scene = (struct scene){.channels = {.trace = WORLD_TRACE_DATA}};
  scene->pair = world_pair(world, &both);
  world_forget(world);
  channels_open(&scene->channels, world);
}

/* Sends the accepted socket, and waits until the other side has it. */
static weir_socket *pass(struct scene *scene) {
  struct channels *channels = &scene->channels;
  assert_int_equal(channels_send_socket(channels->world, channels->a, "P", "take it", scene->pair.accepted), 1);
  channels_run_until_noted(channels, "P sent", 1);
  assert_int_equal(channels->arrived_count, 1);
  return channels->arrived[0];
}

static void run_until_read(struct channels *channels, const weir_socket *socket, uint64_t bytes) {
  while (weir_socket_bytes_read(socket) < bytes) channels_turn(channels);
}

static void close_scene(struct scene *scene) {
  struct channels *channels = &scene->channels;
  weir_server_close(scene->pair.server, NULL, NULL);
  weir_socket_end(scene->pair.client, NULL);
  if (channels->arrived_count > 0) {
    weir_socket_end(channels->arrived[0], NULL);
    channels_run_until_noted(channels, "N1 close", 1);
  }
  channels_run_until_noted(channels, "C close", 1);
  channels_run_until_noted(channels, "V close", 1);
  channels_close(channels);
}

/* ---- sockets ---- */

static void a_passed_socket_goes_on_on_the_other_side(struct world *world) {
  struct scene scene;
  open_scene(&scene, world, false);
  weir_socket *arrived = pass(&scene);
  assert_ptr_equal(weir_socket_loop(arrived), scene.channels.there);
  assert_null(weir_socket_server(arrived));
  world_expect(world, "S", "close(false)");
  world_expect(world, "B", "message(take it)+socket");
  world_expect(world, "P", "sent");
  world_write(scene.pair.client, "question");
  run_until_read(&scene.channels, arrived, 8);
  world_write(arrived, "answer");
  run_until_read(&scene.channels, scene.pair.client, 6);
  weir_socket_end(scene.pair.client, NULL);
  channels_run_until_noted(&scene.channels, "N1 close", 1);
  world_expect(world, "N1", "data(question) end finish close(false)");
  close_scene(&scene);
  world_expect(world, "C", "data(answer) finish end close(false)");
}

static void bytes_that_came_before_and_after_are_all_there_once(struct world *world) {
  struct scene scene;
  open_scene(&scene, world, false);
  weir_socket_pause(scene.pair.accepted);
  world_write(scene.pair.client, "one");
  while (weir_socket_kept(scene.pair.accepted) < 3) weir_loop_run(world->loop, WEIR_RUN_ONCE);
  channels_send_socket(world, scene.channels.a, "P", "it", scene.pair.accepted);
  world_write(scene.pair.client, "two");
  channels_run_until_noted(&scene.channels, "P sent", 1);
  assert_true(weir_socket_is_paused(scene.channels.arrived[0]));
  weir_socket_resume(scene.channels.arrived[0]);
  world_write(scene.pair.client, "three");
  run_until_read(&scene.channels, scene.channels.arrived[0], 11);
  world_expect(world, "N1", "data(onetwothree)");
  assert_int_equal(weir_socket_bytes_read(scene.channels.arrived[0]), 11);
  close_scene(&scene);
}

static void queued_writes_go_out_before_the_socket_leaves(struct world *world) {
  struct scene scene;
  struct world_stream stream = {0};
  open_scene(&scene, world, false);
  world_on(scene.pair.client, WEIR_EVENT_DATA, world_check_on, &stream);
  world_write_pattern(world, scene.pair.accepted, "S", "write-cb", WRITTEN_BYTES, 0);
  assert_true(weir_socket_buffered(scene.pair.accepted) > 0);
  weir_socket *arrived = pass(&scene);
  world_expect(world, "S", "drain write-cb close(false)");
  assert_int_equal(weir_socket_bytes_written(arrived), WRITTEN_BYTES);
  world_write_pattern(world, arrived, "N1", "write-cb", 5, WRITTEN_BYTES);
  run_until_read(&scene.channels, scene.pair.client, WRITTEN_BYTES + 5);
  assert_false(stream.broken);
  close_scene(&scene);
}

static void an_end_behind_kept_bytes_is_told_behind_them(struct world *world) {
  struct scene scene;
  open_scene(&scene, world, true);
  weir_socket_pause(scene.pair.accepted);
  world_write(scene.pair.client, "last words");
  weir_socket_end(scene.pair.client, NULL);
  world_run_until_noted(world, "C finish", 1);
  world_run_for(world, 20);
  weir_socket *arrived = pass(&scene);
  weir_socket_resume(arrived);
  channels_run_until_noted(&scene.channels, "N1 end", 1);
  world_expect(world, "N1", "data(last words) end");
  world_write(arrived, "answer");
  close_scene(&scene);
  world_expect(world, "C", "finish data(answer) end close(false)");
}

static void an_end_that_was_told_is_not_told_again(struct world *world) {
  struct scene scene;
  open_scene(&scene, world, true);
  weir_socket_end(scene.pair.client, NULL);
  world_run_until_noted(world, "S end", 1);
  weir_socket *arrived = pass(&scene);
  assert_int_equal(weir_socket_get_state(arrived), WEIR_SOCKET_WRITE_ONLY);
  world_write(arrived, "answer");
  close_scene(&scene);
  world_expect(world, "N1", "finish close(false)");
  world_expect(world, "C", "finish data(answer) end close(false)");
}

static void a_half_that_has_ended_stays_ended(struct world *world) {
  struct scene scene;
  weir_socket_options options = weir_socket_options_default();
  options.allow_half_open = true;
  struct world_pair_options both = {.client = &options, .client_trace = WORLD_TRACE_DATA};
  scene = (struct scene){.channels = {.trace = WORLD_TRACE_DATA}};
  scene.pair = world_pair(world, &both);
  world_forget(world);
  channels_open(&scene.channels, world);
  weir_socket_end(scene.pair.accepted, NULL);
  world_run_until_noted(world, "S finish", 1);
  world_run_until_noted(world, "C end", 1);
  weir_socket *arrived = pass(&scene);
  assert_int_equal(weir_socket_get_state(arrived), WEIR_SOCKET_READ_ONLY);
  assert_int_equal(world_write(arrived, "more"), WEIR_EENDED);
  world_write(scene.pair.client, "still");
  run_until_read(&scene.channels, arrived, 5);
  weir_socket_end(scene.pair.client, NULL);
  channels_run_until_noted(&scene.channels, "N1 close", 1);
  world_expect(world, "N1", "data(still) end close(false)");
  close_scene(&scene);
}

static void the_beginning_of_a_character_travels_along(struct world *world) {
  struct scene scene;
  open_scene(&scene, world, false);
  weir_socket_set_encoding(scene.pair.accepted, WEIR_ENCODING_BASE64);
  world_on(scene.pair.accepted, WEIR_EVENT_DATA, world_note_event, world_mark(world, "S", "text"));
  weir_socket_write(scene.pair.client, "\1\2", 2);
  while (weir_socket_bytes_read(scene.pair.accepted) < 2) weir_loop_run(world->loop, WEIR_RUN_ONCE);
  pass(&scene);
  weir_socket_write(scene.pair.client, "\3\4", 2);
  weir_socket_end(scene.pair.client, NULL);
  channels_run_until_noted(&scene.channels, "N1 close", 1);
  world_expect(world, "N1", "data(AQIDBA==) end finish close(false)");
  close_scene(&scene);
}

static void addresses_options_and_counters_travel_too(struct world *world) {
  struct scene scene;
  weir_address before[2];
  weir_address after[2];
  open_scene(&scene, world, false);
  weir_socket_set_type_of_service(scene.pair.accepted, 8);
  weir_socket_set_high_water_mark(scene.pair.accepted, 1234);
  weir_socket_set_timeout(scene.pair.accepted, 100000);
  weir_socket_local_address(scene.pair.accepted, &before[0]);
  weir_socket_remote_address(scene.pair.accepted, &before[1]);
  weir_socket *arrived = pass(&scene);
  assert_int_equal(weir_socket_local_address(arrived, &after[0]), world->tcp);
  assert_int_equal(weir_socket_remote_address(arrived, &after[1]), world->tcp);
  assert_memory_equal(before, after, sizeof before);
  assert_int_equal(weir_socket_type_of_service(arrived), weir_socket_type_of_service(scene.pair.accepted));
  assert_int_equal(weir_socket_high_water_mark(arrived), 1234);
  assert_int_equal(weir_socket_timeout_ms(arrived), 100000);
  close_scene(&scene);
}

static void a_client_goes_to_the_other_side_as_well(struct world *world) {
  struct scene scene;
  open_scene(&scene, world, false);
  assert_int_equal(channels_send_socket(world, scene.channels.a, "P", "mine", scene.pair.client), 1);
  channels_run_until_noted(&scene.channels, "P sent", 1);
  world_write(scene.pair.accepted, "hello");
  weir_socket_end(scene.pair.accepted, NULL);
  channels_run_until_noted(&scene.channels, "N1 close", 1);
  world_expect(world, "N1", "data(hello) end finish close(false)");
  world_expect(world, "C", "close(false)");
  close_scene(&scene);
}

/* ---- messages around it ---- */

static void a_socket_stays_with_its_message(struct world *world) {
  struct scene scene;
  open_scene(&scene, world, false);
  channels_send(world, scene.channels.a, "x", "one");
  channels_send_socket(world, scene.channels.a, "x", "two", scene.pair.accepted);
  channels_send(world, scene.channels.a, "x", "three");
  channels_send(world, scene.channels.a, "x", "four");
  channels_run_until_noted(&scene.channels, "B message", 4);
  world_expect(world, "B", "message(one) message(two)+socket message(three) message(four)");
  channels_run_until_noted(&scene.channels, "x sent", 4);
  close_scene(&scene);
}

static void a_socket_travels_with_a_large_message_in_both_directions(struct world *world) {
  struct scene scene;
  char *text = malloc(LARGE_BYTES + 1);
  open_scene(&scene, world, false);
  memset(text, 'x', LARGE_BYTES);
  text[LARGE_BYTES] = '\0';
  assert_int_equal(channels_send_socket(world, scene.channels.a, "P", text, scene.pair.accepted), 0);
  channels_run_until_noted(&scene.channels, "P sent", 1);
  weir_socket *there = scene.channels.arrived[0];
  world_expect(world, "B", world_format(world, "message(%.40s...%d)+socket", text, LARGE_BYTES));
  assert_int_equal(channels_send_socket(world, scene.channels.b, "Q", text, there), 0);
  channels_run_until_noted(&scene.channels, "Q sent", 1);
  assert_int_equal(scene.channels.arrived_count, 2);
  assert_int_equal(world_count(world, "A message"), 1);
  world_write(scene.pair.client, "home");
  run_until_read(&scene.channels, scene.channels.arrived[1], 4);
  weir_socket_end(scene.channels.arrived[1], NULL);
  free(text);
  close_scene(&scene);
}

static void disconnecting_waits_until_a_socket_has_gone(struct world *world) {
  struct scene scene;
  open_scene(&scene, world, false);
  world_write_pattern(world, scene.pair.accepted, "S", "write-cb", 1 << 20, 0);
  channels_send_socket(world, scene.channels.a, "P", "it", scene.pair.accepted);
  weir_channel_disconnect(scene.channels.a);
  channels_run_until_noted(&scene.channels, "A close", 1);
  channels_run_until_noted(&scene.channels, "B close", 1);
  world_expect(world, "B", "message(it)+socket close(false)");
  world_expect(world, "P", "sent");
  weir_socket_end(scene.channels.arrived[0], NULL);
  weir_socket_end(scene.pair.client, NULL);
  weir_server_close(scene.pair.server, NULL, NULL);
  channels_run_until_noted(&scene.channels, "N1 close", 1);
  channels_forget(&scene.channels);
}

static void a_socket_waits_for_somebody_who_listens(struct world *world) {
  struct scene scene = {.channels = {.trace = WORLD_TRACE_DATA}};
  scene.pair = world_pair(world, &(struct world_pair_options){0});
  world_forget(world);
  channels_open_unheard(&scene.channels, world);
  channels_send_socket(world, scene.channels.a, "P", "early", scene.pair.accepted);
  world_write(scene.pair.client, "bird");
  for (int i = 0; i < 200; i++) channels_turn(&scene.channels);
  world_expect(world, "P", "");
  channels_listen(&scene.channels);
  channels_run_until_noted(&scene.channels, "P sent", 1);
  run_until_read(&scene.channels, scene.channels.arrived[0], 4);
  world_expect(world, "N1", "data(bird)");
  close_scene(&scene);
}

static void disconnecting_waits_until_a_socket_was_taken(struct world *world) {
  struct scene scene = {.channels = {.trace = WORLD_TRACE_LIFE}};
  scene.pair = world_pair(world, &(struct world_pair_options){0});
  world_forget(world);
  channels_open_unheard(&scene.channels, world);
  channels_send_socket(world, scene.channels.a, "P", "late", scene.pair.accepted);
  weir_channel_disconnect(scene.channels.a);
  for (int i = 0; i < 300; i++) channels_turn(&scene.channels);
  world_expect(world, "A", "");
  channels_listen(&scene.channels);
  channels_run_until_noted(&scene.channels, "A close", 1);
  channels_run_until_noted(&scene.channels, "B close", 1);
  world_expect(world, "B", "message(late)+socket close(false)");
  world_expect(world, "P", "sent");
  weir_socket_destroy(scene.channels.arrived[0], NULL);
  weir_socket_resume(scene.pair.client);
  weir_server_close(scene.pair.server, NULL, NULL);
  channels_run_until_noted(&scene.channels, "N1 close", 1);
  channels_forget(&scene.channels);
}

/* ---- many at a time ---- */

/* Clients whose accepted ends go through a channel. */
struct crowd {
  struct channels *channels;
  weir_channel *through;
  struct world *world;
  size_t came;
};

static void pass_on(const weir_event *event, void *user) {
  struct crowd *crowd = user;
  crowd->came++;
  assert_true(channels_send_socket(crowd->world, crowd->through, "P", "it", event->connection) >= 0);
}

static void both_sides_can_send_each_other_many_at_once(struct world *world) {
  struct channels channels = {.is_quiet = true};
  channels_open(&channels, world);
  struct crowd crowd = {.channels = &channels, .through = channels.a, .world = world};
  weir_server *server = world_listen(world, NULL, pass_on, &crowd);
  for (int i = 0; i < CROWD; i++) world_connect(world, NULL);
  channels_run_until_noted(&channels, "P sent", CROWD);
  assert_int_equal(channels.arrived_count, CROWD);
  for (int i = 0; i < CROWD; i++) {
    assert_true(channels_send_socket(world, channels.b, "Q", "back", channels.arrived[i]) >= 0);
    weir_socket_release(channels.arrived[i]);
  }
  channels.arrived_count = 0;
  for (int i = 0; i < CROWD / 2; i++) world_connect(world, NULL);
  channels_run_until_noted(&channels, "Q sent", CROWD);
  channels_run_until_noted(&channels, "P sent", CROWD + CROWD / 2);
  assert_int_equal(channels.arrived_count, CROWD + CROWD / 2);
  for (size_t i = 0; i < channels.arrived_count; i++) weir_socket_destroy(channels.arrived[i], NULL);
  weir_server_close(server, NULL, NULL);
  channels_close(&channels);
}

static void the_answer_of_a_send_says_when_too_many_wait(struct world *world) {
  struct channels channels = {.is_quiet = true};
  channels_open(&channels, world);
  struct world_accepted accepted = {.world = world};
  weir_server *server = world_listen_and_keep(world, &accepted);
  for (int i = 0; i < 32; i++) world_connect(world, NULL);
  while (accepted.count < 32) weir_loop_run(world->loop, WEIR_RUN_ONCE);
  for (int i = 0; i < 32; i++) channels_send_socket(world, channels.a, "P", "it", accepted.sockets[i]);
  for (int i = 0; i < 40; i++) weir_loop_run(world->loop, WEIR_RUN_NOWAIT);
  world_expect(world, "P", "");
  assert_int_equal(weir_channel_send(channels.a, "behind", 6, NULL), 0);
  channels_run_until_noted(&channels, "A drain", 1);
  channels_run_until_noted(&channels, "P sent", 32);
  assert_int_equal(weir_channel_send(channels.a, "free", 4, NULL), 1);
  for (size_t i = 0; i < channels.arrived_count; i++) weir_socket_destroy(channels.arrived[i], NULL);
  weir_server_close(server, NULL, NULL);
  channels_close(&channels);
}

/* ---- who counts them ---- */

static void note_count(struct scene *scene, const char *expected) {
  struct world *world = scene->channels.world;
  size_t before = world_count(world, expected);
  weir_server_get_connections(scene->pair.server, world_note_count, world_mark(world, "count", NULL));
  for (int turn = 0; world_count(world, "count") == 0 && turn < 100; turn++) channels_turn(&scene->channels);
  world_expect(world, "count", expected);
  assert_int_equal(before, 0);
  world_forget(world);
}

static void a_server_counts_what_lives_on_the_other_side(struct world *world) {
  struct scene scene;
  open_scene(&scene, world, false);
  assert_int_equal(channels_send_socket(world, scene.channels.a, "P", "it", scene.pair.accepted), 1);
  note_count(&scene, "count(1)");
  channels_turn(&scene.channels);
  note_count(&scene, "count(1)");
  while (scene.channels.arrived_count == 0) channels_turn(&scene.channels);
  for (int i = 0; i < 20; i++) channels_turn(&scene.channels);
  note_count(&scene, "count(1)");
  weir_server_close(scene.pair.server, world_note_server, world_mark(world, "close", NULL));
  for (int i = 0; i < 50; i++) channels_turn(&scene.channels);
  world_expect(world, "V", "");
  weir_socket_end(scene.pair.client, NULL);
  channels_run_until_noted(&scene.channels, "V close", 1);
  world_expect_before(world, "N1 end", "N1 finish");
  world_expect_before(world, "N1 finish", "N1 close");
  world_expect(world, "close", "close-cb");
  channels_close(&scene.channels);
}

/* Nothing else would: what is connected there is no handle here. */
static void a_closing_server_keeps_its_loop_for_what_lives_on_the_other_side(struct world *world) {
  struct scene scene;
  open_scene(&scene, world, false);
  pass(&scene);
  weir_channel_unref(scene.channels.a);
  weir_socket_unref(scene.pair.client);
  weir_server_close(scene.pair.server, NULL, NULL);
  for (int i = 0; i < 50; i++) channels_turn(&scene.channels);
  world_expect(world, "V", "");
  assert_true(weir_loop_alive(world->loop));
  weir_server_unref(scene.pair.server);
  assert_false(weir_loop_alive(world->loop));
  weir_server_ref(scene.pair.server);
  weir_socket_end(scene.pair.client, NULL);
  channels_run_until_noted(&scene.channels, "V close", 1);
  channels_close(&scene.channels);
}

static void connections_on_the_other_side_count_against_the_maximum(struct world *world) {
  struct scene scene;
  open_scene(&scene, world, false);
  pass(&scene);
  weir_server_set_max_connections(scene.pair.server, 1);
  weir_socket *refused = world_connect_traced(world, "D");
  channels_run_until_noted(&scene.channels, "V drop", 1);
  channels_run_until_noted(&scene.channels, "D close", 1);
  assert_true(weir_socket_destroyed(refused));
  weir_socket_end(scene.pair.client, NULL);
  channels_run_until_noted(&scene.channels, "N1 close", 1);
  for (int i = 0; i < 50; i++) channels_turn(&scene.channels);
  world_connect_traced(world, "E");
  channels_run_until_noted(&scene.channels, "V connection", 1);
  weir_server_destroy_connections(scene.pair.server);
  close_scene(&scene);
}

static void the_end_of_the_channel_ends_the_counting(struct world *world) {
  struct scene scene;
  open_scene(&scene, world, false);
  pass(&scene);
  weir_server_close(scene.pair.server, NULL, NULL);
  weir_channel_destroy(scene.channels.b);
  channels_run_until_noted(&scene.channels, "V close", 1);
  channels_run_until_noted(&scene.channels, "A close", 1);
  assert_false(weir_socket_destroyed(scene.channels.arrived[0]));
  weir_socket_end(scene.pair.client, NULL);
  channels_run_until_noted(&scene.channels, "N1 close", 1);
  channels_forget(&scene.channels);
}

static void who_passes_on_is_told_of_the_close_in_the_end(struct world *world) {
  struct scene scene;
  struct channels second = {.trace = WORLD_TRACE_LIFE};
  open_scene(&scene, world, false);
  weir_socket *arrived = pass(&scene);
  /* From the other side's loop to a third one. */
  weir_loop *third = further_loop(world);
  weir_channel *near = NULL;
  weir_channel *far = NULL;
  assert_int_equal(weir_channel_pair(scene.channels.there, third, &near, &far), WEIR_OK);
  struct channels *kept = &second;
  second.world = world;
  second.b = far;
  channels_listen(kept);
  assert_int_equal(channels_send_socket(world, near, "Q", "on", arrived), 1);
  while (world_count(world, "Q sent") == 0) {
    channels_turn(&scene.channels);
    weir_loop_run(third, WEIR_RUN_NOWAIT);
  }
  note_count(&scene, "count(1)");
  weir_socket_end(scene.pair.client, NULL);
  weir_server_close(scene.pair.server, NULL, NULL);
  while (world_count(world, "V close") == 0) {
    channels_turn(&scene.channels);
    weir_loop_run(third, WEIR_RUN_NOWAIT);
  }
  assert_true(weir_socket_destroyed(second.arrived[0]));
  weir_socket_release(second.arrived[0]);
  weir_channel_destroy(near);
  weir_channel_release(near);
  weir_channel_release(far);
  channels_close(&scene.channels);
  weir_loop_release(third);
}

/* ---- what cannot go ---- */

static void what_cannot_leave_stays_as_it_was(struct world *world) {
  struct scene scene;
  open_scene(&scene, world, false);
  weir_channel *channel = scene.channels.a;
  weir_socket *accepted = scene.pair.accepted;
  weir_socket *fresh = world_socket(world, NULL);
  weir_server *idle = world_server(world, NULL, NULL, NULL);
  assert_int_equal(channels_send_socket(world, channel, "P", "x", fresh), WEIR_ENOTCONN);
  assert_int_equal(channels_send_server(world, channel, "P", "x", idle, false), WEIR_ENOTOPEN);
  assert_int_equal(channels_send_socket(world, scene.channels.b, "P", "x", accepted), WEIR_EINVAL);
  weir_send_options both = weir_send_options_default();
  both.socket = accepted;
  both.server = scene.pair.server;
  assert_int_equal(weir_channel_send(channel, "x", 1, &both), WEIR_EINVAL);
  weir_socket_pipe(accepted, accepted, WEIR_PIPE_DEFAULT);
  assert_int_equal(channels_send_socket(world, channel, "P", "x", accepted), WEIR_EBUSY);
  world_write(scene.pair.client, "echo");
  run_until_read(&scene.channels, scene.pair.client, 4);
  weir_socket_unpipe(accepted, NULL);
  weir_socket_destroy(accepted, NULL);
  assert_int_equal(channels_send_socket(world, channel, "P", "x", accepted), WEIR_EDESTROYED);
  world_expect(world, "P", "");
  world_expect(world, "B", "");
  close_scene(&scene);
}

static void a_socket_is_sent_once(struct world *world) {
  struct scene scene;
  open_scene(&scene, world, false);
  assert_int_equal(channels_send_socket(world, scene.channels.a, "P", "once", scene.pair.accepted), 1);
  assert_int_equal(channels_send_socket(world, scene.channels.a, "Q", "twice", scene.pair.accepted), WEIR_EALREADY);
  channels_run_until_noted(&scene.channels, "P sent", 1);
  assert_int_equal(channels_send_socket(world, scene.channels.a, "Q", "late", scene.pair.accepted), WEIR_EDESTROYED);
  world_expect(world, "Q", "");
  close_scene(&scene);
}

static void a_socket_that_fails_on_its_way_out_fails_the_send(struct world *world) {
  struct scene scene;
  open_scene(&scene, world, false);
  weir_socket_pause(scene.pair.client);
  world_write_pattern(world, scene.pair.accepted, "S", "write-cb", 16 << 20, 0);
  channels_send_socket(world, scene.channels.a, "P", "lost", scene.pair.accepted);
  channels_send(world, scene.channels.a, "Q", "behind");
  for (int i = 0; i < 20; i++) channels_turn(&scene.channels);
  world_expect(world, "B", "");
  weir_socket_destroy(scene.pair.accepted, NULL);
  world_expect(world, "P", "");
  channels_run_until_noted(&scene.channels, "P sent", 1);
  channels_run_until_noted(&scene.channels, "Q sent", 1);
  channels_run_until_noted(&scene.channels, "B message", 1);
  world_expect(world, "P", "sent(ECANCELED)");
  world_expect(world, "B", "message(behind)");
  weir_socket_destroy(scene.pair.client, NULL);
  close_scene(&scene);
}

static void a_channel_that_is_lost_fails_what_was_under_way(struct world *world) {
  struct channels channels = {.is_quiet = true};
  channels_open_unheard(&channels, world);
  struct world_accepted accepted = {.world = world};
  weir_server *server = world_listen_and_keep(world, &accepted);
  for (int i = 0; i < 20; i++) weir_socket_resume(world_connect(world, NULL));
  while (accepted.count < 20) weir_loop_run(world->loop, WEIR_RUN_ONCE);
  world_write_pattern(world, accepted.sockets[19], "S", "write-cb", 16 << 20, 0);
  for (int i = 0; i < 20; i++) channels_send_socket(world, channels.a, "P", "it", accepted.sockets[i]);
  channels_send(world, channels.a, "Q", "behind");
  for (int i = 0; i < 30; i++) channels_turn(&channels);
  weir_channel_destroy(channels.b);
  channels_run_until_noted(&channels, "A close", 1);
  assert_int_equal(world_count(world, "P sent(EPIPE)"), 20);
  world_expect(world, "Q", "sent(EPIPE)");
  weir_server_destroy_connections(server);
  weir_server_close(server, world_note_server, world_mark(world, "close", NULL));
  channels_run_until_noted(&channels, "B close", 1);
  channels_run_until_noted(&channels, "close close-cb", 1);
  channels_forget(&channels);
}

static void a_loop_that_ends_closes_what_it_was_sending(struct world *world) {
  struct scene scene;
  open_scene(&scene, world, false);
  struct channels *channels = &scene.channels;
  assert_int_equal(channels_send_socket(world, channels->a, "P", "it", scene.pair.accepted), 1);
  channels_run_until_noted(channels, "P sent", 1);
  weir_socket *arrived = channels->arrived[0];
  assert_int_equal(channels_send_socket(world, channels->b, "Q", "back", arrived), 1);
  weir_socket_release(arrived);
  channels->arrived_count = 0;
  weir_channel_release(channels->b);
  weir_loop_release(channels->there);
  world_run_until_noted(world, "C close", 1);
  world_run_until_noted(world, "A close", 1);
  world_expect(world, "Q", "");
  weir_channel_release(channels->a);
  weir_server_close(scene.pair.server, NULL, NULL);
  world_run(world);
}

/* ---- both have it ---- */

static void a_connection_that_stays_open_can_be_written_by_both(struct world *world) {
  struct scene scene;
  open_scene(&scene, world, false);
  weir_send_options options = weir_send_options_default();
  options.socket = scene.pair.accepted;
  options.keep_open = true;
  options.callback = channels_note_sent;
  options.user = world_mark(world, "P", NULL);
  weir_socket_pause(scene.pair.accepted);
  assert_int_equal(weir_channel_send(scene.channels.a, "both", 4, &options), 1);
  channels_run_until_noted(&scene.channels, "P sent", 1);
  world_expect(world, "S", "");
  world_write(scene.pair.accepted, "here");
  run_until_read(&scene.channels, scene.pair.client, 4);
  world_write(scene.channels.arrived[0], "there");
  run_until_read(&scene.channels, scene.pair.client, 9);
  world_expect(world, "C", "data(herethere)");
  weir_socket_destroy(scene.pair.accepted, NULL);
  channels_run_until_noted(&scene.channels, "S close", 1);
  world_write(scene.channels.arrived[0], "!");
  run_until_read(&scene.channels, scene.pair.client, 10);
  world_expect(world, "C", "data(herethere!)");
  close_scene(&scene);
}

/* ---- servers ---- */

static void greet_from_there(const weir_event *event, void *user) {
  world_note(user, "there", "connection");
  weir_socket_end(event->connection, &(weir_write){.size = sizeof(weir_write), .bytes = "there", .length = 5});
}

static void greet_from_here(const weir_event *event, void *user) {
  world_note(user, "here", "connection");
  weir_socket_end(event->connection, &(weir_write){.size = sizeof(weir_write), .bytes = "here", .length = 4});
}

static weir_server *pass_server(struct channels *channels, weir_server *server, bool keep_open) {
  struct world *world = channels->world;
  assert_int_equal(channels_send_server(world, channels->a, "P", "serve", server, keep_open), 1);
  channels_run_until_noted(channels, "P sent", 1);
  world_expect(world, "B", "message(serve)+server");
  world_expect(world, "P", "sent");
  assert_non_null(channels->arrived_server);
  assert_true(weir_server_listening(channels->arrived_server));
  return channels->arrived_server;
}

static void a_passed_server_accepts_on_the_other_side(struct world *world) {
  struct scene scene;
  open_scene(&scene, world, false);
  scene.channels.serve = greet_from_there;
  weir_server *arrived = pass_server(&scene.channels, scene.pair.server, false);
  assert_false(weir_server_listening(scene.pair.server));
  assert_string_equal(weir_server_address(arrived), world_server_name(world));
  world_connect_traced(world, "D");
  channels_run_until_noted(&scene.channels, "D close", 1);
  world_expect(world, "D", "connect data(there) end finish close(false)");
  world_expect(world, "W", "listening connection");
  world_expect(world, "V", "");
  weir_socket_end(scene.pair.client, NULL);
  channels_run_until_noted(&scene.channels, "V close", 1);
  weir_server_close(arrived, NULL, NULL);
  channels_run_until_noted(&scene.channels, "W close", 1);
  weir_socket *late = world_connect_traced(world, "E");
  channels_run_until_noted(&scene.channels, "E close", 1);
  assert_true(weir_socket_destroyed(late));
  world_expect_nobody(world, "E");
  close_scene(&scene);
}

static void clients_that_wait_go_along_with_their_server(struct world *world) {
  struct channels channels = {.serve = greet_from_there};
  channels_open(&channels, world);
  weir_server *server = world_listen(world, NULL, greet_from_here, world);
  assert_int_equal(channels_send_server(world, channels.a, "P", "serve", server, false), 1);
  for (int i = 0; i < 5; i++) world_connect_traced(world, i == 0 ? "D" : "E");
  channels_run_until_noted(&channels, "P sent", 1);
  channels_run_until_noted(&channels, "D close", 1);
  channels_run_until_noted(&channels, "E close", 4);
  world_expect(world, "D", "connect data(there) end finish close(false)");
  assert_int_equal(world_count(world, "there connection"), 5);
  weir_server_close(channels.arrived_server, NULL, NULL);
  channels_run_until_noted(&channels, "W close", 1);
  channels_close(&channels);
}

static void both_accept_for_a_server_that_stays_open(struct world *world) {
  struct channels channels = {.serve = greet_from_there};
  channels_open(&channels, world);
  weir_server *server = world_listen(world, NULL, greet_from_here, world);
  weir_server *arrived = pass_server(&channels, server, true);
  assert_true(weir_server_listening(server));
  for (size_t i = 1; i <= 12; i++) {
    world_connect_traced(world, "D");
    channels_run_until_noted(&channels, "D close", i);
  }
  assert_int_equal(world_count(world, "here connection") + world_count(world, "there connection"), 12);
  weir_server_close(arrived, NULL, NULL);
  channels_run_until_noted(&channels, "W close", 1);
  size_t here = world_count(world, "here connection");
  world_connect_traced(world, "E");
  channels_run_until_noted(&channels, "E close", 1);
  world_expect(world, "E", "connect data(here) end finish close(false)");
  assert_int_equal(world_count(world, "here connection"), here + 1);
  weir_server_close(server, NULL, NULL);
  channels_close(&channels);
}

/* ---- three at once ---- */

static void twelve_sockets_go_to_three_others_and_each_ends_where_it_is(struct world *world) {
  struct channels others[3] = {{.is_quiet = true}, {.is_quiet = true}, {.is_quiet = true}};
  struct world_accepted accepted = {.world = world};
  weir_server *server = world_listen_and_keep(world, &accepted);
  world_on_server(server, WEIR_EVENT_CLOSE, world_note_event, world_mark(world, "server", "closed"));
  for (int i = 0; i < 3; i++) channels_open(&others[i], world);
  weir_socket *clients[12];
  for (int i = 0; i < 12; i++) clients[i] = world_connect_traced(world, "C");
  while (accepted.count < 12) weir_loop_run(world->loop, WEIR_RUN_ONCE);
  for (size_t i = 0; i < 12; i++) channels_send_socket(world, others[i % 3].a, "P", "it", accepted.sockets[i]);
  while (world_count(world, "P sent") < 12) {
    for (int i = 0; i < 3; i++) channels_turn(&others[i]);
  }
  for (int i = 0; i < 3; i++) {
    assert_int_equal(others[i].arrived_count, 4);
    for (size_t k = 0; k < 4; k++) {
      if (k % 2 == 0) world_write(others[i].arrived[k], "some words");
      weir_socket_end(others[i].arrived[k], NULL);
      weir_socket_resume(others[i].arrived[k]);
    }
  }
  weir_server_close(server, NULL, NULL);
  while (world_count(world, "C close") < 12 || world_count(world, "server closed") < 1) {
    for (int i = 0; i < 3; i++) channels_turn(&others[i]);
  }
  for (int i = 0; i < 12; i++) assert_true(weir_socket_bytes_read(clients[i]) == (i / 3 % 2 == 0 ? 10 : 0));
  for (int i = 0; i < 3; i++) {
    weir_channel_disconnect(others[i].a);
    while (weir_loop_alive(others[i].there)) channels_turn(&others[i]);
    while (world_count(world, "A close") < (size_t)i + 1) weir_loop_run(world->loop, WEIR_RUN_NOWAIT);
  }
  for (int i = 0; i < 3; i++) channels_forget(&others[i]);
}

/* ---- threads ---- */

/* Sockets that come are echoes, until the channel ends. */
static void be_echo(const weir_event *event, void *unused) {
  (void)unused;
  if (event->message->socket != NULL)
    weir_socket_pipe(event->message->socket, event->message->socket, WEIR_PIPE_DEFAULT);
}

static void run_there(void *channel) {
  weir_loop_run(weir_channel_loop(channel), WEIR_RUN_DEFAULT);
  weir_channel_release(channel);
}

static void send_there(const weir_event *event, void *user) {
  weir_send_options options = weir_send_options_default();
  options.socket = event->connection;
  assert_true(weir_channel_send(user, NULL, 0, &options) >= 0);
}

static void a_channel_goes_between_threads(struct world *world) {
  weir_channel *here = NULL;
  weir_channel *there = NULL;
  weir_loop *other = further_loop(world);
  struct world_stream streams[CROWD] = {{0}};
  weir_socket *guests[CROWD];
  assert_int_equal(weir_channel_pair(world->loop, other, &here, &there), WEIR_OK);
  assert_int_equal(weir_channel_on(there, WEIR_EVENT_MESSAGE, be_echo, NULL), WEIR_OK);
  struct thread *thread = thread_start(run_there, there);
  assert_non_null(thread);
  weir_server *server = world_listen(world, NULL, send_there, here);
  for (size_t i = 0; i < CROWD; i++) {
    guests[i] = world_connect(world, NULL);
    world_on(guests[i], WEIR_EVENT_DATA, world_check_on, &streams[i]);
    world_write_pattern(world, guests[i], "C", "write-cb", 100000, 0);
    weir_socket_end(guests[i], NULL);
  }
  for (size_t i = 0; i < CROWD; i++) {
    while (!weir_socket_destroyed(guests[i])) weir_loop_run(world->loop, WEIR_RUN_ONCE);
  }
  weir_server_close(server, world_note_server, world_mark(world, "close", NULL));
  world_run_until_noted(world, "close close-cb", 1);
  weir_channel_disconnect(here);
  weir_channel_release(here);
  world_run(world);
  thread_join(thread);
  weir_loop_release(other);
  for (size_t i = 0; i < CROWD; i++) assert_true(streams[i].bytes == 100000 && !streams[i].broken);
}

static const struct world_case cases[] = {
    WORLD_CASE("EO-48 A257 A279 D16", a_passed_socket_goes_on_on_the_other_side),
    WORLD_CASE("EO-48", bytes_that_came_before_and_after_are_all_there_once),
    WORLD_CASE("EO-48 D16", queued_writes_go_out_before_the_socket_leaves),
    WORLD_CASE("D16", an_end_behind_kept_bytes_is_told_behind_them),
    WORLD_CASE("D16", an_end_that_was_told_is_not_told_again),
    WORLD_CASE("D16", a_half_that_has_ended_stays_ended),
    WORLD_CASE("D16", the_beginning_of_a_character_travels_along),
    WORLD_CASE("D11 D16", addresses_options_and_counters_travel_too),
    WORLD_CASE("A251", a_client_goes_to_the_other_side_as_well),
    WORLD_CASE("EO-48 A259", a_socket_stays_with_its_message),
    WORLD_CASE("A254", a_socket_travels_with_a_large_message_in_both_directions),
    WORLD_CASE("A271", disconnecting_waits_until_a_socket_has_gone),
    WORLD_CASE("A271", disconnecting_waits_until_a_socket_was_taken),
    WORLD_CASE("", a_socket_waits_for_somebody_who_listens),
    WORLD_CASE("A252 A276", both_sides_can_send_each_other_many_at_once),
    WORLD_CASE("A263", the_answer_of_a_send_says_when_too_many_wait),
    WORLD_CASE("EO-48 A258 S044 D16", a_server_counts_what_lives_on_the_other_side),
    WORLD_CASE("D16", a_closing_server_keeps_its_loop_for_what_lives_on_the_other_side),
    WORLD_CASE("S061 D16", connections_on_the_other_side_count_against_the_maximum),
    WORLD_CASE("D16", the_end_of_the_channel_ends_the_counting),
    WORLD_CASE("D16", who_passes_on_is_told_of_the_close_in_the_end),
    WORLD_CASE("EO-48", what_cannot_leave_stays_as_it_was),
    WORLD_CASE("A253", a_socket_is_sent_once),
    WORLD_CASE("", a_socket_that_fails_on_its_way_out_fails_the_send),
    WORLD_CASE("A268", a_channel_that_is_lost_fails_what_was_under_way),
    WORLD_CASE("A268", a_loop_that_ends_closes_what_it_was_sending),
    WORLD_CASE_EXCEPT("EO-48 A262", a_connection_that_stays_open_can_be_written_by_both, WORLD_NOT_SIM,
                      "a simulated connection has one holder"),
    WORLD_CASE("EO-48 D16", a_passed_server_accepts_on_the_other_side),
    WORLD_CASE("D16", clients_that_wait_go_along_with_their_server),
    WORLD_CASE("EO-48 A256 A280", both_accept_for_a_server_that_stays_open),
    WORLD_CASE_EXCEPT("A278", a_channel_goes_between_threads, WORLD_NOT_SIM, "a simulated world has one thread"),
    WORLD_CASE("A255 A281", twelve_sockets_go_to_three_others_and_each_ends_where_it_is),
};

int main(int argc, char **argv) { return world_main(argc, argv, "passing", cases, sizeof cases / sizeof cases[0]); }
