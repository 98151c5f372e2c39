/* SPDX-License-Identifier: MIT */
/* What the test's child does with the channel to its parent; see child_channel.c. */
#ifndef WEIR_TESTS_CHILD_CHANNEL_H
#define WEIR_TESTS_CHILD_CHANNEL_H

#include <stdbool.h>

/* Plays this part on a backend until there is nothing left to do. False: there is no such part. */
bool child_channel(const char *part, const char *backend, const char *argument);

#endif
