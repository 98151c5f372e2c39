/* SPDX-License-Identifier: MIT */
/* What the library itself asks of the user's timers; the rest is weir/timer.h. */
#ifndef WEIR_COMMON_LOOP_TIMER_H
#define WEIR_COMMON_LOOP_TIMER_H

#include <stdbool.h>

#include <weir/timer.h>

struct deadline;
struct text;

/* Makes the loop's slab; `by_page`: the program gave no allocator of its own. */
void timer_prepare_memory(weir_loop *loop, bool by_page);

/* Its time has come: calls the user. */
void timer_come(struct deadline *deadline);

/* Adds a line for each timer that keeps the loop alive, or for each that does not. */
void timer_dump(weir_loop *loop, bool alive, struct text *text);

#endif
