/* SPDX-License-Identifier: MIT */
/*
 * The calls by which two processes share something, as the system makes them. See os_direct.c.
 */
#include "win32/os_passing.h"

/* This one wants windows.h first. */
#include <ntsecapi.h>

static DWORD error_unless(BOOL succeeded) { return succeeded ? ERROR_SUCCESS : GetLastError(); }

DWORD os_process_open(DWORD number, HANDLE *process) {
  *process = OpenProcess(PROCESS_QUERY_LIMITED_INFORMATION | SYNCHRONIZE, FALSE, number);
  return error_unless(*process != NULL);
}

DWORD os_process_number(HANDLE process, DWORD *number) {
  *number = GetProcessId(process);
  return error_unless(*number != 0);
}

bool os_process_has_ended(HANDLE process) { return WaitForSingleObject(process, 0) == WAIT_OBJECT_0; }

HANDLE os_process_self(void) { return GetCurrentProcess(); }

DWORD os_handle_send(HANDLE handle, HANDLE process, HANDLE *there) {
  return error_unless(DuplicateHandle(GetCurrentProcess(), handle, process, there, 0, FALSE, DUPLICATE_SAME_ACCESS));
}

DWORD os_handle_fetch(HANDLE process, HANDLE there, HANDLE *handle) {
  return error_unless(DuplicateHandle(process, there, GetCurrentProcess(), handle, 0, FALSE, DUPLICATE_SAME_ACCESS));
}

DWORD os_handle_keep(HANDLE handle) { return error_unless(SetHandleInformation(handle, HANDLE_FLAG_INHERIT, 0)); }

DWORD os_socket_share(SOCKET socket, DWORD process, WSAPROTOCOL_INFOW *info) {
  return WSADuplicateSocketW(socket, process, info) == 0 ? ERROR_SUCCESS : (DWORD)WSAGetLastError();
}

DWORD os_socket_import(WSAPROTOCOL_INFOW *info, SOCKET *socket) {
  *socket = WSASocketW(FROM_PROTOCOL_INFO, FROM_PROTOCOL_INFO, FROM_PROTOCOL_INFO, info, 0,
                       WSA_FLAG_OVERLAPPED | WSA_FLAG_NO_HANDLE_INHERIT);
  return *socket != INVALID_SOCKET ? ERROR_SUCCESS : (DWORD)WSAGetLastError();
}

DWORD os_pipe_server(HANDLE pipe, DWORD *process) { return error_unless(GetNamedPipeServerProcessId(pipe, process)); }

DWORD os_section_create(DWORD bytes, HANDLE *section) {
  *section = CreateFileMappingW(INVALID_HANDLE_VALUE, NULL, PAGE_READWRITE, 0, bytes, NULL);
  return error_unless(*section != NULL);
}

DWORD os_section_map(HANDLE section, DWORD bytes, void **memory) {
  *memory = MapViewOfFile(section, FILE_MAP_READ | FILE_MAP_WRITE, 0, 0, bytes);
  return error_unless(*memory != NULL);
}

void os_section_unmap(void *memory) { UnmapViewOfFile(memory); }

DWORD os_random(void *bytes, ULONG length) {
  return RtlGenRandom(bytes, length) ? ERROR_SUCCESS : ERROR_NO_SYSTEM_RESOURCES;
}

DWORD os_environment_take(const wchar_t *name, wchar_t *value, DWORD room) {
  SetLastError(ERROR_SUCCESS);
  DWORD length = GetEnvironmentVariableW(name, value, room);
  if (length == 0) return GetLastError() == ERROR_SUCCESS ? ERROR_INVALID_DATA : GetLastError();
  SetEnvironmentVariableW(name, NULL);
  return length < room ? ERROR_SUCCESS : ERROR_INSUFFICIENT_BUFFER;
}
