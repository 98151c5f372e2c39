/* SPDX-License-Identifier: MIT */
/**
 * @file
 * Work: a function runs on another thread, and the loop hears when it is done.
 */
#ifndef WEIR_WORK_H
#define WEIR_WORK_H

#include <weir/error.h>
#include <weir/export.h>
#include <weir/loop.h>

#ifdef __cplusplus
extern "C" {
#endif

/** How many threads a loop's work has when `weir_loop_options` does not say. */
#define WEIR_WORK_THREADS 4

/** A piece of work that waits or runs. */
typedef struct weir_work weir_work;

/**
 * The work itself. Of Weir it may call only what says "any thread".
 *
 * **Thread:** one of the loop's working threads, on which no signal is heard; in a simulation, the loop's.
 */
typedef void (*weir_work_function)(void *user);

/**
 * Called once when it is over: `WEIR_OK`, or `WEIR_ECANCELED` when it was taken back before it began.
 *
 * **Thread:** the loop's. **Calls back:** may call anything.
 */
typedef void (*weir_work_callback)(weir_work *work, weir_code code, void *user);

/**
 * Runs `function` on another thread and then `done`, which may be NULL, on the loop's. Work begins in the order of
 * asking, on as many threads as the loop's options say; look-ups have threads of their own. Until it is over it keeps
 * the loop alive.
 *
 * At the loop's end `weir_loop_release` waits for the work that runs, and drops what has not begun; no `done` runs
 * then.
 *
 * **Owns:** the work is the loop's until `done` has returned; `user` must live as long. `work` may be NULL when it is
 * never cancelled. **Errors:** `WEIR_EINVAL`, `WEIR_ENOMEM`, `WEIR_ECANCELED` after the loop's end, or the system's
 * reason when there is no thread at all; then nothing will run. **Thread:** the loop's. **Calls back:** never from
 * inside this call.
 */
WEIR_API weir_code weir_work_queue(weir_loop *loop, weir_work_function function, weir_work_callback done, void *user,
                                   weir_work **work);

/**
 * Takes back work that has not begun: `done` hears `WEIR_ECANCELED`.
 *
 * **Errors:** `WEIR_EBUSY` when it has begun or was taken back before: it ends as if nothing had been said.
 * **Thread:** the loop's. **Calls back:** never from inside this call.
 */
WEIR_API weir_code weir_work_cancel(weir_work *work);

#ifdef __cplusplus
}
#endif

#endif
