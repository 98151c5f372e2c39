/* SPDX-License-Identifier: MIT */
#include "win32/passage.h"

#include <string.h>

#include "common/base/list.h"

/* Another build's passage is not understood. */
#define MARK 0x57454952U
#define VERSION 1U

/* How often the end of a side looks whether an offer to it is complete: a second. */
#define OFFERING_LOOKS 100

struct shared_passage {
  uint32_t mark;
  uint32_t version;
  volatile LONG expected;  /* the process that the second side was given to */
  volatile LONG arrived;   /* the one that has it; 0: none yet */
  struct offers offers[2]; /* by each side */
};

/* What passages are found by. */
static const char kind_of_passage;

static struct offers *outgoing(const struct passage *passage) { return &passage->shared->offers[passage->side]; }

static struct offers *incoming(const struct passage *passage) { return &passage->shared->offers[1 - passage->side]; }

/* ---- making ---- */

static DWORD open_side(HANDLE section, uint32_t side, struct passage **opened) {
  struct passage *passage = os_heap_get(sizeof *passage);
  if (passage == NULL) return ERROR_NOT_ENOUGH_MEMORY;
  void *memory;
  DWORD error = os_section_map(section, sizeof *passage->shared, &memory);
  if (error != ERROR_SUCCESS) {
    os_heap_put(passage);
    return error;
  }
  passage->section = section;
  passage->shared = memory;
  passage->side = side;
  *opened = passage;
  return ERROR_SUCCESS;
}

static void free_side(struct passage *passage) {
  if (passage->peer != NULL && passage->peer != os_process_self()) os_close(passage->peer);
  os_section_unmap(passage->shared);
  os_heap_put(passage);
}

static DWORD read_number(volatile LONG *number) { return (DWORD)InterlockedCompareExchange(number, 0, 0); }

static void be_found(struct passage *passage) {
  parcel_leave(&passage->parcel, &kind_of_passage, (intptr_t)passage->section);
}

struct passage *passage_find(intptr_t section) {
  struct parcel *parcel = parcel_find(&kind_of_passage, section);
  return parcel == NULL ? NULL : CONTAINER_OF(parcel, struct passage, parcel);
}

static void be_in_one_process(struct passage *passage) {
  passage->peer = os_process_self();
  passage->peer_number = os_process_id();
  passage->shared->mark = MARK;
  passage->shared->version = VERSION;
  InterlockedExchange(&passage->shared->expected, (LONG)os_process_id());
  InterlockedExchange(&passage->shared->arrived, (LONG)os_process_id());
}

static DWORD open_sides(const HANDLE sections[2]) {
  struct passage *sides[2];
  DWORD error = open_side(sections[0], 0, &sides[0]);
  if (error != ERROR_SUCCESS) return error;
  error = open_side(sections[1], 1, &sides[1]);
  if (error != ERROR_SUCCESS) {
    free_side(sides[0]);
    return error;
  }
  for (int i = 0; i < 2; ++i) {
    be_in_one_process(sides[i]);
    be_found(sides[i]);
  }
  return ERROR_SUCCESS;
}

DWORD passage_create(HANDLE sections[2]) {
  DWORD error = os_section_create(sizeof(struct shared_passage), &sections[0]);
  if (error != ERROR_SUCCESS) return error;
  error = os_handle_fetch(os_process_self(), sections[0], &sections[1]);
  if (error == ERROR_SUCCESS) {
    error = open_sides(sections);
    if (error != ERROR_SUCCESS) os_close(sections[1]);
  }
  if (error != ERROR_SUCCESS) os_close(sections[0]);
  return error;
}

DWORD passage_meet(struct passage *passage, HANDLE process) {
  HANDLE copy;
  DWORD number;
  DWORD error = os_process_number(process, &number);
  if (error == ERROR_SUCCESS) error = os_handle_fetch(os_process_self(), process, &copy);
  if (error != ERROR_SUCCESS) return error;
  passage->peer = copy;
  passage->peer_number = number;
  InterlockedExchange(&passage->shared->expected, (LONG)number);
  InterlockedCompareExchange(&passage->shared->arrived, 0, (LONG)os_process_id());
  return ERROR_SUCCESS;
}

DWORD passage_inherit(HANDLE section, DWORD parent) {
  struct passage *passage;
  DWORD error = open_side(section, 1, &passage);
  if (error != ERROR_SUCCESS) return error;
  struct shared_passage *shared = passage->shared;
  if (shared->mark != MARK || shared->version != VERSION) {
    free_side(passage);
    return ERROR_REVISION_MISMATCH;
  }
  passage->peer_number = parent;
  if (os_process_open(parent, &passage->peer) != ERROR_SUCCESS) passage->peer = NULL;
  InterlockedExchange(&shared->arrived, (LONG)os_process_id());
  be_found(passage);
  return ERROR_SUCCESS;
}

/*
 * A child may be a mere launcher, whose own child has inherited everything: then handles that were put into the one
 * would be looked for in the other.
 */
bool passage_is_direct(const struct passage *passage) {
  DWORD arrived = read_number(&passage->shared->arrived);
  DWORD expected = read_number(&passage->shared->expected);
  return passage->side == 0 ? arrived == 0 || arrived == expected : expected == os_process_id();
}

bool passage_is_lost(const struct passage *passage) {
  return passage->peer != NULL && passage->peer != os_process_self() && os_process_has_ended(passage->peer);
}

/* ---- the end ---- */

static bool withdraw(struct offer *offer) {
  return InterlockedCompareExchange(&offer->state, OFFER_WITHDRAWN, OFFER_OFFERED) == OFFER_OFFERED;
}

/* Behind this nothing more is offered. One who has died in the middle of it has offered nothing. */
static void refuse_further(struct offers *offers) {
  InterlockedExchange(&offers->ended, 1);
  for (int i = 0; i < OFFERING_LOOKS && InterlockedCompareExchange(&offers->offering, 1, 1) != 0; ++i) {
    os_thread_pause();
  }
}

void passage_sweep_withdrawn(struct passage *passage, passage_sweep sweep) {
  for (uint32_t i = 0; i < PASSAGE_OFFERS; ++i) {
    struct offer *offer = &incoming(passage)->all[i];
    if (InterlockedCompareExchange(&offer->state, OFFER_WITHDRAWN, OFFER_WITHDRAWN) != OFFER_WITHDRAWN) continue;
    sweep(passage, offer);
    InterlockedExchange(&offer->state, OFFER_FREE);
  }
}

/* The second side may be another process's by now. */
static bool is_mine(const struct passage *passage) {
  return passage->side == 0 || read_number(&passage->shared->arrived) == os_process_id();
}

void passage_end(struct passage *passage, passage_sweep sweep) {
  parcel_take(&kind_of_passage, (intptr_t)passage->section);
  if (is_mine(passage)) {
    refuse_further(incoming(passage));
    for (uint32_t i = 0; i < PASSAGE_OFFERS; ++i) {
      withdraw(&outgoing(passage)->all[i]);
      withdraw(&incoming(passage)->all[i]);
    }
    passage_sweep_withdrawn(passage, sweep);
  }
  HANDLE section = passage->section;
  free_side(passage);
  os_close(section);
}

/* ---- offering ---- */

static struct offer *find_free(struct offers *offers, uint32_t *number) {
  for (uint32_t i = 0; i < PASSAGE_OFFERS; ++i) {
    struct offer *offer = &offers->all[i];
    *number = i;
    if (InterlockedCompareExchange(&offer->state, OFFER_FREE, OFFER_FREE) == OFFER_FREE) return offer;
  }
  return NULL;
}

DWORD passage_begin_offer(struct passage *passage, struct offer **offer, uint32_t *number) {
  struct offers *offers = outgoing(passage);
  InterlockedExchange(&offers->offering, 1);
  bool ended = InterlockedCompareExchange(&offers->ended, 1, 1) != 0;
  *offer = ended ? NULL : find_free(offers, number);
  if (*offer != NULL) return ERROR_SUCCESS;
  InterlockedExchange(&offers->offering, 0);
  return ended ? ERROR_BROKEN_PIPE : ERROR_BUSY;
}

void passage_end_offer(struct passage *passage, struct offer *offer, enum offer_state state) {
  InterlockedExchange(&offer->state, (LONG)state);
  InterlockedExchange(&outgoing(passage)->offering, 0);
}

/* ---- claiming ---- */

/* The other side can write there at any time, so nothing is looked at twice. */
DWORD passage_look(struct passage *passage, uint32_t number, struct offer *copy) {
  if (number >= PASSAGE_OFFERS) return ERROR_INVALID_DATA;
  struct offer *offer = &incoming(passage)->all[number];
  LONG state = InterlockedCompareExchange(&offer->state, OFFER_FREE, OFFER_FREE);
  if (state == OFFER_WITHDRAWN) return ERROR_CANCELLED;
  if (state != OFFER_OFFERED) return ERROR_INVALID_DATA;
  memcpy(copy, offer, sizeof *copy);
  return copy->length <= PASSAGE_OFFER_BYTES ? ERROR_SUCCESS : ERROR_INVALID_DATA;
}

bool passage_claim(struct passage *passage, uint32_t number) {
  struct offer *offer = &incoming(passage)->all[number];
  return InterlockedCompareExchange(&offer->state, OFFER_FREE, OFFER_OFFERED) == OFFER_OFFERED;
}

/* ---- handles: 32 bits are enough for one, on every Windows ---- */

DWORD passage_send(const struct passage *passage, HANDLE handle, uint32_t *value) {
  HANDLE there = handle;
  DWORD error = ERROR_SUCCESS;
  if (passage->side == 0) error = os_handle_send(handle, passage->peer, &there);
  *value = (uint32_t)(uintptr_t)there;
  return error;
}

DWORD passage_receive(const struct passage *passage, uint32_t value, HANDLE *handle) {
  HANDLE there = (HANDLE)(uintptr_t)value;
  if (passage->side == 0) return os_handle_fetch(passage->peer, there, handle);
  *handle = there;
  DWORD error = os_handle_keep(there);
  if (error != ERROR_SUCCESS) os_close(there);
  return error;
}
