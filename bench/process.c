/* SPDX-License-Identifier: MIT */
/* See process.h. */
#include "process.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

size_t process_raise_descriptor_limit(void) {
  struct rlimit limit;
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0) return 1024;
  rlim_t before = limit.rlim_cur;
  limit.rlim_cur = limit.rlim_max;
  if (setrlimit(RLIMIT_NOFILE, &limit) != 0) return (size_t)before;
  return (size_t)limit.rlim_max;
}

void process_fail(enum process_status status, int error, const char *what) {
  if (error != 0) {
    fprintf(stderr, "%s: %s\n", what, strerror(error));
  } else {
    fprintf(stderr, "%s\n", what);
  }
  exit((int)status);
}
