/* SPDX-License-Identifier: MIT */
/*
 * Every allocation in the life of a cluster fails once, one after the other, until the life goes through without a
 * failure; and then memory is gone for good from there on. Whatever fails: no crash, no leak, and nobody waits for ever
 * for a side that could not speak.
 *
 * The life: a primary with two workers, in loops of this process; both listen, clients come and are answered, one
 * worker leaves, and the other is lost.
 */
#include "support/further_loop.h"
#include "support/supply.h"
#include "support/world.h"

enum { WORKERS = 2, CLIENTS = 3, TURNS = 400, CHECKED_TURNS = 20000 };

struct scene {
  struct supply supply;
  struct world *world;
  weir_scheduling scheduling;
  weir_loop *primary;
  weir_loop *loops[WORKERS];
  weir_cluster *cluster;
  weir_worker *workers[WORKERS];
  weir_server *servers[WORKERS];
  weir_socket *clients[CLIENTS];
  size_t listening;
  size_t answers;
  size_t disconnects;
};

static weir_loop *make_loop(struct scene *scene) {
  weir_loop_options options = further_loop_options(scene->world);
  weir_loop *loop = NULL;
  options.allocator = supply_allocator(&scene->supply);
  return weir_loop_create(&options, &loop) == WEIR_OK ? loop : NULL;
}

static void run(const struct scene *scene, int turns) {
  for (int turn = 0; turn < turns; turn++) {
    weir_loop_run(scene->primary, WEIR_RUN_NOWAIT);
    for (size_t i = 0; i < WORKERS; i++) weir_loop_run(scene->loops[i], WEIR_RUN_NOWAIT);
  }
}

/* Where nothing has failed the life goes on; where something has, it need not. */
static void run_until(const struct scene *scene, const size_t *count, size_t wanted) {
  for (int turn = 0; *count < wanted && turn < CHECKED_TURNS; turn++) {
    if (scene->supply.failed && turn > TURNS) return;
    run(scene, 1);
  }
  if (!scene->supply.failed) assert_int_equal(*count, wanted);
}

static void count_event(const weir_event *event, void *count) {
  (void)event;
  ++*(size_t *)count;
}

static void greet(const weir_event *event, void *unused) {
  (void)unused;
  weir_socket_write(event->connection, "x", 1);
}

static bool add_worker(struct scene *scene, size_t i) {
  weir_channel *here = NULL;
  weir_channel *there = NULL;
  weir_worker *worker = NULL;
  if (weir_channel_pair(scene->primary, scene->loops[i], &here, &there) != WEIR_OK) return false;
  weir_code code = weir_cluster_add(scene->cluster, here, NULL);
  if (code == WEIR_OK) code = weir_cluster_join_channel(there, &worker);
  weir_channel_release(here);
  weir_channel_release(there);
  scene->workers[i] = worker;
  return code == WEIR_OK;
}

static bool listen(struct scene *scene, size_t i) {
  weir_server *server = NULL;
  weir_listen_options options = weir_listen_options_default();
  options.backlog = CLIENTS; /* 256 pipe instances in each round would take Windows minutes */
  if (weir_server_create(scene->loops[i], NULL, greet, NULL, &server) != WEIR_OK) return false;
  scene->servers[i] = server;
  weir_code code = weir_server_on(server, WEIR_EVENT_LISTENING, count_event, &scene->listening);
  if (code == WEIR_OK) code = weir_server_listen(server, scene->world->endpoint, &options);
  return code == WEIR_OK;
}

static bool connect(struct scene *scene, size_t i) {
  weir_code code = weir_connect(scene->primary, scene->world->endpoint, NULL, NULL, &scene->clients[i]);
  if (code == WEIR_OK) code = weir_socket_on(scene->clients[i], WEIR_EVENT_DATA, count_event, &scene->answers);
  return code == WEIR_OK;
}

static bool begin(struct scene *scene) {
  weir_cluster_options options = weir_cluster_options_default();
  options.scheduling = scene->scheduling;
  if (weir_cluster_create(scene->primary, &options, &scene->cluster) != WEIR_OK) return false;
  weir_code code = weir_cluster_on(scene->cluster, WEIR_EVENT_DISCONNECT, count_event, &scene->disconnects);
  return code == WEIR_OK && add_worker(scene, 0) && add_worker(scene, 1);
}

static void live(struct scene *scene) {
  if (!begin(scene)) return;
  for (size_t i = 0; i < WORKERS; i++) {
    if (!listen(scene, i)) return;
    run_until(scene, &scene->listening, i + 1);
  }
  for (size_t i = 0; i < CLIENTS; i++) {
    if (!connect(scene, i)) return;
  }
  run_until(scene, &scene->answers, CLIENTS);
  for (size_t i = 0; i < CLIENTS; i++) weir_socket_destroy(scene->clients[i], NULL);
  weir_worker_disconnect(scene->workers[0]);
  run_until(scene, &scene->disconnects, 1);
  weir_channel_destroy(weir_worker_channel(scene->workers[1]));
  run_until(scene, &scene->disconnects, 2);
}

static void end(struct scene *scene) {
  for (size_t i = 0; i < CLIENTS; i++) weir_socket_release(scene->clients[i]);
  for (size_t i = 0; i < WORKERS; i++) {
    weir_server_release(scene->servers[i]);
    weir_worker_release(scene->workers[i]);
  }
  weir_cluster_release(scene->cluster);
  for (size_t i = 0; i < WORKERS; i++) weir_loop_release(scene->loops[i]);
  weir_loop_release(scene->primary);
}

static void play(struct world *world, struct scene *scene) {
  scene->world = world;
  scene->primary = make_loop(scene);
  bool made = scene->primary != NULL;
  for (size_t i = 0; i < WORKERS && made; i++) {
    scene->loops[i] = make_loop(scene);
    made = scene->loops[i] != NULL;
  }
  if (made) live(scene);
  end(scene);
}

static void sweep(struct world *world, weir_scheduling scheduling) {
  size_t handles = world_open_handles();
  bool failed = true;
  for (size_t nth = 1; failed; nth++) {
    for (int for_good = 0; for_good <= 1; for_good++) {
      struct scene scene = {.scheduling = scheduling};
      scene.supply.fail_at = nth;
      scene.supply.for_good = for_good == 1;
      play(world, &scene);
      failed = scene.supply.failed;
      if (scene.supply.blocks != 0) fail_msg("allocation %u: %ld blocks are lost", (unsigned)nth, scene.supply.blocks);
    }
    assert_true(nth < 5000);
  }
  assert_int_equal(world_open_handles(), handles);
}

static void a_cluster_that_takes_turns(struct world *world) { sweep(world, WEIR_SCHEDULING_ROUND_ROBIN); }

static void a_cluster_that_shares(struct world *world) { sweep(world, WEIR_SCHEDULING_SHARED); }

static const struct world_case cases[] = {
    WORLD_CASE("", a_cluster_that_takes_turns),
    WORLD_CASE_EXCEPT("", a_cluster_that_shares, WORLD_NOT_WINDOWS, "names are served round robin there"),
};

int main(int argc, char **argv) {
  return world_main(argc, argv, "cluster_allocation", cases, sizeof cases / sizeof *cases);
}
