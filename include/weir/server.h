/* SPDX-License-Identifier: MIT */
/**
 * @file
 * Servers: they listen at an endpoint and emit a socket for each client.
 *
 * A Unix socket's file is made with its mode before anyone can connect, and closing removes only the file that this
 * server made. A named pipe rejects clients from other machines, and a second server of its name.
 */
#ifndef WEIR_SERVER_H
#define WEIR_SERVER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <weir/address.h>
#include <weir/block_list.h>
#include <weir/bound.h>
#include <weir/endpoint.h>
#include <weir/error.h>
#include <weir/event.h>
#include <weir/export.h>
#include <weir/lookup.h>
#include <weir/loop.h>

#ifdef __cplusplus
extern "C" {
#endif

/** The default length of the queue of clients that wait to be accepted. */
#define WEIR_BACKLOG 511

/** For `weir_server_set_max_connections`: no limit. */
#define WEIR_UNLIMITED (-1)

/** How a server is made. Zero is the default of every field; begin with `weir_server_options_default()`. */
typedef struct weir_server_options {
  size_t size;            /**< `sizeof(weir_server_options)`. */
  bool allow_half_open;   /**< Accepted sockets keep their write half open after the peer's end. */
  bool pause_on_connect;  /**< Accepted sockets read nothing, not even an end, until `weir_socket_resume`. */
  size_t high_water_mark; /**< Mark of the accepted sockets; 0: `WEIR_HIGH_WATER_MARK`. */
  void *user;             /**< First value of `weir_server_user`. */
  bool no_delay;   /**< As `weir_socket_set_no_delay`, for every accepted socket, before `connection`. This and the
                        following are for TCP, as in `weir_socket_options`. */
  bool keep_alive; /**< As `weir_socket_set_keep_alive`, with the next three. */
  uint64_t keep_alive_delay_ms;    /**< As `weir_keep_alive.delay_ms`. */
  uint64_t keep_alive_interval_ms; /**< As `weir_keep_alive.interval_ms`. */
  int keep_alive_count;            /**< As `weir_keep_alive.count`. */
  int type_of_service;             /**< As `weir_socket_set_type_of_service`; 0: leave it alone. */
  weir_block_list *block_list;     /**< Clients from these addresses are turned away without any event; a list that
                                      changes later counts as it is then. The server holds it. NULL: nobody. */
  bool drop_max_connections; /**< In a worker of a cluster, what is above `max_connections` is dropped here; by default
                                  another worker gets it, and it is dropped when none has room. See cluster.h. */
} weir_server_options;

/** Options with every default. */
static inline weir_server_options weir_server_options_default(void) {
  weir_server_options options;
  memset(&options, 0, sizeof options);
  options.size = sizeof options;
  return options;
}

/** How a server listens. Zero is the default of every field; begin with `weir_listen_options_default()`. */
typedef struct weir_listen_options {
  size_t size;            /**< `sizeof(weir_listen_options)`. */
  size_t endpoint_length; /**< Bytes of the endpoint's text, for names with a leading NUL; 0: up to its zero. */
  int backlog;            /**< How many clients may wait to be accepted; 0: `WEIR_BACKLOG`. On Windows, how many pipe
                               instances wait at the most. */
  bool readable_all; /**< Other users may read: the file's mode, or the pipe's descriptor. Not for abstract names. */
  bool writable_all; /**< Other users may write, and so connect. Without either only this user can. */
  weir_listener listener; /**< Added as a once-listener of `listening`, when not NULL; dropped when listening fails. */
  void *user;             /**< Its last argument. */
  weir_cancellation *cancellation; /**< Closes the server; see cancellation.h. Held until then. NULL: none. */
  bool ipv6_only;                  /**< TCP: an IPv6 address takes no IPv4 clients; by default `::` does. */
  bool reuse_port; /**< TCP: several servers that ask for it may listen at one port, in one process or in several,
                        and the system spreads the clients over them; `WEIR_ENOTSUP` where it cannot. */
  weir_resolver resolver; /**< TCP: looks a host's name up instead of the system's resolver, when not NULL. */
  void *resolver_user;    /**< Its last argument. */
  bool exclusive; /**< In a worker of a cluster, listens by itself, so that the name must be free; by default it is
                       shared with the other workers. See cluster.h. */
} weir_listen_options;

/** Options with every default. */
static inline weir_listen_options weir_listen_options_default(void) {
  weir_listen_options options;
  memset(&options, 0, sizeof options);
  options.size = sizeof options;
  return options;
}

/**
 * Makes a server that does not listen yet. `options` and `connection` may be NULL; the latter is added as a listener of
 * `connection`.
 *
 * **Owns:** the caller owns `*server`; give it back with `weir_server_release`, at any time: a listening server lives
 * on in the loop until it has closed. **Errors:** `WEIR_ENOMEM`, `WEIR_EINVAL`. **Thread:** the loop's.
 */
WEIR_API weir_code weir_server_create(weir_loop *loop, const weir_server_options *options, weir_listener connection,
                                      void *user, weir_server **server);

/**
 * Listens at an endpoint; see endpoint.h. `options` may be NULL. Later: `listening`, or `error` and no `close`; after a
 * failure, and after a close, it may listen again.
 *
 * A TCP name is looked up first, and the server listens at the first of its addresses that can be had, link-local ones
 * last; an unknown name is an `error` of the operation "lookup". Closed before the answer, it never listens.
 *
 * **Owns:** the text is copied. **Errors:** `WEIR_EALREADY` while it listens or another listen waits, `WEIR_EINVAL`,
 * `WEIR_ENOMEM`; a name that cannot be had is an `error` event. **Thread:** the loop's. **Calls back:** never from
 * inside this call.
 */
WEIR_API weir_code weir_server_listen(weir_server *server, const char *endpoint, const weir_listen_options *options);

/**
 * Listens on a socket that is bound already: a descriptor (POSIX), as socket activation gives one. On Windows, where
 * pipes cannot be taken over like this, `error` with `WEIR_ENOTSUP`. `options` may be NULL.
 *
 * **Owns:** the server, once it emits `listening`: it will close it, but never removes its file. On `error` the
 * descriptor is still yours. **Errors:** as `weir_server_listen`; a bad descriptor is an `error` event.
 * **Thread:** the loop's. **Calls back:** never from inside this call.
 */
WEIR_API weir_code weir_server_listen_native(weir_server *server, intptr_t native, const weir_listen_options *options);

/**
 * Listens at an address that was bound before; see bound.h. Of the options `ipv6_only` and `reuse_port` do not count.
 *
 * **Owns:** the address is the server's, once this succeeds and no `error` follows; it is as if used up then.
 * **Errors:** as `weir_server_listen`; `WEIR_EINVAL` when it was used already or is another loop's, `WEIR_EALREADY`
 * while the server closes. **Thread:** the loop's. **Calls back:** never from inside this call.
 */
WEIR_API weir_code weir_server_listen_bound(weir_server *server, weir_bound *bound, const weir_listen_options *options);

/**
 * Listens where another server of the same loop listens: both accept from then on, each client comes to one of them,
 * and each closes for itself; the name is free when the last one has. Only `listener`, `user` and `cancellation` of the
 * options count. Over named pipes `error` with `WEIR_ENOTSUP`.
 *
 * **Owns:** nothing; neither holds the other. **Errors:** as `weir_server_listen`; `WEIR_ENOTOPEN` when the other does
 * not listen, `WEIR_EINVAL` when it is another loop's, `WEIR_EALREADY` while the server closes, `WEIR_ENOTSUP` when a
 * cluster's primary accepts for the other. **Thread:** the loop's. **Calls back:** never from inside this call.
 */
WEIR_API weir_code weir_server_listen_shared(weir_server *server, weir_server *other,
                                             const weir_listen_options *options);

/**
 * Called when a close is over: `error` is NULL, or `WEIR_ENOTOPEN` when the server was not listening.
 *
 * **Owns:** the error is lent for the call. **Thread:** the loop's.
 */
typedef void (*weir_server_callback)(weir_server *server, const weir_error *error, void *user);

/**
 * Stops accepting at once; the name is free again. Connections stay; when the last accepted socket has emitted its
 * `close`, the server emits `close` and then calls `callback`, which may be NULL.
 *
 * **Errors:** none from the call; a server that is not listening calls back with `WEIR_ENOTOPEN` and emits no `close`.
 * `WEIR_ENOMEM` when the callback cannot be remembered; then nothing is closed. **Thread:** the loop's.
 * **Calls back:** never from inside this call.
 */
WEIR_API weir_code weir_server_close(weir_server *server, weir_server_callback callback, void *user);

/**
 * Whether it listens: from `weir_server_listen`'s success, or at a host's name from the answer, until close.
 *
 * **Thread:** the loop's.
 */
WEIR_API bool weir_server_listening(const weir_server *server);

/**
 * The native name it listens at, as text; NULL unless it listens. An abstract name is printed with "@" in front.
 *
 * **Owns:** the server, until it closes. **Thread:** the loop's.
 */
WEIR_API const char *weir_server_address(const weir_server *server);

/**
 * The address it listens at over TCP, with the port that it got.
 *
 * **Errors:** false, and `*address` all zero, unless it listens, and for local names. **Thread:** the loop's.
 */
WEIR_API bool weir_server_bound_address(const weir_server *server, weir_address *address);

/**
 * Ends the write half of every accepted socket that is open, as `weir_socket_end` does; those that allow no half-open
 * connection close when their peers have ended too. Works with or without `weir_server_close`.
 *
 * **Thread:** the loop's. **Calls back:** never from inside this call.
 */
WEIR_API void weir_server_end_connections(weir_server *server);

/**
 * Destroys every accepted socket, as `weir_socket_destroy` does. Works with or without `weir_server_close`.
 *
 * **Thread:** the loop's. **Calls back:** never from inside this call.
 */
WEIR_API void weir_server_destroy_connections(weir_server *server);

/** Called with the number of open connections. **Thread:** the loop's. */
typedef void (*weir_count_callback)(weir_server *server, const weir_error *error, size_t count, void *user);

/**
 * Counts the open connections, those in other processes included; works at any time of a server's life. A socket counts
 * from its `connection` until it is destroyed.
 *
 * **Errors:** `WEIR_ENOMEM`, `WEIR_EINVAL`; then it does not call back. **Thread:** the loop's.
 * **Calls back:** never from inside this call.
 */
WEIR_API weir_code weir_server_get_connections(weir_server *server, weir_count_callback callback, void *user);

/**
 * Turns clients away, with a `drop` event each, while there are so many connections; 0 turns away all, `WEIR_UNLIMITED`
 * (the default) none.
 *
 * **Thread:** the loop's.
 */
WEIR_API void weir_server_set_max_connections(weir_server *server, int connections);

/** The limit, or `WEIR_UNLIMITED`. **Thread:** the loop's. */
WEIR_API int weir_server_max_connections(const weir_server *server);

/**
 * Adds a listener behind those that are there.
 *
 * **Errors:** `WEIR_ENOMEM`; `WEIR_EINVAL` for an event that only sockets have. **Thread:** the loop's.
 */
WEIR_API weir_code weir_server_on(weir_server *server, weir_event_type type, weir_listener listener, void *user);

/** Adds a listener that is removed before its first call. Else as `weir_server_on`. */
WEIR_API weir_code weir_server_once(weir_server *server, weir_event_type type, weir_listener listener, void *user);

/** Adds a listener in front of those that are there. Else as `weir_server_on`. */
WEIR_API weir_code weir_server_prepend(weir_server *server, weir_event_type type, weir_listener listener, void *user);

/**
 * Removes the listener added last with this function and pointer.
 *
 * **Errors:** `WEIR_ENOENT` when there is none. **Thread:** the loop's.
 */
WEIR_API weir_code weir_server_off(weir_server *server, weir_event_type type, weir_listener listener, void *user);

/** How many listeners an event has. **Thread:** the loop's. */
WEIR_API size_t weir_server_listener_count(const weir_server *server, weir_event_type type);

/** Adds an owner. Returns the server. **Owns:** every retain wants a release. **Thread:** the loop's. */
WEIR_API weir_server *weir_server_retain(weir_server *server);

/**
 * Gives an ownership back. A listening server lives on in the loop until it has closed. NULL is ignored.
 *
 * **Thread:** the loop's.
 */
WEIR_API void weir_server_release(weir_server *server);

/** Lets the server keep the loop alive while it listens, which is the default. Returns it. **Thread:** the loop's. */
WEIR_API weir_server *weir_server_ref(weir_server *server);

/** Lets the loop end although the server listens. Returns it. **Thread:** the loop's. */
WEIR_API weir_server *weir_server_unref(weir_server *server);

/** Whether it keeps the loop alive while it listens. **Thread:** the loop's. */
WEIR_API bool weir_server_has_ref(const weir_server *server);

/** Its loop. **Owns:** the server holds it. **Thread:** the loop's. */
WEIR_API weir_loop *weir_server_loop(const weir_server *server);

/** The pointer kept for the program. **Thread:** the loop's. */
WEIR_API void *weir_server_user(const weir_server *server);

/** Keeps a pointer for the program. **Thread:** the loop's. */
WEIR_API void weir_server_set_user(weir_server *server, void *user);

#ifdef __cplusplus
}
#endif

#endif
