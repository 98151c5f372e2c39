/* SPDX-License-Identifier: MIT */
/*
 * What a cancellation ends: a socket or a server takes part from the beginning of a connect or a listen until it is
 * destroyed or closed. It holds the cancellation meanwhile.
 */
#ifndef WEIR_COMMON_LOOP_CANCELLATION_H
#define WEIR_COMMON_LOOP_CANCELLATION_H

#include <weir/cancellation.h>

#include "common/base/list.h"

struct cancelable;

/* Called once when the cancellation was cancelled; it takes no part any more then. Calls nobody back. */
typedef void (*cancelable_function)(struct cancelable *cancelable);

/* All zero it takes part in nothing. */
struct cancelable {
  struct list_node link;
  weir_cancellation *cancellation;
  cancelable_function cancel;
};

/* Takes part from now on, unless there is no cancellation. Is cancelled at once by one that is cancelled already. */
void cancelable_join(struct cancelable *cancelable, weir_cancellation *cancellation, cancelable_function cancel);

/* Takes part no more, if it did. */
void cancelable_leave(struct cancelable *cancelable);

#endif
