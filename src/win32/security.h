/* SPDX-License-Identifier: MIT */
/*
 * Who may use a pipe. Without a descriptor Windows lets everyone read, and that is enough to occupy an instance; so
 * every server has one: the user and SYSTEM, and everyone only when asked for, never with the right to create
 * instances.
 */
#ifndef WEIR_WIN32_SECURITY_H
#define WEIR_WIN32_SECURITY_H

#include "win32/os.h"

struct security {
  SECURITY_ATTRIBUTES attributes; /* points to the descriptor; no process inherits the handles */
  bool readable_all;              /* what it was made of */
  bool writable_all;
};

DWORD security_init(struct security *security, bool readable_all, bool writable_all);
void security_fini(struct security *security);

#endif
