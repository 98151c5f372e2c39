/* SPDX-License-Identifier: MIT */
/*
 * The calls about processes, with faults on demand; see os_faulty_win32.h. What goes to the system goes through
 * os_direct_process.c itself, whose functions have other names here.
 */
#define os_process_create direct_process_create
#define os_process_begin direct_process_begin
#define os_process_end direct_process_end
#define os_process_code direct_process_code
#define os_process_await direct_process_await
#define os_handle_lend direct_handle_lend
#define os_null_lend direct_null_lend
#define os_file_pipe_create direct_file_pipe_create
#define os_file_pipe_open direct_file_pipe_open
#define os_environment_get direct_environment_get
#include "win32/os_direct_process.c"
#undef os_process_create
#undef os_process_begin
#undef os_process_end
#undef os_process_code
#undef os_process_await
#undef os_handle_lend
#undef os_null_lend
#undef os_file_pipe_create
#undef os_file_pipe_open
#undef os_environment_get

#include "os_faulty_win32_private.h"

/* The structure is there already. */
DWORD os_process_create(const struct os_process *setup, PROCESS_INFORMATION *made);
DWORD os_process_begin(HANDLE thread);
DWORD os_process_end(HANDLE process);
DWORD os_process_code(HANDLE process, DWORD *code);
DWORD os_process_await(HANDLE process, WAITORTIMERCALLBACK seen, void *argument, HANDLE *wait);
DWORD os_handle_lend(HANDLE handle, HANDLE *copy);
DWORD os_null_lend(HANDLE *handle);
DWORD os_file_pipe_create(const wchar_t *name, SECURITY_ATTRIBUTES *security, HANDLE *pipe);
DWORD os_file_pipe_open(const wchar_t *name, HANDLE *pipe);
wchar_t *os_environment_get(void);

DWORD os_process_create(const struct os_process *setup, PROCESS_INFORMATION *made) {
  DWORD error = faults_strike(OS_PROCESS_CREATE);
  if (error == ERROR_SUCCESS) error = direct_process_create(setup, made);
  if (error != ERROR_SUCCESS) return error;
  faults_note(ERROR_SUCCESS, &made->hProcess);
  return faults_note(ERROR_SUCCESS, &made->hThread);
}

/* The thread did not go on, and whoever asked ends the process. */
DWORD os_process_begin(HANDLE thread) {
  DWORD error = faults_strike(OS_PROCESS_BEGIN);
  return error != ERROR_SUCCESS ? error : direct_process_begin(thread);
}

DWORD os_process_end(HANDLE process) {
  DWORD error = faults_strike(OS_PROCESS_END);
  return error != ERROR_SUCCESS ? error : direct_process_end(process);
}

DWORD os_process_code(HANDLE process, DWORD *code) {
  DWORD error = faults_strike(OS_PROCESS_CODE);
  return error != ERROR_SUCCESS ? error : direct_process_code(process, code);
}

DWORD os_process_await(HANDLE process, WAITORTIMERCALLBACK seen, void *argument, HANDLE *wait) {
  DWORD error = faults_strike(OS_PROCESS_AWAIT);
  if (error == ERROR_SUCCESS) error = direct_process_await(process, seen, argument, wait);
  return faults_note(error, wait);
}

DWORD os_handle_lend(HANDLE handle, HANDLE *copy) {
  *copy = NULL;
  DWORD error = faults_strike(OS_HANDLE_LEND);
  if (error == ERROR_SUCCESS) error = direct_handle_lend(handle, copy);
  return faults_note(error, copy);
}

DWORD os_null_lend(HANDLE *handle) {
  *handle = NULL;
  DWORD error = faults_strike(OS_NULL_LEND);
  if (error == ERROR_SUCCESS) error = direct_null_lend(handle);
  return faults_note(error, handle);
}

DWORD os_file_pipe_create(const wchar_t *name, SECURITY_ATTRIBUTES *security, HANDLE *pipe) {
  DWORD error = faults_strike(OS_FILE_PIPE_CREATE);
  if (error == ERROR_SUCCESS) error = direct_file_pipe_create(name, security, pipe);
  return faults_note(error, pipe);
}

DWORD os_file_pipe_open(const wchar_t *name, HANDLE *pipe) {
  DWORD error = faults_strike(OS_FILE_PIPE_OPEN);
  if (error == ERROR_SUCCESS) error = direct_file_pipe_open(name, pipe);
  return faults_note(error, pipe);
}

wchar_t *os_environment_get(void) {
  return faults_strike(OS_ENVIRONMENT_GET) != ERROR_SUCCESS ? NULL : direct_environment_get();
}
