/* SPDX-License-Identifier: MIT */
/*
 * A connection with a child. One that opens its end itself gets a pipe as channels have. One that uses its end like a
 * file gets a byte-type pipe, in which nothing that it writes can be mistaken for an end, and which ends for it when
 * our handle is gone; the name tells our end that it may be used so.
 */
#include <wchar.h>

#include "common/system.h"
#include "win32/channel_pipe.h"
#include "win32/error.h"
#include "win32/file_pipe_name.h"
#include "win32/os_passing.h"
#include "win32/os_process.h"
#include "win32/pipe_parcel.h"
#include "win32/security.h"

enum { NAME_UNITS = 64 };

static DWORD write_name(wchar_t *name) {
  uint32_t random[4];
  DWORD error = os_random(random, sizeof random);
  if (error != ERROR_SUCCESS) return error;
  swprintf(name, NAME_UNITS, L"\\\\.\\pipe" FILE_PIPE_PREFIX L"%08lx%08lx%08lx%08lx", (unsigned long)random[0],
           (unsigned long)random[1], (unsigned long)random[2], (unsigned long)random[3]);
  return ERROR_SUCCESS;
}

/* A stranger who opens the other end first has made our opening fail. */
static DWORD make_file_pipe(HANDLE ends[2]) {
  wchar_t name[NAME_UNITS];
  struct security security = {0};
  DWORD error = write_name(name);
  if (error == ERROR_SUCCESS) error = security_init(&security, false, false);
  if (error != ERROR_SUCCESS) return error;
  error = os_file_pipe_create(name, &security.attributes, &ends[0]);
  security_fini(&security);
  if (error != ERROR_SUCCESS) return error;
  error = os_file_pipe_open(name, &ends[1]);
  if (error != ERROR_SUCCESS) os_close(ends[0]);
  return error;
}

struct outcome system_connection_pair(bool theirs_waits, intptr_t *ours, intptr_t *theirs) {
  HANDLE ends[2];
  DWORD error = theirs_waits ? make_file_pipe(ends) : channel_pipe_create(ends);
  if (error != ERROR_SUCCESS) return error_outcome(ERROR_PLACE_SPAWN, error, NULL);
  *ours = (intptr_t)ends[0];
  *theirs = (intptr_t)ends[1];
  return error_none();
}

void system_connection_close(intptr_t end) {
  if (!pipe_discard(end)) os_close((HANDLE)end);
}
