/* SPDX-License-Identifier: MIT */
/*
 * Encodings of sockets: what `data` carries when bytes come in awkward pieces, and what a written text becomes.
 *
 * The tables give bytes in hexadecimal, chunks apart by blanks; of the text expected, "|" parts the `data` events. The
 * simulator cuts reads anew, so there only the whole text is compared.
 */
#include <stdio.h>
#include <stdlib.h>

#include "support/pair.h"
#include "support/world.h"

/* ---- text that arrives ------------------------------------------------------------------------------------------ */

struct text {
  bool parted; /* write "|" between events */
  size_t length;
  char bytes[2048];
};

static void append_text(struct text *text, const void *bytes, size_t length) {
  assert_true(text->length + length < sizeof text->bytes);
  memcpy(text->bytes + text->length, bytes, length);
  text->length += length;
  text->bytes[text->length] = '\0';
}

static void collect_text(const weir_event *event, void *user) {
  struct text *text = user;
  if (text->parted && text->length > 0) append_text(text, "|", 1);
  append_text(text, event->data.bytes, event->data.length);
}

static size_t parse_hex(const char *hex, unsigned char *bytes) {
  size_t length = 0;
  for (unsigned value = 0; sscanf(hex + 2 * length, "%2x", &value) == 1; length++) bytes[length] = (unsigned char)value;
  return length;
}

/* Writes chunk after chunk, each when the one before has been read, and then ends. */
static void send_chunks(struct world *world, const struct world_pair *pair, const char *chunks) {
  char copy[256];
  unsigned char bytes[128];
  uint64_t sent = 0;
  snprintf(copy, sizeof copy, "%s", chunks);
  for (char *chunk = strtok(copy, " "); chunk != NULL; chunk = strtok(NULL, " ")) {
    size_t length = parse_hex(chunk, bytes);
    assert_true(weir_socket_write(pair->client, bytes, length) >= 0);
    sent += length;
    pair_run_until_read(world, pair->accepted, sent);
    world_run_for(world, 1);
  }
}

struct decoding {
  weir_encoding encoding;
  const char *chunks;
  const char *expected;
};

static void remove_parting(const char *parted, char *whole) {
  for (; *parted != '\0'; parted++)
    if (*parted != '|') *whole++ = *parted;
  *whole = '\0';
}

static void check_decoding(struct world *world, const struct decoding *row) {
  struct world_pair pair = pair_open(world, 0, 0);
  struct text text = {.parted = !world->simulated};
  char expected[256];
  assert_int_equal(weir_socket_set_encoding(pair.accepted, row->encoding), WEIR_OK);
  assert_int_equal(weir_socket_on(pair.accepted, WEIR_EVENT_DATA, collect_text, &text), WEIR_OK);
  send_chunks(world, &pair, row->chunks);
  pair_end(world, &pair);
  weir_server_close(pair.server, NULL, NULL);
  world_run(world);
  if (world->simulated)
    remove_parting(row->expected, expected);
  else
    snprintf(expected, sizeof expected, "%s", row->expected);
  assert_string_equal(text.bytes, expected);
}

static void check_decodings(struct world *world, const struct decoding *rows, size_t count) {
  for (size_t i = 0; i < count; i++) check_decoding(world, &rows[i]);
}

#define BAD "\xef\xbf\xbd" /* U+FFFD */

static void characters_in_pieces_are_kept_until_they_are_whole(struct world *world) {
  static const struct decoding rows[] = {
      {WEIR_ENCODING_UTF8, "e4 bd a0e5a5bd", "\xe4\xbd\xa0\xe5\xa5\xbd"},
      {WEIR_ENCODING_UTF8, "f09f 988041",
       "\xf0\x9f\x98\x80"
       "A"},
      {WEIR_ENCODING_UTF8, "efbbbf41",
       "\xef\xbb\xbf"
       "A"},
      {WEIR_ENCODING_UTF16LE, "3dd8 00de", "\xf0\x9f\x98\x80"},
      {WEIR_ENCODING_UTF16LE, "3d d8 00 de", "\xf0\x9f\x98\x80"},
      {WEIR_ENCODING_BASE64, "01 02 0304", "AQID|BA=="},
      {WEIR_ENCODING_BASE64URL, "fbff fe", "-__-"},
      {WEIR_ENCODING_HEX, "ab cd", "ab|cd"},
      {WEIR_ENCODING_ASCII, "c841", "HA"},
      {WEIR_ENCODING_LATIN1, "e941",
       "\xc3\xa9"
       "A"},
  };
  check_decodings(world, rows, sizeof rows / sizeof *rows);
}

static void what_is_no_text_becomes_the_replacement_character(struct world *world) {
  static const struct decoding rows[] = {
      {WEIR_ENCODING_UTF8, "41e4bd", "A|" BAD},          {WEIR_ENCODING_UTF8, "ff41 c0af", BAD "A|" BAD BAD},
      {WEIR_ENCODING_UTF8, "e4bd 41", BAD "A"},          {WEIR_ENCODING_UTF8, "eda080", BAD BAD BAD},
      {WEIR_ENCODING_UTF8, "f4908080", BAD BAD BAD BAD}, {WEIR_ENCODING_UTF16LE, "410042", "A"},
      {WEIR_ENCODING_UTF16LE, "3dd84100", BAD "A"},      {WEIR_ENCODING_UTF16LE, "00de4100", BAD "A"},
  };
  check_decodings(world, rows, sizeof rows / sizeof *rows);
}

/* ---- when the encoding is set ----------------------------------------------------------------------------------- */

static void an_encoding_applies_to_what_is_kept_already(struct world *world) {
  struct world_pair pair = pair_open(world, 0, 0);
  struct text text = {.parted = false};
  weir_socket_pause(pair.accepted);
  world_write(pair.client, "kept");
  pair_run_until_read(world, pair.accepted, 4);
  assert_int_equal(weir_socket_set_encoding(pair.accepted, WEIR_ENCODING_HEX), WEIR_OK);
  assert_int_equal(weir_socket_on(pair.accepted, WEIR_EVENT_DATA, collect_text, &text), WEIR_OK);
  pair_end(world, &pair);
  assert_string_equal(text.bytes, "6b657074");
  assert_int_equal(weir_socket_bytes_read(pair.accepted), 4);
}

static void no_encoding_gives_bytes_again(struct world *world) {
  struct world_pair pair = pair_open(world, 0, 0);
  struct text text = {.parted = false};
  assert_int_equal(weir_socket_set_encoding(pair.accepted, WEIR_ENCODING_HEX), WEIR_OK);
  assert_int_equal(weir_socket_on(pair.accepted, WEIR_EVENT_DATA, collect_text, &text), WEIR_OK);
  send_chunks(world, &pair, "ab");
  assert_int_equal(weir_socket_set_encoding(pair.accepted, WEIR_ENCODING_NONE), WEIR_OK);
  world_write(pair.client, "-x");
  pair_end(world, &pair);
  assert_string_equal(text.bytes, "ab-x");
}

static void an_unknown_encoding_is_refused(struct world *world) {
  weir_socket *socket = world_socket(world, NULL);
  assert_int_equal(weir_socket_set_encoding(socket, (weir_encoding)99), WEIR_EINVAL);
  assert_int_equal(weir_socket_set_encoding(socket, (weir_encoding)-1), WEIR_EINVAL);
  weir_socket_destroy(socket, NULL);
  world_run(world);
}

static void encodings_are_found_by_name_in_any_case(struct world *world) {
  static const struct {
    const char *name;
    weir_encoding encoding;
  } rows[] = {
      {NULL, WEIR_ENCODING_UTF8},         {"", WEIR_ENCODING_UTF8},
      {"utf8", WEIR_ENCODING_UTF8},       {"UTF-8", WEIR_ENCODING_UTF8},
      {"utf16le", WEIR_ENCODING_UTF16LE}, {"Utf-16LE", WEIR_ENCODING_UTF16LE},
      {"ucs2", WEIR_ENCODING_UTF16LE},    {"UCS-2", WEIR_ENCODING_UTF16LE},
      {"latin1", WEIR_ENCODING_LATIN1},   {"Binary", WEIR_ENCODING_LATIN1},
      {"ASCII", WEIR_ENCODING_ASCII},     {"hex", WEIR_ENCODING_HEX},
      {"Base64", WEIR_ENCODING_BASE64},   {"base64URL", WEIR_ENCODING_BASE64URL},
  };
  (void)world;
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    weir_encoding found = WEIR_ENCODING_NONE;
    assert_int_equal(weir_encoding_find(rows[i].name, &found), WEIR_OK);
    assert_int_equal(found, rows[i].encoding);
  }
  weir_encoding untouched = WEIR_ENCODING_HEX;
  assert_int_equal(weir_encoding_find("uft8", &untouched), WEIR_EINVAL);
  assert_string_equal(weir_encoding_name(WEIR_ENCODING_UTF16LE), "utf16le");
}

/* ---- text that is written --------------------------------------------------------------------------------------- */

static void a_written_text_becomes_the_bytes_of_its_encoding(struct world *world) {
  static const struct {
    weir_encoding encoding;
    const char *text;
    const char *bytes;
  } rows[] = {
      {WEIR_ENCODING_UTF8, "\xc3\xa9", "c3a9"},
      {WEIR_ENCODING_UTF16LE, "A\xf0\x9f\x98\x80", "41003dd800de"},
      {WEIR_ENCODING_LATIN1,
       "\xc3\xa9"
       "A",
       "e941"},
      {WEIR_ENCODING_ASCII, "HA", "4841"},
      {WEIR_ENCODING_HEX, "00fFaB", "00ffab"},
      {WEIR_ENCODING_BASE64, "AQIDBA==", "01020304"},
      {WEIR_ENCODING_BASE64URL, "-__-", "fbfffe"},
  };
  struct world_pair pair = pair_open(world, 0, 0);
  struct text text = {.parted = false};
  char expected[256] = "";
  weir_socket_set_encoding(pair.accepted, WEIR_ENCODING_HEX);
  weir_socket_on(pair.accepted, WEIR_EVENT_DATA, collect_text, &text);
  for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
    weir_write write = weir_write_default();
    write.bytes = rows[i].text;
    write.length = strlen(rows[i].text);
    write.encoding = rows[i].encoding;
    assert_true(weir_socket_write_with(pair.client, &write) >= 0);
    strcat(expected, rows[i].bytes);
  }
  assert_int_equal(weir_socket_bytes_written(pair.client), strlen(expected) / 2);
  pair_end(world, &pair);
  assert_string_equal(text.bytes, expected);
}

static void echo_latin1(const weir_event *event, void *unused) {
  (void)unused;
  weir_write write = weir_write_default();
  write.bytes = event->data.bytes;
  write.length = event->data.length;
  write.encoding = WEIR_ENCODING_LATIN1;
  weir_socket_write_with(event->socket, &write);
}

static void collect_bytes(const weir_event *event, void *user) {
  struct text *text = user;
  append_text(text, event->data.bytes, event->data.length);
}

static void all_byte_values_survive_an_echo_as_latin1_text(struct world *world) {
  struct world_pair pair = pair_open(world, 0, 0);
  struct text text = {.parted = false};
  unsigned char bytes[256];
  for (unsigned i = 0; i < 256; i++) bytes[i] = (unsigned char)i;
  weir_socket_set_encoding(pair.accepted, WEIR_ENCODING_LATIN1);
  weir_socket_on(pair.accepted, WEIR_EVENT_DATA, echo_latin1, NULL);
  weir_socket_on(pair.client, WEIR_EVENT_DATA, collect_bytes, &text);
  for (unsigned i = 0; i < 256; i++) weir_socket_write(pair.client, bytes + i, 1);
  weir_socket_write(pair.client, bytes, 256);
  pair_run_until_read(world, pair.client, 512);
  pair_end(world, &pair);
  assert_int_equal(text.length, 512);
  assert_memory_equal(text.bytes, bytes, 256);
  assert_memory_equal(text.bytes + 256, bytes, 256);
}

/* ---- much text -------------------------------------------------------------------------------------------------- */

struct count {
  uint64_t characters;
  bool broken;
};

static void count_yuan(const weir_event *event, void *user) {
  struct count *count = user;
  const char *bytes = event->data.bytes;
  if (event->data.length % 3 != 0) count->broken = true;
  for (size_t i = 0; i + 3 <= event->data.length; i += 3, count->characters++)
    if (memcmp(bytes + i, "\xe5\x85\x83", 3) != 0) count->broken = true;
}

static void a_long_text_is_never_cut_inside_a_character(struct world *world) {
  enum { CHARACTERS = 40 * 1024 };
  struct world_pair pair = pair_open(world, 0, 0);
  struct count count = {0, false};
  weir_socket_set_encoding(pair.accepted, WEIR_ENCODING_UTF8);
  weir_socket_on(pair.accepted, WEIR_EVENT_DATA, count_yuan, &count);
  char *text = malloc(3 * CHARACTERS);
  assert_non_null(text);
  for (size_t i = 0; i < CHARACTERS; i++) memcpy(text + 3 * i, "\xe5\x85\x83", 3);
  weir_socket_write(pair.client, text, 3 * CHARACTERS);
  free(text);
  pair_end(world, &pair);
  assert_int_equal(count.characters, CHARACTERS);
  assert_false(count.broken);
  assert_int_equal(weir_socket_bytes_read(pair.accepted), 3 * CHARACTERS);
}

static uint32_t next_random(uint32_t *state) {
  *state = *state * 1664525u + 1013904223u;
  return *state >> 16;
}

/* Sends the same random bytes once whole and once in pieces; the text must be the same. */
static void check_chunking(struct world *world, weir_encoding encoding, uint32_t seed) {
  unsigned char bytes[96];
  struct text whole = {.parted = false};
  struct text pieces = {.parted = false};
  struct world_pair pair = pair_open(world, 0, 0);
  struct world_pair other = pair_beside(world, &pair, NULL);
  for (size_t i = 0; i < sizeof bytes; i++) bytes[i] = (unsigned char)next_random(&seed);
  weir_socket_set_encoding(pair.accepted, encoding);
  weir_socket_set_encoding(other.accepted, encoding);
  weir_socket_on(pair.accepted, WEIR_EVENT_DATA, collect_text, &whole);
  weir_socket_on(other.accepted, WEIR_EVENT_DATA, collect_text, &pieces);
  weir_socket_write(pair.client, bytes, sizeof bytes);
  for (size_t sent = 0; sent < sizeof bytes;) {
    size_t length = 1 + next_random(&seed) % 7;
    if (length > sizeof bytes - sent) length = sizeof bytes - sent;
    weir_socket_write(other.client, bytes + sent, length);
    sent += length;
    pair_run_until_read(world, other.accepted, sent);
  }
  weir_socket_end(other.client, NULL);
  pair_end(world, &pair);
  weir_server_close(pair.server, NULL, NULL);
  world_run(world);
  assert_int_equal(pieces.length, whole.length);
  assert_memory_equal(pieces.bytes, whole.bytes, whole.length);
}

static void random_bytes_give_the_same_text_however_they_are_cut(struct world *world) {
  for (int encoding = WEIR_ENCODING_UTF8; encoding <= WEIR_ENCODING_BASE64URL; encoding++)
    for (uint32_t seed = 1; seed <= 3; seed++) check_chunking(world, (weir_encoding)encoding, seed);
}

static const struct world_case cases[] = {
    WORLD_CASE("EO-41 S072 S111 A164 A165 A166", characters_in_pieces_are_kept_until_they_are_whole),
    WORLD_CASE("EO-41 A165 A166", what_is_no_text_becomes_the_replacement_character),
    WORLD_CASE("EO-41", an_encoding_applies_to_what_is_kept_already),
    WORLD_CASE("EO-41", no_encoding_gives_bytes_again),
    WORLD_CASE("EO-41", an_unknown_encoding_is_refused),
    WORLD_CASE("EO-41", encodings_are_found_by_name_in_any_case),
    WORLD_CASE("EO-41 S120", a_written_text_becomes_the_bytes_of_its_encoding),
    WORLD_CASE("A162", all_byte_values_survive_an_echo_as_latin1_text),
    WORLD_CASE("A163", a_long_text_is_never_cut_inside_a_character),
    WORLD_CASE("A167", random_bytes_give_the_same_text_however_they_are_cut),
};

int main(int argc, char **argv) { return world_main(argc, argv, "encoding", cases, sizeof cases / sizeof *cases); }
