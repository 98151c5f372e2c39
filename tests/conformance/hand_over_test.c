/* SPDX-License-Identifier: MIT */
/*
 * Sockets and servers that go from one loop to another: nothing is lost, nothing comes twice, whatever was under way.
 * Most cases run both loops in one thread, by turns, so that they run in a simulation too; the last ones give each loop
 * a thread of its own.
 */
#include <stdlib.h>

#include "support/further_loop.h"
#include "support/thread.h"
#include "support/world.h"

enum { WRITTEN_BYTES = 12 << 20, TURNS_MAX = 2000000 };

/* A socket that leaves the world's loop for another one. */
struct crossing {
  struct world *world;
  weir_loop *there;
  struct world_pair pair;
  weir_socket *arrived; /* NULL: not yet, or never */
  weir_code code;
  size_t arrivals;
  bool has_arrived;
  unsigned trace;
};

static void arrive(weir_loop *loop, weir_socket *socket, weir_code code, void *user) {
  struct crossing *crossing = user;
  assert_ptr_equal(loop, crossing->there);
  crossing->arrived = socket;
  crossing->code = code;
  crossing->has_arrived = true;
  crossing->arrivals++;
  if (socket == NULL) return;
  assert_ptr_equal(weir_socket_loop(socket), loop);
  world_trace_socket(crossing->world, socket, "N", crossing->trace);
}

/* Both loops by turns, until `flag`. */
static void run_both_until(const struct crossing *crossing, const bool *flag) {
  for (int turn = 0; !*flag; turn++) {
    assert_true(turn < TURNS_MAX);
    assert_true(weir_loop_run(crossing->world->loop, WEIR_RUN_NOWAIT) >= 0);
    assert_true(weir_loop_run(crossing->there, WEIR_RUN_NOWAIT) >= 0);
  }
}

static void run_both_until_noted(const struct crossing *crossing, const char *noted) {
  for (int turn = 0; world_count(crossing->world, noted) == 0; turn++) {
    assert_true(turn < TURNS_MAX);
    assert_true(weir_loop_run(crossing->world->loop, WEIR_RUN_NOWAIT) >= 0);
    assert_true(weir_loop_run(crossing->there, WEIR_RUN_NOWAIT) >= 0);
  }
}

static void run_both_until_read(const struct crossing *crossing, const weir_socket *socket, uint64_t bytes) {
  for (int turn = 0; weir_socket_bytes_read(socket) < bytes; turn++) {
    assert_true(turn < TURNS_MAX);
    assert_true(weir_loop_run(crossing->world->loop, WEIR_RUN_NOWAIT) >= 0);
    assert_true(weir_loop_run(crossing->there, WEIR_RUN_NOWAIT) >= 0);
  }
}

static struct crossing open_crossing(struct world *world, bool allow_half_open) {
  weir_server_options options = weir_server_options_default();
  options.allow_half_open = allow_half_open;
  struct world_pair_options both = {.server = &options, .client_trace = WORLD_TRACE_DATA};
  struct crossing crossing = {.world = world, .there = further_loop(world), .trace = WORLD_TRACE_DATA};
  crossing.pair = world_pair(world, &both);
  world_forget(world);
  return crossing;
}

static void leave(struct crossing *crossing) {
  assert_int_equal(weir_socket_hand_over(crossing->pair.accepted, crossing->there, arrive, crossing), WEIR_OK);
  assert_false(crossing->has_arrived);
}

static void cross(struct crossing *crossing) {
  leave(crossing);
  run_both_until(crossing, &crossing->has_arrived);
  assert_int_equal(crossing->code, WEIR_OK);
  assert_non_null(crossing->arrived);
}

/* Ends both sides, which closes everything, and the other loop with it. */
static void close_crossing(struct crossing *crossing) {
  weir_server_close(crossing->pair.server, NULL, NULL);
  weir_socket_end(crossing->pair.client, NULL);
  if (crossing->arrived != NULL) {
    weir_socket_end(crossing->arrived, NULL);
    run_both_until_noted(crossing, "N close");
    weir_socket_release(crossing->arrived);
  }
  world_run(crossing->world);
  weir_loop_release(crossing->there);
}

/* ---- sockets ---- */

static void bytes_that_came_before_and_after_are_all_there_once(struct world *world) {
  struct crossing crossing = open_crossing(world, false);
  weir_socket_pause(crossing.pair.accepted);
  world_write(crossing.pair.client, "one");
  while (weir_socket_kept(crossing.pair.accepted) < 3) weir_loop_run(world->loop, WEIR_RUN_ONCE);
  leave(&crossing);
  world_write(crossing.pair.client, "two");
  run_both_until(&crossing, &crossing.has_arrived);
  weir_socket_resume(crossing.arrived);
  world_write(crossing.pair.client, "three");
  run_both_until_read(&crossing, crossing.arrived, 11);
  world_expect(world, "N", "data(onetwothree)");
  world_expect(world, "S", "close(false)");
  close_crossing(&crossing);
}

static void the_new_socket_writes_and_ends_as_the_old_one_would(struct world *world) {
  struct crossing crossing = open_crossing(world, false);
  cross(&crossing);
  world_write(crossing.arrived, "hello");
  run_both_until_read(&crossing, crossing.pair.client, 5);
  weir_socket_end(crossing.pair.client, NULL);
  run_both_until_noted(&crossing, "N close");
  world_expect(world, "N", "end finish close(false)");
  close_crossing(&crossing);
  world_expect(world, "C", "data(hello) finish end close(false)");
}

static void queued_writes_are_sent_before_the_socket_leaves(struct world *world) {
  struct crossing crossing = open_crossing(world, false);
  struct world_stream stream = {0};
  world_on(crossing.pair.client, WEIR_EVENT_DATA, world_check_on, &stream);
  world_write_pattern(world, crossing.pair.accepted, "S", "write-cb", WRITTEN_BYTES, 0);
  assert_true(weir_socket_buffered(crossing.pair.accepted) > 0);
  cross(&crossing);
  world_expect(world, "S", "drain write-cb close(false)");
  world_write_pattern(world, crossing.arrived, "N", "write-cb", 5, WRITTEN_BYTES);
  run_both_until_read(&crossing, crossing.pair.client, WRITTEN_BYTES + 5);
  assert_false(stream.broken);
  close_crossing(&crossing);
}

static void an_end_behind_kept_bytes_is_told_behind_them(struct world *world) {
  struct crossing crossing = open_crossing(world, true);
  weir_socket_pause(crossing.pair.accepted);
  world_write(crossing.pair.client, "last words");
  weir_socket_end(crossing.pair.client, NULL);
  world_run_until_noted(world, "C finish", 1);
  world_run_for(world, 20);
  cross(&crossing);
  weir_socket_resume(crossing.arrived);
  run_both_until_noted(&crossing, "N end");
  world_expect(world, "N", "data(last words) end");
  world_write(crossing.arrived, "answer");
  close_crossing(&crossing);
  world_expect(world, "C", "finish data(answer) end close(false)");
}

static void an_end_that_was_told_is_not_told_again(struct world *world) {
  struct crossing crossing = open_crossing(world, true);
  weir_socket_end(crossing.pair.client, NULL);
  world_run_until_noted(world, "S end", 1);
  cross(&crossing);
  world_write(crossing.arrived, "answer");
  assert_int_equal(weir_socket_get_state(crossing.arrived), WEIR_SOCKET_WRITE_ONLY);
  close_crossing(&crossing);
  world_expect(world, "N", "finish close(false)");
}

static void the_beginning_of_a_character_travels_along(struct world *world) {
  struct crossing crossing = open_crossing(world, false);
  weir_socket_set_encoding(crossing.pair.accepted, WEIR_ENCODING_HEX);
  weir_socket_set_encoding(crossing.pair.accepted, WEIR_ENCODING_BASE64);
  world_on(crossing.pair.accepted, WEIR_EVENT_DATA, world_note_event, world_mark(world, "S", "text"));
  weir_socket_write(crossing.pair.client, "\1\2", 2);
  while (weir_socket_bytes_read(crossing.pair.accepted) < 2) weir_loop_run(world->loop, WEIR_RUN_ONCE);
  cross(&crossing);
  weir_socket_write(crossing.pair.client, "\3\4", 2);
  weir_socket_end(crossing.pair.client, NULL);
  run_both_until_noted(&crossing, "N close");
  world_expect(world, "N", "data(AQIDBA==) end finish close(false)");
  close_crossing(&crossing);
}

static void what_cannot_leave_stays_as_it_was(struct world *world) {
  struct crossing crossing = open_crossing(world, false);
  weir_socket *fresh = world_socket(world, NULL);
  weir_socket *accepted = crossing.pair.accepted;
  assert_int_equal(weir_socket_hand_over(fresh, crossing.there, arrive, &crossing), WEIR_ENOTCONN);
  assert_int_equal(weir_socket_hand_over(NULL, crossing.there, arrive, &crossing), WEIR_EINVAL);
  assert_int_equal(weir_socket_hand_over(accepted, NULL, arrive, &crossing), WEIR_EINVAL);
  assert_int_equal(weir_socket_hand_over(accepted, crossing.there, NULL, &crossing), WEIR_EINVAL);
  weir_socket_pipe(accepted, accepted, WEIR_PIPE_DEFAULT);
  assert_int_equal(weir_socket_hand_over(accepted, crossing.there, arrive, &crossing), WEIR_EBUSY);
  world_write(crossing.pair.client, "echo");
  run_both_until_read(&crossing, crossing.pair.client, 4);
  weir_socket_unpipe(accepted, NULL);
  weir_socket_destroy(accepted, NULL);
  assert_int_equal(weir_socket_hand_over(accepted, crossing.there, arrive, &crossing), WEIR_EDESTROYED);
  close_crossing(&crossing);
  assert_int_equal(crossing.arrivals, 0);
}

static void a_socket_that_is_destroyed_on_its_way_arrives_empty(struct world *world) {
  struct crossing crossing = open_crossing(world, false);
  weir_socket_pause(crossing.pair.client);
  world_write_pattern(world, crossing.pair.accepted, "S", "write-cb", 16 << 20, 0);
  leave(&crossing);
  assert_int_equal(weir_socket_hand_over(crossing.pair.accepted, crossing.there, arrive, &crossing), WEIR_EALREADY);
  weir_socket_destroy(crossing.pair.accepted, NULL);
  run_both_until(&crossing, &crossing.has_arrived);
  assert_null(crossing.arrived);
  assert_int_equal(crossing.code, WEIR_ECANCELED);
  weir_socket_destroy(crossing.pair.client, NULL);
  close_crossing(&crossing);
  world_expect(world, "S", "write-cb(ECANCELED) close(false)");
}

static void a_loop_that_ends_first_closes_what_was_to_arrive(struct world *world) {
  struct crossing crossing = open_crossing(world, false);
  leave(&crossing);
  world_run_until_noted(world, "S close", 1);
  weir_loop_release(crossing.there);
  world_run_until_noted(world, "C close", 1);
  assert_int_equal(crossing.arrivals, 0);
  weir_server_close(crossing.pair.server, NULL, NULL);
  world_run(world);
}

static void a_socket_goes_there_and_back_many_times(struct world *world) {
  struct crossing crossing = open_crossing(world, false);
  struct crossing back = crossing;
  struct world_stream stream = {0};
  back.there = world->loop;
  crossing.trace = back.trace = WORLD_TRACE_LIFE;
  weir_socket *traveller = crossing.pair.accepted;
  for (uint64_t round = 0; round < 20; round++) {
    struct crossing *way = round % 2 == 0 ? &crossing : &back;
    world_write_pattern(world, crossing.pair.client, "C", "write-cb", 1000, round * 1000);
    way->has_arrived = false;
    assert_int_equal(weir_socket_hand_over(traveller, way->there, arrive, way), WEIR_OK);
    if (round > 0) weir_socket_release(traveller);
    run_both_until(&crossing, &way->has_arrived);
    assert_int_equal(way->code, WEIR_OK);
    traveller = way->arrived;
  }
  world_on(traveller, WEIR_EVENT_DATA, world_check_on, &stream);
  run_both_until_read(&crossing, traveller, 20000);
  while (stream.bytes < 20000) weir_loop_run(world->loop, WEIR_RUN_ONCE);
  assert_false(stream.broken);
  assert_int_equal(weir_socket_bytes_read(traveller), 20000);
  weir_socket_destroy(traveller, NULL);
  weir_socket_release(traveller);
  crossing.arrived = NULL;
  close_crossing(&crossing);
}

/* What comes in one piece is given to a small buffer bit by bit; the first bit lets the socket leave. */
static bool leave_at_the_first_bit(weir_socket *socket, void *bytes, size_t length, void *user) {
  struct crossing *crossing = user;
  assert_true(length > 0 && ((const char *)bytes)[0] == 'a');
  assert_int_equal(weir_socket_hand_over(socket, crossing->there, arrive, crossing), WEIR_OK);
  return true;
}

static void what_comes_in_one_piece_may_be_split_between_two_loops(struct world *world) {
  char bit[1];
  struct crossing crossing = {.world = world, .there = further_loop(world), .trace = WORLD_TRACE_DATA};
  weir_socket_options options = weir_socket_options_default();
  options.onread = leave_at_the_first_bit;
  options.onread_buffer = bit;
  options.onread_size = sizeof bit;
  options.user = &crossing;
  crossing.pair = world_pair(world, &(struct world_pair_options){.client = &options});
  world_write(crossing.pair.accepted, "abcdef");
  run_both_until(&crossing, &crossing.has_arrived);
  assert_int_equal(crossing.code, WEIR_OK);
  run_both_until_read(&crossing, crossing.arrived, 6);
  run_both_until_noted(&crossing, "N data");
  weir_socket_end(crossing.pair.accepted, NULL);
  run_both_until_noted(&crossing, "N close");
  world_expect(world, "N", "data(bcdef) end finish close(false)");
  close_crossing(&crossing);
}

/* ---- servers ---- */

struct moving_server {
  struct world *world;
  weir_loop *there;
  weir_server *arrived;
  weir_code code;
  bool has_arrived;
};

static void greet(const weir_event *event, void *user) {
  (void)user;
  weir_socket_end(event->connection, &(weir_write){.size = sizeof(weir_write), .bytes = "new", .length = 3});
}

static void arrive_server(weir_loop *loop, weir_server *server, weir_code code, void *user) {
  struct moving_server *moving = user;
  assert_ptr_equal(loop, moving->there);
  moving->arrived = server;
  moving->code = code;
  moving->has_arrived = true;
  if (server == NULL) return;
  world_trace_server(moving->world, server, "W");
  world_on_server(server, WEIR_EVENT_CONNECTION, greet, NULL);
}

static void a_server_accepts_on_the_new_loop_and_keeps_its_connections_on_the_old_one(struct world *world) {
  struct world_pair pair = world_pair(world, &(struct world_pair_options){0});
  struct moving_server moving = {.world = world, .there = further_loop(world)};
  struct crossing both = {.world = world, .there = moving.there};
  world_forget(world);
  assert_int_equal(weir_server_hand_over(pair.server, moving.there, arrive_server, &moving), WEIR_OK);
  assert_false(weir_server_listening(pair.server));
  weir_socket *waiting = world_connect_traced(world, "D");
  run_both_until(&both, &moving.has_arrived);
  assert_int_equal(moving.code, WEIR_OK);
  assert_true(weir_server_listening(moving.arrived));
  run_both_until_noted(&both, "D close");
  assert_true(weir_socket_destroyed(waiting));
  world_expect(world, "D", "connect data(new) end finish close(false)");
  world_expect(world, "W", "listening connection");
  assert_int_equal(world_count(world, "V close"), 0);
  weir_socket_end(pair.client, NULL);
  world_run_until_noted(world, "V close", 1);
  weir_server_close(moving.arrived, NULL, NULL);
  run_both_until_noted(&both, "W close");
  weir_server_release(moving.arrived);
  world_run(world);
  weir_loop_release(moving.there);
}

static void note_unhandled(weir_loop *loop, const weir_error *error, void *world) {
  (void)loop;
  world_note(world, "there", "unhandled(%s)", weir_code_name(error->code));
}

static void a_server_that_cannot_listen_on_the_new_loop_is_told_of_once(struct world *world) {
  weir_loop_options options = further_loop_options(world);
  struct moving_server moving = {.world = world};
  options.unhandled_error = note_unhandled;
  options.unhandled_error_user = world;
  assert_int_equal(weir_loop_create(&options, &moving.there), WEIR_OK);
  struct crossing both = {.world = world, .there = moving.there};
  weir_server *server = world_listen(world, NULL, NULL, NULL);
  assert_int_equal(weir_server_hand_over(server, moving.there, arrive_server, &moving), WEIR_OK);
  weir_sim_fail(world->sim, WEIR_SIM_FAULT_LISTEN, 1, WEIR_ENOBUFS);
  run_both_until(&both, &moving.has_arrived);
  assert_null(moving.arrived);
  assert_int_equal(moving.code, WEIR_ENOBUFS);
  for (int turn = 0; turn < 10; turn++) weir_loop_run(moving.there, WEIR_RUN_NOWAIT);
  world_expect(world, "there", "");
  world_run(world);
  weir_loop_release(moving.there);
}

static void a_server_that_does_not_listen_cannot_leave(struct world *world) {
  struct moving_server moving = {.world = world, .there = further_loop(world)};
  weir_server *server = world_server(world, NULL, NULL, NULL);
  assert_int_equal(weir_server_hand_over(server, moving.there, arrive_server, &moving), WEIR_ENOTOPEN);
  assert_int_equal(weir_server_hand_over(server, NULL, arrive_server, &moving), WEIR_EINVAL);
  assert_int_equal(weir_server_hand_over(server, moving.there, NULL, &moving), WEIR_EINVAL);
  weir_loop_release(moving.there);
  assert_false(moving.has_arrived);
}

/* ---- threads ---- */

enum { GUESTS = 60 };

/* A loop in a thread of its own, which welcomes sockets with an echo. */
struct harbour {
  weir_loop *loop;
  weir_timer *open; /* keeps the loop alive */
};

static void do_nothing(weir_timer *timer, void *user) {
  (void)timer;
  (void)user;
}

static void run_harbour(void *user) {
  struct harbour *harbour = user;
  weir_loop_run(harbour->loop, WEIR_RUN_DEFAULT);
}

static void close_harbour(void *user) { weir_timer_stop(((struct harbour *)user)->open); }

static void welcome(weir_loop *loop, weir_socket *socket, weir_code code, void *user) {
  (void)loop;
  (void)code;
  (void)user;
  if (socket == NULL) return;
  weir_socket_pipe(socket, socket, WEIR_PIPE_DEFAULT);
  weir_socket_release(socket);
}

static void send_on(const weir_event *event, void *user) {
  struct harbour *harbour = user;
  assert_int_equal(weir_socket_hand_over(event->connection, harbour->loop, welcome, NULL), WEIR_OK);
}

static void sockets_are_served_by_another_thread(struct world *world) {
  struct harbour harbour = {.loop = further_loop(world)};
  struct world_stream streams[GUESTS] = {{0}};
  weir_socket *guests[GUESTS];
  assert_int_equal(weir_timer_create(harbour.loop, do_nothing, NULL, &harbour.open), WEIR_OK);
  weir_timer_start(harbour.open, 60000, 0);
  struct thread *thread = thread_start(run_harbour, &harbour);
  assert_non_null(thread);
  weir_server *server = world_listen(world, NULL, send_on, &harbour);
  for (size_t i = 0; i < GUESTS; i++) {
    guests[i] = world_connect(world, NULL);
    world_on(guests[i], WEIR_EVENT_DATA, world_check_on, &streams[i]);
    world_write_pattern(world, guests[i], "C", "write-cb", 100000, 0);
    weir_socket_end(guests[i], NULL);
    if (i == 0) world_on(guests[i], WEIR_EVENT_CLOSE, world_note_event, world_mark(world, "first", "gone"));
  }
  world_on_server(server, WEIR_EVENT_CLOSE, world_note_event, world_mark(world, "V", "gone"));
  for (size_t i = 0; i < GUESTS; i++) {
    while (!weir_socket_destroyed(guests[i])) weir_loop_run(world->loop, WEIR_RUN_ONCE);
  }
  weir_server_close(server, NULL, NULL);
  world_run(world);
  assert_int_equal(weir_loop_post(harbour.loop, close_harbour, &harbour), WEIR_OK);
  thread_join(thread);
  weir_timer_release(harbour.open);
  weir_loop_release(harbour.loop);
  for (size_t i = 0; i < GUESTS; i++) {
    assert_int_equal(streams[i].bytes, 100000);
    assert_false(streams[i].broken);
  }
}

static void expect_same(const weir_address *a, const weir_address *b) {
  assert_true(weir_address_equal(a, b) || (a->family == WEIR_FAMILY_NONE && b->family == WEIR_FAMILY_NONE));
}

static void addresses_and_options_travel_too(struct world *world) {
  weir_address local[2];
  weir_address remote[2];
  struct crossing crossing = open_crossing(world, false);
  weir_socket *old = crossing.pair.accepted;
  weir_socket_set_type_of_service(old, 8);
  assert_int_equal(weir_socket_local_address(old, &local[0]), world->tcp);
  assert_int_equal(weir_socket_remote_address(old, &remote[0]), world->tcp);
  cross(&crossing);
  assert_int_equal(weir_socket_local_address(crossing.arrived, &local[1]), world->tcp);
  assert_int_equal(weir_socket_remote_address(crossing.arrived, &remote[1]), world->tcp);
  expect_same(&local[0], &local[1]);
  expect_same(&remote[0], &remote[1]);
  assert_int_equal(weir_socket_type_of_service(crossing.arrived), weir_socket_type_of_service(old));
  close_crossing(&crossing);
  assert_int_equal(weir_socket_remote_address(old, &remote[1]), world->tcp);
  expect_same(&remote[0], &remote[1]);
}

static const struct world_case cases[] = {
    WORLD_CASE("D11 D16", addresses_and_options_travel_too),
    WORLD_CASE("A278", bytes_that_came_before_and_after_are_all_there_once),
    WORLD_CASE("A278", the_new_socket_writes_and_ends_as_the_old_one_would),
    WORLD_CASE("", queued_writes_are_sent_before_the_socket_leaves),
    WORLD_CASE("", an_end_behind_kept_bytes_is_told_behind_them),
    WORLD_CASE("", an_end_that_was_told_is_not_told_again),
    WORLD_CASE("", the_beginning_of_a_character_travels_along),
    WORLD_CASE("A278", what_cannot_leave_stays_as_it_was),
    WORLD_CASE("", a_socket_that_is_destroyed_on_its_way_arrives_empty),
    WORLD_CASE("", a_loop_that_ends_first_closes_what_was_to_arrive),
    WORLD_CASE("", what_comes_in_one_piece_may_be_split_between_two_loops),
    WORLD_CASE("", a_socket_goes_there_and_back_many_times),
    WORLD_CASE("A278", a_server_accepts_on_the_new_loop_and_keeps_its_connections_on_the_old_one),
    WORLD_CASE_EXCEPT("", a_server_that_cannot_listen_on_the_new_loop_is_told_of_once,
                      WORLD_NOT_POSIX | WORLD_NOT_WINDOWS, "a system does not fail on demand"),
    WORLD_CASE("", a_server_that_does_not_listen_cannot_leave),
    WORLD_CASE_EXCEPT("", sockets_are_served_by_another_thread, WORLD_NOT_SIM,
                      "a simulated world belongs to one thread"),
};

int main(int argc, char **argv) { return world_main(argc, argv, "hand_over", cases, sizeof cases / sizeof cases[0]); }
