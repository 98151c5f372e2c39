/* SPDX-License-Identifier: MIT */
/*
 * What a fuzzer is: one function that libFuzzer calls with bytes of its invention, and that stops the process when a
 * promise is broken. Linked with replay.c instead of libFuzzer it becomes a plain test that any compiler builds.
 */
#ifndef WEIR_TESTS_FUZZ_H
#define WEIR_TESTS_FUZZ_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

/* libFuzzer's name for it. */
int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length);

/* As assert, in every build type. */
#define REQUIRE(condition)                                                                \
  do {                                                                                    \
    if (!(condition)) {                                                                   \
      fprintf(stderr, "%s:%d: this does not hold: %s\n", __FILE__, __LINE__, #condition); \
      abort();                                                                            \
    }                                                                                     \
  } while (0)

#endif
