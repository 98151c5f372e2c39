/* SPDX-License-Identifier: MIT */
#include "win32/channel_pipe.h"

#include <wchar.h>

#include "win32/os_passing.h"
#include "win32/pipe_parcel.h"
#include "win32/remote_open.h"
#include "win32/security.h"

/* In a child's environment: the numbers of its end's HANDLEs. */
#define PIPE_VARIABLE L"WEIR_CHANNEL"
#define PASSAGE_VARIABLE L"WEIR_CHANNEL_PASSAGE"
#define NUMBER_UNITS 32

#define NAME_UNITS 64

static DWORD write_name(wchar_t *name) {
  uint32_t random[4];
  DWORD error = os_random(random, sizeof random);
  if (error != ERROR_SUCCESS) return error;
  swprintf(name, NAME_UNITS, L"\\\\.\\pipe\\weir-channel-%08lx%08lx%08lx%08lx", (unsigned long)random[0],
           (unsigned long)random[1], (unsigned long)random[2], (unsigned long)random[3]);
  return ERROR_SUCCESS;
}

/* The first end comes to its loop as one whose peer is known; the second one sees that for itself. */
static DWORD leave_parcel(HANDLE end) {
  struct pipe_parcel content = {.peer = PIPE_PEER_KNOWS};
  struct pipe_parcel *parcel;
  DWORD error = pipe_parcel_make(&content, &parcel);
  if (error == ERROR_SUCCESS) parcel_leave(&parcel->parcel, &connection_over_pipe, (intptr_t)end);
  return error;
}

/* The only instance has its client then, and a stranger who was faster has made the opening fail. */
static DWORD connect_end(const wchar_t *name, HANDLE end, HANDLE *other) {
  bool readable;
  DWORD error = open_pipe(name, other, &readable);
  if (error != ERROR_SUCCESS) return error;
  error = leave_parcel(end);
  if (error != ERROR_SUCCESS) os_close(*other);
  return error;
}

DWORD channel_pipe_create(HANDLE ends[2]) {
  wchar_t name[NAME_UNITS];
  struct security security = {0};
  DWORD error = write_name(name);
  if (error == ERROR_SUCCESS) error = security_init(&security, false, false);
  if (error != ERROR_SUCCESS) return error;
  error = os_pipe_create(name, true, &security.attributes, &ends[0]);
  security_fini(&security);
  if (error != ERROR_SUCCESS) return error;
  error = connect_end(name, ends[0], &ends[1]);
  if (error != ERROR_SUCCESS) os_close(ends[0]);
  return error;
}

/* ---- in a child ---- */

static DWORD take_handle(const wchar_t *variable, HANDLE *handle) {
  wchar_t value[NUMBER_UNITS];
  wchar_t *rest;
  DWORD error = os_environment_take(variable, value, NUMBER_UNITS);
  if (error != ERROR_SUCCESS) return error;
  *handle = (HANDLE)(uintptr_t)wcstoul(value, &rest, 10);
  return *rest == 0 ? ERROR_SUCCESS : ERROR_INVALID_DATA;
}

/* Numbers that name something else came from another program, or were inherited without what they name. */
static bool is_second_end(HANDLE end) {
  DWORD type;
  DWORD flags;
  bool pipe = os_handle_type(end, &type) == ERROR_SUCCESS && type == FILE_TYPE_PIPE;
  return pipe && os_pipe_flags(end, &flags) == ERROR_SUCCESS && (flags & PIPE_SERVER_END) == 0 &&
         (flags & PIPE_TYPE_MESSAGE) != 0;
}

DWORD channel_pipe_inherit(HANDLE *end, HANDLE *section) {
  if (take_handle(PASSAGE_VARIABLE, section) != ERROR_SUCCESS) *section = NULL;
  DWORD error = take_handle(PIPE_VARIABLE, end);
  if (error == ERROR_SUCCESS && !is_second_end(*end)) error = ERROR_INVALID_HANDLE;
  return error == ERROR_SUCCESS ? os_handle_keep(*end) : error;
}
