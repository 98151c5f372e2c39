/* SPDX-License-Identifier: MIT */
#include "common/socket/write_request.h"

#include <string.h>

#include "common/encoding/encoder.h"
#include "common/loop/loop.h"

struct write_request *write_request_make(const weir_allocator *allocator, size_t copied_bytes) {
  struct write_request *request = memory_get(allocator, sizeof *request + copied_bytes);
  if (request == NULL) return NULL;
  memset(request, 0, sizeof *request);
  request->bytes = request->copy;
  return request;
}

struct write_request *write_request_make_from(const weir_allocator *allocator, const weir_write *write) {
  bool encoded = write->encoding != WEIR_ENCODING_NONE && write->length > 0;
  size_t room = write->borrow ? 0 : write->length;
  if (encoded) room = encoder_capacity(write->encoding, write->length);
  struct write_request *request = write_request_make(allocator, room);
  if (request == NULL) return NULL;
  request->length = write->length;
  request->callback = write->callback;
  request->user = write->user;
  if (encoded) {
    request->length = encoder_encode(write->encoding, write->bytes, write->length, request->copy);
  } else if (write->borrow) {
    request->bytes = write->bytes;
  } else if (write->length > 0) {
    memcpy(request->copy, write->bytes, write->length);
  }
  return request;
}

void write_request_call_back(struct write_request *request, weir_socket *socket, const weir_error *error) {
  weir_write_callback callback = request->callback;
  void *user = request->user;
  memory_put(&weir_socket_loop(socket)->allocator, request);
  if (callback != NULL) callback(socket, error, user);
}

void write_request_drop_all(struct list *requests, const weir_allocator *allocator) {
  for (struct list_node *node = list_take_first(requests); node != NULL; node = list_take_first(requests)) {
    memory_put(allocator, write_request_of(node));
  }
}
