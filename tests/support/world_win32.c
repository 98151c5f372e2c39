/* SPDX-License-Identifier: MIT */
/*
 * The part of a world that Windows has: a fresh pipe name, and counting open handles.
 */
#include "world_private.h"

#include <stdint.h>
#include <stdio.h>
#include <windows.h>

void world_make_place(struct world *world) {
  static unsigned number;
  snprintf(world->endpoint, sizeof world->endpoint, "\\\\.\\pipe\\weir-test-%lu-%u", GetCurrentProcessId(), ++number);
}

void world_remove_place(struct world *world) { (void)world; }

/* The first named object of a process opens the directory of such names, which then stays open. */
static void open_directory_of_names(void) {
  HANDLE event = CreateEventW(NULL, FALSE, FALSE, L"weir-test");
  if (event) CloseHandle(event);
}

/*
 * Asks for each value that a handle can have, until a long run of them means nothing: handles are multiples of four and
 * used again. GetProcessHandleCount is not to be trusted, it says 0 under Wine 8.
 */
size_t world_open_handles(void) {
  const uintptr_t gap = 4 * 1024;
  size_t count = 0;
  open_directory_of_names();
  uintptr_t last = 0;
  for (uintptr_t value = 4; value < last + gap; value += 4) {
    DWORD flags;
    if (!GetHandleInformation((HANDLE)value, &flags)) continue;
    last = value;
    count++;
  }
  return count;
}
