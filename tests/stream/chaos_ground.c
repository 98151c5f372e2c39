/* SPDX-License-Identifier: MIT */
/* The ground that a random program stands on: its chance, memory that is counted and may fail, and the trace. */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "stream/chaos.h"

/* ---- chance ---- */

static uint64_t draw_bits(struct chaos *chaos) {
  uint64_t bits = chaos->chance += UINT64_C(0x9E3779B97F4A7C15); /* SplitMix64 */
  bits = (bits ^ bits >> 30) * UINT64_C(0xBF58476D1CE4E5B9);
  bits = (bits ^ bits >> 27) * UINT64_C(0x94D049BB133111EB);
  return bits ^ bits >> 31;
}

size_t draw(struct chaos *chaos, size_t limit) { return (size_t)(draw_bits(chaos) % limit); }

bool one_in(struct chaos *chaos, size_t times) { return draw(chaos, times) == 0; }

/* ---- memory ---- */

void *resize_or_fail(void *user, void *block, size_t bytes) {
  struct chaos *chaos = user;
  if (bytes == 0) {
    if (block != NULL) chaos->blocks--;
    free(block);
    return NULL;
  }
  if (!chaos->has_memory && chaos->failing_one_in > 0 && one_in(chaos, chaos->failing_one_in)) {
    note(chaos, "    no memory for %zu bytes", bytes);
    return NULL;
  }
  if (block == NULL) chaos->blocks++;
  return realloc(block, bytes);
}

/* ---- trace ---- */

static struct chaos *chaos_of_abort;

void note(struct chaos *chaos, const char *format, ...) {
  char *line = chaos->trace[chaos->trace_count++ % TRACE_LINES];
  va_list arguments;
  va_start(arguments, format);
  vsnprintf(line, TRACE_COLUMNS, format, arguments);
  va_end(arguments);
  if (chaos->is_loud) printf("%s\n", line);
}

static void print_trace(const struct chaos *chaos) {
  size_t first = chaos->trace_count > TRACE_LINES ? chaos->trace_count - TRACE_LINES : 0;
  for (size_t i = first; i < chaos->trace_count && !chaos->is_loud; i++) {
    fprintf(stderr, "%s\n", chaos->trace[i % TRACE_LINES]);
  }
  fprintf(stderr, "replay with: chaos_test --seed %llu\n", (unsigned long long)chaos->seed);
}

void blame(struct chaos *chaos, const char *format, ...) {
  char text[200];
  va_list arguments;
  va_start(arguments, format);
  vsnprintf(text, sizeof text, format, arguments);
  va_end(arguments);
  print_trace(chaos);
  fail_msg("seed %llu: %s", (unsigned long long)chaos->seed, text);
}

static void print_and_abort(int number) {
  signal(number, SIG_DFL);
  if (chaos_of_abort != NULL) print_trace(chaos_of_abort);
  abort();
}

void print_trace_on_abort(struct chaos *chaos) {
  chaos_of_abort = chaos;
  signal(SIGABRT, chaos == NULL ? SIG_DFL : print_and_abort);
}

/* ---- what calls back ---- */

size_t index_of_party(const struct party *party) { return (size_t)(party - party->chaos->parties); }

size_t index_of_host(const struct host *host) { return (size_t)(host - host->chaos->hosts); }

void hear_more(struct chaos *chaos) {
  if (chaos->is_inside_call) blame(chaos, "something called back from inside a call");
  if (chaos->is_over) blame(chaos, "something called back after the end of the loops");
  chaos->events++;
  if (chaos->events > 2 * EVENTS_MAX) blame(chaos, "the program does not end");
}

void hear(struct chaos *chaos) {
  leave_close(chaos);
  hear_more(chaos);
}
