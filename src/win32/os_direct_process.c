/* SPDX-License-Identifier: MIT */
/*
 * The calls about processes, as the system makes them. See os_direct.c.
 */
#include "win32/os_process.h"

#include "win32/pipe_limits.h"

static DWORD error_if_not(BOOL succeeded) { return succeeded ? ERROR_SUCCESS : GetLastError(); }

/* ---- processes ---- */

static DWORD make_attributes(LPPROC_THREAD_ATTRIBUTE_LIST *attributes) {
  SIZE_T bytes = 0;
  InitializeProcThreadAttributeList(NULL, 1, 0, &bytes);
  *attributes = HeapAlloc(GetProcessHeap(), 0, bytes);
  if (*attributes == NULL) return ERROR_NOT_ENOUGH_MEMORY;
  DWORD error = error_if_not(InitializeProcThreadAttributeList(*attributes, 1, 0, &bytes));
  if (error != ERROR_SUCCESS) HeapFree(GetProcessHeap(), 0, *attributes);
  return error;
}

static DWORD create_with(const struct os_process *setup, LPPROC_THREAD_ATTRIBUTE_LIST attributes,
                         PROCESS_INFORMATION *made) {
  STARTUPINFOEXW startup = {.lpAttributeList = attributes};
  startup.StartupInfo.cb = sizeof startup;
  startup.StartupInfo.dwFlags = STARTF_USESTDHANDLES;
  startup.StartupInfo.hStdInput = setup->standard[0];
  startup.StartupInfo.hStdOutput = setup->standard[1];
  startup.StartupInfo.hStdError = setup->standard[2];
  startup.StartupInfo.lpReserved2 = setup->table;
  startup.StartupInfo.cbReserved2 = setup->table_bytes;
  BOOL inherits = setup->handle_count > 0;
  if (inherits && !UpdateProcThreadAttribute(attributes, 0, PROC_THREAD_ATTRIBUTE_HANDLE_LIST, setup->handles,
                                             setup->handle_count * sizeof(HANDLE), NULL, NULL)) {
    return GetLastError();
  }
  return error_if_not(CreateProcessW(setup->path, setup->line, NULL, NULL, inherits, setup->flags, setup->environment,
                                     setup->directory, &startup.StartupInfo, made));
}

DWORD os_process_create(const struct os_process *setup, PROCESS_INFORMATION *made) {
  LPPROC_THREAD_ATTRIBUTE_LIST attributes;
  DWORD error = make_attributes(&attributes);
  if (error != ERROR_SUCCESS) return error;
  error = create_with(setup, attributes, made);
  DeleteProcThreadAttributeList(attributes);
  HeapFree(GetProcessHeap(), 0, attributes);
  return error;
}

DWORD os_process_begin(HANDLE thread) { return error_if_not(ResumeThread(thread) != (DWORD)-1); }

DWORD os_process_end(HANDLE process) { return error_if_not(TerminateProcess(process, 1)); }

DWORD os_process_code(HANDLE process, DWORD *code) { return error_if_not(GetExitCodeProcess(process, code)); }

DWORD os_process_await(HANDLE process, WAITORTIMERCALLBACK seen, void *argument, HANDLE *wait) {
  ULONG flags = WT_EXECUTEINWAITTHREAD | WT_EXECUTEONLYONCE;
  return error_if_not(RegisterWaitForSingleObject(wait, process, seen, argument, INFINITE, flags));
}

/* ---- handles ---- */

DWORD os_handle_lend(HANDLE handle, HANDLE *copy) {
  HANDLE self = GetCurrentProcess();
  *copy = NULL;
  return error_if_not(DuplicateHandle(self, handle, self, copy, 0, TRUE, DUPLICATE_SAME_ACCESS));
}

DWORD os_null_lend(HANDLE *handle) {
  SECURITY_ATTRIBUTES security = {.nLength = sizeof security, .bInheritHandle = TRUE};
  DWORD share = FILE_SHARE_READ | FILE_SHARE_WRITE;
  HANDLE made = CreateFileW(L"NUL", GENERIC_READ | GENERIC_WRITE, share, &security, OPEN_EXISTING, 0, NULL);
  *handle = made == INVALID_HANDLE_VALUE ? NULL : made;
  return error_if_not(*handle != NULL);
}

DWORD os_file_pipe_create(const wchar_t *name, SECURITY_ATTRIBUTES *security, HANDLE *pipe) {
  DWORD open_mode = PIPE_ACCESS_DUPLEX | FILE_FLAG_OVERLAPPED | FILE_FLAG_FIRST_PIPE_INSTANCE;
  DWORD pipe_mode = PIPE_TYPE_BYTE | PIPE_READMODE_BYTE | PIPE_WAIT | PIPE_REJECT_REMOTE_CLIENTS;
  *pipe = CreateNamedPipeW(name, open_mode, pipe_mode, 1, PIPE_QUOTA_BYTES, PIPE_QUOTA_BYTES, 0, security);
  return error_if_not(*pipe != INVALID_HANDLE_VALUE);
}

DWORD os_file_pipe_open(const wchar_t *name, HANDLE *pipe) {
  DWORD flags = SECURITY_SQOS_PRESENT | SECURITY_IDENTIFICATION;
  *pipe = CreateFileW(name, GENERIC_READ | GENERIC_WRITE, 0, NULL, OPEN_EXISTING, flags, NULL);
  return error_if_not(*pipe != INVALID_HANDLE_VALUE);
}

/* ---- these cannot fail ---- */

HANDLE os_standard_handle(int descriptor) {
  static const DWORD numbers[] = {STD_INPUT_HANDLE, STD_OUTPUT_HANDLE, STD_ERROR_HANDLE};
  HANDLE handle = GetStdHandle(numbers[descriptor]);
  return handle == INVALID_HANDLE_VALUE ? NULL : handle;
}

bool os_console_is_there(void) { return GetConsoleCP() != 0; }

bool os_file_is_there(const wchar_t *path) {
  DWORD attributes = GetFileAttributesW(path);
  return attributes != INVALID_FILE_ATTRIBUTES && (attributes & FILE_ATTRIBUTE_DIRECTORY) == 0;
}

wchar_t *os_environment_get(void) { return GetEnvironmentStringsW(); }

void os_environment_put(wchar_t *block) { FreeEnvironmentStringsW(block); }
