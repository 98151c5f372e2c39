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
#include "posix/forks.h"
#include "posix/os.h"
#include "posix/signal_number.h"

_Static_assert(ATOMIC_POINTER_LOCK_FREE == 2 && ATOMIC_INT_LOCK_FREE == 2, "a handler may wait for no lock");

struct source {
  _Atomic(struct signal_watch *) first;
  struct sigaction former; /* while there is a first */
};

/* By number. A process has one disposition for each signal, so these are global. */
static struct source sources[WEIR_SIGNAL_WINDOW + 1];
static atomic_int handlers_running;

/* ---- the handler ---- */

static void handle(int native) {
  int kept = errno;
  atomic_fetch_add(&handlers_running, 1);
  struct signal_watch *watch = atomic_load(&sources[signal_number(native)].first);
  for (; watch != NULL; watch = atomic_load(&watch->next)) watch->notify(watch);
  atomic_fetch_sub(&handlers_running, 1);
  errno = kept;
}

static void await_handlers(void) {
  while (atomic_load(&handlers_running) > 0) os_sleep(1);
}

/* ---- dispositions ---- */

/* Calls that the signal interrupts go on by themselves, so that a program that knew no signals still knows none. */
static int install(struct source *source, int native) {
  struct sigaction ours = {.sa_handler = handle, .sa_flags = SA_RESTART};
  sigfillset(&ours.sa_mask);
  return os_sigaction(native, &ours, &source->former) < 0 ? errno : 0;
}

/* What somebody else has installed meanwhile stays. */
static void restore(const struct source *source, int native) {
  struct sigaction found;
  if (os_sigaction(native, NULL, &found) < 0 || found.sa_handler != handle) return;
  os_sigaction(native, &source->former, NULL);
}

/* ---- watching ---- */

static void take_out(struct source *source, struct signal_watch *watch) {
  _Atomic(struct signal_watch *) *link = &source->first;
  while (atomic_load(link) != watch) link = &atomic_load(link)->next;
  atomic_store(link, atomic_load(&watch->next));
}

weir_code system_signal_watch(struct signal_watch *watch) {
  struct source *source = &sources[watch->number];
  int native = signal_native(watch->number);
  if (native == 0) return WEIR_ENOTSUP;
  process_lock();
  struct signal_watch *before = atomic_load(&source->first);
  atomic_store(&watch->next, before);
  atomic_store(&source->first, watch);
  int failure = before == NULL ? install(source, native) : 0;
  if (failure != 0) take_out(source, watch);
  process_unlock();
  return error_code(failure);
}

void system_signal_unwatch(struct signal_watch *watch) {
  struct source *source = &sources[watch->number];
  process_lock();
  bool last = atomic_load(&source->first) == watch && atomic_load(&watch->next) == NULL;
  if (last) restore(source, signal_native(watch->number));
  take_out(source, watch);
  await_handlers();
  process_unlock();
}
