/* SPDX-License-Identifier: MIT */
/*
 * option_setter ENDPOINT: serves one client, itself, and sets every option of that client, some of them twice.
 *
 * Prints "step NAME" before each, so that a trace of the system calls can be cut into steps. Ends by itself.
 */
#include <stdlib.h>

#include <weir/weir.h>

#include "program.h"

static void set_no_delay(weir_socket *socket, const char *step, bool wanted) {
  program_print("step %s", step);
  program_require(weir_socket_set_no_delay(socket, wanted), "set no_delay", step);
}

static void set_keep_alive(weir_socket *socket, const char *step, bool enabled, uint64_t delay_ms) {
  weir_keep_alive keep_alive = weir_keep_alive_default();
  keep_alive.enabled = enabled;
  keep_alive.delay_ms = delay_ms;
  program_print("step %s", step);
  program_require(weir_socket_set_keep_alive(socket, &keep_alive), "set keep_alive", step);
}

static void on_connect(const weir_event *event, void *user) {
  weir_socket *socket = event->socket;
  (void)user;
  set_no_delay(socket, "no-delay", true);
  set_no_delay(socket, "no-delay-again", true);
  set_no_delay(socket, "no-delay-off", false);
  set_keep_alive(socket, "keep-alive", true, 3000);
  set_keep_alive(socket, "keep-alive-again", true, 3000);
  set_keep_alive(socket, "keep-alive-longer", true, 4500);
  set_keep_alive(socket, "keep-alive-off", false, 4500);
  program_print("step end");
  program_require(weir_socket_end(socket, NULL), "end", "");
}

/* The client's end is heard, and answered with an end. */
static void on_connection(const weir_event *event, void *server) {
  weir_socket_resume(event->connection);
  program_require(weir_server_close(server, NULL, NULL), "close", "");
}

static void on_listening(const weir_event *event, void *socket) {
  (void)event;
  const char *endpoint = weir_server_user(event->server);
  program_print("step connect");
  program_require(weir_socket_connect(socket, endpoint, NULL), "connect", endpoint);
}

int main(int argument_count, char **arguments) {
  arguments = program_start(&argument_count, arguments);
  if (argument_count != 2) return 2;
  weir_loop *loop;
  weir_server *server;
  weir_socket *socket;
  program_require(weir_loop_create(NULL, &loop), "open", arguments[1]);
  program_require(weir_server_create(loop, NULL, NULL, NULL, &server), "open", arguments[1]);
  weir_server_set_user(server, arguments[1]);
  program_require(weir_server_on(server, WEIR_EVENT_CONNECTION, on_connection, server), "open", arguments[1]);
  program_require(weir_socket_create(loop, NULL, &socket), "open", arguments[1]);
  program_require(weir_socket_on(socket, WEIR_EVENT_CONNECT, on_connect, NULL), "open", arguments[1]);
  program_require(weir_server_on(server, WEIR_EVENT_LISTENING, on_listening, socket), "open", arguments[1]);
  program_print("step listen");
  program_require(weir_server_listen(server, arguments[1], NULL), "listen", arguments[1]);
  program_require(weir_loop_run(loop, WEIR_RUN_DEFAULT), "run", arguments[1]);
  weir_socket_release(socket);
  weir_server_release(server);
  weir_loop_release(loop);
  return EXIT_SUCCESS;
}
