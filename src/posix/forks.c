/* SPDX-License-Identifier: MIT */
/*
 * Who is told of a fork. In the new process there is one thread, and it is inside fork(): it does no more than to mark
 * the loops.
 */
#define _DEFAULT_SOURCE 1

#include "posix/forks.h"

#include <errno.h>
#include <pthread.h>

#include "common/system.h"
#include "posix/os.h"
#include "posix/parts.h"

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct list watches;
static bool is_prepared;

void process_lock(void) { pthread_mutex_lock(&lock); }

void process_unlock(void) { pthread_mutex_unlock(&lock); }

/* ---- forks ---- */

static void notify_all(void) {
  for (struct list_node *node; (node = list_take_first(&watches)) != NULL;) {
    struct fork_watch *watch = CONTAINER_OF(node, struct fork_watch, link);
    watch->notify(watch);
  }
  process_unlock();
}

/* Once in the life of a process, because nothing takes it back. Returns 0, or the errno. */
static int prepare(void) {
  if (is_prepared) return 0;
  if (os_fork_prepare(process_lock, process_unlock, notify_all) < 0) return errno;
  list_init(&watches);
  is_prepared = true;
  return 0;
}

weir_code system_fork_watch(struct fork_watch *watch) {
  process_lock();
  int failure = prepare();
  if (failure == 0) list_append(&watches, &watch->link);
  process_unlock();
  return error_code(failure);
}

void system_fork_unwatch(struct fork_watch *watch) {
  process_lock();
  list_remove(&watch->link);
  process_unlock();
}

/* ---- copies ---- */

void system_fork_close_connection(struct connection *connection) { os_close(connection->watch.descriptor); }

/* Those that listen on one socket share one descriptor. */
void system_fork_close_acceptor(struct acceptor *acceptor) {
  if (acceptor->watch.descriptor < 0) return;
  os_close(acceptor->watch.descriptor);
  for (struct acceptor *sharer = acceptor->next_sharer; sharer != NULL && sharer != acceptor;
       sharer = sharer->next_sharer) {
    sharer->watch.descriptor = -1;
  }
}
