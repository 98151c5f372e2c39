/* SPDX-License-Identifier: MIT */
/*
 * A small conversation on the Windows backend during which every system call fails in turn, each once. Whatever fails:
 * no crash, no handle and no block left over, nobody waits for ever. The same conversation must go well when transfers
 * are short, and when the system brings a packet for everything.
 */
#include <stdlib.h>
#include <string.h>

#include "support/os_faulty_win32.h"
#include "support/seam.h"
#include "win32/backend.h"

enum { MESSAGE_BYTES = 200000, TURNS_MAX = 200000 };

/* One side of the conversation. */
struct side {
  struct connection *connection; /* NULL: not there, or over */
  size_t received;
  bool ended;
  struct piece piece; /* what is still to be said */
};

/* The client says a message and ends; the server says it back and ends. */
struct conversation {
  struct seam seam;
  struct acceptor *acceptor;
  struct side client;
  struct side server;
  char message[MESSAGE_BYTES];
  weir_code failure; /* the first that was reported, or WEIR_OK */
};

/* ---- talking ---- */

static void say_rest(struct conversation *talk, struct side *side) {
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

static void say(struct conversation *talk, struct side *side) {
  struct seam *seam = &talk->seam;
  side->piece = (struct piece){talk->message, MESSAGE_BYTES};
  advance(side, seam->operations->write(seam->backend, side->connection, talk->message, MESSAGE_BYTES));
  say_rest(talk, side);
}

static void hear(struct conversation *talk, struct side *side, const struct completion *completion) {
  if (completion->result == COMPLETION_END) {
    side->ended = true;
    if (side == &talk->server) say(talk, side);
    return;
  }
  size_t count = (size_t)completion->result;
  assert_true(count > 0 && count <= MESSAGE_BYTES - side->received);
  assert_memory_equal(completion->bytes, talk->message + side->received, count);
  side->received += count;
}

static void meet(struct conversation *talk) {
  talk->server.connection = seam_connection(&talk->seam);
  talk->seam.operations->take(talk->seam.backend, talk->acceptor, talk->server.connection);
  talk->seam.operations->read(talk->seam.backend, talk->server.connection, true);
}

static void go_on(struct conversation *talk, enum operation operation, const struct completion *completion) {
  struct side *side = completion->connection == talk->client.connection ? &talk->client : &talk->server;
  if (operation == OPERATION_ACCEPT) meet(talk);
  if (operation == OPERATION_READ) hear(talk, side, completion);
  if (operation == OPERATION_CONNECT) {
    talk->seam.operations->read(talk->seam.backend, side->connection, true);
    say(talk, side);
  }
  if (operation == OPERATION_WRITE) {
    advance(side, (size_t)completion->result);
    say_rest(talk, side);
  }
}

static bool is_failure(const struct completion *completion) {
  return completion->result < 0 && completion->result != COMPLETION_END;
}

/* Until the client has heard the end, or somebody has heard of a failure. */
static void talk_on(struct conversation *talk) {
  struct seam *seam = &talk->seam;
  for (int turn = 0; !talk->client.ended && talk->failure == WEIR_OK; turn++) {
    assert_true(turn < TURNS_MAX);
    struct completion completion;
    enum operation operation = seam->operations->next(seam->backend, 100000000, &completion);
    if (operation == OPERATION_NONE) continue;
    if (!is_failure(&completion)) {
      go_on(talk, operation, &completion);
      continue;
    }
    talk->failure = (weir_code)completion.result;
    if (operation != OPERATION_CONNECT) continue;
    seam_free(seam, talk->client.connection);
    talk->client.connection = NULL;
  }
}

/* ---- beginning and ending ---- */

static void begin(struct conversation *talk) {
  struct seam *seam = &talk->seam;
  talk->acceptor = seam_acceptor(seam);
  struct outcome outcome = seam_listen_again(seam, talk->acceptor);
  if (outcome.code != WEIR_OK) {
    talk->failure = outcome.code;
    seam_free(seam, talk->acceptor);
    talk->acceptor = NULL;
    return;
  }
  seam->operations->accept(seam->backend, talk->acceptor, true);
  talk->client.connection = seam_connect(seam);
  talk_on(talk);
}

static void end(struct conversation *talk) {
  struct seam *seam = &talk->seam;
  int left = 0;
  struct connection *connections[] = {talk->client.connection, talk->server.connection};
  for (int i = 0; i < 2; i++) {
    if (connections[i] == NULL) continue;
    seam->operations->close(seam->backend, connections[i], ENDING_CLOSE);
    left++;
  }
  if (talk->acceptor != NULL) {
    seam->operations->close_acceptor(seam->backend, talk->acceptor, ENDING_CLOSE);
    left++;
  }
  while (left > 0) {
    struct completion completion;
    enum operation operation = seam_next(seam, &completion);
    assert_true(operation == OPERATION_CLOSE || operation == OPERATION_CLOSE_ACCEPTOR);
    seam_free(seam, completion.connection);
    left--;
  }
}

/* Everything from the creation to the end; what is left over fails the case. */
static void converse(struct conversation *talk) {
  struct seam *seam = &talk->seam;
  for (size_t i = 0; i < MESSAGE_BYTES; i++) talk->message[i] = (char)(i * 7 + i / 256);
  talk->failure = seam_create(seam);
  if (talk->failure == WEIR_OK) {
    begin(talk);
    end(talk);
    seam->operations->destroy(seam->backend);
    seam->backend = NULL;
  }
  assert_int_equal(faults_open_handles(), 0);
  assert_int_equal(faults_wrong_closes(), 0);
  assert_int_equal(seam->blocks, 0);
}

/* Opens the bench and takes its backend away, so that making one is part of the conversation. */
static struct conversation *open_conversation(void) {
  faults_reset();
  struct conversation *talk = calloc(1, sizeof *talk);
  assert_non_null(talk);
  seam_open(&talk->seam, &backend_iocp);
  talk->seam.backlog = 4; /* each waiting instance is three system calls of the sweep */
  talk->seam.operations->destroy(talk->seam.backend);
  talk->seam.backend = NULL;
  return talk;
}

static void close_conversation(struct conversation *talk) {
  faults_reset();
  seam_close(&talk->seam);
  free(talk);
}

/* ---- the sweep ---- */

/* Returns whether there was such a call. */
static bool check_call(size_t nth, unsigned long error) {
  struct conversation *talk = open_conversation();
  faults_fail(OS_ANY, nth, error, 1);
  converse(talk);
  bool struck = faults_failed() > 0;
  if (talk->failure == WEIR_OK && !(talk->client.ended && talk->client.received == MESSAGE_BYTES)) {
    fail_msg("call %u, %s: nobody was told", (unsigned)nth, faults_name(faults_last()));
  }
  close_conversation(talk);
  return struck;
}

static void check_sweep(unsigned long error) {
  size_t nth = 1;
  while (check_call(nth, error)) nth++;
  assert_true(nth > 40);
}

static void each_system_call_fails_once_with_a_plain_error(void **state) {
  (void)state;
  check_sweep(ERROR_IO_DEVICE);
}

static void each_system_call_fails_once_for_want_of_resources(void **state) {
  (void)state;
  check_sweep(ERROR_NO_SYSTEM_RESOURCES);
}

/* ---- what must not be noticed ---- */

static void check_unnoticed(struct conversation *talk) {
  converse(talk);
  assert_int_equal(talk->failure, WEIR_OK);
  assert_true(talk->client.ended && talk->client.received == MESSAGE_BYTES);
  close_conversation(talk);
}

static void short_transfers_lose_nothing(void **state) {
  (void)state;
  const size_t lengths[] = {50, 1000, 4096};
  for (size_t i = 0; i < sizeof lengths / sizeof *lengths; i++) {
    struct conversation *talk = open_conversation();
    faults_shorten(lengths[i]);
    check_unnoticed(talk);
  }
}

static void a_system_that_brings_a_packet_for_everything_is_understood(void **state) {
  (void)state;
  struct conversation *talk = open_conversation();
  faults_fail(OS_SKIP_PORT_ON_SUCCESS, 1, ERROR_INVALID_FUNCTION, FAULTS_FOREVER);
  check_unnoticed(talk);
}

/* ---- accepting without resources ---- */

static void a_server_without_instances_says_so_and_recovers(void **state) {
  (void)state;
  struct seam seam;
  seam_open(&seam, &backend_iocp);
  struct acceptor *acceptor = seam_acceptor(&seam);
  seam.backlog = 1;
  assert_int_equal(seam_listen_again(&seam, acceptor).code, WEIR_OK);
  seam.operations->accept(seam.backend, acceptor, true);
  struct connection *client = seam_connect(&seam);
  faults_fail(seam_is_tcp() ? OS_SOCKET_CREATE : OS_PIPE_CREATE, 1, ERROR_TOO_MANY_OPEN_FILES, FAULTS_FOREVER);
  struct connection *server = NULL;
  bool short_of_handles = false;
  for (int left = 3; left > 0; left--) {
    struct completion completion;
    enum operation operation = seam_next(&seam, &completion);
    if (operation == OPERATION_CONNECT || completion.result == 0) assert_int_equal(completion.result, 0);
    if (operation != OPERATION_ACCEPT) continue;
    if (completion.result == 0) {
      server = seam_connection(&seam);
      seam.operations->take(seam.backend, acceptor, server);
    } else {
      assert_int_equal(completion.result, WEIR_EMFILE);
      short_of_handles = true;
    }
  }
  assert_true(short_of_handles);
  faults_reset();
  seam.operations->accept(seam.backend, acceptor, true);
  struct connection *second = seam_connect(&seam);
  struct completion completion;
  assert_int_equal(seam_next(&seam, &completion), OPERATION_CONNECT);
  struct connection *second_server = seam_accept(&seam, acceptor);
  seam_end(&seam, client);
  seam_end(&seam, server);
  seam_end(&seam, second);
  seam_end(&seam, second_server);
  seam_end_acceptor(&seam, acceptor);
  seam_close(&seam);
  assert_int_equal(faults_open_handles(), 0);
}

/* ---- from one loop to another ---- */

/* Two loops, and a connection between two ends of the first. */
struct crossing {
  struct seam here;
  struct seam there;
  struct seam_pair pair;
};

static struct crossing *open_crossing(void) {
  faults_reset();
  struct crossing *crossing = calloc(1, sizeof *crossing);
  assert_non_null(crossing);
  seam_open(&crossing->here, &backend_iocp);
  seam_open(&crossing->there, &backend_iocp);
  crossing->here.backlog = 2;
  crossing->pair = seam_pair(&crossing->here);
  return crossing;
}

static void close_crossing(struct crossing *crossing) {
  faults_reset();
  seam_end(&crossing->here, crossing->pair.server);
  seam_close(&crossing->here);
  seam_close(&crossing->there);
  assert_int_equal(faults_open_handles(), 0);
  assert_int_equal(faults_wrong_closes(), 0);
  free(crossing);
}

/* The end that arrives, or NULL: then nobody wants what had left. */
static struct connection *arrive(struct seam *seam, const struct completion *completion) {
  if (completion->result < 0) return NULL;
  struct connection *connection = seam_connection(seam);
  if (seam->operations->open(seam->backend, connection, completion->native).code == WEIR_OK) return connection;
  seam->operations->open(seam->backend, NULL, completion->native);
  seam_free(seam, connection);
  return NULL;
}

/* Returns whether there was such a call. */
static bool check_crossing(size_t nth) {
  struct crossing *crossing = open_crossing();
  struct seam *here = &crossing->here;
  struct seam *there = &crossing->there;
  struct completion completion;
  here->operations->read(here->backend, crossing->pair.client, true);
  seam_expect_nothing(here);
  faults_reset();
  faults_fail(OS_ANY, nth, ERROR_NO_SYSTEM_RESOURCES, 1);
  here->operations->close(here->backend, crossing->pair.client, ENDING_DETACH);
  assert_int_equal(seam_next(here, &completion), OPERATION_CLOSE);
  seam_free(here, crossing->pair.client);
  struct connection *arrived = arrive(there, &completion);
  bool struck = faults_failed() > 0;
  faults_reset();
  if (arrived != NULL) {
    there->operations->read(there->backend, arrived, true);
    seam_send(here, crossing->pair.server, "hello");
    seam_expect_text(there, arrived, "hello");
    seam_end(there, arrived);
  }
  close_crossing(crossing);
  return struck;
}

/* Whatever fails, it arrives whole, or both loops have nothing of it any more. */
static void each_system_call_of_a_crossing_fails_once(void **state) {
  (void)state;
  size_t nth = 1;
  while (check_crossing(nth)) nth++;
  assert_true(nth > 5);
}

/* As above, of a server with a client that nobody has taken. */
static bool check_server_crossing(size_t nth) {
  struct crossing *crossing = open_crossing();
  struct seam *here = &crossing->here;
  struct seam *there = &crossing->there;
  struct completion completion;
  seam_end(here, crossing->pair.client);
  struct acceptor *acceptor = seam_listen(here);
  here->operations->accept(here->backend, acceptor, false);
  struct connection *client = seam_connect(here);
  assert_int_equal(seam_expect(here, OPERATION_CONNECT, client), 0);
  faults_reset();
  faults_fail(OS_ANY, nth, ERROR_NO_SYSTEM_RESOURCES, 1);
  here->operations->close_acceptor(here->backend, acceptor, ENDING_DETACH);
  assert_int_equal(seam_next(here, &completion), OPERATION_CLOSE_ACCEPTOR);
  seam_free(here, acceptor);
  struct acceptor *arrived = seam_acceptor(there);
  struct address address = {.kind = ADDRESS_NONE};
  struct listen_request request = {.address = &address, .native = completion.native, .backlog = 2};
  bool left = completion.result == 0;
  bool listens = left && there->operations->listen(there->backend, arrived, &request).code == WEIR_OK;
  if (left && !listens) there->operations->open(there->backend, NULL, completion.native);
  bool struck = faults_failed() > 0;
  faults_reset();
  if (listens) {
    there->operations->accept(there->backend, arrived, true);
    seam_end(there, seam_accept(there, arrived));
    seam_end_acceptor(there, arrived);
  } else {
    seam_free(there, arrived);
  }
  seam_end(here, client);
  close_crossing(crossing);
  return struck;
}

static void each_system_call_of_a_servers_crossing_fails_once(void **state) {
  (void)state;
  size_t nth = 1;
  while (check_server_crossing(nth)) nth++;
  assert_true(nth > 5);
}

int main(int argc, char **argv) {
  static const struct CMUnitTest cases[] = {
      cmocka_unit_test(each_system_call_fails_once_with_a_plain_error),
      cmocka_unit_test(each_system_call_fails_once_for_want_of_resources),
      cmocka_unit_test(short_transfers_lose_nothing),
      cmocka_unit_test(a_system_that_brings_a_packet_for_everything_is_understood),
      cmocka_unit_test(a_server_without_instances_says_so_and_recovers),
      cmocka_unit_test(each_system_call_of_a_crossing_fails_once),
      cmocka_unit_test(each_system_call_of_a_servers_crossing_fails_once),
  };
  return seam_main_everywhere(argc, argv, NULL, cases, sizeof cases / sizeof cases[0]);
}
