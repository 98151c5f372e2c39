/* SPDX-License-Identifier: MIT */
/*
 * The end of the write side: behind what is queued the peer is told, then come the callbacks of end() and `finish`.
 *
 * A pipe of another library may have no way to be told (contract 0.1, case 4). Then `finish` comes all the same, and
 * the connection stays open, or closes after a silence of the user's choice.
 */
#include "common/base/apart.h"
#include "common/base/memory.h"
#include "common/hand_over/hand_over.h"
#include "common/socket/socket.h"
#include "common/socket/write_request.h"

/* ---- ending ---- */

/* Whether closing says to the peer all that ending says: the system has every byte, and closing follows at once. */
static bool needs_no_shutdown(const struct weir_socket *socket) {
  const struct backend_operations *operations = socket_operations(socket);
  return (socket->read_half == READ_ENDED || socket->destroy_after) && operations->write_soon == operations->write;
}

/* Behind what is queued the peer is told, unless closing does that as well: it saves a system call per connection. */
void socket_end_writing(struct weir_socket *socket) {
  if (socket->write_half == WRITE_ENDED || socket->shutting_down) return;
  socket->write_half = WRITE_ENDING;
  if (socket->extra != NULL && socket->extra->corks > 0) {
    socket->extra->corks = 0;
    socket_start_writing(socket);
  }
  if (socket->life != LIFE_OPEN || socket_has_writes(socket)) return;
  if (needs_no_shutdown(socket)) {
    socket_owe(socket, DEBT_FINISH);
    return;
  }
  socket->shutting_down = true;
  socket_update_liveness(socket);
  socket_operations(socket)->shutdown(socket_backend(socket), socket_connection(socket));
}

/* The last bytes without the callback, which belongs to the end. */
static int write_last(struct weir_socket *socket, const weir_write *write) {
  weir_write last = *write;
  last.callback = NULL;
  return write->length == 0 ? 1 : weir_socket_write_with(socket, &last);
}

/* Writes the last bytes and remembers the end's callback; without memory for both it does neither. */
static int write_and_remember_end(struct weir_socket *socket, const weir_write *write) {
  if (write->callback == NULL) return write_last(socket, write);
  struct write_request *request = socket_make_request(socket, 0);
  if (request == NULL) return WEIR_ENOMEM;
  request->callback = write->callback;
  request->user = write->user;
  int result = write_last(socket, write);
  if (result < 0) {
    memory_put(&socket->handle.loop->allocator, request);
  } else {
    list_append(&socket->extra->ending, &request->link);
  }
  return result;
}

/* Why the half cannot be ended: ending it again without bytes is no reason, unless that is over. */
static weir_code end_refusal(const struct weir_socket *socket, const weir_write *write) {
  weir_code code = socket_write_refusal(socket);
  if (code == WEIR_ENOTCONN && write->length == 0) return WEIR_OK;
  bool ended = code == WEIR_EENDED || code == WEIR_EPIPE;
  return ended && write->length == 0 && socket->write_half == WRITE_ENDING ? WEIR_OK : code;
}

/* The callback of an end that comes too late hears so, but without bytes nothing was lost. */
static int refuse_end(struct weir_socket *socket, const weir_write *write, weir_code code) {
  int refused = socket_refuse_write(socket, write, code);
  bool harmless = write->length == 0 && code != WEIR_EDESTROYED;
  return harmless && refused == (int)code ? WEIR_OK : refused;
}

int weir_socket_end(weir_socket *socket, const weir_write *write) {
  weir_write whole = weir_write_default();
  if (socket == NULL || (write != NULL && !socket_write_read(write, &whole)) || whole.borrow) return WEIR_EINVAL;
  loop_check_thread(socket->handle.loop);
  weir_code code = end_refusal(socket, &whole);
  if (code != WEIR_OK) return refuse_end(socket, &whole, code);
  int written = write_and_remember_end(socket, &whole);
  if (written < 0) return written;
  if (socket->life == LIFE_NEW) {
    socket->write_half = WRITE_ENDING;
    socket_owe(socket, DEBT_FINISH);
  } else {
    socket_end_writing(socket);
  }
  return WEIR_OK;
}

/* ---- finish ---- */

/* First the callbacks of writes that were taken before the end. */
APART static void call_back_end(struct weir_socket *socket) {
  socket_deliver_callbacks(socket);
  if (socket_is_over(socket)) return;
  while (!list_empty(&socket->extra->ending)) {
    write_request_call_back(write_request_of(list_take_first(&socket->extra->ending)), socket, NULL);
  }
}

static void finish(struct weir_socket *socket) {
  socket->write_half = WRITE_ENDED;
  if (socket->extra != NULL) call_back_end(socket);
  if (socket_is_over(socket) || socket->write_half != WRITE_ENDED) return; /* a callback has begun a new life */
  socket_emit(socket, WEIR_EVENT_FINISH);
  socket_deliver_flow(socket); /* a pipe that ended with it is heard of before the socket is destroyed (EO-42) */
  socket_close_if_over(socket);
  if (socket->extra != NULL) hand_over_go_on(socket);
}

void socket_deliver_finish(struct weir_socket *socket) {
  if (socket->write_half == WRITE_ENDING) finish(socket);
}

void socket_end_with_peer(struct weir_socket *socket) {
  socket->ended_by_peer = true;
  if (socket->write_half == WRITE_OPEN && socket->debts == 0 && needs_no_shutdown(socket)) {
    finish(socket);
  } else {
    socket_end_writing(socket);
  }
}

/* ---- a server that cannot be told ---- */

void socket_silence_come(struct deadline *deadline) {
  socket_destroy(CONTAINER_OF(deadline, struct socket_extra, silence)->socket, NULL);
}

weir_code socket_prepare_silence(struct weir_socket *socket, uint64_t silence_ms) {
  struct socket_extra *extra = socket->extra;
  if (silence_ms == 0 || deadline_has_place(&extra->silence)) return WEIR_OK;
  return deadline_init(&extra->silence, socket->handle.loop, DEADLINE_SILENCE);
}

static void begin_silence(struct weir_socket *socket) {
  if (socket->extra == NULL || socket->extra->silence_ms == 0) return;
  deadline_set_after(&socket->extra->silence, socket->handle.loop, socket->extra->silence_ms);
}

void socket_break_silence(struct weir_socket *socket) {
  if (socket->extra != NULL && deadline_is_set(&socket->extra->silence)) begin_silence(socket);
}

void socket_shutdown_done(const struct completion *completion) {
  struct weir_socket *socket = socket_of(completion->connection);
  socket->shutting_down = false;
  socket_update_liveness(socket);
  if (completion->result < 0 && completion->result != WEIR_ENOTSUP) {
    socket_fail(socket, "shutdown", (weir_code)completion->result, completion->native_code, completion->hint);
    return;
  }
  if (completion->result == WEIR_ENOTSUP) begin_silence(socket);
  finish(socket);
}
