/* SPDX-License-Identifier: MIT */
/*
 * A row of backends_of_the_system[]: the same functions with another poller and other names.
 */
#ifndef WEIR_POSIX_CANDIDATES_H
#define WEIR_POSIX_CANDIDATES_H

#include <sys/un.h>

#include "posix/passing.h"
#include "posix/state.h"

/* How many bytes of path a socket address holds; its zero need not be there. */
#define PATH_BYTES sizeof((struct sockaddr_un *)NULL)->sun_path

/* A backend of its own: uring_backend.c, or uring_absent.c where it is not built. */
extern const struct backend_operations backend_io_uring;

#define CANDIDATE(backend_name, create_function, abstract_name_bytes)                                            \
  {                                                                                                              \
    .name = backend_name, .addresses = {.path_bytes = PATH_BYTES, .abstract_bytes = abstract_name_bytes},        \
    .connection_bytes = sizeof(struct connection), .acceptor_bytes = sizeof(struct acceptor),                    \
    .passing = &passing_posix, .create = create_function, .destroy = backend_destroy, .now = backend_now,        \
    .next = backend_next, .wake = backend_wake, .pollable = backend_pollable, .listen = acceptor_listen,         \
    .accept = acceptor_accept, .take = acceptor_take, .close_acceptor = acceptor_close, .open = connection_open, \
    .connect = connection_connect, .move = connection_move, .read = connection_read, .write = connection_write,  \
    .write_soon = connection_write, .write_queue = connection_write_queue, .shutdown = connection_shutdown,      \
    .close = connection_close, .control = connection_control,                                                    \
  }

#endif
