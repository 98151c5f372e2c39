/* SPDX-License-Identifier: MIT */
/*
 * One write on its way, or the callback of an end: what is to be sent, how much of it was sent, and whom to call then.
 */
#ifndef WEIR_COMMON_SOCKET_WRITE_REQUEST_H
#define WEIR_COMMON_SOCKET_WRITE_REQUEST_H

#include <stddef.h>

#include <weir/socket.h>

#include "common/base/list.h"
#include "common/base/memory.h"

/* Its bytes stand behind it, or are the user's. */
struct write_request {
  struct list_node link;
  const unsigned char *bytes;
  size_t length;
  size_t sent;
  weir_write_callback callback;
  void *user;
  weir_code code; /* refused: what its callback gets */
  unsigned char copy[];
};

static inline struct write_request *write_request_of(struct list_node *node) {
  return CONTAINER_OF(node, struct write_request, link);
}

/* One with room for so many bytes of its own and nothing in it; NULL: no memory. */
struct write_request *write_request_make(const weir_allocator *allocator, size_t copied_bytes);

/* One that holds what is to be written: encoded, borrowed, or copied; NULL: no memory. */
struct write_request *write_request_make_from(const weir_allocator *allocator, const weir_write *write);

/* Calls back, as the last thing that is done with the request, which is freed before. */
void write_request_call_back(struct write_request *request, weir_socket *socket, const weir_error *error);

/* Frees all requests of a list without calling back. */
void write_request_drop_all(struct list *requests, const weir_allocator *allocator);

#endif
