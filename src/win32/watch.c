/* SPDX-License-Identifier: MIT */
#include "win32/watch.h"

#include "common/base/memory.h"

/* What an OVERLAPPED holds until its operation is over. */
#define UNDER_WAY 0x103

struct watch {
  HANDLE event;
  HANDLE wait;
  HANDLE port;
  OVERLAPPED *overlapped;
  volatile LONG armed; /* the event means something */
};

/*
 * What was over at once may set the event too, and be seen when the next operation is under way already. Behind the
 * packet the OVERLAPPED is not this thread's any more.
 */
static VOID CALLBACK pass_on(PVOID argument, BOOLEAN unused) {
  (void)unused;
  struct watch *watch = argument;
  if (InterlockedCompareExchange(&watch->armed, 1, 1) == 0) return;
  OVERLAPPED *overlapped = watch->overlapped;
  if (*(volatile ULONG_PTR *)&overlapped->Internal == UNDER_WAY) return;
  if (InterlockedExchange(&watch->armed, 0) == 0) return;
  while (os_port_post(watch->port, overlapped) != ERROR_SUCCESS) os_thread_pause();
}

DWORD watch_start(const weir_allocator *allocator, HANDLE port, struct watch **started) {
  struct watch *watch = memory_get_zeroed(allocator, sizeof *watch);
  if (watch == NULL) return ERROR_NOT_ENOUGH_MEMORY;
  watch->port = port;
  DWORD error = os_event_create_once(&watch->event);
  if (error == ERROR_SUCCESS) {
    error = os_wait_start(watch->event, pass_on, watch, &watch->wait);
    if (error != ERROR_SUCCESS) os_close(watch->event);
  }
  if (error != ERROR_SUCCESS) {
    memory_put(allocator, watch);
    return error;
  }
  *started = watch;
  return ERROR_SUCCESS;
}

void watch_stop(const weir_allocator *allocator, struct watch **stopped) {
  struct watch *watch = *stopped;
  if (watch == NULL) return;
  os_wait_stop(watch->wait);
  os_close(watch->event);
  memory_put(allocator, watch);
  *stopped = NULL;
}

void watch_arm(struct watch *watch, OVERLAPPED *overlapped) {
  overlapped->Internal = UNDER_WAY;
  overlapped->hEvent = (HANDLE)((uintptr_t)watch->event | 1);
  watch->overlapped = overlapped;
  InterlockedExchange(&watch->armed, 1);
}

bool watch_disarm(struct watch *watch) { return InterlockedExchange(&watch->armed, 0) != 0; }
