/* SPDX-License-Identifier: MIT */
/*
 * The passage beside a channel: memory that both processes see, in which one *offers* a handle and the other claims it.
 *
 *   FREE --offered--> OFFERED --claimed--> FREE          OFFERED --withdrawn--> WITHDRAWN --swept--> FREE
 *
 * Claiming and withdrawing exclude each other, so when a channel is lost both sides agree on who has what, and no
 * handle stays behind that nobody knows: what was put into the other process already and is not wanted any more, that
 * process closes when it takes the next one, or closes its side.
 *
 * Pipes are moved by the side that made the passage, the parent: it puts handles into its child, and fetches its
 * child's. So a child needs no rights over its parent. Sockets only the sender can share, by the system's rules, and a
 * child that may not open its parent cannot.
 *
 * A passage is had by the HANDLE of its memory, which a child inherits.
 */
#ifndef WEIR_WIN32_PASSAGE_H
#define WEIR_WIN32_PASSAGE_H

#include "win32/os_passing.h"
#include "win32/parcel.h"

/* How many handles may be offered at a time, and the most that can be said of one. */
#define PASSAGE_OFFERS 16
#define PASSAGE_OFFER_BYTES 8192

enum offer_state { OFFER_FREE = 0, OFFER_OFFERED, OFFER_WITHDRAWN };

/* One handle on its way, with what must be known of it. */
struct offer {
  volatile LONG state;
  uint32_t kind; /* enum passing_kind */
  uint32_t length;
  unsigned char bytes[PASSAGE_OFFER_BYTES];
};

/* What one side offers the other. */
struct offers {
  volatile LONG offering; /* the one is putting something in */
  volatile LONG ended;    /* the other takes nothing any more */
  struct offer all[PASSAGE_OFFERS];
};

struct shared_passage;

struct passage {
  struct parcel parcel; /* by which it is found */
  HANDLE section;
  struct shared_passage *shared;
  uint32_t side; /* 0 made it */
  HANDLE peer;   /* the other side's process; NULL: unknown, or out of reach */
  DWORD peer_number;
};

/* ---- making ---- */

/* Makes a passage whose sides are both in this process. */
DWORD passage_create(HANDLE sections[2]);

/* The other side is this process from now on. */
DWORD passage_meet(struct passage *passage, HANDLE process);

/* The second side of one, which this process has inherited from that one. ERROR_REVISION_MISMATCH: it is no such. */
DWORD passage_inherit(HANDLE section, DWORD parent);

struct passage *passage_find(intptr_t section);

/* Whether the process at the other side is the one that this side knows. */
bool passage_is_direct(const struct passage *passage);

/* Whether that process has ended. */
bool passage_is_lost(const struct passage *passage);

/*
 * Ends a side: what it has offered and nobody has is withdrawn; `sweep` closes each thing that was offered to it. A
 * side that is another process's by now is only forgotten.
 */
typedef void (*passage_sweep)(struct passage *passage, const struct offer *offer);
void passage_end(struct passage *passage, passage_sweep sweep);

/* ---- offering ---- */

/* A place for an offer, or NULL with ERROR_BUSY, or ERROR_BROKEN_PIPE when the other side has ended. */
DWORD passage_begin_offer(struct passage *passage, struct offer **offer, uint32_t *number);

/* OFFERED: it is complete. WITHDRAWN: it is not, and the other side shall close what is in it. FREE: nothing is. */
void passage_end_offer(struct passage *passage, struct offer *offer, enum offer_state state);

/* ---- claiming ---- */

/* A copy of an offer. ERROR_INVALID_DATA: nobody offers that. ERROR_CANCELLED: it was withdrawn. */
DWORD passage_look(struct passage *passage, uint32_t number, struct offer *copy);

/* Ends an offer after its handles were taken. False: it was withdrawn meanwhile. */
bool passage_claim(struct passage *passage, uint32_t number);

/* Closes everything that was offered to this side and withdrawn. */
void passage_sweep_withdrawn(struct passage *passage, passage_sweep sweep);

/* ---- handles ---- */

/* Puts a handle on its way to the other side, and gets one that came from there. */
DWORD passage_send(const struct passage *passage, HANDLE handle, uint32_t *value);
DWORD passage_receive(const struct passage *passage, uint32_t value, HANDLE *handle);

#endif
