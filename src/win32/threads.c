/* SPDX-License-Identifier: MIT */
/*
 * Threads, locks and their memory on Windows. Every thread holds the library in memory until it is over, also one that
 * was left behind.
 */
#include "common/system.h"
#include "win32/error.h"
#include "win32/os.h"

_Static_assert(sizeof(HANDLE) <= sizeof(uintptr_t), "a thread's handle fits into its structure");

struct system_lock {
  SRWLOCK lock;
  CONDITION_VARIABLE condition;
};

/* ---- memory ---- */

void *system_memory_get(size_t bytes) { return os_heap_get(bytes); }

void system_memory_put(void *block) {
  if (block != NULL) os_heap_put(block);
}

/* ---- threads ---- */

static DWORD run(void *argument) {
  struct system_thread *thread = argument;
  thread->run(thread);
  return 0;
}

struct outcome system_thread_start(struct system_thread *thread) {
  HANDLE handle;
  DWORD error = os_thread_start(run, thread, &handle);
  if (error != ERROR_SUCCESS) {
    return error_outcome(ERROR_PLACE_OPEN, error, "the system has no thread left for this process");
  }
  thread->native = (uintptr_t)handle;
  return error_none();
}

void system_thread_join(struct system_thread *thread) {
  os_thread_join((HANDLE)thread->native);
  os_close((HANDLE)thread->native);
}

void system_thread_detach(struct system_thread *thread) { os_close((HANDLE)thread->native); }

/* ---- locks: all zero is the beginning ---- */

weir_code system_lock_create(struct system_lock **lock) {
  *lock = os_heap_get(sizeof **lock);
  return *lock == NULL ? WEIR_ENOMEM : WEIR_OK;
}

void system_lock_destroy(struct system_lock *lock) { os_heap_put(lock); }

void system_lock_acquire(struct system_lock *lock) { os_lock(&lock->lock); }

void system_lock_release(struct system_lock *lock) { os_unlock(&lock->lock); }

void system_lock_wait(struct system_lock *lock) { os_condition_wait(&lock->condition, &lock->lock); }

void system_lock_wake_one(struct system_lock *lock) { os_condition_wake_one(&lock->condition); }

void system_lock_wake_all(struct system_lock *lock) { os_condition_wake_all(&lock->condition); }
