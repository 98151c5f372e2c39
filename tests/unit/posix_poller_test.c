/* SPDX-License-Identifier: MIT */
/*
 * The pollers of the POSIX backend: when they fail, how seldom they are called, and ten thousand descriptors.
 */
#define _DEFAULT_SOURCE 1

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "support/os_faulty_posix.h"
#include "support/seam_posix.h"

/* ---- data and reset ---- */

static void a_reset_comes_after_the_data_that_came_before_it(void **state) {
  struct seam *seam = *state;
  struct seam_pair pair = seam_pair(seam);
  seam_send(seam, pair.client, "never read");
  seam_send(seam, pair.server, "still to be read");
  seam_end(seam, pair.server);
  seam->operations->read(seam->backend, pair.client, true);
  seam_expect_text(seam, pair.client, "still to be read");
  assert_int_equal(seam_expect(seam, OPERATION_READ, pair.client), WEIR_ECONNRESET);
  seam_expect_nothing(seam);
  seam_end(seam, pair.client);
}

/* Both are due in the same event; a write that failed first would end the connection and its peer's last words with it.
 */
static void the_last_words_of_a_peer_come_before_the_failed_write(void **state) {
  static char zeros[65536];
  struct seam *seam = *state;
  struct seam_pair pair = seam_pair(seam);
  while (seam->operations->write(seam->backend, pair.client, zeros, sizeof zeros) > 0) continue;
  struct piece piece = {zeros, sizeof zeros};
  seam->operations->write_queue(seam->backend, pair.client, &piece, 1);
  seam_send(seam, pair.server, "last words");
  seam->operations->read(seam->backend, pair.client, true);
  seam->operations->close(seam->backend, pair.server, ENDING_CLOSE);
  seam_expect_text(seam, pair.client, "last words");
  enum operation operations[3];
  for (int i = 0; i < 3; i++) {
    struct completion completion;
    operations[i] = seam_next(seam, &completion);
    if (operations[i] == OPERATION_READ) assert_int_equal(completion.result, WEIR_ECONNRESET);
    if (operations[i] == OPERATION_WRITE) assert_int_equal(completion.result, WEIR_EPIPE);
    if (operations[i] == OPERATION_CLOSE) seam_free(seam, completion.connection);
  }
  /* The other end's close comes when it likes. */
  assert_int_equal(operations[operations[0] == OPERATION_CLOSE ? 1 : 0], OPERATION_READ);
  assert_int_equal(operations[operations[2] == OPERATION_CLOSE ? 1 : 2], OPERATION_WRITE);
  seam_end(seam, pair.client);
}

/* ---- trouble with the poller ---- */

static enum os_call waiting_call(const struct seam *seam) {
  if (seam_is(seam, "epoll")) return OS_EPOLL_WAIT;
  if (seam_is(seam, "io_uring")) return OS_URING_ENTER;
  return seam_is(seam, "poll") ? OS_POLL : OS_KEVENT;
}

static void a_failing_poller_is_reported_and_does_not_spin(void **state) {
  struct seam *seam = *state;
  faults_fail(waiting_call(seam), 1, EBADF, 5);
  uint64_t before = seam->operations->now(seam->backend);
  struct completion completion;
  for (int i = 0; i < 5; i++) {
    assert_int_equal(seam->operations->next(seam->backend, WAIT_FOREVER, &completion), OPERATION_NONE);
    assert_int_equal(completion.result, WEIR_EBADF);
    assert_int_equal(completion.native_code, EBADF);
    seam_expect_hint(completion.hint, "poller");
  }
  assert_true(seam->operations->now(seam->backend) - before >= 5 * 5000000);
  assert_int_equal(seam->operations->next(seam->backend, 0, &completion), OPERATION_NONE);
  assert_int_equal(completion.result, 0);
}

static void a_connection_that_the_poller_refuses_hears_why(void **state) {
  struct seam *seam = *state;
  if (!seam_is(seam, "epoll")) seam_skip("only epoll has a limit of its own");
  struct seam_pair pair = seam_pair(seam);
  faults_fail(OS_EPOLL_CTL, 1, ENOSPC, 2);
  struct piece piece = {"x", 1};
  seam->operations->read(seam->backend, pair.server, true);
  assert_int_equal(seam_expect(seam, OPERATION_READ, pair.server), WEIR_ENOSPC);
  seam->operations->write_queue(seam->backend, pair.client, &piece, 1);
  assert_int_equal(seam_expect(seam, OPERATION_WRITE, pair.client), WEIR_ENOSPC);
  seam->operations->read(seam->backend, pair.server, true);
  seam_carry(seam, pair.client, pair.server, "well again");
  seam_end_pair(seam, pair);
}

/* The second submission finds the first one's failure under way. */
static void a_write_behind_a_refused_read_fails_alike(void **state) {
  struct seam *seam = *state;
  if (!seam_is(seam, "epoll")) seam_skip("only epoll has a limit of its own");
  struct seam_pair first = seam_pair(seam);
  struct seam_pair second = seam_pair(seam);
  faults_fail(OS_EPOLL_CTL, 1, ENOMEM, 1);
  struct piece piece = {"x", 1};
  seam->operations->read(seam->backend, first.server, true);
  seam->operations->read(seam->backend, second.server, true);
  seam->operations->write_queue(seam->backend, first.server, &piece, 1);
  assert_int_equal(seam_expect(seam, OPERATION_READ, first.server), WEIR_ENOMEM);
  assert_int_equal(seam_expect(seam, OPERATION_WRITE, first.server), WEIR_ENOMEM);
  seam_carry(seam, second.client, second.server, "the other is well");
  seam_end_pair(seam, first);
  seam_end_pair(seam, second);
}

static void a_refused_read_that_was_stopped_does_not_stand_in_the_way(void **state) {
  struct seam *seam = *state;
  if (!seam_is(seam, "epoll")) seam_skip("only epoll has a limit of its own");
  struct seam_pair pair = seam_pair(seam);
  faults_fail(OS_EPOLL_CTL, 1, ENOMEM, 1);
  seam->operations->read(seam->backend, pair.client, true);
  seam->operations->pollable(seam->backend);
  assert_int_equal(faults_failed(), 1);
  seam->operations->read(seam->backend, pair.client, false);
  seam_expect_nothing(seam);
  seam->operations->shutdown(seam->backend, pair.client);
  assert_int_equal(seam_expect(seam, OPERATION_SHUTDOWN, pair.client), 0);
  seam_end_pair(seam, pair);
}

static void an_outer_loop_sees_what_waits_here(void **state) {
  struct seam *seam = *state;
  struct pollfd outer = {.fd = (int)seam->operations->pollable(seam->backend), .events = POLLIN};
  if (outer.fd < 0) seam_skip("poll has nothing to wait for");
  assert_int_equal(poll(&outer, 1, 0), 0);
  struct seam_pair pair = seam_pair(seam);
  struct completion completion;
  while (seam->operations->next(seam->backend, 0, &completion) != OPERATION_NONE) fail();
  seam->operations->read(seam->backend, pair.server, true);
  seam_send(seam, pair.client, "x");
  seam->operations->pollable(seam->backend);
  assert_int_equal(poll(&outer, 1, 0), 1);
  seam_expect_text(seam, pair.server, "x");
  while (seam->operations->next(seam->backend, 0, &completion) != OPERATION_NONE) fail();
  assert_int_equal(poll(&outer, 1, 0), 0);
  seam->operations->read(seam->backend, pair.server, false);
  seam->operations->shutdown(seam->backend, pair.client);
  seam->operations->pollable(seam->backend);
  assert_int_equal(poll(&outer, 1, 0), 1);
  assert_int_equal(seam_expect(seam, OPERATION_SHUTDOWN, pair.client), 0);
  seam_end_pair(seam, pair);
}

/* ---- how much it costs ---- */

static size_t all_calls(void) {
  size_t sum = 0;
  for (int call = 0; call < OS_CALL_COUNT; call++) sum += faults_calls((enum os_call)call);
  return sum - faults_calls(OS_CLOCK);
}

static void steady_traffic_costs_a_wait_a_receive_and_a_send(void **state) {
  enum { ROUNDS = 200 };
  struct seam *seam = *state;
  struct seam_pair pair = seam_pair(seam);
  seam->operations->read(seam->backend, pair.server, true);
  seam->operations->read(seam->backend, pair.client, true);
  struct connection *ends[2] = {pair.client, pair.server};
  char message[64] = {0};
  struct completion completion;
  size_t before = 0;
  for (int i = 0; i < ROUNDS + 4; i++) {
    if (i == 4) before = all_calls();
    assert_int_equal(seam->operations->write(seam->backend, ends[i % 2], message, sizeof message), sizeof message);
    assert_int_equal(seam_next(seam, &completion), OPERATION_READ);
    assert_ptr_equal(completion.connection, ends[(i + 1) % 2]);
    assert_int_equal(completion.result, sizeof message);
  }
  bool is_ring = seam_is(seam, "io_uring"); /* one call waits and receives */
  assert_int_equal(all_calls() - before, (is_ring ? 2 : 3) * ROUNDS);
  seam_end_pair(seam, pair);
}

static void a_queued_write_tells_the_poller_twice(void **state) {
  struct seam *seam = *state;
  if (!seam_is(seam, "epoll")) seam_skip("counts epoll_ctl");
  struct seam_pair pair = seam_pair(seam);
  seam->operations->read(seam->backend, pair.server, true);
  seam->operations->read(seam->backend, pair.client, true);
  seam_carry(seam, pair.client, pair.server, "x");
  size_t before = faults_calls(OS_EPOLL_CTL);
  struct piece piece = {"x", 1};
  seam->operations->write_queue(seam->backend, pair.client, &piece, 1);
  assert_int_equal(seam_expect(seam, OPERATION_WRITE, pair.client), 1);
  seam_expect_text(seam, pair.server, "x");
  seam_expect_nothing(seam);
  assert_int_equal(faults_calls(OS_EPOLL_CTL) - before, 2);
  seam_end_pair(seam, pair);
}

/* ---- many ---- */

/* Both ends of each pair are watched. */
enum { MANY = 5000 };

static void open_many(struct seam *seam, struct seam_pair *pairs) {
  for (int i = 0; i < MANY; i++) {
    int ends[2];
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, ends), 0);
    pairs[i] = (struct seam_pair){seam_connection(seam), seam_connection(seam)};
    assert_int_equal(seam->operations->open(seam->backend, pairs[i].client, ends[0]).code, WEIR_OK);
    assert_int_equal(seam->operations->open(seam->backend, pairs[i].server, ends[1]).code, WEIR_OK);
    seam->operations->read(seam->backend, pairs[i].client, true);
    seam->operations->read(seam->backend, pairs[i].server, true);
  }
}

static void ten_thousand_connections_are_all_served(void **state) {
  struct seam *seam = *state;
  if (!seam_raise_limit(2 * MANY + 100)) seam_skip("the limit of descriptors is too low");
  struct seam_pair *pairs = calloc(MANY, sizeof *pairs);
  assert_non_null(pairs);
  open_many(seam, pairs);
  for (int i = 0; i < MANY; i++) seam_send(seam, pairs[i].client, "!");
  for (int i = 0; i < MANY; i++) {
    struct completion completion;
    assert_int_equal(seam_next(seam, &completion), OPERATION_READ);
    assert_int_equal(completion.result, 1);
  }
  /* From the middle outwards, so that the holes are everywhere. */
  for (int i = 0; i < MANY; i++) {
    int at = i % 2 == 0 ? MANY / 2 - 1 - i / 2 : MANY / 2 + i / 2;
    seam->operations->read(seam->backend, pairs[at].client, false);
    seam_end(seam, pairs[at].server);
    seam_end(seam, pairs[at].client);
  }
  free(pairs);
}

/* A batch has room for 256 events; a poller that always begins at the front would serve the same ones again and again.
 */
static void more_than_a_batch_holds_are_served_in_turn(void **state) {
  enum { COUNT = 600, EACH = 20 };
  struct seam *seam = *state;
  if (!seam_raise_limit(2 * COUNT + 100)) seam_skip("the limit of descriptors is too low");
  static struct seam_pair pairs[COUNT];
  for (int i = 0; i < COUNT; i++) {
    pairs[i] = seam_pair(seam);
    seam_send(seam, pairs[i].client, "ten bytes ten bytes ");
  }
  for (int i = 0; i < COUNT; i++) seam->operations->read(seam->backend, pairs[i].server, true);
  faults_shorten(1);
  size_t counts[COUNT] = {0};
  for (int i = 0; i < 3 * COUNT; i++) {
    struct completion completion;
    assert_int_equal(seam_next(seam, &completion), OPERATION_READ);
    for (int at = 0; at < COUNT; at++) counts[at] += pairs[at].server == completion.connection;
  }
  for (int i = 0; i < COUNT; i++) {
    assert_true(counts[i] > 0 && counts[i] < EACH);
    seam->operations->read(seam->backend, pairs[i].server, false);
  }
  for (int i = 0; i < COUNT; i++) seam_end_pair(seam, pairs[i]);
}

int main(int argc, char **argv) {
  static const struct CMUnitTest cases[] = {
      SEAM_POSIX_CASE(a_reset_comes_after_the_data_that_came_before_it),
      SEAM_POSIX_CASE(the_last_words_of_a_peer_come_before_the_failed_write),
      SEAM_POSIX_CASE(a_failing_poller_is_reported_and_does_not_spin),
      SEAM_POSIX_CASE(a_connection_that_the_poller_refuses_hears_why),
      SEAM_POSIX_CASE(a_write_behind_a_refused_read_fails_alike),
      SEAM_POSIX_CASE(a_refused_read_that_was_stopped_does_not_stand_in_the_way),
      SEAM_POSIX_CASE(an_outer_loop_sees_what_waits_here),
      SEAM_POSIX_CASE(steady_traffic_costs_a_wait_a_receive_and_a_send),
      SEAM_POSIX_CASE(a_queued_write_tells_the_poller_twice),
      SEAM_POSIX_CASE(ten_thousand_connections_are_all_served),
      SEAM_POSIX_CASE(more_than_a_batch_holds_are_served_in_turn),
  };
  return seam_main(argc, argv, NULL, cases, sizeof cases / sizeof cases[0]);
}
