/* SPDX-License-Identifier: MIT */
/* How often something took how long: buckets that grow with the time, so that none is wider than 1/64 of what it holds.
 */
#ifndef BENCH_HISTOGRAM_H
#define BENCH_HISTOGRAM_H

#include <stdint.h>

/* 64 buckets for each power of two above the first 64 nanoseconds. */
#define HISTOGRAM_BUCKET_COUNT (64 * 59)

struct histogram {
  uint64_t total;
  uint64_t counts[HISTOGRAM_BUCKET_COUNT];
};

void histogram_add(struct histogram *histogram, uint64_t nanoseconds);

/* The time that this share of all did not exceed, in microseconds; 0 when there are none. */
double histogram_quantile_us(const struct histogram *histogram, double share);

#endif
