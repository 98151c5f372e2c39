/* SPDX-License-Identifier: MIT */
/*
 * One random program: its world is made, runs until nothing more happens, is stirred from outside and runs again, and
 * ends either in order (everything is destroyed and heard of) or abruptly (the loops go first). Nothing may be left.
 */
#include <stdlib.h>
#include <string.h>

#include "stream/chaos.h"

enum { ROUNDS = 3, WARDEN_MS = 200000 };

/* ---- beginning ---- */

static void draw_program(struct chaos *chaos, uint64_t seed) {
  chaos->seed = chaos->chance = seed;
  chaos->uses_tcp = one_in(chaos, 2);
  chaos->uses_pipes = one_in(chaos, 3);
  chaos->uses_encodings = one_in(chaos, 3);
  chaos->uses_faults = one_in(chaos, 2);
  chaos->ends_abruptly = one_in(chaos, 4);
  chaos->failing_one_in = one_in(chaos, 4) ? 20 + (unsigned)draw(chaos, 200) : 0;
  chaos->actions_left = 20 + (unsigned)draw(chaos, ACTIONS_MAX - 20);
  chaos->bytes_left = 600 * 1024;
  chaos->loop_count = 1 + draw(chaos, LOOPS_MAX);
  chaos->has_memory = true;
}

static void make_world(struct chaos *chaos) {
  static const size_t pipe_bytes[] = {0, 0, 1000, 17};
  weir_sim_options options = weir_sim_options_default();
  chaos->allocator = (weir_allocator){resize_or_fail, chaos};
  options.allocator = chaos->allocator;
  options.seed = chaos->seed;
  options.pipe_bytes = pipe_bytes[draw(chaos, 4)];
  if (options.pipe_bytes == 17) chaos->bytes_left = 10000;
  options.whole_transfers = one_in(chaos, 3);
  options.fixed_order = one_in(chaos, 3);
  assert_int_equal(weir_sim_create(&options, &chaos->sim), WEIR_OK);
  make_names(chaos);
}

static void hear_unhandled(weir_loop *loop, const weir_error *error, void *user) {
  struct chaos *chaos = user;
  (void)loop;
  note(chaos, "  unhandled %s", weir_code_name(error->code));
  hear(chaos);
}

static void ring(weir_timer *timer, void *user) {
  struct chaos *chaos = user;
  hear(chaos);
  act(chaos, 3);
  if (chaos->actions_left == 0) weir_timer_stop(timer);
}

/* A program whose time runs away waits for something that never comes: it is ended. */
static void ring_warden(weir_timer *timer, void *user) {
  struct chaos *chaos = user;
  (void)timer;
  hear(chaos);
  if (!chaos->is_ending) {
    end_everything(chaos);
  } else if (weir_sim_now_ms(chaos->sim) >= chaos->ended_ms + WARDEN_MS) {
    blame(chaos, "the program does not end in time");
  }
}

static void make_loop(struct chaos *chaos, size_t index) {
  weir_loop_options options = weir_loop_options_default();
  options.allocator = chaos->allocator;
  options.simulator = chaos->sim;
  options.unhandled_error = hear_unhandled;
  options.unhandled_error_user = chaos;
  assert_int_equal(weir_loop_create(&options, &chaos->loops[index]), WEIR_OK);
  assert_int_equal(weir_timer_create(chaos->loops[index], ring, chaos, &chaos->timers[index]), WEIR_OK);
  assert_int_equal(weir_timer_create(chaos->loops[index], ring_warden, chaos, &chaos->wardens[index]), WEIR_OK);
  assert_int_equal(weir_cancellation_create(chaos->loops[index], &chaos->cancellations[index]), WEIR_OK);
  weir_timer_start(chaos->timers[index], draw(chaos, 10), 1 + draw(chaos, 7));
  weir_timer_start(weir_timer_unref(chaos->wardens[index]), WARDEN_MS, WARDEN_MS);
}

static void populate(struct chaos *chaos) {
  for (size_t i = 0; i < chaos->loop_count; i++) make_loop(chaos, i);
  make_block_list(chaos);
  for (size_t i = 1 + draw(chaos, SERVERS_MAX); i > 0; i--) make_host(chaos);
  chaos->is_inside_call = true;
  for (size_t i = 0; i < chaos->host_count; i++) listen_host(&chaos->hosts[i]);
  for (size_t i = 1 + draw(chaos, 7); i > 0; i--) make_socket(chaos);
  for (size_t i = 0; i < chaos->party_count; i++) {
    if (!one_in(chaos, 5)) connect_party(&chaos->parties[i]);
  }
  chaos->is_inside_call = false;
}

/* ---- ending ---- */

void end_everything(struct chaos *chaos) {
  note(chaos, "the end");
  chaos->is_ending = true;
  chaos->ended_ms = weir_sim_now_ms(chaos->sim);
  chaos->has_memory = true;
  chaos->is_inside_call = true;
  for (size_t i = 0; i < chaos->host_count; i++) {
    if (is_host_usable(&chaos->hosts[i])) close_host(&chaos->hosts[i]);
  }
  for (size_t i = 0; i < chaos->party_count; i++) {
    if (is_usable(&chaos->parties[i])) destroy_party(&chaos->parties[i], NULL);
  }
  for (size_t i = 0; i < chaos->loop_count; i++) weir_timer_stop(chaos->timers[i]);
  answer_all(chaos);
  chaos->is_inside_call = false;
}

static void check_end(struct chaos *chaos) {
  check_promises(chaos, NULL);
  check_streams(chaos);
  for (size_t i = 0; i < chaos->party_count; i++) {
    enum party_life life = chaos->parties[i].life;
    if (life == PARTY_BEGUN || life == PARTY_FAILING) blame(chaos, "party %zu has not closed", i);
  }
  for (size_t i = 0; i < chaos->host_count; i++) {
    if (chaos->hosts[i].closes_owed > 0) blame(chaos, "host %zu has not closed", i);
  }
}

static void end_in_order(struct chaos *chaos) {
  end_everything(chaos);
  if (weir_sim_run(chaos->sim) > 0) blame(chaos, "loops are alive after everything was destroyed");
  leave_close(chaos);
  end_everything(chaos); /* what has begun meanwhile: a server that listens again */
  if (weir_sim_run(chaos->sim) > 0) blame(chaos, "loops are alive after everything was destroyed twice");
  check_end(chaos);
}

/* On handles of a loop that has gone everything is allowed, and does nothing. */
static void use_in_vain(struct chaos *chaos) {
  chaos->is_ending = false;
  for (size_t i = 0; i < chaos->party_count; i++) {
    struct party *party = &chaos->parties[i];
    if (party->socket == NULL || party->owners == 0) continue;
    weir_write write = weir_write_default();
    write.bytes = "late";
    write.length = 4;
    weir_socket_write_with(party->socket, &write);
    weir_socket_end(party->socket, NULL);
    weir_socket_pause(party->socket);
    weir_socket_resume(party->socket);
    weir_socket_uncork(party->socket);
    weir_socket_set_timeout(party->socket, 5);
    weir_socket_unpipe(party->socket, NULL);
    weir_socket_destroy_soon(party->socket);
    weir_socket_destroy(party->socket, NULL);
    if (weir_socket_connect(party->socket, "ipc:one", NULL) == WEIR_OK) blame(chaos, "connected without a loop");
  }
  for (size_t i = 0; i < chaos->host_count; i++) {
    if (chaos->hosts[i].owners == 0) continue;
    weir_server_close(chaos->hosts[i].server, NULL, NULL);
    if (weir_server_listen(chaos->hosts[i].server, "ipc:one", NULL) == WEIR_OK) blame(chaos, "listens without a loop");
  }
}

static void release_handles(struct chaos *chaos) {
  for (size_t i = 0; i < chaos->party_count; i++) {
    while (chaos->parties[i].owners > 0) release_party(&chaos->parties[i]);
  }
  for (size_t i = 0; i < chaos->host_count; i++) {
    while (chaos->hosts[i].owners > 0) release_host(&chaos->hosts[i]);
  }
  for (size_t i = 0; i < chaos->loop_count; i++) {
    weir_timer_release(chaos->timers[i]);
    weir_timer_release(chaos->wardens[i]);
    weir_cancellation_release(chaos->cancellations[i]);
  }
}

static void release_loops(struct chaos *chaos) {
  for (size_t i = 0; i < chaos->loop_count; i++) weir_loop_release(chaos->loops[i]);
  weir_sim_release(chaos->sim);
}

static void release_everything(struct chaos *chaos) {
  bool loops_first = one_in(chaos, 2);
  if (one_in(chaos, 2)) answer_all(chaos);
  chaos->is_over = true;
  if (loops_first) {
    release_loops(chaos);
    use_in_vain(chaos);
  }
  release_handles(chaos);
  if (!loops_first) release_loops(chaos);
  answer_all(chaos);
  release_bounds(chaos);
  weir_block_list_release(chaos->block_list);
  for (size_t i = 0; i < chaos->promise_count; i++) free(chaos->promises[i].borrowed);
  if (chaos->blocks > 0) blame(chaos, "%zu blocks are left", chaos->blocks);
}

void run_program(uint64_t seed, bool is_loud) {
  struct chaos *chaos = calloc(1, sizeof *chaos);
  assert_non_null(chaos);
  chaos->is_loud = is_loud;
  draw_program(chaos, seed);
  print_trace_on_abort(chaos);
  make_world(chaos);
  populate(chaos);
  chaos->has_memory = chaos->failing_one_in == 0;
  for (int round = 0; round < ROUNDS && !chaos->is_ending; round++) {
    weir_sim_run(chaos->sim);
    leave_close(chaos);
    note(chaos, "nothing more happens");
    act(chaos, 10);
  }
  chaos->has_memory = true;
  if (!chaos->ends_abruptly) end_in_order(chaos);
  chaos->is_ending = true;
  release_everything(chaos);
  print_trace_on_abort(NULL);
  free(chaos);
}
