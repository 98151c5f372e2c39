/* SPDX-License-Identifier: MIT */
/*
 * The system calls that only systems with kqueue have; see os.h.
 */
#ifndef WEIR_POSIX_OS_KQUEUE_H
#define WEIR_POSIX_OS_KQUEUE_H

#include <sys/types.h>
#include <time.h>

#include <sys/event.h>

int os_kqueue(void);
int os_kevent(int queue, const struct kevent *changes, int change_count, struct kevent *events, int room,
              const struct timespec *timeout);

#endif
