/* SPDX-License-Identifier: MIT */
/*
 * A child process: child_start.c makes it of what was asked for, child.c waits for its end.
 */
#ifndef WEIR_WIN32_CHILD_H
#define WEIR_WIN32_CHILD_H

#include "common/system.h"
#include "win32/os_process.h"

/* Makes the process, which does not begin yet. `hint` says more of an error, or is as it was. */
DWORD child_start(const struct child_request *request, PROCESS_INFORMATION *made, const char **hint);

#endif
