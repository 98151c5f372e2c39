/* SPDX-License-Identifier: MIT */
/*
 * The rules of common/passing.h, one by one, over any backend: natives that go through a channel whose two ends are in
 * this process, and what becomes of them when nobody wants them, or the channel is lost.
 */
#include <string.h>

#include "common/passing.h"
#include "support/seam.h"
#include "support/system_faults.h"

/* How many handles may be under way at least. */
#define UNDER_WAY_MIN 16

/* ---- parts ---- */

/* Two loops with a channel between them. */
struct bench {
  struct seam *first;
  struct seam second;
  const struct passing_operations *passing;
  struct channel_end ends[2];
  long open_before;
};

static void set_up_bench(struct bench *bench, void **state) {
  *bench = (struct bench){.first = *state};
  bench->passing = bench->first->operations->passing;
  if (bench->passing == NULL) seam_skip("nothing can be passed here");
  bench->second = *bench->first;
  bench->second.backend = NULL;
  seam_end_acceptor(bench->first, seam_listen(bench->first)); /* a first server may keep a descriptor in reserve */
  bench->open_before = system_open_count();
  assert_int_equal(seam_create(&bench->second), WEIR_OK);
  assert_int_equal(bench->passing->create(bench->first->backend, bench->ends), WEIR_OK);
}

static void close_bench_end(struct bench *bench, int index) {
  bench->passing->close(bench->first->backend, &bench->ends[index]);
  bench->ends[index] = (struct channel_end){PASSING_NONE, PASSING_NONE};
}

static void tear_down_bench(struct bench *bench) {
  for (int i = 0; i < 2; i++) close_bench_end(bench, i);
  bench->second.operations->destroy(bench->second.backend);
  assert_int_equal(system_open_count(), bench->open_before);
}

static intptr_t detach(struct seam *seam, struct connection *connection) {
  struct completion completion;
  seam->operations->close(seam->backend, connection, ENDING_DETACH);
  assert_int_equal(seam_next(seam, &completion), OPERATION_CLOSE);
  assert_int_equal(completion.result, 0);
  seam_free(seam, connection);
  return completion.native;
}

static struct connection *open_native(struct seam *seam, intptr_t native) {
  struct connection *connection = seam_connection(seam);
  assert_int_equal(seam->operations->open(seam->backend, connection, native).code, WEIR_OK);
  return connection;
}

static void discard(struct seam *seam, intptr_t native) { seam->operations->open(seam->backend, NULL, native); }

static struct passing_ticket give(struct bench *bench, int from, enum passing_kind kind, intptr_t native) {
  struct passing_ticket ticket;
  assert_int_equal(bench->passing->give(bench->first->backend, bench->ends[from].passage, kind, native, &ticket),
                   WEIR_OK);
  assert_in_range(ticket.length, 0, PASSING_TICKET_BYTES);
  return ticket;
}

static weir_code try_take(struct bench *bench, int to, enum passing_kind kind, const struct passing_ticket *ticket,
                          intptr_t *native) {
  return bench->passing->take(bench->second.backend, bench->ends[to].passage, kind, ticket->bytes, ticket->length,
                              native);
}

/* From the one loop to the other, by way of `from`'s end, until the giver has let go. */
static intptr_t carry_over(struct bench *bench, int from, enum passing_kind kind, intptr_t native) {
  intptr_t there;
  struct passing_ticket ticket = give(bench, from, kind, native);
  assert_int_equal(try_take(bench, 1 - from, kind, &ticket, &there), WEIR_OK);
  bench->passing->release(bench->first->backend, kind, native);
  return there;
}

static void say(struct seam *from_seam, struct connection *from, struct seam *to_seam, struct connection *to) {
  if (from_seam == to_seam) {
    seam_carry(from_seam, from, to, "said");
  } else {
    seam_send(from_seam, from, "said");
    seam_expect_text(to_seam, to, "said");
  }
}

/* Both hear what the other says. */
static void check_talk(struct seam *one_seam, struct connection *one, struct seam *other_seam,
                       struct connection *other) {
  one_seam->operations->read(one_seam->backend, one, true);
  other_seam->operations->read(other_seam->backend, other, true);
  say(one_seam, one, other_seam, other);
  say(other_seam, other, one_seam, one);
}

static void end_both(struct seam *one_seam, struct connection *one, struct seam *other_seam, struct connection *other) {
  seam_end(other_seam, other);
  assert_int_equal(seam_expect(one_seam, OPERATION_READ, one), COMPLETION_END);
  seam_end(one_seam, one);
}

/* ---- connections ---- */

static void check_connection_goes_over(struct bench *bench, int from, bool server_goes) {
  struct seam_pair pair = seam_pair(bench->first);
  struct connection *goes = server_goes ? pair.server : pair.client;
  struct connection *stays = server_goes ? pair.client : pair.server;
  seam_send(bench->first, stays, "said before");
  intptr_t native = carry_over(bench, from, PASSING_CONNECTION, detach(bench->first, goes));
  struct connection *there = open_native(&bench->second, native);
  bench->second.operations->read(bench->second.backend, there, true);
  seam_expect_text(&bench->second, there, "said before");
  bench->second.operations->read(bench->second.backend, there, false);
  check_talk(bench->first, stays, &bench->second, there);
  end_both(bench->first, stays, &bench->second, there);
}

static void a_connection_goes_over_whichever_end_it_is_and_whichever_way_it_goes(void **state) {
  struct bench bench;
  set_up_bench(&bench, state);
  for (int i = 0; i < 4; i++) check_connection_goes_over(&bench, i / 2, i % 2 == 0);
  tear_down_bench(&bench);
}

static void a_half_closed_connection_goes_over_as_one(void **state) {
  struct bench bench;
  set_up_bench(&bench, state);
  struct seam *first = bench.first;
  struct seam_pair pair = seam_pair(first);
  first->operations->shutdown(first->backend, pair.client);
  assert_int_equal(seam_expect(first, OPERATION_SHUTDOWN, pair.client), 0);
  first->operations->read(first->backend, pair.server, true);
  assert_int_equal(seam_expect(first, OPERATION_READ, pair.server), COMPLETION_END);
  intptr_t native = carry_over(&bench, 0, PASSING_CONNECTION, detach(first, pair.server));
  struct connection *there = open_native(&bench.second, native);
  first->operations->read(first->backend, pair.client, true);
  seam_send(&bench.second, there, "the answer");
  seam_expect_text(first, pair.client, "the answer");
  assert_true(seam_can_half_close(&bench.second, there));
  bench.second.operations->shutdown(bench.second.backend, there);
  assert_int_equal(seam_expect(&bench.second, OPERATION_SHUTDOWN, there), 0);
  assert_int_equal(seam_expect(first, OPERATION_READ, pair.client), COMPLETION_END);
  seam_end(&bench.second, there);
  seam_end(first, pair.client);
  tear_down_bench(&bench);
}

static void a_client_that_was_passed_on_can_still_tell_its_end(void **state) {
  struct bench bench;
  set_up_bench(&bench, state);
  struct seam *first = bench.first;
  struct seam_pair pair = seam_pair(first);
  intptr_t native = carry_over(&bench, 0, PASSING_CONNECTION, detach(first, pair.client));
  native = carry_over(&bench, 1, PASSING_CONNECTION, native);
  struct connection *there = open_native(&bench.second, native);
  assert_true(seam_can_half_close(first, pair.server));
  bench.second.operations->shutdown(bench.second.backend, there);
  assert_int_equal(seam_expect(&bench.second, OPERATION_SHUTDOWN, there), 0);
  first->operations->read(first->backend, pair.server, true);
  assert_int_equal(seam_expect(first, OPERATION_READ, pair.server), COMPLETION_END);
  bench.second.operations->read(bench.second.backend, there, true);
  seam_send(first, pair.server, "late");
  seam_expect_text(&bench.second, there, "late");
  bench.second.operations->read(bench.second.backend, there, false);
  seam_end(first, pair.server);
  seam_end(&bench.second, there);
  tear_down_bench(&bench);
}

static void both_have_a_connection_that_stays_open(void **state) {
  struct bench bench;
  set_up_bench(&bench, state);
  struct seam *first = bench.first;
  struct seam_pair pair = seam_pair(first);
  intptr_t native;
  weir_code code = bench.passing->duplicate_connection(first->backend, pair.server, &native);
  if (code == WEIR_OK) {
    struct connection *there = open_native(&bench.second, carry_over(&bench, 0, PASSING_CONNECTION, native));
    check_talk(first, pair.client, &bench.second, there);
    seam_end(&bench.second, there);
  }
  if (code != WEIR_OK) assert_int_equal(code, WEIR_ENOTSUP);
  check_talk(first, pair.client, first, pair.server);
  seam_end_pair(first, pair);
  tear_down_bench(&bench);
  if (code != WEIR_OK) seam_skip("nothing has a second handle here");
}

/* ---- nobody wants it ---- */

static void what_was_refused_is_the_givers_again(void **state) {
  struct bench bench;
  set_up_bench(&bench, state);
  struct seam *first = bench.first;
  struct seam_pair pair = seam_pair(first);
  intptr_t native = detach(first, pair.server);
  for (int i = 0; i < UNDER_WAY_MIN + 2; i++) {
    intptr_t there;
    struct passing_ticket ticket = give(&bench, i % 2, PASSING_CONNECTION, native);
    assert_int_equal(try_take(&bench, 1 - i % 2, PASSING_CONNECTION, &ticket, &there), WEIR_OK);
    bench.passing->release(bench.second.backend, PASSING_CONNECTION, there);
  }
  struct connection *again = open_native(first, native);
  check_talk(first, pair.client, first, again);
  seam_end_pair(first, (struct seam_pair){pair.client, again});
  tear_down_bench(&bench);
}

/* The channel's ends close in this order, with a connection under way. */
static void check_lost(struct bench *bench, int from, int closed_first) {
  struct seam *first = bench->first;
  struct seam_pair pair = seam_pair(first);
  intptr_t native = detach(first, pair.server);
  give(bench, from, PASSING_CONNECTION, native);
  close_bench_end(bench, closed_first);
  close_bench_end(bench, 1 - closed_first);
  struct connection *again = open_native(first, native);
  check_talk(first, pair.client, first, again);
  seam_end_pair(first, (struct seam_pair){pair.client, again});
  assert_int_equal(bench->passing->create(first->backend, bench->ends), WEIR_OK);
}

static void nothing_stays_behind_of_what_was_under_way_when_the_channel_was_lost(void **state) {
  struct bench bench;
  set_up_bench(&bench, state);
  for (int i = 0; i < 4; i++) check_lost(&bench, i / 2, i % 2);
  tear_down_bench(&bench);
}

static void many_can_be_under_way_and_then_there_is_no_room(void **state) {
  struct bench bench;
  set_up_bench(&bench, state);
  struct seam *first = bench.first;
  struct seam_pair pair = seam_pair(first);
  intptr_t native = detach(first, pair.server);
  weir_code code = WEIR_OK;
  int count = 0;
  for (; code == WEIR_OK && count < 4 * UNDER_WAY_MIN; count++) {
    struct passing_ticket ticket;
    code = bench.passing->give(first->backend, bench.ends[0].passage, PASSING_CONNECTION, native, &ticket);
  }
  assert_in_range(count, UNDER_WAY_MIN, 4 * UNDER_WAY_MIN);
  if (code != WEIR_OK) assert_int_equal(code, WEIR_EAGAIN);
  close_bench_end(&bench, 1);
  close_bench_end(&bench, 0);
  discard(first, native);
  first->operations->read(first->backend, pair.client, true);
  assert_int_equal(seam_expect(first, OPERATION_READ, pair.client), COMPLETION_END);
  seam_end(first, pair.client);
  tear_down_bench(&bench);
}

static void a_ticket_that_was_never_given_is_not_taken(void **state) {
  struct bench bench;
  set_up_bench(&bench, state);
  struct passing_ticket ticket = {.length = PASSING_TICKET_BYTES};
  intptr_t native;
  memset(ticket.bytes, 0xA5, sizeof ticket.bytes);
  for (; ticket.length > 0; ticket.length -= ticket.length > 20 ? 17 : 1) {
    assert_true(try_take(&bench, 1, PASSING_CONNECTION, &ticket, &native) < 0);
    assert_true(try_take(&bench, 0, PASSING_ACCEPTOR, &ticket, &native) < 0);
  }
  tear_down_bench(&bench);
}

/* ---- servers ---- */

static intptr_t detach_acceptor(struct seam *seam, struct acceptor *acceptor, bool *owns_file) {
  struct completion completion = {.owns_file = false};
  seam->operations->close_acceptor(seam->backend, acceptor, ENDING_DETACH);
  assert_int_equal(seam_next(seam, &completion), OPERATION_CLOSE_ACCEPTOR);
  assert_int_equal(completion.result, 0);
  seam_free(seam, acceptor);
  *owns_file = completion.owns_file;
  return completion.native;
}

static struct acceptor *listen_native(struct seam *seam, intptr_t native, bool owns_file) {
  struct acceptor *acceptor = seam_acceptor(seam);
  struct address address = {.kind = ADDRESS_NONE};
  struct listen_request request = {.address = &address, .native = native, .owns_file = owns_file, .backlog = 5};
  assert_int_equal(seam->operations->listen(seam->backend, acceptor, &request).code, WEIR_OK);
  seam->operations->accept(seam->backend, acceptor, true);
  return acceptor;
}

static struct connection *connect_client(struct seam *seam) {
  struct connection *client = seam_connect(seam);
  assert_int_equal(seam_expect(seam, OPERATION_CONNECT, client), 0);
  return client;
}

/* Connects before the server has gone, when it is on its way, and when it is there. */
static void check_server_goes_over(struct bench *bench, int from) {
  struct seam *first = bench->first;
  struct connection *clients[3];
  bool owns_file;
  struct acceptor *acceptor = seam_listen(first);
  first->operations->accept(first->backend, acceptor, false);
  clients[0] = connect_client(first);
  intptr_t native = detach_acceptor(first, acceptor, &owns_file);
  clients[1] = connect_client(first);
  native = carry_over(bench, from, PASSING_ACCEPTOR, native);
  acceptor = listen_native(&bench->second, native, owns_file);
  clients[2] = connect_client(first);
  struct connection *servers[3];
  for (int i = 0; i < 3; i++) servers[i] = seam_accept(&bench->second, acceptor);
  for (int i = 0; i < 3; i++) {
    seam_send(&bench->second, servers[i], "served there");
    seam_end(&bench->second, servers[i]);
  }
  seam_end_acceptor(&bench->second, acceptor);
  for (int i = 0; i < 3; i++) {
    first->operations->read(first->backend, clients[i], true);
    seam_expect_text(first, clients[i], "served there");
    assert_int_equal(seam_expect(first, OPERATION_READ, clients[i]), COMPLETION_END);
    seam_end(first, clients[i]);
  }
}

static void a_server_goes_over_with_the_clients_that_it_has_not_met(void **state) {
  struct bench bench;
  set_up_bench(&bench, state);
  for (int from = 0; from < 2; from++) check_server_goes_over(&bench, from);
  tear_down_bench(&bench);
}

static void a_server_that_went_over_can_come_back(void **state) {
  struct bench bench;
  set_up_bench(&bench, state);
  struct seam *first = bench.first;
  bool owns_file;
  struct acceptor *acceptor = seam_listen(first);
  first->operations->accept(first->backend, acceptor, false);
  intptr_t native = detach_acceptor(first, acceptor, &owns_file);
  native = carry_over(&bench, 0, PASSING_ACCEPTOR, native);
  acceptor = listen_native(&bench.second, native, owns_file);
  struct connection *client = connect_client(first);
  struct connection *server = seam_accept(&bench.second, acceptor);
  native = detach_acceptor(&bench.second, acceptor, &owns_file);
  native = carry_over(&bench, 1, PASSING_ACCEPTOR, native);
  seam_end(first, client);
  seam_end(&bench.second, server);
  client = connect_client(first);
  acceptor = listen_native(first, native, owns_file);
  server = seam_accept(first, acceptor);
  seam_end_pair(first, (struct seam_pair){client, server});
  seam_end_acceptor(first, acceptor);
  tear_down_bench(&bench);
}

static void a_server_that_was_refused_serves_on_where_it_was(void **state) {
  struct bench bench;
  set_up_bench(&bench, state);
  struct seam *first = bench.first;
  bool owns_file;
  struct acceptor *acceptor = seam_listen(first);
  first->operations->accept(first->backend, acceptor, false);
  struct connection *client = connect_client(first);
  intptr_t native = detach_acceptor(first, acceptor, &owns_file);
  intptr_t there;
  struct passing_ticket ticket = give(&bench, 0, PASSING_ACCEPTOR, native);
  assert_int_equal(try_take(&bench, 1, PASSING_ACCEPTOR, &ticket, &there), WEIR_OK);
  bench.passing->release(bench.second.backend, PASSING_ACCEPTOR, there);
  acceptor = listen_native(first, native, owns_file);
  struct connection *server = seam_accept(first, acceptor);
  check_talk(first, client, first, server);
  seam_end_acceptor(first, acceptor);
  seam_end_pair(first, (struct seam_pair){client, server});
  tear_down_bench(&bench);
}

/* A client that connects, and whoever accepts it. */
struct meeting {
  struct seam *first; /* whose client it is */
  struct connection *client;
  bool is_connected;
  struct seam *taker; /* who has accepted it; NULL: nobody yet */
  struct connection *accepted;
};

/* What one of the loops has for it: whether it was the accept, or the connect. */
static void go_on(struct meeting *meeting, struct seam *seam) {
  struct completion completion;
  enum operation operation = seam->operations->next(seam->backend, 20000000, &completion);
  if (operation == OPERATION_NONE) return;
  assert_int_equal(completion.result, 0);
  if (operation == OPERATION_CONNECT) {
    assert_ptr_equal(seam, meeting->first);
    assert_ptr_equal(completion.connection, meeting->client);
    meeting->is_connected = true;
    return;
  }
  assert_int_equal(operation, OPERATION_ACCEPT);
  assert_null(meeting->taker);
  meeting->taker = seam;
  meeting->accepted = seam_connection(seam);
  seam->operations->take(seam->backend, completion.acceptor, meeting->accepted);
}

static void check_somebody_accepts(struct bench *bench) {
  struct meeting meeting = {.first = bench->first, .client = seam_connect(bench->first)};
  for (int look = 0; look < 500 && !(meeting.is_connected && meeting.taker != NULL); look++) {
    go_on(&meeting, look % 2 == 0 ? bench->first : &bench->second);
  }
  assert_true(meeting.is_connected && meeting.taker != NULL);
  seam_end(meeting.taker, meeting.accepted);
  seam_end(bench->first, meeting.client);
}

static void both_accept_for_a_server_that_stays_open(void **state) {
  struct bench bench;
  set_up_bench(&bench, state);
  struct seam *first = bench.first;
  struct acceptor *acceptor = seam_listen(first);
  intptr_t native;
  weir_code code = bench.passing->duplicate_acceptor(first->backend, acceptor, &native);
  if (code == WEIR_ENOTSUP) {
    seam_end_acceptor(first, acceptor);
    tear_down_bench(&bench);
    seam_skip("a server has no second handle here");
  }
  assert_int_equal(code, WEIR_OK);
  native = carry_over(&bench, 0, PASSING_ACCEPTOR, native);
  struct acceptor *other = listen_native(&bench.second, native, false);
  for (int i = 0; i < 20; i++) check_somebody_accepts(&bench);
  seam_end_acceptor(&bench.second, other);
  check_somebody_accepts(&bench);
  seam_end_acceptor(first, acceptor);
  tear_down_bench(&bench);
}

int main(int argc, char **argv) {
  static const struct CMUnitTest cases[] = {
      SEAM_CASE(a_connection_goes_over_whichever_end_it_is_and_whichever_way_it_goes),
      SEAM_CASE(a_half_closed_connection_goes_over_as_one),
      SEAM_CASE(a_client_that_was_passed_on_can_still_tell_its_end),
      SEAM_CASE(both_have_a_connection_that_stays_open),
      SEAM_CASE(what_was_refused_is_the_givers_again),
      SEAM_CASE(nothing_stays_behind_of_what_was_under_way_when_the_channel_was_lost),
      SEAM_CASE(many_can_be_under_way_and_then_there_is_no_room),
      SEAM_CASE(a_ticket_that_was_never_given_is_not_taken),
      SEAM_CASE(a_server_goes_over_with_the_clients_that_it_has_not_met),
      SEAM_CASE(a_server_that_went_over_can_come_back),
      SEAM_CASE(a_server_that_was_refused_serves_on_where_it_was),
      SEAM_CASE(both_accept_for_a_server_that_stays_open),
  };
  return seam_main_everywhere(argc, argv, &backend_sim, cases, sizeof cases / sizeof cases[0]);
}
