/* SPDX-License-Identifier: MIT */
/*
 * Listening and connecting fail at each of their system calls, one after the other. Whatever fails: it is an `error` of
 * exactly what the system said, nothing is left, and the same server or socket can begin again, at the same name. What
 * is not told must have gone well.
 */
#include "support/system_faults.h"
#include "support/world.h"

/* One server or socket that begins, and what it was told. */
struct beginning {
  struct world *world;
  enum fault_cause cause;
  weir_server *server;
  weir_socket *client;
  const char *failed; /* the call that was made to fail, or "" */
  unsigned errors;
  bool begun;
  bool over; /* begun, or failed for good */
  bool closed;
};

/* On Windows a heap that gives nothing is ENOMEM whatever the cause. */
static void check_error(const struct beginning *beginning, const weir_error *error, const char *operation) {
  bool of_heap = strcmp(beginning->failed, "heap_get") == 0;
  enum fault_cause cause = of_heap ? FAULT_OF_MEMORY : beginning->cause;
  assert_string_equal(error->operation, operation);
  assert_string_equal(error->address, world_server_name(beginning->world));
  if (error->code != system_fault_code(cause) || error->native_code != system_fault_native(cause)) {
    fail_msg("%s failed, and told is %s %s (%d)", beginning->failed, error->operation, weir_code_name(error->code),
             error->native_code);
  }
}

static void note_begun(const weir_event *event, void *user) {
  struct beginning *beginning = user;
  (void)event;
  beginning->begun = true;
  beginning->over = true;
}

static void note_closed(const weir_event *event, void *user) {
  struct beginning *beginning = user;
  (void)event;
  beginning->closed = true;
  beginning->over = true;
}

/* ---- listening ---- */

static void note_failed_listen(const weir_event *event, void *user) {
  struct beginning *beginning = user;
  beginning->errors++;
  beginning->over = true;
  check_error(beginning, event->error, "listen");
}

/* Begins while the n-th call fails; from then on all goes well. Returns whether there was such a call. */
static bool try_to_listen(struct beginning *beginning, size_t nth) {
  struct world *world = beginning->world;
  weir_listen_options options = weir_listen_options_default();
  options.backlog = 3; /* each is an instance of the pipe, and costs some calls */
  beginning->over = false;
  system_fault_begin(world, FAULT_ANYWHERE, nth, beginning->cause, 1);
  assert_int_equal(weir_server_listen(beginning->server, world->endpoint, &options), WEIR_OK);
  bool struck = system_fault_count() > 0;
  if (struck) beginning->failed = system_fault_name();
  system_fault_end();
  world_run_until(world, &beginning->over);
  return struck;
}

/* After the first listen that went well, the loop keeps what it needs for further ones open. */
static bool listen_with_a_fault(struct world *world, enum fault_cause cause, size_t nth) {
  struct beginning beginning = {.world = world, .cause = cause, .failed = ""};
  assert_int_equal(weir_server_create(world->loop, NULL, NULL, NULL, &beginning.server), WEIR_OK);
  world_on_server(beginning.server, WEIR_EVENT_LISTENING, note_begun, &beginning);
  world_on_server(beginning.server, WEIR_EVENT_ERROR, note_failed_listen, &beginning);
  world_on_server(beginning.server, WEIR_EVENT_CLOSE, note_closed, &beginning);
  long open_before = system_open_count();
  bool struck = try_to_listen(&beginning, nth);
  if (!beginning.begun) {
    assert_int_equal(beginning.errors, 1);
    assert_false(weir_server_listening(beginning.server));
    if (system_open_count() != open_before) fail_msg("%s failed, and something stays open", beginning.failed);
    try_to_listen(&beginning, FAULT_FOR_EVER);
  }
  assert_true(beginning.begun && !beginning.closed);
  weir_server_close(beginning.server, NULL, NULL);
  world_run_until(world, &beginning.closed);
  weir_server_release(beginning.server);
  return struck;
}

static void listening_fails_at_each_of_its_system_calls(struct world *world) {
  static const enum fault_cause causes[] = {FAULT_OF_DEVICE, FAULT_OF_MEMORY, FAULT_OF_PROCESS};
  listen_with_a_fault(world, FAULT_OF_DEVICE, FAULT_FOR_EVER);
  for (size_t i = 0; i < sizeof causes / sizeof *causes; i++) {
    size_t nth = 1;
    while (listen_with_a_fault(world, causes[i], nth)) nth++;
    assert_true(nth > 4);
  }
}

/* ---- connecting ---- */

static void note_failed_connect(const weir_event *event, void *user) {
  struct beginning *beginning = user;
  beginning->errors++;
  assert_false(beginning->closed);
  check_error(beginning, event->error, "connect");
}

static bool try_to_connect(struct beginning *beginning, size_t nth) {
  struct world *world = beginning->world;
  beginning->over = false;
  beginning->closed = false;
  system_fault_begin(world, FAULT_ANYWHERE, nth, beginning->cause, 1);
  assert_int_equal(weir_socket_connect(beginning->client, world->endpoint, NULL), WEIR_OK);
  bool struck = system_fault_count() > 0;
  if (struck) beginning->failed = system_fault_name();
  system_fault_end();
  world_run_until(world, &beginning->over);
  return struck;
}

/* To a server of its own, so that what a client leaves open is seen when both are gone. */
static bool connect_with_a_fault(struct world *world, enum fault_cause cause, size_t nth) {
  struct beginning beginning = {.world = world, .cause = cause, .failed = ""};
  long open_before = system_open_count();
  weir_server *server = world_listen(world, NULL, world_destroy_on, NULL);
  beginning.client = world_socket(world, NULL);
  world_on(beginning.client, WEIR_EVENT_CONNECT, note_begun, &beginning);
  world_on(beginning.client, WEIR_EVENT_ERROR, note_failed_connect, &beginning);
  world_on(beginning.client, WEIR_EVENT_CLOSE, note_closed, &beginning);
  bool struck = try_to_connect(&beginning, nth);
  if (!beginning.begun) {
    assert_int_equal(beginning.errors, 1);
    assert_true(beginning.closed);
    try_to_connect(&beginning, FAULT_FOR_EVER);
  }
  assert_true(beginning.begun && !beginning.closed);
  weir_socket_destroy(beginning.client, NULL);
  weir_server_close(server, NULL, NULL);
  world_run(world);
  if (system_open_count() != open_before) fail_msg("%s failed, and something stays open", beginning.failed);
  return struck;
}

static void connecting_fails_at_each_of_its_system_calls(struct world *world) {
  static const enum fault_cause causes[] = {FAULT_OF_DEVICE, FAULT_OF_MEMORY, FAULT_OF_PROCESS};
  listen_with_a_fault(world, FAULT_OF_DEVICE, FAULT_FOR_EVER);
  for (size_t i = 0; i < sizeof causes / sizeof *causes; i++) {
    size_t nth = 1;
    while (connect_with_a_fault(world, causes[i], nth)) nth++;
    assert_true(nth > 2);
  }
}

static const struct world_case cases[] = {
    WORLD_CASE("", listening_fails_at_each_of_its_system_calls),
    WORLD_CASE_EXCEPT("", connecting_fails_at_each_of_its_system_calls, WORLD_NOT_TCP,
                      "a connect over TCP begins in the next turn, where loop_sweep_test has everything fail"),
};

int main(int argc, char **argv) { return world_main(argc, argv, "begin_fault", cases, sizeof cases / sizeof *cases); }
