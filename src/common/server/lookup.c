/* SPDX-License-Identifier: MIT */
/*
 * Listening at a host's name: the server listens at the first of its addresses that can be had. Link-local ones come
 * last, because few clients can reach them. Until the answer nothing is had, and close() forgets the listen. (A013,
 * A016)
 */
#include "common/service/lookup.h"
#include "common/base/failure.h"
#include "common/base/memory.h"
#include "common/server/server.h"

/* A listen that waits for its addresses. */
struct listen_lookup {
  weir_server *server;
  weir_lookup *lookup;
  weir_listen_options options;
  int port;
  char *name; /* room for the address that is had */
};

/* ---- answers ---- */

/* fe80::/10 and 169.254.0.0/16 */
static bool is_link_local(const weir_address *address) {
  const unsigned char *bytes = address->bytes;
  if (address->family == WEIR_FAMILY_IPV4) return bytes[0] == 169 && bytes[1] == 254;
  return bytes[0] == 0xFE && (bytes[1] & 0xC0) == 0x80;
}

static size_t append(weir_address *ordered, size_t length, const weir_address *addresses, size_t count, int port,
                     bool link_local) {
  for (size_t i = 0; i < count; i++) {
    if (is_link_local(&addresses[i]) != link_local) continue;
    ordered[length] = addresses[i];
    ordered[length++].port = port;
  }
  return length;
}

static void free_lookup(weir_server *server, struct listen_lookup *lookup) {
  memory_put(server_allocator(server), lookup->name);
  memory_put(server_allocator(server), lookup);
}

static void listen_at_answer(weir_server *server, struct listen_lookup *lookup, const weir_address *addresses,
                             size_t count) {
  static const weir_error no_memory = {
      .code = WEIR_ENOMEM, .operation = "listen", .address = "", .hint = "no memory for the host's addresses"};
  weir_address *ordered = memory_get(server_allocator(server), count * sizeof *ordered);
  if (ordered == NULL) {
    server_fail(server, &no_memory);
    return;
  }
  size_t length = append(ordered, 0, addresses, count, lookup->port, false);
  append(ordered, length, addresses, count, lookup->port, true);
  char *name = lookup->name;
  lookup->name = NULL;
  weir_code code = server_listen_at_first(server, ordered, count, name, &lookup->options);
  if (code != WEIR_OK) server_fail(server, &no_memory);
  memory_put(server_allocator(server), ordered);
}

static void take_answer(weir_lookup *ended, const weir_error *error, const weir_address *addresses, size_t count,
                        void *user) {
  weir_server *server = user;
  struct listen_lookup *lookup = server->lookup;
  (void)ended;
  server->lookup = NULL;
  server->state = SERVER_IDLE;
  if (error != NULL) {
    server_fail(server, error);
  } else {
    listen_at_answer(server, lookup, addresses, count);
  }
  free_lookup(server, lookup);
  handle_release(&server->handle);
}

/* ---- asking ---- */

weir_code server_look_up(weir_server *server, const struct address *address, char *name,
                         const weir_listen_options *options) {
  struct lookup_request request = {.host = address->text,
                                   .length = address->length,
                                   .resolver = options->resolver,
                                   .resolver_user = options->resolver_user};
  struct listen_lookup *lookup = memory_get_zeroed(server_allocator(server), sizeof *lookup);
  weir_code code =
      lookup == NULL ? WEIR_ENOMEM : lookup_start(server->handle.loop, &request, take_answer, server, &lookup->lookup);
  if (code != WEIR_OK) {
    memory_put(server_allocator(server), name);
    memory_put(server_allocator(server), lookup);
    return code;
  }
  lookup->options = *options;
  lookup->port = address->ip.port;
  lookup->name = name;
  server->lookup = lookup;
  server->state = SERVER_LOOKING_UP;
  handle_retain(&server->handle); /* the look-up's */
  return WEIR_OK;
}

void server_stop_lookup(weir_server *server) {
  struct listen_lookup *lookup = server->lookup;
  if (lookup == NULL) return;
  server->lookup = NULL;
  server->state = SERVER_IDLE;
  weir_lookup_cancel(lookup->lookup);
  free_lookup(server, lookup);
  server_forget_listener(server);
  cancelable_leave(&server->cancelable);
  handle_release(&server->handle);
}
