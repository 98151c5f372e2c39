/* SPDX-License-Identifier: MIT */
/*
 * The state of the io_uring backend, and what its files do for one another. What a socket is, how it is made, named,
 * bound and asked, it shares with the backend of the pollers; see parts.h.
 *
 *   submission:  uring_read.c, uring_write.c, uring_connection.c, uring_acceptor.c    note what is wanted
 *   settling:    uring_settle.c     before the loop waits, compares what is wanted with what the ring has
 *   completion:  uring_backend.c    takes what the ring brings, one at a time, to the file whose it is
 *
 * So nothing that is submitted can fail for want of room in the ring, and what is wanted and unwanted within one batch
 * costs nothing. A completion names its connection by the place in memory, which is given up when the ring has nothing
 * of it any more.
 */
#ifndef WEIR_POSIX_URING_STATE_H
#define WEIR_POSIX_URING_STATE_H

#include <stdatomic.h>
#include <sys/socket.h>

#include "common/base/list.h"
#include "posix/parts.h"
#include "posix/uring_buffers.h"
#include "posix/uring_outgoing.h"
#include "posix/uring_ring.h"
#include "posix/wake.h"

/* What a completion is about: the low bits of its name; the rest is whose it is. */
enum uring_tag {
  TAG_RECEIVE = 0,
  TAG_SEND,
  TAG_CONNECT,
  TAG_ACCEPT,
  TAG_WAKE,
  TAG_READY,
  TAG_NOTHING, /* a request to give something back; it says so itself */
  TAG_MASK = 7
};

/* Where connections receive of which much comes at a time. */
#define BULK_BYTES 65536

/*
 * How much one receive brings before it begins anew. Without a limit it would read thirty buffers of a fast sender
 * before anybody can say that it is enough. It stands where kernels before 6.17 want nothing, and say so.
 */
#define RECEIVE_LIMIT 65536u

/* What the ring has of a connection or an acceptor. */
enum in_ring { IN_RING_RECEIVE = 1, IN_RING_SEND = 2, IN_RING_CONNECT = 4, IN_RING_ACCEPT = 8, IN_RING_READY = 16 };

/* What was received while nobody read. */
struct kept {
  struct uring_connection *connection;
  struct list_node link; /* in `resumed`, when somebody reads again */
  size_t length;
  char bytes[];
};

struct uring_connection {
  struct connection base;
  uint8_t in_ring;            /* enum in_ring, a bit each */
  bool asked_back;            /* the ring was asked to give back what it has: the receive, or, closing, everything */
  bool is_bulk;               /* much comes at a time: it is received when it is ready, into one buffer for all */
  bool is_unread;             /* bytes have come that nobody will read */
  bool is_incomplete;         /* there was no memory to keep what came */
  uint8_t ending;             /* enum ending of the close that is pending */
  uint8_t piece_count;        /* of a pending write */
  uint8_t held_failure;       /* errno of a write that waits until the peer's last words are read; or 0 */
  struct list_node unsettled; /* in the backend's list: what is wanted has changed */
  const struct piece *pieces; /* of a pending write */
  struct outgoing *outgoing;  /* bytes that were taken and that the system has not; or NULL */
  struct kept *kept;          /* or NULL */
};

/* Clients that were accepted and that nobody wanted yet. */
struct clients {
  size_t count;
  size_t room;
  int descriptors[];
};

struct uring_acceptor {
  struct acceptor base;
  uint8_t in_ring;
  bool asked_back;
  bool is_tcp;
  bool leaves; /* closing, it goes to another loop */
  struct list_node unsettled;
  struct list_node crowded; /* in the backend's list: clients wait, and somebody accepts */
  struct clients *clients;  /* or NULL */
};

/* As for the pollers: a batch goes through these in order, and the caller sees OPERATION_NONE at its end. */
enum uring_phase { URING_WAITING = 0, URING_COMPLETIONS, URING_FINISHED };

struct backend {
  /* The batch: what `next` touches each time. */
  struct ring ring;
  unsigned left; /* completions of this batch */
  enum uring_phase phase;
  uint32_t lent;          /* the buffer that the caller looks at, or BUFFERS_NONE */
  struct kept *lent_kept; /* the same of what was kept, or NULL */
  struct buffers buffers;
  struct outgoing_pool outgoing;
  bool limits_receives; /* the kernel can; otherwise each receive brings one buffer */
  struct list unsettled;
  struct list starved;
  struct finished finished;

  struct list unsettled_acceptors;
  struct list resumed;  /* what was kept, and is wanted now */
  struct list resuming; /* of these, what this batch hands out */
  struct list crowded;

  int offered;          /* the client that waits for `take`; -1: none */
  uint8_t offered_kind; /* enum watch_kind of its connection */
  weir_address peer;    /* of that client, over TCP */
  int spare;            /* see accepting.h */

  const weir_allocator *allocator;
  int failure; /* errno of the last wait; 0: it went well */
  struct wake wake;
  bool wake_in_ring;

  char bulk[BULK_BYTES];
  struct msghdr messages[RING_ENTRIES]; /* of entries that gather; each until its entry is submitted */
};

static inline struct uring_connection *uring_connection_of(struct connection *connection) {
  return CONTAINER_OF(connection, struct uring_connection, base);
}

static inline struct uring_acceptor *uring_acceptor_of(struct acceptor *acceptor) {
  return CONTAINER_OF(acceptor, struct uring_acceptor, base);
}

static inline bool uring_is_pending(const struct watch *watch, enum operation operation) {
  return (watch->pending & PENDING(operation)) != 0;
}

/* ---- uring_settle.c ---- */

/* What is wanted of it has changed: the ring shall know before the next wait. */
void uring_unsettle(struct backend *backend, struct uring_connection *connection);
void uring_unsettle_acceptor(struct backend *backend, struct uring_acceptor *acceptor);

/* Puts into the ring what is wanted and not there, and asks back what is there and not wanted. */
void uring_settle(struct backend *backend);

/* There was no buffer for it, so it comes before the others now. */
void uring_starve(struct backend *backend, struct uring_connection *connection);

/* Asks an acceptor's accept back. */
void uring_ask_back(struct backend *backend, struct uring_acceptor *acceptor);

/* Asks an acceptor's accept back at once, so that its socket is free when this returns. */
void uring_ask_back_now(struct backend *backend, struct uring_acceptor *acceptor);

/* ---- the operations of the seam; see common/backend.h ---- */

struct outcome uring_listen(struct backend *backend, struct acceptor *acceptor, const struct listen_request *request);
void uring_accept(struct backend *backend, struct acceptor *acceptor, bool wanted);
void uring_take(struct backend *backend, struct acceptor *acceptor, struct connection *connection);
void uring_close_acceptor(struct backend *backend, struct acceptor *acceptor, enum ending ending);

struct outcome uring_open(struct backend *backend, struct connection *connection, intptr_t native);
void uring_connect(struct backend *backend, struct connection *connection, const struct connect_request *request);
void uring_move(struct backend *backend, struct connection *from, struct connection *to);
void uring_read(struct backend *backend, struct connection *connection, bool wanted);
size_t uring_write(struct backend *backend, struct connection *connection, const void *bytes, size_t length);
size_t uring_write_soon(struct backend *backend, struct connection *connection, const void *bytes, size_t length);
void uring_write_queue(struct backend *backend, struct connection *connection, const struct piece *pieces,
                       size_t count);
void uring_shutdown(struct backend *backend, struct connection *connection);
bool uring_close(struct backend *backend, struct connection *connection, enum ending ending);

/* ---- what `next` does with a completion ---- */

/* Each says what the caller gets of it; OPERATION_NONE: nothing. `flags` are those of the completion. */
enum operation uring_received(struct backend *backend, struct uring_connection *connection, int result, uint32_t flags,
                              struct completion *completion);
enum operation uring_ready(struct backend *backend, struct uring_connection *connection, int result,
                           struct completion *completion);
enum operation uring_sent(struct backend *backend, struct uring_connection *connection, int result,
                          struct completion *completion);
enum operation uring_connected(struct backend *backend, struct uring_connection *connection, int result,
                               struct completion *completion);
enum operation uring_accepted(struct backend *backend, struct uring_acceptor *acceptor, int result, uint32_t flags,
                              struct completion *completion);

/* Hands out what was kept and is wanted again, one connection's or one client at a time; OPERATION_NONE: there is none.
 */
enum operation uring_next_kept(struct backend *backend, struct completion *completion);
enum operation uring_next_client(struct backend *backend, struct completion *completion);

/* ---- what one file does for another ---- */

/* uring_connection.c: a close is pending; it is finished when the ring has nothing more of the connection. */
void uring_finish_close(struct backend *backend, struct uring_connection *connection);

/* uring_read.c: forgets what was kept. */
void uring_drop_kept(struct backend *backend, struct uring_connection *connection);

/* uring_write.c: sends at once what the system takes of the bytes that were taken; whether it took all. */
bool uring_send_outgoing(struct backend *backend, struct uring_connection *connection);

/* uring_write.c: nothing more is read, so a write that failed meanwhile may say so. */
void uring_release_failure(struct backend *backend, struct uring_connection *connection);

#endif
