/* SPDX-License-Identifier: MIT */
/*
 * chat [ENDPOINT]: a room in which everyone hears everyone. Enter it with telnet or nc, and type /help.
 *
 * The room trusts nobody. What a member types is made harmless (line_reader.h), and a member that does not read cannot
 * make the room's memory grow: above QUEUE_MAX of what waits for it, it is told so, and dropped.
 */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <weir/weir.h>

#include "line_reader.h"
#include "program.h"

/* How much may wait for one member, in bytes: some thousand lines. */
#define QUEUE_MAX ((size_t)256 * 1024)

/* A member that leaves gets what was said before. This is how long it may stay without taking any of that. */
#define GOODBYE_MS 5000

#define NAME_MAX_BYTES 20

/* Room for a name, a line, and what stands between them. */
#define MESSAGE_BYTES (LINE_MAX_BYTES + 2 * NAME_MAX_BYTES + 80)

static const char usage[] =
    "usage: chat [ENDPOINT]\n"
    "\n"
    "A room in which everyone hears everyone. Enter it with telnet or nc.\n"
    "\n"
    "  ENDPOINT  tcp:HOST:PORT, ipc:NAME or any other; tcp:8000 when there is none\n";

struct room {
  const char *endpoint;
  weir_server *server;
  struct member *first;
  unsigned member_count;
  unsigned guest_count; /* For the names of those who have not chosen one. */
  int exit_code;
};

enum member_state { MEMBER_HERE, MEMBER_LEFT };

/* A client. It is in the room's list while it is here, and lives until its socket has closed. */
struct member {
  struct room *room;
  struct member *next;
  struct member *previous;
  enum member_state state;
  weir_socket *socket;
  char name[NAME_MAX_BYTES + 1];
  struct line_reader reader;
};

/* ---- Talking ----------------------------------------------------------------------------------------------------- */

/* Who cannot be told anything any more is about to close: whether this one arrives is of no interest. */
static void tell(struct member *member, const char *format, ...) {
  char message[MESSAGE_BYTES];
  va_list values;
  va_start(values, format);
  int length = vsnprintf(message, sizeof message, format, values);
  va_end(values);
  if (length < 0) return;
  weir_socket_write(member->socket, message, (size_t)length < sizeof message ? (size_t)length : sizeof message - 1);
}

static bool is_slow(const struct member *member) { return weir_socket_buffered(member->socket) > QUEUE_MAX; }

/* Tells everyone but one, and returns a member that has too much to read, or NULL. */
static struct member *tell_all(struct room *room, const struct member *except, const char *message) {
  struct member *slow = NULL;
  size_t length = strlen(message);
  for (struct member *member = room->first; member != NULL; member = member->next) {
    if (member == except) continue;
    weir_socket_write(member->socket, message, length);
    if (is_slow(member)) slow = member;
  }
  return slow;
}

/* ---- Coming and going -------------------------------------------------------------------------------------------- */

static void add(struct room *room, struct member *member) {
  member->room = room;
  member->next = room->first;
  if (room->first != NULL) room->first->previous = member;
  room->first = member;
  room->member_count++;
}

/* From now on nothing is said to this member, and nothing it says is heard; its socket closes when both have ended. */
static void let_go(struct member *member) {
  struct room *room = member->room;
  member->state = MEMBER_LEFT;
  if (member->next != NULL) member->next->previous = member->previous;
  *(member->previous != NULL ? &member->previous->next : &room->first) = member->next;
  room->member_count--;

  weir_socket_end(member->socket, NULL);
  weir_socket_pause(member->socket); /* Also, because what still comes would put off the time-out. */
  if (weir_socket_set_timeout(member->socket, GOODBYE_MS) != WEIR_OK) weir_socket_destroy(member->socket, NULL);
}

/* The others are told, and that may be too much for the next one. */
static void drop_slow(struct room *room, struct member *slow) {
  while (slow != NULL) {
    tell(slow, "* you do not read what is said here; goodbye\r\n");
    let_go(slow);
    char message[MESSAGE_BYTES];
    snprintf(message, sizeof message, "* %s was dropped for not reading\r\n", slow->name);
    slow = tell_all(room, NULL, message);
  }
}

static void say(struct room *room, const struct member *except, const char *format, ...) {
  char message[MESSAGE_BYTES];
  va_list values;
  va_start(values, format);
  vsnprintf(message, sizeof message, format, values);
  va_end(values);

  drop_slow(room, tell_all(room, except, message));
}

static void leave(struct member *member) {
  if (member->state == MEMBER_LEFT) return;
  let_go(member);
  say(member->room, NULL, "* %s left\r\n", member->name);
}

/* ---- Commands ---------------------------------------------------------------------------------------------------- */

static struct member *find(struct room *room, const char *name) {
  struct member *member = room->first;
  while (member != NULL && strcmp(member->name, name) != 0) member = member->next;
  return member;
}

/* Nothing that a message is punctuated with, so that nobody can speak in the name of another or of the room. */
static bool is_name(const char *text) {
  size_t length = strlen(text);
  return length > 0 && length <= NAME_MAX_BYTES && strpbrk(text, " <>*/:,") == NULL;
}

static void rename_member(struct member *member, const char *name) {
  if (!is_name(name)) {
    tell(member, "* a name has 1 to %d bytes, and no blank or any of <>*/:,\r\n", NAME_MAX_BYTES);
  } else if (find(member->room, name) != NULL) {
    tell(member, "* there is a %s already\r\n", name);
  } else {
    char before[sizeof member->name];
    memcpy(before, member->name, sizeof before);
    memcpy(member->name, name, strlen(name) + 1);
    say(member->room, NULL, "* %s is now %s\r\n", before, name);
  }
}

static void list_members(struct member *member) {
  weir_socket_cork(member->socket); /* Many small pieces, one packet. */
  tell(member, "* %u here:", member->room->member_count);
  for (struct member *other = member->room->first; other != NULL; other = other->next) tell(member, " %s", other->name);
  tell(member, "\r\n");
  weir_socket_uncork(member->socket);
}

static void quit(struct member *member) {
  tell(member, "* goodbye\r\n");
  leave(member);
}

static void obey(struct member *member, const char *command) {
  if (strncmp(command, "/nick ", 6) == 0) {
    rename_member(member, command + 6);
  } else if (strcmp(command, "/who") == 0) {
    list_members(member);
  } else if (strcmp(command, "/quit") == 0) {
    quit(member);
  } else {
    tell(member, "* /nick NAME: be called so; /who: who is here; /quit: leave\r\n");
  }
}

static void hear(struct member *member) {
  const char *line = member->reader.text;
  if (line[0] == '/') {
    obey(member, line);
  } else if (line[0] != '\0') {
    say(member->room, member, "<%s> %s\r\n", member->name, line);
  }
  if (member->reader.cut && member->state == MEMBER_HERE) {
    tell(member, "* your line was cut: %d bytes are the most\r\n", LINE_MAX_BYTES);
  }
}

/* ---- A member's events ------------------------------------------------------------------------------------------- */

static void on_data(const weir_event *event, void *user) {
  struct member *member = user;
  const unsigned char *bytes = event->data.bytes;
  size_t length = event->data.length;
  while (member->state == MEMBER_HERE && line_reader_take(&member->reader, &bytes, &length)) {
    hear(member);
    if (member->state == MEMBER_HERE && is_slow(member)) drop_slow(member->room, member); /* It only asks. */
  }
}

static void on_end(const weir_event *event, void *user) {
  (void)event;
  struct member *member = user;
  if (member->state == MEMBER_HERE && line_reader_finish(&member->reader)) hear(member);
  leave(member);
}

static void on_timeout(const weir_event *event, void *user) {
  (void)user;
  weir_socket_destroy(event->socket, NULL);
}

static void on_member_error(const weir_event *event, void *user) {
  (void)user;
  program_report(event->error);
}

static void on_member_close(const weir_event *event, void *user) {
  (void)event;
  struct member *member = user;
  leave(member); /* One that broke off has not left yet. */
  free(member);
}

static weir_code listen_to(struct member *member) {
  weir_code code = weir_socket_on(member->socket, WEIR_EVENT_DATA, on_data, member);
  if (code == WEIR_OK) code = weir_socket_on(member->socket, WEIR_EVENT_END, on_end, member);
  if (code == WEIR_OK) code = weir_socket_on(member->socket, WEIR_EVENT_TIMEOUT, on_timeout, NULL);
  if (code == WEIR_OK) code = weir_socket_on(member->socket, WEIR_EVENT_ERROR, on_member_error, NULL);
  if (code == WEIR_OK) code = weir_socket_on(member->socket, WEIR_EVENT_CLOSE, on_member_close, member);
  return code;
}

/* ---- The server -------------------------------------------------------------------------------------------------- */

static void on_connection(const weir_event *event, void *user) {
  struct room *room = user;
  struct member *member = calloc(1, sizeof *member);
  program_require(member != NULL ? WEIR_OK : WEIR_ENOMEM, "accept", room->endpoint);
  member->socket = event->connection;
  program_require(listen_to(member), "accept", room->endpoint);

  do {
    snprintf(member->name, sizeof member->name, "guest%u", ++room->guest_count);
  } while (find(room, member->name) != NULL);
  add(room, member);
  tell(member, "* welcome, %s: you are number %u here; /help tells what you can do\r\n", member->name,
       room->member_count);
  say(room, member, "* %s joined\r\n", member->name);
}

/* Ctrl-C: everyone is told, and when the last connection has closed the program ends by itself. */
static void on_interrupt(weir_signal *signal, weir_signal_number number, void *user) {
  (void)number;
  struct room *room = user;
  weir_signal_stop(signal); /* Who cannot wait for GOODBYE_MS presses it once more. */
  while (room->first != NULL) {
    struct member *member = room->first;
    tell(member, "* the room closes; goodbye\r\n");
    let_go(member);
  }
  program_require(weir_server_close(room->server, NULL, NULL), "close", room->endpoint);
}

static void on_listening(const weir_event *event, void *user) {
  (void)event;
  struct room *room = user;
  program_print("listening on %s", room->endpoint);
}

static void on_server_error(const weir_event *event, void *user) {
  struct room *room = user;
  program_report(event->error);
  if (!weir_server_listening(event->server)) room->exit_code = EXIT_FAILURE;
}

int main(int argument_count, char **arguments) {
  struct room room = {.endpoint = program_endpoint(argument_count, arguments, usage, "tcp:8000")};
  weir_loop *loop;
  program_require(weir_loop_create(NULL, &loop), "open", "");

  program_require(weir_server_create(loop, NULL, on_connection, &room, &room.server), "open", room.endpoint);
  program_require(weir_server_on(room.server, WEIR_EVENT_LISTENING, on_listening, &room), "listen", room.endpoint);
  program_require(weir_server_on(room.server, WEIR_EVENT_ERROR, on_server_error, &room), "listen", room.endpoint);
  program_require(weir_server_listen(room.server, room.endpoint, NULL), "listen", room.endpoint);

  weir_signal *interrupt;
  program_require(weir_signal_create(loop, on_interrupt, &room, &interrupt), "open", "SIGINT");
  program_require(weir_signal_start(interrupt, WEIR_SIGNAL_INTERRUPT), "open", "SIGINT");
  program_require(weir_loop_run(loop, WEIR_RUN_DEFAULT), "run", room.endpoint);

  weir_signal_release(interrupt);
  weir_server_release(room.server);
  weir_loop_release(loop);
  return room.exit_code;
}
