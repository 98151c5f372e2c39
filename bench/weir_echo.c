/* SPDX-License-Identifier: MIT */
/*
 * weir_echo --listen ENDPOINT [--sink] [--backend NAME]: the echo server that the bench races, written as a user of
 * Weir would who wants it fast.
 *
 * weir_socket_pipe would do the same in one line; by hand a connection has one listener, and a second only while the
 * client reads slowly. SIGTERM ends it in order.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <weir/weir.h>

#include "arguments.h"
#include "process.h"

struct echo {
  struct arguments arguments;
  weir_server *server;
  int exit_code;
};

static void require(int code, const char *what) {
  if (code >= 0) return;
  fprintf(stderr, "%s: %s, %s\n", what, weir_code_name((weir_code)code), weir_code_text((weir_code)code));
  exit(PROCESS_FAILED);
}

static void on_drain(const weir_event *event, void *user) {
  (void)user;
  weir_socket_resume(event->socket);
}

static void on_data(const weir_event *event, void *user) {
  (void)user;
  if (weir_socket_write(event->socket, event->data.bytes, event->data.length) != 0) return;
  /* Over its mark: nothing more is read until the client has taken what it sent. A socket whose drain nobody hears
     would stay silent for ever. */
  if (weir_socket_once(event->socket, WEIR_EVENT_DRAIN, on_drain, NULL) != WEIR_OK) {
    weir_socket_destroy(event->socket, NULL);
    return;
  }
  weir_socket_pause(event->socket);
}

/* The socket counts by itself. */
static void on_sunk(const weir_event *event, void *user) {
  (void)event;
  (void)user;
}

/* After this listener the socket ends its side too, and closes. */
static void on_sink_end(const weir_event *event, void *user) {
  (void)user;
  uint64_t count = weir_socket_bytes_read(event->socket);
  unsigned char answer[8];
  for (size_t at = 0; at < sizeof answer; at++) answer[at] = (unsigned char)(count >> (8 * at));
  weir_socket_write(event->socket, answer, sizeof answer);
}

static void on_echo_connection(const weir_event *event, void *user) {
  (void)user;
  weir_code code = weir_socket_on(event->connection, WEIR_EVENT_DATA, on_data, NULL);
  if (code != WEIR_OK) weir_socket_destroy(event->connection, NULL);
}

static void on_sink_connection(const weir_event *event, void *user) {
  (void)user;
  weir_code code = weir_socket_on(event->connection, WEIR_EVENT_DATA, on_sunk, NULL);
  if (code == WEIR_OK) code = weir_socket_on(event->connection, WEIR_EVENT_END, on_sink_end, NULL);
  if (code != WEIR_OK) weir_socket_destroy(event->connection, NULL);
}

static void on_listening(const weir_event *event, void *user) {
  (void)event;
  (void)user;
  arguments_say_ready();
}

static void on_server_error(const weir_event *event, void *user) {
  struct echo *echo = user;
  char line[1024];
  weir_error_format(event->error, line, sizeof line);
  fprintf(stderr, "%s\n", line);
  if (!weir_server_listening(event->server)) echo->exit_code = PROCESS_FAILED;
}

/* With the server and its connections closed nothing is left, and the loop returns. */
static void on_terminate(weir_signal *signal, weir_signal_number number, void *user) {
  struct echo *echo = user;
  (void)signal;
  (void)number;
  weir_server_close(echo->server, NULL, NULL);
  weir_server_destroy_connections(echo->server);
}

static void listen_at(weir_loop *loop, struct echo *echo) {
  weir_server_options server_options = weir_server_options_default();
  server_options.no_delay = true;
  weir_listener on_connection = echo->arguments.is_sink ? on_sink_connection : on_echo_connection;
  require(weir_server_create(loop, &server_options, on_connection, echo, &echo->server), "server");
  require(weir_server_on(echo->server, WEIR_EVENT_ERROR, on_server_error, echo), "server");
  weir_listen_options listen_options = weir_listen_options_default();
  listen_options.backlog = ARGUMENTS_BACKLOG;
  listen_options.listener = on_listening;
  require(weir_server_listen(echo->server, echo->arguments.endpoint, &listen_options), "listen");
}

int main(int argument_count, char **arguments) {
  struct echo echo = {.arguments = arguments_read(argument_count, arguments)};
  process_raise_descriptor_limit();

  weir_loop_options loop_options = weir_loop_options_default();
  loop_options.backend = echo.arguments.backend;
  weir_loop *loop;
  require(weir_loop_create(&loop_options, &loop), "loop");
  weir_signal *terminate;
  require(weir_signal_create(loop, on_terminate, &echo, &terminate), "signal");
  require(weir_signal_start(terminate, WEIR_SIGNAL_TERMINATE), "signal");
  listen_at(loop, &echo);

  require(weir_loop_run(loop, WEIR_RUN_DEFAULT), "run");

  weir_signal_release(terminate);
  weir_server_release(echo.server);
  weir_loop_release(loop);
  return echo.exit_code;
}
