/* SPDX-License-Identifier: MIT */
/* The primitives of libuv, as its manual says to use it; see primitives.h. Its timers count from the loop's last look
 * at the clock. */
#include <pthread.h>
#include <stdlib.h>
#include <unistd.h>
#include <uv.h>

#include "../primitives.h"

const char primitives_library[] = "libuv";

static uv_loop_t *make_loop(void) {
  uv_loop_t *loop = primitives_memory(1, sizeof *loop);
  primitives_check(uv_loop_init(loop) == 0, "a loop");
  return loop;
}

/* Everything on it is being closed. */
static void end_loop(uv_loop_t *loop) {
  uv_run(loop, UV_RUN_DEFAULT);
  primitives_check(uv_loop_close(loop) == 0, "a loop without handles");
  free(loop);
}

/* ---- timers ---- */

static size_t rung;

static void ring(uv_timer_t *timer) {
  (void)timer;
  rung++;
}

struct crowd {
  size_t count;
  uv_loop_t *loop;
  uv_timer_t *timers;
  uv_timer_t **shuffled;
  uint32_t *times;
};

static struct crowd gather(size_t count, uint32_t least_ms, uint32_t most_ms) {
  struct crowd crowd = {.count = count, .loop = make_loop()};
  crowd.timers = primitives_memory(count, sizeof *crowd.timers);
  crowd.times = primitives_random(count, least_ms, most_ms);
  crowd.shuffled = primitives_memory(count, sizeof *crowd.shuffled);
  uint32_t *order = primitives_order(count);
  for (size_t at = 0; at < count; at++) uv_timer_init(crowd.loop, &crowd.timers[at]);
  for (size_t at = 0; at < count; at++) crowd.shuffled[at] = &crowd.timers[order[at]];
  free(order);
  uv_update_time(crowd.loop);
  return crowd;
}

static double start_all(const struct crowd *crowd) {
  double begin = primitives_now(CLOCK_THREAD_CPUTIME_ID);
  for (size_t at = 0; at < crowd->count; at++) uv_timer_start(&crowd->timers[at], ring, crowd->times[at], 0);
  return (primitives_now(CLOCK_THREAD_CPUTIME_ID) - begin) / (double)crowd->count;
}

static double disperse(struct crowd *crowd, double took) {
  for (size_t at = 0; at < crowd->count; at++) uv_close((uv_handle_t *)&crowd->timers[at], NULL);
  end_loop(crowd->loop);
  free(crowd->timers);
  free(crowd->times);
  free(crowd->shuffled);
  return took;
}

static double measure_start(size_t count) {
  struct crowd crowd = gather(count, PRIMITIVES_LEAST_MS, PRIMITIVES_MOST_MS);
  return disperse(&crowd, start_all(&crowd));
}

static double restart_all(size_t count, uint32_t least_ms) {
  struct crowd crowd = gather(count, least_ms, PRIMITIVES_MOST_MS);
  for (size_t at = 0; at < count; at++) uv_timer_start(&crowd.timers[at], ring, crowd.times[at], crowd.times[at]);
  primitives_sleep(PRIMITIVES_PAUSE_MS);
  uv_run(crowd.loop, UV_RUN_NOWAIT);
  double begin = primitives_now(CLOCK_THREAD_CPUTIME_ID);
  for (size_t at = 0; at < count; at++) uv_timer_again(crowd.shuffled[at]);
  return disperse(&crowd, (primitives_now(CLOCK_THREAD_CPUTIME_ID) - begin) / (double)count);
}

static double measure_restart(size_t count) { return restart_all(count, PRIMITIVES_LEAST_MS); }

static double measure_restart_same(size_t count) { return restart_all(count, PRIMITIVES_MOST_MS); }

static double measure_stop(size_t count) {
  struct crowd crowd = gather(count, PRIMITIVES_LEAST_MS, PRIMITIVES_MOST_MS);
  start_all(&crowd);
  double begin = primitives_now(CLOCK_THREAD_CPUTIME_ID);
  for (size_t at = 0; at < count; at++) uv_timer_stop(crowd.shuffled[at]);
  return disperse(&crowd, (primitives_now(CLOCK_THREAD_CPUTIME_ID) - begin) / (double)count);
}

static double measure_fire(size_t count) {
  struct crowd crowd = gather(count, 1, PRIMITIVES_SOON_MS);
  rung = 0;
  start_all(&crowd);
  primitives_sleep(PRIMITIVES_SOON_MS + PRIMITIVES_PAUSE_MS);
  double begin = primitives_now(CLOCK_THREAD_CPUTIME_ID);
  uv_run(crowd.loop, UV_RUN_NOWAIT);
  double took = (primitives_now(CLOCK_THREAD_CPUTIME_ID) - begin) / (double)count;
  primitives_check(rung == count, "a timer has not rung");
  return disperse(&crowd, took);
}

static double measure_one(size_t count) {
  struct crowd crowd = gather(count, PRIMITIVES_LEAST_MS, PRIMITIVES_MOST_MS);
  start_all(&crowd);
  uv_timer_t one;
  uv_timer_init(crowd.loop, &one);
  double begin = primitives_now(CLOCK_THREAD_CPUTIME_ID);
  for (size_t at = 0; at < count; at++) {
    uv_timer_start(&one, ring, crowd.times[at], 0);
    uv_timer_stop(&one);
  }
  double took = (primitives_now(CLOCK_THREAD_CPUTIME_ID) - begin) / (double)count;
  uv_close((uv_handle_t *)&one, NULL);
  return disperse(&crowd, took);
}

/* ---- wakes ---- */

static void hear(uv_async_t *async) { (void)async; }

static void make_async(uv_loop_t *loop, uv_async_t *async, uv_async_cb callback) {
  primitives_check(uv_async_init(loop, async, callback) == 0, "an async");
}

static double measure_wake_own(size_t count) {
  uv_loop_t *loop = make_loop();
  uv_async_t async;
  make_async(loop, &async, hear);
  double begin = primitives_now(CLOCK_THREAD_CPUTIME_ID);
  for (size_t at = 0; at < count; at++) {
    uv_async_send(&async);
    uv_run(loop, UV_RUN_ONCE);
  }
  double took = (primitives_now(CLOCK_THREAD_CPUTIME_ID) - begin) / (double)count;
  uv_close((uv_handle_t *)&async, NULL);
  end_loop(loop);
  return took;
}

static void *run_other(void *loop) {
  uv_run(loop, UV_RUN_DEFAULT);
  return NULL;
}

static void stop_loop(uv_async_t *async) { uv_stop(async->loop); }

static double measure_wake_flood(size_t count) {
  uv_loop_t *loop = make_loop();
  uv_async_t async;
  uv_async_t stop;
  make_async(loop, &async, hear);
  make_async(loop, &stop, stop_loop);
  pthread_t thread;
  primitives_check(pthread_create(&thread, NULL, run_other, loop) == 0, "a thread");
  double begin = primitives_now(CLOCK_THREAD_CPUTIME_ID);
  for (size_t at = 0; at < count; at++) uv_async_send(&async);
  double took = (primitives_now(CLOCK_THREAD_CPUTIME_ID) - begin) / (double)count;
  uv_async_send(&stop);
  pthread_join(thread, NULL);
  uv_close((uv_handle_t *)&async, NULL);
  uv_close((uv_handle_t *)&stop, NULL);
  end_loop(loop);
  return took;
}

/* One of two loops that wake each other in turn. */
struct player {
  uv_loop_t *loop;
  uv_async_t async;
  struct player *other;
  size_t left;
};

static void hit(uv_async_t *async) {
  struct player *player = async->data;
  uv_async_send(&player->other->async);
  if (--player->left == 0) uv_stop(async->loop);
}

static double measure_wake_round_trip(size_t count) {
  struct player players[2];
  for (int side = 0; side < 2; side++) {
    players[side] = (struct player){.loop = make_loop(), .other = &players[1 - side], .left = count};
    make_async(players[side].loop, &players[side].async, hit);
    players[side].async.data = &players[side];
  }
  pthread_t second;
  double begin = primitives_now(CLOCK_MONOTONIC);
  primitives_check(pthread_create(&second, NULL, run_other, players[1].loop) == 0, "a thread");
  uv_async_send(&players[1].async);
  uv_run(players[0].loop, UV_RUN_DEFAULT);
  pthread_join(second, NULL);
  double took = (primitives_now(CLOCK_MONOTONIC) - begin) / (double)count;
  for (int side = 0; side < 2; side++) {
    uv_close((uv_handle_t *)&players[side].async, NULL);
    end_loop(players[side].loop);
  }
  return took;
}

/* ---- from making to giving back ---- */

static double measure_loop_idle(size_t count) {
  uv_loop_t *loop = make_loop();
  uv_timer_t alive;
  uv_timer_init(loop, &alive);
  uv_timer_start(&alive, ring, PRIMITIVES_MOST_MS, 0);
  double begin = primitives_now(CLOCK_THREAD_CPUTIME_ID);
  for (size_t at = 0; at < count; at++) uv_run(loop, UV_RUN_NOWAIT);
  double took = (primitives_now(CLOCK_THREAD_CPUTIME_ID) - begin) / (double)count;
  uv_close((uv_handle_t *)&alive, NULL);
  end_loop(loop);
  return took;
}

static double measure_loop_cycle(size_t count) {
  double begin = primitives_now(CLOCK_THREAD_CPUTIME_ID);
  for (size_t at = 0; at < count; at++) end_loop(make_loop());
  return (primitives_now(CLOCK_THREAD_CPUTIME_ID) - begin) / (double)count;
}

static double measure_timer_cycle(size_t count) {
  uv_loop_t *loop = make_loop();
  double begin = primitives_now(CLOCK_THREAD_CPUTIME_ID);
  for (size_t at = 0; at < count; at++) {
    uv_timer_t timer;
    uv_timer_init(loop, &timer);
    uv_close((uv_handle_t *)&timer, NULL);
    uv_run(loop, UV_RUN_NOWAIT);
  }
  double took = (primitives_now(CLOCK_THREAD_CPUTIME_ID) - begin) / (double)count;
  end_loop(loop);
  return took;
}

static void allocate(uv_handle_t *handle, size_t suggested, uv_buf_t *buffer) {
  (void)handle;
  (void)suggested;
  *buffer = uv_buf_init(NULL, 0);
}

static void receive(uv_stream_t *stream, ssize_t count, const uv_buf_t *buffer) {
  (void)stream;
  (void)count;
  (void)buffer;
}

static double measure_stream_cycle(size_t count) {
  uv_loop_t *loop = make_loop();
  double begin = primitives_now(CLOCK_THREAD_CPUTIME_ID);
  for (size_t at = 0; at < count; at++) {
    int pair[2];
    primitives_pair(pair);
    uv_pipe_t pipe;
    uv_pipe_init(loop, &pipe, 0);
    primitives_check(uv_pipe_open(&pipe, pair[0]) == 0, "an open pipe");
    uv_read_start((uv_stream_t *)&pipe, allocate, receive);
    uv_close((uv_handle_t *)&pipe, NULL);
    uv_run(loop, UV_RUN_DEFAULT);
    close(pair[1]);
  }
  double took = (primitives_now(CLOCK_THREAD_CPUTIME_ID) - begin) / (double)count;
  end_loop(loop);
  return took;
}

const struct primitive primitives[] = {
    {"timer_start", measure_start},
    {"timer_start_million", measure_start},
    {"timer_restart", measure_restart},
    {"timer_restart_same", measure_restart_same},
    {"timer_restart_million", measure_restart},
    {"timer_stop", measure_stop},
    {"timer_fire", measure_fire},
    {"timer_one", measure_one},
    {"wake_own", measure_wake_own},
    {"wake_flood", measure_wake_flood},
    {"wake_round_trip", measure_wake_round_trip},
    {"loop_idle", measure_loop_idle},
    {"loop_cycle", measure_loop_cycle},
    {"timer_cycle", measure_timer_cycle},
    {"stream_cycle", measure_stream_cycle},
    {NULL, NULL},
};
