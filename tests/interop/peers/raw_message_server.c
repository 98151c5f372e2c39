/* SPDX-License-Identifier: MIT */
/*
 * raw_message_server ROLE PIPE COUNT: a server made of nothing but Win32 that ends its side with a zero-length message.
 *
 * That is how go-winio, and with it Docker, half-close a message-type pipe.
 *
 *   goodbye  COUNT times in a row: says goodbye, ends its side, then reads until the client has ended, too. The client
 *            may do so by closing the pipe, because nothing more can come to it.
 *   answer   COUNT times in a row: reads until the client has ended its side, which must be told by a message since the
 *            client waits for an answer; then sends back what it read and ends its own side.
 *
 * Prints "a client sent TEXT" each time.
 */
#include <windows.h>

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static bool fail(const char *what) {
  fprintf(stderr, "%s (error %lu)\n", what, GetLastError());
  return false;
}

static HANDLE create_pipe(const char *name) {
  return CreateNamedPipeA(name, PIPE_ACCESS_DUPLEX, PIPE_TYPE_MESSAGE | PIPE_READMODE_MESSAGE, PIPE_UNLIMITED_INSTANCES,
                          65536, 65536, 0, NULL);
}

static bool write_and_end(HANDLE pipe, const char *text) {
  unsigned long written;
  if (!WriteFile(pipe, text, (unsigned long)strlen(text), &written, NULL)) return fail("WriteFile");
  if (!WriteFile(pipe, "", 0, &written, NULL)) return fail("WriteFile of the end");
  return true;
}

static bool read_until_end(HANDLE pipe, bool closing_is_an_end, char *text, unsigned long size) {
  unsigned long length = 0;
  unsigned long count = 1;
  while (count > 0) {
    if (length + 1 == size) return fail("too much came");
    if (!ReadFile(pipe, text + length, size - 1 - length, &count, NULL)) {
      if (GetLastError() != ERROR_BROKEN_PIPE || !closing_is_an_end) return fail("ReadFile before the end");
      count = 0;
    }
    length += count;
  }
  text[length] = '\0';
  printf("a client sent %s\n", text);
  fflush(stdout);
  return true;
}

static bool is_closed_by_client(HANDLE pipe) {
  char byte;
  unsigned long count;
  if (ReadFile(pipe, &byte, 1, &count, NULL)) return fail("something came after the end");
  return GetLastError() == ERROR_BROKEN_PIPE || fail("ReadFile after the end");
}

static bool serve(HANDLE pipe, bool answers) {
  char text[64];
  if (!answers) return write_and_end(pipe, "goodbye") && read_until_end(pipe, true, text, sizeof text);
  return read_until_end(pipe, false, text, sizeof text) && write_and_end(pipe, text) && is_closed_by_client(pipe);
}

int main(int argument_count, char **arguments) {
  if (argument_count != 4) return 2;
  bool answers = strcmp(arguments[1], "answer") == 0;
  unsigned count = (unsigned)strtoul(arguments[3], NULL, 10);
  HANDLE pipe = create_pipe(arguments[2]);
  bool done = pipe != INVALID_HANDLE_VALUE || fail("CreateNamedPipe");
  printf("listening\n");
  fflush(stdout);
  for (unsigned i = 0; i < count && done; i++) {
    if (!ConnectNamedPipe(pipe, NULL) && GetLastError() != ERROR_PIPE_CONNECTED) done = fail("ConnectNamedPipe");
    /* The next client must find an instance. */
    HANDLE next = create_pipe(arguments[2]);
    done = done && serve(pipe, answers);
    CloseHandle(pipe);
    pipe = next;
  }
  CloseHandle(pipe);
  return done ? EXIT_SUCCESS : EXIT_FAILURE;
}
