/* SPDX-License-Identifier: MIT */
/*
 * Every system call of a program fails once, one after the other, until the program goes through without a failure.
 * Whatever fails: no crash, nobody waits for ever, the loop does not spin, every socket that was opened closes once,
 * every write calls back once, every error says what was tried and has the system's code, and nothing is left over.
 *
 * The program: two clients send more than the system takes at once and end; the server sends everything back and ends;
 * a timer posts a function; when both clients have closed, the server is closed.
 */
#include <stdio.h>

#include "support/supply.h"
#include "support/system_faults.h"
#include "support/world.h"

enum { MESSAGE_BYTES = 300000, CLIENTS = 2, PATIENCE_MS = 8000, WAITS_MAX = 3000 };

struct play;

/* A socket of the play and what it was told. */
struct party {
  struct play *play;
  weir_socket *socket;
  struct world_stream heard;
  unsigned writes; /* callbacks that must come */
  unsigned callbacks;
  unsigned errors;
  unsigned closes;
  bool had_error;
};

struct play {
  const char *endpoint;
  weir_loop *loop;
  weir_server *server;
  weir_timer *timer;
  weir_timer *guard;
  enum fault_cause cause;
  struct supply supply;
  struct party clients[CLIENTS];
  struct party accepted[CLIENTS];
  size_t accepted_count;
  unsigned server_closes;
  unsigned closed_callbacks;
  unsigned posts;
  unsigned told; /* how often the fault itself was reported */
  bool listened;
  bool hung;
};

static char message[MESSAGE_BYTES];

/* ---- errors ---- */

/*
 * The fault's own error, exactly. On Windows a heap that gives nothing is ENOMEM whatever the cause, and to a server of
 * pipes every shortage that is none of the process is one of the system.
 */
static bool is_the_fault(const struct play *play, const weir_error *error) {
  if (strcmp(system_fault_name(), "heap_get") == 0) return error->code == WEIR_ENOMEM && error->native_code != 0;
  if (error->native_code != system_fault_native(play->cause)) return false;
  bool accepts = strcmp(error->operation, "accept") == 0;
  return error->code == system_fault_code(play->cause) || (accepts && error->code == WEIR_ENFILE);
}

/* What the others see of it: the peer is gone, or a write was given up. */
static bool is_a_consequence(const weir_error *error) {
  if (error->code == WEIR_ECANCELED || error->code == WEIR_EDESTROYED) return error->native_code == 0;
  return (error->code == WEIR_ECONNRESET || error->code == WEIR_EPIPE) && error->native_code != 0;
}

static void check_error(struct play *play, const weir_error *error) {
  bool is_fault = is_the_fault(play, error);
  if (is_fault) play->told++;
  if (error->operation[0] == '\0' || (!is_fault && !is_a_consequence(error))) {
    fail_msg("%s failed, and somebody is told of %s %s (%d)", system_fault_name(), error->operation,
             weir_code_name(error->code), error->native_code);
  }
}

/* ---- sockets ---- */

static void count_callback(weir_socket *socket, const weir_error *error, void *user) {
  struct party *party = user;
  (void)socket;
  party->callbacks++;
  assert_int_equal(party->closes, 0);
  if (error != NULL) check_error(party->play, error);
}

static weir_write counted_write(struct party *party, const void *bytes, size_t length) {
  weir_write write = weir_write_default();
  write.bytes = bytes;
  write.length = length;
  write.callback = count_callback;
  write.user = party;
  party->writes++;
  return write;
}

static void count_error(const weir_event *event, void *user) {
  struct party *party = user;
  party->errors++;
  check_error(party->play, event->error);
}

static void count_close(const weir_event *event, void *user) {
  struct party *party = user;
  party->closes++;
  party->had_error = event->had_error;
}

static void be_party(struct play *play, struct party *party, weir_socket *socket) {
  party->play = play;
  party->socket = socket;
  world_on(socket, WEIR_EVENT_DATA, world_check_on, &party->heard);
  world_on(socket, WEIR_EVENT_ERROR, count_error, party);
  world_on(socket, WEIR_EVENT_CLOSE, count_close, party);
}

/* ---- the clients ---- */

static void count_closed_server(weir_server *server, const weir_error *error, void *user) {
  struct play *play = user;
  (void)server;
  assert_null(error);
  play->closed_callbacks++;
}

static void close_server_after_the_last(const weir_event *event, void *user) {
  struct play *play = user;
  (void)event;
  for (size_t i = 0; i < CLIENTS; i++)
    if (play->clients[i].closes == 0) return;
  assert_int_equal(weir_server_close(play->server, count_closed_server, play), WEIR_OK);
}

static void begin_client(struct play *play, struct party *party) {
  weir_socket *socket = NULL;
  assert_int_equal(weir_connect(play->loop, play->endpoint, NULL, NULL, &socket), WEIR_OK);
  be_party(play, party, socket);
  world_on(socket, WEIR_EVENT_CLOSE, close_server_after_the_last, play);
  weir_write write = counted_write(party, message, MESSAGE_BYTES);
  weir_socket_write_with(socket, &write);
  weir_write end = counted_write(party, NULL, 0);
  weir_socket_end(socket, &end);
}

/* ---- the server ---- */

static void send_back(const weir_event *event, void *user) {
  weir_write write = counted_write(user, event->data.bytes, event->data.length);
  weir_socket_write_with(event->socket, &write);
}

static void end_too(const weir_event *event, void *user) {
  weir_write end = counted_write(user, NULL, 0);
  weir_socket_end(event->socket, &end);
}

static void serve(const weir_event *event, void *user) {
  struct play *play = user;
  assert_true(play->accepted_count < CLIENTS);
  struct party *party = &play->accepted[play->accepted_count++];
  be_party(play, party, weir_socket_retain(event->connection));
  world_on(party->socket, WEIR_EVENT_DATA, send_back, party);
  world_on(party->socket, WEIR_EVENT_END, end_too, party);
}

static void begin_clients(const weir_event *event, void *user) {
  struct play *play = user;
  (void)event;
  play->listened = true;
  for (size_t i = 0; i < CLIENTS; i++) begin_client(play, &play->clients[i]);
}

static void hear_server_error(const weir_event *event, void *user) { check_error(user, event->error); }

static void count_server_close(const weir_event *event, void *user) {
  (void)event;
  ((struct play *)user)->server_closes++;
}

/* ---- a performance ---- */

static void count_post(void *user) { ((struct play *)user)->posts++; }

static void post(weir_timer *timer, void *user) {
  struct play *play = user;
  (void)timer;
  assert_int_equal(weir_loop_post(play->loop, count_post, play), WEIR_OK);
}

static void stop_hanging_loop(weir_timer *timer, void *user) {
  struct play *play = user;
  (void)timer;
  play->hung = true;
  weir_loop_stop(play->loop);
}

static void begin(struct play *play) {
  weir_server_options options = weir_server_options_default();
  weir_listen_options listen_options = weir_listen_options_default();
  options.allow_half_open = true;
  listen_options.backlog = 2 * CLIENTS; /* each is an instance of the pipe, and costs some calls */
  assert_int_equal(weir_timer_create(play->loop, stop_hanging_loop, play, &play->guard), WEIR_OK);
  weir_timer_unref(play->guard);
  assert_int_equal(weir_timer_start(play->guard, PATIENCE_MS, 0), WEIR_OK);
  assert_int_equal(weir_timer_create(play->loop, post, play, &play->timer), WEIR_OK);
  assert_int_equal(weir_timer_start(play->timer, 1, 0), WEIR_OK);
  assert_int_equal(weir_server_create(play->loop, &options, serve, play, &play->server), WEIR_OK);
  world_on_server(play->server, WEIR_EVENT_LISTENING, begin_clients, play);
  world_on_server(play->server, WEIR_EVENT_ERROR, hear_server_error, play);
  world_on_server(play->server, WEIR_EVENT_CLOSE, count_server_close, play);
  assert_int_equal(weir_server_listen(play->server, play->endpoint, &listen_options), WEIR_OK);
}

/* Until nothing is left to wait for. A poller that failed once is asked again. */
static void run(struct play *play) {
  int result = weir_loop_run(play->loop, WEIR_RUN_DEFAULT);
  if (result < 0) {
    assert_int_equal(result, system_fault_code(play->cause));
    play->told++;
    result = weir_loop_run(play->loop, WEIR_RUN_DEFAULT);
  }
  if (play->hung) fail_msg("%s failed, and the loop runs for ever", system_fault_name());
  assert_int_equal(result, 0);
}

static void check_party(const struct party *party) {
  assert_int_equal(party->closes, party->socket != NULL ? 1 : 0);
  assert_int_equal(party->errors, party->had_error ? 1 : 0);
  assert_int_equal(party->callbacks, party->writes);
  assert_false(party->heard.broken);
}

static void check(const struct play *play) {
  assert_int_equal(play->posts, 1);
  assert_int_equal(play->server_closes, play->listened ? 1 : 0);
  assert_int_equal(play->closed_callbacks, play->listened ? 1 : 0);
  for (size_t i = 0; i < CLIENTS; i++) {
    check_party(&play->clients[i]);
    check_party(&play->accepted[i]);
    bool is_told = play->told > 0 || play->clients[i].had_error;
    if (!is_told && play->clients[i].heard.bytes != MESSAGE_BYTES)
      fail_msg("%s failed, and nobody was told", system_fault_name());
  }
  if (system_waits() > WAITS_MAX) fail_msg("%s failed, and the loop spins", system_fault_name());
}

static void end(struct play *play) {
  for (size_t i = 0; i < CLIENTS; i++) {
    weir_socket_release(play->clients[i].socket);
    weir_socket_release(play->accepted[i].socket);
  }
  weir_timer_release(play->timer);
  weir_timer_release(play->guard);
  weir_server_release(play->server);
  weir_loop_release(play->loop);
}

static void perform(struct world *world, struct play *play) {
  weir_loop_options options = weir_loop_options_default();
  options.backend = world->backend;
  options.allocator = supply_allocator(&play->supply);
  weir_code code = weir_loop_create(&options, &play->loop);
  if (code != WEIR_OK) {
    assert_int_equal(code, system_fault_code(play->cause));
    play->told++;
    return;
  }
  begin(play);
  run(play);
  check(play);
  end(play);
}

/* ---- the sweep ---- */

/* Each performance has a name of its own: a socket file whose removal fails stays. */
static bool perform_with(struct world *world, enum fault_cause cause, size_t nth, size_t *told) {
  char endpoint[WORLD_ENDPOINT_BYTES];
  world_make_endpoint(world, endpoint);
  struct play play = {.endpoint = endpoint, .cause = cause};
  long open_before = system_open_count();
  system_fault_begin(world, FAULT_ANYWHERE, nth, cause, 1);
  perform(world, &play);
  bool struck = system_fault_count() > 0;
  if (system_open_count() != open_before) fail_msg("%s failed, and something stays open", system_fault_name());
  if (play.supply.blocks != 0) fail_msg("%s failed, and %ld blocks are left", system_fault_name(), play.supply.blocks);
  system_fault_end();
  *told += play.told > 0;
  return struck;
}

static void sweep(struct world *world, enum fault_cause cause) {
  size_t nth = 1;
  size_t told = 0;
  world_fill(message, sizeof message, 0);
  while (perform_with(world, cause, nth, &told)) nth++;
  print_message("          %u calls failed, %u of them were told of\n", (unsigned)nth - 1, (unsigned)told);
  assert_true(nth > 40 && told > 20);
}

static void each_system_call_fails_once_with_a_plain_error(struct world *world) { sweep(world, FAULT_OF_DEVICE); }

static void each_system_call_fails_once_for_want_of_memory(struct world *world) { sweep(world, FAULT_OF_MEMORY); }

static void each_system_call_fails_once_for_want_of_descriptors(struct world *world) { sweep(world, FAULT_OF_PROCESS); }

static void each_system_call_fails_once_for_want_of_buffers(struct world *world) { sweep(world, FAULT_OF_BUFFERS); }

static const struct world_case cases[] = {
    WORLD_CASE("", each_system_call_fails_once_with_a_plain_error),
    WORLD_CASE("", each_system_call_fails_once_for_want_of_memory),
    WORLD_CASE("", each_system_call_fails_once_for_want_of_descriptors),
    WORLD_CASE("", each_system_call_fails_once_for_want_of_buffers),
};

int main(int argc, char **argv) { return world_main(argc, argv, "loop_sweep", cases, sizeof cases / sizeof *cases); }
