/* SPDX-License-Identifier: MIT */
/*
 * The backends of Linux: epoll, and io_uring or poll where they are asked for or the others are refused.
 */
#include "posix/candidates.h"

/* An abstract name begins with a NUL and fills what is left. */
enum { ABSTRACT_BYTES = PATH_BYTES - 1 };

static weir_code create_with_epoll(const struct backend_setup *setup, struct backend **backend) {
  return backend_create(setup, &poller_epoll, backend);
}

static weir_code create_with_poll(const struct backend_setup *setup, struct backend **backend) {
  return backend_create(setup, &poller_poll, backend);
}

static const struct backend_operations backend_epoll = CANDIDATE("epoll", create_with_epoll, ABSTRACT_BYTES);
static const struct backend_operations backend_poll = CANDIDATE("poll", create_with_poll, ABSTRACT_BYTES);

const struct backend_operations *const backends_of_the_system[] = {&backend_epoll, &backend_io_uring, &backend_poll,
                                                                   NULL};
