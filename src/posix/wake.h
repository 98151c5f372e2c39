/* SPDX-License-Identifier: MIT */
/*
 * How another thread wakes a loop that waits: a descriptor that becomes readable. Either an eventfd (Linux) or a pipe;
 * the file that is built decides. Only a wake that finds the loop asleep goes to the kernel:
 *
 *   AWAKE  --is about to wait, or to be waited for-->  ASLEEP  --has waited-->  AWAKE
 *   AWAKE  --wake-->  WOKEN                            ASLEEP  --wake, and the descriptor becomes readable-->  WOKEN
 *   WOKEN  --heard of-->  AWAKE
 *
 * Before it waits, the loop says so and looks what was there, in one step; a wake says what it wants and looks whether
 * the loop waits, in one step too. So one of the two sees the other, and no wake is lost.
 */
#ifndef WEIR_POSIX_WAKE_H
#define WEIR_POSIX_WAKE_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

enum wakefulness {
  AWAKE = 0, /* it looks around before it waits */
  ASLEEP,    /* it waits, or an outer loop waits for it */
  WOKEN      /* a wake has come, of which it has not heard */
};

struct wake {
  int read_end;
  int write_end;          /* the same as read_end for an eventfd */
  atomic_int wakefulness; /* enum wakefulness */
};

/* Opens it; 0, or the errno. */
int wake_open(struct wake *wake);

void wake_close(struct wake *wake);

/* Makes the read end readable; false when the system refuses. */
bool wake_signal(const struct wake *wake);

/* Makes the read end unreadable again. */
void wake_clear(const struct wake *wake);

/* Wakes the loop; false when the system refuses. Any thread, and in handlers of signals. */
static inline bool wake_send(struct wake *wake) {
  if (atomic_exchange(&wake->wakefulness, WOKEN) != ASLEEP || wake_signal(wake)) return true;
  int woken = WOKEN; /* nobody hears of it, so the next one tries again */
  atomic_compare_exchange_strong(&wake->wakefulness, &woken, ASLEEP);
  return false;
}

/* The loop would wait so long. Returns how long it may: not at all when there was a wake, of which it has `heard` now.
 */
static inline uint64_t wake_fall_asleep(struct wake *wake, uint64_t timeout_ns, bool *heard) {
  int before = timeout_ns == 0 ? atomic_load(&wake->wakefulness) : atomic_exchange(&wake->wakefulness, ASLEEP);
  if (before != WOKEN) return timeout_ns;
  atomic_exchange(&wake->wakefulness, AWAKE);
  *heard = true;
  return 0;
}

/* It has waited. A wake that slips in between the two steps has made the descriptor readable, and is heard of there. */
static inline void wake_get_up(struct wake *wake, bool *heard) {
  if (atomic_load(&wake->wakefulness) == WOKEN) *heard = true;
  atomic_store_explicit(&wake->wakefulness, AWAKE, memory_order_release);
}

/* The read end was readable. Who wakes meanwhile may find the loop awake: it is about to look around anyway. */
static inline void wake_receive(struct wake *wake) {
  wake_clear(wake);
  atomic_exchange(&wake->wakefulness, AWAKE);
}

/* An outer loop is about to wait. A wake of which nobody has heard, and what else there is to do, show at once. */
static inline void wake_watch_over(struct wake *wake, bool has_work) {
  bool woken = atomic_exchange(&wake->wakefulness, ASLEEP) == WOKEN;
  if (woken || has_work) wake_send(wake);
}

#endif
