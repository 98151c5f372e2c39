/* SPDX-License-Identifier: MIT */
/*
 * From a request to a running program: descriptors that do not get into each other's way, an environment with what is
 * added to it, and the file that a name stands for. The path is tried, not asked for: what exec says of a file is true.
 */
#define _DEFAULT_SOURCE 1

#include "posix/child.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>

#include "posix/native.h"
#include "posix/os.h"

extern char **environ;

enum { NUMBER_BYTES = 12, PATH_BYTES = 4096 };

/* What a start needs until the program runs; of system memory. */
struct start {
  const struct child_request *request;
  size_t count;     /* of descriptors: those that were asked for, and the extras behind them */
  int *descriptors; /* where the child's come from; -1: from nowhere */
  bool *is_opened;  /* which of these are ours to close */
  char **environment;
  bool owns_environment;
  char path[PATH_BYTES];
};

/* ---- descriptors ---- */

/* What exec closes is nothing that a child inherits, whatever its number. */
static int find_inherited(int number) {
  int flags = os_look_at(number);
  return flags < 0 || (flags & FD_CLOEXEC) != 0 ? -1 : number;
}

/* Those that the child's own numbers would overwrite move behind them. */
static int keep_apart(struct start *start, size_t index, int native) {
  if (native == (int)index || native >= (int)start->count) return native;
  start->is_opened[index] = true;
  return os_duplicate_from(native, (int)start->count);
}

static int open_null(struct start *start, size_t index) {
  int native = os_open_null();
  if (native < 0) return -1;
  int moved = keep_apart(start, index, native);
  if (moved != native) os_close(native);
  start->is_opened[index] = moved >= 0;
  return moved;
}

static int take_native(struct start *start, size_t index, const struct child_descriptor *descriptor) {
  int native = (int)descriptor->native;
  if (native < 0) {
    errno = EBADF;
    return -1;
  }
  if (descriptor->is_made_wait && os_make_wait(native) < 0) return -1;
  return keep_apart(start, index, native);
}

/* Returns 0, or the errno. */
static int make_descriptor(struct start *start, size_t index, const struct child_descriptor *descriptor) {
  switch (descriptor->source) {
    case CHILD_INHERITS:
      start->descriptors[index] = find_inherited((int)index);
      return 0;
    case CHILD_HAS_NULL:
      start->descriptors[index] = open_null(start, index);
      break;
    case CHILD_HAS_NATIVE:
      start->descriptors[index] = take_native(start, index, descriptor);
      break;
  }
  return start->descriptors[index] < 0 ? errno : 0;
}

static int make_descriptors(struct start *start) {
  const struct child_request *request = start->request;
  int failure = 0;
  for (size_t i = 0; i < start->count && failure == 0; i++) {
    struct child_descriptor extra = {.source = CHILD_HAS_NATIVE};
    bool is_extra = i >= request->descriptor_count;
    if (is_extra) extra.native = request->extras[i - request->descriptor_count].native;
    failure = make_descriptor(start, i, is_extra ? &extra : &request->descriptors[i]);
  }
  return failure;
}

static void close_opened(const struct start *start) {
  for (size_t i = 0; i < start->count; i++) {
    if (start->is_opened[i] && start->descriptors[i] >= 0) os_close(start->descriptors[i]);
  }
}

/* ---- environment ---- */

static bool is_variable(const char *entry, const char *name) {
  size_t length = strlen(name);
  return strncmp(entry, name, length) == 0 && entry[length] == '=';
}

static bool is_extra(const struct child_request *request, const char *entry) {
  for (size_t i = 0; i < request->extra_count; i++) {
    if (is_variable(entry, request->extras[i].variable)) return true;
  }
  return false;
}

static size_t extra_bytes(const struct child_request *request) {
  size_t bytes = 0;
  for (size_t i = 0; i < request->extra_count; i++) bytes += strlen(request->extras[i].variable) + NUMBER_BYTES;
  return bytes;
}

static void write_extras(struct start *start, char **entry, char *text) {
  const struct child_request *request = start->request;
  for (size_t i = 0; i < request->extra_count; i++) {
    size_t room = strlen(request->extras[i].variable) + NUMBER_BYTES;
    snprintf(text, room, "%s=%d", request->extras[i].variable, (int)(request->descriptor_count + i));
    *entry++ = text;
    text += room;
  }
}

/* posix_spawn takes pointers to what it does not change. */
static char **as_it_is(const char *const *entries) {
  char **same;
  memcpy(&same, &entries, sizeof same);
  return same;
}

static int make_environment(struct start *start) {
  const struct child_request *request = start->request;
  char **base = request->environment == NULL ? environ : as_it_is(request->environment);
  start->environment = base;
  if (request->extra_count == 0) return 0;
  size_t count = 0;
  while (base[count] != NULL) count++;
  size_t entries = count + request->extra_count + 1;
  start->environment = os_heap_get(entries * sizeof *base + extra_bytes(request));
  if (start->environment == NULL) return ENOMEM;
  start->owns_environment = true;
  char **entry = start->environment;
  for (size_t i = 0; i < count; i++) {
    if (!is_extra(request, base[i])) *entry++ = base[i];
  }
  write_extras(start, entry, (char *)(start->environment + entries));
  return 0;
}

static const char *search_path(const struct start *start) {
  for (char **entry = start->environment; *entry != NULL; entry++) {
    if (is_variable(*entry, "PATH")) return *entry + strlen("PATH=");
  }
  return "/bin:/usr/bin";
}

/* ---- the program ---- */

static int start_program(const struct start *start, const char *path, pid_t *id) {
  const struct native_child child = {.path = path,
                                     .arguments = as_it_is(start->request->arguments),
                                     .environment = start->environment,
                                     .directory = start->request->directory,
                                     .descriptors = start->descriptors,
                                     .count = (int)start->count,
                                     .detached = start->request->detached};
  return os_spawn(&child, id) < 0 ? errno : 0;
}

/* "DIRECTORY/FILE" in `path`; an empty directory is the one where the child begins. False: too long. */
static bool join(char path[PATH_BYTES], const char *directory, size_t length, const char *file) {
  const char *between = length == 0 ? "./" : "/";
  int written = snprintf(path, PATH_BYTES, "%.*s%s%s", (int)length, directory, between, file);
  return written > 0 && written < PATH_BYTES;
}

static bool may_be_elsewhere(int failure) { return failure == ENOENT || failure == ENOTDIR || failure == EACCES; }

/* As execvp does: no permission is remembered, and the search goes on. */
static int search_program(struct start *start, pid_t *id) {
  const char *file = start->request->file;
  int failure = ENOENT;
  for (const char *at = search_path(start); at != NULL;) {
    size_t length = strcspn(at, ":");
    if (length < PATH_BYTES && join(start->path, at, length, file)) {
      int result = start_program(start, start->path, id);
      if (!may_be_elsewhere(result)) return result;
      if (result == EACCES) failure = EACCES;
    }
    at = at[length] == ':' ? at + length + 1 : NULL;
  }
  return failure;
}

static int find_program(struct start *start, pid_t *id) {
  const char *file = start->request->file;
  return strchr(file, '/') != NULL ? start_program(start, file, id) : search_program(start, id);
}

/* ---- together ---- */

static enum hint explain(int failure, const struct child_request *request) {
  struct stat status;
  switch (failure) {
    case ENOENT:
    case ENOTDIR:
    case EACCES:
      if (request->directory != NULL && os_stat(request->directory, &status) < 0) return HINT_SPAWN_DIRECTORY;
      if (failure == EACCES) return HINT_SPAWN_FORBIDDEN;
      return strchr(request->file, '/') != NULL ? HINT_SPAWN_MISSING : HINT_SPAWN_UNKNOWN;
    case ENOEXEC:
      return HINT_SPAWN_FORMAT;
    case E2BIG:
      return HINT_SPAWN_LONG;
    case EAGAIN:
      return HINT_SPAWN_PROCESSES;
    default:
      return HINT_NONE;
  }
}

static int run(struct start *start, pid_t *id) {
  int failure = make_environment(start);
  if (failure == 0) failure = make_descriptors(start);
  if (failure == 0) failure = find_program(start, id);
  close_opened(start);
  if (start->owns_environment) os_heap_put(start->environment);
  return failure;
}

struct failure child_start(const struct child_request *request, pid_t *id) {
  size_t count = request->descriptor_count + request->extra_count;
  struct start *start = os_heap_get(sizeof *start + count * (sizeof *start->descriptors + sizeof *start->is_opened));
  if (start == NULL) return failure_of(ENOMEM, HINT_NONE);
  start->request = request;
  start->count = count;
  start->descriptors = (int *)(start + 1);
  start->is_opened = (bool *)(start->descriptors + count);
  for (size_t i = 0; i < count; i++) start->descriptors[i] = -1;
  int failure = run(start, id);
  os_heap_put(start);
  return failure == 0 ? failure_none() : failure_of(failure, explain(failure, request));
}
