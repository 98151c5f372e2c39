/* SPDX-License-Identifier: MIT */
/*
 * Servers that others accept for. In a loop with a delegation, a server that is to listen asks it for the name. Then
 * it listens there without an acceptor of its own, and its connections are brought to it; or it is given an acceptor to
 * share, and only says when it is done with it. A cluster's worker delegates to its primary.
 *
 *   ask --server_delegate_listens or server_delegate_shares--> the server listens --close--> left
 *   ask --server_delegate_refuses--> the server fails, or asks for the next of a host's addresses
 *   ask --close before the answer--> left
 */
#ifndef WEIR_COMMON_SERVER_DELEGATE_H
#define WEIR_COMMON_SERVER_DELEGATE_H

#include <stdbool.h>
#include <stdint.h>

#include <weir/server.h>

#include "common/address/address.h"

struct listen_request;
struct weir_socket;

/* One name that a server has asked for, from then until `left`. Embedded in what the delegation knows of it. */
struct delegate {
  weir_server *server;           /* NULL: it has left */
  struct delegation *delegation; /* that was asked */
};

/* Whom a loop's servers ask. */
struct delegation {
  /*
   * Asks for the name in the request. It answers later, never from inside this call. WEIR_ENOMEM and others: nothing
   * has begun.
   */
  weir_code (*ask)(struct delegation *delegation, weir_server *server, const struct listen_request *request,
                   struct delegate **delegate);

  /* The server has closed, or waits for the answer no more; nothing is owed to the delegate after this. */
  void (*left)(struct delegate *delegate);
};

/* ---- answers, each from the loop and once ---- */

/* The name is had, and connections will be brought; `name` as weir_server_address shows it, `bound` NULL but for TCP.
 */
void server_delegate_listens(struct delegate *delegate, const char *name, const weir_address *bound);

/* The name is had, and the server may accept there itself, on `native`, which it takes over, or closes. */
void server_delegate_shares(struct delegate *delegate, intptr_t native);

void server_delegate_refuses(struct delegate *delegate, const weir_error *error);

/* ---- connections ---- */

/*
 * Whether a connection may be brought now: WEIR_OK, WEIR_ENOTOPEN when the server listens no more, WEIR_EBUSY because
 * of max_connections. `must`: nobody else would take it, so when there are too many it is dropped here. Calls listeners
 * when `listening` is still owed.
 */
weir_code server_refusal(weir_server *server, bool must);

/*
 * Brings one that is not refused, as if the server had just accepted it: open, of the server's loop, which owns it, and
 * not read from.
 */
void server_adopt(weir_server *server, struct weir_socket *socket);

/* ---- for the server alone ---- */

/* Whether this server asks before it listens there. */
bool server_delegates(const weir_server *server, const weir_listen_options *options);

/* Asks, or owes the failure. `name` is memory for the name that will be had, given away. WEIR_ENOMEM: nothing has
 * begun. */
weir_code server_delegate(weir_server *server, const struct address *address, char *name,
                          const weir_listen_options *options);

/* The same for the first of a host's addresses that can be had. */
weir_code server_delegate_first(weir_server *server, const weir_address *addresses, size_t count, char *name,
                                const weir_listen_options *options);

/* The server asks no more, or listens no more; does nothing to others. */
void server_leave_delegate(weir_server *server);

#endif
