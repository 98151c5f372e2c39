/* SPDX-License-Identifier: MIT */
/*
 * The pipe names that this process serves. A name is to be free when its server closes, but Windows keeps a pipe as
 * long as an accepted connection of it is open, and then refuses to create it anew. A server that finds only ends of
 * its own process under a name may join it: nobody else was let in meanwhile. So every name is noted here with the
 * number of its accepted connections, from the listen until the last of them has closed its end.
 *
 * The names belong to the process, whichever loops and threads serve them.
 */
#ifndef WEIR_WIN32_SERVED_NAME_H
#define WEIR_WIN32_SERVED_NAME_H

#include "win32/os.h"

struct served_name;

/*
 * Notes that a server begins to listen; `joins`: the process has ends of this name already. ERROR_ALREADY_EXISTS: a
 * server of this process listens there.
 */
DWORD served_name_listen(uint64_t hash, struct served_name **name, bool *joins);

/* Notes that a server goes on here that has the name already: in another process, or in this one. */
DWORD served_name_join(uint64_t hash, struct served_name **name);

/* Notes an accepted connection that comes from another process. */
DWORD served_name_receive_end(uint64_t hash, struct served_name **name);

/* Notes that a server has stopped. */
void served_name_resign(struct served_name *name);

/* The hash that it was noted with. */
uint64_t served_name_hash(const struct served_name *name);

/* Counts accepted connections. */
void served_name_add_end(struct served_name *name);
void served_name_drop_end(struct served_name *name);

#endif
