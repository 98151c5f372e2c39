/* SPDX-License-Identifier: MIT */
/*
 * Work from inside: a job of the loop's threads. On a simulated loop it runs on the loop's own thread, in one turn, and
 * is told in the next.
 */
#ifndef WEIR_COMMON_SERVICE_WORK_H
#define WEIR_COMMON_SERVICE_WORK_H

#include <weir/work.h>

struct text;

/* The loop has ended and its threads are gone: frees what is left without telling anybody. */
void work_drop_all(weir_loop *loop);

/* Adds a line for each piece of work that is not over. */
void work_dump(weir_loop *loop, struct text *text);

#endif
