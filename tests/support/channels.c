/* SPDX-License-Identifier: MIT */
#include "channels.h"

#include <stdio.h>

#include "further_loop.h"

enum { TURNS_MAX = 4000000, SHOWN_BYTES = 40 };

/* ---- tracing ---- */

static const char *companion(const weir_event_message *message) {
  if (message->socket != NULL) return "+socket";
  if (message->server != NULL) return "+server";
  return "";
}

static void note_message(struct world *world, const char *name, const weir_event_message *message) {
  char text[SHOWN_BYTES + 1] = "";
  size_t shown = message->length < SHOWN_BYTES ? message->length : SHOWN_BYTES;
  memcpy(text, message->bytes, shown);
  if (message->code != WEIR_OK) {
    world_note(world, name, "message(%s)-%s", text, weir_code_name(message->code));
  } else if (shown < message->length) {
    world_note(world, name, "message(%s...%lu)%s", text, (unsigned long)message->length, companion(message));
  } else {
    world_note(world, name, "message(%s)%s", text, companion(message));
  }
}

static void keep_server(struct channels *channels, weir_server *server) {
  channels->arrived_server = weir_server_retain(server);
  world_trace_server(channels->world, server, "W");
  if (channels->serve == NULL) return;
  assert_int_equal(weir_server_on(server, WEIR_EVENT_CONNECTION, channels->serve, channels->world), WEIR_OK);
}

static void keep(struct channels *channels, const weir_event_message *message) {
  static const char *const names[] = {"N1", "N2", "N3", "N4"};
  if (message->server != NULL) keep_server(channels, message->server);
  if (message->socket == NULL) return;
  assert_true(channels->arrived_count < CHANNELS_ARRIVED_MAX);
  if (channels->arrived_count < sizeof names / sizeof names[0]) {
    world_trace_socket(channels->world, message->socket, names[channels->arrived_count], channels->trace);
  }
  channels->arrived[channels->arrived_count++] = weir_socket_retain(message->socket);
}

static void hear_message_of_b(const weir_event *event, void *user) {
  struct channels *channels = user;
  assert_ptr_equal(event->channel, channels->b);
  if (!channels->is_quiet) note_message(channels->world, "B", event->message);
  keep(channels, event->message);
}

static void hear_message_of_a(const weir_event *event, void *user) {
  struct channels *channels = user;
  assert_ptr_equal(event->channel, channels->a);
  note_message(channels->world, "A", event->message);
  if (event->message->socket != NULL) {
    world_trace_socket(channels->world, event->message->socket, "M", WORLD_TRACE_DATA);
    channels->arrived[channels->arrived_count++] = weir_socket_retain(event->message->socket);
  }
}

static void hear(struct world *world, const char *name, const weir_event *event) {
  if (event->type == WEIR_EVENT_ERROR) {
    world_note(world, name, "error(%s)", weir_code_name(event->error->code));
  } else if (event->type == WEIR_EVENT_CLOSE) {
    world_note(world, name, "close(%s)", event->had_error ? "true" : "false");
  } else {
    world_note(world, name, "%s", weir_event_name(event->type));
  }
}

static void hear_a(const weir_event *event, void *user) { hear(user, "A", event); }

static void hear_b(const weir_event *event, void *user) { hear(user, "B", event); }

static void trace(struct world *world, weir_channel *channel, weir_listener listener) {
  static const weir_event_type types[] = {WEIR_EVENT_DRAIN, WEIR_EVENT_ERROR, WEIR_EVENT_CLOSE};
  for (size_t i = 0; i < sizeof types / sizeof types[0]; i++) {
    assert_int_equal(weir_channel_on(channel, types[i], listener, world), WEIR_OK);
  }
}

/* ---- opening and closing ---- */

void channels_open_unheard(struct channels *channels, struct world *world) {
  channels->world = world;
  channels->there = further_loop(world);
  weir_code code = weir_channel_pair(world->loop, channels->there, &channels->a, &channels->b);
  if (code == WEIR_ENOTSUP) {
    weir_loop_release(channels->there);
    world_skip(world, "this backend has no channels");
  }
  assert_int_equal(code, WEIR_OK);
  trace(world, channels->a, hear_a);
  trace(world, channels->b, hear_b);
}

void channels_listen(struct channels *channels) {
  assert_int_equal(weir_channel_on(channels->b, WEIR_EVENT_MESSAGE, hear_message_of_b, channels), WEIR_OK);
}

void channels_open(struct channels *channels, struct world *world) {
  channels_open_unheard(channels, world);
  channels_listen(channels);
  assert_int_equal(weir_channel_on(channels->a, WEIR_EVENT_MESSAGE, hear_message_of_a, channels), WEIR_OK);
}

void channels_forget(struct channels *channels) {
  weir_channel_release(channels->a);
  weir_channel_release(channels->b);
  for (size_t i = 0; i < channels->arrived_count; i++) weir_socket_release(channels->arrived[i]);
  weir_server_release(channels->arrived_server);
  world_run(channels->world);
  weir_loop_release(channels->there);
}

void channels_close(struct channels *channels) {
  weir_channel_disconnect(channels->a);
  channels_run_until_noted(channels, "A close", 1);
  channels_run_until_noted(channels, "B close", 1);
  channels_forget(channels);
}

/* ---- running ---- */

void channels_turn(struct channels *channels) {
  assert_true(weir_loop_run(channels->world->loop, WEIR_RUN_NOWAIT) >= 0);
  assert_true(weir_loop_run(channels->there, WEIR_RUN_NOWAIT) >= 0);
}

void channels_run_until(struct channels *channels, const bool *flag) {
  for (int turn = 0; !*flag; turn++) {
    assert_true(turn < TURNS_MAX);
    channels_turn(channels);
  }
}

void channels_run_until_noted(struct channels *channels, const char *noted, size_t times) {
  for (int turn = 0; world_count(channels->world, noted) < times; turn++) {
    assert_true(turn < TURNS_MAX);
    channels_turn(channels);
  }
}

/* ---- sending ---- */

void channels_note_sent(weir_channel *channel, const weir_error *error, void *user) {
  const struct world_mark *mark = user;
  (void)channel;
  if (error == NULL) {
    world_note(mark->world, mark->name, "sent");
  } else {
    assert_string_equal(error->operation, "send");
    world_note(mark->world, mark->name, "sent(%s)", weir_code_name(error->code));
  }
}

static weir_send_options noted(struct world *world, const char *name) {
  weir_send_options options = weir_send_options_default();
  options.callback = channels_note_sent;
  options.user = world_mark(world, name, NULL);
  return options;
}

int channels_send(struct world *world, weir_channel *channel, const char *name, const char *text) {
  const weir_send_options options = noted(world, name);
  return weir_channel_send(channel, text, strlen(text), &options);
}

int channels_send_socket(struct world *world, weir_channel *channel, const char *name, const char *text,
                         weir_socket *socket) {
  weir_send_options options = noted(world, name);
  options.socket = socket;
  return weir_channel_send(channel, text, strlen(text), &options);
}

int channels_send_server(struct world *world, weir_channel *channel, const char *name, const char *text,
                         weir_server *server, bool keep_open) {
  weir_send_options options = noted(world, name);
  options.server = server;
  options.keep_open = keep_open;
  return weir_channel_send(channel, text, strlen(text), &options);
}
