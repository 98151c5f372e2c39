/* SPDX-License-Identifier: MIT */
/*
 * The system calls that only Linux has; see os.h.
 */
#ifndef WEIR_POSIX_OS_EPOLL_H
#define WEIR_POSIX_OS_EPOLL_H

#include <sys/epoll.h>

int os_epoll_create(void);
int os_epoll_ctl(int epoll, int operation, int descriptor, struct epoll_event *event);
int os_epoll_wait(int epoll, struct epoll_event *events, int room, int timeout_ms);
int os_eventfd(void);

#endif
