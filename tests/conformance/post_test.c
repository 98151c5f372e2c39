/* SPDX-License-Identifier: MIT */
/*
 * Functions posted to a loop, from its own thread and from others, and waking it.
 */
#include <stdatomic.h>
#include <stdlib.h>

#include "support/further_loop.h"
#include "support/native.h"
#include "support/thread.h"
#include "support/world.h"

struct word {
  struct world *world;
  const char *text;
};

static void note_word(void *user) {
  const struct word *word = user;
  world_note(word->world, "posted", "%s", word->text);
}

static void posted_functions_run_once_in_order_and_later(struct world *world) {
  struct word words[] = {{world, "a"}, {world, "b"}, {world, "c"}};
  assert_false(weir_loop_alive(world->loop));
  for (size_t i = 0; i < 3; i++) assert_int_equal(weir_loop_post(world->loop, note_word, &words[i]), WEIR_OK);
  world_expect(world, "posted", "");
  assert_true(weir_loop_alive(world->loop));
  world_run(world);
  world_expect(world, "posted", "a b c");
  world_run(world);
  world_expect(world, "posted", "a b c");
}

struct chain {
  struct world *world;
  int left;
};

static void post_next(void *user) {
  struct chain *chain = user;
  world_note(chain->world, "posted", "%d", chain->left);
  if (--chain->left > 0) weir_loop_post(chain->world->loop, post_next, chain);
}

static void a_function_may_post_another(struct world *world) {
  struct chain chain = {world, 3};
  weir_loop_post(world->loop, post_next, &chain);
  world_run(world);
  world_expect(world, "posted", "3 2 1");
}

struct endless {
  weir_loop *loop;
  bool over;
};

static void post_itself(void *user) {
  struct endless *endless = user;
  if (!endless->over) weir_loop_post(endless->loop, post_itself, endless);
}

static void finish_endless(void *user) { ((struct endless *)user)->over = true; }

static void a_function_that_posts_itself_leaves_room_for_timers(struct world *world) {
  struct endless endless = {world->loop, false};
  weir_loop_post(world->loop, post_itself, &endless);
  world_after(world, world->simulated ? 0 : 5, finish_endless, &endless);
  world_run(world);
  assert_true(endless.over);
}

static void destroy_socket(void *socket) { weir_socket_destroy(socket, NULL); }

static void a_posted_function_may_call_anything(struct world *world) {
  weir_socket *socket = world_socket(world, NULL);
  world_trace_socket(world, socket, "C", 0);
  weir_loop_post(world->loop, destroy_socket, socket);
  world_run(world);
  world_expect(world, "C", "close(false)");
}

static void functions_posted_to_a_loop_that_is_released_do_not_run(struct world *world) {
  weir_loop *loop = further_loop(world);
  struct word word = {world, "never"};
  assert_int_equal(weir_loop_post(loop, note_word, &word), WEIR_OK);
  weir_loop_release(loop);
  world_run(world);
  world_expect(world, "posted", "");
}

/* ---- other threads ---------------------------------------------------------------------------------------------- */

enum { POSTERS = 4, POSTS = 2000 };

struct poster {
  weir_loop *loop;
  unsigned *total;
  unsigned next; /* what the loop expects of this thread next */
  unsigned disorders;
  unsigned failures; /* written by the thread */
  struct message {
    struct poster *poster;
    unsigned number;
  } messages[POSTS];
};

static void receive_message(void *user) {
  struct message *message = user;
  if (message->number != message->poster->next) message->poster->disorders++;
  message->poster->next++;
  ++*message->poster->total;
  if (*message->poster->total == POSTERS * POSTS) weir_loop_stop(message->poster->loop);
}

static void post_messages(void *user) {
  struct poster *poster = user;
  for (unsigned i = 0; i < POSTS; i++) {
    poster->messages[i] = (struct message){poster, i};
    if (weir_loop_post(poster->loop, receive_message, &poster->messages[i]) != WEIR_OK) poster->failures++;
  }
}

static void four_threads_post_and_nothing_is_lost_or_swapped(struct world *world) {
  struct poster *posters = calloc(POSTERS, sizeof *posters);
  struct thread *threads[POSTERS];
  unsigned total = 0;
  weir_server *server = world_listen(world, NULL, NULL, NULL);
  assert_non_null(posters);
  for (size_t i = 0; i < POSTERS; i++) {
    posters[i].loop = world->loop;
    posters[i].total = &total;
    threads[i] = thread_start(post_messages, &posters[i]);
    assert_non_null(threads[i]);
  }
  assert_int_equal(weir_loop_run(world->loop, WEIR_RUN_DEFAULT), 1);
  for (size_t i = 0; i < POSTERS; i++) thread_join(threads[i]);
  assert_int_equal(total, POSTERS * POSTS);
  for (size_t i = 0; i < POSTERS; i++) assert_int_equal(posters[i].disorders + posters[i].failures, 0);
  free(posters);
  weir_server_close(server, NULL, NULL);
  world_run(world);
}

static void close_server(void *server) { weir_server_close(server, NULL, NULL); }

struct late {
  weir_loop *loop;
  weir_server *server;
};

static void post_late(void *user) {
  struct late *late = user;
  native_pause_ms(30);
  weir_loop_post(late->loop, close_server, late->server);
}

static void a_post_wakes_a_loop_that_waits(struct world *world) {
  struct late late = {world->loop, world_listen(world, NULL, NULL, NULL)};
  struct thread *thread = thread_start(post_late, &late);
  assert_non_null(thread);
  world_run(world);
  thread_join(thread);
  assert_false(weir_server_listening(late.server));
}

static void wake_late(void *loop) {
  native_pause_ms(30);
  weir_loop_wake(loop);
}

static void a_wake_makes_a_waiting_loop_look_around_once(struct world *world) {
  weir_server *server = world_listen(world, NULL, NULL, NULL);
  struct thread *thread = thread_start(wake_late, world->loop);
  assert_non_null(thread);
  assert_int_equal(weir_loop_run(world->loop, WEIR_RUN_ONCE), 1);
  thread_join(thread);
  weir_server_close(server, NULL, NULL);
  world_run(world);
}

static void a_post_from_another_thread_before_the_run_is_not_lost(struct world *world) {
  struct late late = {world->loop, world_listen(world, NULL, NULL, NULL)};
  struct thread *thread = thread_start(post_late, &late);
  assert_non_null(thread);
  thread_join(thread);
  world_run(world);
  assert_false(weir_server_listening(late.server));
}

/* ---- wakes ------------------------------------------------------------------------------------------------------ */

enum { SILENCE_MS = 5000, MOMENT_MS = 20 };

static void set_flag(void *flag) { *(bool *)flag = true; }

static void do_nothing(weir_timer *timer, void *unused) { (void)timer, (void)unused; }

static void a_wake_before_a_run_keeps_it_from_waiting_once(struct world *world) {
  bool late = false;
  bool rung = false;
  world_after(world, SILENCE_MS, set_flag, &late);
  uint64_t begin = native_now_ms();
  for (int i = 0; i < 3; i++) weir_loop_wake(world->loop);
  assert_int_equal(weir_loop_run(world->loop, WEIR_RUN_ONCE), 1);
  assert_true(native_now_ms() - begin < SILENCE_MS / 2);
  world_after(world, MOMENT_MS, set_flag, &rung);
  assert_int_equal(weir_loop_run(world->loop, WEIR_RUN_ONCE), 1);
  assert_true(rung);
}

/* Two loops that wake each other in turn: a wake that is lost ends the rally, and the test by its time. */
struct rally {
  weir_loop *loops[2];
  atomic_uint strokes; /* even: it is the first one's turn */
};

enum { STROKES = 3000 };

static void play(struct rally *rally, unsigned side) {
  for (unsigned stroke = side; stroke < STROKES; stroke += 2) {
    while (atomic_load(&rally->strokes) < stroke) weir_loop_run(rally->loops[side], WEIR_RUN_ONCE);
    atomic_fetch_add(&rally->strokes, 1);
    weir_loop_wake(rally->loops[1 - side]);
  }
}

static void play_second(void *rally) { play(rally, 1); }

static void two_loops_that_wake_each_other_never_miss_a_wake(struct world *world) {
  struct rally rally = {.loops = {world->loop, further_loop(world)}};
  weir_server *server = world_listen(world, NULL, NULL, NULL);
  weir_timer *timer = NULL;
  assert_int_equal(weir_timer_create(rally.loops[1], do_nothing, NULL, &timer), WEIR_OK);
  assert_int_equal(weir_timer_start(timer, WEIR_FOREVER, 0), WEIR_OK);
  struct thread *thread = thread_start(play_second, &rally);
  assert_non_null(thread);
  play(&rally, 0);
  thread_join(thread);
  assert_int_equal(atomic_load(&rally.strokes), STROKES);
  weir_timer_release(timer);
  weir_loop_release(rally.loops[1]);
  weir_server_close(server, NULL, NULL);
  world_run(world);
}

/* What was stored before a wake is seen by the look around that follows, also when the wake was one of many. */
struct flood {
  weir_loop *loop;
  atomic_uint written;
};

enum { WORDS = 20000 };

static void write_and_wake(void *user) {
  struct flood *flood = user;
  for (unsigned i = 0; i < WORDS; i++) {
    atomic_fetch_add(&flood->written, 1);
    weir_loop_wake(flood->loop);
  }
}

static void in_a_flood_of_wakes_the_last_one_counts(struct world *world) {
  struct flood flood = {.loop = world->loop};
  weir_server *server = world_listen(world, NULL, NULL, NULL);
  struct thread *thread = thread_start(write_and_wake, &flood);
  assert_non_null(thread);
  while (atomic_load(&flood.written) < WORDS) weir_loop_run(world->loop, WEIR_RUN_ONCE);
  thread_join(thread);
  weir_server_close(server, NULL, NULL);
  world_run(world);
}

#define THREAD_CASE(rows, function) \
  WORLD_CASE_EXCEPT(rows, function, WORLD_NOT_SIM, "a simulated world belongs to one thread")

static const struct world_case cases[] = {
    WORLD_CASE("", posted_functions_run_once_in_order_and_later),
    WORLD_CASE("", a_function_may_post_another),
    WORLD_CASE("", a_function_that_posts_itself_leaves_room_for_timers),
    WORLD_CASE("", a_posted_function_may_call_anything),
    WORLD_CASE("", functions_posted_to_a_loop_that_is_released_do_not_run),
    THREAD_CASE("", four_threads_post_and_nothing_is_lost_or_swapped),
    THREAD_CASE("", a_post_wakes_a_loop_that_waits),
    THREAD_CASE("", a_wake_makes_a_waiting_loop_look_around_once),
    THREAD_CASE("", a_post_from_another_thread_before_the_run_is_not_lost),
    THREAD_CASE("", a_wake_before_a_run_keeps_it_from_waiting_once),
    THREAD_CASE("", two_loops_that_wake_each_other_never_miss_a_wake),
    THREAD_CASE("", in_a_flood_of_wakes_the_last_one_counts),
};

int main(int argc, char **argv) { return world_main(argc, argv, "post", cases, sizeof cases / sizeof *cases); }
