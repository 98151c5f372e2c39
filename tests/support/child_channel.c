/* SPDX-License-Identifier: MIT */
/*
 * The parts that the test's child plays at the other end of a channel. Each ends when there is nothing left to do.
 *
 *   answer        sends every message back; "descriptors" is answered with how many are open; "go" is the last one
 *   serve         sockets that come are echoes, servers that come answer "child"; messages are ignored but for "close",
 *                 which closes these servers, and "count", which is answered as "descriptors" above
 *   back          sends every socket back that comes
 *   hold          keeps the last socket that came, and notes what happens to it; messages are words: "look" is answered
 *                 with the notes, "resume" and "end" do so, "back" sends it back; all others are written to it
 *   call NAME     connects there, and sends the connection to the parent
 *   large BYTES   sends a message of so many bytes, and disconnects
 *   twice         opens the channel, and tries again; says what that gave
 *   nonsense      writes to the channel what no channel sends
 *   deaf MS       opens nothing, and ends after a while
 *   hoard         keeps what comes, and reads nothing
 */
#include "support/child_channel.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <weir/weir.h>

#include "support/child.h"

enum { SERVERS_MAX = 8 };

static weir_loop *loop;
static weir_channel *channel;
static weir_server *servers[SERVERS_MAX];
static size_t server_count;

/* A child that cannot do what it was told has nobody to tell but by its code. */
static void require(int code) {
  if (code >= 0) return;
  fprintf(stderr, "%s", weir_code_name((weir_code)code));
  exit(97);
}

static void say(const char *text) { require(weir_channel_send(channel, text, strlen(text), NULL)); }

static bool is_text(const weir_event_message *message, const char *text) {
  return message->length == strlen(text) && memcmp(message->bytes, text, message->length) == 0;
}

static void say_how_many_are_open(void) {
  char text[32];
  snprintf(text, sizeof text, "%d", (int)child_open_count());
  say(text);
}

/* ---- parts ---- */

static void answer(const weir_event *event, void *unused) {
  const weir_event_message *message = event->message;
  (void)unused;
  if (is_text(message, "descriptors")) {
    say_how_many_are_open();
    return;
  }
  require(weir_channel_send(channel, message->bytes, message->length, NULL));
  if (is_text(message, "go")) weir_channel_disconnect(channel);
}

static void answer_client(const weir_event *event, void *unused) {
  const weir_write write = {.size = sizeof write, .bytes = "child", .length = 5};
  (void)unused;
  require(weir_socket_end(event->connection, &write));
}

static void ignore(const weir_event *event, void *unused) { (void)event, (void)unused; }

static void serve(const weir_event *event, void *unused) {
  const weir_event_message *message = event->message;
  (void)unused;
  if (message->socket != NULL) {
    require(weir_socket_on(message->socket, WEIR_EVENT_ERROR, ignore, NULL));
    require(weir_socket_pipe(message->socket, message->socket, WEIR_PIPE_DEFAULT));
  }
  if (message->server != NULL) {
    require(weir_server_on(message->server, WEIR_EVENT_CONNECTION, answer_client, NULL));
    servers[server_count++] = weir_server_retain(message->server);
  }
  if (is_text(message, "count")) say_how_many_are_open();
  if (!is_text(message, "close")) return;
  while (server_count > 0) {
    weir_server_close(servers[--server_count], NULL, NULL);
    weir_server_release(servers[server_count]);
  }
}

static void send_back(const weir_event *event, void *unused) {
  weir_send_options options = weir_send_options_default();
  (void)unused;
  options.socket = event->message->socket;
  require(weir_channel_send(channel, event->message->bytes, event->message->length, &options));
}

static void send_connected(const weir_event *event, void *unused) {
  weir_send_options options = weir_send_options_default();
  (void)unused;
  options.socket = event->socket;
  require(weir_channel_send(channel, "mine", 4, &options));
  require(weir_channel_disconnect(channel));
}

static void call(const char *endpoint) {
  weir_connect_options options = weir_connect_options_default();
  weir_socket *socket = NULL;
  options.listener = send_connected;
  require(weir_connect(loop, endpoint, NULL, &options, &socket));
  weir_socket_release(socket);
}

static void send_large(size_t length) {
  unsigned char *bytes = malloc(length);
  for (size_t i = 0; i < length; i++) bytes[i] = (unsigned char)(i * 7 + i / 251);
  require(weir_channel_send(channel, bytes, length, NULL));
  free(bytes);
  require(weir_channel_disconnect(channel));
}

static void try_twice(void) {
  weir_channel *second = NULL;
  say(weir_code_name(weir_channel_open_parent(loop, &second)));
  require(weir_channel_disconnect(channel));
}

/* ---- holding a socket ---- */

static weir_socket *held;
static char notes[512];

static void note(const char *word) {
  size_t length = strlen(notes);
  snprintf(notes + length, sizeof notes - length, "%s%s", length == 0 ? "" : " ", word);
}

/* Neighbours become one, so that short reads do not change the notes. */
static void note_data(const weir_event *event, void *unused) {
  size_t length = strlen(notes);
  (void)unused;
  if (length > 0 && notes[length - 1] == ')') {
    notes[--length] = '\0';
  } else {
    note("data(");
    length = strlen(notes);
  }
  snprintf(notes + length, sizeof notes - length, "%.*s)", (int)event->data.length, (const char *)event->data.bytes);
}

static void note_event(const weir_event *event, void *unused) {
  (void)unused;
  note(weir_event_name(event->type));
}

static void note_loss(weir_channel *unused, const weir_error *error, void *also_unused) {
  (void)unused, (void)also_unused;
  if (error != NULL) note("lost");
}

static void take(weir_socket *socket) {
  static const weir_event_type types[] = {WEIR_EVENT_END, WEIR_EVENT_FINISH, WEIR_EVENT_ERROR, WEIR_EVENT_CLOSE};
  held = weir_socket_retain(socket);
  require(weir_socket_on(held, WEIR_EVENT_DATA, note_data, NULL));
  for (size_t i = 0; i < sizeof types / sizeof *types; i++) require(weir_socket_on(held, types[i], note_event, NULL));
}

static void say_notes(void) {
  char text[600];
  if (held != NULL) {
    snprintf(text, sizeof text, "%s read(%d) kept(%d)%s", notes, (int)weir_socket_bytes_read(held),
             (int)weir_socket_kept(held), weir_socket_buffered(held) > 0 ? " queued" : "");
  }
  say(held == NULL ? "nothing" : text);
}

static void send_held(void) {
  weir_send_options options = weir_send_options_default();
  options.socket = held;
  options.callback = note_loss;
  if (weir_channel_send(channel, "back", 4, &options) < 0) note("lost"); /* its peer was gone before the word came */
}

static void hold(const weir_event *event, void *unused) {
  const weir_event_message *message = event->message;
  (void)unused;
  if (message->socket != NULL) {
    take(message->socket);
  } else if (is_text(message, "look")) {
    say_notes();
  } else if (is_text(message, "resume")) {
    weir_socket_resume(held);
  } else if (is_text(message, "end")) {
    require(weir_socket_end(held, NULL));
  } else if (is_text(message, "back")) {
    send_held();
  } else if (weir_socket_write(held, message->bytes, message->length) == WEIR_EENDED) {
    note("refused");
  }
}

/* Without the parent nobody would ever end it. */
static void drop_held(const weir_event *event, void *unused) {
  (void)event, (void)unused;
  if (held != NULL) weir_socket_destroy(held, NULL);
}

/* ---- without a channel ---- */

static bool play_alone(const char *part, const char *argument) {
  if (strcmp(part, "nonsense") == 0) {
    child_tell((intptr_t)atol(getenv("WEIR_CHANNEL")), "What is this? It is longer than a header of any frame.");
  } else if (strcmp(part, "deaf") == 0) {
    child_sleep(atoi(argument));
  } else {
    return false;
  }
  return true;
}

static bool play(const char *part, const char *argument) {
  weir_listener listener = NULL;
  if (strcmp(part, "answer") == 0) listener = answer;
  if (strcmp(part, "serve") == 0) listener = serve;
  if (strcmp(part, "back") == 0) listener = send_back;
  if (strcmp(part, "hold") == 0) listener = hold;
  if (strcmp(part, "hoard") == 0) listener = ignore;
  if (listener == hold) require(weir_channel_on(channel, WEIR_EVENT_CLOSE, drop_held, NULL));
  if (listener != NULL) {
    require(weir_channel_on(channel, WEIR_EVENT_MESSAGE, listener, NULL));
  } else if (strcmp(part, "call") == 0) {
    call(argument);
  } else if (strcmp(part, "large") == 0) {
    send_large((size_t)atol(argument));
  } else if (strcmp(part, "twice") == 0) {
    try_twice();
  } else {
    return false;
  }
  return true;
}

bool child_channel(const char *part, const char *backend, const char *argument) {
  weir_loop_options options = weir_loop_options_default();
  if (play_alone(part, argument)) return true;
  options.backend = backend;
  require(weir_loop_create(&options, &loop));
  require(weir_channel_open_parent(loop, &channel));
  bool is_known = play(part, argument);
  require(weir_loop_run(loop, WEIR_RUN_DEFAULT));
  weir_socket_release(held);
  weir_channel_release(channel);
  weir_loop_release(loop);
  return is_known;
}
