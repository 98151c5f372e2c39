/* SPDX-License-Identifier: MIT */
/*
 * From a request to a process. Of all handles it inherits those of a list and no others, and even these can be
 * inherited for no longer than the start takes, so that no process that somebody else starts meanwhile has them by
 * mistake.
 */
#include <string.h>

#include "win32/child.h"
#include "win32/command_line.h"
#include "win32/environment.h"
#include "win32/program_file.h"

enum { STANDARD_COUNT = 3, DIRECTORY_UNITS = 32767 };

/* How the C library of Microsoft learns of descriptors: their number, a byte of flags for each, and then the handles.
 */
enum { CRT_OPEN = 0x01, CRT_PIPE = 0x08, CRT_DEVICE = 0x40 };

/* What a start needs until there is a process. */
struct start {
  const struct child_request *request;
  size_t count;    /* of handles: for the descriptors, and for the extras behind them */
  HANDLE *handles; /* inheritable, and ours to close; NULL: none */
  HANDLE *list;    /* those that there are */
  size_t list_count;
  bool shares_console; /* one of them may be the console's */
  BYTE *table;         /* for the C library */
  struct environment_extra *extras;
  wchar_t *environment;
  wchar_t path[PROGRAM_FILE_UNITS];
  wchar_t line[COMMAND_LINE_UNITS];
  wchar_t file[PROGRAM_FILE_UNITS];
  wchar_t directory[DIRECTORY_UNITS];
};

/* ---- handles ---- */

/* A standard handle that cannot be had is like none. */
static DWORD inherit(struct start *start, size_t index) {
  HANDLE handle = index < STANDARD_COUNT ? os_standard_handle((int)index) : NULL;
  if (handle == NULL) return ERROR_SUCCESS;
  if (os_handle_lend(handle, &start->handles[index]) != ERROR_SUCCESS) start->handles[index] = NULL;
  start->shares_console = true;
  return ERROR_SUCCESS;
}

static DWORD make_handle(struct start *start, size_t index, const struct child_descriptor *descriptor) {
  switch (descriptor->source) {
    case CHILD_HAS_NULL:
      return os_null_lend(&start->handles[index]);
    case CHILD_HAS_NATIVE:
      return os_handle_lend((HANDLE)descriptor->native, &start->handles[index]);
    case CHILD_INHERITS:
      break;
  }
  return inherit(start, index);
}

static DWORD make_handles(struct start *start) {
  const struct child_request *request = start->request;
  DWORD error = ERROR_SUCCESS;
  for (size_t i = 0; i < request->descriptor_count && error == ERROR_SUCCESS; i++) {
    error = make_handle(start, i, &request->descriptors[i]);
  }
  for (size_t i = 0; i < request->extra_count && error == ERROR_SUCCESS; i++) {
    HANDLE *handle = &start->handles[request->descriptor_count + i];
    error = os_handle_lend((HANDLE)request->extras[i].native, handle);
    start->extras[i] = (struct environment_extra){request->extras[i].variable, (uint64_t)(uintptr_t)*handle};
  }
  for (size_t i = 0; i < start->count && error == ERROR_SUCCESS; i++) {
    if (start->handles[i] != NULL) start->list[start->list_count++] = start->handles[i];
  }
  return error;
}

static void close_handles(const struct start *start) {
  for (size_t i = 0; i < start->count; i++) {
    if (start->handles[i] != NULL) os_close(start->handles[i]);
  }
}

static BYTE describe(HANDLE handle) {
  DWORD type;
  if (handle == NULL || os_handle_type(handle, &type) != ERROR_SUCCESS) return 0;
  return (BYTE)(CRT_OPEN | (type == FILE_TYPE_PIPE ? CRT_PIPE : type == FILE_TYPE_CHAR ? CRT_DEVICE : 0));
}

static size_t table_bytes(const struct child_request *request) {
  return sizeof(DWORD) + request->descriptor_count * (sizeof(BYTE) + sizeof(HANDLE));
}

static void write_table(const struct start *start) {
  DWORD count = (DWORD)start->request->descriptor_count;
  BYTE *at = start->table;
  memcpy(at, &count, sizeof count);
  at += sizeof count;
  for (DWORD i = 0; i < count; i++) *at++ = describe(start->handles[i]);
  for (DWORD i = 0; i < count; i++) {
    HANDLE handle = start->handles[i] == NULL ? INVALID_HANDLE_VALUE : start->handles[i];
    memcpy(at + i * sizeof handle, &handle, sizeof handle);
  }
}

/* ---- texts ---- */

static DWORD read_text(const char *utf8, wchar_t *text, size_t room) {
  return os_text_from_utf8(utf8, strlen(utf8), text, room);
}

static DWORD make_texts(struct start *start, const char **hint) {
  const struct child_request *request = start->request;
  DWORD error = read_text(request->file, start->file, PROGRAM_FILE_UNITS);
  if (error == ERROR_SUCCESS && request->directory != NULL) {
    error = read_text(request->directory, start->directory, DIRECTORY_UNITS);
  }
  if (error == ERROR_SUCCESS) error = command_line_write(request->arguments, start->line);
  if (error == ERROR_SUCCESS) {
    error = environment_make(request->environment, start->extras, request->extra_count, &start->environment);
  }
  if (error != ERROR_SUCCESS) return error;
  const wchar_t *directory = request->directory == NULL ? NULL : start->directory;
  error = program_file_find(start->file, directory, start->environment, start->path);
  if (error == ERROR_BAD_EXE_FORMAT) *hint = "a batch file is run by cmd.exe, which no argument is safe from";
  return error;
}

/* ---- together ---- */

/* A console of its own is a window on the user's screen. */
static DWORD choose_flags(const struct start *start) {
  DWORD flags = CREATE_UNICODE_ENVIRONMENT | EXTENDED_STARTUPINFO_PRESENT | CREATE_SUSPENDED;
  if (start->request->detached) return flags | DETACHED_PROCESS | CREATE_NEW_PROCESS_GROUP;
  return start->shares_console && os_console_is_there() ? flags : flags | CREATE_NO_WINDOW;
}

static DWORD create(struct start *start, PROCESS_INFORMATION *made) {
  const struct child_request *request = start->request;
  struct os_process setup = {.path = start->path,
                             .line = start->line,
                             .environment = start->environment,
                             .directory = request->directory == NULL ? NULL : start->directory,
                             .flags = choose_flags(start),
                             .handles = start->list,
                             .handle_count = start->list_count,
                             .standard = start->handles,
                             .table = start->table,
                             .table_bytes = (WORD)table_bytes(request)};
  return os_process_create(&setup, made);
}

static DWORD run(struct start *start, PROCESS_INFORMATION *made, const char **hint) {
  DWORD error = make_handles(start);
  if (error == ERROR_SUCCESS) error = make_texts(start, hint);
  if (error == ERROR_SUCCESS) {
    write_table(start);
    error = create(start, made);
  }
  close_handles(start);
  if (start->environment != NULL) os_heap_put(start->environment);
  return error;
}

DWORD child_start(const struct child_request *request, PROCESS_INFORMATION *made, const char **hint) {
  size_t count = request->descriptor_count + request->extra_count;
  size_t bytes = table_bytes(request);
  if (bytes > MAXWORD) return ERROR_TOO_MANY_OPEN_FILES;
  struct start *start = os_heap_get(sizeof *start + 2 * count * sizeof(HANDLE) +
                                    request->extra_count * sizeof(struct environment_extra) + bytes);
  if (start == NULL) return ERROR_NOT_ENOUGH_MEMORY;
  start->request = request;
  start->count = count;
  start->handles = (HANDLE *)(start + 1);
  start->list = start->handles + count;
  start->extras = (struct environment_extra *)(start->list + count);
  start->table = (BYTE *)(start->extras + request->extra_count);
  DWORD error = run(start, made, hint);
  os_heap_put(start);
  return error;
}
