/* SPDX-License-Identifier: MIT */
/*
 * What stays behind of a server or a connection that goes over to another loop or process, besides the handle: who has
 * it next finds it by the native value. What it holds, the kind's own files say; a parcel is the first thing there.
 *
 * Parcels belong to the process, and lie on the system's heap: the allocators of loops do not reach them.
 */
#ifndef WEIR_WIN32_PARCEL_H
#define WEIR_WIN32_PARCEL_H

#include "win32/os.h"

struct parcel {
  struct parcel *next;
  const void *kind; /* of whose kind it is */
  intptr_t native;
};

/* Leaves it for whoever has this native value. */
void parcel_leave(struct parcel *parcel, const void *kind, intptr_t native);

/* One that was left, which stays where it is, or NULL. */
struct parcel *parcel_find(const void *kind, intptr_t native);

/* Takes it, or NULL. */
struct parcel *parcel_take(const void *kind, intptr_t native);

#endif
