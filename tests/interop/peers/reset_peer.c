/* SPDX-License-Identifier: MIT */
/*
 * reset_peer server|client ENDPOINT: breaks every connection off, as TCP can, when the first byte has come.
 *
 * The client sends a byte of its own first. Prints "broken off" for each.
 */
#include <stdlib.h>
#include <string.h>

#include <weir/weir.h>

#include "program.h"

static void on_data(const weir_event *event, void *user) {
  program_require(weir_socket_reset_and_destroy(event->socket), "reset", user);
}

static void on_error(const weir_event *event, void *user) {
  (void)user;
  program_report(event->error);
}

static void on_close(const weir_event *event, void *user) {
  (void)user;
  program_print(event->had_error ? "failed" : "broken off");
}

static void add_listeners(weir_socket *socket, char *endpoint) {
  weir_code code = weir_socket_on(socket, WEIR_EVENT_DATA, on_data, endpoint);
  if (code == WEIR_OK) code = weir_socket_on(socket, WEIR_EVENT_ERROR, on_error, NULL);
  if (code == WEIR_OK) code = weir_socket_on(socket, WEIR_EVENT_CLOSE, on_close, NULL);
  program_require(code, "open", endpoint);
}

static void on_connection(const weir_event *event, void *user) { add_listeners(event->connection, user); }

static void on_listening(const weir_event *event, void *user) {
  (void)event;
  program_print("listening on %s", (char *)user);
}

static void serve(weir_loop *loop, char *endpoint) {
  weir_server *server;
  program_require(weir_server_create(loop, NULL, on_connection, endpoint, &server), "open", endpoint);
  program_require(weir_server_on(server, WEIR_EVENT_LISTENING, on_listening, endpoint), "listen", endpoint);
  program_require(weir_server_on(server, WEIR_EVENT_ERROR, on_error, NULL), "listen", endpoint);
  program_require(weir_server_listen(server, endpoint, NULL), "listen", endpoint);
  weir_server_release(server);
}

static void call(weir_loop *loop, char *endpoint) {
  weir_socket *socket;
  program_require(weir_connect(loop, endpoint, NULL, NULL, &socket), "connect", endpoint);
  add_listeners(socket, endpoint);
  weir_socket_write(socket, "x", 1);
  weir_socket_release(socket);
}

int main(int argument_count, char **arguments) {
  arguments = program_start(&argument_count, arguments);
  if (argument_count != 3) return 2;
  weir_loop *loop;
  program_require(weir_loop_create(NULL, &loop), "open", arguments[2]);
  if (strcmp(arguments[1], "server") == 0) {
    serve(loop, arguments[2]);
  } else {
    call(loop, arguments[2]);
  }
  program_require(weir_loop_run(loop, WEIR_RUN_DEFAULT), "run", arguments[2]);
  weir_loop_release(loop);
  return EXIT_SUCCESS;
}
