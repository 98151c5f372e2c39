/* SPDX-License-Identifier: MIT */
/*
 * An endpoint that nobody else uses, for tests below the loop: a path in a fresh directory, or a pipe name.
 */
#ifndef WEIR_TESTS_ENDPOINT_H
#define WEIR_TESTS_ENDPOINT_H

#include <stdbool.h>

struct endpoint {
  char directory[64]; /* "" where there are no files */
  char text[128];
};

/* Makes one; false when the system refuses. */
bool endpoint_make(struct endpoint *endpoint);

/* Removes what is left of it. */
void endpoint_remove(struct endpoint *endpoint);

#endif
