/* SPDX-License-Identifier: MIT */
/*
 * Endpoints of their own on POSIX systems: a path in a fresh directory.
 */
#define _DEFAULT_SOURCE 1

#include "support/endpoint.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

bool endpoint_make(struct endpoint *endpoint) {
  snprintf(endpoint->directory, sizeof endpoint->directory, "/tmp/weir-test-XXXXXX");
  if (mkdtemp(endpoint->directory) == NULL) return false;
  snprintf(endpoint->text, sizeof endpoint->text, "%s/s", endpoint->directory);
  return true;
}

void endpoint_remove(struct endpoint *endpoint) {
  unlink(endpoint->text);
  rmdir(endpoint->directory);
}
