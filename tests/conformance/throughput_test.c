/* SPDX-License-Identifier: MIT */
/*
 * Long streams under back-pressure: write until the queue is full, wait for `drain`, read slowly, and lose nothing.
 */
#include <stdlib.h>

#include "support/pair.h"
#include "support/world.h"

#define KIB 1024u
#define MIB (1024u * 1024)

/* ---- writers that wait for drain -------------------------------------------------------------------------------- */

/* Writes the pattern in blocks until it is told to wait, and goes on at `drain`. */
struct writer {
  uint64_t position;
  uint64_t total;
  size_t block;
  unsigned extra; /* how many blocks more to write although told to wait */
  unsigned drains;
  unsigned callbacks;
  unsigned failures;
  weir_encoding encoding;
};

struct block {
  struct writer *writer;
  unsigned char *bytes;
};

static void free_block(weir_socket *socket, const weir_error *error, void *user) {
  (void)socket;
  struct block *block = user;
  block->writer->callbacks++;
  if (error != NULL) block->writer->failures++;
  free(block->bytes);
  free(block);
}

/* As a text of hexadecimal digits, in place: the buffer has twice the room. */
static void spell_in_hex(unsigned char *bytes, size_t length) {
  static const char digits[] = "0123456789abcdef";
  for (size_t i = length; i > 0; i--) {
    unsigned char byte = bytes[i - 1];
    bytes[2 * i - 1] = (unsigned char)digits[byte & 15];
    bytes[2 * i - 2] = (unsigned char)digits[byte >> 4];
  }
}

static int write_block(struct writer *writer, weir_socket *socket) {
  struct block *block = malloc(sizeof *block);
  assert_non_null(block);
  *block = (struct block){writer, malloc(2 * writer->block)};
  assert_non_null(block->bytes);
  world_fill(block->bytes, writer->block, writer->position);
  writer->position += writer->block;
  weir_write write = weir_write_default();
  write.bytes = block->bytes;
  write.length = writer->block;
  write.callback = free_block;
  write.user = block;
  write.encoding = writer->encoding;
  write.borrow = writer->encoding == WEIR_ENCODING_NONE;
  if (!write.borrow) {
    spell_in_hex(block->bytes, writer->block);
    write.length *= 2;
  }
  return weir_socket_write_with(socket, &write);
}

static void write_until_full(struct writer *writer, weir_socket *socket) {
  int result = 1;
  while (result == 1 && writer->position < writer->total) result = write_block(writer, socket);
  assert_true(result >= 0);
  for (unsigned i = 0; result == 0 && i < writer->extra && writer->position < writer->total; i++)
    assert_int_equal(write_block(writer, socket), 0);
  if (result == 1) weir_socket_end(socket, NULL);
}

static void write_on_drain(const weir_event *event, void *user) {
  struct writer *writer = user;
  writer->drains++;
  write_until_full(writer, event->socket);
}

static void check_stream(struct world *world, struct writer *writer) {
  struct world_pair pair = pair_open(world, 0, 0);
  struct world_stream stream = {0, false};
  pair_check(pair.accepted, &stream);
  assert_int_equal(weir_socket_on(pair.client, WEIR_EVENT_DRAIN, write_on_drain, writer), WEIR_OK);
  write_until_full(writer, pair.client);
  world_run(world);
  assert_int_equal(stream.bytes, writer->total);
  assert_false(stream.broken);
  assert_int_equal(writer->callbacks, writer->total / writer->block);
  assert_int_equal(writer->failures, 0);
  assert_true(writer->drains > 0);
}

static void borrowed_blocks_stay_alive_until_they_are_written(struct world *world) {
  struct writer writer = {.total = 20 * MIB, .block = MIB};
  check_stream(world, &writer);
}

static void hexadecimal_texts_arrive_as_their_bytes(struct world *world) {
  struct writer writer = {.total = 10 * MIB, .block = MIB / 2, .encoding = WEIR_ENCODING_HEX};
  check_stream(world, &writer);
}

static void writing_on_although_told_to_wait_loses_nothing(struct world *world) {
  struct writer writer = {.total = 4 * MIB, .block = 64 * KIB, .extra = 2};
  check_stream(world, &writer);
}

/* ---- slow readers ----------------------------------------------------------------------------------------------- */

struct reader {
  struct world *world;
  weir_socket *socket;
  struct world_stream stream;
  bool resting;
  bool disturbed; /* data came while it rested */
};

static void resume_reader(void *user) {
  struct reader *reader = user;
  reader->resting = false;
  weir_socket_resume(reader->socket);
}

static void rest_after_data(const weir_event *event, void *user) {
  struct reader *reader = user;
  if (reader->resting) reader->disturbed = true;
  world_check_on(event, &reader->stream);
  if (reader->stream.bytes / (256 * KIB) == (reader->stream.bytes - event->data.length) / (256 * KIB)) return;
  reader->resting = true;
  weir_socket_pause(event->socket);
  world_after(reader->world, 2, resume_reader, reader);
}

static void a_reader_that_pauses_again_and_again_receives_every_byte(struct world *world) {
  struct world_pair pair = pair_open(world, 0, 0);
  struct reader reader = {.world = world, .socket = pair.accepted};
  struct writer writer = {.total = 4 * MIB, .block = 64 * KIB, .extra = 2};
  assert_int_equal(weir_socket_on(pair.accepted, WEIR_EVENT_DATA, rest_after_data, &reader), WEIR_OK);
  assert_int_equal(weir_socket_on(pair.client, WEIR_EVENT_DRAIN, write_on_drain, &writer), WEIR_OK);
  write_until_full(&writer, pair.client);
  world_run(world);
  assert_int_equal(reader.stream.bytes, writer.total);
  assert_false(reader.stream.broken);
  assert_false(reader.disturbed);
}

static void a_resume_taken_back_at_once_reads_no_more(struct world *world) {
  struct world_pair pair = pair_open(world, 0, 0);
  weir_socket_pause(pair.accepted);
  world_write_pattern(world, pair.client, "C", "write-cb", MIB, 0);
  world_run_for(world, 20);
  uint64_t read = weir_socket_bytes_read(pair.accepted);
  assert_true(read >= weir_socket_high_water_mark(pair.accepted));
  assert_true(read < MIB);
  weir_socket_resume(pair.accepted);
  weir_socket_pause(pair.accepted);
  world_run_for(world, 20);
  assert_int_equal(weir_socket_bytes_read(pair.accepted), read);
  assert_int_equal(weir_socket_kept(pair.accepted), read);
  pair_end(world, &pair);
}

static void there_is_no_idle_timeout_while_data_move(struct world *world) {
  struct world_pair pair = pair_open(world, 0, 0);
  struct reader reader = {.world = world, .socket = pair.accepted};
  assert_int_equal(weir_socket_on(pair.accepted, WEIR_EVENT_DATA, rest_after_data, &reader), WEIR_OK);
  assert_int_equal(weir_socket_set_timeout(pair.client, 1000), WEIR_OK);
  for (unsigned i = 0; i < 10; i++) world_write_pattern(world, pair.client, "C", "write-cb", 200 * KIB, i * 200 * KIB);
  weir_socket_end(pair.client, NULL);
  world_run(world);
  assert_int_equal(reader.stream.bytes, 2000 * KIB);
  assert_int_equal(world_count(world, "C write-cb"), 10);
  assert_int_equal(world_count(world, "C timeout"), 0);
}

static void destroy_soon_delivers_everything_written_before(struct world *world) {
  struct world_pair pair = pair_open(world, 0, 0);
  struct world_stream stream = {0, false};
  pair_check(pair.accepted, &stream);
  for (unsigned i = 0; i < 100; i++) world_write_pattern(world, pair.client, "C", "write-cb", KIB, i * KIB);
  world_write_pattern(world, pair.client, "C", "last", 1, 100 * KIB);
  weir_socket_destroy_soon(pair.client);
  world_run(world);
  assert_int_equal(stream.bytes, 100 * KIB + 1);
  assert_false(stream.broken);
}

/* ---- the peer ends while much is queued ------------------------------------------------------------------------- */

static void the_peers_end_leaves_what_is_queued_alone(struct world *world) {
  struct world_pair pair = pair_open(world, WORLD_TRACE_DATA, 0);
  struct world_stream stream = {0, false};
  assert_true(world_write_pattern(world, pair.accepted, "S", "write-cb", 6 * MIB, 0) == 0);
  world_end_noted(world, pair.client, "C", "q");
  world_run_until_noted(world, "S end", 1);
  assert_true(weir_socket_buffered(pair.accepted) > 0);
  pair_check(pair.client, &stream);
  world_run(world);
  world_expect(world, "S", "data(q) end write-cb finish close(false)");
  assert_int_equal(stream.bytes, 6 * MIB);
  assert_false(stream.broken);
  world_expect(world, "C", "end-cb finish end close(false)");
}

static void the_servers_end_leaves_what_the_client_has_queued_alone(struct world *world) {
  struct world_pair pair = pair_open(world, 0, WORLD_TRACE_DATA);
  struct world_stream stream = {0, false};
  assert_true(world_write_pattern(world, pair.client, "C", "write-cb", 6 * MIB, 0) == 0);
  world_end_noted(world, pair.accepted, "S", "q");
  world_run_until_noted(world, "C end", 1);
  pair_check(pair.accepted, &stream);
  world_run(world);
  world_expect(world, "C", "data(q) end write-cb finish close(false)");
  assert_int_equal(stream.bytes, 6 * MIB);
  assert_false(stream.broken);
}

static void answer_in_pieces(const weir_event *event, void *unused) {
  (void)unused;
  const char *bytes = event->data.bytes;
  for (size_t i = 0; i < event->data.length; i++) weir_socket_write(event->socket, bytes + i, 1);
}

static void writes_from_data_listeners_keep_their_order(struct world *world) {
  struct world_pair pair = pair_open(world, 0, WORLD_TRACE_DATA);
  assert_int_equal(weir_socket_on(pair.accepted, WEIR_EVENT_DATA, answer_in_pieces, NULL), WEIR_OK);
  world_write(pair.client, "abcdef");
  world_write(pair.client, "ghijkl");
  pair_run_until_read(world, pair.client, 12);
  pair_end(world, &pair);
  world_expect_before(world, "C data(abcdefghijkl)", "C end");
}

static const struct world_case cases[] = {
    WORLD_CASE("EO-35 A073", borrowed_blocks_stay_alive_until_they_are_written),
    WORLD_CASE("A074 S120", hexadecimal_texts_arrive_as_their_bytes),
    WORLD_CASE("A068 S082", writing_on_although_told_to_wait_loses_nothing),
    WORLD_CASE("A068 S084 S105 S110", a_reader_that_pauses_again_and_again_receives_every_byte),
    WORLD_CASE("EO-11 A062", a_resume_taken_back_at_once_reads_no_more),
    WORLD_CASE("A075 EO-38", there_is_no_idle_timeout_while_data_move),
    WORLD_CASE("A076", destroy_soon_delivers_everything_written_before),
    WORLD_CASE("EO-36", the_peers_end_leaves_what_is_queued_alone),
    WORLD_CASE("EO-36", the_servers_end_leaves_what_the_client_has_queued_alone),
    WORLD_CASE("A320", writes_from_data_listeners_keep_their_order),
};

int main(int argc, char **argv) { return world_main(argc, argv, "throughput", cases, sizeof cases / sizeof *cases); }
