/* SPDX-License-Identifier: MIT */
/*
 * Every allocation of a scenario fails once, one after the other, until the scenario goes through without a failure;
 * and then once more, with memory gone for good from that allocation on. Whatever fails: no crash, no leak, no callback
 * lost or doubled, no byte lost that nobody complained of, and the code is WEIR_ENOMEM.
 *
 * The scenario is an echo: the client does what its script says, the server sends everything back. When the client has
 * closed, the server is closed.
 */
#include <stdlib.h>

#include "support/further_loop.h"
#include "support/supply.h"
#include "support/world.h"

/* ---- the scene -------------------------------------------------------------------------------------------------- */

struct scene;

/* What a client does when it was made and before it connects; gives the first code that is not good. */
typedef int (*script_function)(struct scene *scene, weir_socket *client);

struct scene {
  struct supply supply;
  weir_loop *loop;
  weir_server *server;
  weir_timer *guard;
  script_function script;
  const char *endpoint;
  unsigned writes; /* callbacks that must come */
  unsigned callbacks;
  unsigned posts;
  unsigned runs;
  unsigned opened; /* sockets whose close is listened to */
  unsigned closed;
  unsigned closes_of_server;
  unsigned questions; /* close callbacks and counts of connections that must come */
  unsigned answers;
  uint64_t sent;
  uint64_t received;
  bool pipes; /* the server echoes by a pipe */
  bool listened;
  bool reported; /* somebody was told that something failed */
  bool hung;
  int wrong; /* a code that should not have come */
};

/* Notes a code that is neither success nor the lack of memory. Gives it back. */
static int judge(struct scene *scene, int code) {
  if (code < 0) scene->reported = true;
  if (code < 0 && code != WEIR_ENOMEM) scene->wrong = code;
  return code;
}

static void count_callback(weir_socket *socket, const weir_error *error, void *user) {
  struct scene *scene = user;
  (void)socket;
  if (error != NULL) scene->reported = true;
  scene->callbacks++;
}

static int write_counted(struct scene *scene, weir_socket *socket, const void *bytes, size_t length,
                         weir_encoding encoding) {
  weir_write write = weir_write_default();
  write.bytes = bytes;
  write.length = length;
  write.encoding = encoding;
  write.callback = count_callback;
  write.user = scene;
  int code = judge(scene, weir_socket_write_with(socket, &write));
  if (code >= 0) scene->writes++;
  return code;
}

/* The peer of a socket that was given up for lack of memory may see a reset, or find the server closed. */
static void judge_error(const weir_event *event, void *user) {
  struct scene *scene = user;
  int code = event->error->code;
  bool is_consequence = scene->reported && code == WEIR_ECONNREFUSED;
  scene->reported = true;
  if (code != WEIR_ECONNRESET && code != WEIR_EPIPE && !is_consequence) judge(scene, code);
}

static void count_close(const weir_event *event, void *user) {
  (void)event;
  ((struct scene *)user)->closed++;
}

/* Listens to what every socket of the scene must tell. */
static int observe(struct scene *scene, weir_socket *socket) {
  int code = judge(scene, weir_socket_on(socket, WEIR_EVENT_CLOSE, count_close, scene));
  if (code < 0) return code;
  scene->opened++;
  return judge(scene, weir_socket_on(socket, WEIR_EVENT_ERROR, judge_error, scene));
}

static void send_back(const weir_event *event, void *scene) {
  if (write_counted(scene, event->socket, event->data.bytes, event->data.length, WEIR_ENCODING_NONE) < 0)
    weir_socket_destroy(event->socket, NULL);
}

static void serve(const weir_event *event, void *scene) {
  weir_socket *socket = event->connection;
  int code = observe(scene, socket);
  if (code >= 0 && ((struct scene *)scene)->pipes) {
    code = judge(scene, weir_socket_pipe(socket, socket, WEIR_PIPE_DEFAULT));
  } else if (code >= 0) {
    code = judge(scene, weir_socket_on(socket, WEIR_EVENT_DATA, send_back, scene));
  }
  if (code < 0) weir_socket_destroy(socket, NULL);
}

static void count_answer(weir_server *server, const weir_error *error, void *user) {
  (void)server;
  (void)error;
  ((struct scene *)user)->answers++;
}

static void count_connections(weir_server *server, const weir_error *error, size_t count, void *user) {
  (void)count;
  count_answer(server, error, user);
}

static void close_server_of(struct scene *scene) {
  if (judge(scene, weir_server_get_connections(scene->server, count_connections, scene)) >= 0) scene->questions++;
  if (judge(scene, weir_server_close(scene->server, count_answer, scene)) >= 0) {
    scene->questions++;
  } else {
    judge(scene, weir_server_close(scene->server, NULL, NULL));
  }
}

static void ignore_connect(const weir_event *event, void *unused) {
  (void)event;
  (void)unused;
}

static void count_received(const weir_event *event, void *scene) {
  ((struct scene *)scene)->received += event->data.length;
}

static void close_server_on(const weir_event *event, void *scene) {
  (void)event;
  close_server_of(scene);
}

static void start_client(const weir_event *event, void *user) {
  struct scene *scene = user;
  weir_socket *client = NULL;
  scene->listened = true;
  int code = judge(scene, weir_socket_create(weir_server_loop(event->server), NULL, &client));
  if (code >= 0) code = observe(scene, client);
  if (code >= 0) code = judge(scene, weir_socket_on(client, WEIR_EVENT_CLOSE, close_server_on, scene));
  bool closes_server = code >= 0;
  weir_connect_options options = weir_connect_options_default();
  options.listener = ignore_connect;
  if (code >= 0) code = judge(scene, weir_socket_connect(client, scene->endpoint, &options));
  if (code >= 0) code = scene->script(scene, client);
  if (code < 0 && client != NULL) weir_socket_destroy(client, NULL);
  if (!closes_server) close_server_of(scene);
  weir_socket_release(client);
}

static void judge_server_error(const weir_event *event, void *user) { judge(user, event->error->code); }

static void count_close_of_server(const weir_event *event, void *user) {
  (void)event;
  ((struct scene *)user)->closes_of_server++;
}

static void give_up(weir_timer *timer, void *user) {
  (void)timer;
  struct scene *scene = user;
  scene->hung = true;
  weir_loop_stop(scene->loop);
}

static int start_guard(struct scene *scene) {
  int code = judge(scene, weir_timer_create(scene->loop, give_up, scene, &scene->guard));
  if (code >= 0) code = judge(scene, weir_timer_start(scene->guard, scene->supply.for_good ? 200 : 10000, 0));
  if (scene->guard != NULL) weir_timer_unref(scene->guard);
  return code;
}

static int start_server(struct scene *scene) {
  int code = judge(scene, weir_server_create(scene->loop, NULL, serve, scene, &scene->server));
  if (code >= 0) code = judge(scene, weir_server_on(scene->server, WEIR_EVENT_ERROR, judge_server_error, scene));
  if (code >= 0) code = judge(scene, weir_server_on(scene->server, WEIR_EVENT_CLOSE, count_close_of_server, scene));
  if (code >= 0) code = judge(scene, weir_server_on(scene->server, WEIR_EVENT_LISTENING, start_client, scene));
  weir_listen_options few = weir_listen_options_default();
  few.backlog = 3; /* each is an instance of the pipe, and an allocation */
  if (code >= 0) code = judge(scene, weir_server_listen(scene->server, scene->endpoint, &few));
  return code;
}

static void play_scene(struct world *world, struct scene *scene) {
  weir_loop_options options = further_loop_options(world);
  options.allocator = supply_allocator(&scene->supply);
  int code = judge(scene, weir_loop_create(&options, &scene->loop));
  if (code >= 0) code = start_guard(scene);
  if (code >= 0) code = start_server(scene);
  if (code >= 0) judge(scene, weir_loop_run(scene->loop, WEIR_RUN_DEFAULT));
  weir_timer_release(scene->guard);
  weir_server_release(scene->server);
  weir_loop_release(scene->loop);
}

/* ---- the sweep -------------------------------------------------------------------------------------------------- */

static void check_scene(const struct scene *scene) {
  unsigned nth = (unsigned)scene->supply.fail_at;
  if (scene->wrong != 0) fail_msg("allocation %u: %s", nth, weir_code_name((weir_code)scene->wrong));
  if (scene->supply.blocks != 0) fail_msg("allocation %u: %ld blocks are lost", nth, scene->supply.blocks);
  if (scene->callbacks > scene->writes || scene->closed > scene->opened || scene->runs > scene->posts)
    fail_msg("allocation %u: something was called twice", nth);
  if (scene->supply.for_good && scene->hung) return;
  if (scene->hung) fail_msg("allocation %u: the loop hangs", nth);
  if (scene->callbacks != scene->writes)
    fail_msg("allocation %u: %u of %u write callbacks", nth, scene->callbacks, scene->writes);
  if (scene->closed != scene->opened) fail_msg("allocation %u: %u of %u closes", nth, scene->closed, scene->opened);
  if (scene->runs != scene->posts) fail_msg("allocation %u: %u of %u posts", nth, scene->runs, scene->posts);
  if (scene->answers != scene->questions)
    fail_msg("allocation %u: %u of %u answers", nth, scene->answers, scene->questions);
  if (!scene->reported && scene->received != scene->sent)
    fail_msg("allocation %u: %u of %u bytes", nth, (unsigned)scene->received, (unsigned)scene->sent);
  if (scene->closes_of_server != (scene->listened ? 1 : 0)) fail_msg("allocation %u: close of the server", nth);
}

static void sweep(struct world *world, script_function script, bool pipes) {
  size_t handles = world_open_handles();
  bool failed = true;
  for (size_t nth = 1; failed; nth++) {
    for (int for_good = 0; for_good <= 1; for_good++) {
      struct scene scene = {.script = script, .endpoint = world->endpoint, .pipes = pipes};
      scene.supply.fail_at = nth;
      scene.supply.for_good = for_good == 1;
      play_scene(world, &scene);
      check_scene(&scene);
      if (world_open_handles() != handles) fail_msg("allocation %u: a descriptor or handle is lost", (unsigned)nth);
      failed = scene.supply.failed;
    }
    assert_true(nth < 5000);
  }
}

/* ---- scripts ---------------------------------------------------------------------------------------------------- */

static void end_on_data(const weir_event *event, void *unused) {
  (void)unused;
  weir_socket_end(event->socket, NULL);
}

static int write_and_end(struct scene *scene, weir_socket *client) {
  int code = judge(scene, weir_socket_on(client, WEIR_EVENT_DATA, end_on_data, NULL));
  if (code >= 0) code = write_counted(scene, client, "hello", 5, WEIR_ENCODING_NONE);
  return code;
}

static void an_echo(struct world *world) { sweep(world, write_and_end, false); }

static int write_encoded(struct scene *scene, weir_socket *client) {
  int code = judge(scene, weir_socket_set_encoding(client, WEIR_ENCODING_UTF16LE));
  if (code >= 0) code = judge(scene, weir_socket_set_timeout(client, 60000));
  weir_socket_cork(client);
  for (int i = 0; i < 3 && code >= 0; i++) code = write_counted(scene, client, "68006500", 8, WEIR_ENCODING_HEX);
  for (int i = 0; i < 3 && code >= 0; i++) code = write_counted(scene, client, "\xc3\xa9", 2, WEIR_ENCODING_UTF16LE);
  weir_socket_uncork(client);
  weir_socket_resume(client);
  if (code >= 0) code = judge(scene, weir_socket_end(client, NULL));
  return code;
}

static void corked_writes_with_encodings(struct world *world) { sweep(world, write_encoded, false); }

static int write_much(struct scene *scene, weir_socket *client) {
  enum { LENGTH = 600 * 1024 };
  int code = judge(scene, weir_socket_on(client, WEIR_EVENT_DATA, count_received, scene));
  char *bytes = calloc(1, LENGTH);
  assert_non_null(bytes);
  if (code >= 0) code = write_counted(scene, client, bytes, LENGTH, WEIR_ENCODING_NONE);
  free(bytes);
  scene->sent = LENGTH;
  if (code >= 0) code = judge(scene, weir_socket_end(client, NULL));
  return code;
}

static void a_long_write_and_its_answer(struct world *world) { sweep(world, write_much, false); }

static void a_long_write_and_its_answer_through_a_pipe(struct world *world) { sweep(world, write_much, true); }

static void count_run(void *user) { ((struct scene *)user)->runs++; }

static void post_on_connect(const weir_event *event, void *user) {
  struct scene *scene = user;
  if (judge(scene, weir_loop_post(weir_socket_loop(event->socket), count_run, scene)) >= 0) scene->posts++;
}

static void change_listeners(const weir_event *event, void *user) {
  struct scene *scene = user;
  judge(scene, weir_socket_on(event->socket, WEIR_EVENT_CONNECT, post_on_connect, scene));
  judge(scene, weir_socket_prepend(event->socket, WEIR_EVENT_CONNECT, post_on_connect, scene));
  judge(scene, weir_socket_off(event->socket, WEIR_EVENT_CONNECT, change_listeners, scene));
  judge(scene, weir_socket_end(event->socket, NULL));
}

static int listen_much(struct scene *scene, weir_socket *client) {
  int code = 0;
  for (int i = 0; i < 4 && code >= 0; i++)
    code = judge(scene, weir_socket_on(client, WEIR_EVENT_CONNECT, post_on_connect, scene));
  if (code >= 0) code = judge(scene, weir_socket_once(client, WEIR_EVENT_CONNECT, post_on_connect, scene));
  if (code >= 0) code = judge(scene, weir_socket_on(client, WEIR_EVENT_CONNECT, change_listeners, scene));
  return code;
}

static void listeners_changed_during_an_emission_and_posts(struct world *world) { sweep(world, listen_much, false); }

static int pipe_to_itself(struct scene *scene, weir_socket *client) {
  int code = judge(scene, weir_socket_pipe(client, client, WEIR_PIPE_KEEP_OPEN));
  weir_socket_unpipe(client, client);
  if (code >= 0) code = judge(scene, weir_socket_pipe(client, client, WEIR_PIPE_PROPAGATE_ERRORS));
  weir_socket_unpipe(client, NULL);
  weir_socket_resume(client);
  if (code >= 0) code = write_counted(scene, client, "around", 6, WEIR_ENCODING_NONE);
  if (code >= 0) code = judge(scene, weir_socket_end(client, NULL));
  return code;
}

static void pipes_made_and_ended(struct world *world) { sweep(world, pipe_to_itself, false); }

static int set_options(struct scene *scene, weir_socket *client) {
  weir_keep_alive keep_alive = weir_keep_alive_default();
  keep_alive.enabled = true;
  keep_alive.delay_ms = 3000;
  int code = judge(scene, weir_socket_set_no_delay(client, true));
  if (code >= 0) code = judge(scene, weir_socket_set_keep_alive(client, &keep_alive));
  if (code >= 0) code = judge(scene, weir_socket_set_linger(client, -1));
  return code < 0 ? code : write_and_end(scene, client);
}

static void options_of_a_connection(struct world *world) { sweep(world, set_options, false); }

static int connect_with_cancellation(struct scene *scene, weir_socket *client) {
  weir_connect_options options = weir_connect_options_default();
  weir_cancellation *cancellation = NULL;
  weir_socket *second = NULL;
  int code = judge(scene, weir_cancellation_create(scene->loop, &cancellation));
  options.cancellation = cancellation;
  if (code >= 0) code = judge(scene, weir_socket_create(scene->loop, NULL, &second));
  if (code >= 0) code = observe(scene, second);
  if (code >= 0) code = judge(scene, weir_socket_connect(second, scene->endpoint, &options));
  if (code >= 0) code = write_and_end(scene, second);
  if (code < 0 && second != NULL) weir_socket_destroy(second, NULL);
  weir_socket_release(second);
  weir_cancellation_release(cancellation);
  return code < 0 ? code : write_and_end(scene, client);
}

static void a_connect_with_a_cancellation(struct world *world) { sweep(world, connect_with_cancellation, false); }

static int listen_shared(struct scene *scene, weir_socket *client) {
  weir_server *second = NULL;
  int code = judge(scene, weir_server_create(scene->loop, NULL, NULL, NULL, &second));
  if (code >= 0) code = judge(scene, weir_server_listen_shared(second, scene->server, NULL));
  if (code >= 0) code = judge(scene, weir_server_close(second, NULL, NULL));
  weir_server_release(second);
  return code < 0 ? code : write_and_end(scene, client);
}

static void a_server_that_shares_for_a_moment(struct world *world) { sweep(world, listen_shared, false); }

static const weir_error given = {
    .code = WEIR_ENOMEM, .native_code = 0, .operation = "read", .address = "a place", .hint = "a hint that is copied"};

static int destroy_with_error(struct scene *scene, weir_socket *client) {
  int code = write_counted(scene, client, "never sent", 10, WEIR_ENCODING_NONE);
  weir_socket_destroy(client, &given);
  return code;
}

static void a_destroy_with_an_error(struct world *world) { sweep(world, destroy_with_error, false); }

/* ---- what is refused for lack of memory was not taken --------------------------------------------------------------
 */

static int try_end(struct scene *scene, weir_socket *client) {
  weir_write last = weir_write_default();
  last.bytes = "last";
  last.length = 4;
  last.callback = count_callback;
  last.user = scene;
  return weir_socket_end(client, &last);
}

/* Memory fails in the first, second ... allocation of each call until the call succeeds. */
static int write_and_end_again_and_again(struct scene *scene, weir_socket *client) {
  struct supply *supply = &scene->supply;
  int code = WEIR_ENOMEM;
  assert_int_equal(weir_socket_on(client, WEIR_EVENT_DATA, count_received, scene), WEIR_OK);
  for (size_t nth = 1; code == WEIR_ENOMEM; nth++) {
    assert_int_equal(weir_socket_bytes_written(client), 0);
    supply->fail_at = supply->asked + nth;
    code = weir_socket_write(client, "first-", 6);
  }
  assert_int_equal(code, 1);
  code = WEIR_ENOMEM;
  for (size_t nth = 1; code == WEIR_ENOMEM; nth++) {
    assert_int_equal(weir_socket_bytes_written(client), 6);
    assert_false(weir_socket_destroyed(client));
    supply->fail_at = supply->asked + nth;
    code = try_end(scene, client);
  }
  supply->fail_at = 0;
  scene->writes++;
  scene->sent = 10;
  return code;
}

static void a_write_or_end_without_memory_takes_nothing_and_may_be_tried_again(struct world *world) {
  struct scene scene = {.script = write_and_end_again_and_again, .endpoint = world->endpoint};
  play_scene(world, &scene);
  check_scene(&scene);
  assert_true(scene.supply.failed);
  assert_int_equal(scene.received, 10);
}

#define NOT_PIPES(rows, function) \
  WORLD_CASE_EXCEPT(rows, function, WORLD_NOT_PIPES, "what pipes need memory for is swept by the other cases")

static const struct world_case cases[] = {
    WORLD_CASE("", a_write_or_end_without_memory_takes_nothing_and_may_be_tried_again),
    WORLD_CASE("", an_echo),
    WORLD_CASE("", corked_writes_with_encodings),
    WORLD_CASE("", a_long_write_and_its_answer),
    WORLD_CASE("", a_long_write_and_its_answer_through_a_pipe),
    WORLD_CASE("", listeners_changed_during_an_emission_and_posts),
    WORLD_CASE("", pipes_made_and_ended),
    NOT_PIPES("", options_of_a_connection),
    NOT_PIPES("", a_connect_with_a_cancellation),
    NOT_PIPES("", a_server_that_shares_for_a_moment),
    WORLD_CASE("", a_destroy_with_an_error),
};

int main(int argc, char **argv) { return world_main(argc, argv, "allocation", cases, sizeof cases / sizeof *cases); }
