/* SPDX-License-Identifier: MIT */
/*
 * pipe_liar --listen pipe:NAME --backend LIE: a server that is wrong on purpose, for one client and one message. The
 * smoke test sees that the load generator notices.
 */
#include <stdio.h>
#include <string.h>
#include <windows.h>

#include "arguments.h"
#include "completion_port.h"
#include "process.h"

#define MESSAGE_BYTES 65536

static void send_bytes(HANDLE pipe, const unsigned char *bytes, DWORD length) {
  DWORD count;
  WriteFile(pipe, bytes, length, &count, NULL);
}

static void answer(HANDLE pipe, const char *lie, unsigned char *bytes, DWORD length) {
  if (strcmp(lie, "wrong_bit") == 0) {
    bytes[0] ^= 1;
    send_bytes(pipe, bytes, length);
  } else if (strcmp(lie, "lost_byte") == 0) {
    send_bytes(pipe, bytes + 1, length - 1);
  } else if (strcmp(lie, "doubled_byte") == 0) {
    send_bytes(pipe, bytes, 1);
    send_bytes(pipe, bytes, length);
  } else if (strcmp(lie, "one_byte_too_many") == 0) {
    bytes[length] = 'x';
    send_bytes(pipe, bytes, length + 1);
  } else if (strcmp(lie, "early_end") == 0) {
    send_bytes(pipe, bytes, length - 1);
  } else {
    process_fail(PROCESS_USAGE, 0, "no such lie");
  }
}

int main(int argument_count, char **texts) {
  static unsigned char bytes[MESSAGE_BYTES + 1];
  struct arguments arguments = arguments_read(argument_count, texts);
  char name[PIPE_NAME_BYTES];
  if (arguments.backend == NULL) process_fail(PROCESS_USAGE, 0, "pipe_liar wants to know the lie: --backend LIE");
  pipe_name_read(arguments.endpoint, name);
  HANDLE pipe = CreateNamedPipeA(name, PIPE_ACCESS_DUPLEX, PIPE_TYPE_BYTE | PIPE_READMODE_BYTE | PIPE_WAIT, 1,
                                 MESSAGE_BYTES, MESSAGE_BYTES, 0, NULL);
  if (pipe == INVALID_HANDLE_VALUE) process_fail(PROCESS_FAILED, (int)GetLastError(), name);
  arguments_say_ready();
  DWORD length = 0;
  if (!ConnectNamedPipe(pipe, NULL) && GetLastError() != ERROR_PIPE_CONNECTED) return PROCESS_FAILED;
  if (!ReadFile(pipe, bytes, MESSAGE_BYTES, &length, NULL) || length == 0) return PROCESS_FAILED;
  answer(pipe, arguments.backend, bytes, length);
  CloseHandle(pipe);
  return 0;
}
