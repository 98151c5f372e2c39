/* SPDX-License-Identifier: MIT */
/*
 * The seam. Everything above it is policy and knows no system; everything below it is one system and knows no policy.
 *
 * It is a proactor: common submits an operation, the backend brings it back finished, through `next`, one at a time.
 * The rules that hold for every backend:
 *
 *  1. Submitting never fails and never calls back: failure is a completion. Only `create`, `listen` and `open` answer
 * at once.
 *  2. At most one operation of each kind is under way on a connection, so "submitted" is a bit of it, not a structure.
 *     `connect`, `write_queue`, `shutdown` and `close` come back exactly once.
 *  3. `read` and `accept` are sticky: submitted once, they come back again and again until they are stopped, until end
 *     of file, an error or a close. When stopped they bring nothing more; what the system had given by then is kept and
 *     comes first when they are submitted again.
 *  4. `close` may be submitted whatever else is under way, and from then on only OPERATION_CLOSE comes, exactly once
 * and last: the backend cancels the rest and waits until the system has let go of every buffer. Then the connection's
 *     memory is the caller's, to clear and use again, or to free. With ENDING_AT_END nothing comes.
 *  5. `next` hands out what is finished; when nothing is, it waits. It returns OPERATION_NONE after a time-out, after a
 *     wake, and at the end of each batch that the system gave, so that the caller can look at its clock. Only with
 *     WAIT_FOREVER it may go on to the next batch instead: then there is no time to keep, and it counts a turn.
 *     The result of OPERATION_NONE is a code when the system cannot be asked at all, else 0.
 *  6. No code of the user runs inside a backend; bytes of a read are lent until the following `next`, whatever is
 *     submitted before.
 *  7. An idle connection pins no buffer. (A message-type pipe needs a small one; a larger is lent to it, see win32.)
 *  8. Only `wake` may be called from another thread.
 *  9. No clock runs below the seam. "Busy, try again" is the completion WEIR_EAGAIN of a connect; "short of
 * descriptors" is WEIR_EMFILE or WEIR_ENFILE of an accept, after the backend has shed a client if it could. Common
 * waits with its own timers and submits again.
 * 10. When the peer is gone, what it sent is read to its end before a queued write fails for it, as long as reading is
 *     submitted: a failed write ends the connection, and the peer's last words would be lost.
 * 11. After a short `write` the connection is closed, or `write_queue` continues with exactly the bytes that follow: a
 *     backend may have begun with them already.
 * 12. What `write_soon` took goes to the system in the following `next`, before all that is written later. `shutdown`
 *     and a detaching `close` wait for it; any other `close` sends of it what the system takes at once. If it cannot be
 *     sent, a WRITE with a result below 0 says so, whether one was queued or not.
 *
 * A simulated backend and a fault layer hold both sides to these rules; they are stricter than a kernel.
 */
#ifndef WEIR_COMMON_BACKEND_H
#define WEIR_COMMON_BACKEND_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <weir/address.h>
#include <weir/error.h>
#include <weir/loop.h>

#include "common/address/address.h"

/* One per loop; each backend defines its own. */
struct backend;

/* How handles go to other processes; see passing.h. */
struct passing_operations;

/*
 * The backend's part of a socket and of a server. Common allocates `connection_bytes` or `acceptor_bytes` behind its
 * own structure, aligned for pointers and 64-bit numbers and zeroed before `open`, `connect` or `listen`; `take`
 * clears it by itself.
 */
struct connection;
struct acceptor;

enum operation {
  OPERATION_NONE = 0,
  OPERATION_READ,
  OPERATION_WRITE,
  OPERATION_CONNECT,
  OPERATION_SHUTDOWN,
  OPERATION_CLOSE,
  OPERATION_ACCEPT,
  OPERATION_CLOSE_ACCEPTOR
};

/* The result of a read at the end of file: a value of its own, neither a count nor an error. */
#define COMPLETION_END ((ptrdiff_t)-32768)

/* What `next` brings. The caller passes the same one each time. */
struct completion {
  union {
    struct connection *connection; /* READ, WRITE, CONNECT, SHUTDOWN, CLOSE */
    struct acceptor *acceptor;     /* ACCEPT, CLOSE_ACCEPTOR */
  };
  ptrdiff_t result;  /* READ, WRITE: bytes, more than 0; or COMPLETION_END (READ), or a weir_code below 0. Else 0 or a
                        weir_code below 0. */
  const void *bytes; /* READ with a result above 0: the bytes, lent. */
  int native_code;   /* with a weir_code as result: what the system said, or 0 */
  bool owns_file;    /* CLOSE_ACCEPTOR of a detached one: it made its name, which goes on with `native`; see
                        listen_request. Unset otherwise. */
  const char *hint;  /* with a weir_code as result: a sentence that lives for ever, or NULL. Unset otherwise. */
  const char *step;  /* with a weir_code as result: the part of the operation that failed, "bind"; or NULL. Unset
                        otherwise. */
  union {
    const weir_address *peer; /* ACCEPT with result 0: who comes over TCP, lent until `take`; NULL over anything else */
    intptr_t native; /* CLOSE, CLOSE_ACCEPTOR of a detached one: what `open` or `listen` of another loop takes */
  };
  uint64_t turn; /* the caller's count of its turns; counted up when `next` begins a batch without having returned
                    OPERATION_NONE, else left alone */
};

/* Why an operation that answers at once failed. */
struct outcome {
  weir_code code;   /* WEIR_OK, or what went wrong; the rest counts only then */
  int native_code;  /* what the system said, or 0 */
  const char *hint; /* a sentence that lives for ever, or NULL */
  const char *step; /* the part that failed, "bind"; or NULL */
};

/* A run of bytes to write. */
struct piece {
  const void *bytes;
  size_t length;
};

/* How many pieces a `write_queue` may have. */
#define PIECES_MAX 64

/* How to listen. */
struct listen_request {
  struct address *address; /* where; replaced by the name that was had, with its port. Kind ADDRESS_NONE: on what
                              `shared`, `bound` or else `native` has, and the name that is bound to replaces it */
  intptr_t native;         /* a bound descriptor */
  struct acceptor *shared; /* another server of this loop: both accept from then on, each closes for itself, and the
                              name goes with the last */
  struct acceptor *bound;  /* bound before with `only_bind`; its name passes over, and it is as if never begun, unless
                              the  listen fails */
  int backlog;
  bool owns_file; /* with `native`: closing removes what the name left, as the completion of its detaching said */
  bool readable_all;
  bool writable_all;
  bool ipv6_only;
  bool reuse_port; /* several sockets may listen there, and the system spreads the clients */
  bool only_bind;  /* the name is had, and nobody can connect; `listen` or `connect` take it over, or it is closed */
};

/* How to connect. */
struct connect_request {
  const struct address *address; /* where to; an ADDRESS_IP, or a local name */
  const weir_address *local;     /* bind to this before, for an ADDRESS_IP; port 0: any. NULL: the system's choice */
  struct acceptor *bound;        /* connect with what was bound before with `only_bind`, to an ADDRESS_IP; whether that
                                    succeeds or not, it is as if never begun. NULL: with a new socket */
};

/* How a connection or an acceptor ends. */
enum ending {
  ENDING_CLOSE,  /* as usual */
  ENDING_RESET,  /* the peer sees a reset; for TCP connections, else as CLOSE */
  ENDING_AT_END, /* of a connection whose READ has just brought COMPLETION_END, and which does nothing else: it is over
                    at once, its memory is the caller's, and the peer has all that was written, and the end. Refused
                    where a close takes time */
  ENDING_DETACH  /* nothing is closed. `native` of the completion goes on with another loop of the same kind of backend;
                    a CLOSE that brings `bytes` and a result above 0 brings what the system had given and nobody has
                    read. WEIR_ENOTSUP as result: it could not be detached, and was closed */
};

/*
 * What `control` asks of, or tells, an open connection. The argument's type stands behind each. Returns WEIR_OK,
 * WEIR_ENOTSUP where there is no such thing, or what the system said.
 */
enum control {
  CONTROL_CAN_HALF_CLOSE,  /* bool, asked: whether the peer will learn of a shutdown */
  CONTROL_NATIVE,          /* intptr_t, asked: the descriptor or HANDLE */
  CONTROL_LOCAL_ADDRESS,   /* weir_address, asked; TCP only */
  CONTROL_REMOTE_ADDRESS,  /* weir_address, asked; TCP only */
  CONTROL_NO_DELAY,        /* const bool, told; TCP only */
  CONTROL_KEEP_ALIVE,      /* const struct keep_alive, told; TCP only */
  CONTROL_TYPE_OF_SERVICE, /* const int 0 to 255, told; TCP only */
  CONTROL_LINGER           /* const int in seconds, below 0: off; told; TCP only */
};

/* Probes of an idle connection, in whole seconds and their number; 0: the system's choice. */
struct keep_alive {
  bool wanted;
  int delay_s;
  int interval_s;
  int count;
};

/* What a backend is made with. */
struct backend_setup {
  const weir_allocator *allocator; /* lives as long as the loop */
  weir_sim *simulator;             /* for the simulator; NULL otherwise */
  weir_loop *loop;                 /* for the simulator, which runs several loops; nobody else calls it */
};

#define WAIT_FOREVER UINT64_MAX

struct backend_operations {
  const char *name; /* "epoll": what WEIR_BACKEND calls it */
  struct address_rules addresses;
  size_t connection_bytes;
  size_t acceptor_bytes;
  const struct passing_operations *passing; /* NULL: nothing can be passed, and there are no channels */

  /* ---- the loop ---- */

  /* Makes a backend. WEIR_ENOTSUP: this system refuses it, another may work. */
  weir_code (*create)(const struct backend_setup *setup, struct backend **backend);

  /* Ends it; every connection and acceptor has been closed and has come back. */
  void (*destroy)(struct backend *backend);

  /* The clock in nanoseconds: monotonic, of any origin. */
  uint64_t (*now)(struct backend *backend);

  /* The next finished operation; waits at most `timeout_ns` for one (0: never, WAIT_FOREVER: for ever). */
  enum operation (*next)(struct backend *backend, uint64_t timeout_ns, struct completion *completion);

  /* Makes a `next` that waits, now or the next time, return. False: the system refused. Any thread, and in handlers of
   * signals. */
  bool (*wake)(struct backend *backend);

  /* Applies what was submitted, so that an outer loop may wait, and gives what it may wait for; -1: nothing. */
  intptr_t (*pollable)(struct backend *backend);

  /* ---- servers ---- */

  /* Begins to listen; accepts nothing yet. On failure the acceptor's memory is the caller's again. */
  struct outcome (*listen)(struct backend *backend, struct acceptor *acceptor, const struct listen_request *request);

  /*
   * Starts (`wanted`) or stops accepting. Each ACCEPT with result 0 offers one client, which must be answered with
   * `take` before the following `next`. A result below 0 is WEIR_EMFILE, WEIR_ENFILE, WEIR_ENOMEM or WEIR_ENOBUFS:
   * accepting has stopped, the acceptor is sound, submit again later.
   */
  void (*accept)(struct backend *backend, struct acceptor *acceptor, bool wanted);

  /* Makes the client that was offered a connection, or with NULL turns it away. */
  void (*take)(struct backend *backend, struct acceptor *acceptor, struct connection *connection);

  /* Stops listening at once: the name is free when this returns, unless it is detached. Comes back as
   * OPERATION_CLOSE_ACCEPTOR. */
  void (*close_acceptor)(struct backend *backend, struct acceptor *acceptor, enum ending ending);

  /* ---- connections ---- */

  /* Takes an open native connection over. On failure it stays the caller's. NULL for the connection: closes what an
   * ENDING_DETACH gave, a connection or an acceptor, because nobody wants it any more. */
  struct outcome (*open)(struct backend *backend, struct connection *connection, intptr_t native);

  /* Connects; the request is read before this returns. WEIR_EAGAIN: a local server is busy now. A connection whose
   * connect failed wants no close. */
  void (*connect)(struct backend *backend, struct connection *connection, const struct connect_request *request);

  /* Makes `to`, which is cleared memory, the connection that `from` is: its CONNECT has just come back, and nothing is
   * under way. `from` is the caller's memory again. */
  void (*move)(struct backend *backend, struct connection *from, struct connection *to);

  /* Starts (`wanted`) or stops reading. */
  void (*read)(struct backend *backend, struct connection *connection, bool wanted);

  /* Writes at once what the system takes at once; returns how much, 0 also on any error, which `write_queue` will meet.
   */
  size_t (*write)(struct backend *backend, struct connection *connection, const void *bytes, size_t length);

  /* The same, but what is taken may be with the system a little later; see rule 12. It is `write` itself where that
   * would gain nothing. */
  size_t (*write_soon)(struct backend *backend, struct connection *connection, const void *bytes, size_t length);

  /* Writes when the system is ready; may come back short. The pieces stay as they are until it has come back. */
  void (*write_queue)(struct backend *backend, struct connection *connection, const struct piece *pieces, size_t count);

  /*
   * Ends the write direction; nothing is queued. WEIR_ENOTSUP: this peer cannot be told, and both directions stay open.
   */
  void (*shutdown)(struct backend *backend, struct connection *connection);

  /* Ends the connection at once, without waiting for the peer; what the system took is not recalled, but by a reset.
   * False: refused, and nothing has happened; only ENDING_AT_END ever is. */
  bool (*close)(struct backend *backend, struct connection *connection, enum ending ending);

  /* Asks or tells an open connection something. */
  weir_code (*control)(struct backend *backend, struct connection *connection, enum control control, void *argument);
};

/* The backends of this system, the preferred one first; ends with NULL. Defined in the system's folder. */
extern const struct backend_operations *const backends_of_the_system[];

/* The simulator. */
extern const struct backend_operations backend_sim;

#endif
