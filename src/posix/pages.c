/* SPDX-License-Identifier: MIT */
/* Memory by the page on POSIX: it is there when it is touched, and gone when it is given back. */
#include "common/system.h"
#include "posix/os.h"

void *system_pages_get(size_t bytes) { return os_pages_get(bytes); }

void system_pages_put(void *pages, size_t bytes) { os_pages_put(pages, bytes); }
