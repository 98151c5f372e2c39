/* SPDX-License-Identifier: MIT */
/*
 * What a server leaves that goes over to another loop of this process, until that one listens: clients that nobody has
 * taken, and what else its kind says. The other loop finds it by the native value that it was given.
 *
 * Parcels belong to the process; the allocators of loops do not reach them.
 */
#ifndef WEIR_WIN32_PARCEL_H
#define WEIR_WIN32_PARCEL_H

#include <weir/address.h>

#include "win32/os.h"

/* One instance of the server. */
struct parcel_place {
  HANDLE handle;
  bool has_client;
  weir_address peer; /* of a client over TCP */
};

struct parcel {
  struct parcel *next;
  intptr_t native;
  size_t count;
  struct parcel_place places[];
};

/* With room for so many places and none yet; or NULL. */
struct parcel *parcel_make(size_t room);
void parcel_free(struct parcel *parcel);

/* Leaves it for whoever has this native value. */
void parcel_leave(struct parcel *parcel, intptr_t native);

/* Takes what was left for this one, or NULL. */
struct parcel *parcel_take(intptr_t native);

#endif
