/* SPDX-License-Identifier: MIT */
/*
 * The ledger of sockets. Its listeners are the first of every event but, for some, of `data`; they check what comes
 * against the life that the socket is in. What is done at random comes behind them, in listeners of its own.
 */
#include <string.h>

#include "stream/chaos.h"

static bool is_over(const struct party *party) { return party->is_doomed || weir_socket_destroyed(party->socket); }

/* ---- what may come ---- */

static bool comes_when_idle(weir_event_type type) {
  return type == WEIR_EVENT_PAUSE || type == WEIR_EVENT_RESUME || type == WEIR_EVENT_PIPE ||
         type == WEIR_EVENT_UNPIPE || type == WEIR_EVENT_TIMEOUT || type == WEIR_EVENT_FINISH;
}

static bool comes_when_destroyed(weir_event_type type) {
  return type == WEIR_EVENT_UNPIPE || type == WEIR_EVENT_ERROR || type == WEIR_EVENT_CLOSE;
}

/* The other end of a pipe may destroy a socket that was never connected. */
static void note_propagation(struct party *party, weir_event_type type) {
  bool closes = type == WEIR_EVENT_CLOSE || type == WEIR_EVENT_ERROR;
  if (party->life == PARTY_IDLE && party->chaos->uses_pipes && closes) party->life = PARTY_BEGUN;
}

static void check_event(struct party *party, weir_event_type type) {
  const char *name = weir_event_name(type);
  size_t index = index_of_party(party);
  note_propagation(party, type);
  if (party->life == PARTY_IDLE && !comes_when_idle(type)) {
    blame(party->chaos, "party %zu: %s before it lives", index, name);
  }
  if (party->life == PARTY_CLOSED && type != WEIR_EVENT_CLOSE) {
    blame(party->chaos, "party %zu: %s after its close", index, name);
  }
  if (is_over(party) && !comes_when_destroyed(type)) blame(party->chaos, "party %zu: %s after destroy", index, name);
}

static void check_once(struct party *party, bool *had, weir_event_type type) {
  if (*had) blame(party->chaos, "party %zu: a second %s", index_of_party(party), weir_event_name(type));
  *had = party->life == PARTY_BEGUN;
}

/* ---- lives ---- */

void begin_life(struct party *party) {
  party->lives++;
  party->life = PARTY_BEGUN;
  party->is_doomed = false;
  party->begins_again = false;
  party->error_is_known = false;
  party->had_connect = false;
  party->had_end = false;
  party->had_finish = false;
  party->had_error = false;
  party->has_ended = false;
  party->receiving = NULL;
  party->received = 0;
  party->sending = open_stream(party->chaos);
  party->has_addresses = false;
}

/* A connect() since the destroy begins the next life, unless a listener of `close` has taken it back. */
void leave_close(struct chaos *chaos) {
  struct party *party = chaos->closing;
  chaos->closing = NULL;
  if (party != NULL && party->life == PARTY_CLOSED && party->begins_again) begin_life(party);
}

static void check_error(struct party *party, weir_code code) {
  if (party->life == PARTY_FAILING) party->life = PARTY_BEGUN;
  check_once(party, &party->had_error, WEIR_EVENT_ERROR);
  if (party->error_is_known && party->error != code) {
    blame(party->chaos, "party %zu: destroyed with %s and failed with %s", index_of_party(party),
          weir_code_name(party->error), weir_code_name(code));
  }
  party->is_doomed = true;
}

static void check_close(struct party *party, bool had_error) {
  size_t index = index_of_party(party);
  if (party->life == PARTY_CLOSED) blame(party->chaos, "party %zu: a second close", index);
  if (had_error != party->had_error) blame(party->chaos, "party %zu: had_error is wrong", index);
  if (party->error_is_known && (party->error != WEIR_OK) != had_error) {
    blame(party->chaos, "party %zu: had_error is not what it was destroyed with", index);
  }
  check_promises(party->chaos, party);
  check_addresses(party);
  leave_to_heir(party);
  if (party->host != NULL) party->host->open_sockets--;
  party->host = NULL;
  party->life = PARTY_CLOSED;
  party->chaos->closing = party;
}

/* ---- the ledger's listeners ---- */

static void check_plain_event(struct party *party, weir_event_type type) {
  switch (type) {
    case WEIR_EVENT_CONNECT:
      check_once(party, &party->had_connect, type);
      note_addresses(party);
      break;
    case WEIR_EVENT_END:
      check_once(party, &party->had_end, type);
      if (party->watches_data) receive_end(party);
      break;
    case WEIR_EVENT_FINISH:
      check_once(party, &party->had_finish, type);
      if (party->life == PARTY_BEGUN && party->sending != NULL) party->sending->is_finished = true;
      break;
    case WEIR_EVENT_DRAIN:
      if (party->has_ended) blame(party->chaos, "party %zu: drain after end()", index_of_party(party));
      break;
    default:
      break;
  }
}

static void watch(const weir_event *event, void *user) {
  struct party *party = user;
  note(party->chaos, "  party %zu: %s", index_of_party(party), weir_event_name(event->type));
  hear(party->chaos);
  check_event(party, event->type);
  if (event->type == WEIR_EVENT_ERROR) {
    check_error(party, event->error->code);
  } else if (event->type == WEIR_EVENT_CLOSE) {
    check_close(party, event->had_error);
  } else {
    check_plain_event(party, event->type);
  }
  act(party->chaos, 3);
}

static void check_flow(struct party *party) {
  if (weir_socket_is_paused(party->socket) && !party->has_prepended) {
    blame(party->chaos, "party %zu: data while it is paused", index_of_party(party));
  }
}

static void watch_data(const weir_event *event, void *user) {
  struct party *party = user;
  note(party->chaos, "  party %zu: data, %zu bytes", index_of_party(party), event->data.length);
  hear(party->chaos);
  check_event(party, WEIR_EVENT_DATA);
  check_flow(party);
  receive(party, event->data.bytes, event->data.length);
  act(party->chaos, 2);
}

static bool watch_onread(weir_socket *socket, void *bytes, size_t length, void *user) {
  struct party *party = user;
  (void)socket;
  note(party->chaos, "  party %zu: onread, %zu bytes", index_of_party(party), length);
  hear(party->chaos);
  check_event(party, WEIR_EVENT_DATA);
  check_flow(party);
  receive(party, bytes, length);
  act(party->chaos, 1);
  return !one_in(party->chaos, 8);
}

/* Behind the ledger's listener of the same emission. */
static void hear_behind(struct chaos *chaos, const weir_event *event) {
  bool is_close = event->type == WEIR_EVENT_CLOSE && chaos->closing != NULL && chaos->closing->socket == event->socket;
  if (!is_close) leave_close(chaos);
  hear_more(chaos);
}

/* Random listeners come and go; what they hear must make sense too. */
void act_on_socket_event(const weir_event *event, void *user) {
  struct party *party = user;
  hear_behind(party->chaos, event);
  if (!comes_when_destroyed(event->type)) check_event(party, event->type);
  act(party->chaos, 2);
}

void ignore_event(const weir_event *event, void *user) { hear_behind(user, event); }

/* A piped socket is heard of, so that two echoes that face each other come to an end. */
static void count_data(const weir_event *event, void *user) {
  struct party *party = user;
  hear(party->chaos);
  check_event(party, event->type);
  act(party->chaos, 0);
}

void watch_pipe(struct party *source) {
  bool had_memory = source->chaos->has_memory;
  if (source->watches_data || source->is_counted) return;
  source->is_counted = true;
  source->chaos->has_memory = true;
  assert_int_equal(weir_socket_on(source->socket, WEIR_EVENT_DATA, count_data, source), WEIR_OK);
  source->chaos->has_memory = had_memory;
}

/* ---- making ---- */

static void watch_socket(struct party *party) {
  for (int type = WEIR_EVENT_CONNECT; type <= WEIR_EVENT_ATTEMPT_FAILED; type++) {
    bool of_server = type == WEIR_EVENT_LISTENING || type == WEIR_EVENT_CONNECTION || type == WEIR_EVENT_DROP;
    if (of_server || type == WEIR_EVENT_DATA) continue;
    assert_int_equal(weir_socket_on(party->socket, (weir_event_type)type, watch, party), WEIR_OK);
  }
  if (party->watches_data) {
    assert_int_equal(weir_socket_on(party->socket, WEIR_EVENT_DATA, watch_data, party), WEIR_OK);
  }
}

struct party *take_party(struct chaos *chaos) {
  if (chaos->party_count == PARTIES_MAX) return NULL;
  struct party *party = &chaos->parties[chaos->party_count++];
  party->chaos = chaos;
  party->watches_data = !one_in(chaos, 5);
  party->is_verified = party->watches_data;
  return party;
}

void watch_party(struct party *party, weir_socket *socket) {
  bool had_memory = party->chaos->has_memory;
  party->socket = socket;
  party->chaos->has_memory = true;
  watch_socket(party);
  party->chaos->has_memory = had_memory;
}

struct party *add_party(struct chaos *chaos, weir_socket *socket) {
  struct party *party = take_party(chaos);
  if (party != NULL) watch_party(party, socket);
  return party;
}

static void add_onread(struct party *party, weir_socket_options *options) {
  options->onread = watch_onread;
  options->onread_buffer = party->onread_buffer;
  options->onread_size = 1 + draw(party->chaos, sizeof party->onread_buffer);
  options->user = party;
}

void make_socket(struct chaos *chaos) {
  weir_socket_options options = weir_socket_options_default();
  struct party *party = take_party(chaos);
  weir_socket *socket = NULL;
  if (party == NULL) return;
  options.allow_half_open = one_in(chaos, 2);
  if (one_in(chaos, 3)) options.high_water_mark = 1 + draw(chaos, 5000);
  if (one_in(chaos, 6)) add_onread(party, &options);
  size_t loop = draw(chaos, chaos->loop_count);
  weir_code code = weir_socket_create(chaos->loops[loop], &options, &socket);
  note(chaos, "party %zu: made on loop %zu, %s", index_of_party(party), loop, weir_code_name(code));
  if (code != WEIR_OK) {
    party->life = PARTY_CLOSED;
    return;
  }
  party->owners = 1;
  watch_party(party, socket);
}

/* ---- what is done to them ---- */

bool is_usable(const struct party *party) {
  return party->socket != NULL && (party->owners > 0 || party->life == PARTY_BEGUN);
}

struct party *draw_party(struct chaos *chaos) {
  for (int attempts = 0; attempts < 8 && chaos->party_count > 0; attempts++) {
    struct party *party = &chaos->parties[draw(chaos, chaos->party_count)];
    if (is_usable(party)) return party;
  }
  return NULL;
}

static weir_connect_options draw_connect_options(struct chaos *chaos, struct party *party) {
  weir_connect_options options = weir_connect_options_default();
  if (one_in(chaos, 3)) options.timeout_ms = 1 + draw(chaos, 100);
  if (one_in(chaos, 10)) options.timeout_ms = WEIR_FOREVER;
  if (one_in(chaos, 3)) options.listener = act_on_socket_event;
  options.user = party;
  if (party->chaos->uses_tcp) draw_tcp_options(party, &options);
  return options;
}

void connect_party(struct party *party) {
  struct chaos *chaos = party->chaos;
  weir_connect_options options = draw_connect_options(chaos, party);
  const char *name = draw_name(chaos);
  bool was_connecting = weir_socket_connecting(party->socket);
  bool was_over = is_over(party);
  if (party->life == PARTY_IDLE && was_over) party->life = PARTY_BEGUN;
  weir_code code = weir_socket_connect(party->socket, name, &options);
  note(chaos, "party %zu: connect to %.20s, %s", index_of_party(party), name, weir_code_name(code));
  if (code != WEIR_OK) return;
  if (party->life == PARTY_FAILING && was_over) party->life = PARTY_BEGUN;
  if (was_connecting || party->begins_again) blame(chaos, "party %zu connects twice", index_of_party(party));
  if (party->life != PARTY_BEGUN) {
    begin_life(party);
  } else if (was_over) {
    party->is_doomed = true;
    party->begins_again = true;
  } else {
    blame(chaos, "party %zu connects while it is connected", index_of_party(party));
  }
}

static void doom(struct party *party, weir_code code) {
  if (party->life == PARTY_CLOSED) return;
  if (party->life != PARTY_BEGUN) {
    unsigned lives = party->lives;
    begin_life(party);
    party->lives = lives;
  }
  party->is_doomed = true;
  party->error_is_known = true;
  party->error = code;
}

void destroy_party(struct party *party, const weir_error *error) {
  bool was_over = is_over(party);
  weir_socket_destroy(party->socket, error);
  note(party->chaos, "party %zu: destroy%s", index_of_party(party), error == NULL ? "" : " with an error");
  party->begins_again = false;
  if (!was_over) doom(party, error == NULL ? WEIR_OK : error->code);
  if (party->life == PARTY_BEGUN) party->is_doomed = true;
  if (!weir_socket_destroyed(party->socket)) blame(party->chaos, "party %zu: not destroyed", index_of_party(party));
}

void destroy_party_soon(struct party *party) {
  bool was_over = is_over(party);
  note(party->chaos, "party %zu: destroy soon", index_of_party(party));
  weir_socket_destroy_soon(party->socket);
  party->begins_again = false; /* a connect() since the destroy is taken back */
  if (was_over) return;
  if (party->life == PARTY_IDLE || party->life == PARTY_FAILING) doom(party, WEIR_OK);
  if (party->life == PARTY_BEGUN) party->has_ended = true;
}

/* One that connects breaks off when it is connected; one that was never connected has failed. */
void reset_party(struct party *party) {
  bool was_over = is_over(party);
  bool was_connecting = weir_socket_connecting(party->socket);
  weir_code code = weir_socket_reset_and_destroy(party->socket);
  note(party->chaos, "party %zu: reset, %s", index_of_party(party), weir_code_name(code));
  if (code == WEIR_ENOTSUP && (was_over || party->has_addresses)) blame(party->chaos, "this can be reset");
  if (code != WEIR_OK) return;
  party->begins_again = false;
  if (was_over) return;
  if (!was_connecting) doom(party, party->life == PARTY_BEGUN ? WEIR_OK : WEIR_ENOTCONN);
}

void end_connections(struct host *host) {
  struct chaos *chaos = host->chaos;
  bool destroys = one_in(chaos, 2);
  bool are_concerned[PARTIES_MAX] = {false};
  for (size_t i = 0; i < chaos->party_count; i++) {
    struct party *party = &chaos->parties[i];
    are_concerned[i] = party->host == host && party->life == PARTY_BEGUN && !is_over(party);
  }
  note(chaos, "host %zu: %s connections", index_of_host(host), destroys ? "destroy" : "end");
  if (destroys) {
    weir_server_destroy_connections(host->server);
  } else {
    weir_server_end_connections(host->server);
  }
  for (size_t i = 0; i < chaos->party_count; i++) {
    struct party *party = &chaos->parties[i];
    if (are_concerned[i]) party->has_ended = true;
    if (party->host == host && destroys) party->begins_again = false; /* taken back, as by any destroy */
    if (are_concerned[i] && destroys) doom(party, WEIR_OK);
    if (are_concerned[i] && destroys && !weir_socket_destroyed(party->socket)) blame(chaos, "party %zu is left", i);
  }
}

void release_party(struct party *party) {
  if (party->owners == 0) return;
  note(party->chaos, "party %zu: release", index_of_party(party));
  party->owners--;
  weir_socket_release(party->socket);
}
