/* SPDX-License-Identifier: MIT */
/* See sink.h. */
#include "sink.h"

void sink_write_answer(unsigned char answer[SINK_ANSWER_BYTES], uint64_t count) {
  for (int at = 0; at < SINK_ANSWER_BYTES; at++) answer[at] = (unsigned char)(count >> (8 * at));
}

uint64_t sink_read_answer(const unsigned char answer[SINK_ANSWER_BYTES]) {
  uint64_t count = 0;
  for (int at = 0; at < SINK_ANSWER_BYTES; at++) count |= (uint64_t)answer[at] << (8 * at);
  return count;
}
