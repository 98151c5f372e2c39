/* SPDX-License-Identifier: MIT */
/*
 * The state of the POSIX backend, and what its files do for one another.
 *
 *   submission:  connection.c, acceptor.c   does what can be done at once; else notes the operation as pending
 *                unix_socket.c, tcp_socket.c   what is different over each
 *   interest:    interest.c                 tells the poller, as late as possible and as seldom as possible
 *   completion:  backend.c                  asks the poller, does the system call, hands it out
 *                finished.c                 hands out what was finished at its submission
 */
#ifndef WEIR_POSIX_STATE_H
#define WEIR_POSIX_STATE_H

#include <stdatomic.h>
#include <sys/types.h>

#include "common/backend.h"
#include "posix/error.h"
#include "posix/poller.h"
#include "posix/wake.h"
#include "posix/watch.h"

/* How many events are taken from the poller at once. */
#define READY_MAX 256

/* Every read goes here: one buffer per loop stays in the cache, and an idle connection pins none. */
#define RECEIVE_BYTES 65536

struct connection {
  struct watch watch;
};

struct acceptor {
  struct watch watch;
  unsigned budget; /* how many clients an event may bring */
  unsigned left;   /* of these in this batch */
  uint64_t batch;  /* the number of that batch */
  dev_t device;    /* of the file that listening made, with inode */
  ino_t inode;
  char path[ADDRESS_TEXT_BYTES]; /* of that file; "": there is none */
  struct acceptor *next_sharer;  /* in the ring of those that listen on one socket; NULL: it is the only one */
};

/* The client that was taken last; see newcomer.c. The pointers are only ever compared. */
struct newcomer {
  const struct watch *watch;     /* to be looked at when it reads; NULL: nobody is */
  const struct watch *looked_at; /* it was, and has not been silent; NULL: nobody was */
  uint8_t passes;                /* so many more are not looked at */
  uint8_t last_passes;           /* so many were not, behind the last one that was silent */
};

/*
 * A batch goes through these in order, and the caller sees OPERATION_NONE at its end.
 *
 *   WAITING --the poller has answered--> EVENTS --all served--> FINISHED --all handed out--> WAITING
 *
 * What is finished while the last phase goes on comes with the next batch, which does not wait; so neither the system
 * nor a caller that always submits more can starve the other.
 */
enum phase { PHASE_WAITING = 0, PHASE_EVENTS, PHASE_FINISHED };

/* Finished operations, in order. */
struct finished {
  struct watch *first;
  struct watch *last;
  struct watch *end; /* the last one of this batch; NULL: this batch has none left */
};

struct backend {
  /* The batch: what `next` touches each time. */
  struct ready *at; /* what is served next; behind the last one stands one without events */
  enum phase phase;
  uint64_t batch;
  struct finished finished;

  int offered;          /* the client that waits for `take`; -1: none */
  uint8_t offered_kind; /* enum watch_kind of its connection */
  struct newcomer newcomer;

  struct watch *unsettled; /* its interest must grow before the next wait; NULL: nobody's */

  const struct poller_operations *poller_operations;
  struct poller *poller;
  int poller_failure; /* errno of the last wait; 0: it went well */
  bool ends_batch;    /* this batch ends with OPERATION_NONE, also when `next` may wait for ever */
  const weir_allocator *allocator;

  struct wake wake;
  struct watch wake_watch;
  atomic_bool awake; /* a wake has been sent and not been received: no need for another */

  weir_address peer; /* of the client that was offered, over TCP */

  int spare; /* a descriptor to give up when there are no others, so that a client can be turned away; -1: none */

  /* The first is room for a newcomer in front of what the poller gives, the last for the end. */
  struct ready ready[1 + READY_MAX + 1];
  char receive_buffer[RECEIVE_BYTES];
};

/* ---- interest.c ---- */

/* A watch has a new pending operation: the poller shall know before the next wait. */
void interest_grow(struct backend *backend, struct watch *watch);

/* Tells the poller what has grown. */
void interest_settle(struct backend *backend);

/* An event came that nobody wanted: tells the poller now what is wanted. */
void interest_shrink(struct backend *backend, struct watch *watch);

/* The descriptor is about to be closed. */
void interest_forget(struct backend *backend, struct watch *watch);

/* The descriptor goes on, and this watch has nothing to do with it any more. */
void interest_part(struct backend *backend, struct watch *watch);

/* ---- finished.c ---- */

/* These operations of the watch have ended, all with the same failure or none. */
void finished_add(struct backend *backend, struct watch *watch, unsigned operations, struct failure failure);

/* Begins to hand out those that are finished now. */
void finished_begin(struct finished *finished);

/* Hands out the next one of the batch; OPERATION_NONE: there is none left. */
enum operation finished_next(struct finished *finished, struct completion *completion);

/* ---- newcomer.c ---- */

/* A client was taken. */
void newcomer_come(struct newcomer *newcomer, const struct watch *watch);

/* It reads for the first time: perhaps it is served next. */
void newcomer_read(struct backend *backend, struct watch *watch);

/* Nothing was there to read: it may have been a newcomer. */
void newcomer_be_silent(struct newcomer *newcomer, const struct watch *watch);

/* ---- the operations of the seam; see common/backend.h ---- */

weir_code backend_create(const struct backend_setup *setup, const struct poller_operations *poller_operations,
                         struct backend **backend);
void backend_destroy(struct backend *backend);
uint64_t backend_now(struct backend *backend);
enum operation backend_next(struct backend *backend, uint64_t timeout_ns, struct completion *completion);
void backend_wake(struct backend *backend);
intptr_t backend_pollable(struct backend *backend);

struct outcome acceptor_listen(struct backend *backend, struct acceptor *acceptor,
                               const struct listen_request *request);
void acceptor_accept(struct backend *backend, struct acceptor *acceptor, bool wanted);
void acceptor_take(struct backend *backend, struct acceptor *acceptor, struct connection *connection);
void acceptor_close(struct backend *backend, struct acceptor *acceptor, enum ending ending);

struct outcome connection_open(struct backend *backend, struct connection *connection, intptr_t native);
void connection_connect(struct backend *backend, struct connection *connection, const struct connect_request *request);
void connection_move(struct backend *backend, struct connection *from, struct connection *to);
void connection_read(struct backend *backend, struct connection *connection, bool wanted);
size_t connection_write(struct backend *backend, struct connection *connection, const void *bytes, size_t length);
void connection_write_queue(struct backend *backend, struct connection *connection, const struct piece *pieces,
                            size_t count);
void connection_shutdown(struct backend *backend, struct connection *connection);
void connection_close(struct backend *backend, struct connection *connection, enum ending ending);
weir_code connection_control(struct backend *backend, struct connection *connection, enum control control,
                             void *argument);

/* ---- what `next` does for a ready watch ---- */

/* A connect that waited: OPERATION_CONNECT, or OPERATION_NONE when it still does. */
enum operation connection_finish_connect(struct backend *backend, struct connection *connection,
                                         struct completion *completion);

/* A receive brought nothing: OPERATION_READ with the end or an error, or OPERATION_NONE. */
enum operation connection_receive_nothing(struct backend *backend, struct completion *completion);

/* Receives once: OPERATION_READ, or OPERATION_NONE when nothing was there after all. */
enum operation connection_receive(struct backend *backend, struct connection *connection,
                                  struct completion *completion);

/* Sends once: OPERATION_WRITE, or OPERATION_NONE when there was no room. */
enum operation connection_send(struct backend *backend, struct connection *connection, struct completion *completion);

/* Accepts once: OPERATION_ACCEPT, or OPERATION_NONE when no client was there. `again`: this event may bring more. */
enum operation acceptor_accept_one(struct backend *backend, struct acceptor *acceptor, struct completion *completion,
                                   bool *again);

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
