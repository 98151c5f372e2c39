/* SPDX-License-Identifier: MIT */
/* See load_report.h. */
#include "load_report.h"

#include <inttypes.h>
#include <stdio.h>
#include <time.h>

#include "server_process.h"

/* A server that has opened nothing for so long opens nothing more. */
#define STANDSTILL_NS ((uint64_t)500000000)
#define LOOK_AGAIN_NS 2000000
/* A server may have sent its last byte and still be at work on what comes behind it. */
#define SETTLE_NS 20000000

struct reading report_read(const struct load *load) {
  struct reading reading = {.seconds = (double)load_clock_ns() / 1e9, .finished = load->finished, .bytes = load->bytes};
  if (load->options.server != 0) reading.cpu_seconds = server_process_cpu_seconds(load->options.server);
  return reading;
}

uint64_t report_server_memory(const struct load *load) {
  const struct timespec pause = {.tv_nsec = SETTLE_NS};
  if (load->options.mode != LOAD_IDLE || load->options.server == 0) return 0;
  nanosleep(&pause, NULL);
  return server_process_private_bytes(load->options.server);
}

size_t report_server_descriptors(const struct load *load) {
  return load->options.server == 0 ? 0 : server_process_descriptor_count(load->options.server);
}

void report_await_descriptors(const struct load *load, size_t count) {
  const struct timespec pause = {.tv_nsec = LOOK_AGAIN_NS};
  size_t last = report_server_descriptors(load);
  uint64_t changed_ns = load_clock_ns();
  while (last < count && load_clock_ns() - changed_ns < STANDSTILL_NS) {
    nanosleep(&pause, NULL);
    size_t now = report_server_descriptors(load);
    if (now != last) changed_ns = load_clock_ns();
    last = now;
  }
}

static void print_latencies(const struct load *load) {
  if (load->latencies.total == 0) return;
  printf(", \"p50_us\": %.3f, \"p99_us\": %.3f", histogram_quantile_us(&load->latencies, 0.5),
         histogram_quantile_us(&load->latencies, 0.99));
}

static void print_cost(const struct load *load, const struct report *report) {
  double cpu_seconds = report->stop.cpu_seconds - report->start.cpu_seconds;
  uint64_t messages = report->stop.finished - report->start.finished;
  if (load->options.server == 0 || messages == 0) {
    printf(", \"server_cpu_seconds\": null, \"server_cpu_us_per_message\": null");
  } else {
    printf(", \"server_cpu_seconds\": %.6f, \"server_cpu_us_per_message\": %.4f", cpu_seconds,
           cpu_seconds * 1e6 / (double)messages);
  }
}

static void print_memory(const struct load *load, const struct report *report) {
  if (load->options.mode != LOAD_IDLE || load->options.server == 0) return;
  double connections = (double)load->options.connections, before = (double)report->memory_before;
  printf(", \"private_bytes\": %" PRIu64, report->memory_before);
  printf(", \"private_bytes_per_silent_connection\": %.1f", ((double)report->memory_silent - before) / connections);
  printf(", \"private_bytes_per_connection\": %.1f", ((double)report->memory_open - before) / connections);
  printf(", \"private_bytes_kept_per_connection\": %.1f", ((double)report->memory_after - before) / connections);
}

void report_print(const struct load *load, const struct report *report) {
  double seconds = report->stop.seconds - report->start.seconds;
  uint64_t messages = report->stop.finished - report->start.finished;
  printf("{\"mode\": \"%s%s\", \"transport\": \"%s\", \"size\": %zu, \"connections\": %zu, \"active\": %zu",
         load_mode_name(load->options.mode), load->options.is_sink ? "-sink" : "",
         load->endpoint.is_tcp ? "tcp" : "unix", load->options.size, load->options.connections, load->options.active);
  printf(", \"messages\": %" PRIu64 ", \"seconds\": %.6f, \"messages_per_second\": %.1f, \"bytes_per_second\": %.0f",
         messages, seconds, (double)messages / seconds, (double)(report->stop.bytes - report->start.bytes) / seconds);
  print_latencies(load);
  print_cost(load, report);
  print_memory(load, report);
  puts("}");
}
