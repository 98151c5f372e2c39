/* SPDX-License-Identifier: MIT */
/*
 * The stream of a channel: a named pipe of a random name, which nobody but its user could open, and which is taken when
 * anybody hears of it. Both ends are this library's, so both understand the end mark.
 */
#ifndef WEIR_WIN32_CHANNEL_PIPE_H
#define WEIR_WIN32_CHANNEL_PIPE_H

#include "win32/backend.h"

/* Makes both ends; the second one may be inherited. */
DWORD channel_pipe_create(HANDLE ends[2]);

/*
 * What this process was spawned with: the second end of a pipe, and of a passage beside it or NULL. Once. On failure it
 * was with nothing, or with nothing that is a channel.
 */
DWORD channel_pipe_inherit(HANDLE *end, HANDLE *section);

#endif
