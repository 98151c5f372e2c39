/* SPDX-License-Identifier: MIT */
/* Windows forks no processes. */
#include "common/system.h"

weir_code system_fork_watch(struct fork_watch *watch) {
  (void)watch;
  return WEIR_OK;
}

void system_fork_unwatch(struct fork_watch *watch) { (void)watch; }

void system_fork_close_connection(struct connection *connection) { (void)connection; }

void system_fork_close_acceptor(struct acceptor *acceptor) { (void)acceptor; }
