/* SPDX-License-Identifier: MIT */
#include "common/loop/post.h"

#include <stdatomic.h>
#include <stddef.h>

#include "common/base/memory.h"
#include "common/loop/loop.h"

void post_send(weir_loop *loop, struct post *post) {
  post->next = atomic_load_explicit(&loop->posts, memory_order_relaxed);
  while (!atomic_compare_exchange_weak(&loop->posts, &post->next, post)) continue;
  weir_loop_wake(loop);
}

weir_code weir_loop_post(weir_loop *loop, weir_function function, void *user) {
  if (loop == NULL || function == NULL) return WEIR_EINVAL;
  struct post *post = memory_get(&loop->allocator, sizeof *post);
  if (post == NULL) return WEIR_ENOMEM;
  *post = (struct post){.function = function, .user = user};
  post_send(loop, post);
  return WEIR_OK;
}

/* Only the loop's thread takes posts off, so those that are there stay while it counts. */
size_t post_count(const weir_loop *loop) {
  size_t count = 0;
  for (const struct post *post = atomic_load_explicit(&loop->posts, memory_order_acquire); post != NULL;
       post = post->next) {
    count++;
  }
  return count;
}

static struct post *take_all_oldest_first(weir_loop *loop) {
  struct post *newest = atomic_exchange_explicit(&loop->posts, NULL, memory_order_acquire);
  struct post *oldest = NULL;
  while (newest != NULL) {
    struct post *next = newest->next;
    newest->next = oldest;
    oldest = newest;
    newest = next;
  }
  return oldest;
}

void post_run(weir_loop *loop) {
  struct post *post = take_all_oldest_first(loop);
  while (post != NULL && !loop->ended) {
    struct post taken = *post;
    if (taken.dropped == NULL) memory_put(&loop->allocator, post);
    loop->counters.posts++;
    taken.function(taken.user);
    post = taken.next;
  }
}

void post_drop(weir_loop *loop) {
  struct post *post = take_all_oldest_first(loop);
  while (post != NULL) {
    struct post taken = *post;
    if (taken.dropped == NULL) {
      memory_put(&loop->allocator, post);
    } else {
      taken.dropped(taken.user);
    }
    post = taken.next;
  }
}
