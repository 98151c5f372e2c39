/* SPDX-License-Identifier: MIT */
/*
 * The system under a test: descriptors, handles, waiting and time that Weir does not offer and a case needs from
 * outside.
 *
 * What a system does not have answers -1 there; cases that need it say that they cannot run on it.
 */
#ifndef WEIR_TESTS_NATIVE_H
#define WEIR_TESTS_NATIVE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Two connected ends: a pair of local sockets, the two ends of a byte-type pipe, or a TCP connection. */
bool native_pair(bool tcp, intptr_t ends[2]);

/* Something open that is neither socket nor pipe. */
intptr_t native_file(void);

/* A stream socket that was never connected (POSIX, or TCP). */
intptr_t native_unconnected(bool tcp);

/* A datagram socket (POSIX, or beside TCP). */
intptr_t native_datagram(bool tcp);

/* A stream socket bound to a world's endpoint, listening with this backlog unless that is negative (POSIX, or
 * TCP). */
intptr_t native_bound(const char *endpoint, int backlog);

/* A client of the server at an endpoint, connected when this returns; -1 also when a path's backlog is full (POSIX, or
 * TCP). */
intptr_t native_connect(const char *endpoint);

/* Whether the peer of such a client has closed: waits at most `timeout_ms` for it (POSIX, or TCP).
 */
bool native_is_closed(intptr_t native, int timeout_ms);

/* Something open that a program would have that this process starts now. */
intptr_t native_inheritable(void);

/* How many descriptors or handles such a program would have. */
size_t native_inherited(void);

/* Whether there is a process of this number, be it one that has ended and was not collected. */
bool native_process_is_there(uint32_t number);

bool native_is_open(intptr_t native);
void native_close(intptr_t native);

/* Removes the file of a bound socket (POSIX). */
void native_remove(const char *path);

/* Takes the place of descriptor 0, which comes back with native_zero_end; the number of `native` is 0 then (POSIX). */
int native_zero_begin(intptr_t native);
void native_zero_end(int saved);

/*
 * Uses up the descriptors of this process, and gives them back (POSIX). `lower` is for what would remember the limit as
 * it was, and comes before that: an accept of io_uring does.
 */
void native_shortage_lower(void);
void native_shortage_begin(void);
void native_shortage_end(void);

/* Waits as an outer loop would, until a pollable is ready or so many milliseconds have passed; -1: for ever. */
bool native_wait(intptr_t pollable, int timeout_ms);

/* A monotonic clock that is not Weir's, and a pause that lets it move. */
uint64_t native_now_ms(void);
void native_pause_ms(unsigned milliseconds);

#endif
