/* SPDX-License-Identifier: MIT */
/*
 * The system calls of io_uring, and the two places at which a test can change what goes into a ring and what comes out
 * of it; see os.h.
 */
#ifndef WEIR_POSIX_OS_URING_H
#define WEIR_POSIX_OS_URING_H

#include <stddef.h>
#include <stdint.h>

#include <linux/io_uring.h>

int os_uring_setup(unsigned entries, struct io_uring_params *parameters);
int os_uring_register(int ring, unsigned operation, const void *argument, unsigned count);
int os_uring_enter(int ring, unsigned entries, unsigned wanted, unsigned flags,
                   const struct io_uring_getevents_arg *argument);

/* Memory that is shared with the ring; NULL: there is none. */
void *os_uring_map(int ring, uint64_t offset, size_t bytes);
void os_uring_unmap(void *memory, size_t bytes);

/* An entry that will be submitted, as it is. */
void os_uring_submitting(struct io_uring_sqe *entry);

/* What a completion says; of an accept it may be a new descriptor. */
int os_uring_result(const struct io_uring_cqe *completion);
int os_uring_accepted(const struct io_uring_cqe *completion);

#endif
