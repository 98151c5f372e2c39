/* SPDX-License-Identifier: MIT */
/*
 * Threads for tests, over POSIX threads. See thread.h.
 */
#include "support/thread.h"

#include <pthread.h>
#include <stdlib.h>

struct thread {
  pthread_t native;
  void (*function)(void *user);
  void *user;
};

static void *run_function(void *argument) {
  struct thread *thread = argument;
  thread->function(thread->user);
  return NULL;
}

struct thread *thread_start(void (*function)(void *user), void *user) {
  struct thread *thread = malloc(sizeof *thread);
  if (thread == NULL) return NULL;
  thread->function = function;
  thread->user = user;
  if (pthread_create(&thread->native, NULL, run_function, thread) == 0) return thread;
  free(thread);
  return NULL;
}

void thread_join(struct thread *thread) {
  pthread_join(thread->native, NULL);
  free(thread);
}
