/* SPDX-License-Identifier: MIT */
#include "common/deadline.h"

#include <assert.h>

#include "common/loop.h"

weir_code deadline_init(struct deadline *deadline, weir_loop *loop, deadline_function due) {
  assert(!deadline->has_place);
  weir_code code = heap_reserve(&loop->deadlines, loop->deadline_places + 1);
  if (code != WEIR_OK) return code;
  loop->deadline_places++;
  deadline->due = due;
  deadline->has_place = true;
  return WEIR_OK;
}

void deadline_fini(struct deadline *deadline, weir_loop *loop) {
  if (!deadline->has_place) return;
  deadline_clear(deadline, loop);
  deadline->has_place = false;
  loop->deadline_places--;
}

void deadline_set(struct deadline *deadline, weir_loop *loop, uint64_t time_ns) {
  assert(deadline->has_place);
  uint64_t order = loop->deadline_order++;
  loop->attention = true;
  if (heap_contains(&deadline->node)) {
    heap_move(&loop->deadlines, &deadline->node, time_ns, order);
    return;
  }
  weir_code code = heap_insert(&loop->deadlines, &deadline->node, time_ns, order);
  assert(code == WEIR_OK);
  (void)code;
}

void deadline_set_after(struct deadline *deadline, weir_loop *loop, uint64_t milliseconds) {
  loop_read_clock(loop);
  deadline_set(deadline, loop, deadline_add_ms(loop_now(loop), milliseconds));
}

void deadline_clear(struct deadline *deadline, weir_loop *loop) { heap_remove(&loop->deadlines, &deadline->node); }

uint64_t deadline_add_ms(uint64_t time_ns, uint64_t milliseconds) {
  if (milliseconds > (UINT64_MAX - time_ns) / NANOSECONDS_PER_MILLISECOND) return UINT64_MAX;
  return time_ns + milliseconds * NANOSECONDS_PER_MILLISECOND;
}
