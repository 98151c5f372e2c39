/* SPDX-License-Identifier: MIT */
/*
 * A connection with a child: a pipe with a name that nobody else asks for, and one instance. A child that uses its end
 * like a file gets a byte-type pipe, in which what it writes cannot be mistaken for an end, and which ends for it when
 * our handle is gone. One that opens its end itself gets a message-type pipe, and the name tells both that the other
 * understands the end mark.
 */
#include <stdatomic.h>
#include <wchar.h>

#include "common/system.h"
#include "win32/error.h"
#include "win32/os_process.h"
#include "win32/pair_name.h"
#include "win32/security.h"

enum { TRIES = 16 };

/* The system sees to it that the name is new; a few numbers save it the trouble. */
static void draw_name(wchar_t name[PAIR_NAME_UNITS], bool theirs_waits) {
  static atomic_uint count;
  swprintf(name, PAIR_NAME_UNITS, L"\\\\.\\pipe%ls%lx-%x-%llx", theirs_waits ? FILE_PAIR_PREFIX : PAIR_PREFIX,
           (unsigned long)os_process_id(), atomic_fetch_add(&count, 1), (unsigned long long)os_counter());
}

static DWORD open_ends(bool theirs_waits, SECURITY_ATTRIBUTES *security, HANDLE *ours, HANDLE *theirs) {
  wchar_t name[PAIR_NAME_UNITS];
  draw_name(name, theirs_waits);
  DWORD error = os_pair_create(name, theirs_waits, security, ours);
  if (error != ERROR_SUCCESS) return error;
  error = os_pair_open(name, theirs_waits, theirs);
  if (error != ERROR_SUCCESS) os_close(*ours);
  return error;
}

/* Somebody has the name, or was faster than we are at the other end. */
static bool is_taken(DWORD error) { return error == ERROR_ACCESS_DENIED || error == ERROR_PIPE_BUSY; }

struct outcome system_connection_pair(bool theirs_waits, intptr_t *ours, intptr_t *theirs) {
  struct security security;
  HANDLE ends[2];
  DWORD error = security_init(&security, false, false);
  if (error != ERROR_SUCCESS) return error_outcome(ERROR_PLACE_SPAWN, error, NULL);
  for (int i = 0; i == 0 || (is_taken(error) && i < TRIES); i++) {
    error = open_ends(theirs_waits, &security.attributes, &ends[0], &ends[1]);
  }
  security_fini(&security);
  if (error != ERROR_SUCCESS) return error_outcome(ERROR_PLACE_SPAWN, error, NULL);
  *ours = (intptr_t)ends[0];
  *theirs = (intptr_t)ends[1];
  return error_none();
}

void system_connection_close(intptr_t end) { os_close((HANDLE)end); }
