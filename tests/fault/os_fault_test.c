/* SPDX-License-Identifier: MIT */
/*
 * A small conversation on the POSIX backend during which every system call fails in turn, each once. Whatever fails: no
 * crash, no descriptor and no block left over, and whoever is told is told exactly that. The same conversation must go
 * well when every call is interrupted and every transfer moves a few bytes.
 */
#define _DEFAULT_SOURCE 1

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "support/os_faulty_posix.h"
#include "support/seam.h"

enum { MESSAGE_BYTES = 3000, PATIENCE = 20000 };

static const struct backend_operations *chosen;

/* One side of the conversation. */
struct side {
  struct connection *connection; /* NULL: not there, or over */
  size_t received;
  bool ended;
  struct piece piece; /* being written */
};

/* The client says a message and ends; the server says it back and ends. */
struct conversation {
  struct seam seam;
  const char *endpoint;
  struct acceptor *acceptor;
  struct side client;
  struct side server;
  char message[MESSAGE_BYTES];
  weir_code failure; /* the first that was reported */
  int native_code;
  bool told;      /* a failure was reported */
  bool cut_short; /* the server heard the end of a client whose connect has failed, and will say so */
};

static void note_failure(struct conversation *talk, ptrdiff_t code, int native_code) {
  if (talk->told) return;
  talk->told = true;
  talk->failure = (weir_code)code;
  talk->native_code = native_code;
}

/* ---- talking ---- */

static void write_rest(struct conversation *talk, struct side *side) {
  struct seam *seam = &talk->seam;
  if (side->piece.length > 0) {
    seam->operations->write_queue(seam->backend, side->connection, &side->piece, 1);
  } else {
    seam->operations->shutdown(seam->backend, side->connection);
  }
}

static void advance(struct side *side, size_t count) {
  side->piece.bytes = (const char *)side->piece.bytes + count;
  side->piece.length -= count;
}

static void begin_to_say(struct conversation *talk, struct side *side) {
  struct seam *seam = &talk->seam;
  side->piece = (struct piece){talk->message, MESSAGE_BYTES};
  advance(side, seam->operations->write(seam->backend, side->connection, talk->message, MESSAGE_BYTES / 2));
  write_rest(talk, side);
}

static void hear(struct conversation *talk, struct side *side, const struct completion *completion) {
  if (completion->result == COMPLETION_END) {
    side->ended = true;
    talk->cut_short = side == &talk->server && side->received == 0;
    if (talk->cut_short) return;
    assert_int_equal(side->received, MESSAGE_BYTES);
    if (side == &talk->server) begin_to_say(talk, side);
    return;
  }
  assert_true(completion->result > 0 && (size_t)completion->result <= MESSAGE_BYTES - side->received);
  assert_memory_equal(completion->bytes, talk->message + side->received, (size_t)completion->result);
  side->received += (size_t)completion->result;
}

static void begin(struct conversation *talk, struct side *side) {
  talk->seam.operations->read(talk->seam.backend, side->connection, true);
  if (side == &talk->client) begin_to_say(talk, side);
}

static void take_client(struct conversation *talk) {
  talk->server.connection = seam_connection(&talk->seam);
  talk->seam.operations->take(talk->seam.backend, talk->acceptor, talk->server.connection);
  begin(talk, &talk->server);
}

static void go_on(struct conversation *talk, enum operation operation, const struct completion *completion) {
  struct side *side = completion->connection == talk->client.connection ? &talk->client : &talk->server;
  switch (operation) {
    case OPERATION_CONNECT:
      begin(talk, side);
      break;
    case OPERATION_ACCEPT:
      take_client(talk);
      break;
    case OPERATION_READ:
      hear(talk, side, completion);
      break;
    case OPERATION_WRITE:
      advance(side, (size_t)completion->result);
      write_rest(talk, side);
      break;
    default:
      break;
  }
}

static bool is_failure(const struct completion *completion) {
  return completion->result < 0 && completion->result != COMPLETION_END;
}

/* Goes on until the client has heard everything, or somebody has heard of a failure that ends it. */
static void talk_on(struct conversation *talk) {
  struct seam *seam = &talk->seam;
  for (int turn = 0; !talk->client.ended; turn++) {
    assert_true(turn < PATIENCE);
    struct completion completion;
    enum operation operation = seam->operations->next(seam->backend, 100000000, &completion);
    if (is_failure(&completion)) note_failure(talk, completion.result, completion.native_code);
    if (operation == OPERATION_NONE) continue;
    if (operation == OPERATION_CONNECT && is_failure(&completion)) {
      seam_free(seam, talk->client.connection);
      talk->client.connection = NULL;
    }
    if (is_failure(&completion)) return;
    go_on(talk, operation, &completion);
  }
}

/* ---- beginning and ending ---- */

static void start(struct conversation *talk) {
  struct seam *seam = &talk->seam;
  struct address address = seam_address(seam, talk->endpoint);
  struct listen_request request = {.address = &address, .backlog = 5, .readable_all = true, .writable_all = true};
  talk->acceptor = seam_acceptor(seam);
  struct outcome outcome = seam->operations->listen(seam->backend, talk->acceptor, &request);
  if (outcome.code != WEIR_OK) {
    note_failure(talk, outcome.code, outcome.native_code);
    seam_free(seam, talk->acceptor);
    talk->acceptor = NULL;
    return;
  }
  seam->operations->accept(seam->backend, talk->acceptor, true);
  if (address.kind != ADDRESS_IP) address = seam_address(seam, talk->endpoint);
  talk->client.connection = seam_connection(seam);
  seam->operations->connect(seam->backend, talk->client.connection, &(struct connect_request){.address = &address});
  talk_on(talk);
}

static void end_all(struct conversation *talk) {
  struct seam *seam = &talk->seam;
  size_t closing = 0;
  struct connection *connections[] = {talk->client.connection, talk->server.connection};
  for (int i = 0; i < 2; i++) {
    if (connections[i] == NULL) continue;
    seam->operations->close(seam->backend, connections[i], ENDING_CLOSE);
    closing++;
  }
  if (talk->acceptor != NULL) {
    seam->operations->close_acceptor(seam->backend, talk->acceptor, ENDING_CLOSE);
    closing++;
  }
  for (int turn = 0; closing > 0; turn++) {
    assert_true(turn < PATIENCE);
    struct completion completion;
    enum operation operation = seam->operations->next(seam->backend, 100000000, &completion);
    if (is_failure(&completion)) note_failure(talk, completion.result, completion.native_code);
    if (operation == OPERATION_NONE) continue;
    assert_true(operation == OPERATION_CLOSE || operation == OPERATION_CLOSE_ACCEPTOR);
    assert_int_equal(completion.result, 0);
    closing--;
    seam_free(seam, completion.connection);
  }
}

/* Everything from the creation to the end; what is left over fails the case. */
static void converse(struct conversation *talk) {
  struct seam *seam = &talk->seam;
  long open_before = faults_open_descriptors();
  for (size_t i = 0; i < MESSAGE_BYTES; i++) talk->message[i] = (char)(i * 7 + i / 256);
  weir_code code = seam_create(seam);
  if (code == WEIR_OK) {
    start(talk);
    end_all(talk);
    seam->operations->wake(seam->backend);
    seam->operations->destroy(seam->backend);
    seam->backend = NULL;
  } else {
    note_failure(talk, code, 0);
  }
  assert_int_equal(faults_open_descriptors(), open_before);
  assert_int_equal(seam->blocks, 0);
  unlink(seam->endpoint.text);
}

static void open_conversation(struct conversation *talk, const char *endpoint) {
  faults_reset();
  memset(talk, 0, sizeof *talk);
  seam_open(&talk->seam, chosen);
  talk->seam.operations->destroy(talk->seam.backend);
  talk->seam.backend = NULL;
  talk->endpoint = endpoint != NULL ? endpoint : talk->seam.endpoint.text;
}

static void close_conversation(struct conversation *talk) {
  faults_reset();
  seam_close(&talk->seam);
}

/* ---- the sweep ---- */

static void check_sweep(const char *endpoint, int error, weir_code expected) {
  size_t failed = 0;
  size_t told = 0;
  for (size_t nth = 1;; nth++) {
    struct conversation talk;
    open_conversation(&talk, endpoint);
    faults_fail(OS_ANY, nth, error, 1);
    converse(&talk);
    bool struck = faults_failed() > 0;
    if (talk.told && (talk.failure != expected || (talk.native_code != 0 && talk.native_code != error))) {
      fail_msg("call %zu, %s: told %d (%d)", nth, faults_name(faults_last()), talk.failure, talk.native_code);
    }
    if (!talk.told) assert_true(talk.client.ended && !talk.cut_short);
    failed += struck;
    told += talk.told;
    close_conversation(&talk);
    if (!struck) break;
  }
  print_message("          %zu calls failed, %zu of them were told of\n", failed, told);
  assert_true(failed > 20 && told > 8);
}

static void each_system_call_fails_once_with_a_plain_error(void **state) {
  (void)state;
  check_sweep(NULL, EIO, WEIR_EIO);
}

static void each_system_call_fails_once_for_want_of_memory(void **state) {
  (void)state;
  check_sweep(NULL, ENOMEM, WEIR_ENOMEM);
}

static void each_system_call_fails_once_for_want_of_descriptors(void **state) {
  (void)state;
  check_sweep(NULL, EMFILE, WEIR_EMFILE);
}

static void each_system_call_of_tcp_fails_once(void **state) {
  (void)state;
  check_sweep("tcp:127.0.0.1:0", EIO, WEIR_EIO);
  check_sweep("tcp:127.0.0.1:0", ENOMEM, WEIR_ENOMEM);
  check_sweep("tcp:127.0.0.1:0", EMFILE, WEIR_EMFILE);
  check_sweep("tcp:[::1]:0", EIO, WEIR_EIO);
}

static void each_system_call_of_a_portable_name_fails_once(void **state) {
  (void)state;
  char endpoint[64];
  char path[128];
  snprintf(endpoint, sizeof endpoint, "ipc:weir-fault-%ld", (long)getpid());
  snprintf(path, sizeof path, "/tmp/weir-%lu/weir-fault-%ld.sock", (unsigned long)geteuid(), (long)getpid());
  size_t failed = 0;
  for (size_t nth = 1;; nth++) {
    struct conversation talk;
    open_conversation(&talk, endpoint);
    faults_fail(OS_ANY, nth, EIO, 1);
    converse(&talk);
    unlink(path);
    bool struck = faults_failed() > 0;
    if (talk.told) assert_int_equal(talk.failure, WEIR_EIO);
    close_conversation(&talk);
    if (!struck) break;
    failed++;
  }
  assert_true(failed > 20);
}

/* ---- what must not be noticed ---- */

static void check_unnoticed_over(const char *endpoint, size_t longest_transfer, size_t interruptions) {
  struct conversation talk;
  open_conversation(&talk, endpoint);
  faults_shorten(longest_transfer);
  faults_interrupt(interruptions);
  converse(&talk);
  assert_false(talk.told);
  assert_true(talk.client.ended && talk.server.ended);
  close_conversation(&talk);
}

static void check_unnoticed(size_t longest_transfer, size_t interruptions) {
  check_unnoticed_over(NULL, longest_transfer, interruptions);
  check_unnoticed_over("tcp:127.0.0.1:0", longest_transfer, interruptions);
}

static void short_transfers_lose_nothing(void **state) {
  (void)state;
  check_unnoticed(1000, 0);
  check_unnoticed(7, 0);
  check_unnoticed(4096, 0);
}

static void interruptions_lose_nothing(void **state) {
  (void)state;
  check_unnoticed(0, 1);
  check_unnoticed(0, 5);
  check_unnoticed(64, 2);
}

/* Each for ever, until the conversation is given up: it must end, and nothing be left. */
static void a_call_that_always_fails_ends_the_conversation(void **state) {
  (void)state;
  static const enum os_call calls[] = {OS_SOCKET, OS_BIND, OS_LISTEN, OS_CONNECT, OS_RECV, OS_SENDMSG, OS_SHUTDOWN};
  for (size_t i = 0; i < sizeof calls / sizeof calls[0]; i++) {
    struct conversation talk;
    open_conversation(&talk, NULL);
    faults_fail(calls[i], 1, EIO, FAULTS_FOREVER);
    converse(&talk);
    assert_true(talk.told);
    assert_int_equal(talk.failure, WEIR_EIO);
    close_conversation(&talk);
  }
}

static void a_send_that_always_fails_is_left_to_the_queue(void **state) {
  (void)state;
  struct conversation talk;
  open_conversation(&talk, NULL);
  faults_fail(OS_SEND, 1, EAGAIN, FAULTS_FOREVER);
  converse(&talk);
  assert_false(talk.told);
  assert_true(talk.client.ended);
  close_conversation(&talk);
}

/* ---- exact codes ---- */

static void check_code(enum os_call call, int error, weir_code expected) {
  struct conversation talk;
  open_conversation(&talk, NULL);
  faults_fail(call, 1, error, FAULTS_FOREVER);
  converse(&talk);
  assert_int_equal(talk.failure, expected);
  assert_true(talk.native_code == error || call == OS_SENDMSG);
  close_conversation(&talk);
}

static void every_errno_keeps_its_meaning(void **state) {
  (void)state;
  check_code(OS_RECV, ECONNRESET, WEIR_ECONNRESET);
  check_code(OS_RECV, ETIMEDOUT, WEIR_ETIMEDOUT);
  bool is_ring = strcmp(chosen->name, "io_uring") ==
                 0; /* there ENOBUFS means that the loop's buffers are in use, and EPROTOTYPE is macOS's */
  if (!is_ring) check_code(OS_RECV, ENOBUFS, WEIR_ENOBUFS);
  check_code(OS_SENDMSG, EPIPE, WEIR_EPIPE);
  check_code(OS_SENDMSG, ECONNRESET, WEIR_ECONNRESET);
  check_code(OS_SENDMSG, ENOBUFS, WEIR_ENOBUFS);
  if (!is_ring) check_code(OS_SENDMSG, EPROTOTYPE, WEIR_ECONNRESET);
  check_code(OS_CONNECT, ENOENT, WEIR_ENOENT);
  check_code(OS_CONNECT, ECONNREFUSED, WEIR_ECONNREFUSED);
  check_code(OS_CONNECT, ENAMETOOLONG, WEIR_ENAMETOOLONG);
  check_code(OS_CONNECT, ENOTSOCK, WEIR_ENOTSOCK);
  check_code(OS_CONNECT, ELOOP, WEIR_ELOOP);
  check_code(OS_CONNECT, ENOTDIR, WEIR_ENOTDIR);
  check_code(OS_CONNECT, EAGAIN, WEIR_EAGAIN);
  check_code(OS_BIND, EROFS, WEIR_EROFS);
  check_code(OS_BIND, ENOSPC, WEIR_ENOSPC);
  check_code(OS_BIND, EACCES, WEIR_EACCES);
  check_code(OS_LISTEN, EADDRINUSE, WEIR_EADDRINUSE);
  check_code(OS_SOCKET, ENFILE, WEIR_ENFILE);
  check_code(OS_SOCKET, EAFNOSUPPORT, WEIR_ENOTSUP);
  check_code(is_ring ? OS_URING_ACCEPTED : OS_ACCEPT, ENOBUFS, WEIR_ENOBUFS);
  check_code(OS_SHUTDOWN, 9999, WEIR_EUNKNOWN);
}

static void a_shutdown_that_finds_nobody_succeeds(void **state) {
  (void)state;
  struct conversation talk;
  open_conversation(&talk, NULL);
  faults_fail(OS_SHUTDOWN, 2, ENOTCONN, 1);
  talk.client.ended = false;
  assert_int_equal(seam_create(&talk.seam), WEIR_OK);
  struct seam_pair pair = seam_pair(&talk.seam);
  for (int i = 0; i < 2; i++) {
    struct connection *each = i == 0 ? pair.client : pair.server;
    talk.seam.operations->shutdown(talk.seam.backend, each);
    assert_int_equal(seam_expect(&talk.seam, OPERATION_SHUTDOWN, each), 0);
  }
  assert_int_equal(faults_failed(), 1);
  seam_end_pair(&talk.seam, pair);
  close_conversation(&talk);
}

/* A sandbox that forbids a poller must lead to the next one. */
static void a_forbidden_poller_is_not_supported(void **state) {
  (void)state;
  struct conversation talk;
  open_conversation(&talk, NULL);
  if (seam_is(&talk.seam, "epoll")) {
    faults_fail(OS_EPOLL_CREATE, 1, EPERM, 1);
    assert_int_equal(seam_create(&talk.seam), WEIR_ENOTSUP);
    faults_fail(OS_EPOLL_CREATE, 1, ENOSYS, 1);
    assert_int_equal(seam_create(&talk.seam), WEIR_ENOTSUP);
    talk.seam.backend = NULL;
  }
  if (seam_is(&talk.seam, "io_uring")) {
    static const int refusals[] = {EPERM, ENOSYS, EINVAL};
    for (size_t i = 0; i < sizeof refusals / sizeof refusals[0]; i++) {
      faults_fail(OS_URING_SETUP, 1, refusals[i], 1);
      assert_int_equal(seam_create(&talk.seam), WEIR_ENOTSUP);
      faults_fail(OS_URING_REGISTER, 1, refusals[i], 1);
      assert_int_equal(seam_create(&talk.seam), WEIR_ENOTSUP);
    }
    talk.seam.backend = NULL;
  }
  close_conversation(&talk);
}

static int run_on(const struct backend_operations *operations) {
  const struct CMUnitTest cases[] = {
      cmocka_unit_test(each_system_call_fails_once_with_a_plain_error),
      cmocka_unit_test(each_system_call_fails_once_for_want_of_memory),
      cmocka_unit_test(each_system_call_fails_once_for_want_of_descriptors),
      cmocka_unit_test(each_system_call_of_tcp_fails_once),
      cmocka_unit_test(each_system_call_of_a_portable_name_fails_once),
      cmocka_unit_test(short_transfers_lose_nothing),
      cmocka_unit_test(interruptions_lose_nothing),
      cmocka_unit_test(a_call_that_always_fails_ends_the_conversation),
      cmocka_unit_test(a_send_that_always_fails_is_left_to_the_queue),
      cmocka_unit_test(every_errno_keeps_its_meaning),
      cmocka_unit_test(a_shutdown_that_finds_nobody_succeeds),
      cmocka_unit_test(a_forbidden_poller_is_not_supported),
  };
  chosen = operations;
  return cmocka_run_group_tests_name(operations->name, cases, NULL, NULL);
}

int main(void) {
  int failures = 0;
  for (size_t i = 0; backends_of_the_system[i] != NULL; i++) {
    if (!seam_is_refused(backends_of_the_system[i])) failures += run_on(backends_of_the_system[i]);
  }
  return failures > 0;
}
