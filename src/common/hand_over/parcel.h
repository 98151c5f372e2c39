/* SPDX-License-Identifier: MIT */
/*
 * Parcels: a connection or a listening socket without a loop, and everything that the old handle knew and the new one
 * needs. How a parcel travels is the business of who sends it: a post to another loop, or a channel to another process.
 *
 *   begun --the queue is empty--> detaching --the backend gives the native--> packed --unpacked--> a new handle
 *
 * A parcel that was begun is always packed: empty, with the reason in `code`, when the connection was lost before.
 */
#ifndef WEIR_COMMON_HAND_OVER_PARCEL_H
#define WEIR_COMMON_HAND_OVER_PARCEL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <weir/server.h>
#include <weir/socket.h>

#include "common/encoding/decoder.h"
#include "common/socket/options.h"
#include "common/socket/socket.h"

/* ---- sockets: socket_parcel.c ---- */

struct socket_parcel {
  /* who sends it */
  const weir_allocator *allocator; /* of what it holds: that of the loop where it is unpacked */
  void (*leaving)(struct socket_parcel *parcel, struct weir_socket *socket); /* about to be detached; or NULL */
  void (*packed)(struct socket_parcel *parcel);                              /* called once; perhaps in a call */

  weir_code code;  /* why it is empty, or WEIR_OK */
  bool has_native; /* somebody must open it or close it */
  intptr_t native;
  void *user;
  struct socket_options options;
  weir_address local;  /* of no family over anything but TCP */
  weir_address remote; /* likewise */
  bool allow_half_open;
  bool write_ended;
  enum read_half read_half;
  enum flow flow;
  uint64_t bytes_read;
  uint64_t bytes_written;
  size_t high_water_mark;
  uint64_t idle_ms;
  struct decoder decoder;
  weir_error *read_error; /* came behind the bytes */
  unsigned char *bytes;   /* read and not delivered; NULL: none */
  size_t length;
};

/* Whether a socket can leave; the code that the call returns. */
weir_code socket_parcel_check(const struct weir_socket *socket);

/*
 * Reading stops, and as soon as nothing is queued the socket is detached and closes. The parcel has its sender's
 * members set, all others zero, and stays where it is until it is packed. WEIR_ENOMEM: nothing has changed.
 */
weir_code socket_parcel_begin(struct weir_socket *socket, struct socket_parcel *parcel);

/* Fills it with a second native of a socket that stays open and keeps what it has read. */
weir_code socket_parcel_copy(struct weir_socket *socket, struct socket_parcel *parcel);

/* A socket as it was, on this loop, open and not reading, with one owner who is not the loop. */
weir_code socket_parcel_unpack(struct socket_parcel *parcel, weir_loop *loop, struct weir_socket **unpacked);

/* Closes the native that nobody took, through a loop of its kind. */
void socket_parcel_discard(struct socket_parcel *parcel, weir_loop *loop);

/* Frees what it holds, but for the native. */
void socket_parcel_clear(struct socket_parcel *parcel);

/* ---- servers: server_parcel.c ---- */

struct server_parcel {
  void (*packed)(struct server_parcel *parcel); /* called once, from the loop */

  weir_code code;
  bool has_native;
  intptr_t native;
  bool owns_file; /* of `native` */
  int backlog;
  void *user;
  bool allow_half_open;
  bool pause_on_connect;
  size_t high_water_mark;
  int max_connections;
  weir_block_list *block_list; /* held */
  struct socket_options socket_options;
};

/* A listening server stops to listen and closes; it is packed when the backend has let go of it. */
void server_parcel_begin(weir_server *server, struct server_parcel *parcel);

/* Fills it with a second native of a server that goes on listening. */
weir_code server_parcel_copy(weir_server *server, struct server_parcel *parcel);

/* A server that listens there, or why there is none; its `listening` is owed. */
weir_code server_parcel_unpack(struct server_parcel *parcel, weir_loop *loop, weir_server **unpacked);

/* As for sockets. */
void server_parcel_discard(struct server_parcel *parcel, weir_loop *loop);
void server_parcel_clear(struct server_parcel *parcel);

#endif
