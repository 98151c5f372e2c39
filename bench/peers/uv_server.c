/* SPDX-License-Identifier: MIT */
/* See uv_server.h. */
#include "uv_server.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/un.h>

#include "../arguments.h"
#include "../endpoint.h"
#include "../process.h"
#include "../sink.h"

union listener {
  uv_stream_t stream;
  uv_tcp_t tcp;
  uv_pipe_t pipe;
};

/* A sink's client has one behind `data`; a client that gets an echo has nothing there. */
struct sunk {
  uint64_t count;
  unsigned char answer[SINK_ANSWER_BYTES];
  uv_write_t request;
};

static struct arguments arguments;
static uv_server_begin begin_echo;

static void require(int code, const char *what) {
  if (code == 0) return;
  fprintf(stderr, "%s: %s\n", what, uv_strerror(code));
  exit(PROCESS_FAILED);
}

static void free_client(uv_handle_t *client) {
  free(client->data);
  free(client);
}

void uv_server_close_client(uv_stream_t *client) {
  if (!uv_is_closing((uv_handle_t *)client)) uv_close((uv_handle_t *)client, free_client);
}

/* ---- The sink ---- */

static void lend_buffer(uv_handle_t *client, size_t suggested, uv_buf_t *buffer) {
  static char bytes[65536];
  (void)client;
  (void)suggested;
  *buffer = uv_buf_init(bytes, sizeof bytes);
}

static void finish_answer(uv_write_t *request, int status) {
  (void)status;
  uv_server_close_client(request->handle);
}

static void sink_bytes(uv_stream_t *client, ssize_t length, const uv_buf_t *buffer) {
  (void)buffer;
  struct sunk *sunk = client->data;
  if (length >= 0) {
    sunk->count += (uint64_t)length;
    return;
  }
  uv_buf_t answer = uv_buf_init((char *)sunk->answer, sizeof sunk->answer);
  sink_write_answer(sunk->answer, sunk->count);
  if (length != UV_EOF || uv_write(&sunk->request, client, &answer, 1, finish_answer) != 0) {
    uv_server_close_client(client);
  }
}

static void begin_sink(uv_stream_t *client) {
  client->data = calloc(1, sizeof(struct sunk));
  if (client->data == NULL || uv_read_start(client, lend_buffer, sink_bytes) != 0) uv_server_close_client(client);
}

/* ---- Clients ---- */

static uv_stream_t *make_tcp(uv_loop_t *loop) {
  uv_tcp_t *client = malloc(sizeof *client);
  if (client != NULL) uv_tcp_init(loop, client);
  return (uv_stream_t *)client;
}

static uv_stream_t *make_pipe(uv_loop_t *loop) {
  uv_pipe_t *client = malloc(sizeof *client);
  if (client != NULL) uv_pipe_init(loop, client, 0);
  return (uv_stream_t *)client;
}

static void accept_client(uv_stream_t *listener, int status) {
  bool is_tcp = listener->type == UV_TCP;
  if (status != 0) return;
  uv_stream_t *client = is_tcp ? make_tcp(listener->loop) : make_pipe(listener->loop);
  if (client == NULL) return;
  client->data = NULL;
  if (uv_accept(listener, client) != 0) {
    uv_server_close_client(client);
    return;
  }
  if (is_tcp) uv_tcp_nodelay((uv_tcp_t *)client, 1);
  (arguments.is_sink ? begin_sink : begin_echo)(client);
}

/* ---- The server ---- */

static void listen_at(uv_loop_t *loop, union listener *listener) {
  struct endpoint endpoint = endpoint_read(arguments.endpoint);
  if (endpoint.is_tcp) {
    require(uv_tcp_init(loop, &listener->tcp), "listener");
    require(uv_tcp_bind(&listener->tcp, (const struct sockaddr *)&endpoint.address, 0), "bind");
  } else {
    struct sockaddr_un name;
    memcpy(&name, &endpoint.address, sizeof name);
    require(uv_pipe_init(loop, &listener->pipe, 0), "listener");
    require(uv_pipe_bind(&listener->pipe, name.sun_path), "bind");
  }
  require(uv_listen(&listener->stream, ARGUMENTS_BACKLOG, accept_client), "listen");
}

/* Clients are the streams that are not the listener; their memory is their own. */
static void close_handle(uv_handle_t *handle, void *listener) {
  if (uv_is_closing(handle)) return;
  bool is_client = handle != listener && (handle->type == UV_TCP || handle->type == UV_NAMED_PIPE);
  uv_close(handle, is_client ? free_client : NULL);
}

static void terminate(uv_signal_t *signal, int number) {
  (void)number;
  uv_walk(signal->loop, close_handle, signal->data);
}

int uv_server_run(int argument_count, char **texts, uv_server_begin begin) {
  union listener listener;
  uv_signal_t signal = {.data = &listener};
  arguments = arguments_read(argument_count, texts);
  begin_echo = begin;
  process_raise_descriptor_limit();

  uv_loop_t *loop = uv_default_loop();
  listen_at(loop, &listener);
  require(uv_signal_init(loop, &signal), "signal");
  require(uv_signal_start(&signal, terminate, SIGTERM), "signal");
  arguments_say_ready();
  uv_run(loop, UV_RUN_DEFAULT);
  return uv_loop_close(loop) == 0 ? EXIT_SUCCESS : PROCESS_FAILED;
}
