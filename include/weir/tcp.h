/* SPDX-License-Identifier: MIT */
/**
 * @file
 * What a socket over TCP has beside the rest: addresses, options, and a way to break off.
 *
 * Every call may be made on any socket, so that a program need not know what it talks over: local sockets have no
 * addresses, and the options have no effect on them.
 */
#ifndef WEIR_TCP_H
#define WEIR_TCP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <weir/address.h>
#include <weir/error.h>
#include <weir/event.h>
#include <weir/export.h>

#ifdef __cplusplus
extern "C" {
#endif

/* ---- Addresses ---- */

/**
 * The own address of a TCP connection. It is remembered when the connection is made, from `connect` or `connection` on,
 * and still readable after `close`, until the socket is connected again.
 *
 * **Errors:** false, and `*address` all zero, when there is none: before the connection, on local sockets, and when
 * there was no memory to remember it. **Thread:** the loop's.
 */
WEIR_API bool weir_socket_local_address(const weir_socket *socket, weir_address *address);

/** The address of the peer. Else as `weir_socket_local_address`. **Thread:** the loop's. */
WEIR_API bool weir_socket_remote_address(const weir_socket *socket, weir_address *address);

/**
 * What the last connect tried: how many IP addresses, in the order in which their attempts began. `address`, which may
 * be NULL, is set to the one of this index with its port, or to all zero when there is none. Blocked addresses are not
 * tried, local names are no IP addresses.
 *
 * **Thread:** the loop's.
 */
WEIR_API size_t weir_socket_attempted(const weir_socket *socket, size_t index, weir_address *address);

/* ---- Options ---- */

/**
 * Sends small writes at once (true) instead of collecting them while something is unacknowledged (false, the default:
 * Nagle's algorithm).
 *
 * May be called at any time, as may the others of this kind: before the connection is made it is remembered, and the
 * system is told once when it is made, before `connect`; then only when the value changes. It stays for a further
 * connect. On local sockets it has no effect.
 *
 * **Errors:** what the system says; then everything is as before. `WEIR_ENOTSUP` where the system has no such thing,
 * `WEIR_ENOMEM`, `WEIR_EINVAL`. **Thread:** the loop's.
 */
WEIR_API weir_code weir_socket_set_no_delay(weir_socket *socket, bool no_delay);

/** How an idle connection is probed. Zero is the default; begin with `weir_keep_alive_default()`. */
typedef struct weir_keep_alive {
  size_t size;          /**< `sizeof(weir_keep_alive)`. */
  bool enabled;         /**< Whether it is probed at all; false is the default. */
  uint64_t delay_ms;    /**< How long it has to be idle before the first probe. Times are rounded down to whole seconds,
                             but never to 0; 0: as it is, at first the system's choice. */
  uint64_t interval_ms; /**< How long an unanswered probe is waited for; 0: 1 s with a delay, as it is without. */
  int count;            /**< After how many unanswered probes the connection fails; 0: 10 with a delay, as it is
                             without. */
} weir_keep_alive;

/** Keep-alive with every default: none. */
static inline weir_keep_alive weir_keep_alive_default(void) {
  weir_keep_alive keep_alive;
  memset(&keep_alive, 0, sizeof keep_alive);
  keep_alive.size = sizeof keep_alive;
  return keep_alive;
}

/**
 * Has the system probe the peer while the connection is idle, so that one that is gone is noticed: the socket fails
 * with `WEIR_ETIMEDOUT`. When and how it takes effect: as `weir_socket_set_no_delay`.
 *
 * **Owns:** the structure is copied. **Errors:** as `weir_socket_set_no_delay`; `WEIR_EINVAL` also for a negative
 * count. **Thread:** the loop's.
 */
WEIR_API weir_code weir_socket_set_keep_alive(weir_socket *socket, const weir_keep_alive *keep_alive);

/**
 * Sets the type of service of IPv4, or the traffic class of IPv6, of what is sent: 0 to 255. When and how it takes
 * effect: as `weir_socket_set_no_delay`.
 *
 * **Errors:** as `weir_socket_set_no_delay`; `WEIR_EINVAL` also for another number. **Thread:** the loop's.
 */
WEIR_API weir_code weir_socket_set_type_of_service(weir_socket *socket, int type_of_service);

/** The type of service that was set, or 0. **Thread:** the loop's. */
WEIR_API int weir_socket_type_of_service(const weir_socket *socket);

/**
 * Lets the system's close wait for so many seconds until what was sent is acknowledged, and break the connection off
 * after that; 0 breaks it off at once, -1 (the default) lets the system deliver in the background. Beware: with more
 * than 0 closing can block the loop's thread for as long; `weir_socket_end` and waiting for `close` does not need it.
 * When and how it takes effect: as `weir_socket_set_no_delay`.
 *
 * **Errors:** as `weir_socket_set_no_delay`; `WEIR_EINVAL` also for less than -1 or more than 65,535. **Thread:** the
 * loop's.
 */
WEIR_API weir_code weir_socket_set_linger(weir_socket *socket, int seconds);

/* ---- Breaking off ---- */

/**
 * Breaks a TCP connection off: the peer gets `error` with `WEIR_ECONNRESET` instead of an end; here it is as
 * `weir_socket_destroy` without an error. While it connects, the socket connects first, emits `connect`, gives the
 * system at once what it takes of what was written, and then breaks off. One that was never connected fails with
 * `WEIR_ENOTCONN`; one that is destroyed already is left alone.
 *
 * **Errors:** `WEIR_ENOTSUP` for a connection to a local name: nothing has happened. **Thread:** the loop's.
 * **Calls back:** never from inside this call.
 */
WEIR_API weir_code weir_socket_reset_and_destroy(weir_socket *socket);

#ifdef __cplusplus
}
#endif

#endif
