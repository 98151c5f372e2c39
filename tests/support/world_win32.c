/* SPDX-License-Identifier: MIT */
/*
 * The part of a world that Windows has: fresh pipe names, a loopback address, and counting open
 * handles.
 */
#include "world_private.h"

#include <stdint.h>
#include <stdio.h>
#include <windows.h>

void world_make_place(struct world *world) {
  static unsigned number;
  snprintf(world->endpoint, sizeof world->endpoint, "\\\\.\\pipe\\weir-test-%lu-%u", GetCurrentProcessId(), ++number);
}

/* Two Wine prefixes have the same numbers of processes, and the network in common: the clock tells them apart. */
void world_make_tcp_endpoint(char endpoint[WORLD_ENDPOINT_BYTES]) {
  static uint32_t address;
  if (address == 0) {
    LARGE_INTEGER now;
    QueryPerformanceCounter(&now);
    uint32_t mixed = (uint32_t)now.QuadPart * 2654435761u ^ (uint32_t)GetCurrentProcessId() * 40503u;
    address = 0x7F800001 + (mixed >> 10);
  }
  world_format_tcp(endpoint, address, world_next_port());
}

void world_remove_place(struct world *world) { (void)world; }

/* The first named object of a process opens the directory of such names, which then stays open. */
static void open_directory_of_names(void) {
  HANDLE event = CreateEventW(NULL, FALSE, FALSE, L"weir-test");
  if (event) CloseHandle(event);
}

static VOID CALLBACK see_nothing(PVOID unused, BOOLEAN also_unused) {
  (void)unused;
  (void)also_unused;
}

/*
 * The system's threads that wait for events stay a while when there are none, and those of Wine that have a third of
 * their work join others after 5 s; each has an event. So a few of them are kept, with enough to wait for that is never
 * set; a thread has room for 63.
 */
static void keep_waiting_threads(void) {
  enum { ROOM = 63, KEPT = ROOM / 3 + 1, THREADS = 12 };
  static HANDLE waits[ROOM * THREADS];
  static HANDLE never;
  if (never) return;
  never = CreateEventW(NULL, TRUE, FALSE, NULL);
  for (size_t i = 0; i < ROOM * THREADS; i++) {
    RegisterWaitForSingleObject(&waits[i], never, see_nothing, NULL, INFINITE, WT_EXECUTEINWAITTHREAD);
  }
  for (size_t i = 0; i < ROOM * THREADS; i++) {
    if (i % ROOM >= KEPT) UnregisterWaitEx(waits[i], INVALID_HANDLE_VALUE);
  }
}

/*
 * Asks for each value that a handle can have, until a long run of them means nothing: handles are multiples of four and
 * used again. GetProcessHandleCount is not to be trusted, it says 0 under Wine 8.
 */
size_t world_open_handles(void) {
  const uintptr_t gap = 4 * 1024;
  size_t count = 0;
  open_directory_of_names();
  keep_waiting_threads();
  uintptr_t last = 0;
  for (uintptr_t value = 4; value < last + gap; value += 4) {
    DWORD flags;
    if (!GetHandleInformation((HANDLE)value, &flags)) continue;
    last = value;
    count++;
  }
  return count;
}
