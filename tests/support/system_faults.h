/* SPDX-License-Identifier: MIT */
/*
 * Faults of the system below a loop, in words that every system has, so that a case is written once. What is behind
 * them is os_faulty_posix.h or os_faulty_win32.h, which can do more.
 *
 *   system_fault_begin(world, FAULT_WRITE, 1, FAULT_OF_BUFFERS, 3);   three writes find no buffers
 *   ...
 *   system_fault_end();                                                        everything goes well again
 */
#ifndef WEIR_TESTS_SYSTEM_FAULTS_H
#define WEIR_TESTS_SYSTEM_FAULTS_H

#include <stdbool.h>
#include <stddef.h>

#include <weir/error.h>
#include <weir/signal.h>

#include "support/world.h"

/* Which calls shall fail. */
enum fault_place {
  FAULT_ANYWHERE, /* every call that can fail, counted together */
  FAULT_WAIT,     /* asking the poller, or the port */
  FAULT_WAKE,     /* waking it */
  FAULT_WRITE,    /* a queued write */
  FAULT_ACCEPT,   /* taking a client, or making an instance for the next one */
  FAULT_LOOKUP,   /* asking the resolver */
  FAULT_THREAD,   /* starting a thread */
  FAULT_HEAP,     /* memory that outlives a loop */
  FAULT_ADDRESS,  /* asking a connection for its own address; TCP */
  FAULT_SIGNAL    /* asking for a signal */
};

/* Why. */
enum fault_cause {
  FAULT_OF_DEVICE,
  FAULT_OF_MEMORY,
  FAULT_OF_PROCESS, /* no descriptors or handles left here ... */
  FAULT_OF_SYSTEM,  /* ... or in the whole system */
  FAULT_OF_BUFFERS,
  FAULT_OF_NAME,   /* the resolver knows no such name ... */
  FAULT_OF_SERVERS /* ... or nobody whom it asks answers */
};

#define FAULT_FOR_EVER ((size_t)-1)

/* What the system says of a cause, and what Weir makes of that. */
int system_fault_native(enum fault_cause cause);
weir_code system_fault_code(enum fault_cause cause);

/* The `nth` such call from now on, counted from 1, and the `times - 1` behind it fail. Forgets what was before. */
void system_fault_begin(const struct world *world, enum fault_place place, size_t nth, enum fault_cause cause,
                        size_t times);

/* Ends faults, short transfers and interruptions, and begins to count anew. */
void system_fault_end(void);

/* How many calls were made to fail since, and the name of the last one. */
size_t system_fault_count(void);
const char *system_fault_name(void);

/* Transfers move so many bytes at the most; every call that can be interrupted is, so often before it is made. */
void system_shorten(size_t bytes);
void system_interrupt(size_t times);

/* Holds every call of the resolver until it is let go, here or by system_fault_end; how many are under way. */
void system_hold_resolver(bool held);
size_t system_resolver_calls(void);

/* How many threads were started since. */
size_t system_thread_starts(void);

/* Raises a signal in this process as its user would; false: this system has none such, or nobody took it. */
bool system_raise(weir_signal_number number);

/* How often the system was asked what has happened. */
size_t system_waits(void);

/* Descriptors or handles that the library has open; one that it closed twice counts as wrong for ever. */
long system_open_count(void);

#endif
