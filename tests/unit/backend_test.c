/* SPDX-License-Identifier: MIT */
/*
 * The rules of common/backend.h, one by one, over any backend: the loop, and how connections come to be. How they read,
 * write and end is in backend_connection_test.c; what only POSIX systems have is in posix_*_test.c.
 */
#include <string.h>

#include "support/seam.h"
#include "support/thread.h"

/* Some rules need a clock or a thread that a simulated world has not. */
static void skip_on_simulator(const struct seam *seam, const char *reason) {
  if (seam->sim != NULL) seam_skip(reason);
}

/* ---- the loop ---- */

static void a_backend_that_did_nothing_gives_everything_back(void **state) {
  struct seam *seam = *state;
  assert_non_null(seam->backend);
  assert_true(seam->operations->connection_bytes > 0);
}

static void creating_fails_cleanly_for_every_refused_block(void **state) {
  struct seam *seam = *state;
  skip_on_simulator(seam, "stream/sim_test.c does this");
  seam->operations->destroy(seam->backend);
  seam->backend = NULL;
  size_t refused = 0;
  for (size_t nth = 1; seam->backend == NULL; nth++) {
    seam->blocks_until_failure = nth;
    weir_code code = seam_create(seam);
    if (code != WEIR_OK) {
      assert_int_equal(code, WEIR_ENOMEM);
      assert_int_equal(seam->blocks, 0);
      refused++;
    }
  }
  seam->blocks_until_failure = 0;
  assert_true(refused > 0);
}

static void a_wait_ends_after_its_time_and_never_before(void **state) {
  struct seam *seam = *state;
  static const uint64_t times_ns[] = {0, 1, 999999, 1000001, 7500000, 20000000};
  for (size_t i = 0; i < sizeof times_ns / sizeof times_ns[0]; i++) {
    struct completion completion;
    uint64_t before = seam->operations->now(seam->backend);
    assert_int_equal(seam->operations->next(seam->backend, times_ns[i], &completion), OPERATION_NONE);
    assert_true(seam->operations->now(seam->backend) - before >= times_ns[i]);
  }
}

static void wake_other_thread(void *user) {
  struct seam *seam = user;
  seam->operations->wake(seam->backend);
}

static void a_wake_from_another_thread_ends_a_wait(void **state) {
  struct seam *seam = *state;
  skip_on_simulator(seam, "it never waits");
  struct completion completion;
  for (int i = 0; i < 100; i++) {
    struct thread *thread = thread_start(wake_other_thread, seam);
    assert_non_null(thread);
    assert_int_equal(seam->operations->next(seam->backend, WAIT_FOREVER, &completion), OPERATION_NONE);
    thread_join(thread);
  }
}

static void a_wake_before_the_wait_ends_it_once(void **state) {
  struct seam *seam = *state;
  skip_on_simulator(seam, "it never waits");
  const uint64_t moment_ns = 20000000;
  struct completion completion;
  for (int i = 0; i < 1000; i++) seam->operations->wake(seam->backend);
  assert_int_equal(seam->operations->next(seam->backend, WAIT_FOREVER, &completion), OPERATION_NONE);
  uint64_t before = seam->operations->now(seam->backend);
  assert_int_equal(seam->operations->next(seam->backend, moment_ns, &completion), OPERATION_NONE);
  assert_true(seam->operations->now(seam->backend) - before >= moment_ns);
}

static void wake_often(void *user) {
  for (int i = 0; i < 20000; i++) wake_other_thread(user);
}

/* Another thread wakes as fast as it can; whatever the timing, the wake behind all that must not be lost. */
static void no_wake_is_lost_between_clearing_and_waiting(void **state) {
  struct seam *seam = *state;
  skip_on_simulator(seam, "it never waits");
  struct thread *thread = thread_start(wake_often, seam);
  assert_non_null(thread);
  struct completion completion;
  for (int i = 0; i < 1000; i++) seam->operations->next(seam->backend, 0, &completion);
  thread_join(thread);
  seam->operations->next(seam->backend, 0, &completion);
  seam->operations->wake(seam->backend);
  assert_int_equal(seam->operations->next(seam->backend, WAIT_FOREVER, &completion), OPERATION_NONE);
}

static void a_batch_ends_with_none(void **state) {
  struct seam *seam = *state;
  struct seam_pair pair = seam_pair(seam);
  seam_send(seam, pair.client, "x");
  seam->operations->read(seam->backend, pair.server, true);
  seam_expect_text(seam, pair.server, "x");
  struct completion completion;
  assert_int_equal(seam->operations->next(seam->backend, 0, &completion), OPERATION_NONE);
  seam_end_pair(seam, pair);
}

/* Or a timer would never be due. */
static void none_comes_although_the_caller_always_submits_more(void **state) {
  struct seam *seam = *state;
  struct connection *connection = seam_connect(seam);
  struct completion completion;
  int operations = 0;
  while (seam->operations->next(seam->backend, 1000000, &completion) != OPERATION_NONE) {
    assert_true(completion.result < 0);
    assert_true(++operations < 100);
    seam_free(seam, completion.connection);
    connection = seam_connect(seam);
  }
  assert_int_equal(seam_expect(seam, OPERATION_CONNECT, connection), seam_nobody());
  seam_free(seam, connection);
}

/* ---- connecting and accepting ---- */

static void a_connect_to_nobody_is_refused_and_wants_no_close(void **state) {
  struct seam *seam = *state;
  struct connection *connection = seam_connect(seam);
  struct completion completion;
  assert_int_equal(seam_next(seam, &completion), OPERATION_CONNECT);
  assert_ptr_equal(completion.connection, connection);
  assert_int_equal(completion.result, seam_nobody());
  assert_true(completion.hint == NULL || completion.hint[0] != '\0');
  seam_free(seam, connection);
}

static void clients_are_offered_until_accepting_stops(void **state) {
  struct seam *seam = *state;
  struct acceptor *acceptor = seam_listen(seam);
  for (int i = 0; i < 5; i++) {
    struct connection *client = seam_connect(seam);
    struct connection *server = NULL;
    for (int left = 2; left > 0; left--) {
      struct completion completion;
      enum operation operation = seam_next(seam, &completion);
      assert_int_equal(completion.result, 0);
      if (operation == OPERATION_CONNECT) continue;
      assert_int_equal(operation, OPERATION_ACCEPT);
      server = seam_connection(seam);
      seam->operations->take(seam->backend, acceptor, server);
    }
    seam_end_pair(seam, (struct seam_pair){client, server});
  }
  seam->operations->accept(seam->backend, acceptor, false);
  seam_end_acceptor(seam, acceptor);
}

static void a_client_that_comes_while_accepting_is_stopped_comes_first_when_it_starts(void **state) {
  struct seam *seam = *state;
  struct acceptor *acceptor = seam_listen(seam);
  seam->operations->accept(seam->backend, acceptor, false);
  struct connection *client = seam_connect(seam);
  assert_int_equal(seam_expect(seam, OPERATION_CONNECT, client), 0);
  seam_expect_nothing(seam);
  seam->operations->accept(seam->backend, acceptor, true);
  struct connection *server = seam_accept(seam, acceptor);
  seam->operations->read(seam->backend, server, true);
  seam_carry(seam, client, server, "after all");
  seam_end_pair(seam, (struct seam_pair){client, server});
  seam_end_acceptor(seam, acceptor);
}

static void a_client_that_is_turned_away_sees_the_end(void **state) {
  struct seam *seam = *state;
  struct acceptor *acceptor = seam_listen(seam);
  struct connection *client = seam_connect(seam);
  for (int left = 2; left > 0; left--) {
    struct completion completion;
    if (seam_next(seam, &completion) == OPERATION_ACCEPT) seam->operations->take(seam->backend, acceptor, NULL);
    assert_int_equal(completion.result, 0);
  }
  seam->operations->read(seam->backend, client, true);
  assert_true(seam_expect(seam, OPERATION_READ, client) < 0);
  seam_end(seam, client);
  seam_end_acceptor(seam, acceptor);
}

static void what_a_client_wrote_before_it_closed_is_read_after_the_accept(void **state) {
  struct seam *seam = *state;
  struct acceptor *acceptor = seam_listen(seam);
  seam->operations->accept(seam->backend, acceptor, false);
  struct connection *client = seam_connect(seam);
  assert_int_equal(seam_expect(seam, OPERATION_CONNECT, client), 0);
  seam_send(seam, client, "gone already");
  seam_end(seam, client);
  seam->operations->accept(seam->backend, acceptor, true);
  struct connection *server = seam_accept(seam, acceptor);
  seam->operations->read(seam->backend, server, true);
  seam_expect_text(seam, server, "gone already");
  assert_int_equal(seam_expect(seam, OPERATION_READ, server), COMPLETION_END);
  seam_end(seam, server);
  seam_end_acceptor(seam, acceptor);
}

static void a_closed_name_is_free_at_once(void **state) {
  struct seam *seam = *state;
  struct acceptor *first = seam_listen(seam);
  struct completion completion;
  assert_int_equal(seam->operations->next(seam->backend, 0, &completion), OPERATION_NONE); /* an accept is under way */
  struct acceptor *second = seam_acceptor(seam);
  struct outcome outcome = seam_listen_again(seam, second);
  assert_int_equal(outcome.code, WEIR_EADDRINUSE);
  assert_non_null(outcome.hint);
  assert_true(strstr(outcome.hint, "live") != NULL || (seam_is_tcp() && strstr(outcome.hint, "taken") != NULL));
  seam->operations->close_acceptor(seam->backend, first, ENDING_CLOSE);
  memset(second, 0, seam->operations->acceptor_bytes);
  assert_int_equal(seam_listen_again(seam, second).code, WEIR_OK);
  assert_int_equal(seam_next(seam, &completion), OPERATION_CLOSE_ACCEPTOR);
  assert_ptr_equal(completion.acceptor, first);
  seam_free(seam, first);
  seam_end_acceptor(seam, second);
}

static void clients_that_wait_when_a_server_closes_hear_of_it(void **state) {
  struct seam *seam = *state;
  struct acceptor *acceptor = seam_listen(seam);
  seam->operations->accept(seam->backend, acceptor, false);
  struct connection *client = seam_connect(seam);
  assert_int_equal(seam_expect(seam, OPERATION_CONNECT, client), 0);
  seam_end_acceptor(seam, acceptor);
  seam->operations->read(seam->backend, client, true);
  assert_true(seam_expect(seam, OPERATION_READ, client) < 0);
  seam_end(seam, client);
}

int main(int argc, char **argv) {
  static const struct CMUnitTest cases[] = {
      SEAM_CASE(a_backend_that_did_nothing_gives_everything_back),
      SEAM_CASE(creating_fails_cleanly_for_every_refused_block),
      SEAM_CASE(a_wait_ends_after_its_time_and_never_before),
      SEAM_CASE(a_wake_from_another_thread_ends_a_wait),
      SEAM_CASE(a_wake_before_the_wait_ends_it_once),
      SEAM_CASE(no_wake_is_lost_between_clearing_and_waiting),
      SEAM_CASE(a_batch_ends_with_none),
      SEAM_CASE(none_comes_although_the_caller_always_submits_more),
      SEAM_CASE(a_connect_to_nobody_is_refused_and_wants_no_close),
      SEAM_CASE(clients_are_offered_until_accepting_stops),
      SEAM_CASE(a_client_that_comes_while_accepting_is_stopped_comes_first_when_it_starts),
      SEAM_CASE(a_client_that_is_turned_away_sees_the_end),
      SEAM_CASE(what_a_client_wrote_before_it_closed_is_read_after_the_accept),
      SEAM_CASE(a_closed_name_is_free_at_once),
      SEAM_CASE(clients_that_wait_when_a_server_closes_hear_of_it),
  };
  return seam_main_everywhere(argc, argv, &backend_sim, cases, sizeof cases / sizeof cases[0]);
}
