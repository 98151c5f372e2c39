/* SPDX-License-Identifier: MIT */
/*
 * All memory of a loop goes through the allocator it was created with, so that a program can count it and a test can
 * make every request fail.
 */
#ifndef WEIR_COMMON_BASE_MEMORY_H
#define WEIR_COMMON_BASE_MEMORY_H

#include <stddef.h>

#include <weir/loop.h>

/* The C library's allocator. */
extern const weir_allocator memory_default;

/* A block of `bytes`, not cleared; NULL when there is none. */
void *memory_get(const weir_allocator *allocator, size_t bytes);

/* A block of `bytes`, all zero; NULL when there is none. */
void *memory_get_zeroed(const weir_allocator *allocator, size_t bytes);

/* A block that grew or shrank, perhaps elsewhere; NULL when there is none, and then the old one is as it was. */
void *memory_resize(const weir_allocator *allocator, void *block, size_t bytes);

/* Gives a block back; NULL is ignored. */
void memory_put(const weir_allocator *allocator, void *block);

#endif
