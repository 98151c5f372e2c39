/* SPDX-License-Identifier: MIT */
/*
 * The backends of macOS and the BSDs: kqueue, and poll where it is asked for. There are no abstract names.
 */
#include "posix/candidates.h"

static weir_code create_with_kqueue(const struct backend_setup *setup, struct backend **backend) {
  return backend_create(setup, &poller_kqueue, backend);
}

static weir_code create_with_poll(const struct backend_setup *setup, struct backend **backend) {
  return backend_create(setup, &poller_poll, backend);
}

static const struct backend_operations backend_kqueue = CANDIDATE("kqueue", create_with_kqueue, 0);
static const struct backend_operations backend_poll = CANDIDATE("poll", create_with_poll, 0);

const struct backend_operations *const backends_of_the_system[] = {&backend_kqueue, &backend_poll, NULL};
