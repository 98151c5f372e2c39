/* SPDX-License-Identifier: MIT */
/*
 * How another thread wakes a loop that waits: a descriptor that becomes readable. Either an eventfd (Linux) or a pipe;
 * the file that is built decides.
 */
#ifndef WEIR_POSIX_WAKE_H
#define WEIR_POSIX_WAKE_H

#include <stdbool.h>

struct wake {
  int read_end;
  int write_end; /* the same as read_end for an eventfd */
};

/* Opens it; 0, or the errno. */
int wake_open(struct wake *wake);

void wake_close(struct wake *wake);

/* Makes the read end readable; false when the system refuses. Any thread. */
bool wake_send(const struct wake *wake);

/* Makes the read end unreadable again. */
void wake_clear(const struct wake *wake);

#endif
