/* SPDX-License-Identifier: MIT */
/*
 * A question to a program's resolver. It outlives the look-up that asked it, and even the loop's end, because the
 * program has it until it answers.
 */
#ifndef WEIR_COMMON_SERVICE_QUESTION_H
#define WEIR_COMMON_SERVICE_QUESTION_H

#include <stddef.h>

#include <weir/lookup.h>

/* A question of this look-up; NULL: no memory. */
weir_lookup_question *question_create(weir_loop *loop, weir_lookup *lookup, const char *host, size_t length);

/* Asks it. It may be answered before this returns. */
void question_ask(weir_lookup_question *question, weir_family family, weir_resolver resolver, void *resolver_user);

/* Nobody waits for the answer any more. A question that was never asked is gone. */
void question_abandon(weir_lookup_question *question);

#endif
