/* SPDX-License-Identifier: MIT */
#include "common/server/delegate.h"

#include <string.h>

#include "common/base/failure.h"
#include "common/base/memory.h"
#include "common/server/server.h"

/* A listen that waits for the delegate's answer. */
struct asked_listen {
  weir_listen_options options;
  char *name;        /* room for the name that is had */
  weir_error *first; /* why the first address could not be had */
  size_t next;       /* of the further ones */
  size_t count;
  weir_address further[];
};

bool server_delegates(const weir_server *server, const weir_listen_options *options) {
  return server->handle.loop->delegation != NULL && !options->exclusive && !options->reuse_port;
}

/* ---- asking ---- */

static void free_asked(weir_server *server) {
  struct asked_listen *asked = server->asked_listen;
  server->asked_listen = NULL;
  memory_put(server_allocator(server), asked->name);
  memory_put(server_allocator(server), asked->first);
  memory_put(server_allocator(server), asked);
}

static weir_code ask(weir_server *server, const struct address *address) {
  struct address copy = *address;
  struct listen_request request = server_listen_request(&copy, &server->asked_listen->options);
  struct delegation *delegation = server->handle.loop->delegation;
  struct delegate *delegate = NULL;
  weir_code code = delegation->ask(delegation, server, &request, &delegate);
  if (code == WEIR_OK) server->delegate = delegate;
  return code;
}

static weir_code begin(weir_server *server, const struct address *address, const weir_address *further, size_t count,
                       char *name, const weir_listen_options *options) {
  struct asked_listen *asked =
      memory_get_zeroed(server_allocator(server), sizeof *asked + count * sizeof asked->further[0]);
  if (asked == NULL) {
    memory_put(server_allocator(server), name);
    return WEIR_ENOMEM;
  }
  asked->options = *options;
  asked->name = name;
  asked->count = count;
  if (count > 0) memcpy(asked->further, further, count * sizeof *further);
  server->asked_listen = asked;
  weir_code code = ask(server, address);
  if (code != WEIR_OK) {
    free_asked(server);
    return code;
  }
  server->state = SERVER_ASKING;
  handle_retain(&server->handle); /* the delegate's, until it has answered */
  server_update_liveness(server);
  return WEIR_OK;
}

weir_code server_delegate(weir_server *server, const struct address *address, char *name,
                          const weir_listen_options *options) {
  return begin(server, address, NULL, 0, name, options);
}

weir_code server_delegate_first(weir_server *server, const weir_address *addresses, size_t count, char *name,
                                const weir_listen_options *options) {
  struct address address;
  address_set_ip(&address, &addresses[0]);
  return begin(server, &address, addresses + 1, count - 1, name, options);
}

/* ---- answers ---- */

static void be_idle(weir_server *server) {
  server->state = SERVER_IDLE;
  server_update_liveness(server);
}

void server_delegate_listens(struct delegate *delegate, const char *name, const weir_address *bound) {
  weir_server *server = delegate->server;
  char *had = server->asked_listen->name;
  server->asked_listen->name = NULL;
  free_asked(server);
  server_start_at(server, server_name_cut(had, name), bound);
  server->lacks_acceptor = true;
  handle_release(&server->handle);
}

static void fail(weir_server *server, const weir_error *error) {
  be_idle(server);
  server_fail(server, error);
}

void server_delegate_shares(struct delegate *delegate, intptr_t native) {
  static const weir_error no_memory = {
      .code = WEIR_ENOMEM, .operation = "listen", .address = "", .hint = "no memory for the name that was had"};
  weir_server *server = delegate->server;
  const weir_loop *loop = server->handle.loop;
  struct listen_request request = server_listen_request(NULL, &server->asked_listen->options);
  request.native = native;
  free_asked(server);
  be_idle(server);
  weir_code code = server_listen_on(server, &request, NULL);
  if (code != WEIR_OK) fail(server, &no_memory);
  if (!weir_server_listening(server)) {
    loop->operations->open(loop->backend, NULL, native);
    server_leave_delegate(server);
  }
  handle_release(&server->handle);
}

/* What the first address met is what the user hears, as without a delegate. */
static bool ask_for_next(weir_server *server, const weir_error *error) {
  struct asked_listen *asked = server->asked_listen;
  struct address address;
  if (asked->first == NULL) asked->first = failure_copy(server_allocator(server), error);
  if (asked->next == asked->count || asked->first == NULL) return false;
  address_set_ip(&address, &asked->further[asked->next++]);
  return ask(server, &address) == WEIR_OK;
}

void server_delegate_refuses(struct delegate *delegate, const weir_error *error) {
  weir_server *server = delegate->server;
  server->delegate = NULL;
  delegate->server = NULL;
  if (ask_for_next(server, error)) return;
  weir_error *first = server->asked_listen->first;
  server->asked_listen->first = NULL;
  free_asked(server);
  fail(server, first == NULL ? error : first);
  memory_put(server_allocator(server), first);
  handle_release(&server->handle);
}

/* ---- leaving ---- */

void server_leave_delegate(weir_server *server) {
  struct delegate *delegate = server->delegate;
  bool was_asking = server->state == SERVER_ASKING;
  if (delegate == NULL) return;
  server->delegate = NULL;
  delegate->server = NULL;
  delegate->delegation->left(delegate);
  if (!was_asking) return;
  free_asked(server);
  be_idle(server);
  server_forget_listener(server);
  cancelable_leave(&server->cancelable);
  handle_release(&server->handle);
}
