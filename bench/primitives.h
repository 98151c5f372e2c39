/* SPDX-License-Identifier: MIT */
/*
 * What a primitive of a loop costs: a timer started, a wake, a function posted, a handle made and given back. Each
 * program measures one library, with the same cells where the library has such a thing.
 *
 * A cell prepares, measures once, cleans up, and says how many nanoseconds one operation took. Where one thread works,
 * that is its time on a processor, which neighbours disturb least.
 */
#ifndef BENCH_PRIMITIVES_H
#define BENCH_PRIMITIVES_H

#include <stddef.h>
#include <stdint.h>
#include <sys/socket.h>
#include <time.h>

struct primitive {
  const char *name;                /* Of a cell that primitives.c knows. */
  double (*measure)(size_t count); /* Nanoseconds for one of so many operations, or of so many timers. */
};

/* What a program measures: its library, and its cells, which end with one without a name. */
extern const char primitives_library[];
extern const struct primitive primitives[];

/* The times of timers that are not meant to come: random, between one second and one minute. */
#define PRIMITIVES_LEAST_MS 1000
#define PRIMITIVES_MOST_MS 60000

/* The times of timers that are: from 1 on, and to wait for them all. */
#define PRIMITIVES_SOON_MS 20

/* How long a clock has to move for a restart to mean something. */
#define PRIMITIVES_PAUSE_MS 5

/* Cleared memory; a program without it ends here. */
void *primitives_memory(size_t count, size_t bytes);

/* Ends the program when something is not as it must be. */
void primitives_check(int holds, const char *what);

/* Random numbers from least to most; the caller frees them. */
uint32_t *primitives_random(size_t count, uint32_t least, uint32_t most);

/* 0 to count - 1 in random order; the caller frees it. */
uint32_t *primitives_order(size_t count);

/* Two connected stream sockets that do not block. */
void primitives_pair(int pair[2]);

void primitives_sleep(unsigned milliseconds);

/* CLOCK_MONOTONIC, or CLOCK_THREAD_CPUTIME_ID. */
double primitives_now(clockid_t clock);

#endif
