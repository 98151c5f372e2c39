/* SPDX-License-Identifier: MIT */
/*
 * Messages of the library itself, which clusters are made of: apart from those of the user, in one order with them; and
 * what travels with them comes back when it was refused or lost, to be sent elsewhere, opened again, or closed.
 */
#include "common/channel/channel.h"
#include "support/channels.h"

enum { SUBJECT = 7, REASON = -1234 };

/* A connection whose accepted end goes with an internal message, and what became of that. */
struct journey {
  struct world *world;
  struct channels channels;
  struct world_pair pair;
  struct passenger *returned;
  weir_socket *taken;
  intptr_t native;
  bool takes_native;
  bool refuses;
  bool is_told;
};

static void open_journey(struct journey *journey, struct world *world) {
  *journey = (struct journey){.world = world};
  journey->pair = world_pair(world, &(struct world_pair_options){.client_trace = WORLD_TRACE_DATA});
  world_forget(world);
  channels_open(&journey->channels, world);
}

static void hear_sent(weir_channel *channel, weir_code code, struct passenger *returned, void *user) {
  struct journey *journey = user;
  (void)channel;
  journey->is_told = true;
  journey->returned = returned;
  if (code == WEIR_OK) {
    world_note(journey->world, "told", "OK");
  } else {
    world_note(journey->world, "told", "%d%s", (int)code, returned == NULL ? "" : "+back");
  }
}

static void take(weir_channel *channel, struct channel_message *message, void *user) {
  struct journey *journey = user;
  assert_int_equal(message->subject, SUBJECT);
  world_note(journey->world, "inside", "%.*s", (int)message->length, (const char *)message->bytes);
  if (message->kind == CHANNEL_NOTHING) return;
  if (journey->refuses) {
    channel_refuse(channel, message, (weir_code)REASON);
    assert_null(message->passenger);
  } else if (journey->takes_native) {
    channel_take_native(channel, message, &journey->native);
  } else {
    assert_int_equal(channel_take_socket(channel, message, &journey->taken), WEIR_OK);
    world_trace_socket(journey->world, journey->taken, "T", WORLD_TRACE_DATA);
  }
}

static int send_inside(struct journey *journey, weir_channel *channel, const char *text, weir_socket *socket) {
  const struct channel_send send = {
      .subject = SUBJECT, .bytes = text, .length = strlen(text), .socket = socket, .sent = hear_sent, .user = journey};
  journey->is_told = false;
  return channel_send(channel, &send);
}

static void run_until_told(struct journey *journey) { channels_run_until(&journey->channels, &journey->is_told); }

static void close_journey(struct journey *journey) {
  weir_server_close(journey->pair.server, NULL, NULL);
  weir_socket_destroy(journey->pair.client, NULL);
  if (journey->taken != NULL) {
    weir_socket_destroy(journey->taken, NULL);
    weir_socket_release(journey->taken);
    channels_run_until_noted(&journey->channels, "T close", 1);
  }
  channels_run_until_noted(&journey->channels, "C close", 1);
  channels_run_until_noted(&journey->channels, "V close", 1);
  channels_close(&journey->channels);
}

/* ---- messages ---- */

static void internal_messages_are_not_heard_as_others(struct world *world) {
  struct journey journey;
  open_journey(&journey, world);
  channel_handle(journey.channels.b, take, &journey);
  assert_int_equal(send_inside(&journey, journey.channels.a, "one", NULL), 1);
  weir_channel_send(journey.channels.a, "two", 3, NULL);
  assert_int_equal(send_inside(&journey, journey.channels.a, "three", NULL), 1);
  channels_run_until_noted(&journey.channels, "inside three", 1);
  channels_run_until_noted(&journey.channels, "told OK", 2);
  world_expect(world, "B", "message(two)");
  world_expect(world, "inside", "one three");
  world_expect_before(world, "inside one", "B message");
  world_expect_before(world, "B message", "inside three");
  close_journey(&journey);
}

static void nobody_need_understand_them(struct world *world) {
  struct journey journey;
  open_journey(&journey, world);
  assert_int_equal(send_inside(&journey, journey.channels.a, "what?", NULL), 1);
  run_until_told(&journey);
  assert_int_equal(send_inside(&journey, journey.channels.a, "and this?", journey.pair.accepted), 1);
  run_until_told(&journey);
  world_expect(world, "told", world_format(world, "OK %d+back", WEIR_ECANCELED));
  world_expect(world, "B", "");
  passenger_release(journey.returned);
  channels_run_until_noted(&journey.channels, "C close", 1);
  close_journey(&journey);
}

/* ---- what comes back ---- */

static void what_was_taken_is_there(struct world *world) {
  struct journey journey;
  open_journey(&journey, world);
  channel_handle(journey.channels.b, take, &journey);
  send_inside(&journey, journey.channels.a, "take", journey.pair.accepted);
  run_until_told(&journey);
  assert_null(journey.returned);
  weir_socket_resume(journey.taken);
  world_write(journey.pair.client, "hello");
  channels_run_until_noted(&journey.channels, "T data", 1);
  world_expect(world, "told", "OK");
  close_journey(&journey);
}

static void what_was_refused_can_be_sent_to_another(struct world *world) {
  struct journey journey;
  struct channels second = {0};
  open_journey(&journey, world);
  world_write(journey.pair.client, "before");
  weir_socket_pause(journey.pair.accepted);
  while (weir_socket_kept(journey.pair.accepted) < 6) weir_loop_run(world->loop, WEIR_RUN_ONCE);
  channels_open(&second, world);
  journey.refuses = true;
  channel_handle(journey.channels.b, take, &journey);
  send_inside(&journey, journey.channels.a, "first", journey.pair.accepted);
  run_until_told(&journey);
  world_expect(world, "told", world_format(world, "%d+back", REASON));
  journey.refuses = false;
  channel_handle(second.b, take, &journey);
  const struct channel_send again = {
      .subject = SUBJECT, .passenger = journey.returned, .sent = hear_sent, .user = &journey};
  journey.is_told = false;
  assert_int_equal(channel_send(second.a, &again), 1);
  while (!journey.is_told) {
    channels_turn(&journey.channels);
    channels_turn(&second);
  }
  assert_non_null(journey.taken);
  weir_socket_resume(journey.taken);
  world_write(journey.pair.client, " and after");
  while (weir_socket_bytes_read(journey.taken) < 16) channels_turn(&second);
  world_expect(world, "T", "data(before and after)");
  weir_socket_destroy(journey.taken, NULL);
  while (world_count(world, "T close") == 0) channels_turn(&second);
  weir_socket_release(journey.taken);
  journey.taken = NULL;
  weir_channel_destroy(second.a);
  while (world_count(world, "B close") == 0) channels_turn(&second);
  weir_channel_release(second.a);
  weir_channel_release(second.b);
  weir_loop_release(second.there);
  world_forget(world);
  weir_server_close(journey.pair.server, NULL, NULL);
  world_run_until_noted(world, "V close", 1);
  channels_close(&journey.channels);
}

static void what_was_refused_can_be_opened_again(struct world *world) {
  struct journey journey;
  weir_socket *again = NULL;
  open_journey(&journey, world);
  journey.refuses = true;
  channel_handle(journey.channels.b, take, &journey);
  send_inside(&journey, journey.channels.a, "no", journey.pair.accepted);
  run_until_told(&journey);
  assert_int_equal(passenger_open_socket(journey.returned, &again), WEIR_OK);
  assert_ptr_equal(weir_socket_server(again), journey.pair.server);
  world_trace_socket(world, again, "R", WORLD_TRACE_DATA);
  world_write(journey.pair.client, "still here");
  world_run_until_noted(world, "R data", 1);
  weir_server_get_connections(journey.pair.server, world_note_count, world_mark(world, "count", NULL));
  world_run_until_noted(world, "count count", 1);
  world_expect(world, "count", "count(1)");
  weir_socket_destroy(again, NULL);
  weir_socket_release(again);
  world_run_until_noted(world, "R close", 1);
  close_journey(&journey);
}

static void what_is_lost_on_its_way_out_comes_back_later(struct world *world) {
  struct journey journey;
  open_journey(&journey, world);
  weir_socket_pause(journey.pair.client);
  world_write_pattern(world, journey.pair.accepted, "S", "write-cb", 8 << 20, 0);
  send_inside(&journey, journey.channels.a, "slow", journey.pair.accepted);
  weir_channel_destroy(journey.channels.a);
  channels_run_until_noted(&journey.channels, "A close", 1);
  channels_run_until_noted(&journey.channels, "B close", 1);
  assert_false(journey.is_told);
  weir_socket_resume(journey.pair.client);
  run_until_told(&journey);
  assert_non_null(journey.returned);
  passenger_release(journey.returned);
  channels_run_until_noted(&journey.channels, "C close", 1);
  weir_server_close(journey.pair.server, NULL, NULL);
  world_run_until_noted(world, "V close", 1);
  channels_forget(&journey.channels);
}

static void a_native_can_be_taken_as_it_is(struct world *world) {
  struct journey journey;
  open_journey(&journey, world);
  journey.takes_native = true;
  channel_handle(journey.channels.b, take, &journey);
  send_inside(&journey, journey.channels.a, "raw", journey.pair.accepted);
  run_until_told(&journey);
  world_expect(world, "told", "OK");
  weir_socket *socket = NULL;
  assert_int_equal(weir_socket_create(journey.channels.there, NULL, &socket), WEIR_OK);
  assert_int_equal(weir_socket_open(socket, journey.native, true, true), WEIR_OK);
  world_trace_socket(world, socket, "T", WORLD_TRACE_DATA);
  world_write(journey.pair.client, "raw bytes");
  while (weir_socket_bytes_read(socket) < 9) channels_turn(&journey.channels);
  journey.taken = socket;
  weir_server_close(journey.pair.server, NULL, NULL);
  channels_run_until_noted(&journey.channels, "V close", 1); /* nobody would tell of its close */
  close_journey(&journey);
}

static void who_is_not_to_be_counted_is_not(struct world *world) {
  struct journey journey;
  open_journey(&journey, world);
  channel_handle(journey.channels.b, take, &journey);
  const struct channel_send send = {
      .subject = SUBJECT, .socket = journey.pair.accepted, .uncounted = true, .sent = hear_sent, .user = &journey};
  assert_int_equal(channel_send(journey.channels.a, &send), 1);
  run_until_told(&journey);
  weir_server_close(journey.pair.server, NULL, NULL);
  channels_run_until_noted(&journey.channels, "V close", 1);
  assert_false(weir_socket_destroyed(journey.taken));
  close_journey(&journey);
}

static const struct world_case cases[] = {
    WORLD_CASE("A273 A208", internal_messages_are_not_heard_as_others),
    WORLD_CASE("A208", nobody_need_understand_them),
    WORLD_CASE("", what_was_taken_is_there),
    WORLD_CASE("", what_was_refused_can_be_sent_to_another),
    WORLD_CASE("", what_was_refused_can_be_opened_again),
    WORLD_CASE("", what_is_lost_on_its_way_out_comes_back_later),
    WORLD_CASE("", a_native_can_be_taken_as_it_is),
    WORLD_CASE("", who_is_not_to_be_counted_is_not),
};

int main(int argc, char **argv) {
  return world_main(argc, argv, "internal_message", cases, sizeof cases / sizeof cases[0]);
}
