/* SPDX-License-Identifier: MIT */
/*
 * raw_pipe_client ROLE PIPE COUNT: a client made of nothing but Win32, in byte mode, as a program without Weir has it.
 *
 *   goodbye  COUNT times in a row: opens the pipe and only reads. "goodbye" and then the end of file must come by
 *            themselves, within a second, and no read may succeed with 0 bytes.
 *   echo     COUNT times in a row: writes a text and reads it back.
 *   burst    opens COUNT handles before it writes to any; then each must have its echo.
 *
 * Prints "N times" at the end, or what went wrong.
 */
#include <windows.h>

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LIMIT_MS 1000

static bool fail(const char *what, unsigned long error) {
  fprintf(stderr, "%s (error %lu)\n", what, error);
  return false;
}

static HANDLE open_pipe(const char *name) {
  for (;;) {
    HANDLE pipe = CreateFileA(name, GENERIC_READ | GENERIC_WRITE, 0, NULL, OPEN_EXISTING, 0, NULL);
    if (pipe != INVALID_HANDLE_VALUE) return pipe;
    unsigned long error = GetLastError();
    /* What every Win32 client does while all instances of a server are taken. */
    if (error != ERROR_PIPE_BUSY || !WaitNamedPipeA(name, 10000)) {
      fail("CreateFile", error);
      return pipe;
    }
  }
}

/* Reads until the end of file; the text is left with a terminating zero. */
static bool read_all(HANDLE pipe, char *text, unsigned long size) {
  unsigned long length = 0;
  unsigned long count;
  while (length + 1 < size && ReadFile(pipe, text + length, size - 1 - length, &count, NULL)) {
    if (count == 0) return fail("a read of 0 bytes: an end mark has leaked", 0);
    length += count;
  }
  text[length] = '\0';
  if (GetLastError() != ERROR_BROKEN_PIPE) return fail("ReadFile", GetLastError());
  return true;
}

static bool hear_goodbye(const char *name) {
  char text[64];
  ULONGLONG start = GetTickCount64();
  HANDLE pipe = open_pipe(name);
  if (pipe == INVALID_HANDLE_VALUE) return false;
  bool done = read_all(pipe, text, sizeof text);
  CloseHandle(pipe);
  if (!done) return false;
  if (strcmp(text, "goodbye") != 0) return fail("another text came", 0);
  if (GetTickCount64() - start > LIMIT_MS) return fail("the end of file came late", 0);
  return true;
}

static bool has_echo(HANDLE pipe, unsigned number) {
  char sent[32];
  char received[32];
  unsigned long length = (unsigned long)snprintf(sent, sizeof sent, "client %u", number);
  unsigned long written;
  unsigned long total = 0;
  if (!WriteFile(pipe, sent, length, &written, NULL)) return fail("WriteFile", GetLastError());
  while (total < length) {
    unsigned long count;
    if (!ReadFile(pipe, received + total, length - total, &count, NULL)) return fail("ReadFile", GetLastError());
    total += count;
  }
  return memcmp(sent, received, length) == 0 || fail("another client's echo came", 0);
}

static bool echo_once(const char *name, unsigned number) {
  HANDLE pipe = open_pipe(name);
  if (pipe == INVALID_HANDLE_VALUE) return false;
  bool done = has_echo(pipe, number);
  CloseHandle(pipe);
  return done;
}

static bool burst(const char *name, unsigned count) {
  HANDLE *pipes = calloc(count, sizeof *pipes);
  if (pipes == NULL) return false;
  bool done = true;
  for (unsigned i = 0; i < count && done; i++) {
    pipes[i] = open_pipe(name);
    done = pipes[i] != INVALID_HANDLE_VALUE;
  }
  for (unsigned i = 0; i < count && done; i++) done = has_echo(pipes[i], i);
  for (unsigned i = 0; i < count; i++) {
    if (pipes[i] != NULL && pipes[i] != INVALID_HANDLE_VALUE) CloseHandle(pipes[i]);
  }
  free(pipes);
  return done;
}

int main(int argument_count, char **arguments) {
  if (argument_count != 4) return 2;
  const char *role = arguments[1];
  const char *name = arguments[2];
  unsigned count = (unsigned)strtoul(arguments[3], NULL, 10);
  unsigned done = 0;
  if (strcmp(role, "goodbye") == 0) {
    while (done < count && hear_goodbye(name)) done++;
  } else if (strcmp(role, "echo") == 0) {
    while (done < count && echo_once(name, done)) done++;
  } else if (strcmp(role, "burst") == 0) {
    done = burst(name, count) ? count : 0;
  } else {
    return 2;
  }
  printf("%u times\n", done);
  return done == count ? EXIT_SUCCESS : EXIT_FAILURE;
}
