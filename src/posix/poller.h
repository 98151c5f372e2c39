/* SPDX-License-Identifier: MIT */
/*
 * Pollers: epoll, poll and kqueue behind one table. They say which descriptors are ready and know nothing of
 * operations.
 *
 * All are level-triggered. A watch that wants nothing is taken out, because hang-ups and errors cannot be masked and
 * would wake the loop for ever.
 */
#ifndef WEIR_POSIX_POLLER_H
#define WEIR_POSIX_POLLER_H

#include <stddef.h>
#include <stdint.h>

#include "posix/watch.h"

struct poller;

/* What a watch is watched for, and what it is ready for: the values of POLLIN, EPOLLIN and so on. */
#define READY_READ 0x01u
#define READY_WRITE 0x04u
#define READY_ERROR 0x08u   /* ready only: both directions know */
#define READY_HANG_UP 0x10u /* ready only: both directions know; never means that nothing is left to read */

/*
 * A watch that is ready. Packed, because then it has the layout of epoll_event on x86-64 and the kernel writes it as it
 * is (8 to 14 instructions of a round trip of 130). Take no pointer to a member.
 */
struct ready {
  uint32_t events;
  struct watch *watch;
} __attribute__((packed));

struct poller_operations {
  bool names_twice; /* a batch may have a watch twice, once for each direction */

  /* Makes a poller; 0, or the errno. */
  int (*create)(const weir_allocator *allocator, struct poller **poller);

  void (*destroy)(struct poller *poller);

  /* Watches for `interest`, which is a change, from now on and notes it in the watch; 0, or the errno and nothing has
   * changed. */
  int (*set)(struct poller *poller, struct watch *watch, unsigned interest);

  /* The descriptor is about to be closed. */
  void (*forget)(struct poller *poller, struct watch *watch);

  /* Waits until something is ready; how much, 0 after the time, or -1 and errno. Never returns early. */
  int (*wait)(struct poller *poller, struct ready *ready, int room, uint64_t timeout_ns);

  /* A descriptor that is readable when something is ready; -1: there is none. */
  int (*pollable)(struct poller *poller);
};

extern const struct poller_operations poller_epoll;
extern const struct poller_operations poller_poll;
extern const struct poller_operations poller_kqueue;

/* A time-out in milliseconds, rounded up: a loop that wakes early would find its timer not due and spin. -1: for ever.
 */
static inline int timeout_in_ms(uint64_t timeout_ns) {
  if (timeout_ns == WAIT_FOREVER) return -1;
  uint64_t milliseconds = timeout_ns / 1000000 + (timeout_ns % 1000000 != 0);
  return milliseconds > INT32_MAX ? INT32_MAX : (int)milliseconds;
}

#endif
