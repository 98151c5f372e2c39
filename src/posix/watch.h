/* SPDX-License-Identifier: MIT */
/*
 * What connections, acceptors and the waker have in common: a descriptor that a poller watches, and the operations
 * under way on it. It is the first member of each of them and all that a connection has: 24 bytes.
 *
 * An operation is a bit in `pending` from its submission until it comes back, and a bit in `due` when it is finished
 * and waits to be handed out. A watch is in the queue of the finished exactly while `due` is not 0; only then are
 * `next` and `hint` are in use, and never then are `pieces`.
 */
#ifndef WEIR_POSIX_WATCH_H
#define WEIR_POSIX_WATCH_H

#include <stdint.h>

#include "common/backend.h"

enum watch_kind { WATCH_UNIX_CONNECTION = 0, WATCH_TCP_CONNECTION, WATCH_ACCEPTOR, WATCH_WAKE };

/* An operation as a bit. */
#define PENDING(operation) (1u << (operation))

struct watch {
  int descriptor;   /* -1: closed */
  uint8_t kind;     /* enum watch_kind */
  uint8_t pending;  /* submitted, not come back */
  uint8_t due;      /* of these: finished, not handed out */
  uint8_t interest; /* what the poller watches for: READY_READ, READY_WRITE */
  uint32_t place;   /* the poll poller's: index in its array plus 1; 0: not there */
  int16_t failure;  /* what is due failed with this errno; 0: it succeeded */
  uint8_t met;      /* the errno that ended the connection, when the system will not say it again; or 0 */
  union {
    uint8_t hint;  /* enum hint that goes with the failure of what is due */
    uint8_t count; /* of the pieces of a pending write */
  };
  union {
    const struct piece *pieces; /* of a pending write */
    struct watch *next;         /* in the queue of the finished */
  };
};

_Static_assert(OPERATION_CLOSE_ACCEPTOR < 8, "an operation is a bit of a byte");
_Static_assert(PIECES_MAX <= UINT8_MAX, "the pieces are counted in a byte");
_Static_assert(sizeof(void *) != 8 || sizeof(struct watch) == 24, "a connection pays 24 bytes for this");

#endif
