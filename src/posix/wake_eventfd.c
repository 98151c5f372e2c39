/* SPDX-License-Identifier: MIT */
/*
 * Waking through an eventfd: one descriptor instead of two, and one read clears any number of wakes.
 */
#include "posix/wake.h"

#include <errno.h>
#include <stdint.h>
#include <sys/types.h>

#include "posix/os.h"
#include "posix/os_epoll.h"

int wake_open(struct wake *wake) {
  wake->read_end = os_eventfd();
  wake->write_end = wake->read_end;
  return wake->read_end < 0 ? errno : 0;
}

void wake_close(struct wake *wake) { os_close(wake->read_end); }

bool wake_signal(const struct wake *wake) {
  const uint64_t one = 1;
  ssize_t count;
  do count = os_write(wake->write_end, &one, sizeof one);
  while (count < 0 && errno == EINTR);
  return count > 0 || errno == EAGAIN; /* a full counter is readable */
}

void wake_clear(const struct wake *wake) {
  uint64_t count;
  while (os_read(wake->read_end, &count, sizeof count) < 0 && errno == EINTR) continue;
}
