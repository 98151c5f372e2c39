/* SPDX-License-Identifier: MIT */
/*
 * The rules of common/backend.h, one by one, over any backend: how connections read, write and end.
 */
#include <stdlib.h>
#include <string.h>

#include "support/seam.h"

enum { MEBIBYTE = 1024 * 1024 };

/* ---- reading ---- */

static void a_read_comes_again_and_again(void **state) {
  struct seam *seam = *state;
  struct seam_pair pair = seam_pair(seam);
  seam->operations->read(seam->backend, pair.server, true);
  seam->operations->read(seam->backend, pair.client, true);
  for (int i = 0; i < 100; i++) {
    seam_carry(seam, pair.client, pair.server, "there");
    seam_carry(seam, pair.server, pair.client, "and back");
  }
  seam_end_pair(seam, pair);
}

static void a_read_that_was_stopped_brings_nothing_and_keeps_what_comes(void **state) {
  struct seam *seam = *state;
  struct seam_pair pair = seam_pair(seam);
  seam->operations->read(seam->backend, pair.server, true);
  seam_carry(seam, pair.client, pair.server, "first");
  seam->operations->read(seam->backend, pair.server, false);
  seam_send(seam, pair.client, "kept");
  seam_expect_nothing(seam);
  seam->operations->read(seam->backend, pair.server, true);
  seam_expect_text(seam, pair.server, "kept");
  seam_end_pair(seam, pair);
}

static void stopping_and_starting_at_once_loses_nothing(void **state) {
  struct seam *seam = *state;
  struct seam_pair pair = seam_pair(seam);
  seam->operations->read(seam->backend, pair.server, true);
  for (int i = 0; i < 50; i++) {
    seam->operations->read(seam->backend, pair.server, false);
    seam_send(seam, pair.client, "again");
    seam->operations->read(seam->backend, pair.server, true);
    seam_expect_text(seam, pair.server, "again");
  }
  seam_end_pair(seam, pair);
}

static void a_hang_up_while_nothing_is_wanted_does_not_wake(void **state) {
  struct seam *seam = *state;
  struct seam_pair pair = seam_pair(seam);
  seam->operations->read(seam->backend, pair.server, true);
  seam_carry(seam, pair.client, pair.server, "x");
  seam->operations->read(seam->backend, pair.server, false);
  seam_send(seam, pair.client, "last");
  seam_end(seam, pair.client);
  seam_expect_nothing(seam);
  seam->operations->read(seam->backend, pair.server, true);
  seam_expect_text(seam, pair.server, "last");
  assert_int_equal(seam_expect(seam, OPERATION_READ, pair.server), COMPLETION_END);
  seam_expect_nothing(seam);
  seam_end(seam, pair.server);
}

/* ---- writing ---- */

/* A byte that depends on its place in the stream, so that nothing can be lost, doubled or swapped unseen. */
static unsigned char byte_at(size_t position) {
  return (unsigned char)(position * 31 + position / 251 + position / 65521);
}

struct flood {
  struct seam *seam;
  struct seam_pair pair;
  unsigned char *bytes;
  size_t length;
  size_t sent;
  size_t received;
  size_t read_pauses; /* how often the reader stops */
  struct piece pieces[7];
};

static void submit_flood(struct flood *flood) {
  size_t at = flood->sent;
  size_t count = 0;
  while (count < 7 && at < flood->length) {
    size_t length = 1 + (at * 7919) % 50000;
    if (length > flood->length - at) length = flood->length - at;
    flood->pieces[count++] = (struct piece){flood->bytes + at, length};
    at += length;
  }
  if (count > 0) flood->seam->operations->write_queue(flood->seam->backend, flood->pair.client, flood->pieces, count);
}

static void receive_flood(struct flood *flood, const struct completion *completion) {
  const unsigned char *bytes = completion->bytes;
  assert_true((size_t)completion->result <= flood->length - flood->received);
  assert_memory_equal(bytes, flood->bytes + flood->received, (size_t)completion->result);
  flood->received += (size_t)completion->result;
  if (flood->received % 5 != 0) return;
  flood->seam->operations->read(flood->seam->backend, flood->pair.server, false);
  flood->seam->operations->read(flood->seam->backend, flood->pair.server, true);
  flood->read_pauses++;
}

static void run_flood(struct flood *flood) {
  flood->sent = flood->seam->operations->write(flood->seam->backend, flood->pair.client, flood->bytes, flood->length);
  submit_flood(flood);
  flood->seam->operations->read(flood->seam->backend, flood->pair.server, true);
  while (flood->received < flood->length) {
    struct completion completion;
    enum operation operation = seam_next(flood->seam, &completion);
    assert_true(completion.result > 0);
    if (operation == OPERATION_READ) {
      receive_flood(flood, &completion);
    } else {
      assert_int_equal(operation, OPERATION_WRITE);
      flood->sent += (size_t)completion.result;
      submit_flood(flood);
    }
  }
}

static void sixteen_mebibytes_arrive_in_order_through_back_pressure(void **state) {
  struct seam *seam = *state;
  struct flood flood = {.seam = seam, .pair = seam_pair(seam), .length = 16 * MEBIBYTE};
  flood.bytes = malloc(flood.length);
  assert_non_null(flood.bytes);
  for (size_t i = 0; i < flood.length; i++) flood.bytes[i] = byte_at(i);
  run_flood(&flood);
  if (flood.sent < flood.length)
    assert_int_equal(seam_expect(seam, OPERATION_WRITE, flood.pair.client), flood.length - flood.sent);
  seam_end_pair(seam, flood.pair);
  free(flood.bytes);
}

/* Writes until the system takes no more; returns a piece that waits. */
static struct piece fill(struct seam *seam, struct connection *connection) {
  static char zeros[MEBIBYTE];
  while (seam->operations->write(seam->backend, connection, zeros, sizeof zeros) > 0) continue;
  return (struct piece){zeros, sizeof zeros};
}

static void a_queued_write_waits_for_room(void **state) {
  struct seam *seam = *state;
  struct seam_pair pair = seam_pair(seam);
  struct piece piece = fill(seam, pair.client);
  seam->operations->write_queue(seam->backend, pair.client, &piece, 1);
  struct completion completion;
  seam->operations->read(seam->backend, pair.server, true);
  size_t received = 0;
  enum operation operation = seam_next(seam, &completion);
  while (operation == OPERATION_READ) {
    received += (size_t)completion.result;
    operation = seam_next(seam, &completion);
  }
  assert_int_equal(operation, OPERATION_WRITE);
  assert_true(completion.result > 0 && received > 0);
  seam_end_pair(seam, pair);
}

/* Over TCP the peer's system says only when something has come that nobody is there for. */
static void a_queued_write_to_a_peer_that_closed_fails(void **state) {
  struct seam *seam = *state;
  struct seam_pair pair = seam_pair(seam);
  seam_end(seam, pair.server);
  struct piece piece = {"lost", 4};
  if (!seam_is_tcp()) assert_int_equal(seam->operations->write(seam->backend, pair.client, "lost", 4), 0);
  ptrdiff_t result = 0;
  for (int writes = 0; result >= 0 && writes < 1000; writes++) {
    seam->operations->write_queue(seam->backend, pair.client, &piece, 1);
    result = seam_expect(seam, OPERATION_WRITE, pair.client);
    assert_true(result < 0 || seam_is_tcp());
  }
  assert_true(result == WEIR_EPIPE || result == WEIR_ECONNRESET);
  seam_end(seam, pair.client);
}

static void a_peer_that_closes_ends_a_blocked_write(void **state) {
  struct seam *seam = *state;
  struct seam_pair pair = seam_pair(seam);
  struct piece piece = fill(seam, pair.client);
  seam->operations->write_queue(seam->backend, pair.client, &piece, 1);
  seam->operations->close(seam->backend, pair.server, ENDING_CLOSE);
  bool closed = false;
  ptrdiff_t result = 0;
  while (!closed || result == 0) {
    struct completion completion;
    if (seam_next(seam, &completion) == OPERATION_CLOSE) {
      closed = true;
      continue;
    }
    assert_ptr_equal(completion.connection, pair.client);
    result = completion.result;
  }
  assert_true(result == WEIR_EPIPE || result == WEIR_ECONNRESET);
  seam_free(seam, pair.server);
  seam_end(seam, pair.client);
}

/* ---- ending ---- */

static void each_direction_ends_by_itself(void **state) {
  struct seam *seam = *state;
  struct seam_pair pair = seam_pair(seam);
  assert_int_equal(seam_can_half_close(seam, pair.client), 1);
  seam_send(seam, pair.client, "question");
  seam->operations->shutdown(seam->backend, pair.client);
  assert_int_equal(seam_expect(seam, OPERATION_SHUTDOWN, pair.client), 0);
  seam->operations->read(seam->backend, pair.server, true);
  seam_expect_text(seam, pair.server, "question");
  assert_int_equal(seam_expect(seam, OPERATION_READ, pair.server), COMPLETION_END);
  seam_expect_nothing(seam);
  seam->operations->read(seam->backend, pair.client, true);
  seam_carry(seam, pair.server, pair.client, "answer");
  seam->operations->shutdown(seam->backend, pair.server);
  bool shut = false;
  bool ended = false;
  while (!shut || !ended) {
    struct completion completion;
    enum operation operation = seam_next(seam, &completion);
    if (operation == OPERATION_READ) {
      assert_int_equal(completion.result, COMPLETION_END);
      ended = true;
    } else {
      assert_int_equal(operation, OPERATION_SHUTDOWN);
      assert_int_equal(completion.result, 0);
      shut = true;
    }
  }
  seam_end_pair(seam, pair);
}

static void what_was_sent_before_a_close_arrives(void **state) {
  struct seam *seam = *state;
  struct seam_pair pair = seam_pair(seam);
  seam_send(seam, pair.server, "goodbye");
  seam_end(seam, pair.server);
  seam->operations->read(seam->backend, pair.client, true);
  seam_expect_text(seam, pair.client, "goodbye");
  assert_int_equal(seam_expect(seam, OPERATION_READ, pair.client), COMPLETION_END);
  seam_end(seam, pair.client);
}

/* Its memory is the caller's at once, while the other one's event still waits in the batch. */
static void at_its_end_a_connection_may_be_over_at_once(void **state) {
  struct seam *seam = *state;
  struct seam_pair pairs[] = {seam_pair(seam), seam_pair(seam)};
  struct connection *refused[2] = {NULL, NULL};
  for (int i = 0; i < 2; i++) seam_end(seam, pairs[i].client);
  for (int i = 0; i < 2; i++) seam->operations->read(seam->backend, pairs[i].server, true);
  for (int i = 0; i < 2; i++) {
    struct completion completion;
    assert_int_equal(seam_next(seam, &completion), OPERATION_READ);
    assert_int_equal(completion.result, COMPLETION_END);
    if (seam->operations->close(seam->backend, completion.connection, ENDING_AT_END)) {
      seam_free(seam, completion.connection);
    } else {
      refused[i] = completion.connection;
    }
  }
  for (int i = 0; i < 2; i++) {
    if (refused[i] != NULL) seam_end(seam, refused[i]);
  }
  seam_expect_nothing(seam);
}

static void a_close_comes_last_and_alone(void **state) {
  struct seam *seam = *state;
  struct seam_pair pair = seam_pair(seam);
  struct piece piece = fill(seam, pair.client);
  seam->operations->write_queue(seam->backend, pair.client, &piece, 1);
  seam->operations->read(seam->backend, pair.client, true);
  seam->operations->close(seam->backend, pair.client, ENDING_CLOSE);
  assert_int_equal(seam_expect(seam, OPERATION_CLOSE, pair.client), 0);
  seam_free(seam, pair.client);
  seam_expect_nothing(seam);
  seam_end(seam, pair.server);
}

static void a_close_overtakes_a_shutdown_that_has_not_come_back(void **state) {
  struct seam *seam = *state;
  struct seam_pair pair = seam_pair(seam);
  seam->operations->shutdown(seam->backend, pair.client);
  seam_end(seam, pair.client);
  seam_expect_nothing(seam);
  seam_end(seam, pair.server);
}

static void a_connect_can_be_closed_before_it_comes_back(void **state) {
  struct seam *seam = *state;
  struct acceptor *acceptor = seam_listen(seam);
  seam->operations->accept(seam->backend, acceptor, false);
  struct connection *client = seam_connect(seam);
  seam_end(seam, client);
  seam_expect_nothing(seam);
  seam_end_acceptor(seam, acceptor);
}

static void a_connect_to_nobody_can_be_closed_before_it_comes_back(void **state) {
  struct seam *seam = *state;
  struct connection *client = seam_connect(seam);
  seam_end(seam, client);
  seam_expect_nothing(seam);
}

/* Both are in one batch of the system: the second event belongs to a connection that is closed by then. */
static void an_event_of_a_connection_that_was_just_closed_comes_to_nobody(void **state) {
  struct seam *seam = *state;
  struct seam_pair first = seam_pair(seam);
  struct seam_pair second = seam_pair(seam);
  seam->operations->read(seam->backend, first.server, true);
  seam->operations->read(seam->backend, second.server, true);
  struct completion completion;
  seam->operations->next(seam->backend, 0, &completion);
  seam_send(seam, first.client, "a");
  seam_send(seam, second.client, "b");
  assert_int_equal(seam_next(seam, &completion), OPERATION_READ);
  struct seam_pair closed = completion.connection == first.server ? second : first;
  struct seam_pair open = completion.connection == first.server ? first : second;
  seam_end(seam, closed.server);
  seam->operations->read(seam->backend, open.server, false);
  seam_expect_nothing(seam);
  seam_end(seam, closed.client);
  seam_end_pair(seam, open);
}

/* A sanitizer sees it when the backend still knows the connection. */
static void a_close_takes_back_what_was_submitted_in_the_same_batch(void **state) {
  struct seam *seam = *state;
  struct seam_pair pair = seam_pair(seam);
  struct seam_pair other = seam_pair(seam);
  seam_send(seam, other.client, "x");
  seam->operations->read(seam->backend, other.server, true);
  seam_expect_text(seam, other.server, "x");
  struct piece piece = {"x", 1};
  seam->operations->write_queue(seam->backend, pair.client, &piece, 1);
  seam_end(seam, pair.client);
  memset(&piece, 0, sizeof piece);
  seam_expect_nothing(seam);
  seam_end(seam, pair.server);
  seam_end_pair(seam, other);
}

static void memory_of_a_closed_connection_can_be_used_again(void **state) {
  struct seam *seam = *state;
  struct acceptor *acceptor = seam_listen(seam);
  struct connection *client = seam_connection(seam);
  struct connection *server = seam_connection(seam);
  for (int i = 0; i < 50; i++) {
    memset(client, 0, seam->operations->connection_bytes);
    memset(server, 0, seam->operations->connection_bytes);
    seam->operations->connect(seam->backend, client, &(struct connect_request){.address = &seam->address});
    for (int left = 2; left > 0; left--) {
      struct completion completion;
      if (seam_next(seam, &completion) == OPERATION_ACCEPT) seam->operations->take(seam->backend, acceptor, server);
      assert_int_equal(completion.result, 0);
    }
    seam->operations->read(seam->backend, server, true);
    seam_carry(seam, client, server, "round");
    seam->operations->close(seam->backend, server, ENDING_CLOSE);
    assert_int_equal(seam_expect(seam, OPERATION_CLOSE, server), 0);
    seam->operations->close(seam->backend, client, ENDING_CLOSE);
    assert_int_equal(seam_expect(seam, OPERATION_CLOSE, client), 0);
  }
  seam_free(seam, client);
  seam_free(seam, server);
  seam_end_acceptor(seam, acceptor);
}

static void three_hundred_connections_talk_at_once(void **state) {
  enum { COUNT = 300 };
  struct seam *seam = *state;
  static struct seam_pair pairs[COUNT];
  for (int i = 0; i < COUNT; i++) pairs[i] = seam_pair(seam);
  for (int i = 0; i < COUNT; i++) seam_send(seam, pairs[i].client, "hello");
  for (int i = 0; i < COUNT; i++) seam->operations->read(seam->backend, pairs[i].server, true);
  size_t received = 0;
  while (received < COUNT * 5) {
    struct completion completion;
    assert_int_equal(seam_next(seam, &completion), OPERATION_READ);
    assert_true(completion.result > 0);
    received += (size_t)completion.result;
  }
  assert_int_equal(received, COUNT * 5);
  for (int i = 0; i < COUNT; i++) seam_end_pair(seam, pairs[i]);
}

int main(int argc, char **argv) {
  static const struct CMUnitTest cases[] = {
      SEAM_CASE(a_read_comes_again_and_again),
      SEAM_CASE(a_read_that_was_stopped_brings_nothing_and_keeps_what_comes),
      SEAM_CASE(stopping_and_starting_at_once_loses_nothing),
      SEAM_CASE(a_hang_up_while_nothing_is_wanted_does_not_wake),
      SEAM_CASE(sixteen_mebibytes_arrive_in_order_through_back_pressure),
      SEAM_CASE(a_queued_write_waits_for_room),
      SEAM_CASE(a_queued_write_to_a_peer_that_closed_fails),
      SEAM_CASE(a_peer_that_closes_ends_a_blocked_write),
      SEAM_CASE(each_direction_ends_by_itself),
      SEAM_CASE(what_was_sent_before_a_close_arrives),
      SEAM_CASE(at_its_end_a_connection_may_be_over_at_once),
      SEAM_CASE(a_close_comes_last_and_alone),
      SEAM_CASE(a_close_overtakes_a_shutdown_that_has_not_come_back),
      SEAM_CASE(a_connect_can_be_closed_before_it_comes_back),
      SEAM_CASE(a_connect_to_nobody_can_be_closed_before_it_comes_back),
      SEAM_CASE(an_event_of_a_connection_that_was_just_closed_comes_to_nobody),
      SEAM_CASE(a_close_takes_back_what_was_submitted_in_the_same_batch),
      SEAM_CASE(memory_of_a_closed_connection_can_be_used_again),
      SEAM_CASE(three_hundred_connections_talk_at_once),
  };
  return seam_main_everywhere(argc, argv, &backend_sim, cases, sizeof cases / sizeof cases[0]);
}
