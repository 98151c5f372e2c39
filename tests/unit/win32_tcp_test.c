/* SPDX-License-Identifier: MIT */
/*
 * TCP on the Windows backend's seam: what only TCP has, and what only Winsock does.
 */
#include <stdlib.h>
#include <string.h>

#include "support/os_faulty_win32.h"
#include "support/seam.h"
#include "win32/backend.h"
#include "win32/socket_address.h"

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
  seam->operations->read(seam->backend, pair.server, true);
  seam->operations->read(seam->backend, pair.client, true);
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
  seam->operations->read(seam->backend, pair.server, true);
  seam_expect_text(seam, pair.server, "question");
  assert_int_equal(seam_expect(seam, OPERATION_READ, pair.server), COMPLETION_END);
  seam_expect_nothing(seam);
  seam->operations->read(seam->backend, pair.client, true);
  seam_carry(seam, pair.server, pair.client, "answer");
  seam_end(seam, pair.server);
  assert_int_equal(seam_expect(seam, OPERATION_READ, pair.client), COMPLETION_END);
  seam_end(seam, pair.client);
}

static void a_stopped_read_brings_nothing_and_keeps_what_comes(void **state) {
  struct seam *seam = *state;
  struct seam_pair pair = make_pair(seam);
  seam->operations->read(seam->backend, pair.server, true);
  seam_carry(seam, pair.client, pair.server, "first");
  seam->operations->read(seam->backend, pair.server, false);
  seam_send(seam, pair.client, "kept");
  seam_expect_nothing(seam);
  seam->operations->read(seam->backend, pair.server, true);
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
  assert_non_null(strstr(completion.hint, "nobody listens"));
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
  assert_non_null(strstr(outcome.hint, "a live server"));
  seam->operations->close_acceptor(seam->backend, place.acceptor, ENDING_CLOSE);
  memset(second, 0, seam->operations->acceptor_bytes);
  assert_int_equal(seam->operations->listen(seam->backend, second, &request).code, WEIR_OK);
  struct completion completion;
  assert_int_equal(seam_next(seam, &completion), OPERATION_CLOSE_ACCEPTOR);
  seam_free(seam, place.acceptor);
  seam_end_acceptor(seam, second);
}

/* ---- from where ---- */

static struct connection *connect_from(struct seam *seam, const struct place *place, const char *ip, int port) {
  struct connection *connection = seam_connection(seam);
  weir_address local;
  assert_int_equal(weir_address_make(ip, port, &local), WEIR_OK);
  struct connect_request request = {.address = &place->address, .local = &local};
  seam->operations->connect(seam->backend, connection, &request);
  return connection;
}

static void a_client_comes_from_where_it_was_told(void **state) {
  struct seam *seam = *state;
  struct place place = serve(seam);
  struct connection *client = connect_from(seam, &place, "127.0.0.3", 0);
  struct connection *server = NULL;
  char text[WEIR_ADDRESS_TEXT_BYTES] = "";
  for (int left = 2; left > 0; left--) {
    struct completion completion;
    if (seam_next(seam, &completion) == OPERATION_CONNECT) continue;
    weir_address_format_ip(completion.peer, text, sizeof text);
    server = seam_connection(seam);
    seam->operations->take(seam->backend, place.acceptor, server);
  }
  assert_string_equal(text, "127.0.0.3");
  seam_end_acceptor(seam, place.acceptor);
  seam_end_pair(seam, (struct seam_pair){client, server});
}

static void check_local_failure(struct seam *seam, const struct place *place, const char *ip, int port, weir_code code,
                                const char *hint) {
  struct connection *client = connect_from(seam, place, ip, port);
  struct completion completion;
  assert_int_equal(seam_next(seam, &completion), OPERATION_CONNECT);
  assert_int_equal(completion.result, code);
  assert_string_equal(completion.step, "bind");
  assert_non_null(strstr(completion.hint, hint));
  seam_free(seam, client);
}

static void a_local_address_that_cannot_be_had_is_told_as_such(void **state) {
  struct seam *seam = *state;
  struct place place = serve(seam);
  int taken = place.address.ip.port;
  check_local_failure(seam, &place, "127.0.0.1", taken, WEIR_EADDRINUSE, "local port is taken");
  check_local_failure(seam, &place, "192.0.2.1", 0, WEIR_EADDRNOTAVAIL, "local address is none");
  check_local_failure(seam, &place, "::1", 0, WEIR_EINVAL, "another family");
  seam_end_acceptor(seam, place.acceptor);
}

/* ---- bound first ---- */

static struct place bind_only(struct seam *seam) {
  struct place place = {.acceptor = seam_acceptor(seam)};
  weir_address at;
  assert_int_equal(weir_address_make("127.0.0.1", 0, &at), WEIR_OK);
  address_set_ip(&place.address, &at);
  struct listen_request request = {.address = &place.address, .only_bind = true};
  assert_int_equal(seam->operations->listen(seam->backend, place.acceptor, &request).code, WEIR_OK);
  assert_true(place.address.ip.port > 0);
  return place;
}

static void what_is_bound_has_the_port_and_lets_nobody_in(void **state) {
  struct seam *seam = *state;
  struct place place = bind_only(seam);
  struct connection *client = connect_to(seam, &place.address);
  assert_int_equal(seam_expect(seam, OPERATION_CONNECT, client), WEIR_ECONNREFUSED);
  seam_free(seam, client);
  struct acceptor *second = seam_acceptor(seam);
  struct listen_request request = {.address = &place.address, .backlog = 5};
  assert_int_equal(seam->operations->listen(seam->backend, second, &request).code, WEIR_EADDRINUSE);
  seam_free(seam, second);
  seam_end_acceptor(seam, place.acceptor);
}

static void a_server_listens_where_it_was_bound(void **state) {
  struct seam *seam = *state;
  struct place bound = bind_only(seam);
  struct place place = {.acceptor = seam_acceptor(seam)};
  struct listen_request request = {.address = &place.address, .bound = bound.acceptor, .backlog = 5};
  assert_int_equal(seam->operations->listen(seam->backend, place.acceptor, &request).code, WEIR_OK);
  seam_free(seam, bound.acceptor);
  assert_true(weir_address_equal(&place.address.ip, &bound.address.ip));
  seam->operations->accept(seam->backend, place.acceptor, true);
  struct seam_pair pair = meet(seam, &place);
  seam_end_acceptor(seam, place.acceptor);
  seam_end_pair(seam, pair);
}

static void a_client_connects_from_where_it_was_bound(void **state) {
  struct seam *seam = *state;
  struct place bound = bind_only(seam);
  struct place place = serve(seam);
  struct connection *client = seam_connection(seam);
  struct connect_request request = {.address = &place.address, .bound = bound.acceptor};
  seam->operations->connect(seam->backend, client, &request);
  seam_free(seam, bound.acceptor);
  struct connection *server = NULL;
  for (int left = 2; left > 0; left--) {
    struct completion completion;
    if (seam_next(seam, &completion) == OPERATION_CONNECT) continue;
    assert_true(weir_address_equal(completion.peer, &bound.address.ip));
    server = seam_connection(seam);
    seam->operations->take(seam->backend, place.acceptor, server);
  }
  seam_end_acceptor(seam, place.acceptor);
  seam_end_pair(seam, (struct seam_pair){client, server});
}

/* ---- sockets from elsewhere ---- */

static SOCKET make_native(int type) {
  SOCKET socket = WSASocketW(AF_INET, type, 0, NULL, 0, WSA_FLAG_OVERLAPPED);
  assert_true(socket != INVALID_SOCKET);
  return socket;
}

static SOCKET make_bound_native(void) {
  SOCKET socket = make_native(SOCK_STREAM);
  struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
  assert_int_equal(bind(socket, (const struct sockaddr *)&at, sizeof at), 0);
  return socket;
}

static struct outcome listen_on(struct seam *seam, struct place *place, intptr_t native) {
  place->acceptor = seam_acceptor(seam);
  struct listen_request request = {.address = &place->address, .native = native, .backlog = 5};
  struct outcome outcome = seam->operations->listen(seam->backend, place->acceptor, &request);
  if (outcome.code == WEIR_OK) seam->operations->accept(seam->backend, place->acceptor, true);
  return outcome;
}

static void check_adopted(struct seam *seam, SOCKET socket) {
  struct place place = {.acceptor = NULL};
  assert_int_equal(listen_on(seam, &place, (intptr_t)socket).code, WEIR_OK);
  assert_int_equal(place.address.kind, ADDRESS_IP);
  assert_true(place.address.ip.port > 0);
  struct seam_pair pair = meet(seam, &place);
  seam_end_acceptor(seam, place.acceptor);
  seam_end_pair(seam, pair);
}

static void a_socket_from_elsewhere_can_be_listened_on(void **state) {
  struct seam *seam = *state;
  seam_end_pair(seam, make_pair(seam)); /* starts Winsock */
  check_adopted(seam, make_bound_native());
  SOCKET listening = make_bound_native();
  assert_int_equal(listen(listening, 5), 0);
  check_adopted(seam, listening);
}

static void check_refused(struct seam *seam, intptr_t native, weir_code code) {
  struct place place = {.acceptor = NULL};
  struct outcome outcome = listen_on(seam, &place, native);
  assert_int_equal(outcome.code, code);
  assert_non_null(outcome.hint);
  seam_free(seam, place.acceptor);
}

static void what_nobody_can_listen_on_stays_the_callers(void **state) {
  struct seam *seam = *state;
  struct seam_pair pair = make_pair(seam);
  SOCKET unbound = make_native(SOCK_STREAM);
  SOCKET datagram = make_native(SOCK_DGRAM);
  HANDLE event = CreateEventA(NULL, TRUE, FALSE, NULL);
  check_refused(seam, (intptr_t)unbound, WEIR_EINVAL);
  check_refused(seam, (intptr_t)datagram, WEIR_EINVAL);
  check_refused(seam, (intptr_t)event, WEIR_ENOTSUP);
  check_refused(seam, 0x7ffffff0, WEIR_ENOTSUP);
  assert_int_equal(closesocket(unbound), 0);
  assert_int_equal(closesocket(datagram), 0);
  assert_true(CloseHandle(event));
  seam_end_pair(seam, pair);
}

static void a_socket_from_elsewhere_can_be_opened(void **state) {
  struct seam *seam = *state;
  struct place place = serve(seam);
  SOCKET native = make_native(SOCK_STREAM);
  struct socket_address to;
  assert_int_equal(socket_address_make(&place.address.ip, &to), 0);
  assert_int_equal(connect(native, &to.native, to.length), 0);
  struct connection *server = seam_accept(seam, place.acceptor);
  struct connection *client = seam_connection(seam);
  assert_int_equal(seam->operations->open(seam->backend, client, (intptr_t)native).code, WEIR_OK);
  seam->operations->read(seam->backend, client, true);
  seam_carry(seam, server, client, "hello");
  seam_end_acceptor(seam, place.acceptor);
  seam_end_pair(seam, (struct seam_pair){client, server});
}

static void a_socket_that_is_not_connected_is_not_opened(void **state) {
  struct seam *seam = *state;
  struct seam_pair pair = make_pair(seam);
  struct connection *connection = seam_connection(seam);
  SOCKET natives[] = {make_native(SOCK_STREAM), make_native(SOCK_DGRAM), make_bound_native()};
  assert_int_equal(listen(natives[2], 5), 0);
  const weir_code codes[] = {WEIR_ENOTCONN, WEIR_EINVAL, WEIR_EINVAL};
  for (int i = 0; i < 3; i++) {
    struct outcome outcome = seam->operations->open(seam->backend, connection, (intptr_t)natives[i]);
    assert_int_equal(outcome.code, codes[i]);
    assert_non_null(outcome.hint);
    assert_int_equal(closesocket(natives[i]), 0);
  }
  seam_free(seam, connection);
  seam_end_pair(seam, pair);
}

/* ---- servers that share ---- */

static void two_servers_share_a_socket_and_each_closes_for_itself(void **state) {
  struct seam *seam = *state;
  struct place first = serve(seam);
  struct place second = {.acceptor = seam_acceptor(seam)};
  struct listen_request request = {.address = &second.address, .shared = first.acceptor, .backlog = 5};
  assert_int_equal(seam->operations->listen(seam->backend, second.acceptor, &request).code, WEIR_OK);
  assert_true(weir_address_equal(&second.address.ip, &first.address.ip));
  seam_end_acceptor(seam, first.acceptor);
  seam->operations->accept(seam->backend, second.acceptor, true);
  for (int i = 0; i < 20; i++) seam_end_pair(seam, meet(seam, &second));
  seam_end_acceptor(seam, second.acceptor);
  struct connection *client = connect_to(seam, &second.address);
  assert_int_equal(seam_expect(seam, OPERATION_CONNECT, client), WEIR_ECONNREFUSED);
  seam_free(seam, client);
}

static void a_port_for_several_sockets_is_not_to_be_had(void **state) {
  struct seam *seam = *state;
  struct place place = bind_only(seam);
  struct acceptor *acceptor = seam_acceptor(seam);
  struct listen_request request = {.address = &place.address, .backlog = 5, .reuse_port = true};
  struct outcome outcome = seam->operations->listen(seam->backend, acceptor, &request);
  assert_int_equal(outcome.code, WEIR_ENOTSUP);
  assert_non_null(outcome.hint);
  seam_free(seam, acceptor);
  seam_end_acceptor(seam, place.acceptor);
}

/* ---- options ---- */

static weir_code tell(struct seam *seam, struct connection *connection, enum control control, void *argument) {
  return seam->operations->control(seam->backend, connection, control, argument);
}

static DWORD ask_option(struct seam *seam, struct connection *connection, int level, int name) {
  DWORD value = 0;
  int length = sizeof value;
  SOCKET socket = (SOCKET)seam_native(seam, connection);
  assert_int_equal(getsockopt(socket, level, name, (char *)&value, &length), 0);
  return value;
}

static void options_reach_the_socket(void **state) {
  struct seam *seam = *state;
  struct seam_pair pair = make_pair(seam);
  bool yes = true;
  bool no = false;
  assert_int_equal(tell(seam, pair.client, CONTROL_NO_DELAY, &yes), WEIR_OK);
  assert_true(ask_option(seam, pair.client, IPPROTO_TCP, TCP_NODELAY) != 0);
  assert_int_equal(tell(seam, pair.client, CONTROL_NO_DELAY, &no), WEIR_OK);
  assert_int_equal(ask_option(seam, pair.client, IPPROTO_TCP, TCP_NODELAY), 0);
  struct keep_alive keep_alive = {.wanted = true, .delay_s = 60, .interval_s = 5, .count = 4};
  assert_int_equal(tell(seam, pair.client, CONTROL_KEEP_ALIVE, &keep_alive), WEIR_OK);
  assert_true(ask_option(seam, pair.client, SOL_SOCKET, SO_KEEPALIVE) != 0);
  keep_alive = (struct keep_alive){.wanted = false};
  assert_int_equal(tell(seam, pair.client, CONTROL_KEEP_ALIVE, &keep_alive), WEIR_OK);
  assert_int_equal(ask_option(seam, pair.client, SOL_SOCKET, SO_KEEPALIVE), 0);
  seam_end_pair(seam, pair);
}

/* Either the system keeps the number, or it is told that it does not. */
static void a_type_of_service_is_kept_or_refused(void **state) {
  struct seam *seam = *state;
  struct seam_pair pair = make_pair(seam);
  int type = 16;
  weir_code code = tell(seam, pair.client, CONTROL_TYPE_OF_SERVICE, &type);
  assert_true(code == WEIR_OK || code == WEIR_ENOTSUP);
  if (code == WEIR_OK) assert_int_equal(ask_option(seam, pair.client, IPPROTO_IP, IP_TOS), 16);
  seam_end_pair(seam, pair);
}

static void a_time_to_linger_is_set_and_taken_back(void **state) {
  struct seam *seam = *state;
  struct seam_pair pair = make_pair(seam);
  struct linger linger;
  int length = sizeof linger;
  SOCKET socket = (SOCKET)seam_native(seam, pair.client);
  int seconds = 7;
  assert_int_equal(tell(seam, pair.client, CONTROL_LINGER, &seconds), WEIR_OK);
  assert_int_equal(getsockopt(socket, SOL_SOCKET, SO_LINGER, (char *)&linger, &length), 0);
  assert_true(linger.l_onoff != 0 && linger.l_linger == 7);
  seconds = -1;
  assert_int_equal(tell(seam, pair.client, CONTROL_LINGER, &seconds), WEIR_OK);
  assert_int_equal(getsockopt(socket, SOL_SOCKET, SO_LINGER, (char *)&linger, &length), 0);
  assert_int_equal(linger.l_onoff, 0);
  seam_end_pair(seam, pair);
}

/* ---- resets ---- */

static void a_reset_is_no_end_and_comes_behind_what_was_sent(void **state) {
  struct seam *seam = *state;
  struct seam_pair pair = make_pair(seam);
  seam_send(seam, pair.server, "last words");
  seam_expect_nothing(seam);
  seam->operations->close(seam->backend, pair.server, ENDING_RESET);
  assert_int_equal(seam_expect(seam, OPERATION_CLOSE, pair.server), 0);
  seam_free(seam, pair.server);
  seam->operations->read(seam->backend, pair.client, true);
  seam_expect_text(seam, pair.client, "last words");
  assert_int_equal(seam_expect(seam, OPERATION_READ, pair.client), WEIR_ECONNRESET);
  seam_end(seam, pair.client);
}

static void a_reset_reaches_who_reads_already(void **state) {
  struct seam *seam = *state;
  struct seam_pair pair = make_pair(seam);
  seam->operations->read(seam->backend, pair.client, true);
  seam_expect_nothing(seam);
  seam->operations->close(seam->backend, pair.server, ENDING_RESET);
  bool closed = false;
  ptrdiff_t result = 0;
  while (!closed || result == 0) {
    struct completion completion;
    if (seam_next(seam, &completion) == OPERATION_CLOSE) {
      closed = true;
    } else {
      result = completion.result;
    }
  }
  assert_int_equal(result, WEIR_ECONNRESET);
  seam_free(seam, pair.server);
  seam_end(seam, pair.client);
}

/* ---- many ---- */

static void a_burst_of_two_hundred_clients_gets_in(void **state) {
  enum { COUNT = 200 };
  struct seam *seam = *state;
  struct place place = serve(seam);
  static struct connection *clients[COUNT];
  static struct connection *servers[COUNT];
  for (int i = 0; i < COUNT; i++) clients[i] = connect_to(seam, &place.address);
  int accepted = 0;
  for (int left = 2 * COUNT; left > 0; left--) {
    struct completion completion;
    enum operation operation = seam_next(seam, &completion);
    assert_int_equal(completion.result, 0);
    if (operation == OPERATION_CONNECT) continue;
    servers[accepted] = seam_connection(seam);
    seam->operations->take(seam->backend, place.acceptor, servers[accepted++]);
  }
  assert_int_equal(accepted, COUNT);
  for (int i = 0; i < COUNT; i++) seam_end_pair(seam, (struct seam_pair){clients[i], servers[i]});
  seam_end_acceptor(seam, place.acceptor);
}

/* ---- from one loop to another ---- */

/* The connection in another loop; its old memory is gone. */
static struct connection *hand_over(struct seam *from, struct connection *connection, struct seam *to) {
  from->operations->close(from->backend, connection, ENDING_DETACH);
  struct completion completion;
  assert_int_equal(seam_next(from, &completion), OPERATION_CLOSE);
  assert_ptr_equal(completion.connection, connection);
  assert_int_equal(completion.result, 0);
  seam_free(from, connection);
  struct connection *opened = seam_connection(to);
  assert_int_equal(to->operations->open(to->backend, opened, completion.native).code, WEIR_OK);
  return opened;
}

static void a_connection_goes_on_in_another_loop_and_comes_back(void **state) {
  struct seam *seam = *state;
  struct seam other;
  seam_open(&other, &backend_iocp);
  struct seam_pair pair = make_pair(seam);
  seam->operations->read(seam->backend, pair.client, true);
  seam_expect_nothing(seam);
  seam_send(seam, pair.server, "on the way");
  pair.client = hand_over(seam, pair.client, &other);
  other.operations->read(other.backend, pair.client, true);
  seam_expect_text(&other, pair.client, "on the way");
  seam->operations->read(seam->backend, pair.server, true);
  for (int i = 0; i < 50; i++) {
    seam_send(seam, pair.server, "there");
    seam_expect_text(&other, pair.client, "there");
    seam_send(&other, pair.client, "and back");
    seam_expect_text(seam, pair.server, "and back");
  }
  pair.client = hand_over(&other, pair.client, seam);
  seam->operations->read(seam->backend, pair.client, true);
  seam_carry(seam, pair.server, pair.client, "home again");
  seam_end_pair(seam, pair);
  seam_close(&other);
}

static void many_bytes_go_through_a_connection_that_was_handed_over(void **state) {
  enum { LENGTH = 8 * 1024 * 1024 };
  struct seam *seam = *state;
  struct seam other;
  seam_open(&other, &backend_iocp);
  struct seam_pair pair = make_pair(seam);
  pair.client = hand_over(seam, pair.client, &other);
  char *bytes = malloc(LENGTH);
  assert_non_null(bytes);
  for (size_t i = 0; i < LENGTH; i++) bytes[i] = (char)(i * 31 + i / 251);
  struct piece piece = {bytes, LENGTH};
  other.operations->write_queue(other.backend, pair.client, &piece, 1);
  seam->operations->read(seam->backend, pair.server, true);
  size_t received = 0;
  while (received < LENGTH) {
    struct completion completion;
    if (other.operations->next(other.backend, 0, &completion) == OPERATION_WRITE) {
      assert_true(completion.result > 0);
      piece = (struct piece){(const char *)piece.bytes + completion.result, piece.length - (size_t)completion.result};
      if (piece.length > 0) other.operations->write_queue(other.backend, pair.client, &piece, 1);
    }
    if (seam->operations->next(seam->backend, 1000000, &completion) != OPERATION_READ) continue;
    assert_true(completion.result > 0);
    assert_memory_equal(completion.bytes, bytes + received, (size_t)completion.result);
    received += (size_t)completion.result;
  }
  if (piece.length > 0) assert_true(seam_expect(&other, OPERATION_WRITE, pair.client) > 0);
  free(bytes);
  seam_end(&other, pair.client);
  assert_int_equal(seam_expect(seam, OPERATION_READ, pair.server), COMPLETION_END);
  seam_end(seam, pair.server);
  seam_close(&other);
}

static void a_connection_that_still_writes_is_closed_instead(void **state) {
  static char zeros[1024 * 1024];
  struct seam *seam = *state;
  struct seam_pair pair = make_pair(seam);
  while (seam->operations->write(seam->backend, pair.client, zeros, sizeof zeros) > 0) continue;
  struct piece piece = {zeros, sizeof zeros};
  seam->operations->write_queue(seam->backend, pair.client, &piece, 1);
  seam->operations->close(seam->backend, pair.client, ENDING_DETACH);
  struct completion completion;
  assert_int_equal(seam_next(seam, &completion), OPERATION_CLOSE);
  assert_int_equal(completion.result, WEIR_ENOTSUP);
  assert_non_null(completion.hint);
  seam_free(seam, pair.client);
  seam_end(seam, pair.server);
}

static void a_handed_over_connection_can_be_closed_while_it_reads_and_writes(void **state) {
  static char zeros[1024 * 1024];
  struct seam *seam = *state;
  struct seam other;
  seam_open(&other, &backend_iocp);
  struct seam_pair pair = make_pair(seam);
  pair.client = hand_over(seam, pair.client, &other);
  other.operations->read(other.backend, pair.client, true);
  while (other.operations->write(other.backend, pair.client, zeros, sizeof zeros) > 0) continue;
  struct piece piece = {zeros, sizeof zeros};
  other.operations->write_queue(other.backend, pair.client, &piece, 1);
  seam_end(&other, pair.client);
  seam_expect_nothing(&other);
  seam_end(seam, pair.server);
  seam_close(&other);
}

/* ---- servers from one loop to another ---- */

static intptr_t detach_server(struct seam *seam, struct acceptor *acceptor) {
  seam->operations->close_acceptor(seam->backend, acceptor, ENDING_DETACH);
  struct completion completion;
  assert_int_equal(seam_next(seam, &completion), OPERATION_CLOSE_ACCEPTOR);
  assert_int_equal(completion.result, 0);
  seam_free(seam, acceptor);
  return completion.native;
}

static struct place hand_server_over(struct seam *from, struct place place, struct seam *to) {
  intptr_t native = detach_server(from, place.acceptor);
  struct place there = {.acceptor = NULL};
  assert_int_equal(listen_on(to, &there, native).code, WEIR_OK);
  assert_true(weir_address_equal(&there.address.ip, &place.address.ip));
  return there;
}

static void a_server_goes_on_in_another_loop_and_comes_back(void **state) {
  struct seam *seam = *state;
  struct seam other;
  seam_open(&other, &backend_iocp);
  struct place place = serve(seam);
  place = hand_server_over(seam, place, &other);
  for (int i = 0; i < 20; i++) seam_end_pair(&other, meet(&other, &place));
  place = hand_server_over(&other, place, seam);
  struct seam_pair pair = meet(seam, &place);
  seam->operations->read(seam->backend, pair.server, true);
  seam_carry(seam, pair.client, pair.server, "hello");
  seam_end_acceptor(seam, place.acceptor);
  seam_end_pair(seam, pair);
  seam_close(&other);
}

/* Some were accepted by the system already, others wait in its queue. */
static void no_client_is_lost_when_a_server_changes_its_loop(void **state) {
  enum { COUNT = 100 };
  struct seam *seam = *state;
  struct seam other;
  seam_open(&other, &backend_iocp);
  struct place place = serve(seam);
  seam->operations->accept(seam->backend, place.acceptor, false);
  static struct connection *clients[COUNT];
  for (int i = 0; i < COUNT; i++) {
    clients[i] = connect_to(&other, &place.address);
    assert_int_equal(seam_expect(&other, OPERATION_CONNECT, clients[i]), 0);
    seam_send(&other, clients[i], "x");
  }
  place = hand_server_over(seam, place, &other);
  static struct connection *servers[COUNT];
  for (int i = 0; i < COUNT; i++) servers[i] = seam_accept(&other, place.acceptor);
  for (int i = 0; i < COUNT; i++) {
    other.operations->read(other.backend, servers[i], true);
    seam_expect_text(&other, servers[i], "x");
    seam_end(&other, servers[i]);
  }
  for (int i = 0; i < COUNT; i++) seam_end(&other, clients[i]);
  seam_end_acceptor(&other, place.acceptor);
  seam_close(&other);
}

/* The request for the server's own memory is the first, for that of the client that came meanwhile the second. */
static void a_server_that_finds_no_memory_in_another_loop_can_arrive_later(void **state) {
  struct seam *seam = *state;
  struct seam other;
  seam_open(&other, &backend_iocp);
  struct place place = serve(seam);
  seam->operations->accept(seam->backend, place.acceptor, false);
  struct connection *client = connect_to(&other, &place.address);
  assert_int_equal(seam_expect(&other, OPERATION_CONNECT, client), 0);
  intptr_t native = detach_server(seam, place.acceptor);
  struct place there = {.acceptor = NULL};
  other.blocks_until_failure = 2;
  assert_int_equal(listen_on(&other, &there, native).code, WEIR_ENOMEM);
  seam_free(&other, there.acceptor);
  there = (struct place){.acceptor = NULL};
  assert_int_equal(listen_on(&other, &there, native).code, WEIR_OK);
  seam_end(&other, seam_accept(&other, there.acceptor));
  seam_end_acceptor(&other, there.acceptor);
  seam_end(&other, client);
  seam_close(&other);
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
      CASE(a_client_comes_from_where_it_was_told),
      CASE(a_local_address_that_cannot_be_had_is_told_as_such),
      CASE(what_is_bound_has_the_port_and_lets_nobody_in),
      CASE(a_server_listens_where_it_was_bound),
      CASE(a_client_connects_from_where_it_was_bound),
      CASE(a_socket_from_elsewhere_can_be_listened_on),
      CASE(what_nobody_can_listen_on_stays_the_callers),
      CASE(a_socket_from_elsewhere_can_be_opened),
      CASE(a_socket_that_is_not_connected_is_not_opened),
      CASE(two_servers_share_a_socket_and_each_closes_for_itself),
      CASE(a_port_for_several_sockets_is_not_to_be_had),
      CASE(options_reach_the_socket),
      CASE(a_type_of_service_is_kept_or_refused),
      CASE(a_time_to_linger_is_set_and_taken_back),
      CASE(a_reset_is_no_end_and_comes_behind_what_was_sent),
      CASE(a_reset_reaches_who_reads_already),
      CASE(a_burst_of_two_hundred_clients_gets_in),
      CASE(a_connection_goes_on_in_another_loop_and_comes_back),
      CASE(many_bytes_go_through_a_connection_that_was_handed_over),
      CASE(a_connection_that_still_writes_is_closed_instead),
      CASE(a_handed_over_connection_can_be_closed_while_it_reads_and_writes),
      CASE(a_server_goes_on_in_another_loop_and_comes_back),
      CASE(no_client_is_lost_when_a_server_changes_its_loop),
      CASE(a_server_that_finds_no_memory_in_another_loop_can_arrive_later),
  };
  return cmocka_run_group_tests(cases, NULL, NULL);
}
