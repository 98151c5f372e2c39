/* SPDX-License-Identifier: MIT */
/*
 * Which file a program's name means. Windows would look in this process's own directories first, where anybody may have
 * put something of that name; here only the child's PATH counts.
 */
#ifndef WEIR_WIN32_PROGRAM_FILE_H
#define WEIR_WIN32_PROGRAM_FILE_H

#include "win32/os.h"

/* How many units the path of a program may have, its zero included. */
#define PROGRAM_FILE_UNITS 32767

/*
 * Finds the program. `directory` is where the child begins, or NULL; `block` is its environment. ERROR_BAD_EXE_FORMAT:
 * a batch file, which cmd.exe would run, and that takes apart what stands behind it in a way no quotes are safe from.
 */
DWORD program_file_find(const wchar_t *file, const wchar_t *directory, const wchar_t *block,
                        wchar_t path[PROGRAM_FILE_UNITS]);

#endif
