/* SPDX-License-Identifier: MIT */
#include "posix/uring_buffers.h"

#include <errno.h>

#include "posix/os.h"

/* A power of two. With fewer a burst runs dry and receives must begin anew; with more each of them is cold. */
#define BUFFER_COUNT 64u

/* Smaller ones cut large messages, and each piece wakes the writer: 16 KiB made 64 KiB messages several times slower.
 */
#define BUFFER_BYTES 65536u

/* Buffers at the same distance from a large power of two would share few lines of the cache. */
#define BUFFER_STRIDE (BUFFER_BYTES + 320u)

#define RING_BYTES (BUFFER_COUNT * sizeof(struct io_uring_buf))

int buffers_open(struct buffers *buffers, const struct ring *ring) {
  buffers->ring = os_pages_get(RING_BYTES);
  if (buffers->ring == NULL) return errno;
  buffers->memory = os_pages_get((size_t)BUFFER_COUNT * BUFFER_STRIDE);
  struct io_uring_buf_reg request = {
      .ring_addr = (uint64_t)(uintptr_t)buffers->ring, .ring_entries = BUFFER_COUNT, .bgid = BUFFERS_GROUP};
  int failure = 0;
  if (buffers->memory == NULL || os_uring_register(ring->descriptor, IORING_REGISTER_PBUF_RING, &request, 1) < 0) {
    failure = errno;
    buffers_close(buffers);
    return failure;
  }
  for (uint32_t number = 0; number < BUFFER_COUNT; number++) buffers_give_back(buffers, number);
  return failure;
}

void buffers_close(struct buffers *buffers) {
  if (buffers->memory != NULL) os_pages_put(buffers->memory, (size_t)BUFFER_COUNT * BUFFER_STRIDE);
  os_pages_put(buffers->ring, RING_BYTES);
}

const char *buffers_bytes(const struct buffers *buffers, uint32_t number) {
  return buffers->memory + (size_t)number * BUFFER_STRIDE;
}

/* The tail lies in the first slot, where a buffer has no use for the room. */
void buffers_give_back(struct buffers *buffers, uint32_t number) {
  uint16_t tail = buffers->ring->tail;
  struct io_uring_buf *slot = &buffers->ring->bufs[tail & (BUFFER_COUNT - 1)];
  slot->addr = (uint64_t)(uintptr_t)buffers_bytes(buffers, number);
  slot->len = BUFFER_BYTES;
  slot->bid = (uint16_t)number;
  __atomic_store_n(&buffers->ring->tail, (uint16_t)(tail + 1), __ATOMIC_RELEASE);
}
