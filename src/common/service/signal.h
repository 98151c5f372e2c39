/* SPDX-License-Identifier: MIT */
/*
 * Signal handles from inside. Whoever has a signal to tell marks the handles and wakes their loops; the loop tells the
 * marked ones in its turn.
 */
#ifndef WEIR_COMMON_SERVICE_SIGNAL_H
#define WEIR_COMMON_SERVICE_SIGNAL_H

#include <stdatomic.h>
#include <stdbool.h>

#include <weir/signal.h>

#include "common/loop/loop.h"

struct text;

/* Whether a signal has come that was not told. */
static inline bool signal_pending(const weir_loop *loop) { return atomic_load(&loop->signalled); }

/* Tells those that have come by now. */
void signal_deliver(weir_loop *loop);

/* The loop ends: nobody listens any more. */
void signal_stop_all(weir_loop *loop);

/* Adds a line for each handle that keeps the loop alive, or for each that does not. */
void signal_dump(weir_loop *loop, bool alive, struct text *text);

#endif
