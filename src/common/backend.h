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
 *     memory is the caller's, to clear and use again, or to free.
 *  5. `next` hands out what is finished; when nothing is, it waits. It returns OPERATION_NONE after a time-out, after a
 *     wake, and at the end of each batch that the system gave, so that the caller can look at its clock. When the
 * system cannot be asked at all, the result of that OPERATION_NONE is a code; the caller has set it to 0 before.
 *  6. No code of the user runs inside a backend; bytes of a read are lent until the following `next`, whatever is
 *     submitted before.
 *  7. An idle connection pins no buffer. (A message-type pipe needs a small one, see win32.)
 *  8. Only `wake` may be called from another thread.
 *  9. No clock runs below the seam. "Busy, try again" is the completion WEIR_EAGAIN of a connect; "short of
 * descriptors" is WEIR_EMFILE or WEIR_ENFILE of an accept, after the backend has shed a client if it could. Common
 * waits with its own timers and submits again.
 * 10. When the peer is gone, what it sent is read to its end before a queued write fails for it, as long as reading is
 *     submitted: a failed write ends the connection, and the peer's last words would be lost.
 * 11. After a short `write` the connection is closed, or `write_queue` continues with exactly the bytes that follow: a
 *     backend may have begun with them already.
 *
 * A simulated backend and a fault layer hold both sides to these rules; they are stricter than a kernel.
 */
#ifndef WEIR_COMMON_BACKEND_H
#define WEIR_COMMON_BACKEND_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <weir/error.h>
#include <weir/loop.h>

#include "common/address.h"

/* One per loop; each backend defines its own. */
struct backend;

/*
 * The backend's part of a socket and of a server. Common allocates `connection_bytes` or `acceptor_bytes` behind its
 * own structure, aligned for any type and zeroed before `take`, `open`, `connect` or `listen`.
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

/* What `next` brings. */
struct completion {
  union {
    struct connection *connection; /* READ, WRITE, CONNECT, SHUTDOWN, CLOSE */
    struct acceptor *acceptor;     /* ACCEPT, CLOSE_ACCEPTOR */
  };
  ptrdiff_t result;  /* READ, WRITE: bytes, more than 0; or COMPLETION_END (READ), or a weir_code below 0. Else 0 or a
                        weir_code below 0. */
  const void *bytes; /* READ with a result above 0: the bytes, lent. */
  int native_code;   /* with a weir_code as result: what the system said, or 0 */
  const char *hint;  /* with a weir_code as result: a sentence that lives for ever, or NULL. Unset otherwise. */
};

/* Why an operation that answers at once failed. */
struct outcome {
  weir_code code;   /* WEIR_OK, or what went wrong; the rest counts only then */
  int native_code;  /* what the system said, or 0 */
  const char *hint; /* a sentence that lives for ever, or NULL */
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
  struct address *address; /* where; replaced by the native name that was had. Kind ADDRESS_NONE: on `native`, and the
                              name that is bound to replaces it */
  intptr_t native;         /* a bound descriptor, when the address is none */
  int backlog;
  bool readable_all;
  bool writable_all;
};

/* What `query` can tell of a connection. */
enum query {
  QUERY_CAN_HALF_CLOSE, /* 1: the peer will learn of a shutdown; 0: it cannot be told */
  QUERY_NATIVE          /* the descriptor or HANDLE */
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

  /* ---- the loop ---- */

  /* Makes a backend. WEIR_ENOTSUP: this system refuses it, another may work. */
  weir_code (*create)(const struct backend_setup *setup, struct backend **backend);

  /* Ends it; every connection and acceptor has been closed and has come back. */
  void (*destroy)(struct backend *backend);

  /* The clock in nanoseconds: monotonic, of any origin. */
  uint64_t (*now)(struct backend *backend);

  /* The next finished operation; waits at most `timeout_ns` for one (0: never, WAIT_FOREVER: for ever). */
  enum operation (*next)(struct backend *backend, uint64_t timeout_ns, struct completion *completion);

  /* Makes a `next` that waits, now or the next time, return. Any thread. */
  void (*wake)(struct backend *backend);

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

  /* Stops listening at once: the name is free when this returns. Comes back as OPERATION_CLOSE_ACCEPTOR. */
  void (*close_acceptor)(struct backend *backend, struct acceptor *acceptor);

  /* ---- connections ---- */

  /* Takes an open native connection over. On failure it stays the caller's. */
  struct outcome (*open)(struct backend *backend, struct connection *connection, intptr_t native);

  /* Connects. WEIR_EAGAIN: the server is busy now. A connection whose connect failed wants no close. */
  void (*connect)(struct backend *backend, struct connection *connection, const struct address *address);

  /* Starts reading. */
  void (*read)(struct backend *backend, struct connection *connection);

  /* Stops reading. */
  void (*read_stop)(struct backend *backend, struct connection *connection);

  /* Writes at once what the system takes at once; returns how much, 0 also on any error, which `write_queue` will meet.
   */
  size_t (*write)(struct backend *backend, struct connection *connection, const void *bytes, size_t length);

  /* Writes when the system is ready; may come back short. The pieces stay as they are until it has come back. */
  void (*write_queue)(struct backend *backend, struct connection *connection, const struct piece *pieces, size_t count);

  /*
   * Ends the write direction; nothing is queued. WEIR_ENOTSUP: this peer cannot be told, and both directions stay open.
   */
  void (*shutdown)(struct backend *backend, struct connection *connection);

  /* Ends the connection at once, without waiting for the peer; what the system took is not recalled. */
  void (*close)(struct backend *backend, struct connection *connection);

  /* Answers a question about an open connection. */
  intptr_t (*query)(struct backend *backend, const struct connection *connection, enum query query);
};

/* The backends of this system, the preferred one first; ends with NULL. Defined in the system's folder. */
extern const struct backend_operations *const backends_of_the_system[];

/* The simulator. */
extern const struct backend_operations backend_sim;

#endif
