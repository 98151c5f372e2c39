/* SPDX-License-Identifier: MIT */
/*
 * The simulator's side of the seam: a loop's part of a world, and the table. It never waits: when nothing is ready it
 * moves the world's clock to the end of the time-out instead, and when there is none it returns at once.
 */
#include <assert.h>
#include <string.h>

#include "common/base/memory.h"
#include "sim/parts.h"

/* What a loan is overwritten with when it is over, and memory that has come back. */
#define SPOILED 0xDB

void sim_check_cleared(const void *memory, size_t bytes) {
  const unsigned char *byte = memory;
  for (size_t i = 0; i < bytes; ++i) assert(byte[i] == 0 && "the backend's part was not cleared");
  (void)byte;
}

void sim_spoil(void *memory, size_t bytes) { memset(memory, SPOILED, bytes); }

static weir_code create(const struct backend_setup *setup, struct backend **backend) {
  if (setup->simulator == NULL) return WEIR_EINVAL;
  struct backend *made = memory_get_zeroed(setup->allocator, sizeof *made);
  if (made == NULL) return WEIR_ENOMEM;
  made->allocator = setup->allocator;
  made->world = setup->simulator;
  made->loop = setup->loop;
  atomic_init(&made->is_woken, false);
  schedule_init(&made->schedule, made->world->fixed_order ? NULL : &made->world->chance);
  list_append(&made->world->backends, &made->node);
  sim_retain(made->world);
  *backend = made;
  return WEIR_OK;
}

static void destroy(struct backend *backend) {
  assert(backend->open_count == 0 && "a connection or an acceptor has not come back");
  list_remove(&backend->node);
  weir_sim_release(backend->world);
  memory_put(backend->allocator, backend);
}

static uint64_t read_clock(struct backend *backend) { return backend->world->now_ns; }

static bool wake(struct backend *backend) {
  atomic_store(&backend->is_woken, true);
  return true;
}

static intptr_t find_pollable(struct backend *backend) {
  (void)backend;
  return -1;
}

/* A user who kept the bytes of the last read finds rubbish. */
static void take_back_lent(struct backend *backend) {
  sim_spoil(backend->lent, backend->lent_length);
  backend->lent_length = 0;
}

static void finish(struct task *task, struct completion *completion) {
  switch (task->operation) {
    case OPERATION_READ:
      sim_finish_read(task->connection, completion);
      return;
    case OPERATION_WRITE:
      sim_finish_write(task->connection, completion);
      return;
    case OPERATION_CONNECT:
      sim_finish_connect(task->connection, completion);
      return;
    case OPERATION_SHUTDOWN:
      sim_finish_shutdown(task->connection, completion);
      return;
    case OPERATION_CLOSE:
      sim_finish_close(task->connection, completion);
      return;
    case OPERATION_ACCEPT:
      sim_finish_accept(task->acceptor, completion);
      return;
    case OPERATION_CLOSE_ACCEPTOR:
      sim_finish_close_acceptor(task->acceptor, completion);
      return;
    case OPERATION_NONE:
      break;
  }
  assert(false && "no such operation");
}

/* Nothing can happen in this loop before its time-out, and when it has none, never. */
static void wait(struct backend *backend, uint64_t timeout_ns) {
  bool was_woken = atomic_exchange(&backend->is_woken, false);
  if (!was_woken && timeout_ns != WAIT_FOREVER) sim_pass_time(backend->world, timeout_ns);
}

static enum operation next(struct backend *backend, uint64_t timeout_ns, struct completion *completion) {
  assert(backend->offering == NULL && "a client was offered and not answered");
  take_back_lent(backend);
  completion->result = 0;
  if (schedule_ends_batch(&backend->schedule)) return OPERATION_NONE;
  struct task *task = schedule_take(&backend->schedule);
  if (task == NULL) {
    wait(backend, timeout_ns);
    return OPERATION_NONE;
  }
  enum operation operation = task->operation;
  *completion = (struct completion){.turn = completion->turn};
  finish(task, completion);
  return operation;
}

const struct backend_operations backend_sim = {
    .name = "sim",
    .addresses = {.path_bytes = 107, .abstract_bytes = 107, .pipe_units = 256},
    .connection_bytes = sizeof(struct connection),
    .acceptor_bytes = sizeof(struct acceptor),
    .passing = &passing_sim,
    .create = create,
    .destroy = destroy,
    .now = read_clock,
    .next = next,
    .wake = wake,
    .pollable = find_pollable,
    .listen = sim_listen,
    .accept = sim_accept,
    .take = sim_take,
    .close_acceptor = sim_close_acceptor,
    .open = sim_open,
    .connect = sim_connect,
    .move = sim_move,
    .read = sim_read,
    .write = sim_write,
    .write_soon = sim_write,
    .write_queue = sim_write_queue,
    .shutdown = sim_shutdown,
    .close = sim_close,
    .control = sim_control,
};
