/* SPDX-License-Identifier: MIT */
/* What the test's child does with Weir; see child.c. Each ends when there is nothing left to do. */
#ifndef WEIR_TESTS_CHILD_PEER_H
#define WEIR_TESTS_CHILD_PEER_H

#include <stdint.h>

/* Opens a connection and gives back what comes, until it ends. */
void peer_converse(intptr_t native);

/* Listens, says "listening", and keeps its clients. */
void peer_serve(const char *endpoint);

/* Listens, says "listening", and answers each client with "served" and an end, until one says something. */
void peer_answer(const char *endpoint);

/* Listens beside others at one port, says "listening", and answers each client with "served" and an end. */
void peer_share(const char *endpoint);

/* Listens on what was inherited, and answers each client with "served" and an end, until one says something. */
void peer_listen(intptr_t native);

/* Starts a child that is to outlive this one and listens on descriptor `number`. */
void peer_leave(const char *file, intptr_t native, const char *number);

#endif
