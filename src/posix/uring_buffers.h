/* SPDX-License-Identifier: MIT */
/*
 * The buffers of a loop that the kernel fills with what is received. They lie in a ring of their own; a completion
 * names the one that it used, and after it was delivered the kernel gets it back.
 *
 * There are as many as a batch may fill. An idle connection has none, and a page that was never filled costs nothing.
 */
#ifndef WEIR_POSIX_URING_BUFFERS_H
#define WEIR_POSIX_URING_BUFFERS_H

#include "posix/uring_ring.h"

/* The group that a receive names. */
#define BUFFERS_GROUP 0

/* No buffer. */
#define BUFFERS_NONE UINT32_MAX

struct buffers {
  struct io_uring_buf_ring *ring;
  char *memory;
};

/* Makes them and shows them to the ring; 0, or the errno. They must outlive the ring. */
int buffers_open(struct buffers *buffers, const struct ring *ring);

void buffers_close(struct buffers *buffers);

/* The bytes of a buffer. */
const char *buffers_bytes(const struct buffers *buffers, uint32_t number);

/* Gives one back to the kernel. */
void buffers_give_back(struct buffers *buffers, uint32_t number);

#endif
