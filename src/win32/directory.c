/* SPDX-License-Identifier: MIT */
/* Local names are no paths on Windows, so nobody asks where the process is. */
#include "common/system.h"

weir_code system_directory(char *path, size_t size) {
  (void)path;
  (void)size;
  return WEIR_ENOTSUP;
}
