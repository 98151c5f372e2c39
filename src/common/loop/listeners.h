/* SPDX-License-Identifier: MIT */
/*
 * Several listeners of one handle, and emitting to them.
 *
 * A handle that has one listener, which is not `once`, keeps it in itself. With the second one all stand in an array,
 * so that a handle pays only for the listeners it has. An emission runs the listeners as they were when it began
 * (Node's rule): one that is removed meanwhile is only marked and still runs, one that is added meanwhile stands behind
 * the end of the emission. One emission per handle runs at a time, because events come from the loop alone and a loop
 * does not run inside itself.
 */
#ifndef WEIR_COMMON_LOOP_LISTENERS_H
#define WEIR_COMMON_LOOP_LISTENERS_H

#include <stdbool.h>
#include <stddef.h>

#include "common/loop/handle.h"

/* Adds one that is not to stand alone. */
weir_code listeners_add(struct handle *handle, weir_event_type type, enum listener_position position,
                        weir_listener call, void *user);

/* Removes the one added last with this function and pointer; WEIR_ENOENT when there is none. */
weir_code listeners_remove(struct handle *handle, weir_event_type type, weir_listener call, const void *user);

/* Removes all of them. */
void listeners_clear(struct handle *handle);

size_t listeners_count(const struct handle *handle, weir_event_type type);

#endif
