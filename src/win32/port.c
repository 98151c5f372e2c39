/* SPDX-License-Identifier: MIT */
/*
 * The completion port: waiting, batches, waking. Nothing here knows what a task is about.
 *
 * A batch is what one wait brought, and before it what was over without the port. While tasks lie here there is no wait
 * but a look now and then, so that neither can starve the other.
 */
#include "win32/port.h"

#include <string.h>

#define ENTRIES_MAX 64
#define ROOM_PROBE_BATCHES 16
#define LOOK_BATCHES 4
#define NS_PER_SECOND UINT64_C(1000000000)
#define NS_PER_MS UINT64_C(1000000)

DWORD port_init(struct port *port) {
  DWORD error = os_port_create(&port->handle);
  if (error != ERROR_SUCCESS) return error;
  port->frequency = os_counter_frequency();
  list_init(&port->over);
  list_init(&port->batch);
  port->batches = LOOK_BATCHES; /* the first one looks */
  return ERROR_SUCCESS;
}

void port_fini(struct port *port) { os_close(port->handle); }

uint64_t port_now(const struct port *port) {
  uint64_t counter = os_counter();
  uint64_t seconds = counter / port->frequency;
  return seconds * NS_PER_SECOND + counter % port->frequency * NS_PER_SECOND / port->frequency;
}

/* One packet is enough however often it is asked for. */
bool port_wake(struct port *port) {
  if (InterlockedExchange(&port->awake, 1) != 0) return true;
  bool sent = os_port_post(port->handle, NULL) == ERROR_SUCCESS;
  if (!sent) InterlockedExchange(&port->awake, 0);
  return sent;
}

void port_show(struct port *port) {
  if (!list_empty(&port->over) || !list_empty(&port->batch)) port_wake(port);
}

void task_begin(struct task *task, task_function finish) {
  memset(&task->overlapped, 0, sizeof task->overlapped);
  if (task->watch != NULL) watch_arm(task->watch, &task->overlapped);
  task->finish = finish;
  task->error = ERROR_SUCCESS;
  task->count = 0;
}

void port_append(struct port *port, struct task *task) { list_append(&port->over, &task->link); }

DWORD port_bind(struct port *port, HANDLE file, bool *skips) {
  DWORD error = os_port_associate(port->handle, file);
  if (error == ERROR_SUCCESS) *skips = os_skip_port_on_success(file) == ERROR_SUCCESS;
  return error;
}

/* ---- waiting ---- */

static void take_packet(struct port *port, OVERLAPPED *overlapped) {
  if (overlapped == NULL) {
    InterlockedExchange(&port->awake, 0);
    port->in_batch = true;
    return;
  }
  struct task *task = CONTAINER_OF(overlapped, struct task, overlapped);
  task->error = os_result(overlapped, &task->count);
  list_append(&port->batch, &task->link);
}

/*
 * Wine 8 asks its server for one packet after the other, and once more to hear that there is none. While waits bring
 * one packet each, they ask for no more than that, and for all only now and then. A look always asks for all.
 */
static ULONG choose_room(const struct port *port, DWORD milliseconds) {
  bool enough = milliseconds > 0 && port->brings_one && port->batches % ROOM_PROBE_BATCHES != 0;
  return enough ? 1 : ENTRIES_MAX;
}

/* Moves packets from the port into the batch. */
static DWORD collect(struct port *port, DWORD milliseconds) {
  OVERLAPPED_ENTRY entries[ENTRIES_MAX];
  ULONG count;
  port->asked_in_batch = port->batches;
  DWORD error = os_port_wait(port->handle, entries, choose_room(port, milliseconds), &count, milliseconds);
  if (error != ERROR_SUCCESS) return error;
  port->brings_one = count == 1;
  for (ULONG i = 0; i < count; ++i) take_packet(port, entries[i].lpOverlapped);
  return ERROR_SUCCESS;
}

static DWORD milliseconds_of(uint64_t timeout_ns) {
  if (timeout_ns == WAIT_FOREVER) return INFINITE;
  uint64_t milliseconds = timeout_ns / NS_PER_MS + (timeout_ns % NS_PER_MS != 0);
  return milliseconds < INFINITE ? (DWORD)milliseconds : INFINITE - 1;
}

/* Windows counts a wait in ticks and may end it a part of one early: then it waits again. */
static DWORD collect_until(struct port *port, uint64_t timeout_ns) {
  if (timeout_ns == 0 || timeout_ns == WAIT_FOREVER) return collect(port, milliseconds_of(timeout_ns));
  uint64_t begin = port_now(port);
  uint64_t waited = 0;
  DWORD error;
  do {
    error = collect(port, milliseconds_of(timeout_ns - waited));
    waited = port_now(port) - begin;
  } while (error == WAIT_TIMEOUT && waited < timeout_ns);
  return error;
}

/* A port that cannot be asked is no reason to spin: who would have waited holds still a moment. */
static void note_failure(struct port *port, DWORD error, uint64_t timeout_ns) {
  port->failure = error == WAIT_TIMEOUT ? ERROR_SUCCESS : error;
  if (port->failure != ERROR_SUCCESS && timeout_ns > 0) os_thread_pause();
}

/* Whether the port has not been asked for too long, or did not answer the last time. */
static bool must_look(const struct port *port) {
  return port->batches - port->asked_in_batch >= LOOK_BATCHES || port->failure != ERROR_SUCCESS;
}

static bool begin_batch(struct port *port, uint64_t timeout_ns) {
  ++port->batches;
  port->timed_out = false;
  if (list_empty(&port->over)) {
    DWORD error = collect_until(port, timeout_ns);
    note_failure(port, error, timeout_ns);
    port->timed_out = error == WAIT_TIMEOUT;
    return error == ERROR_SUCCESS;
  }
  list_move_all(&port->over, &port->batch);
  if (must_look(port)) note_failure(port, collect(port, 0), 0);
  return true;
}

struct task *port_take(struct port *port, uint64_t timeout_ns) {
  if (!port->in_batch && list_empty(&port->batch)) port->in_batch = begin_batch(port, timeout_ns);
  struct list_node *node = list_take_first(&port->batch);
  port->in_batch = node != NULL;
  if (node == NULL) return NULL;
  struct task *task = CONTAINER_OF(node, struct task, link);
  task->pending = false;
  return task;
}

/* ---- submitting ---- */

static bool lies_in(const struct list *list, const struct task *task) {
  for (struct list_node *node = list_first(list); node != NULL; node = list_after(list, node)) {
    if (node == &task->link) return true;
  }
  return false;
}

/*
 * Windows 8 and later bring a packet for a warning, also where success brings none; Wine 8 does not. A packet of
 * something that is over is in the port already, so looking once tells which of the two this is.
 */
static void learn_warning_packets(struct port *port, const struct task *task) {
  bool came = false;
  while (!came && collect(port, 0) == ERROR_SUCCESS) came = lies_in(&port->batch, task);
  port->warning_packets = came ? WARNING_PACKETS_COME : WARNING_PACKETS_NEVER;
}

static bool brings_packet(struct port *port, const struct task *task, bool skips, DWORD error) {
  if (error == ERROR_IO_PENDING) return true;
  if (error == ERROR_SUCCESS) return !skips;
  if (error != ERROR_MORE_DATA) return false;
  if (!skips) return true;
  if (port->warning_packets == WARNING_PACKETS_UNKNOWN) learn_warning_packets(port, task);
  return port->warning_packets == WARNING_PACKETS_COME;
}

enum submitted port_sort(struct port *port, struct task *task, bool skips, DWORD error) {
  task->error = error;
  if (task->watch == NULL) {
    task->pending = brings_packet(port, task, skips, error);
  } else {
    task->pending = error == ERROR_IO_PENDING || !watch_disarm(task->watch);
  }
  return task->pending ? SUBMITTED_PENDING : SUBMITTED_OVER;
}
