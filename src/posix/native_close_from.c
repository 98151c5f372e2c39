/* SPDX-License-Identifier: MIT */
/* How a child closes what it was not given, where posix_spawn can be told in one word: glibc 2.34. */
#define _GNU_SOURCE 1

#include "posix/native.h"

const short native_spawn_flags = 0;

int native_close_from(posix_spawn_file_actions_t *actions, int first) {
  return posix_spawn_file_actions_addclosefrom_np(actions, first);
}
