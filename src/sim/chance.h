/* SPDX-License-Identifier: MIT */
/*
 * Seeded chance: the one source of everything that a simulated world decides by itself. The same seed and the same
 * questions in the same order give the same answers on every machine; it is no source of secrets.
 */
#ifndef WEIR_SIM_CHANCE_H
#define WEIR_SIM_CHANCE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct chance {
  uint64_t state;
};

void chance_init(struct chance *chance, uint64_t seed);

/* A number below `limit`, which is not 0. */
size_t chance_below(struct chance *chance, size_t limit);

/* True once in so many questions. */
bool chance_one_in(struct chance *chance, size_t count);

/* A length from 1 to `limit`, which is not 0: often all of it, sometimes a few bytes, else anything between. */
size_t chance_length(struct chance *chance, size_t limit);

#endif
