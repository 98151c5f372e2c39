/* SPDX-License-Identifier: MIT */
/* See process.h. Windows has no limit of open handles that a program could raise. */
#include "process.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

size_t process_raise_descriptor_limit(void) { return SIZE_MAX; }

void process_fail(enum process_status status, int error, const char *what) {
  if (error != 0) {
    fprintf(stderr, "%s: error %d\n", what, error);
  } else {
    fprintf(stderr, "%s\n", what);
  }
  exit((int)status);
}
