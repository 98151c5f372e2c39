/* SPDX-License-Identifier: MIT */
#include "common/loop/deferred.h"

#include "common/loop/loop.h"

void deferred_add(weir_loop *loop, struct deferred *deferred) {
  list_append(&loop->deferred, &deferred->link);
  loop->attention = true;
}

void deferred_remove(struct deferred *deferred) { list_remove(&deferred->link); }

/* What is taken back meanwhile leaves the list it is on, which is the local one. */
void deferred_run(weir_loop *loop) {
  struct list now;
  list_init(&now);
  list_move_all(&loop->deferred, &now);
  for (struct list_node *node; !loop->ended && (node = list_take_first(&now)) != NULL;) {
    struct deferred *deferred = CONTAINER_OF(node, struct deferred, link);
    deferred->run(deferred);
  }
}
