/* SPDX-License-Identifier: MIT */
/*
 * Taking over what is open already: connected descriptors or pipe handles as sockets, bound descriptors as servers.
 */
#include <stdio.h>

#include "support/native.h"
#include "support/pair.h"
#include "support/world.h"

#define REAL_CASE(rows, function) WORLD_CASE_EXCEPT(rows, function, WORLD_NOT_SIM, "the simulator has no descriptors")
#define SOCKET_CASE(rows, function)                                  \
  WORLD_CASE_EXCEPT(rows, function, WORLD_NOT_SIM | WORLD_NOT_PIPES, \
                    "no pipe is bound before it listens, or half open without an end mark")
#define POSIX_CASE(rows, function) \
  WORLD_CASE_EXCEPT(rows, function, WORLD_NOT_SIM | WORLD_NOT_WINDOWS, "0 is a descriptor, but no handle")

/* Two Weir sockets over the two ends of a native pair. */
struct opened {
  weir_socket *one;
  weir_socket *other;
};

static struct opened open_both(struct world *world, const weir_socket_options *options) {
  intptr_t ends[2];
  assert_true(native_pair(world->tcp, ends));
  struct opened opened = {world_socket(world, options), world_socket(world, options)};
  assert_int_equal(weir_socket_open(opened.one, ends[0], true, true), WEIR_OK);
  assert_int_equal(weir_socket_open(opened.other, ends[1], true, true), WEIR_OK);
  return opened;
}

/* ---- connections ------------------------------------------------------------------------------------------------ */

static void both_ends_of_a_native_pair_are_open_at_once(struct world *world) {
  struct opened opened = open_both(world, NULL);
  world_trace_socket(world, opened.one, "one", WORLD_TRACE_DATA);
  world_trace_socket(world, opened.other, "other", WORLD_TRACE_DATA);
  assert_int_equal(weir_socket_get_state(opened.one), WEIR_SOCKET_OPEN);
  assert_false(weir_socket_connecting(opened.one));
  world_write(opened.one, "there");
  world_write(opened.other, "back");
  pair_run_until_read(world, opened.one, 4);
  pair_run_until_read(world, opened.other, 5);
  world_expect(world, "one", "data(back)");
  world_expect(world, "other", "data(there)");
  weir_socket_destroy(opened.one, NULL);
  world_run(world);
  world_expect(world, "other", "data(there) end finish close(false)");
}

static void what_was_written_before_somebody_reads_is_kept(struct world *world) {
  struct opened opened = open_both(world, NULL);
  world_write(opened.one, "early");
  world_run_for(world, 20);
  world_trace_socket(world, opened.other, "other", WORLD_TRACE_DATA);
  world_run_until_noted(world, "other data(early)", 1);
  weir_socket_destroy(opened.one, NULL);
  weir_socket_destroy(opened.other, NULL);
  world_run(world);
}

static void an_opened_socket_may_stay_half_open(struct world *world) {
  weir_socket_options options = weir_socket_options_default();
  options.allow_half_open = true;
  struct opened opened = open_both(world, &options);
  world_trace_socket(world, opened.one, "one", WORLD_TRACE_DATA);
  world_trace_socket(world, opened.other, "other", WORLD_TRACE_DATA);
  weir_socket_end(opened.one, NULL);
  world_run_until_noted(world, "other end", 1);
  world_write(opened.other, "still");
  weir_socket_end(opened.other, NULL);
  world_run(world);
  world_expect(world, "one", "finish data(still) end close(false)");
  world_expect(world, "other", "end finish close(false)");
}

static void a_socket_opened_for_reading_only_cannot_write(struct world *world) {
  intptr_t ends[2];
  assert_true(native_pair(world->tcp, ends));
  weir_socket *reader = world_socket(world, NULL);
  weir_socket *writer = world_socket(world, NULL);
  assert_int_equal(weir_socket_open(reader, ends[0], true, false), WEIR_OK);
  assert_int_equal(weir_socket_open(writer, ends[1], false, true), WEIR_OK);
  world_trace_socket(world, reader, "reader", WORLD_TRACE_DATA);
  world_trace_socket(world, writer, "writer", WORLD_TRACE_DATA);
  assert_int_equal(weir_socket_get_state(reader), WEIR_SOCKET_READ_ONLY);
  assert_int_equal(weir_socket_get_state(writer), WEIR_SOCKET_WRITE_ONLY);
  assert_true(world_write(reader, "no") < 0);
  assert_int_equal(world_write(writer, "yes"), 1);
  world_run_until_noted(world, "reader data(yes)", 1);
  weir_socket_destroy(writer, NULL);
  weir_socket_destroy(reader, NULL);
  world_run(world);
}

static void a_native_client_of_a_server_may_be_taken_over(struct world *world) {
  weir_server *server = world_listen(world, NULL, world_end_on, NULL);
  weir_socket *socket = world_socket(world, NULL);
  intptr_t native = native_connect(world->endpoint);
  assert_int_equal(weir_socket_open(socket, native, true, true), WEIR_OK);
  world_trace_socket(world, socket, "C", 0);
  weir_server_unref(server);
  world_run(world);
  world_expect(world, "C", "end finish close(false)");
}

/* ---- what cannot be taken over ---------------------------------------------------------------------------------- */

static void check_refused(struct world *world, intptr_t native, weir_code code) {
  weir_socket *socket = world_socket(world, NULL);
  assert_true(native >= 0);
  assert_int_equal(weir_socket_open(socket, native, true, true), code);
  assert_true(native_is_open(native));
  assert_int_equal(weir_socket_get_state(socket), WEIR_SOCKET_NEW);
  native_close(native);
}

static void what_is_not_open_is_refused(struct world *world) {
  weir_socket *socket = world_socket(world, NULL);
  intptr_t native = native_file();
  native_close(native);
  assert_int_equal(weir_socket_open(socket, native, true, true), WEIR_EBADF);
  assert_int_equal(weir_socket_open(socket, -1, true, true), WEIR_EBADF);
}

static void a_file_is_refused(struct world *world) { check_refused(world, native_file(), WEIR_ENOTSOCK); }

static void a_socket_of_another_type_is_refused(struct world *world) {
  check_refused(world, native_datagram(world->tcp), WEIR_EINVAL);
}

static void an_unconnected_socket_is_refused(struct world *world) {
  check_refused(world, native_unconnected(world->tcp), WEIR_ENOTCONN);
}

static void a_connection_that_is_neither_read_nor_written_is_refused(struct world *world) {
  intptr_t ends[2];
  assert_true(native_pair(world->tcp, ends));
  weir_socket *socket = world_socket(world, NULL);
  assert_int_equal(weir_socket_open(socket, ends[0], false, false), WEIR_EINVAL);
  native_close(ends[0]);
  native_close(ends[1]);
}

static void an_open_or_connecting_socket_opens_nothing_else(struct world *world) {
  intptr_t ends[2];
  struct world_pair pair = pair_open(world, 0, 0);
  weir_socket *connecting = world_connect(world, NULL);
  assert_true(native_pair(world->tcp, ends));
  assert_int_equal(weir_socket_open(pair.client, ends[0], true, true), WEIR_EISCONN);
  assert_int_equal(weir_socket_open(connecting, ends[0], true, true), WEIR_EALREADY);
  assert_true(native_is_open(ends[0]));
  native_close(ends[0]);
  native_close(ends[1]);
  weir_socket_destroy(connecting, NULL);
  pair_end(world, &pair);
}

/* ---- servers ---------------------------------------------------------------------------------------------------- */

static void check_listening(struct world *world, intptr_t native) {
  weir_server *server = world_server(world, NULL, world_end_on, NULL);
  world_trace_server(world, server, "V");
  assert_true(native >= 0);
  assert_int_equal(weir_server_listen_native(server, native, NULL), WEIR_OK);
  world_run_until_noted(world, "V listening", 1);
  assert_string_equal(weir_server_address(server), world_server_name(world));
  weir_socket *client = world_connect(world, NULL);
  world_trace_socket(world, client, "C", 0);
  world_run_until_noted(world, "C close", 1);
  weir_server_close(server, NULL, NULL);
  world_run(world);
  world_expect(world, "V", "listening connection close");
  world_expect(world, "C", "connect end finish close(false)");
}

static void a_bound_descriptor_listens(struct world *world) {
  check_listening(world, native_bound(world->endpoint, -1));
  assert_int_equal(native_connect(world->endpoint), -1);
  native_remove(world->endpoint);
}

static void a_descriptor_that_listens_already_goes_on(struct world *world) {
  check_listening(world, native_bound(world->endpoint, 5));
  native_remove(world->endpoint);
}

static void a_server_on_descriptor_zero_works(struct world *world) {
  int saved = native_zero_begin(native_bound(world->endpoint, -1));
  check_listening(world, 0);
  native_zero_end(saved);
  native_remove(world->endpoint);
}

static void a_server_works_when_descriptor_zero_is_free(struct world *world) {
  int saved = native_zero_begin(native_file());
  native_close(0);
  struct world_pair pair = pair_open(world, WORLD_TRACE_DATA, 0);
  world_write(pair.client, "hello");
  pair_end(world, &pair);
  weir_server_close(pair.server, NULL, NULL);
  world_run(world);
  native_zero_end(saved);
  world_expect(world, "S", "data(hello) end finish close(false)");
}

static void check_listen_refused(struct world *world, intptr_t native, const char *expected) {
  weir_server *server = world_server(world, NULL, NULL, NULL);
  world_trace_server(world, server, "V");
  assert_int_equal(weir_server_listen_native(server, native, NULL), WEIR_OK);
  world_run(world);
  world_expect(world, "V", expected);
  assert_false(weir_server_listening(server));
}

/* A server on Windows can take over no descriptor and no handle but a SOCKET, which is worth a word of its own. */
static void listening_on_a_file_is_an_error_event(struct world *world) {
  bool on_windows = strcmp(world->backend, "iocp") == 0;
  intptr_t native = native_file();
  check_listen_refused(world, native, on_windows ? "error(ENOTSUP)" : "error(ENOTSOCK)");
  assert_true(native_is_open(native));
  native_close(native);
}

static void listening_on_what_is_not_open_is_an_error_event(struct world *world) {
  intptr_t native = native_file();
  native_close(native);
  check_listen_refused(world, native, "error(EBADF)");
}

static void listening_on_a_connection_is_an_error_event(struct world *world) {
  intptr_t ends[2];
  assert_true(native_pair(world->tcp, ends));
  check_listen_refused(world, ends[0], "error(EINVAL)");
  assert_true(native_is_open(ends[0]));
  native_close(ends[0]);
  native_close(ends[1]);
}

static const struct world_case cases[] = {
    REAL_CASE("S067 A287 A295", both_ends_of_a_native_pair_are_open_at_once),
    REAL_CASE("A295", what_was_written_before_somebody_reads_is_kept),
    SOCKET_CASE("A295", an_opened_socket_may_stay_half_open),
    REAL_CASE("S068 S162", a_socket_opened_for_reading_only_cannot_write),
    SOCKET_CASE("A287", a_native_client_of_a_server_may_be_taken_over),
    REAL_CASE("EO-54", what_is_not_open_is_refused),
    REAL_CASE("EO-54 A287", a_file_is_refused),
    SOCKET_CASE("EO-54", a_socket_of_another_type_is_refused),
    SOCKET_CASE("EO-54", an_unconnected_socket_is_refused),
    REAL_CASE("EO-54", a_connection_that_is_neither_read_nor_written_is_refused),
    REAL_CASE("EO-54", an_open_or_connecting_socket_opens_nothing_else),
    SOCKET_CASE("S006 S045 A286", a_bound_descriptor_listens),
    SOCKET_CASE("A297", a_descriptor_that_listens_already_goes_on),
    POSIX_CASE("A296", a_server_on_descriptor_zero_works),
    POSIX_CASE("A284", a_server_works_when_descriptor_zero_is_free),
    REAL_CASE("EO-54 S046 A285 A286", listening_on_a_file_is_an_error_event),
    WORLD_CASE_EXCEPT("EO-54 A291", listening_on_what_is_not_open_is_an_error_event, WORLD_NOT_SIM | WORLD_NOT_WINDOWS,
                      "to Windows what is not open is no socket, as any other handle"),
    SOCKET_CASE("EO-54", listening_on_a_connection_is_an_error_event),
};

int main(int argc, char **argv) { return world_main(argc, argv, "open", cases, sizeof cases / sizeof *cases); }
