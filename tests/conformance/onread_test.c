/* SPDX-License-Identifier: MIT */
/*
 * Reading into a buffer of the program's own instead of `data` events.
 */
#include "support/pair.h"
#include "support/world.h"

/* A reader with a buffer of four bytes; it stops at every `stop_at`-th piece, or never when that is 0. */
struct reader {
  struct world *world;
  char buffer[4];
  char text[64];
  size_t length;
  unsigned pieces;
  unsigned stop_at;
  bool wrong_buffer;
  bool too_much;
  bool stopped;
};

static bool read_piece(weir_socket *socket, void *bytes, size_t length, void *user) {
  struct reader *reader = user;
  (void)socket;
  if (bytes != reader->buffer) reader->wrong_buffer = true;
  if (length == 0 || length > sizeof reader->buffer || reader->stopped) reader->too_much = true;
  memcpy(reader->text + reader->length, bytes, length);
  reader->length += length;
  reader->pieces++;
  reader->stopped = reader->stop_at != 0 && reader->pieces % reader->stop_at == 0;
  return !reader->stopped;
}

static struct world_pair open_reading(struct world *world, struct reader *reader) {
  weir_socket_options options = weir_socket_options_default();
  reader->world = world;
  options.onread_buffer = reader->buffer;
  options.onread_size = sizeof reader->buffer;
  options.onread = read_piece;
  options.user = reader;
  return pair_open_with(world, &(struct world_pair_options){.client = &options});
}

static void check_reader(const struct reader *reader, const char *text) {
  assert_int_equal(reader->length, strlen(text));
  assert_memory_equal(reader->text, text, reader->length);
  assert_false(reader->wrong_buffer);
  assert_false(reader->too_much);
}

static void a_buffer_is_filled_piece_by_piece(struct world *world) {
  struct reader reader = {.stop_at = 0};
  struct world_pair pair = open_reading(world, &reader);
  world_write(pair.accepted, "0123456789");
  weir_socket_end(pair.accepted, NULL);
  world_run(world);
  check_reader(&reader, "0123456789");
  assert_true(reader.pieces >= 3);
  assert_int_equal(weir_socket_bytes_read(pair.client), 10);
  world_expect(world, "C", "end finish close(false)");
}

static void returning_false_stops_until_resume(struct world *world) {
  struct reader reader = {.stop_at = 2};
  struct world_pair pair = open_reading(world, &reader);
  world_write(pair.accepted, "0123456789");
  weir_socket_end(pair.accepted, NULL);
  for (unsigned stops = 1; reader.length < 10; stops++) {
    world_run_for(world, 20);
    if (reader.length == 10) break;
    assert_true(reader.stopped);
    assert_int_equal(reader.pieces, 2 * stops);
    assert_false(weir_socket_is_paused(pair.client));
    world_expect(world, "C", "");
    reader.stopped = false;
    weir_socket_resume(pair.client);
    assert_int_equal(reader.pieces, 2 * stops);
  }
  reader.stopped = false;
  weir_socket_resume(pair.client);
  world_run(world);
  check_reader(&reader, "0123456789");
  world_expect(world, "C", "end finish close(false)");
}

static void data_listeners_are_not_called(struct world *world) {
  struct reader reader = {.stop_at = 0};
  struct world_pair pair = open_reading(world, &reader);
  weir_socket_on(pair.client, WEIR_EVENT_DATA, world_note_event, world_mark(world, "heard", "data"));
  world_write(pair.accepted, "0123456789");
  pair_end(world, &pair);
  check_reader(&reader, "0123456789");
  world_expect(world, "heard", "");
}

static bool destroy_in_piece(weir_socket *socket, void *bytes, size_t length, void *user) {
  (void)bytes;
  (void)length;
  ++*(unsigned *)user;
  weir_socket_destroy(socket, NULL);
  return true;
}

static void a_destroy_inside_a_piece_is_the_last_piece(struct world *world) {
  char buffer[2];
  unsigned pieces = 0;
  weir_socket_options options = weir_socket_options_default();
  options.onread_buffer = buffer;
  options.onread_size = sizeof buffer;
  options.onread = destroy_in_piece;
  options.user = &pieces;
  struct world_pair pair = pair_open_with(world, &(struct world_pair_options){.client = &options});
  world_write(pair.accepted, "0123456789");
  world_run_until_noted(world, "C close", 1);
  assert_int_equal(pieces, 1);
  weir_socket_destroy(pair.accepted, NULL);
  world_run(world);
}

static void half_given_onread_options_are_refused(struct world *world) {
  char buffer[4];
  weir_socket *socket = NULL;
  weir_socket_options options = weir_socket_options_default();
  options.onread = read_piece;
  assert_int_equal(weir_socket_create(world->loop, &options, &socket), WEIR_EINVAL);
  options.onread_buffer = buffer;
  assert_int_equal(weir_socket_create(world->loop, &options, &socket), WEIR_EINVAL);
  options.onread_size = sizeof buffer;
  options.onread = NULL;
  assert_int_equal(weir_socket_create(world->loop, &options, &socket), WEIR_EINVAL);
  assert_null(socket);
}

static const struct world_case cases[] = {
    WORLD_CASE("EO-53 A052", a_buffer_is_filled_piece_by_piece),
    WORLD_CASE("EO-53 A052", returning_false_stops_until_resume),
    WORLD_CASE("EO-53 A052", data_listeners_are_not_called),
    WORLD_CASE("EO-11", a_destroy_inside_a_piece_is_the_last_piece),
    WORLD_CASE("", half_given_onread_options_are_refused),
};

int main(int argc, char **argv) { return world_main(argc, argv, "onread", cases, sizeof cases / sizeof *cases); }
