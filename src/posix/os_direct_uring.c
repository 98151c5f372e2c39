/* SPDX-License-Identifier: MIT */
/*
 * The system calls of io_uring, straight to the system; see os_direct.c. The C library has no names for them.
 */
#define _GNU_SOURCE 1

#include "posix/os_uring.h"

#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

int os_uring_setup(unsigned entries, struct io_uring_params *parameters) {
  return (int)syscall(SYS_io_uring_setup, entries, parameters);
}

int os_uring_register(int ring, unsigned operation, const void *argument, unsigned count) {
  return (int)syscall(SYS_io_uring_register, ring, operation, argument, count);
}

int os_uring_enter(int ring, unsigned entries, unsigned wanted, unsigned flags,
                   const struct io_uring_getevents_arg *argument) {
  return (int)syscall(SYS_io_uring_enter, ring, entries, wanted, flags, argument, sizeof *argument);
}

void *os_uring_map(int ring, uint64_t offset, size_t bytes) {
  void *memory = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_POPULATE, ring, (off_t)offset);
  return memory == MAP_FAILED ? NULL : memory;
}

void os_uring_unmap(void *memory, size_t bytes) { munmap(memory, bytes); }

void os_uring_submitting(struct io_uring_sqe *entry) { (void)entry; }

int os_uring_result(const struct io_uring_cqe *completion) { return completion->res; }

int os_uring_accepted(const struct io_uring_cqe *completion) { return completion->res; }
