/* SPDX-License-Identifier: MIT */
/*
 * The large buffers in which reads of busy pipes wait: what comes then comes with one call and is not copied.
 *
 * A loop lends a few of them, and only to reads that are with the system. Who has waited in one too long, while the
 * others went on or the whole loop was silent, is called back and waits in its own small buffer again: so an idle
 * connection pins none.
 */
#ifndef WEIR_WIN32_PIPE_BUFFER_H
#define WEIR_WIN32_PIPE_BUFFER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "win32/pipe_limits.h"

struct backend;
struct connection;

struct pipe_loan {
  struct connection *holder; /* NULL: nobody */
  unsigned char *bytes;      /* PIPE_CHUNK_BYTES */
  uint32_t batch;            /* when its read began to wait */
};

struct pipe_buffers {
  struct pipe_loan loans[PIPE_LOANS_MAX];
  size_t loan_count;
  unsigned char *delivered; /* what common may read until the following `next`; or NULL */
};

/* Lends a buffer for a read; NULL when there is none. */
unsigned char *pipe_buffer_lend(struct backend *backend, struct connection *connection);

/* Takes it back; who has none gives none. */
void pipe_buffer_give(struct backend *backend, struct connection *connection);

/* Takes it back as what common may read; `pipe_buffers_begin` of the following `next` gives it to the others. */
unsigned char *pipe_buffer_deliver(struct backend *backend, struct connection *connection);

/* Where the bytes of the connection's last read lie. */
const unsigned char *pipe_buffer_bytes(const struct backend *backend, const struct connection *connection);

void pipe_buffers_begin(struct backend *backend);

/* Calls back whose reads have waited for at least so many batches. */
void pipe_buffers_recall(struct backend *backend, uint32_t batches);

#endif
