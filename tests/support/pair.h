/* SPDX-License-Identifier: MIT */
/*
 * Connected pairs for cases that begin when the connection is there: world_pair with a server that keeps no loop alive,
 * so that world_run ends when both sockets have closed, and with an empty trace.
 */
#ifndef WEIR_TESTS_PAIR_H
#define WEIR_TESTS_PAIR_H

#include "support/world.h"

/* A pair with the default options, and what is traced of its two ends. */
struct world_pair pair_open(struct world *world, unsigned server_trace, unsigned client_trace);

/* A pair with these options. */
struct world_pair pair_open_with(struct world *world, const struct world_pair_options *options);

/* A pair both of whose ends have allow_half_open. */
struct world_pair pair_open_half(struct world *world, unsigned server_trace, unsigned client_trace);

/* One more connection to the server of a pair; its ends are not traced. */
struct world_pair pair_beside(struct world *world, const struct world_pair *pair, const weir_socket_options *client);

/* Counts and checks what a socket receives. */
void pair_check(weir_socket *socket, struct world_stream *stream);

/* Runs the loop until a socket has received so many bytes, or fails the case. */
void pair_run_until_read(struct world *world, const weir_socket *socket, uint64_t bytes);

/* Ends the client of a pair, throws away what still comes to either side, and runs the loop to its end. */
void pair_end(struct world *world, const struct world_pair *pair);

#endif
