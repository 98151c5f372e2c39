/* SPDX-License-Identifier: MIT */
/* Memory by the page on Windows. */
#include "common/system.h"
#include "win32/os.h"

void *system_pages_get(size_t bytes) { return os_pages_get(bytes); }

void system_pages_put(void *pages, size_t bytes) {
  (void)bytes;
  os_pages_put(pages);
}
