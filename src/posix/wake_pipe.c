/* SPDX-License-Identifier: MIT */
/*
 * Waking through a pipe, where there is no eventfd.
 */
#include "posix/wake.h"

#include <errno.h>
#include <sys/types.h>

#include "posix/os.h"

int wake_open(struct wake *wake) {
  int ends[2];
  if (os_pipe(ends) < 0) return errno;
  wake->read_end = ends[0];
  wake->write_end = ends[1];
  return 0;
}

void wake_close(struct wake *wake) {
  os_close(wake->read_end);
  os_close(wake->write_end);
}

bool wake_signal(const struct wake *wake) {
  ssize_t count;
  do count = os_write(wake->write_end, "", 1);
  while (count < 0 && errno == EINTR);
  return count > 0 || errno == EAGAIN; /* a full pipe is readable */
}

void wake_clear(const struct wake *wake) {
  char bytes[64];
  ssize_t count;
  do count = os_read(wake->read_end, bytes, sizeof bytes);
  while (count == (ssize_t)sizeof bytes || (count < 0 && errno == EINTR));
}
