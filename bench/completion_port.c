/* SPDX-License-Identifier: MIT */
/* See completion_port.h. */
#include "completion_port.h"

#include <stdio.h>
#include <string.h>

#include "process.h"

#define ENTRY_COUNT 64

static HANDLE port;
static struct transfer *first;
static struct transfer **end = &first;

void completion_port_open(void) {
  port = CreateIoCompletionPort(INVALID_HANDLE_VALUE, NULL, 0, 1);
  if (port == NULL) process_fail(PROCESS_FAILED, (int)GetLastError(), "CreateIoCompletionPort");
}

void completion_port_bind(HANDLE file) {
  if (CreateIoCompletionPort(file, port, 0, 0) == NULL ||
      !SetFileCompletionNotificationModes(file, FILE_SKIP_COMPLETION_PORT_ON_SUCCESS | FILE_SKIP_SET_EVENT_ON_HANDLE)) {
    process_fail(PROCESS_FAILED, (int)GetLastError(), "the completion port");
  }
}

/* What did not go to the system, or is over at once, stands in line. A byte-type reader gets no ERROR_MORE_DATA. */
static void sort(struct transfer *transfer, BOOL succeeded) {
  DWORD error = succeeded ? ERROR_SUCCESS : GetLastError();
  if (error == ERROR_IO_PENDING) return;
  transfer->error = error;
  transfer->count = (DWORD)transfer->overlapped.InternalHigh;
  transfer->next = NULL;
  *end = transfer;
  end = &transfer->next;
}

void transfer_read(struct transfer *transfer, HANDLE file, void *bytes, DWORD length) {
  memset(&transfer->overlapped, 0, sizeof transfer->overlapped);
  sort(transfer, ReadFile(file, bytes, length, NULL, &transfer->overlapped));
}

void transfer_write(struct transfer *transfer, HANDLE file, const void *bytes, DWORD length) {
  memset(&transfer->overlapped, 0, sizeof transfer->overlapped);
  sort(transfer, WriteFile(file, bytes, length, NULL, &transfer->overlapped));
}

void transfer_accept(struct transfer *transfer, HANDLE pipe) {
  memset(&transfer->overlapped, 0, sizeof transfer->overlapped);
  sort(transfer, ConnectNamedPipe(pipe, &transfer->overlapped));
}

/* Those that are over now; what they begin waits for the next turn. */
static BOOL call_line(void) {
  struct transfer *transfer = first;
  BOOL any = transfer != NULL;
  first = NULL;
  end = &first;
  while (transfer != NULL) {
    struct transfer *next = transfer->next;
    transfer->over(transfer, transfer->error, transfer->count);
    transfer = next;
  }
  return any;
}

static void call_packet(const OVERLAPPED_ENTRY *entry) {
  struct transfer *transfer = (struct transfer *)(void *)entry->lpOverlapped;
  DWORD count;
  BOOL succeeded = GetOverlappedResult(NULL, &transfer->overlapped, &count, FALSE);
  transfer->over(transfer, succeeded ? ERROR_SUCCESS : GetLastError(), count);
}

BOOL completion_port_turn(DWORD milliseconds) {
  OVERLAPPED_ENTRY entries[ENTRY_COUNT];
  ULONG count = 0;
  BOOL any = call_line();
  /* After the line only a look, so that neither starves the other. */
  if (!GetQueuedCompletionStatusEx(port, entries, ENTRY_COUNT, &count, any ? 0 : milliseconds, FALSE)) return any;
  for (ULONG at = 0; at < count; at++) call_packet(&entries[at]);
  return TRUE;
}

void pipe_name_read(const char *text, char name[PIPE_NAME_BYTES]) {
  if (strncmp(text, "pipe:", 5) != 0 || text[5] == '\0' || strchr(text + 5, '\\') != NULL) {
    process_fail(PROCESS_USAGE, 0, "the endpoint must be pipe:NAME");
  }
  if (snprintf(name, PIPE_NAME_BYTES, "\\\\.\\pipe\\%s", text + 5) >= PIPE_NAME_BYTES) {
    process_fail(PROCESS_USAGE, 0, "the pipe's name is too long");
  }
}
