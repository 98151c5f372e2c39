/* SPDX-License-Identifier: MIT */
/*
 * A backend on the bench; see seam.h.
 */
#include "support/seam.h"

#include <weir/server.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/base/memory.h"

/* How long something that must come may take, and how long one waits to see that nothing comes. */
#define PATIENCE_NS (20 * 1000000000ull)
#define MOMENT_NS (30 * 1000000ull)

/* CMocka gives a case no argument but its state, which does not exist before set_up. */
static const struct backend_operations *chosen;
static enum seam_network network;

static void *resize(void *user, void *block, size_t bytes) {
  struct seam *seam = user;
  if (bytes > 0 && seam->blocks_until_failure > 0 && --seam->blocks_until_failure == 0) return NULL;
  if (bytes == 0 && block != NULL) seam->blocks--;
  void *resized = memory_default.resize(memory_default.user, block, bytes);
  if (bytes > 0 && block == NULL && resized != NULL) seam->blocks++;
  return resized;
}

/* ---- the bench ---- */

weir_code seam_create(struct seam *seam) {
  struct backend_setup setup = {.allocator = &seam->allocator, .simulator = seam->sim};
  return seam->operations->create(&setup, &seam->backend);
}

void seam_open(struct seam *seam, const struct backend_operations *operations) {
  memset(seam, 0, sizeof *seam);
  seam->operations = operations;
  seam->allocator = (weir_allocator){.resize = resize, .user = seam};
  if (operations == &backend_sim) assert_int_equal(weir_sim_create(NULL, &seam->sim), WEIR_OK);
  assert_true(endpoint_make(&seam->endpoint));
  static const char *const anywhere[] = {[SEAM_IPV4] = "tcp:127.0.0.1:0", [SEAM_IPV6] = "tcp:[::1]:0"};
  seam->address = seam_address(seam, network == SEAM_LOCAL ? seam->endpoint.text : anywhere[network]);
  assert_int_equal(seam_create(seam), WEIR_OK);
}

void seam_close(struct seam *seam) {
  if (seam->backend != NULL) seam->operations->destroy(seam->backend);
  weir_sim_release(seam->sim);
  endpoint_remove(&seam->endpoint);
  assert_int_equal(seam->blocks, 0);
}

bool seam_is(const struct seam *seam, const char *name) { return strcmp(seam->operations->name, name) == 0; }

bool seam_is_tcp(void) { return network != SEAM_LOCAL; }

weir_code seam_nobody(void) { return seam_is_tcp() ? WEIR_ECONNREFUSED : WEIR_ENOENT; }

static void *get_part(struct seam *seam, size_t bytes) {
  void *part = memory_get_zeroed(&seam->allocator, bytes);
  assert_non_null(part);
  return part;
}

struct connection *seam_connection(struct seam *seam) {
  return get_part(seam, seam->operations->connection_bytes);
}

struct acceptor *seam_acceptor(struct seam *seam) {
  return get_part(seam, seam->operations->acceptor_bytes);
}

void seam_free(struct seam *seam, void *part) { memory_put(&seam->allocator, part); }

struct address seam_address(struct seam *seam, const char *text) {
  struct address address;
  struct address_failure failure;
  weir_code code = address_parse(&seam->operations->addresses, text, strlen(text), false, &address, &failure);
  assert_int_equal(code, WEIR_OK);
  return address;
}

/* ---- what comes ---- */

enum operation seam_next(struct seam *seam, struct completion *completion) {
  uint64_t deadline = seam->operations->now(seam->backend) + PATIENCE_NS;
  enum operation operation;
  do {
    operation = seam->operations->next(seam->backend, PATIENCE_NS, completion);
  } while (operation == OPERATION_NONE && seam->operations->now(seam->backend) < deadline);
  if (operation == OPERATION_NONE) fail_msg("nothing came");
  return operation;
}

ptrdiff_t seam_expect(struct seam *seam, enum operation operation, const struct connection *connection) {
  struct completion completion;
  assert_int_equal(seam_next(seam, &completion), operation);
  assert_ptr_equal(completion.connection, connection);
  return completion.result;
}

/* A backend may wake for what it alone has to do, but not again and again. */
void seam_expect_nothing(struct seam *seam) {
  for (int wakes = 0; wakes < 4; wakes++) {
    struct completion completion;
    uint64_t before = seam->operations->now(seam->backend);
    assert_int_equal(seam->operations->next(seam->backend, MOMENT_NS, &completion), OPERATION_NONE);
    if (seam->operations->now(seam->backend) - before >= MOMENT_NS) return;
  }
  fail_msg("woken for nothing");
}

/* ---- servers ---- */

static struct outcome listen_at(struct seam *seam, struct acceptor *acceptor, struct address *address) {
  struct listen_request request = {.address = address, .backlog = seam->backlog == 0 ? WEIR_BACKLOG : seam->backlog};
  return seam->operations->listen(seam->backend, acceptor, &request);
}

struct outcome seam_try_listen(struct seam *seam, struct acceptor *acceptor, const char *text) {
  struct address address = seam_address(seam, text);
  return listen_at(seam, acceptor, &address);
}

struct outcome seam_listen_again(struct seam *seam, struct acceptor *acceptor) {
  struct address address = seam->address;
  struct outcome outcome = listen_at(seam, acceptor, &address);
  if (outcome.code == WEIR_OK && address.kind == ADDRESS_IP) seam->address = address;
  return outcome;
}

struct acceptor *seam_listen(struct seam *seam) {
  struct acceptor *acceptor = seam_acceptor(seam);
  assert_int_equal(seam_listen_again(seam, acceptor).code, WEIR_OK);
  seam->operations->accept(seam->backend, acceptor, true);
  return acceptor;
}

struct connection *seam_accept(struct seam *seam, struct acceptor *acceptor) {
  struct completion completion;
  assert_int_equal(seam_next(seam, &completion), OPERATION_ACCEPT);
  assert_ptr_equal(completion.acceptor, acceptor);
  assert_int_equal(completion.result, 0);
  struct connection *connection = seam_connection(seam);
  seam->operations->take(seam->backend, acceptor, connection);
  return connection;
}

void seam_end_acceptor(struct seam *seam, struct acceptor *acceptor) {
  struct completion completion;
  seam->operations->close_acceptor(seam->backend, acceptor, ENDING_CLOSE);
  assert_int_equal(seam_next(seam, &completion), OPERATION_CLOSE_ACCEPTOR);
  assert_ptr_equal(completion.acceptor, acceptor);
  seam_free(seam, acceptor);
}

/* ---- connections ---- */

/* Nobody can be connected to at port 0, so one that was just given back stands for nobody. */
static void find_port(struct seam *seam) {
  if (seam->address.kind != ADDRESS_IP || seam->address.ip.port != 0) return;
  seam_end_acceptor(seam, seam_listen(seam));
}

struct connection *seam_connect(struct seam *seam) {
  find_port(seam);
  struct connection *connection = seam_connection(seam);
  struct connect_request request = {.address = &seam->address};
  seam->operations->connect(seam->backend, connection, &request);
  return connection;
}

/* A connect and its accept come in whichever order the system likes. */
struct seam_pair seam_pair(struct seam *seam) {
  struct acceptor *acceptor = seam_listen(seam);
  struct seam_pair pair = {.client = seam_connect(seam)};
  bool connected = false;
  while (pair.server == NULL || !connected) {
    struct completion completion;
    enum operation operation = seam_next(seam, &completion);
    assert_int_equal(completion.result, 0);
    if (operation == OPERATION_ACCEPT) {
      pair.server = seam_connection(seam);
      seam->operations->take(seam->backend, acceptor, pair.server);
    } else {
      assert_int_equal(operation, OPERATION_CONNECT);
      assert_ptr_equal(completion.connection, pair.client);
      connected = true;
    }
  }
  seam_end_acceptor(seam, acceptor);
  return pair;
}

bool seam_can_half_close(struct seam *seam, struct connection *connection) {
  bool can = false;
  assert_int_equal(seam->operations->control(seam->backend, connection, CONTROL_CAN_HALF_CLOSE, &can), WEIR_OK);
  return can;
}

intptr_t seam_native(struct seam *seam, struct connection *connection) {
  intptr_t native = -1;
  assert_int_equal(seam->operations->control(seam->backend, connection, CONTROL_NATIVE, &native), WEIR_OK);
  return native;
}

void seam_end(struct seam *seam, struct connection *connection) {
  seam->operations->close(seam->backend, connection, ENDING_CLOSE);
  assert_int_equal(seam_expect(seam, OPERATION_CLOSE, connection), 0);
  seam_free(seam, connection);
}

/* Reading is stopped first, because each end hears of the other's close. */
void seam_end_pair(struct seam *seam, struct seam_pair pair) {
  seam->operations->read(seam->backend, pair.server, false);
  seam->operations->read(seam->backend, pair.client, false);
  seam_end(seam, pair.server);
  seam_end(seam, pair.client);
}

/* A text under way from one end to the other. */
struct transfer {
  struct connection *from;
  struct connection *to;
  const char *text;
  size_t length;
  size_t sent;
  size_t received;
  struct piece piece; /* of the write that is under way */
  bool writing;
};

static void submit_rest(struct seam *seam, struct transfer *transfer) {
  if (transfer->writing || transfer->sent == transfer->length) return;
  transfer->piece = (struct piece){transfer->text + transfer->sent, transfer->length - transfer->sent};
  seam->operations->write_queue(seam->backend, transfer->from, &transfer->piece, 1);
  transfer->writing = true;
}

static void take_step(struct seam *seam, struct transfer *transfer) {
  struct completion completion;
  enum operation operation = seam_next(seam, &completion);
  assert_true(completion.result > 0);
  size_t count = (size_t)completion.result;
  if (operation == OPERATION_WRITE) {
    assert_true(transfer->writing && count <= transfer->piece.length);
    assert_ptr_equal(completion.connection, transfer->from);
    transfer->writing = false;
    transfer->sent += count;
  } else {
    assert_int_equal(operation, OPERATION_READ);
    assert_ptr_equal(completion.connection, transfer->to);
    assert_true(count <= transfer->length - transfer->received);
    assert_memory_equal(completion.bytes, transfer->text + transfer->received, count);
    transfer->received += count;
  }
}

static void carry(struct seam *seam, struct transfer *transfer) {
  transfer->length = strlen(transfer->text);
  if (transfer->from != NULL) {
    transfer->sent = seam->operations->write(seam->backend, transfer->from, transfer->text, transfer->length);
  } else {
    transfer->sent = transfer->length;
  }
  if (transfer->to == NULL) transfer->received = transfer->length;
  while (transfer->sent < transfer->length || transfer->received < transfer->length || transfer->writing) {
    submit_rest(seam, transfer);
    take_step(seam, transfer);
  }
}

void seam_send(struct seam *seam, struct connection *connection, const char *text) {
  struct transfer transfer = {.from = connection, .text = text};
  carry(seam, &transfer);
}

void seam_expect_text(struct seam *seam, struct connection *connection, const char *text) {
  struct transfer transfer = {.to = connection, .text = text};
  carry(seam, &transfer);
}

void seam_carry(struct seam *seam, struct connection *from, struct connection *to, const char *text) {
  struct transfer transfer = {.from = from, .to = to, .text = text};
  carry(seam, &transfer);
}

/* ---- suites ---- */

const struct backend_operations *seam_chosen(void) { return chosen; }

int seam_set_up(void **state) {
  struct seam *seam = calloc(1, sizeof *seam);
  if (seam == NULL) return -1;
  seam_open(seam, chosen);
  *state = seam;
  return 0;
}

int seam_tear_down(void **state) {
  seam_close(*state);
  free(*state);
  return 0;
}

void seam_skip(const char *reason) {
  print_message("skipped: %s\n", reason);
  skip();
}

/* A kernel may have no io_uring, and a sandbox may forbid it; whatever else is not there is a mistake. */
bool seam_is_refused(const struct backend_operations *operations) {
  if (strcmp(operations->name, "io_uring") != 0) return false;
  struct seam seam = {.operations = operations};
  seam.allocator = (weir_allocator){.resize = resize, .user = &seam};
  if (seam_create(&seam) != WEIR_ENOTSUP) {
    seam.operations->destroy(seam.backend);
    return false;
  }
  print_message("skipped: this kernel refuses io_uring\n");
  return true;
}

static bool is_asked_for(const char *name, int count, char **names) {
  for (int i = 1; i < count; i++) {
    if (strcmp(names[i], name) == 0) return true;
  }
  return count == 1;
}

/* Whether there is such a network here; says so when not. */
static bool has_network(const struct backend_operations *operations) {
  static const char *const names[] = {[SEAM_IPV4] = "TCP", [SEAM_IPV6] = "IPv6"};
  if (network == SEAM_LOCAL) return true;
  struct seam seam;
  seam_open(&seam, operations);
  struct acceptor *acceptor = seam_acceptor(&seam);
  bool has = seam_listen_again(&seam, acceptor).code == WEIR_OK;
  if (has) seam_end_acceptor(&seam, acceptor);
  if (!has) seam_free(&seam, acceptor);
  seam_close(&seam);
  if (!has) print_message("skipped: %s has no %s here\n", operations->name, names[network]);
  return has;
}

static int run_group(const struct CMUnitTest *cases, size_t count) {
  static const char *const suffixes[] = {[SEAM_LOCAL] = "", [SEAM_IPV4] = " over IPv4", [SEAM_IPV6] = " over IPv6"};
  char name[64];
  snprintf(name, sizeof name, "%s%s", chosen->name, suffixes[network]);
  return has_network(chosen) ? _cmocka_run_group_tests(name, cases, count, NULL, NULL) : 0;
}

int seam_main_tcp(int argc, char **argv, const struct backend_operations *simulator, const struct CMUnitTest *cases,
                  size_t count) {
  int failures = 0;
  for (network = SEAM_IPV4; network < SEAM_NETWORK_COUNT; network++) {
    failures += seam_main(argc, argv, simulator, cases, count);
  }
  network = SEAM_LOCAL;
  return failures > 0;
}

int seam_main_everywhere(int argc, char **argv, const struct backend_operations *simulator,
                         const struct CMUnitTest *cases, size_t count) {
  int failures = seam_main(argc, argv, simulator, cases, count);
  return seam_main_tcp(argc, argv, simulator, cases, count) + failures > 0;
}

int seam_main(int argc, char **argv, const struct backend_operations *simulator, const struct CMUnitTest *cases,
              size_t count) {
  int failures = 0;
  int runs = 0;
  bool at_end = false;
  for (size_t i = 0; !at_end; i++) {
    at_end = backends_of_the_system[i] == NULL;
    chosen = at_end ? simulator : backends_of_the_system[i];
    if (chosen == NULL || !is_asked_for(chosen->name, argc, argv) || seam_is_refused(chosen)) continue;
    failures += run_group(cases, count);
    runs++;
  }
  return failures > 0 || runs == 0;
}
