/* SPDX-License-Identifier: MIT */
/*
 * Connections and servers over pipes as they are put into an offer to another process, and got out of it: their handles
 * with what their parcels hold.
 *
 * A server of pipes goes with all its instances, whether a client is there or not, because one may come at any time
 * while it is on its way. One that stays and shares its name sends none: the other process makes its own.
 */
#ifndef WEIR_WIN32_PIPE_PASSING_H
#define WEIR_WIN32_PIPE_PASSING_H

#include "win32/acceptor.h"
#include "win32/cargo.h"

/* Puts in what a native stands for, which was detached or copied. */
void pipe_pack(struct cargo *cargo, intptr_t native);
void pipe_pack_server(struct cargo *cargo, intptr_t native);

/* Gets it out, and leaves the parcel for whom opens the native. On failure everything is closed. */
DWORD pipe_unpack(struct cargo *cargo, intptr_t *native);
DWORD pipe_unpack_server(struct cargo *cargo, intptr_t *native);

/* Another server of the same name, for a process that makes its own instances. */
DWORD pipe_copy_server(const struct acceptor *acceptor, intptr_t *native);

#endif
