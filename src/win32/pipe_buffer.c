/* SPDX-License-Identifier: MIT */
#include "win32/pipe_buffer.h"

#include <assert.h>

#include "win32/connection.h"

/* The loan of a connection that has one. */
static size_t loan_of(const struct connection *connection) {
  assert(connection->pipe.loan > 0);
  return connection->pipe.loan - 1U;
}

static void begin_loan(struct backend *backend, size_t at, struct connection *connection, unsigned char *bytes) {
  backend->buffers.loans[at] = (struct pipe_loan){connection, bytes, backend->port.batches};
  backend->buffers.loan_count++;
  connection->pipe.loan = (uint8_t)(at + 1);
}

static unsigned char *end_loan(struct backend *backend, struct connection *connection) {
  struct pipe_loan *loan = &backend->buffers.loans[loan_of(connection)];
  assert(loan->holder == connection);
  loan->holder = NULL;
  backend->buffers.loan_count--;
  connection->pipe.loan = 0;
  return loan->bytes;
}

unsigned char *pipe_buffer_lend(struct backend *backend, struct connection *connection) {
  assert(connection->pipe.loan == 0);
  if (backend->buffers.loan_count == PIPE_LOANS_MAX) {
    pipe_buffers_recall(backend, PIPE_LOAN_BATCHES);
    return NULL;
  }
  unsigned char *bytes = backend_take_chunk(backend);
  if (bytes == NULL) return NULL;
  size_t at = 0;
  while (backend->buffers.loans[at].holder != NULL) at++;
  begin_loan(backend, at, connection, bytes);
  return bytes;
}

void pipe_buffer_give(struct backend *backend, struct connection *connection) {
  if (connection->pipe.loan > 0) backend_give_chunk(backend, end_loan(backend, connection));
}

unsigned char *pipe_buffer_deliver(struct backend *backend, struct connection *connection) {
  assert(backend->buffers.delivered == NULL);
  backend->buffers.delivered = end_loan(backend, connection);
  return backend->buffers.delivered;
}

const unsigned char *pipe_buffer_bytes(const struct backend *backend, const struct connection *connection) {
  if (connection->pipe.loan == 0) return connection->pipe.small;
  return backend->buffers.loans[loan_of(connection)].bytes;
}

void pipe_buffers_begin(struct backend *backend) {
  backend_give_chunk(backend, backend->buffers.delivered);
  backend->buffers.delivered = NULL;
}

static bool waits(const struct pipe_loan *loan) {
  const struct connection *holder = loan->holder;
  return holder != NULL && holder->life == CONNECTION_OPEN && holder->read_state == READ_POSTED;
}

/* A cancelled read comes back and is made again, in the small buffer. */
void pipe_buffers_recall(struct backend *backend, uint32_t batches) {
  for (size_t i = 0; i < PIPE_LOANS_MAX; ++i) {
    struct pipe_loan *loan = &backend->buffers.loans[i];
    if (!waits(loan) || backend->port.batches - loan->batch < batches) continue;
    os_cancel(loan->holder->pipe.handle, &loan->holder->read.overlapped);
    loan->batch = backend->port.batches;
  }
}
