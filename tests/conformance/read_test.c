/* SPDX-License-Identifier: MIT */
/*
 * The read side: when data flow, where they wait, what pausing holds back, and that nothing comes after a destroy.
 */
#include "support/pair.h"
#include "support/world.h"

#define BIG_BYTES ((size_t)12 << 20)

/* How much one read of the loop may bring beyond the mark. */
#define READ_BYTES 65536

/* A pair whose accepted socket is not listened to for data; the server is closing already, so that it ends with them.
 */
static struct world_pair quiet_pair(struct world *world, bool pause_on_connect, unsigned trace) {
  weir_server_options server = weir_server_options_default();
  server.pause_on_connect = pause_on_connect;
  struct world_pair_options options = {.server = &server, .server_trace = trace};
  struct world_pair pair = world_pair(world, &options);
  weir_server_close(pair.server, NULL, NULL);
  return pair;
}

/* A listener of data that goes by the name S and flows on its own decision only. */
static void note_data(const weir_event *event, void *user) {
  struct world_mark *mark = user;
  char text[64];
  size_t length = event->data.length < sizeof text - 1 ? event->data.length : sizeof text - 1;
  memcpy(text, event->data.bytes, length);
  text[length] = '\0';
  world_note(mark->world, mark->name, "got(%s)", text);
}

static void end_with(weir_socket *socket, const char *text) {
  weir_write last = weir_write_default();
  last.bytes = text;
  last.length = strlen(text);
  assert_int_equal(weir_socket_end(socket, &last), 0);
}

static void end_with_two(void *client) { end_with(client, "two"); }

/* ---- paused ----------------------------------------------------------------------------------------------------- */

static void a_paused_socket_keeps_data_and_the_end_behind_them(struct world *world) {
  struct world_pair pair = quiet_pair(world, false, WORLD_TRACE_FLOW);
  weir_socket_pause(pair.accepted);
  world_trace_socket(world, pair.accepted, "D", WORLD_TRACE_DATA);
  world_write(pair.client, "one");
  world_after(world, 20, end_with_two, pair.client);
  world_run_for(world, 100);
  world_expect(world, "S", "pause");
  world_expect(world, "D", "");
  assert_int_equal(weir_socket_kept(pair.accepted), 6);
  assert_int_equal(weir_socket_bytes_read(pair.accepted), 6);
  assert_int_equal(weir_socket_get_state(pair.accepted), WEIR_SOCKET_OPEN);
  weir_socket_resume(pair.accepted);
  world_note(world, "D", "returned");
  world_run(world);
  world_expect(world, "S", "pause resume end finish close(false)");
  world_expect(world, "D", "returned data(onetwo) end finish close(false)");
  world_expect_before(world, "S resume", "D data");
}

static void pause_and_resume_are_seen_at_once(struct world *world) {
  struct world_pair pair = quiet_pair(world, false, WORLD_TRACE_LIFE);
  assert_false(weir_socket_is_paused(pair.accepted));
  weir_socket_pause(pair.accepted);
  assert_true(weir_socket_is_paused(pair.accepted));
  weir_socket_resume(pair.accepted);
  assert_false(weir_socket_is_paused(pair.accepted));
}

/* With data or without, an unread connection does not learn of the peer's end. */
static void pause_on_connect_reads_nothing_until_resume(struct world *world) {
  const char *const texts[] = {"data", ""};
  for (size_t i = 0; i < 2; i++) {
    struct world_pair pair = quiet_pair(world, true, WORLD_TRACE_DATA);
    world_end_noted(world, pair.client, "C", texts[i]);
    world_run_for(world, 100);
    world_expect(world, "S", "");
    assert_int_equal(weir_socket_bytes_read(pair.accepted), 0);
    assert_int_equal(weir_socket_kept(pair.accepted), 0);
    assert_true(weir_socket_is_paused(pair.accepted));
    weir_socket_resume(pair.accepted);
    world_note(world, "S", "returned");
    world_run(world);
    world_expect(world, "S",
                 i == 0 ? "returned data(data) end finish close(false)" : "returned end finish close(false)");
    world_forget(world);
  }
}

static void an_end_without_data_comes_though_paused(struct world *world) {
  for (unsigned paused = 0; paused < 2; paused++) {
    struct world_pair pair = quiet_pair(world, false, WORLD_TRACE_LIFE);
    if (paused) weir_socket_pause(pair.accepted);
    weir_socket_end(pair.client, NULL);
    world_run(world);
    world_expect(world, "S", "end finish close(false)");
    world_expect(world, "C", "connect finish end close(false)");
    world_forget(world);
  }
}

static void pause_with_nothing_left(const weir_event *event, void *unused) {
  (void)unused;
  if (weir_socket_bytes_read(event->socket) == 5) weir_socket_pause(event->socket);
}

static void an_end_comes_though_paused_in_the_last_data(struct world *world) {
  struct world_pair pair = quiet_pair(world, false, WORLD_TRACE_DATA);
  world_on(pair.accepted, WEIR_EVENT_DATA, pause_with_nothing_left, NULL);
  world_end_noted(world, pair.client, "C", "hello");
  world_run(world);
  world_expect(world, "S", "data(hello) end finish close(false)");
}

static void send_hello(const weir_event *event, void *unused) {
  (void)unused;
  end_with(event->connection, "hello");
}

/* Of the client; a paused one does not even see the end. */
static void before_connect_the_last_of_pause_and_resume_counts(struct world *world) {
  weir_server *server = world_listen(world, NULL, send_hello, NULL);
  for (unsigned pause_last = 0; pause_last < 2; pause_last++) {
    weir_socket *client = world_connect(world, NULL);
    world_trace_socket(world, client, "C", WORLD_TRACE_DATA);
    if (pause_last) weir_socket_resume(client);
    weir_socket_pause(client);
    if (!pause_last) weir_socket_resume(client);
    world_run_for(world, 50);
    world_expect(world, "C", pause_last ? "connect" : "connect data(hello) end finish close(false)");
    assert_int_equal(weir_socket_bytes_read(client), pause_last ? 0 : 5);
    world_forget(world);
    weir_socket_resume(client);
    if (pause_last) world_run_until_noted(world, "C close", 1);
  }
  world_expect(world, "C", "data(hello) end finish close(false)");
  weir_server_close(server, NULL, NULL);
}

/* ---- no listener ------------------------------------------------------------------------------------------------ */

static void data_wait_for_the_first_listener(struct world *world) {
  struct world_pair pair = quiet_pair(world, false, WORLD_TRACE_LIFE);
  world_write(pair.client, "early1");
  pair_run_until_read(world, pair.accepted, 6);
  world_end_noted(world, pair.client, "C", "early2");
  pair_run_until_read(world, pair.accepted, 12);
  world_run_for(world, 50);
  world_expect(world, "S", "");
  assert_int_equal(weir_socket_kept(pair.accepted), 12);
  world_trace_socket(world, pair.accepted, "D", WORLD_TRACE_DATA);
  world_run(world);
  world_expect(world, "D", "data(early1early2) end finish close(false)");
}

static void resuming_without_a_listener_throws_data_away(struct world *world) {
  struct world_pair pair = quiet_pair(world, false, WORLD_TRACE_LIFE);
  weir_socket_resume(pair.accepted);
  world_write(pair.client, "nobody");
  pair_run_until_read(world, pair.accepted, 6);
  assert_int_equal(weir_socket_kept(pair.accepted), 0);
  world_trace_socket(world, pair.accepted, "D", WORLD_TRACE_DATA);
  world_end_noted(world, pair.client, "C", "heard");
  world_run(world);
  world_expect(world, "D", "data(heard) end finish close(false)");
}

static void without_its_last_listener_a_socket_flows_on(struct world *world) {
  struct world_pair pair = quiet_pair(world, false, WORLD_TRACE_LIFE);
  struct world_mark *mark = world_mark(world, "D", NULL);
  world_on(pair.accepted, WEIR_EVENT_DATA, note_data, mark);
  world_write(pair.client, "1");
  world_run_until_noted(world, "D got", 1);
  assert_int_equal(weir_socket_off(pair.accepted, WEIR_EVENT_DATA, note_data, mark), WEIR_OK);
  world_write(pair.client, "2");
  world_run_for(world, 50);
  world_on(pair.accepted, WEIR_EVENT_DATA, note_data, mark);
  world_end_noted(world, pair.client, "C", "3");
  world_run(world);
  world_expect(world, "D", "got(1) got(3)");
  assert_int_equal(weir_socket_bytes_read(pair.accepted), 3);
}

static void a_listener_does_not_undo_a_pause(struct world *world) {
  for (unsigned listens_first = 0; listens_first < 2; listens_first++) {
    struct world_pair pair = quiet_pair(world, false, WORLD_TRACE_LIFE);
    if (!listens_first) weir_socket_pause(pair.accepted);
    world_trace_socket(world, pair.accepted, "D", WORLD_TRACE_DATA);
    if (listens_first) weir_socket_pause(pair.accepted);
    world_end_noted(world, pair.client, "C", "data");
    world_run_for(world, 50);
    world_expect(world, "D", "");
    weir_socket_resume(pair.accepted);
    world_run(world);
    world_expect(world, "D", "data(data) end finish close(false)");
    world_forget(world);
  }
}

static void unread_data_hold_the_end_the_close_and_the_server(struct world *world) {
  struct world_pair pair = quiet_pair(world, false, WORLD_TRACE_LIFE);
  weir_socket_pause(pair.accepted);
  world_end_noted(world, pair.client, "C", "x");
  world_run_for(world, 100);
  world_expect(world, "S", "");
  world_expect(world, "V", "listening connection");
  assert_int_equal(weir_server_get_connections(pair.server, world_note_count, world_mark(world, "V", NULL)), WEIR_OK);
  world_run_until_noted(world, "V count", 1);
  weir_socket_resume(pair.accepted);
  world_run(world);
  world_expect(world, "S", "end finish close(false)");
  world_expect(world, "V", "listening connection count(1) close");
}

/* ---- inside data ------------------------------------------------------------------------------------------------ */

static void resume_socket(void *socket) {
  world_note(weir_socket_user(socket), "S", "resume");
  weir_socket_resume(socket);
}

static void pause_for_a_while(const weir_event *event, void *world) {
  assert_false(weir_socket_is_paused(event->socket));
  weir_socket_pause(event->socket);
  world_note(world, "S", "pause");
  weir_socket_set_user(event->socket, world);
  world_after(world, 20, resume_socket, event->socket);
}

/* Everything comes, and between pause and resume nothing does. */
static void pausing_in_data_stops_them_until_resume(struct world *world) {
  struct world_pair pair = quiet_pair(world, false, WORLD_TRACE_DATA | WORLD_TRACE_CHUNKS);
  world_on(pair.accepted, WEIR_EVENT_DATA, pause_for_a_while, world);
  world_write(pair.client, "one");
  world_run_for(world, 5);
  world_write(pair.client, "two");
  world_run_for(world, 5);
  world_end_noted(world, pair.client, "C", "three");
  world_run(world);
  size_t chunks = world_count(world, "S data");
  assert_true(chunks >= 1);
  assert_int_equal(world_count(world, "S pause"), chunks);
  assert_int_equal(weir_socket_bytes_read(pair.accepted), 11);
  assert_int_equal(world_count(world, "S close(false)"), 1);
}

struct steps {
  struct world *world;
  bool paused;
  bool broken;
  size_t bytes;
  unsigned chunks;
};

static void take_one_chunk(const weir_event *event, void *user) {
  struct steps *steps = user;
  if (steps->paused) steps->broken = true;
  steps->paused = true;
  steps->chunks++;
  steps->bytes += event->data.length;
  weir_socket_pause(event->socket);
}

static void each_resume_brings_one_chunk_when_data_pauses(struct world *world) {
  struct world_pair pair = quiet_pair(world, false, WORLD_TRACE_LIFE);
  struct steps steps = {.world = world};
  for (int i = 0; i < 3; i++) {
    world_write(pair.client, "chunk");
    world_run_for(world, 5);
  }
  world_on(pair.accepted, WEIR_EVENT_DATA, take_one_chunk, &steps);
  weir_socket_end(pair.client, NULL);
  for (int i = 0; i < 30 && steps.bytes < 15; i++) {
    steps.paused = false;
    weir_socket_resume(pair.accepted);
    world_run_for(world, 5);
  }
  assert_int_equal(steps.bytes, 15);
  assert_false(steps.broken);
  world_run(world);
  world_expect(world, "S", "end finish close(false)");
}

static void destroying_in_data_stops_everything(struct world *world) {
  struct world_pair pair = quiet_pair(world, false, WORLD_TRACE_LIFE);
  struct world_mark *mark = world_mark(world, "S", "later-listener");
  for (int i = 0; i < 3; i++) {
    world_write(pair.client, "chunk");
    world_run_for(world, 5);
  }
  weir_socket_end(pair.client, NULL);
  world_run_for(world, 20);
  world_on(pair.accepted, WEIR_EVENT_DATA, world_note_event, world_mark(world, "S", "data"));
  world_on(pair.accepted, WEIR_EVENT_DATA, world_destroy_on, NULL);
  world_on(pair.accepted, WEIR_EVENT_DATA, world_note_event, mark);
  world_run(world);
  world_expect(world, "S", "data close(false)");
}

/* ---- limits ----------------------------------------------------------------------------------------------------- */

static void a_paused_reader_stops_at_its_mark(struct world *world) {
  struct world_stream stream = {0, false};
  struct world_pair pair = quiet_pair(world, false, WORLD_TRACE_LIFE);
  weir_socket_pause(pair.accepted);
  assert_int_equal(world_write_pattern(world, pair.client, "C", NULL, BIG_BYTES, 0), 0);
  weir_socket_end(pair.client, NULL);
  world_run_for(world, 100);
  assert_in_range(weir_socket_kept(pair.accepted), WEIR_HIGH_WATER_MARK, WEIR_HIGH_WATER_MARK + READ_BYTES);
  assert_int_equal(weir_socket_kept(pair.accepted), weir_socket_bytes_read(pair.accepted));
  assert_true(weir_socket_buffered(pair.client) > 0);
  world_on(pair.accepted, WEIR_EVENT_DATA, world_check_on, &stream);
  weir_socket_resume(pair.accepted);
  world_run(world);
  assert_int_equal(stream.bytes, BIG_BYTES);
  assert_false(stream.broken);
  world_expect(world, "S", "end finish close(false)");
}

struct throttle {
  struct world *world;
  struct world_stream stream;
  weir_socket *socket;
  unsigned pauses;
  bool paused;
  bool broken;
};

static void resume_throttled(void *user) {
  struct throttle *throttle = user;
  throttle->paused = false;
  weir_socket_resume(throttle->socket);
}

static void throttle_data(const weir_event *event, void *user) {
  struct throttle *throttle = user;
  if (throttle->paused) throttle->broken = true;
  world_check_on(event, &throttle->stream);
  if (throttle->pauses < 10 && throttle->stream.bytes > throttle->pauses * (uint64_t)100000) {
    throttle->pauses++;
    throttle->paused = true;
    weir_socket_pause(event->socket);
    world_after(throttle->world, 10, resume_throttled, throttle);
  }
}

static void a_reader_that_pauses_often_loses_nothing(struct world *world) {
  struct world_pair pair = quiet_pair(world, false, WORLD_TRACE_LIFE);
  struct throttle throttle = {.world = world, .socket = pair.accepted};
  world_on(pair.accepted, WEIR_EVENT_DATA, throttle_data, &throttle);
  for (size_t i = 0; i < 8; i++) world_write_pattern(world, pair.client, "C", NULL, BIG_BYTES / 8, i * BIG_BYTES / 8);
  weir_socket_end(pair.client, NULL);
  world_run(world);
  assert_int_equal(throttle.stream.bytes, BIG_BYTES);
  assert_int_equal(throttle.pauses, 10);
  assert_false(throttle.broken || throttle.stream.broken);
}

static void a_paused_socket_keeps_the_beginning_of_a_character(struct world *world) {
  struct world_pair pair = quiet_pair(world, false, WORLD_TRACE_LIFE);
  weir_socket_set_encoding(pair.accepted, WEIR_ENCODING_UTF8);
  world_on(pair.accepted, WEIR_EVENT_DATA, note_data, world_mark(world, "S", NULL));
  world_write(pair.client, "a\xe4\xbd");
  pair_run_until_read(world, pair.accepted, 3);
  weir_socket_pause(pair.accepted);
  weir_socket_end(pair.client, NULL);
  world_run_for(world, 20);
  world_expect(world, "S", "got(a)");
  weir_socket_resume(pair.accepted);
  world_run(world);
  world_expect(world, "S", "got(a) got(\xef\xbf\xbd) end finish close(false)");
}

/* ---- counting --------------------------------------------------------------------------------------------------- */

static void check_bytes_read(const weir_event *event, void *user) {
  uint64_t *before = user;
  uint64_t now = weir_socket_bytes_read(event->socket);
  if (event->type == WEIR_EVENT_DATA) assert_true(now >= *before + event->data.length);
  if (event->type != WEIR_EVENT_DATA) assert_int_equal(now, 200000);
  *before = now;
}

static void bytes_read_grows_with_data_and_outlives_the_close(struct world *world) {
  struct world_pair pair = quiet_pair(world, false, WORLD_TRACE_LIFE);
  uint64_t before = 0;
  world_on(pair.accepted, WEIR_EVENT_DATA, check_bytes_read, &before);
  world_on(pair.accepted, WEIR_EVENT_END, check_bytes_read, &before);
  world_on(pair.accepted, WEIR_EVENT_CLOSE, check_bytes_read, &before);
  world_write_pattern(world, pair.client, "C", NULL, 200000, 0);
  weir_socket_end(pair.client, NULL);
  world_run(world);
  assert_int_equal(weir_socket_bytes_read(pair.accepted), 200000);
  assert_int_equal(weir_socket_bytes_written(pair.client), 200000);
}

static const struct world_case cases[] = {
    WORLD_CASE("EO-07 A055 A057 A059 A061 S105 S110 R4", a_paused_socket_keeps_data_and_the_end_behind_them),
    WORLD_CASE("A058 M43", pause_and_resume_are_seen_at_once),
    WORLD_CASE("EO-08 S020 S132 A054", pause_on_connect_reads_nothing_until_resume),
    WORLD_CASE("EO-09 S027 A057", an_end_without_data_comes_though_paused),
    WORLD_CASE("EO-09", an_end_comes_though_paused_in_the_last_data),
    WORLD_CASE("EO-10 A053", before_connect_the_last_of_pause_and_resume_counts),
    WORLD_CASE("EO-10 S073 X05", data_wait_for_the_first_listener),
    WORLD_CASE("EO-10 S073 S176 X05", resuming_without_a_listener_throws_data_away),
    WORLD_CASE("EO-10 S073 X05", without_its_last_listener_a_socket_flows_on),
    WORLD_CASE("EO-10 A053 S105", a_listener_does_not_undo_a_pause),
    WORLD_CASE("EO-11 A055 R10", unread_data_hold_the_end_the_close_and_the_server),
    WORLD_CASE("EO-11 S105 S110 A059", pausing_in_data_stops_them_until_resume),
    WORLD_CASE("EO-11 A059", each_resume_brings_one_chunk_when_data_pauses),
    WORLD_CASE("EO-11 A063 R9", destroying_in_data_stops_everything),
    WORLD_CASE("EO-11 S084", a_paused_reader_stops_at_its_mark),
    WORLD_CASE("S084 S105 A056", a_reader_that_pauses_often_loses_nothing),
    WORLD_CASE("", a_paused_socket_keeps_the_beginning_of_a_character),
    WORLD_CASE("S085 A151", bytes_read_grows_with_data_and_outlives_the_close),
};

int main(int argc, char **argv) { return world_main(argc, argv, "read", cases, sizeof cases / sizeof *cases); }
