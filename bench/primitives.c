/* SPDX-License-Identifier: MIT */
/*
 * primitives_LIBRARY [--quick] [CELL...]: measures the primitives of one library, all of them or those named.
 *
 * For each cell a line of JSON: the median of some rounds.
 */
#include "primitives.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "process.h"

enum { ROUNDS = 5, QUICK_ROUNDS = 3 };

void primitives_check(int holds, const char *what) {
  if (!holds) process_fail(PROCESS_FAILED, 0, what);
}

void *primitives_memory(size_t count, size_t bytes) {
  void *memory = calloc(count, bytes);
  if (memory == NULL) process_fail(PROCESS_FAILED, errno, "calloc");
  return memory;
}

static uint64_t draw(void) {
  static uint64_t state = 0x9E3779B97F4A7C15;
  state ^= state << 13;
  state ^= state >> 7;
  state ^= state << 17;
  return state;
}

uint32_t *primitives_random(size_t count, uint32_t least, uint32_t most) {
  uint32_t *numbers = primitives_memory(count, sizeof *numbers);
  for (size_t at = 0; at < count; at++) numbers[at] = least + (uint32_t)(draw() % (most - least + 1));
  return numbers;
}

uint32_t *primitives_order(size_t count) {
  uint32_t *order = primitives_memory(count, sizeof *order);
  for (size_t at = 0; at < count; at++) {
    size_t other = (size_t)(draw() % (at + 1));
    order[at] = order[other];
    order[other] = (uint32_t)at;
  }
  return order;
}

void primitives_pair(int pair[2]) {
  if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, pair) != 0) {
    process_fail(PROCESS_FAILED, errno, "socketpair");
  }
}

void primitives_sleep(unsigned milliseconds) {
  struct timespec left = {.tv_sec = milliseconds / 1000, .tv_nsec = (long)(milliseconds % 1000) * 1000000};
  while (nanosleep(&left, &left) != 0) continue;
}

double primitives_now(clockid_t clock) {
  struct timespec now;
  clock_gettime(clock, &now);
  return (double)now.tv_sec * 1e9 + (double)now.tv_nsec;
}

static int compare_numbers(const void *one, const void *other) {
  double left = *(const double *)one;
  double right = *(const double *)other;
  return (left > right) - (left < right);
}

/* How much of each, the same for every library. */
static const struct cell {
  const char *name;
  size_t count;
  size_t quick_count; /* With --quick. */
} cells[] = {
    {"timer_start", 100000, 100000},
    {"timer_start_million", 1000000, 200000},
    {"timer_restart", 100000, 100000},
    {"timer_restart_same", 100000, 100000},
    {"timer_restart_million", 1000000, 200000},
    {"timer_stop", 100000, 100000},
    {"timer_fire", 100000, 100000},
    {"timer_one", 10000, 10000},
    {"wake_own", 100000, 10000},
    {"wake_flood", 2000000, 200000},
    {"wake_round_trip", 5000, 500},
    {"post_flood", 1000000, 100000},
    {"post_own", 100000, 10000},
    {"loop_idle", 100000, 10000},
    {"loop_cycle", 10000, 1000},
    {"timer_cycle", 1000000, 100000},
    {"stream_cycle", 20000, 2000},
};

static const struct cell *find_cell(const char *name) {
  for (size_t at = 0; at < sizeof cells / sizeof *cells; at++) {
    if (strcmp(cells[at].name, name) == 0) return &cells[at];
  }
  primitives_check(false, name);
  return NULL;
}

static void measure(const struct primitive *primitive, bool quick) {
  const struct cell *cell = find_cell(primitive->name);
  size_t count = quick ? cell->quick_count : cell->count;
  int rounds = quick ? QUICK_ROUNDS : ROUNDS;
  double took[ROUNDS];
  for (int round = 0; round < rounds; round++) took[round] = primitive->measure(count);
  qsort(took, (size_t)rounds, sizeof *took, compare_numbers);
  printf("{\"library\":\"%s\",\"cell\":\"%s\",\"count\":%zu,\"nanoseconds\":%.2f}\n", primitives_library,
         primitive->name, count, took[rounds / 2]);
  fflush(stdout);
}

static bool is_named(const char *name, int count, char **texts) {
  bool any = false;
  for (int at = 1; at < count; at++) {
    if (strcmp(texts[at], name) == 0) return true;
    any = any || strcmp(texts[at], "--quick") != 0;
  }
  return !any;
}

int main(int count, char **texts) {
  bool quick = false;
  for (int at = 1; at < count; at++) quick = quick || strcmp(texts[at], "--quick") == 0;
  for (const struct primitive *primitive = primitives; primitive->name != NULL; primitive++) {
    if (is_named(primitive->name, count, texts)) measure(primitive, quick);
  }
  return 0;
}
