/* SPDX-License-Identifier: MIT */
/*
 * Signals of the process, told to those who watch. The handler may interrupt anything, also this file: it takes no
 * lock and no memory, but walks a list of atomic links and counts itself while it does.
 *
 * Who changes a list does so under a lock that the handler does not know, and a watch that was taken out is given back
 * only when no handler runs any more that may still stand on it.
 */
#define _DEFAULT_SOURCE 1

#include <errno.h>
#include <signal.h>
#include <stdbool.h>

#include "common/system.h"
#include "posix/error.h"
#include "posix/os.h"

_Static_assert(ATOMIC_POINTER_LOCK_FREE == 2 && ATOMIC_INT_LOCK_FREE == 2, "a handler may wait for no lock");

struct source {
  int native;
  _Atomic(struct signal_watch *) first;
  struct sigaction former; /* while there is a first */
};

/* Ctrl-Break is no signal here. A process has one disposition for each signal, so these are global. */
static struct source sources[] = {
    [WEIR_SIGNAL_HANGUP] = {.native = SIGHUP},  [WEIR_SIGNAL_INTERRUPT] = {.native = SIGINT},
    [WEIR_SIGNAL_QUIT] = {.native = SIGQUIT},   [WEIR_SIGNAL_TERMINATE] = {.native = SIGTERM},
    [WEIR_SIGNAL_BREAK] = {.native = 0},        [WEIR_SIGNAL_USER_1] = {.native = SIGUSR1},
    [WEIR_SIGNAL_USER_2] = {.native = SIGUSR2}, [WEIR_SIGNAL_WINDOW] = {.native = SIGWINCH},
};
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static atomic_int handlers_running;

/* ---- the handler ---- */

static struct source *source_of(int native) {
  size_t i = WEIR_SIGNAL_HANGUP;
  while (sources[i].native != native) i++;
  return &sources[i];
}

static void handle(int native) {
  int kept = errno;
  atomic_fetch_add(&handlers_running, 1);
  struct signal_watch *watch = atomic_load(&source_of(native)->first);
  for (; watch != NULL; watch = atomic_load(&watch->next)) watch->notify(watch);
  atomic_fetch_sub(&handlers_running, 1);
  errno = kept;
}

static void await_handlers(void) {
  while (atomic_load(&handlers_running) > 0) os_sleep(1);
}

/* ---- dispositions ---- */

/* Calls that the signal interrupts go on by themselves, so that a program that knew no signals still knows none. */
static int install(struct source *source) {
  struct sigaction ours = {.sa_handler = handle, .sa_flags = SA_RESTART};
  sigfillset(&ours.sa_mask);
  return os_sigaction(source->native, &ours, &source->former) < 0 ? errno : 0;
}

/* What somebody else has installed meanwhile stays. */
static void restore(struct source *source) {
  struct sigaction found;
  if (os_sigaction(source->native, NULL, &found) < 0 || found.sa_handler != handle) return;
  os_sigaction(source->native, &source->former, NULL);
}

/* ---- watching ---- */

static void take_out(struct source *source, struct signal_watch *watch) {
  _Atomic(struct signal_watch *) *link = &source->first;
  while (atomic_load(link) != watch) link = &atomic_load(link)->next;
  atomic_store(link, atomic_load(&watch->next));
}

weir_code system_signal_watch(struct signal_watch *watch) {
  struct source *source = &sources[watch->number];
  if (source->native == 0) return WEIR_ENOTSUP;
  pthread_mutex_lock(&lock);
  struct signal_watch *before = atomic_load(&source->first);
  atomic_store(&watch->next, before);
  atomic_store(&source->first, watch);
  int failure = before == NULL ? install(source) : 0;
  if (failure != 0) take_out(source, watch);
  pthread_mutex_unlock(&lock);
  return error_code(failure);
}

void system_signal_unwatch(struct signal_watch *watch) {
  struct source *source = &sources[watch->number];
  pthread_mutex_lock(&lock);
  bool last = atomic_load(&source->first) == watch && atomic_load(&watch->next) == NULL;
  if (last) restore(source);
  take_out(source, watch);
  await_handlers();
  pthread_mutex_unlock(&lock);
}
