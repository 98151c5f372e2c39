/* SPDX-License-Identifier: MIT */
/*
 * Opening a pipe of another machine. Windows can open only while one waits, for as long as the network takes, so a
 * thread does it. It can be given up at any time: then the thread, when the system lets it go, closes what it got.
 */
#ifndef WEIR_WIN32_REMOTE_OPEN_H
#define WEIR_WIN32_REMOTE_OPEN_H

#include "win32/name.h"
#include "win32/port.h"

struct remote_open;

/* Begins; `task` comes back through the port when it is over. */
DWORD remote_open_start(struct port *port, struct task *task, const struct name *name, struct remote_open **opening);

/* True: the task will not come back. False: it is on its way, and remote_open_take or _discard must follow. */
bool remote_open_abandon(struct remote_open *opening);

/* The result of one that came back; ends it. */
DWORD remote_open_take(struct remote_open *opening, HANDLE *pipe, bool *readable);

/* Ends one that came back to nobody. */
void remote_open_discard(struct remote_open *opening);

/* Opens a pipe: both ways, or else the way that its server allows. This is what the thread does. */
DWORD open_pipe(const wchar_t *name, HANDLE *pipe, bool *readable);

#endif
