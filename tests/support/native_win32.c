/* SPDX-License-Identifier: MIT */
/*
 * The system under a test, on Windows. See native.h. What only POSIX has answers -1; no case calls it here.
 */
#include "support/native.h"

#include <stdio.h>
#include <windows.h>

bool native_pair(bool tcp, intptr_t ends[2]) {
  (void)tcp;
  static unsigned number;
  char name[80];
  snprintf(name, sizeof name, "\\\\.\\pipe\\weir-test-pair-%lu-%u", (unsigned long)GetCurrentProcessId(), number++);
  HANDLE server = CreateNamedPipeA(name, PIPE_ACCESS_DUPLEX | FILE_FLAG_OVERLAPPED | FILE_FLAG_FIRST_PIPE_INSTANCE,
                                   PIPE_TYPE_BYTE | PIPE_READMODE_BYTE | PIPE_WAIT, 1, 65536, 65536, 0, NULL);
  if (server == INVALID_HANDLE_VALUE) return false;
  HANDLE client = CreateFileA(name, GENERIC_READ | GENERIC_WRITE, 0, NULL, OPEN_EXISTING, FILE_FLAG_OVERLAPPED, NULL);
  ends[0] = (intptr_t)server;
  ends[1] = (intptr_t)client;
  if (client != INVALID_HANDLE_VALUE) return true;
  CloseHandle(server);
  return false;
}

intptr_t native_file(void) {
  return (intptr_t)CreateFileA("NUL", GENERIC_READ | GENERIC_WRITE, 0, NULL, OPEN_EXISTING, FILE_FLAG_OVERLAPPED, NULL);
}

intptr_t native_unconnected(bool tcp) {
  (void)tcp;
  return -1;
}

intptr_t native_datagram(bool tcp) {
  (void)tcp;
  return -1;
}

intptr_t native_bound(const char *endpoint, int backlog) {
  (void)endpoint;
  (void)backlog;
  return -1;
}

intptr_t native_connect(const char *endpoint) {
  (void)endpoint;
  return -1;
}

bool native_is_closed(intptr_t native, int timeout_ms) {
  (void)native;
  (void)timeout_ms;
  return false;
}

/* Handles are multiples of four, and few in a test. */
size_t native_inherited(void) {
  size_t count = 0;
  for (uintptr_t value = 4; value < 0x10000; value += 4) {
    DWORD flags;
    count += GetHandleInformation((HANDLE)value, &flags) && (flags & HANDLE_FLAG_INHERIT);
  }
  return count;
}

bool native_is_open(intptr_t native) {
  DWORD flags;
  return GetHandleInformation((HANDLE)native, &flags) != 0;
}

void native_close(intptr_t native) { CloseHandle((HANDLE)native); }

void native_remove(const char *path) { (void)path; }

int native_zero_begin(intptr_t native) {
  (void)native;
  return -1;
}

void native_zero_end(int saved) { (void)saved; }

void native_shortage_begin(void) {}

void native_shortage_end(void) {}

bool native_wait(intptr_t pollable, int timeout_ms) {
  DWORD milliseconds = timeout_ms < 0 ? INFINITE : (DWORD)timeout_ms;
  return WaitForSingleObject((HANDLE)pollable, milliseconds) == WAIT_OBJECT_0;
}

uint64_t native_now_ms(void) {
  LARGE_INTEGER frequency;
  LARGE_INTEGER now;
  QueryPerformanceFrequency(&frequency);
  QueryPerformanceCounter(&now);
  return (uint64_t)(now.QuadPart / (frequency.QuadPart / 1000));
}

void native_pause_ms(unsigned milliseconds) { Sleep(milliseconds); }
