/* SPDX-License-Identifier: MIT */
/*
 * The part of a world that POSIX systems have: a fresh directory for socket files, and counting open descriptors.
 */
#define _POSIX_C_SOURCE 200809L
#define _DARWIN_C_SOURCE

#include "world_private.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

/* A long TMPDIR is passed over, because a socket's path has at most 103 bytes on some systems. */
void world_make_place(struct world *world) {
  const char *place = getenv("TMPDIR");
  if (!place || !*place || strlen(place) > 60) place = "/tmp";
  snprintf(world->directory, sizeof world->directory, "%s/weir-test-XXXXXX", place);
  assert_non_null(mkdtemp(world->directory));
  snprintf(world->endpoint, sizeof world->endpoint, "%s/s", world->directory);
}

static void remove_entry(const char *directory, const char *name) {
  char path[1024];
  snprintf(path, sizeof path, "%s/%s", directory, name);
  if (unlink(path) != 0) rmdir(path);
}

void world_remove_place(struct world *world) {
  chmod(world->directory, 0700);
  DIR *directory = opendir(world->directory);
  if (!directory) return;
  for (struct dirent *entry; (entry = readdir(directory));)
    if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0)
      remove_entry(world->directory, entry->d_name);
  closedir(directory);
  rmdir(world->directory);
}

/* One less than listed: the listing itself needs a descriptor. */
size_t world_open_handles(void) {
  DIR *directory = opendir("/dev/fd");
  assert_non_null(directory);
  size_t count = 0;
  for (struct dirent *entry; (entry = readdir(directory));) count += entry->d_name[0] != '.';
  closedir(directory);
  return count - 1;
}
