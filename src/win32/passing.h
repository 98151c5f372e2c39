/* SPDX-License-Identifier: MIT */
/*
 * How handles go to other processes on Windows; see common/passing.h.
 */
#ifndef WEIR_WIN32_PASSING_H
#define WEIR_WIN32_PASSING_H

#include "common/passing.h"

extern const struct passing_operations passing_iocp;

#endif
