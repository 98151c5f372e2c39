/* SPDX-License-Identifier: MIT */
/* What the test's child does with Weir. See child_peer.h. */
#include "support/child_peer.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>

#include <weir/weir.h>

/* A child that cannot do what it was told has nobody to tell but by its code. */
static void require(int code) {
  if (code >= 0) return;
  fprintf(stderr, "%s", weir_code_name((weir_code)code));
  exit(97);
}

static weir_loop *make_loop(void) {
  weir_loop *loop = NULL;
  require(weir_loop_create(NULL, &loop));
  return loop;
}

static void run(weir_loop *loop) {
  require(weir_loop_run(loop, WEIR_RUN_DEFAULT));
  weir_loop_release(loop);
}

/* ---- connections ---- */

static void give_back(const weir_event *event, void *unused) {
  (void)unused;
  require(weir_socket_write(event->socket, event->data.bytes, event->data.length));
}

void peer_converse(intptr_t native) {
  weir_loop *loop = make_loop();
  weir_socket *socket = NULL;
  require(weir_socket_create(loop, NULL, &socket));
  require(weir_socket_on(socket, WEIR_EVENT_DATA, give_back, NULL));
  require(weir_socket_open(socket, native, true, true));
  run(loop);
  weir_socket_release(socket);
}

/* ---- servers ---- */

static void say_listening(const weir_event *event, void *unused) {
  (void)event, (void)unused;
  printf("listening\n");
  fflush(stdout);
}

static void report(const weir_event *event, void *unused) {
  (void)unused;
  require(event->error->code);
}

static void close_server(const weir_event *event, void *server) {
  (void)event;
  weir_server_close(server, NULL, NULL);
}

static void answer(const weir_event *event, void *server) {
  weir_socket *socket = event->connection;
  require(weir_socket_on(socket, WEIR_EVENT_DATA, close_server, server));
  require(weir_socket_end(socket, &(weir_write){.size = sizeof(weir_write), .bytes = "served", .length = 6}));
}

static void keep(const weir_event *event, void *unused) { (void)event, (void)unused; }

static weir_server *make_server(weir_loop *loop, weir_listener connection) {
  weir_server *server = NULL;
  weir_server_options options = weir_server_options_default();
  options.allow_half_open = true;
  require(weir_server_create(loop, &options, NULL, NULL, &server));
  require(weir_server_on(server, WEIR_EVENT_CONNECTION, connection, server));
  require(weir_server_on(server, WEIR_EVENT_LISTENING, say_listening, NULL));
  require(weir_server_on(server, WEIR_EVENT_ERROR, report, NULL));
  return server;
}

static void serve(const char *endpoint, bool shared, weir_listener connection) {
  weir_loop *loop = make_loop();
  weir_server *server = make_server(loop, connection);
  weir_listen_options options = weir_listen_options_default();
  options.reuse_port = shared;
  require(weir_server_listen(server, endpoint, &options));
  run(loop);
  weir_server_release(server);
}

void peer_serve(const char *endpoint) { serve(endpoint, false, keep); }

void peer_answer(const char *endpoint) { serve(endpoint, false, answer); }

void peer_share(const char *endpoint) { serve(endpoint, true, answer); }

void peer_listen(intptr_t native) {
  weir_loop *loop = make_loop();
  weir_server *server = make_server(loop, answer);
  require(weir_server_listen_native(server, native, NULL));
  run(loop);
  weir_server_release(server);
}

/* ---- children ---- */

void peer_leave(const char *file, intptr_t native, const char *number) {
  enum { COUNT = 8 };
  weir_stdio stdio[COUNT] = {{.kind = WEIR_STDIO_NULL}, {.kind = WEIR_STDIO_NULL}, {.kind = WEIR_STDIO_NULL}};
  const char *words[] = {file, "listen", number, NULL};
  weir_loop *loop = make_loop();
  weir_process *process = NULL;
  weir_process_options options = weir_process_options_default();
  stdio[atoi(number)] = (weir_stdio){.kind = WEIR_STDIO_NATIVE, .native = native};
  options.file = file;
  options.arguments = words;
  options.stdio = stdio;
  options.stdio_count = (size_t)atoi(number) + 1;
  options.detached = true;
  require(weir_process_spawn(loop, &options, &process));
  weir_process_unref(process);
  run(loop);
  weir_process_release(process);
}
