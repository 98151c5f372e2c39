/* SPDX-License-Identifier: MIT */
/*
 * What every way to accept meets: failures that mean nothing to the server, and the last descriptor. A spare is kept to
 * be given up when there are no others, so that a client can be turned away instead of waiting for ever.
 */
#ifndef WEIR_POSIX_ACCEPTING_H
#define WEIR_POSIX_ACCEPTING_H

#include <stdbool.h>

/* The client is gone, or the network had a trouble that is over; the acceptor is none the worse. */
bool accepting_is_transient(int failure);

/* Makes the spare if there is none (-1). Loops without servers have none; when none can be had, the next call tries. */
void accepting_reopen_spare(int *spare);

/* A client that cannot be served learns it at once: the spare makes room to accept it and to hang up. */
void accepting_shed(int descriptor, int *spare);

#endif
