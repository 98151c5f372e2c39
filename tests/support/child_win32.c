/* SPDX-License-Identifier: MIT */
/* The test's child on Windows. */
#include "support/child.h"

#include <windows.h>

#include <fcntl.h>
#include <io.h>
#include <shellapi.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/*
 * How the C library takes a command line apart; it is what main() would have, in UTF-16. Names are not expanded: Wine
 * would do it in quotes too, which Windows does not.
 */
int __wgetmainargs(int *count, wchar_t ***arguments, wchar_t ***environment, int expand, int *unused);

static char *make_utf8(const wchar_t *wide) {
  int size = WideCharToMultiByte(CP_UTF8, 0, wide, -1, NULL, 0, NULL, NULL);
  char *text = malloc((size_t)size);
  if (text == NULL) abort();
  WideCharToMultiByte(CP_UTF8, 0, wide, -1, text, size, NULL, NULL);
  return text;
}

static char **make_all_utf8(wchar_t **wide, int count) {
  char **texts = calloc((size_t)count + 1, sizeof *texts);
  if (texts == NULL) abort();
  for (int i = 0; i < count; i++) texts[i] = make_utf8(wide[i]);
  return texts;
}

char **child_begin(int *argument_count, char **arguments) {
  wchar_t **wide;
  wchar_t **environment;
  int unused = 0;
  (void)arguments;
  for (int number = 0; number < 3; number++) _setmode(number, _O_BINARY);
  __wgetmainargs(argument_count, &wide, &environment, 0, &unused);
  return make_all_utf8(wide, *argument_count);
}

char **child_arguments_again(int *argument_count) {
  wchar_t **wide = CommandLineToArgvW(GetCommandLineW(), argument_count);
  return make_all_utf8(wide, *argument_count);
}

char **child_environment(void) {
  const wchar_t *block = GetEnvironmentStringsW();
  char **texts = calloc(4096, sizeof *texts);
  if (texts == NULL) abort();
  for (size_t i = 0; *block != 0 && i < 4095; block += wcslen(block) + 1) texts[i++] = make_utf8(block);
  return texts;
}

const char *child_directory(void) {
  wchar_t directory[4096];
  GetCurrentDirectoryW(4096, directory);
  return make_utf8(directory);
}

/* Whatever a parent may have left behind can be inherited once more. */
size_t child_open_count(void) {
  size_t count = 0;
  for (uintptr_t value = 4; value < 0x10000; value += 4) {
    DWORD flags;
    count += GetHandleInformation((HANDLE)value, &flags) && (flags & HANDLE_FLAG_INHERIT);
  }
  return count;
}

bool child_is_open(int number) { return _get_osfhandle(number) != -1; }

intptr_t child_native(int number) { return _get_osfhandle(number); }

void child_write(int number, const char *text) {
  _setmode(number, _O_BINARY);
  if (_write(number, text, (unsigned)strlen(text)) != (int)strlen(text)) exit(96);
}

bool child_is_disturbed(void) { return false; }

bool child_is_detached(void) { return GetConsoleCP() == 0; }

/* As an access violation does, but without the debugger that Wine starts for one. */
void child_crash(void) { TerminateProcess(GetCurrentProcess(), 0xC0000005); }

void child_tell(intptr_t native, const char *text) {
  OVERLAPPED overlapped = {.hEvent = CreateEventW(NULL, TRUE, FALSE, NULL)};
  DWORD written = 0;
  WriteFile((HANDLE)native, text, (DWORD)strlen(text), NULL, &overlapped);
  if (!GetOverlappedResult((HANDLE)native, &overlapped, &written, TRUE)) exit(96);
  CloseHandle(overlapped.hEvent);
}

void child_sleep(int milliseconds) { Sleep((DWORD)milliseconds); }
