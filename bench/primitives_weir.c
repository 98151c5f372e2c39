/* SPDX-License-Identifier: MIT */
/* The primitives of Weir; see primitives.h. */
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <unistd.h>

#include <weir/weir.h>

#include "primitives.h"

const char primitives_library[] = "weir";

static weir_loop *make_loop(void) {
  weir_loop *loop;
  primitives_check(weir_loop_create(NULL, &loop) == WEIR_OK, "a loop");
  return loop;
}

/* ---- timers ---- */

static size_t rung;

static void ring(weir_timer *timer, void *user) {
  (void)timer;
  (void)user;
  rung++;
}

static weir_timer *make_timer(weir_loop *loop) {
  weir_timer *timer;
  primitives_check(weir_timer_create(loop, ring, NULL, &timer) == WEIR_OK, "a timer");
  return timer;
}

/* Many timers, each with a time, as they were made and in random order. */
struct crowd {
  size_t count;
  weir_loop *loop;
  weir_timer **timers;
  weir_timer **shuffled;
  uint32_t *times;
};

static struct crowd gather(size_t count, uint32_t least_ms, uint32_t most_ms) {
  struct crowd crowd = {.count = count, .loop = make_loop()};
  crowd.timers = primitives_memory(count, sizeof *crowd.timers);
  crowd.times = primitives_random(count, least_ms, most_ms);
  crowd.shuffled = primitives_memory(count, sizeof *crowd.shuffled);
  uint32_t *order = primitives_order(count);
  for (size_t at = 0; at < count; at++) crowd.timers[at] = make_timer(crowd.loop);
  for (size_t at = 0; at < count; at++) crowd.shuffled[at] = crowd.timers[order[at]];
  free(order);
  return crowd;
}

static void start_all(const struct crowd *crowd) {
  for (size_t at = 0; at < crowd->count; at++) weir_timer_start(crowd->timers[at], crowd->times[at], 0);
}

static void restart_all(const struct crowd *crowd) {
  for (size_t at = 0; at < crowd->count; at++) weir_timer_restart(crowd->shuffled[at]);
}

static void stop_all(const struct crowd *crowd) {
  for (size_t at = 0; at < crowd->count; at++) weir_timer_stop(crowd->shuffled[at]);
}

/* What is done with a crowd in a callback, where programs do such things. */
struct deed {
  void (*act)(const struct crowd *crowd);
  const struct crowd *crowd;
  double took;
};

static void do_deed(void *user) {
  struct deed *deed = user;
  double begin = primitives_now(CLOCK_THREAD_CPUTIME_ID);
  deed->act(deed->crowd);
  deed->took = (primitives_now(CLOCK_THREAD_CPUTIME_ID) - begin) / (double)deed->crowd->count;
}

static double do_inside(const struct crowd *crowd, void (*act)(const struct crowd *crowd)) {
  struct deed deed = {.act = act, .crowd = crowd};
  primitives_check(weir_loop_post(crowd->loop, do_deed, &deed) == WEIR_OK, "a post");
  weir_loop_run(crowd->loop, WEIR_RUN_NOWAIT);
  return deed.took;
}

static double disperse(struct crowd *crowd, double took) {
  for (size_t at = 0; at < crowd->count; at++) weir_timer_release(crowd->timers[at]);
  weir_loop_release(crowd->loop);
  free(crowd->timers);
  free(crowd->times);
  free(crowd->shuffled);
  return took;
}

static double measure_start(size_t count) {
  struct crowd crowd = gather(count, PRIMITIVES_LEAST_MS, PRIMITIVES_MOST_MS);
  return disperse(&crowd, do_inside(&crowd, start_all));
}

static double measure_restart_from(size_t count, uint32_t least_ms) {
  struct crowd crowd = gather(count, least_ms, PRIMITIVES_MOST_MS);
  do_inside(&crowd, start_all);
  primitives_sleep(PRIMITIVES_PAUSE_MS);
  return disperse(&crowd, do_inside(&crowd, restart_all));
}

static double measure_restart(size_t count) { return measure_restart_from(count, PRIMITIVES_LEAST_MS); }

static double measure_restart_same(size_t count) { return measure_restart_from(count, PRIMITIVES_MOST_MS); }

static double measure_stop(size_t count) {
  struct crowd crowd = gather(count, PRIMITIVES_LEAST_MS, PRIMITIVES_MOST_MS);
  do_inside(&crowd, start_all);
  return disperse(&crowd, do_inside(&crowd, stop_all));
}

static double measure_fire(size_t count) {
  struct crowd crowd = gather(count, 1, PRIMITIVES_SOON_MS);
  rung = 0;
  do_inside(&crowd, start_all);
  primitives_sleep(PRIMITIVES_SOON_MS + PRIMITIVES_PAUSE_MS);
  double begin = primitives_now(CLOCK_THREAD_CPUTIME_ID);
  weir_loop_run(crowd.loop, WEIR_RUN_NOWAIT);
  double took = (primitives_now(CLOCK_THREAD_CPUTIME_ID) - begin) / (double)count;
  primitives_check(rung == count, "a timer has not rung");
  return disperse(&crowd, took);
}

static void start_and_stop_one(const struct crowd *crowd) {
  weir_timer *one = make_timer(crowd->loop);
  for (size_t at = 0; at < crowd->count; at++) {
    weir_timer_start(one, crowd->times[at], 0);
    weir_timer_stop(one);
  }
  weir_timer_release(one);
}

static double measure_one(size_t count) {
  struct crowd crowd = gather(count, PRIMITIVES_LEAST_MS, PRIMITIVES_MOST_MS);
  do_inside(&crowd, start_all);
  return disperse(&crowd, do_inside(&crowd, start_and_stop_one));
}

/* ---- wakes and posts ---- */

static double measure_wake_own(size_t count) {
  weir_loop *loop = make_loop();
  weir_timer *alive = make_timer(loop);
  weir_timer_start(alive, PRIMITIVES_MOST_MS, 0);
  double begin = primitives_now(CLOCK_THREAD_CPUTIME_ID);
  for (size_t at = 0; at < count; at++) {
    weir_loop_wake(loop);
    weir_loop_run(loop, WEIR_RUN_ONCE);
  }
  double took = (primitives_now(CLOCK_THREAD_CPUTIME_ID) - begin) / (double)count;
  weir_timer_release(alive);
  weir_loop_release(loop);
  return took;
}

/* A loop on a thread of its own, until it is told to stop. */
struct other {
  weir_loop *loop;
  weir_timer *alive;
  pthread_t thread;
};

static void *run_other(void *user) {
  weir_loop_run(((struct other *)user)->loop, WEIR_RUN_DEFAULT);
  return NULL;
}

static void stop_loop(void *loop) { weir_loop_stop(loop); }

static void begin_other(struct other *other) {
  other->loop = make_loop();
  other->alive = make_timer(other->loop);
  weir_timer_start(other->alive, PRIMITIVES_MOST_MS, 0);
  primitives_check(pthread_create(&other->thread, NULL, run_other, other) == 0, "a thread");
}

static void end_other(struct other *other) {
  primitives_check(weir_loop_post(other->loop, stop_loop, other->loop) == WEIR_OK, "a post");
  pthread_join(other->thread, NULL);
}

static void free_other(struct other *other) {
  weir_timer_release(other->alive);
  weir_loop_release(other->loop);
}

static double measure_wake_flood(size_t count) {
  struct other other;
  begin_other(&other);
  double begin = primitives_now(CLOCK_THREAD_CPUTIME_ID);
  for (size_t at = 0; at < count; at++) weir_loop_wake(other.loop);
  double took = (primitives_now(CLOCK_THREAD_CPUTIME_ID) - begin) / (double)count;
  end_other(&other);
  free_other(&other);
  return took;
}

struct rally {
  weir_loop *loops[2];
  size_t count;
  atomic_size_t strokes; /* Even: it is the first loop's turn. */
};

static void play(struct rally *rally, size_t side) {
  for (size_t at = 0; at < rally->count; at++) {
    while (atomic_load(&rally->strokes) % 2 != side) weir_loop_run(rally->loops[side], WEIR_RUN_ONCE);
    atomic_fetch_add(&rally->strokes, 1);
    weir_loop_wake(rally->loops[1 - side]);
  }
}

static void *play_second(void *rally) {
  play(rally, 1);
  return NULL;
}

static double measure_wake_round_trip(size_t count) {
  struct rally rally = {.count = count};
  weir_timer *alive[2];
  for (int side = 0; side < 2; side++) {
    rally.loops[side] = make_loop();
    alive[side] = make_timer(rally.loops[side]);
    weir_timer_start(alive[side], PRIMITIVES_MOST_MS, 0);
  }
  pthread_t second;
  double begin = primitives_now(CLOCK_MONOTONIC);
  primitives_check(pthread_create(&second, NULL, play_second, &rally) == 0, "a thread");
  play(&rally, 0);
  pthread_join(second, NULL);
  double took = (primitives_now(CLOCK_MONOTONIC) - begin) / (double)count;
  for (int side = 0; side < 2; side++) {
    weir_timer_release(alive[side]);
    weir_loop_release(rally.loops[side]);
  }
  return took;
}

static size_t arrived;

static void arrive(void *user) {
  (void)user;
  arrived++;
}

/* Until the last one has run. */
static double measure_post_flood(size_t count) {
  struct other other;
  begin_other(&other);
  arrived = 0;
  double begin = primitives_now(CLOCK_MONOTONIC);
  for (size_t at = 0; at < count; at++) {
    primitives_check(weir_loop_post(other.loop, arrive, NULL) == WEIR_OK, "a post");
  }
  end_other(&other);
  double took = (primitives_now(CLOCK_MONOTONIC) - begin) / (double)count;
  primitives_check(arrived == count, "a post was lost");
  free_other(&other);
  return took;
}

static double measure_post_own(size_t count) {
  weir_loop *loop = make_loop();
  arrived = 0;
  double begin = primitives_now(CLOCK_THREAD_CPUTIME_ID);
  for (size_t at = 0; at < count; at++) {
    primitives_check(weir_loop_post(loop, arrive, NULL) == WEIR_OK, "a post");
    weir_loop_run(loop, WEIR_RUN_NOWAIT);
  }
  double took = (primitives_now(CLOCK_THREAD_CPUTIME_ID) - begin) / (double)count;
  primitives_check(arrived == count, "a post was lost");
  weir_loop_release(loop);
  return took;
}

/* ---- from making to giving back ---- */

static double measure_loop_idle(size_t count) {
  weir_loop *loop = make_loop();
  weir_timer *alive = make_timer(loop);
  weir_timer_start(alive, PRIMITIVES_MOST_MS, 0);
  double begin = primitives_now(CLOCK_THREAD_CPUTIME_ID);
  for (size_t at = 0; at < count; at++) weir_loop_run(loop, WEIR_RUN_NOWAIT);
  double took = (primitives_now(CLOCK_THREAD_CPUTIME_ID) - begin) / (double)count;
  weir_timer_release(alive);
  weir_loop_release(loop);
  return took;
}

static double measure_loop_cycle(size_t count) {
  double begin = primitives_now(CLOCK_THREAD_CPUTIME_ID);
  for (size_t at = 0; at < count; at++) weir_loop_release(make_loop());
  return (primitives_now(CLOCK_THREAD_CPUTIME_ID) - begin) / (double)count;
}

static double measure_timer_cycle(size_t count) {
  weir_loop *loop = make_loop();
  double begin = primitives_now(CLOCK_THREAD_CPUTIME_ID);
  for (size_t at = 0; at < count; at++) weir_timer_release(make_timer(loop));
  double took = (primitives_now(CLOCK_THREAD_CPUTIME_ID) - begin) / (double)count;
  weir_loop_release(loop);
  return took;
}

/* A socket that wraps one end of a pair, begins to read, and is destroyed. */
static void cycle_stream(weir_loop *loop) {
  int pair[2];
  primitives_pair(pair);
  weir_socket *socket;
  primitives_check(weir_socket_create(loop, NULL, &socket) == WEIR_OK, "a socket");
  primitives_check(weir_socket_open(socket, pair[0], true, true) == WEIR_OK, "an open socket");
  weir_socket_resume(socket);
  weir_socket_destroy(socket, NULL);
  weir_socket_release(socket);
  weir_loop_run(loop, WEIR_RUN_DEFAULT);
  close(pair[1]);
}

static double measure_stream_cycle(size_t count) {
  weir_loop *loop = make_loop();
  double begin = primitives_now(CLOCK_THREAD_CPUTIME_ID);
  for (size_t at = 0; at < count; at++) cycle_stream(loop);
  double took = (primitives_now(CLOCK_THREAD_CPUTIME_ID) - begin) / (double)count;
  weir_loop_release(loop);
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
    {"post_flood", measure_post_flood},
    {"post_own", measure_post_own},
    {"loop_idle", measure_loop_idle},
    {"loop_cycle", measure_loop_cycle},
    {"timer_cycle", measure_timer_cycle},
    {"stream_cycle", measure_stream_cycle},
    {NULL, NULL},
};
