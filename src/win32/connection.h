/* SPDX-License-Identifier: MIT */
/*
 * A connection of either kind: what both have, and a part that only its kind knows. Its axes, each changed in one file:
 *
 *   life   OPEN -> CLOSING                                                        connection.c
 *   read   NONE <-> POSTED -> HELD -> NONE, HELD -> ENDED                         pipe_read.c, tcp_read.c
 *   write  is the kind's own: pipe_connection.h, tcp_connection.h
 *
 * Each direction has one task, so the system has at most one read and one write of a connection. Connecting and ending
 * use the write's, when nothing can be written yet or any more; closing uses the read's.
 */
#ifndef WEIR_WIN32_CONNECTION_H
#define WEIR_WIN32_CONNECTION_H

#include "win32/backend.h"
#include "win32/pipe_connection.h"
#include "win32/tcp_connection.h"

enum connection_life {
  CONNECTION_OPEN = 0, /* or connecting */
  CONNECTION_CLOSING   /* waits until the system has let go */
};

enum read_state {
  READ_NONE = 0, /* the system has no read of ours */
  READ_POSTED,   /* it has the one that waits for bytes */
  READ_HELD,     /* that one is over and waits here, until somebody wants it */
  READ_ENDED     /* nothing more will come but what is kept */
};

/* Whether a connection that was to be detached is. */
enum detaching { DETACHING_NOT_ASKED = 0, DETACHING_GRANTED, DETACHING_REFUSED };

struct connection_kind {
  void (*read)(struct backend *backend, struct connection *connection);
  void (*read_stop)(struct backend *backend, struct connection *connection);
  void (*read_again)(struct backend *backend, struct connection *connection); /* after something was delivered */
  size_t (*write)(struct backend *backend, struct connection *connection, const void *bytes, size_t length);
  void (*write_queue)(struct backend *backend, struct connection *connection, const struct piece *pieces, size_t count);
  void (*shutdown)(struct backend *backend, struct connection *connection);
  void (*close)(struct backend *backend, struct connection *connection, enum ending ending);
  weir_code (*control)(struct connection *connection, enum control control, void *argument);

  /* The system has let go of everything: gives back what is left, before the close is told. One that is detached fills
   * `native`, and `bytes` with the result. */
  void (*give_back)(struct backend *backend, struct connection *connection, struct completion *completion);
};

struct connection {
  const struct connection_kind *kind;
  struct task read;
  struct task write;

  /* enums, a byte each */
  uint8_t life;
  uint8_t read_state;
  uint8_t detaching;
  bool skips; /* success at once brings no packet */
  bool read_wanted;

  union {
    struct pipe_connection pipe;
    struct tcp_connection tcp;
  };
};

extern const struct connection_kind connection_over_pipe;
extern const struct connection_kind connection_over_tcp;

/* Makes it come back by events, because its file is bound to another port. */
DWORD connection_watch(struct backend *backend, struct connection *connection);

void connection_unwatch(struct backend *backend, struct connection *connection);

bool connection_with_system(const struct connection *connection);

/* Forgets what is in line; what is with the system is the kind's to cancel. */
void connection_begin_close(struct connection *connection);

/* Calls back what the system has of it, and nothing of who else has the same file. */
void connection_cancel(struct connection *connection, HANDLE file);

/* Tells of the close when the system has nothing any more. */
void connection_end_close(struct backend *backend, struct connection *connection);

/* What a task of a closing connection leads to: the close itself when it was the last. */
enum operation connection_finish_close(struct backend *backend, struct connection *connection,
                                       struct completion *completion);

#endif
