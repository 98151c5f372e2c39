/* SPDX-License-Identifier: MIT */
/*
 * How handles travel to another process: a narrow table beside the seam, one for each kind of backend. It is used when
 * a channel is made and when a handle goes through it, never for the bytes of a connection.
 *
 * A channel has two parts: a *stream*, which is an ordinary connection and carries messages, and a *passage* beside it,
 * through which natives go. `give` comes before the message that names what was given, and `take` behind it; both in
 * the same order. A ticket is what the message must hold for that.
 *
 * The giver's native stays valid, and its connection alive, until the taker has said that it has it:
 *
 *   giver:  give --TAKEN--> release        give --REFUSED--> its own again: `open`, `listen`, another `give`, or closed
 *           give --channel lost--> its own again; the taker may have it, but is as a rule dead
 *   taker:  take --> `open` or `listen`, then TAKEN        take --> release, then REFUSED
 *
 * `release` closes one of the two without the peer's noticing; `open` of the seam without a connection closes it for
 * good. Where both are one, as in a simulated world, `release` does nothing, and closing what was opened since does
 * nothing either.
 */
#ifndef WEIR_COMMON_PASSING_H
#define WEIR_COMMON_PASSING_H

#include <stddef.h>
#include <stdint.h>

#include <weir/error.h>

struct acceptor;
struct backend;
struct connection;

/* Room for what a message says of a handle. */
#define PASSING_TICKET_BYTES 1024

/* No native. */
#define PASSING_NONE ((intptr_t)-1)

enum passing_kind { PASSING_CONNECTION, PASSING_ACCEPTOR };

struct passing_ticket {
  size_t length;
  unsigned char bytes[PASSING_TICKET_BYTES];
};

/* One end of a channel. */
struct channel_end {
  intptr_t stream;  /* what `open` of the seam takes */
  intptr_t passage; /* the system's own: a descriptor on POSIX; PASSING_NONE: nothing can be passed */
};

struct passing_operations {
  /*
   * Makes a channel whose ends are both in this process, until the second one is inherited by a child, as descriptors
   * or HANDLEs that it is told the numbers of.
   */
  weir_code (*create)(struct backend *backend, struct channel_end ends[2]);

  /* The second end is a child's now, and this is the child: `process` is a pid on POSIX, a HANDLE on Windows. */
  weir_code (*meet)(struct backend *backend, struct channel_end *end, intptr_t process);

  /* The end that this process was spawned with, once. WEIR_ENOTCONN: it has none, or has had it. */
  weir_code (*inherit)(struct backend *backend, struct channel_end *end);

  /* Closes what is left of an end: each part unless it is PASSING_NONE. What is in the passage is closed with it. */
  void (*close)(struct backend *backend, const struct channel_end *end);

  /* Sends a native along. WEIR_EAGAIN: there is no room now; again after an acknowledgement, or after a moment. */
  weir_code (*give)(struct backend *backend, intptr_t passage, enum passing_kind kind, intptr_t native,
                    struct passing_ticket *ticket);

  /*
   * The native that was given with this ticket. The ticket may be forged: WEIR_EPROTO, and the channel is closed. Any
   * other failure refuses this one, and the next can be taken.
   */
  weir_code (*take)(struct backend *backend, intptr_t passage, enum passing_kind kind, const void *ticket,
                    size_t length, intptr_t *native);

  /* Closes a native that the other side has; see above. */
  void (*release)(struct backend *backend, enum passing_kind kind, intptr_t native);

  /* A second native for what stays open here. WEIR_ENOTSUP where there is no such thing. */
  weir_code (*duplicate_connection)(struct backend *backend, struct connection *connection, intptr_t *native);
  weir_code (*duplicate_acceptor)(struct backend *backend, struct acceptor *acceptor, intptr_t *native);
};

#endif
