/* SPDX-License-Identifier: MIT */
/*
 * many_client ENDPOINT COUNT GATE: keeps COUNT connections to an echo server open until the gate closes.
 *
 * A few connect at a time. Each sends its number and must get it back; when all have, it prints "N open". Then it waits
 * until whoever listens at GATE ends that connection, sends once more on each, ends them all, and prints "N served".
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <weir/weir.h>

#include "program.h"

#define AT_A_TIME 64

struct many_client {
  const char *endpoint;
  weir_loop *loop;
  struct client *clients;
  uint64_t count;
  uint64_t started;
  uint64_t open; /* How many have had their first echo. */
  uint64_t served;
};

struct client {
  struct many_client *many;
  weir_socket *socket;
  char sent[24];
  size_t length;
  size_t received;
};

static void start_one(struct many_client *many);

static void on_data(const weir_event *event, void *user) {
  struct client *client = user;
  struct many_client *many = client->many;
  const char *bytes = event->data.bytes;
  for (size_t i = 0; i < event->data.length; i++) {
    if (bytes[i] != client->sent[client->received++ % client->length]) {
      weir_error error = {.code = WEIR_EPROTO, .operation = "read", .address = many->endpoint};
      weir_socket_destroy(event->socket, &error);
      return;
    }
  }
  if (client->received == client->length) {
    if (++many->open == many->count) program_print("%" PRIu64 " open", many->open);
    if (many->started < many->count) start_one(many);
  }
  if (client->received == 2 * client->length) weir_socket_end(event->socket, NULL);
}

static void on_error(const weir_event *event, void *user) {
  (void)user;
  program_report(event->error);
}

static void on_close(const weir_event *event, void *user) {
  struct client *client = user;
  if (!event->had_error && client->received == 2 * client->length) client->many->served++;
}

static void start_one(struct many_client *many) {
  struct client *client = &many->clients[many->started++];
  client->many = many;
  client->length = (size_t)snprintf(client->sent, sizeof client->sent, "client %" PRIu64, many->started);
  weir_code code = weir_connect(many->loop, many->endpoint, NULL, NULL, &client->socket);
  if (code == WEIR_OK) code = weir_socket_on(client->socket, WEIR_EVENT_DATA, on_data, client);
  if (code == WEIR_OK) code = weir_socket_on(client->socket, WEIR_EVENT_ERROR, on_error, NULL);
  if (code == WEIR_OK) code = weir_socket_on(client->socket, WEIR_EVENT_CLOSE, on_close, client);
  program_require(code, "connect", many->endpoint);
  weir_socket_write(client->socket, client->sent, client->length);
}

static void on_gate_end(const weir_event *event, void *user) {
  (void)event;
  struct many_client *many = user;
  for (uint64_t i = 0; i < many->started; i++) {
    weir_socket_write(many->clients[i].socket, many->clients[i].sent, many->clients[i].length);
  }
}

static void wait_at(const char *gate, struct many_client *many) {
  weir_socket *socket;
  program_require(weir_connect(many->loop, gate, NULL, NULL, &socket), "connect", gate);
  program_require(weir_socket_on(socket, WEIR_EVENT_END, on_gate_end, many), "connect", gate);
  program_require(weir_socket_on(socket, WEIR_EVENT_ERROR, on_error, NULL), "connect", gate);
  weir_socket_resume(socket);
  weir_socket_release(socket);
}

int main(int argument_count, char **arguments) {
  arguments = program_start(&argument_count, arguments);
  struct many_client many = {0};
  if (argument_count != 4 || !program_number(arguments[2], &many.count) || many.count == 0) return 2;
  many.endpoint = arguments[1];
  many.clients = calloc((size_t)many.count, sizeof *many.clients);
  if (many.clients == NULL) return EXIT_FAILURE;

  program_require(weir_loop_create(NULL, &many.loop), "open", many.endpoint);
  wait_at(arguments[3], &many);
  for (int i = 0; i < AT_A_TIME && many.started < many.count; i++) start_one(&many);
  program_require(weir_loop_run(many.loop, WEIR_RUN_DEFAULT), "run", many.endpoint);
  for (uint64_t i = 0; i < many.started; i++) weir_socket_release(many.clients[i].socket);
  weir_loop_release(many.loop);
  free(many.clients);
  program_print("%" PRIu64 " served", many.served);
  return many.served == many.count ? EXIT_SUCCESS : EXIT_FAILURE;
}
