/* SPDX-License-Identifier: MIT */
/*
 * A child for a case: tests/support/child.c, told what to do, its output gathered, its events noted under a name:
 * "exit(0)", "exit(SIGKILL)", "error(ENOENT)", "close". It is the world's until the case is over.
 */
#ifndef WEIR_TESTS_PROGRAM_H
#define WEIR_TESTS_PROGRAM_H

#include <stddef.h>

#include <weir/weir.h>

#include "support/world.h"

enum { PROGRAM_WORDS_MAX = 64, PROGRAM_OUTPUT_MAX = 1 << 18 };

/* What came through one pipe, with a zero behind it. */
struct program_output {
  size_t length;
  char text[PROGRAM_OUTPUT_MAX];
};

struct program {
  struct world *world;
  const char *name;
  weir_process *process;
  weir_event_exit end;
  weir_error error; /* without its texts */
  char hint[200];
  bool closed;
  struct program_output output;     /* of descriptor 1 */
  struct program_output complaints; /* of descriptor 2 */
};

/* Where the child is. */
extern const char program_file[];

/* Words for it: what to do, one after the other. */
#define WORDS(...) ((const char *const[]){program_file, __VA_ARGS__, NULL})

/* Options for a child that does `words`, with three pipes. */
weir_process_options program_options(const char *const *words);

/* Starts what the options say. */
struct program *program_start(struct world *world, const char *name, const weir_process_options *options);

/* Starts the child with three pipes. */
struct program *program_do(struct world *world, const char *name, const char *const *words);

/* Runs the loop until it has closed. */
void program_await(struct program *program);

/* Does all that, and gives the output; the child must end with code 0. */
const char *program_ask(struct world *world, const weir_process_options *options);

/*
 * Ends the case as skipped where the test runs in valgrind, which copies the memory of who calls posix_spawn, so that
 * nobody hears why the program was not started, and which keeps descriptors for itself.
 */
void program_skip_in_valgrind(struct world *world);

/* A case that starts one. */
#define PROGRAM_CASE(rows, function) \
  WORLD_CASE_EXCEPT(rows, function, WORLD_NOT_SIM, "a simulation starts no processes")

#endif
