/* SPDX-License-Identifier: MIT */
/**
 * @file
 * Processes: other programs that this one starts, talks to, and hears the end of.
 *
 * A child gets what it is told to get and nothing else: its standard input, output and error, further descriptors that
 * were asked for, an environment, a directory. No other descriptor or handle of this process reaches it, no blocked
 * signal and no ignored one.
 *
 * Weir touches SIGCHLD never, and waits for no other child than its own.
 */
#ifndef WEIR_PROCESS_H
#define WEIR_PROCESS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <weir/channel.h>
#include <weir/error.h>
#include <weir/event.h>
#include <weir/export.h>
#include <weir/loop.h>
#include <weir/signal.h>

#ifdef __cplusplus
extern "C" {
#endif

/** Where a descriptor of the child comes from. */
typedef enum weir_stdio_kind {
  WEIR_STDIO_INHERIT = 0, /**< What this process has at the same number; nothing when it has nothing there. */
  WEIR_STDIO_NULL,        /**< A device that is empty and takes everything. */
  WEIR_STDIO_PIPE,        /**< A connection with this process, whose end here is `weir_process_stdio`. */
  WEIR_STDIO_CONNECTION,  /**< A pipe for a child that opens its end with `weir_socket_open`. It differs from PIPE on
                               Windows only, where what does not wait cannot be used like a file. */
  WEIR_STDIO_SOCKET,      /**< The connection of an open socket, which both processes have from then on. It waits in
                               the child as files do. */
  WEIR_STDIO_NATIVE       /**< A descriptor, or a HANDLE, as it is. */
} weir_stdio_kind;

/** One descriptor of the child. */
typedef struct weir_stdio {
  weir_stdio_kind kind; /**< Where it comes from. */
  weir_socket *socket;  /**< Of `WEIR_STDIO_SOCKET`: lent for the call. */
  intptr_t native;      /**< Of `WEIR_STDIO_NATIVE`: lent for the call. */
} weir_stdio;

/** How a process is started. Zero is the default of every field; begin with `weir_process_options_default()`. */
typedef struct weir_process_options {
  size_t size;                    /**< `sizeof(weir_process_options)`. */
  const char *file;               /**< The program: a path, or a name without a separator, which is looked for in the
                                       directories of the child's `PATH`. Not a batch file of Windows. */
  const char *const *arguments;   /**< Ends with NULL; the first is what the program shall take for its own name. They
                                       arrive as they are, whatever is in them. NULL: `file` alone. */
  const char *const *environment; /**< Each "NAME=value"; ends with NULL. NULL: that of this process. */
  const char *directory;          /**< Where the child begins; a relative `file` with a separator counts from there.
                                       NULL: where this process is. */
  const weir_stdio *stdio;        /**< The child's descriptors 0, 1, 2 and so on. What is missing of the first three is
                                       inherited. NULL: none are given. */
  size_t stdio_count;             /**< How many. */
  bool detached;      /**< The child is to outlive this process: it leads a session of its own and has no terminal;
                           on Windows a group of its own, without a console. */
  weir_listener exit; /**< Added as a once-listener of `exit`, when not NULL. */
  void *exit_user;    /**< Its last argument. */
  void *user;         /**< First value of `weir_process_user`. */
  bool channel;       /**< There is a channel between both: `weir_process_channel` here, and in the child
                           `weir_channel_open_parent`; see channel.h. */
} weir_process_options;

/** Options with every default. */
static inline weir_process_options weir_process_options_default(void) {
  weir_process_options options;
  memset(&options, 0, sizeof options);
  options.size = sizeof options;
  return options;
}

/**
 * Starts a process. Later: `exit` when it has ended, and `close` when its pipes and its channel have closed too; or
 * `error`, when the system refuses, and `close`.
 *
 * Its loop has to run for `exit` to be heard, and until then the system remembers the child. A loop that ends earlier
 * leaves the child running.
 *
 * **Owns:** the caller owns `*process`; give it back with `weir_process_release`, at any time: it lives on in the loop
 * until it has closed. **Errors:** `WEIR_EINVAL` options that make no sense, `WEIR_ENOTCONN` a socket among them that
 * is not open, `WEIR_ENOMEM`, `WEIR_ENOTSUP` in a simulation, `WEIR_ECANCELED` after the loop's end; then nothing was
 * made. Whatever the system says, that there is no such program for one, is an `error` event of the operation "spawn".
 * **Thread:** the loop's. **Calls back:** never from inside this call.
 */
WEIR_API weir_code weir_process_spawn(weir_loop *loop, const weir_process_options *options, weir_process **process);

/** Its number, or 0 when it could not be started. It stays after the end. **Thread:** the loop's. */
WEIR_API uint32_t weir_process_id(const weir_process *process);

/** Whether it runs: from the start until the loop has heard of its end. **Thread:** the loop's. */
WEIR_API bool weir_process_running(const weir_process *process);

/**
 * This process's end of a `WEIR_STDIO_PIPE` or `WEIR_STDIO_CONNECTION`; NULL for any other descriptor, and when the
 * process could not be started.
 *
 * The end of the child's input can only be written to, those of its output and error only be read from. Like other
 * sockets they read nothing until somebody listens to `data`; a child whose output nobody takes waits, once a mark of
 * it lies here. When the child has ended its input is destroyed, and what nobody has listened to flows away.
 *
 * **Owns:** the process, as long as it lives; retain it to keep it longer. **Thread:** the loop's.
 */
WEIR_API weir_socket *weir_process_stdio(const weir_process *process, size_t index);

/**
 * This process's end of the channel; NULL when it was spawned without one, or could not be started. What the child sent
 * before its end is heard before `exit`, and `close` comes behind the channel's.
 *
 * **Owns:** the process, as long as it lives; retain it to keep it longer. **Thread:** the loop's.
 */
WEIR_API weir_channel *weir_process_channel(const weir_process *process);

/**
 * Sends it a signal.
 *
 * Windows knows no signals: `WEIR_SIGNAL_KILL`, `WEIR_SIGNAL_TERMINATE`, `WEIR_SIGNAL_INTERRUPT` and `WEIR_SIGNAL_QUIT`
 * end the child at once, and `exit` names the one that did.
 *
 * **Errors:** `WEIR_ESRCH` it has ended, or was never started; `WEIR_EINVAL` no such signal; `WEIR_ENOTSUP` not on this
 * system; `WEIR_EPERM`. **Thread:** the loop's.
 */
WEIR_API weir_code weir_process_kill(weir_process *process, weir_signal_number number);

/**
 * Adds a listener behind those that are there: of `exit`, `error` or `close`.
 *
 * **Errors:** `WEIR_ENOMEM`; `WEIR_EINVAL` for an event that no process has. **Thread:** the loop's.
 */
WEIR_API weir_code weir_process_on(weir_process *process, weir_event_type type, weir_listener listener, void *user);

/** Adds a listener that is removed before its first call. Else as `weir_process_on`. */
WEIR_API weir_code weir_process_once(weir_process *process, weir_event_type type, weir_listener listener, void *user);

/** Adds a listener in front of those that are there. Else as `weir_process_on`. */
WEIR_API weir_code weir_process_prepend(weir_process *process, weir_event_type type, weir_listener listener,
                                        void *user);

/**
 * Removes the listener added last with this function and pointer.
 *
 * **Errors:** `WEIR_ENOENT` when there is none. **Thread:** the loop's.
 */
WEIR_API weir_code weir_process_off(weir_process *process, weir_event_type type, weir_listener listener, void *user);

/** How many listeners an event has. **Thread:** the loop's. */
WEIR_API size_t weir_process_listener_count(const weir_process *process, weir_event_type type);

/** Adds an owner. Returns the process. **Owns:** every retain wants a release. **Thread:** the loop's. */
WEIR_API weir_process *weir_process_retain(weir_process *process);

/** Gives an ownership back; the child goes on. NULL is ignored. **Thread:** the loop's. */
WEIR_API void weir_process_release(weir_process *process);

/** Lets it keep the loop alive until `exit`, which is the default. Returns it. **Thread:** the loop's. */
WEIR_API weir_process *weir_process_ref(weir_process *process);

/** Lets the loop end although it runs; its pipes are sockets of their own. Returns it. **Thread:** the loop's. */
WEIR_API weir_process *weir_process_unref(weir_process *process);

/** Whether it keeps the loop alive until `exit`. **Thread:** the loop's. */
WEIR_API bool weir_process_has_ref(const weir_process *process);

/** Its loop. **Owns:** the process holds it. **Thread:** the loop's. */
WEIR_API weir_loop *weir_process_loop(const weir_process *process);

/** The pointer kept for the program. **Thread:** the loop's. */
WEIR_API void *weir_process_user(const weir_process *process);

/** Keeps a pointer for the program. **Thread:** the loop's. */
WEIR_API void weir_process_set_user(weir_process *process, void *user);

#ifdef __cplusplus
}
#endif

#endif
