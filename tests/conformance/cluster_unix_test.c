/* SPDX-License-Identifier: MIT */
/*
 * The files of Unix sockets that a cluster shares: whose directory a path counts from, its mode, and when it goes. Only
 * for POSIX systems, so not in a Windows build.
 */
#define _DEFAULT_SOURCE 1
#define _DARWIN_C_SOURCE 1

#include <errno.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "support/crew.h"
#include "support/os_faulty_posix.h"

#define UNIX_CASE(rows, function) \
  WORLD_CASE_EXCEPT(rows, function, WORLD_NOT_SIM | WORLD_NOT_WINDOWS, "a simulated world has no files")

static struct crew crew;

static bool exists(const char *path) {
  struct stat status;
  return lstat(path, &status) == 0;
}

static mode_t mode_of(const char *path) {
  struct stat status;
  assert_int_equal(lstat(path, &status), 0);
  return status.st_mode & 0777;
}

/* Enters the world's directory; the descriptor leads back. */
static int enter(const struct world *world, char *before, size_t size) {
  assert_non_null(getcwd(before, size));
  return chdir(world->directory);
}

static void the_file_has_the_mode_that_the_worker_asked_for(struct world *world) {
  static const struct {
    bool readable;
    bool writable;
    mode_t mode;
  } rows[] = {{false, false, 0600}, {true, true, 0666}};
  crew_open_with(&crew, world, WEIR_SCHEDULING_ROUND_ROBIN, 1);
  for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
    weir_listen_options options = weir_listen_options_default();
    options.readable_all = rows[i].readable;
    options.writable_all = rows[i].writable;
    weir_server *server = crew_listen(&crew.workers[0], world->endpoint, &options);
    crew_run_until_noted(&crew, "V1 listening", i + 1);
    assert_int_equal(mode_of(world->endpoint), rows[i].mode);
    weir_server_close(server, NULL, NULL);
    crew_run_until_noted(&crew, "V1 close", i + 1);
    crew_run_for(&crew, 10);
    assert_false(exists(world->endpoint));
  }
  crew_close(&crew);
}

static void a_relative_path_counts_from_the_workers_directory(struct world *world) {
  char before[1024];
  crew_open_with(&crew, world, WEIR_SCHEDULING_ROUND_ROBIN, 2);
  assert_int_equal(enter(world, before, sizeof before), 0);
  crew_listen(&crew.workers[0], "./relative", NULL);
  crew_listen(&crew.workers[1], "./relative", NULL);
  assert_int_equal(chdir(before), 0);
  crew_run_until_server(&crew.workers[0], "listening");
  crew_run_until_server(&crew.workers[1], "listening");
  const char *path = world_format(world, "%s/relative", world->directory);
  assert_true(exists(path));
  crew_connect(&crew, path);
  crew_close(&crew);
}

/* From the root on the path would be too long for a socket. */
static void a_path_that_is_short_enough_from_here_is_had(struct world *world) {
  char before[1024];
  char deep[128];
  crew_open_with(&crew, world, WEIR_SCHEDULING_ROUND_ROBIN, 1);
  assert_int_equal(enter(world, before, sizeof before), 0);
  memset(deep, 'd', 100);
  deep[100] = '\0';
  assert_int_equal(mkdir(deep, 0700), 0);
  assert_int_equal(chdir(deep), 0);
  crew_listen_all(&crew, "short");
  assert_true(exists("short"));
  assert_string_equal(weir_server_address(crew.workers[0].server), "./short");
  crew_connect(&crew, "./short");
  weir_server_close(crew.workers[0].server, NULL, NULL);
  crew_run_for(&crew, 20);
  assert_false(exists("short"));
  assert_int_equal(chdir(".."), 0);
  assert_int_equal(rmdir(deep), 0);
  assert_int_equal(chdir(before), 0);
  crew_close(&crew);
}

static void a_worker_that_does_not_know_where_it_is_says_so(struct world *world) {
  crew_open_with(&crew, world, WEIR_SCHEDULING_ROUND_ROBIN, 1);
  weir_server *server = crew_server(&crew.workers[0], NULL);
  faults_fail(OS_DIRECTORY, 1, ENOENT, 1);
  assert_int_equal(weir_server_listen(server, "./relative", NULL), WEIR_ENOENT);
  faults_reset();
  assert_int_equal(weir_server_listen(server, world->endpoint, NULL), WEIR_OK);
  crew_run_until_server(&crew.workers[0], "listening");
  crew_close(&crew);
}

static void check_file_goes_with_the_last(struct world *world, weir_scheduling scheduling) {
  crew_open_listening(&crew, world, scheduling, 2);
  weir_server_close(crew.workers[0].server, NULL, NULL);
  crew_run_until_server(&crew.workers[0], "close");
  crew_run_for(&crew, 10);
  assert_true(exists(world->endpoint));
  weir_worker_disconnect(crew.workers[1].seen);
  crew_run_until_worker(&crew.workers[1], "disconnect");
  assert_false(exists(world->endpoint));
  crew_close(&crew);
}

static void the_file_goes_with_the_last_worker(struct world *world) {
  check_file_goes_with_the_last(world, WEIR_SCHEDULING_ROUND_ROBIN);
}

static void the_file_goes_with_the_last_worker_that_shares(struct world *world) {
  check_file_goes_with_the_last(world, WEIR_SCHEDULING_SHARED);
}

static const struct world_case cases[] = {
    UNIX_CASE("A211", the_file_has_the_mode_that_the_worker_asked_for),
    UNIX_CASE("A216", a_relative_path_counts_from_the_workers_directory),
    UNIX_CASE("A216", a_path_that_is_short_enough_from_here_is_had),
    UNIX_CASE("A216", a_worker_that_does_not_know_where_it_is_says_so),
    UNIX_CASE("EO-49 A216", the_file_goes_with_the_last_worker),
    UNIX_CASE("EO-49", the_file_goes_with_the_last_worker_that_shares),
};

int main(int argc, char **argv) { return world_main(argc, argv, "cluster_unix", cases, sizeof cases / sizeof *cases); }
