/* SPDX-License-Identifier: MIT */
/*
 * Threads for tests. C11's own are missing on MinGW and macOS, so here are the two calls that the tests of
 * weir_loop_post need. The library itself starts no thread.
 */
#ifndef WEIR_TESTS_THREAD_H
#define WEIR_TESTS_THREAD_H

struct thread;

/* Runs `function` on a new thread; NULL when the system has none left. Every thread wants a join. */
struct thread *thread_start(void (*function)(void *user), void *user);

/* Waits until the thread is over and frees it. */
void thread_join(struct thread *thread);

#endif
