/* SPDX-License-Identifier: MIT */
/*
 * uv_echo --listen ENDPOINT [--sink]: libuv, as its guide and most of its users write an echo server.
 *
 * Memory for every read as libuv suggests it, a request for every write, both freed when the write is done. Reading
 * stops while a client does not take what it sent.
 */
#include <stdlib.h>

#include "uv_server.h"

struct echo {
  uv_write_t request;
  uv_buf_t buffer;
};

static void echo_bytes(uv_stream_t *client, ssize_t length, const uv_buf_t *buffer);

static void get_buffer(uv_handle_t *client, size_t suggested, uv_buf_t *buffer) {
  (void)client;
  buffer->base = malloc(suggested);
  buffer->len = buffer->base == NULL ? 0 : suggested;
}

static void finish_echo(uv_write_t *request, int status) {
  struct echo *echo = (struct echo *)request;
  uv_stream_t *client = request->handle;
  free(echo->buffer.base);
  free(echo);
  if (status != 0) {
    uv_server_close_client(client);
  } else if (uv_stream_get_write_queue_size(client) == 0 && !uv_is_active((uv_handle_t *)client)) {
    uv_read_start(client, get_buffer, echo_bytes);
  }
}

static void begin_write(uv_stream_t *client, ssize_t length, const uv_buf_t *buffer) {
  struct echo *echo = malloc(sizeof *echo);
  if (echo == NULL) {
    free(buffer->base);
    uv_server_close_client(client);
    return;
  }
  echo->buffer = uv_buf_init(buffer->base, (unsigned)length);
  if (uv_write(&echo->request, client, &echo->buffer, 1, finish_echo) != 0) {
    free(echo->buffer.base);
    free(echo);
    uv_server_close_client(client);
    return;
  }
  if (uv_stream_get_write_queue_size(client) > 0) uv_read_stop(client);
}

static void echo_bytes(uv_stream_t *client, ssize_t length, const uv_buf_t *buffer) {
  if (length > 0) {
    begin_write(client, length, buffer);
    return;
  }
  free(buffer->base);
  if (length < 0) uv_server_close_client(client);
}

static void begin_echo(uv_stream_t *client) {
  if (uv_read_start(client, get_buffer, echo_bytes) != 0) uv_server_close_client(client);
}

int main(int argument_count, char **texts) { return uv_server_run(argument_count, texts, begin_echo); }
