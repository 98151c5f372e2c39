/* SPDX-License-Identifier: MIT */
/*
 * name_client ENDPOINT: connects, and prints what the socket tells of it and when, in milliseconds since its beginning:
 *
 *   0 lookup 2001:db8::2
 *   0 attempt [2001:db8::2]:80
 *   250 attempt 10.9.9.1:80
 *   250 connect
 */
#include <inttypes.h>
#include <stdlib.h>

#include <weir/weir.h>

#include "program.h"

struct name_client {
  uint64_t start_ms;
  int exit_code;
};

static void print_event(const weir_event *event, const weir_address *address, const struct name_client *client) {
  char text[WEIR_ADDRESS_TEXT_BYTES] = "";
  uint64_t now_ms = weir_loop_now_ms(weir_socket_loop(event->socket));
  if (address != NULL) weir_address_format(address, text, sizeof text);
  program_print("%" PRIu64 " %s%s%s", now_ms - client->start_ms, weir_event_name(event->type), address ? " " : "",
                text);
}

static void on_lookup(const weir_event *event, void *user) { print_event(event, event->lookup->address, user); }

static void on_attempt(const weir_event *event, void *user) { print_event(event, event->attempt->address, user); }

static void on_connect(const weir_event *event, void *user) {
  print_event(event, NULL, user);
  weir_socket_destroy(event->socket, NULL);
}

static void on_error(const weir_event *event, void *user) {
  struct name_client *client = user;
  program_report(event->error);
  client->exit_code = EXIT_FAILURE;
}

int main(int argument_count, char **arguments) {
  arguments = program_start(&argument_count, arguments);
  struct name_client client = {.exit_code = EXIT_SUCCESS};
  if (argument_count != 2) return 2;

  weir_loop *loop;
  weir_socket *socket;
  program_require(weir_loop_create(NULL, &loop), "open", arguments[1]);
  client.start_ms = weir_loop_now_ms(loop);
  program_require(weir_connect(loop, arguments[1], NULL, NULL, &socket), "connect", arguments[1]);
  weir_code code = weir_socket_on(socket, WEIR_EVENT_LOOKUP, on_lookup, &client);
  if (code == WEIR_OK) code = weir_socket_on(socket, WEIR_EVENT_ATTEMPT, on_attempt, &client);
  if (code == WEIR_OK) code = weir_socket_on(socket, WEIR_EVENT_ATTEMPT_FAILED, on_attempt, &client);
  if (code == WEIR_OK) code = weir_socket_on(socket, WEIR_EVENT_CONNECT, on_connect, &client);
  if (code == WEIR_OK) code = weir_socket_on(socket, WEIR_EVENT_ERROR, on_error, &client);
  program_require(code, "connect", arguments[1]);
  program_require(weir_loop_run(loop, WEIR_RUN_DEFAULT), "run", arguments[1]);
  weir_socket_release(socket);
  weir_loop_release(loop);
  return client.exit_code;
}
