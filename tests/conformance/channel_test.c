/* SPDX-License-Identifier: MIT */
/*
 * Messages of a channel: whole, in order, each by itself, of any length; back-pressure; the ways to end; and what the
 * other side may do that no channel of ours does. What travels with messages is in passing_test.c.
 */
#include <stdlib.h>

#include "support/channels.h"
#include "support/further_loop.h"

enum { LARGE_BYTES = 4 << 20, MANY = 2000 };

/* ---- messages ---- */

static void messages_arrive_whole_and_in_order(struct world *world) {
  struct channels channels = {0};
  channels_open(&channels, world);
  assert_true(weir_channel_connected(channels.a));
  assert_int_equal(channels_send(world, channels.a, "one", "hello"), 1);
  assert_int_equal(channels_send(world, channels.a, "two", ""), 1);
  assert_int_equal(channels_send(world, channels.b, "three", "answer"), 1);
  assert_int_equal(weir_channel_send(channels.a, "last", 4, NULL), 1);
  world_expect(world, "one", "");
  channels_run_until_noted(&channels, "B message", 3);
  channels_run_until_noted(&channels, "A message", 1);
  world_expect(world, "B", "message(hello) message() message(last)");
  world_expect(world, "A", "message(answer)");
  world_expect(world, "one", "sent");
  world_expect(world, "two", "sent");
  world_expect(world, "three", "sent");
  channels_close(&channels);
}

/* A message of a pattern, as large as the text of 4 MB of row A282. */
struct large {
  size_t length;
  bool has_come;
  bool is_whole;
};

static void hear_large(const weir_event *event, void *user) {
  struct large *large = user;
  large->has_come = true;
  large->is_whole =
      event->message->length == large->length && world_check(event->message->bytes, event->message->length, 0);
}

static void send_large(struct world *world, size_t length) {
  struct channels channels = {.is_quiet = true};
  struct large large = {.length = length};
  unsigned char *bytes = malloc(length);
  channels_open(&channels, world);
  world_fill(bytes, length, 0);
  weir_channel_on(channels.b, WEIR_EVENT_MESSAGE, hear_large, &large);
  assert_int_equal(weir_channel_send(channels.a, bytes, length, NULL), 0);
  free(bytes);
  assert_true(weir_channel_buffered(channels.a) > 0);
  channels_run_until(&channels, &large.has_come);
  assert_true(large.is_whole);
  channels_run_until_noted(&channels, "A drain", 1);
  assert_int_equal(weir_channel_buffered(channels.a), 0);
  channels_close(&channels);
}

static void a_message_of_400_kilobytes_arrives_whole(struct world *world) { send_large(world, 400 << 10); }

static void a_message_of_4_megabytes_arrives_whole(struct world *world) { send_large(world, LARGE_BYTES); }

static void a_large_message_sent_just_before_the_end_arrives_whole(struct world *world) {
  struct channels channels = {.is_quiet = true};
  struct large large = {.length = LARGE_BYTES};
  unsigned char *bytes = malloc(LARGE_BYTES);
  channels_open(&channels, world);
  world_fill(bytes, LARGE_BYTES, 0);
  weir_channel_on(channels.b, WEIR_EVENT_MESSAGE, hear_large, &large);
  weir_channel_send(channels.a, bytes, LARGE_BYTES, NULL);
  free(bytes);
  assert_int_equal(weir_channel_disconnect(channels.a), WEIR_OK);
  channels_run_until_noted(&channels, "B close", 1);
  assert_true(large.is_whole);
  world_expect(world, "B", "close(false)");
  channels_run_until_noted(&channels, "A close", 1);
  channels_forget(&channels);
}

/* Each message says what number it is. */
struct counting {
  unsigned next;
  bool is_wrong;
  bool is_over;
};

static void count_up(const weir_event *event, void *user) {
  struct counting *counting = user;
  unsigned number = 0;
  if (event->message->length == sizeof number) memcpy(&number, event->message->bytes, sizeof number);
  if (number != counting->next) counting->is_wrong = true;
  counting->is_over = ++counting->next == MANY;
}

static void many_small_messages_keep_their_order(struct world *world) {
  struct channels channels = {.is_quiet = true};
  struct counting counting = {0};
  channels_open(&channels, world);
  weir_channel_on(channels.b, WEIR_EVENT_MESSAGE, count_up, &counting);
  for (unsigned number = 0; number < MANY; number++) {
    assert_true(weir_channel_send(channels.a, &number, sizeof number, NULL) >= 0);
    if (number % 7 == 0) channels_turn(&channels);
  }
  channels_run_until(&channels, &counting.is_over);
  assert_false(counting.is_wrong);
  channels_close(&channels);
}

static void stop_the_loop(const weir_event *event, void *unused) {
  (void)unused;
  weir_loop_stop(weir_channel_loop(event->channel));
}

static void each_message_is_told_by_itself(struct world *world) {
  struct channels channels = {0};
  channels_open(&channels, world);
  weir_channel_on(channels.b, WEIR_EVENT_MESSAGE, stop_the_loop, NULL);
  for (int i = 0; i < 3; i++) weir_channel_send(channels.a, "x", 1, NULL);
  for (size_t expected = 1; expected <= 3; expected++) {
    while (world_count(world, "B message") < expected) channels_turn(&channels);
    assert_int_equal(world_count(world, "B message"), expected);
  }
  channels_close(&channels);
}

static void messages_wait_for_a_listener(struct world *world) {
  struct channels channels = {0};
  channels_open_unheard(&channels, world);
  weir_channel_send(channels.a, "early", 5, NULL);
  weir_channel_send(channels.a, "bird", 4, NULL);
  for (int i = 0; i < 100; i++) channels_turn(&channels);
  world_expect(world, "B", "");
  channels_listen(&channels);
  world_expect(world, "B", "");
  channels_run_until_noted(&channels, "B message", 2);
  world_expect(world, "B", "message(early) message(bird)");
  channels_close(&channels);
}

static void note_once(const weir_event *event, void *user) {
  world_note(user, "once", "%.*s", (int)event->message->length, (const char *)event->message->bytes);
}

static void a_listener_of_one_message_leaves_the_next_to_others(struct world *world) {
  struct channels channels = {0};
  channels_open_unheard(&channels, world);
  weir_channel_send(channels.a, "first", 5, NULL);
  weir_channel_send(channels.a, "second", 6, NULL);
  weir_channel_once(channels.b, WEIR_EVENT_MESSAGE, note_once, world);
  channels_run_until_noted(&channels, "once first", 1);
  for (int i = 0; i < 100; i++) channels_turn(&channels);
  world_expect(world, "once", "first");
  channels_listen(&channels);
  channels_run_until_noted(&channels, "B message", 1);
  world_expect(world, "B", "message(second)");
  channels_close(&channels);
}

static void who_does_not_listen_is_not_flooded(struct world *world) {
  struct channels channels = {0};
  static const char kilobytes[32 << 10];
  channels_open_unheard(&channels, world);
  int sent = 0;
  for (int i = 0; i < 200; i++) {
    if (weir_channel_buffered(channels.a) < (1 << 20)) {
      weir_channel_send(channels.a, kilobytes, sizeof kilobytes, NULL);
      sent++;
    }
    channels_turn(&channels);
  }
  assert_true(weir_channel_buffered(channels.a) >= 1 << 20);
  assert_int_equal(world_count(world, "A drain"), 0);
  channels.is_quiet = true;
  channels_listen(&channels);
  channels_run_until_noted(&channels, "A drain", 1);
  assert_true(sent < 200);
  channels_close(&channels);
}

/* ---- life ---- */

static void disconnecting_is_heard_of_later_and_by_both(struct world *world) {
  struct channels channels = {0};
  channels_open(&channels, world);
  channels_send(world, channels.a, "last", "last words");
  assert_int_equal(weir_channel_disconnect(channels.a), WEIR_OK);
  assert_false(weir_channel_connected(channels.a));
  assert_int_equal(weir_channel_disconnect(channels.a), WEIR_ENOTCONN);
  assert_int_equal(weir_channel_send(channels.a, "more", 4, NULL), WEIR_EENDED);
  world_expect(world, "A", "");
  channels_run_until_noted(&channels, "A close", 1);
  channels_run_until_noted(&channels, "B close", 1);
  world_expect(world, "A", "close(false)");
  world_expect(world, "B", "message(last words) close(false)");
  world_expect(world, "last", "sent");
  assert_int_equal(weir_channel_send(channels.a, "more", 4, NULL), WEIR_ENOTCONN);
  assert_int_equal(weir_channel_send(channels.b, "more", 4, NULL), WEIR_ENOTCONN);
  assert_int_equal(weir_channel_disconnect(channels.b), WEIR_ENOTCONN);
  channels_forget(&channels);
}

static void what_was_sent_before_the_other_side_disconnected_still_comes(struct world *world) {
  struct channels channels = {0};
  channels_open(&channels, world);
  for (int i = 0; i < 100; i++) weir_channel_send(channels.b, "mine", 4, NULL);
  weir_channel_disconnect(channels.a);
  channels_run_until_noted(&channels, "A close", 1);
  channels_run_until_noted(&channels, "B close", 1);
  assert_int_equal(world_count(world, "A message"), 100);
  channels_forget(&channels);
}

static void destroying_closes_both_and_the_other_side_calls_it_a_loss(struct world *world) {
  struct channels channels = {0};
  channels_open(&channels, world);
  weir_channel_destroy(channels.a);
  weir_channel_destroy(channels.a);
  assert_false(weir_channel_connected(channels.a));
  assert_int_equal(channels_send(world, channels.a, "late", "x"), WEIR_ENOTCONN);
  channels_run_until_noted(&channels, "A close", 1);
  channels_run_until_noted(&channels, "B close", 1);
  world_expect(world, "A", "close(false)");
  world_expect(world, "B", "close(true)");
  world_expect(world, "late", "");
  channels_forget(&channels);
}

static void what_could_not_be_sent_is_told_before_the_close(struct world *world) {
  struct channels channels = {0};
  unsigned char *bytes = calloc(1, LARGE_BYTES);
  weir_send_options options = weir_send_options_default();
  channels_open_unheard(&channels, world);
  options.callback = channels_note_sent;
  options.user = world_mark(world, "large", NULL);
  weir_channel_send(channels.a, bytes, LARGE_BYTES, &options);
  free(bytes);
  weir_channel_destroy(channels.a);
  channels_run_until_noted(&channels, "A close", 1);
  channels_run_until_noted(&channels, "B close", 1);
  world_expect(world, "large", "sent(ECANCELED)");
  world_expect_before(world, "large sent", "A close");
  channels_forget(&channels);
}

static void destroy_on(const weir_event *event, void *unused) {
  (void)unused;
  weir_channel_destroy(event->channel);
}

static void no_message_comes_behind_a_destroy(struct world *world) {
  struct channels channels = {0};
  channels_open(&channels, world);
  weir_channel_on(channels.b, WEIR_EVENT_MESSAGE, destroy_on, NULL);
  for (int i = 0; i < 5; i++) weir_channel_send(channels.a, "x", 1, NULL);
  channels_run_until_noted(&channels, "B close", 1);
  channels_run_until_noted(&channels, "A close", 1);
  world_expect(world, "B", "message(x) close(false)");
  channels_forget(&channels);
}

static void a_released_channel_lives_until_it_closes(struct world *world) {
  struct channels channels = {0};
  channels_open(&channels, world);
  weir_channel_release(channels.b);
  weir_channel_send(channels.a, "x", 1, NULL);
  channels_run_until_noted(&channels, "B message", 1);
  weir_channel_disconnect(channels.a);
  channels_run_until_noted(&channels, "A close", 1);
  channels_run_until_noted(&channels, "B close", 1);
  channels.b = NULL;
  channels_forget(&channels);
}

static void a_loop_that_ends_takes_its_end_with_it(struct world *world) {
  struct channels channels = {0};
  channels_open(&channels, world);
  channels_send(world, channels.b, "last", "x");
  while (world_count(world, "last sent") == 0) weir_loop_run(channels.there, WEIR_RUN_NOWAIT);
  weir_channel_release(channels.b);
  weir_loop_release(channels.there);
  world_run_until_noted(world, "A close", 1);
  world_expect(world, "A", "message(x) close(true)");
  world_expect(world, "B", "");
  weir_channel_release(channels.a);
}

static void listening_to_messages_keeps_a_loop_alive_until_disconnect(struct world *world) {
  struct channels channels = {0};
  channels_open_unheard(&channels, world);
  channels_turn(&channels);
  assert_false(weir_loop_alive(channels.there));
  channels_listen(&channels);
  assert_true(weir_loop_alive(channels.there));
  weir_channel_unref(channels.b);
  assert_false(weir_channel_has_ref(channels.b));
  assert_false(weir_loop_alive(channels.there));
  weir_channel_ref(channels.b);
  assert_true(weir_loop_alive(channels.there));
  weir_channel_disconnect(channels.a);
  channels_run_until_noted(&channels, "B close", 1);
  channels_run_until_noted(&channels, "A close", 1);
  assert_false(weir_loop_alive(channels.there));
  channels_forget(&channels);
}

static void a_listener_that_goes_lets_the_loop_end(struct world *world) {
  struct channels channels = {0};
  channels_open_unheard(&channels, world);
  channels_turn(&channels);
  weir_channel_once(channels.b, WEIR_EVENT_MESSAGE, note_once, world);
  assert_true(weir_loop_alive(channels.there));
  weir_channel_send(channels.a, "only", 4, NULL);
  channels_run_until_noted(&channels, "once only", 1);
  assert_false(weir_loop_alive(channels.there));
  weir_channel_on(channels.b, WEIR_EVENT_MESSAGE, note_once, world);
  assert_int_equal(weir_channel_listener_count(channels.b, WEIR_EVENT_MESSAGE), 1);
  assert_int_equal(weir_channel_off(channels.b, WEIR_EVENT_MESSAGE, note_once, world), WEIR_OK);
  assert_int_equal(weir_channel_off(channels.b, WEIR_EVENT_MESSAGE, note_once, world), WEIR_ENOENT);
  assert_false(weir_loop_alive(channels.there));
  channels_close(&channels);
}

static void both_ends_may_be_on_one_loop(struct world *world) {
  weir_channel *ends[2];
  assert_int_equal(weir_channel_pair(world->loop, world->loop, &ends[0], &ends[1]), WEIR_OK);
  weir_channel_on(ends[1], WEIR_EVENT_MESSAGE, note_once, world);
  weir_channel_send(ends[0], "round", 5, NULL);
  world_run_until_noted(world, "once round", 1);
  weir_channel_disconnect(ends[1]);
  world_run(world);
  assert_false(weir_channel_connected(ends[0]));
  weir_channel_release(ends[0]);
  weir_channel_release(ends[1]);
}

/* ---- refusals ---- */

static void what_makes_no_sense_is_refused(struct world *world) {
  struct channels channels = {0};
  weir_send_options options = weir_send_options_default();
  channels_open(&channels, world);
  weir_channel *channel = NULL;
  assert_int_equal(weir_channel_send(NULL, "x", 1, NULL), WEIR_EINVAL);
  assert_int_equal(weir_channel_send(channels.a, NULL, 1, NULL), WEIR_EINVAL);
  assert_int_equal(weir_channel_send(channels.a, "x", SIZE_MAX, NULL), WEIR_EINVAL);
  options.keep_open = true;
  assert_int_equal(weir_channel_send(channels.a, "x", 1, &options), WEIR_EINVAL);
  assert_int_equal(weir_channel_pair(world->loop, NULL, &channel, &channel), WEIR_EINVAL);
  assert_int_equal(weir_channel_pair(world->loop, world->loop, NULL, &channel), WEIR_EINVAL);
  assert_int_equal(weir_channel_on(channels.a, WEIR_EVENT_DATA, note_once, world), WEIR_EINVAL);
  assert_int_equal(weir_channel_on(channels.a, WEIR_EVENT_MESSAGE, NULL, world), WEIR_EINVAL);
  assert_int_equal(weir_channel_disconnect(NULL), WEIR_EINVAL);
  assert_int_equal(weir_channel_open_parent(NULL, &channel), WEIR_EINVAL);
  assert_int_equal(weir_channel_open_parent(world->loop, &channel), world->simulated ? WEIR_ENOTSUP : WEIR_ENOTCONN);
  channels_close(&channels);
}

static void a_pair_of_two_worlds_is_refused(struct world *world) {
  weir_loop *other = NULL;
  weir_channel *ends[2];
  assert_int_equal(weir_loop_create(NULL, &other), WEIR_OK);
  assert_int_equal(weir_channel_pair(world->loop, other, &ends[0], &ends[1]), WEIR_EINVAL);
  weir_loop_release(other);
}

static void a_channel_says_what_it_waits_for(struct world *world) {
  struct channels channels = {0};
  char text[4096];
  channels_open(&channels, world);
  weir_loop_dump(channels.there, text, sizeof text);
  assert_non_null(strstr(text, "channel: open, somebody listens to its messages"));
  channels_close(&channels);
}

static const struct world_case cases[] = {
    WORLD_CASE("EO-48 A261", messages_arrive_whole_and_in_order),
    WORLD_CASE("A264", a_message_of_400_kilobytes_arrives_whole),
    WORLD_CASE("A282", a_message_of_4_megabytes_arrives_whole),
    WORLD_CASE("A282", a_large_message_sent_just_before_the_end_arrives_whole),
    WORLD_CASE("EO-48", many_small_messages_keep_their_order),
    WORLD_CASE("A272", each_message_is_told_by_itself),
    WORLD_CASE("A272", messages_wait_for_a_listener),
    WORLD_CASE("", a_listener_of_one_message_leaves_the_next_to_others),
    WORLD_CASE("A263", who_does_not_listen_is_not_flooded),
    WORLD_CASE("A260 A271 EO-48", disconnecting_is_heard_of_later_and_by_both),
    WORLD_CASE("A271", what_was_sent_before_the_other_side_disconnected_still_comes),
    WORLD_CASE("A260", destroying_closes_both_and_the_other_side_calls_it_a_loss),
    WORLD_CASE("A268", what_could_not_be_sent_is_told_before_the_close),
    WORLD_CASE("", no_message_comes_behind_a_destroy),
    WORLD_CASE("", a_released_channel_lives_until_it_closes),
    WORLD_CASE("A267", a_loop_that_ends_takes_its_end_with_it),
    WORLD_CASE("A269 A270", listening_to_messages_keeps_a_loop_alive_until_disconnect),
    WORLD_CASE("A269", a_listener_that_goes_lets_the_loop_end),
    WORLD_CASE("", both_ends_may_be_on_one_loop),
    WORLD_CASE("", what_makes_no_sense_is_refused),
    WORLD_CASE_EXCEPT("", a_pair_of_two_worlds_is_refused, WORLD_NOT_POSIX | WORLD_NOT_WINDOWS,
                      "systems have one world"),
    WORLD_CASE("", a_channel_says_what_it_waits_for),
};

int main(int argc, char **argv) { return world_main(argc, argv, "channel", cases, sizeof cases / sizeof cases[0]); }
