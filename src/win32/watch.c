/* SPDX-License-Identifier: MIT */
#include "win32/watch.h"

#include "common/memory.h"

struct watch {
  HANDLE event;
  HANDLE wait;
  HANDLE port;
  OVERLAPPED *overlapped; /* of the task */
  volatile LONG armed;    /* the event means something */
};

/* The task may be handed in again as soon as the packet is in the port. */
static VOID CALLBACK pass_on(PVOID argument, BOOLEAN unused) {
  (void)unused;
  struct watch *watch = argument;
  OVERLAPPED *overlapped = watch->overlapped;
  if (InterlockedExchange(&watch->armed, 0) == 0) return;
  while (os_port_post(watch->port, overlapped) != ERROR_SUCCESS) os_thread_pause();
}

DWORD watch_start(const weir_allocator *allocator, struct port *port, struct task *task) {
  struct watch *watch = memory_get_zeroed(allocator, sizeof *watch);
  if (watch == NULL) return ERROR_NOT_ENOUGH_MEMORY;
  watch->port = port->handle;
  watch->overlapped = &task->overlapped;
  DWORD error = os_event_create_once(&watch->event);
  if (error == ERROR_SUCCESS) {
    error = os_wait_start(watch->event, pass_on, watch, &watch->wait);
    if (error != ERROR_SUCCESS) os_close(watch->event);
  }
  if (error != ERROR_SUCCESS) {
    memory_put(allocator, watch);
    return error;
  }
  task->watch = watch;
  return ERROR_SUCCESS;
}

void watch_stop(const weir_allocator *allocator, struct task *task) {
  struct watch *watch = task->watch;
  if (watch == NULL) return;
  os_wait_stop(watch->wait);
  os_close(watch->event);
  memory_put(allocator, watch);
  task->watch = NULL;
}

void watch_move(struct task *from, struct task *to) {
  struct watch *watch = from->watch;
  from->watch = NULL;
  to->watch = watch;
  if (watch != NULL) watch->overlapped = &to->overlapped;
}

HANDLE watch_arm(struct watch *watch) {
  InterlockedExchange(&watch->armed, 1);
  return (HANDLE)((uintptr_t)watch->event | 1);
}

bool watch_disarm(struct watch *watch) { return InterlockedExchange(&watch->armed, 0) != 0; }
