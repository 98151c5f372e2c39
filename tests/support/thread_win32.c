/* SPDX-License-Identifier: MIT */
/*
 * Threads for tests, over Windows threads. See thread.h.
 */
#include "support/thread.h"

#include <stdlib.h>
#include <windows.h>

struct thread {
  HANDLE native;
  void (*function)(void *user);
  void *user;
};

static DWORD WINAPI run_function(void *argument) {
  struct thread *thread = argument;
  thread->function(thread->user);
  return 0;
}

struct thread *thread_start(void (*function)(void *user), void *user) {
  struct thread *thread = malloc(sizeof *thread);
  if (thread == NULL) return NULL;
  thread->function = function;
  thread->user = user;
  thread->native = CreateThread(NULL, 0, run_function, thread, 0, NULL);
  if (thread->native != NULL) return thread;
  free(thread);
  return NULL;
}

void thread_join(struct thread *thread) {
  WaitForSingleObject(thread->native, INFINITE);
  CloseHandle(thread->native);
  free(thread);
}
