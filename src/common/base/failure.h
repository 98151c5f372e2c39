/* SPDX-License-Identifier: MIT */
/*
 * Keeping an error: its texts are lent by whoever found it, so what is reported later is copied whole, in one block.
 */
#ifndef WEIR_COMMON_BASE_FAILURE_H
#define WEIR_COMMON_BASE_FAILURE_H

#include <weir/error.h>

#include "common/base/memory.h"

/* A copy with its texts, in one block of memory_put; NULL: no memory. NULL texts become "". */
weir_error *failure_copy(const weir_allocator *allocator, const weir_error *error);

#endif
