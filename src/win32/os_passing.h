/* SPDX-License-Identifier: MIT */
/*
 * The calls into the system by which two processes share handles and memory. See os.h: defined twice, and they answer
 * with ERROR_SUCCESS or an error of Win32 or Winsock.
 */
#ifndef WEIR_WIN32_OS_PASSING_H
#define WEIR_WIN32_OS_PASSING_H

#include "win32/os.h"
#include "win32/os_socket.h"

/* ---- processes ---- */

/* A handle that keeps a process's number from being used again. */
DWORD os_process_open(DWORD number, HANDLE *process);
DWORD os_process_number(HANDLE process, DWORD *number);
bool os_process_has_ended(HANDLE process);

/* Stands for this process; never closed. */
HANDLE os_process_self(void);

/* ---- handles ---- */

/* A handle of another process for what this one has, and the other way round. No child inherits them. */
DWORD os_handle_send(HANDLE handle, HANDLE process, HANDLE *there);
DWORD os_handle_fetch(HANDLE process, HANDLE there, HANDLE *handle);

/* No child inherits it any more. */
DWORD os_handle_keep(HANDLE handle);

/* What another process needs to have this socket too: it has the handle then, and os_socket_import finds it. */
DWORD os_socket_share(SOCKET socket, DWORD process, WSAPROTOCOL_INFOW *info);
DWORD os_socket_import(WSAPROTOCOL_INFOW *info, SOCKET *socket);

/* The process that made a pipe. */
DWORD os_pipe_server(HANDLE pipe, DWORD *process);

/* ---- memory of several processes ---- */

/* All zero. */
DWORD os_section_create(DWORD bytes, HANDLE *section);
DWORD os_section_map(HANDLE section, DWORD bytes, void **memory);
void os_section_unmap(void *memory);

/* ---- what a process is told ---- */

DWORD os_random(void *bytes, ULONG length);

/* The value of an environment variable, which is gone then. ERROR_ENVVAR_NOT_FOUND: there is none. */
DWORD os_environment_take(const wchar_t *name, wchar_t *value, DWORD room);

#endif
