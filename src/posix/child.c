/* SPDX-License-Identifier: MIT */
/*
 * The end of a child, noticed by a thread that waits for nothing else. It leaves the child uncollected, so that the
 * number stays the child's until the loop's thread has heard, and no signal meant for it can hit a stranger. SIGCHLD
 * is left to the program.
 *
 * The thread exists before the child does: a child that nobody could wait for is never started.
 */
#define _DEFAULT_SOURCE 1

#include "posix/child.h"

#include <errno.h>
#include <signal.h>

#include "common/base/list.h"
#include "posix/forks.h"
#include "posix/os.h"
#include "posix/signal_number.h"

/* STARTING -> WAITING -> TOLD, joined by the loop; WAITING -> LEFT, and frees itself; STARTING -> REFUSED, joined. */
enum child_state { CHILD_STARTING = 0, CHILD_REFUSED, CHILD_WAITING, CHILD_TOLD, CHILD_LEFT };

struct system_child {
  struct system_thread thread;
  void (*ended)(void *user);
  void *user;
  enum child_state state; /* under the process's lock */
  pid_t id;
  int end_code; /* as waitid says; 0: nobody knows how it ended */
  int end_status;
};

/* ---- the thread ---- */

static bool await_start(const struct system_child *child) {
  process_lock();
  bool started = child->state != CHILD_REFUSED;
  process_unlock();
  return started;
}

/* Fails when somebody else has collected it, or when nobody has to because SIGCHLD is ignored. */
static void await_end(struct system_child *child) {
  int result;
  do result = os_await_end(child->id, &child->end_code, &child->end_status);
  while (result < 0 && errno == EINTR);
}

/* The loop cannot end meanwhile, because leaving takes the lock too. False: it has left. */
static bool tell(struct system_child *child) {
  process_lock();
  bool is_left = child->state == CHILD_LEFT;
  if (!is_left) {
    child->state = CHILD_TOLD;
    child->ended(child->user);
  }
  process_unlock();
  return !is_left;
}

static void watch(struct system_thread *thread) {
  struct system_child *child = CONTAINER_OF(thread, struct system_child, thread);
  if (!await_start(child)) return;
  await_end(child);
  if (tell(child)) return;
  os_collect(child->id);
  os_heap_put(child);
}

/* ---- starting ---- */

/* The thread waits for the lock. */
static struct outcome start_watched(struct system_child *child, const struct child_request *request) {
  process_lock();
  struct outcome outcome = system_thread_start(&child->thread);
  if (outcome.code != WEIR_OK) {
    process_unlock();
    return outcome;
  }
  struct failure failure = child_start(request, &child->id);
  child->state = failure.native_code == 0 ? CHILD_WAITING : CHILD_REFUSED;
  process_unlock();
  if (failure.native_code != 0) system_thread_join(&child->thread);
  return error_outcome(failure);
}

struct outcome system_child_start(const struct child_request *request, void (*ended)(void *user), void *user,
                                  struct system_child **child) {
  struct system_child *made = os_heap_get(sizeof *made);
  if (made == NULL) return (struct outcome){.code = WEIR_ENOMEM};
  made->thread.run = watch;
  made->ended = ended;
  made->user = user;
  struct outcome outcome = start_watched(made, request);
  if (outcome.code == WEIR_OK) {
    *child = made;
  } else {
    os_heap_put(made);
  }
  return outcome;
}

/* ---- afterwards ---- */

uint32_t system_child_id(const struct system_child *child) { return (uint32_t)child->id; }

intptr_t system_child_native(const struct system_child *child) { return child->id; }

weir_code system_child_kill(struct system_child *child, weir_signal_number number) {
  int native = signal_native(number);
  if (native == 0) return WEIR_ENOTSUP;
  return os_kill(child->id, native) < 0 ? error_code(errno) : WEIR_OK;
}

static weir_event_exit read_end(const struct system_child *child) {
  int status = child->end_status;
  switch (child->end_code) {
    case CLD_EXITED:
      return (weir_event_exit){.code = status};
    case CLD_KILLED:
    case CLD_DUMPED:
      return (weir_event_exit){.code = -1, .signal = signal_number(status), .native_signal = status};
    default:
      return (weir_event_exit){.code = -1};
  }
}

void system_child_collect(struct system_child *child, weir_event_exit *exit) {
  system_thread_join(&child->thread);
  os_collect(child->id);
  *exit = read_end(child);
  os_heap_put(child);
}

bool system_child_leave(struct system_child *child) {
  process_lock();
  bool is_told = child->state == CHILD_TOLD;
  if (!is_told) {
    child->state = CHILD_LEFT;
    system_thread_detach(&child->thread);
  }
  process_unlock();
  return !is_told;
}

/* ---- connections with it ---- */

/* A child that opens its end makes it as it wants it. */
struct outcome system_connection_pair(bool theirs_waits, intptr_t *ours, intptr_t *theirs) {
  (void)theirs_waits;
  int ends[2];
  if (os_socket_pair(ends) < 0) return error_outcome(failure_of(errno, HINT_NONE));
  *ours = ends[0];
  *theirs = ends[1];
  return error_outcome(failure_none());
}

void system_connection_close(intptr_t end) { os_close((int)end); }
