/* SPDX-License-Identifier: MIT */
/*
 * What the simulator draws from its seed: lengths and order. Several pairs send a pattern to each other through small
 * pipes; whatever is drawn, every byte must arrive in its place.
 */
#include "stream/sim_bench.h"

enum { STREAM_BYTES = 20000, STREAM_PIPE_BYTES = 700, STREAM_PAIRS = 3 };

struct party {
  struct connection *connection;
  size_t sent;
  size_t received;
  struct piece pieces[3];
  bool has_ended;
  bool is_shut_down;
};

struct stream {
  struct bench bench;
  unsigned char pattern[STREAM_BYTES];
  struct party parties[2 * STREAM_PAIRS];
  size_t accepted;
  size_t open;
  uint64_t trace; /* of who, what and how much, in order */
};

static void note(struct stream *stream, size_t who, enum operation operation, ptrdiff_t result) {
  uint64_t values[3] = {who, (uint64_t)operation, (uint64_t)result};
  for (size_t i = 0; i < 3; ++i) stream->trace = (stream->trace ^ values[i]) * UINT64_C(0x100000001B3);
}

static size_t index_of(const struct stream *stream, const struct connection *connection) {
  size_t i = 0;
  while (stream->parties[i].connection != connection) ++i;
  return i;
}

static void push(struct stream *stream, struct party *party) {
  struct backend *backend = stream->bench.backend;
  size_t left = STREAM_BYTES - party->sent;
  if (left > 0) party->sent += backend_sim.write(backend, party->connection, stream->pattern + party->sent, left);
  left = STREAM_BYTES - party->sent;
  if (left == 0) {
    backend_sim.shutdown(backend, party->connection);
    return;
  }
  party->pieces[0] = (struct piece){stream->pattern + party->sent, left / 2};
  party->pieces[1] = (struct piece){NULL, 0};
  party->pieces[2] = (struct piece){stream->pattern + party->sent + left / 2, left - left / 2};
  backend_sim.write_queue(backend, party->connection, party->pieces, 3);
}

static void start(struct stream *stream, struct party *party) {
  ++stream->open;
  backend_sim.read(stream->bench.backend, party->connection, true);
  push(stream, party);
}

static void receive(struct stream *stream, struct party *party, const struct completion *completion) {
  if (completion->result == COMPLETION_END) {
    assert_int_equal(party->received, STREAM_BYTES);
    party->has_ended = true;
    return;
  }
  assert_true(completion->result > 0);
  assert_true(party->received + (size_t)completion->result <= STREAM_BYTES);
  assert_memory_equal(completion->bytes, stream->pattern + party->received, (size_t)completion->result);
  party->received += (size_t)completion->result;
}

static void handle(struct stream *stream, struct party *party, enum operation operation,
                   const struct completion *completion) {
  if (operation != OPERATION_READ) assert_true(completion->result >= 0);
  if (operation == OPERATION_CONNECT) start(stream, party);
  if (operation == OPERATION_READ) receive(stream, party, completion);
  if (operation == OPERATION_WRITE) {
    assert_true(completion->result > 0);
    party->sent += (size_t)completion->result;
    push(stream, party);
  }
  if (operation == OPERATION_SHUTDOWN) party->is_shut_down = true;
  if (operation == OPERATION_CLOSE) --stream->open;
  bool is_done = party->has_ended && party->is_shut_down;
  if (is_done && operation != OPERATION_CLOSE)
    backend_sim.close(stream->bench.backend, party->connection, ENDING_CLOSE);
}

static void step(struct stream *stream, enum operation operation, const struct completion *completion) {
  if (operation != OPERATION_ACCEPT) {
    size_t who = index_of(stream, completion->connection);
    note(stream, who, operation, completion->result);
    handle(stream, &stream->parties[who], operation, completion);
    return;
  }
  size_t who = STREAM_PAIRS + stream->accepted++;
  note(stream, who, operation, 0);
  backend_sim.take(stream->bench.backend, stream->bench.acceptor, stream->parties[who].connection);
  start(stream, &stream->parties[who]);
}

/* Several pairs send a pattern to each other, end and close. Returns the trace. */
static uint64_t run_stream(weir_sim_options options) {
  static struct stream stream;
  memset(&stream, 0, sizeof stream);
  options.pipe_bytes = STREAM_PIPE_BYTES;
  open_bench(&stream.bench, options);
  for (size_t i = 0; i < STREAM_BYTES; ++i) stream.pattern[i] = (unsigned char)(i * 31 + i / 251);
  listen_at(&stream.bench, "/stream", STREAM_PAIRS);
  backend_sim.accept(stream.bench.backend, stream.bench.acceptor, true);
  for (size_t i = 0; i < STREAM_PAIRS; ++i) stream.parties[i].connection = connect_to(&stream.bench, "/stream");
  for (size_t i = STREAM_PAIRS; i < 2 * STREAM_PAIRS; ++i) {
    stream.parties[i].connection = cleared(backend_sim.connection_bytes);
  }
  struct completion completion;
  enum operation operation;
  while ((operation = next_operation(&stream.bench, &completion)) != OPERATION_NONE) {
    step(&stream, operation, &completion);
  }
  assert_int_equal(stream.accepted, STREAM_PAIRS);
  assert_int_equal(stream.open, 0);
  close_bench(&stream.bench);
  for (size_t i = 0; i < 2 * STREAM_PAIRS; ++i) free(stream.parties[i].connection);
  return stream.trace;
}

static weir_sim_options seeded(uint64_t seed) {
  weir_sim_options options = weir_sim_options_default();
  options.seed = seed;
  return options;
}

static void bytes_arrive_whole_and_in_order_whatever_the_seed(void **state) {
  (void)state;
  for (uint64_t seed = 0; seed < 200; ++seed) run_stream(seeded(seed));
  run_stream(plain_options());
}

static void the_same_seed_gives_the_same_run(void **state) {
  (void)state;
  for (uint64_t seed = 0; seed < 20; ++seed) assert_true(run_stream(seeded(seed)) == run_stream(seeded(seed)));
}

static void another_seed_gives_another_run(void **state) {
  (void)state;
  uint64_t first = run_stream(seeded(1));
  for (uint64_t seed = 2; seed < 20; ++seed) assert_true(run_stream(seeded(seed)) != first);
}

static void a_seed_changes_nothing_when_order_is_fixed_and_transfers_are_whole(void **state) {
  (void)state;
  weir_sim_options options = plain_options();
  uint64_t first = run_stream(options);
  options.seed = 7;
  assert_true(run_stream(options) == first);
}

enum { DRAWN_BYTES = 1000 };

struct lengths {
  size_t nothing;
  size_t little; /* up to 16 bytes */
  size_t some;
  size_t all;
};

static void count_length(struct lengths *lengths, size_t length) {
  if (length == 0) ++lengths->nothing;
  if (length > 0 && length <= 16) ++lengths->little;
  if (length > 16 && length < DRAWN_BYTES) ++lengths->some;
  if (length == DRAWN_BYTES) ++lengths->all;
}

static void transfer_once(uint64_t seed, struct lengths *written, struct lengths *read) {
  static const char bytes[DRAWN_BYTES];
  struct bench bench;
  struct connection *client, *server;
  struct completion completion;
  weir_sim_options options = seeded(seed);
  options.fixed_order = true;
  open_bench(&bench, options);
  open_pair(&bench, &client, &server);
  size_t length = backend_sim.write(bench.backend, client, bytes, DRAWN_BYTES);
  count_length(written, length);
  backend_sim.read(bench.backend, server, true);
  if (length == DRAWN_BYTES) {
    completion = expect(&bench, OPERATION_READ, server);
    count_length(read, (size_t)completion.result);
  }
  close_connection(&bench, server);
  close_connection(&bench, client);
  close_bench(&bench);
}

static void transfers_move_nothing_little_some_or_all(void **state) {
  (void)state;
  struct lengths written = {0, 0, 0, 0}, read = {0, 0, 0, 0};
  for (uint64_t seed = 0; seed < 200; ++seed) transfer_once(seed, &written, &read);
  assert_in_range(written.nothing, 5, 100);
  assert_in_range(written.little, 5, 100);
  assert_in_range(written.some, 5, 100);
  assert_in_range(written.all, 20, 150);
  assert_int_equal(read.nothing, 0);
  assert_in_range(read.little, 5, 100);
  assert_in_range(read.some, 5, 100);
  assert_in_range(read.all, 20, 100);
}

/* Whether of two connects, both brought by the first batch, the second came first. */
static bool is_overtaken(uint64_t seed) {
  struct bench bench;
  struct completion completions[2];
  open_bench(&bench, seeded(seed));
  struct connection *first = connect_to(&bench, "/nobody");
  struct connection *second = connect_to(&bench, "/nobody");
  assert_int_equal(backend_sim.next(bench.backend, 0, &completions[0]), OPERATION_CONNECT);
  bool is_one_batch = backend_sim.next(bench.backend, 0, &completions[1]) == OPERATION_CONNECT;
  bool is_second = completions[0].connection == second;
  if (!is_one_batch) assert_int_equal(next_operation(&bench, &completions[1]), OPERATION_CONNECT);
  free(first);
  free(second);
  close_bench(&bench);
  return is_one_batch && is_second;
}

static void the_order_in_a_batch_is_drawn(void **state) {
  (void)state;
  size_t overtaken = 0;
  for (uint64_t seed = 0; seed < 100; ++seed) overtaken += is_overtaken(seed) ? 1 : 0;
  assert_in_range(overtaken, 10, 90);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(bytes_arrive_whole_and_in_order_whatever_the_seed),
      cmocka_unit_test(the_same_seed_gives_the_same_run),
      cmocka_unit_test(another_seed_gives_another_run),
      cmocka_unit_test(a_seed_changes_nothing_when_order_is_fixed_and_transfers_are_whole),
      cmocka_unit_test(transfers_move_nothing_little_some_or_all),
      cmocka_unit_test(the_order_in_a_batch_is_drawn),
  };
  return cmocka_run_group_tests_name("the chance of the simulator", tests, NULL, NULL);
}
