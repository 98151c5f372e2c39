/* SPDX-License-Identifier: MIT */
/* What is open and no loop has; see native.h. */
#include "sim/native.h"

#include "sim/listener.h"
#include "sim/wire.h"
#include "sim/world.h"

/* Above any descriptor, so that none is taken for a number of a simulated world. */
enum { FIRST_NUMBER = 1 << 24 };

intptr_t native_add(struct weir_sim *sim, struct native *native, enum native_kind kind) {
  native->kind = kind;
  native->number = FIRST_NUMBER + sim->native_count++;
  list_append(&sim->natives, &native->node);
  return native->number;
}

struct native *native_find(const struct weir_sim *sim, intptr_t number, enum native_kind kind) {
  for (struct list_node *node = list_first(&sim->natives); node != NULL; node = list_after(&sim->natives, node)) {
    struct native *native = CONTAINER_OF(node, struct native, node);
    if (native->number == number && native->kind == kind) return native;
  }
  return NULL;
}

void native_drop(struct native *native) {
  if (native->kind == NATIVE_END) {
    list_remove(&native->node);
    wire_close(CONTAINER_OF(native, struct wire_end, native));
  } else {
    listener_release(listener_take_on(native));
  }
}

void native_close_all(struct weir_sim *sim) {
  while (!list_empty(&sim->natives)) native_drop(CONTAINER_OF(list_first(&sim->natives), struct native, node));
}
