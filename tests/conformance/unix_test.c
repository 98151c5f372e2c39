/* SPDX-License-Identifier: MIT */
/*
 * What a Unix socket's file adds to a server's name: its mode, whose it is, when it goes, what is in the way; and names
 * that have no file. Connecting is unix_connect_test.c's. Only for POSIX systems, so not in a Windows build.
 */
#define _DEFAULT_SOURCE 1
#define _DARWIN_C_SOURCE 1

#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "support/further_loop.h"
#include "support/native.h"
#include "support/world.h"

#define NO_FILES "it needs files, which a simulated world has not"
#define UNIX_CASE(rows, function) WORLD_CASE_EXCEPT(rows, function, WORLD_NOT_SIM | WORLD_NOT_WINDOWS, NO_FILES)

/* ---- files ------------------------------------------------------------------------------------------------------ */

static bool exists(const char *path) {
  struct stat status;
  return lstat(path, &status) == 0;
}

static mode_t mode_of(const char *path) {
  struct stat status;
  assert_int_equal(lstat(path, &status), 0);
  assert_true(S_ISSOCK(status.st_mode));
  return status.st_mode & 0777;
}

static void make_file(const char *path) {
  int descriptor = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
  assert_true(descriptor >= 0);
  close(descriptor);
}

static void leave_stale_file(const char *path) {
  intptr_t native = native_bound(path, 1);
  assert_true(native >= 0);
  native_close(native);
}

static void path_in(struct world *world, const char *name, char *path, size_t size) {
  snprintf(path, size, "%s/%s", world->directory, name);
}

/* ---- listening -------------------------------------------------------------------------------------------------- */

static void note_hint(const weir_event *event, void *user) {
  struct world_mark *mark = user;
  const char *hint = event->error->hint;
  world_note(mark->world, mark->name, "%s", strstr(hint, "stale") ? "stale" : strstr(hint, "live") ? "live" : "hint");
}

static weir_server *try_to_listen(struct world *world, const char *endpoint, const weir_listen_options *options) {
  weir_server *server = world_server(world, NULL, NULL, NULL);
  world_trace_server(world, server, "V");
  world_on_server(server, WEIR_EVENT_ERROR, note_hint, world_mark(world, "V", NULL));
  assert_int_equal(weir_server_listen(server, endpoint, options), WEIR_OK);
  world_run_for(world, 10);
  return server;
}

static void expect_listen(struct world *world, const char *endpoint, const char *expected) {
  weir_server *server = try_to_listen(world, endpoint, NULL);
  world_expect(world, "V", expected);
  weir_server_close(server, NULL, NULL);
  world_run(world);
  world_forget(world);
}

struct mode_case {
  bool readable_all;
  bool writable_all;
  mode_t mode;
};

static void the_files_mode_is_what_was_asked_for(struct world *world) {
  static const struct mode_case table[] = {
      {false, false, 0600}, {true, false, 0644}, {false, true, 0622}, {true, true, 0666}};
  static const mode_t masks[] = {022, 0, 077};
  for (size_t i = 0; i < 3 * sizeof table / sizeof *table; i++) {
    const struct mode_case *row = &table[i / 3];
    weir_listen_options options = weir_listen_options_default();
    options.readable_all = row->readable_all;
    options.writable_all = row->writable_all;
    mode_t before = umask(masks[i % 3]);
    weir_server *server = try_to_listen(world, world->endpoint, &options);
    umask(before);
    assert_true(weir_server_listening(server));
    assert_int_equal(mode_of(world->endpoint), row->mode);
    weir_server_close(server, NULL, NULL);
  }
}

static void the_file_goes_inside_the_close(struct world *world) {
  weir_server *server = world_listen(world, NULL, NULL, NULL);
  assert_true(exists(world->endpoint));
  weir_server_close(server, NULL, NULL);
  assert_false(exists(world->endpoint));
}

static void the_file_goes_with_the_loop(struct world *world) {
  weir_loop_options options = weir_loop_options_default();
  weir_loop *loop = NULL;
  weir_server *server = NULL;
  options.backend = world->backend;
  assert_int_equal(weir_loop_create(&options, &loop), WEIR_OK);
  assert_int_equal(weir_server_create(loop, NULL, NULL, NULL, &server), WEIR_OK);
  assert_int_equal(weir_server_listen(server, world->endpoint, NULL), WEIR_OK);
  weir_server_unref(server);
  assert_int_equal(weir_loop_run(loop, WEIR_RUN_DEFAULT), 0);
  assert_true(exists(world->endpoint));
  weir_server_release(server);
  weir_loop_release(loop);
  assert_false(exists(world->endpoint));
}

static void what_is_in_the_way_stays_and_is_named(struct world *world) {
  leave_stale_file(world->endpoint);
  expect_listen(world, world->endpoint, "error(EADDRINUSE) stale");
  assert_true(exists(world->endpoint));
  unlink(world->endpoint);
  intptr_t live = native_bound(world->endpoint, 1);
  expect_listen(world, world->endpoint, "error(EADDRINUSE) live");
  assert_true(exists(world->endpoint));
  native_close(live);
  unlink(world->endpoint);
  make_file(world->endpoint);
  expect_listen(world, world->endpoint, "error(EADDRINUSE) hint");
  assert_true(exists(world->endpoint));
}

static void a_used_path_is_an_error_whatever_the_mode(struct world *world) {
  weir_listen_options options = weir_listen_options_default();
  options.writable_all = true;
  world_listen(world, NULL, NULL, NULL);
  try_to_listen(world, world->endpoint, &options);
  world_expect(world, "V", "error(EADDRINUSE) live");
  assert_int_equal(mode_of(world->endpoint), 0600);
}

static void only_the_own_file_is_removed(struct world *world) {
  weir_server *server = world_listen(world, NULL, NULL, NULL);
  unlink(world->endpoint);
  make_file(world->endpoint);
  weir_server_close(server, NULL, NULL);
  world_run(world);
  assert_true(exists(world->endpoint));
  unlink(world->endpoint);
  server = world_listen(world, NULL, NULL, NULL);
  unlink(world->endpoint);
  intptr_t other = native_bound(world->endpoint, 1);
  weir_server_close(server, NULL, NULL);
  world_run(world);
  assert_true(exists(world->endpoint));
  native_close(other);
}

/* A server on its way to another loop. */
struct crossing {
  weir_server *server;
  bool has_arrived;
};

static void arrive(weir_loop *loop, weir_server *server, weir_code code, void *user) {
  struct crossing *crossing = user;
  (void)loop;
  assert_int_equal(code, WEIR_OK);
  crossing->server = server;
  crossing->has_arrived = true;
}

static void the_file_goes_with_a_server_to_another_loop(struct world *world) {
  struct crossing crossing = {NULL, false};
  weir_loop *there = further_loop(world);
  weir_server *server = world_listen(world, NULL, NULL, NULL);
  assert_int_equal(weir_server_hand_over(server, there, arrive, &crossing), WEIR_OK);
  world_run(world);
  assert_true(exists(world->endpoint));
  while (!crossing.has_arrived) weir_loop_run(there, WEIR_RUN_ONCE);
  assert_true(exists(world->endpoint));
  weir_server_close(crossing.server, NULL, NULL);
  assert_false(exists(world->endpoint));
  weir_loop_run(there, WEIR_RUN_DEFAULT);
  weir_server_release(crossing.server);
  weir_loop_release(there);
}

static void a_server_without_its_file_keeps_its_connections(struct world *world) {
  struct world_pair_options options = {.server_trace = WORLD_TRACE_DATA};
  struct world_pair pair = world_pair(world, &options);
  unlink(world->endpoint);
  weir_socket *late = world_connect(world, NULL);
  world_trace_socket(world, late, "D", WORLD_TRACE_LIFE);
  world_run_until_noted(world, "D close", 1);
  world_expect(world, "D", "error(ENOENT) close(true)");
  assert_true(weir_server_listening(pair.server));
  world_end_noted(world, pair.client, "C", "still");
  world_run_until_noted(world, "S close", 1);
  world_expect(world, "S", "data(still) end finish close(false)");
}

static void a_relative_path_is_taken_from_here_and_told_as_written(struct world *world) {
  char here[1024];
  char path[256];
  path_in(world, "relative", path, sizeof path);
  assert_non_null(getcwd(here, sizeof here));
  assert_int_equal(chdir(world->directory), 0);
  weir_server *server = try_to_listen(world, "./relative", NULL);
  bool made = exists(path);
  assert_int_equal(chdir(here), 0);
  assert_true(made);
  assert_string_equal(weir_server_address(server), "./relative");
}

static void a_path_where_none_can_be_is_an_error(struct world *world) {
  char path[256];
  path_in(world, "missing/s", path, sizeof path);
  expect_listen(world, path, "error(ENOENT) hint");
  path_in(world, "file", path, sizeof path);
  make_file(path);
  path_in(world, "file/s", path, sizeof path);
  weir_server *server = try_to_listen(world, path, NULL);
  assert_int_equal(world_count(world, "V error(ENOTDIR)"), 1);
  weir_server_close(server, NULL, NULL);
}

static void note_connection(const weir_event *event, void *world) {
  world_note(world, "V", "connection");
  weir_socket_end(event->connection, NULL);
}

/* 103 bytes fit on every system; a longer name must not become a shorter file. */
static void a_path_is_taken_whole_or_not_at_all(struct world *world) {
  char path[600];
  char cut[600];
  memset(path, 'n', sizeof path);
  memcpy(path, world->endpoint, strlen(world->endpoint));
  for (size_t length = 103; length <= 500; length = length == 103 ? 109 : 500) {
    path[length] = '\0';
    weir_server *server = try_to_listen(world, path, NULL);
    assert_int_equal(weir_server_listening(server), length == 103);
    assert_int_equal(exists(path), length == 103);
    for (size_t less = 90; less < length && less < 109; less++) {
      snprintf(cut, sizeof cut, "%.*s", (int)less, path);
      assert_false(exists(cut));
    }
    weir_server_close(server, NULL, NULL);
    if (length == 500) break;
    path[length] = 'n';
  }
  assert_int_equal(world_count(world, "V error(ENAMETOOLONG)"), 2);
}

static void every_form_of_a_path_reaches_the_server(struct world *world) {
  static const char *const prefixes[] = {"", "unix:"};
  char text[256];
  for (size_t i = 0; i < 4; i++) {
    weir_socket *client = NULL;
    weir_connect_options options = weir_connect_options_default();
    weir_server *server = world_server(world, NULL, note_connection, world);
    snprintf(text, sizeof text, "%s%s", prefixes[i / 2], world->endpoint);
    assert_int_equal(weir_server_listen(server, text, NULL), WEIR_OK);
    snprintf(text, sizeof text, "%s%s", prefixes[i % 2], world->endpoint);
    options.endpoint_length = strlen(text);
    assert_int_equal(weir_connect(world->loop, text, NULL, &options, &client), WEIR_OK);
    world_keep_socket(world, client);
    world_run_until_noted(world, "V connection", i + 1);
    assert_string_equal(weir_server_address(server), world->endpoint);
    weir_server_close(server, NULL, NULL);
    world_run(world);
  }
}

/* ---- abstract names --------------------------------------------------------------------------------------------- */

/* Skips where the system has none. */
static weir_server *listen_abstract(struct world *world, const char *text, size_t length, bool for_all) {
  weir_listen_options options = weir_listen_options_default();
  options.endpoint_length = length;
  options.writable_all = for_all;
  weir_server *server = try_to_listen(world, text, &options);
  if (world_count(world, "V error(ENOTSUP)") > 0) world_skip(world, "only Linux has abstract names");
  return server;
}

static void an_abstract_name_has_no_file(struct world *world) {
  char name[160];
  char printed[160];
  size_t length = (size_t)snprintf(name, sizeof name, "@weir%s", world->directory);
  strcpy(printed, name);
  name[0] = '\0';
  weir_server *server = listen_abstract(world, name, length, false);
  assert_string_equal(weir_server_address(server), printed);
  world_on_server(server, WEIR_EVENT_CONNECTION, world_end_on, NULL);
  weir_socket *client = NULL;
  assert_int_equal(weir_connect(world->loop, printed, NULL, NULL, &client), WEIR_OK);
  world_trace_socket(world, world_keep_socket(world, client), "C", WORLD_TRACE_LIFE);
  world_run_until_noted(world, "C close", 1);
  weir_server_close(server, NULL, NULL);
  world_run(world);
  assert_int_equal(weir_socket_connect(client, printed, NULL), WEIR_OK);
  world_run(world);
  world_expect(world, "C", "connect end finish close(false) error(ECONNREFUSED) close(true)");
}

static void an_abstract_name_has_no_mode(struct world *world) {
  char name[160];
  snprintf(name, sizeof name, "unix:@weir%s", world->directory);
  listen_abstract(world, name, 0, true);
  world_expect(world, "V", "error(EINVAL) hint");
}

static const struct world_case cases[] = {
    UNIX_CASE("EO-12 A171 M10 S053", the_files_mode_is_what_was_asked_for),
    UNIX_CASE("EO-12 EO-50", the_file_goes_inside_the_close),
    UNIX_CASE("EO-12", the_file_goes_with_the_loop),
    UNIX_CASE("EO-12 X19", what_is_in_the_way_stays_and_is_named),
    UNIX_CASE("EO-12 A171", a_used_path_is_an_error_whatever_the_mode),
    UNIX_CASE("EO-12", the_file_goes_with_a_server_to_another_loop),
    UNIX_CASE("EO-12", only_the_own_file_is_removed),
    UNIX_CASE("EO-12", a_server_without_its_file_keeps_its_connections),
    UNIX_CASE("EO-12", a_relative_path_is_taken_from_here_and_told_as_written),
    UNIX_CASE("EO-12", a_path_where_none_can_be_is_an_error),
    UNIX_CASE("EO-12 A170 M14", a_path_is_taken_whole_or_not_at_all),
    UNIX_CASE("S004 S050 S053 S094 S098 S141 A168 A171 A174", every_form_of_a_path_reaches_the_server),
    UNIX_CASE("EO-12 A172 M13", an_abstract_name_has_no_file),
    UNIX_CASE("A173 M10", an_abstract_name_has_no_mode),
};

int main(int argc, char **argv) { return world_main(argc, argv, "unix", cases, sizeof cases / sizeof *cases); }
