/* SPDX-License-Identifier: MIT */
/*
 * The names of endpoints as far as every system, or Windows alone, has them: which text reaches which server, and what
 * a bad one gives. What a Unix socket's file adds is unix_test.c's; how texts are parsed is address_test.c's.
 */
#include "support/world.h"

#include <stdio.h>

/* ---- good names ------------------------------------------------------------------------------------------------- */

/* A server at one text that is reached by another. */
static void expect_meeting(struct world *world, const char *listening, const char *connecting) {
  weir_server *server = world_server(world, NULL, world_end_on, NULL);
  weir_socket *client = NULL;
  world_trace_server(world, server, "V");
  assert_int_equal(weir_server_listen(server, listening, NULL), WEIR_OK);
  world_run_until_noted(world, "V listening", 1);
  assert_int_equal(weir_connect(world->loop, connecting, NULL, NULL, &client), WEIR_OK);
  world_keep_socket(world, client);
  world_trace_socket(world, client, "C", WORLD_TRACE_LIFE);
  world_run_until_noted(world, "C close", 1);
  world_expect(world, "C", "connect end finish close(false)");
  weir_server_close(server, NULL, NULL);
  world_run(world);
  world_forget(world);
}

static void a_portable_name_is_the_same_text_everywhere(struct world *world) {
  char name[64];
  snprintf(name, sizeof name, "ipc:weir-test-%u", (unsigned)((uintptr_t)world >> 4) & 0xffffffffu);
  expect_meeting(world, name, name);
}

static void the_address_of_a_server_is_its_native_name(struct world *world) {
  weir_server *server = world_server(world, NULL, NULL, NULL);
  assert_null(weir_server_address(server));
  assert_int_equal(weir_server_listen(server, world->endpoint, NULL), WEIR_OK);
  world_run_for(world, 10);
  assert_non_null(weir_server_address(server));
  if (!world->simulated) assert_string_equal(weir_server_address(server), world->endpoint);
  weir_server_close(server, NULL, NULL);
  assert_null(weir_server_address(server));
}

static void the_text_is_copied(struct world *world) {
  char text[sizeof world->endpoint];
  weir_server *server = world_server(world, NULL, world_end_on, NULL);
  weir_socket *client = NULL;
  strcpy(text, world->endpoint);
  assert_int_equal(weir_server_listen(server, text, NULL), WEIR_OK);
  memset(text, 'x', sizeof text - 1);
  world_run_for(world, 10);
  strcpy(text, world->endpoint);
  assert_int_equal(weir_connect(world->loop, text, NULL, NULL, &client), WEIR_OK);
  memset(text, 'x', sizeof text - 1);
  world_trace_socket(world, world_keep_socket(world, client), "C", WORLD_TRACE_LIFE);
  world_run_until_noted(world, "C close", 1);
  world_expect(world, "C", "connect end finish close(false)");
}

static void a_name_is_free_at_once_when_its_server_closes(struct world *world) {
  for (int i = 0; i < 3; i++) {
    weir_server *server = world_listen(world, NULL, NULL, NULL);
    weir_server_close(server, NULL, NULL);
  }
  weir_socket *client = world_connect(world, NULL);
  world_trace_socket(world, client, "C", WORLD_TRACE_LIFE);
  world_run(world);
  world_expect(world, "C", "error(ENOENT) close(true)");
}

/* ---- bad names -------------------------------------------------------------------------------------------------- */

struct bad_name {
  const char *text;
  size_t length; /* 0: up to its zero */
  weir_code code;
};

static void check_hint(const weir_event *event, void *hint) {
  assert_true(event->error->hint[0] != '\0');
  if (hint) assert_non_null(strstr(event->error->hint, hint));
}

static void expect_refusals(struct world *world, const struct bad_name *bad, const char *hint) {
  char expected_of_server[64];
  char expected_of_socket[64];
  weir_server *server = world_server(world, NULL, NULL, NULL);
  weir_socket *client = world_socket(world, NULL);
  weir_listen_options listen = weir_listen_options_default();
  weir_connect_options connect = weir_connect_options_default();
  listen.endpoint_length = connect.endpoint_length = bad->length;
  world_trace_server(world, server, "V");
  world_trace_socket(world, client, "C", WORLD_TRACE_LIFE);
  world_on_server(server, WEIR_EVENT_ERROR, check_hint, (char *)(uintptr_t)hint);
  assert_int_equal(weir_server_listen(server, bad->text, &listen), WEIR_OK);
  assert_int_equal(weir_socket_connect(client, bad->text, &connect), WEIR_OK);
  world_run(world);
  snprintf(expected_of_server, sizeof expected_of_server, "error(%s)", weir_code_name(bad->code));
  snprintf(expected_of_socket, sizeof expected_of_socket, "error(%s) close(true)", weir_code_name(bad->code));
  world_expect(world, "V", expected_of_server);
  world_expect(world, "C", expected_of_socket);
  world_forget(world);
}

static void a_name_that_makes_no_sense_is_an_error_event(struct world *world) {
  static const struct bad_name table[] = {
      {"", 0, WEIR_EINVAL},        {"ipc:", 0, WEIR_EINVAL},
      {"ipc:a/b", 0, WEIR_EINVAL}, {"ipc:.hidden", 0, WEIR_EINVAL},
      {"ipc:a b", 0, WEIR_EINVAL}, {"ipc:a\0b", 7, WEIR_EINVAL},
  };
  for (size_t i = 0; i < sizeof table / sizeof *table; i++) expect_refusals(world, &table[i], NULL);
}

static void a_long_name_is_refused_with_limit_and_length_and_never_cut(struct world *world) {
  char portable[80] = "ipc:";
  char native[400];
  memset(portable + 4, 'n', 65);
  portable[4 + 65] = '\0';
  expect_refusals(world, &(struct bad_name){portable, 0, WEIR_ENAMETOOLONG}, "64");
  expect_refusals(world, &(struct bad_name){portable, 0, WEIR_ENAMETOOLONG}, "65");
  snprintf(native, sizeof native, "%s", world->endpoint);
  memset(native + strlen(native), 'n', 300 - strlen(native));
  native[300] = '\0';
  if (!world->simulated) expect_refusals(world, &(struct bad_name){native, 0, WEIR_ENAMETOOLONG}, "300");
}

/* ---- named pipes ------------------------------------------------------------------------------------------------ */

static void every_form_of_a_pipes_name_reaches_it(struct world *world) {
  const char *name = strrchr(world->endpoint, '\\') + 1;
  static const char *const forms[] = {"\\\\.\\pipe\\%s",        "pipe:%s",         "//./pipe/%s",
                                      "\\\\.\\pipe\\x\\..\\%s", "\\\\?\\pipe\\%s", "\\\\.\\PIPE\\%s"};
  for (size_t i = 0; i < sizeof forms / sizeof *forms; i++) {
    char text[300];
    const char *percent = strchr(forms[i], '%');
    snprintf(text, sizeof text, "%.*s%s", (int)(percent - forms[i]), forms[i], name);
    expect_meeting(world, world->endpoint, text);
    expect_meeting(world, text, world->endpoint);
  }
}

static void a_literal_name_is_not_resolved(struct world *world) {
  const char *name = strrchr(world->endpoint, '\\') + 1;
  char literal[300];
  snprintf(literal, sizeof literal, "\\\\?\\pipe\\x\\..\\%s", name);
  weir_server *server = world_server(world, NULL, NULL, NULL);
  world_trace_server(world, server, "V");
  assert_int_equal(weir_server_listen(server, literal, NULL), WEIR_OK);
  world_run_until_noted(world, "V listening", 1);
  assert_string_equal(weir_server_address(server), literal);
  weir_socket *client = world_connect(world, NULL);
  world_trace_socket(world, client, "C", WORLD_TRACE_LIFE);
  world_run_until_noted(world, "C close", 1);
  world_expect(world, "C", "error(ENOENT) close(true)");
}

static void what_is_no_pipes_name_is_refused(struct world *world) {
  static const struct bad_name table[] = {
      {"name", 0, WEIR_EINVAL},          {"C:\\name", 0, WEIR_EINVAL},
      {"\\\\.\\pipe\\", 0, WEIR_EINVAL}, {"\\\\.\\pipe\\..\\name", 0, WEIR_EINVAL},
      {"unix:/tmp/s", 0, WEIR_ENOTSUP},  {"@name", 0, WEIR_ENOTSUP},
  };
  for (size_t i = 0; i < sizeof table / sizeof *table; i++) expect_refusals(world, &table[i], NULL);
}

static void a_server_cannot_listen_on_another_machine(struct world *world) {
  weir_server *server = world_server(world, NULL, NULL, NULL);
  world_trace_server(world, server, "V");
  assert_int_equal(weir_server_listen(server, "\\\\elsewhere\\pipe\\name", NULL), WEIR_OK);
  world_run(world);
  world_expect(world, "V", "error(EINVAL)");
}

#define ONLY_PIPES "only Windows has named pipes"

static const struct world_case cases[] = {
    WORLD_CASE("S141", a_portable_name_is_the_same_text_everywhere),
    WORLD_CASE("S160 A174 M21 X15", the_address_of_a_server_is_its_native_name),
    WORLD_CASE("", the_text_is_copied),
    WORLD_CASE("S009 EO-16", a_name_is_free_at_once_when_its_server_closes),
    WORLD_CASE("EO-12 EO-22 R1", a_name_that_makes_no_sense_is_an_error_event),
    WORLD_CASE("EO-12 EO-22 A170 M14", a_long_name_is_refused_with_limit_and_length_and_never_cut),
    WORLD_CASE_EXCEPT("S004 S054 S055 S098 M72", every_form_of_a_pipes_name_reaches_it, WORLD_NOT_SIM | WORLD_NOT_POSIX,
                      ONLY_PIPES),
    WORLD_CASE_EXCEPT("S055 M72", a_literal_name_is_not_resolved, WORLD_NOT_SIM | WORLD_NOT_POSIX, ONLY_PIPES),
    WORLD_CASE_EXCEPT("S054 M72", what_is_no_pipes_name_is_refused, WORLD_NOT_SIM | WORLD_NOT_POSIX, ONLY_PIPES),
    WORLD_CASE_EXCEPT("", a_server_cannot_listen_on_another_machine, WORLD_NOT_SIM | WORLD_NOT_POSIX, ONLY_PIPES),
    WORLD_CASE_EXCEPT("S056 M72", a_name_is_free_at_once_when_its_server_closes, WORLD_NOT_SIM | WORLD_NOT_POSIX,
                      ONLY_PIPES),
};

int main(int argc, char **argv) { return world_main(argc, argv, "name", cases, sizeof cases / sizeof *cases); }
