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

/* Under the lock: where the one of a listener hangs. */
static struct parcel **find(int listener) {
  struct parcel **place = &parcels;
  while (*place != NULL && (*place)->listener != listener) place = &(*place)->next;
  return place;
}

size_t parcel_copy(int listener, int *clients, size_t room) {
  pthread_mutex_lock(&lock);
  const struct parcel *parcel = *find(listener);
  size_t count = parcel == NULL ? 0 : parcel->count < room ? parcel->count : room;
  if (count > 0) memcpy(clients, parcel->clients, count * sizeof clients[0]);
  pthread_mutex_unlock(&lock);
  return count;
}

struct parcel *parcel_take(int listener) {
  pthread_mutex_lock(&lock);
  struct parcel **place = find(listener);
  struct parcel *parcel = *place;
  if (parcel != NULL) *place = parcel->next;
  pthread_mutex_unlock(&lock);
  return parcel;
}

void parcel_drop(int listener) {
  struct parcel *parcel = parcel_take(listener);
  for (size_t i = 0; parcel != NULL && i < parcel->count; i++) os_close(parcel->clients[i]);
  if (parcel != NULL) os_heap_put(parcel);
}
