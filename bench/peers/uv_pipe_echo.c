/* SPDX-License-Identifier: MIT */
/*
 * uv_pipe_echo --listen pipe:NAME [--backend tuned]: an echo server on libuv's pipes, as its users write one: memory
 * for each read from the allocation callback, and a request for each write. "tuned" reads into one buffer and tries to
 * write at once, as its more careful users do.
 */
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <uv.h>

#include "arguments.h"
#include "process.h"

#define BUFFER_BYTES 65536
#define NAME_BYTES 260

struct write {
  uv_write_t request;
  uv_buf_t buffer;
};

static bool is_tuned;
static char shared_buffer[BUFFER_BYTES];

static void require(int code, const char *what) {
  if (code >= 0) return;
  fprintf(stderr, "%s: %s\n", what, uv_strerror(code));
  exit(PROCESS_FAILED);
}

static void *get_memory(size_t bytes) {
  void *memory = malloc(bytes);
  if (memory == NULL) process_fail(PROCESS_FAILED, 0, "no memory");
  return memory;
}

static void free_client(uv_handle_t *client) { free(client); }

static void close_client(uv_stream_t *client) {
  if (!uv_is_closing((uv_handle_t *)client)) uv_close((uv_handle_t *)client, free_client);
}

static void allocate(uv_handle_t *client, size_t suggested_bytes, uv_buf_t *buffer) {
  (void)client;
  if (is_tuned) {
    *buffer = uv_buf_init(shared_buffer, sizeof shared_buffer);
  } else {
    *buffer = uv_buf_init(get_memory(suggested_bytes), (unsigned)suggested_bytes);
  }
}

static void on_read(uv_stream_t *client, ssize_t count, const uv_buf_t *buffer);

/* A client that does not read is not read from. */
static void on_written(uv_write_t *request, int status) {
  struct write *write = (struct write *)request;
  uv_stream_t *client = request->handle;
  free(write->buffer.base);
  free(write);
  if (status < 0) {
    close_client(client);
  } else if (uv_stream_get_write_queue_size(client) == 0 && !uv_is_closing((uv_handle_t *)client)) {
    uv_read_start(client, allocate, on_read);
  }
}

/* Takes the memory over. */
static void write_later(uv_stream_t *client, char *bytes, size_t length) {
  struct write *write = get_memory(sizeof *write);
  write->buffer = uv_buf_init(bytes, (unsigned)length);
  if (uv_write(&write->request, client, &write->buffer, 1, on_written) < 0) {
    free(bytes);
    free(write);
    close_client(client);
  } else if (uv_stream_get_write_queue_size(client) > BUFFER_BYTES) {
    uv_read_stop(client);
  }
}

static void write_at_once(uv_stream_t *client, const char *bytes, size_t length) {
  uv_buf_t buffer = uv_buf_init((char *)(size_t)bytes, (unsigned)length);
  int taken = uv_try_write(client, &buffer, 1);
  size_t at = taken > 0 ? (size_t)taken : 0;
  if (at == length) return;
  char *rest = get_memory(length - at);
  memcpy(rest, bytes + at, length - at);
  write_later(client, rest, length - at);
}

static void on_read(uv_stream_t *client, ssize_t count, const uv_buf_t *buffer) {
  if (count > 0 && is_tuned) {
    write_at_once(client, buffer->base, (size_t)count);
  } else if (count > 0) {
    write_later(client, buffer->base, (size_t)count);
  } else if (!is_tuned) {
    free(buffer->base);
  }
  if (count < 0) close_client(client);
}

static void on_connection(uv_stream_t *server, int status) {
  require(status, "accept");
  uv_pipe_t *client = get_memory(sizeof *client);
  require(uv_pipe_init(server->loop, client, 0), "client");
  require(uv_accept(server, (uv_stream_t *)client), "accept");
  require(uv_read_start((uv_stream_t *)client, allocate, on_read), "read");
}

int main(int argument_count, char **texts) {
  struct arguments arguments = arguments_read(argument_count, texts);
  is_tuned = arguments.backend != NULL && strcmp(arguments.backend, "tuned") == 0;
  if (arguments.is_sink || strncmp(arguments.endpoint, "pipe:", 5) != 0) {
    process_fail(PROCESS_USAGE, 0, "uv_pipe_echo is no sink and listens at pipe:NAME");
  }
  char name[NAME_BYTES];
  if (snprintf(name, sizeof name, "\\\\.\\pipe\\%s", arguments.endpoint + 5) >= NAME_BYTES) {
    process_fail(PROCESS_USAGE, 0, "the pipe's name is too long");
  }
  uv_loop_t *loop = uv_default_loop();
  uv_pipe_t server;
  require(uv_pipe_init(loop, &server, 0), "server");
  uv_pipe_pending_instances(&server, 256);
  require(uv_pipe_bind(&server, name), "bind");
  require(uv_listen((uv_stream_t *)&server, ARGUMENTS_BACKLOG, on_connection), "listen");
  arguments_say_ready();
  require(uv_run(loop, UV_RUN_DEFAULT), "run");
  return EXIT_SUCCESS;
}
