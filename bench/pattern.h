/* SPDX-License-Identifier: MIT */
/*
 * The bytes that the load generator sends and expects back: they depend on the connection and on the position in its
 * stream, so that what is lost, doubled, swapped or another connection's is noticed.
 */
#ifndef BENCH_PATTERN_H
#define BENCH_PATTERN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* As many bytes as this lie behind each other at any position. */
#define PATTERN_CHUNK_BYTES ((size_t)65536)

/* Once, before anything else. */
void pattern_prepare(void);

/* The bytes of a connection's stream from a position on. */
const unsigned char *pattern_at(uint64_t connection, uint64_t position);

/* Whether these are they; at most PATTERN_CHUNK_BYTES. */
bool pattern_matches(uint64_t connection, uint64_t position, const void *bytes, size_t length);

#endif
