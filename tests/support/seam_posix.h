/* SPDX-License-Identifier: MIT */
/*
 * The bench for what only the POSIX backend has: its system calls can be made to fail, and no descriptor may be left
 * over when a case is over.
 */
#ifndef WEIR_TESTS_SEAM_POSIX_H
#define WEIR_TESTS_SEAM_POSIX_H

#include "support/seam.h"

#define SEAM_POSIX_CASE(function) cmocka_unit_test_setup_teardown(function, seam_posix_set_up, seam_posix_tear_down)

/* A case that shows rows of conformance.md; see rows.h. */
#define SEAM_POSIX_ROWS(rows, function) \
  { rows " | " #function, function, seam_posix_set_up, seam_posix_tear_down, NULL }

/* As seam_set_up and seam_tear_down; faults and the limit of descriptors are as they were afterwards. */
int seam_posix_set_up(void **state);
int seam_posix_tear_down(void **state);

/* Lets this process have so many descriptors until the case is over; false: it may not. */
bool seam_raise_limit(size_t descriptors);

/* Fails the case unless the hint has these words. */
void seam_expect_hint(const char *hint, const char *words);

/* A socket of a type, SOCK_STREAM or SOCK_DGRAM, bound to a path. */
int seam_native_socket(const char *path, int type);

/* A client that waits to be accepted, for a server that accepts. */
struct connection *seam_let_one_wait(struct seam *seam, struct acceptor *acceptor);

#endif
