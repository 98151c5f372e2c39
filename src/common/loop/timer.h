/* SPDX-License-Identifier: MIT */
/* What the library itself asks of the user's timers; the rest is weir/timer.h. */
#ifndef WEIR_COMMON_LOOP_TIMER_H
#define WEIR_COMMON_LOOP_TIMER_H

#include <stdbool.h>

#include <weir/timer.h>

struct text;

/* Adds a line for each timer that keeps the loop alive, or for each that does not. */
void timer_dump(weir_loop *loop, bool alive, struct text *text);

#endif
