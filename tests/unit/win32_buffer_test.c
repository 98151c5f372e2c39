/* SPDX-License-Identifier: MIT */
/*
 * The large buffers of busy pipes: who gets one, that it goes back, and that nothing in it is lost. What a connection
 * says is checked at the seam; whether its read waits in one is not to be seen there, and is asked.
 */
#include <stdlib.h>
#include <string.h>

#include "support/seam.h"
#include "win32/connection.h"

#define LONG_BYTES 3000

static char long_text[LONG_BYTES + 1];

static int set_up(void **state) {
  struct seam *seam = calloc(1, sizeof *seam);
  assert_non_null(seam);
  memset(long_text, 'l', LONG_BYTES);
  seam_open(seam, &backend_iocp);
  *state = seam;
  return 0;
}

static int tear_down(void **state) {
  seam_close(*state);
  free(*state);
  return 0;
}

static void talk(struct seam *seam, struct seam_pair pair, const char *text) {
  seam_send(seam, pair.client, text);
  seam_expect_text(seam, pair.server, text);
}

/* What was delivered last is read on at the following `next`, which waits at most so long. */
static void let_read_on(struct seam *seam, uint64_t timeout_ms) {
  struct completion completion = {.result = 0};
  assert_int_equal(seam->operations->next(seam->backend, timeout_ms * 1000000, &completion), OPERATION_NONE);
}

static struct seam_pair begin_busy(struct seam *seam) {
  struct seam_pair pair = seam_pair(seam);
  seam->operations->read(seam->backend, pair.server, true);
  talk(seam, pair, long_text);
  let_read_on(seam, 0);
  return pair;
}

static bool has_loan(struct seam_pair pair) { return pair.server->pipe.loan > 0; }

static void a_busy_pipe_that_falls_silent_gives_its_large_buffer_back(void **state) {
  struct seam *seam = *state;
  struct seam_pair pair = begin_busy(seam);
  size_t blocks = seam->blocks;
  assert_true(has_loan(pair));
  let_read_on(seam, 1000);
  assert_false(has_loan(pair));
  assert_in_range(seam->blocks, 0, blocks);
  talk(seam, pair, long_text);
  seam_end_pair(seam, pair);
}

static void a_pipe_with_short_messages_waits_in_its_own_small_buffer(void **state) {
  struct seam *seam = *state;
  struct seam_pair pair = begin_busy(seam);
  talk(seam, pair, "short");
  let_read_on(seam, 0);
  assert_false(has_loan(pair));
  talk(seam, pair, "still there");
  seam_end_pair(seam, pair);
}

static void more_pipes_than_large_buffers_are_all_served(void **state) {
  enum { COUNT = PIPE_LOANS_MAX + 4 };
  struct seam *seam = *state;
  struct seam_pair pairs[COUNT];
  size_t loans = 0;
  for (size_t i = 0; i < COUNT; i++) pairs[i] = begin_busy(seam);
  for (size_t i = 0; i < COUNT; i++) loans += has_loan(pairs[i]);
  assert_in_range(loans, 1, PIPE_LOANS_MAX); /* a slow machine has silences in which some go back */
  for (size_t i = 0; i < COUNT; i++) talk(seam, pairs[i], long_text);
  for (size_t i = 0; i < COUNT; i++) seam_end_pair(seam, pairs[i]);
}

static void a_busy_pipe_gets_the_large_buffer_of_an_idle_one(void **state) {
  struct seam *seam = *state;
  struct seam_pair idle[PIPE_LOANS_MAX];
  for (size_t i = 0; i < PIPE_LOANS_MAX; i++) idle[i] = begin_busy(seam);
  struct seam_pair busy = begin_busy(seam);
  for (int i = 0; i < 2 * PIPE_LOAN_BATCHES; i++) talk(seam, busy, long_text);
  let_read_on(seam, 0);
  assert_true(has_loan(busy));
  for (size_t i = 0; i < PIPE_LOANS_MAX; i++) talk(seam, idle[i], long_text);
  seam_end_pair(seam, busy);
  for (size_t i = 0; i < PIPE_LOANS_MAX; i++) seam_end_pair(seam, idle[i]);
}

static void what_came_into_a_large_buffer_waits_out_a_pause(void **state) {
  struct seam *seam = *state;
  struct seam_pair pair = begin_busy(seam);
  seam_send(seam, pair.client, long_text);
  seam->operations->read(seam->backend, pair.server, false);
  seam_expect_nothing(seam);
  seam->operations->read(seam->backend, pair.server, true);
  seam_expect_text(seam, pair.server, long_text);
  seam_end_pair(seam, pair);
}

static void what_came_into_a_large_buffer_goes_along_to_another_loop(void **state) {
  struct seam *seam = *state;
  struct completion completion;
  struct seam_pair pair = begin_busy(seam);
  seam_send(seam, pair.client, long_text);
  seam->operations->close(seam->backend, pair.server, ENDING_DETACH);
  assert_int_equal(seam_next(seam, &completion), OPERATION_CLOSE);
  assert_int_equal(completion.result, LONG_BYTES);
  assert_memory_equal(completion.bytes, long_text, LONG_BYTES);
  seam->operations->open(seam->backend, NULL, completion.native);
  seam_free(seam, pair.server);
  seam_end(seam, pair.client);
}

static void what_came_into_a_large_buffer_outlives_an_end_towards_a_foreign_client(void **state) {
  struct seam *seam = *state;
  struct acceptor *acceptor = seam_listen(seam);
  DWORD count;
  HANDLE client = CreateFileA(seam->endpoint.text, GENERIC_READ | GENERIC_WRITE, 0, NULL, OPEN_EXISTING, 0, NULL);
  struct connection *server = seam_accept(seam, acceptor);
  seam->operations->read(seam->backend, server, true);
  assert_true(WriteFile(client, long_text, LONG_BYTES, &count, NULL));
  seam_expect_text(seam, server, long_text);
  let_read_on(seam, 0);
  assert_true(WriteFile(client, long_text, LONG_BYTES, &count, NULL));
  seam->operations->shutdown(seam->backend, server);
  assert_int_equal(seam_expect(seam, OPERATION_SHUTDOWN, server), 0);
  seam_expect_text(seam, server, long_text);
  assert_int_equal(seam_expect(seam, OPERATION_READ, server), COMPLETION_END);
  seam_end(seam, server);
  CloseHandle(client);
  seam_end_acceptor(seam, acceptor);
}

static void without_memory_for_a_large_buffer_the_small_one_does(void **state) {
  struct seam *seam = *state;
  struct seam_pair one = begin_busy(seam);
  struct seam_pair two = seam_pair(seam);
  seam->operations->read(seam->backend, two.server, true);
  talk(seam, two, long_text);
  unsigned char *kept[CHUNKS_KEPT];
  for (size_t i = 0; i < CHUNKS_KEPT; i++) kept[i] = backend_take_chunk(seam->backend);
  seam->blocks_until_failure = 1;
  let_read_on(seam, 0);
  assert_false(has_loan(two));
  for (size_t i = 0; i < CHUNKS_KEPT; i++) backend_give_chunk(seam->backend, kept[i]);
  talk(seam, one, long_text);
  talk(seam, two, long_text);
  seam_end_pair(seam, one);
  seam_end_pair(seam, two);
}

#define CASE(function) cmocka_unit_test_setup_teardown(function, set_up, tear_down)

int main(void) {
  const struct CMUnitTest cases[] = {
      CASE(a_busy_pipe_that_falls_silent_gives_its_large_buffer_back),
      CASE(a_pipe_with_short_messages_waits_in_its_own_small_buffer),
      CASE(more_pipes_than_large_buffers_are_all_served),
      CASE(a_busy_pipe_gets_the_large_buffer_of_an_idle_one),
      CASE(what_came_into_a_large_buffer_waits_out_a_pause),
      CASE(what_came_into_a_large_buffer_goes_along_to_another_loop),
      CASE(what_came_into_a_large_buffer_outlives_an_end_towards_a_foreign_client),
      CASE(without_memory_for_a_large_buffer_the_small_one_does),
  };
  return cmocka_run_group_tests(cases, NULL, NULL);
}
