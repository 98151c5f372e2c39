/* SPDX-License-Identifier: MIT */
/*
 * The system calls that only Linux has, straight to the system; see os_direct.c.
 */
#include "posix/os_epoll.h"

#include <sys/eventfd.h>

int os_epoll_create(void) { return epoll_create1(EPOLL_CLOEXEC); }

int os_epoll_ctl(int epoll, int operation, int descriptor, struct epoll_event *event) {
  return epoll_ctl(epoll, operation, descriptor, event);
}

int os_epoll_wait(int epoll, struct epoll_event *events, int room, int timeout_ms) {
  return epoll_wait(epoll, events, room, timeout_ms);
}

int os_eventfd(void) { return eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC); }
