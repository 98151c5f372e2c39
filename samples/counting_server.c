/* SPDX-License-Identifier: MIT */
/*
 * counting_server [ENDPOINT]: counts its clients, tells each its number, and echoes what it sends.
 *
 * A client that is silent for three seconds is thrown out. When the first client has left, the server no longer keeps
 * the program running: only the clients do, and with the last of them it ends by itself.
 */
#include <stdio.h>
#include <stdlib.h>

#include <weir/weir.h>

#include "program.h"

#define SILENCE_MS 3000

static const char usage[] =
    "usage: counting_server [ENDPOINT]\n"
    "\n"
    "Counts its clients and echoes what they send; ends with the last of them.\n"
    "\n"
    "  ENDPOINT  tcp:HOST:PORT, ipc:NAME or any other; tcp:8000 when there is none\n";

struct counting_server {
  const char *endpoint;
  weir_server *server;
  unsigned clients;
  int exit_code;
};

/* ---- A client ---------------------------------------------------------------------------------------------------- */

static void on_client_end(const weir_event *event, void *user) {
  (void)event;
  (void)user;
  program_print("client begins to close");
}

/* The event alone closes nothing: what to do about a silent client is the program's decision. */
static void on_client_timeout(const weir_event *event, void *user) {
  (void)user;
  program_print("client timed out");
  weir_socket_destroy_soon(event->socket);
}

static void on_client_error(const weir_event *event, void *user) {
  (void)user;
  program_report(event->error);
}

static void on_client_close(const weir_event *event, void *user) {
  (void)event;
  struct counting_server *counting = user;
  program_print("client closed");
  weir_server_unref(counting->server); /* It goes on listening, but only as long as there is something else to do. */
}

static weir_code listen_to(weir_socket *client, struct counting_server *counting) {
  weir_code code = weir_socket_on(client, WEIR_EVENT_END, on_client_end, NULL);
  if (code == WEIR_OK) code = weir_socket_on(client, WEIR_EVENT_TIMEOUT, on_client_timeout, NULL);
  if (code == WEIR_OK) code = weir_socket_on(client, WEIR_EVENT_ERROR, on_client_error, NULL);
  if (code == WEIR_OK) code = weir_socket_on(client, WEIR_EVENT_CLOSE, on_client_close, counting);
  return code;
}

/* ---- The server -------------------------------------------------------------------------------------------------- */

static void on_connection(const weir_event *event, void *user) {
  struct counting_server *counting = user;
  weir_socket *client = event->connection;
  program_print("%u", ++counting->clients);
  program_require(listen_to(client, counting), "accept", counting->endpoint);
  program_require(weir_socket_set_timeout(client, SILENCE_MS), "accept", counting->endpoint);

  char number[16];
  int length = snprintf(number, sizeof number, "%u\r\n", counting->clients);
  weir_socket_write(client, number, (size_t)length);
  program_require(weir_socket_pipe(client, client, WEIR_PIPE_DEFAULT), "accept", counting->endpoint);
}

static void on_listening(const weir_event *event, void *user) {
  (void)user;
  program_print("server address: %s", weir_server_address(event->server));
}

static void on_server_error(const weir_event *event, void *user) {
  struct counting_server *counting = user;
  program_report(event->error);
  if (!weir_server_listening(event->server)) counting->exit_code = EXIT_FAILURE;
}

int main(int argument_count, char **arguments) {
  struct counting_server counting = {.endpoint = program_endpoint(argument_count, arguments, usage, "tcp:8000")};
  weir_loop *loop;
  program_require(weir_loop_create(NULL, &loop), "open", "");

  weir_server **server = &counting.server;
  program_require(weir_server_create(loop, NULL, on_connection, &counting, server), "open", counting.endpoint);
  program_require(weir_server_on(*server, WEIR_EVENT_ERROR, on_server_error, &counting), "listen", counting.endpoint);

  weir_listen_options options = weir_listen_options_default();
  options.listener = on_listening;
  program_require(weir_server_listen(*server, counting.endpoint, &options), "listen", counting.endpoint);
  program_require(weir_loop_run(loop, WEIR_RUN_DEFAULT), "run", counting.endpoint);

  weir_server_release(*server);
  weir_loop_release(loop);
  return counting.exit_code;
}
