/* SPDX-License-Identifier: MIT */
/*
 * late_client NAME COUNT: waits until the server has ended its side, and only then sends something and ends.
 *
 * COUNT times in a row with one and the same socket, which connects again from its own `close` listener. Prints
 * "got TEXT" whenever the server has ended.
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include <weir/weir.h>

#include "program.h"

struct late_client {
  const char *name;
  uint64_t left;
  char text[64];
  size_t length;
  int exit_code;
};

static void on_data(const weir_event *event, void *user) {
  struct late_client *client = user;
  size_t room = sizeof client->text - 1 - client->length;
  size_t length = event->data.length < room ? event->data.length : room;
  memcpy(client->text + client->length, event->data.bytes, length);
  client->length += length;
}

static void on_end(const weir_event *event, void *user) {
  struct late_client *client = user;
  client->text[client->length] = '\0';
  client->length = 0;
  program_print("got %s", client->text);
  weir_write late = weir_write_default();
  late.bytes = "afterwards";
  late.length = 10;
  program_require(weir_socket_end(event->socket, &late), "end", client->name);
}

static void on_error(const weir_event *event, void *user) {
  struct late_client *client = user;
  program_report(event->error);
  client->exit_code = EXIT_FAILURE;
}

static void on_close(const weir_event *event, void *user) {
  struct late_client *client = user;
  if (--client->left == 0 || client->exit_code != EXIT_SUCCESS) return;
  program_require(weir_socket_connect(event->socket, client->name, NULL), "connect", client->name);
}

int main(int argument_count, char **arguments) {
  arguments = program_start(&argument_count, arguments);
  struct late_client client = {.name = arguments[1]};
  if (argument_count != 3 || !program_number(arguments[2], &client.left)) return 2;

  weir_loop *loop;
  weir_socket *socket;
  weir_socket_options options = weir_socket_options_default();
  options.allow_half_open = true;
  program_require(weir_loop_create(NULL, &loop), "open", client.name);
  program_require(weir_connect(loop, client.name, &options, NULL, &socket), "connect", client.name);
  program_require(weir_socket_on(socket, WEIR_EVENT_DATA, on_data, &client), "connect", client.name);
  program_require(weir_socket_on(socket, WEIR_EVENT_END, on_end, &client), "connect", client.name);
  program_require(weir_socket_on(socket, WEIR_EVENT_ERROR, on_error, &client), "connect", client.name);
  program_require(weir_socket_on(socket, WEIR_EVENT_CLOSE, on_close, &client), "connect", client.name);
  program_require(weir_loop_run(loop, WEIR_RUN_DEFAULT), "run", client.name);
  weir_socket_release(socket);
  weir_loop_release(loop);
  return client.exit_code;
}
