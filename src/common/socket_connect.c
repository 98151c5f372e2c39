/* SPDX-License-Identifier: MIT */
/*
 * Connecting: one attempt has an address, a deadline, and, while the server is too busy to take it, a pause before the
 * next try. No clock runs in the backend, so that an embedding host and the simulator see both. (facts A.3, C.7)
 */
#include <assert.h>
#include <string.h>

#include "common/memory.h"
#include "common/socket.h"

enum { FIRST_PAUSE_MS = 1, LONGEST_PAUSE_MS = 50 };

struct attempt {
  struct weir_socket *socket;
  struct deadline deadline;
  struct deadline retry;
  uint64_t timeout_ms;
  uint64_t pause_ms;
  uint64_t silence_ms;
  bool in_flight;         /* the backend has it */
  char *name;             /* for errors, until the attempt begins and the socket has it */
  weir_listener listener; /* of `connect`, dropped when the attempt fails */
  void *listener_user;
  struct address address;
  struct address_failure failure; /* the endpoint made no sense; reported from the loop */
};

bool socket_attempt_in_flight(const struct weir_socket *socket) {
  return socket->extra != NULL && socket->extra->attempt != NULL && socket->extra->attempt->in_flight;
}

static void submit(struct weir_socket *socket) {
  struct attempt *attempt = socket->extra->attempt;
  assert(socket->life == LIFE_CONNECTING && !attempt->in_flight);
  attempt->in_flight = true;
  memset(socket_connection(socket), 0, socket_operations(socket)->connection_bytes);
  struct connect_request request = {.address = &attempt->address};
  socket_operations(socket)->connect(socket_backend(socket), socket_connection(socket), &request);
}

static void try_again(struct deadline *deadline) { submit(CONTAINER_OF(deadline, struct attempt, retry)->socket); }

static void give_up(struct deadline *deadline) {
  struct weir_socket *socket = CONTAINER_OF(deadline, struct attempt, deadline)->socket;
  socket_fail(socket, "connect", WEIR_ETIMEDOUT, 0, "the server did not take the connection before the deadline");
}

/* ---- beginning ---- */

void socket_stop_attempt(struct weir_socket *socket) {
  if (socket->extra == NULL || socket->extra->attempt == NULL) return;
  deadline_clear(&socket->extra->attempt->deadline, socket->handle.loop);
  deadline_clear(&socket->extra->attempt->retry, socket->handle.loop);
}

void socket_free_attempt(struct weir_socket *socket, struct attempt *attempt) {
  if (attempt == NULL) return;
  if (attempt->listener != NULL) {
    handle_unlisten(&socket->handle, WEIR_EVENT_CONNECT, attempt->listener, attempt->listener_user);
  }
  memory_put(&socket->handle.loop->allocator, attempt->name);
  deadline_fini(&attempt->deadline, socket->handle.loop);
  deadline_fini(&attempt->retry, socket->handle.loop);
  memory_put(&socket->handle.loop->allocator, attempt);
}

bool socket_awaits_attempt(const struct weir_socket *socket) {
  return socket->extra != NULL && socket->extra->next_attempt != NULL;
}

void socket_drop_next_attempt(struct weir_socket *socket) {
  if (!socket_awaits_attempt(socket)) return;
  socket_free_attempt(socket, socket->extra->next_attempt);
  socket->extra->next_attempt = NULL;
}

/* The name as errors show it: the address in its printable form, or what the user wrote when it is none. */
static char *copy_name(struct weir_socket *socket, const struct attempt *attempt, const char *endpoint, size_t length) {
  const weir_allocator *allocator = &socket->handle.loop->allocator;
  bool is_address = attempt->failure.code == WEIR_OK;
  size_t bytes = is_address ? address_format(&attempt->address, NULL, 0) : length;
  char *name = memory_get(allocator, bytes + 1);
  if (name == NULL) return NULL;
  if (is_address) {
    address_format(&attempt->address, name, bytes + 1);
  } else {
    memcpy(name, endpoint, length);
    name[length] = '\0';
  }
  return name;
}

static struct attempt *make_attempt(struct weir_socket *socket, const char *endpoint, size_t length,
                                    const weir_connect_options *options) {
  weir_loop *loop = socket->handle.loop;
  struct attempt *attempt = memory_get_zeroed(&loop->allocator, sizeof *attempt);
  if (attempt == NULL) return NULL;
  attempt->socket = socket;
  attempt->pause_ms = FIRST_PAUSE_MS;
  attempt->timeout_ms = options->timeout_ms == 0 ? WEIR_CONNECT_TIMEOUT_MS : options->timeout_ms;
  attempt->silence_ms = options->pipe_end_timeout_ms;
  attempt->failure.code =
      address_parse(&loop->operations->addresses, endpoint, length, false, &attempt->address, &attempt->failure);
  if (deadline_init(&attempt->deadline, loop, give_up) == WEIR_OK &&
      deadline_init(&attempt->retry, loop, try_again) == WEIR_OK) {
    return attempt;
  }
  socket_free_attempt(socket, attempt);
  return NULL;
}

static weir_code add_listener(struct weir_socket *socket, struct attempt *attempt,
                              const weir_connect_options *options) {
  if (options->listener == NULL) return WEIR_OK;
  weir_code code = weir_socket_once(socket, WEIR_EVENT_CONNECT, options->listener, options->user);
  if (code != WEIR_OK) return code;
  attempt->listener = options->listener;
  attempt->listener_user = options->user;
  return WEIR_OK;
}

/* Everything that needs memory comes first, so that a failed call leaves the socket as it was. */
static weir_code prepare(struct weir_socket *socket, const char *endpoint, const weir_connect_options *options,
                         struct attempt **attempt) {
  size_t length = options->endpoint_length != 0 ? options->endpoint_length : strlen(endpoint);
  struct socket_extra *extra = socket_need_extra(socket);
  if (extra == NULL || socket_prepare_silence(socket, options->pipe_end_timeout_ms) != WEIR_OK) return WEIR_ENOMEM;
  struct attempt *made = make_attempt(socket, endpoint, length, options);
  if (made == NULL) return WEIR_ENOMEM;
  made->name = copy_name(socket, made, endpoint, length);
  weir_code code = made->name == NULL ? WEIR_ENOMEM : add_listener(socket, made, options);
  if (code != WEIR_OK) {
    socket_free_attempt(socket, made);
    return code;
  }
  *attempt = made;
  return WEIR_OK;
}

weir_code weir_socket_connect(weir_socket *socket, const char *endpoint, const weir_connect_options *options) {
  weir_connect_options whole = weir_connect_options_default();
  struct attempt *attempt = NULL;
  if (socket == NULL || endpoint == NULL || (options != NULL && options->size == 0)) return WEIR_EINVAL;
  loop_check_thread(socket->handle.loop);
  if (socket->handle.loop->ended) return WEIR_ECANCELED;
  if (options != NULL) memcpy(&whole, options, options->size < sizeof whole ? options->size : sizeof whole);
  if (socket->life == LIFE_OPEN) return WEIR_EISCONN;
  if (weir_socket_connecting(socket)) return WEIR_EALREADY;
  weir_code code = prepare(socket, endpoint, &whole, &attempt);
  if (code != WEIR_OK) return code;
  if (socket->life == LIFE_CLOSING) {
    socket->extra->next_attempt = attempt;
  } else {
    socket_begin_attempt(socket, attempt);
  }
  return WEIR_OK;
}

void socket_begin_attempt(struct weir_socket *socket, struct attempt *attempt) {
  socket_begin_life(socket);
  socket->life = LIFE_CONNECTING;
  socket->write_half = WRITE_QUEUED;
  socket->extra->attempt = attempt;
  socket->extra->name = attempt->name;
  attempt->name = NULL;
  socket->extra->silence_ms = attempt->silence_ms;
  socket_update_liveness(socket);
  socket_touch(socket);
  if (attempt->timeout_ms != WEIR_FOREVER) {
    deadline_set_after(&attempt->deadline, socket->handle.loop, attempt->timeout_ms);
  }
  if (attempt->failure.code != WEIR_OK) {
    socket_owe(socket, DEBT_CONNECT_FAILURE);
  } else {
    submit(socket);
  }
}

void socket_deliver_connect_failure(struct weir_socket *socket) {
  if (socket->life != LIFE_CONNECTING) return;
  const struct address_failure *failure = &socket->extra->attempt->failure;
  socket_fail(socket, "connect", failure->code, 0, failure->hint);
}

/* ---- ending ---- */

static void succeed(struct weir_socket *socket) {
  weir_event event = {.type = WEIR_EVENT_CONNECT, .socket = socket};
  socket->extra->attempt->listener = NULL; /* its emission takes it off */
  socket_free_attempt(socket, socket->extra->attempt);
  socket->extra->attempt = NULL;
  socket_become_open(socket);
  socket_touch(socket);
  /* Paused before it connected: nothing is read, as with pause_on_connect. (EO-10e) */
  if (socket->flow != FLOW_PAUSED) socket_start_reading(socket);
  if (socket->write_half == WRITE_QUEUED && !socket_has_writes(socket) && socket->extra->corks == 0) {
    socket->write_half = WRITE_OPEN;
  }
  handle_emit(&socket->handle, &event);
  socket_start_writing(socket);
}

void socket_connect_done(const struct completion *completion) {
  struct weir_socket *socket = socket_of(completion->connection);
  struct attempt *attempt = socket->extra->attempt;
  attempt->in_flight = false;
  if (completion->result == 0) {
    succeed(socket);
  } else if (completion->result == WEIR_EAGAIN) {
    deadline_set_after(&attempt->retry, socket->handle.loop, attempt->pause_ms);
    attempt->pause_ms = attempt->pause_ms * 2 < LONGEST_PAUSE_MS ? attempt->pause_ms * 2 : LONGEST_PAUSE_MS;
  } else {
    socket_fail(socket, "connect", (weir_code)completion->result, completion->native_code, completion->hint);
  }
}
