/* SPDX-License-Identifier: MIT */
/*
 * A program is started by posix_spawn, which borrows this process's memory instead of copying it, and says what exec
 * says. What the child does before that, it does in the order of the actions: its directory, its descriptors, and then
 * everything else is closed.
 */
#define _GNU_SOURCE 1

#include <errno.h>
#include <signal.h>
#include <spawn.h>
#include <stddef.h>

#include "posix/native.h"

/* Whom an action moves to its own number, exec leaves open. */
static int add_actions(posix_spawn_file_actions_t *actions, const struct native_child *child) {
  int failure = child->directory == NULL ? 0 : posix_spawn_file_actions_addchdir_np(actions, child->directory);
  for (int i = 0; i < child->count && failure == 0; i++) {
    if (child->descriptors[i] >= 0) failure = posix_spawn_file_actions_adddup2(actions, child->descriptors[i], i);
  }
  return failure == 0 ? native_close_from(actions, child->count) : failure;
}

static int set_attributes(posix_spawnattr_t *attributes, const struct native_child *child) {
  sigset_t all, none;
  sigfillset(&all);
  sigemptyset(&none);
  int flags = POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK | native_spawn_flags;
  if (child->detached) flags |= POSIX_SPAWN_SETSID;
  int failure = posix_spawnattr_setflags(attributes, (short)flags);
  if (failure == 0) failure = posix_spawnattr_setsigdefault(attributes, &all);
  return failure == 0 ? posix_spawnattr_setsigmask(attributes, &none) : failure;
}

static int spawn_with(posix_spawn_file_actions_t *actions, const struct native_child *child, pid_t *id) {
  posix_spawnattr_t attributes;
  int failure = posix_spawnattr_init(&attributes);
  if (failure != 0) return failure;
  failure = set_attributes(&attributes, child);
  if (failure == 0) failure = add_actions(actions, child);
  if (failure == 0) failure = posix_spawn(id, child->path, actions, &attributes, child->arguments, child->environment);
  posix_spawnattr_destroy(&attributes);
  return failure;
}

int native_spawn(const struct native_child *child, pid_t *id) {
  posix_spawn_file_actions_t actions;
  int failure = posix_spawn_file_actions_init(&actions);
  if (failure == 0) {
    failure = spawn_with(&actions, child, id);
    posix_spawn_file_actions_destroy(&actions);
  }
  errno = failure;
  return failure == 0 ? 0 : -1;
}
