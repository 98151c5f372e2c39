/* SPDX-License-Identifier: MIT */
/*
 * Errors as values: their names and texts, what an error event carries, and the hook for those that nobody hears.
 */
#include <stdio.h>

#include "support/further_loop.h"
#include "support/pair.h"
#include "support/world.h"

/* ---- names and texts -------------------------------------------------------------------------------------------- */

static void every_code_has_a_name_and_a_text_of_its_own(struct world *world) {
  (void)world;
  assert_string_equal(weir_code_name(WEIR_OK), "OK");
  assert_string_equal(weir_code_name(WEIR_ECONNREFUSED), "ECONNREFUSED");
  assert_string_equal(weir_code_name(WEIR_EUNKNOWN), "EUNKNOWN");
  assert_string_equal(weir_code_name((weir_code)-999), "EUNKNOWN");
  assert_string_equal(weir_code_name((weir_code)1), "EUNKNOWN");
  for (int one = WEIR_OK; one >= WEIR_EFORKED; one--) {
    assert_true(strlen(weir_code_text((weir_code)one)) > 0);
    for (int other = one - 1; other >= WEIR_EFORKED; other--) {
      assert_string_not_equal(weir_code_name((weir_code)one), weir_code_name((weir_code)other));
      assert_string_not_equal(weir_code_text((weir_code)one), weir_code_text((weir_code)other));
    }
  }
}

static void an_error_is_written_as_one_line(struct world *world) {
  char text[256];
  char part[16];
  weir_error error = {.code = WEIR_ECONNREFUSED,
                      .native_code = 111,
                      .operation = "connect",
                      .address = "/run/x.sock",
                      .hint = "is the server running?"};
  (void)world;
  size_t length = weir_error_format(&error, text, sizeof text);
  assert_int_equal(length, strlen(text));
  assert_ptr_equal(strstr(text, "connect ECONNREFUSED /run/x.sock"), text);
  assert_non_null(strstr(text, weir_code_text(WEIR_ECONNREFUSED)));
  assert_non_null(strstr(text, "is the server running?"));
  assert_null(strchr(text, '\n'));
  assert_int_equal(weir_error_format(&error, part, sizeof part), length);
  assert_int_equal(strlen(part), sizeof part - 1);
  assert_memory_equal(part, text, sizeof part - 1);
  assert_int_equal(weir_error_format(&error, NULL, 0), length);
}

static void an_error_without_address_and_hint_is_a_line_too(struct world *world) {
  char text[256];
  weir_error error = {.code = WEIR_EIO, .native_code = 0, .operation = "read", .address = "", .hint = ""};
  (void)world;
  weir_error_format(&error, text, sizeof text);
  assert_ptr_equal(strstr(text, "read EIO"), text);
  assert_null(strstr(text, "  "));
}

static void every_event_has_a_name(struct world *world) {
  (void)world;
  assert_string_equal(weir_event_name(WEIR_EVENT_DATA), "data");
  assert_string_equal(weir_event_name(WEIR_EVENT_CONNECT), "connect");
  assert_string_equal(weir_event_name(WEIR_EVENT_CLOSE), "close");
  for (int one = WEIR_EVENT_CONNECT; one <= WEIR_EVENT_CLOSE; one++)
    for (int other = one + 1; other <= WEIR_EVENT_CLOSE; other++)
      assert_string_not_equal(weir_event_name((weir_event_type)one), weir_event_name((weir_event_type)other));
}

/* ---- what an error carries -------------------------------------------------------------------------------------- */

static void note_error(const weir_event *event, void *user) {
  const weir_error *error = event->error;
  world_note(user, "error", "%s:%s:%s:%s", error->operation, weir_code_name(error->code),
             strlen(error->address) > 0 ? "address" : "nowhere", strlen(error->hint) > 0 ? "hint" : "no-hint");
}

static void a_failed_connect_tells_operation_address_and_native_code(struct world *world) {
  weir_socket *socket = world_connect(world, NULL);
  weir_socket_on(socket, WEIR_EVENT_ERROR, note_error, world);
  world_run(world);
  const weir_error *error = weir_socket_error(socket);
  assert_non_null(error);
  assert_string_equal(error->operation, "connect");
  assert_true(strlen(error->address) > 0);
  assert_true(error->code < 0 && error->code != WEIR_EUNKNOWN);
  if (!world->simulated) assert_int_not_equal(error->native_code, 0);
}

static void an_error_given_to_destroy_is_copied(struct world *world) {
  struct world_pair pair = pair_open(world, 0, 0);
  char hint[] = "the weather";
  char address[] = "over there";
  weir_error error = {.code = WEIR_EPROTO, .native_code = 42, .operation = "read", .address = address, .hint = hint};
  weir_socket_on(pair.client, WEIR_EVENT_ERROR, note_error, world);
  weir_socket_destroy(pair.client, &error);
  memset(hint, 'x', strlen(hint));
  memset(address, 'x', strlen(address));
  error.code = WEIR_OK;
  world_run(world);
  world_expect(world, "error", "read:EPROTO:address:hint");
  assert_int_equal(weir_socket_error(pair.client)->code, WEIR_EPROTO);
  assert_int_equal(weir_socket_error(pair.client)->native_code, 42);
  assert_string_equal(weir_socket_error(pair.client)->hint, "the weather");
  assert_string_equal(weir_socket_error(pair.client)->address, "over there");
}

static void an_error_with_nothing_but_a_code_is_completed(struct world *world) {
  struct world_pair pair = pair_open(world, 0, 0);
  weir_error error = {.code = WEIR_EPROTO, .native_code = 0, .operation = NULL, .address = NULL, .hint = NULL};
  weir_socket_on(pair.client, WEIR_EVENT_ERROR, note_error, world);
  weir_socket_destroy(pair.client, &error);
  world_run(world);
  assert_non_null(weir_socket_error(pair.client)->operation);
  assert_non_null(weir_socket_error(pair.client)->address);
  assert_non_null(weir_socket_error(pair.client)->hint);
}

static void a_socket_that_did_not_fail_has_no_error(struct world *world) {
  struct world_pair pair = pair_open(world, 0, 0);
  assert_null(weir_socket_error(pair.client));
  pair_end(world, &pair);
  assert_null(weir_socket_error(pair.client));
}

/* ---- errors that nobody hears ----------------------------------------------------------------------------------- */

static void an_unheard_error_of_a_socket_reaches_the_hook(struct world *world) {
  struct world_pair pair = pair_open(world, 0, 0);
  struct world_pair quiet = pair_beside(world, &pair, NULL);
  weir_error error = {.code = WEIR_EIO, .native_code = 0, .operation = "read", .address = "", .hint = ""};
  weir_socket_destroy(quiet.client, &error);
  weir_socket_destroy(pair.client, &error);
  world_run(world);
  world_expect(world, "loop", "unhandled(EIO)");
  world_expect(world, "C", "error(EIO) close(true)");
}

static void an_unheard_error_of_a_server_reaches_the_hook(struct world *world) {
  world_listen(world, NULL, NULL, NULL);
  weir_server *second = world_server(world, NULL, NULL, NULL);
  assert_int_equal(weir_server_listen(second, world->endpoint, NULL), WEIR_OK);
  world_run_until_noted(world, "loop unhandled", 1);
  world_expect(world, "loop", "unhandled(EADDRINUSE)");
}

static void an_unheard_error_without_a_hook_is_no_crash(struct world *world) {
  weir_loop *loop = further_loop(world);
  weir_socket *socket = NULL;
  assert_int_equal(weir_connect(loop, world->endpoint, NULL, NULL, &socket), WEIR_OK);
  assert_int_equal(weir_loop_run(loop, WEIR_RUN_DEFAULT), 0);
  assert_true(weir_socket_destroyed(socket));
  weir_socket_release(socket);
  weir_loop_release(loop);
}

static void release_socket_of_hook(weir_loop *loop, const weir_error *error, void *user) {
  (void)loop;
  (void)error;
  weir_socket **socket = user;
  weir_socket_destroy(*socket, NULL);
  weir_socket_release(*socket);
  *socket = NULL;
}

static void the_hook_may_call_anything(struct world *world) {
  weir_loop_options options = further_loop_options(world);
  weir_loop *loop = NULL;
  weir_socket *socket = NULL;
  options.unhandled_error = release_socket_of_hook;
  options.unhandled_error_user = &socket;
  assert_int_equal(weir_loop_create(&options, &loop), WEIR_OK);
  assert_int_equal(weir_connect(loop, world->endpoint, NULL, NULL, &socket), WEIR_OK);
  assert_int_equal(weir_loop_run(loop, WEIR_RUN_DEFAULT), 0);
  assert_null(socket);
  weir_loop_release(loop);
}

static const struct world_case cases[] = {
    WORLD_CASE("A004", every_code_has_a_name_and_a_text_of_its_own),
    WORLD_CASE("A020", an_error_is_written_as_one_line),
    WORLD_CASE("", an_error_without_address_and_hint_is_a_line_too),
    WORLD_CASE("", every_event_has_a_name),
    WORLD_CASE("A020", a_failed_connect_tells_operation_address_and_native_code),
    WORLD_CASE("EO-26", an_error_given_to_destroy_is_copied),
    WORLD_CASE("", an_error_with_nothing_but_a_code_is_completed),
    WORLD_CASE("", a_socket_that_did_not_fail_has_no_error),
    WORLD_CASE("EO-43 S146 A332", an_unheard_error_of_a_socket_reaches_the_hook),
    WORLD_CASE("EO-43 S146 A332", an_unheard_error_of_a_server_reaches_the_hook),
    WORLD_CASE("", an_unheard_error_without_a_hook_is_no_crash),
    WORLD_CASE("", the_hook_may_call_anything),
};

int main(int argc, char **argv) { return world_main(argc, argv, "error", cases, sizeof cases / sizeof *cases); }
