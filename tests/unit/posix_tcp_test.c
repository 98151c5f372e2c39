/* SPDX-License-Identifier: MIT */
/*
 * TCP of the POSIX backend where the system can be asked or made to fail: what is set on a socket, what a failure is
 * called, in which order data and resets come, and connects that end strangely.
 */
#define _DEFAULT_SOURCE 1

#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <string.h>
#include <sys/socket.h>

#include "posix/system_option.h"
#include "support/os_faulty_posix.h"
#include "support/seam_posix.h"

/* ---- parts ---- */

static int option_of(int descriptor, int level, int option) {
  int value = -1;
  socklen_t length = sizeof value;
  assert_int_equal(getsockopt(descriptor, level, option, &value, &length), 0);
  return value;
}

static bool is_ipv6(const struct seam *seam) { return seam->address.ip.family == WEIR_FAMILY_IPV6; }

static struct outcome listen_with(struct seam *seam, struct acceptor *acceptor, struct listen_request request) {
  struct address address = seam->address;
  request.address = &address;
  request.backlog = 5;
  struct outcome outcome = seam->operations->listen(seam->backend, acceptor, &request);
  if (outcome.code == WEIR_OK) seam->address = address;
  return outcome;
}

/* Takes a server's descriptor out of it. */
static int take_descriptor(struct seam *seam, struct acceptor *acceptor) {
  struct completion completion;
  seam->operations->close_acceptor(seam->backend, acceptor, ENDING_DETACH);
  assert_int_equal(seam_next(seam, &completion), OPERATION_CLOSE_ACCEPTOR);
  assert_int_equal(completion.result, 0);
  seam_free(seam, acceptor);
  return (int)completion.native;
}

static void connect_and_expect(struct seam *seam, const struct connect_request *request, weir_code code,
                               const char *words) {
  struct connection *connection = seam_connection(seam);
  struct completion completion;
  seam->operations->connect(seam->backend, connection, request);
  assert_int_equal(seam_next(seam, &completion), OPERATION_CONNECT);
  assert_int_equal(completion.result, code);
  if (words != NULL) seam_expect_hint(completion.hint, words);
  seam_free(seam, connection);
}

/* ---- what is set ---- */

/* At every address: a socket at one IPv6 address is no longer asked for IPv4. */
static void check_listening_options(struct seam *seam, struct listen_request request) {
  struct acceptor *acceptor = seam_acceptor(seam);
  memset(seam->address.ip.bytes, 0, sizeof seam->address.ip.bytes);
  assert_int_equal(listen_with(seam, acceptor, request).code, WEIR_OK);
  int descriptor = take_descriptor(seam, acceptor);
  assert_int_equal(option_of(descriptor, SOL_SOCKET, SO_REUSEADDR), !request.only_bind);
  assert_int_equal(option_of(descriptor, SOL_SOCKET, SO_REUSEPORT), request.reuse_port);
  if (is_ipv6(seam)) assert_int_equal(option_of(descriptor, IPPROTO_IPV6, IPV6_V6ONLY), request.ipv6_only);
  assert_int_equal(seam->operations->open(seam->backend, NULL, descriptor).code, WEIR_OK);
}

static void a_server_sets_what_it_was_told_and_no_more(void **state) {
  check_listening_options(*state, (struct listen_request){.backlog = 5});
  check_listening_options(*state, (struct listen_request){.ipv6_only = true});
  check_listening_options(*state, (struct listen_request){.only_bind = true});
  if (system_option_reuse_port == SYSTEM_OPTION_NONE) seam_skip("this system spreads nobody");
  check_listening_options(*state, (struct listen_request){.reuse_port = true});
}

static void options_of_a_connection_reach_the_system(void **state) {
  struct seam *seam = *state;
  struct seam_pair pair = seam_pair(seam);
  int descriptor = (int)seam_native(seam, pair.client);
  const struct backend_operations *operations = seam->operations;
  bool yes = true;
  struct keep_alive keep_alive = {.wanted = true, .delay_s = 61, .interval_s = 5, .count = 4};
  int type = 0x28;
  assert_int_equal(operations->control(seam->backend, pair.client, CONTROL_NO_DELAY, &yes), WEIR_OK);
  assert_int_equal(operations->control(seam->backend, pair.client, CONTROL_KEEP_ALIVE, &keep_alive), WEIR_OK);
  assert_int_equal(operations->control(seam->backend, pair.client, CONTROL_TYPE_OF_SERVICE, &type), WEIR_OK);
  assert_true(option_of(descriptor, IPPROTO_TCP, TCP_NODELAY) != 0);
  assert_true(option_of(descriptor, SOL_SOCKET, SO_KEEPALIVE) != 0);
  assert_int_equal(option_of(descriptor, IPPROTO_TCP, system_option_keep_alive_delay), 61);
  assert_int_equal(option_of(descriptor, IPPROTO_TCP, TCP_KEEPINTVL), 5);
  assert_int_equal(option_of(descriptor, IPPROTO_TCP, TCP_KEEPCNT), 4);
  assert_int_equal(
      is_ipv6(seam) ? option_of(descriptor, IPPROTO_IPV6, IPV6_TCLASS) : option_of(descriptor, IPPROTO_IP, IP_TOS),
      type);
  keep_alive = (struct keep_alive){.wanted = true};
  assert_int_equal(operations->control(seam->backend, pair.client, CONTROL_KEEP_ALIVE, &keep_alive), WEIR_OK);
  assert_int_equal(option_of(descriptor, IPPROTO_TCP, system_option_keep_alive_delay), 61);
  seam_end_pair(seam, pair);
}

/* Then as many clients as there are peers can have one port. */
static void an_address_without_a_port_leaves_the_port_to_the_connect(void **state) {
  struct seam *seam = *state;
  if (system_option_bind_no_port == SYSTEM_OPTION_NONE) seam_skip("this system cannot wait");
  struct acceptor *acceptor = seam_listen(seam);
  struct connection *client = seam_connection(seam);
  weir_address local = seam->address.ip;
  local.port = 0;
  seam->operations->accept(seam->backend, acceptor, false);
  struct connect_request request = {.address = &seam->address, .local = &local};
  seam->operations->connect(seam->backend, client, &request);
  assert_int_equal(seam_expect(seam, OPERATION_CONNECT, client), 0);
  int descriptor = (int)seam_native(seam, client);
  assert_int_equal(option_of(descriptor, IPPROTO_IP, system_option_bind_no_port), 1);
  assert_int_equal(seam->operations->control(seam->backend, client, CONTROL_LOCAL_ADDRESS, &local), WEIR_OK);
  assert_true(local.port > 0);
  seam_end(seam, client);
  seam_end_acceptor(seam, acceptor);
}

static void a_linger_time_is_set_and_taken_back(void **state) {
  struct seam *seam = *state;
  struct seam_pair pair = seam_pair(seam);
  const int times[] = {7, 0, -1};
  for (size_t i = 0; i < sizeof times / sizeof times[0]; i++) {
    int seconds = times[i];
    assert_int_equal(seam->operations->control(seam->backend, pair.client, CONTROL_LINGER, &seconds), WEIR_OK);
    struct linger linger;
    socklen_t length = sizeof linger;
    int descriptor = (int)seam_native(seam, pair.client);
    assert_int_equal(getsockopt(descriptor, SOL_SOCKET, SO_LINGER, &linger, &length), 0);
    assert_int_equal(linger.l_onoff != 0, seconds >= 0);
    if (seconds >= 0) assert_int_equal(linger.l_linger, seconds);
  }
  seam_end_pair(seam, pair);
}

static void an_option_that_fails_says_why_and_a_keep_alive_stays_off(void **state) {
  struct seam *seam = *state;
  struct seam_pair pair = seam_pair(seam);
  struct keep_alive keep_alive = {.wanted = true, .delay_s = 60, .interval_s = 5, .count = 4};
  for (size_t nth = 1; nth <= 4; nth++) {
    faults_fail(OS_SETSOCKOPT, nth, ENOBUFS, 1);
    weir_code code = seam->operations->control(seam->backend, pair.client, CONTROL_KEEP_ALIVE, &keep_alive);
    assert_int_equal(code, WEIR_ENOBUFS);
    assert_int_equal(option_of((int)seam_native(seam, pair.client), SOL_SOCKET, SO_KEEPALIVE), 0);
  }
  bool yes = true;
  faults_fail(OS_SETSOCKOPT, 1, EINVAL, 1);
  assert_int_equal(seam->operations->control(seam->backend, pair.client, CONTROL_NO_DELAY, &yes), WEIR_EINVAL);
  int value = 8;
  faults_fail(OS_SETSOCKOPT, 1, EPERM, 1);
  assert_int_equal(seam->operations->control(seam->backend, pair.client, CONTROL_TYPE_OF_SERVICE, &value), WEIR_EPERM);
  faults_fail(OS_GETSOCKNAME, 1, ENOBUFS, FAULTS_FOREVER);
  assert_int_equal(seam->operations->control(seam->backend, pair.client, CONTROL_TYPE_OF_SERVICE, &value),
                   WEIR_ENOBUFS);
  weir_address address;
  assert_int_equal(seam->operations->control(seam->backend, pair.client, CONTROL_LOCAL_ADDRESS, &address),
                   WEIR_ENOBUFS);
  faults_fail(OS_GETPEERNAME, 1, ENOTCONN, 1);
  assert_int_equal(seam->operations->control(seam->backend, pair.client, CONTROL_REMOTE_ADDRESS, &address),
                   WEIR_ENOTCONN);
  faults_fail(OS_SETSOCKOPT, 1, ENOBUFS, 1);
  assert_int_equal(seam->operations->control(seam->backend, pair.client, CONTROL_LINGER, &value), WEIR_ENOBUFS);
  seam_end_pair(seam, pair);
}

/* ---- ports ---- */

/* The server closes first, so that the port lingers at its side. */
static void a_port_with_lingering_connections_is_free_for_the_next_server(void **state) {
  struct seam *seam = *state;
  for (int i = 0; i < 2; i++) {
    struct seam_pair pair = seam_pair(seam);
    seam_end(seam, pair.server);
    seam->operations->read(seam->backend, pair.client, true);
    assert_int_equal(seam_expect(seam, OPERATION_READ, pair.client), COMPLETION_END);
    seam_end(seam, pair.client);
    struct acceptor *bound = seam_acceptor(seam);
    assert_int_equal(listen_with(seam, bound, (struct listen_request){.only_bind = true}).code, WEIR_OK);
    seam_end_acceptor(seam, bound);
  }
}

static void a_server_that_was_bound_before_leaves_its_port_free_too(void **state) {
  struct seam *seam = *state;
  struct acceptor *bound = seam_acceptor(seam);
  struct acceptor *acceptor = seam_acceptor(seam);
  struct address address = {.kind = ADDRESS_NONE};
  struct listen_request request = {.address = &address, .backlog = 5, .bound = bound};
  assert_int_equal(listen_with(seam, bound, (struct listen_request){.only_bind = true}).code, WEIR_OK);
  faults_fail(OS_LISTEN, 1, EADDRINUSE, 1);
  struct outcome outcome = seam->operations->listen(seam->backend, acceptor, &request);
  assert_int_equal(outcome.code, WEIR_EADDRINUSE);
  seam_expect_hint(outcome.hint, "taken");
  address.kind = ADDRESS_NONE;
  faults_fail(OS_SETSOCKOPT, 1, ENOBUFS, 1);
  assert_int_equal(seam->operations->listen(seam->backend, acceptor, &request).code, WEIR_ENOBUFS);
  address.kind = ADDRESS_NONE;
  assert_int_equal(seam->operations->listen(seam->backend, acceptor, &request).code, WEIR_OK);
  seam_free(seam, bound);
  struct connection *client = seam_let_one_wait(seam, acceptor);
  struct connection *server = seam_accept(seam, acceptor);
  seam_end(seam, server);
  seam_end_acceptor(seam, acceptor);
  seam_end(seam, client);
  seam_end_acceptor(seam, seam_listen(seam));
}

/* ---- what failures are called ---- */

static void check_listen_fails(struct seam *seam, enum os_call call, int error, weir_code code, const char *words) {
  struct acceptor *acceptor = seam_acceptor(seam);
  faults_fail(call, 1, error, FAULTS_FOREVER);
  struct outcome outcome = listen_with(seam, acceptor, (struct listen_request){.backlog = 5});
  faults_reset();
  assert_int_equal(outcome.code, code);
  assert_int_equal(outcome.native_code, error);
  if (words != NULL) seam_expect_hint(outcome.hint, words);
  seam_free(seam, acceptor);
}

static void a_failed_listen_says_exactly_why(void **state) {
  struct seam *seam = *state;
  check_listen_fails(seam, OS_BIND, EADDRINUSE, WEIR_EADDRINUSE, "taken");
  check_listen_fails(seam, OS_LISTEN, EADDRINUSE, WEIR_EADDRINUSE, "taken");
  check_listen_fails(seam, OS_BIND, EACCES, WEIR_EACCES, "1024");
  check_listen_fails(seam, OS_BIND, EADDRNOTAVAIL, WEIR_EADDRNOTAVAIL, "none of this machine's");
  check_listen_fails(seam, OS_BIND, ENOBUFS, WEIR_ENOBUFS, NULL);
  check_listen_fails(seam, OS_SOCKET, EMFILE, WEIR_EMFILE, "descriptors");
  check_listen_fails(seam, OS_SOCKET, EAFNOSUPPORT, WEIR_ENOTSUP, is_ipv6(seam) ? "no IPv6" : NULL);
  check_listen_fails(seam, OS_SETSOCKOPT, ENOBUFS, WEIR_ENOBUFS, NULL);
  check_listen_fails(seam, OS_GETSOCKNAME, ENOBUFS, WEIR_ENOBUFS, NULL);
}

static void a_failed_connect_says_exactly_why(void **state) {
  struct seam *seam = *state;
  struct acceptor *acceptor = seam_listen(seam);
  seam->operations->accept(seam->backend, acceptor, false);
  struct connect_request request = {.address = &seam->address};
  static const struct {
    int error;
    weir_code code;
    const char *words;
  } rows[] = {
      {ECONNREFUSED, WEIR_ECONNREFUSED, "nobody listens"},       {ETIMEDOUT, WEIR_ETIMEDOUT, "no answer"},
      {EHOSTUNREACH, WEIR_EHOSTUNREACH, "no way there"},         {ENETUNREACH, WEIR_ENETUNREACH, "no way there"},
      {EADDRNOTAVAIL, WEIR_EADDRNOTAVAIL, "no local port left"}, {EPERM, WEIR_EPERM, NULL}};
  for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
    faults_fail(OS_CONNECT, 1, rows[i].error, 1);
    connect_and_expect(seam, &request, rows[i].code, rows[i].words);
    /* As the system says it later, when the answer has come. */
    faults_fail(OS_GETSOCKOPT, 1, rows[i].error, 1);
    connect_and_expect(seam, &request, rows[i].code, rows[i].words);
  }
  seam_end_acceptor(seam, acceptor);
}

static void a_local_address_of_another_family_is_refused(void **state) {
  struct seam *seam = *state;
  struct acceptor *acceptor = seam_listen(seam);
  weir_address local;
  assert_int_equal(weir_address_make(is_ipv6(seam) ? "127.0.0.1" : "::1", 0, &local), WEIR_OK);
  struct connect_request request = {.address = &seam->address, .local = &local};
  connect_and_expect(seam, &request, WEIR_EINVAL, "another family");
  local = seam->address.ip;
  faults_fail(OS_BIND, 1, EACCES, 1);
  connect_and_expect(seam, &request, WEIR_EACCES, "1024");
  faults_fail(OS_BIND, 1, ENOBUFS, 1);
  connect_and_expect(seam, &request, WEIR_ENOBUFS, NULL);
  seam_end_acceptor(seam, acceptor);
}

/* ---- connects that end strangely ---- */

/* A socket whose own port is the one it connects to meets itself, and would hear its own echo. */
static void a_client_does_not_meet_itself(void **state) {
  struct seam *seam = *state;
  seam_end_acceptor(seam, seam_listen(seam));
  weir_address local = seam->address.ip;
  struct connect_request request = {.address = &seam->address, .local = &local};
  connect_and_expect(seam, &request, WEIR_ECONNREFUSED, "nobody listens");
}

static void a_connect_that_is_woken_too_early_waits_on(void **state) {
  struct seam *seam = *state;
  struct acceptor *acceptor = seam_listen(seam);
  faults_fail(OS_GETPEERNAME, 1, ENOTCONN, 3);
  struct connection *client = seam_let_one_wait(seam, acceptor);
  assert_int_equal(faults_failed(), 3);
  struct connection *server = seam_accept(seam, acceptor);
  seam_end_pair(seam, (struct seam_pair){client, server});
  seam_end_acceptor(seam, acceptor);
}

/* The server has spoken and broken off before the client looked: it was connected, and hears both. */
static void a_peer_that_reset_before_the_connect_came_back_is_heard(void **state) {
  struct seam *seam = *state;
  struct acceptor *acceptor = seam_listen(seam);
  struct connection *client = seam_connect(seam);
  struct completion completion;
  if (seam_next(seam, &completion) == OPERATION_CONNECT) {
    struct connection *server = seam_accept(seam, acceptor);
    seam_end_pair(seam, (struct seam_pair){client, server});
    seam_end_acceptor(seam, acceptor);
    seam_skip("the system said connected before it offered the client");
  }
  struct connection *server = seam_connection(seam);
  seam->operations->take(seam->backend, acceptor, server);
  seam_send(seam, server, "last words");
  seam->operations->close(seam->backend, server, ENDING_RESET);
  for (int left = 2; left > 0; left--) {
    assert_true(seam_next(seam, &completion) != OPERATION_NONE);
    assert_int_equal(completion.result, 0);
  }
  seam_free(seam, server);
  struct connection *moved = seam_connection(seam);
  seam->operations->move(seam->backend, client, moved);
  seam_free(seam, client);
  seam->operations->read(seam->backend, moved, true);
  seam_expect_text(seam, moved, "last words");
  assert_int_equal(seam_expect(seam, OPERATION_READ, moved), WEIR_ECONNRESET);
  seam_end(seam, moved);
  seam_end_acceptor(seam, acceptor);
}

static void a_connect_that_the_poller_refuses_leaves_nothing(void **state) {
  struct seam *seam = *state;
  if (!seam_is(seam, "epoll")) seam_skip("only epoll refuses one descriptor");
  struct acceptor *acceptor = seam_listen(seam);
  seam->operations->accept(seam->backend, acceptor, false);
  struct completion completion;
  seam->operations->next(seam->backend, 0, &completion);
  faults_fail(OS_EPOLL_CTL, 1, ENOSPC, 1);
  connect_and_expect(seam, &(struct connect_request){.address = &seam->address}, WEIR_ENOSPC, NULL);
  seam_end_acceptor(seam, acceptor);
}

/* ---- data and reset ---- */

static struct seam_pair pair_with_reset(struct seam *seam) {
  struct seam_pair pair = seam_pair(seam);
  seam_send(seam, pair.server, "still to be read");
  seam->operations->close(seam->backend, pair.server, ENDING_RESET);
  assert_int_equal(seam_expect(seam, OPERATION_CLOSE, pair.server), 0);
  seam_free(seam, pair.server);
  return pair;
}

static void a_reset_comes_after_the_data_that_came_before_it(void **state) {
  struct seam *seam = *state;
  struct seam_pair pair = pair_with_reset(seam);
  seam->operations->read(seam->backend, pair.client, true);
  seam_expect_text(seam, pair.client, "still to be read");
  assert_int_equal(seam_expect(seam, OPERATION_READ, pair.client), WEIR_ECONNRESET);
  seam_expect_nothing(seam);
  seam_end(seam, pair.client);
}

/* A close with input that nobody has read is a reset too. */
static void a_close_with_unread_input_is_no_clean_end(void **state) {
  struct seam *seam = *state;
  struct seam_pair pair = seam_pair(seam);
  seam_send(seam, pair.client, "never read");
  seam_send(seam, pair.server, "still to be read");
  seam_end(seam, pair.server);
  seam->operations->read(seam->backend, pair.client, true);
  seam_expect_text(seam, pair.client, "still to be read");
  assert_int_equal(seam_expect(seam, OPERATION_READ, pair.client), WEIR_ECONNRESET);
  seam_end(seam, pair.client);
}

/* The system says a reset once, to whoever asks first; a read behind that would see a clean end. */
static void a_write_that_meets_the_reset_does_not_hide_it_from_the_read(void **state) {
  struct seam *seam = *state;
  struct seam_pair pair = pair_with_reset(seam);
  assert_int_equal(seam->operations->write(seam->backend, pair.client, "lost", 4), 0);
  seam->operations->read(seam->backend, pair.client, true);
  seam_expect_text(seam, pair.client, "still to be read");
  assert_int_equal(seam_expect(seam, OPERATION_READ, pair.client), WEIR_ECONNRESET);
  seam_end(seam, pair.client);
}

static void a_write_that_meets_the_reset_does_not_hide_it_from_the_next_write(void **state) {
  struct seam *seam = *state;
  struct seam_pair pair = pair_with_reset(seam);
  struct piece piece = {"lost", 4};
  assert_int_equal(seam->operations->write(seam->backend, pair.client, "lost", 4), 0);
  seam->operations->write_queue(seam->backend, pair.client, &piece, 1);
  assert_int_equal(seam_expect(seam, OPERATION_WRITE, pair.client), WEIR_ECONNRESET);
  seam_end(seam, pair.client);
}

static void a_reset_that_cannot_be_prepared_is_a_close(void **state) {
  struct seam *seam = *state;
  struct seam_pair pair = seam_pair(seam);
  faults_fail(OS_SETSOCKOPT, 1, ENOBUFS, 1);
  seam->operations->close(seam->backend, pair.server, ENDING_RESET);
  assert_int_equal(seam_expect(seam, OPERATION_CLOSE, pair.server), 0);
  seam_free(seam, pair.server);
  seam->operations->read(seam->backend, pair.client, true);
  assert_int_equal(seam_expect(seam, OPERATION_READ, pair.client), COMPLETION_END);
  seam_end(seam, pair.client);
}

int main(int argc, char **argv) {
  static const struct CMUnitTest cases[] = {
      SEAM_POSIX_ROWS("EO-50", a_server_sets_what_it_was_told_and_no_more),
      SEAM_POSIX_ROWS("EO-50", options_of_a_connection_reach_the_system),
      SEAM_POSIX_CASE(an_address_without_a_port_leaves_the_port_to_the_connect),
      SEAM_POSIX_CASE(a_linger_time_is_set_and_taken_back),
      SEAM_POSIX_CASE(an_option_that_fails_says_why_and_a_keep_alive_stays_off),
      SEAM_POSIX_ROWS("EO-50", a_port_with_lingering_connections_is_free_for_the_next_server),
      SEAM_POSIX_CASE(a_server_that_was_bound_before_leaves_its_port_free_too),
      SEAM_POSIX_ROWS("EO-55", a_failed_listen_says_exactly_why),
      SEAM_POSIX_ROWS("EO-21", a_failed_connect_says_exactly_why),
      SEAM_POSIX_CASE(a_local_address_of_another_family_is_refused),
      SEAM_POSIX_CASE(a_client_does_not_meet_itself),
      SEAM_POSIX_CASE(a_connect_that_is_woken_too_early_waits_on),
      SEAM_POSIX_ROWS("EO-37", a_peer_that_reset_before_the_connect_came_back_is_heard),
      SEAM_POSIX_CASE(a_connect_that_the_poller_refuses_leaves_nothing),
      SEAM_POSIX_ROWS("EO-37", a_reset_comes_after_the_data_that_came_before_it),
      SEAM_POSIX_ROWS("EO-25", a_close_with_unread_input_is_no_clean_end),
      SEAM_POSIX_ROWS("EO-37", a_write_that_meets_the_reset_does_not_hide_it_from_the_read),
      SEAM_POSIX_CASE(a_write_that_meets_the_reset_does_not_hide_it_from_the_next_write),
      SEAM_POSIX_CASE(a_reset_that_cannot_be_prepared_is_a_close),
  };
  return seam_main_tcp(argc, argv, NULL, cases, sizeof cases / sizeof cases[0]);
}
