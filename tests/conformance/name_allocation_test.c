/* SPDX-License-Identifier: MIT */
/*
 * Every allocation of a server that listens at a name, and of a client that connects to one with a closed and a live
 * address, fails once, and then for good. Whatever fails: no crash, no leak, no hang, one `close`, and an error that
 * says so. (allocation_test does the same with connections that are there.)
 */
#include "support/further_loop.h"
#include "support/hosts.h"
#include "support/supply.h"
#include "support/world.h"

/* ---- the scene -------------------------------------------------------------------------------------------------- */

struct scene {
  struct supply supply;
  struct hosts here;  /* what the server listens at */
  struct hosts there; /* what the client connects to */
  weir_loop *loop;
  weir_server *server;
  weir_timer *guard;
  unsigned begun; /* connects that were begun, and how they ended */
  unsigned connected;
  unsigned failed;
  unsigned closed;
  bool reported; /* somebody was told that something failed */
  bool hung;
  int wrong; /* a code that should not have come */
};

static int judge(struct scene *scene, int code) {
  if (code < 0) scene->reported = true;
  if (code < 0 && code != WEIR_ENOMEM && code != WEIR_ECONNREFUSED) scene->wrong = code;
  return code;
}

static void end_connection(const weir_event *event, void *user) {
  struct scene *scene = user;
  scene->connected++;
  weir_socket_destroy(event->socket, NULL);
}

static void note_failure(const weir_event *event, void *user) {
  struct scene *scene = user;
  scene->failed++;
  judge(scene, event->error->code);
}

static void close_server(const weir_event *event, void *user) {
  struct scene *scene = user;
  (void)event;
  scene->closed++;
  weir_server_close(scene->server, NULL, NULL);
}

static void begin_client(const weir_event *event, void *user) {
  struct scene *scene = user;
  weir_socket *client = NULL;
  weir_connect_options options = hosts_connect_options(&scene->there);
  int code = judge(scene, weir_socket_create(weir_server_loop(event->server), NULL, &client));
  if (code >= 0) code = judge(scene, weir_socket_on(client, WEIR_EVENT_CONNECT, end_connection, scene));
  if (code >= 0) code = judge(scene, weir_socket_on(client, WEIR_EVENT_ERROR, note_failure, scene));
  if (code >= 0) code = judge(scene, weir_socket_on(client, WEIR_EVENT_CLOSE, close_server, scene));
  if (code >= 0) code = judge(scene, weir_socket_connect(client, scene->there.endpoint, &options));
  if (code >= 0) {
    scene->begun++;
  } else {
    weir_server_close(scene->server, NULL, NULL);
  }
  weir_socket_release(client);
}

static void note_server_failure(const weir_event *event, void *scene) { judge(scene, event->error->code); }

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
  weir_listen_options options = weir_listen_options_default();
  options.resolver = hosts_resolve;
  options.resolver_user = &scene->here;
  int code = judge(scene, weir_server_create(scene->loop, NULL, world_destroy_on, NULL, &scene->server));
  if (code >= 0) code = judge(scene, weir_server_on(scene->server, WEIR_EVENT_ERROR, note_server_failure, scene));
  if (code >= 0) code = judge(scene, weir_server_on(scene->server, WEIR_EVENT_LISTENING, begin_client, scene));
  if (code >= 0) code = judge(scene, weir_server_listen(scene->server, scene->here.endpoint, &options));
  return code;
}

static void play_scene(struct world *world, struct scene *scene) {
  weir_loop_options options = further_loop_options(world);
  options.allocator = supply_allocator(&scene->supply);
  scene->here = hosts_of(world);
  hosts_add_here(&scene->here);
  scene->there = hosts_of(world);
  hosts_add_closed(&scene->there, 0);
  hosts_add_here(&scene->there);
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
  if (scene->supply.for_good && scene->hung) return;
  if (scene->hung) fail_msg("allocation %u: the loop hangs", nth);
  if (scene->closed != scene->begun) fail_msg("allocation %u: %u closes", nth, scene->closed);
  if (scene->connected + scene->failed != scene->begun)
    fail_msg("allocation %u: %u connects, %u failures of %u", nth, scene->connected, scene->failed, scene->begun);
  if (scene->connected == 0 && !scene->reported) fail_msg("allocation %u: nobody was told", nth);
  if (!scene->supply.failed) assert_int_equal(scene->connected, 1);
}

static void a_host_with_a_closed_and_a_live_address(struct world *world) {
  size_t handles = world_open_handles();
  bool failed = true;
  for (size_t nth = 1; failed; nth++) {
    for (int for_good = 0; for_good <= 1; for_good++) {
      struct scene scene = {.supply = {.fail_at = nth, .for_good = for_good == 1}};
      play_scene(world, &scene);
      check_scene(&scene);
      if (world_open_handles() != handles) fail_msg("allocation %u: a descriptor or handle is lost", (unsigned)nth);
      failed = scene.supply.failed;
    }
    assert_true(nth < 500);
  }
}

static const struct world_case cases[] = {
    WORLD_CASE_EXCEPT("", a_host_with_a_closed_and_a_live_address, WORLD_NOT_LOCAL, "hosts have names for TCP"),
};

int main(int argc, char **argv) {
  return world_main(argc, argv, "name_allocation", cases, sizeof cases / sizeof *cases);
}
