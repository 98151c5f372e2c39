/* SPDX-License-Identifier: MIT */
#include "win32/remote_open.h"

/* Who frees it is decided once: the thread when the loop has abandoned it first, the loop otherwise. */
enum progress { OPENING_UNDER_WAY = 0, OPENING_OVER, OPENING_ABANDONED };

/* Lives on the system's heap: the thread may outlast the loop. */
struct remote_open {
  volatile LONG progress;
  HANDLE thread;
  HANDLE port;
  OVERLAPPED *overlapped; /* of the task */
  DWORD error;
  HANDLE pipe;
  bool readable;
  struct name name;
};

#define READ_RIGHTS (FILE_READ_DATA | FILE_READ_ATTRIBUTES)
#define WRITE_RIGHTS (FILE_WRITE_DATA | FILE_READ_ATTRIBUTES)

/*
 * Both ways, then the way that the server allows. Single rights first, because the generic ones hold the right to
 * create instances, which a careful server keeps for itself; generic ones for a server that knows no others. Attributes
 * are written to read in messages. Only a refusal is a reason to try on: every success uses an instance up.
 */
DWORD open_pipe(const wchar_t *name, HANDLE *pipe, bool *readable) {
  static const DWORD rights[] = {READ_RIGHTS | WRITE_RIGHTS | FILE_WRITE_ATTRIBUTES,
                                 READ_RIGHTS | WRITE_RIGHTS,
                                 GENERIC_READ | GENERIC_WRITE,
                                 READ_RIGHTS | FILE_WRITE_ATTRIBUTES,
                                 GENERIC_READ,
                                 WRITE_RIGHTS,
                                 GENERIC_WRITE};
  DWORD error = ERROR_ACCESS_DENIED;
  for (size_t i = 0; i < sizeof rights / sizeof rights[0] && error == ERROR_ACCESS_DENIED; ++i) {
    *readable = (rights[i] & (FILE_READ_DATA | GENERIC_READ)) != 0;
    error = os_pipe_open(name, rights[i], pipe);
  }
  return error;
}

static void free_opening(struct remote_open *opening) {
  if (opening->error == ERROR_SUCCESS) os_close(opening->pipe);
  os_heap_put(opening);
}

static DWORD run(void *argument) {
  struct remote_open *opening = argument;
  opening->error = open_pipe(opening->name.text, &opening->pipe, &opening->readable);
  if (InterlockedCompareExchange(&opening->progress, OPENING_OVER, OPENING_UNDER_WAY) == OPENING_ABANDONED) {
    free_opening(opening);
    return 0;
  }
  /* The loop may end this structure as soon as it has the packet. */
  HANDLE port = opening->port;
  OVERLAPPED *overlapped = opening->overlapped;
  while (os_port_post(port, overlapped) != ERROR_SUCCESS) os_thread_pause();
  return 0;
}

DWORD remote_open_start(struct port *port, struct task *task, const struct name *name, struct remote_open **started) {
  struct remote_open *opening = os_heap_get(sizeof *opening);
  if (opening == NULL) return ERROR_NOT_ENOUGH_MEMORY;
  opening->port = port->handle;
  opening->overlapped = &task->overlapped;
  opening->name = *name;
  DWORD error = os_thread_start(run, opening, &opening->thread);
  if (error != ERROR_SUCCESS) {
    os_heap_put(opening);
    return error;
  }
  task->pending = true;
  *started = opening;
  return ERROR_SUCCESS;
}

bool remote_open_abandon(struct remote_open *opening) {
  HANDLE thread = opening->thread;
  LONG before = InterlockedCompareExchange(&opening->progress, OPENING_ABANDONED, OPENING_UNDER_WAY);
  if (before != OPENING_UNDER_WAY) return false;
  os_thread_cancel_call(thread);
  os_close(thread);
  return true;
}

DWORD remote_open_take(struct remote_open *opening, HANDLE *pipe, bool *readable) {
  DWORD error = opening->error;
  *pipe = opening->pipe;
  *readable = opening->readable;
  os_close(opening->thread);
  os_heap_put(opening);
  return error;
}

void remote_open_discard(struct remote_open *opening) {
  os_close(opening->thread);
  free_opening(opening);
}
