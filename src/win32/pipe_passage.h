/* SPDX-License-Identifier: MIT */
/*
 * How a connection over a pipe goes over to another loop. The handle alone does not say who listens for the end mark,
 * that the mark was read already, or whose name and card the connection keeps alive; a parcel does.
 */
#ifndef WEIR_WIN32_PIPE_PASSAGE_H
#define WEIR_WIN32_PIPE_PASSAGE_H

#include "win32/connection.h"

/* Begins to let go of a closing connection, which keeps its handle; false: it cannot leave. */
bool pipe_depart(struct connection *connection);

/* The system has nothing any more: tells what the other loop opens, and the bytes that nobody has read. */
void pipe_leave_parcel(struct backend *backend, struct connection *connection, struct completion *completion);

/* Makes the connection, whose handle is set, what it was in the other loop, if there was one. */
DWORD pipe_arrive(struct backend *backend, struct connection *connection);

/* Closes a pipe that left another loop and that nobody wants; false: there is no such pipe. */
bool pipe_discard(intptr_t native);

#endif
