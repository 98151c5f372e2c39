/* SPDX-License-Identifier: MIT */
/*
 * The epoll poller. Level-triggered: edges lost input when tried, and on Unix sockets they wake more often, because a
 * peer's read wakes everyone who is registered for writing.
 */
#include "posix/poller.h"

#include <errno.h>

#include "common/base/memory.h"
#include "posix/os.h"
#include "posix/os_epoll.h"

struct poller {
  const weir_allocator *allocator;
  int descriptor;
};

_Static_assert(EPOLLIN == READY_READ && EPOLLOUT == READY_WRITE, "the values are shared");
_Static_assert(EPOLLERR == READY_ERROR && EPOLLHUP == READY_HANG_UP, "the values are shared");

/* Whether the kernel's array can be used as it is. */
enum {
  SAME_LAYOUT = sizeof(struct ready) == sizeof(struct epoll_event) &&
                offsetof(struct ready, watch) == offsetof(struct epoll_event, data)
};

/* How many events are taken at once where they must be converted. */
enum { CONVERTED_MAX = 64 };

static int create_epoll(const weir_allocator *allocator, struct poller **poller) {
  struct poller *made = memory_get(allocator, sizeof *made);
  if (made == NULL) return ENOMEM;
  made->allocator = allocator;
  made->descriptor = os_epoll_create();
  if (made->descriptor < 0) {
    int failure = errno;
    memory_put(allocator, made);
    return failure;
  }
  *poller = made;
  return 0;
}

static void destroy_epoll(struct poller *poller) {
  os_close(poller->descriptor);
  memory_put(poller->allocator, poller);
}

static int set_epoll(struct poller *poller, struct watch *watch, unsigned interest) {
  struct epoll_event event = {.events = interest, .data.ptr = watch};
  int operation = interest == 0 ? EPOLL_CTL_DEL : watch->interest == 0 ? EPOLL_CTL_ADD : EPOLL_CTL_MOD;
  if (os_epoll_ctl(poller->descriptor, operation, watch->descriptor, &event) < 0) return errno;
  watch->interest = (uint8_t)interest;
  return 0;
}

/*
 * Closing takes a descriptor out of the set only when nobody else has it open. A process that is being started has,
 * until its exec, and a child without exec for good: the set would then go on to name a watch that is no more.
 */
static void forget_epoll(struct poller *poller, struct watch *watch) {
  os_epoll_ctl(poller->descriptor, EPOLL_CTL_DEL, watch->descriptor, NULL);
}

static int wait_and_convert(struct poller *poller, struct ready *ready, int room, int timeout_ms) {
  struct epoll_event events[CONVERTED_MAX];
  if (room > CONVERTED_MAX) room = CONVERTED_MAX;
  int count = os_epoll_wait(poller->descriptor, events, room, timeout_ms);
  for (int i = 0; i < count; i++) ready[i] = (struct ready){.events = events[i].events, .watch = events[i].data.ptr};
  return count;
}

static inline int wait_in_ms(struct poller *poller, struct ready *ready, int room, int timeout_ms) {
  return SAME_LAYOUT ? os_epoll_wait(poller->descriptor, (struct epoll_event *)(void *)ready, room, timeout_ms)
                     : wait_and_convert(poller, ready, room, timeout_ms);
}

static int wait_epoll(struct poller *poller, struct ready *ready, int room, uint64_t timeout_ns) {
  if (timeout_ns == WAIT_FOREVER) return wait_in_ms(poller, ready, room, -1);
  return wait_in_ms(poller, ready, room, timeout_in_ms(timeout_ns));
}

static int pollable_epoll(struct poller *poller) { return poller->descriptor; }

const struct poller_operations poller_epoll = {
    .create = create_epoll,
    .destroy = destroy_epoll,
    .set = set_epoll,
    .forget = forget_epoll,
    .wait = wait_epoll,
    .pollable = pollable_epoll,
};
