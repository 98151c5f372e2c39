/* SPDX-License-Identifier: MIT */
/*
 * How a connection over a pipe goes over to another loop, or to another process. The handle alone does not say who
 * listens for the end mark, that the mark was read already, or whose name and card the connection keeps alive; a parcel
 * does.
 */
#ifndef WEIR_WIN32_PIPE_PASSAGE_H
#define WEIR_WIN32_PIPE_PASSAGE_H

#include "win32/connection.h"
#include "win32/parcel.h"

struct pipe_parcel {
  struct parcel parcel;
  struct served_name *served; /* whose end it is; or NULL */
  HANDLE card;                /* keeps it lying */
  DWORD card_process;
  uint64_t card_hash;
  bool has_card;
  uint8_t peer; /* enum pipe_peer */
  bool unreadable;
  bool ended;
};

/* Makes one with this content, and lays its card. */
DWORD pipe_parcel_make(const struct pipe_parcel *content, struct pipe_parcel **made);

/* Begins to let go of a closing connection, which keeps its handle; false: it cannot leave. */
bool pipe_depart(struct connection *connection);

/* The system has nothing any more: tells what the other loop opens, and the bytes that nobody has read. */
void pipe_leave_parcel(struct backend *backend, struct connection *connection, struct completion *completion);

/* A handle and a parcel for an open connection, which stays as it is. */
DWORD pipe_copy(const struct connection *connection, intptr_t *native);

/* Makes the connection, whose handle is set, what it was in the other loop, if there was one. */
DWORD pipe_arrive(struct backend *backend, struct connection *connection);

/* Closes a pipe that has left and that nobody wants here; false: there is no such pipe. */
bool pipe_discard(intptr_t native);

#endif
