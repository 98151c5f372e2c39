/* SPDX-License-Identifier: MIT */
/* What is done at random, each with a weight. Nothing may call back while one of them is under way. */
#include "stream/chaos.h"

struct action {
  unsigned weight;
  void (*on_party)(struct party *party);
  void (*on_host)(struct host *host);
  void (*on_world)(struct chaos *chaos);
};

/* ---- sockets ---- */

static void destroy_plainly(struct party *party) { destroy_party(party, NULL); }

static void destroy_with_error(struct party *party) {
  weir_error error = {
      .code = WEIR_EIO, .native_code = 5, .operation = "chaos", .address = "nowhere", .hint = "it was drawn"};
  destroy_party(party, &error);
}

static void pause_party(struct party *party) {
  note(party->chaos, "party %zu: pause", index_of_party(party));
  weir_socket_pause(party->socket);
}

static void resume_party(struct party *party) {
  note(party->chaos, "party %zu: resume", index_of_party(party));
  weir_socket_resume(party->socket);
}

static void cork_party(struct party *party) {
  note(party->chaos, "party %zu: cork", index_of_party(party));
  weir_socket_cork(party->socket);
}

static void uncork_party(struct party *party) {
  note(party->chaos, "party %zu: uncork", index_of_party(party));
  weir_socket_uncork(party->socket);
}

static void pipe_party(struct party *source) {
  struct chaos *chaos = source->chaos;
  struct party *destination = one_in(chaos, 3) ? source : draw_party(chaos);
  if (!chaos->uses_pipes || destination == NULL) return;
  bool same_loop = weir_socket_loop(source->socket) == weir_socket_loop(destination->socket);
  bool over = weir_socket_destroyed(source->socket) || weir_socket_destroyed(destination->socket);
  weir_code code = weir_socket_pipe(source->socket, destination->socket, (unsigned)draw(chaos, 4));
  note(chaos, "party %zu: pipe to party %zu, %s", index_of_party(source), index_of_party(destination),
       weir_code_name(code));
  if (code == WEIR_OK && (!same_loop || over)) blame(chaos, "a pipe that makes no sense");
  if (code == WEIR_OK) watch_pipe(source);
}

static void unpipe_party(struct party *source) {
  struct party *destination = draw_party(source->chaos);
  bool all = destination == NULL || one_in(source->chaos, 2);
  note(source->chaos, "party %zu: unpipe", index_of_party(source));
  weir_socket_unpipe(source->socket, all ? NULL : destination->socket);
}

static void time_party(struct party *party) {
  uint64_t timeout_ms = draw(party->chaos, 4) * draw(party->chaos, 30);
  note(party->chaos, "party %zu: set_timeout %u", index_of_party(party), (unsigned)timeout_ms);
  weir_socket_set_timeout(party->socket, timeout_ms);
}

static void encode_party(struct party *party) {
  weir_encoding encoding = (weir_encoding)draw(party->chaos, WEIR_ENCODING_BASE64URL + 1);
  if (!party->chaos->uses_encodings) return;
  note(party->chaos, "party %zu: set_encoding %s", index_of_party(party), weir_encoding_name(encoding));
  weir_socket_set_encoding(party->socket, encoding);
  party->is_verified = false;
}

static void mark_party(struct party *party) {
  size_t mark = draw(party->chaos, 3) * draw(party->chaos, 70000);
  note(party->chaos, "party %zu: high_water_mark %zu", index_of_party(party), mark);
  weir_socket_set_high_water_mark(party->socket, mark);
}

/* Of these the ledger must hear first: what is done in their listeners begins or ends what it looks at. */
static bool is_for_ledger(weir_event_type type) {
  return type == WEIR_EVENT_CLOSE || type == WEIR_EVENT_ERROR || type == WEIR_EVENT_FINISH || type == WEIR_EVENT_DRAIN;
}

static void listen_to_party(struct party *party) {
  weir_event_type type = (weir_event_type)draw(party->chaos, WEIR_EVENT_ATTEMPT_FAILED + 1);
  weir_listener prepended = is_for_ledger(type) ? ignore_event : act_on_socket_event;
  void *user = is_for_ledger(type) ? (void *)party->chaos : (void *)party;
  size_t kind = draw(party->chaos, 4);
  weir_code code = WEIR_OK;
  if (kind == 0) code = weir_socket_on(party->socket, type, act_on_socket_event, party);
  if (kind == 1) code = weir_socket_once(party->socket, type, act_on_socket_event, party);
  if (kind == 2) code = weir_socket_prepend(party->socket, type, prepended, user);
  if (kind == 3) code = weir_socket_off(party->socket, type, act_on_socket_event, party);
  if (kind == 2) party->has_prepended = true;
  note(party->chaos, "party %zu: listener %zu of %s, %s", index_of_party(party), kind, weir_event_name(type),
       weir_code_name(code));
}

static void ref_party(struct party *party) {
  if (one_in(party->chaos, 2)) {
    weir_socket_ref(party->socket);
  } else {
    weir_socket_unref(party->socket);
  }
}

static void retain_party(struct party *party) {
  if (party->owners > 3) return;
  note(party->chaos, "party %zu: retain", index_of_party(party));
  weir_socket_retain(party->socket);
  party->owners++;
}

/* Asking must be possible at any time. */
static void ask_party(struct party *party) {
  weir_socket *socket = party->socket;
  bool is_closed = weir_socket_get_state(socket) == WEIR_SOCKET_CLOSED;
  if (weir_socket_destroyed(socket) && !is_closed) blame(party->chaos, "destroyed and not closed");
  if (weir_socket_connecting(socket) && weir_socket_get_state(socket) != WEIR_SOCKET_OPENING) {
    blame(party->chaos, "connecting and not opening");
  }
  weir_socket_can_half_close(socket);
  weir_socket_error(socket);
  weir_socket_server(socket);
  weir_socket_buffered(socket);
  weir_socket_kept(socket);
  weir_socket_high_water_mark(socket);
  weir_socket_attempted(socket, 0, NULL);
  check_addresses(party);
}

/* ---- servers ---- */

static void limit_host(struct host *host) {
  weir_server_set_max_connections(host->server, one_in(host->chaos, 2) ? WEIR_UNLIMITED : (int)draw(host->chaos, 3));
}

static void ref_host(struct host *host) {
  if (one_in(host->chaos, 2)) {
    weir_server_ref(host->server);
  } else {
    weir_server_unref(host->server);
  }
}

static void retain_host(struct host *host) {
  if (host->owners > 3) return;
  weir_server_retain(host->server);
  host->owners++;
}

/* ---- the world ---- */

static void fail_something(struct chaos *chaos) {
  static const weir_code codes[] = {WEIR_ECONNRESET, WEIR_EIO,   WEIR_EMFILE, WEIR_ENOMEM,
                                    WEIR_ENOBUFS,    WEIR_EPIPE, WEIR_EAGAIN, WEIR_ECONNREFUSED};
  if (!chaos->uses_faults) return;
  weir_sim_fault fault = (weir_sim_fault)draw(chaos, WEIR_SIM_FAULT_OPTION + 1);
  weir_code code = codes[draw(chaos, sizeof codes / sizeof codes[0])];
  uint64_t nth = 1 + draw(chaos, 10);
  note(chaos, "fault %d with %s at the %u.", (int)fault, weir_code_name(code), (unsigned)nth);
  weir_sim_fail(chaos->sim, fault, nth, code);
}

static void stop_loop(struct chaos *chaos) {
  size_t loop = draw(chaos, chaos->loop_count);
  note(chaos, "loop %zu: stop", loop);
  weir_loop_stop(chaos->loops[loop]);
}

static void hear_posted(void *user) {
  struct promise *promise = user;
  note(promise->chaos, "  posted %llu", (unsigned long long)promise->order);
  keep_promise(promise);
  act(promise->chaos, 2);
}

static void post_function(struct chaos *chaos) {
  struct promise *promise = promise_callback(chaos);
  if (promise == NULL) return;
  size_t loop = draw(chaos, chaos->loop_count);
  promise->is_due = weir_loop_post(chaos->loops[loop], hear_posted, promise) == WEIR_OK;
  note(chaos, "loop %zu: post %llu", loop, (unsigned long long)promise->order);
}

static void start_timer(struct chaos *chaos) {
  weir_timer_start(chaos->timers[draw(chaos, chaos->loop_count)], draw(chaos, 20), draw(chaos, 5));
}

static void wake_loop(struct chaos *chaos) { weir_loop_wake(chaos->loops[draw(chaos, chaos->loop_count)]); }

/* ---- choosing ---- */

static const struct action actions[] = {
    {.weight = 30, .on_party = write_plainly},     {.weight = 30, .on_party = write_with_options},
    {.weight = 12, .on_party = end_party},         {.weight = 4, .on_party = destroy_plainly},
    {.weight = 3, .on_party = destroy_with_error}, {.weight = 4, .on_party = destroy_party_soon},
    {.weight = 3, .on_party = reset_party},        {.weight = 5, .on_party = set_tcp_option},
    {.weight = 3, .on_party = hand_over_party},    {.weight = 8, .on_party = pause_party},
    {.weight = 14, .on_party = resume_party},      {.weight = 6, .on_party = cork_party},
    {.weight = 10, .on_party = uncork_party},      {.weight = 8, .on_party = pipe_party},
    {.weight = 6, .on_party = unpipe_party},       {.weight = 6, .on_party = time_party},
    {.weight = 3, .on_party = encode_party},       {.weight = 4, .on_party = mark_party},
    {.weight = 16, .on_party = listen_to_party},   {.weight = 5, .on_party = ref_party},
    {.weight = 5, .on_party = retain_party},       {.weight = 7, .on_party = release_party},
    {.weight = 24, .on_party = connect_party},     {.weight = 6, .on_party = ask_party},
    {.weight = 10, .on_host = listen_host},        {.weight = 4, .on_host = close_host},
    {.weight = 4, .on_host = count_host},          {.weight = 4, .on_host = listen_to_host},
    {.weight = 3, .on_host = limit_host},          {.weight = 2, .on_host = ref_host},
    {.weight = 2, .on_host = retain_host},         {.weight = 2, .on_host = release_host},
    {.weight = 1, .on_host = end_connections},     {.weight = 2, .on_host = listen_bound},
    {.weight = 3, .on_host = listen_shared},       {.weight = 1, .on_host = hand_over_host},
    {.weight = 8, .on_world = make_socket},        {.weight = 6, .on_world = fail_something},
    {.weight = 2, .on_world = stop_loop},          {.weight = 4, .on_world = post_function},
    {.weight = 4, .on_world = start_timer},        {.weight = 1, .on_world = cancel_loop},
    {.weight = 3, .on_world = start_lookup},       {.weight = 4, .on_world = answer_question},
    {.weight = 2, .on_world = bind_address},       {.weight = 3, .on_world = queue_work},
    {.weight = 3, .on_world = cancel_service},     {.weight = 1, .on_world = wake_loop}};

enum { ACTION_COUNT = sizeof actions / sizeof actions[0] };

static const struct action *choose(struct chaos *chaos) {
  size_t sum = 0;
  for (size_t i = 0; i < ACTION_COUNT; i++) sum += actions[i].weight;
  size_t drawn = draw(chaos, sum);
  const struct action *action = actions;
  while (drawn >= action->weight) drawn -= action++->weight;
  return action;
}

static void perform(struct chaos *chaos, const struct action *action) {
  struct party *party = action->on_party == NULL ? NULL : draw_party(chaos);
  struct host *host = action->on_host == NULL ? NULL : draw_host(chaos);
  chaos->is_inside_call = true;
  if (party != NULL) action->on_party(party);
  if (host != NULL) action->on_host(host);
  if (action->on_world != NULL) action->on_world(chaos);
  chaos->is_inside_call = false;
}

void act(struct chaos *chaos, size_t most) {
  if (chaos->events > EVENTS_MAX && !chaos->is_ending) end_everything(chaos); /* two echoes facing each other */
  for (size_t i = draw(chaos, most + 1); i > 0 && chaos->actions_left > 0 && !chaos->is_ending; i--) {
    chaos->actions_left--;
    perform(chaos, choose(chaos));
  }
}
