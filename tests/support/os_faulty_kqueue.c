/* SPDX-License-Identifier: MIT */
/*
 * The system calls that only systems with kqueue have, with faults on demand; see os_faulty_posix.h.
 */
#include "os_faulty_posix.h"
#include "posix/os_kqueue.h"

int os_kqueue(void) { return faults_strike(OS_KQUEUE) ? -1 : faults_opened(kqueue()); }

int os_kevent(int queue, const struct kevent *changes, int change_count, struct kevent *events, int room,
              const struct timespec *timeout) {
  return faults_strike(OS_KEVENT) ? -1 : kevent(queue, changes, change_count, events, room, timeout);
}
