/* SPDX-License-Identifier: MIT */
/*
 * burst_client NAME COUNT: connects COUNT sockets to an echo server at once, before its loop runs for the first time.
 *
 * Each sends its own number and must get it back. Prints "N clients served" at the end, and fails unless all were.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <weir/weir.h>

#include "program.h"

struct client {
  const char *name;
  char sent[32];
  size_t length;
  size_t received;
  bool served;
};

static void on_data(const weir_event *event, void *user) {
  struct client *client = user;
  bool fits = event->data.length <= client->length - client->received;
  if (!fits || memcmp(client->sent + client->received, event->data.bytes, event->data.length) != 0) {
    weir_error error = {
        .code = WEIR_EPROTO, .operation = "read", .address = client->name, .hint = "another client's echo came"};
    weir_socket_destroy(event->socket, &error);
    return;
  }
  client->received += event->data.length;
  if (client->received == client->length) weir_socket_end(event->socket, NULL);
}

static void on_error(const weir_event *event, void *user) {
  (void)user;
  program_report(event->error);
}

static void on_close(const weir_event *event, void *user) {
  struct client *client = user;
  client->served = !event->had_error && client->received == client->length;
}

static void start(struct client *client, weir_loop *loop, unsigned number) {
  weir_socket *socket;
  client->length = (size_t)snprintf(client->sent, sizeof client->sent, "client %u", number);
  program_require(weir_connect(loop, client->name, NULL, NULL, &socket), "connect", client->name);
  program_require(weir_socket_on(socket, WEIR_EVENT_DATA, on_data, client), "connect", client->name);
  program_require(weir_socket_on(socket, WEIR_EVENT_ERROR, on_error, client), "connect", client->name);
  program_require(weir_socket_on(socket, WEIR_EVENT_CLOSE, on_close, client), "connect", client->name);
  program_require(weir_socket_write(socket, client->sent, client->length), "write", client->name);
  weir_socket_release(socket); /* It lives on in the loop until it has closed. */
}

int main(int argument_count, char **arguments) {
  arguments = program_start(&argument_count, arguments);
  uint64_t count;
  if (argument_count != 3 || !program_number(arguments[2], &count)) return 2;

  weir_loop *loop;
  program_require(weir_loop_create(NULL, &loop), "open", arguments[1]);
  struct client *clients = calloc((size_t)count, sizeof *clients);
  if (clients == NULL) return EXIT_FAILURE;
  for (unsigned i = 0; i < count; i++) {
    clients[i].name = arguments[1];
    start(&clients[i], loop, i);
  }
  program_require(weir_loop_run(loop, WEIR_RUN_DEFAULT), "run", arguments[1]);
  weir_loop_release(loop);

  unsigned served = 0;
  for (unsigned i = 0; i < count; i++) served += clients[i].served ? 1 : 0;
  free(clients);
  program_print("%u clients served", served);
  return served == count ? EXIT_SUCCESS : EXIT_FAILURE;
}
