/* SPDX-License-Identifier: MIT */
/*
 * The system calls of the Windows backend, as the system makes them. Nothing but that is here: no decision, no retry.
 */
#include "win32/os.h"

#include <sddl.h>
#include <winternl.h>

#include "win32/pipe_limits.h"

static DWORD error_unless(BOOL succeeded) { return succeeded ? ERROR_SUCCESS : GetLastError(); }

/* ---- the completion port ---- */

DWORD os_port_create(HANDLE *port) {
  *port = CreateIoCompletionPort(INVALID_HANDLE_VALUE, NULL, 0, 1);
  return error_unless(*port != NULL);
}

DWORD os_port_associate(HANDLE port, HANDLE file) {
  return error_unless(CreateIoCompletionPort(file, port, 0, 0) != NULL);
}

DWORD os_port_wait(HANDLE port, OVERLAPPED_ENTRY *entries, ULONG room, ULONG *count, DWORD milliseconds) {
  *count = 0;
  return error_unless(GetQueuedCompletionStatusEx(port, entries, room, count, milliseconds, FALSE));
}

DWORD os_port_post(HANDLE port, OVERLAPPED *overlapped) {
  return error_unless(PostQueuedCompletionStatus(port, 0, 0, overlapped));
}

DWORD os_skip_port_on_success(HANDLE file) {
  return error_unless(
      SetFileCompletionNotificationModes(file, FILE_SKIP_COMPLETION_PORT_ON_SUCCESS | FILE_SKIP_SET_EVENT_ON_HANDLE));
}

/* ---- transfers ---- */

DWORD os_read(HANDLE file, void *bytes, DWORD length, OVERLAPPED *overlapped, DWORD *count) {
  DWORD error = error_unless(ReadFile(file, bytes, length, NULL, overlapped));
  if (error == ERROR_SUCCESS || error == ERROR_MORE_DATA) *count = (DWORD)overlapped->InternalHigh;
  return error;
}

DWORD os_write(HANDLE file, const void *bytes, DWORD length, OVERLAPPED *overlapped, DWORD *count) {
  DWORD error = error_unless(WriteFile(file, bytes, length, NULL, overlapped));
  if (error == ERROR_SUCCESS) *count = (DWORD)overlapped->InternalHigh;
  return error;
}

/* The handle is not looked at when the transfer is over, and may be closed by now. */
DWORD os_result(OVERLAPPED *overlapped, DWORD *count) {
  BOOL succeeded = GetOverlappedResult(NULL, overlapped, count, FALSE);
  DWORD error = error_unless(succeeded);
  if (!succeeded) *count = (DWORD)overlapped->InternalHigh;
  return error;
}

DWORD os_cancel(HANDLE file, OVERLAPPED *overlapped) { return error_unless(CancelIoEx(file, overlapped)); }

/* ---- pipes ---- */

DWORD os_pipe_create(const wchar_t *name, bool first, SECURITY_ATTRIBUTES *security, HANDLE *pipe) {
  DWORD open_mode = PIPE_ACCESS_DUPLEX | FILE_FLAG_OVERLAPPED | (first ? FILE_FLAG_FIRST_PIPE_INSTANCE : 0U);
  DWORD pipe_mode = PIPE_TYPE_MESSAGE | PIPE_READMODE_MESSAGE | PIPE_WAIT | PIPE_REJECT_REMOTE_CLIENTS;
  *pipe = CreateNamedPipeW(name, open_mode, pipe_mode, PIPE_UNLIMITED_INSTANCES, PIPE_QUOTA_BYTES, PIPE_QUOTA_BYTES, 0,
                           security);
  return error_unless(*pipe != INVALID_HANDLE_VALUE);
}

DWORD os_pipe_accept(HANDLE pipe, OVERLAPPED *overlapped) { return error_unless(ConnectNamedPipe(pipe, overlapped)); }

DWORD os_pipe_open(const wchar_t *name, DWORD rights, HANDLE *pipe) {
  *pipe = CreateFileW(name, rights, 0, NULL, OPEN_EXISTING,
                      FILE_FLAG_OVERLAPPED | SECURITY_SQOS_PRESENT | SECURITY_IDENTIFICATION, NULL);
  return error_unless(*pipe != INVALID_HANDLE_VALUE);
}

DWORD os_pipe_wait(const wchar_t *name) { return error_unless(WaitNamedPipeW(name, 1)); }

DWORD os_pipe_instances(HANDLE pipe, DWORD *count) {
  return error_unless(GetNamedPipeHandleStateW(pipe, NULL, count, NULL, NULL, NULL, 0));
}

DWORD os_pipe_flags(HANDLE pipe, DWORD *flags) { return error_unless(GetNamedPipeInfo(pipe, flags, NULL, NULL, NULL)); }

DWORD os_pipe_read_messages(HANDLE pipe) {
  DWORD mode = PIPE_READMODE_MESSAGE | PIPE_WAIT;
  return error_unless(SetNamedPipeHandleState(pipe, &mode, NULL, NULL));
}

DWORD os_pipe_peek(HANDLE pipe, DWORD *available) {
  return error_unless(PeekNamedPipe(pipe, NULL, 0, NULL, available, NULL));
}

DWORD os_pipe_client(HANDLE pipe, DWORD *process) { return error_unless(GetNamedPipeClientProcessId(pipe, process)); }

DWORD os_pipe_name(HANDLE pipe, wchar_t *name, size_t room) {
  union {
    FILE_NAME_INFO info;
    unsigned char bytes[sizeof(FILE_NAME_INFO) + PIPE_NAME_UNITS * sizeof(wchar_t)];
  } answer;
  if (!GetFileInformationByHandleEx(pipe, FileNameInfo, &answer, sizeof answer)) return GetLastError();
  size_t units = answer.info.FileNameLength / sizeof(wchar_t);
  if (units >= room) return ERROR_INSUFFICIENT_BUFFER;
  CopyMemory(name, answer.info.FileName, units * sizeof(wchar_t));
  name[units] = 0;
  return ERROR_SUCCESS;
}

/* ---- handles and events ---- */

DWORD os_close(HANDLE handle) { return error_unless(CloseHandle(handle)); }

DWORD os_handle_type(HANDLE handle, DWORD *type) {
  SetLastError(ERROR_SUCCESS);
  *type = GetFileType(handle);
  return *type == FILE_TYPE_UNKNOWN ? GetLastError() : ERROR_SUCCESS;
}

DWORD os_event_create(const wchar_t *name, HANDLE *event) {
  *event = CreateEventW(NULL, TRUE, FALSE, name);
  return error_unless(*event != NULL);
}

DWORD os_event_find(const wchar_t *name) {
  HANDLE event = OpenEventW(SYNCHRONIZE, FALSE, name);
  if (event == NULL) return GetLastError();
  CloseHandle(event);
  return ERROR_SUCCESS;
}

DWORD os_event_wait(HANDLE event) {
  return WaitForSingleObject(event, INFINITE) == WAIT_OBJECT_0 ? ERROR_SUCCESS : GetLastError();
}

DWORD os_event_create_once(HANDLE *event) {
  *event = CreateEventW(NULL, FALSE, FALSE, NULL);
  return error_unless(*event != NULL);
}

DWORD os_wait_start(HANDLE event, WAITORTIMERCALLBACK seen, void *argument, HANDLE *wait) {
  return error_unless(RegisterWaitForSingleObject(wait, event, seen, argument, INFINITE, WT_EXECUTEINWAITTHREAD));
}

void os_wait_stop(HANDLE wait) { UnregisterWaitEx(wait, INVALID_HANDLE_VALUE); }

/* Only the system's own interface tells. */
DWORD os_file_is_overlapped(HANDLE file, bool *overlapped) {
  ULONG mode = 0;
  IO_STATUS_BLOCK unused;
  NTSTATUS status = NtQueryInformationFile(file, &unused, &mode, sizeof mode, FileModeInformation);
  *overlapped = (mode & (FILE_SYNCHRONOUS_IO_ALERT | FILE_SYNCHRONOUS_IO_NONALERT)) == 0;
  return status >= 0 ? ERROR_SUCCESS : RtlNtStatusToDosError(status);
}

/* ---- threads ---- */

struct thread {
  DWORD (*run)(void *argument);
  void *argument;
  HMODULE library;
};

static DWORD WINAPI run_thread(LPVOID argument) {
  struct thread thread = *(struct thread *)argument;
  os_heap_put(argument);
  DWORD result = thread.run(thread.argument);
  FreeLibraryAndExitThread(thread.library, result);
}

DWORD os_thread_start(DWORD (*run)(void *argument), void *argument, HANDLE *handle) {
  struct thread *thread = os_heap_get(sizeof *thread);
  if (thread == NULL) return ERROR_NOT_ENOUGH_MEMORY;
  thread->run = run;
  thread->argument = argument;
  DWORD error = error_unless(GetModuleHandleExW(GET_MODULE_HANDLE_EX_FLAG_FROM_ADDRESS,
                                                (LPCWSTR)(void *)(uintptr_t)run_thread, &thread->library));
  if (error != ERROR_SUCCESS) {
    os_heap_put(thread);
    return error;
  }
  HMODULE library = thread->library;
  *handle = CreateThread(NULL, 0, run_thread, thread, 0, NULL);
  if (*handle != NULL) return ERROR_SUCCESS;
  error = GetLastError();
  FreeLibrary(library);
  os_heap_put(thread);
  return error;
}

DWORD os_thread_cancel_call(HANDLE thread) { return error_unless(CancelSynchronousIo(thread)); }

void os_thread_join(HANDLE thread) { WaitForSingleObject(thread, INFINITE); }

void os_thread_pause(void) { Sleep(10); }

void *os_pages_get(size_t bytes) { return VirtualAlloc(NULL, bytes, MEM_RESERVE | MEM_COMMIT, PAGE_READWRITE); }

void os_pages_put(void *pages) { VirtualFree(pages, 0, MEM_RELEASE); }

void *os_heap_get(size_t bytes) { return HeapAlloc(GetProcessHeap(), HEAP_ZERO_MEMORY, bytes); }

void os_heap_put(void *block) { HeapFree(GetProcessHeap(), 0, block); }

void os_lock(SRWLOCK *lock) { AcquireSRWLockExclusive(lock); }

void os_unlock(SRWLOCK *lock) { ReleaseSRWLockExclusive(lock); }

void os_condition_wait(CONDITION_VARIABLE *condition, SRWLOCK *lock) {
  SleepConditionVariableSRW(condition, lock, INFINITE, 0);
}

void os_condition_wake_one(CONDITION_VARIABLE *condition) { WakeConditionVariable(condition); }

void os_condition_wake_all(CONDITION_VARIABLE *condition) { WakeAllConditionVariable(condition); }

/* ---- the console ---- */

DWORD os_console_listen(PHANDLER_ROUTINE handler) {
  HMODULE library;
  DWORD flags = GET_MODULE_HANDLE_EX_FLAG_FROM_ADDRESS | GET_MODULE_HANDLE_EX_FLAG_PIN;
  if (!GetModuleHandleExW(flags, (LPCWSTR)(void *)(uintptr_t)handler, &library)) return GetLastError();
  return error_unless(SetConsoleCtrlHandler(handler, TRUE));
}

void os_console_hold(void) { Sleep(INFINITE); }

/* ---- users ---- */

static DWORD copy_sid_text(PSID sid, wchar_t *text, size_t room) {
  wchar_t *written;
  if (!ConvertSidToStringSidW(sid, &written)) return GetLastError();
  size_t units = (size_t)lstrlenW(written);
  DWORD error = units < room ? ERROR_SUCCESS : ERROR_INSUFFICIENT_BUFFER;
  if (error == ERROR_SUCCESS) CopyMemory(text, written, (units + 1) * sizeof(wchar_t));
  LocalFree(written);
  return error;
}

DWORD os_user_sid(wchar_t *text, size_t room) {
  union {
    TOKEN_USER user;
    unsigned char bytes[sizeof(TOKEN_USER) + SECURITY_MAX_SID_SIZE];
  } answer;
  HANDLE token;
  if (!OpenProcessToken(GetCurrentProcess(), TOKEN_QUERY, &token)) return GetLastError();
  DWORD length;
  DWORD error = error_unless(GetTokenInformation(token, TokenUser, &answer, sizeof answer, &length));
  CloseHandle(token);
  return error == ERROR_SUCCESS ? copy_sid_text(answer.user.User.Sid, text, room) : error;
}

DWORD os_security_get(const wchar_t *text, PSECURITY_DESCRIPTOR *descriptor) {
  return error_unless(ConvertStringSecurityDescriptorToSecurityDescriptorW(text, SDDL_REVISION_1, descriptor, NULL));
}

void os_security_put(PSECURITY_DESCRIPTOR descriptor) { LocalFree(descriptor); }

/* ---- these cannot fail ---- */

DWORD os_process_id(void) { return GetCurrentProcessId(); }

uint64_t os_counter(void) {
  LARGE_INTEGER value;
  QueryPerformanceCounter(&value);
  return (uint64_t)value.QuadPart;
}

uint64_t os_counter_frequency(void) {
  LARGE_INTEGER value;
  QueryPerformanceFrequency(&value);
  return (uint64_t)value.QuadPart;
}

/* ---- texts ---- */

DWORD os_text_from_utf8(const char *utf8, size_t length, wchar_t *text, size_t room) {
  int units = 0;
  if (length > 0) {
    units = MultiByteToWideChar(CP_UTF8, MB_ERR_INVALID_CHARS, utf8, (int)length, text, (int)room - 1);
    if (units == 0) return GetLastError();
  }
  text[units] = 0;
  return ERROR_SUCCESS;
}

DWORD os_text_to_utf8(const wchar_t *text, char *utf8, size_t room, size_t *length) {
  int bytes = WideCharToMultiByte(CP_UTF8, WC_ERR_INVALID_CHARS, text, -1, utf8, (int)room, NULL, NULL);
  if (bytes == 0) return GetLastError();
  *length = (size_t)bytes - 1;
  return ERROR_SUCCESS;
}
