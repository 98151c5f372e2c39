/* SPDX-License-Identifier: MIT */
/*
 * The environment of a child as Windows wants it: one block of entries, sorted by their names without regard to case,
 * each with a zero behind it. A program without SYSTEMROOT cannot even open a socket, so that one is always there.
 */
#ifndef WEIR_WIN32_ENVIRONMENT_H
#define WEIR_WIN32_ENVIRONMENT_H

#include "win32/os.h"

/* Something that is added, in place of any entry of its name. */
struct environment_extra {
  const char *name;
  uint64_t value;
};

/*
 * Makes the block; `entries` are UTF-8 and end with NULL, or are NULL: those of this process. Give it back with
 * os_heap_put.
 */
DWORD environment_make(const char *const *entries, const struct environment_extra *extras, size_t extra_count,
                       wchar_t **block);

/* The value of a variable in a block; NULL: it has none. */
const wchar_t *environment_find(const wchar_t *block, const wchar_t *name);

#endif
