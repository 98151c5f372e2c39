/* SPDX-License-Identifier: MIT */
/*
 * Names for the cases of a plain CMocka program that show rows of conformance.md: "ROWS | case". Suites of world.h name
 * their rows in WORLD_CASE.
 */
#ifndef WEIR_TESTS_ROWS_H
#define WEIR_TESTS_ROWS_H

#define UNIT_CASE(rows, function) \
  { rows " | " #function, function, NULL, NULL, NULL }

#endif
