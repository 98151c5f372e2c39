/* SPDX-License-Identifier: MIT */
/*
 * Connecting, from the user's call to an open socket or an error. What has to do with time is here; which addresses are
 * tried, and how, is the business of socket_race.c. A local name is tried at once; TCP begins in the loop, so that
 * nothing has happened yet for a caller who thinks better of it. (EO-24)
 */
#include <string.h>

#include <weir/block_list.h>

#include "common/bound.h"
#include "common/connecting.h"
#include "common/memory.h"

enum { FIRST_PAUSE_MS = 1, SHORTEST_ATTEMPT_DELAY_MS = 10 };

static bool is_tcp(const struct connecting *connecting) {
  return connecting->address.kind == ADDRESS_HOST || connecting->address.kind == ADDRESS_IP;
}

bool socket_connect_in_flight(const struct weir_socket *socket) {
  return socket->extra != NULL && socket->extra->attempt != NULL;
}

bool socket_connects_locally(const struct weir_socket *socket) { return !is_tcp(socket->extra->connecting); }

static void give_up(struct deadline *deadline) {
  struct connecting *connecting = CONTAINER_OF(deadline, struct connecting, deadline);
  if (connecting->lookup != NULL) {
    connecting_time_out_lookup(connecting);
  } else {
    race_time_out(connecting);
  }
}

/* ---- making ---- */

void socket_free_connecting(struct weir_socket *socket, struct connecting *connecting) {
  weir_loop *loop = socket->handle.loop;
  if (connecting == NULL) return;
  if (connecting->listener != NULL) {
    handle_unlisten(&socket->handle, WEIR_EVENT_CONNECT, connecting->listener, connecting->listener_user);
  }
  if (connecting->bound != NULL) bound_drop(connecting->bound);
  weir_bound_release(connecting->bound);
  weir_block_list_release(connecting->block_list);
  weir_cancellation_release(connecting->cancellation);
  memory_put(&loop->allocator, connecting->name);
  if (connecting->attempts != &connecting->only) memory_put(&loop->allocator, connecting->attempts);
  deadline_fini(&connecting->deadline, loop);
  deadline_fini(&connecting->retry, loop);
  deadline_fini(&connecting->next, loop);
  memory_put(&loop->allocator, connecting);
}

bool socket_awaits_connect(const struct weir_socket *socket) {
  return socket->extra != NULL && socket->extra->next_connecting != NULL;
}

void socket_drop_next_connect(struct weir_socket *socket) {
  if (!socket_awaits_connect(socket)) return;
  socket_free_connecting(socket, socket->extra->next_connecting);
  socket->extra->next_connecting = NULL;
}

/* The name as errors show it: the address in its printable form, or what the user wrote when it is none. */
static weir_code copy_name(struct connecting *connecting, const char *endpoint, size_t length) {
  const weir_allocator *allocator = &connecting->socket->handle.loop->allocator;
  bool is_address = connecting->failure.code == WEIR_OK;
  size_t bytes = is_address ? address_format(&connecting->address, NULL, 0) : length;
  connecting->name = memory_get(allocator, bytes + 1);
  if (connecting->name == NULL) return WEIR_ENOMEM;
  if (is_address) {
    address_format(&connecting->address, connecting->name, bytes + 1);
  } else {
    memcpy(connecting->name, endpoint, length);
    connecting->name[length] = '\0';
  }
  return WEIR_OK;
}

/* For a client, any address of a machine is the machine itself. */
static void parse_endpoint(struct connecting *connecting, const char *endpoint, size_t length) {
  static const char this_machine[] = "localhost";
  struct address *address = &connecting->address;
  const struct address_rules *rules = &connecting->socket->handle.loop->operations->addresses;
  connecting->failure.code = address_parse(rules, endpoint, length, false, address, &connecting->failure);
  if (address->kind != ADDRESS_HOST || address->length > 0) return;
  weir_address ip = address->ip;
  address_set(address, ADDRESS_HOST, this_machine, strlen(this_machine));
  address->ip = ip;
}

/* From an IPv4 address only IPv4 addresses are reached, and the same with IPv6. */
static weir_code read_local(struct connecting *connecting, const weir_connect_options *options) {
  weir_family family = options->family;
  if (family != WEIR_FAMILY_NONE && family != WEIR_FAMILY_IPV4 && family != WEIR_FAMILY_IPV6) return WEIR_EINVAL;
  if (options->local_port < 0 || options->local_port > UINT16_MAX) return WEIR_EINVAL;
  connecting->family = family;
  connecting->local.port = options->local_port;
  if (options->local_address == NULL) return WEIR_OK;
  weir_code code = weir_address_make(options->local_address, options->local_port, &connecting->local);
  if (code != WEIR_OK || family == connecting->local.family) return code;
  connecting->family = connecting->local.family;
  return family == WEIR_FAMILY_NONE ? WEIR_OK : WEIR_EINVAL;
}

static void read_times(struct connecting *connecting, const weir_connect_options *options) {
  uint64_t deadline = is_tcp(connecting) ? WEIR_FOREVER : WEIR_CONNECT_TIMEOUT_MS;
  uint64_t delay = options->attempt_delay_ms == 0 ? WEIR_ATTEMPT_DELAY_MS : options->attempt_delay_ms;
  connecting->timeout_ms = options->timeout_ms == 0 ? deadline : options->timeout_ms;
  connecting->attempt_delay_ms = delay < SHORTEST_ATTEMPT_DELAY_MS ? SHORTEST_ATTEMPT_DELAY_MS : delay;
  connecting->pause_ms = FIRST_PAUSE_MS;
  connecting->silence_ms = options->pipe_end_timeout_ms;
}

static weir_code take_places(struct connecting *connecting) {
  weir_loop *loop = connecting->socket->handle.loop;
  weir_code code = deadline_init(&connecting->deadline, loop, give_up);
  if (code == WEIR_OK) code = deadline_init(&connecting->retry, loop, race_try_again);
  return code == WEIR_OK ? deadline_init(&connecting->next, loop, race_begin_next) : code;
}

static weir_code add_listener(struct connecting *connecting, const weir_connect_options *options) {
  if (options->listener == NULL) return WEIR_OK;
  weir_code code = weir_socket_once(connecting->socket, WEIR_EVENT_CONNECT, options->listener, options->user);
  if (code != WEIR_OK) return code;
  connecting->listener = options->listener;
  connecting->listener_user = options->user;
  return WEIR_OK;
}

/* The last thing that can fail, because a claim that is dropped closes what was bound. */
static weir_code claim_bound(struct connecting *connecting, const weir_connect_options *options) {
  if (options->bound == NULL || !is_tcp(connecting)) return WEIR_OK;
  if (options->local_address != NULL || options->local_port != 0) return WEIR_EINVAL;
  if (!bound_claim(options->bound, connecting->socket->handle.loop)) return WEIR_EINVAL;
  connecting->bound = weir_bound_retain(options->bound);
  connecting->local = *bound_name(options->bound);
  connecting->family = connecting->local.family;
  connecting->first_address_only = true;
  return WEIR_OK;
}

static weir_code fill_connecting(struct connecting *connecting, const char *endpoint,
                                 const weir_connect_options *options) {
  size_t length = options->endpoint_length != 0 ? options->endpoint_length : strlen(endpoint);
  weir_block_list *block_list = (weir_block_list *)(uintptr_t)options->block_list; /* only its owners are counted */
  parse_endpoint(connecting, endpoint, length);
  read_times(connecting, options);
  list_init(&connecting->failed);
  connecting->only = (struct attempt){.connecting = connecting, .address = connecting->address.ip};
  connecting->attempts = &connecting->only;
  connecting->attempt_count = 1;
  connecting->first_address_only = options->first_address_only;
  connecting->resolver = options->resolver;
  connecting->resolver_user = options->resolver_user;
  if (block_list != NULL) connecting->block_list = weir_block_list_retain(block_list);
  if (options->cancellation != NULL) connecting->cancellation = weir_cancellation_retain(options->cancellation);
  weir_code code = read_local(connecting, options);
  if (code == WEIR_OK) code = take_places(connecting);
  if (code == WEIR_OK) code = copy_name(connecting, endpoint, length);
  if (code == WEIR_OK) code = add_listener(connecting, options);
  return code == WEIR_OK ? claim_bound(connecting, options) : code;
}

/* Everything that needs memory comes first, so that a failed call leaves the socket as it was. */
static weir_code make_connecting(struct weir_socket *socket, const char *endpoint, const weir_connect_options *options,
                                 struct connecting **connecting) {
  struct socket_extra *extra = socket_need_extra(socket);
  if (extra == NULL || socket_prepare_silence(socket, options->pipe_end_timeout_ms) != WEIR_OK) return WEIR_ENOMEM;
  struct connecting *made = memory_get_zeroed(&socket->handle.loop->allocator, sizeof *made);
  if (made == NULL) return WEIR_ENOMEM;
  made->socket = socket;
  weir_code code = fill_connecting(made, endpoint, options);
  if (code == WEIR_OK) {
    *connecting = made;
  } else {
    socket_free_connecting(socket, made);
  }
  return code;
}

weir_code weir_socket_connect(weir_socket *socket, const char *endpoint, const weir_connect_options *options) {
  weir_connect_options whole = weir_connect_options_default();
  struct connecting *connecting = NULL;
  if (socket == NULL || endpoint == NULL || (options != NULL && options->size == 0)) return WEIR_EINVAL;
  loop_check_thread(socket->handle.loop);
  if (socket->handle.loop->ended) return WEIR_ECANCELED;
  if (options != NULL) memcpy(&whole, options, options->size < sizeof whole ? options->size : sizeof whole);
  if (socket->life == LIFE_OPEN) return WEIR_EISCONN;
  if (weir_socket_connecting(socket)) return WEIR_EALREADY;
  weir_code code = make_connecting(socket, endpoint, &whole, &connecting);
  if (code != WEIR_OK) return code;
  if (socket->life == LIFE_CLOSING) {
    socket->extra->next_connecting = connecting;
  } else {
    socket_begin_connecting(socket, connecting);
  }
  return WEIR_OK;
}

/* ---- beginning ---- */

static void cancel(struct cancelable *cancelable) {
  struct weir_socket *socket = CONTAINER_OF(cancelable, struct socket_extra, cancelable)->socket;
  const char *operation = socket->life == LIFE_CONNECTING ? "connect" : "cancel";
  socket_fail(socket, operation, WEIR_ECANCELED, 0, "the cancellation that it was connected with was cancelled");
}

void socket_begin_connecting(struct weir_socket *socket, struct connecting *connecting) {
  socket_begin_life(socket);
  socket->life = LIFE_CONNECTING;
  socket->write_half = WRITE_QUEUED;
  socket->extra->connecting = connecting;
  socket->extra->name = connecting->name;
  connecting->name = NULL;
  socket->extra->silence_ms = connecting->silence_ms;
  socket_update_liveness(socket);
  socket_touch(socket);
  if (connecting->timeout_ms != WEIR_FOREVER) {
    deadline_set_after(&connecting->deadline, socket->handle.loop, connecting->timeout_ms);
  }
  cancelable_join(&socket->extra->cancelable, connecting->cancellation, cancel);
  if (!connecting_goes_on(connecting)) return;
  if (connecting->failure.code != WEIR_OK || is_tcp(connecting)) {
    socket_owe(socket, DEBT_CONNECT);
  } else {
    race_begin(connecting);
  }
}

void socket_deliver_connect(struct weir_socket *socket) {
  if (socket->life != LIFE_CONNECTING) return;
  struct connecting *connecting = socket->extra->connecting;
  if (connecting->failure.code != WEIR_OK) {
    socket_fail(socket, "connect", connecting->failure.code, 0, connecting->failure.hint);
  } else if (connecting->address.kind == ADDRESS_HOST) {
    connecting_look_up(connecting);
  } else {
    race_begin(connecting);
  }
}

/* ---- ending ---- */

void connecting_succeed(struct connecting *connecting) {
  struct weir_socket *socket = connecting->socket;
  weir_event event = {.type = WEIR_EVENT_CONNECT, .socket = socket};
  connecting->listener = NULL; /* its emission takes it off */
  socket_free_connecting(socket, connecting);
  socket->extra->connecting = NULL;
  socket->handle.loop->counters.connections_made++;
  socket_become_open(socket);
  socket_touch(socket);
  /* Paused before it connected: nothing is read, as with pause_on_connect. (EO-10e) */
  if (socket->flow != FLOW_PAUSED) socket_start_reading(socket);
  if (socket->write_half == WRITE_QUEUED && !socket_has_writes(socket) && socket->extra->corks == 0) {
    socket->write_half = WRITE_OPEN;
  }
  handle_emit(&socket->handle, &event);
  socket_reset_if_asked(socket);
  socket_start_writing(socket);
}

void socket_stop_connecting(struct weir_socket *socket) {
  if (socket->extra == NULL || socket->extra->connecting == NULL) return;
  deadline_clear(&socket->extra->connecting->deadline, socket->handle.loop);
  connecting_stop_lookup(socket->extra->connecting);
  race_stop(socket->extra->connecting);
  socket->extra->attempt = NULL;
}

/* ---- asking ---- */

size_t weir_socket_attempted(const weir_socket *socket, size_t index, weir_address *address) {
  const struct tried *tried = socket->extra == NULL ? NULL : socket->extra->tried;
  size_t count = tried == NULL ? 0 : tried->count;
  if (address != NULL) *address = index < count ? tried->addresses[index] : (weir_address){.family = WEIR_FAMILY_NONE};
  return count;
}
