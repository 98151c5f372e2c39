/* SPDX-License-Identifier: MIT */
/*
 * goodbye_server NAME COUNT: says goodbye to every client and ends its side at once, inside `connection`.
 *
 * What a client sends nevertheless is counted and printed when the client has ended. It stops after COUNT clients.
 */
#include <inttypes.h>
#include <stdlib.h>

#include <weir/weir.h>

#include "program.h"

struct goodbye {
  const char *name;
  uint64_t expected;
  uint64_t closed;
  int exit_code;
};

static void ignore_data(const weir_event *event, void *user) {
  (void)event;
  (void)user;
}

static void on_end(const weir_event *event, void *user) {
  (void)user;
  program_print("a client sent %" PRIu64 " bytes", weir_socket_bytes_read(event->socket));
}

static void on_error(const weir_event *event, void *user) {
  struct goodbye *goodbye = user;
  program_report(event->error);
  goodbye->exit_code = EXIT_FAILURE;
}

static void on_close(const weir_event *event, void *user) {
  struct goodbye *goodbye = user;
  program_print("a client closed");
  if (++goodbye->closed == goodbye->expected) weir_server_close(weir_socket_server(event->socket), NULL, NULL);
}

static void on_connection(const weir_event *event, void *user) {
  struct goodbye *goodbye = user;
  weir_write text = weir_write_default();
  text.bytes = "goodbye";
  text.length = 7;
  weir_code code = weir_socket_on(event->connection, WEIR_EVENT_DATA, ignore_data, NULL);
  if (code == WEIR_OK) code = weir_socket_on(event->connection, WEIR_EVENT_END, on_end, NULL);
  if (code == WEIR_OK) code = weir_socket_on(event->connection, WEIR_EVENT_ERROR, on_error, user);
  if (code == WEIR_OK) code = weir_socket_on(event->connection, WEIR_EVENT_CLOSE, on_close, user);
  program_require(code, "accept", goodbye->name);
  program_require(weir_socket_end(event->connection, &text), "end", goodbye->name);
}

static void on_listening(const weir_event *event, void *user) {
  (void)event;
  struct goodbye *goodbye = user;
  program_print("listening on %s", goodbye->name);
}

int main(int argument_count, char **arguments) {
  arguments = program_start(&argument_count, arguments);
  struct goodbye goodbye = {.name = arguments[1]};
  if (argument_count != 3 || !program_number(arguments[2], &goodbye.expected)) return 2;

  weir_loop *loop;
  weir_server *server;
  program_require(weir_loop_create(NULL, &loop), "open", goodbye.name);
  program_require(weir_server_create(loop, NULL, on_connection, &goodbye, &server), "open", goodbye.name);
  program_require(weir_server_on(server, WEIR_EVENT_LISTENING, on_listening, &goodbye), "listen", goodbye.name);
  program_require(weir_server_on(server, WEIR_EVENT_ERROR, on_error, &goodbye), "listen", goodbye.name);
  program_require(weir_server_listen(server, goodbye.name, NULL), "listen", goodbye.name);
  program_require(weir_loop_run(loop, WEIR_RUN_DEFAULT), "run", goodbye.name);
  weir_server_release(server);
  weir_loop_release(loop);
  return goodbye.closed == goodbye.expected ? goodbye.exit_code : EXIT_FAILURE;
}
