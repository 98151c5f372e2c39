/* SPDX-License-Identifier: MIT */
/*
 * echo_server [ENDPOINT]: greets every client with "hello" and sends back what it sends.
 *
 * This is the server that the documentation of Node's net module begins with, line by line. Try it with echo_client, or
 * with `nc localhost 8124`.
 */
#include <stdio.h>
#include <stdlib.h>

#include <weir/weir.h>

#include "program.h"

static const char usage[] =
    "usage: echo_server [ENDPOINT]\n"
    "\n"
    "Greets every client with \"hello\" and sends back what it sends.\n"
    "\n"
    "  ENDPOINT  tcp:HOST:PORT, ipc:NAME or any other; tcp:8124 when there is none\n";

struct echo_server {
  const char *endpoint;
  weir_server *server;
  int exit_code;
};

static void on_client_end(const weir_event *event, void *user) {
  (void)event;
  (void)user;
  program_print("client disconnected");
}

/* A client that breaks off is no reason to stop. `close` follows, and takes the socket away: it needs no listener. */
static void on_client_error(const weir_event *event, void *user) {
  (void)user;
  program_report(event->error);
}

static void on_connection(const weir_event *event, void *user) {
  struct echo_server *echo = user;
  weir_socket *client = event->connection;
  program_print("client connected");

  program_require(weir_socket_on(client, WEIR_EVENT_END, on_client_end, NULL), "accept", echo->endpoint);
  program_require(weir_socket_on(client, WEIR_EVENT_ERROR, on_client_error, NULL), "accept", echo->endpoint);

  weir_socket_write(client, "hello\r\n", 7);
  /* The echo. The client's end becomes the server's, once everything has been sent back. */
  program_require(weir_socket_pipe(client, client, WEIR_PIPE_DEFAULT), "accept", echo->endpoint);
}

static void on_listening(const weir_event *event, void *user) {
  (void)event;
  (void)user;
  program_print("server bound");
}

static void on_server_error(const weir_event *event, void *user) {
  struct echo_server *echo = user;
  program_report(event->error);
  if (!weir_server_listening(event->server)) echo->exit_code = EXIT_FAILURE;
}

int main(int argument_count, char **arguments) {
  struct echo_server echo = {.endpoint = program_endpoint(argument_count, arguments, usage, "tcp:8124")};
  weir_loop *loop;
  program_require(weir_loop_create(NULL, &loop), "open", "");

  program_require(weir_server_create(loop, NULL, on_connection, &echo, &echo.server), "open", echo.endpoint);
  program_require(weir_server_on(echo.server, WEIR_EVENT_ERROR, on_server_error, &echo), "listen", echo.endpoint);

  weir_listen_options options = weir_listen_options_default();
  options.listener = on_listening;
  program_require(weir_server_listen(echo.server, echo.endpoint, &options), "listen", echo.endpoint);

  /* A listening server keeps the loop running. One that could not listen does not, and then this returns. */
  program_require(weir_loop_run(loop, WEIR_RUN_DEFAULT), "run", echo.endpoint);

  weir_server_release(echo.server);
  weir_loop_release(loop);
  return echo.exit_code;
}
