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

#include <weir/loop.h>

#include "win32/os.h"

struct watch;

/* Makes one that puts packets into this port. */
DWORD watch_start(const weir_allocator *allocator, HANDLE port, struct watch **watch);

/* Ends one, if it is there, that nothing is under way with. */
void watch_stop(const weir_allocator *allocator, struct watch **watch);

/* Before each hand-in of an OVERLAPPED, which is cleared. */
void watch_arm(struct watch *watch, OVERLAPPED *overlapped);

/* When the hand-in was over at once: whether no packet comes. */
bool watch_disarm(struct watch *watch);

#endif
