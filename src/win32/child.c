/* SPDX-License-Identifier: MIT */
/* Child processes on Windows: there are none yet, and every start says so. */
#include "common/system.h"
#include "win32/error.h"

struct outcome system_child_start(const struct child_request *request, void (*ended)(void *user), void *user,
                                  struct system_child **child) {
  (void)request, (void)ended, (void)user, (void)child;
  return (struct outcome){.code = WEIR_ENOTSUP, .hint = "processes are not there yet on Windows"};
}

uint32_t system_child_id(const struct system_child *child) {
  (void)child;
  return 0;
}

weir_code system_child_kill(struct system_child *child, weir_signal_number number) {
  (void)child, (void)number;
  return WEIR_ENOTSUP;
}

void system_child_collect(struct system_child *child, weir_event_exit *exit) { (void)child, (void)exit; }

bool system_child_leave(struct system_child *child) {
  (void)child;
  return true;
}

struct outcome system_connection_pair(bool theirs_waits, intptr_t *ours, intptr_t *theirs) {
  (void)theirs_waits, (void)ours, (void)theirs;
  return (struct outcome){.code = WEIR_ENOTSUP, .hint = "processes are not there yet on Windows"};
}

void system_connection_close(intptr_t end) { (void)end; }
