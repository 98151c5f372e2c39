/* SPDX-License-Identifier: MIT */
/*
 * Timers for the user: a deadline with an owner, a callback and a say in whether the loop goes on.
 */
#include <weir/timer.h>

#include <assert.h>
#include <stdint.h>

#include "common/base/memory.h"
#include "common/base/text.h"
#include "common/loop/deadline.h"
#include "common/loop/loop.h"
#include "common/loop/timer.h"

/* What starting and stopping touch stands first and close together: programs have many timers, and touch them cold. */
struct weir_timer {
  uint64_t timeout_ms;
  uint32_t owners;
  bool was_started;
  bool referenced;
  bool counted; /* it is keeping the loop alive now */
  weir_loop *loop;
  struct deadline deadline;
  uint64_t repeat_ms;
  weir_timer_callback callback;
  void *user;
  struct list_node link; /* on the loop's list */
};

static void update_liveness(weir_timer *timer) {
  bool alive = timer->referenced && deadline_is_set(&timer->deadline);
  if (alive == timer->counted) return;
  timer->counted = alive;
  if (alive) {
    loop_keep_alive(timer->loop);
  } else {
    loop_let_end(timer->loop);
  }
}

static void ring(struct deadline *deadline) {
  weir_timer *timer = CONTAINER_OF(deadline, weir_timer, deadline);
  if (timer->repeat_ms > 0) deadline_set_after(deadline, timer->loop, timer->repeat_ms);
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
  weir_timer *made = memory_get_zeroed(&loop->allocator, sizeof *made);
  if (made == NULL) return WEIR_ENOMEM;
  if (deadline_init(&made->deadline, loop, ring) != WEIR_OK) {
    memory_put(&loop->allocator, made);
    return WEIR_ENOMEM;
  }
  made->loop = loop;
  made->callback = callback;
  made->user = user;
  made->owners = 1;
  made->referenced = true;
  list_append(&loop->timers, &made->link);
  loop_dependent_came(loop);
  *timer = made;
  return WEIR_OK;
}

weir_code weir_timer_start(weir_timer *timer, uint64_t timeout_ms, uint64_t repeat_ms) {
  if (timer == NULL) return WEIR_EINVAL;
  loop_check_thread(timer->loop);
  if (timer->loop->ended) return WEIR_ECANCELED;
  timer->was_started = true;
  timer->timeout_ms = timeout_ms;
  timer->repeat_ms = repeat_ms;
  deadline_start(&timer->deadline, timer->loop, timeout_ms);
  update_liveness(timer);
  return WEIR_OK;
}

weir_code weir_timer_restart(weir_timer *timer) {
  if (timer == NULL || !timer->was_started) return WEIR_EINVAL;
  return weir_timer_start(timer, timer->timeout_ms, timer->repeat_ms);
}

void weir_timer_stop(weir_timer *timer) {
  loop_check_thread(timer->loop);
  deadline_clear(&timer->deadline, timer->loop);
  update_liveness(timer);
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
  list_remove(&timer->link);
  memory_put(&loop->allocator, timer);
  loop_dependent_gone(loop);
}

/* ---- for people ---- */

static void describe(const weir_timer *timer, struct text *text) {
  if (!deadline_is_set(&timer->deadline)) {
    text_add(text, "timer: stopped");
    return;
  }
  uint64_t due = timer->deadline.time_ns;
  uint64_t now = loop_now(timer->loop);
  text_add(text, "timer: due in ");
  text_add_number(text, due > now ? (due - now) / NANOSECONDS_PER_MILLISECOND : 0);
  text_add(text, " ms");
  if (timer->repeat_ms == 0) return;
  text_add(text, ", and then every ");
  text_add_number(text, timer->repeat_ms);
  text_add(text, " ms");
}

void timer_dump(weir_loop *loop, bool alive, struct text *text) {
  deadline_settle(loop);
  for (struct list_node *node = list_first(&loop->timers); node != NULL; node = list_after(&loop->timers, node)) {
    const weir_timer *timer = CONTAINER_OF(node, weir_timer, link);
    if (timer->counted != alive) continue;
    text_add(text, "  ");
    describe(timer, text);
    text_add(text, "\n");
  }
}
