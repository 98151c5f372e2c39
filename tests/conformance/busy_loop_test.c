/* SPDX-License-Identifier: MIT */
/*
 * A loop without any deadline, kept busy by two sockets that answer each other: whatever a listener causes comes all
 * the same, while messages come and while nothing comes any more.
 *
 * These cases run the loop themselves, because world_run sets a timer, and a loop with one looks round more often. So
 * nothing guards them but the time that CTest gives them.
 */
#include "support/native.h"
#include "support/pair.h"
#include "support/thread.h"
#include "support/world.h"

struct exchange {
  struct world *world;
  struct world_pair pair;
  void (*cause)(struct exchange *exchange); /* runs in the listener of the tenth message */
  unsigned messages;
  bool silent; /* nobody answers any more */
  void *made;  /* by the cause */
};

static void answer(const weir_event *event, void *user) {
  struct exchange *exchange = user;
  if (++exchange->messages == 10) exchange->cause(exchange);
  if (!exchange->silent && !weir_socket_destroyed(event->socket)) weir_socket_write(event->socket, "x", 1);
}

/* What a case waits for: both sockets go, and the run ends. */
static void finish(struct exchange *exchange) {
  world_note(exchange->world, "awaited", "came");
  exchange->silent = true;
  weir_socket_destroy(exchange->pair.client, NULL);
  weir_socket_destroy(exchange->pair.accepted, NULL);
}

static void finish_function(void *exchange) { finish(exchange); }

static struct exchange begin(struct world *world, void (*cause)(struct exchange *exchange)) {
  struct exchange exchange = {.world = world, .cause = cause};
  exchange.pair = pair_open(world, 0, 0);
  return exchange;
}

static int run(struct exchange *exchange) {
  world_on(exchange->pair.accepted, WEIR_EVENT_DATA, answer, exchange);
  world_on(exchange->pair.client, WEIR_EVENT_DATA, answer, exchange);
  world_write(exchange->pair.client, "x");
  return weir_loop_run(exchange->world->loop, WEIR_RUN_DEFAULT);
}

static void expect_that_it_comes(struct world *world, void (*cause)(struct exchange *exchange)) {
  struct exchange exchange = begin(world, cause);
  assert_int_equal(run(&exchange), 0);
  world_expect(world, "awaited", "came");
}

/* ---- what comes ------------------------------------------------------------------------------------------------- */

static void post(struct exchange *exchange) {
  assert_int_equal(weir_loop_post(exchange->world->loop, finish_function, exchange), WEIR_OK);
}

static void what_is_posted_runs(struct world *world) { expect_that_it_comes(world, post); }

static void post_elsewhere(void *exchange) { post(exchange); }

static void post_on_a_thread(struct exchange *exchange) {
  exchange->made = thread_start(post_elsewhere, exchange);
  assert_non_null(exchange->made);
}

static void what_another_thread_posts_runs(struct world *world) {
  struct exchange exchange = begin(world, post_on_a_thread);
  assert_int_equal(run(&exchange), 0);
  thread_join(exchange.made);
  world_expect(world, "awaited", "came");
}

static void finish_on_callback(weir_socket *socket, const weir_error *error, void *exchange) {
  (void)socket;
  assert_null(error);
  finish(exchange);
}

static void write_with_callback(struct exchange *exchange) {
  weir_write write = weir_write_default();
  write.bytes = "y";
  write.length = 1;
  write.callback = finish_on_callback;
  write.user = exchange;
  exchange->silent = true;
  assert_int_equal(weir_socket_write_with(exchange->pair.client, &write), 1);
}

static void the_callback_of_a_write_runs(struct world *world) { expect_that_it_comes(world, write_with_callback); }

static void finish_on_timer(weir_timer *timer, void *exchange) {
  weir_timer_release(timer);
  finish(exchange);
}

static void start_timer(struct exchange *exchange) {
  weir_timer *timer = NULL;
  assert_int_equal(weir_timer_create(exchange->world->loop, finish_on_timer, exchange, &timer), WEIR_OK);
  assert_int_equal(weir_timer_start(timer, 3, 0), WEIR_OK);
}

static void a_timer_rings_while_messages_come(struct world *world) { expect_that_it_comes(world, start_timer); }

static void start_timer_and_be_silent(struct exchange *exchange) {
  exchange->silent = true;
  start_timer(exchange);
}

static void a_timer_rings_when_no_message_comes(struct world *world) {
  expect_that_it_comes(world, start_timer_and_be_silent);
}

static void finish_on_event(const weir_event *event, void *exchange) {
  (void)event;
  finish(exchange);
}

static void set_timeout(struct exchange *exchange) {
  exchange->silent = true;
  world_on(exchange->pair.client, WEIR_EVENT_TIMEOUT, finish_on_event, exchange);
  assert_int_equal(weir_socket_set_timeout(exchange->pair.client, 3), WEIR_OK);
}

static void an_idle_time_out_rings(struct world *world) { expect_that_it_comes(world, set_timeout); }

static void finish_on_addresses(weir_lookup *lookup, const weir_error *error, const weir_address *addresses,
                                size_t count, void *exchange) {
  (void)lookup;
  (void)addresses;
  assert_null(error);
  assert_int_equal(count, 1);
  finish(exchange);
}

static void look_up(struct exchange *exchange) {
  weir_lookup *lookup = NULL;
  exchange->silent = true;
  assert_int_equal(
      weir_lookup_start(exchange->world->loop, "127.0.0.1", WEIR_FAMILY_NONE, finish_on_addresses, exchange, &lookup),
      WEIR_OK);
}

static void what_is_known_at_once_is_told(struct world *world) { expect_that_it_comes(world, look_up); }

/* ---- what ends the run ------------------------------------------------------------------------------------------ */

static void stop(struct exchange *exchange) { weir_loop_stop(exchange->world->loop); }

static void a_stop_ends_the_run(struct world *world) {
  struct exchange exchange = begin(world, stop);
  assert_int_equal(run(&exchange), 1);
  assert_int_equal(exchange.messages, 10);
  finish(&exchange);
  world_run(world);
}

static void unref_both(struct exchange *exchange) {
  weir_socket_unref(exchange->pair.client);
  weir_socket_unref(exchange->pair.accepted);
}

static void the_run_ends_when_nothing_referenced_is_left(struct world *world) {
  struct exchange exchange = begin(world, unref_both);
  assert_int_equal(run(&exchange), 0);
  assert_false(weir_socket_destroyed(exchange.pair.client));
  finish(&exchange);
  world_run(world);
}

/* ---- the clock -------------------------------------------------------------------------------------------------- */

static void do_nothing(struct exchange *exchange) { (void)exchange; }

/* Runs in front of `answer`, so that the third message is the last to be answered. */
static void note_time(const weir_event *event, void *user) {
  struct exchange *exchange = user;
  uint64_t *last = exchange->made;
  uint64_t now = weir_loop_now_ms(exchange->world->loop);
  (void)event;
  world_note(exchange->world, "clock", now >= *last + 20 ? "moved" : "still");
  *last = now;
  native_pause_ms(20);
  if (exchange->messages == 3) finish(exchange);
}

static void the_clock_moves_from_message_to_message(struct world *world) {
  struct exchange exchange = begin(world, do_nothing);
  uint64_t last = weir_loop_now_ms(world->loop);
  exchange.made = &last;
  native_pause_ms(20);
  world_on(exchange.pair.accepted, WEIR_EVENT_DATA, note_time, &exchange);
  world_on(exchange.pair.client, WEIR_EVENT_DATA, note_time, &exchange);
  assert_int_equal(run(&exchange), 0);
  world_expect(world, "clock", "moved moved moved moved");
}

static const struct world_case cases[] = {
    WORLD_CASE("", what_is_posted_runs),
    WORLD_CASE("", what_another_thread_posts_runs),
    WORLD_CASE("", the_callback_of_a_write_runs),
    WORLD_CASE_EXCEPT("", a_timer_rings_while_messages_come, WORLD_NOT_SIM,
                      "simulated time does not pass while messages come"),
    WORLD_CASE("", a_timer_rings_when_no_message_comes),
    WORLD_CASE("", an_idle_time_out_rings),
    WORLD_CASE("", what_is_known_at_once_is_told),
    WORLD_CASE("", a_stop_ends_the_run),
    WORLD_CASE("", the_run_ends_when_nothing_referenced_is_left),
    WORLD_CASE_EXCEPT("", the_clock_moves_from_message_to_message, WORLD_NOT_SIM,
                      "simulated time does not pass by itself"),
};

int main(int argc, char **argv) { return world_main(argc, argv, "busy_loop", cases, sizeof cases / sizeof *cases); }
