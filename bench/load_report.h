/* SPDX-License-Identifier: MIT */
/*
 * What the load generator measures of its own work and, when it knows the server's process, of that, and how it tells.
 *
 * What cannot be measured is 0 here, and null or missing in the report.
 */
#ifndef BENCH_LOAD_REPORT_H
#define BENCH_LOAD_REPORT_H

#include <stddef.h>
#include <stdint.h>

#include "load.h"

/* What is read at the begin and at the end of the measurement. */
struct reading {
  double seconds, cpu_seconds;
  uint64_t finished, bytes;
};

struct report {
  struct reading start, stop;
  /* The server's private memory without connections, with silent ones, with such that have spoken, without them. */
  uint64_t memory_before, memory_silent, memory_open, memory_after;
};

struct reading report_read(const struct load *load);

uint64_t report_server_memory(const struct load *load);

/* How many descriptors the server has open. */
size_t report_server_descriptors(const struct load *load);

/* Waits until the server has so many: then it has taken every connection. Gives up when their number stands still. */
void report_await_descriptors(const struct load *load, size_t count);

/* Prints the line of JSON. */
void report_print(const struct load *load, const struct report *report);

#endif
