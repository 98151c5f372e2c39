/* SPDX-License-Identifier: MIT */
/*
 * Events instead of packets. A file is bound to one completion port for as long as it is open, so one that comes from
 * another loop, or from somebody else, brings us no packets: the low bit of the event in each OVERLAPPED keeps them
 * away from the old port, and a thread of the system's sees the event and puts the packet into ours.
 *
 * FileReplaceCompletionInformation could unbind a file since Windows 8.1, but only one with nothing under way, and not
 * under Wine 8.
 */
#ifndef WEIR_WIN32_WATCH_H
#define WEIR_WIN32_WATCH_H

#include "win32/port.h"

/* From now on the task is told by an event. */
DWORD watch_start(const weir_allocator *allocator, struct port *port, struct task *task);

/* Not any more; the task is not with the system. Does nothing to a task that is not watched. */
void watch_stop(const weir_allocator *allocator, struct task *task);

/* Lets another task have the watch of this one; neither is with the system. */
void watch_move(struct task *from, struct task *to);

/* Before each hand-in: what goes into the OVERLAPPED. */
HANDLE watch_arm(struct watch *watch);

/* When the hand-in failed: whether no packet comes. */
bool watch_disarm(struct watch *watch);

#endif
