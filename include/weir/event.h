/* SPDX-License-Identifier: MIT */
/**
 * @file
 * Events and listeners: Node's emitter in C.
 *
 * Every event has one shape and every listener one signature, so that a binding needs one trampoline. Several
 * listeners of an event run in the order in which they were added. They always run from the loop, never from inside
 * a call of yours.
 *
 * A listener may call anything: it may destroy or release its own socket, add and remove listeners, close the server.
 * An emission works on the listeners as they were when it began: one that is removed meanwhile still runs this once,
 * one that is added meanwhile does not (as in Node). So free what a listener uses in the `close` event, not right
 * after removing it. There is one exception: once a socket is destroyed, the listeners left in that emission do not
 * run, unless the event is its own `error` or `close`.
 */
#ifndef WEIR_EVENT_H
#define WEIR_EVENT_H

#include <stdbool.h>
#include <stddef.h>

#include <weir/address.h>
#include <weir/error.h>
#include <weir/export.h>
#include <weir/signal.h>

#ifdef __cplusplus
extern "C" {
#endif

/** A connection between two programs; see socket.h. */
typedef struct weir_socket weir_socket;
/** Something that accepts connections; see server.h. */
typedef struct weir_server weir_server;
/** A way for messages, sockets and servers to another process; see channel.h. */
typedef struct weir_channel weir_channel;
/** A program that this one has started; see process.h. */
typedef struct weir_process weir_process;
/** The primary of several processes that serve one address; see cluster.h. */
typedef struct weir_cluster weir_cluster;
/** One of these processes; see cluster.h. */
typedef struct weir_worker weir_worker;

/** What happened. */
typedef enum weir_event_type {
  WEIR_EVENT_CONNECT = 0, /**< Socket: the connection is made. */
  WEIR_EVENT_DATA,        /**< Socket: bytes, or text when an encoding is set, have come; see `weir_event_data`. */
  WEIR_EVENT_END,         /**< Socket: the peer has ended its side and everything it sent was delivered. */
  WEIR_EVENT_FINISH,      /**< Socket: the own side has ended and everything written was handed to the system. */
  WEIR_EVENT_DRAIN,       /**< Socket, channel: the write queue, which had been over its mark, is empty again. */
  WEIR_EVENT_TIMEOUT,     /**< Socket: idle for the time of `weir_socket_set_timeout`; nothing else happens. */
  WEIR_EVENT_PAUSE,       /**< Socket: it has been paused. */
  WEIR_EVENT_RESUME,      /**< Socket: it flows again; its `data` follow. */
  WEIR_EVENT_PIPE,        /**< Socket: another socket is now piped into this one; see `peer`. */
  WEIR_EVENT_UNPIPE,      /**< Socket: that ended; see `peer`. */
  WEIR_EVENT_LISTENING,   /**< Server: it listens. Worker: one of its servers does, where others may; see `listening`.
                           */
  WEIR_EVENT_CONNECTION,  /**< Server: a client has come; see `connection`. */
  WEIR_EVENT_DROP,        /**< Server: a client was turned away because of `max_connections`; see `drop`. */
  WEIR_EVENT_ERROR,       /**< Socket: it failed; `close` follows. Server: listening failed, or accepting is short of
                               descriptors; `close` does not follow. Channel: it failed; `close` follows. Process: it
                               could not be started; `close` follows. */
  WEIR_EVENT_CLOSE,       /**< Socket, server, channel and process: the last event of this life; see `had_error`. */
  WEIR_EVENT_LOOKUP,      /**< Socket: the host's name has been looked up; once for each address, or once with an error;
                               see `lookup`. Not for IP addresses and local names. */
  WEIR_EVENT_ATTEMPT,     /**< Socket: a connect to one of the host's addresses begins; see `attempt`. */
  WEIR_EVENT_ATTEMPT_FAILED, /**< Socket: that one has failed; others may go on; see `attempt`. */
  WEIR_EVENT_MESSAGE,        /**< Channel, worker: a message has come; see `message`. */
  WEIR_EVENT_EXIT,           /**< Process, worker: it has ended; see `exit`. */
  WEIR_EVENT_FORK,           /**< Cluster: a worker was started. */
  WEIR_EVENT_ONLINE,         /**< Worker: it has joined its cluster. */
  WEIR_EVENT_DISCONNECT      /**< Worker: its channel has ended; nothing more comes of it, but its `exit`. */
} weir_event_type;

/** The bytes of a `data` event. **Owns:** lent for the call; copy what you keep. */
typedef struct weir_event_data {
  const void *bytes; /**< The first byte; with an encoding set, UTF-8 text without a terminating zero. */
  size_t length;     /**< How many; never 0. */
} weir_event_data;

/** What looking up a host's name brought. **Owns:** lent for the call. */
typedef struct weir_event_lookup {
  const char *host;            /**< The name. */
  const weir_address *address; /**< One of its addresses, without a port; NULL with an error. */
  weir_family family;          /**< That of the address; `WEIR_FAMILY_NONE` with an error. */
  const weir_error *error;     /**< Why there is none, or NULL. `error` and `close` follow. */
} weir_event_lookup;

/** One of several attempts of a connect. **Owns:** lent for the call. */
typedef struct weir_event_attempt {
  const weir_address *address; /**< Where to, with its port. */
  const weir_error *error;     /**< Why it has failed; NULL for `WEIR_EVENT_ATTEMPT`. */
} weir_event_attempt;

/** A client that was turned away. **Owns:** lent for the call. Both are NULL over local sockets. */
typedef struct weir_event_drop {
  const weir_address *local;  /**< The address that the server listens at. */
  const weir_address *remote; /**< Who it was. */
} weir_event_drop;

/** Where a worker listens. **Owns:** lent for the call. */
typedef struct weir_event_listening {
  const char *name;            /**< The name as `weir_server_address` shows it. */
  const weir_address *address; /**< Over TCP, with the port that was had; NULL for local names. */
} weir_event_listening;

/** A message that came through a channel. **Owns:** lent for the call; copy what you keep. */
typedef struct weir_event_message {
  const void *bytes;   /**< Its first byte; not NULL. */
  size_t length;       /**< How many; may be 0. */
  weir_socket *socket; /**< An open socket that came along, or NULL. Nothing was read before; the loop owns it until its
                            `close`, retain it to keep it longer. */
  weir_server *server; /**< A listening server that came along, or NULL; likewise. It emits `listening` later. */
  weir_code code;      /**< `WEIR_OK`, or why what was sent along could not be taken; its sender has heard it. */
} weir_event_message;

/** How a process has ended. **Owns:** lent for the call. */
typedef struct weir_event_exit {
  int code;                  /**< What it returned; -1 when a signal has ended it, or when nobody knows, because the
                                  program waited for the child itself or ignores SIGCHLD. */
  weir_signal_number signal; /**< What has ended it, or `WEIR_SIGNAL_NONE`. */
  int native_signal;         /**< The system's number of that signal, or 0. */
} weir_event_exit;

/**
 * One event. **Owns:** everything in it is lent for the call.
 *
 * Which members count depends on `type`; the others must not be read.
 */
typedef struct weir_event {
  weir_event_type type; /**< What happened. */
  /** To whom it happened. */
  union {
    weir_socket *socket;   /**< For the events marked "Socket". */
    weir_server *server;   /**< For the events marked "Server". */
    weir_channel *channel; /**< For the events marked "Channel". */
    weir_process *process; /**< For the events marked "Process". */
    weir_worker *worker;   /**< For the events marked "Worker" and "Cluster"; NULL in an `error` of the primary itself.
                            */
  };
  /** What belongs to it. */
  union {
    weir_event_data data;    /**< `WEIR_EVENT_DATA`. */
    const weir_error *error; /**< `WEIR_EVENT_ERROR`. */
    bool had_error;          /**< `WEIR_EVENT_CLOSE` of a socket: whether an error was the reason; of a channel: whether
                                  it was lost, and not disconnected or destroyed. */
    weir_socket *connection; /**< `WEIR_EVENT_CONNECTION`: the accepted socket. The loop owns it until its `close`;
                                  retain it to keep it longer. */
    weir_socket *peer;       /**< `WEIR_EVENT_PIPE` and `WEIR_EVENT_UNPIPE`: the source. */
    const weir_event_lookup *lookup;       /**< `WEIR_EVENT_LOOKUP`. */
    const weir_event_attempt *attempt;     /**< `WEIR_EVENT_ATTEMPT` and `WEIR_EVENT_ATTEMPT_FAILED`. */
    const weir_event_drop *drop;           /**< `WEIR_EVENT_DROP`. */
    const weir_event_message *message;     /**< `WEIR_EVENT_MESSAGE`. */
    const weir_event_exit *exit;           /**< `WEIR_EVENT_EXIT`. */
    const weir_event_listening *listening; /**< `WEIR_EVENT_LISTENING` of a worker. */
  };
} weir_event;

/**
 * A listener: called once for each event it was added for, with the pointer it was added with.
 *
 * **Owns:** the event is lent for the call. **Thread:** the loop's. **Calls back:** it may call any function of Weir
 * but `weir_loop_run` of the same loop, which refuses with `WEIR_EBUSY`.
 */
typedef void (*weir_listener)(const weir_event *event, void *user);

/**
 * The name of an event: "data".
 *
 * **Owns:** the library; the text lives for ever. **Thread:** any.
 */
WEIR_API const char *weir_event_name(weir_event_type type);

#ifdef __cplusplus
}
#endif

#endif
