/* SPDX-License-Identifier: MIT */
/*
 * A bound address from inside: a server that nobody knows holds it, because only servers have acceptors, and closes it
 * when it was not used. Whoever uses it claims it first, so that nobody else can, and takes it when the backend has
 * taken it over.
 */
#ifndef WEIR_COMMON_SERVER_BOUND_H
#define WEIR_COMMON_SERVER_BOUND_H

#include <weir/bound.h>

struct acceptor;

/* False: it is not of this loop, or has been claimed. Nothing is claimed then. */
bool bound_claim(weir_bound *bound, const weir_loop *loop);

/* Gives a claim back; it can be used again. */
void bound_unclaim(weir_bound *bound);

/* What the backend takes over, and that it has; a claimed one only. */
struct acceptor *bound_acceptor(weir_bound *bound);
void bound_take(weir_bound *bound);

/* The address, whether or not it has been claimed. */
const weir_address *bound_name(const weir_bound *bound);

/* A claimed one that was not taken is closed. */
void bound_drop(weir_bound *bound);

#endif
