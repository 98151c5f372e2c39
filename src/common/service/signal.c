/* SPDX-License-Identifier: MIT */
#include "common/service/signal.h"

#include <assert.h>
#include <stdatomic.h>
#include <stdint.h>

#include "common/base/memory.h"
#include "common/base/text.h"
#include "common/loop/loop.h"
#include "common/system.h"

struct weir_signal {
  struct signal_watch watch; /* its number is the one that it listens to, 0: to none */
  atomic_bool came;          /* since it was told the last time */
  struct list_node link;     /* on the loop's list of signal handles */
  weir_loop *loop;
  weir_signal_callback callback;
  void *user;
  uint32_t owners;
  bool referenced;
  bool counted; /* it is keeping the loop alive now */
};

static const char *const names[] = {
    [WEIR_SIGNAL_HANGUP] = "SIGHUP",     [WEIR_SIGNAL_INTERRUPT] = "SIGINT", [WEIR_SIGNAL_QUIT] = "SIGQUIT",
    [WEIR_SIGNAL_TERMINATE] = "SIGTERM", [WEIR_SIGNAL_BREAK] = "SIGBREAK",   [WEIR_SIGNAL_USER_1] = "SIGUSR1",
    [WEIR_SIGNAL_USER_2] = "SIGUSR2",    [WEIR_SIGNAL_WINDOW] = "SIGWINCH",  [WEIR_SIGNAL_KILL] = "SIGKILL"};

static bool can_be_heard(weir_signal_number number) {
  return (unsigned)number >= WEIR_SIGNAL_HANGUP && (unsigned)number <= WEIR_SIGNAL_WINDOW;
}

const char *weir_signal_name(weir_signal_number number) {
  return can_be_heard(number) || number == WEIR_SIGNAL_KILL ? names[number] : "unknown";
}

static void update_liveness(weir_signal *signal) {
  bool alive = signal->referenced && weir_signal_active(signal);
  if (alive == signal->counted) return;
  signal->counted = alive;
  if (alive) {
    loop_keep_alive(signal->loop);
  } else {
    loop_let_end(signal->loop);
  }
}

/* ---- a signal comes ---- */

/* In a signal handler, or on any thread: only atomics, and a wake. */
static void mark(weir_signal *signal) {
  atomic_store(&signal->came, true);
  atomic_store(&signal->loop->signalled, true);
  weir_loop_wake(signal->loop);
}

static void notice(struct signal_watch *watch) { mark(CONTAINER_OF(watch, weir_signal, watch)); }

void signal_raise(weir_loop *loop, weir_signal_number number) {
  for (struct list_node *node = list_first(&loop->signals); node != NULL; node = list_after(&loop->signals, node)) {
    weir_signal *signal = CONTAINER_OF(node, weir_signal, link);
    if (signal->watch.number == number) mark(signal);
  }
}

static void tell(weir_signal *signal) {
  signal->loop->counters.signals++;
  weir_signal_retain(signal);
  signal->callback(signal, signal->watch.number, signal->user);
  weir_signal_release(signal);
}

/* Each goes back on the loop's list before it is told, because that may release it or others. */
void signal_deliver(weir_loop *loop) {
  if (!atomic_exchange(&loop->signalled, false)) return;
  struct list all;
  list_init(&all);
  list_move_all(&loop->signals, &all);
  for (struct list_node *node; !loop->ended && (node = list_take_first(&all)) != NULL;) {
    weir_signal *signal = CONTAINER_OF(node, weir_signal, link);
    list_append(&loop->signals, node);
    if (atomic_exchange(&signal->came, false)) tell(signal);
  }
}

/* ---- listening ---- */

weir_code weir_signal_start(weir_signal *signal, weir_signal_number number) {
  if (signal == NULL || !can_be_heard(number)) return WEIR_EINVAL;
  loop_check_thread(signal->loop);
  if (signal->loop->ended) return WEIR_ECANCELED;
  if (signal->watch.number == number) return WEIR_OK;
  weir_signal_stop(signal);
  signal->watch.number = number;
  weir_code code = signal->loop->simulator != NULL ? WEIR_OK : system_signal_watch(&signal->watch);
  if (code != WEIR_OK) signal->watch.number = 0;
  update_liveness(signal);
  return code;
}

void weir_signal_stop(weir_signal *signal) {
  loop_check_thread(signal->loop);
  if (!weir_signal_active(signal)) return;
  if (signal->loop->simulator == NULL) system_signal_unwatch(&signal->watch);
  signal->watch.number = 0;
  atomic_store(&signal->came, false);
  update_liveness(signal);
}

void signal_stop_all(weir_loop *loop) {
  for (struct list_node *node = list_first(&loop->signals); node != NULL; node = list_after(&loop->signals, node)) {
    weir_signal_stop(CONTAINER_OF(node, weir_signal, link));
  }
}

void signal_dump(weir_loop *loop, bool alive, struct text *text) {
  for (struct list_node *node = list_first(&loop->signals); node != NULL; node = list_after(&loop->signals, node)) {
    const weir_signal *signal = CONTAINER_OF(node, weir_signal, link);
    if (signal->counted != alive) continue;
    text_add(text, "  signal: ");
    text_add(text, weir_signal_active(signal) ? "listening to " : "stopped");
    if (weir_signal_active(signal)) text_add(text, weir_signal_name(signal->watch.number));
    text_add(text, "\n");
  }
}

bool weir_signal_active(const weir_signal *signal) { return signal->watch.number != 0; }

/* ---- the handle ---- */

weir_code weir_signal_create(weir_loop *loop, weir_signal_callback callback, void *user, weir_signal **signal) {
  if (loop == NULL || callback == NULL || signal == NULL) return WEIR_EINVAL;
  loop_check_thread(loop);
  if (loop->ended) return WEIR_ECANCELED;
  weir_signal *made = memory_get_zeroed(&loop->allocator, sizeof *made);
  if (made == NULL) return WEIR_ENOMEM;
  made->watch.notify = notice;
  made->loop = loop;
  made->callback = callback;
  made->user = user;
  made->owners = 1;
  atomic_init(&made->came, false);
  list_append(&loop->signals, &made->link);
  loop_dependent_came(loop);
  *signal = made;
  return WEIR_OK;
}

weir_signal *weir_signal_ref(weir_signal *signal) {
  signal->referenced = true;
  update_liveness(signal);
  return signal;
}

weir_signal *weir_signal_unref(weir_signal *signal) {
  signal->referenced = false;
  update_liveness(signal);
  return signal;
}

bool weir_signal_has_ref(const weir_signal *signal) { return signal->referenced; }

weir_signal *weir_signal_retain(weir_signal *signal) {
  assert(signal->owners > 0);
  signal->owners++;
  return signal;
}

void weir_signal_release(weir_signal *signal) {
  if (signal == NULL) return;
  assert(signal->owners > 0);
  if (--signal->owners > 0) return;
  weir_loop *loop = signal->loop;
  weir_signal_stop(signal);
  list_remove(&signal->link);
  memory_put(&loop->allocator, signal);
  loop_dependent_gone(loop);
}
