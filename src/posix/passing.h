/* SPDX-License-Identifier: MIT */
/*
 * Handles that go to another process, as far as the backends of this folder do the same: a passage is a second pair of
 * Unix sockets, on which each handle is one byte with its descriptor. Both processes then have the connection, so it
 * does not end when one of them closes it.
 */
#ifndef WEIR_POSIX_PASSING_H
#define WEIR_POSIX_PASSING_H

#include <stddef.h>

#include "common/passing.h"
#include "posix/os.h"
#include "posix/parts.h"

/* The tables of the pollers, and of io_uring. */
extern const struct passing_operations passing_posix;
extern const struct passing_operations passing_uring;

weir_code passing_create(struct backend *backend, struct channel_end ends[2]);
weir_code passing_meet(struct backend *backend, struct channel_end *end, intptr_t process);
weir_code passing_inherit(struct backend *backend, struct channel_end *end);
void passing_close(struct backend *backend, const struct channel_end *end);
weir_code passing_duplicate_connection(struct backend *backend, struct connection *connection, intptr_t *native);
weir_code passing_duplicate_acceptor(struct backend *backend, struct acceptor *acceptor, intptr_t *native);

/* Sends descriptors along. WEIR_EAGAIN: there is no room now. */
weir_code passing_send(intptr_t passage, const int *descriptors, size_t count);

/*
 * Receives those of one `passing_send`. WEIR_EMFILE: they have come, and there was no room for them. WEIR_EPROTO: they
 * are not there, or nobody knows whether they are: then the next that are taken might be they.
 */
weir_code passing_receive(intptr_t passage, int descriptors[OS_DESCRIPTORS_MAX], size_t *count);

#endif
