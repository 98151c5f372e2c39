/* SPDX-License-Identifier: MIT */
/*
 * The backends of Linux: epoll, and poll where it is asked for.
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

const struct backend_operations *const backends_of_the_system[] = {&backend_epoll, &backend_poll, NULL};
