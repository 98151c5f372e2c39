/* SPDX-License-Identifier: MIT */
/*
 * Attempts at the addresses of a host, several at a time: RFC 8305, section 5. Each begins a delay after the one before
 * it, or at once when one has failed, and goes on beside it; the first that is through wins, and the others are closed.
 *
 * Listeners of `attempt` and `attempt-failed` may destroy the socket: after every emission the connect may be over. Its
 * memory is not: that goes with the socket's `close`, which comes from the loop.
 */
#include <assert.h>
#include <string.h>

#include <weir/block_list.h>

#include "common/base/memory.h"
#include "common/server/bound.h"
#include "common/socket/connecting.h"

enum { LONGEST_PAUSE_MS = 50 };

static const char too_late[] = "the server did not take the connection before the deadline";

static bool is_local_name(const struct attempt *attempt) { return attempt->address.family == WEIR_FAMILY_NONE; }

/* ---- carriers ---- */

/* A socket that has no listeners, so that nobody hears of its life. */
static struct weir_socket *make_scout(weir_loop *loop) {
  struct weir_socket *scout = socket_make(loop, false, NULL);
  if (scout == NULL) return NULL;
  if (socket_need_extra(scout) == NULL) {
    handle_release(&scout->handle);
    return NULL;
  }
  socket_begin_life(scout);
  scout->life = LIFE_CONNECTING;
  socket_update_liveness(scout);
  return scout;
}

/* The attempt is over. A scout closes what it has by itself. */
static void retire_carrier(struct attempt *attempt) {
  struct weir_socket *carrier = attempt->carrier;
  attempt->carrier = NULL;
  if (carrier == attempt->connecting->socket) return;
  socket_destroy(carrier, NULL);
  carrier->extra->attempt = NULL;
  handle_release(&carrier->handle);
}

void race_stop(struct connecting *connecting) {
  deadline_clear(&connecting->next, connecting->socket->handle.loop);
  deadline_clear(&connecting->retry, connecting->socket->handle.loop);
  for (size_t i = 0; i < connecting->begun; i++) {
    if (connecting->attempts[i].carrier != NULL) retire_carrier(&connecting->attempts[i]);
  }
}

/* ---- failing ---- */

static void emit_attempt(struct attempt *attempt, weir_event_type type, const weir_error *error) {
  struct weir_socket *socket = attempt->connecting->socket;
  weir_event_attempt told = {.address = &attempt->address, .error = error};
  weir_event event = {.type = type, .socket = socket, .attempt = &told};
  handle_emit(&socket->handle, &event);
}

static void fail_attempt(struct attempt *attempt, const struct completion *met) {
  struct attempt_texts texts;
  attempt->code = (weir_code)met->result;
  attempt->native_code = met->native_code;
  attempt->hint = met->hint;
  attempt->step = met->step;
  list_append(&attempt->connecting->failed, &attempt->link);
  weir_error error = attempt_error(attempt, &texts);
  if (!is_local_name(attempt)) emit_attempt(attempt, WEIR_EVENT_ATTEMPT_FAILED, &error);
}

static void fail_at_once(struct attempt *attempt, weir_code code, const char *hint) {
  fail_attempt(attempt, &(struct completion){.result = code, .hint = hint});
}

/* ---- beginning ---- */

static void submit(struct attempt *attempt) {
  struct connecting *connecting = attempt->connecting;
  struct weir_socket *carrier = attempt->carrier;
  struct address ip;
  weir_address local;
  struct connect_request request = {.address = &connecting->address};
  assert(carrier->life == LIFE_CONNECTING && carrier->extra->attempt == NULL);
  if (!is_local_name(attempt)) {
    address_set_ip(&ip, &attempt->address);
    request.address = &ip;
  }
  if (connecting->bound != NULL) {
    request.bound = bound_acceptor(connecting->bound);
  } else if (attempt_local(attempt, &local)) {
    request.local = &local;
  }
  carrier->extra->attempt = attempt;
  connecting->in_flight++;
  connecting->socket->extra->attempts++;
  memset(socket_connection(carrier), 0, socket_operations(carrier)->connection_bytes);
  socket_operations(carrier)->connect(socket_backend(carrier), socket_connection(carrier), &request);
  if (connecting->bound != NULL) bound_take(connecting->bound);
}

/* Begins an attempt. False: it has failed at once, or a listener has destroyed the socket. */
static bool begin(struct attempt *attempt) {
  struct connecting *connecting = attempt->connecting;
  struct weir_socket *socket = connecting->socket;
  if (weir_block_list_check(connecting->block_list, &attempt->address)) {
    fail_at_once(attempt, WEIR_EBLOCKED, NULL);
    return false;
  }
  if (!is_local_name(attempt)) {
    socket->extra->tried->addresses[socket->extra->tried->count++] = attempt->address;
    emit_attempt(attempt, WEIR_EVENT_ATTEMPT, NULL);
    if (!connecting_goes_on(connecting)) return false;
  }
  attempt->carrier = connecting->attempt_count == 1 ? socket : make_scout(socket->handle.loop);
  if (attempt->carrier == NULL) {
    fail_at_once(attempt, WEIR_ENOMEM, "no memory for one more attempt");
    return false;
  }
  submit(attempt);
  return true;
}

/* Two attempts cannot have the same port: with one of the user's choice each waits for the failure before. */
static void schedule_next(struct connecting *connecting) {
  if (connecting->begun == connecting->attempt_count || connecting->local.port != 0) return;
  deadline_set_after(&connecting->next, connecting->socket->handle.loop, connecting->attempt_delay_ms);
}

static void begin_next(struct connecting *connecting) {
  deadline_clear(&connecting->next, connecting->socket->handle.loop);
  while (connecting_goes_on(connecting) && connecting->begun < connecting->attempt_count) {
    if (begin(&connecting->attempts[connecting->begun++])) {
      schedule_next(connecting);
      return;
    }
  }
  if (connecting_goes_on(connecting) && connecting->in_flight == 0) {
    attempts_fail(connecting, WEIR_OK, "none of the host's addresses took the connection");
  }
}

void race_begin_next(struct deadline *deadline) { begin_next(CONTAINER_OF(deadline, struct connecting, next)); }

void race_begin(struct connecting *connecting) {
  struct weir_socket *socket = connecting->socket;
  size_t count = connecting->attempt_count;
  assert(count > 0 && socket->extra->tried == NULL);
  if (!is_local_name(&connecting->attempts[0])) {
    size_t bytes = sizeof *socket->extra->tried + count * sizeof socket->extra->tried->addresses[0];
    socket->extra->tried = memory_get_zeroed(&socket->handle.loop->allocator, bytes);
    if (socket->extra->tried == NULL) {
      socket_fail(socket, "connect", WEIR_ENOMEM, 0, "no memory for the attempts");
      return;
    }
  }
  begin_next(connecting);
}

void race_try_again(struct deadline *deadline) {
  struct attempt *attempt = &CONTAINER_OF(deadline, struct connecting, retry)->only;
  attempt->carrier = attempt->connecting->socket;
  attempt->carrier->extra->busy_retries++;
  submit(attempt);
}

/* ---- ending ---- */

static void win(struct attempt *attempt) {
  struct connecting *connecting = attempt->connecting;
  struct weir_socket *socket = connecting->socket;
  if (attempt->carrier != socket) {
    memset(socket_connection(socket), 0, socket_operations(socket)->connection_bytes);
    socket_operations(socket)->move(socket_backend(socket), socket_connection(attempt->carrier),
                                    socket_connection(socket));
  }
  if (!is_local_name(attempt)) socket_meet(socket, &attempt->address);
  race_stop(connecting);
  connecting_succeed(connecting);
}

/* A local server is busy: no clock runs in the backend, so that an embedding host and the simulator see the pause.
 * (facts A.3, C.7) */
static void pause_and_retry(struct connecting *connecting) {
  deadline_set_after(&connecting->retry, connecting->socket->handle.loop, connecting->pause_ms);
  connecting->pause_ms = connecting->pause_ms * 2 < LONGEST_PAUSE_MS ? connecting->pause_ms * 2 : LONGEST_PAUSE_MS;
}

void socket_connect_done(const struct completion *completion) {
  struct weir_socket *carrier = socket_of(completion->connection);
  struct attempt *attempt = carrier->extra->attempt;
  struct connecting *connecting = attempt->connecting;
  carrier->extra->attempt = NULL;
  connecting->in_flight--;
  if (completion->result == 0) {
    win(attempt);
    return;
  }
  retire_carrier(attempt);
  if (completion->result == WEIR_EAGAIN && is_local_name(attempt)) {
    pause_and_retry(connecting);
  } else {
    fail_attempt(attempt, completion);
    begin_next(connecting);
  }
}

void race_time_out(struct connecting *connecting) {
  if (connecting->in_flight == 0) {
    socket_fail(connecting->socket, "connect", WEIR_ETIMEDOUT, 0, too_late);
    return;
  }
  for (size_t i = 0; i < connecting->begun && connecting_goes_on(connecting); i++) {
    struct attempt *attempt = &connecting->attempts[i];
    if (attempt->carrier != NULL) fail_at_once(attempt, WEIR_ETIMEDOUT, too_late);
  }
  if (connecting_goes_on(connecting)) attempts_fail(connecting, WEIR_ETIMEDOUT, too_late);
}
