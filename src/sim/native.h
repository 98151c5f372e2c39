/* SPDX-License-Identifier: MIT */
/*
 * What is open and no loop has: a connection or a listening socket that was detached, under a number that takes it on.
 * Such a number means something in its own world only, and is no descriptor.
 */
#ifndef WEIR_SIM_NATIVE_H
#define WEIR_SIM_NATIVE_H

#include <stdint.h>

#include "common/base/list.h"

struct weir_sim;

enum native_kind { NATIVE_END, NATIVE_LISTENER };

/* A part of a wire's end or of a listener, so that detaching cannot fail. */
struct native {
  struct list_node node; /* in the world's natives, while it is detached */
  enum native_kind kind;
  intptr_t number;
};

/* Puts it under a new number, which is returned. */
intptr_t native_add(struct weir_sim *sim, struct native *native, enum native_kind kind);

/* What has this number; NULL: nothing of that kind. */
struct native *native_find(const struct weir_sim *sim, intptr_t number, enum native_kind kind);

/* Closes one that nobody wants. */
void native_drop(struct native *native);

/* Closes what nobody took on. */
void native_close_all(struct weir_sim *sim);

#endif
