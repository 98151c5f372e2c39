/* SPDX-License-Identifier: MIT */
/*
 * Options of TCP connections. Before a connection is made they are remembered, also for the next one; when it is made
 * the system is told once, and later only what changes. An accepted socket shares its server's until it wants others.
 *
 * What the system refuses while a connection is made must not kill the connection: it is left out and forgotten, so
 * that asking again tells the code. (EO-50; conformance A120-A130)
 */
#include "common/socket/options.h"

#include <limits.h>

#include "common/base/memory.h"
#include "common/base/versioned.h"
#include "common/server/server.h"
#include "common/socket/socket.h"

static const struct socket_options defaults = {.type_of_service = TYPE_OF_SERVICE_UNSET, .linger_s = LINGER_OFF};

/* ---- reading ---- */

int socket_options_seconds(uint64_t milliseconds) {
  if (milliseconds == 0) return 0;
  uint64_t seconds = milliseconds < 1000 ? 1 : milliseconds / 1000;
  return seconds > INT_MAX ? INT_MAX : (int)seconds;
}

/* Who says when the probing begins wants to know soon: as in Node, ten probes, a second apart. (EO-50) */
enum { PROBE_INTERVAL_S = 1, PROBE_COUNT = 10 };

static struct keep_alive keep_alive_of(const struct keep_alive_wish *wish) {
  struct keep_alive keep_alive = {.wanted = wish->enabled};
  if (!wish->enabled) return keep_alive;
  keep_alive.delay_s = socket_options_seconds(wish->delay_ms);
  keep_alive.interval_s = socket_options_seconds(wish->interval_ms);
  keep_alive.count = wish->count;
  if (keep_alive.delay_s == 0) return keep_alive;
  if (keep_alive.interval_s == 0) keep_alive.interval_s = PROBE_INTERVAL_S;
  if (keep_alive.count == 0) keep_alive.count = PROBE_COUNT;
  return keep_alive;
}

weir_code socket_options_read(struct socket_options *options, bool no_delay, const struct keep_alive_wish *keep_alive,
                              int type_of_service) {
  if (type_of_service < 0 || type_of_service > UINT8_MAX || keep_alive->count < 0) return WEIR_EINVAL;
  *options = defaults;
  options->no_delay = no_delay;
  options->keep_alive = keep_alive_of(keep_alive);
  if (type_of_service != 0) options->type_of_service = type_of_service;
  return WEIR_OK;
}

static bool same_keep_alive(const struct keep_alive *a, const struct keep_alive *b) {
  return a->wanted == b->wanted && a->delay_s == b->delay_s && a->interval_s == b->interval_s && a->count == b->count;
}

bool socket_options_any(const struct socket_options *options) {
  return options->no_delay || options->keep_alive.wanted || options->type_of_service != TYPE_OF_SERVICE_UNSET ||
         options->linger_s != LINGER_OFF;
}

/* ---- whose they are ---- */

const struct socket_options *socket_options_of(const struct weir_socket *socket) {
  const struct socket_tcp *tcp = socket_tcp(socket);
  if (tcp != NULL && tcp->options != NULL) return tcp->options;
  return socket->server == NULL ? &defaults : server_socket_options(socket->server);
}

weir_code socket_set_options(struct weir_socket *socket, const struct socket_options *options) {
  struct socket_tcp *tcp = socket_need_tcp(socket);
  if (tcp == NULL) return WEIR_ENOMEM;
  if (tcp->options == NULL) tcp->options = memory_get(&socket->handle.loop->allocator, sizeof *options);
  if (tcp->options == NULL) return WEIR_ENOMEM;
  *tcp->options = *options;
  return WEIR_OK;
}

void socket_free_options(struct weir_socket *socket) {
  struct socket_tcp *tcp = socket_tcp(socket);
  if (tcp != NULL) memory_put(&socket->handle.loop->allocator, tcp->options);
}

/* ---- telling the system ---- */

static weir_code tell(struct weir_socket *socket, enum control control, const void *argument) {
  return socket_operations(socket)->control(socket_backend(socket), socket_connection(socket), control,
                                            (void *)(uintptr_t)argument);
}

void socket_apply_options(struct weir_socket *socket) {
  const struct socket_options wanted = *socket_options_of(socket);
  if (!socket_options_any(&wanted)) return;
  struct socket_options had = wanted;
  bool refused = false;
  if (wanted.no_delay && tell(socket, CONTROL_NO_DELAY, &wanted.no_delay) != WEIR_OK) {
    had.no_delay = defaults.no_delay;
    refused = true;
  }
  if (wanted.keep_alive.wanted && tell(socket, CONTROL_KEEP_ALIVE, &wanted.keep_alive) != WEIR_OK) {
    had.keep_alive = defaults.keep_alive;
    refused = true;
  }
  if (wanted.type_of_service != TYPE_OF_SERVICE_UNSET &&
      tell(socket, CONTROL_TYPE_OF_SERVICE, &wanted.type_of_service) != WEIR_OK) {
    had.type_of_service = defaults.type_of_service;
    refused = true;
  }
  if (wanted.linger_s != LINGER_OFF && tell(socket, CONTROL_LINGER, &wanted.linger_s) != WEIR_OK) {
    had.linger_s = defaults.linger_s;
    refused = true;
  }
  if (refused) socket_set_options(socket, &had);
}

/* Remembers what has changed, when the system, if there is a connection, has taken it. */
static weir_code change(struct weir_socket *socket, const struct socket_options *options, enum control control,
                        const void *argument) {
  if (socket->handle.loop->ended) return WEIR_ECANCELED;
  struct socket_options before = *socket_options_of(socket);
  weir_code code = socket_set_options(socket, options);
  if (code != WEIR_OK || socket->life != LIFE_OPEN || !socket->is_tcp) return code;
  code = tell(socket, control, argument);
  if (code != WEIR_OK) socket_set_options(socket, &before);
  return code;
}

/* ---- the calls ---- */

weir_code weir_socket_set_no_delay(weir_socket *socket, bool no_delay) {
  if (socket == NULL) return WEIR_EINVAL;
  loop_check_thread(socket->handle.loop);
  struct socket_options options = *socket_options_of(socket);
  if (options.no_delay == no_delay) return WEIR_OK;
  options.no_delay = no_delay;
  return change(socket, &options, CONTROL_NO_DELAY, &options.no_delay);
}

weir_code weir_socket_set_keep_alive(weir_socket *socket, const weir_keep_alive *keep_alive) {
  weir_keep_alive whole = weir_keep_alive_default();
  if (socket == NULL || keep_alive == NULL || !versioned_read(&whole, sizeof whole, keep_alive)) return WEIR_EINVAL;
  loop_check_thread(socket->handle.loop);
  if (whole.count < 0) return WEIR_EINVAL;
  struct socket_options options = *socket_options_of(socket);
  struct keep_alive wanted =
      keep_alive_of(&(struct keep_alive_wish){whole.enabled, whole.delay_ms, whole.interval_ms, whole.count});
  if (same_keep_alive(&options.keep_alive, &wanted)) return WEIR_OK;
  options.keep_alive = wanted;
  return change(socket, &options, CONTROL_KEEP_ALIVE, &options.keep_alive);
}

weir_code weir_socket_set_type_of_service(weir_socket *socket, int type_of_service) {
  if (socket == NULL || type_of_service < 0 || type_of_service > UINT8_MAX) return WEIR_EINVAL;
  loop_check_thread(socket->handle.loop);
  struct socket_options options = *socket_options_of(socket);
  if (options.type_of_service == type_of_service) return WEIR_OK;
  options.type_of_service = type_of_service;
  return change(socket, &options, CONTROL_TYPE_OF_SERVICE, &options.type_of_service);
}

int weir_socket_type_of_service(const weir_socket *socket) {
  int type_of_service = socket_options_of(socket)->type_of_service;
  return type_of_service == TYPE_OF_SERVICE_UNSET ? 0 : type_of_service;
}

weir_code weir_socket_set_linger(weir_socket *socket, int seconds) {
  if (socket == NULL || seconds < LINGER_OFF || seconds > UINT16_MAX) return WEIR_EINVAL;
  loop_check_thread(socket->handle.loop);
  struct socket_options options = *socket_options_of(socket);
  if (options.linger_s == seconds) return WEIR_OK;
  options.linger_s = seconds;
  return change(socket, &options, CONTROL_LINGER, &options.linger_s);
}
