/* SPDX-License-Identifier: MIT */
/*
 * Where POSIX servers are: what is in the way of one, the file it makes and removes, abstract and portable names, and
 * what a client is told that finds none.
 */
#define _DEFAULT_SOURCE 1

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "support/os_faulty_posix.h"
#include "support/seam_posix.h"

/* ---- parts ---- */

static void make_stale(const char *path) { close(seam_native_socket(path, SOCK_STREAM)); }

static void make_file(const char *path) {
  int descriptor = open(path, O_CREAT | O_WRONLY, 0600);
  assert_true(descriptor >= 0);
  close(descriptor);
}

static struct stat look_at(const char *path) {
  struct stat status;
  assert_int_equal(lstat(path, &status), 0);
  return status;
}

static bool exists(const char *path) {
  struct stat status;
  return lstat(path, &status) == 0;
}

static void check_listen_fails(struct seam *seam, const char *text, weir_code code, int native_code,
                               const char *words) {
  struct acceptor *acceptor = seam_acceptor(seam);
  struct outcome outcome = seam_try_listen(seam, acceptor, text);
  assert_int_equal(outcome.code, code);
  assert_int_equal(outcome.native_code, native_code);
  if (words != NULL) seam_expect_hint(outcome.hint, words);
  seam_free(seam, acceptor);
}

static void check_connect_fails(struct seam *seam, const char *text, weir_code code, int native_code,
                                const char *words) {
  struct connection *connection = seam_connection(seam);
  struct address address = seam_address(seam, text);
  struct completion completion;
  seam->operations->connect(seam->backend, connection, &(struct connect_request){.address = &address});
  assert_int_equal(seam_next(seam, &completion), OPERATION_CONNECT);
  assert_int_equal(completion.result, code);
  assert_int_equal(completion.native_code, native_code);
  if (words != NULL) seam_expect_hint(completion.hint, words);
  seam_free(seam, connection);
}

/* ---- what is in the way of a server ---- */

static void a_stale_file_is_named_so_and_stays(void **state) {
  struct seam *seam = *state;
  make_stale(seam->endpoint.text);
  check_listen_fails(seam, seam->endpoint.text, WEIR_EADDRINUSE, EADDRINUSE, "stale");
  assert_true(exists(seam->endpoint.text));
}

static void a_live_server_is_named_so_also_when_its_backlog_is_full(void **state) {
  struct seam *seam = *state;
  int server = seam_native_socket(seam->endpoint.text, SOCK_STREAM);
  assert_int_equal(listen(server, 0), 0);
  check_listen_fails(seam, seam->endpoint.text, WEIR_EADDRINUSE, EADDRINUSE, "live");
  struct connection *waiting = seam_connect(seam);
  assert_int_equal(seam_expect(seam, OPERATION_CONNECT, waiting), 0);
  check_listen_fails(seam, seam->endpoint.text, WEIR_EADDRINUSE, EADDRINUSE, "live");
  seam_end(seam, waiting);
  close(server);
}

static void a_file_in_the_way_is_named_so_and_stays(void **state) {
  struct seam *seam = *state;
  make_file(seam->endpoint.text);
  check_listen_fails(seam, seam->endpoint.text, WEIR_EADDRINUSE, EADDRINUSE, "not a socket");
  assert_true(exists(seam->endpoint.text));
}

static void a_datagram_socket_in_the_way_is_not_called_stale(void **state) {
  struct seam *seam = *state;
  int other = seam_native_socket(seam->endpoint.text, SOCK_DGRAM);
  check_listen_fails(seam, seam->endpoint.text, WEIR_EADDRINUSE, EADDRINUSE, "another type");
  close(other);
}

static void a_missing_directory_is_enoent(void **state) {
  struct seam *seam = *state;
  char path[200];
  snprintf(path, sizeof path, "%s/missing/s", seam->endpoint.directory);
  check_listen_fails(seam, path, WEIR_ENOENT, ENOENT, "directory");
  make_file(seam->endpoint.text);
  snprintf(path, sizeof path, "%s/s", seam->endpoint.text);
  check_listen_fails(seam, path, WEIR_ENOTDIR, ENOTDIR, NULL);
}

/* ---- the file of a server ---- */

static void check_mode(struct seam *seam, bool readable_all, bool writable_all, mode_t expected) {
  struct acceptor *acceptor = seam_acceptor(seam);
  struct address address = seam_address(seam, seam->endpoint.text);
  struct listen_request request = {
      .address = &address, .backlog = 5, .readable_all = readable_all, .writable_all = writable_all};
  assert_int_equal(seam->operations->listen(seam->backend, acceptor, &request).code, WEIR_OK);
  assert_int_equal(look_at(seam->endpoint.text).st_mode & 07777, expected);
  seam_end_acceptor(seam, acceptor);
}

static void the_file_is_for_this_user_unless_asked_otherwise(void **state) {
  static const mode_t masks[] = {022, 0, 077, 0777};
  mode_t before = umask(022);
  for (size_t i = 0; i < sizeof masks / sizeof masks[0]; i++) {
    umask(masks[i]);
    check_mode(*state, false, false, 0600);
    check_mode(*state, true, false, 0644);
    check_mode(*state, false, true, 0622);
    check_mode(*state, true, true, 0666);
  }
  umask(before);
}

/* As on systems where a socket has no mode before its file is there. */
static void the_mode_is_right_where_only_the_file_can_be_changed(void **state) {
  mode_t before = umask(0);
  faults_fail(OS_FCHMOD, 1, EINVAL, FAULTS_FOREVER);
  check_mode(*state, false, false, 0600);
  check_mode(*state, true, true, 0666);
  assert_true(faults_failed() == 2);
  umask(before);
}

static void a_file_whose_mode_cannot_be_set_is_removed_again(void **state) {
  struct seam *seam = *state;
  mode_t before = umask(0777);
  faults_fail(OS_CHMOD, 1, EPERM, 1);
  check_listen_fails(seam, seam->endpoint.text, WEIR_EPERM, EPERM, "permissions");
  umask(before);
  assert_false(exists(seam->endpoint.text));
}

static void closing_removes_the_own_file_at_once(void **state) {
  struct seam *seam = *state;
  struct acceptor *acceptor = seam_listen(seam);
  assert_true(exists(seam->endpoint.text));
  seam->operations->close_acceptor(seam->backend, acceptor, ENDING_CLOSE);
  assert_false(exists(seam->endpoint.text));
  struct completion completion;
  assert_int_equal(seam_next(seam, &completion), OPERATION_CLOSE_ACCEPTOR);
  seam_free(seam, acceptor);
}

static void closing_leaves_the_file_of_somebody_else(void **state) {
  struct seam *seam = *state;
  struct acceptor *first = seam_listen(seam);
  char aside[200];
  snprintf(aside, sizeof aside, "%s/aside", seam->endpoint.directory);
  assert_int_equal(rename(seam->endpoint.text, aside), 0);
  struct acceptor *second = seam_listen(seam);
  seam_end_acceptor(seam, first);
  assert_true(exists(seam->endpoint.text));
  seam_end_acceptor(seam, second);
  assert_false(exists(seam->endpoint.text));
  unlink(aside);
}

static void closing_leaves_a_file_that_is_no_socket(void **state) {
  struct seam *seam = *state;
  struct acceptor *acceptor = seam_listen(seam);
  assert_int_equal(unlink(seam->endpoint.text), 0);
  make_file(seam->endpoint.text);
  seam_end_acceptor(seam, acceptor);
  assert_true(exists(seam->endpoint.text));
}

/* A server that goes to another loop of this process. */
static struct acceptor *hand_over(struct seam *seam, struct acceptor *acceptor, bool with_file) {
  struct completion completion = {.owns_file = false};
  seam->operations->close_acceptor(seam->backend, acceptor, ENDING_DETACH);
  assert_true(exists(seam->endpoint.text));
  assert_int_equal(seam_next(seam, &completion), OPERATION_CLOSE_ACCEPTOR);
  assert_true(completion.owns_file);
  memset(acceptor, 0, seam->operations->acceptor_bytes);
  struct address name = {.kind = ADDRESS_NONE};
  struct listen_request request = {
      .address = &name, .native = completion.native, .backlog = 5, .owns_file = with_file && completion.owns_file};
  assert_int_equal(seam->operations->listen(seam->backend, acceptor, &request).code, WEIR_OK);
  assert_string_equal(name.text, seam->endpoint.text);
  return acceptor;
}

static void the_file_of_a_detached_server_goes_with_whoever_takes_it(void **state) {
  struct seam *seam = *state;
  struct acceptor *acceptor = hand_over(seam, seam_listen(seam), true);
  acceptor = hand_over(seam, acceptor, true);
  seam_end_acceptor(seam, acceptor);
  assert_false(exists(seam->endpoint.text));
  seam_end_acceptor(seam, hand_over(seam, seam_listen(seam), false));
  assert_true(exists(seam->endpoint.text));
}

static void the_file_of_servers_that_share_goes_with_the_last(void **state) {
  struct seam *seam = *state;
  struct acceptor *acceptors[] = {seam_listen(seam), seam_acceptor(seam)};
  struct address name = {.kind = ADDRESS_NONE};
  struct listen_request request = {.address = &name, .shared = acceptors[0]};
  assert_int_equal(seam->operations->listen(seam->backend, acceptors[1], &request).code, WEIR_OK);
  struct completion completion = {.owns_file = true};
  seam->operations->close_acceptor(seam->backend, acceptors[0], ENDING_DETACH);
  assert_int_equal(seam_next(seam, &completion), OPERATION_CLOSE_ACCEPTOR);
  assert_false(completion.owns_file);
  assert_int_equal(seam->operations->open(seam->backend, NULL, completion.native).code, WEIR_OK);
  seam_free(seam, acceptors[0]);
  assert_true(exists(seam->endpoint.text));
  seam_end_acceptor(seam, acceptors[1]);
  assert_false(exists(seam->endpoint.text));
}

static void a_file_that_was_bound_before_goes_with_the_server(void **state) {
  struct seam *seam = *state;
  struct acceptor *bound = seam_acceptor(seam);
  struct acceptor *acceptor = seam_acceptor(seam);
  struct address address = seam_address(seam, seam->endpoint.text);
  struct listen_request request = {.address = &address, .only_bind = true};
  assert_int_equal(seam->operations->listen(seam->backend, bound, &request).code, WEIR_OK);
  struct address name = {.kind = ADDRESS_NONE};
  request = (struct listen_request){.address = &name, .bound = bound, .backlog = 5};
  assert_int_equal(seam->operations->listen(seam->backend, acceptor, &request).code, WEIR_OK);
  seam_free(seam, bound);
  seam_end_acceptor(seam, acceptor);
  assert_false(exists(seam->endpoint.text));
}

static void a_path_may_be_as_long_as_the_system_allows(void **state) {
  struct seam *seam = *state;
  char path[sizeof((struct sockaddr_un *)NULL)->sun_path + 1];
  memset(path, 'x', sizeof path);
  size_t directory = strlen(seam->endpoint.directory);
  memcpy(path, seam->endpoint.directory, directory);
  path[directory] = '/';
  path[sizeof path - 1] = '\0';
  assert_int_equal(strlen(path), seam->operations->addresses.path_bytes);
  struct acceptor *acceptor = seam_acceptor(seam);
  assert_int_equal(seam_try_listen(seam, acceptor, path).code, WEIR_OK);
  assert_true(S_ISSOCK(look_at(path).st_mode));
  struct connection *client = seam_connection(seam);
  struct address address = seam_address(seam, path);
  seam->operations->connect(seam->backend, client, &(struct connect_request){.address = &address});
  assert_int_equal(seam_expect(seam, OPERATION_CONNECT, client), 0);
  seam_end(seam, client);
  seam_end_acceptor(seam, acceptor);
  assert_false(exists(path));
}

/* ---- abstract names ---- */

/* Whether somebody listens under exactly these bytes, asked without Weir. */
static bool is_abstract_name(const char *name) {
  struct sockaddr_un address = {.sun_family = AF_UNIX};
  memcpy(address.sun_path + 1, name, strlen(name));
  socklen_t length = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + 1 + strlen(name));
  int descriptor = socket(AF_UNIX, SOCK_STREAM, 0);
  bool there = connect(descriptor, (struct sockaddr *)&address, length) == 0;
  close(descriptor);
  return there;
}

static void abstract_names_go_by_their_length_and_leave_no_file(void **state) {
  struct seam *seam = *state;
  if (seam->operations->addresses.abstract_bytes == 0) seam_skip("this system has no abstract names");
  char name[sizeof seam->endpoint.text + 1];
  snprintf(name, sizeof name, "@%s", seam->endpoint.text);
  struct acceptor *first = seam_acceptor(seam);
  assert_int_equal(seam_try_listen(seam, first, name).code, WEIR_OK);
  assert_true(is_abstract_name(seam->endpoint.text));
  check_listen_fails(seam, name, WEIR_EADDRINUSE, EADDRINUSE, "live");
  struct acceptor *second = seam_acceptor(seam);
  struct address longer = seam_address(seam, name);
  longer.text[longer.length++] = '\0';
  struct listen_request request = {.address = &longer, .backlog = 5};
  assert_int_equal(seam->operations->listen(seam->backend, second, &request).code, WEIR_OK);
  assert_false(exists(seam->endpoint.text));
  seam_end_acceptor(seam, first);
  seam_end_acceptor(seam, second);
  check_connect_fails(seam, name, WEIR_ECONNREFUSED, ECONNREFUSED, "abstract");
}

/* ---- portable names ---- */

static void a_portable_name_is_a_socket_in_a_directory_of_this_user(void **state) {
  struct seam *seam = *state;
  char text[64];
  char path[128];
  snprintf(text, sizeof text, "ipc:weir-test-%ld", (long)getpid());
  snprintf(path, sizeof path, "/tmp/weir-%lu/weir-test-%ld.sock", (unsigned long)geteuid(), (long)getpid());
  struct acceptor *acceptor = seam_acceptor(seam);
  struct address address = seam_address(seam, text);
  struct listen_request request = {.address = &address, .backlog = 5};
  assert_int_equal(seam->operations->listen(seam->backend, acceptor, &request).code, WEIR_OK);
  assert_int_equal(address.kind, ADDRESS_PATH);
  assert_string_equal(address.text, path);
  assert_true(S_ISSOCK(look_at(path).st_mode));
  struct connection *client = seam_connection(seam);
  address = seam_address(seam, text);
  seam->operations->connect(seam->backend, client, &(struct connect_request){.address = &address});
  assert_int_equal(seam_expect(seam, OPERATION_CONNECT, client), 0);
  seam_end(seam, client);
  seam_end_acceptor(seam, acceptor);
}

/* Another user's number, so that nothing of this one is touched. */
enum { SOMEBODY = 2000000000 };

static void make_directory_of_somebody(char *path, size_t size, mode_t mode, uid_t owner) {
  long long somebody = SOMEBODY + getpid();
  faults_be_user(somebody);
  snprintf(path, size, "/tmp/weir-%lld", somebody);
  assert_int_equal(mkdir(path, mode), 0);
  assert_int_equal(chmod(path, mode), 0);
  if (owner != geteuid()) assert_int_equal(chown(path, owner, (gid_t)-1), 0);
}

static void a_directory_that_another_user_made_is_refused(void **state) {
  struct seam *seam = *state;
  char path[64];
  make_directory_of_somebody(path, sizeof path, 0700, geteuid());
  check_listen_fails(seam, "ipc:x", WEIR_EACCES, EACCES, "belongs to");
  check_connect_fails(seam, "ipc:x", WEIR_EACCES, EACCES, "belongs to");
  assert_int_equal(rmdir(path), 0);
}

static void a_directory_that_is_open_to_others_is_refused(void **state) {
  if (geteuid() != 0) seam_skip("only root can give a directory to somebody");
  char path[64];
  make_directory_of_somebody(path, sizeof path, 0710, (uid_t)(SOMEBODY + getpid()));
  check_listen_fails(*state, "ipc:x", WEIR_EACCES, EACCES, "open to others");
  assert_int_equal(chmod(path, 0700), 0);
  check_connect_fails(*state, "ipc:x", WEIR_ENOENT, ENOENT, "nothing is at that path");
  assert_int_equal(rmdir(path), 0);
}

static void what_is_no_directory_is_refused(void **state) {
  char path[64];
  make_directory_of_somebody(path, sizeof path, 0700, geteuid());
  assert_int_equal(rmdir(path), 0);
  assert_int_equal(symlink("/tmp", path), 0);
  check_listen_fails(*state, "ipc:x", WEIR_ENOTDIR, ENOTDIR, "not a directory");
  assert_int_equal(unlink(path), 0);
  check_connect_fails(*state, "ipc:x", WEIR_ENOENT, ENOENT, "nothing is at that path");
}

/* ---- exact errors of a connect ---- */

static void a_failed_connect_says_exactly_why(void **state) {
  struct seam *seam = *state;
  char path[200];
  check_connect_fails(seam, seam->endpoint.directory, WEIR_ECONNREFUSED, ECONNREFUSED, "not a socket");
  make_stale(seam->endpoint.text);
  check_connect_fails(seam, seam->endpoint.text, WEIR_ECONNREFUSED, ECONNREFUSED, "stale");
  unlink(seam->endpoint.text);
  check_connect_fails(seam, seam->endpoint.text, WEIR_ENOENT, ENOENT, "nothing is at that path");
  make_file(seam->endpoint.text);
  check_connect_fails(seam, seam->endpoint.text, WEIR_ECONNREFUSED, ECONNREFUSED, "not a socket");
  snprintf(path, sizeof path, "%s/s", seam->endpoint.text);
  check_connect_fails(seam, path, WEIR_ENOTDIR, ENOTDIR, NULL);
  unlink(seam->endpoint.text);
  int other = seam_native_socket(seam->endpoint.text, SOCK_DGRAM);
  check_connect_fails(seam, seam->endpoint.text, WEIR_EPROTO, EPROTOTYPE, "not a stream socket");
  close(other);
}

static void a_connect_that_is_forbidden_says_so(void **state) {
  struct seam *seam = *state;
  faults_fail(OS_CONNECT, 1, EACCES, 1);
  check_connect_fails(seam, seam->endpoint.text, WEIR_EACCES, EACCES, "permission");
  faults_fail(OS_SOCKET, 1, EMFILE, 1);
  check_connect_fails(seam, seam->endpoint.text, WEIR_EMFILE, EMFILE, "descriptors");
}

static void a_full_backlog_is_eagain_and_not_a_connection(void **state) {
  struct seam *seam = *state;
  int server = seam_native_socket(seam->endpoint.text, SOCK_STREAM);
  assert_int_equal(listen(server, 0), 0);
  struct connection *waiting = seam_connect(seam);
  assert_int_equal(seam_expect(seam, OPERATION_CONNECT, waiting), 0);
  check_connect_fails(seam, seam->endpoint.text, WEIR_EAGAIN, EAGAIN, "trying again");
  seam_end(seam, waiting);
  close(server);
}

int main(int argc, char **argv) {
  static const struct CMUnitTest cases[] = {
      SEAM_POSIX_CASE(a_stale_file_is_named_so_and_stays),
      SEAM_POSIX_CASE(a_live_server_is_named_so_also_when_its_backlog_is_full),
      SEAM_POSIX_CASE(a_file_in_the_way_is_named_so_and_stays),
      SEAM_POSIX_CASE(a_datagram_socket_in_the_way_is_not_called_stale),
      SEAM_POSIX_CASE(a_missing_directory_is_enoent),
      SEAM_POSIX_CASE(the_file_is_for_this_user_unless_asked_otherwise),
      SEAM_POSIX_CASE(the_mode_is_right_where_only_the_file_can_be_changed),
      SEAM_POSIX_CASE(a_file_whose_mode_cannot_be_set_is_removed_again),
      SEAM_POSIX_CASE(closing_removes_the_own_file_at_once),
      SEAM_POSIX_CASE(closing_leaves_the_file_of_somebody_else),
      SEAM_POSIX_CASE(closing_leaves_a_file_that_is_no_socket),
      SEAM_POSIX_CASE(the_file_of_a_detached_server_goes_with_whoever_takes_it),
      SEAM_POSIX_CASE(the_file_of_servers_that_share_goes_with_the_last),
      SEAM_POSIX_CASE(a_file_that_was_bound_before_goes_with_the_server),
      SEAM_POSIX_CASE(a_path_may_be_as_long_as_the_system_allows),
      SEAM_POSIX_CASE(abstract_names_go_by_their_length_and_leave_no_file),
      SEAM_POSIX_CASE(a_portable_name_is_a_socket_in_a_directory_of_this_user),
      SEAM_POSIX_CASE(a_directory_that_another_user_made_is_refused),
      SEAM_POSIX_CASE(a_directory_that_is_open_to_others_is_refused),
      SEAM_POSIX_CASE(what_is_no_directory_is_refused),
      SEAM_POSIX_CASE(a_failed_connect_says_exactly_why),
      SEAM_POSIX_CASE(a_connect_that_is_forbidden_says_so),
      SEAM_POSIX_CASE(a_full_backlog_is_eagain_and_not_a_connection),
  };
  return seam_main(argc, argv, NULL, cases, sizeof cases / sizeof cases[0]);
}
