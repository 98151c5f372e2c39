/* SPDX-License-Identifier: MIT */
/*
 * What is said of a handle in an offer: values of fixed widths one after the other, because the other process may be
 * another build, and may lie. The first failure stays, and nothing after it is done.
 */
#ifndef WEIR_WIN32_CARGO_H
#define WEIR_WIN32_CARGO_H

#include "win32/passage.h"

struct cargo {
  const struct passage *passage;
  struct offer *offer;
  size_t at; /* what was got of it */
  DWORD error;
  bool has_sent; /* the other process has a handle of it */
};

/* An empty one, to put things in. */
struct cargo cargo_begin(const struct passage *passage, struct offer *offer);

/* One to get things out of. */
struct cargo cargo_open(const struct passage *passage, struct offer *offer);

void cargo_put(struct cargo *cargo, const void *bytes, size_t length);
void cargo_put_number(struct cargo *cargo, uint32_t number);
void cargo_put_handle(struct cargo *cargo, HANDLE handle);
void cargo_put_socket(struct cargo *cargo, SOCKET socket);

/* What cannot be got is 0. */
void cargo_get(struct cargo *cargo, void *bytes, size_t length);
uint32_t cargo_get_number(struct cargo *cargo);

/* The handle is the caller's. One that cannot be had is no reason not to get at the next. */
DWORD cargo_get_handle(struct cargo *cargo, HANDLE *handle);
DWORD cargo_get_socket(struct cargo *cargo, SOCKET *socket);

#endif
