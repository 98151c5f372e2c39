/* SPDX-License-Identifier: MIT */
/*
 * Whole loops in a simulated world: several programs that talk to each other, hours that pass at once, and waits for
 * what never comes.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

/* cmocka.h wants some of the above first. */
#include <cmocka.h>

#include <weir/weir.h>

enum { LOOPS = 2, HOUR_MS = 3600000 };

/* A world with two programs, and a trace of who did what. */
struct bench {
  weir_sim *sim;
  weir_loop *loops[LOOPS];
  char trace[64]; /* a letter for each thing that happened */
  size_t traced;
};

static void open_bench(struct bench *bench, const weir_sim_options *options) {
  memset(bench, 0, sizeof *bench);
  assert_int_equal(weir_sim_create(options, &bench->sim), WEIR_OK);
  for (size_t i = 0; i < LOOPS; ++i) {
    weir_loop_options loop_options = weir_loop_options_default();
    loop_options.simulator = bench->sim;
    assert_int_equal(weir_loop_create(&loop_options, &bench->loops[i]), WEIR_OK);
  }
}

static void close_bench(struct bench *bench) {
  weir_sim_release(bench->sim);
  for (size_t i = 0; i < LOOPS; ++i) weir_loop_release(bench->loops[i]);
}

static void note(struct bench *bench, char letter) {
  assert_true(bench->traced + 1 < sizeof bench->trace);
  bench->trace[bench->traced++] = letter;
}

/* ---- time -------------------------------------------------------------------------------------------------------- */

struct alarm_clock {
  struct bench *bench;
  weir_timer *timer;
  char letter;
};

static void ring(weir_timer *timer, void *user) {
  (void)timer;
  struct alarm_clock *alarm = user;
  note(alarm->bench, alarm->letter);
}

static void set_alarm(struct bench *bench, size_t loop, struct alarm_clock *alarm, char letter, uint64_t time_ms,
                      weir_timer_callback callback) {
  *alarm = (struct alarm_clock){.bench = bench, .letter = letter};
  assert_int_equal(weir_timer_create(bench->loops[loop], callback, alarm, &alarm->timer), WEIR_OK);
  assert_int_equal(weir_timer_start(alarm->timer, time_ms, 0), WEIR_OK);
}

static void timers_of_all_loops_keep_their_order_and_hours_take_no_time(void **state) {
  (void)state;
  struct bench bench;
  struct alarm_clock alarms[4];
  open_bench(&bench, NULL);
  set_alarm(&bench, 0, &alarms[0], 'd', HOUR_MS, ring);
  set_alarm(&bench, 1, &alarms[1], 'c', 50, ring);
  set_alarm(&bench, 0, &alarms[2], 'b', 20, ring);
  set_alarm(&bench, 1, &alarms[3], 'a', 10, ring);
  assert_int_equal(weir_sim_run(bench.sim), 0);
  assert_string_equal(bench.trace, "abcd");
  assert_int_equal(weir_sim_now_ms(bench.sim), HOUR_MS);
  for (size_t i = 0; i < 4; ++i) weir_timer_release(alarms[i].timer);
  close_bench(&bench);
}

static void a_loop_that_runs_alone_jumps_to_its_own_timer(void **state) {
  (void)state;
  struct bench bench;
  struct alarm_clock alarms[2];
  open_bench(&bench, NULL);
  set_alarm(&bench, 0, &alarms[0], 'a', HOUR_MS, ring);
  set_alarm(&bench, 1, &alarms[1], 'b', 10, ring);
  assert_int_equal(weir_loop_run(bench.loops[0], WEIR_RUN_DEFAULT), 0);
  assert_string_equal(bench.trace, "a");
  assert_int_equal(weir_sim_now_ms(bench.sim), HOUR_MS);
  assert_int_equal(weir_sim_run(bench.sim), 0);
  assert_string_equal(bench.trace, "ab");
  for (size_t i = 0; i < 2; ++i) weir_timer_release(alarms[i].timer);
  close_bench(&bench);
}

static void a_loop_with_nothing_referenced_left_has_ended(void **state) {
  (void)state;
  struct bench bench;
  struct alarm_clock alarms[2];
  open_bench(&bench, NULL);
  set_alarm(&bench, 0, &alarms[0], 'a', 10, ring);
  set_alarm(&bench, 1, &alarms[1], 'b', 5, ring);
  weir_timer_unref(alarms[1].timer);
  assert_int_equal(weir_sim_run(bench.sim), 0);
  assert_string_equal(bench.trace, "a");
  for (size_t i = 0; i < 2; ++i) weir_timer_release(alarms[i].timer);
  close_bench(&bench);
}

static void run_the_world(weir_timer *timer, void *user) {
  struct alarm_clock *alarm = user;
  ring(timer, user);
  weir_sim_run(alarm->bench->sim);
  note(alarm->bench, '.');
}

static void a_world_that_is_run_from_a_listener_goes_on(void **state) {
  (void)state;
  struct bench bench;
  struct alarm_clock alarms[2];
  open_bench(&bench, NULL);
  set_alarm(&bench, 0, &alarms[0], 'a', 10, run_the_world);
  set_alarm(&bench, 1, &alarms[1], 'b', 20, ring);
  assert_int_equal(weir_sim_run(bench.sim), 0);
  assert_string_equal(bench.trace, "a.b");
  for (size_t i = 0; i < 2; ++i) weir_timer_release(alarms[i].timer);
  set_alarm(&bench, 0, &alarms[0], 'c', 0, run_the_world);
  set_alarm(&bench, 0, &alarms[1], 'd', 0, ring);
  assert_int_equal(weir_loop_run(bench.loops[0], WEIR_RUN_DEFAULT), 0);
  assert_string_equal(bench.trace, "a.bc.d");
  for (size_t i = 0; i < 2; ++i) weir_timer_release(alarms[i].timer);
  close_bench(&bench);
}

static void release_the_other_loop(weir_timer *timer, void *user) {
  struct alarm_clock *alarm = user;
  ring(timer, user);
  weir_loop_release(alarm->bench->loops[1]);
  alarm->bench->loops[1] = NULL;
}

static void a_loop_may_go_while_the_world_runs(void **state) {
  (void)state;
  struct bench bench;
  struct alarm_clock alarms[2];
  open_bench(&bench, NULL);
  set_alarm(&bench, 0, &alarms[0], 'a', 10, release_the_other_loop);
  set_alarm(&bench, 1, &alarms[1], 'b', 20, ring);
  assert_int_equal(weir_sim_run(bench.sim), 0);
  assert_string_equal(bench.trace, "a");
  assert_int_equal(weir_sim_now_ms(bench.sim), 10);
  for (size_t i = 0; i < 2; ++i) weir_timer_release(alarms[i].timer);
  close_bench(&bench);
}

/* Whether of two loops with something to do, the second took its turn first. */
static bool is_second_loop_first(const weir_sim_options *options) {
  struct bench bench;
  struct alarm_clock alarms[2];
  open_bench(&bench, options);
  set_alarm(&bench, 0, &alarms[0], 'a', 10, ring);
  set_alarm(&bench, 1, &alarms[1], 'b', 10, ring);
  assert_int_equal(weir_sim_run(bench.sim), 0);
  bool is_second_first = bench.trace[0] == 'b';
  for (size_t i = 0; i < 2; ++i) weir_timer_release(alarms[i].timer);
  close_bench(&bench);
  return is_second_first;
}

static void whose_turn_it_is_is_drawn_unless_the_order_is_fixed(void **state) {
  (void)state;
  size_t drawn = 0;
  weir_sim_options options = weir_sim_options_default();
  for (options.seed = 0; options.seed < 100; ++options.seed) drawn += is_second_loop_first(&options) ? 1 : 0;
  assert_in_range(drawn, 20, 80);
  options.fixed_order = true;
  for (options.seed = 0; options.seed < 20; ++options.seed) assert_false(is_second_loop_first(&options));
}

static void note_a_post(void *user) { note(user, 'p'); }

static void what_was_posted_runs_before_time_moves(void **state) {
  (void)state;
  struct bench bench;
  struct alarm_clock alarm;
  open_bench(&bench, NULL);
  set_alarm(&bench, 0, &alarm, 'a', 1, ring);
  assert_int_equal(weir_loop_post(bench.loops[1], note_a_post, &bench), WEIR_OK);
  assert_int_equal(weir_sim_run(bench.sim), 0);
  assert_string_equal(bench.trace, "pa");
  weir_timer_release(alarm.timer);
  close_bench(&bench);
}

/* ---- programs that talk ------------------------------------------------------------------------------------------ */

enum { TALK_BYTES = 100000 };

/* A client on loop 1 sends a pattern to an echo on loop 0 and checks what comes back. */
struct talk {
  struct bench bench;
  weir_server *server;
  weir_socket *client;
  unsigned char pattern[TALK_BYTES];
  size_t received;
  bool had_error;
  uint64_t hash; /* of the sizes of all data, in order */
};

static void note_size(struct talk *talk, size_t side, size_t length) {
  talk->hash = (talk->hash ^ (2 * length + side)) * UINT64_C(0x100000001B3);
}

static void note_echo_data(const weir_event *event, void *user) { note_size(user, 0, event->data.length); }

static void echo(const weir_event *event, void *user) {
  assert_int_equal(weir_socket_pipe(event->connection, event->connection, WEIR_PIPE_DEFAULT), WEIR_OK);
  assert_int_equal(weir_socket_on(event->connection, WEIR_EVENT_DATA, note_echo_data, user), WEIR_OK);
  assert_int_equal(weir_server_close(event->server, NULL, NULL), WEIR_OK);
}

static void check_data(const weir_event *event, void *user) {
  struct talk *talk = user;
  note_size(talk, 1, event->data.length);
  assert_true(talk->received + event->data.length <= TALK_BYTES);
  assert_memory_equal(event->data.bytes, talk->pattern + talk->received, event->data.length);
  talk->received += event->data.length;
}

static void note_close(const weir_event *event, void *user) {
  struct talk *talk = user;
  talk->had_error = event->had_error;
}

static void send_everything(struct talk *talk) {
  for (size_t i = 0; i < TALK_BYTES; ++i) talk->pattern[i] = (unsigned char)(i * 31 + i / 251);
  assert_true(weir_socket_write(talk->client, talk->pattern, TALK_BYTES) >= 0);
  assert_int_equal(weir_socket_end(talk->client, NULL), WEIR_OK);
}

/* Returns the hash. */
static uint64_t run_talk(const weir_sim_options *options) {
  static struct talk talk;
  memset(&talk, 0, sizeof talk);
  weir_socket_options half_open = weir_socket_options_default();
  half_open.allow_half_open = true;
  open_bench(&talk.bench, options);
  assert_int_equal(weir_server_create(talk.bench.loops[0], NULL, echo, &talk, &talk.server), WEIR_OK);
  assert_int_equal(weir_server_listen(talk.server, "ipc:talk", NULL), WEIR_OK);
  assert_int_equal(weir_connect(talk.bench.loops[1], "ipc:talk", &half_open, NULL, &talk.client), WEIR_OK);
  assert_int_equal(weir_socket_on(talk.client, WEIR_EVENT_DATA, check_data, &talk), WEIR_OK);
  assert_int_equal(weir_socket_on(talk.client, WEIR_EVENT_CLOSE, note_close, &talk), WEIR_OK);
  send_everything(&talk);
  assert_int_equal(weir_sim_run(talk.bench.sim), 0);
  assert_int_equal(talk.received, TALK_BYTES);
  assert_false(talk.had_error);
  weir_socket_release(talk.client);
  weir_server_release(talk.server);
  close_bench(&talk.bench);
  return talk.hash;
}

static weir_sim_options seeded(uint64_t seed) {
  weir_sim_options options = weir_sim_options_default();
  options.seed = seed;
  options.pipe_bytes = 5000;
  return options;
}

static void two_programs_talk_whatever_the_seed(void **state) {
  (void)state;
  for (uint64_t seed = 0; seed < 100; ++seed) {
    weir_sim_options options = seeded(seed);
    run_talk(&options);
  }
}

static void the_same_seed_repeats_the_talk_and_another_does_not(void **state) {
  (void)state;
  weir_sim_options options = seeded(1), other = seeded(2);
  uint64_t hash = run_talk(&options);
  assert_true(run_talk(&options) == hash);
  assert_true(run_talk(&other) != hash);
}

static void two_programs_talk_in_fixed_order(void **state) {
  (void)state;
  weir_sim_options options = seeded(1), other = seeded(2);
  options.fixed_order = other.fixed_order = true;
  options.whole_transfers = other.whole_transfers = true;
  assert_true(run_talk(&options) == run_talk(&other));
}

static void a_wait_for_what_never_comes_returns(void **state) {
  (void)state;
  struct bench bench;
  weir_server *server;
  open_bench(&bench, NULL);
  assert_int_equal(weir_server_create(bench.loops[0], NULL, NULL, NULL, &server), WEIR_OK);
  assert_int_equal(weir_server_listen(server, "ipc:lonely", NULL), WEIR_OK);
  assert_int_equal(weir_sim_run(bench.sim), 1);
  assert_int_equal(weir_loop_run(bench.loops[0], WEIR_RUN_DEFAULT), 1);
  weir_server_release(server);
  close_bench(&bench);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(timers_of_all_loops_keep_their_order_and_hours_take_no_time),
      cmocka_unit_test(a_loop_that_runs_alone_jumps_to_its_own_timer),
      cmocka_unit_test(a_loop_with_nothing_referenced_left_has_ended),
      cmocka_unit_test(a_world_that_is_run_from_a_listener_goes_on),
      cmocka_unit_test(a_loop_may_go_while_the_world_runs),
      cmocka_unit_test(whose_turn_it_is_is_drawn_unless_the_order_is_fixed),
      cmocka_unit_test(what_was_posted_runs_before_time_moves),
      cmocka_unit_test(two_programs_talk_whatever_the_seed),
      cmocka_unit_test(the_same_seed_repeats_the_talk_and_another_does_not),
      cmocka_unit_test(two_programs_talk_in_fixed_order),
      cmocka_unit_test(a_wait_for_what_never_comes_returns),
  };
  return cmocka_run_group_tests_name("whole loops in a simulated world", tests, NULL, NULL);
}
