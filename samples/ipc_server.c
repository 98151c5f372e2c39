/* SPDX-License-Identifier: MIT */
/*
 * ipc_server NAME: sends every client back what it sent, and says what happens.
 *
 * The echo is one call, weir_socket_pipe. It reads no faster than the client takes its answer, so that the memory of
 * this program stays the same however much is sent. With --half-open the server listens first and answers afterwards:
 * it keeps what comes until the client has ended its side, which leaves the way back open.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <weir/weir.h>

#include "program.h"

/* How much --half-open keeps of a client. */
#define KEPT_MAX ((size_t)16 * 1024 * 1024)

struct echo_server {
  const char *name;
  bool once;
  bool half_open;
  uint64_t delay_ms;

  weir_server *server;
  unsigned client_count;
  int exit_code;
};

struct client {
  struct echo_server *echo;
  weir_socket *socket;
  unsigned number;

  /* Only with --half-open: */
  char *kept;
  size_t kept_length;
  weir_timer *delay;
};

/* ---- A client ---------------------------------------------------------------------------------------------------- */

static void keep(const weir_event *event, void *user) {
  struct client *client = user;
  if (event->data.length > KEPT_MAX - client->kept_length) {
    /* Destroying a socket with an error of one's own leads to its `error` listener, as every other failure does. */
    weir_error error = {.code = WEIR_ENOBUFS,
                        .operation = "read",
                        .address = client->echo->name,
                        .hint = "--half-open keeps up to 16 MiB of a client"};
    weir_socket_destroy(event->socket, &error);
    return;
  }
  memcpy(client->kept + client->kept_length, event->data.bytes, event->data.length);
  client->kept_length += event->data.length;
}

static void answer(weir_timer *timer, void *user) {
  (void)timer;
  struct client *client = user;
  weir_write kept = weir_write_default();
  kept.bytes = client->kept;
  kept.length = client->kept_length;
  weir_socket_end(client->socket, &kept);
}

static void on_end(const weir_event *event, void *user) {
  struct client *client = user;
  program_print("client %u ended after %" PRIu64 " bytes", client->number, weir_socket_bytes_read(event->socket));
  if (client->echo->half_open) {
    program_require(weir_timer_start(client->delay, client->echo->delay_ms, 0), "answer", client->echo->name);
  }
}

static void on_client_error(const weir_event *event, void *user) {
  (void)user;
  program_report(event->error);
}

/* `close` is the last event of a socket: here its things are put away. */
static void on_client_close(const weir_event *event, void *user) {
  struct client *client = user;
  struct echo_server *echo = client->echo;
  program_print("client %u closed", client->number);
  if (echo->once) {
    echo->exit_code = event->had_error ? EXIT_FAILURE : EXIT_SUCCESS;
    /* From now on nobody listens; with its last connection the loop has nothing left to do, and main goes on. */
    weir_server_close(echo->server, NULL, NULL);
  }
  weir_timer_release(client->delay);
  free(client->kept);
  free(client);
}

/* ---- The server -------------------------------------------------------------------------------------------------- */

static weir_code start_keeping(struct client *client) {
  client->kept = malloc(KEPT_MAX);
  if (client->kept == NULL) return WEIR_ENOMEM;
  weir_code code = weir_timer_create(weir_socket_loop(client->socket), answer, client, &client->delay);
  if (code == WEIR_OK) code = weir_socket_on(client->socket, WEIR_EVENT_DATA, keep, client);
  return code;
}

static void on_connection(const weir_event *event, void *user) {
  struct echo_server *echo = user;
  struct client *client = calloc(1, sizeof *client);
  weir_code code = client != NULL ? WEIR_OK : WEIR_ENOMEM;
  program_require(code, "accept", echo->name);
  client->echo = echo;
  client->socket = event->connection;
  client->number = ++echo->client_count;
  program_print("client %u connected", client->number);

  code = weir_socket_on(client->socket, WEIR_EVENT_END, on_end, client);
  if (code == WEIR_OK) code = weir_socket_on(client->socket, WEIR_EVENT_ERROR, on_client_error, client);
  if (code == WEIR_OK) code = weir_socket_on(client->socket, WEIR_EVENT_CLOSE, on_client_close, client);
  if (code == WEIR_OK && echo->half_open) code = start_keeping(client);
  if (code == WEIR_OK && !echo->half_open) code = weir_socket_pipe(client->socket, client->socket, WEIR_PIPE_DEFAULT);
  program_require(code, "accept", echo->name);
}

static void on_listening(const weir_event *event, void *user) {
  (void)event;
  struct echo_server *echo = user;
  program_print("listening on %s", echo->name);
}

/* A server that could not listen keeps nothing alive, so the loop returns; one that is short of descriptors goes on. */
static void on_server_error(const weir_event *event, void *user) {
  struct echo_server *echo = user;
  program_report(event->error);
  if (!weir_server_listening(event->server)) echo->exit_code = EXIT_FAILURE;
}

static void serve(struct echo_server *echo) {
  weir_loop *loop;
  program_require(weir_loop_create(NULL, &loop), "open", "");

  weir_server_options options = weir_server_options_default();
  options.allow_half_open = echo->half_open;
  program_require(weir_server_create(loop, &options, on_connection, echo, &echo->server), "open", echo->name);
  program_require(weir_server_on(echo->server, WEIR_EVENT_LISTENING, on_listening, echo), "listen", echo->name);
  program_require(weir_server_on(echo->server, WEIR_EVENT_ERROR, on_server_error, echo), "listen", echo->name);
  program_require(weir_server_listen(echo->server, echo->name, NULL), "listen", echo->name);

  /* It returns when nothing is left to wait for: after a failed listen, or when --once is fulfilled. */
  program_require(weir_loop_run(loop, WEIR_RUN_DEFAULT), "run", echo->name);

  weir_server_release(echo->server);
  weir_loop_release(loop);
}

/* ---- The command line -------------------------------------------------------------------------------------------- */

static const char usage[] =
    "usage: ipc_server [--once] [--half-open [--delay MS]] NAME\n"
    "\n"
    "Sends every client back what it sends.\n"
    "\n"
    "  NAME         ipc:NAME, tcp:HOST:PORT, or any other endpoint\n"
    "  --once       end when the first client has closed\n"
    "  --half-open  keep what a client sends (up to 16 MiB), answer when it has ended its side\n"
    "  --delay MS   and so many milliseconds after that\n";

static bool read_arguments(struct echo_server *echo, int count, char **arguments) {
  bool delayed = false;
  for (int i = 1; i < count; i++) {
    const char *argument = arguments[i];
    if (strcmp(argument, "--once") == 0) {
      echo->once = true;
    } else if (strcmp(argument, "--half-open") == 0) {
      echo->half_open = true;
    } else if (strcmp(argument, "--delay") == 0) {
      delayed = true;
      if (++i == count || !program_number(arguments[i], &echo->delay_ms)) return false;
    } else if (strncmp(argument, "--", 2) == 0 || echo->name != NULL) {
      return false;
    } else {
      echo->name = argument;
    }
  }
  return echo->name != NULL && (echo->half_open || !delayed);
}

int main(int argument_count, char **arguments) {
  arguments = program_start(&argument_count, arguments);
  struct echo_server echo = {0};
  if (!read_arguments(&echo, argument_count, arguments)) {
    fputs(usage, stderr);
    return 2;
  }
  serve(&echo);
  return echo.exit_code;
}
