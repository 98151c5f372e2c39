/* SPDX-License-Identifier: MIT */
/*
 * The system under a test, on Windows. See native.h. What only POSIX has answers -1; no case calls it here.
 */
#define _WIN32_WINNT 0x0601

#include "support/native.h"

#include <stdio.h>
#include <string.h>

/* winsock2.h wants to be first of these. */
#include <winsock2.h>

#include <windows.h>

#include <weir/address.h>

static void start_winsock(void) {
  static bool is_started;
  WSADATA data;
  if (!is_started) is_started = WSAStartup(MAKEWORD(2, 2), &data) == 0;
}

static SOCKET open_socket(int type) {
  start_winsock();
  return WSASocketW(AF_INET, type, 0, NULL, 0, WSA_FLAG_OVERLAPPED | WSA_FLAG_NO_HANDLE_INHERIT);
}

/* Whether the text is tcp: with an IPv4 address and a port; anything else is no business of these functions. */
static bool read_endpoint(const char *endpoint, struct sockaddr_in *name) {
  weir_address address;
  if (strncmp(endpoint, "tcp:", 4) != 0 || weir_address_parse(endpoint + 4, &address) != WEIR_OK) return false;
  *name = (struct sockaddr_in){.sin_family = AF_INET, .sin_port = htons((u_short)address.port)};
  memcpy(&name->sin_addr, address.bytes, 4);
  return true;
}

static bool open_pipe_pair(intptr_t ends[2]) {
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

/* A listener that the system gives a port to, and a client of it. */
static bool open_tcp_pair(intptr_t ends[2]) {
  struct sockaddr_in name;
  int size = sizeof name;
  SOCKET listener = open_socket(SOCK_STREAM);
  SOCKET client = open_socket(SOCK_STREAM);
  SOCKET accepted = INVALID_SOCKET;
  read_endpoint("tcp:127.0.0.1:0", &name);
  if (bind(listener, (struct sockaddr *)&name, size) == 0 && listen(listener, 1) == 0 &&
      getsockname(listener, (struct sockaddr *)&name, &size) == 0 &&
      connect(client, (struct sockaddr *)&name, size) == 0)
    accepted = accept(listener, NULL, NULL);
  closesocket(listener);
  if (accepted == INVALID_SOCKET)
    closesocket(client);
  else
    SetHandleInformation((HANDLE)accepted, HANDLE_FLAG_INHERIT, 0);
  ends[0] = (intptr_t)accepted;
  ends[1] = (intptr_t)client;
  return accepted != INVALID_SOCKET;
}

bool native_pair(bool tcp, intptr_t ends[2]) { return tcp ? open_tcp_pair(ends) : open_pipe_pair(ends); }

intptr_t native_file(void) {
  return (intptr_t)CreateFileA("NUL", GENERIC_READ | GENERIC_WRITE, 0, NULL, OPEN_EXISTING, FILE_FLAG_OVERLAPPED, NULL);
}

intptr_t native_unconnected(bool tcp) { return tcp ? (intptr_t)open_socket(SOCK_STREAM) : -1; }

intptr_t native_datagram(bool tcp) { return tcp ? (intptr_t)open_socket(SOCK_DGRAM) : -1; }

intptr_t native_bound(const char *endpoint, int backlog) {
  struct sockaddr_in name;
  if (!read_endpoint(endpoint, &name)) return -1;
  SOCKET native = open_socket(SOCK_STREAM);
  if (bind(native, (struct sockaddr *)&name, sizeof name) == 0 && (backlog < 0 || listen(native, backlog) == 0))
    return (intptr_t)native;
  closesocket(native);
  return -1;
}

intptr_t native_connect(const char *endpoint) {
  struct sockaddr_in name;
  if (!read_endpoint(endpoint, &name)) return -1;
  SOCKET native = open_socket(SOCK_STREAM);
  if (connect(native, (struct sockaddr *)&name, sizeof name) == 0) return (intptr_t)native;
  closesocket(native);
  return -1;
}

bool native_is_closed(intptr_t native, int timeout_ms) {
  char byte;
  WSAPOLLFD entry = {.fd = (SOCKET)native, .events = POLLIN};
  return WSAPoll(&entry, 1, timeout_ms) > 0 && recv((SOCKET)native, &byte, 1, MSG_PEEK) <= 0;
}

intptr_t native_inheritable(void) {
  SECURITY_ATTRIBUTES security = {.nLength = sizeof security, .bInheritHandle = TRUE};
  return (intptr_t)CreateFileA("NUL", GENERIC_READ, FILE_SHARE_READ, &security, OPEN_EXISTING, 0, NULL);
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

bool native_process_is_there(uint32_t number) {
  HANDLE process = OpenProcess(SYNCHRONIZE, FALSE, number);
  if (process == NULL) return false;
  bool runs = WaitForSingleObject(process, 0) == WAIT_TIMEOUT;
  CloseHandle(process);
  return runs;
}

bool native_is_open(intptr_t native) {
  DWORD flags;
  return GetHandleInformation((HANDLE)native, &flags) != 0;
}

static bool is_socket(intptr_t native) {
  int type;
  int size = sizeof type;
  start_winsock();
  return getsockopt((SOCKET)native, SOL_SOCKET, SO_TYPE, (char *)&type, &size) == 0;
}

void native_close(intptr_t native) {
  if (is_socket(native))
    closesocket((SOCKET)native);
  else
    CloseHandle((HANDLE)native);
}

void native_remove(const char *path) { (void)path; }

int native_zero_begin(intptr_t native) {
  (void)native;
  return -1;
}

void native_zero_end(int saved) { (void)saved; }

void native_shortage_lower(void) {}

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
