/* SPDX-License-Identifier: MIT */
/*
 * The primitives of libev, as its manual says to use it; see primitives.h. Its timers count from the loop's last look
 * at the clock.
 */
#include <ev.h>
#include <pthread.h>
#include <stdlib.h>
#include <unistd.h>

#include "../primitives.h"

const char primitives_library[] = "libev";

static struct ev_loop *make_loop(void) {
  struct ev_loop *loop = ev_loop_new(EVFLAG_AUTO);
  primitives_check(loop != NULL, "a loop");
  return loop;
}

/* ---- timers ---- */

static size_t rung;

static void ring(struct ev_loop *loop, ev_timer *timer, int events) {
  (void)loop;
  (void)timer;
  (void)events;
  rung++;
}

struct crowd {
  size_t count;
  struct ev_loop *loop;
  ev_timer *timers;
  ev_timer **shuffled;
  uint32_t *times;
};

static struct crowd gather(size_t count, uint32_t least_ms, uint32_t most_ms) {
  struct crowd crowd = {.count = count, .loop = make_loop()};
  crowd.timers = primitives_memory(count, sizeof *crowd.timers);
  crowd.times = primitives_random(count, least_ms, most_ms);
  crowd.shuffled = primitives_memory(count, sizeof *crowd.shuffled);
  uint32_t *order = primitives_order(count);
  for (size_t at = 0; at < count; at++) ev_init(&crowd.timers[at], ring);
  for (size_t at = 0; at < count; at++) crowd.shuffled[at] = &crowd.timers[order[at]];
  free(order);
  ev_now_update(crowd.loop);
  return crowd;
}

static void start(const struct crowd *crowd, ev_timer *timer, uint32_t time_ms, double repeat) {
  ev_timer_set(timer, time_ms / 1e3, repeat);
  ev_timer_start(crowd->loop, timer);
}

static double start_all(const struct crowd *crowd) {
  double begin = primitives_now(CLOCK_THREAD_CPUTIME_ID);
  for (size_t at = 0; at < crowd->count; at++) start(crowd, &crowd->timers[at], crowd->times[at], 0);
  return (primitives_now(CLOCK_THREAD_CPUTIME_ID) - begin) / (double)crowd->count;
}

static double disperse(struct crowd *crowd, double took) {
  for (size_t at = 0; at < crowd->count; at++) ev_timer_stop(crowd->loop, &crowd->timers[at]);
  ev_loop_destroy(crowd->loop);
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
  for (size_t at = 0; at < count; at++) start(&crowd, &crowd.timers[at], crowd.times[at], crowd.times[at] / 1e3);
  primitives_sleep(PRIMITIVES_PAUSE_MS);
  ev_run(crowd.loop, EVRUN_NOWAIT);
  double begin = primitives_now(CLOCK_THREAD_CPUTIME_ID);
  for (size_t at = 0; at < count; at++) ev_timer_again(crowd.loop, crowd.shuffled[at]);
  return disperse(&crowd, (primitives_now(CLOCK_THREAD_CPUTIME_ID) - begin) / (double)count);
}

static double measure_restart(size_t count) { return restart_all(count, PRIMITIVES_LEAST_MS); }

static double measure_restart_same(size_t count) { return restart_all(count, PRIMITIVES_MOST_MS); }

static double measure_stop(size_t count) {
  struct crowd crowd = gather(count, PRIMITIVES_LEAST_MS, PRIMITIVES_MOST_MS);
  start_all(&crowd);
  double begin = primitives_now(CLOCK_THREAD_CPUTIME_ID);
  for (size_t at = 0; at < count; at++) ev_timer_stop(crowd.loop, crowd.shuffled[at]);
  return disperse(&crowd, (primitives_now(CLOCK_THREAD_CPUTIME_ID) - begin) / (double)count);
}

static double measure_fire(size_t count) {
  struct crowd crowd = gather(count, 1, PRIMITIVES_SOON_MS);
  rung = 0;
  start_all(&crowd);
  primitives_sleep(PRIMITIVES_SOON_MS + PRIMITIVES_PAUSE_MS);
  double begin = primitives_now(CLOCK_THREAD_CPUTIME_ID);
  ev_run(crowd.loop, EVRUN_NOWAIT);
  double took = (primitives_now(CLOCK_THREAD_CPUTIME_ID) - begin) / (double)count;
  primitives_check(rung == count, "a timer has not rung");
  return disperse(&crowd, took);
}

static double measure_one(size_t count) {
  struct crowd crowd = gather(count, PRIMITIVES_LEAST_MS, PRIMITIVES_MOST_MS);
  start_all(&crowd);
  ev_timer one;
  ev_init(&one, ring);
  double begin = primitives_now(CLOCK_THREAD_CPUTIME_ID);
  for (size_t at = 0; at < count; at++) {
    start(&crowd, &one, crowd.times[at], 0);
    ev_timer_stop(crowd.loop, &one);
  }
  return disperse(&crowd, (primitives_now(CLOCK_THREAD_CPUTIME_ID) - begin) / (double)count);
}

/* ---- wakes ---- */

static void hear(struct ev_loop *loop, ev_async *async, int events) {
  (void)loop;
  (void)async;
  (void)events;
}

static double measure_wake_own(size_t count) {
  struct ev_loop *loop = make_loop();
  ev_async async;
  ev_async_init(&async, hear);
  ev_async_start(loop, &async);
  double begin = primitives_now(CLOCK_THREAD_CPUTIME_ID);
  for (size_t at = 0; at < count; at++) {
    ev_async_send(loop, &async);
    ev_run(loop, EVRUN_ONCE);
  }
  double took = (primitives_now(CLOCK_THREAD_CPUTIME_ID) - begin) / (double)count;
  ev_async_stop(loop, &async);
  ev_loop_destroy(loop);
  return took;
}

static void *run_other(void *loop) {
  ev_run(loop, 0);
  return NULL;
}

static void stop_loop(struct ev_loop *loop, ev_async *async, int events) {
  (void)async;
  (void)events;
  ev_break(loop, EVBREAK_ALL);
}

static double measure_wake_flood(size_t count) {
  struct ev_loop *loop = make_loop();
  ev_async async;
  ev_async stop;
  ev_async_init(&async, hear);
  ev_async_start(loop, &async);
  ev_async_init(&stop, stop_loop);
  ev_async_start(loop, &stop);
  pthread_t thread;
  primitives_check(pthread_create(&thread, NULL, run_other, loop) == 0, "a thread");
  double begin = primitives_now(CLOCK_THREAD_CPUTIME_ID);
  for (size_t at = 0; at < count; at++) ev_async_send(loop, &async);
  double took = (primitives_now(CLOCK_THREAD_CPUTIME_ID) - begin) / (double)count;
  ev_async_send(loop, &stop);
  pthread_join(thread, NULL);
  ev_async_stop(loop, &async);
  ev_async_stop(loop, &stop);
  ev_loop_destroy(loop);
  return took;
}

/* One of two loops that wake each other in turn. */
struct player {
  struct ev_loop *loop;
  ev_async async;
  struct player *other;
  size_t left;
};

static void hit(struct ev_loop *loop, ev_async *async, int events) {
  (void)events;
  struct player *player = async->data;
  ev_async_send(player->other->loop, &player->other->async);
  if (--player->left == 0) ev_break(loop, EVBREAK_ALL);
}

static double measure_wake_round_trip(size_t count) {
  struct player players[2];
  for (int side = 0; side < 2; side++) {
    players[side] = (struct player){.loop = make_loop(), .other = &players[1 - side], .left = count};
    ev_async_init(&players[side].async, hit);
    players[side].async.data = &players[side];
    ev_async_start(players[side].loop, &players[side].async);
  }
  pthread_t second;
  double begin = primitives_now(CLOCK_MONOTONIC);
  primitives_check(pthread_create(&second, NULL, run_other, players[1].loop) == 0, "a thread");
  ev_async_send(players[1].loop, &players[1].async);
  ev_run(players[0].loop, 0);
  pthread_join(second, NULL);
  double took = (primitives_now(CLOCK_MONOTONIC) - begin) / (double)count;
  for (int side = 0; side < 2; side++) {
    ev_async_stop(players[side].loop, &players[side].async);
    ev_loop_destroy(players[side].loop);
  }
  return took;
}

/* ---- from making to giving back ---- */

static double measure_loop_idle(size_t count) {
  struct ev_loop *loop = make_loop();
  ev_timer alive;
  ev_timer_init(&alive, ring, PRIMITIVES_MOST_MS / 1e3, 0);
  ev_timer_start(loop, &alive);
  double begin = primitives_now(CLOCK_THREAD_CPUTIME_ID);
  for (size_t at = 0; at < count; at++) ev_run(loop, EVRUN_NOWAIT);
  double took = (primitives_now(CLOCK_THREAD_CPUTIME_ID) - begin) / (double)count;
  ev_timer_stop(loop, &alive);
  ev_loop_destroy(loop);
  return took;
}

static double measure_loop_cycle(size_t count) {
  double begin = primitives_now(CLOCK_THREAD_CPUTIME_ID);
  for (size_t at = 0; at < count; at++) ev_loop_destroy(make_loop());
  return (primitives_now(CLOCK_THREAD_CPUTIME_ID) - begin) / (double)count;
}

static void receive(struct ev_loop *loop, ev_io *io, int events) {
  (void)loop;
  (void)io;
  (void)events;
}

static double measure_stream_cycle(size_t count) {
  struct ev_loop *loop = make_loop();
  double begin = primitives_now(CLOCK_THREAD_CPUTIME_ID);
  for (size_t at = 0; at < count; at++) {
    int pair[2];
    primitives_pair(pair);
    ev_io io;
    ev_io_init(&io, receive, pair[0], EV_READ);
    ev_io_start(loop, &io);
    ev_io_stop(loop, &io);
    close(pair[0]);
    ev_run(loop, EVRUN_NOWAIT);
    close(pair[1]);
  }
  double took = (primitives_now(CLOCK_THREAD_CPUTIME_ID) - begin) / (double)count;
  ev_loop_destroy(loop);
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
    {"stream_cycle", measure_stream_cycle},
    {NULL, NULL},
};
