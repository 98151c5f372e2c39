/* SPDX-License-Identifier: MIT */
/*
 * What a connection over a named pipe has besides what every connection has. Its write axis:
 *
 *   NONE -> BEGUN -> AHEAD -> NONE, NONE|BEGUN|AHEAD -> QUEUED -> NONE            pipe_write.c
 *   NONE -> ENDING                                                                pipe_shutdown.c
 */
#ifndef WEIR_WIN32_PIPE_CONNECTION_H
#define WEIR_WIN32_PIPE_CONNECTION_H

#include "win32/backend.h"
#include "win32/calling_card.h"
#include "win32/served_name.h"

/* What the peer makes of our end. */
enum pipe_peer {
  PIPE_PEER_DEAF = 0, /* a byte-type pipe: nothing can tell it */
  PIPE_PEER_KNOWS,    /* understands the end mark */
  PIPE_PEER_FOREIGN,  /* a client of another library: sees only that our handle is gone */
  PIPE_PEER_UNASKED   /* a client: its card has not been looked for yet */
};

enum pipe_write_state {
  PIPE_WRITE_NONE = 0, /* the system has no write of ours */
  PIPE_WRITE_BEGUN,    /* it has one that `write` began; common does not know */
  PIPE_WRITE_AHEAD,    /* that one is through; common does not know */
  PIPE_WRITE_QUEUED,   /* a `write_queue` waits */
  PIPE_WRITE_ENDING    /* a `shutdown` waits, or is done */
};

/* Bytes read out before the handle was closed. */
struct kept {
  size_t length; /* 0: they were delivered */
  unsigned char bytes[];
};

struct remote_open;
struct pipe_parcel;

struct pipe_connection {
  HANDLE handle; /* NULL: connecting, or closed by a `shutdown` */

  /* enums, a byte each */
  uint8_t peer;
  uint8_t write_state;
  bool message_type;
  bool unreadable;       /* a client's end that only writes */
  uint8_t at_once_count; /* of the last reads that were over at once, up to 2 */
  bool busy;             /* the last delivery was larger than the small buffer */
  uint8_t loan;          /* which large buffer a read waits in, from 1 on; 0: the small one */

  struct calling_card *card;   /* a client's; or NULL */
  struct served_name *served;  /* a server's that listened; or NULL */
  struct remote_open *opening; /* while a thread opens a pipe of another machine; or NULL */
  struct kept *kept;           /* or NULL */
  struct pipe_parcel *parcel;  /* while it goes over to another loop; or NULL */

  /* the bytes of a write, copied; or NULL */
  unsigned char *chunk;
  uint32_t chunk_at; /* what common knows of them */
  uint32_t chunk_end;
  size_t queued_bytes; /* what the `write_queue` that waits is about */

  unsigned char small[PIPE_SMALL_BYTES];
};

/* ---- pipe_connection.c ---- */

/* Takes over a pipe that is bound to the port. */
void pipe_attach(struct connection *connection, HANDLE pipe, bool skips, bool message_type, enum pipe_peer peer);

/* What the peer makes of our end, looked up when somebody wants to know it. */
enum pipe_peer pipe_ask_peer(struct connection *connection);

/* Closes the handle, if it is open. */
void pipe_let_go(struct connection *connection);

struct outcome pipe_open(struct backend *backend, struct connection *connection, intptr_t native);

/* ---- pipe_read.c ---- */

void pipe_read(struct backend *backend, struct connection *connection);
void pipe_read_stop(struct backend *backend, struct connection *connection);

/* Goes on reading after something was delivered. */
void pipe_read_again(struct backend *backend, struct connection *connection);

/* What a connection that leaves has read and not delivered: bytes in the small buffer, or the end. */
void pipe_take_held(const struct connection *connection, size_t *count, bool *ended);

/* Reads what is in the pipe now and keeps it; nothing is with the system. On failure nothing has changed. */
DWORD pipe_read_out(struct backend *backend, struct connection *connection);

/* ---- pipe_write.c ---- */

size_t pipe_write(struct backend *backend, struct connection *connection, const void *bytes, size_t length);
void pipe_write_queue(struct backend *backend, struct connection *connection, const struct piece *pieces, size_t count);

/* ---- pipe_shutdown.c ---- */

void pipe_shutdown(struct backend *backend, struct connection *connection);

/* Goes on with a `shutdown` that waited for the read to come back. */
void pipe_leave(struct backend *backend, struct connection *connection);

/* ---- pipe_connect.c ---- */

void pipe_connect(struct backend *backend, struct connection *connection, const struct connect_request *request);

#endif
