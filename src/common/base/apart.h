/* SPDX-License-Identifier: MIT */
/*
 * APART marks a function that a hot one calls, but not often. It stays a function of its own: merged into its caller it
 * would make that save registers and make room for what it mostly does not do.
 */
#ifndef WEIR_COMMON_BASE_APART_H
#define WEIR_COMMON_BASE_APART_H

#define APART __attribute__((noinline))

#endif
