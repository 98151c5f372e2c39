/* SPDX-License-Identifier: MIT */
/*
 * What a loop has on Windows: a completion port, and what its connections share. A connection pins none of it while it
 * is idle.
 */
#ifndef WEIR_WIN32_BACKEND_H
#define WEIR_WIN32_BACKEND_H

#include "common/backend.h"
#include "common/base/list.h"
#include "win32/pipe_buffer.h"
#include "win32/pipe_limits.h"
#include "win32/port.h"

/* Chunks that are kept for their next use: one for a read and one for a write. */
#define CHUNKS_KEPT 2

struct backend {
  struct port port;
  const weir_allocator *allocator;
  struct list rereads;                   /* read tasks that the following `next` hands to the system again */
  struct list cards;                     /* calling cards */
  HANDLE event;                          /* of reads that must be over at once */
  unsigned char *chunks[CHUNKS_KEPT];    /* that nobody uses now, or NULL */
  struct pipe_buffers buffers;           /* of reads of busy pipes */
  unsigned char bytes[PIPE_CHUNK_BYTES]; /* what a read lends */
};

extern const struct backend_operations backend_iocp;

/* A buffer of PIPE_CHUNK_BYTES, or NULL when there is no memory. */
unsigned char *backend_take_chunk(struct backend *backend);

/* Gives it back; NULL is ignored. */
void backend_give_chunk(struct backend *backend, unsigned char *chunk);

#endif
