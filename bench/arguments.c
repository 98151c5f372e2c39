/* SPDX-License-Identifier: MIT */
/* See arguments.h. */
#include "arguments.h"

#include <stdio.h>
#include <string.h>

#include "process.h"

static const char usage[] =
    "usage: --listen ENDPOINT [--sink] [--backend NAME]\n"
    "\n"
    "Echoes what clients send until it gets SIGTERM. Prints \"ready\" when they may come.\n"
    "\n"
    "  --listen ENDPOINT  unix:PATH, tcp:HOST:PORT or, on Windows, pipe:NAME\n"
    "  --sink             read to the end, answer the number of bytes in 8 bytes, little-endian, and close\n"
    "  --backend NAME     the backend of a server that has several";

struct arguments arguments_read(int count, char **texts) {
  struct arguments arguments = {0};
  for (int at = 1; at < count; at++) {
    bool has_value = at + 1 < count;
    if (strcmp(texts[at], "--sink") == 0) {
      arguments.is_sink = true;
    } else if (strcmp(texts[at], "--listen") == 0 && has_value) {
      arguments.endpoint = texts[++at];
    } else if (strcmp(texts[at], "--backend") == 0 && has_value) {
      arguments.backend = texts[++at];
    } else {
      process_fail(PROCESS_USAGE, 0, usage);
    }
  }
  if (arguments.endpoint == NULL) process_fail(PROCESS_USAGE, 0, usage);
  return arguments;
}

void arguments_say_ready(void) {
  puts("ready");
  fflush(stdout);
}
