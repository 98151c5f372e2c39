/* SPDX-License-Identifier: MIT */
/*
 * Passing between real processes on Windows, at the seam: this program starts itself as a child, which does what it is
 * ordered through the channel and answers when it has. What holds within one process too, backend_passing_test.c shows.
 *
 * An order is a letter and a ticket, an answer likewise, always eleven bytes.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/passing.h"
#include "support/os_faulty_win32.h"
#include "support/seam.h"
#include "win32/backend.h"

#include <windows.h>

#define ORDER_BYTES 11
#define HANDLES_MAX 0x8000

/* One side: its loop, and its end of the channel. */
struct party {
  struct seam *seam;
  const struct passing_operations *passing;
  struct channel_end end;
  struct connection *stream;
  char heard[16 * ORDER_BYTES];
  size_t heard_bytes;
};

/* ---- words ---- */

static void say(struct party *party, char letter, const struct passing_ticket *ticket) {
  char text[ORDER_BYTES + 1];
  uint32_t number = 0;
  if (ticket != NULL) memcpy(&number, ticket->bytes, sizeof number);
  snprintf(text, sizeof text, "%c%010lu", letter, (unsigned long)number);
  seam_send(party->seam, party->stream, text);
}

/* More than one word may come at once. False: the channel has ended. */
static bool receive(struct party *party) {
  struct completion completion;
  party->seam->operations->read(party->seam->backend, party->stream, true);
  assert_int_equal(seam_next(party->seam, &completion), OPERATION_READ);
  assert_ptr_equal(completion.connection, party->stream);
  if (completion.result == COMPLETION_END) return false;
  assert_in_range(completion.result, 1, sizeof party->heard - party->heard_bytes);
  memcpy(party->heard + party->heard_bytes, completion.bytes, (size_t)completion.result);
  party->heard_bytes += (size_t)completion.result;
  party->seam->operations->read(party->seam->backend, party->stream, false);
  return true;
}

/* Waits for the other's word. False: the channel has ended. */
static bool hear(struct party *party, char *letter, struct passing_ticket *ticket) {
  char text[ORDER_BYTES + 1] = {0};
  while (party->heard_bytes < ORDER_BYTES) {
    if (!receive(party)) return false;
  }
  memcpy(text, party->heard, ORDER_BYTES);
  party->heard_bytes -= ORDER_BYTES;
  memmove(party->heard, party->heard + ORDER_BYTES, party->heard_bytes);
  uint32_t number = (uint32_t)strtoul(text + 1, NULL, 10);
  *letter = text[0];
  ticket->length = sizeof number;
  memcpy(ticket->bytes, &number, sizeof number);
  return true;
}

static struct passing_ticket expect(struct party *party, char letter) {
  struct passing_ticket ticket;
  char heard = 0;
  assert_true(hear(party, &heard, &ticket));
  assert_int_equal(heard, letter);
  return ticket;
}

static struct passing_ticket give(struct party *party, enum passing_kind kind, intptr_t native) {
  struct passing_ticket ticket;
  weir_code code = party->passing->give(party->seam->backend, party->end.passage, kind, native, &ticket);
  assert_int_equal(code, WEIR_OK);
  return ticket;
}

static weir_code try_take(struct party *party, enum passing_kind kind, const struct passing_ticket *ticket,
                          intptr_t *native) {
  return party->passing->take(party->seam->backend, party->end.passage, kind, ticket->bytes, ticket->length, native);
}

static intptr_t take(struct party *party, enum passing_kind kind, const struct passing_ticket *ticket) {
  intptr_t native;
  assert_int_equal(try_take(party, kind, ticket, &native), WEIR_OK);
  return native;
}

static void release(struct party *party, enum passing_kind kind, intptr_t native) {
  party->passing->release(party->seam->backend, kind, native);
}

/* ---- natives ---- */

static intptr_t detach(struct seam *seam, struct connection *connection) {
  struct completion completion;
  seam->operations->close(seam->backend, connection, ENDING_DETACH);
  assert_int_equal(seam_next(seam, &completion), OPERATION_CLOSE);
  assert_int_equal(completion.result, 0);
  seam_free(seam, connection);
  return completion.native;
}

static intptr_t detach_acceptor(struct seam *seam, struct acceptor *acceptor) {
  struct completion completion;
  seam->operations->close_acceptor(seam->backend, acceptor, ENDING_DETACH);
  assert_int_equal(seam_next(seam, &completion), OPERATION_CLOSE_ACCEPTOR);
  assert_int_equal(completion.result, 0);
  seam_free(seam, acceptor);
  return completion.native;
}

static struct connection *open_native(struct seam *seam, intptr_t native) {
  struct connection *connection = seam_connection(seam);
  assert_int_equal(seam->operations->open(seam->backend, connection, native).code, WEIR_OK);
  return connection;
}

static struct acceptor *listen_native(struct seam *seam, intptr_t native) {
  struct acceptor *acceptor = seam_acceptor(seam);
  struct address address = {.kind = ADDRESS_NONE};
  struct listen_request request = {.address = &address, .native = native, .backlog = 5};
  assert_int_equal(seam->operations->listen(seam->backend, acceptor, &request).code, WEIR_OK);
  seam->operations->accept(seam->backend, acceptor, true);
  return acceptor;
}

/* Hears a question and the end behind it, answers, and ends. */
static void answer(struct seam *seam, struct connection *connection) {
  seam->operations->read(seam->backend, connection, true);
  seam_expect_text(seam, connection, "question");
  assert_int_equal(seam_expect(seam, OPERATION_READ, connection), COMPLETION_END);
  assert_true(seam_can_half_close(seam, connection));
  seam_send(seam, connection, "answer");
  seam->operations->shutdown(seam->backend, connection);
  assert_int_equal(seam_expect(seam, OPERATION_SHUTDOWN, connection), 0);
  seam_end(seam, connection);
}

static void ask(struct seam *seam, struct connection *connection) {
  seam_send(seam, connection, "question");
  seam->operations->shutdown(seam->backend, connection);
  assert_int_equal(seam_expect(seam, OPERATION_SHUTDOWN, connection), 0);
}

static void hear_answer(struct seam *seam, struct connection *connection) {
  seam->operations->read(seam->backend, connection, true);
  seam_expect_text(seam, connection, "answer");
  assert_int_equal(seam_expect(seam, OPERATION_READ, connection), COMPLETION_END);
  seam_end(seam, connection);
}

/* ---- the child ---- */

/* The handles of this process, whoever has opened them. */
static uint32_t count_handles(void) {
  uint32_t count = 0;
  for (uintptr_t value = 4; value < HANDLES_MAX; value += 4) {
    DWORD flags;
    count += GetHandleInformation((HANDLE)value, &flags) != 0;
  }
  return count;
}

static void say_number(struct party *party, char letter, uint32_t number) {
  struct passing_ticket ticket = {.length = sizeof number};
  memcpy(ticket.bytes, &number, sizeof number);
  say(party, letter, &ticket);
}

static void answer_connection(struct party *child, const struct passing_ticket *ticket) {
  intptr_t native = take(child, PASSING_CONNECTION, ticket);
  say(child, 't', NULL);
  answer(child->seam, open_native(child->seam, native));
  say(child, 'd', NULL);
}

/* Uses it, and passes it back. */
static void return_connection(struct party *child, const struct passing_ticket *ticket) {
  struct connection *connection = open_native(child->seam, take(child, PASSING_CONNECTION, ticket));
  say(child, 't', NULL);
  seam_send(child->seam, connection, "was here");
  intptr_t native = detach(child->seam, connection);
  struct passing_ticket back = give(child, PASSING_CONNECTION, native);
  say(child, 'g', &back);
  expect(child, 't');
  release(child, PASSING_CONNECTION, native);
  say(child, 'd', NULL);
}

static void serve(struct party *child, const struct passing_ticket *ticket) {
  struct acceptor *acceptor = listen_native(child->seam, take(child, PASSING_ACCEPTOR, ticket));
  struct connection *clients[2];
  say(child, 't', NULL);
  for (int i = 0; i < 2; i++) clients[i] = seam_accept(child->seam, acceptor);
  for (int i = 0; i < 2; i++) answer(child->seam, clients[i]);
  intptr_t native = detach_acceptor(child->seam, acceptor);
  struct passing_ticket back = give(child, PASSING_ACCEPTOR, native);
  say(child, 'g', &back);
  expect(child, 't');
  release(child, PASSING_ACCEPTOR, native);
}

static void close_passage(struct party *child) {
  struct channel_end passage = {.stream = PASSING_NONE, .passage = child->end.passage};
  child->passing->close(child->seam->backend, &passage);
  child->end.passage = PASSING_NONE;
  say(child, 'd', NULL);
}

static void refuse(struct party *child, const struct passing_ticket *ticket) {
  intptr_t native;
  weir_code code = try_take(child, PASSING_CONNECTION, ticket, &native);
  if (code == WEIR_OK) release(child, PASSING_CONNECTION, native);
  say_number(child, 'r', (uint32_t)-code);
}

static bool obey(struct party *child) {
  char letter;
  struct passing_ticket ticket;
  if (!hear(child, &letter, &ticket)) return false;
  if (letter == 'C') answer_connection(child, &ticket);
  if (letter == 'R') return_connection(child, &ticket);
  if (letter == 'S') serve(child, &ticket);
  if (letter == 'F') refuse(child, &ticket);
  if (letter == 'N') say_number(child, 'n', count_handles());
  if (letter == 'P') close_passage(child);
  return true;
}

static int run_child(void) {
  struct seam seam;
  seam_open(&seam, &backend_iocp);
  struct party child = {.seam = &seam, .passing = seam.operations->passing};
  if (child.passing->inherit(seam.backend, &child.end) != WEIR_OK) return 2;
  struct channel_end again;
  if (child.passing->inherit(seam.backend, &again) != WEIR_ENOTCONN) return 3;
  child.stream = open_native(&seam, child.end.stream);
  while (obey(&child)) continue;
  struct channel_end passage = {.stream = PASSING_NONE, .passage = child.end.passage};
  child.passing->close(seam.backend, &passage);
  seam_end(&seam, child.stream);
  seam_close(&seam);
  return faults_wrong_closes() == 0 && faults_open_handles() == 0 ? 0 : 4;
}

/* ---- starting processes ---- */

static void start(const char *role, HANDLE *handles, DWORD count, PROCESS_INFORMATION *started) {
  char path[MAX_PATH];
  char command[MAX_PATH + 32];
  SIZE_T bytes = 0;
  GetModuleFileNameA(NULL, path, sizeof path);
  snprintf(command, sizeof command, "\"%s\" %s", path, role);
  InitializeProcThreadAttributeList(NULL, 1, 0, &bytes);
  STARTUPINFOEXA info = {.StartupInfo = {.cb = sizeof info}, .lpAttributeList = malloc(bytes)};
  assert_true(InitializeProcThreadAttributeList(info.lpAttributeList, 1, 0, &bytes));
  assert_true(UpdateProcThreadAttribute(info.lpAttributeList, 0, PROC_THREAD_ATTRIBUTE_HANDLE_LIST, handles,
                                        count * sizeof *handles, NULL, NULL));
  for (DWORD i = 0; i < count; i++) assert_true(SetHandleInformation(handles[i], HANDLE_FLAG_INHERIT, 1));
  assert_true(CreateProcessA(path, command, NULL, NULL, TRUE, EXTENDED_STARTUPINFO_PRESENT, NULL, NULL,
                             &info.StartupInfo, started));
  DeleteProcThreadAttributeList(info.lpAttributeList);
  free(info.lpAttributeList);
  CloseHandle(started->hThread);
}

/* Its own child gets all that it has, and does the talking. */
static int run_launcher(void) {
  char path[MAX_PATH];
  char command[MAX_PATH + 32];
  DWORD code = 1;
  PROCESS_INFORMATION started;
  STARTUPINFOA info = {.cb = sizeof info};
  GetModuleFileNameA(NULL, path, sizeof path);
  snprintf(command, sizeof command, "\"%s\" child", path);
  if (!CreateProcessA(path, command, NULL, NULL, TRUE, 0, NULL, NULL, &info, &started)) return 1;
  WaitForSingleObject(started.hProcess, INFINITE);
  GetExitCodeProcess(started.hProcess, &code);
  return (int)code;
}

struct parent {
  struct party party;
  HANDLE process;
  size_t open_before;
  uint32_t childs_handles;
};

static uint32_t ask_for_handles(struct parent *parent) {
  uint32_t number;
  say(&parent->party, 'N', NULL);
  struct passing_ticket ticket = expect(&parent->party, 'n');
  memcpy(&number, ticket.bytes, sizeof number);
  return number;
}

static void set_variable(const char *name, intptr_t native) {
  char value[32];
  snprintf(value, sizeof value, "%llu", (unsigned long long)native);
  SetEnvironmentVariableA(name, native == PASSING_NONE ? NULL : value);
}

static void begin(struct parent *parent, struct seam *seam, const char *role) {
  struct channel_end ends[2];
  PROCESS_INFORMATION started;
  *parent = (struct parent){.party = {.seam = seam, .passing = seam->operations->passing}};
  seam_end_pair(seam, seam_pair(seam)); /* what Winsock opens for itself stays open */
  parent->open_before = faults_open_handles();
  assert_int_equal(parent->party.passing->create(seam->backend, ends), WEIR_OK);
  HANDLE inherited[2] = {(HANDLE)ends[1].stream, (HANDLE)ends[1].passage};
  set_variable("WEIR_CHANNEL", ends[1].stream);
  set_variable("WEIR_CHANNEL_PASSAGE", ends[1].passage);
  start(role, inherited, 2, &started);
  set_variable("WEIR_CHANNEL", PASSING_NONE);
  set_variable("WEIR_CHANNEL_PASSAGE", PASSING_NONE);
  parent->process = started.hProcess;
  assert_int_equal(parent->party.passing->meet(seam->backend, &ends[0], (intptr_t)started.hProcess), WEIR_OK);
  parent->party.passing->close(seam->backend, &ends[1]);
  parent->party.end = ends[0];
  parent->party.stream = open_native(seam, ends[0].stream);
}

static DWORD end(struct parent *parent) {
  struct seam *seam = parent->party.seam;
  struct channel_end passage = {.stream = PASSING_NONE, .passage = parent->party.end.passage};
  DWORD code = 99;
  parent->party.passing->close(seam->backend, &passage);
  seam_end(seam, parent->party.stream);
  assert_int_equal(WaitForSingleObject(parent->process, 20000), WAIT_OBJECT_0);
  GetExitCodeProcess(parent->process, &code);
  CloseHandle(parent->process);
  assert_int_equal(faults_open_handles(), parent->open_before);
  assert_int_equal(faults_wrong_closes(), 0);
  return code;
}

/* ---- cases ---- */

static void hand_to_child(struct parent *parent, struct connection *connection) {
  intptr_t native = detach(parent->party.seam, connection);
  struct passing_ticket ticket = give(&parent->party, PASSING_CONNECTION, native);
  say(&parent->party, 'C', &ticket);
  expect(&parent->party, 't');
  release(&parent->party, PASSING_CONNECTION, native);
}

static void a_child_goes_on_with_either_end_of_a_connection(void **state) {
  struct parent parent;
  struct seam *seam = *state;
  begin(&parent, seam, "child");
  for (int i = 0; i < 6; i++) {
    struct seam_pair pair = seam_pair(seam);
    struct connection *stays = i % 2 == 0 ? pair.client : pair.server;
    struct connection *goes = i % 2 == 0 ? pair.server : pair.client;
    if (i % 3 == 0) ask(seam, stays);
    hand_to_child(&parent, goes);
    if (i % 3 != 0) ask(seam, stays);
    hear_answer(seam, stays);
    expect(&parent.party, 'd');
  }
  assert_int_equal(end(&parent), 0);
}

static void a_connection_that_comes_back_from_a_child_goes_on_here(void **state) {
  struct parent parent;
  struct seam *seam = *state;
  begin(&parent, seam, "child");
  for (int i = 0; i < 4; i++) {
    struct seam_pair pair = seam_pair(seam);
    struct connection *stays = i % 2 == 0 ? pair.client : pair.server;
    struct connection *goes = i % 2 == 0 ? pair.server : pair.client;
    intptr_t native = detach(seam, goes);
    struct passing_ticket ticket = give(&parent.party, PASSING_CONNECTION, native);
    say(&parent.party, 'R', &ticket);
    expect(&parent.party, 't');
    release(&parent.party, PASSING_CONNECTION, native);
    ticket = expect(&parent.party, 'g');
    struct connection *back = open_native(seam, take(&parent.party, PASSING_CONNECTION, &ticket));
    say(&parent.party, 't', NULL);
    expect(&parent.party, 'd');
    seam->operations->read(seam->backend, stays, true);
    seam_expect_text(seam, stays, "was here");
    seam->operations->read(seam->backend, stays, false);
    ask(seam, stays);
    answer(seam, back);
    hear_answer(seam, stays);
  }
  assert_int_equal(end(&parent), 0);
}

static void a_server_serves_in_a_child_and_comes_back(void **state) {
  struct parent parent;
  struct seam *seam = *state;
  begin(&parent, seam, "child");
  struct acceptor *acceptor = seam_listen(seam);
  seam->operations->accept(seam->backend, acceptor, false);
  struct connection *clients[3];
  clients[0] = seam_connect(seam);
  assert_int_equal(seam_expect(seam, OPERATION_CONNECT, clients[0]), 0);
  intptr_t native = detach_acceptor(seam, acceptor);
  struct passing_ticket ticket = give(&parent.party, PASSING_ACCEPTOR, native);
  say(&parent.party, 'S', &ticket);
  expect(&parent.party, 't');
  release(&parent.party, PASSING_ACCEPTOR, native);
  clients[1] = seam_connect(seam);
  assert_int_equal(seam_expect(seam, OPERATION_CONNECT, clients[1]), 0);
  for (int i = 0; i < 2; i++) ask(seam, clients[i]);
  for (int i = 0; i < 2; i++) hear_answer(seam, clients[i]);
  ticket = expect(&parent.party, 'g');
  clients[2] = seam_connect(seam);
  assert_int_equal(seam_expect(seam, OPERATION_CONNECT, clients[2]), 0);
  acceptor = listen_native(seam, take(&parent.party, PASSING_ACCEPTOR, &ticket));
  struct connection *server = seam_accept(seam, acceptor);
  ask(seam, clients[2]);
  answer(seam, server);
  hear_answer(seam, clients[2]);
  seam_end_acceptor(seam, acceptor); /* although the child has it still */
  say(&parent.party, 't', NULL);
  assert_int_equal(end(&parent), 0);
}

static void what_a_child_does_not_want_leaves_nothing_with_it(void **state) {
  struct parent parent;
  struct seam *seam = *state;
  begin(&parent, seam, "child");
  struct seam_pair pair = seam_pair(seam);
  intptr_t native = detach(seam, pair.server);
  uint32_t handles = 0;
  for (int i = 0; i < 40; i++) {
    struct passing_ticket ticket = give(&parent.party, PASSING_CONNECTION, native);
    say(&parent.party, 'F', &ticket);
    expect(&parent.party, 'r');
    if (i == 10) handles = ask_for_handles(&parent);
  }
  assert_int_equal(ask_for_handles(&parent), handles);
  for (int i = 0; i < 10; i++) give(&parent.party, PASSING_CONNECTION, native);
  assert_true(ask_for_handles(&parent) > handles);
  say(&parent.party, 'P', NULL);
  expect(&parent.party, 'd');
  assert_true(ask_for_handles(&parent) <= handles);
  struct connection *again = open_native(seam, native);
  seam->operations->read(seam->backend, again, true);
  seam_carry(seam, pair.client, again, "still here");
  seam_end_pair(seam, (struct seam_pair){pair.client, again});
  assert_int_equal(end(&parent), 0);
}

static void a_child_that_dies_with_handles_under_way_takes_none_along(void **state) {
  struct seam *seam = *state;
  for (int i = 0; i < 10; i++) {
    struct parent parent;
    begin(&parent, seam, "child");
    struct seam_pair pair = seam_pair(seam);
    intptr_t native = detach(seam, pair.server);
    for (int given = 0; given < i; given++) give(&parent.party, PASSING_CONNECTION, native);
    if (i % 2 == 0) ask_for_handles(&parent);
    TerminateProcess(parent.process, 77);
    assert_int_equal(WaitForSingleObject(parent.process, 20000), WAIT_OBJECT_0);
    seam->operations->read(seam->backend, parent.party.stream, true);
    assert_int_equal(seam_expect(seam, OPERATION_READ, parent.party.stream), COMPLETION_END);
    struct passing_ticket ticket; /* whether the system says that nobody is there any more does not matter */
    parent.party.passing->give(seam->backend, parent.party.end.passage, PASSING_CONNECTION, native, &ticket);
    struct connection *again = open_native(seam, native);
    seam->operations->read(seam->backend, again, true);
    seam_carry(seam, pair.client, again, "still here");
    seam_end_pair(seam, (struct seam_pair){pair.client, again});
    assert_int_equal(end(&parent), 77);
  }
}

static void a_child_of_the_child_is_given_nothing(void **state) {
  struct parent parent;
  struct seam *seam = *state;
  begin(&parent, seam, "launcher");
  ask_for_handles(&parent);
  struct seam_pair pair = seam_pair(seam);
  intptr_t native = detach(seam, pair.server);
  struct passing_ticket ticket;
  weir_code code =
      parent.party.passing->give(seam->backend, parent.party.end.passage, PASSING_CONNECTION, native, &ticket);
  assert_int_equal(code, WEIR_EACCES);
  struct connection *again = open_native(seam, native);
  seam_end_pair(seam, (struct seam_pair){pair.client, again});
  assert_int_equal(end(&parent), 0);
}

/* ---- the system fails ---- */

/* What two parties do whose every call into the system may fail. */
static void try_to_carry(struct seam *seam, enum passing_kind kind, intptr_t native) {
  const struct passing_operations *passing = seam->operations->passing;
  struct channel_end ends[2];
  struct passing_ticket ticket;
  intptr_t there;
  if (passing->create(seam->backend, ends) != WEIR_OK) return;
  for (int from = 0; from < 2; from++) {
    weir_code code = passing->give(seam->backend, ends[from].passage, kind, native, &ticket);
    if (code != WEIR_OK) continue;
    code = passing->take(seam->backend, ends[1 - from].passage, kind, ticket.bytes, ticket.length, &there);
    if (code == WEIR_OK) passing->release(seam->backend, kind, there);
  }
  for (int i = 0; i < 2; i++) passing->close(seam->backend, &ends[i]);
}

static void try_to_duplicate(struct seam *seam, struct connection *connection) {
  intptr_t native;
  const struct passing_operations *passing = seam->operations->passing;
  weir_code code = passing->duplicate_connection(seam->backend, connection, &native);
  if (code == WEIR_OK) passing->release(seam->backend, PASSING_CONNECTION, native);
}

/* Lets the n-th call fail; false: there were not so many. */
static bool carry_with_fault(struct seam *seam, struct connection *stays, enum passing_kind kind, intptr_t native,
                             enum os_call call, size_t nth) {
  size_t open = faults_open_handles();
  faults_reset();
  faults_fail(call, nth, ERROR_NO_SYSTEM_RESOURCES, 1);
  try_to_carry(seam, kind, native);
  try_to_duplicate(seam, stays);
  bool failed = faults_failed() > 0;
  if (faults_open_handles() != open) fail_msg("%s has left handles", faults_name(faults_last()));
  faults_reset();
  return failed;
}

static void whichever_call_fails_nothing_stays_behind(void **state) {
  struct seam *seam = *state;
  struct seam_pair goes = seam_pair(seam);
  struct seam_pair stays = seam_pair(seam);
  struct acceptor *acceptor = seam_acceptor(seam);
  assert_int_equal(seam_listen_again(seam, acceptor).code, WEIR_OK);
  struct connection *waits = seam_connect(seam);
  assert_int_equal(seam_expect(seam, OPERATION_CONNECT, waits), 0);
  intptr_t native = detach(seam, goes.server);
  intptr_t server = detach_acceptor(seam, acceptor);
  size_t calls = 0;
  while (carry_with_fault(seam, stays.server, PASSING_CONNECTION, native, OS_ANY, calls + 1)) calls++;
  assert_in_range(calls, 10, 200);
  for (enum os_call call = 0; call < OS_CALL_COUNT; call++) {
    if (call == OS_CLOSE || call == OS_SOCKET_CLOSE) continue;
    size_t nth = 1;
    while (nth < 8 && carry_with_fault(seam, stays.server, PASSING_ACCEPTOR, server, call, nth)) nth++;
  }
  acceptor = listen_native(seam, server);
  struct connection *met = seam_accept(seam, acceptor);
  seam_end_acceptor(seam, acceptor);
  seam_end_pair(seam, (struct seam_pair){waits, met});
  seam_end_pair(seam, (struct seam_pair){goes.client, open_native(seam, native)});
  seam_end_pair(seam, stays);
}

int main(int argc, char **argv) {
  if (argc > 1 && strcmp(argv[1], "child") == 0) return run_child();
  if (argc > 1 && strcmp(argv[1], "launcher") == 0) return run_launcher();
  static const struct CMUnitTest cases[] = {
      SEAM_CASE(a_child_goes_on_with_either_end_of_a_connection),
      SEAM_CASE(a_connection_that_comes_back_from_a_child_goes_on_here),
      SEAM_CASE(a_server_serves_in_a_child_and_comes_back),
      SEAM_CASE(what_a_child_does_not_want_leaves_nothing_with_it),
      SEAM_CASE(a_child_that_dies_with_handles_under_way_takes_none_along),
      SEAM_CASE(a_child_of_the_child_is_given_nothing),
      SEAM_CASE(whichever_call_fails_nothing_stays_behind),
  };
  return seam_main_everywhere(argc, argv, NULL, cases, sizeof cases / sizeof cases[0]);
}
