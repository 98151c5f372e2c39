/* SPDX-License-Identifier: MIT */
/* The command line that all servers of the bench understand, so that one command can race them. */
#ifndef BENCH_ARGUMENTS_H
#define BENCH_ARGUMENTS_H

#include <stdbool.h>

/* How many clients may wait to be accepted, the same for every server. */
#define ARGUMENTS_BACKLOG 4096

struct arguments {
  const char *endpoint; /* --listen ENDPOINT. */
  const char *backend;  /* --backend NAME, or NULL. */
  bool is_sink;         /* --sink: count what comes, do not echo it. */
};

/* Reads the command line; explains it and exits when it makes no sense. */
struct arguments arguments_read(int count, char **texts);

/* Tells who waits for it that clients may come. */
void arguments_say_ready(void);

#endif
