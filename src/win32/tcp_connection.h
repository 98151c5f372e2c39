/* SPDX-License-Identifier: MIT */
/*
 * What a connection over TCP has besides what every connection has. Its write axis:
 *
 *   NONE -> QUEUED -> NONE, QUEUED -> FAILED -> NONE                              tcp_write.c
 *   NONE -> ENDING                                                                tcp_write.c
 */
#ifndef WEIR_WIN32_TCP_CONNECTION_H
#define WEIR_WIN32_TCP_CONNECTION_H

#include "win32/backend.h"
#include "win32/os_socket.h"
#include "win32/socket_address.h"

enum tcp_write_state {
  TCP_WRITE_NONE = 0,
  TCP_WRITE_QUEUED, /* a `write_queue` waits */
  TCP_WRITE_FAILED, /* it failed because the peer has gone, and waits until all that the peer sent is read */
  TCP_WRITE_ENDING  /* a `shutdown` waits, or is done */
};

struct tcp_connection {
  SOCKET socket; /* 0: none */
  uint8_t write_state;
  bool peer_ended;  /* its end has been read */
  bool bind_failed; /* a connect's: nothing was wrong with where to, but with where from */
};

/* ---- tcp_connection.c ---- */

/* Whether a native handle is a socket at all. */
bool tcp_is_socket(intptr_t native);

/* Takes over a socket that is bound to the port. */
void tcp_attach(struct connection *connection, SOCKET socket, bool skips);

struct outcome tcp_open(struct backend *backend, struct connection *connection, intptr_t native);

/* Fills a completion of a connection that was open, which failed. */
void tcp_complete_failed(const struct connection *connection, struct completion *completion, DWORD error);

/* ---- tcp_connect.c ---- */

void tcp_connect(struct backend *backend, struct connection *connection, const struct connect_request *request);

/* ---- tcp_read.c ---- */

void tcp_read(struct backend *backend, struct connection *connection);
void tcp_read_stop(struct backend *backend, struct connection *connection);
void tcp_read_again(struct backend *backend, struct connection *connection);

/* ---- tcp_write.c ---- */

size_t tcp_write(struct backend *backend, struct connection *connection, const void *bytes, size_t length);
void tcp_write_queue(struct backend *backend, struct connection *connection, const struct piece *pieces, size_t count);
void tcp_shutdown(struct backend *backend, struct connection *connection);

/* Lets a failure that waited for the read side be told. */
void tcp_release_failure(struct backend *backend, struct connection *connection);

/* ---- tcp_control.c ---- */

typedef DWORD (*name_function)(SOCKET socket, struct sockaddr *address, int *length);

/* One of the two addresses of a connection. */
DWORD tcp_ask_address(SOCKET socket, name_function ask, weir_address *answer);

weir_code tcp_control(struct connection *connection, enum control control, void *argument);

#endif
