/* SPDX-License-Identifier: MIT */
/*
 * Threads, locks and their memory over POSIX threads. Our threads block every signal: a program's handlers run on the
 * program's threads, and no work function is interrupted by what was meant for somebody else.
 */
#define _DEFAULT_SOURCE 1

#include <errno.h>
#include <signal.h>
#include <string.h>

#include "common/system.h"
#include "posix/error.h"
#include "posix/os.h"

_Static_assert(sizeof(pthread_t) <= sizeof(uintptr_t), "a thread's name fits into its structure");

struct system_lock {
  pthread_mutex_t mutex;
  pthread_cond_t condition;
};

/* ---- memory ---- */

void *system_memory_get(size_t bytes) { return os_heap_get(bytes); }

void system_memory_put(void *block) { os_heap_put(block); }

/* ---- threads ---- */

static void *run(void *argument) {
  struct system_thread *thread = argument;
  thread->run(thread);
  return NULL;
}

static pthread_t native_of(const struct system_thread *thread) {
  pthread_t native;
  memcpy(&native, &thread->native, sizeof native);
  return native;
}

struct outcome system_thread_start(struct system_thread *thread) {
  sigset_t all, before;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &before);
  pthread_t native;
  int failure = os_thread_start(&native, run, thread) < 0 ? errno : 0;
  pthread_sigmask(SIG_SETMASK, &before, NULL);
  if (failure == 0) memcpy(&thread->native, &native, sizeof native);
  return error_outcome(failure_of(failure, failure == 0 ? HINT_NONE : HINT_THREADS));
}

void system_thread_join(struct system_thread *thread) { os_thread_join(native_of(thread)); }

void system_thread_detach(struct system_thread *thread) { os_thread_detach(native_of(thread)); }

/* ---- locks ---- */

static int init_lock(struct system_lock *lock) {
  if (os_mutex_init(&lock->mutex) < 0) return errno;
  if (os_condition_init(&lock->condition) == 0) return 0;
  int failure = errno;
  pthread_mutex_destroy(&lock->mutex);
  return failure;
}

weir_code system_lock_create(struct system_lock **lock) {
  struct system_lock *made = os_heap_get(sizeof *made);
  if (made == NULL) return WEIR_ENOMEM;
  int failure = init_lock(made);
  if (failure != 0) {
    os_heap_put(made);
    return error_code(failure);
  }
  *lock = made;
  return WEIR_OK;
}

void system_lock_destroy(struct system_lock *lock) {
  pthread_cond_destroy(&lock->condition);
  pthread_mutex_destroy(&lock->mutex);
  os_heap_put(lock);
}

void system_lock_acquire(struct system_lock *lock) { pthread_mutex_lock(&lock->mutex); }

void system_lock_release(struct system_lock *lock) { pthread_mutex_unlock(&lock->mutex); }

void system_lock_wait(struct system_lock *lock) { pthread_cond_wait(&lock->condition, &lock->mutex); }

void system_lock_wake_one(struct system_lock *lock) { pthread_cond_signal(&lock->condition); }

void system_lock_wake_all(struct system_lock *lock) { pthread_cond_broadcast(&lock->condition); }
