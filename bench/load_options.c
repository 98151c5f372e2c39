/* SPDX-License-Identifier: MIT */
/* See load_options.h. */
#include "load_options.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "process.h"

static const char usage[] =
    "usage: load --connect ENDPOINT [OPTION...]\n"
    "\n"
    "Keeps an echo server busy, compares every byte that comes back, and prints a line of JSON. Exit status 3: a\n"
    "byte was wrong, missing or too many.\n"
    "\n"
    "  --connect ENDPOINT  unix:PATH or tcp:HOST:PORT\n"
    "  --mode MODE         ping-pong  every connection sends a message when the last one has come back (default)\n"
    "                      stream     every connection sends without waiting\n"
    "                      churn      connect, one message, close\n"
    "                      idle       connections that say one message and stay; tells their memory\n"
    "  --size BYTES        of a message; default 64, and 65536 for stream\n"
    "  --connections N     how many at a time; default 1\n"
    "  --active N          so many of them send, the others stay open and silent; only for ping-pong\n"
    "  --seconds S         how long; default 1\n"
    "  --warm-up S         how long it runs before that; default 0\n"
    "  --count N           how many messages instead, all of them measured\n"
    "  --sink              stream to a server that was started with --sink\n"
    "  --server-pid PID    the server, to tell its processor time and memory";

static const char *const mode_names[] = {"ping-pong", "stream", "churn", "idle"};

const char *load_mode_name(enum load_mode mode) { return mode_names[mode]; }

static enum load_mode read_mode(const char *text) {
  for (size_t at = 0; at < sizeof mode_names / sizeof *mode_names; at++) {
    if (strcmp(text, mode_names[at]) == 0) return (enum load_mode)at;
  }
  process_fail(PROCESS_USAGE, 0, usage);
}

static double read_seconds(const char *text) {
  char *end;
  double seconds = strtod(text, &end);
  if (end == text || *end != '\0' || !(seconds >= 0 && seconds <= 86400)) process_fail(PROCESS_USAGE, 0, usage);
  return seconds;
}

static uint64_t read_number(const char *text, uint64_t most) {
  char *end;
  errno = 0;
  unsigned long long number = strtoull(text, &end, 10);
  if (text[0] < '0' || text[0] > '9' || *end != '\0' || errno != 0 || number == 0 || number > most) {
    process_fail(PROCESS_USAGE, 0, usage);
  }
  return number;
}

static void read_option(struct load_options *options, const char *name, const char *value) {
  if (strcmp(name, "--connect") == 0) {
    options->endpoint = value;
  } else if (strcmp(name, "--mode") == 0) {
    options->mode = read_mode(value);
  } else if (strcmp(name, "--size") == 0) {
    options->size = (size_t)read_number(value, (uint64_t)1 << 30);
  } else if (strcmp(name, "--connections") == 0) {
    options->connections = (size_t)read_number(value, 1000000);
  } else if (strcmp(name, "--active") == 0) {
    options->active = (size_t)read_number(value, 1000000);
  } else if (strcmp(name, "--seconds") == 0) {
    options->seconds = read_seconds(value);
  } else if (strcmp(name, "--warm-up") == 0) {
    options->warm_up_seconds = read_seconds(value);
  } else if (strcmp(name, "--count") == 0) {
    options->count = read_number(value, (uint64_t)1 << 32);
  } else if (strcmp(name, "--server-pid") == 0) {
    options->server = (pid_t)read_number(value, INT32_MAX);
  } else {
    process_fail(PROCESS_USAGE, 0, usage);
  }
}

static void require_sense(const struct load_options *options) {
  bool has_endpoint = options->endpoint != NULL;
  bool can_sink = !options->is_sink || options->mode == LOAD_STREAM;
  bool can_be_silent = options->active == 0 || options->mode == LOAD_PING_PONG;
  bool are_enough = options->active <= options->connections;
  if (!has_endpoint || !can_sink || !can_be_silent || !are_enough) process_fail(PROCESS_USAGE, 0, usage);
}

struct load_options load_options_read(int count, char **texts) {
  struct load_options options = {.connections = 1, .seconds = 1};
  for (int at = 1; at < count; at++) {
    if (strcmp(texts[at], "--sink") == 0) {
      options.is_sink = true;
    } else if (at + 1 < count) {
      read_option(&options, texts[at], texts[at + 1]);
      at++;
    } else {
      process_fail(PROCESS_USAGE, 0, usage);
    }
  }
  require_sense(&options);
  if (options.size == 0) options.size = options.mode == LOAD_STREAM ? 65536 : 64;
  if (options.active == 0) options.active = options.connections;
  /* The idle have said one message each. */
  if (options.mode == LOAD_IDLE) options.count = options.connections;
  return options;
}
