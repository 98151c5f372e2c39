/* SPDX-License-Identifier: MIT */
/* The load generator's command line. */
#ifndef BENCH_LOAD_OPTIONS_H
#define BENCH_LOAD_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

enum load_mode { LOAD_PING_PONG, LOAD_STREAM, LOAD_CHURN, LOAD_IDLE };

struct load_options {
  const char *endpoint;
  enum load_mode mode;
  bool is_sink; /* The server is one: it answers with the number of bytes. */
  size_t size;  /* Of a message, in bytes. */
  size_t connections;
  size_t active;          /* So many of them send; the others are open and silent. */
  double seconds;         /* How long; when there is no count. */
  double warm_up_seconds; /* Nothing is measured for so long. */
  uint64_t count;         /* How many messages in all; 0: as many as fit into the time. */
  pid_t server;           /* 0: unknown, and its cost is null. */
};

/* Reads the command line; explains it and exits when it makes no sense. */
struct load_options load_options_read(int count, char **texts);

/* As on the command line. */
const char *load_mode_name(enum load_mode mode);

#endif
