/* SPDX-License-Identifier: MIT */
/*
 * What the poller is told, and when. Growing waits until the loop is about to wait, because a listener that writes and
 * then pauses would otherwise change it twice. Shrinking waits until an event comes that nobody wants. So steady
 * traffic never tells the poller anything.
 */
#include <assert.h>

#include "common/base/apart.h"
#include "posix/os.h"
#include "posix/state.h"

static inline unsigned wanted_by(const struct watch *watch) {
  unsigned wanted = 0;
  if (watch->pending == PENDING(OPERATION_READ)) return READY_READ; /* as mostly */
  if ((watch->pending & (PENDING(OPERATION_READ) | PENDING(OPERATION_ACCEPT))) != 0) wanted |= READY_READ;
  if ((watch->pending & (PENDING(OPERATION_WRITE) | PENDING(OPERATION_CONNECT))) != 0) wanted |= READY_WRITE;
  return wanted;
}

/* A watch that the poller refuses fails what waits for it: no event would ever come. */
APART static void fail_waiting(struct backend *backend, struct watch *watch, int failure) {
  const unsigned connecting = watch->pending & PENDING(OPERATION_CONNECT);
  const unsigned waiting = PENDING(OPERATION_READ) | PENDING(OPERATION_WRITE) | PENDING(OPERATION_ACCEPT) | connecting;
  if (connecting != 0) {
    os_close(watch->descriptor);
    watch->descriptor = -1;
  }
  finished_add(backend, watch, watch->pending & waiting, failure_of(failure, HINT_NONE));
}

void interest_tell(struct backend *backend) {
  struct watch *watch = backend->unsettled;
  unsigned wanted = wanted_by(watch);
  bool grows = (wanted & ~(unsigned)watch->interest) != 0;
  int failure = grows ? backend->poller_operations->set(backend->poller, watch, wanted) : 0;
  if (failure != 0) fail_waiting(backend, backend->unsettled, failure);
  backend->unsettled = NULL;
}

void interest_grow_too(struct backend *backend, struct watch *watch) {
  interest_tell(backend);
  backend->unsettled = watch;
}

/* A failure changes nothing: the event comes again, and this is tried again. */
void interest_shrink(struct backend *backend, struct watch *watch) {
  unsigned wanted = wanted_by(watch);
  if ((watch->interest & ~wanted) == 0) return;
  backend->poller_operations->set(backend->poller, watch, watch->interest & wanted);
}

void interest_part(struct backend *backend, struct watch *watch) {
  if (backend->unsettled == watch) backend->unsettled = NULL;
  if (watch->interest != 0) backend->poller_operations->set(backend->poller, watch, 0);
  watch->interest = 0;
}
