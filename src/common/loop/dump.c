/* SPDX-License-Identifier: MIT */
/*
 * Why a loop is alive, or why not, in plain words: first a line for each thing that keeps it so, then one for each that
 * does not.
 */
#include "common/base/text.h"
#include "common/loop/handle.h"
#include "common/loop/loop.h"
#include "common/loop/post.h"
#include "common/loop/timer.h"
#include "common/service/lookup.h"
#include "common/service/signal.h"
#include "common/service/work.h"

static void dump_list(const struct list *handles, bool alive, struct text *text) {
  for (struct list_node *node = list_first(handles); node != NULL; node = list_after(handles, node)) {
    const struct handle *handle = CONTAINER_OF(node, struct handle, link);
    if (handle->counted != alive) continue;
    text_add(text, "  ");
    handle_class(handle)->describe(handle, text);
    text_add(text, "\n");
  }
}

static void dump_all(weir_loop *loop, bool alive, struct text *text) {
  dump_list(&loop->handles, alive, text);
  dump_list(&loop->delivering, alive, text);
  dump_list(&loop->owed, alive, text);
  dump_list(&loop->closing, alive, text);
  timer_dump(loop, alive, text);
  signal_dump(loop, alive, text);
}

static size_t count_owing(const weir_loop *loop) {
  size_t count = 0;
  const struct list *owed = &loop->owed;
  for (struct list_node *node = list_first(owed); node != NULL; node = list_after(owed, node)) count++;
  return count;
}

/* What is due at once. */
static void dump_owed(const weir_loop *loop, struct text *text) {
  size_t owing = count_owing(loop);
  size_t posted = post_count(loop);
  if (owing > 0) {
    text_add(text, "  what earlier calls have caused, for ");
    text_add_count(text, owing, "handle");
    text_add(text, "\n");
  }
  if (posted > 0) {
    text_add(text, "  ");
    text_add_count(text, posted, "posted function");
    text_add(text, "\n");
  }
}

size_t weir_loop_dump(weir_loop *loop, char *text, size_t size) {
  struct text whole = text_in(text, size);
  bool alive = weir_loop_alive(loop);
  text_add(&whole, alive ? "The loop is alive because of:\n" : "The loop is not alive: nothing referenced is left.\n");
  dump_owed(loop, &whole);
  lookup_dump(loop, &whole);
  work_dump(loop, &whole);
  dump_all(loop, true, &whole);
  struct text others = text_in(NULL, 0);
  dump_all(loop, false, &others);
  if (others.length > 0) text_add(&whole, "Not kept alive by:\n");
  dump_all(loop, false, &whole);
  return whole.length;
}
