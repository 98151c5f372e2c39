/* SPDX-License-Identifier: MIT */
/*
 * What Win32 errors mean. One error means different things to a reader, to a writer and to somebody who opens, so every
 * question says where it happened.
 */
#ifndef WEIR_WIN32_ERROR_H
#define WEIR_WIN32_ERROR_H

#include "common/backend.h"
#include "win32/os.h"

enum error_place {
  ERROR_PLACE_READ = 0,
  ERROR_PLACE_WRITE,
  ERROR_PLACE_OPEN, /* connect, open, listen, accept */
  ERROR_PLACES_OF_PIPES,
  ERROR_PLACE_SOCKET = ERROR_PLACES_OF_PIPES, /* anywhere in TCP */
  ERROR_PLACE_SPAWN                           /* starting a process */
};

weir_code error_code(enum error_place place, DWORD error);

/* Fills a completion that failed. */
void error_complete(struct completion *completion, enum error_place place, DWORD error);

/* The answer of an operation that failed at once; a `hint` of NULL: the table's. */
struct outcome error_outcome(enum error_place place, DWORD error, const char *hint);

/* The answer of one that did not. */
struct outcome error_none(void);

#endif
