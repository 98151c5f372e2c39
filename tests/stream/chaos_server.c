/* SPDX-License-Identifier: MIT */
/* Servers, what is done to them at random, and their ledger: `close` behind all sockets, counts, and callbacks. */
#include <stdio.h>

#include "stream/chaos.h"

static bool is_counted(const struct party *party) {
  return party->life == PARTY_BEGUN && !party->is_doomed && !weir_socket_destroyed(party->socket);
}

static size_t count_sockets(const struct host *host) {
  size_t count = 0;
  for (size_t i = 0; i < host->chaos->party_count; i++) {
    const struct party *party = &host->chaos->parties[i];
    if (party->host == host && is_counted(party)) count++;
  }
  return count;
}

/* ---- the ledger ---- */

static void check_limit(struct host *host) {
  int limit = weir_server_max_connections(host->server);
  if (limit >= 0 && count_sockets(host) > (size_t)limit)
    blame(host->chaos, "host %zu has too many", index_of_host(host));
}

static void welcome(struct host *host, weir_socket *connection) {
  struct chaos *chaos = host->chaos;
  if (!weir_server_listening(host->server)) blame(chaos, "host %zu: connection after close()", index_of_host(host));
  struct party *party = chaos->stream_count < STREAMS_MAX ? add_party(chaos, connection) : NULL;
  if (party == NULL || chaos->is_ending) weir_socket_destroy(connection, NULL);
  if (party == NULL) return;
  begin_life(party);
  party->is_doomed = chaos->is_ending;
  party->host = host;
  host->open_sockets++;
  note_addresses(party);
  note(chaos, "  host %zu: welcomes party %zu", index_of_host(host), index_of_party(party));
  check_limit(host);
}

static void check_close(struct host *host) {
  size_t index = index_of_host(host);
  host->is_open = false;
  if (host->closes_owed == 0 && !host->may_close) blame(host->chaos, "host %zu: close without a close()", index);
  if (host->open_sockets > 0) blame(host->chaos, "host %zu: close before its sockets", index);
  if (host->closes_owed > 0) {
    host->closes_owed--;
  } else {
    host->may_close = false;
  }
}

static void watch(const weir_event *event, void *user) {
  struct host *host = user;
  note(host->chaos, "  host %zu: %s", index_of_host(host), weir_event_name(event->type));
  hear(host->chaos);
  if (event->type == WEIR_EVENT_CONNECTION) welcome(host, event->connection);
  if (event->type == WEIR_EVENT_CLOSE) check_close(host);
  if (event->type == WEIR_EVENT_LISTENING) host->is_open = true;
  if (event->type == WEIR_EVENT_LISTENING || event->type == WEIR_EVENT_ERROR) host->waits_for_name = false;
  if (event->type == WEIR_EVENT_LISTENING && host->chaos->is_ending) close_host(host); /* its name took that long */
  if (event->type == WEIR_EVENT_DROP && weir_server_max_connections(host->server) < 0) {
    blame(host->chaos, "host %zu drops without a limit", index_of_host(host));
  }
  act(host->chaos, 3);
}

static void act_on_server_event(const weir_event *event, void *user) {
  struct host *host = user;
  (void)event;
  hear(host->chaos);
  act(host->chaos, 2);
}

static void watch_host(struct host *host) {
  static const weir_event_type types[] = {WEIR_EVENT_LISTENING, WEIR_EVENT_DROP, WEIR_EVENT_ERROR, WEIR_EVENT_CLOSE};
  for (size_t i = 0; i < sizeof types / sizeof types[0]; i++) {
    assert_int_equal(weir_server_on(host->server, types[i], watch, host), WEIR_OK);
  }
}

void make_host(struct chaos *chaos) {
  weir_server_options options = weir_server_options_default();
  struct host *host = &chaos->hosts[chaos->host_count++];
  host->chaos = chaos;
  options.allow_half_open = one_in(chaos, 2);
  options.pause_on_connect = one_in(chaos, 5);
  if (one_in(chaos, 3)) options.high_water_mark = 1 + draw(chaos, 5000);
  if (chaos->uses_tcp) draw_tcp_server_options(chaos, &options);
  size_t loop = draw(chaos, chaos->loop_count);
  assert_int_equal(weir_server_create(chaos->loops[loop], &options, watch, host, &host->server), WEIR_OK);
  watch_host(host);
  host->owners = 1;
  note(chaos, "host %zu: made on loop %zu", index_of_host(host), loop);
}

struct host *add_host(struct chaos *chaos, weir_server *server) {
  if (chaos->host_count == HOSTS_MAX) return NULL;
  bool had_memory = chaos->has_memory;
  struct host *host = &chaos->hosts[chaos->host_count++];
  host->chaos = chaos;
  host->server = server;
  host->owners = 1;
  chaos->has_memory = true;
  assert_int_equal(weir_server_on(server, WEIR_EVENT_CONNECTION, watch, host), WEIR_OK);
  watch_host(host);
  chaos->has_memory = had_memory;
  note(chaos, "  host %zu: arrives", index_of_host(host));
  return host;
}

/* ---- what is done to them ---- */

const char *draw_name(struct chaos *chaos) {
  static const char too_long[] =
      "/run/a-name-that-is-longer-than-what-fits-into-the-address-of-a-unix-socket-of-"
      "any-system-that-this-library-knows-of.sock";
  static const char *const names[] = {"tcp:localhost:82", "tcp:slow.example:82", "tcp:fast.example:80",
                                      "tcp:none.example:80", "tcp:82"};
  static const char *const good[] = {"ipc:one",          "/run/two.sock", "@three",      "tcp:127.0.0.1:80",
                                     "tcp:127.0.0.2:80", "tcp:[::1]:81",  "tcp:[::]:82", "tcp:127.0.0.1:82"};
  static const char *const bad[] = {
      "ipc:nobody", "tcp:127.0.0.1:9", "tcp:127.0.0.1:0", "tcp:192.0.2.1:80", "tcp:192.0.2.2:80", "tcp:nonsense:x",
      "",           too_long};
  if (chaos->uses_tcp && one_in(chaos, 5)) return names[draw(chaos, sizeof names / sizeof names[0])];
  if (one_in(chaos, 8)) return bad[draw(chaos, sizeof bad / sizeof bad[0])];
  return good[draw(chaos, chaos->uses_tcp ? sizeof good / sizeof good[0] : 3)];
}

bool is_host_usable(const struct host *host) { return host->owners > 0 || host->is_open; }

struct host *draw_host(struct chaos *chaos) {
  struct host *host = &chaos->hosts[draw(chaos, chaos->host_count)];
  return is_host_usable(host) ? host : NULL;
}

void listen_host(struct host *host) {
  struct chaos *chaos = host->chaos;
  weir_listen_options options = weir_listen_options_default();
  const char *name = draw_name(chaos);
  if (one_in(chaos, 2)) options.backlog = 1 + (int)draw(chaos, 3);
  if (one_in(chaos, 4)) options.listener = act_on_server_event;
  options.user = host;
  if (chaos->uses_tcp) draw_tcp_listen_options(chaos, &options);
  if (!host->is_open && one_in(chaos, 8)) options.cancellation = cancellation_of(chaos, weir_server_loop(host->server));
  weir_code code = weir_server_listen(host->server, name, &options);
  note(chaos, "host %zu: listen at %.20s, %s", index_of_host(host), name, weir_code_name(code));
  if (code == WEIR_OK && weir_server_listening(host->server)) host->is_open = true;
  if (code == WEIR_OK && options.cancellation != NULL) host->waits_for_name = !weir_server_listening(host->server);
}

static void hear_closed(weir_server *server, const weir_error *error, void *user) {
  struct promise *promise = user;
  (void)server;
  note(promise->chaos, "  host %zu: closed, %s", index_of_host(promise->host),
       error == NULL ? "OK" : weir_code_name(error->code));
  keep_promise(promise);
  act(promise->chaos, 2);
}

void close_host(struct host *host) {
  struct chaos *chaos = host->chaos;
  struct promise *promise = one_in(chaos, 2) ? promise_callback(chaos) : NULL;
  if (promise != NULL) promise->host = host;
  bool was_listening = weir_server_listening(host->server);
  weir_code code = weir_server_close(host->server, promise == NULL ? NULL : hear_closed, promise);
  note(chaos, "host %zu: close, callback %llu, %s", index_of_host(host),
       promise == NULL ? 0ULL : (unsigned long long)promise->order, weir_code_name(code));
  if (promise != NULL) promise->is_due = code == WEIR_OK;
  if (code == WEIR_OK && was_listening) host->closes_owed++;
  if (code == WEIR_OK) host->waits_for_name = false;
  if (code == WEIR_OK && weir_server_listening(host->server)) blame(chaos, "listens after close()");
}

static void hear_count(weir_server *server, const weir_error *error, size_t count, void *user) {
  struct promise *promise = user;
  (void)server;
  keep_promise(promise);
  size_t expected = count_sockets(promise->host);
  note(promise->chaos, "  host %zu: has %zu connections", index_of_host(promise->host), count);
  if (error != NULL || count != expected) blame(promise->chaos, "%zu connections instead of %zu", count, expected);
  act(promise->chaos, 1);
}

void count_host(struct host *host) {
  struct promise *promise = promise_callback(host->chaos);
  if (promise == NULL) return;
  promise->host = host;
  promise->is_due = weir_server_get_connections(host->server, hear_count, promise) == WEIR_OK;
  note(host->chaos, "host %zu: count, callback %llu", index_of_host(host), (unsigned long long)promise->order);
}

void listen_to_host(struct host *host) {
  static const weir_event_type types[] = {WEIR_EVENT_LISTENING, WEIR_EVENT_CONNECTION, WEIR_EVENT_DROP,
                                          WEIR_EVENT_ERROR, WEIR_EVENT_CLOSE};
  weir_event_type type = types[draw(host->chaos, sizeof types / sizeof types[0])];
  switch (draw(host->chaos, 4)) {
    case 0:
      weir_server_on(host->server, type, act_on_server_event, host);
      break;
    case 1:
      weir_server_once(host->server, type, act_on_server_event, host);
      break;
    case 2:
      weir_server_prepend(host->server, type, ignore_event, host->chaos);
      break;
    default:
      weir_server_off(host->server, type, act_on_server_event, host);
      break;
  }
}

void release_host(struct host *host) {
  if (host->owners == 0) return;
  note(host->chaos, "host %zu: release", index_of_host(host));
  host->owners--;
  weir_server_release(host->server);
}
