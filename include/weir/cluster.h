/* SPDX-License-Identifier: MIT */
/**
 * @file
 * Clusters: several workers serve one address. The *primary* starts *workers*, as a rule processes of the same program.
 * A worker joins, and from then on `weir_server_listen` in its loop asks the primary for the name. So all workers that
 * listen at one endpoint share it: a port 0 is the same free port for all, a path is counted from the worker's
 * directory, and a name that cannot be had is an `error` of each worker's server. The name goes with the last server
 * that has it.
 *
 * Two servers of one worker do not share a name. `exclusive` and `reuse_port` of the listen options leave the primary
 * out. Listening on what is bound already, `weir_server_listen_native` and `weir_server_listen_bound`, does too.
 *
 * With `WEIR_SCHEDULING_ROUND_ROBIN` the primary accepts and gives each worker a connection in turn. A worker that has
 * not answered for `WEIR_WORKER_BACKLOG` of them is passed over. A connection that a worker does not take, because its
 * server has just closed, because of `max_connections` or because the worker has died, goes to another one; when nobody
 * has room, the last one that was asked drops it.
 *
 * With `WEIR_SCHEDULING_SHARED` the workers accept themselves, and the system chooses among them. Where names cannot be
 * shared like this, as on Windows, they are served round robin.
 *
 * Events of a worker in the primary, which its cluster emits behind it: `online`, it has joined; `listening`;
 * `message`; `error`, it could not be started; `disconnect`, its channel has ended, and its last connection was given;
 * `exit`. The cluster emits `fork` too, first. In the worker itself: `online`, `message`, `disconnect`.
 *
 * A worker whose primary has gone is not ended by the library: its servers close, it emits `disconnect`, and the
 * program should end.
 */
#ifndef WEIR_CLUSTER_H
#define WEIR_CLUSTER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <weir/channel.h>
#include <weir/error.h>
#include <weir/event.h>
#include <weir/export.h>
#include <weir/loop.h>
#include <weir/process.h>
#include <weir/signal.h>

#ifdef __cplusplus
extern "C" {
#endif

/** How many connections a worker may have been given without having answered. */
#define WEIR_WORKER_BACKLOG 32

/** Who accepts. */
typedef enum weir_scheduling {
  WEIR_SCHEDULING_ROUND_ROBIN = 0, /**< The primary, for each worker in turn. */
  WEIR_SCHEDULING_SHARED           /**< Every worker for itself. */
} weir_scheduling;

/**
 * Starts a worker in the program's own way: a thread with a loop, say, that joins with the other end of a
 * `weir_channel_pair`.
 *
 * **Owns:** the channel is the cluster's. **Errors:** any code; then there is no worker. **Thread:** the cluster's
 * loop's.
 */
typedef weir_code (*weir_worker_start)(weir_cluster *cluster, weir_channel **channel, void *user);

/** How a cluster is made. Zero is the default of every field; begin with `weir_cluster_options_default()`. */
typedef struct weir_cluster_options {
  size_t size;                         /**< `sizeof(weir_cluster_options)`. */
  const weir_process_options *process; /**< How workers are started: what it points to must live as long as the cluster.
                                            They get a channel, whatever it says. */
  weir_worker_start start;             /**< Starts them instead, when not NULL. */
  weir_scheduling scheduling;          /**< Who accepts. */
  void *user;                          /**< First value of `weir_cluster_user`, and the last argument of `start`. */
} weir_cluster_options;

/** Options with every default. */
static inline weir_cluster_options weir_cluster_options_default(void) {
  weir_cluster_options options;
  memset(&options, 0, sizeof options);
  options.size = sizeof options;
  return options;
}

/* ---- The primary ---- */

/**
 * Makes a cluster without workers. `options` may be NULL.
 *
 * **Owns:** the caller owns `*cluster`; give it back with `weir_cluster_release`, at any time: it lives on while it has
 * workers. **Errors:** `WEIR_EINVAL`, `WEIR_ENOMEM`, `WEIR_ECANCELED` after the loop's end. **Thread:** the loop's.
 */
WEIR_API weir_code weir_cluster_create(weir_loop *loop, const weir_cluster_options *options, weir_cluster **cluster);

/**
 * Starts a worker. `process` says how, this time; NULL: as the cluster's options say. `worker` may be NULL. Later:
 * `fork` and so on, or `error`, `disconnect` and nothing more when the system refuses.
 *
 * **Owns:** the caller owns `*worker`; give it back with `weir_worker_release`, at any time. **Errors:** `WEIR_EINVAL`
 * nobody has said how; `WEIR_ENOMEM`, those of `weir_process_spawn` or of `start`. **Thread:** the loop's.
 * **Calls back:** `start`, and nothing else from inside this call.
 */
WEIR_API weir_code weir_cluster_fork(weir_cluster *cluster, const weir_process_options *process, weir_worker **worker);

/**
 * Takes somebody for a worker who joins at the other end of this channel. Else as `weir_cluster_fork`.
 *
 * **Owns:** the cluster retains the channel. **Errors:** `WEIR_EINVAL` it is another loop's, `WEIR_ENOTCONN` it has
 * closed, `WEIR_ENOMEM`. **Thread:** the loop's.
 */
WEIR_API weir_code weir_cluster_add(weir_cluster *cluster, weir_channel *channel, weir_worker **worker);

/**
 * Called when a disconnect or a roll is over: `error` is NULL, or why the roll was broken off.
 *
 * **Owns:** the error is lent for the call. **Thread:** the loop's.
 */
typedef void (*weir_cluster_callback)(weir_cluster *cluster, const weir_error *error, void *user);

/**
 * Disconnects every worker, as `weir_worker_disconnect` does, and calls back when the last one has. `callback` may be
 * NULL.
 *
 * **Errors:** `WEIR_ENOMEM`; then nothing has changed. **Thread:** the loop's. **Calls back:** never from inside this
 * call, also when there is no worker.
 */
WEIR_API weir_code weir_cluster_disconnect(weir_cluster *cluster, weir_cluster_callback callback, void *user);

/**
 * Replaces every worker that there is now, one after the other: a new one is started, and when it listens wherever the
 * old one does, the old one disconnects. So no client is refused and no connection is broken off. Old workers live on
 * until their last connection has closed; the roll does not wait for that.
 *
 * It is broken off when a new worker cannot be started or goes before it listens; the old one stays then.
 *
 * **Errors:** `WEIR_EALREADY` one is under way, `WEIR_EINVAL` nobody has said how workers are started, `WEIR_ENOMEM`.
 * **Thread:** the loop's. **Calls back:** never from inside this call, exactly once otherwise.
 */
WEIR_API weir_code weir_cluster_roll(weir_cluster *cluster, weir_cluster_callback callback, void *user);

/**
 * The worker behind this one, or with NULL the first, in the order of their starts; NULL: there is none. Workers are
 * there until their `disconnect`, or their `exit` when they are processes.
 *
 * **Owns:** the cluster. **Thread:** the loop's.
 */
WEIR_API weir_worker *weir_cluster_next_worker(const weir_cluster *cluster, const weir_worker *worker);

/** Adds a listener behind those that are there. **Errors:** `WEIR_ENOMEM`, `WEIR_EINVAL`. **Thread:** the loop's. */
WEIR_API weir_code weir_cluster_on(weir_cluster *cluster, weir_event_type type, weir_listener listener, void *user);

/** Adds a listener that is removed before its first call. Else as `weir_cluster_on`. */
WEIR_API weir_code weir_cluster_once(weir_cluster *cluster, weir_event_type type, weir_listener listener, void *user);

/** Adds a listener in front of those that are there. Else as `weir_cluster_on`. */
WEIR_API weir_code weir_cluster_prepend(weir_cluster *cluster, weir_event_type type, weir_listener listener,
                                        void *user);

/** Removes the listener added last with this function and pointer. **Errors:** `WEIR_ENOENT`. **Thread:** the loop's.
 */
WEIR_API weir_code weir_cluster_off(weir_cluster *cluster, weir_event_type type, weir_listener listener, void *user);

/** How many listeners an event has. **Thread:** the loop's. */
WEIR_API size_t weir_cluster_listener_count(const weir_cluster *cluster, weir_event_type type);

/** Adds an owner. Returns the cluster. **Owns:** every retain wants a release. **Thread:** the loop's. */
WEIR_API weir_cluster *weir_cluster_retain(weir_cluster *cluster);

/** Gives an ownership back. A cluster lives on while it has workers. NULL is ignored. **Thread:** the loop's. */
WEIR_API void weir_cluster_release(weir_cluster *cluster);

/** Its loop. **Owns:** the cluster holds it. **Thread:** the loop's. */
WEIR_API weir_loop *weir_cluster_loop(const weir_cluster *cluster);

/** The pointer kept for the program. **Thread:** the loop's. */
WEIR_API void *weir_cluster_user(const weir_cluster *cluster);

/** Keeps a pointer for the program. **Thread:** the loop's. */
WEIR_API void weir_cluster_set_user(weir_cluster *cluster, void *user);

/* ---- A worker, seen from the primary and from itself ---- */

/**
 * Joins the cluster of the process that has started this one: its servers share their names from now on.
 *
 * **Owns:** the caller owns `*worker`; give it back with `weir_worker_release`, at any time: the loop holds it too.
 * **Errors:** `WEIR_ENOTCONN` this process was started without a channel, or it was opened before, so it may be the
 * primary; `WEIR_EALREADY` this loop has joined and is connected; `WEIR_ENOTSUP` in a simulated world; `WEIR_ENOMEM`,
 * `WEIR_EINVAL`, `WEIR_ECANCELED`. **Thread:** the loop's.
 */
WEIR_API weir_code weir_cluster_join(weir_loop *loop, weir_worker **worker);

/**
 * Joins the cluster that has the other end of a channel.
 *
 * **Owns:** as `weir_cluster_join`; the worker retains the channel. **Errors:** `WEIR_EINVAL`, `WEIR_ENOTCONN` it has
 * closed, `WEIR_EALREADY`, `WEIR_ENOMEM`. **Thread:** the channel's loop's.
 */
WEIR_API weir_code weir_cluster_join_channel(weir_channel *channel, weir_worker **worker);

/**
 * Lets a worker leave in order: no further connection comes to it, its shared servers close, and when they have emitted
 * their `close`, behind their last connections, the channel disconnects. The program in it should end then.
 *
 * **Errors:** `WEIR_ENOTCONN` it has disconnected, or is about to; `WEIR_ENOMEM`. **Thread:** the loop's.
 * **Calls back:** never from inside this call.
 */
WEIR_API weir_code weir_worker_disconnect(weir_worker *worker);

/**
 * Ends a worker by a signal, as `weir_process_kill` does; one that is no process loses its channel.
 *
 * **Errors:** those of `weir_process_kill`; `WEIR_ENOTSUP` in the worker itself. **Thread:** the loop's.
 */
WEIR_API weir_code weir_worker_kill(weir_worker *worker, weir_signal_number number);

/** Its number in its cluster, from 1; in the worker itself 0 until `online`. **Thread:** the loop's. */
WEIR_API uint32_t weir_worker_id(const weir_worker *worker);

/** Its cluster; NULL in the worker itself. **Owns:** the worker holds it. **Thread:** the loop's. */
WEIR_API weir_cluster *weir_worker_cluster(const weir_worker *worker);

/** Its process; NULL when it is none, and in the worker itself. **Owns:** the worker. **Thread:** the loop's. */
WEIR_API weir_process *weir_worker_process(const weir_worker *worker);

/** The channel to it, or to the primary: for messages. **Owns:** the worker. **Thread:** the loop's. */
WEIR_API weir_channel *weir_worker_channel(const weir_worker *worker);

/** Whether its channel is there: from its start to `disconnect`. **Thread:** the loop's. */
WEIR_API bool weir_worker_is_connected(const weir_worker *worker);

/** Whether its process has ended, or, where it is none, its channel has. **Thread:** the loop's. */
WEIR_API bool weir_worker_is_dead(const weir_worker *worker);

/** Whether its going was asked for, on either side, and no accident. **Thread:** the loop's. */
WEIR_API bool weir_worker_exited_after_disconnect(const weir_worker *worker);

/** Adds a listener behind those that are there. **Errors:** `WEIR_ENOMEM`, `WEIR_EINVAL`. **Thread:** the loop's. */
WEIR_API weir_code weir_worker_on(weir_worker *worker, weir_event_type type, weir_listener listener, void *user);

/** Adds a listener that is removed before its first call. Else as `weir_worker_on`. */
WEIR_API weir_code weir_worker_once(weir_worker *worker, weir_event_type type, weir_listener listener, void *user);

/** Adds a listener in front of those that are there. Else as `weir_worker_on`. */
WEIR_API weir_code weir_worker_prepend(weir_worker *worker, weir_event_type type, weir_listener listener, void *user);

/** Removes the listener added last with this function and pointer. **Errors:** `WEIR_ENOENT`. **Thread:** the loop's.
 */
WEIR_API weir_code weir_worker_off(weir_worker *worker, weir_event_type type, weir_listener listener, void *user);

/** How many listeners an event has. **Thread:** the loop's. */
WEIR_API size_t weir_worker_listener_count(const weir_worker *worker, weir_event_type type);

/** Adds an owner. Returns the worker. **Owns:** every retain wants a release. **Thread:** the loop's. */
WEIR_API weir_worker *weir_worker_retain(weir_worker *worker);

/** Gives an ownership back; the worker goes on. NULL is ignored. **Thread:** the loop's. */
WEIR_API void weir_worker_release(weir_worker *worker);

/** Its loop. **Owns:** the worker holds it. **Thread:** the loop's. */
WEIR_API weir_loop *weir_worker_loop(const weir_worker *worker);

/** The pointer kept for the program. **Thread:** the loop's. */
WEIR_API void *weir_worker_user(const weir_worker *worker);

/** Keeps a pointer for the program. **Thread:** the loop's. */
WEIR_API void weir_worker_set_user(weir_worker *worker, void *user);

#ifdef __cplusplus
}
#endif

#endif
