/* SPDX-License-Identifier: MIT */
#include "common/loop/loop.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "common/base/apart.h"
#include "common/base/memory.h"
#include "common/base/versioned.h"
#include "common/loop/deadline.h"
#include "common/loop/deferred.h"
#include "common/loop/forked.h"
#include "common/loop/handle.h"
#include "common/loop/post.h"
#include "common/loop/timer.h"
#include "common/server/server.h"
#include "common/service/lookup.h"
#include "common/service/signal.h"
#include "common/service/work.h"
#include "common/service/workers.h"
#include "common/socket/pipe.h"
#include "common/socket/socket.h"

/* ---- the clock ---- */

void loop_read_clock(weir_loop *loop) {
  if (loop->ended) return;
  loop->now_ns = loop->operations->now(loop->backend);
  loop->now_turn = loop->completion.turn;
}

static void forget_clock(weir_loop *loop) { loop->now_turn = loop->completion.turn - 1; }

uint64_t weir_loop_now_ms(weir_loop *loop) { return loop_now(loop) / NANOSECONDS_PER_MILLISECOND; }

void weir_loop_update_now(weir_loop *loop) {
  deadline_settle(loop);
  loop_read_clock(loop);
}

/* ---- making ---- */

static weir_code create_backend(weir_loop *loop, const struct backend_operations *operations, weir_sim *simulator) {
  struct backend_setup setup = {.allocator = &loop->allocator, .simulator = simulator, .loop = loop};
  weir_code code = operations->create(&setup, &loop->backend);
  if (code == WEIR_OK) loop->operations = operations;
  return code;
}

/* The named backend, or the first that works here. The environment can name one, but never the simulator. */
static weir_code choose_backend(weir_loop *loop, const weir_loop_options *options) {
  if (options->simulator != NULL) return create_backend(loop, &backend_sim, options->simulator);
  const char *name = options->backend != NULL ? options->backend : getenv("WEIR_BACKEND");
  bool any = name == NULL || name[0] == '\0';
  weir_code code = WEIR_ENOTSUP;
  for (size_t i = 0; backends_of_the_system[i] != NULL && code == WEIR_ENOTSUP; i++) {
    if (any || strcmp(name, backends_of_the_system[i]->name) == 0) {
      code = create_backend(loop, backends_of_the_system[i], NULL);
    }
  }
  return code;
}

static void init_loop(weir_loop *loop, const weir_loop_options *options, const weir_allocator *allocator) {
  loop->allocator = *allocator;
  loop->owners = 1;
  loop->dependents = 1;
  forget_clock(loop);
  loop->simulator = options->simulator;
  loop->work_threads = options->work_threads > 0 ? options->work_threads : WEIR_WORK_THREADS;
  loop->unhandled_error = options->unhandled_error;
  loop->unhandled_error_user = options->unhandled_error_user;
  heap_init(&loop->deadlines, &loop->allocator);
  list_init(&loop->owed);
  list_init(&loop->delivering);
  list_init(&loop->closing);
  list_init(&loop->unpiped);
  list_init(&loop->deferred);
  list_init(&loop->lookups);
  list_init(&loop->work);
  list_init(&loop->signals);
  list_init(&loop->handles);
  atomic_init(&loop->posts, NULL);
  atomic_init(&loop->signalled, false);
  atomic_init(&loop->woken, false);
  atomic_init(&loop->reachable, options->simulator != NULL);
}

weir_code weir_loop_create(const weir_loop_options *options, weir_loop **loop) {
  weir_loop_options whole = weir_loop_options_default();
  if (loop == NULL || !versioned_read(&whole, sizeof whole, options)) return WEIR_EINVAL;
  weir_allocator allocator = whole.allocator.resize != NULL ? whole.allocator : memory_default;
  weir_loop *made = memory_get_zeroed(&allocator, sizeof *made);
  if (made == NULL) return WEIR_ENOMEM;
  init_loop(made, &whole, &allocator);
  weir_code code = forked_watch(made);
  if (code == WEIR_OK) code = choose_backend(made, &whole);
  if (code != WEIR_OK) {
    forked_unwatch(made);
    memory_put(&allocator, made);
    return code;
  }
  socket_prepare_memory(made, whole.allocator.resize == NULL);
  timer_prepare_memory(made, whole.allocator.resize == NULL);
  *loop = made;
  return WEIR_OK;
}

weir_loop *weir_loop_retain(weir_loop *loop) {
  assert(loop->owners > 0);
  loop->owners++;
  return loop;
}

void loop_free(weir_loop *loop) {
  heap_fini(&loop->deadlines);
  slab_fini(&loop->sockets[false]);
  slab_fini(&loop->sockets[true]);
  slab_fini(&loop->timers);
  weir_allocator allocator = loop->allocator;
  memory_put(&allocator, loop);
}

/* ---- what is owed ---- */

void loop_owe(weir_loop *loop, struct handle *handle) {
  list_move(&loop->owed, &handle->link);
  loop->attention = true;
}

/* Takes a handle from those that owe, which have owned it; it still is on a list, and perhaps nobody owns it. */
static struct handle *take_debtor(weir_loop *loop, struct list *debtors) {
  struct list_node *node = list_take_first(debtors);
  if (node == NULL) return NULL;
  struct handle *handle = CONTAINER_OF(node, struct handle, link);
  list_append(&loop->handles, node);
  handle->owes = false;
  return handle;
}

/* Delivers what is owed by now; what that causes waits for the next time, so that nobody starves the system's events.
 */
static void deliver_owed(weir_loop *loop) {
  struct handle *handle = NULL;
  list_move_all(&loop->owed, &loop->delivering);
  while (!loop->ended && (handle = take_debtor(loop, &loop->delivering)) != NULL) {
    handle_class(handle)->deliver(handle);
    handle_release(handle);
  }
}

static void visit_list(const struct list *list, void (*visit)(struct handle *handle, void *user), void *user) {
  struct list_node *next = NULL;
  for (struct list_node *node = list_first(list); node != NULL; node = next) {
    next = list_after(list, node);
    visit(CONTAINER_OF(node, struct handle, link), user);
  }
}

void loop_visit(weir_loop *loop, void (*visit)(struct handle *handle, void *user), void *user) {
  visit_list(&loop->handles, visit, user);
  visit_list(&loop->delivering, visit, user);
  visit_list(&loop->owed, visit, user);
}

/*
 * Deadlines set meanwhile, whose order is from `limit` on, wait for the next turn, even when their time has come.
 * Returns whether any was due.
 */
static bool ring_deadlines(weir_loop *loop) {
  uint32_t limit = loop->deadline_order;
  deadline_settle(loop);
  struct deadline *first = deadline_first(loop);
  if (first == NULL) return false;
  uint64_t now = loop_now(loop);
  bool any = first->time_ns <= now;
  while (!loop->ended && first != NULL && first->time_ns <= now &&
         first->order - limit >= loop->deadline_order - limit) {
    deadline_clear(first, loop);
    deadline_come(first);
    first = deadline_first(loop);
  }
  return any;
}

void loop_unhandled(weir_loop *loop, const weir_error *error) {
  if (loop->unhandled_error != NULL) loop->unhandled_error(loop, error, loop->unhandled_error_user);
}

/* ---- running ---- */

/* False when there was nothing. */
APART static bool dispatch_other(enum operation operation, const struct completion *completion) {
  switch (operation) {
    case OPERATION_WRITE:
      socket_write_done(completion);
      return true;
    case OPERATION_CONNECT:
      socket_connect_done(completion);
      return true;
    case OPERATION_SHUTDOWN:
      socket_shutdown_done(completion);
      return true;
    case OPERATION_CLOSE:
      socket_close_done(completion);
      return true;
    case OPERATION_CLOSE_ACCEPTOR:
      server_close_done(completion);
      return true;
    case OPERATION_ACCEPT:
    case OPERATION_READ:
    case OPERATION_NONE:
      break;
  }
  return false;
}

static inline bool dispatch(enum operation operation, const struct completion *completion) {
  if (operation == OPERATION_READ) {
    socket_read_done(completion);
  } else if (operation == OPERATION_ACCEPT) {
    server_accept_done(completion);
  } else {
    return dispatch_other(operation, completion);
  }
  return true;
}

/* Whether something is to be done here, whatever the system has. */
static bool has_own_work(const weir_loop *loop) {
  return !list_empty(&loop->owed) || post_pending(loop) || deferred_pending(loop) || workers_pending(loop) ||
         signal_pending(loop);
}

bool weir_loop_alive(const weir_loop *loop) {
  return loop->alive > 0 || !list_empty(&loop->owed) || post_pending(loop);
}

/* How long the backend may wait: not at all while something is left to do here. */
static uint64_t choose_timeout(weir_loop *loop, weir_run_mode mode) {
  if (mode == WEIR_RUN_NOWAIT || has_own_work(loop) || loop->alive == 0) return 0;
  deadline_settle(loop);
  const struct deadline *first = deadline_first(loop);
  if (first == NULL) return WAIT_FOREVER;
  uint64_t now = loop_now(loop);
  return first->time_ns > now ? first->time_ns - now : 0;
}

/* What the loop does itself before it asks the backend. Returns whether there was anything. */
static bool do_own_work(weir_loop *loop) {
  bool any = has_own_work(loop);
  if (any) {
    post_run(loop);
    deferred_run(loop);
    workers_deliver(loop);
    signal_deliver(loop);
    deliver_owed(loop);
  }
  if (!list_empty(&loop->unpiped)) pipe_free_ended(loop);
  return ring_deadlines(loop) || any;
}

/*
 * Hands out what the backend has finished, until the end of its batch. With `goes_on` the backend need not say where
 * batches end until something wants attention. Returns WEIR_OK, or why the backend cannot be asked.
 */
static weir_code dispatch_batches(weir_loop *loop, uint64_t timeout, bool goes_on, bool *any) {
  const struct backend_operations *operations = loop->operations;
  struct backend *backend = loop->backend;
  uint64_t further = goes_on ? WAIT_FOREVER : 0;
  enum operation operation = operations->next(backend, timeout, &loop->completion);
  forget_clock(loop);
  *any |= operation != OPERATION_NONE;
  while (dispatch(operation, &loop->completion)) {
    if (loop->attention) {
      if (!list_empty(&loop->owed)) deliver_owed(loop);
      loop->in_batch = loop->stopped;
      if (loop->stopped) return WEIR_OK;
      further = 0;
    }
    operation = operations->next(backend, further, &loop->completion);
  }
  loop->in_batch = false;
  return (weir_code)loop->completion.result;
}

/*
 * Whether there was a wake. What was announced before it is seen by who looks from now on: the one who announced it
 * either set `woken` behind that, and this reads what was set, or found it set and was earlier than this.
 */
static bool hear_wake(weir_loop *loop) { return atomic_load(&loop->woken) && atomic_exchange(&loop->woken, false); }

/* `stuck`: there is nothing that could ever happen, which only a simulation can know. */
static weir_code turn(weir_loop *loop, weir_run_mode mode, bool *stuck) {
  bool any = loop->in_batch;
  loop->completion.turn++;
  loop->attention = false;
  deadline_settle(loop);
  bool any_own = hear_wake(loop);
  if (do_own_work(loop)) any_own = true;
  if (any_own && mode == WEIR_RUN_ONCE) mode = WEIR_RUN_NOWAIT; /* something has happened */
  if (loop->stopped) return WEIR_OK;
  uint64_t timeout = choose_timeout(loop, mode);
  bool goes_on = mode == WEIR_RUN_DEFAULT && timeout == WAIT_FOREVER;
  weir_code code = dispatch_batches(loop, timeout, goes_on, &any);
  if (mode == WEIR_RUN_ONCE && !loop->stopped && ring_deadlines(loop)) deliver_owed(loop); /* what it waited for */
  *stuck = loop->simulator != NULL && timeout == WAIT_FOREVER && !any && !loop->stopped && !atomic_load(&loop->woken);
  return code;
}

/* Whoever ran it looks around from here on: wakes until now are heard, and later ones reach only an outer loop. */
static void return_from_run(weir_loop *loop) {
  deadline_settle(loop);
  loop->running = false;
  if (loop->embedded) {
    hear_wake(loop);
  } else if (loop->simulator == NULL) {
    atomic_store_explicit(&loop->reachable, false, memory_order_release);
  }
  loop->operations->pollable(loop->backend);
}

int weir_loop_run(weir_loop *loop, weir_run_mode mode) {
  if (loop == NULL || (unsigned)mode > WEIR_RUN_NOWAIT) return WEIR_EINVAL;
  if (loop_is_forked(loop)) return WEIR_EFORKED;
  if (loop->running) return WEIR_EBUSY;
#ifndef NDEBUG
  loop->thread = loop_this_thread();
#endif
  loop->running = true;
  loop->stopped = false;
  atomic_store(&loop->reachable, true);
  bool stuck = false;
  weir_code code = WEIR_OK;
  if (mode == WEIR_RUN_DEFAULT) {
    while (code == WEIR_OK && !stuck && !loop->stopped && weir_loop_alive(loop)) code = turn(loop, mode, &stuck);
  } else {
    code = turn(loop, mode, &stuck);
  }
  return_from_run(loop);
  if (loop_is_forked(loop)) return WEIR_EFORKED;
  if (code != WEIR_OK) return code;
  return weir_loop_alive(loop) ? 1 : 0;
}

void weir_loop_stop(weir_loop *loop) {
  loop->stopped = true;
  loop->attention = true;
}

void weir_loop_wake(weir_loop *loop) {
  if (atomic_load(&loop->woken) || atomic_exchange(&loop->woken, true)) return;
  if (atomic_load(&loop->reachable) && !loop->operations->wake(loop->backend)) atomic_store(&loop->woken, false);
}

#ifndef NDEBUG
/* The address of a variable of the thread: a name for it that needs nothing of the system. */
const char *loop_this_thread(void) {
  static _Thread_local char here;
  return &here;
}
#endif

/* ---- living in another loop ---- */

weir_code weir_loop_pollable(weir_loop *loop, intptr_t *pollable) {
  if (loop == NULL || pollable == NULL) return WEIR_EINVAL;
  *pollable = loop->operations->pollable(loop->backend);
  if (*pollable == -1) return WEIR_ENOTSUP;
  loop->embedded = true;
  atomic_store(&loop->reachable, true);
  if (atomic_load(&loop->woken)) loop->operations->wake(loop->backend);
  return WEIR_OK;
}

int weir_loop_next_timeout_ms(weir_loop *loop) {
  loop->operations->pollable(loop->backend);
  if (has_own_work(loop) || loop->in_batch) return 0;
  deadline_settle(loop);
  const struct deadline *first = deadline_first(loop);
  if (first == NULL) return -1;
  loop_read_clock(loop);
  if (first->time_ns <= loop->now_ns) return 0;
  uint64_t milliseconds = (first->time_ns - loop->now_ns - 1) / NANOSECONDS_PER_MILLISECOND + 1;
  return milliseconds > INT_MAX ? INT_MAX : (int)milliseconds;
}

/* ---- seeing ---- */

void weir_loop_get_counters(const weir_loop *loop, weir_loop_counters *counters) {
  weir_loop_counters whole = loop->counters;
  whole.turns = loop->completion.turn;
  versioned_fill(counters, &whole, sizeof whole);
}

const char *weir_loop_backend(const weir_loop *loop) { return loop->operations->name; }

/* ---- ending ---- */

/* Brings the closes of everything that was abandoned home; clients that come meanwhile are turned away. */
static void await_closes(weir_loop *loop) {
  while (loop->closes > 0) {
    const struct completion *completion = &loop->completion;
    enum operation operation = loop->operations->next(loop->backend, WAIT_FOREVER, &loop->completion);
    if (operation == OPERATION_ACCEPT && completion->result == 0) {
      loop->operations->take(loop->backend, completion->acceptor, NULL);
    } else if (operation == OPERATION_CLOSE || operation == OPERATION_CLOSE_ACCEPTOR) {
      dispatch(operation, completion);
    }
  }
}

static void forget_owed(weir_loop *loop) {
  struct handle *handle = NULL;
  while ((handle = take_debtor(loop, &loop->owed)) != NULL) handle_release(handle);
}

/* Each goes back on its list before it is abandoned, which may move it or free others. */
static void abandon_handles(weir_loop *loop) {
  struct list all;
  forget_owed(loop);
  list_init(&all);
  list_move_all(&loop->handles, &all);
  for (struct list_node *node = list_take_first(&all); node != NULL; node = list_take_first(&all)) {
    struct handle *handle = CONTAINER_OF(node, struct handle, link);
    list_append(&loop->handles, node);
    handle_retain(handle);
    handle_class(handle)->abandon(handle);
    handle_release(handle);
  }
  await_closes(loop);
}

void weir_loop_release(weir_loop *loop) {
  if (loop == NULL) return;
  assert(loop->owners > 0);
  if (--loop->owners > 0) return;
  if (loop_is_forked(loop)) {
    forked_release(loop);
    return;
  }
  assert(!loop->running);
  forked_unwatch(loop);
  loop->ended = true;
  loop->running = true; /* nothing may run it any more */
  signal_stop_all(loop);
  abandon_handles(loop);
  lookup_abandon_all(loop);
  workers_end(loop);
  work_drop_all(loop);
  pipe_free_ended(loop);
  post_drop(loop);
  loop->operations->destroy(loop->backend);
  loop->backend = NULL;
  loop_dependent_gone(loop);
}
