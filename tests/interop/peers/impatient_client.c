/* SPDX-License-Identifier: MIT */
/*
 * impatient_client ENDPOINT MS: sends "hello" and gives the server so many milliseconds to say anything.
 *
 * Prints "timed out after N ms" and gives up, or prints what came.
 */
#include <inttypes.h>
#include <stdlib.h>

#include <weir/weir.h>

#include "program.h"

struct impatient_client {
  const char *endpoint;
  uint64_t patience_ms;
  uint64_t start_ms;
};

static void on_connect(const weir_event *event, void *user) {
  struct impatient_client *client = user;
  weir_socket_write(event->socket, "hello", 5);
  client->start_ms = weir_loop_now_ms(weir_socket_loop(event->socket));
  program_require(weir_socket_set_timeout(event->socket, client->patience_ms), "connect", client->endpoint);
}

static void on_data(const weir_event *event, void *user) {
  (void)user;
  program_print("%.*s", (int)event->data.length, (const char *)event->data.bytes);
  weir_socket_end(event->socket, NULL);
}

static void on_timeout(const weir_event *event, void *user) {
  struct impatient_client *client = user;
  uint64_t now_ms = weir_loop_now_ms(weir_socket_loop(event->socket));
  program_print("timed out after %" PRIu64 " ms", now_ms - client->start_ms);
  weir_socket_destroy(event->socket, NULL);
}

static void on_error(const weir_event *event, void *user) {
  (void)user;
  program_report(event->error);
}

int main(int argument_count, char **arguments) {
  arguments = program_start(&argument_count, arguments);
  struct impatient_client client = {0};
  if (argument_count != 3 || !program_number(arguments[2], &client.patience_ms)) return 2;
  client.endpoint = arguments[1];

  weir_loop *loop;
  weir_socket *socket;
  program_require(weir_loop_create(NULL, &loop), "open", client.endpoint);
  program_require(weir_connect(loop, client.endpoint, NULL, NULL, &socket), "connect", client.endpoint);
  weir_code code = weir_socket_on(socket, WEIR_EVENT_CONNECT, on_connect, &client);
  if (code == WEIR_OK) code = weir_socket_on(socket, WEIR_EVENT_DATA, on_data, NULL);
  if (code == WEIR_OK) code = weir_socket_on(socket, WEIR_EVENT_TIMEOUT, on_timeout, &client);
  if (code == WEIR_OK) code = weir_socket_on(socket, WEIR_EVENT_ERROR, on_error, NULL);
  program_require(code, "connect", client.endpoint);
  program_require(weir_loop_run(loop, WEIR_RUN_DEFAULT), "run", client.endpoint);
  weir_socket_release(socket);
  weir_loop_release(loop);
  return EXIT_SUCCESS;
}
