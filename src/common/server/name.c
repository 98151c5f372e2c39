/* SPDX-License-Identifier: MIT */
/*
 * From an endpoint to a name that is had, or to an error: the endpoint becomes an address, and the backend has it or
 * not. A host's name is looked up first, see server/lookup.c. Room for the name is taken before, so that nothing can
 * fail once the backend has it.
 */
#include <string.h>

#include "common/base/memory.h"
#include "common/server/delegate.h"
#include "common/server/server.h"

/* Room for a printed address, every byte of which may stand as \xNN. */
enum { NAME_BYTES = ADDRESS_TEXT_BYTES * 4 };

static void be_started(weir_server *server) {
  server->state = SERVER_STARTING;
  server->acceptor_returned = false;
  server->lacks_acceptor = false;
  server->short_of_descriptors = false;
  server->pause_ms = SERVER_FIRST_PAUSE_MS;
  handle_retain(&server->handle); /* the loop's, until `close` was emitted */
  server_owe(server, SERVER_OWES_START);
  server_update_liveness(server);
}

static struct outcome listen_below(weir_server *server, const struct listen_request *request) {
  weir_loop *loop = server->handle.loop;
  memset(server_acceptor(server), 0, loop->operations->acceptor_bytes);
  server->backlog = request->backlog;
  return loop->operations->listen(loop->backend, server_acceptor(server), request);
}

/* What errors call an endpoint that is no address: what the user wrote, as far as it fits. */
static void name_as_written(char *name, const char *endpoint, size_t length) {
  size_t shown = length < NAME_BYTES - 1 ? length : NAME_BYTES - 1;
  memcpy(name, endpoint, shown);
  name[shown] = '\0';
}

char *server_name_cut(char *memory, const char *name) {
  name_as_written(memory, name, strlen(name));
  return memory;
}

/*
 * The name is had: its place was taken before, so that nothing can fail any more. The last life's name was kept until
 * now, because errors that are still being told lend it.
 */
static void keep_name(weir_server *server, char *name, const weir_address *bound) {
  memset(&server->bound, 0, sizeof server->bound);
  if (bound != NULL) server->bound = *bound;
  memory_put(server_allocator(server), server->address);
  char *shorter = memory_resize(server_allocator(server), name, strlen(name) + 1);
  server->address = shorter == NULL ? name : shorter;
}

void server_start_at(weir_server *server, char *name, const weir_address *bound) {
  keep_name(server, name, bound);
  be_started(server);
}

struct listen_request server_listen_request(struct address *address, const weir_listen_options *options) {
  return (struct listen_request){.address = address,
                                 .native = -1,
                                 .backlog = options->backlog <= 0 ? WEIR_BACKLOG : options->backlog,
                                 .readable_all = options->readable_all,
                                 .writable_all = options->writable_all,
                                 .ipv6_only = options->ipv6_only,
                                 .reuse_port = options->reuse_port};
}

/* Keeps the name or owes the failure. `name` is the caller's memory, given away. */
static weir_code conclude(weir_server *server, const struct outcome *outcome, const struct address *address,
                          char *name) {
  address_format(address, name, NAME_BYTES);
  if (outcome->code == WEIR_OK) {
    server_start_at(server, name, address->kind == ADDRESS_IP ? &address->ip : NULL);
    return WEIR_OK;
  }
  weir_error error = {.code = outcome->code,
                      .native_code = outcome->native_code,
                      .operation = "listen",
                      .address = name,
                      .hint = outcome->hint == NULL ? "" : outcome->hint};
  weir_code code = server_owe_failure(server, &error);
  memory_put(server_allocator(server), name);
  return code;
}

static struct outcome listen_at_ip(weir_server *server, const struct listen_request *request, const weir_address *ip) {
  address_set_ip(request->address, ip);
  return listen_below(server, request);
}

/* `::`, where IPv4 clients are welcome too, or what a machine without IPv6 has instead. (S057) */
static struct outcome listen_anywhere(weir_server *server, const struct listen_request *request) {
  int port = request->address->ip.port;
  struct outcome outcome = listen_at_ip(server, request, &(weir_address){.family = WEIR_FAMILY_IPV6, .port = port});
  bool lacks_ipv6 = outcome.code == WEIR_ENOTSUP || outcome.code == WEIR_EADDRNOTAVAIL;
  if (!lacks_ipv6 || request->ipv6_only) return outcome;
  return listen_at_ip(server, request, &(weir_address){.family = WEIR_FAMILY_IPV4, .port = port});
}

struct outcome server_bind(weir_server *server, struct address *address, const weir_bind_options *options) {
  struct listen_request request = {.address = address,
                                   .native = -1,
                                   .ipv6_only = options->ipv6_only,
                                   .reuse_port = options->reuse_port,
                                   .only_bind = true};
  struct outcome outcome =
      address->kind == ADDRESS_HOST ? listen_anywhere(server, &request) : listen_below(server, &request);
  if (outcome.code == WEIR_OK) server->state = SERVER_BOUND;
  return outcome;
}

weir_code server_listen_at_first(weir_server *server, const weir_address *addresses, size_t count, char *name,
                                 const weir_listen_options *options) {
  struct address address;
  struct address first_address = {.kind = ADDRESS_NONE};
  struct outcome first = {.code = WEIR_OK};
  if (server_delegates(server, options)) return server_delegate_first(server, addresses, count, name, options);
  struct listen_request request = server_listen_request(&address, options);
  for (size_t i = 0; i < count; i++) {
    struct outcome outcome = listen_at_ip(server, &request, &addresses[i]);
    if (outcome.code == WEIR_OK) return conclude(server, &outcome, &address, name);
    if (i > 0) continue;
    first = outcome;
    first_address = address;
  }
  return conclude(server, &first, &first_address, name);
}

static weir_code listen_at_address(weir_server *server, struct address *address, char *name,
                                   const weir_listen_options *options) {
  if (address->kind == ADDRESS_HOST && address->length > 0) return server_look_up(server, address, name, options);
  if (server_delegates(server, options)) return server_delegate(server, address, name, options);
  struct listen_request request = server_listen_request(address, options);
  struct outcome outcome =
      address->kind == ADDRESS_HOST ? listen_anywhere(server, &request) : listen_below(server, &request);
  return conclude(server, &outcome, address, name);
}

weir_code server_listen_at(weir_server *server, const char *endpoint, size_t length,
                           const weir_listen_options *options) {
  struct address address;
  struct address_failure failure;
  const struct address_rules *rules = &server->handle.loop->operations->addresses;
  char *name = memory_get(server_allocator(server), NAME_BYTES);
  if (name == NULL) return WEIR_ENOMEM;
  weir_code parsed = address_parse(rules, endpoint, length, true, &address, &failure);
  if (parsed == WEIR_OK && address.kind == ADDRESS_ABSTRACT && (options->readable_all || options->writable_all)) {
    failure = (struct address_failure){WEIR_EINVAL, "an abstract name has no permissions; listen at a path instead"};
    parsed = WEIR_EINVAL;
  }
  if (parsed == WEIR_OK) return listen_at_address(server, &address, name, options);
  name_as_written(name, endpoint, length);
  weir_error error = {.code = failure.code, .operation = "listen", .address = name, .hint = failure.hint};
  weir_code code = server_owe_failure(server, &error);
  memory_put(server_allocator(server), name);
  return code;
}

weir_code server_listen_on(weir_server *server, struct listen_request *request, const weir_address *address) {
  struct address had = {.kind = ADDRESS_NONE};
  char *name = memory_get(server_allocator(server), NAME_BYTES);
  if (name == NULL) return WEIR_ENOMEM;
  request->address = &had;
  struct outcome outcome = listen_below(server, request);
  if (outcome.code != WEIR_OK && address != NULL) address_set_ip(&had, address);
  return conclude(server, &outcome, &had, name);
}
