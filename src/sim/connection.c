/* SPDX-License-Identifier: MIT */
/*
 * Open connections of a simulated world: the submissions and the completions of their operations. What happens on a
 * wire happens at once, as in a kernel, but for a shutdown; when a loop learns of it is the schedule's to draw.
 */
#include <assert.h>
#include <string.h>

#include "sim/parts.h"

/* ---- beginning ---- */

void sim_begin(struct backend *backend, struct connection *connection) {
  sim_check_cleared(connection, sizeof *connection);
  connection->backend = backend;
  connection->connect = (struct task){.operation = OPERATION_CONNECT, .connection = connection};
  connection->read = (struct task){.operation = OPERATION_READ, .connection = connection};
  connection->write = (struct task){.operation = OPERATION_WRITE, .connection = connection};
  connection->shutdown = (struct task){.operation = OPERATION_SHUTDOWN, .connection = connection};
  connection->close = (struct task){.operation = OPERATION_CLOSE, .connection = connection};
  ++backend->open_count;
}

static void submit(struct connection *connection, struct task *task) {
  task_submit(task);
  schedule_make_ready(&connection->backend->schedule, task);
}

void sim_attach(struct connection *connection, struct wire_end *end) {
  connection->end = end;
  end->connection = connection;
}

void sim_begin_open(struct backend *backend, struct connection *connection, struct wire_end *end) {
  sim_begin(backend, connection);
  sim_attach(connection, end);
  connection->life = CONNECTION_OPEN;
}

/* What was given through a channel that is lost now may be open elsewhere. */
static struct outcome discard(struct weir_sim *world, intptr_t number) {
  struct native *end = native_find(world, number, NATIVE_END);
  struct native *native = end != NULL ? end : native_find(world, number, NATIVE_LISTENER);
  if (native == NULL) return (struct outcome){.code = WEIR_EBADF, .hint = "somebody has taken it on"};
  struct connection *peer = end == NULL ? NULL : wire_peer(CONTAINER_OF(end, struct wire_end, native))->connection;
  native_drop(native);
  sim_refresh(peer);
  return (struct outcome){.code = WEIR_OK};
}

struct outcome sim_open(struct backend *backend, struct connection *connection, intptr_t number) {
  if (connection == NULL) return discard(backend->world, number);
  sim_check_cleared(connection, sizeof *connection);
  if (number < 0) return (struct outcome){.code = WEIR_EBADF, .hint = "this is no descriptor"};
  struct native *native = native_find(backend->world, number, NATIVE_END);
  if (native == NULL) return (struct outcome){.code = WEIR_ENOTSUP, .hint = "a simulated world has no descriptors"};
  list_remove(&native->node);
  sim_begin_open(backend, connection, CONTAINER_OF(native, struct wire_end, native));
  return (struct outcome){.code = WEIR_OK};
}

/* ---- reading ---- */

void sim_check_open(const struct backend *backend, const struct connection *connection) {
  assert(connection->backend == backend && "another loop's, or never begun");
  assert(connection->life == CONNECTION_OPEN && "not connected yet, or closed");
  (void)backend;
  (void)connection;
}

void sim_refresh(struct connection *connection) {
  if (connection == NULL || connection->life != CONNECTION_OPEN) return;
  struct schedule *schedule = &connection->backend->schedule;
  const struct flow *outgoing = &wire_peer(connection->end)->incoming;
  if (flow_is_readable(&connection->end->incoming)) schedule_make_ready(schedule, &connection->read);
  if (outgoing->write_code != WEIR_OK && connection->read.state != TASK_IDLE) {
    task_hold(&connection->write); /* the peer has gone: first what it sent (rule 10 of the seam) */
  } else if (flow_is_writable(outgoing)) {
    schedule_make_ready(schedule, &connection->write);
  }
}

static void refresh_both(struct connection *connection) {
  sim_refresh(connection);
  sim_refresh(wire_peer(connection->end)->connection);
}

void sim_read(struct backend *backend, struct connection *connection, bool wanted) {
  sim_check_open(backend, connection);
  if (wanted) {
    task_submit(&connection->read);
  } else {
    task_cancel(&connection->read);
  }
  sim_refresh(connection);
}

static size_t draw_length(struct weir_sim *world, size_t limit) {
  return world->whole_transfers ? limit : chance_length(&world->chance, limit);
}

static void lend_bytes(struct connection *connection, struct completion *completion) {
  struct backend *backend = connection->backend;
  size_t available = connection->end->incoming.length;
  size_t length = draw_length(backend->world, available < LENT_BYTES ? available : LENT_BYTES);
  flow_get(&connection->end->incoming, backend->lent, length);
  backend->lent_length = length;
  completion->bytes = backend->lent;
  completion->result = (ptrdiff_t)length;
  refresh_both(connection);
}

static void finish_reading(struct connection *connection, struct completion *completion, ptrdiff_t result) {
  completion->result = result;
  task_cancel(&connection->read);
  sim_refresh(connection);
}

void sim_finish_read(struct connection *connection, struct completion *completion) {
  struct flow *incoming = &connection->end->incoming;
  assert(flow_is_readable(incoming));
  completion->connection = connection;
  weir_code fault = sim_count_operation(connection->backend->world, WEIR_SIM_FAULT_READ);
  if (fault != WEIR_OK) {
    finish_reading(connection, completion, fault);
    completion->hint = sim_fault_hint;
    wire_break(connection->end, fault, WEIR_EPIPE);
    refresh_both(connection);
  } else if (incoming->length > 0) {
    lend_bytes(connection, completion);
  } else if (incoming->state == FLOW_ENDED) {
    finish_reading(connection, completion, COMPLETION_END);
  } else {
    finish_reading(connection, completion, incoming->read_code);
  }
}

/* ---- writing ---- */

static void check_writable(const struct backend *backend, const struct connection *connection) {
  sim_check_open(backend, connection);
  assert(connection->write_half == WRITE_HALF_OPEN && "shut down before");
  assert(connection->write.state == TASK_IDLE && "a queued write is under way");
}

/* Whether the connection broke at this write; then its flow says why. */
static bool breaks_at_write(struct connection *connection) {
  weir_code fault = sim_count_operation(connection->backend->world, WEIR_SIM_FAULT_WRITE);
  if (fault == WEIR_OK) return false;
  wire_break(connection->end, WEIR_ECONNRESET, fault);
  refresh_both(connection);
  return true;
}

size_t sim_write(struct backend *backend, struct connection *connection, const void *bytes, size_t length) {
  check_writable(backend, connection);
  assert(length > 0);
  struct flow *outgoing = &wire_peer(connection->end)->incoming;
  if (outgoing->write_code != WEIR_OK || breaks_at_write(connection)) return 0;
  size_t room = flow_room(outgoing);
  if (room == 0) return 0;
  struct weir_sim *world = backend->world;
  if (!world->whole_transfers && chance_one_in(&world->chance, 8)) return 0;
  size_t taken = draw_length(world, length < room ? length : room);
  flow_put(outgoing, bytes, taken);
  refresh_both(connection);
  return taken;
}

static size_t sum_pieces(const struct piece *pieces, size_t count) {
  size_t total = 0;
  for (size_t i = 0; i < count; ++i) total += pieces[i].length;
  return total;
}

void sim_write_queue(struct backend *backend, struct connection *connection, const struct piece *pieces, size_t count) {
  check_writable(backend, connection);
  assert(count > 0 && count <= PIECES_MAX && sum_pieces(pieces, count) > 0);
  connection->pieces = pieces;
  connection->piece_count = count;
  task_submit(&connection->write);
  sim_refresh(connection);
}

static void put_pieces(struct connection *connection, struct flow *outgoing, size_t length) {
  for (const struct piece *piece = connection->pieces; length > 0; ++piece) {
    size_t part = piece->length < length ? piece->length : length;
    if (part > 0) flow_put(outgoing, piece->bytes, part);
    length -= part;
  }
}

void sim_finish_write(struct connection *connection, struct completion *completion) {
  struct flow *outgoing = &wire_peer(connection->end)->incoming;
  assert(flow_is_writable(outgoing));
  completion->connection = connection;
  task_cancel(&connection->write);
  bool was_broken = outgoing->write_code != WEIR_OK;
  if (was_broken || breaks_at_write(connection)) {
    completion->result = outgoing->write_code;
  } else {
    size_t total = sum_pieces(connection->pieces, connection->piece_count);
    size_t room = flow_room(outgoing);
    size_t taken = draw_length(connection->backend->world, total < room ? total : room);
    put_pieces(connection, outgoing, taken);
    completion->result = (ptrdiff_t)taken;
    refresh_both(connection);
  }
  connection->pieces = NULL;
  connection->piece_count = 0;
}

void sim_shutdown(struct backend *backend, struct connection *connection) {
  check_writable(backend, connection);
  connection->write_half = WRITE_HALF_ENDED;
  submit(connection, &connection->shutdown);
}

/* Only now does the peer learn of it: no answer to an end comes before the end has come back, on any real system. */
void sim_finish_shutdown(struct connection *connection, struct completion *completion) {
  completion->connection = connection;
  completion->result = 0;
  task_cancel(&connection->shutdown);
  wire_shutdown(connection->end);
  sim_refresh(wire_peer(connection->end)->connection);
}

/* ---- ending ---- */

/* What was said is said: a shutdown that has not come back is done now, and who goes on there finds it ended. */
static void detach(struct connection *connection) {
  struct wire_end *end = connection->end;
  struct wire_end *peer = wire_peer(end);
  if (connection->write_half == WRITE_HALF_ENDED) wire_shutdown(end);
  if (peer->incoming.state != FLOW_OPEN) flow_forbid(&peer->incoming, WEIR_EPIPE);
  end->connection = NULL;
  connection->end = NULL;
  connection->native = native_add(connection->backend->world, &end->native, NATIVE_END);
  sim_refresh(peer->connection);
}

void sim_leave_wire(struct connection *connection, enum ending ending) {
  struct wire_end *end = connection->end;
  struct wire_end *other = wire_peer(end);
  struct connection *peer = other->connection;
  connection->end = NULL;
  /* Nobody will take over what nobody has answered. */
  if (end->wire->state == WIRE_WAITING && !other->is_closed) wire_reset(other);
  if (ending == ENDING_RESET && end->wire->transport == TRANSPORT_TCP) {
    wire_reset(end);
  } else {
    wire_close(end);
  }
  sim_refresh(peer);
}

bool sim_close(struct backend *backend, struct connection *connection, enum ending ending) {
  (void)backend;
  assert(connection->backend == backend && connection->life != CONNECTION_CLOSING);
  if (ending == ENDING_AT_END) return false;
  bool is_detached = ending == ENDING_DETACH && connection->life == CONNECTION_OPEN;
  connection->life = CONNECTION_CLOSING;
  if (ending == ENDING_DETACH && !is_detached) connection->close_code = WEIR_ENOTSUP;
  task_cancel(&connection->connect);
  task_cancel(&connection->read);
  task_cancel(&connection->write);
  task_cancel(&connection->shutdown);
  if (is_detached) {
    detach(connection);
  } else if (connection->end != NULL) {
    sim_leave_wire(connection, ending);
  }
  submit(connection, &connection->close);
  return true;
}

/* Reads what a cancelled write points at: it must stay until now, and a memory checker sees whether it did. */
static void touch_pieces(const struct connection *connection) {
  for (size_t i = 0; i < connection->piece_count; ++i) {
    const struct piece *piece = &connection->pieces[i];
    const volatile unsigned char *bytes = piece->bytes;
    if (piece->length > 0) (void)(bytes[0] ^ bytes[piece->length - 1]);
  }
}

void sim_finish_close(struct connection *connection, struct completion *completion) {
  touch_pieces(connection);
  --connection->backend->open_count;
  completion->connection = connection;
  completion->result = connection->close_code;
  completion->native = connection->native;
  sim_spoil(connection, sizeof *connection);
}

void sim_move(struct backend *backend, struct connection *from, struct connection *to) {
  sim_check_open(backend, from);
  sim_begin_open(backend, to, from->end);
  --backend->open_count;
  sim_spoil(from, sizeof *from);
}
