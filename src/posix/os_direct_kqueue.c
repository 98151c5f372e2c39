/* SPDX-License-Identifier: MIT */
/*
 * The system calls that only systems with kqueue have, straight to the system; see os_direct.c.
 */
#include "posix/os_kqueue.h"

#include <fcntl.h>

/* A kqueue is not inherited by fork, but exec of the same process keeps it unless told otherwise. */
int os_kqueue(void) {
  int queue = kqueue();
  if (queue >= 0) fcntl(queue, F_SETFD, FD_CLOEXEC);
  return queue;
}

int os_kevent(int queue, const struct kevent *changes, int change_count, struct kevent *events, int room,
              const struct timespec *timeout) {
  return kevent(queue, changes, change_count, events, room, timeout);
}
