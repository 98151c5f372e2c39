/* SPDX-License-Identifier: MIT */
/**
 * @file
 * Signals: what the user or the system tells a process, heard in the loop.
 *
 * While any loop of the process listens to a signal, its usual effect, which as a rule is the process's end, is off;
 * when the last one stops, it is as it was before. Weir touches no signal that nobody asked it for. A signal is heard
 * only if some thread of the program does not block it; the library's own threads block all.
 */
#ifndef WEIR_SIGNAL_H
#define WEIR_SIGNAL_H

#include <stdbool.h>

#include <weir/error.h>
#include <weir/export.h>
#include <weir/loop.h>

#ifdef __cplusplus
extern "C" {
#endif

/** Signals by their meaning; the numbers are Weir's own, the same on every system. */
typedef enum weir_signal_number {
  WEIR_SIGNAL_NONE = 0,      /**< No signal at all. */
  WEIR_SIGNAL_HANGUP = 1,    /**< SIGHUP. Windows: the console window closes, the user logs off, or the machine shuts
                                  down. Then the system leaves the process a few seconds, 5 as a rule, to end by itself,
                                  and ends it. */
  WEIR_SIGNAL_INTERRUPT = 2, /**< SIGINT, Ctrl-C. */
  WEIR_SIGNAL_QUIT = 3,      /**< SIGQUIT. Not on Windows. */
  WEIR_SIGNAL_TERMINATE = 4, /**< SIGTERM. On Windows it can be listened to and never comes. */
  WEIR_SIGNAL_BREAK = 5,     /**< Ctrl-Break. Only on Windows. */
  WEIR_SIGNAL_USER_1 = 6,    /**< SIGUSR1. Not on Windows. */
  WEIR_SIGNAL_USER_2 = 7,    /**< SIGUSR2. Not on Windows. */
  WEIR_SIGNAL_WINDOW = 8,    /**< SIGWINCH: the terminal's size has changed. Not on Windows. */
  WEIR_SIGNAL_KILL = 9,      /**< SIGKILL. Nobody can listen to it; it is for `weir_process_kill`. */
  WEIR_SIGNAL_OTHER = 10     /**< One that Weir has no number for, which has ended a process. */
} weir_signal_number;

/** Something that hears one signal. */
typedef struct weir_signal weir_signal;

/**
 * Called for each signal; several that come close together may be heard as one.
 *
 * **Thread:** the loop's. **Calls back:** may call anything, and stop or release the handle.
 */
typedef void (*weir_signal_callback)(weir_signal *signal, weir_signal_number number, void *user);

/**
 * Makes a signal handle that does not listen yet. Several handles, of one loop or of several, may hear the same signal.
 *
 * **Owns:** the caller owns `*signal`; give it back with `weir_signal_release`. **Errors:** `WEIR_ENOMEM`,
 * `WEIR_EINVAL`, `WEIR_ECANCELED` after the loop's end. **Thread:** the loop's.
 */
WEIR_API weir_code weir_signal_create(weir_loop *loop, weir_signal_callback callback, void *user, weir_signal **signal);

/**
 * Begins to listen, or listens to another signal from now on.
 *
 * **Errors:** `WEIR_EINVAL` no such signal to listen to, `WEIR_ENOTSUP` not on this system, `WEIR_ECANCELED` after the
 * loop's end, or the system's reason. **Thread:** the loop's. **Calls back:** never from inside this call.
 */
WEIR_API weir_code weir_signal_start(weir_signal *signal, weir_signal_number number);

/** Listens no more; a signal that has come and was not told is dropped. **Thread:** the loop's. */
WEIR_API void weir_signal_stop(weir_signal *signal);

/** Whether it listens. **Thread:** the loop's. */
WEIR_API bool weir_signal_active(const weir_signal *signal);

/** Lets it keep the loop alive while it listens. Returns it. **Thread:** the loop's. */
WEIR_API weir_signal *weir_signal_ref(weir_signal *signal);

/** Lets the loop end although it listens, which is the default. Returns it. **Thread:** the loop's. */
WEIR_API weir_signal *weir_signal_unref(weir_signal *signal);

/** Whether it keeps the loop alive while it listens. **Thread:** the loop's. */
WEIR_API bool weir_signal_has_ref(const weir_signal *signal);

/** Adds an owner. Returns the handle. **Owns:** every retain wants a release. **Thread:** the loop's. */
WEIR_API weir_signal *weir_signal_retain(weir_signal *signal);

/** Gives an ownership back; with the last one it stops and is freed. NULL is ignored. **Thread:** the loop's. */
WEIR_API void weir_signal_release(weir_signal *signal);

/**
 * The name of a signal: "SIGINT"; of no signal, "unknown".
 *
 * **Owns:** the library; the text lives for ever. **Thread:** any.
 */
WEIR_API const char *weir_signal_name(weir_signal_number number);

#ifdef __cplusplus
}
#endif

#endif
