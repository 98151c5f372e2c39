/* SPDX-License-Identifier: MIT */
/*
 * The life of a world: its loop with a counting allocator, the guard against hanging, what it owns for its case, and
 * the checks at the end. What happened is noted in world_trace.c, cases are chosen and reported in world_main.c.
 */
#include "world_private.h"

#include <stdio.h>
#include <stdlib.h>

/* Longer than any deadline that a case waits for, shorter than the patience of a reader. */
#define GUARD_MS 20000

static void *resize_block(void *user, void *block, size_t bytes) {
  struct world_private *own = user;
  if (bytes == 0) {
    if (block) atomic_fetch_sub(&own->blocks, 1);
    free(block);
    return NULL;
  }
  void *resized = realloc(block, bytes);
  if (resized && !block) atomic_fetch_add(&own->blocks, 1);
  return resized;
}

static void note_unhandled_error(weir_loop *loop, const weir_error *error, void *user) {
  (void)loop;
  world_note(user, "loop", "unhandled(%s)", weir_code_name(error->code));
}

static void stop_hanging_loop(weir_timer *timer, void *user) {
  (void)timer;
  struct world *world = user;
  world->own->expired = true;
  weir_loop_stop(world->loop);
}

static void make_loop(struct world *world, uint64_t seed) {
  weir_loop_options options = weir_loop_options_default();
  if (world->simulated) {
    weir_sim_options sim_options = weir_sim_options_default();
    sim_options.seed = seed;
    assert_int_equal(weir_sim_create(&sim_options, &world->sim), WEIR_OK);
    options.simulator = world->sim;
  } else {
    options.backend = world->backend;
  }
  options.allocator.resize = resize_block;
  options.allocator.user = world->own;
  options.unhandled_error = note_unhandled_error;
  options.unhandled_error_user = world;
  assert_int_equal(weir_loop_create(&options, &world->loop), WEIR_OK);
  assert_string_equal(weir_loop_backend(world->loop), world->backend);
  assert_int_equal(weir_timer_create(world->loop, stop_hanging_loop, world, &world->own->guard), WEIR_OK);
  weir_timer_unref(world->own->guard);
}

void world_format_tcp(char endpoint[WORLD_ENDPOINT_BYTES], uint32_t address, unsigned port) {
  snprintf(endpoint, WORLD_ENDPOINT_BYTES, "tcp:%u.%u.%u.%u:%u", address >> 24, address >> 16 & 255, address >> 8 & 255,
           address & 255, port);
}

unsigned world_next_port(void) {
  static unsigned count;
  return 20000 + count++ % 12000;
}

static void make_endpoint(struct world *world) {
  if (world->simulated)
    strcpy(world->endpoint, world->tcp ? "tcp:127.0.0.1:8000" : "ipc:case");
  else if (world->tcp)
    world_make_tcp_endpoint(world->endpoint);
  else
    world_make_place(world);
}

void world_make_endpoint(struct world *world, char endpoint[WORLD_ENDPOINT_BYTES]) {
  unsigned number = ++world->own->endpoints;
  if (!world->tcp)
    snprintf(endpoint, WORLD_ENDPOINT_BYTES, "%.140s-%u", world->endpoint, number);
  else if (world->simulated)
    world_format_tcp(endpoint, 0x7F000001, 8000 + number);
  else
    world_make_tcp_endpoint(endpoint);
}

struct world *world_create(const char *backend, bool tcp, uint64_t seed, const char **skip_reason) {
  struct world *world = calloc(1, sizeof *world);
  struct world_private *own = calloc(1, sizeof *own);
  assert_true(world && own);
  world->own = own;
  own->skip_reason = skip_reason;
  world->backend = backend;
  world->simulated = strcmp(backend, "sim") == 0;
  world->tcp = tcp;
  world->nobody = tcp ? WEIR_ECONNREFUSED : WEIR_ENOENT;
  world->pipes = !tcp && strcmp(backend, "iocp") == 0;
  own->handles_before = world_open_handles();
  make_endpoint(world);
  make_loop(world, seed);
  return world;
}

static void give_back(struct world_thing *thing) {
  weir_timer_release(thing->timer);
  weir_socket_release(thing->socket);
  weir_server_release(thing->server);
  weir_process_release(thing->process);
}

/* Everything is released while the loop still lives, which is what a careful program does. */
static void release_all(struct world *world) {
  for (struct world_thing *thing = world->own->things; thing; thing = thing->next) give_back(thing);
  weir_timer_release(world->own->guard);
  weir_loop_release(world->loop);
  weir_sim_release(world->sim);
}

static void free_world(struct world *world) {
  for (struct world_thing *thing = world->own->things; thing;) {
    struct world_thing *next = thing->next;
    free(thing->text);
    free(thing);
    thing = next;
  }
  world_free_trace(world);
  free(world->own);
  free(world);
}

void world_destroy(struct world *world) {
  release_all(world);
  size_t blocks = atomic_load(&world->own->blocks);
  size_t handles_before = world->own->handles_before;
  if (world->directory[0]) world_remove_place(world);
  free_world(world);
  size_t handles = world_open_handles();
  if (blocks != 0) fail_msg("%u blocks were not given back", (unsigned)blocks);
  if (handles != handles_before)
    fail_msg("%u descriptors or handles before, %u after", (unsigned)handles_before, (unsigned)handles);
}

void world_abandon(struct world *world) {
  world_print_trace(world);
  if (world->directory[0]) world_remove_place(world);
}

void print_skip(const char *reason) {
  print_message("skipped: %s\n", reason);
  fflush(stdout);
}

void world_skip(struct world *world, const char *reason) {
  *world->own->skip_reason = reason;
  world_destroy(world);
  print_skip(reason);
  skip();
}

/* ---- running ---------------------------------------------------------------------------------------------------- */

static void begin_guard(struct world *world) {
  world->own->expired = false;
  assert_int_equal(weir_timer_start(world->own->guard, GUARD_MS, 0), WEIR_OK);
}

static void end_guard(struct world *world) {
  weir_timer_stop(world->own->guard);
  if (!world->own->expired) return;
  static char dump[4096];
  weir_loop_dump(world->loop, dump, sizeof dump);
  fail_msg("still running after %d s\n%s", GUARD_MS / 1000, dump);
}

void world_run(struct world *world) {
  begin_guard(world);
  int alive = weir_loop_run(world->loop, WEIR_RUN_DEFAULT);
  end_guard(world);
  assert_int_equal(alive, 0);
}

void world_run_until(struct world *world, const bool *flag) {
  int alive = 1;
  begin_guard(world);
  while (!*flag && !world->own->expired && alive == 1) alive = weir_loop_run(world->loop, WEIR_RUN_ONCE);
  end_guard(world);
  if (!*flag) fail_msg("the loop ended with %d before what was waited for", alive);
}

void world_run_until_noted(struct world *world, const char *noted, size_t times) {
  int alive = 1;
  begin_guard(world);
  while (world_count(world, noted) < times && !world->own->expired && alive == 1)
    alive = weir_loop_run(world->loop, WEIR_RUN_ONCE);
  end_guard(world);
  if (world_count(world, noted) < times) fail_msg("the loop ended with %d before \"%s\"", alive, noted);
}

static void set_flag(void *flag) { *(bool *)flag = true; }

/* Who was not given the processor for so long finds the time over before it has looked at anything else. */
static void catch_up(struct world *world) {
  for (int turns = 0; turns < 5; turns++) weir_loop_run(world->loop, WEIR_RUN_NOWAIT);
}

void world_run_for(struct world *world, uint64_t milliseconds) {
  bool over = false;
  world_after(world, milliseconds, set_flag, &over);
  world_run_until(world, &over);
  if (!world->simulated) catch_up(world);
}

/* ---- what a world owns ------------------------------------------------------------------------------------------ */

struct world_thing *world_remember(struct world *world) {
  struct world_thing *thing = calloc(1, sizeof *thing);
  assert_non_null(thing);
  thing->world = world;
  thing->next = world->own->things;
  world->own->things = thing;
  return thing;
}

static void call_function(weir_timer *timer, void *user) {
  (void)timer;
  struct world_thing *thing = user;
  thing->function(thing->user);
}

void world_after(struct world *world, uint64_t milliseconds, weir_function function, void *user) {
  struct world_thing *thing = world_remember(world);
  thing->function = function;
  thing->user = user;
  assert_int_equal(weir_timer_create(world->loop, call_function, thing, &thing->timer), WEIR_OK);
  assert_int_equal(weir_timer_start(thing->timer, milliseconds, 0), WEIR_OK);
}

weir_server *world_keep_server(struct world *world, weir_server *server) {
  world_remember(world)->server = server;
  return server;
}

weir_socket *world_keep_socket(struct world *world, weir_socket *socket) {
  world_remember(world)->socket = socket;
  return socket;
}

struct world_mark *world_mark(struct world *world, const char *name, const char *text) {
  struct world_mark *mark = &world_remember(world)->mark;
  mark->world = world;
  mark->name = name;
  mark->text = text;
  return mark;
}
