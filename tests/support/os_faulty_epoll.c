/* SPDX-License-Identifier: MIT */
/*
 * The system calls that only Linux has, with faults on demand; see os_faulty_posix.h.
 */
#include <sys/eventfd.h>

#include "os_faulty_posix.h"
#include "posix/os_epoll.h"

int os_epoll_create(void) { return faults_strike(OS_EPOLL_CREATE) ? -1 : faults_opened(epoll_create1(EPOLL_CLOEXEC)); }

int os_epoll_ctl(int epoll, int operation, int descriptor, struct epoll_event *event) {
  return faults_strike(OS_EPOLL_CTL) ? -1 : epoll_ctl(epoll, operation, descriptor, event);
}

int os_epoll_wait(int epoll, struct epoll_event *events, int room, int timeout_ms) {
  return faults_strike(OS_EPOLL_WAIT) ? -1 : epoll_wait(epoll, events, room, timeout_ms);
}

int os_eventfd(void) { return faults_strike(OS_EVENTFD) ? -1 : faults_opened(eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC)); }
