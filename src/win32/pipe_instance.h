/* SPDX-License-Identifier: MIT */
/*
 * One instance of a server's pipe, from its creation until a connection takes it over.
 */
#ifndef WEIR_WIN32_PIPE_INSTANCE_H
#define WEIR_WIN32_PIPE_INSTANCE_H

#include "win32/pipe_acceptor.h"

struct instance {
  struct task task;
  struct list_node link; /* in one of the acceptor's lists */
  struct acceptor *acceptor;
  HANDLE pipe; /* NULL: taken over, or closed while its packet is under way */
  bool skips;
};

/*
 * Creates an instance and lets it wait; `finish` is called when a client has come. `has_client`: one is there already,
 * and `finish` will not be called. `first`: only if nobody has the name, ERROR_ACCESS_DENIED otherwise.
 */
DWORD instance_create(struct backend *backend, struct acceptor *acceptor, bool first, task_function finish,
                      struct instance **instance, bool *has_client);

/* Whether the packet of a waiting instance means that a client has come, perhaps to leave again. */
bool instance_has_client(DWORD error);

/* Closes the pipe, if it is still here, so that no client finds it. */
void instance_shut(struct instance *instance);

/* Frees an instance that is not with the system. */
void instance_free(struct backend *backend, struct instance *instance);

#endif
