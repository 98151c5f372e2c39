/* SPDX-License-Identifier: MIT */
/*
 * The rules of common/backend.h, one by one, over any backend: what TCP has beside a stream, which is addresses,
 * options and resets. That options reach the system is shown where the system can be asked: posix_tcp_test.c.
 */
#include <string.h>

#include "support/seam.h"

/* ---- parts ---- */

static weir_address ask(struct seam *seam, struct connection *connection, enum control control) {
  weir_address address;
  assert_int_equal(seam->operations->control(seam->backend, connection, control, &address), WEIR_OK);
  return address;
}

static void check_same(weir_address one, weir_address other) {
  assert_true(weir_address_equal(&one, &other));
  assert_true(one.port > 0);
}

/* This machine, at a port. */
static weir_address here(const struct seam *seam, int port) {
  weir_address address = seam->address.ip;
  address.port = port;
  return address;
}

/* An address for documentation, which no machine has. */
static weir_address elsewhere(const struct seam *seam) {
  weir_address address;
  const char *text = seam->address.ip.family == WEIR_FAMILY_IPV6 ? "2001:db8::1" : "192.0.2.1";
  assert_int_equal(weir_address_make(text, 0, &address), WEIR_OK);
  return address;
}

/* A port that was free a moment ago. */
static int free_port(struct seam *seam) {
  struct address kept = seam->address;
  seam->address.ip.port = 0;
  seam_end_acceptor(seam, seam_listen(seam));
  int port = seam->address.ip.port;
  seam->address = kept;
  return port;
}

/* Two ends whose client binds first; the peer that the server is told of. */
static struct seam_pair pair_from(struct seam *seam, struct acceptor *acceptor, const weir_address *local,
                                  weir_address *peer) {
  struct seam_pair pair = {seam_connection(seam), seam_connection(seam)};
  struct connect_request request = {.address = &seam->address, .local = local};
  seam->operations->connect(seam->backend, pair.client, &request);
  for (int left = 2; left > 0; left--) {
    struct completion completion;
    enum operation operation = seam_next(seam, &completion);
    assert_int_equal(completion.result, 0);
    if (operation != OPERATION_ACCEPT) continue;
    *peer = *completion.peer;
    seam->operations->take(seam->backend, acceptor, pair.server);
  }
  return pair;
}

static void check_connect_fails(struct seam *seam, const weir_address *local, weir_code code) {
  struct connection *connection = seam_connection(seam);
  struct completion completion;
  struct connect_request request = {.address = &seam->address, .local = local};
  seam->operations->connect(seam->backend, connection, &request);
  assert_int_equal(seam_next(seam, &completion), OPERATION_CONNECT);
  assert_int_equal(completion.result, code);
  assert_non_null(completion.step);
  assert_string_equal(completion.step, "bind");
  seam_free(seam, connection);
}

/* ---- addresses ---- */

static void both_ends_know_both_addresses(void **state) {
  struct seam *seam = *state;
  struct acceptor *acceptor = seam_listen(seam);
  weir_address peer;
  struct seam_pair pair = pair_from(seam, acceptor, NULL, &peer);
  check_same(ask(seam, pair.server, CONTROL_LOCAL_ADDRESS), seam->address.ip);
  check_same(ask(seam, pair.client, CONTROL_LOCAL_ADDRESS), peer);
  check_same(ask(seam, pair.client, CONTROL_REMOTE_ADDRESS), seam->address.ip);
  check_same(ask(seam, pair.server, CONTROL_REMOTE_ADDRESS), peer);
  seam_end_pair(seam, pair);
  seam_end_acceptor(seam, acceptor);
}

static void a_client_can_have_an_address_and_a_port_of_its_choice(void **state) {
  struct seam *seam = *state;
  struct acceptor *acceptor = seam_listen(seam);
  const int ports[] = {0, free_port(seam)};
  for (size_t i = 0; i < sizeof ports / sizeof ports[0]; i++) {
    weir_address local = here(seam, ports[i]);
    weir_address peer;
    struct seam_pair pair = pair_from(seam, acceptor, &local, &peer);
    local.port = ports[i] == 0 ? peer.port : ports[i];
    check_same(peer, local);
    check_same(ask(seam, pair.client, CONTROL_LOCAL_ADDRESS), local);
    seam_end_pair(seam, pair);
  }
  seam_end_acceptor(seam, acceptor);
}

static void a_local_address_that_cannot_be_had_fails_at_the_bind(void **state) {
  struct seam *seam = *state;
  struct acceptor *acceptor = seam_listen(seam);
  weir_address local = here(seam, seam->address.ip.port);
  check_connect_fails(seam, &local, WEIR_EADDRINUSE);
  local = elsewhere(seam);
  check_connect_fails(seam, &local, WEIR_EADDRNOTAVAIL);
  seam_end_acceptor(seam, acceptor);
}

static void nobody_listens_at_an_address_of_another_machine(void **state) {
  struct seam *seam = *state;
  struct acceptor *acceptor = seam_acceptor(seam);
  seam->address.ip = elsewhere(seam);
  struct outcome outcome = seam_listen_again(seam, acceptor);
  assert_int_equal(outcome.code, WEIR_EADDRNOTAVAIL);
  seam_free(seam, acceptor);
}

/* ---- IPv6 and IPv4 ---- */

static weir_code connect_to(struct seam *seam, const char *ip, int port) {
  struct address address = seam->address;
  assert_int_equal(weir_address_make(ip, port, &address.ip), WEIR_OK);
  struct connection *connection = seam_connection(seam);
  seam->operations->connect(seam->backend, connection, &(struct connect_request){.address = &address});
  ptrdiff_t result = seam_expect(seam, OPERATION_CONNECT, connection);
  if (result == 0) {
    seam_end(seam, connection);
  } else {
    seam_free(seam, connection);
  }
  return (weir_code)result;
}

static void check_everywhere(struct seam *seam, bool ipv6_only, weir_code expected) {
  struct address address = seam->address;
  assert_int_equal(weir_address_make("::", 0, &address.ip), WEIR_OK);
  struct acceptor *acceptor = seam_acceptor(seam);
  struct listen_request request = {.address = &address, .backlog = 5, .ipv6_only = ipv6_only};
  assert_int_equal(seam->operations->listen(seam->backend, acceptor, &request).code, WEIR_OK);
  assert_int_equal(connect_to(seam, "127.0.0.1", address.ip.port), expected);
  assert_int_equal(connect_to(seam, "::1", address.ip.port), WEIR_OK);
  seam_end_acceptor(seam, acceptor);
}

static void everywhere_is_both_families_unless_it_is_told_otherwise(void **state) {
  struct seam *seam = *state;
  if (seam->address.ip.family != WEIR_FAMILY_IPV6) seam_skip("this is about IPv6");
  check_everywhere(seam, false, WEIR_OK);
  check_everywhere(seam, true, WEIR_ECONNREFUSED);
}

/* ---- sharing a port ---- */

static void two_servers_have_one_port_only_when_both_want_it(void **state) {
  struct seam *seam = *state;
  struct acceptor *acceptors[2] = {seam_acceptor(seam), seam_acceptor(seam)};
  struct address address = seam->address;
  struct listen_request request = {.address = &address, .backlog = 5, .reuse_port = true};
  struct outcome outcome = seam->operations->listen(seam->backend, acceptors[0], &request);
  if (outcome.code == WEIR_ENOTSUP) {
    assert_non_null(outcome.hint);
    for (int i = 0; i < 2; i++) seam_free(seam, acceptors[i]);
    seam_skip("this system spreads nobody");
  }
  assert_int_equal(outcome.code, WEIR_OK);
  request.reuse_port = false;
  assert_int_equal(seam->operations->listen(seam->backend, acceptors[1], &request).code, WEIR_EADDRINUSE);
  memset(acceptors[1], 0, seam->operations->acceptor_bytes);
  request.reuse_port = true;
  assert_int_equal(seam->operations->listen(seam->backend, acceptors[1], &request).code, WEIR_OK);
  for (int i = 0; i < 2; i++) seam_end_acceptor(seam, acceptors[i]);
}

/* ---- resets ---- */

static void the_peer_of_a_reset_reads_a_reset(void **state) {
  struct seam *seam = *state;
  struct seam_pair pair = seam_pair(seam);
  seam->operations->read(seam->backend, pair.client, true);
  seam->operations->close(seam->backend, pair.server, ENDING_RESET);
  bool closed = false;
  bool reset = false;
  while (!closed || !reset) {
    struct completion completion;
    enum operation operation = seam_next(seam, &completion);
    closed |= operation == OPERATION_CLOSE;
    if (operation != OPERATION_READ) continue;
    assert_int_equal(completion.result, WEIR_ECONNRESET);
    reset = true;
  }
  seam_free(seam, pair.server);
  seam_end(seam, pair.client);
}

static void a_reset_comes_back_as_a_close_whatever_is_under_way(void **state) {
  struct seam *seam = *state;
  struct seam_pair pair = seam_pair(seam);
  struct piece piece = {"under way", 9};
  seam->operations->read(seam->backend, pair.server, true);
  seam->operations->write_queue(seam->backend, pair.server, &piece, 1);
  seam->operations->close(seam->backend, pair.server, ENDING_RESET);
  assert_int_equal(seam_expect(seam, OPERATION_CLOSE, pair.server), 0);
  seam_free(seam, pair.server);
  seam_end(seam, pair.client);
}

/* ---- options ---- */

static void a_connection_takes_every_option(void **state) {
  struct seam *seam = *state;
  struct seam_pair pair = seam_pair(seam);
  bool yes = true;
  struct keep_alive keep_alive = {.wanted = true, .delay_s = 60, .interval_s = 5, .count = 4};
  int linger = 3;
  int type = 0x10;
  for (int end = 0; end < 2; end++) {
    struct connection *connection = end == 0 ? pair.client : pair.server;
    const struct backend_operations *operations = seam->operations;
    assert_int_equal(operations->control(seam->backend, connection, CONTROL_NO_DELAY, &yes), WEIR_OK);
    assert_int_equal(operations->control(seam->backend, connection, CONTROL_KEEP_ALIVE, &keep_alive), WEIR_OK);
    assert_int_equal(operations->control(seam->backend, connection, CONTROL_LINGER, &linger), WEIR_OK);
    weir_code code = operations->control(seam->backend, connection, CONTROL_TYPE_OF_SERVICE, &type);
    assert_true(code == WEIR_OK || code == WEIR_ENOTSUP);
    linger = -1;
    assert_int_equal(operations->control(seam->backend, connection, CONTROL_LINGER, &linger), WEIR_OK);
    keep_alive = (struct keep_alive){.wanted = false};
    assert_int_equal(operations->control(seam->backend, connection, CONTROL_KEEP_ALIVE, &keep_alive), WEIR_OK);
  }
  seam->operations->read(seam->backend, pair.server, true);
  seam_carry(seam, pair.client, pair.server, "all the same");
  seam_end_pair(seam, pair);
}

int main(int argc, char **argv) {
  static const struct CMUnitTest cases[] = {
      SEAM_CASE(both_ends_know_both_addresses),
      SEAM_CASE(a_client_can_have_an_address_and_a_port_of_its_choice),
      SEAM_CASE(a_local_address_that_cannot_be_had_fails_at_the_bind),
      SEAM_CASE(nobody_listens_at_an_address_of_another_machine),
      SEAM_CASE(everywhere_is_both_families_unless_it_is_told_otherwise),
      SEAM_CASE(two_servers_have_one_port_only_when_both_want_it),
      SEAM_CASE(the_peer_of_a_reset_reads_a_reset),
      SEAM_CASE(a_reset_comes_back_as_a_close_whatever_is_under_way),
      SEAM_CASE(a_connection_takes_every_option),
  };
  return seam_main_tcp(argc, argv, &backend_sim, cases, sizeof cases / sizeof cases[0]);
}
