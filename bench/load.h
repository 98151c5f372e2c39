/* SPDX-License-Identifier: MIT */
/*
 * The load generator's connections, and what a mode does with them.
 *
 * load.c owns the loop and the measurement, load_modes.c what is sent when, load_report.c what is told of it. A
 * connection counts as open until the server has ended it too: then every byte has been compared, and nothing came
 * behind the last.
 */
#ifndef BENCH_LOAD_H
#define BENCH_LOAD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "endpoint.h"
#include "histogram.h"
#include "load_options.h"
#include "pattern.h"
#include "sink.h"

enum connection_state {
  CONNECTION_CLOSED,
  CONNECTION_BUSY,  /* Both sides open. */
  CONNECTION_ENDING /* Our side has ended; the rest and the server's end are to come. */
};

struct connection {
  enum connection_state state;
  int descriptor;
  uint32_t interest;                       /* What epoll was asked for. */
  uint64_t number;                         /* Whose pattern it sends. */
  uint64_t begun_ns;                       /* When its message began to be sent. */
  uint64_t target;                         /* How far it is to send for now. */
  uint64_t sent, received;                 /* Bytes. */
  unsigned char answer[SINK_ANSWER_BYTES]; /* What a sink has said. */
};

struct load {
  struct load_options options;
  struct endpoint endpoint;
  int epoll;
  struct connection *connections;
  size_t open_count;
  uint64_t next_number;
  uint64_t begun, finished;   /* Messages, but for stream. */
  uint64_t bytes;             /* That came back, or that a sink took. */
  uint64_t now_ns;            /* When the last message came back. */
  struct histogram latencies; /* Of ping-pong's messages, from the first byte's way out to the last one's way in. */
  bool is_stopping;           /* The time is over: no new message. */
  unsigned char buffer[PATTERN_CHUNK_BYTES];
};

/* What a mode does. Every function may close the connection. */
struct mode {
  void (*begin)(struct load *load, struct connection *connection);
  void (*advance)(struct load *load, struct connection *connection); /* Bytes have gone or come. */
  void (*ended)(struct load *load, struct connection *connection);   /* The server has ended it in order. */
};

const struct mode *load_mode_find(enum load_mode mode);

/* load.c: what modes are made of. */
uint64_t load_clock_ns(void);
void connection_open(struct load *load, struct connection *connection);
void connection_send(struct load *load, struct connection *connection); /* As much as goes, up to the target. */
void connection_end(struct load *load, struct connection *connection);  /* Our side; once. */

#endif
