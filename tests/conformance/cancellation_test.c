/* SPDX-License-Identifier: MIT */
/* Cancelling what was begun with a cancellation, before, while and after it was done. */
#include "support/pair.h"

static weir_cancellation *make_cancellation(struct world *world) {
  weir_cancellation *cancellation = NULL;
  assert_int_equal(weir_cancellation_create(world->loop, &cancellation), WEIR_OK);
  assert_false(weir_cancellation_cancelled(cancellation));
  return cancellation;
}

static weir_socket *connect_with(struct world *world, weir_cancellation *cancellation) {
  weir_connect_options options = weir_connect_options_default();
  weir_socket *socket = world_socket(world, NULL);
  options.cancellation = cancellation;
  world_trace_socket(world, socket, "C", 0);
  assert_int_equal(weir_socket_connect(socket, world->endpoint, &options), WEIR_OK);
  return socket;
}

static weir_server *listen_with(struct world *world, weir_cancellation *cancellation) {
  weir_listen_options options = weir_listen_options_default();
  weir_server *server = world_server(world, NULL, NULL, NULL);
  options.cancellation = cancellation;
  world_trace_server(world, server, "V");
  assert_int_equal(weir_server_listen(server, world->endpoint, &options), WEIR_OK);
  return server;
}

/* ---- sockets ---------------------------------------------------------------------------------------------------- */

static void expect_canceled(const weir_socket *socket, const char *operation) {
  const weir_error *error = weir_socket_error(socket);
  assert_non_null(error);
  assert_int_equal(error->code, WEIR_ECANCELED);
  assert_string_equal(error->operation, operation);
  assert_string_not_equal(error->address, "");
  assert_string_not_equal(error->hint, "");
}

static void a_cancelled_connect_never_begins(struct world *world) {
  weir_server *server = world_listen(world, NULL, NULL, NULL);
  world_trace_server(world, server, "V");
  weir_cancellation *cancellation = make_cancellation(world);
  weir_cancellation_cancel(cancellation);
  assert_true(weir_cancellation_cancelled(cancellation));
  weir_socket *socket = connect_with(world, cancellation);
  world_note(world, "C", "returned");
  weir_cancellation_release(cancellation);
  world_run_until_noted(world, "C close", 1);
  world_run_for(world, 20);
  world_expect(world, "C", "returned error(ECANCELED) close(true)");
  world_expect(world, "V", "");
  expect_canceled(socket, "connect");
}

static void a_connect_is_cancelled_right_after_it_began(struct world *world) {
  world_listen(world, NULL, NULL, NULL);
  weir_cancellation *cancellation = make_cancellation(world);
  weir_socket *socket = connect_with(world, cancellation);
  weir_cancellation_cancel(cancellation);
  assert_true(weir_socket_destroyed(socket));
  world_note(world, "C", "returned");
  weir_cancellation_release(cancellation);
  world_run_until_noted(world, "C close", 1);
  world_expect(world, "C", "returned error(ECANCELED) close(true)");
  expect_canceled(socket, "connect");
}

static void cancel_on(const weir_event *event, void *cancellation) {
  (void)event;
  weir_cancellation_cancel(cancellation);
}

static void a_connection_is_cancelled(struct world *world) {
  world_listen(world, NULL, NULL, NULL);
  weir_cancellation *cancellation = make_cancellation(world);
  weir_socket *socket = connect_with(world, cancellation);
  world_on(socket, WEIR_EVENT_CONNECT, cancel_on, cancellation);
  world_run_until_noted(world, "C close", 1);
  world_expect(world, "C", "connect error(ECANCELED) close(true)");
  expect_canceled(socket, "cancel");
  weir_cancellation_cancel(cancellation);
  weir_cancellation_release(cancellation);
}

static void a_closed_socket_is_not_cancelled_any_more(struct world *world) {
  world_listen(world, NULL, NULL, NULL);
  weir_cancellation *cancellation = make_cancellation(world);
  weir_socket *socket = connect_with(world, cancellation);
  world_on(socket, WEIR_EVENT_CONNECT, world_destroy_on, NULL);
  world_run_until_noted(world, "C close", 1);
  weir_cancellation_cancel(cancellation);
  weir_cancellation_release(cancellation);
  world_run_for(world, 20);
  world_expect(world, "C", "connect close(false)");
  assert_null(weir_socket_error(socket));
}

static void a_connect_that_waits_for_the_close_is_cancelled(struct world *world) {
  world_listen(world, NULL, NULL, NULL);
  weir_cancellation *cancellation = make_cancellation(world);
  weir_socket *socket = world_connect_traced(world, "C");
  world_run_until_noted(world, "C connect", 1);
  weir_connect_options options = weir_connect_options_default();
  options.cancellation = cancellation;
  weir_socket_destroy(socket, NULL);
  assert_int_equal(weir_socket_connect(socket, world->endpoint, &options), WEIR_OK);
  weir_cancellation_cancel(cancellation);
  weir_cancellation_release(cancellation);
  world_run_until_noted(world, "C close", 2);
  world_expect(world, "C", "connect close(false) error(ECANCELED) close(true)");
}

static void a_released_cancellation_harms_nobody(struct world *world) {
  world_listen(world, NULL, world_end_on, NULL);
  weir_cancellation *cancellation = make_cancellation(world);
  weir_cancellation_release(weir_cancellation_retain(cancellation));
  weir_socket_resume(connect_with(world, cancellation));
  weir_cancellation_release(cancellation);
  world_run_until_noted(world, "C close", 1);
  world_expect(world, "C", "connect end finish close(false)");
}

/* ---- servers ---------------------------------------------------------------------------------------------------- */

static void a_listening_server_is_closed(struct world *world) {
  weir_cancellation *cancellation = make_cancellation(world);
  weir_server *server = listen_with(world, cancellation);
  world_run_until_noted(world, "V listening", 1);
  weir_cancellation_cancel(cancellation);
  assert_false(weir_server_listening(server));
  world_note(world, "V", "returned");
  weir_cancellation_release(cancellation);
  world_run(world);
  world_expect(world, "V", "listening returned close");
}

static void a_cancelled_listen_closes_without_listening(struct world *world) {
  weir_cancellation *cancellation = make_cancellation(world);
  weir_cancellation_cancel(cancellation);
  weir_server *server = listen_with(world, cancellation);
  world_note(world, "V", "returned");
  assert_false(weir_server_listening(server));
  weir_cancellation_release(cancellation);
  world_run(world);
  world_expect(world, "V", "returned close");
}

static void a_closed_server_listens_again_untouched(struct world *world) {
  weir_cancellation *cancellation = make_cancellation(world);
  weir_server *server = listen_with(world, cancellation);
  weir_server_close(server, NULL, NULL);
  assert_int_equal(weir_server_listen(server, world->endpoint, NULL), WEIR_OK);
  world_run_until_noted(world, "V listening", 1);
  weir_cancellation_cancel(cancellation);
  weir_cancellation_release(cancellation);
  assert_true(weir_server_listening(server));
}

static void a_listen_that_waits_for_the_close_is_cancelled(struct world *world) {
  weir_cancellation *cancellation = make_cancellation(world);
  weir_server *server = world_listen(world, NULL, NULL, NULL);
  world_trace_server(world, server, "V");
  weir_listen_options options = weir_listen_options_default();
  options.cancellation = cancellation;
  weir_server_close(server, NULL, NULL);
  assert_int_equal(weir_server_listen(server, world->endpoint, &options), WEIR_OK);
  weir_cancellation_cancel(cancellation);
  weir_cancellation_release(cancellation);
  world_run(world);
  world_expect(world, "V", "close close");
}

static void a_failed_listen_lets_go_of_its_cancellation(struct world *world) {
  world_listen(world, NULL, NULL, NULL);
  weir_cancellation *cancellation = make_cancellation(world);
  weir_server *server = listen_with(world, cancellation);
  world_run_until_noted(world, "V error", 1);
  char elsewhere[WORLD_ENDPOINT_BYTES];
  world_make_endpoint(world, elsewhere);
  assert_int_equal(weir_server_listen(server, elsewhere, NULL), WEIR_OK);
  world_run_until_noted(world, "V listening", 1);
  weir_cancellation_cancel(cancellation);
  weir_cancellation_release(cancellation);
  assert_true(weir_server_listening(server));
  world_expect(world, "V", "error(EADDRINUSE) listening");
}

/* ---- together --------------------------------------------------------------------------------------------------- */

static void one_word_ends_everything(struct world *world) {
  weir_cancellation *cancellation = make_cancellation(world);
  weir_server *server = listen_with(world, cancellation);
  world_run_until_noted(world, "V listening", 1);
  connect_with(world, cancellation);
  connect_with(world, cancellation);
  world_run_until_noted(world, "C connect", 2);
  world_run_until_noted(world, "V connection", 2);
  weir_cancellation_cancel(cancellation);
  weir_cancellation_release(cancellation);
  weir_server_destroy_connections(server);
  world_run(world);
  assert_int_equal(world_count(world, "C close(true)"), 2);
  assert_int_equal(world_count(world, "V close"), 1);
}

static void the_loop_may_end_before_the_cancellation(struct world *world) {
  weir_loop *loop = NULL;
  weir_cancellation *cancellation = NULL;
  weir_loop_options options = weir_loop_options_default();
  weir_server *server = NULL;
  options.simulator = world->sim;
  options.backend = world->simulated ? NULL : world->backend;
  assert_int_equal(weir_loop_create(&options, &loop), WEIR_OK);
  assert_int_equal(weir_cancellation_create(loop, &cancellation), WEIR_OK);
  assert_int_equal(weir_server_create(loop, NULL, NULL, NULL, &server), WEIR_OK);
  weir_listen_options listen = weir_listen_options_default();
  listen.cancellation = cancellation;
  assert_int_equal(weir_server_listen(server, world->endpoint, &listen), WEIR_OK);
  weir_server_release(server);
  weir_loop_release(loop);
  weir_cancellation_cancel(cancellation);
  weir_cancellation_release(cancellation);
}

static void what_makes_no_sense_is_refused(struct world *world) {
  weir_cancellation *cancellation = NULL;
  assert_int_equal(weir_cancellation_create(NULL, &cancellation), WEIR_EINVAL);
  assert_int_equal(weir_cancellation_create(world->loop, NULL), WEIR_EINVAL);
  weir_cancellation_release(NULL);
}

static const struct world_case cases[] = {
    WORLD_CASE("EO-46 A355 M54", a_cancelled_connect_never_begins),
    WORLD_CASE("EO-46 A355 M54", a_connect_is_cancelled_right_after_it_began),
    WORLD_CASE("EO-46 A355", a_connection_is_cancelled),
    WORLD_CASE("A355", a_closed_socket_is_not_cancelled_any_more),
    WORLD_CASE("A355", a_connect_that_waits_for_the_close_is_cancelled),
    WORLD_CASE("A355", a_released_cancellation_harms_nobody),
    WORLD_CASE("EO-46 A356 M11", a_listening_server_is_closed),
    WORLD_CASE("EO-46 A356 M11", a_cancelled_listen_closes_without_listening),
    WORLD_CASE("A356", a_closed_server_listens_again_untouched),
    WORLD_CASE("A356", a_listen_that_waits_for_the_close_is_cancelled),
    WORLD_CASE("A356", a_failed_listen_lets_go_of_its_cancellation),
    WORLD_CASE("EO-46", one_word_ends_everything),
    WORLD_CASE("", the_loop_may_end_before_the_cancellation),
    WORLD_CASE("", what_makes_no_sense_is_refused),
};

int main(int argc, char **argv) { return world_main(argc, argv, "cancellation", cases, sizeof cases / sizeof *cases); }
