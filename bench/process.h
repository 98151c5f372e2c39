/* SPDX-License-Identifier: MIT */
/* What every program of the bench wants of its process: many descriptors, and a plain word when something fails. */
#ifndef BENCH_PROCESS_H
#define BENCH_PROCESS_H

#include <stddef.h>

/* Exit statuses of the bench's programs. */
enum process_status {
  PROCESS_FAILED = 1, /* The system refused something. */
  PROCESS_USAGE = 2,  /* The command line makes no sense. */
  PROCESS_WRONG = 3   /* The load generator got other bytes than it should have. */
};

/* Raises the limit of open descriptors as far as it goes. Returns the limit. */
size_t process_raise_descriptor_limit(void);

/* Says on the standard error what failed, with errno's reason when there is one, and exits. */
_Noreturn void process_fail(enum process_status status, int error, const char *what);

#endif
