/* SPDX-License-Identifier: MIT */
/*
 * A pipe's name as Windows wants it, made from an address. A portable name becomes \\.\pipe\weir-SID-NAME, so that it
 * belongs to the user whom the process runs as, and a daemon and a shell of one user meet.
 */
#ifndef WEIR_WIN32_NAME_H
#define WEIR_WIN32_NAME_H

#include "common/address/address.h"
#include "win32/os.h"
#include "win32/pipe_limits.h"

struct name {
  wchar_t text[PIPE_NAME_UNITS + 1];
  uint64_t hash; /* of what follows "pipe\": one number for every way to write one name */
};

/* The native address that a portable one means; others stay as they are. */
DWORD name_resolve(const struct address *address, struct address *native);

/* The name of a native address. */
DWORD name_make(const struct address *native, struct name *name);

/* The address that has this name. */
DWORD name_read(const struct name *name, struct address *native);

/* The hash of a name without what stands before it. ASCII letters hash alike in both cases, as the names are alike. */
uint64_t name_hash(const wchar_t *name);

#endif
