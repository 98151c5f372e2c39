/* SPDX-License-Identifier: MIT */
#include "posix/uring_ring.h"

#include <errno.h>
#include <string.h>

#include "common/backend.h"
#include "posix/os.h"

/*
 * DEFER_TASKRUN lets the kernel work only inside our calls (Linux 6.1), which makes batches, and multishot accepts and
 * receives are older than that. R_DISABLED: a loop may be made by another thread than the one that runs it, and a ring
 * belongs to the thread that enables it.
 */
enum {
  RING_FLAGS = IORING_SETUP_SINGLE_ISSUER | IORING_SETUP_DEFER_TASKRUN | IORING_SETUP_R_DISABLED | IORING_SETUP_CQSIZE |
               IORING_SETUP_SUBMIT_ALL
};

static const unsigned needed_features = IORING_FEAT_SINGLE_MMAP | IORING_FEAT_NODROP | IORING_FEAT_SUBMIT_STABLE |
                                        IORING_FEAT_EXT_ARG | IORING_FEAT_CQE_SKIP;

/* ---- opening ---- */

static atomic_uint *shared_number(const struct ring *ring, uint32_t offset) {
  return (atomic_uint *)(void *)((char *)ring->shared + offset);
}

/* The kernel reads entries through a list of their numbers; ours always stand in order. */
static void number_entries(const struct ring *ring, uint32_t offset) {
  uint32_t *numbers = (uint32_t *)(void *)((char *)ring->shared + offset);
  for (uint32_t i = 0; i < RING_ENTRIES; i++) numbers[i] = i;
}

static int map_rings(struct ring *ring, const struct io_uring_params *parameters) {
  size_t entries_end = parameters->sq_off.array + parameters->sq_entries * sizeof(uint32_t);
  size_t completions_end = parameters->cq_off.cqes + parameters->cq_entries * sizeof(struct io_uring_cqe);
  ring->shared_bytes = entries_end > completions_end ? entries_end : completions_end;
  ring->shared = os_uring_map(ring->descriptor, IORING_OFF_SQ_RING, ring->shared_bytes);
  if (ring->shared == NULL) return errno;
  ring->entries = os_uring_map(ring->descriptor, IORING_OFF_SQES, RING_ENTRIES * sizeof *ring->entries);
  if (ring->entries == NULL) {
    int failure = errno;
    os_uring_unmap(ring->shared, ring->shared_bytes);
    return failure;
  }
  number_entries(ring, parameters->sq_off.array);
  ring->shared_entry_head = shared_number(ring, parameters->sq_off.head);
  ring->shared_entry_tail = shared_number(ring, parameters->sq_off.tail);
  ring->shared_completion_head = shared_number(ring, parameters->cq_off.head);
  ring->shared_completion_tail = shared_number(ring, parameters->cq_off.tail);
  ring->completions = (struct io_uring_cqe *)(void *)((char *)ring->shared + parameters->cq_off.cqes);
  return 0;
}

int ring_open(struct ring *ring) {
  struct io_uring_params parameters = {.flags = RING_FLAGS, .cq_entries = RING_COMPLETIONS};
  memset(ring, 0, sizeof *ring);
  ring->descriptor = os_uring_setup(RING_ENTRIES, &parameters);
  if (ring->descriptor < 0) return errno;
  int failure = (parameters.features & needed_features) == needed_features ? map_rings(ring, &parameters) : EINVAL;
  if (failure != 0) os_close(ring->descriptor);
  return failure;
}

void ring_close(struct ring *ring) {
  os_uring_unmap(ring->entries, RING_ENTRIES * sizeof *ring->entries);
  os_uring_unmap(ring->shared, ring->shared_bytes);
  os_close(ring->descriptor);
}

/* ---- in ---- */

/* Those that were added and that the kernel has not taken. */
static unsigned count_added(const struct ring *ring) {
  return ring->entry_tail - atomic_load_explicit(ring->shared_entry_head, memory_order_acquire);
}

struct io_uring_sqe *ring_add(struct ring *ring, unsigned *number) {
  if (count_added(ring) == RING_ENTRIES) return NULL;
  *number = ring->entry_tail & (RING_ENTRIES - 1);
  ring->entry_tail++;
  struct io_uring_sqe *entry = &ring->entries[*number];
  memset(entry, 0, sizeof *entry);
  return entry;
}

/* The thread that runs the loop is the one that the kernel shall know. */
static int enable(struct ring *ring) {
  if (ring->enabled) return 0;
  if (os_uring_register(ring->descriptor, IORING_REGISTER_ENABLE_RINGS, NULL, 0) < 0) return errno;
  ring->enabled = true;
  return 0;
}

static int enter(struct ring *ring, unsigned wanted, unsigned flags, const struct __kernel_timespec *timeout) {
  int failure = enable(ring);
  if (failure != 0) return failure;
  struct io_uring_getevents_arg argument = {.ts = (uint64_t)(uintptr_t)timeout};
  atomic_store_explicit(ring->shared_entry_tail, ring->entry_tail, memory_order_release);
  int result = os_uring_enter(ring->descriptor, count_added(ring), wanted, flags | IORING_ENTER_EXT_ARG, &argument);
  return result < 0 ? errno : 0;
}

int ring_submit(struct ring *ring) {
  int failure = 0;
  do failure = count_added(ring) == 0 ? 0 : enter(ring, 0, 0, NULL);
  while (failure == EINTR);
  return failure;
}

int ring_wait(struct ring *ring, uint64_t timeout_ns) {
  struct __kernel_timespec timeout = {.tv_sec = (int64_t)(timeout_ns / 1000000000),
                                      .tv_nsec = (long long)(timeout_ns % 1000000000)};
  unsigned wanted = timeout_ns > 0 ? 1 : 0;
  int failure = enter(ring, wanted, IORING_ENTER_GETEVENTS, timeout_ns == WAIT_FOREVER ? NULL : &timeout);
  return failure == ETIME || failure == EINTR ? 0 : failure;
}

/* ---- out ---- */

unsigned ring_ready(const struct ring *ring) {
  return atomic_load_explicit(ring->shared_completion_tail, memory_order_acquire) - ring->completion_head;
}
