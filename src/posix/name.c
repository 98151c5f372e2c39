/* SPDX-License-Identifier: MIT */
/*
 * Portable names. The directory is chosen by user id alone, not by the environment, so that a daemon and a shell of one
 * user meet.
 */
#define _DEFAULT_SOURCE 1

#include "posix/name.h"

#include <errno.h>
#include <stdio.h>
#include <sys/un.h>

#include <weir/endpoint.h>

#include "posix/os.h"

/* Room for the directory and for a whole path; both with their zero. */
enum {
  DIRECTORY_BYTES = sizeof "/tmp/weir-" + 20,
  PATH_BYTES = DIRECTORY_BYTES + 1 + WEIR_IPC_NAME_MAX + sizeof ".sock"
};

/* The whole path with a user id of 32 bits, as every system of today has, and its zero. */
_Static_assert(sizeof "/tmp/weir-4294967295/" + WEIR_IPC_NAME_MAX + sizeof ".sock" - 1 <=
                   sizeof((struct sockaddr_un *)NULL)->sun_path,
               "every portable name is a possible path");

static struct failure check_directory(const char *directory) {
  struct stat status;
  if (os_lstat(directory, &status) < 0) return failure_of(errno, errno == ENOENT ? HINT_CONNECT_MISSING : HINT_NONE);
  if (!S_ISDIR(status.st_mode)) return failure_of(ENOTDIR, HINT_NAME_NOT_DIRECTORY);
  bool only_ours = status.st_uid == os_user() && (status.st_mode & (S_IRWXG | S_IRWXO)) == 0;
  return only_ours ? failure_none() : failure_of(EACCES, HINT_NAME_NOT_PRIVATE);
}

struct failure name_resolve(struct address *address, bool listening) {
  if (address->kind != ADDRESS_PORTABLE) return failure_none();
  char directory[DIRECTORY_BYTES];
  snprintf(directory, sizeof directory, "/tmp/weir-%lu", (unsigned long)os_user());
  if (listening && os_mkdir(directory, S_IRWXU) < 0 && errno != EEXIST) return failure_of(errno, HINT_NONE);

  struct failure failure = check_directory(directory);
  if (failure.native_code != 0) return failure;
  char path[PATH_BYTES];
  int length = snprintf(path, sizeof path, "%s/%.*s.sock", directory, (int)address->length, address->text);
  address_set(address, ADDRESS_PATH, path, (size_t)length);
  return failure;
}
