/* SPDX-License-Identifier: MIT */
/*
 * Listening: an endpoint becomes an address, the backend has its name or not, and the event is owed. While an old life
 * still closes, the listen waits for its end. A host's name is looked up first, see server_lookup.c.
 */
#include <string.h>

#include "common/bound.h"
#include "common/failure.h"
#include "common/memory.h"
#include "common/server.h"

/* Room for a printed address, every byte of which may stand as \xNN. */
enum { NAME_BYTES = ADDRESS_TEXT_BYTES * 4 };

/* A listen() that waits for the end of a close. */
struct listen_later {
  weir_listen_options options;
  size_t length;
  char endpoint[];
};

void server_forget_listener(weir_server *server) {
  if (server->listener != NULL) {
    handle_unlisten(&server->handle, WEIR_EVENT_LISTENING, server->listener, server->listener_user);
  }
  server->listener = NULL;
}

weir_code server_owe_failure(weir_server *server, const weir_error *error) {
  server->failure = failure_copy(server_allocator(server), error);
  if (server->failure == NULL) return WEIR_ENOMEM;
  server->state = SERVER_FAILING;
  server_owe(server, SERVER_OWES_FAILURE);
  return WEIR_OK;
}

static void be_started(weir_server *server) {
  server->state = SERVER_STARTING;
  server->acceptor_returned = false;
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

/*
 * The name is had: its place was taken before, so that nothing can fail any more. The last life's name was kept until
 * now, because errors that are still being told lend it.
 */
static void keep_name(weir_server *server, char *name, const struct address *address) {
  memset(&server->bound, 0, sizeof server->bound);
  if (address->kind == ADDRESS_IP) server->bound = address->ip;
  memory_put(server_allocator(server), server->address);
  char *shorter = memory_resize(server_allocator(server), name, strlen(name) + 1);
  server->address = shorter == NULL ? name : shorter;
}

static struct listen_request request_of(struct address *address, const weir_listen_options *options) {
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
    keep_name(server, name, address);
    be_started(server);
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
  struct listen_request request = request_of(&address, options);
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
  struct listen_request request = request_of(address, options);
  struct outcome outcome =
      address->kind == ADDRESS_HOST ? listen_anywhere(server, &request) : listen_below(server, &request);
  return conclude(server, &outcome, address, name);
}

static weir_code listen_at(weir_server *server, const char *endpoint, size_t length,
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

/* Listens on what a request names instead of an address; `address` is for errors. */
static weir_code listen_on(weir_server *server, struct listen_request *request, const weir_address *address) {
  struct address had = {.kind = ADDRESS_NONE};
  char *name = memory_get(server_allocator(server), NAME_BYTES);
  if (name == NULL) return WEIR_ENOMEM;
  request->address = &had;
  struct outcome outcome = listen_below(server, request);
  if (outcome.code != WEIR_OK && address != NULL) address_set_ip(&had, address);
  return conclude(server, &outcome, &had, name);
}

static weir_code listen_on_native(weir_server *server, intptr_t native, const weir_listen_options *options) {
  struct listen_request request = request_of(NULL, options);
  request.native = native;
  return listen_on(server, &request, NULL);
}

static weir_code listen_on_bound(weir_server *server, weir_bound *bound, const weir_listen_options *options) {
  struct listen_request request = request_of(NULL, options);
  if (!bound_claim(bound, server->handle.loop)) return WEIR_EINVAL;
  request.bound = bound_acceptor(bound);
  weir_code code = listen_on(server, &request, bound_name(bound));
  if (code == WEIR_OK && server->state == SERVER_STARTING) {
    bound_take(bound);
  } else {
    bound_unclaim(bound);
  }
  return code;
}

static weir_code add_listening_listener(weir_server *server, const weir_listen_options *options) {
  if (options->listener == NULL) return WEIR_OK;
  weir_code code = weir_server_once(server, WEIR_EVENT_LISTENING, options->listener, options->user);
  if (code != WEIR_OK) return code;
  server->listener = options->listener;
  server->listener_user = options->user;
  return WEIR_OK;
}

static weir_code check_listen(const weir_server *server, const weir_listen_options *options,
                              weir_listen_options *whole) {
  *whole = weir_listen_options_default();
  if (server == NULL || (options != NULL && options->size == 0)) return WEIR_EINVAL;
  loop_check_thread(server->handle.loop);
  if (server->handle.loop->ended) return WEIR_ECANCELED;
  if (options != NULL) memcpy(whole, options, options->size < sizeof *whole ? options->size : sizeof *whole);
  bool may = server->state == SERVER_IDLE || server->state == SERVER_CLOSING;
  return may && server->later == NULL ? WEIR_OK : WEIR_EALREADY;
}

/* While the last life still closes: the listen begins after its `close`. */
static weir_code listen_later(weir_server *server, const char *endpoint, size_t length,
                              const weir_listen_options *options) {
  struct listen_later *later = memory_get(server_allocator(server), sizeof *later + length + 1);
  if (later == NULL) return WEIR_ENOMEM;
  later->options = *options;
  if (options->cancellation != NULL) weir_cancellation_retain(options->cancellation);
  later->length = length;
  memcpy(later->endpoint, endpoint, length);
  later->endpoint[length] = '\0';
  server->later = later;
  return WEIR_OK;
}

static void cancel(struct cancelable *cancelable) {
  weir_server *server = CONTAINER_OF(cancelable, weir_server, cancelable);
  if (server->state == SERVER_LOOKING_UP) {
    server_stop_lookup(server);
    server_owe_bare_close(server);
  } else {
    weir_server_close(server, NULL, NULL);
  }
}

/* What is the same whatever is listened on; `code` is what listening there gave. */
static weir_code begun(weir_server *server, weir_code code, const weir_listen_options *options) {
  if (code != WEIR_OK) {
    server_forget_listener(server);
  } else {
    cancelable_join(&server->cancelable, options->cancellation, cancel);
  }
  return code;
}

weir_code weir_server_listen(weir_server *server, const char *endpoint, const weir_listen_options *options) {
  weir_listen_options whole;
  weir_code code = endpoint == NULL ? WEIR_EINVAL : check_listen(server, options, &whole);
  if (code != WEIR_OK) return code;
  size_t length = whole.endpoint_length != 0 ? whole.endpoint_length : strlen(endpoint);
  if (server->state == SERVER_CLOSING) return listen_later(server, endpoint, length, &whole);
  code = add_listening_listener(server, &whole);
  return code != WEIR_OK ? code : begun(server, listen_at(server, endpoint, length, &whole), &whole);
}

static weir_code check_listen_on(weir_server *server, const weir_listen_options *options, weir_listen_options *whole) {
  weir_code code = check_listen(server, options, whole);
  if (code != WEIR_OK) return code;
  return server->state == SERVER_CLOSING ? WEIR_EALREADY : add_listening_listener(server, whole);
}

weir_code weir_server_listen_native(weir_server *server, intptr_t native, const weir_listen_options *options) {
  weir_listen_options whole;
  weir_code code = check_listen_on(server, options, &whole);
  return code != WEIR_OK ? code : begun(server, listen_on_native(server, native, &whole), &whole);
}

weir_code weir_server_listen_bound(weir_server *server, weir_bound *bound, const weir_listen_options *options) {
  weir_listen_options whole;
  weir_code code = bound == NULL ? WEIR_EINVAL : check_listen_on(server, options, &whole);
  return code != WEIR_OK ? code : begun(server, listen_on_bound(server, bound, &whole), &whole);
}

void server_deliver_start(weir_server *server) {
  weir_event event = {.type = WEIR_EVENT_LISTENING, .server = server};
  if (server->state != SERVER_STARTING) return;
  server->state = SERVER_LISTENING;
  server->listener = NULL; /* its emission takes it off */
  server_accept(server, true);
  handle_emit(&server->handle, &event);
}

void server_deliver_failure(weir_server *server) {
  weir_error *error = server->failure;
  weir_event event = {.type = WEIR_EVENT_ERROR, .server = server, .error = error};
  if (error == NULL) return;
  server->failure = NULL;
  server->state = SERVER_IDLE;
  server_forget_listener(server);
  cancelable_leave(&server->cancelable);
  handle_emit_error(&server->handle, &event);
  memory_put(server_allocator(server), error);
}

static void free_later(weir_server *server, struct listen_later *later) {
  if (later == NULL) return;
  weir_cancellation_release(later->options.cancellation);
  memory_put(server_allocator(server), later);
}

void server_forget_later(weir_server *server) {
  free_later(server, server->later);
  server->later = NULL;
}

void server_listen_if_asked(weir_server *server) {
  struct listen_later *later = server->later;
  if (later == NULL) return;
  server->later = NULL;
  later->options.endpoint_length = later->length;
  weir_code code = weir_server_listen(server, later->endpoint, &later->options);
  if (code != WEIR_OK) server_report(server, "listen", code, 0, "listening again after the close did not begin");
  free_later(server, later);
}
