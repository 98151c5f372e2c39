/* SPDX-License-Identifier: MIT */
/*
 * uv_tuned_echo --listen ENDPOINT [--sink]: libuv with all that it offers to who wants it fast.
 *
 * One buffer for all reads, and uv_try_write first: only what the client does not take at once is copied and becomes a
 * request, and nothing more is read until it is done.
 */
#include <stdlib.h>
#include <string.h>

#include "uv_server.h"

struct rest {
  uv_write_t request;
  char bytes[];
};

static void echo_bytes(uv_stream_t *client, ssize_t length, const uv_buf_t *buffer);

static void lend_buffer(uv_handle_t *client, size_t suggested, uv_buf_t *buffer) {
  static char bytes[65536];
  (void)client;
  (void)suggested;
  *buffer = uv_buf_init(bytes, sizeof bytes);
}

static void finish_rest(uv_write_t *request, int status) {
  uv_stream_t *client = request->handle;
  free(request);
  if (status != 0 || uv_read_start(client, lend_buffer, echo_bytes) != 0) uv_server_close_client(client);
}

static void write_rest(uv_stream_t *client, const char *bytes, size_t length) {
  struct rest *rest = malloc(sizeof *rest + length);
  if (rest == NULL) {
    uv_server_close_client(client);
    return;
  }
  memcpy(rest->bytes, bytes, length);
  uv_buf_t buffer = uv_buf_init(rest->bytes, (unsigned)length);
  if (uv_write(&rest->request, client, &buffer, 1, finish_rest) != 0) {
    free(rest);
    uv_server_close_client(client);
    return;
  }
  uv_read_stop(client);
}

static void echo_bytes(uv_stream_t *client, ssize_t length, const uv_buf_t *buffer) {
  if (length == 0) return;
  if (length < 0) {
    uv_server_close_client(client);
    return;
  }
  uv_buf_t whole = uv_buf_init(buffer->base, (unsigned)length);
  int written = uv_try_write(client, &whole, 1);
  if (written < 0 && written != UV_EAGAIN) {
    uv_server_close_client(client);
    return;
  }
  if (written < 0) written = 0;
  if (written < length) write_rest(client, buffer->base + written, (size_t)(length - written));
}

static void begin_echo(uv_stream_t *client) {
  if (uv_read_start(client, lend_buffer, echo_bytes) != 0) uv_server_close_client(client);
}

int main(int argument_count, char **texts) { return uv_server_run(argument_count, texts, begin_echo); }
