/* SPDX-License-Identifier: MIT */
/* Where a process is on POSIX, from which relative paths count. */
#include <errno.h>

#include "common/system.h"
#include "posix/error.h"
#include "posix/os.h"

weir_code system_directory(char *path, size_t size) {
  return os_directory(path, size) == 0 ? WEIR_OK : error_code(errno);
}
