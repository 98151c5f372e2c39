/* SPDX-License-Identifier: MIT */
/*
 * The calls about processes and what they inherit, as os.h has the others.
 */
#ifndef WEIR_WIN32_OS_PROCESS_H
#define WEIR_WIN32_OS_PROCESS_H

#include "win32/os.h"

/* A process to make. */
struct os_process {
  const wchar_t *path;
  wchar_t *line;
  wchar_t *environment;
  const wchar_t *directory; /* NULL: that of this process */
  DWORD flags;
  HANDLE *handles; /* that it inherits, and no others */
  size_t handle_count;
  const HANDLE *standard; /* three; NULL: none */
  BYTE *table;            /* for its C library */
  WORD table_bytes;
};

DWORD os_process_create(const struct os_process *setup, PROCESS_INFORMATION *made);

/* One that was made suspended goes on. */
DWORD os_process_begin(HANDLE thread);
DWORD os_process_end(HANDLE process);
DWORD os_process_code(HANDLE process, DWORD *code);

/* As os_wait_start, for the end of a process, which comes once. */
DWORD os_process_await(HANDLE process, WAITORTIMERCALLBACK seen, void *argument, HANDLE *wait);

/* Another handle of the same thing, which a child can inherit; and one of the null device. */
DWORD os_handle_lend(HANDLE handle, HANDLE *copy);
DWORD os_null_lend(HANDLE *handle);

/* The only instance of a new byte-type pipe, and its other end, on which calls wait. */
DWORD os_file_pipe_create(const wchar_t *name, SECURITY_ATTRIBUTES *security, HANDLE *pipe);
DWORD os_file_pipe_open(const wchar_t *name, HANDLE *pipe);

/* ---- these cannot fail ---- */

/* Standard input, output or error, by its descriptor; NULL: there is none. */
HANDLE os_standard_handle(int descriptor);

/* Whether this process has a console. */
bool os_console_is_there(void);

/* Whether there is such a file, and not a directory. */
bool os_file_is_there(const wchar_t *path);

/* This process's environment; NULL: no memory. */
wchar_t *os_environment_get(void);
void os_environment_put(wchar_t *block);

#endif
