/* SPDX-License-Identifier: MIT */
/**
 * @file
 * Timers: never early, in the order of their times, and in the order of starting when the times are equal.
 */
#ifndef WEIR_TIMER_H
#define WEIR_TIMER_H

#include <stdbool.h>
#include <stdint.h>

#include <weir/error.h>
#include <weir/export.h>
#include <weir/loop.h>

#ifdef __cplusplus
extern "C" {
#endif

/** A timer. */
typedef struct weir_timer weir_timer;

/**
 * Called when a timer's time has come. It may start, stop and release any timer, its own included.
 *
 * **Thread:** the loop's.
 */
typedef void (*weir_timer_callback)(weir_timer *timer, void *user);

/**
 * Makes a timer that is not started.
 *
 * **Owns:** the caller owns `*timer`; give it back with `weir_timer_release`. **Errors:** `WEIR_ENOMEM`,
 * `WEIR_EINVAL` without a callback. **Thread:** the loop's.
 */
WEIR_API weir_code weir_timer_create(weir_loop *loop, weir_timer_callback callback, void *user, weir_timer **timer);

/**
 * Starts a timer, or starts it anew: its callback runs after `timeout_ms`, and then every `repeat_ms` unless that is 0.
 * The time counts from the real now, not from the loop's last reading of the clock: outside of a run from this call,
 * and inside from when the callbacks at hand have returned, when the clock is read once for all timers that they
 * started. A callback that works on for long after it started a timer may call `weir_loop_update_now` right behind.
 *
 * **Errors:** `WEIR_EINVAL` without a timer, `WEIR_ECANCELED` after the loop's end; never for want of memory.
 * **Thread:** the loop's.
 * **Calls back:** never from inside this call, not even with 0.
 */
WEIR_API weir_code weir_timer_start(weir_timer *timer, uint64_t timeout_ms, uint64_t repeat_ms);

/**
 * Starts the timer again with the times it was last started with.
 *
 * **Errors:** `WEIR_EINVAL` when it was never started, `WEIR_ECANCELED`. **Thread:** the loop's.
 */
WEIR_API weir_code weir_timer_restart(weir_timer *timer);

/**
 * Stops a timer; its callback does not run any more, even when its time had come in this turn.
 *
 * **Errors:** none; stopping a stopped timer does nothing. **Thread:** the loop's.
 */
WEIR_API void weir_timer_stop(weir_timer *timer);

/** Whether the timer is started. **Thread:** the loop's. */
WEIR_API bool weir_timer_active(const weir_timer *timer);

/** Lets the timer keep the loop alive while it is started, which is the default. Returns it. **Thread:** the loop's. */
WEIR_API weir_timer *weir_timer_ref(weir_timer *timer);

/** Lets the loop end although the timer is started. Returns it. **Thread:** the loop's. */
WEIR_API weir_timer *weir_timer_unref(weir_timer *timer);

/** Whether the timer keeps the loop alive while it is started. **Thread:** the loop's. */
WEIR_API bool weir_timer_has_ref(const weir_timer *timer);

/** Adds an owner. Returns the timer. **Owns:** every retain wants a release. **Thread:** the loop's. */
WEIR_API weir_timer *weir_timer_retain(weir_timer *timer);

/**
 * Gives an ownership back; with the last one the timer stops and is freed. NULL is ignored.
 *
 * **Thread:** the loop's.
 */
WEIR_API void weir_timer_release(weir_timer *timer);

#ifdef __cplusplus
}
#endif

#endif
