/* SPDX-License-Identifier: MIT */
/*
 * The second, narrow seam: what the system gives besides connections, namely threads, memory that outlives a loop, the
 * resolver, the directory, signals, and processes. Plain functions, each defined once in the platform's folder: there
 * is nothing to choose at run time.
 *
 * A simulated loop starts no thread, asks no resolver and watches no signal; its world does all that. It starts no
 * process either.
 */
#ifndef WEIR_COMMON_SYSTEM_H
#define WEIR_COMMON_SYSTEM_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <weir/address.h>
#include <weir/error.h>
#include <weir/event.h>
#include <weir/signal.h>

#include "common/address/resolved.h"
#include "common/backend.h"
#include "common/base/list.h"

/* ---- memory that a thread may use after the end of its loop, whose allocator may be gone by then ---- */

/* A block of `bytes`, all zero; NULL when there is none. Any thread. */
void *system_memory_get(size_t bytes);

/* Gives it back; NULL is ignored. Any thread. */
void system_memory_put(void *block);

/* ---- where the process is ---- */

/* The path of its directory from the root on. Only where local names are paths. */
weir_code system_directory(char *path, size_t size);

/* ---- memory by the page ---- */

/* Pages of together `bytes`, all zero; NULL when there are none. Any thread. */
void *system_pages_get(size_t bytes);

/* Gives them back, all of them. */
void system_pages_put(void *pages, size_t bytes);

/* ---- threads ---- */

/* A thread. It stays where it is until it has been joined, or when it is detached, until `run` has returned. */
struct system_thread {
  uintptr_t native;
  void (*run)(struct system_thread *thread);
};

/* Starts a thread that runs thread->run(thread). It hears no signals. Joined or detached exactly once. */
struct outcome system_thread_start(struct system_thread *thread);

/* Waits until it is over. */
void system_thread_join(struct system_thread *thread);

/* Nobody will join it; its native resources go when it is over. Never delays the end of the process. */
void system_thread_detach(struct system_thread *thread);

/* A lock, and one condition that threads holding it wait for. */
struct system_lock;

weir_code system_lock_create(struct system_lock **lock);
void system_lock_destroy(struct system_lock *lock);
void system_lock_acquire(struct system_lock *lock);
void system_lock_release(struct system_lock *lock);

/* Releases the lock, waits until somebody wakes, acquires it again. May return for no reason. */
void system_lock_wait(struct system_lock *lock);
void system_lock_wake_one(struct system_lock *lock);
void system_lock_wake_all(struct system_lock *lock);

/* ---- the resolver ---- */

/* Asks the system; blocks for as long as that likes. `host` is UTF-8. Family NONE: both. Any thread. */
void system_resolve(const char *host, weir_family family, struct resolved *resolved);

/* ---- signals ---- */

/* Who wants to hear of a signal. It stays where it is until it is unwatched. */
struct signal_watch {
  _Atomic(struct signal_watch *) next; /* the platform's */
  weir_signal_number number;
  void (*notify)(struct signal_watch *watch); /* on any thread, perhaps in the middle of anything: only what is
                                                 async-signal-safe */
};

/* Begins to notify. WEIR_ENOTSUP: this system has no such signal. */
weir_code system_signal_watch(struct signal_watch *watch);

/* When this returns nobody notifies it any more. With the last watch of a signal all is as it was before the first. */
void system_signal_unwatch(struct signal_watch *watch);

/* For a simulated world: every handle of this loop that listens to the signal will hear it. Defined in signal.c. */
void signal_raise(weir_loop *loop, weir_signal_number number);

/* ---- forks ---- */

/* Who wants to know that this process is a fork of the one in which it began to watch. */
struct fork_watch {
  struct list_node link; /* the platform's */
  bool forked;
  void (*notify)(struct fork_watch *watch); /* in the new process, before fork() returns there */
};

/* Nothing ever comes where there are no forks. */
weir_code system_fork_watch(struct fork_watch *watch);
void system_fork_unwatch(struct fork_watch *watch);

/* Closes this process's copy of what a connection or an acceptor has; the other process does not notice. */
void system_fork_close_connection(struct connection *connection);
void system_fork_close_acceptor(struct acceptor *acceptor);

/* ---- processes ---- */

/* Where a descriptor of a child comes from. */
enum child_source {
  CHILD_INHERITS, /* what this process has at that place, or nothing */
  CHILD_HAS_NULL, /* the null device */
  CHILD_HAS_NATIVE
};

struct child_descriptor {
  enum child_source source;
  intptr_t native;   /* of CHILD_HAS_NATIVE; it stays the caller's */
  bool is_made_wait; /* calls on it wait from now on, as programs expect it of their files */
};

/* What the child gets beside these: its number there is the value of a variable in its environment. */
struct child_extra {
  const char *variable;
  intptr_t native;
};

struct child_request {
  const char *file;                           /* not empty */
  const char *const *arguments;               /* at least one; ends with NULL */
  const char *const *environment;             /* ends with NULL; NULL: that of this process */
  const char *directory;                      /* NULL: that of this process */
  const struct child_descriptor *descriptors; /* 0, 1, 2 and so on */
  size_t descriptor_count;                    /* at least 3 */
  const struct child_extra *extras;
  size_t extra_count;
  bool detached;
};

/* A child that runs, or has ended and was not collected. */
struct system_child;

/*
 * Starts a child. `ended` is called once, on any thread, when it has ended; what it is called with must live until the
 * child was collected or left.
 */
struct outcome system_child_start(const struct child_request *request, void (*ended)(void *user), void *user,
                                  struct system_child **child);

/* Its number. */
uint32_t system_child_id(const struct system_child *child);

/* What the system's calls know it by: its number, or a HANDLE, which is valid until it is collected or left. */
intptr_t system_child_native(const struct system_child *child);

/* Sends it a signal. WEIR_ENOTSUP: this system has no such signal. */
weir_code system_child_kill(struct system_child *child, weir_signal_number number);

/* It has ended: says how, and frees it. */
void system_child_collect(struct system_child *child, weir_event_exit *exit);

/* Nobody waits for it any more. True: it is freed, and `ended` is not called. False: `ended` was called. */
bool system_child_leave(struct system_child *child);

/*
 * Two ends of a new connection: ours is for `open`, theirs for a child, to which calls on it wait unless it shall open
 * it too.
 */
struct outcome system_connection_pair(bool theirs_waits, intptr_t *ours, intptr_t *theirs);

/* Closes such an end. */
void system_connection_close(intptr_t end);

#endif
