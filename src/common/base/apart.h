/* SPDX-License-Identifier: MIT */
/*
 * APART marks a function that a hot one calls, but not often. It stays a function of its own: merged into its caller it
 * would make that save registers and make room for what it mostly does not do.
 *
 * MERGED marks a small function whose callers know half of the answers: merged into each of them, that half is gone.
 */
#ifndef WEIR_COMMON_BASE_APART_H
#define WEIR_COMMON_BASE_APART_H

#define APART __attribute__((noinline))
#define MERGED __attribute__((always_inline)) inline

#endif
