/* SPDX-License-Identifier: MIT */
/* What only TCP has: addresses that are remembered, options, and what clients and servers ask for. */
#include "stream/chaos.h"

/* ---- addresses ---- */

void note_addresses(struct party *party) {
  party->has_addresses = weir_socket_local_address(party->socket, &party->local);
  if (party->has_addresses != weir_socket_remote_address(party->socket, &party->remote)) {
    blame(party->chaos, "party %zu has one address of two", index_of_party(party));
  }
}

/* They stay until the next life; that may have begun already behind a `close`. */
void check_addresses(struct party *party) {
  weir_address local, remote;
  bool has_local = weir_socket_local_address(party->socket, &local);
  bool has_remote = weir_socket_remote_address(party->socket, &remote);
  if (!party->has_addresses || party->chaos->closing == party) return;
  if (!has_local || !has_remote || !weir_address_equal(&local, &party->local) ||
      !weir_address_equal(&remote, &party->remote)) {
    blame(party->chaos, "party %zu has forgotten its addresses", index_of_party(party));
  }
}

/* ---- options ---- */

static weir_code set_keep_alive(struct party *party) {
  weir_keep_alive keep_alive = weir_keep_alive_default();
  keep_alive.enabled = !one_in(party->chaos, 3);
  keep_alive.delay_ms = draw(party->chaos, 5000);
  keep_alive.count = (int)draw(party->chaos, 5) - 1;
  weir_code code = weir_socket_set_keep_alive(party->socket, &keep_alive);
  if (keep_alive.count < 0 && code == WEIR_OK) blame(party->chaos, "less than no probes");
  return code;
}

static weir_code set_type_of_service(struct party *party) {
  int before = weir_socket_type_of_service(party->socket);
  int wanted = (int)draw(party->chaos, 300);
  weir_code code = weir_socket_set_type_of_service(party->socket, wanted);
  int expected = code == WEIR_OK ? wanted : before;
  if (code == WEIR_OK && wanted > 255) blame(party->chaos, "no such type of service");
  if (weir_socket_type_of_service(party->socket) != expected) blame(party->chaos, "another type of service");
  return code;
}

void set_tcp_option(struct party *party) {
  weir_code code = WEIR_OK;
  size_t kind = draw(party->chaos, 4);
  if (kind == 0) code = weir_socket_set_no_delay(party->socket, one_in(party->chaos, 2));
  if (kind == 1) code = set_keep_alive(party);
  if (kind == 2) code = set_type_of_service(party);
  if (kind == 3) code = weir_socket_set_linger(party->socket, (int)draw(party->chaos, 4) - 2);
  note(party->chaos, "party %zu: option %zu, %s", index_of_party(party), kind, weir_code_name(code));
}

/* ---- what clients and servers ask for ---- */

static const char blocked_address[] = "127.0.0.66";

void make_block_list(struct chaos *chaos) {
  weir_address address;
  assert_int_equal(weir_address_make(blocked_address, 0, &address), WEIR_OK);
  assert_int_equal(weir_block_list_create(&chaos->allocator, &chaos->block_list), WEIR_OK);
  assert_int_equal(weir_block_list_add_address(chaos->block_list, &address), WEIR_OK);
}

void draw_tcp_options(struct party *party, weir_connect_options *options) {
  static const char *const addresses[] = {"127.0.0.1", "127.0.0.9", blocked_address, "::1", "8.8.8.8", "nonsense"};
  struct chaos *chaos = party->chaos;
  if (one_in(chaos, 5)) options->local_address = addresses[draw(chaos, sizeof addresses / sizeof addresses[0])];
  if (one_in(chaos, 8)) options->local_port = 5000 + (int)draw(chaos, 3);
  if (one_in(chaos, 5)) options->attempt_delay_ms = draw(chaos, 50);
  if (one_in(chaos, 5)) options->block_list = chaos->block_list;
  if (one_in(chaos, 5)) options->cancellation = cancellation_of(chaos, weir_socket_loop(party->socket));
  if (one_in(chaos, 6)) options->bound = chaos->bounds[draw(chaos, BOUNDS_MAX)];
  if (one_in(chaos, 6)) options->family = one_in(chaos, 2) ? WEIR_FAMILY_IPV4 : WEIR_FAMILY_IPV6;
  options->first_address_only = one_in(chaos, 6);
  if (one_in(chaos, 4)) options->resolver = resolve;
  options->resolver_user = chaos;
}

void draw_tcp_listen_options(struct chaos *chaos, weir_listen_options *options) {
  options->ipv6_only = one_in(chaos, 4);
  options->reuse_port = one_in(chaos, 4);
  if (one_in(chaos, 4)) options->resolver = resolve;
  options->resolver_user = chaos;
}

void draw_tcp_server_options(struct chaos *chaos, weir_server_options *options) {
  options->no_delay = one_in(chaos, 2);
  options->keep_alive = one_in(chaos, 3);
  options->type_of_service = (int)draw(chaos, 3);
  if (one_in(chaos, 2)) options->block_list = chaos->block_list;
}

/* ---- addresses that are bound before ---- */

void bind_address(struct chaos *chaos) {
  static const char *const names[] = {"tcp:127.0.0.1:80", "tcp:[::]:82", "tcp:83", "tcp:127.0.0.9:0", "ipc:one"};
  weir_bind_options options = weir_bind_options_default();
  size_t place = draw(chaos, BOUNDS_MAX);
  size_t loop = draw(chaos, chaos->loop_count);
  const char *name = names[draw(chaos, sizeof names / sizeof names[0])];
  options.reuse_port = one_in(chaos, 4);
  options.ipv6_only = one_in(chaos, 4);
  weir_bound_release(chaos->bounds[place]);
  chaos->bounds[place] = NULL;
  weir_code code = weir_bound_create(chaos->loops[loop], name, &options, &chaos->bounds[place]);
  note(chaos, "loop %zu: bind %s, %s", loop, name, weir_code_name(code));
  if ((code == WEIR_OK) != (chaos->bounds[place] != NULL)) blame(chaos, "an address or a code");
  weir_address address;
  if (code == WEIR_OK && (!weir_bound_address(chaos->bounds[place], &address) || address.port == 0)) {
    blame(chaos, "an address that is had has none");
  }
}

void listen_bound(struct host *host) {
  struct chaos *chaos = host->chaos;
  weir_bound *bound = chaos->bounds[draw(chaos, BOUNDS_MAX)];
  weir_address address;
  if (bound == NULL) return;
  bool is_had = weir_bound_address(bound, &address);
  weir_code code = weir_server_listen_bound(host->server, bound, NULL);
  note(chaos, "host %zu: listen on what was bound, %s", index_of_host(host), weir_code_name(code));
  if (code == WEIR_OK && !is_had) blame(chaos, "host %zu listens on what was used", index_of_host(host));
  if (code == WEIR_OK && weir_server_listening(host->server)) host->is_open = true;
}

void listen_shared(struct host *host) {
  struct chaos *chaos = host->chaos;
  struct host *other = draw_host(chaos);
  if (other == NULL) return;
  bool may_listen = weir_server_listening(other->server) && other->server != host->server &&
                    weir_server_loop(other->server) == weir_server_loop(host->server);
  weir_code code = weir_server_listen_shared(host->server, other->server, NULL);
  note(chaos, "host %zu: listen with host %zu, %s", index_of_host(host), index_of_host(other), weir_code_name(code));
  if (code == WEIR_OK && !may_listen) blame(chaos, "host %zu shares what it cannot", index_of_host(host));
  if (code == WEIR_OK && weir_server_listening(host->server)) host->is_open = true;
}

void release_bounds(struct chaos *chaos) {
  for (size_t i = 0; i < BOUNDS_MAX; i++) weir_bound_release(chaos->bounds[i]);
}

/* ---- cancelling ---- */

static size_t index_of_loop(const struct chaos *chaos, const weir_loop *loop) {
  size_t index = 0;
  while (index + 1 < chaos->loop_count && chaos->loops[index] != loop) index++;
  return index;
}

weir_cancellation *cancellation_of(struct chaos *chaos, const weir_loop *loop) {
  return chaos->cancellations[index_of_loop(chaos, loop)];
}

/* Servers that close by it owe a `close`, as after close(). */
void cancel_loop(struct chaos *chaos) {
  bool listened[HOSTS_MAX] = {false};
  size_t loop = draw(chaos, chaos->loop_count);
  for (size_t i = 0; i < chaos->host_count; i++) {
    struct host *host = &chaos->hosts[i];
    listened[i] = is_host_usable(host) && weir_server_listening(host->server);
  }
  note(chaos, "loop %zu: cancel", loop);
  weir_cancellation_cancel(chaos->cancellations[loop]);
  for (size_t i = 0; i < chaos->host_count; i++) {
    struct host *host = &chaos->hosts[i];
    if (listened[i] && !weir_server_listening(host->server)) host->closes_owed++;
    if (host->waits_for_name) host->may_close = true;
    host->waits_for_name = false;
  }
  bool had_memory = chaos->has_memory;
  chaos->has_memory = true;
  weir_cancellation_release(chaos->cancellations[loop]);
  assert_int_equal(weir_cancellation_create(chaos->loops[loop], &chaos->cancellations[loop]), WEIR_OK);
  chaos->has_memory = had_memory;
}
