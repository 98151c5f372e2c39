/* SPDX-License-Identifier: MIT */
/* See histogram.h. */
#include "histogram.h"

#include <stddef.h>

/* Those below 64 have a bucket each; above, the six bits behind the highest choose one of 64. */
static size_t find_bucket(uint64_t nanoseconds) {
  size_t power = 0;
  while (nanoseconds >> power >= 128) power++;
  return power * 64 + (size_t)(nanoseconds >> power);
}

static double middle_of(size_t bucket) {
  if (bucket < 128) return (double)bucket;
  size_t power = bucket / 64 - 1;
  return ((double)(bucket % 64 + 64) + 0.5) * (double)((uint64_t)1 << power);
}

void histogram_add(struct histogram *histogram, uint64_t nanoseconds) {
  histogram->total++;
  histogram->counts[find_bucket(nanoseconds)]++;
}

double histogram_quantile_us(const struct histogram *histogram, double share) {
  uint64_t wanted = (uint64_t)((double)histogram->total * share), seen = 0;
  for (size_t bucket = 0; bucket < HISTOGRAM_BUCKET_COUNT; bucket++) {
    seen += histogram->counts[bucket];
    if (seen > wanted) return middle_of(bucket) / 1000;
  }
  return 0;
}
