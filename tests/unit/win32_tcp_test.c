/* SPDX-License-Identifier: MIT */
/*
 * TCP on the Windows backend's seam: what only TCP has, and what only Winsock does.
 */
#include <stdlib.h>
#include <string.h>

#include "support/os_faulty_win32.h"
#include "support/seam.h"
#include "win32/backend.h"
#include "win32/os_socket.h"

static size_t open_before;

static int set_up(void **state) {
  struct seam *seam = calloc(1, sizeof *seam);
  assert_non_null(seam);
  faults_reset();
  open_before = faults_open_handles();
  seam_open(seam, &backend_iocp);
  *state = seam;
  return 0;
}

static int tear_down(void **state) {
  seam_close(*state);
  free(*state);
  assert_int_equal(faults_open_handles(), open_before);
  assert_int_equal(faults_wrong_closes(), 0);
  return 0;
}

/* ---- servers and clients ---- */

/* Where a server is; the bench's connects go there. */
struct place {
  struct acceptor *acceptor;
  struct address address;
};

static struct place serve_at(struct seam *seam, const char *ip) {
  struct place place = {.acceptor = seam_acceptor(seam)};
  weir_address at;
  assert_int_equal(weir_address_make(ip, 0, &at), WEIR_OK);
  address_set_ip(&place.address, &at);
  struct listen_request request = {.address = &place.address, .backlog = 511};
  struct outcome outcome = seam->operations->listen(seam->backend, place.acceptor, &request);
  assert_int_equal(outcome.code, WEIR_OK);
  assert_true(place.address.ip.port > 0);
  seam->operations->accept(seam->backend, place.acceptor, true);
  return place;
}

static struct place serve(struct seam *seam) { return serve_at(seam, "127.0.0.1"); }

static struct connection *connect_to(struct seam *seam, const struct address *address) {
  struct connection *connection = seam_connection(seam);
  struct connect_request request = {.address = address};
  seam->operations->connect(seam->backend, connection, &request);
  return connection;
}

static struct seam_pair meet(struct seam *seam, const struct place *place) {
  struct seam_pair pair = {.client = connect_to(seam, &place->address)};
  for (int left = 2; left > 0; left--) {
    struct completion completion;
    enum operation operation = seam_next(seam, &completion);
    assert_int_equal(completion.result, 0);
    if (operation == OPERATION_CONNECT) continue;
    assert_int_equal(operation, OPERATION_ACCEPT);
    pair.server = seam_connection(seam);
    seam->operations->take(seam->backend, place->acceptor, pair.server);
  }
  return pair;
}

static struct seam_pair make_pair(struct seam *seam) {
  struct place place = serve(seam);
  struct seam_pair pair = meet(seam, &place);
  seam_end_acceptor(seam, place.acceptor);
  return pair;
}

static weir_address ask_address(struct seam *seam, struct connection *connection, enum control control) {
  weir_address address = {.family = WEIR_FAMILY_NONE};
  assert_int_equal(seam->operations->control(seam->backend, connection, control, &address), WEIR_OK);
  return address;
}

/* ---- talking ---- */

static void two_ends_talk(void **state) {
  struct seam *seam = *state;
  struct seam_pair pair = make_pair(seam);
  seam->operations->read(seam->backend, pair.server);
  seam->operations->read(seam->backend, pair.client);
  for (int i = 0; i < 100; i++) {
    seam_carry(seam, pair.client, pair.server, "there");
    seam_carry(seam, pair.server, pair.client, "and back");
  }
  seam_end_pair(seam, pair);
}

static void each_direction_ends_by_itself(void **state) {
  struct seam *seam = *state;
  struct seam_pair pair = make_pair(seam);
  assert_true(seam_can_half_close(seam, pair.client));
  seam_send(seam, pair.client, "question");
  seam->operations->shutdown(seam->backend, pair.client);
  assert_int_equal(seam_expect(seam, OPERATION_SHUTDOWN, pair.client), 0);
  seam->operations->read(seam->backend, pair.server);
  seam_expect_text(seam, pair.server, "question");
  assert_int_equal(seam_expect(seam, OPERATION_READ, pair.server), COMPLETION_END);
  seam_expect_nothing(seam);
  seam->operations->read(seam->backend, pair.client);
  seam_carry(seam, pair.server, pair.client, "answer");
  seam_end(seam, pair.server);
  assert_int_equal(seam_expect(seam, OPERATION_READ, pair.client), COMPLETION_END);
  seam_end(seam, pair.client);
}

static void a_stopped_read_brings_nothing_and_keeps_what_comes(void **state) {
  struct seam *seam = *state;
  struct seam_pair pair = make_pair(seam);
  seam->operations->read(seam->backend, pair.server);
  seam_carry(seam, pair.client, pair.server, "first");
  seam->operations->read_stop(seam->backend, pair.server);
  seam_send(seam, pair.client, "kept");
  seam_expect_nothing(seam);
  seam->operations->read(seam->backend, pair.server);
  seam_expect_text(seam, pair.server, "kept");
  seam_end_pair(seam, pair);
}

/* ---- addresses ---- */

static void both_ends_know_both_addresses(void **state) {
  struct seam *seam = *state;
  struct place place = serve(seam);
  struct connection *client = connect_to(seam, &place.address);
  struct connection *server = NULL;
  weir_address peer = {.family = WEIR_FAMILY_NONE};
  for (int left = 2; left > 0; left--) {
    struct completion completion;
    if (seam_next(seam, &completion) != OPERATION_ACCEPT) continue;
    peer = *completion.peer;
    server = seam_connection(seam);
    seam->operations->take(seam->backend, place.acceptor, server);
  }
  weir_address from = ask_address(seam, client, CONTROL_LOCAL_ADDRESS);
  assert_true(weir_address_equal(&peer, &from));
  from = ask_address(seam, server, CONTROL_REMOTE_ADDRESS);
  assert_true(weir_address_equal(&peer, &from));
  weir_address to = ask_address(seam, client, CONTROL_REMOTE_ADDRESS);
  assert_true(weir_address_equal(&place.address.ip, &to));
  to = ask_address(seam, server, CONTROL_LOCAL_ADDRESS);
  assert_true(weir_address_equal(&place.address.ip, &to));
  seam_end_acceptor(seam, place.acceptor);
  seam_end_pair(seam, (struct seam_pair){client, server});
}

static void a_port_without_a_server_refuses(void **state) {
  struct seam *seam = *state;
  struct place place = serve(seam);
  seam_end_acceptor(seam, place.acceptor);
  struct connection *client = connect_to(seam, &place.address);
  struct completion completion;
  assert_int_equal(seam_next(seam, &completion), OPERATION_CONNECT);
  assert_int_equal(completion.result, WEIR_ECONNREFUSED);
  assert_string_equal(completion.hint, "nobody listens there");
  assert_null(completion.step);
  seam_free(seam, client);
}

static void a_port_belongs_to_one_server_until_that_closes(void **state) {
  struct seam *seam = *state;
  struct place place = serve(seam);
  struct acceptor *second = seam_acceptor(seam);
  struct listen_request request = {.address = &place.address, .backlog = 5};
  struct outcome outcome = seam->operations->listen(seam->backend, second, &request);
  assert_int_equal(outcome.code, WEIR_EADDRINUSE);
  assert_string_equal(outcome.hint, "a live socket has this address");
  seam->operations->close_acceptor(seam->backend, place.acceptor, ENDING_CLOSE);
  memset(second, 0, seam->operations->acceptor_bytes);
  assert_int_equal(seam->operations->listen(seam->backend, second, &request).code, WEIR_OK);
  struct completion completion;
  assert_int_equal(seam_next(seam, &completion), OPERATION_CLOSE_ACCEPTOR);
  seam_free(seam, place.acceptor);
  seam_end_acceptor(seam, second);
}

#define CASE(function) cmocka_unit_test_setup_teardown(function, set_up, tear_down)

int main(void) {
  const struct CMUnitTest cases[] = {
      CASE(two_ends_talk),
      CASE(each_direction_ends_by_itself),
      CASE(a_stopped_read_brings_nothing_and_keeps_what_comes),
      CASE(both_ends_know_both_addresses),
      CASE(a_port_without_a_server_refuses),
      CASE(a_port_belongs_to_one_server_until_that_closes),
  };
  return cmocka_run_group_tests(cases, NULL, NULL);
}
