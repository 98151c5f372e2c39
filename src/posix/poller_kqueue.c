/* SPDX-License-Identifier: MIT */
/*
 * The kqueue poller: macOS and the BSDs. Reading and writing are two filters of one descriptor, so one watch can be
 * ready twice in a batch. EV_EOF comes while data is still there to read (man 2 kqueue), so it only means: look.
 */
#include "posix/poller.h"

#include <errno.h>

#include "common/base/memory.h"
#include "posix/os.h"
#include "posix/os_kqueue.h"

enum { EVENTS_MAX = 256 };

struct poller {
  const weir_allocator *allocator;
  int descriptor;
  struct kevent events[EVENTS_MAX];
};

static int create_kqueue(const weir_allocator *allocator, struct poller **poller) {
  struct poller *made = memory_get(allocator, sizeof *made);
  if (made == NULL) return ENOMEM;
  made->allocator = allocator;
  made->descriptor = os_kqueue();
  if (made->descriptor < 0) {
    int failure = errno;
    memory_put(allocator, made);
    return failure;
  }
  *poller = made;
  return 0;
}

static void destroy_kqueue(struct poller *poller) {
  os_close(poller->descriptor);
  memory_put(poller->allocator, poller);
}

/* Appends what must change about one filter. */
static int change_filter(struct kevent *changes, int count, struct watch *watch, unsigned interest, unsigned direction,
                         int16_t filter) {
  if (((watch->interest ^ interest) & direction) == 0) return count;
  unsigned short action = (interest & direction) != 0 ? EV_ADD : EV_DELETE;
  EV_SET(&changes[count], (uintptr_t)watch->descriptor, filter, action, 0, 0, watch);
  return count + 1;
}

static int set_kqueue(struct poller *poller, struct watch *watch, unsigned interest) {
  struct kevent changes[2];
  int count = change_filter(changes, 0, watch, interest, READY_READ, EVFILT_READ);
  count = change_filter(changes, count, watch, interest, READY_WRITE, EVFILT_WRITE);
  if (count == 0) return 0;
  /* EINTR: all changes have been applied (man 2 kqueue). */
  if (os_kevent(poller->descriptor, changes, count, NULL, 0, NULL) < 0 && errno != EINTR) return errno;
  watch->interest = (uint8_t)interest;
  return 0;
}

/* Closing a descriptor takes it out of the queue, also when a child has it open. */
static void forget_kqueue(struct poller *poller, struct watch *watch) {
  (void)poller;
  watch->interest = 0;
}

static struct timespec to_timespec(uint64_t timeout_ns) {
  return (struct timespec){.tv_sec = (time_t)(timeout_ns / 1000000000), .tv_nsec = (long)(timeout_ns % 1000000000)};
}

/* EV_EOF for reading can be a half-close; for writing it means that nobody reads any more (man 2 kqueue). */
static uint32_t events_of(const struct kevent *event) {
  if (event->filter == EVFILT_READ) return READY_READ;
  return (event->flags & EV_EOF) != 0 ? READY_WRITE | READY_HANG_UP : READY_WRITE;
}

static int wait_kqueue(struct poller *poller, struct ready *ready, int room, uint64_t timeout_ns) {
  /* Some systems refuse a time-out of many years. */
  const uint64_t longest_ns = 86400 * 1000000000ull;
  struct timespec timeout = to_timespec(timeout_ns < longest_ns ? timeout_ns : longest_ns);
  if (room > EVENTS_MAX) room = EVENTS_MAX;
  int count =
      os_kevent(poller->descriptor, NULL, 0, poller->events, room, timeout_ns == WAIT_FOREVER ? NULL : &timeout);
  for (int i = 0; i < count; i++) {
    ready[i].events = events_of(&poller->events[i]);
    ready[i].watch = poller->events[i].udata;
  }
  return count;
}

static int pollable_kqueue(struct poller *poller) { return poller->descriptor; }

const struct poller_operations poller_kqueue = {
    .names_twice = true,
    .create = create_kqueue,
    .destroy = destroy_kqueue,
    .set = set_kqueue,
    .forget = forget_kqueue,
    .wait = wait_kqueue,
    .pollable = pollable_kqueue,
};
