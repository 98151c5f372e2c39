/* SPDX-License-Identifier: MIT */
/* What the test's child does as a worker of a cluster; see child_cluster.c. */
#ifndef WEIR_TESTS_CHILD_CLUSTER_H
#define WEIR_TESTS_CHILD_CLUSTER_H

#include <stdbool.h>

/* Joins on a backend, serves at the endpoint unless that is "-", and does what messages say until nothing is left. */
bool child_cluster(const char *backend, const char *endpoint);

#endif
