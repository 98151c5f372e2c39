/* SPDX-License-Identifier: MIT */
/* Seeded chance, by SplitMix64: a counter with an odd step whose bits are mixed. Any seed is as good as another. */
#include "sim/chance.h"

#include <assert.h>

/* A short transfer is at most so long: shorter than any header, so that parsers above meet every split. */
#define SHORT_BYTES 16

void chance_init(struct chance *chance, uint64_t seed) { chance->state = seed; }

static uint64_t draw(struct chance *chance) {
  uint64_t mixed = chance->state += UINT64_C(0x9E3779B97F4A7C15);
  mixed = (mixed ^ (mixed >> 30)) * UINT64_C(0xBF58476D1CE4E5B9);
  mixed = (mixed ^ (mixed >> 27)) * UINT64_C(0x94D049BB133111EB);
  return mixed ^ (mixed >> 31);
}

size_t chance_below(struct chance *chance, size_t limit) {
  assert(limit > 0);
  return (size_t)(draw(chance) % limit);
}

bool chance_one_in(struct chance *chance, size_t count) { return chance_below(chance, count) == 0; }

size_t chance_length(struct chance *chance, size_t limit) {
  if (chance_one_in(chance, 2)) return limit;
  if (limit > SHORT_BYTES && chance_one_in(chance, 2)) limit = SHORT_BYTES;
  return 1 + chance_below(chance, limit);
}
