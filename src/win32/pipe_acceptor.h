/* SPDX-License-Identifier: MIT */
/*
 * What a server of pipes has besides its instances. Windows has no queue of clients: each client takes an instance that
 * waits, and finds the door closed when none does.
 */
#ifndef WEIR_WIN32_PIPE_ACCEPTOR_H
#define WEIR_WIN32_PIPE_ACCEPTOR_H

#include "win32/backend.h"
#include "win32/name.h"
#include "win32/security.h"
#include "win32/served_name.h"

struct pipe_acceptor {
  struct security security;
  struct name name;
  struct served_name *served;
  bool first; /* the next instance is to be the only one of this name */
};

/* Whether this native value is a server of pipes that has been given away. */
bool pipe_was_left(intptr_t native);

struct outcome pipe_listen(struct backend *backend, struct acceptor *acceptor, const struct listen_request *request);

#endif
