/* SPDX-License-Identifier: MIT */
/* What a server costs, seen from outside: its processor time and its memory. */
#ifndef BENCH_SERVER_PROCESS_H
#define BENCH_SERVER_PROCESS_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/* Seconds of processor time that the process has used with all its threads; exits when there is no such process. */
double server_process_cpu_seconds(pid_t process);

/* How many descriptors the process has open; exits when that cannot be read. */
size_t server_process_descriptor_count(pid_t process);

/* The process's private memory in bytes; exits when it cannot be read. */
uint64_t server_process_private_bytes(pid_t process);

#endif
