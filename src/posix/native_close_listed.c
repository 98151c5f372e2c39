/* SPDX-License-Identifier: MIT */
/*
 * How a child closes what it was not given, where posix_spawn must be told each descriptor. Those that exec closes need
 * no word. What another thread opens meanwhile without saying that exec shall close it is not on the list, and there is
 * no remedy.
 */
#define _GNU_SOURCE 1

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>

#include "posix/native.h"

const short native_spawn_flags = 0;

static bool stays_open(int descriptor) {
  int flags = fcntl(descriptor, F_GETFD);
  return flags >= 0 && (flags & FD_CLOEXEC) == 0;
}

int native_close_from(posix_spawn_file_actions_t *actions, int first) {
  DIR *all = opendir("/proc/self/fd");
  int failure = all == NULL ? errno : 0;
  for (struct dirent *entry; failure == 0 && (entry = readdir(all)) != NULL;) {
    int descriptor = atoi(entry->d_name);
    if (descriptor >= first && stays_open(descriptor)) {
      failure = posix_spawn_file_actions_addclose(actions, descriptor);
    }
  }
  if (all != NULL) closedir(all);
  return failure;
}
