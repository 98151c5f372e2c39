/* SPDX-License-Identifier: MIT */
#include "win32/parcel.h"

static SRWLOCK lock = SRWLOCK_INIT;
static struct parcel *parcels;

struct parcel *parcel_make(size_t room) {
  struct parcel *parcel = NULL;
  return os_heap_get(sizeof *parcel + room * sizeof parcel->places[0]);
}

void parcel_free(struct parcel *parcel) { os_heap_put(parcel); }

void parcel_leave(struct parcel *parcel, intptr_t native) {
  os_lock(&lock);
  parcel->native = native;
  parcel->next = parcels;
  parcels = parcel;
  os_unlock(&lock);
}

struct parcel *parcel_take(intptr_t native) {
  os_lock(&lock);
  struct parcel **place = &parcels;
  while (*place != NULL && (*place)->native != native) place = &(*place)->next;
  struct parcel *parcel = *place;
  if (parcel != NULL) *place = parcel->next;
  os_unlock(&lock);
  return parcel;
}
