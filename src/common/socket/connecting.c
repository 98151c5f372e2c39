/* SPDX-License-Identifier: MIT */
/*
 * What a connect wants, made of an endpoint and options and kept until it is over. Nothing happens here yet: whatever
 * needs memory or can be refused comes first, so that a failed call leaves the socket as it was.
 */
#include "common/socket/connecting.h"

#include <string.h>

#include <weir/block_list.h>

#include "common/base/memory.h"
#include "common/server/bound.h"

enum { FIRST_PAUSE_MS = 1, SHORTEST_ATTEMPT_DELAY_MS = 10 };

void connecting_free(struct connecting *connecting) {
  if (connecting == NULL) return;
  struct weir_socket *socket = connecting->socket;
  weir_loop *loop = socket->handle.loop;
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

/* ---- reading what was asked for ---- */

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
  uint64_t deadline = connecting_is_tcp(connecting) ? WEIR_FOREVER : WEIR_CONNECT_TIMEOUT_MS;
  uint64_t delay = options->attempt_delay_ms == 0 ? WEIR_ATTEMPT_DELAY_MS : options->attempt_delay_ms;
  connecting->timeout_ms = options->timeout_ms == 0 ? deadline : options->timeout_ms;
  connecting->attempt_delay_ms = delay < SHORTEST_ATTEMPT_DELAY_MS ? SHORTEST_ATTEMPT_DELAY_MS : delay;
  connecting->pause_ms = FIRST_PAUSE_MS;
  connecting->silence_ms = options->pipe_end_timeout_ms;
}

static weir_code take_places(struct connecting *connecting) {
  weir_loop *loop = connecting->socket->handle.loop;
  weir_code code = deadline_init(&connecting->deadline, loop, DEADLINE_CONNECT);
  if (code == WEIR_OK) code = deadline_init(&connecting->retry, loop, DEADLINE_RETRY);
  return code == WEIR_OK ? deadline_init(&connecting->next, loop, DEADLINE_NEXT_ATTEMPT) : code;
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
  if (options->bound == NULL || !connecting_is_tcp(connecting)) return WEIR_OK;
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

weir_code connecting_make(struct weir_socket *socket, const char *endpoint, const weir_connect_options *options,
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
    connecting_free(made);
  }
  return code;
}
