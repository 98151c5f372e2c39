/* SPDX-License-Identifier: MIT */
#include "posix/uring_parcel.h"

#include <pthread.h>
#include <string.h>

#include "posix/os.h"

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct parcel *parcels;

void parcel_leave(int listener, const int *clients, size_t count) {
  struct parcel *parcel = os_heap_get(sizeof *parcel + count * sizeof clients[0]);
  if (parcel == NULL) {
    for (size_t i = 0; i < count; i++) os_close(clients[i]);
    return;
  }
  parcel->listener = listener;
  parcel->count = count;
  memcpy(parcel->clients, clients, count * sizeof clients[0]);
  pthread_mutex_lock(&lock);
  parcel->next = parcels;
  parcels = parcel;
  pthread_mutex_unlock(&lock);
}

struct parcel *parcel_take(int listener) {
  pthread_mutex_lock(&lock);
  struct parcel **place = &parcels;
  while (*place != NULL && (*place)->listener != listener) place = &(*place)->next;
  struct parcel *parcel = *place;
  if (parcel != NULL) *place = parcel->next;
  pthread_mutex_unlock(&lock);
  return parcel;
}
