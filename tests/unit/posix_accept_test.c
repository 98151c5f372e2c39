/* SPDX-License-Identifier: MIT */
/*
 * Native descriptors that are given to the POSIX backend, accepting without descriptors, memory or luck, and what
 * becomes of those who have just come.
 */
#define _DEFAULT_SOURCE 1

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "support/os_faulty_posix.h"
#include "support/seam_posix.h"

/* ---- parts ---- */

static bool exists(const char *path) {
  struct stat status;
  return lstat(path, &status) == 0;
}

/* ---- native descriptors ---- */

static void check_open_fails(struct seam *seam, intptr_t native, weir_code code, const char *words) {
  struct connection *connection = seam_connection(seam);
  struct outcome outcome = seam->operations->open(seam->backend, connection, native);
  assert_int_equal(outcome.code, code);
  if (words != NULL) seam_expect_hint(outcome.hint, words);
  seam_free(seam, connection);
}

static void an_open_socket_can_be_taken_over(void **state) {
  struct seam *seam = *state;
  int ends[2];
  assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, ends), 0);
  struct seam_pair pair = {seam_connection(seam), seam_connection(seam)};
  assert_int_equal(seam->operations->open(seam->backend, pair.client, ends[0]).code, WEIR_OK);
  assert_int_equal(seam->operations->open(seam->backend, pair.server, ends[1]).code, WEIR_OK);
  assert_int_equal(seam_native(seam, pair.client), ends[0]);
  assert_true((fcntl(ends[0], F_GETFL) & O_NONBLOCK) != 0);
  assert_true((fcntl(ends[0], F_GETFD) & FD_CLOEXEC) != 0);
  seam->operations->read(seam->backend, pair.server, true);
  seam_carry(seam, pair.client, pair.server, "taken over");
  seam_end_pair(seam, pair);
}

static void what_is_no_connected_stream_socket_is_refused_and_left_alone(void **state) {
  struct seam *seam = *state;
  int file = open("/dev/null", O_RDONLY);
  int datagram[2];
  assert_int_equal(socketpair(AF_UNIX, SOCK_DGRAM, 0, datagram), 0);
  int fresh = socket(AF_UNIX, SOCK_STREAM, 0);
  int listening = seam_native_socket(seam->endpoint.text, SOCK_STREAM);
  assert_int_equal(listen(listening, 1), 0);
  check_open_fails(seam, -1, WEIR_EBADF, NULL);
  check_open_fails(seam, (intptr_t)1 << 20, WEIR_EBADF, NULL);
  check_open_fails(seam, file, WEIR_ENOTSOCK, NULL);
  check_open_fails(seam, datagram[0], WEIR_EINVAL, "stream socket");
  check_open_fails(seam, fresh, WEIR_ENOTCONN, NULL);
  check_open_fails(seam, listening, WEIR_EINVAL, "server");
  assert_int_equal(fcntl(fresh, F_GETFL) & O_NONBLOCK, 0);
  const int all[] = {file, datagram[0], datagram[1], fresh, listening};
  for (size_t i = 0; i < sizeof all / sizeof all[0]; i++) assert_int_equal(close(all[i]), 0);
}

static struct outcome try_listen_on(struct seam *seam, struct acceptor *acceptor, intptr_t native) {
  struct address none = {.kind = ADDRESS_NONE};
  struct listen_request request = {.address = &none, .native = native, .backlog = 5};
  return seam->operations->listen(seam->backend, acceptor, &request);
}

static void a_bound_socket_can_listen_and_its_file_stays(void **state) {
  struct seam *seam = *state;
  struct acceptor *acceptor = seam_acceptor(seam);
  int bound = seam_native_socket(seam->endpoint.text, SOCK_STREAM);
  assert_int_equal(try_listen_on(seam, acceptor, bound).code, WEIR_OK);
  struct connection *client = seam_let_one_wait(seam, acceptor);
  struct connection *server = seam_accept(seam, acceptor);
  seam_end_pair(seam, (struct seam_pair){client, server});
  seam_end_acceptor(seam, acceptor);
  assert_true(exists(seam->endpoint.text));
}

static void what_cannot_listen_is_refused(void **state) {
  struct seam *seam = *state;
  struct acceptor *acceptor = seam_acceptor(seam);
  int file = open("/dev/null", O_RDONLY);
  int datagram = seam_native_socket(seam->endpoint.text, SOCK_DGRAM);
  int ends[2];
  assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, ends), 0);
  assert_int_equal(try_listen_on(seam, acceptor, -1).code, WEIR_EBADF);
  assert_int_equal(try_listen_on(seam, acceptor, file).code, WEIR_ENOTSOCK);
  assert_int_equal(try_listen_on(seam, acceptor, datagram).code, WEIR_EINVAL);
  assert_int_equal(try_listen_on(seam, acceptor, ends[0]).code, WEIR_EINVAL);
  const int all[] = {file, datagram, ends[0], ends[1]};
  for (size_t i = 0; i < sizeof all / sizeof all[0]; i++) assert_int_equal(close(all[i]), 0);
  seam_free(seam, acceptor);
}

/* ---- trouble at accepting ---- */

static enum os_call accept_call(const struct seam *seam) {
  return seam_is(seam, "io_uring") ? OS_URING_ACCEPTED : OS_ACCEPT;
}

static void expect_accept_failure(struct seam *seam, struct acceptor *acceptor, weir_code code) {
  struct completion completion;
  assert_int_equal(seam_next(seam, &completion), OPERATION_ACCEPT);
  assert_ptr_equal(completion.acceptor, acceptor);
  assert_int_equal(completion.result, code);
}

static void without_descriptors_a_client_is_shed_and_accepting_stops(void **state) {
  struct seam *seam = *state;
  struct acceptor *acceptor = seam_listen(seam);
  struct connection *shed = seam_let_one_wait(seam, acceptor);
  faults_fail(accept_call(seam), 1, EMFILE, 1);
  expect_accept_failure(seam, acceptor, WEIR_EMFILE);
  seam->operations->read(seam->backend, shed, true);
  assert_int_equal(seam_expect(seam, OPERATION_READ, shed), COMPLETION_END);
  struct connection *client = seam_connect(seam);
  assert_int_equal(seam_expect(seam, OPERATION_CONNECT, client), 0);
  seam_expect_nothing(seam);
  seam->operations->accept(seam->backend, acceptor, true);
  struct connection *server = seam_accept(seam, acceptor);
  seam_end_pair(seam, (struct seam_pair){client, server});
  seam_end(seam, shed);
  seam_end_acceptor(seam, acceptor);
}

/* All descriptors are really gone, as at a limit of the process. */
static void at_the_real_limit_all_clients_are_shed(void **state) {
  struct seam *seam = *state;
  struct acceptor *acceptor = seam_listen(seam);
  struct connection *clients[2] = {seam_let_one_wait(seam, acceptor), seam_let_one_wait(seam, acceptor)};
  int lowest = dup(STDIN_FILENO);
  close(lowest);
  struct rlimit none;
  assert_int_equal(getrlimit(RLIMIT_NOFILE, &none), 0);
  none.rlim_cur = (rlim_t)lowest;
  assert_int_equal(setrlimit(RLIMIT_NOFILE, &none), 0);
  for (int i = 0; i < 2; i++) seam->operations->read(seam->backend, clients[i], true);
  for (int ended = 0; ended < 2;) {
    struct completion completion;
    if (seam_next(seam, &completion) == OPERATION_READ) {
      assert_int_equal(completion.result, COMPLETION_END);
      ended++;
    } else {
      assert_int_equal(completion.result, WEIR_EMFILE);
      seam->operations->accept(seam->backend, acceptor, true);
    }
  }
  for (int i = 0; i < 2; i++) seam_end(seam, clients[i]);
  seam_end_acceptor(seam, acceptor);
}

static void without_a_spare_nobody_is_shed_and_the_client_waits(void **state) {
  struct seam *seam = *state;
  faults_fail(OS_OPEN_SPARE, 1, EMFILE, FAULTS_FOREVER);
  struct acceptor *acceptor = seam_listen(seam);
  struct connection *client = seam_let_one_wait(seam, acceptor);
  faults_fail(accept_call(seam), 1, ENFILE, 1);
  expect_accept_failure(seam, acceptor, WEIR_ENFILE);
  seam->operations->accept(seam->backend, acceptor, true);
  struct connection *server = seam_accept(seam, acceptor);
  seam_end_pair(seam, (struct seam_pair){client, server});
  seam_end_acceptor(seam, acceptor);
}

static void a_client_that_vanished_does_not_stop_accepting(void **state) {
  struct seam *seam = *state;
  struct acceptor *acceptor = seam_listen(seam);
  static const int transient[] = {ECONNABORTED, EPROTO, EPERM, ENETDOWN, EINTR, EAGAIN};
  for (size_t i = 0; i < sizeof transient / sizeof transient[0]; i++) {
    struct connection *client = seam_let_one_wait(seam, acceptor);
    faults_fail(accept_call(seam), 1, transient[i], 1);
    struct connection *server = seam_accept(seam, acceptor);
    seam_end_pair(seam, (struct seam_pair){client, server});
  }
  seam_end_acceptor(seam, acceptor);
}

static void an_acceptor_without_memory_stops(void **state) {
  struct seam *seam = *state;
  struct acceptor *acceptor = seam_listen(seam);
  struct connection *client = seam_let_one_wait(seam, acceptor);
  faults_fail(accept_call(seam), 1, ENOBUFS, 1);
  expect_accept_failure(seam, acceptor, WEIR_ENOBUFS);
  seam_expect_nothing(seam);
  seam_end(seam, client);
  seam_end_acceptor(seam, acceptor);
}

/* ---- newcomers ---- */

static size_t waits(void) { return faults_calls(OS_EPOLL_WAIT) + faults_calls(OS_POLL) + faults_calls(OS_KEVENT); }

static void a_client_that_has_spoken_is_heard_without_a_wait(void **state) {
  struct seam *seam = *state;
  struct acceptor *acceptor = seam_listen(seam);
  struct connection *client = seam_let_one_wait(seam, acceptor);
  assert_int_equal(seam->operations->write(seam->backend, client, "early", 5), 5);
  struct connection *server = seam_accept(seam, acceptor);
  size_t before = waits();
  seam->operations->read(seam->backend, server, true);
  seam_expect_text(seam, server, "early");
  assert_int_equal(waits(), before);
  seam_carry(seam, client, server, "and later");
  seam_end_pair(seam, (struct seam_pair){client, server});
  seam_end_acceptor(seam, acceptor);
}

/* Lets one come who says nothing, and go again; returns how often somebody tried to hear. */
static size_t receive_silence(struct seam *seam, struct acceptor *acceptor) {
  struct connection *client = seam_let_one_wait(seam, acceptor);
  struct connection *server = seam_accept(seam, acceptor);
  size_t before = faults_calls(OS_RECV);
  seam->operations->read(seam->backend, server, true);
  struct completion completion;
  assert_int_equal(seam->operations->next(seam->backend, 0, &completion), OPERATION_NONE);
  size_t receives = faults_calls(OS_RECV) - before;
  seam_end_pair(seam, (struct seam_pair){client, server});
  return receives;
}

/* The first, the third, the seventh: each time twice as many are left out. */
static void a_server_whose_clients_are_silent_seldom_looks(void **state) {
  struct seam *seam = *state;
  if (seam_is(seam, "io_uring")) seam_skip("a receive waits in the ring");
  struct acceptor *acceptor = seam_listen(seam);
  size_t receives = 0;
  for (int i = 0; i < 63; i++) receives += receive_silence(seam, acceptor);
  assert_int_equal(receives, 6);
  seam_end_acceptor(seam, acceptor);
}

int main(int argc, char **argv) {
  static const struct CMUnitTest cases[] = {
      SEAM_POSIX_CASE(an_open_socket_can_be_taken_over),
      SEAM_POSIX_CASE(what_is_no_connected_stream_socket_is_refused_and_left_alone),
      SEAM_POSIX_CASE(a_bound_socket_can_listen_and_its_file_stays),
      SEAM_POSIX_CASE(what_cannot_listen_is_refused),
      SEAM_POSIX_CASE(without_descriptors_a_client_is_shed_and_accepting_stops),
      SEAM_POSIX_CASE(at_the_real_limit_all_clients_are_shed),
      SEAM_POSIX_CASE(without_a_spare_nobody_is_shed_and_the_client_waits),
      SEAM_POSIX_CASE(a_client_that_vanished_does_not_stop_accepting),
      SEAM_POSIX_CASE(an_acceptor_without_memory_stops),
      SEAM_POSIX_CASE(a_client_that_has_spoken_is_heard_without_a_wait),
      SEAM_POSIX_CASE(a_server_whose_clients_are_silent_seldom_looks),
  };
  return seam_main(argc, argv, NULL, cases, sizeof cases / sizeof cases[0]);
}
