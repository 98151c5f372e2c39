/* SPDX-License-Identifier: MIT */
/*
 * Every system call fails once, one after the other, while a client that binds first connects to a host with a closed
 * and a live address. Whatever fails: nobody waits for ever, the client connects or hears why it could not, it closes
 * once, and nothing is left over.
 */
#include "support/hosts.h"
#include "support/system_faults.h"
#include "support/world.h"

enum { PATIENCE_MS = 8000 };

struct play {
  struct hosts hosts;
  enum fault_cause cause;
  weir_loop *loop;
  weir_server *server;
  weir_timer *guard;
  unsigned begun;
  unsigned connects;
  unsigned errors;
  unsigned closes;
  unsigned told; /* how often the fault itself was reported */
  bool hung;
};

static bool is_the_fault(const struct play *play, const weir_error *error) {
  return error->native_code == system_fault_native(play->cause);
}

/* An error of the fault, or of all attempts: then one of them has met the fault, and the others were refused. */
static void check_error(struct play *play, const weir_error *error) {
  unsigned found = is_the_fault(play, error);
  for (size_t i = 0; i < error->cause_count; i++) {
    bool is_refused = error->causes[i].code == WEIR_ECONNREFUSED;
    if (is_the_fault(play, &error->causes[i]))
      found++;
    else if (!is_refused)
      fail_msg("%s failed, and a cause is %s", system_fault_name(), error->causes[i].operation);
  }
  if (found == 0) fail_msg("%s failed, and told is %s", system_fault_name(), weir_code_name(error->code));
  play->told++;
}

/* ---- the client and the server ---- */

static void end_connection(const weir_event *event, void *user) {
  ((struct play *)user)->connects++;
  weir_socket_destroy(event->socket, NULL);
}

static void hear_error(const weir_event *event, void *user) {
  ((struct play *)user)->errors++;
  check_error(user, event->error);
}

static void close_server(const weir_event *event, void *user) {
  struct play *play = user;
  (void)event;
  play->closes++;
  assert_int_equal(weir_server_close(play->server, NULL, NULL), WEIR_OK);
}

static void begin_client(const weir_event *event, void *user) {
  struct play *play = user;
  weir_connect_options options = hosts_connect_options(&play->hosts);
  weir_socket *client = NULL;
  (void)event;
  options.local_address = "127.0.0.1";
  play->begun++;
  assert_int_equal(weir_socket_create(play->loop, NULL, &client), WEIR_OK);
  world_on(client, WEIR_EVENT_CONNECT, end_connection, play);
  world_on(client, WEIR_EVENT_ERROR, hear_error, play);
  world_on(client, WEIR_EVENT_CLOSE, close_server, play);
  assert_int_equal(weir_socket_connect(client, play->hosts.endpoint, &options), WEIR_OK);
  weir_socket_release(client);
}

static void hear_server_error(const weir_event *event, void *user) { check_error(user, event->error); }

static void ignore_accepted_error(const weir_event *event, void *unused) {
  (void)event;
  (void)unused;
}

static void destroy_accepted(const weir_event *event, void *unused) {
  world_on(event->connection, WEIR_EVENT_ERROR, ignore_accepted_error, unused);
  weir_socket_resume(event->connection);
}

static void stop_hanging_loop(weir_timer *timer, void *user) {
  struct play *play = user;
  (void)timer;
  play->hung = true;
  weir_loop_stop(play->loop);
}

/* ---- a performance ---- */

static void begin(struct play *play, const char *endpoint) {
  assert_int_equal(weir_timer_create(play->loop, stop_hanging_loop, play, &play->guard), WEIR_OK);
  weir_timer_unref(play->guard);
  assert_int_equal(weir_timer_start(play->guard, PATIENCE_MS, 0), WEIR_OK);
  assert_int_equal(weir_server_create(play->loop, NULL, destroy_accepted, NULL, &play->server), WEIR_OK);
  world_on_server(play->server, WEIR_EVENT_LISTENING, begin_client, play);
  world_on_server(play->server, WEIR_EVENT_ERROR, hear_server_error, play);
  assert_int_equal(weir_server_listen(play->server, endpoint, NULL), WEIR_OK);
}

/* A poller that failed once is asked again. */
static void run(struct play *play) {
  int result = weir_loop_run(play->loop, WEIR_RUN_DEFAULT);
  if (result < 0) {
    play->told++;
    result = weir_loop_run(play->loop, WEIR_RUN_DEFAULT);
  }
  if (play->hung) fail_msg("%s failed, and the loop runs for ever", system_fault_name());
  assert_int_equal(result, 0);
}

static void check(const struct play *play) {
  assert_int_equal(play->closes, play->begun);
  assert_int_equal(play->connects + play->errors, play->begun);
  if (play->connects == 0 && play->told == 0) fail_msg("%s failed, and nobody was told", system_fault_name());
}

static void perform(struct world *world, struct play *play) {
  weir_loop_options options = weir_loop_options_default();
  options.backend = world->backend;
  if (weir_loop_create(&options, &play->loop) != WEIR_OK) return;
  begin(play, world->endpoint);
  run(play);
  check(play);
  weir_timer_release(play->guard);
  weir_server_release(play->server);
  weir_loop_release(play->loop);
}

static bool perform_with(struct world *world, enum fault_cause cause, size_t nth) {
  struct play play = {.hosts = hosts_of(world), .cause = cause};
  long open_before = system_open_count();
  hosts_add_closed(&play.hosts, 0);
  hosts_add_here(&play.hosts);
  system_fault_begin(world, FAULT_ANYWHERE, nth, cause, 1);
  perform(world, &play);
  bool struck = system_fault_count() > 0;
  if (system_open_count() != open_before) fail_msg("%s failed, and something stays open", system_fault_name());
  system_fault_end();
  return struck;
}

static void sweep(struct world *world, enum fault_cause cause) {
  size_t nth = 1;
  while (perform_with(world, cause, nth)) nth++;
  assert_true(nth > 20);
}

static void each_call_of_a_race_fails_with_a_plain_error(struct world *world) { sweep(world, FAULT_OF_DEVICE); }

static void each_call_of_a_race_fails_for_want_of_memory(struct world *world) { sweep(world, FAULT_OF_MEMORY); }

static void each_call_of_a_race_fails_for_want_of_descriptors(struct world *world) { sweep(world, FAULT_OF_PROCESS); }

#define TCP_CASE(function) WORLD_CASE_EXCEPT("", function, WORLD_NOT_LOCAL, "hosts have names for TCP")

static const struct world_case cases[] = {
    TCP_CASE(each_call_of_a_race_fails_with_a_plain_error),
    TCP_CASE(each_call_of_a_race_fails_for_want_of_memory),
    TCP_CASE(each_call_of_a_race_fails_for_want_of_descriptors),
};

int main(int argc, char **argv) { return world_main(argc, argv, "race_sweep", cases, sizeof cases / sizeof *cases); }
