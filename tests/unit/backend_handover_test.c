/* SPDX-License-Identifier: MIT */
/*
 * The rules of common/backend.h, one by one, over any backend: connections and servers that go from one hand to
 * another. An address bound first and used later, one socket for several servers, a connection that moves, and what
 * leaves one loop for the next.
 */
#include <string.h>

#include "support/seam.h"

/* ---- parts ---- */

/* Another loop of the same world; its blocks are counted by the first. */
static void open_beside(struct seam *second, const struct seam *seam) {
  *second = *seam;
  second->backend = NULL;
  assert_int_equal(seam_create(second), WEIR_OK);
}

static void close_beside(struct seam *second) { second->operations->destroy(second->backend); }

static struct acceptor *bind_only(struct seam *seam) {
  struct acceptor *acceptor = seam_acceptor(seam);
  struct address address = seam->address;
  struct listen_request request = {.address = &address, .only_bind = true};
  assert_int_equal(seam->operations->listen(seam->backend, acceptor, &request).code, WEIR_OK);
  seam->address = address;
  return acceptor;
}

/* Listens on what is there already; the name that was read goes to `address`. */
static struct outcome listen_on(struct seam *seam, struct acceptor *acceptor, struct listen_request request,
                                struct address *address) {
  *address = (struct address){.kind = ADDRESS_NONE};
  request.address = address;
  request.backlog = 5;
  return seam->operations->listen(seam->backend, acceptor, &request);
}

static void check_serves(struct seam *seam, struct acceptor *acceptor) {
  seam->operations->accept(seam->backend, acceptor, true);
  struct connection *client = seam_connect(seam);
  struct connection *server = seam_connection(seam);
  for (int left = 2; left > 0; left--) {
    struct completion completion;
    if (seam_next(seam, &completion) == OPERATION_ACCEPT) {
      assert_ptr_equal(completion.acceptor, acceptor);
      seam->operations->take(seam->backend, acceptor, server);
    }
    assert_int_equal(completion.result, 0);
  }
  seam->operations->read(seam->backend, server, true);
  seam_carry(seam, client, server, "served");
  seam_end_pair(seam, (struct seam_pair){client, server});
  seam->operations->accept(seam->backend, acceptor, false);
}

static void check_same_name(const struct address *one, const struct address *other) {
  assert_int_equal(one->kind, other->kind);
  assert_int_equal(one->length, other->length);
  assert_memory_equal(one->text, other->text, one->length);
  assert_true(weir_address_equal(&one->ip, &other->ip));
}

/* ---- bound first ---- */

static void a_bound_address_is_taken_and_nobody_can_connect(void **state) {
  struct seam *seam = *state;
  struct acceptor *bound = bind_only(seam);
  struct acceptor *other = seam_acceptor(seam);
  assert_int_equal(seam_listen_again(seam, other).code, WEIR_EADDRINUSE);
  struct connection *client = seam_connect(seam);
  assert_int_equal(seam_expect(seam, OPERATION_CONNECT, client), WEIR_ECONNREFUSED);
  seam_free(seam, client);
  seam_end_acceptor(seam, bound);
  memset(other, 0, seam->operations->acceptor_bytes);
  assert_int_equal(seam_listen_again(seam, other).code, WEIR_OK);
  seam_end_acceptor(seam, other);
}

static void two_cannot_be_bound_to_one_address(void **state) {
  struct seam *seam = *state;
  struct acceptor *bound = bind_only(seam);
  struct acceptor *other = seam_acceptor(seam);
  struct address address = seam->address;
  struct listen_request request = {.address = &address, .only_bind = true};
  assert_int_equal(seam->operations->listen(seam->backend, other, &request).code, WEIR_EADDRINUSE);
  seam_free(seam, other);
  seam_end_acceptor(seam, bound);
}

static void a_server_listens_with_what_was_bound(void **state) {
  struct seam *seam = *state;
  struct acceptor *bound = bind_only(seam);
  struct acceptor *acceptor = seam_acceptor(seam);
  struct address name;
  struct outcome outcome = listen_on(seam, acceptor, (struct listen_request){.bound = bound}, &name);
  assert_int_equal(outcome.code, WEIR_OK);
  check_same_name(&name, &seam->address);
  seam_free(seam, bound);
  check_serves(seam, acceptor);
  seam_end_acceptor(seam, acceptor);
  struct connection *client = seam_connect(seam);
  assert_int_equal(seam_expect(seam, OPERATION_CONNECT, client), seam_nobody());
  seam_free(seam, client);
}

static void a_client_connects_with_what_was_bound(void **state) {
  struct seam *seam = *state;
  if (!seam_is_tcp()) seam_skip("local names connect without a name of their own");
  struct acceptor *bound = bind_only(seam);
  weir_address local = seam->address.ip;
  seam->address.ip.port = 0;
  struct acceptor *acceptor = seam_listen(seam);
  struct seam_pair pair = {seam_connection(seam), NULL};
  struct connect_request request = {.address = &seam->address, .bound = bound};
  seam->operations->connect(seam->backend, pair.client, &request);
  seam_free(seam, bound);
  for (int left = 2; left > 0; left--) {
    struct completion completion;
    enum operation operation = seam_next(seam, &completion);
    assert_int_equal(completion.result, 0);
    if (operation != OPERATION_ACCEPT) continue;
    assert_true(weir_address_equal(completion.peer, &local));
    pair.server = seam_connection(seam);
    seam->operations->take(seam->backend, acceptor, pair.server);
  }
  seam_end_pair(seam, pair);
  seam_end_acceptor(seam, acceptor);
}

/* ---- shared ---- */

static void servers_that_share_a_socket_close_each_for_itself(void **state) {
  struct seam *seam = *state;
  struct acceptor *all[3] = {seam_listen(seam), seam_acceptor(seam), seam_acceptor(seam)};
  seam->operations->accept(seam->backend, all[0], false);
  for (int i = 1; i < 3; i++) {
    struct address name;
    struct outcome outcome = listen_on(seam, all[i], (struct listen_request){.shared = all[i - 1]}, &name);
    if (outcome.code == WEIR_ENOTSUP) {
      assert_non_null(outcome.hint);
      seam_free(seam, all[1]);
      seam_free(seam, all[2]);
      seam_end_acceptor(seam, all[0]);
      seam_skip("servers share nothing here");
    }
    assert_int_equal(outcome.code, WEIR_OK);
    check_same_name(&name, &seam->address);
  }
  check_serves(seam, all[2]);
  check_serves(seam, all[0]);
  seam_end_acceptor(seam, all[0]);
  check_serves(seam, all[1]);
  seam_end_acceptor(seam, all[2]);
  check_serves(seam, all[1]);
  seam_end_acceptor(seam, all[1]);
  struct connection *client = seam_connect(seam);
  assert_int_equal(seam_expect(seam, OPERATION_CONNECT, client), seam_nobody());
  seam_free(seam, client);
}

/* ---- moved ---- */

static void a_connection_that_was_just_made_can_move(void **state) {
  struct seam *seam = *state;
  struct acceptor *acceptor = seam_listen(seam);
  seam->operations->accept(seam->backend, acceptor, false);
  struct connection *scout = seam_connect(seam);
  assert_int_equal(seam_expect(seam, OPERATION_CONNECT, scout), 0);
  struct connection *client = seam_connection(seam);
  seam->operations->move(seam->backend, scout, client);
  memset(scout, 0xA5, seam->operations->connection_bytes);
  seam_free(seam, scout);
  weir_address peer;
  weir_code code = seam->operations->control(seam->backend, client, CONTROL_REMOTE_ADDRESS, &peer);
  assert_int_equal(code, seam_is_tcp() ? WEIR_OK : WEIR_ENOTSUP);
  seam_expect_nothing(seam);
  seam->operations->accept(seam->backend, acceptor, true);
  struct connection *server = seam_accept(seam, acceptor);
  seam->operations->read(seam->backend, server, true);
  seam->operations->read(seam->backend, client, true);
  seam_carry(seam, client, server, "from the new place");
  seam_carry(seam, server, client, "to the new place");
  seam_end_pair(seam, (struct seam_pair){client, server});
  seam_end_acceptor(seam, acceptor);
}

/* ---- from loop to loop ---- */

static void a_detached_connection_goes_on_in_another_loop_and_loses_nothing(void **state) {
  struct seam *seam = *state;
  struct seam second;
  open_beside(&second, seam);
  struct seam_pair pair = seam_pair(seam);
  const char *before = "said before it left";
  seam->operations->read(seam->backend, pair.server, true);
  seam_carry(seam, pair.client, pair.server, "heard");
  seam->operations->read(seam->backend, pair.server, false);
  seam_send(seam, pair.client, before);
  seam->operations->close(seam->backend, pair.server, ENDING_DETACH);
  struct completion completion;
  assert_int_equal(seam_next(seam, &completion), OPERATION_CLOSE);
  assert_true(completion.result >= 0);
  assert_memory_equal(before, completion.result == 0 ? before : completion.bytes, (size_t)completion.result);
  before += completion.result;
  seam_free(seam, pair.server);
  struct connection *moved = seam_connection(&second);
  assert_int_equal(second.operations->open(second.backend, moved, completion.native).code, WEIR_OK);
  second.operations->read(second.backend, moved, true);
  seam_expect_text(&second, moved, before);
  seam->operations->read(seam->backend, pair.client, true);
  seam_send(&second, moved, "and answered from there");
  seam_expect_text(seam, pair.client, "and answered from there");
  seam_end(&second, moved);
  assert_int_equal(seam_expect(seam, OPERATION_READ, pair.client), COMPLETION_END);
  seam_end(seam, pair.client);
  close_beside(&second);
}

static void a_connect_that_has_not_come_back_cannot_be_detached(void **state) {
  struct seam *seam = *state;
  struct acceptor *acceptor = seam_listen(seam);
  seam->operations->accept(seam->backend, acceptor, false);
  struct connection *client = seam_connect(seam);
  seam->operations->close(seam->backend, client, ENDING_DETACH);
  assert_int_equal(seam_expect(seam, OPERATION_CLOSE, client), WEIR_ENOTSUP);
  seam_free(seam, client);
  seam_end_acceptor(seam, acceptor);
}

static void a_detached_server_goes_on_in_another_loop_and_its_name_with_it(void **state) {
  struct seam *seam = *state;
  struct seam second;
  open_beside(&second, seam);
  struct acceptor *acceptor = seam_listen(seam);
  seam->operations->accept(seam->backend, acceptor, false);
  struct connection *client = seam_connect(seam);
  assert_int_equal(seam_expect(seam, OPERATION_CONNECT, client), 0);
  struct completion completion = {.owns_file = false};
  seam->operations->close_acceptor(seam->backend, acceptor, ENDING_DETACH);
  assert_int_equal(seam_next(seam, &completion), OPERATION_CLOSE_ACCEPTOR);
  seam_free(seam, acceptor);
  if (completion.result == WEIR_ENOTSUP) {
    seam_end(seam, client);
    close_beside(&second);
    seam_skip("servers stay where they are here");
  }
  acceptor = seam_acceptor(&second);
  struct address name;
  struct listen_request request = {.native = completion.native, .owns_file = completion.owns_file};
  assert_int_equal(listen_on(&second, acceptor, request, &name).code, WEIR_OK);
  check_same_name(&name, &seam->address);
  second.operations->accept(second.backend, acceptor, true);
  struct connection *server = seam_accept(&second, acceptor);
  seam_send(&second, server, "served elsewhere");
  seam->operations->read(seam->backend, client, true);
  seam_expect_text(seam, client, "served elsewhere");
  seam->operations->read(seam->backend, client, false);
  seam_end(&second, server);
  seam_end(seam, client);
  seam_end_acceptor(&second, acceptor);
  close_beside(&second);
  client = seam_connect(seam);
  assert_int_equal(seam_expect(seam, OPERATION_CONNECT, client), seam_nobody());
  seam_free(seam, client);
}

/* Three come at once, and the server goes when it has met the first. False: servers stay where they are here. */
static bool detach_from_crowd(struct seam *seam, struct connection **clients, struct completion *completion) {
  struct acceptor *acceptor = seam_listen(seam);
  seam->operations->accept(seam->backend, acceptor, false);
  for (int i = 0; i < 3; i++) {
    clients[i] = seam_connect(seam);
    assert_int_equal(seam_expect(seam, OPERATION_CONNECT, clients[i]), 0);
  }
  seam->operations->accept(seam->backend, acceptor, true);
  struct connection *first = seam_accept(seam, acceptor);
  completion->owns_file = false;
  seam->operations->close_acceptor(seam->backend, acceptor, ENDING_DETACH);
  assert_int_equal(seam_next(seam, completion), OPERATION_CLOSE_ACCEPTOR);
  seam_free(seam, acceptor);
  seam_end(seam, first);
  return completion->result != WEIR_ENOTSUP;
}

static void clients_whom_a_detached_server_has_not_met_are_met_elsewhere(void **state) {
  struct seam *seam = *state;
  struct seam second;
  struct connection *clients[3];
  struct completion completion;
  open_beside(&second, seam);
  if (!detach_from_crowd(seam, clients, &completion)) {
    for (int i = 0; i < 3; i++) seam_end(seam, clients[i]);
    close_beside(&second);
    seam_skip("servers stay where they are here");
  }
  struct acceptor *acceptor = seam_acceptor(&second);
  struct address name;
  struct listen_request request = {.native = completion.native, .owns_file = completion.owns_file};
  assert_int_equal(listen_on(&second, acceptor, request, &name).code, WEIR_OK);
  second.operations->accept(second.backend, acceptor, true);
  struct connection *servers[2];
  for (int i = 0; i < 2; i++) servers[i] = seam_accept(&second, acceptor);
  for (int i = 0; i < 2; i++) seam_end(&second, servers[i]);
  for (int i = 0; i < 3; i++) seam_end(seam, clients[i]);
  seam_end_acceptor(&second, acceptor);
  close_beside(&second);
}

static void clients_of_a_detached_server_that_nobody_wants_hear_of_it(void **state) {
  struct seam *seam = *state;
  struct connection *clients[3];
  struct completion completion;
  bool leaves = detach_from_crowd(seam, clients, &completion);
  if (leaves) seam->operations->open(seam->backend, NULL, completion.native);
  for (int i = 0; i < 3; i++) {
    seam->operations->read(seam->backend, clients[i], true);
    assert_true(seam_expect(seam, OPERATION_READ, clients[i]) < 0);
    seam_end(seam, clients[i]);
  }
}

int main(int argc, char **argv) {
  static const struct CMUnitTest cases[] = {
      SEAM_CASE(a_bound_address_is_taken_and_nobody_can_connect),
      SEAM_CASE(two_cannot_be_bound_to_one_address),
      SEAM_CASE(a_server_listens_with_what_was_bound),
      SEAM_CASE(a_client_connects_with_what_was_bound),
      SEAM_CASE(servers_that_share_a_socket_close_each_for_itself),
      SEAM_CASE(a_connection_that_was_just_made_can_move),
      SEAM_CASE(a_detached_connection_goes_on_in_another_loop_and_loses_nothing),
      SEAM_CASE(a_connect_that_has_not_come_back_cannot_be_detached),
      SEAM_CASE(a_detached_server_goes_on_in_another_loop_and_its_name_with_it),
      SEAM_CASE(clients_whom_a_detached_server_has_not_met_are_met_elsewhere),
      SEAM_CASE(clients_of_a_detached_server_that_nobody_wants_hear_of_it),
  };
  return seam_main_everywhere(argc, argv, &backend_sim, cases, sizeof cases / sizeof cases[0]);
}
