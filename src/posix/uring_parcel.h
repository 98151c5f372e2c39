/* SPDX-License-Identifier: MIT */
/*
 * Clients that a server leaves behind when it goes to another loop, or to another process: they were accepted, and
 * nobody has taken them. The other loop finds them by the descriptor that it was given.
 *
 * Parcels belong to the process and lie on the system's heap: the allocators of loops do not reach them.
 */
#ifndef WEIR_POSIX_URING_PARCEL_H
#define WEIR_POSIX_URING_PARCEL_H

#include <stddef.h>

struct parcel {
  struct parcel *next;
  int listener;
  size_t count;
  int clients[];
};

/* Leaves clients for whoever has this listening socket next; without memory they learn that they are not served. */
void parcel_leave(int listener, const int *clients, size_t count);

/* Copies as many of them as there is room for, and leaves them where they are. How many these are. */
size_t parcel_copy(int listener, int *clients, size_t room);

/* Closes what was left. */
void parcel_drop(int listener);

/* Takes what was left, to be freed with os_heap_put, or NULL. */
struct parcel *parcel_take(int listener);

#endif
