/* SPDX-License-Identifier: MIT */
/*
 * An intrusive doubly linked list. A node belongs to the structure it is embedded in and knows nothing of its list, so
 * removing needs only the node. A zeroed node is on no list; adding a node that is on one is a mistake.
 */
#ifndef WEIR_COMMON_BASE_LIST_H
#define WEIR_COMMON_BASE_LIST_H

#include <assert.h>
#include <stdbool.h>
#include <stddef.h>

struct list_node {
  struct list_node *next;
  struct list_node *previous;
};

/* A list is a node that is linked to itself while empty. */
struct list {
  struct list_node head;
};

/* The structure of this type that has `pointer` as its member of this name. */
#define CONTAINER_OF(pointer, type, member) ((type *)(void *)((char *)(pointer)-offsetof(type, member)))

static inline void list_init(struct list *list) {
  list->head.next = &list->head;
  list->head.previous = &list->head;
}

static inline bool list_empty(const struct list *list) { return list->head.next == &list->head; }

static inline bool list_linked(const struct list_node *node) { return node->next != NULL; }

static inline void list_append(struct list *list, struct list_node *node) {
  assert(!list_linked(node));
  node->next = &list->head;
  node->previous = list->head.previous;
  list->head.previous->next = node;
  list->head.previous = node;
}

/* Takes a node that is about to be freed out of the list that it is on. */
static inline void list_unlink(struct list_node *node) {
  assert(list_linked(node));
  node->previous->next = node->next;
  node->next->previous = node->previous;
}

/* Takes a node out of whatever list it is on; does nothing to a node that is on none. */
static inline void list_remove(struct list_node *node) {
  if (!list_linked(node)) return;
  node->previous->next = node->next;
  node->next->previous = node->previous;
  node->next = NULL;
  node->previous = NULL;
}

/* Takes a node out of the list that it is on, and appends it to this one. */
static inline void list_move(struct list *list, struct list_node *node) {
  assert(list_linked(node));
  node->previous->next = node->next;
  node->next->previous = node->previous;
  node->next = &list->head;
  node->previous = list->head.previous;
  list->head.previous->next = node;
  list->head.previous = node;
}

/* The first node, or NULL. */
static inline struct list_node *list_first(const struct list *list) {
  return list_empty(list) ? NULL : list->head.next;
}

/* The node behind this one, or NULL. */
static inline struct list_node *list_after(const struct list *list, const struct list_node *node) {
  return node->next == &list->head ? NULL : node->next;
}

/* Takes the first node out and returns it, or NULL. */
static inline struct list_node *list_take_first(struct list *list) {
  struct list_node *first = list_first(list);
  if (first != NULL) list_remove(first);
  return first;
}

/* Moves all nodes to the end of `to`, in order. */
static inline void list_move_all(struct list *from, struct list *to) {
  if (list_empty(from)) return;
  from->head.next->previous = to->head.previous;
  from->head.previous->next = &to->head;
  to->head.previous->next = from->head.next;
  to->head.previous = from->head.previous;
  list_init(from);
}

#endif
