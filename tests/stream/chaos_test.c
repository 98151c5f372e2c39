/* SPDX-License-Identifier: MIT */
/*
 * Random programs on the simulator. As a test it runs a fixed number of seeds, the same ones every time;
 *
 *   chaos_test --seed N           replays one of them and prints all that happens
 *   chaos_test --from N --count M runs M others
 *
 * The environment's WEIR_CHAOS_PROGRAMS says how many, where programs run slowly.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "stream/chaos.h"

enum { PROGRAMS = 20000 };

struct seeds {
  uint64_t first;
  uint64_t count;
  bool is_loud;
};

static void random_programs_keep_every_promise(void **state) {
  const struct seeds *seeds = *state;
  for (uint64_t i = 0; i < seeds->count; i++) {
    run_program(seeds->first + i, seeds->is_loud);
    if (i % 5000 == 4999) print_message("%llu programs kept their promises\n", (unsigned long long)(i + 1));
  }
}

static uint64_t number(const char *text) { return strtoull(text, NULL, 10); }

static bool read_arguments(int count, char **arguments, struct seeds *seeds) {
  for (int i = 1; i < count; i += 2) {
    if (i + 1 == count) return false;
    uint64_t value = number(arguments[i + 1]);
    if (strcmp(arguments[i], "--seed") == 0) {
      *seeds = (struct seeds){value, 1, true};
    } else if (strcmp(arguments[i], "--from") == 0) {
      seeds->first = value;
    } else if (strcmp(arguments[i], "--count") == 0) {
      seeds->count = value;
    } else {
      return false;
    }
  }
  return true;
}

int main(int count, char **arguments) {
  const char *programs = getenv("WEIR_CHAOS_PROGRAMS");
  struct seeds seeds = {1, programs == NULL ? PROGRAMS : number(programs), false};
  if (!read_arguments(count, arguments, &seeds)) {
    fprintf(stderr, "usage: chaos_test [--seed N | --from N --count N]\n");
    return 2;
  }
  const struct CMUnitTest tests[] = {cmocka_unit_test_prestate(random_programs_keep_every_promise, &seeds)};
  setvbuf(stdout, NULL, _IOLBF, BUFSIZ); /* a program that hangs has said how far it came */
  make_pattern();
  return cmocka_run_group_tests(tests, NULL, NULL);
}
