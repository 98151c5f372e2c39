/* SPDX-License-Identifier: MIT */
/*
 * echo_client [ENDPOINT]: says "world!" to an echo_server and prints what comes.
 *
 * This is the client that the documentation of Node's net module begins with. It ends its side at the first answer, and
 * still prints the rest: an end closes one direction, not the connection.
 */
#include <stdio.h>
#include <stdlib.h>

#include <weir/weir.h>

#include "program.h"

static const char usage[] =
    "usage: echo_client [ENDPOINT]\n"
    "\n"
    "Says \"world!\" to an echo_server and prints what comes.\n"
    "\n"
    "  ENDPOINT  tcp:HOST:PORT, ipc:NAME or any other; tcp:8124 when there is none\n";

static void on_connect(const weir_event *event, void *user) {
  (void)user;
  program_print("connected to server!");
  weir_socket_write(event->socket, "world!\r\n", 8);
}

static void on_data(const weir_event *event, void *user) {
  (void)user;
  fwrite(event->data.bytes, 1, event->data.length, stdout);
  fflush(stdout);
  weir_socket_end(event->socket, NULL); /* Ending a second time does no harm. */
}

static void on_end(const weir_event *event, void *user) {
  (void)event;
  (void)user;
  program_print("disconnected from server");
}

static void on_error(const weir_event *event, void *user) {
  int *exit_code = user;
  program_report(event->error);
  *exit_code = EXIT_FAILURE;
}

int main(int argument_count, char **arguments) {
  const char *endpoint = program_endpoint(argument_count, arguments, usage, "tcp:8124");
  int exit_code = EXIT_SUCCESS;
  weir_loop *loop;
  program_require(weir_loop_create(NULL, &loop), "open", "");

  weir_connect_options options = weir_connect_options_default();
  options.listener = on_connect;
  weir_socket *socket;
  program_require(weir_connect(loop, endpoint, NULL, &options, &socket), "connect", endpoint);
  program_require(weir_socket_on(socket, WEIR_EVENT_DATA, on_data, NULL), "connect", endpoint);
  program_require(weir_socket_on(socket, WEIR_EVENT_END, on_end, NULL), "connect", endpoint);
  program_require(weir_socket_on(socket, WEIR_EVENT_ERROR, on_error, &exit_code), "connect", endpoint);

  /* It returns when the socket has closed, because then nothing is left to wait for. */
  program_require(weir_loop_run(loop, WEIR_RUN_DEFAULT), "run", endpoint);

  weir_socket_release(socket);
  weir_loop_release(loop);
  return exit_code;
}
