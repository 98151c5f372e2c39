/* SPDX-License-Identifier: MIT */
/*
 * What a program sees when the system below its loop fails for a while: a poller that is gone, wakes that get lost,
 * short and interrupted transfers, and clients for whom there is no descriptor.
 */
#include <stdatomic.h>

#include "support/native.h"
#include "support/system_faults.h"
#include "support/thread.h"
#include "support/world.h"

enum { MESSAGE_BYTES = 1024 * 1024 };

/* ---- a poller that is gone ---- */

enum { FAILURES = 50 };

/* A loop with a server, a client that connects, and a time to stop when it does not return by itself. */
struct busy {
  weir_loop *loop;
  weir_timer *timer;
};

static void stop_loop(weir_timer *timer, void *user) {
  struct busy *busy = user;
  (void)timer;
  weir_loop_stop(busy->loop);
}

static void make_busy(struct world *world, struct busy *busy) {
  weir_server *server = NULL;
  weir_socket *client = NULL;
  weir_loop_options options = weir_loop_options_default();
  options.backend = world->backend;
  assert_int_equal(weir_loop_create(&options, &busy->loop), WEIR_OK);
  assert_int_equal(weir_timer_create(busy->loop, stop_loop, busy, &busy->timer), WEIR_OK);
  assert_int_equal(weir_timer_start(busy->timer, 3000, 0), WEIR_OK);
  assert_int_equal(weir_server_create(busy->loop, NULL, NULL, NULL, &server), WEIR_OK);
  assert_int_equal(weir_server_listen(server, world->endpoint, NULL), WEIR_OK);
  assert_int_equal(weir_connect(busy->loop, world->endpoint, NULL, NULL, &client), WEIR_OK);
  weir_server_release(server);
  weir_socket_release(client);
}

static void check_run_without_poller(struct world *world, struct busy *busy, weir_run_mode mode,
                                     enum fault_cause cause) {
  system_fault_begin(world, FAULT_WAIT, 1, cause, FAILURES);
  assert_int_equal(weir_loop_run(busy->loop, mode), system_fault_code(cause));
  assert_in_range(system_waits(), 1, 3);
}

static void a_poller_that_cannot_be_asked_ends_every_run(struct world *world) {
  static const weir_run_mode modes[] = {WEIR_RUN_DEFAULT, WEIR_RUN_ONCE, WEIR_RUN_NOWAIT};
  static const enum fault_cause causes[] = {FAULT_OF_DEVICE, FAULT_OF_MEMORY};
  for (size_t i = 0; i < sizeof modes / sizeof *modes; i++) {
    for (size_t j = 0; j < sizeof causes / sizeof *causes; j++) {
      struct busy busy;
      make_busy(world, &busy);
      check_run_without_poller(world, &busy, modes[i], causes[j]);
      check_run_without_poller(world, &busy, modes[i], causes[j]);
      weir_timer_release(busy.timer);
      weir_loop_release(busy.loop); /* while the poller is still gone */
      system_fault_end();
    }
  }
}

static void a_poller_that_failed_once_goes_on(struct world *world) {
  struct world_pair pair = world_pair(world, &(struct world_pair_options){.server_trace = WORLD_TRACE_DATA});
  system_fault_begin(world, FAULT_WAIT, 1, FAULT_OF_DEVICE, 1);
  assert_int_equal(weir_loop_run(world->loop, WEIR_RUN_ONCE), system_fault_code(FAULT_OF_DEVICE));
  world_write(pair.client, "hello");
  world_run_until_noted(world, "S data(hello)", 1);
  system_fault_end();
}

/* ---- a wake that gets lost ---- */

static void do_nothing(void *unused) { (void)unused; }

/* Nothing else happens in a loop for so long. */
enum { SILENCE_MS = 5000 };

struct waker {
  weir_loop *loop;
  atomic_bool is_over;
};

/* Until one is refused, and then once more. */
static void wake_until_refused(void *user) {
  struct waker *waker = user;
  while (system_fault_count() == 0) weir_loop_wake(waker->loop);
  atomic_store(&waker->is_over, true);
  weir_loop_wake(waker->loop);
}

static void a_wake_that_failed_does_not_swallow_the_next(struct world *world) {
  struct waker waker = {.loop = world->loop};
  world_after(world, SILENCE_MS, do_nothing, NULL);
  system_fault_begin(world, FAULT_WAKE, 1, FAULT_OF_DEVICE, 1);
  uint64_t begin = native_now_ms();
  struct thread *thread = thread_start(wake_until_refused, &waker);
  assert_non_null(thread);
  while (!atomic_load(&waker.is_over)) assert_int_equal(weir_loop_run(world->loop, WEIR_RUN_ONCE), 1);
  thread_join(thread);
  system_fault_end();
  assert_true(native_now_ms() - begin < SILENCE_MS / 2);
}

static void a_wake_of_a_loop_that_does_not_wait_needs_no_call(struct world *world) {
  world_after(world, SILENCE_MS, do_nothing, NULL);
  uint64_t begin = native_now_ms();
  for (int i = 0; i < 10; i++) {
    system_fault_begin(world, FAULT_WAKE, 1, FAULT_OF_DEVICE, FAULT_FOR_EVER);
    for (int wakes = 0; wakes < 10; wakes++) weir_loop_wake(world->loop);
    assert_int_equal(weir_loop_run(world->loop, WEIR_RUN_ONCE), 1);
    assert_int_equal(system_fault_count(), 0);
    system_fault_end();
  }
  assert_true(native_now_ms() - begin < SILENCE_MS / 2);
}

/* ---- short and interrupted transfers ---- */

static void echo_back(const weir_event *event, void *unused) {
  (void)unused;
  assert_int_equal(weir_socket_pipe(event->connection, event->connection, WEIR_PIPE_DEFAULT), WEIR_OK);
}

static void set_flag(const weir_event *event, void *flag) {
  (void)event;
  *(bool *)flag = true;
}

static void echo(struct world *world, size_t length) {
  struct world_stream heard = {0, false};
  bool over = false;
  weir_server *server = world_listen(world, NULL, echo_back, NULL);
  weir_socket *client = world_connect(world, NULL);
  world_on(client, WEIR_EVENT_DATA, world_check_on, &heard);
  world_on(client, WEIR_EVENT_CLOSE, set_flag, &over);
  world_write_pattern(world, client, "C", "write-cb", length, 0);
  weir_socket_end(client, NULL);
  world_run_until(world, &over);
  system_fault_end();
  assert_false(heard.broken);
  assert_int_equal(heard.bytes, length);
  assert_int_equal(world_count(world, "C write-cb"), 1);
  weir_server_close(server, NULL, NULL);
  world_run(world);
}

/* Less than a mebibyte, so that a slow machine is in time too: a byte costs some ten calls. */
static void many_bytes_come_back_one_by_one(struct world *world) {
  system_fault_end();
  system_shorten(1);
  echo(world, world->pipes ? MESSAGE_BYTES / 512 : MESSAGE_BYTES / 64);
}

static void a_mebibyte_comes_back_through_a_storm_of_interruptions(struct world *world) {
  system_fault_end();
  system_shorten(1000);
  system_interrupt(20);
  echo(world, MESSAGE_BYTES);
}

/* ---- no descriptor for a client ---- */

enum { CLIENTS_MAX = 8 };

struct reception {
  struct world_accepted accepted;
  weir_server *server;
  weir_error error; /* the last one of the server */
  unsigned errors;
};

static void note_server_error(const weir_event *event, void *user) {
  struct reception *reception = user;
  reception->error = *event->error;
  reception->errors++;
}

/* With a short queue, so that the pipe of a server soon has no instances left. */
static void open_reception(struct world *world, struct reception *reception) {
  weir_listen_options options = weir_listen_options_default();
  options.backlog = 1;
  reception->accepted.world = world;
  reception->server = world_server(world, NULL, world_keep_on, &reception->accepted);
  world_trace_server(world, reception->server, "V");
  assert_int_equal(weir_server_listen(reception->server, world->endpoint, &options), WEIR_OK);
  world_run_until_noted(world, "V listening", 1);
  world_on_server(reception->server, WEIR_EVENT_ERROR, note_server_error, reception);
}

/* One client after the other comes while there is nothing for them, until the server says so. Returns how many. */
static size_t run_short(struct world *world, struct reception *reception, enum fault_cause cause) {
  unsigned errors = reception->errors;
  size_t clients = 0;
  system_fault_begin(world, FAULT_ACCEPT, 1, cause, FAULT_FOR_EVER);
  while (reception->errors == errors) {
    assert_true(clients < CLIENTS_MAX);
    world_connect(world, NULL);
    clients++;
    world_run_for(world, 30);
  }
  return clients;
}

static void check_shortage(struct world *world, enum fault_cause cause) {
  struct reception reception = {.errors = 0};
  size_t all = 0;
  open_reception(world, &reception);
  for (unsigned round = 1; round <= 2; round++) {
    size_t clients = run_short(world, &reception, cause);
    world_run_for(world, 100); /* more than one pause */
    assert_true(system_fault_count() > 2);
    assert_int_equal(reception.errors, round);
    assert_string_equal(reception.error.operation, "accept");
    assert_int_equal(reception.error.code, system_fault_code(cause));
    assert_int_equal(reception.error.native_code, system_fault_native(cause));
    system_fault_end();
    world_connect(world, NULL);
    clients++;
    world_run_until_noted(world, "V connection", all += clients);
  }
}

static void a_server_without_descriptors_says_so_once_and_recovers(struct world *world) {
  check_shortage(world, FAULT_OF_PROCESS);
}

static void a_server_on_a_system_without_descriptors_says_so_once_and_recovers(struct world *world) {
  check_shortage(world, FAULT_OF_SYSTEM);
}

/* EO-52: its one spare descriptor is what the server needs to hang up. */
static void a_client_for_whom_there_is_no_descriptor_is_hung_up_on(struct world *world) {
  struct reception reception = {.errors = 0};
  open_reception(world, &reception);
  system_fault_begin(world, FAULT_ACCEPT, 1, FAULT_OF_PROCESS, 1);
  world_connect_traced(world, "C");
  world_run_until_noted(world, "C close", 1);
  world_expect(world, "C", "connect end finish close(false)");
  assert_int_equal(reception.errors, 1);
  system_fault_end();
  world_connect(world, NULL);
  world_run_until_noted(world, "V connection", 1);
}

/* ---- addresses -------------------------------------------------------------------------------------------------- */

static void a_connection_whose_address_cannot_be_asked_works_without(struct world *world) {
  struct world_accepted accepted = {.trace = WORLD_TRACE_DATA};
  weir_server *server = world_listen_and_keep(world, &accepted);
  weir_server_unref(server);
  system_fault_begin(world, FAULT_ADDRESS, 1, FAULT_OF_BUFFERS, FAULT_FOR_EVER);
  weir_socket *client = world_connect_traced(world, "C");
  world_run_until_noted(world, "C connect", 1);
  assert_true(system_fault_count() > 0);
  system_fault_end();
  weir_address address;
  assert_false(weir_socket_local_address(client, &address));
  assert_int_equal(address.family, WEIR_FAMILY_NONE);
  assert_true(weir_socket_remote_address(client, &address));
  world_write(client, "hello");
  weir_socket_end(client, NULL);
  world_run(world);
  world_expect(world, "S1", "data(hello) end finish close(false)");
  world_expect(world, "C", "connect finish end close(false)");
}

static const struct world_case cases[] = {
    WORLD_CASE("", a_poller_that_cannot_be_asked_ends_every_run),
    WORLD_CASE("", a_poller_that_failed_once_goes_on),
    WORLD_CASE("", a_wake_that_failed_does_not_swallow_the_next),
    WORLD_CASE("", a_wake_of_a_loop_that_does_not_wait_needs_no_call),
    WORLD_CASE("", many_bytes_come_back_one_by_one),
    WORLD_CASE_EXCEPT("", a_mebibyte_comes_back_through_a_storm_of_interruptions, WORLD_NOT_WINDOWS,
                      "no call is interrupted on Windows"),
    WORLD_CASE("EO-52", a_server_without_descriptors_says_so_once_and_recovers),
    WORLD_CASE("EO-52", a_server_on_a_system_without_descriptors_says_so_once_and_recovers),
    WORLD_CASE_EXCEPT("EO-52", a_client_for_whom_there_is_no_descriptor_is_hung_up_on, WORLD_NOT_WINDOWS,
                      "a client of a pipe waits for the next instance"),
    WORLD_CASE_EXCEPT("A161", a_connection_whose_address_cannot_be_asked_works_without, WORLD_NOT_LOCAL,
                      "local sockets have no addresses"),
};

int main(int argc, char **argv) { return world_main(argc, argv, "loop_fault", cases, sizeof cases / sizeof *cases); }
