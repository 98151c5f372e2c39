/* SPDX-License-Identifier: MIT */
/*
 * Listening: what the calls check and remember, and the events that they owe. Whether a name can be had is found in
 * server/name.c. While an old life still closes, a listen waits for its end.
 */
#include <string.h>

#include "common/base/failure.h"
#include "common/base/memory.h"
#include "common/base/versioned.h"
#include "common/server/bound.h"
#include "common/server/delegate.h"
#include "common/server/server.h"

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

void server_fail(weir_server *server, const weir_error *error) {
  if (server_owe_failure(server, error) == WEIR_OK) return;
  server_forget_listener(server);
  cancelable_leave(&server->cancelable);
  server_report(server, error->operation, error->code, error->native_code, error->hint);
}

void server_forget_failure(weir_server *server) {
  memory_put(server_allocator(server), server->failure);
  server->failure = NULL;
  server->state = SERVER_IDLE;
}

static weir_code listen_on_native(weir_server *server, intptr_t native, const weir_listen_options *options) {
  struct listen_request request = server_listen_request(NULL, options);
  request.native = native;
  return server_listen_on(server, &request, NULL);
}

static weir_code listen_on_bound(weir_server *server, weir_bound *bound, const weir_listen_options *options) {
  struct listen_request request = server_listen_request(NULL, options);
  if (!bound_claim(bound, server->handle.loop)) return WEIR_EINVAL;
  request.bound = bound_acceptor(bound);
  weir_code code = server_listen_on(server, &request, bound_name(bound));
  if (code == WEIR_OK && server->state == SERVER_STARTING) {
    bound_take(bound);
  } else {
    bound_unclaim(bound);
  }
  return code;
}

static weir_code listen_on_shared(weir_server *server, weir_server *other, const weir_listen_options *options) {
  struct listen_request request = server_listen_request(NULL, options);
  request.backlog = other->backlog;
  request.shared = server_acceptor(other);
  return server_listen_on(server, &request, other->bound.family == WEIR_FAMILY_NONE ? NULL : &other->bound);
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
  if (server == NULL || !versioned_read(whole, sizeof *whole, options)) return WEIR_EINVAL;
  loop_check_thread(server->handle.loop);
  if (server->handle.loop->ended) return WEIR_ECANCELED;
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
  handle_retain(&server->handle); /* the look-up may be the last owner */
  if (server->state == SERVER_LOOKING_UP || server->state == SERVER_ASKING) {
    server_stop_lookup(server);
    server_leave_delegate(server);
    server_owe_bare_close(server);
  } else {
    weir_server_close(server, NULL, NULL);
  }
  handle_release(&server->handle);
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
  return code != WEIR_OK ? code : begun(server, server_listen_at(server, endpoint, length, &whole), &whole);
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

weir_code weir_server_listen_shared(weir_server *server, weir_server *other, const weir_listen_options *options) {
  weir_listen_options whole;
  if (server == NULL || other == NULL || server->handle.loop != other->handle.loop) return WEIR_EINVAL;
  if (weir_server_listening(other) && other->lacks_acceptor) return WEIR_ENOTSUP;
  weir_code code = weir_server_listening(other) ? check_listen_on(server, options, &whole) : WEIR_ENOTOPEN;
  return code != WEIR_OK ? code : begun(server, listen_on_shared(server, other, &whole), &whole);
}

void server_deliver_start(weir_server *server) {
  weir_event event = {.type = WEIR_EVENT_LISTENING, .server = server};
  if (server->state != SERVER_STARTING) return;
  server->state = SERVER_LISTENING;
  server->listener = NULL; /* its emission takes it off */
  if (!server->lacks_acceptor && !server->waits_to_accept) server_accept(server, true);
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
