/* SPDX-License-Identifier: MIT */
/*
 * io_uring where it is not built: refused, as a kernel would that has none.
 */
#include "posix/candidates.h"

static weir_code refuse(const struct backend_setup *setup, struct backend **backend) {
  (void)setup;
  (void)backend;
  return WEIR_ENOTSUP;
}

const struct backend_operations backend_io_uring = {.name = "io_uring", .create = refuse};
