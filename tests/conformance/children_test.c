/* SPDX-License-Identifier: MIT */
/*
 * Channels between a program and its children: messages around the child's life, and sockets and servers that go to
 * another process and come from one. What is the same within one process is shown in channel_test.c and passing_test.c.
 */
#include <stdio.h>
#include <stdlib.h>

#include "support/program.h"
#include "support/world.h"

enum { LARGE_BYTES = 4 << 20, QUEUED_BYTES = 12 << 20, TAIL_BYTES = 5, CHILDREN = 8 };

/* ---- parts ---- */

/* A child that plays a part at the other end of a channel. */
struct child {
  struct world *world;
  const char *name;
  struct program *program;
  weir_channel *channel;
  size_t messages;
  char last[64];        /* the last message, as a text */
  uint64_t last_length; /* and its true length */
  bool was_whole;       /* it was the pattern of "large" */
  bool is_closed;
  weir_socket *arrived; /* the last socket that came; held */
  const char *guest;    /* sockets that come are traced under this name, with their data; NULL: they are not */
};

static bool is_pattern(const unsigned char *bytes, size_t length) {
  for (size_t i = 0; i < length; i++) {
    if (bytes[i] != (unsigned char)(i * 7 + i / 251)) return false;
  }
  return true;
}

static void hear_message(const weir_event *event, void *user) {
  struct child *child = user;
  const weir_event_message *message = event->message;
  size_t shown = message->length < sizeof child->last - 1 ? message->length : sizeof child->last - 1;
  memcpy(child->last, message->bytes, shown);
  child->last[shown] = '\0';
  child->last_length = message->length;
  child->was_whole = is_pattern(message->bytes, message->length);
  child->messages++;
  world_note(child->world, child->name, "message");
  if (message->socket == NULL) return;
  weir_socket_release(child->arrived);
  child->arrived = weir_socket_retain(message->socket);
  if (child->guest != NULL) world_trace_socket(child->world, child->arrived, child->guest, WORLD_TRACE_DATA);
}

static void hear_close(const weir_event *event, void *user) {
  struct child *child = user;
  child->is_closed = true;
  world_note(child->world, child->name, "channel-close(%s)", event->had_error ? "true" : "false");
}

static void hear_error(const weir_event *event, void *user) {
  struct child *child = user;
  world_note(child->world, child->name, "channel-error(%s)", weir_code_name(event->error->code));
}

static struct child *start(struct world *world, const char *name, const char *part, const char *text) {
  const char *words[] = {program_file, "channel", part, world->backend, text, NULL};
  weir_process_options options = program_options(words);
  struct child *child = calloc(1, sizeof *child);
  options.channel = true;
  options.detached = true; /* Wine 8's console host of a child that is killed as it starts keeps its ends for ever */
  child->world = world;
  child->name = name;
  child->program = program_start(world, name, &options);
  child->channel = weir_channel_retain(weir_process_channel(child->program->process));
  weir_channel_on(child->channel, WEIR_EVENT_MESSAGE, hear_message, child);
  weir_channel_on(child->channel, WEIR_EVENT_CLOSE, hear_close, child);
  weir_channel_on(child->channel, WEIR_EVENT_ERROR, hear_error, child);
  return child;
}

/* Waits for its end, which must be a good one, and frees what is left of it here. */
static void end_with(struct child *child, const char *ending) {
  program_await(child->program);
  assert_string_equal(child->program->complaints.text, "");
  if (ending != NULL) world_expect(child->world, child->name, ending);
  weir_channel_release(child->channel);
  weir_socket_release(child->arrived);
  free(child);
}

static void disconnect(struct child *child) {
  assert_int_equal(weir_channel_disconnect(child->channel), WEIR_OK);
  program_await(child->program);
  assert_int_equal(child->program->end.code, 0);
  end_with(child, NULL);
}

static int tell(struct child *child, const char *text) {
  return weir_channel_send(child->channel, text, strlen(text), NULL);
}

/* What the child answers to a word. */
static const char *ask(struct child *child, const char *text) {
  size_t before = child->messages;
  assert_true(tell(child, text) >= 0);
  while (child->messages == before) {
    assert_false(child->is_closed);
    weir_loop_run(child->world->loop, WEIR_RUN_ONCE);
  }
  return child->last;
}

static void note_sent(weir_channel *channel, const weir_error *error, void *user) {
  struct child *child = user;
  (void)channel;
  world_note(child->world, "sent", "%s", error == NULL ? "OK" : weir_code_name(error->code));
}

static void give(struct child *child, weir_socket *socket) {
  weir_send_options options = weir_send_options_default();
  options.socket = socket;
  options.callback = note_sent;
  options.user = child;
  assert_true(weir_channel_send(child->channel, "it", 2, &options) >= 0);
}

static void give_server(struct child *child, weir_server *server, bool keep_open) {
  weir_send_options options = weir_send_options_default();
  options.server = server;
  options.keep_open = keep_open;
  options.callback = note_sent;
  options.user = child;
  assert_true(weir_channel_send(child->channel, "it", 2, &options) >= 0);
}

static void run_until_read(struct world *world, const weir_socket *socket, uint64_t bytes) {
  while (weir_socket_bytes_read(socket) < bytes) weir_loop_run(world->loop, WEIR_RUN_ONCE);
}

/* ---- messages and lives ---- */

static void messages_go_to_a_child_and_come_back(struct world *world) {
  struct child *child = start(world, "P", "answer", "-");
  assert_string_equal(ask(child, "hello"), "hello");
  assert_string_equal(ask(child, ""), "");
  assert_true(weir_channel_connected(child->channel));
  assert_string_equal(ask(child, "go"), "go");
  end_with(child, "message message message channel-close(false) exit(0) close");
}

static void the_last_large_message_comes_before_the_exit(struct world *world) {
  struct child *child = start(world, "P", "large", "4194304");
  program_await(child->program);
  assert_int_equal(child->last_length, LARGE_BYTES);
  assert_true(child->was_whole);
  end_with(child, "message channel-close(false) exit(0) close");
}

static void a_child_that_listens_lives_until_it_is_let_go(struct world *world) {
  struct child *child = start(world, "P", "answer", "-");
  ask(child, "hello");
  world_run_for(world, 300);
  assert_true(weir_process_running(child->program->process));
  disconnect(child);
}

static void a_child_opens_its_channel_once(struct world *world) {
  struct child *child = start(world, "P", "twice", "-");
  program_await(child->program);
  assert_string_equal(child->last, "ENOTCONN");
  end_with(child, NULL);
}

static void a_child_that_never_opens_its_channel_closes_it_with_its_end(struct world *world) {
  struct child *child = start(world, "P", "deaf", "100");
  tell(child, "hello?");
  end_with(child, "channel-close(true) exit(0) close");
}

static void a_killed_child_is_a_lost_channel(struct world *world) {
  struct child *child = start(world, "P", "answer", "-");
  ask(child, "hello");
  world_forget(world);
  weir_process_kill(child->program->process, WEIR_SIGNAL_KILL);
  end_with(child, "channel-close(true) exit(SIGKILL) close");
}

static void nonsense_from_a_child_closes_the_channel_with_an_error(struct world *world) {
  struct child *child = start(world, "P", "nonsense", "-");
  program_await(child->program);
  world_expect(world, "P", "channel-error(EPROTO) channel-close(true) exit(0) close");
  end_with(child, NULL);
}

static void a_child_that_could_not_be_started_has_no_channel(struct world *world) {
  program_skip_in_valgrind(world);
  weir_process_options options = program_options(NULL);
  options.file = "/there is no such file";
  options.channel = true;
  struct program *program = program_start(world, "P", &options);
  assert_null(weir_process_channel(program->process));
  program_await(program);
  world_expect(world, "P", "error(ENOENT) close");
}

static void a_process_without_a_channel_has_none(struct world *world) {
  struct program *program = program_do(world, "P", WORDS("await"));
  assert_null(weir_process_channel(program->process));
  weir_socket_end(weir_process_stdio(program->process, 0), NULL);
  program_await(program);
  world_expect(world, "P", "exit(0) close");
}

static void what_nobody_hears_does_not_hold_the_end_back(struct world *world) {
  const char *words[] = {program_file, "channel", "large", world->backend, "300000", NULL};
  weir_process_options options = program_options(words);
  options.channel = true;
  struct program *program = program_start(world, "P", &options);
  program_await(program);
  world_expect(world, "P", "exit(0) close");
}

/* ---- sockets ---- */

static void a_socket_is_served_by_a_child(struct world *world) {
  struct world_pair pair = world_pair(world, &(struct world_pair_options){.client_trace = WORLD_TRACE_DATA});
  struct child *child = start(world, "P", "serve", "-");
  weir_socket_pause(pair.accepted);
  world_write(pair.client, "before ");
  while (weir_socket_kept(pair.accepted) < 7) weir_loop_run(world->loop, WEIR_RUN_ONCE);
  world_forget(world);
  give(child, pair.accepted);
  weir_server_close(pair.server, world_note_server, world_mark(world, "close", NULL));
  world_run_until_noted(world, "sent OK", 1);
  world_expect(world, "V", "");
  world_write(pair.client, "and after");
  run_until_read(world, pair.client, 9 + 7);
  world_expect(world, "C", "data(before and after)");
  weir_server_get_connections(pair.server, world_note_count, world_mark(world, "count", NULL));
  world_run_until_noted(world, "count count", 1);
  world_expect(world, "count", "count(1)");
  weir_socket_end(pair.client, NULL);
  world_run_until_noted(world, "close close-cb", 1);
  disconnect(child);
}

static void a_child_sends_its_own_connection_to_the_parent(struct world *world) {
  struct world_accepted accepted = {.world = world, .trace = WORLD_TRACE_DATA};
  weir_server *server = world_listen_and_keep(world, &accepted);
  struct child *child = start(world, "P", "call", world->endpoint);
  while (accepted.count < 1 || child->messages < 1) weir_loop_run(world->loop, WEIR_RUN_ONCE);
  assert_non_null(child->arrived);
  world_write(accepted.sockets[0], "greeting");
  run_until_read(world, child->arrived, 8);
  world_write(child->arrived, "echo");
  run_until_read(world, accepted.sockets[0], 4);
  weir_socket_end(accepted.sockets[0], NULL);
  weir_socket_resume(child->arrived);
  weir_server_close(server, NULL, NULL);
  world_run_until_noted(world, "S1 close", 1);
  world_expect(world, "S1", "data(echo) finish end close(false)");
  end_with(child, NULL);
}

static void many_children_send_sockets_back(struct world *world) {
  struct world_accepted accepted = {.world = world};
  weir_server *server = world_listen_and_keep(world, &accepted);
  struct child *children[CHILDREN];
  weir_socket *clients[CHILDREN];
  for (int i = 0; i < CHILDREN; i++) children[i] = start(world, "P", "back", "-");
  for (int i = 0; i < CHILDREN; i++) clients[i] = world_connect(world, NULL);
  while (accepted.count < CHILDREN) weir_loop_run(world->loop, WEIR_RUN_ONCE);
  for (int i = 0; i < CHILDREN; i++) {
    give(children[i], accepted.sockets[i]);
    world_write(clients[i], "x");
  }
  for (int i = 0; i < CHILDREN; i++) {
    while (children[i]->arrived == NULL) weir_loop_run(world->loop, WEIR_RUN_ONCE);
    world_write(children[i]->arrived, "home");
    weir_socket_resume(children[i]->arrived);
  }
  for (int i = 0; i < CHILDREN; i++) {
    weir_socket_resume(clients[i]);
    run_until_read(world, children[i]->arrived, 1);
    weir_socket_end(clients[i], NULL);
  }
  weir_server_close(server, NULL, NULL);
  for (int i = 0; i < CHILDREN; i++) disconnect(children[i]);
  for (int i = 0; i < CHILDREN; i++) assert_int_equal(weir_socket_bytes_read(clients[i]), 4);
}

static void a_child_that_dies_with_sockets_under_way_loses_only_these(struct world *world) {
  struct world_accepted accepted = {.world = world};
  weir_server *server = world_listen_and_keep(world, &accepted);
  struct child *child = start(world, "P", "hoard", "-");
  for (int i = 0; i < 30; i++) weir_socket_resume(world_connect(world, NULL));
  while (accepted.count < 30) weir_loop_run(world->loop, WEIR_RUN_ONCE);
  for (int i = 0; i < 30; i++) give(child, accepted.sockets[i]);
  weir_process_kill(child->program->process, WEIR_SIGNAL_KILL);
  program_await(child->program);
  assert_int_equal(world_count(world, "sent OK") + world_count(world, "sent EPIPE"), 30);
  weir_server_close(server, world_note_server, world_mark(world, "close", NULL));
  world_run_until_noted(world, "close close-cb", 1);
  end_with(child, NULL);
}

static void parent_and_child_write_to_one_connection(struct world *world) {
  struct world_pair pair = world_pair(world, &(struct world_pair_options){.client_trace = WORLD_TRACE_DATA});
  struct child *child = start(world, "P", "serve", "-");
  weir_send_options options = weir_send_options_default();
  options.socket = pair.accepted;
  options.keep_open = true;
  options.callback = note_sent;
  options.user = child;
  weir_socket_pause(pair.accepted);
  assert_int_equal(weir_channel_send(child->channel, "it", 2, &options), 1);
  world_run_until_noted(world, "sent OK", 1);
  world_write(pair.accepted, "parent ");
  run_until_read(world, pair.client, 7);
  weir_socket_destroy(pair.accepted, NULL);
  world_run_until_noted(world, "S close", 1);
  world_write(pair.client, "child");
  run_until_read(world, pair.client, 12);
  world_expect(world, "C", "connect data(parent child)");
  weir_socket_end(pair.client, NULL);
  weir_server_close(pair.server, NULL, NULL);
  disconnect(child);
}

/* ---- what a socket takes along ---- */

/* A connection, C and S, both half-open, and a child that holds what it is given; what it gives back is N. */
struct scene {
  struct world *world;
  struct world_pair pair;
  struct child *child;
};

static struct scene open_scene(struct world *world) {
  weir_server_options server = weir_server_options_default();
  weir_socket_options client = weir_socket_options_default();
  server.allow_half_open = true;
  client.allow_half_open = true;
  struct world_pair_options options = {.server = &server, .client = &client, .client_trace = WORLD_TRACE_DATA};
  struct scene scene = {.world = world, .pair = world_pair(world, &options)};
  scene.child = start(world, "P", "hold", "-");
  scene.child->guest = "N";
  world_forget(world);
  return scene;
}

/* Gives the accepted socket to the child, and waits until it is there. */
static void give_away(struct scene *scene) {
  give(scene->child, scene->pair.accepted);
  world_run_until_noted(scene->world, "sent OK", 1);
}

/* Has it given back, and waits for it. */
static weir_socket *take_back(struct scene *scene) {
  assert_string_equal(ask(scene->child, "back"), "back");
  assert_non_null(scene->child->arrived);
  return scene->child->arrived;
}

/* What the child says about the socket as soon as `sign` is in it. */
static const char *look_until(struct scene *scene, const char *sign) {
  for (int looks = 0; looks < 1000 && strstr(ask(scene->child, "look"), sign) == NULL; looks++) {
    world_run_for(scene->world, 10);
  }
  assert_non_null(strstr(scene->child->last, sign));
  return scene->child->last;
}

static void run_until_kept(struct scene *scene, size_t bytes) {
  while (weir_socket_kept(scene->pair.accepted) < bytes) weir_loop_run(scene->world->loop, WEIR_RUN_ONCE);
}

/* All connections have ended. */
static void close_scene(struct scene *scene) {
  weir_server_close(scene->pair.server, NULL, NULL);
  world_run_until_noted(scene->world, "C close", 1);
  world_run_until_noted(scene->world, "V close", 1);
  disconnect(scene->child);
}

static void an_end_behind_kept_bytes_goes_to_a_child(struct world *world) {
  struct scene scene = open_scene(world);
  weir_socket_pause(scene.pair.accepted);
  world_write(scene.pair.client, "last words");
  weir_socket_end(scene.pair.client, NULL);
  run_until_kept(&scene, 10);
  world_run_for(world, 20);
  give_away(&scene);
  assert_string_equal(ask(scene.child, "look"), " read(10) kept(10)");
  tell(scene.child, "resume");
  assert_string_equal(look_until(&scene, "end"), "data(last words) end read(10) kept(0)");
  tell(scene.child, "answer");
  tell(scene.child, "end");
  assert_string_equal(look_until(&scene, "close"), "data(last words) end finish close read(10) kept(0)");
  close_scene(&scene);
  world_expect(world, "C", "finish data(answer) end close(false)");
}

static void an_end_behind_kept_bytes_comes_from_a_child(struct world *world) {
  struct scene scene = open_scene(world);
  weir_socket_pause(scene.pair.accepted);
  world_write(scene.pair.client, "first ");
  run_until_kept(&scene, 6);
  give_away(&scene);
  world_write(scene.pair.client, "and last");
  weir_socket_end(scene.pair.client, NULL);
  look_until(&scene, "kept(14)");
  world_run_for(world, 20);
  weir_socket *arrived = take_back(&scene);
  assert_int_equal(weir_socket_kept(arrived), 14);
  weir_socket_resume(arrived);
  world_run_until_noted(world, "N end", 1);
  world_write(arrived, "answer");
  weir_socket_end(arrived, NULL);
  close_scene(&scene);
  world_expect(world, "N", "data(first and last) end finish close(false)");
  world_expect(world, "C", "finish data(answer) end close(false)");
}

static void an_end_that_was_told_is_not_told_in_a_child(struct world *world) {
  struct scene scene = open_scene(world);
  weir_socket_resume(scene.pair.accepted);
  world_write(scene.pair.client, "bye");
  weir_socket_end(scene.pair.client, NULL);
  world_run_until_noted(world, "S end", 1);
  give_away(&scene);
  tell(scene.child, "answer");
  tell(scene.child, "end");
  assert_string_equal(look_until(&scene, "close"), "finish close read(3) kept(0)");
  close_scene(&scene);
  world_expect(world, "C", "finish data(answer) end close(false)");
}

static void an_end_that_was_told_in_a_child_is_not_told_again(struct world *world) {
  struct scene scene = open_scene(world);
  give_away(&scene);
  world_write(scene.pair.client, "bye");
  weir_socket_end(scene.pair.client, NULL);
  assert_string_equal(look_until(&scene, "end"), "data(bye) end read(3) kept(0)");
  weir_socket *arrived = take_back(&scene);
  assert_int_equal(weir_socket_get_state(arrived), WEIR_SOCKET_WRITE_ONLY);
  assert_int_equal(weir_socket_bytes_read(arrived), 3);
  world_write(arrived, "answer");
  weir_socket_end(arrived, NULL);
  close_scene(&scene);
  world_expect(world, "N", "finish close(false)");
  world_expect(world, "C", "finish data(answer) end close(false)");
}

static void a_half_that_has_ended_stays_ended_in_a_child(struct world *world) {
  struct scene scene = open_scene(world);
  weir_socket_end(scene.pair.accepted, NULL);
  world_run_until_noted(world, "C end", 1);
  give_away(&scene);
  tell(scene.child, "more");
  look_until(&scene, "refused");
  world_write(scene.pair.client, "still");
  weir_socket_end(scene.pair.client, NULL);
  assert_string_equal(look_until(&scene, "close"), "refused data(still) end close read(5) kept(0)");
  close_scene(&scene);
  world_expect(world, "C", "end finish close(false)");
}

static void a_half_that_has_ended_in_a_child_stays_ended(struct world *world) {
  struct scene scene = open_scene(world);
  give_away(&scene);
  tell(scene.child, "end");
  world_run_until_noted(world, "C end", 1);
  look_until(&scene, "finish");
  weir_socket *arrived = take_back(&scene);
  assert_int_equal(weir_socket_get_state(arrived), WEIR_SOCKET_READ_ONLY);
  assert_int_equal(world_write(arrived, "more"), WEIR_EENDED);
  world_write(scene.pair.client, "still");
  weir_socket_end(scene.pair.client, NULL);
  close_scene(&scene);
  world_expect(world, "N", "data(still) end close(false)");
  world_expect(world, "C", "end finish close(false)");
}

static void the_beginning_of_a_character_goes_to_a_child(struct world *world) {
  struct scene scene = open_scene(world);
  weir_socket_set_encoding(scene.pair.accepted, WEIR_ENCODING_BASE64);
  weir_socket_resume(scene.pair.accepted);
  weir_socket_write(scene.pair.client, "\1\2", 2);
  run_until_read(world, scene.pair.accepted, 2);
  give_away(&scene);
  assert_string_equal(ask(scene.child, "look"), " read(2) kept(0)");
  weir_socket_write(scene.pair.client, "\3\4", 2);
  weir_socket_end(scene.pair.client, NULL);
  assert_string_equal(look_until(&scene, "end"), "data(AQIDBA==) end read(4) kept(0)");
  tell(scene.child, "end");
  close_scene(&scene);
}

static void the_beginning_of_a_character_comes_from_a_child(struct world *world) {
  struct scene scene = open_scene(world);
  weir_socket_set_encoding(scene.pair.accepted, WEIR_ENCODING_BASE64);
  give_away(&scene);
  weir_socket_write(scene.pair.client, "\1\2", 2);
  assert_string_equal(look_until(&scene, "read(2)"), " read(2) kept(0)");
  weir_socket *arrived = take_back(&scene);
  weir_socket_write(scene.pair.client, "\3\4", 2);
  weir_socket_end(scene.pair.client, NULL);
  world_run_until_noted(world, "N end", 1);
  weir_socket_end(arrived, NULL);
  close_scene(&scene);
  world_expect(world, "N", "data(AQIDBA==) end finish close(false)");
}

/* The client has all of it, and what the other process wrote behind it. */
static void check_queue(struct scene *scene, struct world_stream *stream) {
  world_run_until_noted(scene->world, "C end", 1);
  assert_int_equal(stream->bytes, QUEUED_BYTES + TAIL_BYTES);
  assert_false(stream->broken);
  weir_socket_end(scene->pair.client, NULL);
}

static void queued_writes_go_out_before_a_socket_goes_to_a_child(struct world *world) {
  struct scene scene = open_scene(world);
  struct world_stream stream = {0};
  char tail[TAIL_BYTES];
  world_on(scene.pair.client, WEIR_EVENT_DATA, world_check_on, &stream);
  world_write_pattern(world, scene.pair.accepted, "S", "write-cb", QUEUED_BYTES, 0);
  assert_true(weir_socket_buffered(scene.pair.accepted) > 0);
  give_away(&scene);
  world_expect(world, "S", "drain write-cb close(false)");
  world_fill(tail, TAIL_BYTES, QUEUED_BYTES);
  assert_true(weir_channel_send(scene.child->channel, tail, TAIL_BYTES, NULL) >= 0);
  tell(scene.child, "end");
  check_queue(&scene, &stream);
  close_scene(&scene);
}

/* Has the child write more than the system takes while the client reads nothing. */
static void fill_queue(struct scene *scene) {
  unsigned char *bytes = malloc(QUEUED_BYTES);
  weir_socket_pause(scene->pair.client);
  world_fill(bytes, QUEUED_BYTES, 0);
  assert_true(weir_channel_send(scene->child->channel, bytes, QUEUED_BYTES, NULL) >= 0);
  free(bytes);
  look_until(scene, "queued");
}

static void queued_writes_go_out_before_a_socket_comes_from_a_child(struct world *world) {
  struct scene scene = open_scene(world);
  struct world_stream stream = {0};
  give_away(&scene);
  world_on(scene.pair.client, WEIR_EVENT_DATA, world_check_on, &stream);
  fill_queue(&scene);
  weir_socket_resume(scene.pair.client);
  weir_socket *arrived = take_back(&scene);
  assert_int_equal(weir_socket_bytes_written(arrived), QUEUED_BYTES);
  world_write_pattern(world, arrived, "N", "write-cb", TAIL_BYTES, QUEUED_BYTES);
  weir_socket_end(arrived, NULL);
  check_queue(&scene, &stream);
  close_scene(&scene);
}

static void queued_writes_that_cannot_go_out_fail_the_send_to_a_child(struct world *world) {
  struct scene scene = open_scene(world);
  weir_socket_pause(scene.pair.client);
  world_write_pattern(world, scene.pair.accepted, "S", "write-cb", QUEUED_BYTES, 0);
  give(scene.child, scene.pair.accepted);
  weir_socket_destroy(scene.pair.client, NULL);
  world_run_until_noted(world, "S close", 1);
  world_expect_either(world, "sent", "EPIPE", "ECONNRESET");
  assert_string_equal(ask(scene.child, "look"), "nothing");
  close_scene(&scene);
}

static void queued_writes_that_cannot_go_out_fail_the_send_of_a_child(struct world *world) {
  struct scene scene = open_scene(world);
  give_away(&scene);
  fill_queue(&scene);
  tell(scene.child, "back");
  weir_socket_destroy(scene.pair.client, NULL);
  assert_non_null(strstr(look_until(&scene, "close"), "lost"));
  assert_null(scene.child->arrived);
  close_scene(&scene);
}

/* ---- servers ---- */

static void a_server_goes_to_a_child(struct world *world) {
  struct child *child = start(world, "P", "serve", "-");
  weir_server *server = world_listen(world, NULL, NULL, NULL);
  give_server(child, server, false);
  world_connect_traced(world, "D");
  world_run_until_noted(world, "sent OK", 1);
  assert_false(weir_server_listening(server));
  world_connect_traced(world, "E");
  world_run_until_noted(world, "D close", 1);
  world_run_until_noted(world, "E close", 1);
  world_expect(world, "D", "connect data(child) end finish close(false)");
  world_expect(world, "E", "connect data(child) end finish close(false)");
  tell(child, "close");
  disconnect(child);
  world_connect_traced(world, "F");
  world_run_until_noted(world, "F close", 1);
  world_expect_nobody(world, "F");
}

static void greet(const weir_event *event, void *world) {
  const weir_write write = {.size = sizeof write, .bytes = "mine", .length = 4};
  world_note(world, "here", "connection");
  weir_socket_end(event->connection, &write);
}

static void parent_and_child_accept_at_one_name(struct world *world) {
  struct child *child = start(world, "P", "serve", "-");
  weir_server *server = world_listen(world, NULL, greet, world);
  weir_socket *clients[12];
  give_server(child, server, true);
  world_run_until_noted(world, "sent OK", 1);
  for (size_t i = 0; i < 12; i++) {
    clients[i] = world_connect_traced(world, "D");
    world_run_until_noted(world, "D close", i + 1);
    assert_in_range(weir_socket_bytes_read(clients[i]), 4, 5);
  }
  tell(child, "close");
  disconnect(child);
  size_t here = world_count(world, "here connection");
  world_connect_traced(world, "E");
  world_run_until_noted(world, "E close", 1);
  assert_int_equal(world_count(world, "here connection"), here + 1);
  weir_server_close(server, NULL, NULL);
  world_run(world);
}

/* ---- nothing is left ---- */

static void descriptors_are_as_many_as_before_in_both_processes(struct world *world) {
  struct child *child = start(world, "P", "serve", "-");
  struct world_accepted accepted = {.world = world};
  weir_server *server = world_listen_and_keep(world, &accepted);
  char before[64];
  snprintf(before, sizeof before, "%s", ask(child, "count"));
  size_t here = world_open_handles();
  for (size_t round = 0; round < 16; round++) {
    weir_socket *client = world_connect(world, NULL);
    while (accepted.count <= round) weir_loop_run(world->loop, WEIR_RUN_ONCE);
    give(child, accepted.sockets[round]);
    world_write(client, "ping");
    weir_socket_resume(client);
    run_until_read(world, client, 4);
    weir_socket_end(client, NULL);
    while (!weir_socket_destroyed(client)) weir_loop_run(world->loop, WEIR_RUN_ONCE);
  }
  world_run_for(world, 100);
  assert_string_equal(ask(child, "count"), before);
  assert_int_equal(world_open_handles(), here);
  weir_server_close(server, NULL, NULL);
  disconnect(child);
}

static const struct world_case cases[] = {
    PROGRAM_CASE("EO-48 A261", messages_go_to_a_child_and_come_back),
    PROGRAM_CASE("A267 A282", the_last_large_message_comes_before_the_exit),
    PROGRAM_CASE("A269 A270 A271", a_child_that_listens_lives_until_it_is_let_go),
    PROGRAM_CASE("", a_child_opens_its_channel_once),
    PROGRAM_CASE("A267", a_child_that_never_opens_its_channel_closes_it_with_its_end),
    PROGRAM_CASE("A267 A268", a_killed_child_is_a_lost_channel),
    PROGRAM_CASE("", nonsense_from_a_child_closes_the_channel_with_an_error),
    PROGRAM_CASE("", a_child_that_could_not_be_started_has_no_channel),
    PROGRAM_CASE("", a_process_without_a_channel_has_none),
    PROGRAM_CASE("A267", what_nobody_hears_does_not_hold_the_end_back),
    PROGRAM_CASE("EO-48 A257 A258 S044 D16", a_socket_is_served_by_a_child),
    PROGRAM_CASE("A251 A279", a_child_sends_its_own_connection_to_the_parent),
    PROGRAM_CASE("A252 A276", many_children_send_sockets_back),
    PROGRAM_CASE("A268", a_child_that_dies_with_sockets_under_way_loses_only_these),
    PROGRAM_CASE("A262", parent_and_child_write_to_one_connection),
    PROGRAM_CASE("EO-48 D16", an_end_behind_kept_bytes_goes_to_a_child),
    PROGRAM_CASE("EO-48 D16", an_end_behind_kept_bytes_comes_from_a_child),
    PROGRAM_CASE("EO-48 D16", an_end_that_was_told_is_not_told_in_a_child),
    PROGRAM_CASE("EO-48 D16", an_end_that_was_told_in_a_child_is_not_told_again),
    PROGRAM_CASE("EO-48 D16", a_half_that_has_ended_stays_ended_in_a_child),
    PROGRAM_CASE("EO-48 D16", a_half_that_has_ended_in_a_child_stays_ended),
    PROGRAM_CASE("EO-48 D16", the_beginning_of_a_character_goes_to_a_child),
    PROGRAM_CASE("EO-48 D16", the_beginning_of_a_character_comes_from_a_child),
    PROGRAM_CASE("EO-48 D16", queued_writes_go_out_before_a_socket_goes_to_a_child),
    PROGRAM_CASE("EO-48 D16", queued_writes_go_out_before_a_socket_comes_from_a_child),
    PROGRAM_CASE("EO-48 D16", queued_writes_that_cannot_go_out_fail_the_send_to_a_child),
    PROGRAM_CASE("EO-48 D16", queued_writes_that_cannot_go_out_fail_the_send_of_a_child),
    PROGRAM_CASE("EO-48 D16 A280", a_server_goes_to_a_child),
    PROGRAM_CASE("A256", parent_and_child_accept_at_one_name),
    PROGRAM_CASE("A276 D16", descriptors_are_as_many_as_before_in_both_processes),
};

int main(int argc, char **argv) { return world_main(argc, argv, "children", cases, sizeof cases / sizeof cases[0]); }
