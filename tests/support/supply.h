/* SPDX-License-Identifier: MIT */
/*
 * A supply of memory that runs out when a test says so, and knows what was not given back. For loops of one thread.
 */
#ifndef WEIR_TESTS_SUPPLY_H
#define WEIR_TESTS_SUPPLY_H

#include <stdbool.h>
#include <stddef.h>

#include <weir/loop.h>

struct supply {
  size_t asked;   /* allocations so far */
  size_t fail_at; /* the one that fails, from 1; 0: none does */
  bool for_good;  /* and all after it */
  bool failed;
  long blocks; /* given and not taken back */
};

/* An allocator that draws on it. */
weir_allocator supply_allocator(struct supply *supply);

#endif
