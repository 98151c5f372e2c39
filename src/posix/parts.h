/* SPDX-License-Identifier: MIT */
/*
 * What the backends of this folder share: the sockets themselves. How a socket is made, named, bound, asked and told
 * does not depend on how one waits for it, nor does the queue of what was finished at once. Each backend has a `struct
 * backend` of its own.
 */
#ifndef WEIR_POSIX_PARTS_H
#define WEIR_POSIX_PARTS_H

#include <sys/types.h>

#include "common/backend.h"
#include "posix/error.h"
#include "posix/watch.h"

struct connection {
  struct watch watch;
};

struct acceptor {
  struct watch watch;
  bool is_local;   /* its clients come over a Unix socket; else it is not known */
  unsigned budget; /* how many clients an event may bring */
  unsigned left;   /* of these, this event may still bring */
  uint64_t batch;  /* the number of that batch */
  dev_t device;    /* of the file that listening made, with inode */
  ino_t inode;
  char path[ADDRESS_TEXT_BYTES]; /* of that file; "": there is none */
  struct acceptor *next_sharer;  /* in the ring of those that listen on one socket; NULL: it is the only one */
};

/* Finished operations, in order. */
struct finished {
  struct watch *first;
  struct watch *last;
  struct watch *end; /* the last one of this batch; NULL: this batch has none left */
};

/* ---- operations of the seam that need nothing of a backend ---- */

uint64_t backend_now(struct backend *backend);
struct outcome connection_open(struct backend *backend, struct connection *connection, intptr_t native);
weir_code connection_control(struct backend *backend, struct connection *connection, enum control control,
                             void *argument);

/* ---- finished.c ---- */

/* These operations of the watch have ended, all with the same failure or none. */
void finished_put(struct finished *finished, struct watch *watch, unsigned operations, struct failure failure);

/* Begins to hand out those that are finished now. */
static inline void finished_begin(struct finished *finished) {
  finished->end = finished->first == NULL ? NULL : finished->last;
}

/* Hands out the next one of the batch; OPERATION_NONE: there is none left. */
enum operation finished_next(struct finished *finished, struct completion *completion);

/* ---- listening.c ---- */

/* Makes a socket that listens; on success the descriptor and the file are in the acceptor. */
struct failure listening_open(struct acceptor *acceptor, const struct listen_request *request);

/* It is about to end: the file stays with those that share the socket, if there are any. */
void listening_leave(struct acceptor *acceptor);

/* ---- unix_socket.c ---- */

/* Binds a socket to the request's path or abstract name; a file that this makes is noted in the acceptor. */
struct failure unix_socket_bind(struct acceptor *acceptor, int descriptor, const struct listen_request *request);

/* Notes the file that a socket bound elsewhere has, to be removed as if it had been bound here. */
void unix_socket_adopt_file(struct acceptor *acceptor, const struct address *address);

/* Removes the file if it is the one that binding made. */
void unix_socket_remove_file(struct acceptor *acceptor);

/* Connects at once; on success the descriptor is in the connection. */
struct failure unix_socket_connect(struct connection *connection, const struct address *address);

/* ---- socket_option.c ---- */

/* The close that follows is a reset; without success it is a close. */
void socket_option_prepare_reset(int descriptor);

/* ---- tcp_socket.c ---- */

/* Makes a socket for addresses of this kind. */
struct failure tcp_socket_open(const weir_address *ip, int *descriptor);

/* Binds a socket to the request's address. */
struct failure tcp_socket_bind(int descriptor, const struct listen_request *request);

/* The connections of a server that was bound with `only_bind` shall not keep the next one from its port. */
struct failure tcp_socket_reuse_address(int descriptor);

/* What an errno of a bind or a listen means. */
struct failure tcp_socket_explain_listen(int failure);

/* Begins to connect; on success and with EINPROGRESS, when it will be writable, the descriptor is in the connection. */
struct failure tcp_socket_connect(struct connection *connection, const struct connect_request *request);

/* It is writable: what has become of it; EINPROGRESS: nothing yet. */
struct failure tcp_socket_finish_connect(struct connection *connection);

#endif
