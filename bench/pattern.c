/* SPDX-License-Identifier: MIT */
/* See pattern.h. */
#include "pattern.h"

#include <string.h>

/* A prime, so that no message or buffer of a round size comes back in step with it. */
#define PERIOD ((size_t)65521)

static unsigned char pattern[PERIOD + PATTERN_CHUNK_BYTES];

void pattern_prepare(void) {
  uint32_t state = 2463534242U; /* Marsaglia's xorshift. */
  for (size_t at = 0; at < PERIOD; at++) {
    state ^= state << 13;
    state ^= state >> 17;
    state ^= state << 5;
    pattern[at] = (unsigned char)(state >> 24);
  }
  for (size_t at = PERIOD; at < sizeof pattern; at++) pattern[at] = pattern[at - PERIOD];
}

const unsigned char *pattern_at(uint64_t connection, uint64_t position) {
  return pattern + (connection * 7919 + position) % PERIOD;
}

bool pattern_matches(uint64_t connection, uint64_t position, const void *bytes, size_t length) {
  return memcmp(pattern_at(connection, position), bytes, length) == 0;
}
