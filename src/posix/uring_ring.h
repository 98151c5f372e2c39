/* SPDX-License-Identifier: MIT */
/*
 * The two rings that are shared with the kernel: entries go in, completions come out. It knows nothing of sockets.
 *
 * One thread uses a ring: the first that enters it. The kernel works for it only while that thread is inside, so what a
 * batch finds is all that there is until the next time.
 */
#ifndef WEIR_POSIX_URING_RING_H
#define WEIR_POSIX_URING_RING_H

#include <stdatomic.h>
#include <stdbool.h>

#include "posix/os_uring.h"

/* How many entries can wait to be submitted. */
#define RING_ENTRIES 256u

/* How many completions can wait to be taken; what is more, the kernel keeps. */
#define RING_COMPLETIONS 4096u

struct ring {
  int descriptor;
  bool enabled; /* the thread that enters it is known */

  /* in */
  struct io_uring_sqe *entries;
  unsigned entry_tail; /* where the next one goes; the kernel hears of it when the ring is entered */
  atomic_uint *shared_entry_head;
  atomic_uint *shared_entry_tail;

  /* out */
  struct io_uring_cqe *completions;
  unsigned completion_head; /* the first that was not taken */
  atomic_uint *shared_completion_head;
  atomic_uint *shared_completion_tail;

  void *shared;
  size_t shared_bytes;
};

/* Makes one; 0, or the errno. ENOSYS, EPERM and EINVAL: this system has none that would do. */
int ring_open(struct ring *ring);

void ring_close(struct ring *ring);

/* A cleared entry that goes in with the next submission, with its number below RING_ENTRIES; NULL: there is no room. */
struct io_uring_sqe *ring_add(struct ring *ring, unsigned *number);

/* Submits what was added, and waits for nothing. 0, or the errno. */
int ring_submit(struct ring *ring);

/* The same, and lets the kernel do what is due; waits for a completion, at most so long. */
int ring_wait(struct ring *ring, uint64_t timeout_ns);

/* How many completions have come and were not taken. */
unsigned ring_ready(const struct ring *ring);

/* The first of them; it stays until it is dropped. */
static inline const struct io_uring_cqe *ring_first(const struct ring *ring) {
  return &ring->completions[ring->completion_head & (RING_COMPLETIONS - 1)];
}

static inline void ring_drop(struct ring *ring) {
  ring->completion_head++;
  atomic_store_explicit(ring->shared_completion_head, ring->completion_head, memory_order_release);
}

#endif
