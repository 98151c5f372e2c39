/* SPDX-License-Identifier: MIT */
/*
 * Connecting to a Unix socket's path: what is no server, what is forbidden, and servers whose queue is full. Only for
 * POSIX systems, so not in a Windows build.
 */
#define _DEFAULT_SOURCE 1
#define _DARWIN_C_SOURCE 1

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "support/native.h"
#include "support/world.h"

#define NO_FILES "it needs files, which a simulated world has not"
#define UNIX_CASE(rows, function) WORLD_CASE_EXCEPT(rows, function, WORLD_NOT_SIM | WORLD_NOT_WINDOWS, NO_FILES)

/* ---- connecting to something else ------------------------------------------------------------------------------- */

static void path_in(struct world *world, const char *name, char *path, size_t size) {
  snprintf(path, size, "%s/%s", world->directory, name);
}

static void make_file(const char *path) {
  int descriptor = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
  assert_true(descriptor >= 0);
  close(descriptor);
}

static void expect_connect(struct world *world, const char *endpoint, const char *one, const char *other) {
  weir_socket *client = NULL;
  assert_int_equal(weir_connect(world->loop, endpoint, NULL, NULL, &client), WEIR_OK);
  world_trace_socket(world, world_keep_socket(world, client), "C", WORLD_TRACE_LIFE);
  world_run_until_noted(world, "C close", 1);
  world_expect_either(world, "C", one, other);
  world_forget(world);
}

static void connecting_to_what_is_no_server_fails(struct world *world) {
  static const char refused[] = "error(ECONNREFUSED) close(true)";
  static const char no_socket[] = "error(ENOTSOCK) close(true)";
  char path[256];
  expect_connect(world, world->endpoint, "error(ENOENT) close(true)", "");
  path_in(world, "missing/s", path, sizeof path);
  expect_connect(world, path, "error(ENOENT) close(true)", "");
  expect_connect(world, world->directory, refused, no_socket);
  path_in(world, "file", path, sizeof path);
  make_file(path);
  expect_connect(world, path, refused, no_socket);
  path_in(world, "file/s", path, sizeof path);
  expect_connect(world, path, "error(ENOTDIR) close(true)", "");
  path_in(world, "stale", path, sizeof path);
  native_close(native_bound(path, 1));
  expect_connect(world, path, refused, "");
}

/* Root may do everything, so it becomes nobody for the moment of the connect. */
static void connecting_without_permission_is_eacces(struct world *world) {
  bool is_root = geteuid() == 0;
  world_listen(world, NULL, NULL, NULL);
  assert_int_equal(chmod(world->directory, 0711), 0);
  assert_int_equal(chmod(world->endpoint, 0400), 0);
  weir_socket *client = NULL;
  if (is_root) assert_int_equal(seteuid(65534), 0);
  weir_code code = weir_connect(world->loop, world->endpoint, NULL, NULL, &client);
  weir_loop_run(world->loop, WEIR_RUN_NOWAIT);
  if (is_root) assert_int_equal(seteuid(0), 0);
  assert_int_equal(code, WEIR_OK);
  world_keep_socket(world, client);
  world_run_for(world, 10);
  assert_non_null(weir_socket_error(client));
  assert_int_equal(weir_socket_error(client)->code, WEIR_EACCES);
}

/* ---- a busy server ---------------------------------------------------------------------------------------------- */

/* Clients that wait at a server which accepts nobody. */
struct queue {
  int clients[600];
  size_t count;
  bool is_full; /* the last one was told to try again, which not every system does */
};

static void fill_queue(struct queue *queue, const char *path) {
  struct sockaddr_un address;
  memset(&address, 0, sizeof address);
  address.sun_family = AF_UNIX;
  assert_true(strlen(path) < sizeof address.sun_path);
  strcpy(address.sun_path, path);
  int failure = 0;
  while (failure == 0 && queue->count < sizeof queue->clients / sizeof *queue->clients) {
    int client = socket(AF_UNIX, SOCK_STREAM, 0);
    assert_int_equal(fcntl(client, F_SETFL, O_NONBLOCK), 0);
    failure = connect(client, (const struct sockaddr *)&address, sizeof address) == 0 ? 0 : errno;
    if (failure == 0)
      queue->clients[queue->count++] = client;
    else
      close(client);
  }
  queue->is_full = failure == EAGAIN;
}

static void empty_queue(struct queue *queue) {
  while (queue->count > 0) close(queue->clients[--queue->count]);
}

static void skip_unless_full(struct world *world, struct queue *queue) {
  if (queue->is_full) return;
  empty_queue(queue);
  world_skip(world, "here a full queue cannot be told from a dead server");
}

/* The kernel lets one more wait than was asked for. */
static void as_many_clients_wait_as_the_backlog_says(struct world *world) {
  static const int backlogs[] = {2, 0};
  for (size_t i = 0; i < 2; i++) {
    struct queue queue = {.count = 0};
    weir_listen_options options = weir_listen_options_default();
    weir_server *server = world_server(world, NULL, world_destroy_on, NULL);
    options.backlog = backlogs[i];
    assert_int_equal(weir_server_listen(server, world->endpoint, &options), WEIR_OK);
    fill_queue(&queue, world->endpoint);
    skip_unless_full(world, &queue);
    assert_int_equal(queue.count, (backlogs[i] ? backlogs[i] : 511) + 1);
    empty_queue(&queue);
    weir_server_close(server, NULL, NULL);
    world_run(world);
  }
}

static weir_socket *connect_patiently(struct world *world, uint64_t timeout_ms) {
  weir_connect_options options = weir_connect_options_default();
  weir_socket *client = NULL;
  options.timeout_ms = timeout_ms;
  assert_int_equal(weir_connect(world->loop, world->endpoint, NULL, &options, &client), WEIR_OK);
  world_trace_socket(world, world_keep_socket(world, client), "C", WORLD_TRACE_LIFE);
  return client;
}

static void a_busy_server_is_asked_again_until_the_deadline(struct world *world) {
  struct queue queue = {.count = 0};
  intptr_t server = native_bound(world->endpoint, 0);
  fill_queue(&queue, world->endpoint);
  if (!queue.is_full) native_close(server);
  skip_unless_full(world, &queue);
  uint64_t start = weir_loop_now_ms(world->loop);
  connect_patiently(world, 100);
  world_run(world);
  empty_queue(&queue);
  native_close(server);
  world_expect(world, "C", "error(ETIMEDOUT) close(true)");
  assert_in_range(weir_loop_now_ms(world->loop) - start, 100, 1000);
}

static void destroy_socket(void *socket) { weir_socket_destroy(socket, NULL); }

/* The retry and the destroy are due in the same turn, the destroy first. */
static void a_client_destroyed_between_two_tries_does_not_try_again(struct world *world) {
  struct queue queue = {.count = 0};
  intptr_t server = native_bound(world->endpoint, 0);
  fill_queue(&queue, world->endpoint);
  if (!queue.is_full) native_close(server);
  skip_unless_full(world, &queue);
  weir_socket *client = connect_patiently(world, 5000);
  world_after(world, 1, destroy_socket, client);
  weir_loop_run(world->loop, WEIR_RUN_NOWAIT);
  native_pause_ms(20);
  world_run(world);
  empty_queue(&queue);
  native_close(server);
  world_expect(world, "C", "close(false)");
}

static void accept_one(void *server) { close(accept((int)*(intptr_t *)server, NULL, NULL)); }

static void a_busy_server_is_reached_once_it_has_room(struct world *world) {
  struct queue queue = {.count = 0};
  intptr_t server = native_bound(world->endpoint, 0);
  fill_queue(&queue, world->endpoint);
  if (!queue.is_full) native_close(server);
  skip_unless_full(world, &queue);
  weir_socket *client = connect_patiently(world, 5000);
  world_after(world, 100, accept_one, &server);
  world_run_until_noted(world, "C connect", 1);
  weir_socket_destroy(client, NULL);
  world_run(world);
  empty_queue(&queue);
  native_close(server);
  world_expect(world, "C", "connect close(false)");
}

static const struct world_case cases[] = {
    UNIX_CASE("EO-22 A020 A169", connecting_to_what_is_no_server_fails),
    UNIX_CASE("EO-22 A169 S053", connecting_without_permission_is_eacces),
    UNIX_CASE("EO-50 S048", as_many_clients_wait_as_the_backlog_says),
    UNIX_CASE("EO-22", a_busy_server_is_asked_again_until_the_deadline),
    UNIX_CASE("EO-22", a_busy_server_is_reached_once_it_has_room),
    UNIX_CASE("", a_client_destroyed_between_two_tries_does_not_try_again),
};

int main(int argc, char **argv) { return world_main(argc, argv, "unix_connect", cases, sizeof cases / sizeof *cases); }
