/* SPDX-License-Identifier: MIT */
/*
 * Runs a fuzzer without libFuzzer: on the files that are named, as a crash is looked at again, or else on a fixed
 * series of inputs, as a test. The inputs prefer the bytes that mean something in endpoints and encodings.
 */
#include <stdbool.h>
#include <string.h>

#include "fuzz.h"

#ifndef REPLAY_ROUNDS
#define REPLAY_ROUNDS 100000
#endif

enum { ROUNDS = REPLAY_ROUNDS, INPUT_BYTES = 400, FILE_BYTES = 1 << 20 };

static uint64_t next_random(uint64_t *state) {
  *state ^= *state << 13;
  *state ^= *state >> 7;
  *state ^= *state << 17;
  return *state;
}

/* Each input draws from one of these, so that what belongs together meets. */
static const char *const alphabets[] = {"\\/.. a", "\\/.:?@ pipeunxcPIPE", "YWJjZGVm+/-_=\n 09afAFg",
                                        "a\xe4\xbd\xa0\xed\xf0\x9f\x98\x80\xc3\xff", "=A\xd8\xdc\xde\xdf\x01\xdb"};

static void run_series(void) {
  uint64_t random = 88172645463325252U;
  for (size_t round = 0; round < ROUNDS; round++) {
    uint8_t bytes[INPUT_BYTES];
    const char *alphabet = alphabets[round % (sizeof alphabets / sizeof alphabets[0])];
    size_t letters = strlen(alphabet);
    size_t length = (size_t)(next_random(&random) % (round % 8 == 0 ? INPUT_BYTES : 24));
    for (size_t i = 0; i < length; i++) {
      uint64_t number = next_random(&random);
      /* The first two bytes are choices of the fuzzers; later ones are now and then any byte. */
      bool any = i < 2 || number % 8 == 0;
      bytes[i] = any ? (uint8_t)(number >> 8) : (uint8_t)alphabet[(number >> 8) % letters];
    }
    LLVMFuzzerTestOneInput(bytes, length);
  }
  printf("%d inputs\n", ROUNDS);
}

static int run_file(const char *path) {
  static uint8_t bytes[FILE_BYTES];
  FILE *file = fopen(path, "rb");
  if (file == NULL) {
    perror(path);
    return 1;
  }
  size_t length = fread(bytes, 1, sizeof bytes, file);
  fclose(file);
  LLVMFuzzerTestOneInput(bytes, length);
  printf("%s: %lu bytes\n", path, (unsigned long)length);
  return 0;
}

int main(int argc, char **argv) {
  int failed = 0;
  if (argc < 2) run_series();
  for (int i = 1; i < argc; i++) failed |= run_file(argv[i]);
  return failed;
}
