/* SPDX-License-Identifier: MIT */
/**
 * @file
 * Sockets: both ends of a connection, with Node's semantics.
 *
 * A socket has two halves. The read half flows once somebody listens to `data` (or after `weir_socket_resume`), and
 * ends with `end`. The write half takes bytes at any time, even before the connection is made, keeps in order what the
 * system does not take at once, and ends with `finish` after `weir_socket_end`. When both have ended the socket closes
 * by itself, with `close` as its last event. Unless `allow_half_open` is set, the peer's end also ends the write half
 * once the `end` listeners have run.
 *
 * Nothing calls back from inside a call: every event and every callback comes from the loop.
 *
 * An open referenced socket keeps the loop running whether it reads or not; connects and queued writes do so even on an
 * unreferenced one. (Node lets a process exit while its sockets are paused; Weir does not, because that loses data.)
 */
#ifndef WEIR_SOCKET_H
#define WEIR_SOCKET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <weir/address.h>
#include <weir/block_list.h>
#include <weir/bound.h>
#include <weir/encoding.h>
#include <weir/endpoint.h>
#include <weir/error.h>
#include <weir/event.h>
#include <weir/export.h>
#include <weir/lookup.h>
#include <weir/loop.h>

#ifdef __cplusplus
extern "C" {
#endif

/** The default mark of both directions, in bytes: above it `write` asks to wait, and a paused socket stops reading. */
#define WEIR_HIGH_WATER_MARK 65536

/** The default deadline of a connect to a local name, in milliseconds. */
#define WEIR_CONNECT_TIMEOUT_MS 10000

/** The default time before a connect tries a host's next address beside the ones before, in milliseconds. */
#define WEIR_ATTEMPT_DELAY_MS 250

/** For a time-out: no deadline at all. */
#define WEIR_FOREVER UINT64_MAX

/**
 * Called instead of the `data` event when a socket reads into a buffer of yours.
 *
 * `bytes` is the buffer of `weir_socket_options`, with `length` bytes in it. Return false to stop reading until
 * `weir_socket_resume`.
 *
 * **Owns:** the buffer is yours; its content changes after the call returned. **Thread:** the loop's.
 */
typedef bool (*weir_onread)(weir_socket *socket, void *bytes, size_t length, void *user);

/** How a socket is made. Zero is the default of every field; begin with `weir_socket_options_default()`. */
typedef struct weir_socket_options {
  size_t size;            /**< `sizeof(weir_socket_options)`. */
  bool allow_half_open;   /**< Keep the write half open after the peer's end; then you must call `weir_socket_end`. */
  size_t high_water_mark; /**< Mark of both directions in bytes; 0: `WEIR_HIGH_WATER_MARK`. */
  void *onread_buffer;    /**< Read into this buffer instead of emitting `data`; it must outlive the socket's reading.
                               A read of the loop is copied into it in pieces of at most `onread_size`. */
  size_t onread_size;     /**< Its size in bytes. */
  weir_onread onread;     /**< Called for each piece. */
  void *user;             /**< First value of `weir_socket_user`, and last argument of `onread`. */
  bool no_delay; /**< As `weir_socket_set_no_delay`, see tcp.h. This and the following are for TCP; connections to local
                      names take no notice. What the system refuses when the connection is made is left out,
                      and the connection lives; set it then to hear why. */
  bool keep_alive;                 /**< As `weir_socket_set_keep_alive`, with the next three. */
  uint64_t keep_alive_delay_ms;    /**< As `weir_keep_alive.delay_ms`. */
  uint64_t keep_alive_interval_ms; /**< As `weir_keep_alive.interval_ms`. */
  int keep_alive_count;            /**< As `weir_keep_alive.count`. */
  int type_of_service;             /**< As `weir_socket_set_type_of_service`; 0: leave it alone. */
} weir_socket_options;

/** Options with every default. */
static inline weir_socket_options weir_socket_options_default(void) {
  weir_socket_options options;
  memset(&options, 0, sizeof options);
  options.size = sizeof options;
  return options;
}

/**
 * How a connection is made. Zero is the default of every field; begin with `weir_connect_options_default()`. The fields
 * behind `user` are for TCP; local names do not look at them, but they must make sense.
 */
typedef struct weir_connect_options {
  size_t size;                  /**< `sizeof(weir_connect_options)`. */
  size_t endpoint_length;       /**< Bytes of the endpoint's text, for names with a leading NUL; 0: up to its zero. */
  uint64_t timeout_ms;          /**< Deadline of the connect. While a server is too busy to take the connection (its
                                     backlog is full, all its pipe instances are taken) Weir tries again until then;
                                     0: `WEIR_CONNECT_TIMEOUT_MS` for local names, the system's own for TCP;
                                     `WEIR_FOREVER`: no deadline. */
  uint64_t pipe_end_timeout_ms; /**< For a pipe whose server cannot be told of an end (a byte-type pipe of another
                                   library, see `weir_socket_can_half_close`): how long after `finish` the connection is
                                   closed when the server stays silent. 0: it stays open until the server closes it. */
  weir_listener listener;       /**< Added as a once-listener of `connect`, when not NULL; dropped when it fails. */
  void *user;                   /**< Its last argument. */
  const char *local_address;    /**< The IP address of this machine to connect from, without a port; NULL: the system's
                                     choice. Only addresses of its kind are tried. */
  int local_port;          /**< The port to connect from; 0: any. With one, a host's addresses are tried one after the
                                other, each when the one before has failed. */
  weir_bound *bound;       /**< Connect from this address, which is used up by the call, when it succeeds; see bound.h.
                                A host's first address of its kind is tried. Not with `local_address` and
                                `local_port`. NULL: none. */
  weir_family family;      /**< Only a host's addresses of this kind; `WEIR_FAMILY_NONE`: of both, in turn. */
  bool first_address_only; /**< Only the first address that the look-up gave. */
  weir_resolver resolver;  /**< Looks the host's name up instead of the system's resolver, when not NULL. */
  void *resolver_user;     /**< Its last argument. */
  uint64_t attempt_delay_ms; /**< How long one of a host's addresses is tried before the next one is tried beside it;
                                  0: `WEIR_ATTEMPT_DELAY_MS`; at least 10. */
  const weir_block_list *block_list; /**< Addresses that are not connected to: `WEIR_EBLOCKED`. It must not change
                                          before the connect is over, and is held until then. NULL: none. */
  weir_cancellation *cancellation;   /**< Ends the connect, or later the connection; see cancellation.h. For local names
                                          too. Held until the socket closes. NULL: none. */
} weir_connect_options;

/** Options with every default. */
static inline weir_connect_options weir_connect_options_default(void) {
  weir_connect_options options;
  memset(&options, 0, sizeof options);
  options.size = sizeof options;
  return options;
}

/**
 * Makes a socket that is not connected. `options` may be NULL.
 *
 * **Owns:** the caller owns `*socket`; give it back with `weir_socket_release`, at any time: an open socket lives on in
 * the loop until it has closed. **Errors:** `WEIR_ENOMEM`, `WEIR_EINVAL`. **Thread:** the loop's.
 */
WEIR_API weir_code weir_socket_create(weir_loop *loop, const weir_socket_options *options, weir_socket **socket);

/**
 * Makes a socket and connects it: `weir_socket_create` and `weir_socket_connect` in one.
 *
 * **Owns:** as `weir_socket_create`; nothing is made when it fails. **Errors:** of both. **Thread:** the loop's.
 * **Calls back:** never from inside this call.
 */
WEIR_API weir_code weir_connect(weir_loop *loop, const char *endpoint, const weir_socket_options *socket_options,
                                const weir_connect_options *connect_options, weir_socket **socket);

/**
 * Connects to an endpoint; see endpoint.h. `options` may be NULL. Later: `connect`, or `error` and `close`.
 *
 * Over TCP a host's name is looked up, with `lookup` events, and its addresses are tried as RFC 8305 has it: the two
 * kinds in turn, each `attempt_delay_ms` after the one before it and beside it, or at once when one has failed. The
 * first that is through wins, and the others are closed. When all fail, the error has every cause. Nothing of this
 * happens before the loop runs: a socket that is destroyed first has reached nobody.
 *
 * A name that makes no sense is an `error` event too, so that there is one place to handle failure. Writing may begin
 * at once, unless the socket was destroyed and has not emitted `close` yet: then the connect, and writing, begins after
 * it. A closed socket can be connected again, also from its `close` listener; its counters restart, its listeners and
 * encoding stay.
 *
 * **Owns:** the text is copied. **Errors:** `WEIR_EALREADY` while it connects, `WEIR_EISCONN` while it is connected
 * (the running connection is left alone), `WEIR_EINVAL` also for options that make no sense, `WEIR_ENOMEM`. **Thread:**
 * the loop's.
 * **Calls back:** never from inside this call.
 */
WEIR_API weir_code weir_socket_connect(weir_socket *socket, const char *endpoint, const weir_connect_options *options);

/**
 * Makes an open connection of the system part of Weir: a connected stream socket's descriptor (POSIX), or the HANDLE of
 * a pipe opened with FILE_FLAG_OVERLAPPED (Windows). It is open at once and emits no `connect`.
 *
 * **Owns:** the socket, from success on: it will close it. **Errors:** `WEIR_EBADF` not open, `WEIR_ENOTSOCK` something
 * else, `WEIR_EISCONN`, `WEIR_EALREADY`, `WEIR_EINVAL`; then the descriptor is still yours. **Thread:** the loop's.
 */
WEIR_API weir_code weir_socket_open(weir_socket *socket, intptr_t native, bool readable, bool writable);

/* ---- Writing ---- */

/**
 * Called when a write, or an end, is over.
 *
 * `error` is NULL when everything was handed to the system, else why it was not. Callbacks of a socket come in the
 * order of its writes, each exactly once, all before its `close`. A write that is refused calls back as soon as can be,
 * ahead of those that are queued; refused by a destroyed socket, perhaps behind `close`.
 *
 * **Owns:** the error is lent for the call. **Thread:** the loop's.
 */
typedef void (*weir_write_callback)(weir_socket *socket, const weir_error *error, void *user);

/**
 * Writes bytes, after everything written before.
 *
 * **Owns:** what the system does not take at once is copied; the buffer is yours again.
 * **Errors:** returns 1 when you may go on, 0 when the queue is over its mark: the bytes are taken, wait for `drain`
 * before writing more. A negative code means that nothing was taken, and leaves the connection alone: `WEIR_EENDED`
 * after the own end, `WEIR_EPIPE` after the peer's (without `allow_half_open`), `WEIR_EDESTROYED`, `WEIR_ENOMEM`.
 * Two exceptions: on a socket that was never connected it is `WEIR_ENOTCONN`, and as in Node the socket fails with it;
 * and without memory for what the system does not take at once the socket fails with `WEIR_ENOMEM`, because a part may
 * be on its way. (`weir_socket_write_with` takes its memory first, and then leaves the connection alone.)
 * **Thread:** the loop's. **Calls back:** never from inside this call.
 */
WEIR_API int weir_socket_write(weir_socket *socket, const void *bytes, size_t length);

/** A write with everything that can be said of it. Zero is the default; begin with `weir_write_default()`. */
typedef struct weir_write {
  size_t size;                  /**< `sizeof(weir_write)`. */
  const void *bytes;            /**< What to write: bytes, or UTF-8 text when `encoding` is set. */
  size_t length;                /**< How much, in bytes. */
  weir_encoding encoding;       /**< Turn the text into bytes of this encoding first. */
  bool borrow;                  /**< Do not copy: `bytes` stay as they are until the callback ran. Not with encoding. */
  weir_write_callback callback; /**< Called when the write is over; required with `borrow`. */
  void *user;                   /**< Its last argument. */
} weir_write;

/** A write with every default. */
static inline weir_write weir_write_default(void) {
  weir_write write;
  memset(&write, 0, sizeof write);
  write.size = sizeof write;
  return write;
}

/**
 * Writes with an encoding, a callback, or without copying.
 *
 * **Owns:** with `borrow`, the bytes stay yours and must not change until the callback ran.
 * **Errors:** as `weir_socket_write`. The callback runs whatever is returned, but for `WEIR_EINVAL` (the write makes no
 * sense) and `WEIR_ENOMEM`. **Thread:** the loop's. **Calls back:** never from inside this call.
 */
WEIR_API int weir_socket_write_with(weir_socket *socket, const weir_write *write);

/**
 * Ends the write half: what was written is sent, then the peer sees the end. Reading goes on. `write` may be NULL, or
 * hold last bytes, an encoding, and a callback that runs just before `finish`.
 *
 * **Owns:** the bytes are copied; `borrow` is `WEIR_EINVAL` here. **Errors:** 0; `WEIR_EENDED` when it holds bytes and
 * the half has ended already; `WEIR_EDESTROYED`; else as `weir_socket_write_with`. Ending twice without bytes is no
 * error. **Thread:** the loop's.
 * **Calls back:** never from inside this call.
 */
WEIR_API int weir_socket_end(weir_socket *socket, const weir_write *write);

/**
 * Holds writes back until `weir_socket_uncork`, so that many small ones leave as one. Counts: two corks want two
 * uncorks.
 *
 * **Thread:** the loop's.
 */
WEIR_API void weir_socket_cork(weir_socket *socket);

/** Sends what was held back. `weir_socket_end` does so too. **Thread:** the loop's. */
WEIR_API void weir_socket_uncork(weir_socket *socket);

/* ---- Reading ---- */

/**
 * Stops `data`. What comes meanwhile is kept up to the mark; then the system holds it, and the peer with it. `end`
 * still comes when nothing is kept. A socket that is paused before it connects does not read at all.
 *
 * **Thread:** the loop's. **Calls back:** `pause` later.
 */
WEIR_API void weir_socket_pause(weir_socket *socket);

/**
 * Lets data flow. Without a `data` listener they are thrown away.
 *
 * **Thread:** the loop's. **Calls back:** `resume` and the data later, never from inside this call.
 */
WEIR_API void weir_socket_resume(weir_socket *socket);

/** Whether it was paused and not resumed since. **Thread:** the loop's. */
WEIR_API bool weir_socket_is_paused(const weir_socket *socket);

/**
 * Gives `data` as UTF-8 text, decoded from this encoding; `WEIR_ENCODING_NONE` gives bytes again. Applies to what is
 * kept already.
 *
 * **Errors:** `WEIR_EINVAL`, `WEIR_ENOMEM`. **Thread:** the loop's.
 */
WEIR_API weir_code weir_socket_set_encoding(weir_socket *socket, weir_encoding encoding);

/** How `weir_socket_pipe` behaves at the ends. */
typedef enum weir_pipe_flags {
  WEIR_PIPE_DEFAULT = 0,   /**< As in Node: the source's end ends the destination, failures stay where they are. */
  WEIR_PIPE_KEEP_OPEN = 1, /**< The source's end does not end the destination. */
  WEIR_PIPE_PROPAGATE_ERRORS = 2 /**< When one of the two closes before the source has ended, the other is destroyed,
                                      so that nothing is left behind. */
} weir_pipe_flags;

/**
 * Sends everything that `source` receives to `destination`, at the pace of the slower. Several destinations are all
 * waited for; a socket may be piped to itself, which is an echo.
 *
 * **Owns:** nothing; the pipe ends with either socket. **Errors:** `WEIR_ENOMEM`, `WEIR_EINVAL` when the two are on
 * different loops or flags are unknown, `WEIR_EDESTROYED` when one of them has been destroyed. **Thread:** the loop's.
 * **Calls back:** `pipe` on the destination later.
 */
WEIR_API weir_code weir_socket_pipe(weir_socket *source, weir_socket *destination, unsigned flags);

/**
 * Ends one pipe to `destination`, or all of them when it is NULL. The source is paused and keeps what it has.
 *
 * **Errors:** none; what is not piped is left alone. **Thread:** the loop's. **Calls back:** `unpipe` later.
 */
WEIR_API void weir_socket_unpipe(weir_socket *source, weir_socket *destination);

/* ---- Life ---- */

/**
 * Stops everything at once: no `data`, `end`, `drain` or `timeout` after it. What still comes, in this order: callbacks
 * of writes that were finished, `unpipe`, `error` if one is given, callbacks of writes that were not finished with
 * `WEIR_ECANCELED`, `close`. A socket that fails by itself ends in the same way.
 *
 * **Owns:** the error and its texts are copied. **Errors:** none; a second destroy does nothing. **Thread:** the
 * loop's.
 * **Calls back:** never from inside this call.
 */
WEIR_API void weir_socket_destroy(weir_socket *socket, const weir_error *error);

/**
 * Ends the write half and destroys the socket as soon as everything written was handed to the system, without waiting
 * for the peer's end.
 *
 * **Thread:** the loop's. **Calls back:** never from inside this call.
 */
WEIR_API void weir_socket_destroy_soon(weir_socket *socket);

/**
 * Emits `timeout` once the socket has been idle for so long; 0 turns it off. Receiving, calling `write`, and progress
 * of queued writes and of the connect count as activity. It does not repeat before the next activity, does not close
 * anything, and does not keep the loop alive.
 *
 * **Errors:** `WEIR_ENOMEM`; on a destroyed socket it does nothing. **Thread:** the loop's.
 */
WEIR_API weir_code weir_socket_set_timeout(weir_socket *socket, uint64_t timeout_ms);

/** Adds an owner. Returns the socket. **Owns:** every retain wants a release. **Thread:** the loop's. */
WEIR_API weir_socket *weir_socket_retain(weir_socket *socket);

/**
 * Gives an ownership back. An open socket lives on in the loop until it has closed. NULL is ignored.
 *
 * **Thread:** the loop's.
 */
WEIR_API void weir_socket_release(weir_socket *socket);

/** Lets the socket keep the loop alive while it is open, which is the default. Returns it. **Thread:** the loop's. */
WEIR_API weir_socket *weir_socket_ref(weir_socket *socket);

/** Lets the loop end although the socket is open. Returns it. **Thread:** the loop's. */
WEIR_API weir_socket *weir_socket_unref(weir_socket *socket);

/** Whether it keeps the loop alive while it is open. **Thread:** the loop's. */
WEIR_API bool weir_socket_has_ref(const weir_socket *socket);

/* ---- Listeners ---- */

/**
 * Adds a listener behind those that are there. The first one of `data` lets an undecided socket flow.
 *
 * **Errors:** `WEIR_ENOMEM`; `WEIR_EINVAL` for an event that only servers have. **Thread:** the loop's.
 * **Calls back:** later.
 */
WEIR_API weir_code weir_socket_on(weir_socket *socket, weir_event_type type, weir_listener listener, void *user);

/** Adds a listener that is removed before its first call. Else as `weir_socket_on`. */
WEIR_API weir_code weir_socket_once(weir_socket *socket, weir_event_type type, weir_listener listener, void *user);

/** Adds a listener in front of those that are there. Else as `weir_socket_on`. */
WEIR_API weir_code weir_socket_prepend(weir_socket *socket, weir_event_type type, weir_listener listener, void *user);

/**
 * Removes the listener added last with this function and pointer. A socket that loses its last `data` listener keeps
 * flowing, and what comes is lost; pause it first.
 *
 * **Errors:** `WEIR_ENOENT` when there is none. **Thread:** the loop's.
 */
WEIR_API weir_code weir_socket_off(weir_socket *socket, weir_event_type type, weir_listener listener, void *user);

/** How many listeners an event has. **Thread:** the loop's. */
WEIR_API size_t weir_socket_listener_count(const weir_socket *socket, weir_event_type type);

/* ---- State ---- */

/** Where a socket stands. */
typedef enum weir_socket_state {
  WEIR_SOCKET_NEW = 0,    /**< Never connected. */
  WEIR_SOCKET_OPENING,    /**< Connecting. */
  WEIR_SOCKET_OPEN,       /**< Both halves are open. */
  WEIR_SOCKET_READ_ONLY,  /**< The own side has ended. */
  WEIR_SOCKET_WRITE_ONLY, /**< The peer's side has ended. */
  WEIR_SOCKET_CLOSED      /**< Both have ended, or it was destroyed. */
} weir_socket_state;

/** Where the socket stands. **Thread:** the loop's. */
WEIR_API weir_socket_state weir_socket_get_state(const weir_socket *socket);

/** From `weir_socket_connect` until `connect`, `error` or destroy. **Thread:** the loop's. */
WEIR_API bool weir_socket_connecting(const weir_socket *socket);

/** From destroy on, also the one by itself or after an error, until it is connected again. **Thread:** the loop's. */
WEIR_API bool weir_socket_destroyed(const weir_socket *socket);

/** The error that destroyed it, or NULL. **Owns:** the socket, until it is connected again. **Thread:** the loop's. */
WEIR_API const weir_error *weir_socket_error(const weir_socket *socket);

/** Bytes received; still readable after `close`. **Thread:** the loop's. */
WEIR_API uint64_t weir_socket_bytes_read(const weir_socket *socket);

/** Bytes written, the queued ones included; still readable after `close`. **Thread:** the loop's. */
WEIR_API uint64_t weir_socket_bytes_written(const weir_socket *socket);

/** Bytes in the write queue. **Thread:** the loop's. */
WEIR_API size_t weir_socket_buffered(const weir_socket *socket);

/** Bytes received and kept because the socket does not flow. **Thread:** the loop's. */
WEIR_API size_t weir_socket_kept(const weir_socket *socket);

/** A socket's life in numbers. Begin with `weir_socket_counters_default()`. */
typedef struct weir_socket_counters {
  size_t size;            /**< `sizeof(weir_socket_counters)`, so that later versions can add fields. */
  uint64_t bytes_read;    /**< As `weir_socket_bytes_read`. */
  uint64_t bytes_written; /**< As `weir_socket_bytes_written`. */
  uint64_t bytes_queued;  /**< As `weir_socket_buffered`. */
  uint64_t bytes_kept;    /**< As `weir_socket_kept`. */
  uint64_t attempts;      /**< How often the last connect asked the system for a connection: once for each address, and
                               once more each time that a local server was busy. */
  uint64_t busy_retries;  /**< How many of these because a local server was busy. */
} weir_socket_counters;

/** Counters for `weir_socket_get_counters` to fill. */
static inline weir_socket_counters weir_socket_counters_default(void) {
  weir_socket_counters counters;
  memset(&counters, 0, sizeof counters);
  counters.size = sizeof counters;
  return counters;
}

/**
 * Fills in the numbers of this life, or after `close` of the last one, as far as `counters->size` reaches.
 *
 * **Thread:** the loop's.
 */
WEIR_API void weir_socket_get_counters(const weir_socket *socket, weir_socket_counters *counters);

/** Whether a write asked to wait and `drain` has not come yet. **Thread:** the loop's. */
WEIR_API bool weir_socket_needs_drain(const weir_socket *socket);

/** The mark of both directions in bytes. **Thread:** the loop's. */
WEIR_API size_t weir_socket_high_water_mark(const weir_socket *socket);

/** Sets the mark; 0 makes every queued byte one too many. **Errors:** `WEIR_ENOMEM`. **Thread:** the loop's. */
WEIR_API weir_code weir_socket_set_high_water_mark(weir_socket *socket, size_t bytes);

/** The time of `weir_socket_set_timeout`, 0 when off. **Thread:** the loop's. */
WEIR_API uint64_t weir_socket_timeout_ms(const weir_socket *socket);

/**
 * Whether the peer is told when the own side ends while its own side stays open. True but for pipes whose other end is
 * another library that knows no end mark, and before the connection is made.
 *
 * **Thread:** the loop's.
 */
WEIR_API bool weir_socket_can_half_close(const weir_socket *socket);

/** The server that accepted it, or NULL. **Owns:** the socket holds the server. **Thread:** the loop's. */
WEIR_API weir_server *weir_socket_server(const weir_socket *socket);

/** Its loop. **Owns:** the socket holds it. **Thread:** the loop's. */
WEIR_API weir_loop *weir_socket_loop(const weir_socket *socket);

/** The pointer kept for the program. **Thread:** the loop's. */
WEIR_API void *weir_socket_user(const weir_socket *socket);

/** Keeps a pointer for the program. **Thread:** the loop's. */
WEIR_API void weir_socket_set_user(weir_socket *socket, void *user);

#ifdef __cplusplus
}
#endif

#endif
