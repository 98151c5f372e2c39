/* SPDX-License-Identifier: MIT */
/**
 * @file
 * Channels: messages between processes, and with them sockets and servers.
 *
 * A channel has two ends, as a rule in a parent and in a child that it has spawned; see process.h. What one sends comes
 * out of the other as `message` events, each by itself, whole and in order. A message is bytes of any length; a socket
 * or a server may go along, at any moment of its life, and goes on in the other process.
 *
 * Events: `message`, `drain`, `error`, `close`. A channel keeps its loop running while somebody listens to `message`,
 * until what was sent is through, and while it disconnects and somebody listens to `close`; as in Node a child that
 * listens lives until one side disconnects.
 *
 * Messages that nobody listens to are kept. When they are more than `WEIR_HIGH_WATER_MARK` bytes, the channel reads no
 * more until somebody does.
 */
#ifndef WEIR_CHANNEL_H
#define WEIR_CHANNEL_H

#include <stdbool.h>
#include <stddef.h>
#include <string.h>

#include <weir/error.h>
#include <weir/event.h>
#include <weir/export.h>
#include <weir/loop.h>

#ifdef __cplusplus
extern "C" {
#endif

/**
 * Opens the channel to the parent, if this process was spawned with one. A process has it once; its own children do not
 * inherit it.
 *
 * **Owns:** the caller owns `*channel`; give it back with `weir_channel_release`, at any time: an open channel lives on
 * in the loop until it has closed. **Errors:** `WEIR_ENOTCONN` there is none, or it was opened before; `WEIR_ENOTSUP`
 * in a simulated world; `WEIR_ENOMEM`, `WEIR_EINVAL`, or the system's reason. **Thread:** the loop's.
 */
WEIR_API weir_code weir_channel_open_parent(weir_loop *loop, weir_channel **channel);

/**
 * Makes a channel between two loops of this process, or within one: for tests, and for threads that pass sockets to
 * each other. Each end belongs to its loop.
 *
 * **Owns:** as `weir_channel_open_parent`, both. **Errors:** `WEIR_EINVAL` the loops do not fit: one is simulated and
 * the other is not, or in another world; `WEIR_ENOMEM`, `WEIR_EMFILE` and the like. **Thread:** that of both loops, or
 * before another thread runs the second one.
 */
WEIR_API weir_code weir_channel_pair(weir_loop *first_loop, weir_loop *second_loop, weir_channel **first,
                                     weir_channel **second);

/* ---- Sending ---- */

/**
 * Called when it is known what has become of a message.
 *
 * `error` is NULL when it was handed to the system, and what went along was taken by the other side. Else neither will
 * be used there, as far as this side can know: after the loss of the channel nobody knows what the other side still
 * saw.
 *
 * **Owns:** the error is lent for the call. **Thread:** the loop's.
 */
typedef void (*weir_send_callback)(weir_channel *channel, const weir_error *error, void *user);

/** A message with everything that can be said of it. Zero is the default; begin with `weir_send_options_default()`. */
typedef struct weir_send_options {
  size_t size;         /**< `sizeof(weir_send_options)`. */
  weir_socket *socket; /**< An open socket goes along. Reading stops at once, what is queued is written, then it leaves
                            and emits `close`. Bytes that nobody has had, ends that were seen, encoding, mark, options,
                            time-out and counters go with it. NULL: none. */
  weir_server *server; /**< A listening server goes along: clients come to it there from now on. Its connections stay,
                            and it emits `close` behind the last of them; the file of a local name is the other side's.
                            A block list stays behind. NULL: none; not both. */
  bool keep_open;      /**< Both sides have it: the socket or server stays open here too. What was read here stays here,
                            and what comes goes to whoever is faster, so one should pause. The end of one is the end of
                            both. A server's name goes with the one that was first. */
  weir_send_callback callback; /**< Called when it is known what has become of it, or NULL. */
  void *user;                  /**< Its last argument. */
} weir_send_options;

/** Options with every default. */
static inline weir_send_options weir_send_options_default(void) {
  weir_send_options options;
  memset(&options, 0, sizeof options);
  options.size = sizeof options;
  return options;
}

/**
 * Sends a message. `options` may be NULL, `bytes` too when `length` is 0.
 *
 * An accepted socket that went along is counted by its server until the other side has closed it or the channel has
 * ended, and the server's `close` waits for it.
 *
 * When the other side cannot take what goes along, or the channel is lost before, the callback hears it and the
 * connection is closed. When the socket fails before it has left, only the message is lost with it.
 *
 * **Owns:** the bytes are copied. The socket's connection is the other side's, unless `keep_open`; the socket itself is
 * still its owners' to give back.
 * **Errors:** returns 1 when you may go on, 0 when more than the mark is under way: the message is taken, wait for
 * `drain` before sending more. A negative code means that nothing was taken, and the callback does not run:
 * `WEIR_ENOTCONN` the channel is closed, `WEIR_EENDED` it is disconnecting, `WEIR_EINVAL`, `WEIR_ENOMEM`; and for what
 * was to go along `WEIR_ENOTCONN`, `WEIR_ENOTOPEN`, `WEIR_EDESTROYED`, `WEIR_EALREADY` it is leaving already,
 * `WEIR_EBUSY` it is piped, `WEIR_ENOTSUP` it cannot.
 * **Thread:** the loop's. **Calls back:** never from inside this call; exactly once when this returns 0 or 1.
 */
WEIR_API int weir_channel_send(weir_channel *channel, const void *bytes, size_t length,
                               const weir_send_options *options);

/** Bytes of messages that were sent and not handed to the system yet. **Thread:** the loop's. */
WEIR_API size_t weir_channel_buffered(const weir_channel *channel);

/* ---- Life ---- */

/**
 * Ends the channel in order: what was sent goes first, and is acknowledged; what the other side has sent still comes.
 * The other side does the same as soon as it hears of it, and then both emit `close`.
 *
 * **Errors:** `WEIR_ENOTCONN` when it is closed or disconnecting already. **Thread:** the loop's. **Calls back:** never
 * from inside this call.
 */
WEIR_API weir_code weir_channel_disconnect(weir_channel *channel);

/**
 * Closes the channel at once. What was not sent is lost, callbacks hear `WEIR_ECANCELED`, and `close` follows.
 *
 * **Errors:** none; a second one does nothing. **Thread:** the loop's. **Calls back:** never from inside this call.
 */
WEIR_API void weir_channel_destroy(weir_channel *channel);

/** Whether messages can be sent: from the beginning until it disconnects or closes. **Thread:** the loop's. */
WEIR_API bool weir_channel_connected(const weir_channel *channel);

/** Adds an owner. Returns the channel. **Owns:** every retain wants a release. **Thread:** the loop's. */
WEIR_API weir_channel *weir_channel_retain(weir_channel *channel);

/** Gives an ownership back. An open channel lives on in the loop. NULL is ignored. **Thread:** the loop's. */
WEIR_API void weir_channel_release(weir_channel *channel);

/** Lets it keep the loop alive while somebody listens to `message`, the default. Returns it. **Thread:** the loop's. */
WEIR_API weir_channel *weir_channel_ref(weir_channel *channel);

/** Lets the loop end although somebody listens. Returns it. **Thread:** the loop's. */
WEIR_API weir_channel *weir_channel_unref(weir_channel *channel);

/** Whether it keeps the loop alive while somebody listens. **Thread:** the loop's. */
WEIR_API bool weir_channel_has_ref(const weir_channel *channel);

/** Its loop. **Owns:** the channel holds it. **Thread:** the loop's. */
WEIR_API weir_loop *weir_channel_loop(const weir_channel *channel);

/** The pointer kept for the program. **Thread:** the loop's. */
WEIR_API void *weir_channel_user(const weir_channel *channel);

/** Keeps a pointer for the program. **Thread:** the loop's. */
WEIR_API void weir_channel_set_user(weir_channel *channel, void *user);

/* ---- Listeners ---- */

/**
 * Adds a listener behind those that are there. The first one of `message` gets what was kept.
 *
 * **Errors:** `WEIR_ENOMEM`; `WEIR_EINVAL` for an event that channels do not have. **Thread:** the loop's.
 * **Calls back:** later.
 */
WEIR_API weir_code weir_channel_on(weir_channel *channel, weir_event_type type, weir_listener listener, void *user);

/** Adds a listener that is removed before its first call. Else as `weir_channel_on`. */
WEIR_API weir_code weir_channel_once(weir_channel *channel, weir_event_type type, weir_listener listener, void *user);

/** Adds a listener in front of those that are there. Else as `weir_channel_on`. */
WEIR_API weir_code weir_channel_prepend(weir_channel *channel, weir_event_type type, weir_listener listener,
                                        void *user);

/** Removes the listener added last with this function and pointer. **Errors:** `WEIR_ENOENT`. **Thread:** the loop's.
 */
WEIR_API weir_code weir_channel_off(weir_channel *channel, weir_event_type type, weir_listener listener, void *user);

/** How many listeners an event has. **Thread:** the loop's. */
WEIR_API size_t weir_channel_listener_count(const weir_channel *channel, weir_event_type type);

#ifdef __cplusplus
}
#endif

#endif
