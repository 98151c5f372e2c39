/* SPDX-License-Identifier: MIT */
/*
 * The trace of a world: what happened to whom, in the order in which it happened. Each object's part is compared as a
 * whole; between objects only the orders that the contract promises.
 */
#include "world_private.h"

#include <stdio.h>
#include <stdlib.h>

/* Room for the words of one object; a case that needs more is no case. */
#define LINE_BYTES 16384

/* ---- noting ----------------------------------------------------------------------------------------------------- */

static struct world_entry *add_entry(struct world *world, const char *name) {
  struct world_private *own = world->own;
  if (own->entry_count == own->entry_room) {
    own->entry_room = own->entry_room ? 2 * own->entry_room : 64;
    own->entries = realloc(own->entries, own->entry_room * sizeof *own->entries);
    assert_non_null(own->entries);
  }
  struct world_entry *entry = &own->entries[own->entry_count++];
  memset(entry, 0, sizeof *entry);
  entry->name = name;
  return entry;
}

static char *format_text(const char *format, va_list arguments) {
  char text[256];
  vsnprintf(text, sizeof text, format, arguments);
  char *copy = malloc(strlen(text) + 1);
  assert_non_null(copy);
  return strcpy(copy, text);
}

void world_note(struct world *world, const char *name, const char *format, ...) {
  va_list arguments;
  va_start(arguments, format);
  char *text = format_text(format, arguments);
  va_end(arguments);
  add_entry(world, name)->text = text;
}

static struct world_entry *last_entry(struct world *world, const char *name) {
  for (size_t i = world->own->entry_count; i > 0; i--)
    if (strcmp(world->own->entries[i - 1].name, name) == 0) return &world->own->entries[i - 1];
  return NULL;
}

static void note_data(struct world *world, const char *name, const weir_event_data *data, bool merge) {
  struct world_entry *entry = merge ? last_entry(world, name) : NULL;
  if (!entry || entry->text) entry = add_entry(world, name);
  if (entry->data_length < WORLD_SHOWN_BYTES) {
    size_t room = WORLD_SHOWN_BYTES - (size_t)entry->data_length;
    memcpy(entry->data + entry->data_length, data->bytes, data->length < room ? data->length : room);
  }
  entry->data_length += data->length;
}

static void note_socket_event(const weir_event *event, void *user) {
  const struct world_thing *thing = user;
  struct world *world = thing->world;
  const char *name = thing->mark.name;
  switch (event->type) {
    case WEIR_EVENT_DATA:
      note_data(world, name, &event->data, !(thing->trace & WORLD_TRACE_CHUNKS));
      break;
    case WEIR_EVENT_ERROR:
      world_note(world, name, "error(%s)", weir_code_name(event->error->code));
      break;
    case WEIR_EVENT_CLOSE:
      world_note(world, name, "close(%s)", event->had_error ? "true" : "false");
      break;
    default:
      world_note(world, name, "%s", weir_event_name(event->type));
      break;
  }
}

static void note_server_event(const weir_event *event, void *user) {
  const struct world_thing *thing = user;
  if (event->type == WEIR_EVENT_ERROR)
    world_note(thing->world, thing->mark.name, "error(%s)", weir_code_name(event->error->code));
  else
    world_note(thing->world, thing->mark.name, "%s", weir_event_name(event->type));
}

static struct world_thing *begin_tracing(struct world *world, const char *name, unsigned trace) {
  struct world_thing *thing = world_remember(world);
  thing->mark.name = name;
  thing->trace = trace;
  return thing;
}

void world_trace_socket(struct world *world, weir_socket *socket, const char *name, unsigned trace) {
  static const weir_event_type life[] = {WEIR_EVENT_CONNECT, WEIR_EVENT_END,   WEIR_EVENT_FINISH, WEIR_EVENT_DRAIN,
                                         WEIR_EVENT_TIMEOUT, WEIR_EVENT_ERROR, WEIR_EVENT_CLOSE};
  static const weir_event_type flow[] = {WEIR_EVENT_PAUSE, WEIR_EVENT_RESUME, WEIR_EVENT_PIPE, WEIR_EVENT_UNPIPE};
  struct world_thing *thing = begin_tracing(world, name, trace);
  for (size_t i = 0; i < sizeof life / sizeof *life; i++)
    assert_int_equal(weir_socket_on(socket, life[i], note_socket_event, thing), WEIR_OK);
  for (size_t i = 0; i < sizeof flow / sizeof *flow && (trace & WORLD_TRACE_FLOW); i++)
    assert_int_equal(weir_socket_on(socket, flow[i], note_socket_event, thing), WEIR_OK);
  if (trace & WORLD_TRACE_DATA)
    assert_int_equal(weir_socket_on(socket, WEIR_EVENT_DATA, note_socket_event, thing), WEIR_OK);
}

void world_trace_server(struct world *world, weir_server *server, const char *name) {
  static const weir_event_type types[] = {WEIR_EVENT_LISTENING, WEIR_EVENT_CONNECTION, WEIR_EVENT_DROP,
                                          WEIR_EVENT_ERROR, WEIR_EVENT_CLOSE};
  struct world_thing *thing = begin_tracing(world, name, WORLD_TRACE_LIFE);
  for (size_t i = 0; i < sizeof types / sizeof *types; i++)
    assert_int_equal(weir_server_on(server, types[i], note_server_event, thing), WEIR_OK);
}

/* ---- marks ------------------------------------------------------------------------------------------------------ */

static void note_callback(const struct world_mark *mark, const char *word, const weir_error *error) {
  if (mark->text) word = mark->text;
  if (error)
    world_note(mark->world, mark->name, "%s(%s)", word, weir_code_name(error->code));
  else
    world_note(mark->world, mark->name, "%s", word);
}

void world_note_write(weir_socket *socket, const weir_error *error, void *mark) {
  (void)socket;
  note_callback(mark, "write-cb", error);
}

void world_note_server(weir_server *server, const weir_error *error, void *mark) {
  (void)server;
  note_callback(mark, "close-cb", error);
}

void world_note_count(weir_server *server, const weir_error *error, size_t count, void *user) {
  (void)server;
  const struct world_mark *mark = user;
  assert_null(error);
  world_note(mark->world, mark->name, "%s(%u)", mark->text ? mark->text : "count", (unsigned)count);
}

void world_note_event(const weir_event *event, void *mark) {
  (void)event;
  note_callback(mark, "event", NULL);
}

/* ---- comparing -------------------------------------------------------------------------------------------------- */

static size_t format_data(const struct world_entry *entry, char *text, size_t size) {
  size_t shown = entry->data_length < WORLD_SHOWN_BYTES ? (size_t)entry->data_length : WORLD_SHOWN_BYTES;
  size_t length = (size_t)snprintf(text, size, "data(");
  for (size_t i = 0; i < shown; i++) {
    unsigned char byte = entry->data[i];
    const char *format = byte == '\n' ? "\\n" : byte == '\r' ? "\\r" : byte < 0x20 || byte == 0x7f ? "\\x%02x" : "%c";
    length += (size_t)snprintf(text + length, size - length, format, byte);
  }
  if (entry->data_length > shown)
    length += (size_t)snprintf(text + length, size - length, "...%u", (unsigned)entry->data_length);
  return length + (size_t)snprintf(text + length, size - length, ")");
}

static size_t format_entry(const struct world_entry *entry, char *text, size_t size) {
  if (!entry->text) return format_data(entry, text, size);
  return (size_t)snprintf(text, size, "%s", entry->text);
}

/* The words of one object. */
static void format_line(struct world *world, const char *name, char *line) {
  size_t length = 0;
  line[0] = '\0';
  for (size_t i = 0; i < world->own->entry_count; i++) {
    const struct world_entry *entry = &world->own->entries[i];
    if (strcmp(entry->name, name) != 0) continue;
    assert_true(length + 512 < LINE_BYTES);
    if (length > 0) line[length++] = ' ';
    length += format_entry(entry, line + length, LINE_BYTES - length);
  }
}

void world_expect(struct world *world, const char *name, const char *expected) {
  char line[LINE_BYTES];
  format_line(world, name, line);
  if (strcmp(line, expected) == 0) return;
  fail_msg("%s was      %s\n%*s expected %s", name, line, (int)strlen(name), "", expected);
}

void world_expect_nobody(struct world *world, const char *name) {
  world_expect(world, name, world_format(world, "error(%s) close(true)", weir_code_name(world->nobody)));
}

void world_expect_either(struct world *world, const char *name, const char *one, const char *other) {
  char line[LINE_BYTES];
  format_line(world, name, line);
  if (strcmp(line, one) == 0 || strcmp(line, other) == 0) return;
  fail_msg("%s was      %s\n%*s expected %s\n%*s       or %s", name, line, (int)strlen(name), "", one,
           (int)strlen(name), "", other);
}

/* Whether "name event" means this entry; the event may lack its brackets. */
static bool is_noted(const struct world_entry *entry, const char *noted) {
  char text[512];
  size_t length = (size_t)snprintf(text, sizeof text, "%s ", entry->name);
  format_entry(entry, text + length, sizeof text - length);
  length = strlen(noted);
  return strncmp(text, noted, length) == 0 && (text[length] == '\0' || text[length] == '(');
}

static size_t find_noted(struct world *world, const char *noted) {
  for (size_t i = 0; i < world->own->entry_count; i++)
    if (is_noted(&world->own->entries[i], noted)) return i;
  fail_msg("\"%s\" never happened", noted);
  return 0;
}

void world_expect_before(struct world *world, const char *first, const char *second) {
  if (find_noted(world, first) < find_noted(world, second)) return;
  fail_msg("\"%s\" came after \"%s\"", first, second);
}

size_t world_count(struct world *world, const char *noted) {
  size_t count = 0;
  for (size_t i = 0; i < world->own->entry_count; i++) count += is_noted(&world->own->entries[i], noted);
  return count;
}

const char *world_format(struct world *world, const char *format, ...) {
  va_list arguments;
  va_start(arguments, format);
  char *text = world_remember(world)->text = format_text(format, arguments);
  va_end(arguments);
  return text;
}

void world_forget(struct world *world) {
  for (size_t i = 0; i < world->own->entry_count; i++) free(world->own->entries[i].text);
  world->own->entry_count = 0;
}

void world_print_trace(struct world *world) {
  print_message("trace:");
  for (size_t i = 0; i < world->own->entry_count; i++) {
    char text[512];
    format_entry(&world->own->entries[i], text, sizeof text);
    print_message(" [%s %s]", world->own->entries[i].name, text);
  }
  print_message("\n");
}

void world_free_trace(struct world *world) {
  world_forget(world);
  free(world->own->entries);
}
