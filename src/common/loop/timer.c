/* SPDX-License-Identifier: MIT */
/*
 * Timers for the user: a deadline with an owner, a callback and a say in whether the loop goes on.
 */
#include <weir/timer.h>

#include <assert.h>
#include <stdint.h>

#include "common/base/text.h"
#include "common/loop/deadline.h"
#include "common/loop/loop.h"
#include "common/loop/timer.h"

/*
 * Programs have many timers, and touch them cold. So a timer fills one cache line, and what only repeating ones need is
 * apart in the slab.
 */
struct weir_timer {
  weir_loop *loop;
  uint64_t timeout_ms;
  struct deadline deadline;
  weir_timer_callback callback;
  void *user;
  uint32_t owners;
  uint16_t place; /* in the slab */
  bool was_started : 1;
  bool repeats : 1;
  bool referenced : 1;
  bool counted : 1; /* it is keeping the loop alive now */
};

_Static_assert(sizeof(void *) != 8 || sizeof(struct weir_timer) == 64, "more than a cache line makes timers slow");

/* What a timer has apart. */
struct timer_apart {
  uint64_t repeat_ms;
};

void timer_prepare_memory(weir_loop *loop, bool by_page) {
  slab_init(&loop->timers, &loop->allocator, sizeof(struct weir_timer), sizeof(struct timer_apart), by_page);
}

static struct timer_apart *timer_apart(weir_timer *timer) {
  return slab_apart(&timer->loop->timers, timer, timer->place);
}

static void set_counted(weir_timer *timer, bool counted) {
  timer->counted = counted;
  if (counted) {
    loop_keep_alive(timer->loop);
  } else {
    loop_let_end(timer->loop);
  }
}

static void update_liveness(weir_timer *timer) {
  bool alive = timer->referenced && deadline_is_set(&timer->deadline);
  if (alive != timer->counted) set_counted(timer, alive);
}

void timer_come(struct deadline *deadline) {
  weir_timer *timer = CONTAINER_OF(deadline, weir_timer, deadline);
  if (timer->repeats) deadline_set_after(deadline, timer->loop, timer_apart(timer)->repeat_ms);
  update_liveness(timer);
  timer->loop->counters.timers++;
  weir_timer_retain(timer);
  timer->callback(timer, timer->user);
  weir_timer_release(timer);
}

weir_code weir_timer_create(weir_loop *loop, weir_timer_callback callback, void *user, weir_timer **timer) {
  if (loop == NULL || callback == NULL || timer == NULL) return WEIR_EINVAL;
  loop_check_thread(loop);
  if (loop->ended) return WEIR_ECANCELED;
  uint16_t place;
  weir_timer *made = slab_get_zeroed(&loop->timers, &place);
  if (made == NULL) return WEIR_ENOMEM;
  if (deadline_init(&made->deadline, loop, DEADLINE_TIMER) != WEIR_OK) {
    slab_put(&loop->timers, made, place);
    return WEIR_ENOMEM;
  }
  made->place = place;
  made->loop = loop;
  made->callback = callback;
  made->user = user;
  made->owners = 1;
  made->referenced = true;
  loop->timer_count++;
  loop_dependent_came(loop);
  *timer = made;
  return WEIR_OK;
}

static weir_code start(weir_timer *timer, uint64_t timeout_ms) {
  weir_loop *loop = timer->loop;
  loop_check_thread(loop);
  if (loop->ended) return WEIR_ECANCELED;
  deadline_start(&timer->deadline, loop, timeout_ms);
  if (!timer->counted) update_liveness(timer);
  return WEIR_OK;
}

weir_code weir_timer_start(weir_timer *timer, uint64_t timeout_ms, uint64_t repeat_ms) {
  if (timer == NULL) return WEIR_EINVAL;
  timer->was_started = true;
  timer->timeout_ms = timeout_ms;
  timer->repeats = repeat_ms > 0;
  if (timer->repeats) timer_apart(timer)->repeat_ms = repeat_ms;
  return start(timer, timeout_ms);
}

weir_code weir_timer_restart(weir_timer *timer) {
  if (timer == NULL || !timer->was_started) return WEIR_EINVAL;
  return start(timer, timer->timeout_ms);
}

void weir_timer_stop(weir_timer *timer) {
  loop_check_thread(timer->loop);
  deadline_clear(&timer->deadline, timer->loop);
  if (timer->counted) set_counted(timer, false);
}

bool weir_timer_active(const weir_timer *timer) { return deadline_is_set(&timer->deadline); }

weir_timer *weir_timer_ref(weir_timer *timer) {
  timer->referenced = true;
  update_liveness(timer);
  return timer;
}

weir_timer *weir_timer_unref(weir_timer *timer) {
  timer->referenced = false;
  update_liveness(timer);
  return timer;
}

bool weir_timer_has_ref(const weir_timer *timer) { return timer->referenced; }

weir_timer *weir_timer_retain(weir_timer *timer) {
  assert(timer->owners > 0);
  timer->owners++;
  return timer;
}

void weir_timer_release(weir_timer *timer) {
  if (timer == NULL) return;
  assert(timer->owners > 0);
  if (--timer->owners > 0) return;
  weir_loop *loop = timer->loop;
  deadline_clear(&timer->deadline, loop);
  update_liveness(timer);
  deadline_fini(&timer->deadline, loop);
  loop->timer_count--;
  slab_put(&loop->timers, timer, timer->place);
  loop_dependent_gone(loop);
}

/* ---- for people ---- */

static void add_line(struct text *text, weir_timer *timer) {
  uint64_t due = timer->deadline.time_ns;
  uint64_t now = loop_now(timer->loop);
  text_add(text, "  timer: due in ");
  text_add_number(text, due > now ? (due - now) / NANOSECONDS_PER_MILLISECOND : 0);
  text_add(text, " ms");
  if (timer->repeats) {
    text_add(text, ", and then every ");
    text_add_number(text, timer_apart(timer)->repeat_ms);
    text_add(text, " ms");
  }
  text_add(text, "\n");
}

/* A timer that is not among the deadlines is stopped. */
void timer_dump(weir_loop *loop, bool alive, struct text *text) {
  deadline_settle(loop);
  const struct heap *heap = &loop->deadlines;
  size_t stopped = loop->timer_count;
  for (uint32_t i = 0; i < heap->count; i++) {
    struct deadline *deadline = CONTAINER_OF(heap->slots[i].node, struct deadline, node);
    if (deadline->purpose != DEADLINE_TIMER) continue;
    stopped--;
    weir_timer *timer = CONTAINER_OF(deadline, weir_timer, deadline);
    if (timer->counted == alive) add_line(text, timer);
  }
  for (; stopped > 0 && !alive; stopped--) text_add(text, "  timer: stopped\n");
}
