/* SPDX-License-Identifier: MIT */
/*
 * What only named pipes have: who may enter, clients of other libraries and what they understand of an end, servers of
 * other libraries, instances, and names.
 */
#include <stdlib.h>
#include <string.h>

#include "support/os_faulty_win32.h"
#include "support/seam.h"
#include "win32/backend.h"

/* cmocka's header wants others first, and this one wants windows.h. */
#include <aclapi.h>
#include <sddl.h>

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

/* ---- programs that do not use this library ---- */

static HANDLE enter(const struct seam *seam) {
  HANDLE pipe = CreateFileA(seam->endpoint.text, GENERIC_READ | GENERIC_WRITE, 0, NULL, OPEN_EXISTING, 0, NULL);
  assert_ptr_not_equal(pipe, INVALID_HANDLE_VALUE);
  return pipe;
}

static HANDLE serve(const struct seam *seam, DWORD type) {
  HANDLE pipe = CreateNamedPipeA(seam->endpoint.text, PIPE_ACCESS_DUPLEX, type, 1, 65536, 65536, 0, NULL);
  assert_ptr_not_equal(pipe, INVALID_HANDLE_VALUE);
  return pipe;
}

static void send_native(HANDLE pipe, const char *text) {
  DWORD count;
  assert_true(WriteFile(pipe, text, (DWORD)strlen(text), &count, NULL));
  assert_int_equal(count, strlen(text));
}

static void expect_native(HANDLE pipe, const char *text) {
  char bytes[64];
  DWORD count;
  assert_true(ReadFile(pipe, bytes, sizeof bytes, &count, NULL));
  assert_int_equal(count, strlen(text));
  assert_memory_equal(bytes, text, count);
}

static void expect_native_end(HANDLE pipe) {
  char byte;
  DWORD count;
  assert_false(ReadFile(pipe, &byte, 1, &count, NULL));
  assert_int_equal(GetLastError(), ERROR_BROKEN_PIPE);
}

static struct connection *connect_to_native(struct seam *seam) {
  struct connection *client = seam_connect(seam);
  assert_int_equal(seam_expect(seam, OPERATION_CONNECT, client), 0);
  return client;
}

/* ---- clients of other libraries ---- */

static void say_goodbye(struct seam *seam, struct acceptor *acceptor, const char *early) {
  HANDLE client = enter(seam);
  if (early[0] != '\0') send_native(client, early);
  struct connection *server = seam_accept(seam, acceptor);
  assert_int_equal(seam_can_half_close(seam, server), 0);
  seam_send(seam, server, "goodbye");
  seam->operations->shutdown(seam->backend, server);
  assert_int_equal(seam_expect(seam, OPERATION_SHUTDOWN, server), 0);
  expect_native(client, "goodbye");
  expect_native_end(client);
  seam->operations->read(seam->backend, server, true);
  if (early[0] != '\0') seam_expect_text(seam, server, early);
  assert_int_equal(seam_expect(seam, OPERATION_READ, server), COMPLETION_END);
  seam_end(seam, server);
  CloseHandle(client);
}

static void a_foreign_client_gets_the_last_words_and_the_end_two_hundred_times(void **state) {
  struct seam *seam = *state;
  struct acceptor *acceptor = seam_listen(seam);
  static char long_text[3000];
  memset(long_text, 'x', sizeof long_text - 1);
  for (int i = 0; i < 200; i++) say_goodbye(seam, acceptor, i % 3 == 0 ? "" : i % 3 == 1 ? "early" : long_text);
  seam_end_acceptor(seam, acceptor);
}

static void what_a_foreign_client_sent_while_we_read_comes_before_the_end(void **state) {
  struct seam *seam = *state;
  struct acceptor *acceptor = seam_listen(seam);
  HANDLE client = enter(seam);
  struct connection *server = seam_accept(seam, acceptor);
  seam->operations->read(seam->backend, server, true);
  seam_expect_nothing(seam);
  send_native(client, "one");
  send_native(client, "two");
  seam->operations->shutdown(seam->backend, server);
  assert_int_equal(seam_expect(seam, OPERATION_SHUTDOWN, server), 0);
  seam_expect_text(seam, server, "onetwo");
  assert_int_equal(seam_expect(seam, OPERATION_READ, server), COMPLETION_END);
  expect_native_end(client);
  seam_end(seam, server);
  CloseHandle(client);
  seam_end_acceptor(seam, acceptor);
}

static void a_foreign_end_mark_is_an_end_and_the_other_direction_goes_on(void **state) {
  struct seam *seam = *state;
  struct acceptor *acceptor = seam_listen(seam);
  HANDLE client = enter(seam);
  send_native(client, "request");
  send_native(client, "");
  struct connection *server = seam_accept(seam, acceptor);
  seam->operations->read(seam->backend, server, true);
  seam_expect_text(seam, server, "request");
  assert_int_equal(seam_expect(seam, OPERATION_READ, server), COMPLETION_END);
  seam_send(seam, server, "answer");
  expect_native(client, "answer");
  seam_end(seam, server);
  CloseHandle(client);
  seam_end_acceptor(seam, acceptor);
}

static void a_foreign_client_that_wrote_and_left_is_accepted_and_read(void **state) {
  struct seam *seam = *state;
  struct acceptor *acceptor = seam_listen(seam);
  HANDLE client = enter(seam);
  send_native(client, "fire and forget");
  CloseHandle(client);
  struct connection *server = seam_accept(seam, acceptor);
  seam->operations->read(seam->backend, server, true);
  seam_expect_text(seam, server, "fire and forget");
  assert_int_equal(seam_expect(seam, OPERATION_READ, server), COMPLETION_END);
  seam_end(seam, server);
  seam_end_acceptor(seam, acceptor);
}

static void a_close_overtakes_a_shutdown_towards_a_foreign_client(void **state) {
  struct seam *seam = *state;
  struct acceptor *acceptor = seam_listen(seam);
  HANDLE client = enter(seam);
  struct connection *server = seam_accept(seam, acceptor);
  seam->operations->read(seam->backend, server, true);
  seam->operations->shutdown(seam->backend, server);
  seam_end(seam, server);
  expect_native_end(client);
  CloseHandle(client);
  seam_end_acceptor(seam, acceptor);
}

/* ---- clients of this library ---- */

static void the_server_of_a_client_that_left_its_card_can_end_and_still_listen(void **state) {
  struct seam *seam = *state;
  struct seam_pair pair = seam_pair(seam);
  assert_int_equal(seam_can_half_close(seam, pair.server), 1);
  seam->operations->shutdown(seam->backend, pair.server);
  assert_int_equal(seam_expect(seam, OPERATION_SHUTDOWN, pair.server), 0);
  seam->operations->read(seam->backend, pair.client, true);
  assert_int_equal(seam_expect(seam, OPERATION_READ, pair.client), COMPLETION_END);
  seam->operations->read(seam->backend, pair.server, true);
  seam_carry(seam, pair.client, pair.server, "heard after the end");
  seam_end_pair(seam, pair);
}

static void many_short_writes_come_in_long_reads_and_the_end_behind_them(void **state) {
  enum { COUNT = 40, LENGTH = 300 };
  struct seam *seam = *state;
  struct seam_pair pair = seam_pair(seam);
  char text[LENGTH + 1] = {0};
  memset(text, 'z', LENGTH);
  for (int i = 0; i < COUNT; i++) seam_send(seam, pair.client, text);
  seam->operations->shutdown(seam->backend, pair.client);
  assert_int_equal(seam_expect(seam, OPERATION_SHUTDOWN, pair.client), 0);
  seam->operations->read(seam->backend, pair.server, true);
  assert_int_equal(seam_expect(seam, OPERATION_READ, pair.server), COUNT * LENGTH);
  assert_int_equal(seam_expect(seam, OPERATION_READ, pair.server), COMPLETION_END);
  seam_end_pair(seam, pair);
}

/* ---- servers of other libraries ---- */

static void a_byte_type_server_cannot_be_told_and_both_directions_stay_open(void **state) {
  struct seam *seam = *state;
  HANDLE server = serve(seam, PIPE_TYPE_BYTE);
  struct connection *client = connect_to_native(seam);
  assert_int_equal(seam_can_half_close(seam, client), 0);
  seam->operations->shutdown(seam->backend, client);
  assert_int_equal(seam_expect(seam, OPERATION_SHUTDOWN, client), WEIR_ENOTSUP);
  seam_send(seam, client, "still here");
  expect_native(server, "still here");
  static char long_text[3000];
  memset(long_text, 'y', sizeof long_text - 1);
  send_native(server, long_text);
  seam->operations->read(seam->backend, client, true);
  seam_expect_text(seam, client, long_text);
  CloseHandle(server);
  assert_int_equal(seam_expect(seam, OPERATION_READ, client), COMPLETION_END);
  seam_end(seam, client);
}

static void a_message_type_server_and_we_tell_each_other_of_the_end(void **state) {
  struct seam *seam = *state;
  HANDLE server = serve(seam, PIPE_TYPE_MESSAGE | PIPE_READMODE_MESSAGE);
  struct connection *client = connect_to_native(seam);
  assert_int_equal(seam_can_half_close(seam, client), 1);
  send_native(server, "hello");
  send_native(server, "");
  seam->operations->read(seam->backend, client, true);
  seam_expect_text(seam, client, "hello");
  assert_int_equal(seam_expect(seam, OPERATION_READ, client), COMPLETION_END);
  seam_send(seam, client, "bye");
  seam->operations->shutdown(seam->backend, client);
  assert_int_equal(seam_expect(seam, OPERATION_SHUTDOWN, client), 0);
  expect_native(server, "bye");
  expect_native(server, "");
  CloseHandle(server);
  seam_end(seam, client);
}

static void a_server_that_disconnects_is_a_reset_and_no_end(void **state) {
  struct seam *seam = *state;
  HANDLE server = serve(seam, PIPE_TYPE_MESSAGE);
  struct connection *client = connect_to_native(seam);
  seam->operations->read(seam->backend, client, true);
  seam_expect_nothing(seam);
  assert_true(DisconnectNamedPipe(server));
  assert_int_equal(seam_expect(seam, OPERATION_READ, client), WEIR_ECONNRESET);
  CloseHandle(server);
  seam_end(seam, client);
}

static void a_server_without_a_free_instance_is_busy(void **state) {
  struct seam *seam = *state;
  HANDLE server = serve(seam, PIPE_TYPE_MESSAGE);
  struct connection *first = connect_to_native(seam);
  struct connection *second = seam_connect(seam);
  assert_int_equal(seam_expect(seam, OPERATION_CONNECT, second), WEIR_EAGAIN);
  seam_free(seam, second);
  seam_end(seam, first);
  CloseHandle(server);
}

/* ---- names and instances ---- */

static void a_second_server_is_told_that_the_first_one_lives(void **state) {
  struct seam *seam = *state;
  struct acceptor *first = seam_listen(seam);
  struct acceptor *second = seam_acceptor(seam);
  struct outcome outcome = seam_try_listen(seam, second, seam->endpoint.text);
  assert_int_equal(outcome.code, WEIR_EADDRINUSE);
  assert_non_null(strstr(outcome.hint, "live server"));
  seam_free(seam, second);
  seam_end_acceptor(seam, first);
}

static void a_server_of_another_library_keeps_its_name(void **state) {
  struct seam *seam = *state;
  HANDLE server = serve(seam, PIPE_TYPE_MESSAGE);
  struct acceptor *acceptor = seam_acceptor(seam);
  /* Its only instance is taken, so that Windows says "busy"; Wine 8 as well. */
  assert_int_equal(seam_try_listen(seam, acceptor, seam->endpoint.text).code, WEIR_EADDRINUSE);
  seam_free(seam, acceptor);
  CloseHandle(server);
}

static void a_name_is_free_although_an_accepted_connection_lives_on(void **state) {
  struct seam *seam = *state;
  struct seam_pair old = seam_pair(seam);
  struct seam_pair young = seam_pair(seam);
  seam->operations->read(seam->backend, old.server, true);
  seam_carry(seam, old.client, old.server, "still talking");
  seam_end_pair(seam, old);
  seam_end_pair(seam, young);
}

static void clients_are_offered_in_the_order_in_which_they_came(void **state) {
  enum { COUNT = 4 };
  struct seam *seam = *state;
  static const char *const numbers[COUNT] = {"0", "1", "2", "3"};
  struct acceptor *acceptor = seam_listen(seam);
  HANDLE clients[COUNT];
  struct connection *servers[COUNT];
  for (int i = 0; i < COUNT; i++) {
    clients[i] = enter(seam);
    send_native(clients[i], numbers[i]);
  }
  for (int i = 0; i < COUNT; i++) servers[i] = seam_accept(seam, acceptor);
  for (int i = 0; i < COUNT; i++) {
    seam->operations->read(seam->backend, servers[i], true);
    seam_expect_text(seam, servers[i], numbers[i]);
    seam_end(seam, servers[i]);
    CloseHandle(clients[i]);
  }
  seam_end_acceptor(seam, acceptor);
}

/* Each comes as soon as it has been turned away, as clients do. */
static void a_burst_of_two_hundred_clients_gets_in(void **state) {
  enum { COUNT = 200 };
  struct seam *seam = *state;
  struct acceptor *acceptor = seam_listen(seam);
  struct address address = seam_address(seam, seam->endpoint.text);
  static struct connection *clients[COUNT];
  static struct connection *servers[COUNT];
  for (int i = 0; i < COUNT; i++) clients[i] = seam_connect(seam);
  int connected = 0;
  int accepted = 0;
  while (connected < COUNT || accepted < COUNT) {
    struct completion completion;
    if (seam_next(seam, &completion) == OPERATION_ACCEPT) {
      assert_int_equal(completion.result, 0);
      servers[accepted] = seam_connection(seam);
      seam->operations->take(seam->backend, acceptor, servers[accepted++]);
    } else if (completion.result == WEIR_EAGAIN) {
      struct connection *client = completion.connection;
      memset(client, 0, seam->operations->connection_bytes);
      seam->operations->connect(seam->backend, client, &(struct connect_request){.address = &address});
    } else {
      assert_int_equal(completion.result, 0);
      connected++;
    }
  }
  for (int i = 0; i < COUNT; i++) seam_end_pair(seam, (struct seam_pair){clients[i], servers[i]});
  seam_end_acceptor(seam, acceptor);
}

/* ---- who may enter ---- */

static void expect_access(struct seam *seam, bool readable_all, bool writable_all, const char *everyone) {
  struct acceptor *acceptor = seam_acceptor(seam);
  struct address address = seam_address(seam, seam->endpoint.text);
  struct listen_request request = {
      .address = &address, .backlog = 5, .readable_all = readable_all, .writable_all = writable_all};
  assert_int_equal(seam->operations->listen(seam->backend, acceptor, &request).code, WEIR_OK);
  seam->operations->accept(seam->backend, acceptor, true);
  HANDLE client = enter(seam);
  struct connection *server = seam_accept(seam, acceptor);
  HANDLE pipe = (HANDLE)seam_native(seam, server);
  PSECURITY_DESCRIPTOR descriptor;
  char *text;
  assert_int_equal(
      GetSecurityInfo(pipe, SE_KERNEL_OBJECT, DACL_SECURITY_INFORMATION, NULL, NULL, NULL, NULL, &descriptor), 0);
  assert_true(ConvertSecurityDescriptorToStringSecurityDescriptorA(descriptor, SDDL_REVISION_1,
                                                                   DACL_SECURITY_INFORMATION, &text, NULL));
  assert_int_equal(strncmp(text, "D:P(A;;FA;;;S-1-", 16), 0);
  assert_non_null(strstr(text, "(A;;FA;;;SY)"));
  const char *rest = strstr(text, "(A;;FA;;;SY)") + strlen("(A;;FA;;;SY)");
  assert_string_equal(rest, everyone);
  LocalFree(text);
  LocalFree(descriptor);
  CloseHandle(client);
  seam_end(seam, server);
  seam_end_acceptor(seam, acceptor);
}

static void only_the_user_and_the_system_may_enter_unless_told_otherwise(void **state) {
  expect_access(*state, false, false, "");
  expect_access(*state, true, false, "(A;;0x120181;;;WD)");
  expect_access(*state, false, true, "(A;;0x120182;;;WD)");
  expect_access(*state, true, true, "(A;;0x120183;;;WD)");
}

static void a_portable_name_holds_the_user(void **state) {
  struct seam *seam = *state;
  struct address address = seam_address(seam, "ipc:win32-pipe-test");
  struct address portable = address;
  struct listen_request request = {.address = &address, .backlog = 5};
  struct acceptor *acceptor = seam_acceptor(seam);
  assert_int_equal(seam->operations->listen(seam->backend, acceptor, &request).code, WEIR_OK);
  seam->operations->accept(seam->backend, acceptor, true);
  assert_int_equal(address.kind, ADDRESS_PIPE);
  assert_int_equal(strncmp(address.text, "\\\\.\\pipe\\weir-S-1-", 18), 0);
  struct connection *client = seam_connection(seam);
  seam->operations->connect(seam->backend, client, &(struct connect_request){.address = &portable});
  assert_int_equal(seam_expect(seam, OPERATION_CONNECT, client), 0);
  struct connection *server = seam_accept(seam, acceptor);
  seam_end_pair(seam, (struct seam_pair){client, server});
  seam_end_acceptor(seam, acceptor);
}

/* ---- other machines ---- */

static struct connection *connect_far_away(struct seam *seam) {
  struct address address = seam_address(seam, "\\\\weir-no-such-machine\\pipe\\x");
  struct connection *client = seam_connection(seam);
  seam->operations->connect(seam->backend, client, &(struct connect_request){.address = &address});
  return client;
}

static void a_machine_that_does_not_exist_cannot_be_reached(void **state) {
  struct seam *seam = *state;
  struct connection *client = connect_far_away(seam);
  assert_true(seam_expect(seam, OPERATION_CONNECT, client) < 0);
  seam_free(seam, client);
}

/* The thread that opens may outlast the loop; it must not touch it, and closes what it has. */
static void a_connect_to_another_machine_can_be_given_up(void **state) {
  struct seam *seam = *state;
  for (int i = 0; i < 20; i++) seam_end(seam, connect_far_away(seam));
}

/* ---- native handles ---- */

static void a_handle_that_is_no_pipe_or_not_overlapped_is_refused(void **state) {
  struct seam *seam = *state;
  struct connection *connection = seam_connection(seam);
  HANDLE event = CreateEventA(NULL, TRUE, FALSE, NULL);
  assert_int_equal(seam->operations->open(seam->backend, connection, 0x7ffffff0).code, WEIR_EBADF);
  assert_true(seam->operations->open(seam->backend, connection, (intptr_t)event).code < 0);
  CloseHandle(event);
  struct acceptor *acceptor = seam_listen(seam);
  HANDLE waiting = enter(seam);
  struct outcome outcome = seam->operations->open(seam->backend, connection, (intptr_t)waiting);
  assert_int_equal(outcome.code, WEIR_EINVAL);
  assert_non_null(strstr(outcome.hint, "overlapped"));
  seam_free(seam, connection);
  seam_end(seam, seam_accept(seam, acceptor));
  CloseHandle(waiting);
  seam_end_acceptor(seam, acceptor);
}

/* ---- from one loop to another ---- */

static void leave(struct seam *from, struct connection *connection, struct completion *completion) {
  from->operations->close(from->backend, connection, ENDING_DETACH);
  assert_int_equal(seam_next(from, completion), OPERATION_CLOSE);
  assert_ptr_equal(completion->connection, connection);
  seam_free(from, connection);
}

static struct connection *arrive(struct seam *to, intptr_t native) {
  struct connection *connection = seam_connection(to);
  assert_int_equal(to->operations->open(to->backend, connection, native).code, WEIR_OK);
  return connection;
}

static struct connection *hand_over(struct seam *from, struct connection *connection, struct seam *to) {
  struct completion completion;
  leave(from, connection, &completion);
  assert_int_equal(completion.result, 0);
  return arrive(to, completion.native);
}

/* One way in messages that are longer than the read which waits for them. */
static void talk_between(struct seam *one, struct connection *left, struct seam *other, struct connection *right) {
  static char text[3000];
  memset(text, 'm', sizeof text - 1);
  one->operations->read(one->backend, left, true);
  other->operations->read(other->backend, right, true);
  for (int i = 0; i < 20; i++) {
    seam_send(one, left, text);
    seam_expect_text(other, right, text);
    seam_send(other, right, "and back");
    seam_expect_text(one, left, "and back");
  }
}

static void both_ends_go_on_in_another_loop_and_still_tell_each_other_of_the_end(void **state) {
  struct seam *seam = *state;
  struct seam other;
  seam_open(&other, &backend_iocp);
  struct seam_pair pair = seam_pair(seam);
  seam->operations->read(seam->backend, pair.client, true);
  seam_expect_nothing(seam);
  pair.client = hand_over(seam, pair.client, &other);
  talk_between(seam, pair.server, &other, pair.client);
  pair.server = hand_over(seam, pair.server, &other);
  assert_int_equal(seam_can_half_close(&other, pair.server), 1);
  assert_int_equal(seam_can_half_close(&other, pair.client), 1);
  other.operations->read(other.backend, pair.server, true);
  seam_carry(&other, pair.client, pair.server, "both here");
  other.operations->shutdown(other.backend, pair.server);
  for (int left = 2; left > 0; left--) {
    struct completion completion;
    bool shut = seam_next(&other, &completion) == OPERATION_SHUTDOWN;
    assert_int_equal(completion.result, shut ? 0 : COMPLETION_END);
  }
  seam_end_pair(&other, pair);
  seam_close(&other);
}

static void bytes_and_the_end_that_were_read_and_not_told_go_along(void **state) {
  struct seam *seam = *state;
  struct seam other;
  seam_open(&other, &backend_iocp);
  struct seam_pair pair = seam_pair(seam);
  struct completion completion;
  seam->operations->read(seam->backend, pair.server, true);
  seam_expect_nothing(seam);
  seam_send(seam, pair.client, "early");
  leave(seam, pair.server, &completion);
  assert_int_equal(completion.result, 5);
  assert_memory_equal(completion.bytes, "early", 5);
  pair.server = arrive(&other, completion.native);
  other.operations->read(other.backend, pair.server, true);
  seam_expect_nothing(&other);
  seam->operations->shutdown(seam->backend, pair.client);
  assert_int_equal(seam_expect(seam, OPERATION_SHUTDOWN, pair.client), 0);
  leave(&other, pair.server, &completion);
  assert_int_equal(completion.result, 0);
  pair.server = arrive(seam, completion.native);
  seam->operations->read(seam->backend, pair.server, true);
  assert_int_equal(seam_expect(seam, OPERATION_READ, pair.server), COMPLETION_END);
  seam_end_pair(seam, pair);
  seam_close(&other);
}

/* The card must lie there all the time, or the server would take the client for a stranger. */
static void a_client_that_is_accepted_on_its_way_to_another_loop_is_known(void **state) {
  struct seam *seam = *state;
  struct seam other;
  seam_open(&other, &backend_iocp);
  struct acceptor *acceptor = seam_listen(seam);
  seam->operations->accept(seam->backend, acceptor, false);
  struct connection *client = seam_connect(seam);
  assert_int_equal(seam_expect(seam, OPERATION_CONNECT, client), 0);
  struct completion completion;
  leave(seam, client, &completion);
  seam->operations->accept(seam->backend, acceptor, true);
  struct connection *server = seam_accept(seam, acceptor);
  assert_int_equal(seam_can_half_close(seam, server), 1);
  assert_int_equal(completion.result, 0);
  client = arrive(&other, completion.native);
  seam_end(seam, server);
  seam_end(&other, client);
  seam_end_acceptor(seam, acceptor);
  seam_close(&other);
}

static struct acceptor *hand_server_over(struct seam *from, struct acceptor *acceptor, struct seam *to) {
  from->operations->close_acceptor(from->backend, acceptor, ENDING_DETACH);
  struct completion completion;
  assert_int_equal(seam_next(from, &completion), OPERATION_CLOSE_ACCEPTOR);
  assert_int_equal(completion.result, 0);
  seam_free(from, acceptor);
  struct acceptor *there = seam_acceptor(to);
  struct address address = {.kind = ADDRESS_NONE};
  struct listen_request request = {.address = &address, .native = completion.native, .backlog = 40};
  assert_int_equal(to->operations->listen(to->backend, there, &request).code, WEIR_OK);
  assert_int_equal(address.kind, ADDRESS_PIPE);
  assert_string_equal(address.text, from->endpoint.text);
  to->operations->accept(to->backend, there, true);
  return there;
}

/* Some have come before, some come while nobody serves, some after. */
static void no_client_is_lost_when_a_server_changes_its_loop(void **state) {
  enum { COUNT = 30 };
  struct seam *seam = *state;
  struct seam other;
  seam_open(&other, &backend_iocp);
  seam->backlog = 40;
  struct acceptor *acceptor = seam_listen(seam);
  seam->operations->accept(seam->backend, acceptor, false);
  HANDLE clients[COUNT];
  static struct connection *servers[COUNT];
  for (int i = 0; i < COUNT; i++) {
    clients[i] = enter(seam);
    send_native(clients[i], "x");
  }
  acceptor = hand_server_over(seam, acceptor, &other);
  for (int i = 0; i < COUNT; i++) servers[i] = seam_accept(&other, acceptor);
  for (int i = 0; i < COUNT; i++) {
    other.operations->read(other.backend, servers[i], true);
    seam_expect_text(&other, servers[i], "x");
    seam_send(&other, servers[i], "y");
    expect_native(clients[i], "y");
    seam_end(&other, servers[i]);
    CloseHandle(clients[i]);
  }
  HANDLE last = enter(seam);
  seam_end(&other, seam_accept(&other, acceptor));
  CloseHandle(last);
  seam_end_acceptor(&other, acceptor);
  seam_close(&other);
}

#define CASE(function) cmocka_unit_test_setup_teardown(function, set_up, tear_down)

int main(void) {
  const struct CMUnitTest cases[] = {
      CASE(a_foreign_client_gets_the_last_words_and_the_end_two_hundred_times),
      CASE(what_a_foreign_client_sent_while_we_read_comes_before_the_end),
      CASE(a_foreign_end_mark_is_an_end_and_the_other_direction_goes_on),
      CASE(a_foreign_client_that_wrote_and_left_is_accepted_and_read),
      CASE(a_close_overtakes_a_shutdown_towards_a_foreign_client),
      CASE(the_server_of_a_client_that_left_its_card_can_end_and_still_listen),
      CASE(many_short_writes_come_in_long_reads_and_the_end_behind_them),
      CASE(a_byte_type_server_cannot_be_told_and_both_directions_stay_open),
      CASE(a_message_type_server_and_we_tell_each_other_of_the_end),
      CASE(a_server_that_disconnects_is_a_reset_and_no_end),
      CASE(a_server_without_a_free_instance_is_busy),
      CASE(a_second_server_is_told_that_the_first_one_lives),
      CASE(a_server_of_another_library_keeps_its_name),
      CASE(a_name_is_free_although_an_accepted_connection_lives_on),
      CASE(clients_are_offered_in_the_order_in_which_they_came),
      CASE(a_burst_of_two_hundred_clients_gets_in),
      CASE(only_the_user_and_the_system_may_enter_unless_told_otherwise),
      CASE(a_portable_name_holds_the_user),
      CASE(a_machine_that_does_not_exist_cannot_be_reached),
      CASE(a_connect_to_another_machine_can_be_given_up),
      CASE(a_handle_that_is_no_pipe_or_not_overlapped_is_refused),
      CASE(both_ends_go_on_in_another_loop_and_still_tell_each_other_of_the_end),
      CASE(bytes_and_the_end_that_were_read_and_not_told_go_along),
      CASE(a_client_that_is_accepted_on_its_way_to_another_loop_is_known),
      CASE(no_client_is_lost_when_a_server_changes_its_loop),
  };
  return cmocka_run_group_tests(cases, NULL, NULL);
}
