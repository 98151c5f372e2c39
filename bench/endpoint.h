/* SPDX-License-Identifier: MIT */
/*
 * Endpoints for the programs that must not depend on Weir: unix:PATH and tcp:HOST:PORT as Weir writes them.
 *
 * pipe:NAME is refused: only Windows has named pipes.
 */
#ifndef BENCH_ENDPOINT_H
#define BENCH_ENDPOINT_H

#include <stdbool.h>
#include <sys/socket.h>

struct endpoint {
  struct sockaddr_storage address;
  socklen_t length;
  bool is_tcp;
};

/* Reads an endpoint's text, and looks its host up; says what is wrong with it and exits. */
struct endpoint endpoint_read(const char *text);

/* Gives a listening socket that does not block. With TCP_NODELAY, which accepted sockets inherit on Linux. */
int endpoint_listen(const struct endpoint *endpoint, int backlog);

/* Gives a connected socket. It blocks, but no call does so for longer than `timeout_seconds`. */
int endpoint_connect(const struct endpoint *endpoint, int timeout_seconds);

/* Removes the file of a Unix socket. */
void endpoint_remove(const struct endpoint *endpoint);

#endif
