/* SPDX-License-Identifier: MIT */
/*
 * The poll poller: everywhere, and O(n) per wait. Two arrays in step, one for the system and one that says whose entry
 * it is; each watch knows its place, so that taking one out moves only the last one.
 *
 * A wait that finds more than there is room for begins the next time where it left off, so that nobody starves.
 */
#define _DEFAULT_SOURCE 1

#include "posix/poller.h"

#include <assert.h>
#include <errno.h>

#include "common/base/memory.h"
#include "posix/os.h"

struct poller {
  const weir_allocator *allocator;
  struct pollfd *entries;
  struct watch **watches;
  uint32_t count;
  uint32_t capacity;
  uint32_t start; /* where the next wait begins to look */
};

_Static_assert(POLLIN == READY_READ && POLLOUT == READY_WRITE, "the values are shared");
_Static_assert(POLLERR == READY_ERROR && POLLHUP == READY_HANG_UP, "the values are shared");

enum { FIRST_CAPACITY = 16 };

static int create_poll(const weir_allocator *allocator, struct poller **poller) {
  struct poller *made = memory_get_zeroed(allocator, sizeof *made);
  if (made == NULL) return ENOMEM;
  made->allocator = allocator;
  *poller = made;
  return 0;
}

static void destroy_poll(struct poller *poller) {
  memory_put(poller->allocator, poller->entries);
  memory_put(poller->allocator, poller->watches);
  memory_put(poller->allocator, poller);
}

/* Makes room for one more; when only one of the arrays could grow, it stays longer than it need be. */
static int grow(struct poller *poller) {
  if (poller->count < poller->capacity) return 0;
  size_t capacity = poller->capacity == 0 ? FIRST_CAPACITY : (size_t)poller->capacity * 2;
  struct pollfd *entries = memory_resize(poller->allocator, poller->entries, capacity * sizeof *entries);
  if (entries == NULL) return ENOMEM;
  poller->entries = entries;
  struct watch **watches = memory_resize(poller->allocator, poller->watches, capacity * sizeof(struct watch *));
  if (watches == NULL) return ENOMEM;
  poller->watches = watches;
  poller->capacity = (uint32_t)capacity;
  return 0;
}

static void take_out(struct poller *poller, struct watch *watch) {
  uint32_t hole = watch->place - 1;
  uint32_t last = --poller->count;
  assert(poller->watches[hole] == watch);
  poller->entries[hole] = poller->entries[last];
  poller->watches[hole] = poller->watches[last];
  poller->watches[hole]->place = hole + 1;
  watch->place = 0;
}

static void forget_poll(struct poller *poller, struct watch *watch) {
  if (watch->place != 0) take_out(poller, watch);
  watch->interest = 0;
}

static int set_poll(struct poller *poller, struct watch *watch, unsigned interest) {
  if (interest == 0) {
    forget_poll(poller, watch);
    return 0;
  }
  if (watch->place == 0) {
    int failure = grow(poller);
    if (failure != 0) return failure;
    poller->watches[poller->count] = watch;
    watch->place = ++poller->count;
  }
  poller->entries[watch->place - 1] = (struct pollfd){.fd = watch->descriptor, .events = (short)interest};
  watch->interest = (uint8_t)interest;
  return 0;
}

/* POLLNVAL, a descriptor that somebody else closed: the operation that tries it will hear EBADF. */
static uint32_t translate(short events) {
  uint32_t known = (uint32_t)events & (READY_READ | READY_WRITE | READY_ERROR | READY_HANG_UP);
  return (events & POLLNVAL) != 0 ? known | READY_ERROR : known;
}

static int collect(struct poller *poller, struct ready *ready, int room, int ready_count) {
  int found = 0;
  uint32_t at = poller->start < poller->count ? poller->start : 0;
  for (uint32_t looked = 0; looked < poller->count && found < room && found < ready_count; looked++) {
    short events = poller->entries[at].revents;
    if (events != 0) ready[found++] = (struct ready){.events = translate(events), .watch = poller->watches[at]};
    if (++at == poller->count) at = 0;
  }
  poller->start = ready_count > found ? at : 0;
  return found;
}

static int wait_poll(struct poller *poller, struct ready *ready, int room, uint64_t timeout_ns) {
  int count = os_poll(poller->entries, poller->count, timeout_in_ms(timeout_ns));
  return count < 0 ? count : collect(poller, ready, room, count);
}

static int pollable_poll(struct poller *poller) {
  (void)poller;
  return -1;
}

const struct poller_operations poller_poll = {
    .create = create_poll,
    .destroy = destroy_poll,
    .set = set_poll,
    .forget = forget_poll,
    .wait = wait_poll,
    .pollable = pollable_poll,
};
