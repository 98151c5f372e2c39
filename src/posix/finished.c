/* SPDX-License-Identifier: MIT */
/*
 * The queue of what was finished at its submission, or failed without an event: connects, shutdowns, closes, and
 * watches that the poller refused. A watch stands in it once, whatever number of its operations is due.
 */
#include <assert.h>

#include "common/base/apart.h"
#include "posix/parts.h"

static void append(struct finished *finished, struct watch *watch) {
  watch->next = NULL;
  if (finished->first == NULL) {
    finished->first = watch;
  } else {
    finished->last->next = watch;
  }
  finished->last = watch;
}

void finished_put(struct finished *finished, struct watch *watch, unsigned operations, struct failure failure) {
  assert((operations & ~(unsigned)watch->pending) == 0 && operations != 0);
  if (watch->due == 0) append(finished, watch);
  watch->due = (uint8_t)(watch->due | operations);
  watch->failure = (int16_t)failure.native_code;
  watch->hint = (uint8_t)failure.hint;
}

static void drop_first(struct finished *finished) {
  struct watch *watch = finished->first;
  if (watch == finished->end) finished->end = NULL;
  finished->first = watch->next;
  watch->due = 0;
}

static enum operation lowest(unsigned operations) { return (enum operation)__builtin_ctz(operations); }

static void complete(struct watch *watch, enum operation operation, struct completion *completion) {
  if (watch->kind == WATCH_ACCEPTOR) {
    completion->acceptor = (struct acceptor *)watch;
  } else {
    completion->connection = (struct connection *)watch;
  }
  completion->result = 0;
  watch->pending = (uint8_t)(watch->pending & ~PENDING(operation));
  if (operation == OPERATION_CLOSE || operation == OPERATION_CLOSE_ACCEPTOR) {
    completion->native = watch->descriptor; /* there is one when it was detached */
    watch->descriptor = -1;
  }
  if (operation == OPERATION_CLOSE_ACCEPTOR) completion->owns_file = completion->acceptor->path[0] != '\0';
  if (watch->failure != 0) error_complete(completion, failure_of(watch->failure, (enum hint)watch->hint));
}

APART static enum operation next_of_any_kind(struct finished *finished, struct completion *completion) {
  while (finished->end != NULL) {
    struct watch *watch = finished->first;
    /* What was stopped or closed meanwhile is no longer pending. */
    unsigned due = watch->due & watch->pending;
    bool is_last = (due & (due - 1)) == 0;
    if (is_last) drop_first(finished);
    if (due == 0) continue;
    enum operation operation = lowest(due);
    if (!is_last) watch->due = (uint8_t)(due & ~PENDING(operation));
    complete(watch, operation, completion);
    return operation;
  }
  return OPERATION_NONE;
}

/* Mostly it is a connection that was closed, and nothing else of it is under way then. */
enum operation finished_next(struct finished *finished, struct completion *completion) {
  struct watch *watch = finished->end == NULL ? NULL : finished->first;
  if (watch == NULL || watch->due != PENDING(OPERATION_CLOSE) || watch->failure != 0) {
    return next_of_any_kind(finished, completion);
  }
  drop_first(finished);
  completion->connection = (struct connection *)watch;
  completion->result = 0;
  completion->native = watch->descriptor;
  watch->descriptor = -1;
  watch->pending = 0;
  return OPERATION_CLOSE;
}
