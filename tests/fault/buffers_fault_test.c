/* SPDX-License-Identifier: MIT */
/*
 * Writes that find no buffer space in the system are tried again after a pause, and nothing is lost; without memory to
 * wait with, the write fails and says why.
 */
#include "support/native.h"
#include "support/supply.h"
#include "support/system_faults.h"
#include "support/world.h"

/* More than any system keeps for a reader that does not read. */
enum { MESSAGE_BYTES = 8 * 1024 * 1024 };

/* ---- trying again ---- */

/* Writes a message that finds no buffers so often, and checks that it arrives whole. Returns how long that took. */
static uint64_t write_without_buffers(struct world *world, size_t times) {
  struct world_pair pair = world_pair(world, NULL);
  struct world_stream heard = {0, false};
  world_on(pair.accepted, WEIR_EVENT_DATA, world_check_on, &heard);
  world_on(pair.accepted, WEIR_EVENT_CLOSE, world_close_server_on, pair.server);
  uint64_t begin = native_now_ms();
  system_fault_begin(world, FAULT_WRITE, 1, FAULT_OF_BUFFERS, times);
  world_write_pattern(world, pair.client, "C", "write-cb", MESSAGE_BYTES, 0);
  world_end_noted(world, pair.client, "C", NULL);
  world_run(world);
  assert_int_equal(system_fault_count(), times);
  system_fault_end();
  assert_int_equal(heard.bytes, MESSAGE_BYTES);
  assert_false(heard.broken);
  world_expect(world, "C", "connect write-cb end-cb finish end close(false)");
  return native_now_ms() - begin;
}

static void a_write_that_finds_no_buffers_is_tried_again(struct world *world) { write_without_buffers(world, 2); }

/* Each time after a pause: a poller may call such a socket writable all the time. */
static void a_write_may_find_no_buffers_many_times_in_a_row(struct world *world) {
  uint64_t milliseconds = write_without_buffers(world, 30);
  assert_true(milliseconds >= 30);
}

/* What the first life waited for must not disturb the second one, whose write waits for its reader. */
static void a_socket_that_waits_for_buffers_can_be_destroyed_and_connected_again(struct world *world) {
  struct world_pair pair = world_pair(world, NULL);
  struct world_accepted accepted = {.world = world};
  world_on_server(pair.server, WEIR_EVENT_CONNECTION, world_keep_on, &accepted);
  weir_socket_resume(pair.accepted);
  system_fault_begin(world, FAULT_WRITE, 1, FAULT_OF_BUFFERS, FAULT_FOR_EVER);
  world_write_pattern(world, pair.client, "C", "first", MESSAGE_BYTES, 0);
  while (system_fault_count() < 2) world_run_for(world, 10);
  system_fault_end();
  weir_socket_destroy(pair.client, NULL);
  assert_int_equal(weir_socket_connect(pair.client, world->endpoint, NULL), WEIR_OK);
  world_run_until_noted(world, "C connect", 2);
  world_write_pattern(world, pair.client, "C", "second", MESSAGE_BYTES, 0);
  weir_socket_end(pair.client, NULL);
  world_run_for(world, 30);
  world_expect(world, "C", "connect first(ECANCELED) close(false) connect");
  weir_socket_resume(accepted.sockets[0]);
  weir_server_close(pair.server, NULL, NULL);
  world_run(world);
  world_expect(world, "C", "connect first(ECANCELED) close(false) connect second finish end close(false)");
}

/* ---- without memory ---- */

enum { TIMERS_MAX = 20 };

/* A loop whose memory can run out, and a client on it. */
struct poor {
  const char *endpoint;
  weir_loop *loop;
  weir_server *server;
  weir_socket *accepted;
  weir_socket *client;
  weir_timer *guard;
  weir_timer *timers[TIMERS_MAX]; /* each has a place among the deadlines */
  size_t timer_count;
  weir_error told; /* to the callback of the write */
  struct supply supply;
  unsigned ends; /* of the connection that are there */
  unsigned callbacks;
  unsigned closes;
};

static void hear_write(weir_socket *socket, const weir_error *error, void *user) {
  struct poor *poor = user;
  (void)socket;
  poor->callbacks++;
  if (error != NULL) poor->told = *error;
}

static void count_client_close(const weir_event *event, void *user) {
  struct poor *poor = user;
  (void)event;
  poor->closes++;
  poor->supply.for_good = false;
  weir_server_close(poor->server, NULL, NULL);
}

/* The guard's time is over. The others never start. */
static void stop_loop(weir_timer *timer, void *user) {
  struct poor *poor = user;
  (void)timer;
  weir_loop_stop(poor->loop);
}

/* The first write that has to wait finds no buffers, and no memory. */
static void run_out(struct poor *poor) {
  static char bytes[MESSAGE_BYTES];
  weir_write write = weir_write_default();
  write.bytes = bytes;
  write.length = sizeof bytes;
  write.callback = hear_write;
  write.user = poor;
  weir_socket_write_with(poor->client, &write);
  weir_socket_destroy_soon(poor->client);
  for (size_t i = 0; i < poor->timer_count; i++)
    assert_int_equal(weir_timer_create(poor->loop, stop_loop, poor, &poor->timers[i]), WEIR_OK);
  poor->supply.fail_at = poor->supply.asked + 1;
  poor->supply.for_good = true;
}

static void run_out_on_both(const weir_event *event, void *user) {
  struct poor *poor = user;
  if (event->type == WEIR_EVENT_CONNECTION) {
    poor->accepted = weir_socket_retain(event->connection);
    weir_socket_resume(poor->accepted);
  }
  if (++poor->ends == 2) run_out(poor);
}

static void connect_poor(const weir_event *event, void *user) {
  struct poor *poor = user;
  (void)event;
  assert_int_equal(weir_connect(poor->loop, poor->endpoint, NULL, NULL, &poor->client), WEIR_OK);
  world_on(poor->client, WEIR_EVENT_CONNECT, run_out_on_both, poor);
  world_on(poor->client, WEIR_EVENT_CLOSE, count_client_close, poor);
}

static void play_poor(struct world *world, struct poor *poor) {
  weir_loop_options options = weir_loop_options_default();
  options.backend = world->backend;
  options.allocator = supply_allocator(&poor->supply);
  assert_int_equal(weir_loop_create(&options, &poor->loop), WEIR_OK);
  assert_int_equal(weir_timer_create(poor->loop, stop_loop, poor, &poor->guard), WEIR_OK);
  assert_int_equal(weir_timer_start(weir_timer_unref(poor->guard), 5000, 0), WEIR_OK);
  assert_int_equal(weir_server_create(poor->loop, NULL, run_out_on_both, poor, &poor->server), WEIR_OK);
  world_on_server(poor->server, WEIR_EVENT_LISTENING, connect_poor, poor);
  assert_int_equal(weir_server_listen(poor->server, world->endpoint, NULL), WEIR_OK);
  system_fault_begin(world, FAULT_WRITE, 1, FAULT_OF_BUFFERS, 2);
  assert_int_equal(weir_loop_run(poor->loop, WEIR_RUN_DEFAULT), 0);
  assert_true(system_fault_count() > 0);
  system_fault_end();
  for (size_t i = 0; i < poor->timer_count; i++) weir_timer_release(poor->timers[i]);
  weir_timer_release(poor->guard);
  weir_socket_release(poor->client);
  weir_socket_release(poor->accepted);
  weir_server_release(poor->server);
  weir_loop_release(poor->loop);
}

/* With some number of timers there is no room left for a further deadline. */
static void without_memory_to_wait_for_buffers_the_write_fails(struct world *world) {
  size_t failures = 0;
  for (size_t timers = 0; timers < TIMERS_MAX; timers++) {
    struct poor poor = {.endpoint = world->endpoint, .timer_count = timers};
    play_poor(world, &poor);
    assert_int_equal(poor.callbacks, 1);
    assert_int_equal(poor.closes, 1);
    assert_int_equal(poor.supply.blocks, 0);
    if (poor.told.code == WEIR_OK) continue;
    assert_int_equal(poor.told.code, WEIR_ENOBUFS);
    assert_int_equal(poor.told.native_code, system_fault_native(FAULT_OF_BUFFERS));
    assert_string_equal(poor.told.operation, "write");
    failures++;
  }
  assert_in_range(failures, 1, TIMERS_MAX - 1);
}

static const struct world_case cases[] = {
    WORLD_CASE("", a_write_that_finds_no_buffers_is_tried_again),
    WORLD_CASE("", a_write_may_find_no_buffers_many_times_in_a_row),
    WORLD_CASE("", a_socket_that_waits_for_buffers_can_be_destroyed_and_connected_again),
    WORLD_CASE("", without_memory_to_wait_for_buffers_the_write_fails),
};

int main(int argc, char **argv) { return world_main(argc, argv, "buffers_fault", cases, sizeof cases / sizeof *cases); }
