/* SPDX-License-Identifier: MIT */
/*
 * Reading the clock takes longer than all else that starting a timer does. So those that are started while the loop
 * runs wait for one reading together, which comes when the callbacks at hand have returned: none is early, because it
 * is later than every start. Outside of a run nobody knows when that would be, and each start reads the clock itself.
 *
 * Most deadlines that are set anew are moved back, and most of those are moved back again before they come: the timer
 * of a request, of a heartbeat, of an idle connection. So moving back only notes the new time; the heap keeps the old
 * one, and whoever asks for the first deadline puts those right that stand before their time.
 *
 * That keeps the order: what the heap has of a deadline, its time and its order, is never behind what it is due by.
 * When the first one is where it belongs, nothing is due before it.
 */
#include "common/loop/deadline.h"

#include <assert.h>

#include "common/base/apart.h"
#include "common/loop/loop.h"

/* ---- places ---- */

weir_code deadline_init(struct deadline *deadline, weir_loop *loop, enum deadline_purpose purpose) {
  assert(!deadline_has_place(deadline));
  weir_code code = heap_reserve(&loop->deadlines, loop->deadline_places + 1);
  if (code != WEIR_OK) return code;
  loop->deadline_places++;
  deadline->purpose = (uint8_t)purpose;
  return WEIR_OK;
}

void deadline_fini(struct deadline *deadline, weir_loop *loop) {
  if (!deadline_has_place(deadline)) return;
  deadline_clear(deadline, loop);
  deadline->purpose = DEADLINE_UNUSED;
  loop->deadline_places--;
}

/* ---- setting ---- */

static void put(struct deadline *deadline, weir_loop *loop, uint64_t time_ns) {
  bool is_moved_back = heap_contains(&deadline->node) && time_ns > deadline->time_ns;
  deadline->time_ns = time_ns;
  if (!is_moved_back) heap_put(&loop->deadlines, &deadline->node, time_ns, deadline->order);
}

/* The last one takes the place that becomes free. */
static void forget_started(struct deadline *deadline, weir_loop *loop) {
  struct started_deadline last = loop->started[--loop->started_count];
  last.deadline->started = deadline->started;
  loop->started[deadline->started - 1] = last;
  deadline->started = 0;
}

void deadline_set(struct deadline *deadline, weir_loop *loop, uint64_t time_ns) {
  assert(deadline_has_place(deadline));
  if (deadline->started != 0) forget_started(deadline, loop);
  deadline->order = loop->deadline_order++;
  loop->attention = true;
  put(deadline, loop, time_ns);
}

APART void deadline_set_after(struct deadline *deadline, weir_loop *loop, uint64_t milliseconds) {
  loop_read_clock(loop);
  deadline_set(deadline, loop, deadline_add_ms(loop_now(loop), milliseconds));
}

void deadline_start(struct deadline *deadline, weir_loop *loop, uint64_t milliseconds) {
  if (!loop->running) {
    deadline_set_after(deadline, loop, milliseconds);
    return;
  }
  deadline->order = loop->deadline_order++;
  loop->attention = true;
  if (deadline->started == 0) deadline->started = ++loop->started_count;
  loop->started[deadline->started - 1] = (struct started_deadline){deadline, milliseconds};
  if (loop->started_count == STARTED_DEADLINES_MAX) deadline_settle(loop);
}

void deadline_settle(weir_loop *loop) {
  if (loop->started_count == 0) return;
  loop_read_clock(loop);
  uint64_t now_ns = loop->now_ns;
  uint32_t count = loop->started_count;
  for (uint32_t i = 0; i < count; i++) {
    struct started_deadline *started = &loop->started[i];
    started->deadline->started = 0;
    put(started->deadline, loop, deadline_add_ms(now_ns, started->milliseconds));
  }
  loop->started_count = 0;
}

void deadline_clear(struct deadline *deadline, weir_loop *loop) {
  if (deadline->started != 0) forget_started(deadline, loop);
  heap_remove(&loop->deadlines, &deadline->node);
}

/* ---- the first ---- */

struct deadline *deadline_first(weir_loop *loop) {
  struct heap *heap = &loop->deadlines;
  while (!heap_is_empty(heap)) {
    struct heap_slot slot = heap_first(heap);
    struct deadline *first = CONTAINER_OF(slot.node, struct deadline, node);
    if (first->started != 0) {
      deadline_settle(loop);
      continue;
    }
    if (first->time_ns == slot.time) return first;
    heap_put(heap, &first->node, first->time_ns, first->order);
  }
  return NULL;
}
