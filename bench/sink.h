/* SPDX-License-Identifier: MIT */
/* What a server with --sink says at the end: how many bytes have come, in 8 bytes, little-endian. */
#ifndef BENCH_SINK_H
#define BENCH_SINK_H

#include <stdint.h>

#define SINK_ANSWER_BYTES 8

/* Writes the count as a sink says it. */
void sink_write_answer(unsigned char answer[SINK_ANSWER_BYTES], uint64_t count);

/* Reads what a sink has said. */
uint64_t sink_read_answer(const unsigned char answer[SINK_ANSWER_BYTES]);

#endif
