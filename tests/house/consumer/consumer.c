/* SPDX-License-Identifier: MIT */
/*
 * A program of somebody else, valid C and valid C++: a client says a word to a server of its own at the endpoint it is
 * given, and the server sends it back. It prints "consumed", the version and the word when all went well.
 */
#include <stdio.h>
#include <string.h>

#include <weir/weir.h>

static char heard[16];

static void echo(const weir_event *event, void *user) {
  (void)user;
  weir_socket_pipe(event->connection, event->connection, WEIR_PIPE_DEFAULT);
}

static void hear(const weir_event *event, void *user) {
  size_t length = strlen(heard);
  (void)user;
  if (event->data.length < sizeof heard - length) memcpy(heard + length, event->data.bytes, event->data.length);
}

static void close_server(const weir_event *event, void *server) {
  (void)event;
  weir_server_close((weir_server *)server, NULL, NULL);
}

static void complain(weir_loop *loop, const weir_error *error, void *user) {
  char text[256];
  (void)loop;
  (void)user;
  weir_error_format(error, text, sizeof text);
  fprintf(stderr, "%s\n", text);
}

static int run(weir_loop *loop, const char *endpoint) {
  weir_server *server = NULL;
  weir_socket *client = NULL;
  weir_write word = weir_write_default();
  word.bytes = "hello";
  word.length = 5;

  if (weir_server_create(loop, NULL, echo, NULL, &server) != WEIR_OK) return 1;
  if (weir_server_listen(server, endpoint, NULL) != WEIR_OK) return 1;
  if (weir_connect(loop, endpoint, NULL, NULL, &client) != WEIR_OK) return 1;
  weir_socket_on(client, WEIR_EVENT_DATA, hear, NULL);
  weir_socket_on(client, WEIR_EVENT_CLOSE, close_server, server);
  if (weir_socket_end(client, &word) < 0) return 1;
  weir_loop_run(loop, WEIR_RUN_DEFAULT);
  weir_socket_release(client);
  weir_server_release(server);
  return strcmp(heard, "hello") != 0;
}

int main(int argc, char **argv) {
  weir_loop_options options = weir_loop_options_default();
  weir_loop *loop = NULL;
  options.unhandled_error = complain;
  if (argc != 2 || weir_loop_create(&options, &loop) != WEIR_OK) return 2;
  if (run(loop, argv[1]) != 0) return 3;
  weir_loop_release(loop);
  printf("consumed %s %s\n", weir_version(), heard);
  return 0;
}
