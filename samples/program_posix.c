/* SPDX-License-Identifier: MIT */
/* POSIX: arguments and output are bytes already. */
#include "program.h"

char **program_start(int *argument_count, char **arguments) {
  (void)argument_count;
  return arguments;
}
