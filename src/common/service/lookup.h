/* SPDX-License-Identifier: MIT */
/*
 * Look-ups from inside: who answers is decided here. An IP address answers itself, a program's resolver is asked in the
 * loop's next turn, a simulated world answers after a time of its own, and the system's resolver on a thread.
 *
 * A look-up is the loop's half. What a thread needs is a job of its own, so that cancelling never waits.
 */
#ifndef WEIR_COMMON_SERVICE_LOOKUP_H
#define WEIR_COMMON_SERVICE_LOOKUP_H

#include <stddef.h>

#include <weir/lookup.h>

struct deadline;
struct text;

/* What to look up. */
struct lookup_request {
  const char *host; /* `length` bytes; copied */
  size_t length;
  weir_family family;     /* NONE: both */
  weir_resolver resolver; /* NULL: the system's; never asked for an IP address */
  void *resolver_user;
};

/*
 * As weir_lookup_start. weir_lookup_cancel gives it up; the loop's end does so too, without a callback, so a handle
 * that is abandoned may cancel it or leave it.
 */
weir_code lookup_start(weir_loop *loop, const struct lookup_request *request, weir_lookup_callback callback, void *user,
                       weir_lookup **lookup);

/* Adds a line for each look-up that is not over. */
void lookup_dump(weir_loop *loop, struct text *text);

/* The time of a simulated answer has come. */
void lookup_tell_in_time(struct deadline *deadline);

/* The loop ends: gives all up. */
void lookup_abandon_all(weir_loop *loop);

/* ---- for question.c ---- */

/*
 * Somebody has answered: it is told in the next turn. The addresses are copied and checked against what was asked for.
 */
void lookup_answer(weir_lookup *lookup, weir_code code, const weir_address *addresses, size_t count);

#endif
