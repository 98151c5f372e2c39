/* SPDX-License-Identifier: MIT */
/*
 * Options of TCP connections: what is asked for at any time reaches the system once, when there is a connection, and
 * later only when it changes. The cases look at what is told below: the loop's backend is replaced by one that notes
 * every option, can refuse them, and else does what the real one does.
 */
#include "support/pair.h"

#include <stdio.h>

#include "common/loop/loop.h"

/* ---- what is told below ----------------------------------------------------------------------------------------- */

static struct {
  struct backend_operations operations;
  const struct backend_operations *real;
  char told[256]; /* "no-delay(1) keep-alive(1 3 1 10)" */
  weir_code refusal;
} spy;

static bool is_option(enum control control) {
  return control == CONTROL_NO_DELAY || control == CONTROL_KEEP_ALIVE || control == CONTROL_TYPE_OF_SERVICE ||
         control == CONTROL_LINGER;
}

static void note(enum control control, const void *argument) {
  size_t length = strlen(spy.told);
  char *end = spy.told + length;
  size_t room = sizeof spy.told - length;
  const char *blank = length == 0 ? "" : " ";
  if (control == CONTROL_NO_DELAY) {
    snprintf(end, room, "%sno-delay(%d)", blank, *(const bool *)argument);
  } else if (control == CONTROL_KEEP_ALIVE) {
    const struct keep_alive *given = argument;
    snprintf(end, room, "%skeep-alive(%d %d %d %d)", blank, given->wanted, given->delay_s, given->interval_s,
             given->count);
  } else {
    const char *name = control == CONTROL_LINGER ? "linger" : "type";
    snprintf(end, room, "%s%s(%d)", blank, name, *(const int *)argument);
  }
}

static weir_code control_noted(struct backend *backend, struct connection *connection, enum control control,
                               void *argument) {
  if (is_option(control)) {
    note(control, argument);
    if (spy.refusal != WEIR_OK) return spy.refusal;
  }
  return spy.real->control(backend, connection, control, argument);
}

static void begin_spying(struct world *world) {
  spy.real = world->loop->operations;
  spy.operations = *spy.real;
  spy.operations.control = control_noted;
  spy.told[0] = '\0';
  spy.refusal = WEIR_OK;
  world->loop->operations = &spy.operations;
}

static void expect_told(const char *expected) {
  assert_string_equal(spy.told, expected);
  spy.told[0] = '\0';
}

static struct world_pair open_spied(struct world *world, const weir_server_options *server,
                                    const weir_socket_options *client) {
  begin_spying(world);
  return pair_open_with(world, &(struct world_pair_options){.server = server, .client = client});
}

static weir_keep_alive probe(uint64_t delay_ms, uint64_t interval_ms, int count) {
  weir_keep_alive keep_alive = weir_keep_alive_default();
  keep_alive.enabled = true;
  keep_alive.delay_ms = delay_ms;
  keep_alive.interval_ms = interval_ms;
  keep_alive.count = count;
  return keep_alive;
}

static weir_code set_keep_alive(weir_socket *socket, uint64_t delay_ms) {
  weir_keep_alive keep_alive = probe(delay_ms, 0, 0);
  return weir_socket_set_keep_alive(socket, &keep_alive);
}

/* ---- when it is told -------------------------------------------------------------------------------------------- */

static void without_options_nothing_is_told(struct world *world) {
  struct world_pair pair = open_spied(world, NULL, NULL);
  assert_int_equal(weir_socket_set_no_delay(pair.client, false), WEIR_OK);
  assert_int_equal(weir_socket_set_linger(pair.client, -1), WEIR_OK);
  weir_keep_alive none = weir_keep_alive_default();
  assert_int_equal(weir_socket_set_keep_alive(pair.client, &none), WEIR_OK);
  pair_end(world, &pair);
  expect_told("");
}

static void note_told_on(const weir_event *event, void *user) {
  world_note(user, "told", "%s%s", weir_event_name(event->type), spy.told[0] == '\0' ? "" : " after options");
}

static weir_socket_options every_option(void) {
  weir_socket_options options = weir_socket_options_default();
  options.no_delay = true;
  options.keep_alive = true;
  options.keep_alive_delay_ms = 3000;
  options.keep_alive_interval_ms = 1000;
  options.keep_alive_count = 10;
  options.type_of_service = 16;
  return options;
}

static void options_of_a_socket_are_told_once_before_connect(struct world *world) {
  weir_socket_options options = every_option();
  begin_spying(world);
  world_listen(world, NULL, NULL, NULL);
  weir_socket *client = world_connect(world, &options);
  world_trace_socket(world, client, "C", 0);
  world_on(client, WEIR_EVENT_CONNECT, note_told_on, world);
  expect_told("");
  world_run_until_noted(world, "C connect", 1);
  world_expect(world, "told", "connect after options");
  expect_told("no-delay(1) keep-alive(1 3 1 10) type(16)");
}

static void what_is_set_before_connecting_is_remembered(struct world *world) {
  begin_spying(world);
  world_listen(world, NULL, NULL, NULL);
  weir_socket *client = world_socket(world, NULL);
  world_trace_socket(world, client, "C", 0);
  assert_int_equal(weir_socket_set_no_delay(client, true), WEIR_OK);
  assert_int_equal(weir_socket_connect(client, world->endpoint, NULL), WEIR_OK);
  assert_int_equal(set_keep_alive(client, 1500), WEIR_OK);
  assert_int_equal(weir_socket_set_type_of_service(client, 8), WEIR_OK);
  assert_int_equal(weir_socket_type_of_service(client), 8);
  assert_int_equal(weir_socket_set_linger(client, 0), WEIR_OK);
  expect_told("");
  world_run_until_noted(world, "C connect", 1);
  expect_told("no-delay(1) keep-alive(1 1 1 10) type(8) linger(0)");
  assert_int_equal(weir_socket_set_no_delay(client, true), WEIR_OK);
  assert_int_equal(set_keep_alive(client, 1999), WEIR_OK);
  assert_int_equal(weir_socket_set_type_of_service(client, 8), WEIR_OK);
  assert_int_equal(weir_socket_set_linger(client, 0), WEIR_OK);
  expect_told("");
}

static void a_further_life_is_told_again(struct world *world) {
  struct world_pair pair = open_spied(world, NULL, NULL);
  assert_int_equal(weir_socket_set_no_delay(pair.client, true), WEIR_OK);
  expect_told("no-delay(1)");
  weir_socket_destroy(pair.client, NULL);
  assert_int_equal(weir_socket_connect(pair.client, world->endpoint, NULL), WEIR_OK);
  world_run_until_noted(world, "C connect", 1);
  expect_told("no-delay(1)");
}

static void only_changes_are_told(struct world *world) {
  struct world_pair pair = open_spied(world, NULL, NULL);
  assert_int_equal(weir_socket_set_no_delay(pair.client, true), WEIR_OK);
  assert_int_equal(weir_socket_set_no_delay(pair.client, true), WEIR_OK);
  assert_int_equal(weir_socket_set_no_delay(pair.client, false), WEIR_OK);
  expect_told("no-delay(1) no-delay(0)");
  assert_int_equal(set_keep_alive(pair.client, 3000), WEIR_OK);
  assert_int_equal(set_keep_alive(pair.client, 3000), WEIR_OK);
  assert_int_equal(set_keep_alive(pair.client, 4000), WEIR_OK);
  weir_keep_alive none = weir_keep_alive_default();
  none.delay_ms = 5000;
  assert_int_equal(weir_socket_set_keep_alive(pair.client, &none), WEIR_OK);
  assert_int_equal(weir_socket_set_keep_alive(pair.client, &none), WEIR_OK);
  expect_told("keep-alive(1 3 1 10) keep-alive(1 4 1 10) keep-alive(0 0 0 0)");
  assert_int_equal(weir_socket_set_linger(pair.client, 5), WEIR_OK);
  assert_int_equal(weir_socket_set_linger(pair.client, -1), WEIR_OK);
  expect_told("linger(5) linger(-1)");
  assert_int_equal(weir_socket_set_no_delay(pair.accepted, true), WEIR_OK);
  expect_told("no-delay(1)");
  pair_end(world, &pair);
}

static void options_of_a_server_are_told_to_each_client(struct world *world) {
  weir_server_options options = weir_server_options_default();
  options.no_delay = true;
  options.keep_alive = true;
  options.keep_alive_delay_ms = 1000;
  options.type_of_service = 4;
  begin_spying(world);
  weir_server *server = world_listen(world, &options, note_told_on, world);
  weir_socket *first = world_connect_traced(world, "C1");
  world_run_until_noted(world, "told connection after options", 1);
  expect_told("no-delay(1) keep-alive(1 1 1 10) type(4)");
  weir_socket *second = world_connect_traced(world, "C2");
  world_run_until_noted(world, "told connection after options", 2);
  expect_told("no-delay(1) keep-alive(1 1 1 10) type(4)");
  weir_socket_destroy(first, NULL);
  weir_socket_destroy(second, NULL);
  weir_server_close(server, NULL, NULL);
  weir_server_destroy_connections(server);
  world_expect(world, "told", "connection after options connection after options");
}

static void an_accepted_socket_may_differ_from_its_server(struct world *world) {
  weir_server_options options = weir_server_options_default();
  options.no_delay = true;
  struct world_pair pair = open_spied(world, &options, NULL);
  expect_told("no-delay(1)");
  assert_int_equal(weir_socket_set_no_delay(pair.accepted, true), WEIR_OK);
  expect_told("");
  assert_int_equal(weir_socket_set_no_delay(pair.accepted, false), WEIR_OK);
  expect_told("no-delay(0)");
  struct world_pair beside = pair_beside(world, &pair, NULL);
  expect_told("no-delay(1)");
  weir_socket_destroy(beside.client, NULL);
  weir_socket_destroy(beside.accepted, NULL);
  pair_end(world, &pair);
}

static void an_accepted_socket_that_connects_leaves_its_server(struct world *world) {
  weir_server_options options = weir_server_options_default();
  options.no_delay = true;
  struct world_pair pair = open_spied(world, &options, NULL);
  expect_told("no-delay(1)");
  weir_socket_destroy(pair.client, NULL);
  weir_socket_destroy(pair.accepted, NULL);
  assert_int_equal(weir_socket_connect(pair.accepted, world->endpoint, NULL), WEIR_OK);
  world_run_until_noted(world, "S connect", 1);
  world_run_until_noted(world, "V connection", 1);
  expect_told("no-delay(1)"); /* by the server, to its new client */
}

/* ---- what is told ----------------------------------------------------------------------------------------------- */

static void milliseconds_become_whole_seconds(struct world *world) {
  static const struct {
    uint64_t milliseconds;
    const char *told;
  } rows[] = {
      {0, "keep-alive(1 0 0 0)"},
      {1, "keep-alive(1 1 1 10)"},
      {999, ""},
      {1000, ""},
      {1999, ""},
      {2000, "keep-alive(1 2 1 10)"},
      {3999, "keep-alive(1 3 1 10)"},
      {UINT64_MAX, "keep-alive(1 2147483647 1 10)"},
  };
  struct world_pair pair = open_spied(world, NULL, NULL);
  spy.refusal = WEIR_OK;
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    weir_code code = set_keep_alive(pair.client, rows[i].milliseconds);
    assert_true(code == WEIR_OK || rows[i].milliseconds == UINT64_MAX);
    expect_told(rows[i].told);
  }
  weir_keep_alive whole = probe(7000, 2500, 4);
  assert_int_equal(weir_socket_set_keep_alive(pair.client, &whole), WEIR_OK);
  expect_told("keep-alive(1 7 2 4)");
  pair_end(world, &pair);
}

static void the_type_of_service_is_a_byte(struct world *world) {
  struct world_pair pair = open_spied(world, NULL, NULL);
  assert_int_equal(weir_socket_type_of_service(pair.client), 0);
  assert_int_equal(weir_socket_set_type_of_service(pair.client, -1), WEIR_EINVAL);
  assert_int_equal(weir_socket_set_type_of_service(pair.client, 256), WEIR_EINVAL);
  expect_told("");
  weir_code code = weir_socket_set_type_of_service(pair.client, 255);
  expect_told("type(255)");
  if (code == WEIR_OK) {
    assert_int_equal(weir_socket_type_of_service(pair.client), 255);
  } else {
    assert_int_equal(code, WEIR_ENOTSUP);
    assert_int_equal(weir_socket_type_of_service(pair.client), 0);
  }
  pair_end(world, &pair);
}

static void what_makes_no_sense_is_refused(struct world *world) {
  weir_socket *socket = world_socket(world, NULL);
  weir_socket *none = NULL;
  weir_server *server = NULL;
  weir_keep_alive negative = probe(0, 0, -1);
  weir_keep_alive sizeless = {.enabled = true};
  assert_int_equal(weir_socket_set_keep_alive(socket, &negative), WEIR_EINVAL);
  assert_int_equal(weir_socket_set_keep_alive(socket, &sizeless), WEIR_EINVAL);
  assert_int_equal(weir_socket_set_keep_alive(socket, NULL), WEIR_EINVAL);
  assert_int_equal(weir_socket_set_keep_alive(NULL, &negative), WEIR_EINVAL);
  assert_int_equal(weir_socket_set_no_delay(NULL, true), WEIR_EINVAL);
  assert_int_equal(weir_socket_set_type_of_service(NULL, 1), WEIR_EINVAL);
  assert_int_equal(weir_socket_set_linger(NULL, 1), WEIR_EINVAL);
  assert_int_equal(weir_socket_set_linger(socket, -2), WEIR_EINVAL);
  assert_int_equal(weir_socket_set_linger(socket, 65536), WEIR_EINVAL);
  weir_socket_options options = weir_socket_options_default();
  options.type_of_service = 256;
  assert_int_equal(weir_socket_create(world->loop, &options, &none), WEIR_EINVAL);
  options.type_of_service = 0;
  options.keep_alive_count = -1;
  assert_int_equal(weir_socket_create(world->loop, &options, &none), WEIR_EINVAL);
  weir_server_options of_server = weir_server_options_default();
  of_server.type_of_service = -1;
  assert_int_equal(weir_server_create(world->loop, &of_server, NULL, NULL, &server), WEIR_EINVAL);
}

/* ---- what the system refuses ------------------------------------------------------------------------------------ */

static void a_refused_change_leaves_everything_as_it_was(struct world *world) {
  struct world_pair pair = open_spied(world, NULL, NULL);
  spy.refusal = WEIR_EPERM;
  assert_int_equal(weir_socket_set_type_of_service(pair.client, 16), WEIR_EPERM);
  assert_int_equal(weir_socket_type_of_service(pair.client), 0);
  assert_int_equal(weir_socket_set_no_delay(pair.client, true), WEIR_EPERM);
  assert_int_equal(weir_socket_set_no_delay(pair.client, true), WEIR_EPERM);
  expect_told("type(16) no-delay(1) no-delay(1)");
  spy.refusal = WEIR_OK;
  assert_int_equal(weir_socket_set_no_delay(pair.client, true), WEIR_OK);
  expect_told("no-delay(1)");
  assert_int_equal(weir_socket_get_state(pair.client), WEIR_SOCKET_OPEN);
  pair_end(world, &pair);
}

static void a_connection_lives_without_what_is_refused(struct world *world) {
  weir_socket_options options = every_option();
  weir_server_options of_server = weir_server_options_default();
  of_server.no_delay = true;
  begin_spying(world);
  spy.refusal = WEIR_EINVAL;
  struct world_pair pair =
      pair_open_with(world, &(struct world_pair_options){.server = &of_server, .client = &options});
  assert_int_equal(weir_socket_get_state(pair.client), WEIR_SOCKET_OPEN);
  assert_int_equal(weir_socket_get_state(pair.accepted), WEIR_SOCKET_OPEN);
  assert_int_equal(weir_socket_type_of_service(pair.client), 0);
  spy.told[0] = '\0';
  assert_int_equal(weir_socket_set_no_delay(pair.client, true), WEIR_EINVAL);
  assert_int_equal(weir_socket_set_no_delay(pair.accepted, true), WEIR_EINVAL);
  expect_told("no-delay(1) no-delay(1)");
  pair_end(world, &pair);
}

/* ---- the real ones ---------------------------------------------------------------------------------------------- */

static void keep_alive_does_not_disturb_an_idle_connection(struct world *world) {
  struct world_pair pair = pair_open(world, WORLD_TRACE_DATA, 0);
  assert_int_equal(set_keep_alive(pair.client, 1000), WEIR_OK);
  assert_int_equal(weir_socket_set_no_delay(pair.client, true), WEIR_OK);
  assert_int_equal(weir_socket_set_no_delay(pair.accepted, true), WEIR_OK);
  world_run_for(world, 1200);
  assert_int_equal(weir_socket_get_state(pair.client), WEIR_SOCKET_OPEN);
  world_write(pair.client, "awake");
  world_run_until_noted(world, "S data", 1);
  pair_end(world, &pair);
}

static void lingering_for_no_time_breaks_off(struct world *world) {
  struct world_pair pair = pair_open(world, WORLD_TRACE_DATA, 0);
  assert_int_equal(weir_socket_set_linger(pair.client, 0), WEIR_OK);
  weir_socket_destroy(pair.client, NULL);
  world_run(world);
  world_expect(world, "S", "error(ECONNRESET) close(true)");
}

static void local_sockets_take_no_notice(struct world *world) {
  weir_socket_options options = every_option();
  begin_spying(world);
  struct world_pair pair = pair_open_with(world, &(struct world_pair_options){.client = &options});
  assert_int_equal(weir_socket_set_no_delay(pair.client, false), WEIR_OK);
  assert_int_equal(set_keep_alive(pair.client, 9000), WEIR_OK);
  assert_int_equal(weir_socket_set_type_of_service(pair.client, 7), WEIR_OK);
  assert_int_equal(weir_socket_type_of_service(pair.client), 7);
  assert_int_equal(weir_socket_set_linger(pair.client, 0), WEIR_OK);
  pair_end(world, &pair);
  expect_told("");
}

#define TCP_ONLY(rows, function) \
  WORLD_CASE_EXCEPT(rows, function, WORLD_NOT_LOCAL, "local sockets have no such options")

static const struct world_case cases[] = {
    TCP_ONLY("A121 S112 S166", without_options_nothing_is_told),
    TCP_ONLY("A120 A121 A136 M52 EO-50", options_of_a_socket_are_told_once_before_connect),
    TCP_ONLY("A123 A124 A130 M60", what_is_set_before_connecting_is_remembered),
    TCP_ONLY("A123 A124", a_further_life_is_told_again),
    TCP_ONLY("A128 EO-50 S112 S114 S165 S166", only_changes_are_told),
    TCP_ONLY("A125 A126 M05", options_of_a_server_are_told_to_each_client),
    TCP_ONLY("A125 A126", an_accepted_socket_may_differ_from_its_server),
    TCP_ONLY("", an_accepted_socket_that_connects_leaves_its_server),
    TCP_ONLY("A120 A136 EO-50 M61 S113", milliseconds_become_whole_seconds),
    TCP_ONLY("A130 M60", the_type_of_service_is_a_byte),
    WORLD_CASE("A130", what_makes_no_sense_is_refused),
    TCP_ONLY("", a_refused_change_leaves_everything_as_it_was),
    TCP_ONLY("", a_connection_lives_without_what_is_refused),
    TCP_ONLY("A122 S112", keep_alive_does_not_disturb_an_idle_connection),
    TCP_ONLY("", lingering_for_no_time_breaks_off),
    WORLD_CASE_EXCEPT("A128 M05", local_sockets_take_no_notice, WORLD_NOT_TCP, "TCP does take notice"),
};

int main(int argc, char **argv) { return world_main(argc, argv, "options", cases, sizeof cases / sizeof *cases); }
