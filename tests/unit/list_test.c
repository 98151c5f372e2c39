/* SPDX-License-Identifier: MIT */
/* The intrusive list. */
#include "common/base/list.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

/* cmocka.h wants the headers above first. */
#include <cmocka.h>

struct item {
  char letter;
  struct list_node node;
};

static struct item *item_of(struct list_node *node) { return CONTAINER_OF(node, struct item, node); }

static void make(struct list *list, struct item *items, const char *letters) {
  list_init(list);
  for (size_t i = 0; letters[i] != '\0'; i++) {
    items[i] = (struct item){letters[i], {NULL, NULL}};
    list_append(list, &items[i].node);
  }
}

/* The list read forwards is `expected`, and read backwards the same in reverse. */
static void check(struct list *list, const char *expected) {
  size_t count = 0;
  for (struct list_node *node = list_first(list); node != NULL; node = list_after(list, node)) {
    assert_int_equal(item_of(node)->letter, expected[count]);
    assert_true(list_linked(node));
    count++;
  }
  assert_int_equal(count, strlen(expected));
  for (struct list_node *node = list->head.previous; node != &list->head; node = node->previous) {
    assert_int_equal(item_of(node)->letter, expected[--count]);
  }
  assert_int_equal(count, 0);
  assert_int_equal(list_empty(list), expected[0] == '\0');
}

static void a_new_list_is_empty(void **state) {
  (void)state;
  struct list list;
  list_init(&list);
  check(&list, "");
  assert_null(list_first(&list));
  assert_null(list_take_first(&list));
}

static void nodes_keep_the_order_of_appending(void **state) {
  (void)state;
  struct list list;
  struct item items[3];
  make(&list, items, "abc");
  check(&list, "abc");
}

static void any_node_can_be_removed(void **state) {
  (void)state;
  struct list list;
  struct item items[4];
  make(&list, items, "abcd");
  list_remove(&items[1].node);
  check(&list, "acd");
  list_remove(&items[0].node);
  check(&list, "cd");
  list_remove(&items[3].node);
  check(&list, "c");
  list_remove(&items[2].node);
  check(&list, "");
}

static void a_removed_node_is_on_no_list_and_can_be_added_again(void **state) {
  (void)state;
  struct list list;
  struct item items[2];
  make(&list, items, "ab");
  list_remove(&items[0].node);
  assert_false(list_linked(&items[0].node));
  list_remove(&items[0].node);
  check(&list, "b");
  list_append(&list, &items[0].node);
  check(&list, "ba");
}

static void taking_from_the_front_empties_the_list_in_order(void **state) {
  (void)state;
  struct list list;
  struct item items[2];
  make(&list, items, "ab");
  assert_ptr_equal(list_take_first(&list), &items[0].node);
  assert_false(list_linked(&items[0].node));
  assert_ptr_equal(list_take_first(&list), &items[1].node);
  check(&list, "");
}

static void a_moved_node_is_the_last_of_the_other_list(void **state) {
  (void)state;
  struct list from;
  struct list to;
  struct item first[3];
  struct item second[2];
  make(&from, first, "abc");
  make(&to, second, "xy");
  list_move(&to, &first[1].node);
  check(&from, "ac");
  check(&to, "xyb");
  list_move(&to, &second[0].node);
  check(&to, "ybx");
}

static void moving_all_appends_them_and_leaves_nothing(void **state) {
  (void)state;
  struct list from, to;
  struct item first[2], second[3];
  make(&to, first, "ab");
  make(&from, second, "cde");
  list_move_all(&from, &to);
  check(&to, "abcde");
  check(&from, "");
  list_move_all(&from, &to);
  check(&to, "abcde");
  list_move_all(&to, &from);
  check(&from, "abcde");
  check(&to, "");
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(a_new_list_is_empty),
      cmocka_unit_test(nodes_keep_the_order_of_appending),
      cmocka_unit_test(any_node_can_be_removed),
      cmocka_unit_test(a_removed_node_is_on_no_list_and_can_be_added_again),
      cmocka_unit_test(taking_from_the_front_empties_the_list_in_order),
      cmocka_unit_test(a_moved_node_is_the_last_of_the_other_list),
      cmocka_unit_test(moving_all_appends_them_and_leaves_nothing),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
