/* SPDX-License-Identifier: MIT */
#include "win32/parcel.h"

static SRWLOCK lock = SRWLOCK_INIT;
static struct parcel *parcels;

static struct parcel **find_place(const void *kind, intptr_t native) {
  struct parcel **place = &parcels;
  while (*place != NULL && ((*place)->kind != kind || (*place)->native != native)) place = &(*place)->next;
  return place;
}

void parcel_leave(struct parcel *parcel, const void *kind, intptr_t native) {
  parcel->kind = kind;
  parcel->native = native;
  os_lock(&lock);
  parcel->next = parcels;
  parcels = parcel;
  os_unlock(&lock);
}

struct parcel *parcel_find(const void *kind, intptr_t native) {
  os_lock(&lock);
  struct parcel *parcel = *find_place(kind, native);
  os_unlock(&lock);
  return parcel;
}

struct parcel *parcel_take(const void *kind, intptr_t native) {
  os_lock(&lock);
  struct parcel **place = find_place(kind, native);
  struct parcel *parcel = *place;
  if (parcel != NULL) *place = parcel->next;
  os_unlock(&lock);
  return parcel;
}
