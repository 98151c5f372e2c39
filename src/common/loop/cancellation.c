/* SPDX-License-Identifier: MIT */
#include "common/loop/cancellation.h"

#include <assert.h>
#include <stdint.h>

#include "common/base/memory.h"
#include "common/loop/loop.h"

struct weir_cancellation {
  weir_loop *loop;
  struct list takers; /* struct cancelable */
  uint32_t owners;
  bool cancelled;
};

weir_code weir_cancellation_create(weir_loop *loop, weir_cancellation **cancellation) {
  if (loop == NULL || cancellation == NULL) return WEIR_EINVAL;
  loop_check_thread(loop);
  if (loop->ended) return WEIR_ECANCELED;
  weir_cancellation *made = memory_get_zeroed(&loop->allocator, sizeof *made);
  if (made == NULL) return WEIR_ENOMEM;
  made->loop = loop;
  made->owners = 1;
  list_init(&made->takers);
  loop_dependent_came(loop);
  *cancellation = made;
  return WEIR_OK;
}

weir_cancellation *weir_cancellation_retain(weir_cancellation *cancellation) {
  assert(cancellation->owners > 0);
  cancellation->owners++;
  return cancellation;
}

void weir_cancellation_release(weir_cancellation *cancellation) {
  if (cancellation == NULL) return;
  loop_check_thread(cancellation->loop);
  assert(cancellation->owners > 0);
  if (--cancellation->owners > 0) return;
  assert(list_empty(&cancellation->takers));
  weir_loop *loop = cancellation->loop;
  memory_put(&loop->allocator, cancellation);
  loop_dependent_gone(loop);
}

bool weir_cancellation_cancelled(const weir_cancellation *cancellation) { return cancellation->cancelled; }

void cancelable_join(struct cancelable *cancelable, weir_cancellation *cancellation, cancelable_function cancel) {
  assert(cancelable->cancellation == NULL);
  if (cancellation == NULL) return;
  if (cancellation->cancelled) {
    cancel(cancelable);
    return;
  }
  cancelable->cancellation = weir_cancellation_retain(cancellation);
  cancelable->cancel = cancel;
  list_append(&cancellation->takers, &cancelable->link);
}

void cancelable_leave(struct cancelable *cancelable) {
  if (cancelable->cancellation == NULL) return;
  weir_cancellation *cancellation = cancelable->cancellation;
  list_remove(&cancelable->link);
  cancelable->cancellation = NULL;
  weir_cancellation_release(cancellation);
}

void weir_cancellation_cancel(weir_cancellation *cancellation) {
  loop_check_thread(cancellation->loop);
  cancellation->cancelled = true;
  weir_cancellation_retain(cancellation); /* the last that takes part may be its last owner */
  for (struct list_node *node = list_first(&cancellation->takers); node != NULL;
       node = list_first(&cancellation->takers)) {
    struct cancelable *cancelable = CONTAINER_OF(node, struct cancelable, link);
    cancelable_leave(cancelable);
    cancelable->cancel(cancelable);
  }
  weir_cancellation_release(cancellation);
}
