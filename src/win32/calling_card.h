/* SPDX-License-Identifier: MIT */
/*
 * How a server knows from the accept on, before the client has said anything, that it understands the end mark: a
 * client of this library puts a named event into the system before it opens a pipe, and it lies there until the pipe is
 * closed. The event's name holds the process and a hash of the pipe's name, so a false card harms nobody but the
 * process that left it.
 *
 * A loop has one card for each pipe name, counted by its connections and gone with the last; the system counts the
 * loops of a process.
 */
#ifndef WEIR_WIN32_CALLING_CARD_H
#define WEIR_WIN32_CALLING_CARD_H

#include <weir/loop.h>

#include "common/base/list.h"
#include "win32/os.h"

struct calling_card {
  struct list_node link; /* in the loop's list */
  DWORD process;         /* that opened the pipe: this one, unless the connection was passed on */
  uint64_t hash;
  uint32_t users;
  HANDLE event;
};

/* Takes part in the loop's card of this process for this name, which is made for the first. */
DWORD calling_card_hold(struct list *cards, const weir_allocator *allocator, DWORD process, uint64_t hash,
                        struct calling_card **card);

/* Keeps a card lying while its connection goes over to another loop or process, until the event is closed. */
DWORD calling_card_lay(DWORD process, uint64_t hash, HANDLE *event);

/* The last one takes the card away. NULL is ignored. */
void calling_card_release(const weir_allocator *allocator, struct calling_card *card);

/* Whether this process has left a card for this name. */
bool calling_card_seen(DWORD process, uint64_t hash);

#endif
