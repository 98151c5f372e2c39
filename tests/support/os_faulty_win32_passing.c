/* SPDX-License-Identifier: MIT */
/*
 * The calls by which two processes share something, with faults on demand. See os_faulty_win32.c.
 *
 * A handle that is put into another process is noted there, when it is taken.
 */
#define os_process_open direct_process_open
#define os_process_number direct_process_number
#define os_process_has_ended direct_process_has_ended
#define os_process_self direct_process_self
#define os_handle_send direct_handle_send
#define os_handle_fetch direct_handle_fetch
#define os_handle_keep direct_handle_keep
#define os_socket_share direct_socket_share
#define os_socket_import direct_socket_import
#define os_pipe_server direct_pipe_server
#define os_section_create direct_section_create
#define os_section_map direct_section_map
#define os_section_unmap direct_section_unmap
#define os_random direct_random
#define os_environment_take direct_environment_take
#include "win32/os_direct_passing.c"
#undef os_process_open
#undef os_process_number
#undef os_process_has_ended
#undef os_process_self
#undef os_handle_send
#undef os_handle_fetch
#undef os_handle_keep
#undef os_socket_share
#undef os_socket_import
#undef os_pipe_server
#undef os_section_create
#undef os_section_map
#undef os_section_unmap
#undef os_random
#undef os_environment_take
#undef WEIR_WIN32_OS_PASSING_H
#include "win32/os_passing.h"

#include "os_faulty_win32_private.h"

DWORD os_process_open(DWORD number, HANDLE *process) {
  DWORD error = faults_strike(OS_PROCESS_OPEN);
  if (error == ERROR_SUCCESS) error = direct_process_open(number, process);
  return faults_note(error, process);
}

DWORD os_process_number(HANDLE process, DWORD *number) {
  DWORD error = faults_strike(OS_PROCESS_NUMBER);
  return error != ERROR_SUCCESS ? error : direct_process_number(process, number);
}

bool os_process_has_ended(HANDLE process) { return direct_process_has_ended(process); }

HANDLE os_process_self(void) { return direct_process_self(); }

DWORD os_handle_send(HANDLE handle, HANDLE process, HANDLE *there) {
  DWORD error = faults_strike(OS_HANDLE_SEND);
  if (error == ERROR_SUCCESS) error = direct_handle_send(handle, process, there);
  return process == direct_process_self() ? faults_note(error, there) : error;
}

DWORD os_handle_fetch(HANDLE process, HANDLE there, HANDLE *handle) {
  DWORD error = faults_strike(OS_HANDLE_FETCH);
  if (error == ERROR_SUCCESS) error = direct_handle_fetch(process, there, handle);
  return faults_note(error, handle);
}

DWORD os_handle_keep(HANDLE handle) {
  DWORD error = faults_strike(OS_HANDLE_KEEP);
  if (error == ERROR_SUCCESS) error = direct_handle_keep(handle);
  return faults_note(error, &handle);
}

DWORD os_socket_share(SOCKET socket, DWORD process, WSAPROTOCOL_INFOW *info) {
  DWORD error = faults_strike(OS_SOCKET_SHARE);
  return error != ERROR_SUCCESS ? error : direct_socket_share(socket, process, info);
}

DWORD os_socket_import(WSAPROTOCOL_INFOW *info, SOCKET *socket) {
  DWORD error = faults_strike(OS_SOCKET_IMPORT);
  if (error == ERROR_SUCCESS) error = direct_socket_import(info, socket);
  HANDLE handle = error == ERROR_SUCCESS ? (HANDLE)*socket : NULL;
  return faults_note(error, &handle);
}

DWORD os_pipe_server(HANDLE pipe, DWORD *process) {
  DWORD error = faults_strike(OS_PIPE_SERVER);
  return error != ERROR_SUCCESS ? error : direct_pipe_server(pipe, process);
}

DWORD os_section_create(DWORD bytes, HANDLE *section) {
  DWORD error = faults_strike(OS_SECTION_CREATE);
  if (error == ERROR_SUCCESS) error = direct_section_create(bytes, section);
  return faults_note(error, section);
}

DWORD os_section_map(HANDLE section, DWORD bytes, void **memory) {
  DWORD error = faults_strike(OS_SECTION_MAP);
  return error != ERROR_SUCCESS ? error : direct_section_map(section, bytes, memory);
}

void os_section_unmap(void *memory) { direct_section_unmap(memory); }

DWORD os_random(void *bytes, ULONG length) {
  DWORD error = faults_strike(OS_RANDOM);
  return error != ERROR_SUCCESS ? error : direct_random(bytes, length);
}

DWORD os_environment_take(const wchar_t *name, wchar_t *value, DWORD room) {
  DWORD error = faults_strike(OS_ENVIRONMENT_TAKE);
  return error != ERROR_SUCCESS ? error : direct_environment_take(name, value, room);
}
