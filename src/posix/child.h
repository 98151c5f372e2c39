/* SPDX-License-Identifier: MIT */
/*
 * A child process: child_start.c makes it of what was asked for, child.c waits for its end.
 */
#ifndef WEIR_POSIX_CHILD_H
#define WEIR_POSIX_CHILD_H

#include <sys/types.h>

#include "common/system.h"
#include "posix/error.h"

/* Starts the program. */
struct failure child_start(const struct child_request *request, pid_t *id);

#endif
